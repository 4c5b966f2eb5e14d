"""What a model on a server writes, whatever its form -> the text that ``markdown.markup`` reads.

One dialect is enough: ``<|ref|>LABEL<|/ref|><|det|>[[x0, y0, x1, y1]]<|/det|>`` and the block's
text, in places from 0 to 999. Other forms are brought into it; what does not fit its form is kept
as it is, so that no words are lost.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from typing import Any

from ocrd.engine.remote.profiles import Profile

GRID = 999
_FENCE = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_HEAD = re.compile(r"\A\s*---\n(?:.*\n)*?---[ \t]*(?:\n|\Z)")
# A figure's own name and words about it are the model's, not the page's.
_FIGURE = re.compile(r"!\[[^\]\n]*\]\([^()\s]*\)(?:[ \t]*\d+,\d+,\d+,\d+)?")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)  # another ocrd tells its doubts so
_FORMULA = re.compile(r"(?<![\\$])\$\$(?P<block>[^$]+?)\$\$")
# Dollars stand before sums, too: what is a formula has a sign of one, and no white at its ends.
_INLINE = re.compile(
    r"(?<![\\$\w])\$(?P<inline>(?=[^$\n]*[\\^_{}=])[^$\s](?:[^$\n]*[^$\s\\])?)\$(?![\w$])"
)
_BELOW_HEAD = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_CELL_END = re.compile(r"(?<!\\)\|")
_TAG_LIKE = re.compile(r"<(?=[a-zA-Z/!?])")
_WHITE = re.compile(r"\s+")
_THINKING = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)

_LABELS = {  # of other models, to those of DeepSeek-OCR
    "title": "title", "doc_title": "title", "document-title": "title",
    "section-header": "sub_title", "paragraph_title": "sub_title", "heading": "sub_title",
    "section_header": "sub_title", "header": "header", "page-header": "header",
    "footer": "footer", "page-footer": "footer", "page_footer": "footer", "page_header": "header",
    "page-number": "page_number", "number": "page_number", "picture": "image", "figure": "image",
    "image": "image", "chart": "image", "diagram": "image", "caption": "image_caption",
    "figure_title": "image_caption", "table": "table", "table-caption": "table_caption",
    "formula": "equation", "equation": "equation", "equation-block": "equation",
    "isolate_formula": "equation", "code": "code", "code-block": "code",
    "list-item": "list", "list": "list", "list-group": "list", "footnote": "footnote",
}  # fmt: skip


def markup_of(text: str, profile: Profile, mode: str, size: tuple[int, int]) -> str:
    """Return a model's answer in the one dialect; ``size`` is that of the image that was sent."""
    form = profile.form(mode)
    text = _THINKING.sub("", text)
    if form == "grounded":
        return text
    if form == "layout-json":
        return _of_layout(text, profile, size)
    if form == "html":
        return _of_html(text, profile, size)
    return text if form == "text" else _of_markdown(text, form)


def _of_markdown(text: str, form: str) -> str:
    """Return plain Markdown with what our dialect writes otherwise: tables, formulas, figures."""
    text = _unfenced(text)
    if form == "front-matter":
        text = _HEAD.sub("", text, count=1)
    text = _FIGURE.sub("", _COMMENT.sub("", text))
    text = _FORMULA.sub(lambda found: rf"\[{found['block']}\]", text)
    text = _INLINE.sub(lambda found: rf"\({found['inline']}\)", text)
    return _without_pipes(text) if "|" in text else text


def _unfenced(text: str) -> str:
    match = _FENCE.match(text)
    return match[1] if match else text


def _without_pipes(text: str) -> str:
    """Return the text with its tables of pipes as HTML."""
    lines, out, number = text.split("\n"), [], 0
    while number < len(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if not (_is_row(lines[number]) and _BELOW_HEAD.fullmatch(below)):
            out.append(lines[number])
            number += 1
            continue
        rows = [lines[number]]
        number += 2
        while number < len(lines) and _is_row(lines[number]):
            rows.append(lines[number])
            number += 1
        out.append(f"<table>{''.join(map(_row, rows))}</table>")
    return "\n".join(out)


def _is_row(line: str) -> bool:
    bare = line.strip()
    return len(bare) > 1 and bare.startswith("|") and bare.endswith("|")


def _row(line: str) -> str:
    cells = _CELL_END.split(line.strip()[1:-1])
    return f"<tr>{''.join(f'<td>{cell.strip()}</td>' for cell in cells)}</tr>"


def _of_layout(text: str, profile: Profile, size: tuple[int, int]) -> str:
    """Return a list of regions (``bbox``, ``category`` and ``text``) as regions of ours."""
    bare = _unfenced(text)
    try:
        found = json.loads(bare)
    except (ValueError, RecursionError):
        found = _torn(bare)
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    if not isinstance(found, list) or not found:
        return text
    return "\n\n".join(_regions(found, profile, size)) or text


def _torn(text: str) -> list[Any]:
    """Return the whole entries of a list that was cut off."""
    found, decoder = [], json.JSONDecoder()
    place = text.find("{")
    while place >= 0:
        try:
            entry, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        found.append(entry)
        place = text.find("{", end)
    return found


def _regions(found: list[Any], profile: Profile, size: tuple[int, int]) -> Iterator[str]:
    for entry in found:
        if not isinstance(entry, dict):
            yield str(entry)
            continue
        words = _first(entry, "text", "content", "block_content", "markdown", "html")
        label = str(_first(entry, "category", "label", "type", "block_label") or "text")
        box = _first(entry, "bbox", "bbox_2d", "block_bbox", "box")
        yield _region(label, box, str(words or ""), profile, size)


def _first(entry: dict[str, Any], *names: str) -> Any:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _region(
    label: str, box: Any, words: str, profile: Profile, size: tuple[int, int]
) -> str:
    ours = _LABELS.get(label.strip().casefold().replace(" ", "-"), "text")
    place = _placed(box, profile, size)
    head = f"<|ref|>{ours}<|/ref|><|det|>[[{place}]]<|/det|>\n" if place else ""
    if ours == "equation":
        words = _formula(words)
    if ours == "sub_title" and not words.lstrip().startswith("#") and words.strip():
        words = f"## {words.strip()}"
    return f"{head}{words.strip()}"


def _formula(words: str) -> str:
    """Return a formula between our marks, whatever stands around it."""
    bare = words.strip()
    for start, end in (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$")):
        if len(bare) >= len(start + end) and bare.startswith(start) and bare.endswith(end):
            bare = bare[len(start) : -len(end)].strip()
            break
    return rf"\[{bare}\]" if bare else ""


def _placed(box: Any, profile: Profile, size: tuple[int, int]) -> str:
    """Return a box's corners on the grid, "" where it is none."""
    if isinstance(box, str):
        box = re.findall(r"-?\d+(?:\.\d+)?", box)
    try:
        x0, y0, x1, y1 = map(float, box)
    except (TypeError, ValueError):
        return ""
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return ""
    wide, high = (profile.grid, profile.grid) if profile.grid else _seen(size, profile)
    corners = (x0 / wide, y0 / high, x1 / wide, y1 / high)
    return ", ".join(str(round(max(0.0, min(1.0, corner)) * GRID)) for corner in corners)


def _seen(size: tuple[int, int], profile: Profile) -> tuple[float, float]:
    """Return the size in which the model sees the image that was sent."""
    step = profile.multiple
    width, height = (max(step, step * round(side / step)) for side in size)
    return width, height


class _Blocks(HTMLParser):
    """HTML whose blocks have a place and a label -> our regions; tables stay HTML."""

    def __init__(self, profile: Profile, size: tuple[int, int]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._profile = profile
        self._size = size
        self._label = ""
        self._box: Any = None
        self._words: list[str] = []
        self._depth = 0  # of tables
        self._is_display = False  # of the open formula
        self._is_preformatted = False
        self._lists: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, an element of a table, or what Markdown writes otherwise."""
        told = dict(attrs)
        if box := told.get("data-bbox") or told.get("bbox"):
            self.flush()
            self._box, self._label = box, told.get("data-label") or told.get("label") or "text"
        if self._depth or tag == "table":
            self._depth += tag == "table"
            kept = "".join(
                f' {name}="{escape(value or "")}"' for name, value in attrs
                if name in {"rowspan", "colspan"}
            )
            self._words.append(f"<{tag}{kept}>")
        elif tag == "math":
            self._is_display = told.get("display") == "block"
            self._words.append("\n\n\\[" if self._is_display else r"\(")
        elif tag == "input":
            self._words.append("☒ " if "checked" in told else "☐ ")
        elif tag == "li":
            self._words.append("\n1. " if self._lists[-1:] == ["ol"] else "\n- ")
        else:
            if tag in {"ul", "ol"}:
                self._lists.append(tag)
            self._is_preformatted |= tag == "pre"
            self._words.append(_OPEN.get(tag, ""))  # what an img has for alt is no word of the page

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._depth:
            self._words.append(f"</{tag}>")
            self._depth -= tag == "table"
            return
        if tag == "math":
            self._words.append("\\]\n\n" if self._is_display else r"\)")
            return
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        self._is_preformatted &= tag != "pre"
        self._words.append(_CLOSE.get(tag, ""))

    def handle_data(self, data: str) -> None:
        """Take words."""
        if self._depth:
            self._words.append(_TAG_LIKE.sub("&lt;", data))
        else:
            self._words.append(data if self._is_preformatted else _WHITE.sub(" ", data))

    def flush(self) -> None:
        """End the block that is open."""
        words = re.sub(r"\n{3,}", "\n\n", "".join(self._words)).strip()
        words = re.sub(r"([☒☐] ) +", r"\1", words)
        if words or self._box:
            self.found.append(
                _region(self._label or "text", self._box, words, self._profile, self._size)
            )
        self._words, self._box, self._label = [], None, ""


_OPEN = {
    "h1": "\n\n# ", "h2": "\n\n## ", "h3": "\n\n### ", "h4": "\n\n#### ", "h5": "\n\n##### ",
    "p": "\n\n", "br": "\n", "b": "**", "strong": "**", "i": "*", "em": "*", "code": "`",
    "pre": "\n\n", "del": "~~", "caption": "\n\n",
}  # fmt: skip
_CLOSE = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "p", "pre", "ul", "ol"), "\n\n"),
    "b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "del": "~~",
}  # fmt: skip


def _of_html(text: str, profile: Profile, size: tuple[int, int]) -> str:
    parser = _Blocks(profile, size)
    parser.feed(_unfenced(text))
    parser.close()
    parser.flush()
    return "\n\n".join(parser.found) or text
