"""A model's text with its places on the page -> blocks (pure).

Grounded output is ``<|ref|>LABEL<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>`` and the block's
text; servers that strip special tokens leave ``LABEL[[x1, y1, x2, y2]]`` at the start of a line.
Coordinates run from 0 to 999 over the page's width and height. The text is untrusted and may be cut
off anywhere: it is never evaluated, nothing in it raises, and no words of it are lost. Where one
region holds several paragraphs, the first has the region's boxes and the others have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ocrd.job import Block, Box
from ocrd.markdown import passages
from ocrd.tasks import Task

GRID = 999  # the highest coordinate

# The labels that DeepSeek-OCR (first six lines) and its kind write -> ours.
LABELS = {
    "title": "title", "sub_title": "heading", "text": "text",
    "image": "figure", "table": "table", "equation": "equation",
    "image_caption": "caption", "table_caption": "caption", "figure_title": "caption",
    "table_footnote": "footnote",
    "figure": "figure", "chart": "figure", "formula": "equation",
    "figure_caption": "caption", "table_title": "caption", "chart_title": "caption",
    "image_footnote": "footnote", "footnote": "footnote", "page_footnote": "footnote",
    "list": "list", "code": "code", "code_block": "code",
    "header": "header", "page_header": "header", "footer": "footer", "page_footer": "footer",
    "page_number": "page-number",
}  # fmt: skip

# Special tokens of the vocabulary, as the tokenizer prints them.
_SPECIAL = re.compile(
    r"<\|(?P<name>/?ref|/?det|grounding|User|Assistant|EOT)\|>|<｜[^｜<>\n]{1,40}｜>"
)
# Those that a cut-off text may end in the middle of.
_TEARABLE = (
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<｜end▁of▁sentence｜>"
)  # fmt: skip
# A label that is no word of the page: "aside_text".
_IDENTIFIER = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20})*")
_BARE_LABELS = "|".join(LABELS)
_BARE = rf"^[ \t]*(?P<label>{_BARE_LABELS}) ?(?=\[ ?\[)"
_GROUP = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?")
_COORDINATES = frozenset("0123456789.,-+[] \t\n")
_ROW = re.compile(r"<t[rdh][\s>]", re.IGNORECASE)
_MANY_NEWLINES = re.compile(r"\n{3,}")

# Of a region, the parts that take over its label: what Markdown says of them is about looks.
_RELABELLED = frozenset({"text", "list", "title", "heading"})


@dataclass(slots=True)
class _Region:
    """One region of the page as the model gave it."""

    label: str = ""
    places: list[str] = field(default_factory=list)  # of coordinates
    body: list[str] = field(default_factory=list)


def blocks(text: str, width: int, height: int, task: Task) -> tuple[list[Block], list[str]]:
    """Return the blocks of a page of ``width`` by ``height`` pixels, and warnings for a person."""
    found: list[Block] = []
    unusable = 0
    for region in _regions(_tidied(text), task):
        boxes, spoilt = _boxes("".join(region.places), width, height)
        unusable += spoilt
        found += _located(region, boxes, task) if task.mode == "locate" else _parts(region, boxes)
    warnings = []
    if unusable:
        warnings.append(
            "1 box was unusable." if unusable == 1 else f"{unusable} boxes were unusable."
        )
    if task.mode == "locate" and not any(block.label == "located" for block in found):
        said = " ".join(" ".join(block.text for block in found).split())
        answer = f"; the model said {_shortened(said)!r}" if said else ""
        return [], [*warnings, f"Nothing was found for {task.target!r}{answer}."]
    return found, warnings


def _tidied(text: str) -> str:
    """Return the text after the clean-ups that DeepSeek's own scripts make."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\\coloneqq", ":=").replace("\\eqqcolon", "=:")
    return _MANY_NEWLINES.sub("\n\n", text[: len(text) - _torn(text)])


def _torn(text: str) -> int:
    """Return how many characters at the end are the beginning of a special token."""
    beginnings = (token[:length] for token in _TEARABLE for length in range(2, len(token)))
    return max((len(start) for start in beginnings if text.endswith(start)), default=0)


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _regions(text: str, task: Task) -> Iterator[_Region]:
    """Yield the regions in the model's order; text that belongs to none comes without label."""
    if "<|ref|>" in text or "<|det|>" in text:
        yield from _grounded(text)
    else:
        yield from _bare(_SPECIAL.sub("", text), task)


def _grounded(text: str) -> Iterator[_Region]:
    """Yield the regions of the form with special tokens."""
    region = _Region()
    before = ""  # the name of the token before
    for name, piece in _pieces(text):
        if name == "ref":
            yield region
            region = _Region(piece)
        elif before == "ref" and name not in {"/ref", "det"}:
            region.label += piece
            continue
        elif name == "det":
            if "".join(region.body).strip():
                yield region
                region = _Region()
            end = _places_end(piece, 0)
            region.places.append(piece[:end])
            region.body.append(piece[end:])
        else:
            if before == "det" and name == "/det" and _COORDINATES.issuperset(region.body[-1]):
                region.places.append(region.body.pop())
            region.body.append(piece)
        before = name
    yield region


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield each special token's name with the text that follows it; other tokens have none."""
    name, behind = "", 0
    for token in _SPECIAL.finditer(text):
        yield name, text[behind : token.start()]
        name, behind = token["name"] or "", token.end()
    yield name, text[behind:]


def _bare(text: str, task: Task) -> Iterator[_Region]:
    """Yield the regions of the form without special tokens."""
    pattern = _BARE
    if task.mode == "locate" and task.target:
        pattern = pattern.replace(_BARE_LABELS, re.escape(task.target))
    region, behind = _Region(), 0
    for label in re.finditer(pattern, text, re.MULTILINE):
        end = _places_end(text, label.end())
        places = text[label.end() : end]
        if end < len(text) and not any(map(_corners, _GROUP.findall(places))):
            continue
        region.body.append(text[behind : label.start()])
        yield region
        region, behind = _Region(label["label"], [places]), end
    region.body.append(text[behind:])
    yield region


def _places_end(text: str, position: int) -> int:
    """Return where the list of coordinates that begins at the position ends, or the position.

    A list that the end of the text cuts off ends there.
    """
    depth = 0
    for at in range(position, len(text)):
        character = text[at]
        if character not in _COORDINATES:
            return position
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth <= 0:
                return at + 1
        elif depth == 0 and not character.isspace():
            return position
    return len(text)


def _boxes(places: str, width: int, height: int) -> tuple[list[Box], int]:
    """Return the usable boxes in pixels, and how many were none."""
    groups = _GROUP.findall(places)
    found = [box for group in groups if (box := _box(group, width, height))]
    torn = _NUMBER.search(places, places.rfind("]") + 1) is not None
    return found, len(groups) - len(found) + torn


def _box(group: str, width: int, height: int) -> Box | None:
    corners = _corners(group)
    if not corners:
        return None
    x0, x1 = (x * width / GRID for x in sorted(corners[::2]))
    y0, y1 = (y * height / GRID for y in sorted(corners[1::2]))
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _corners(group: str) -> list[float]:
    """Return the four coordinates of a group, within the grid; none if it is no box."""
    numbers = [min(max(float(number), 0.0), GRID) for number in _NUMBER.findall(group)]
    return numbers if len(numbers) == 4 else []


def _located(region: _Region, boxes: Sequence[Box], task: Task) -> Iterator[Block]:
    """Yield what was found of a target, and what else the model said."""
    said = "".join(region.body)
    if boxes:
        yield Block("located", task.target or region.label.strip(), tuple(boxes))
    elif region.label.strip() != task.target:
        said = f"{region.label}\n{said}"
    yield from passages.split(said)


def _parts(region: _Region, boxes: Sequence[Box]) -> list[Block]:
    """Return a region's blocks; the one that the region is named for has the boxes."""
    body = "".join(region.body)
    label = LABELS.get(region.label.strip().lower().replace(" ", "_").replace("-", "_"), "")
    if not label:
        # Read line by line, a page has its words where the label would be.
        named = _IDENTIFIER.fullmatch(region.label.strip()) and body.strip()
        body = body if named else f"{region.label}\n{body}"
        label = "text"
    parts = _split(label, body)
    if not parts and not boxes:
        return []
    chosen = next((index for index, part in enumerate(parts) if part.label == label), None)
    if chosen is None and boxes and (label == "figure" or not parts):
        parts.insert(0, Block(label, "", rich=True))
    parts[chosen or 0] = replace(parts[chosen or 0], boxes=tuple(boxes))
    return parts


def _split(label: str, body: str) -> list[Block]:
    """Return the blocks of a region's text by what the region is."""
    match label:
        case "code" if "```" not in body:
            return [Block("code", body.strip("\n"))] if body.strip() else []
        case "equation":
            return _equations(body)
        case "table" if "<table" not in body.lower() and (row := _ROW.search(body)):
            body = f"{body[: row.start()]}<table>{body[row.start() :]}"
        case _:
            pass
    parts = passages.split(body)
    if label == "text" or any(part.label == label == "table" for part in parts):
        return parts
    if parts and parts[0].label in _RELABELLED:
        parts[0] = replace(parts[0], label=label, text=parts[0].text.strip())
    return parts


def _equations(body: str) -> list[Block]:
    """Return the equations of a region that is one, whatever delimits them."""
    parts = passages.split(body)
    if any(part.label == "equation" for part in parts):
        return parts
    first, _, rest = body.strip().partition("\n\n")
    tex = passages.tex_of(passages.without_centering(first))
    found = [Block("equation", tex, rich=True)] if tex else []
    return [*found, *passages.split(rest)]
