"""What a model on a server writes, whatever its form -> the text that ``markdown.markup`` reads.

One dialect is enough: ``<|ref|>LABEL<|/ref|><|det|>[[x0, y0, x1, y1]]<|/det|>`` and the block's
text, in places from 0 to 999. Other forms are brought into it; what does not fit its form is kept
as it is, so that no words are lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from typing import Any

from ocrd.engine.remote.profiles import Profile

GRID = 999
_FENCE = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
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
    match = _FENCE.match(text)
    return match[1] if match and form == "markdown" else text


def _of_layout(text: str, profile: Profile, size: tuple[int, int]) -> str:
    """Return a list of regions (``bbox``, ``category`` and ``text``) as regions of ours."""
    match = _FENCE.match(text)
    try:
        found = json.loads(match[1] if match else text)
    except ValueError:
        found = _torn(match[1] if match else text)
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
        except ValueError:
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
    if ours == "sub_title" and not words.lstrip().startswith("#") and words.strip():
        words = f"## {words.strip()}"
    return f"{head}{words.strip()}"


def _placed(box: Any, profile: Profile, size: tuple[int, int]) -> str:
    """Return a box's corners on the grid, "" where it is none."""
    if isinstance(box, str):
        box = re.findall(r"-?\d+(?:\.\d+)?", box)
    try:
        x0, y0, x1, y1 = map(float, box)
    except (TypeError, ValueError):
        return ""
    wide, high = (profile.grid, profile.grid) if profile.grid else size
    corners = (x0 / wide, y0 / high, x1 / wide, y1 / high)
    return ", ".join(str(round(max(0.0, min(1.0, corner)) * GRID)) for corner in corners)


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
        self._lists: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
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
            return
        self._words.append(_OPEN.get(tag, ""))
        if tag in {"ul", "ol"}:
            self._lists.append(tag)
        if tag == "li":
            self._words.append("\n1. " if self._lists[-1:] == ["ol"] else "\n- ")
        if tag == "img" and told.get("alt"):
            self._words.append(str(told["alt"]))

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._words.append(f"</{tag}>")
            self._depth -= tag == "table"
            return
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        self._words.append(_CLOSE.get(tag, ""))

    def handle_data(self, data: str) -> None:
        self._words.append(escape(data, quote=False) if self._depth else data)

    def flush(self) -> None:
        """End the block that is open."""
        words = re.sub(r"\n{3,}", "\n\n", "".join(self._words)).strip()
        if words or self._box:
            self.found.append(
                _region(self._label or "text", self._box, words, self._profile, self._size)
            )
        self._words, self._box, self._label = [], None, ""


_OPEN = {
    "h1": "\n\n# ", "h2": "\n\n## ", "h3": "\n\n### ", "h4": "\n\n#### ", "h5": "\n\n##### ",
    "p": "\n\n", "br": "\n", "b": "**", "strong": "**", "i": "*", "em": "*", "code": "`",
    "pre": "\n\n", "math": r"\(",
}  # fmt: skip
_CLOSE = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "p", "pre", "ul", "ol"), "\n\n"),
    "b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "math": r"\)",
}  # fmt: skip


def _of_html(text: str, profile: Profile, size: tuple[int, int]) -> str:
    match = _FENCE.match(text)
    parser = _Blocks(profile, size)
    parser.feed(match[1] if match else text)
    parser.close()
    parser.flush()
    return "\n\n".join(parser.found) or text
