"""A model's text with its places on the page -> blocks (pure).

Grounded output is ``<|ref|>LABEL<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>`` and the block's
text; servers that strip special tokens leave ``LABEL[[x1, y1, x2, y2]]`` at the start of a line.
Coordinates run from 0 to 999 over the page's width and height. The text is untrusted and may be cut
off anywhere: it is never evaluated, nothing in it raises, and no words of it are lost. Where one
region holds several paragraphs, the first has the region's boxes and the others have none.

A region's label says what it is: only titles are headings, whatever begins with ``#``; regions of
text that are lines of a program are one block of code. A region without a body takes the next one
of its kind that stands in a region of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ocrd.job import Block, Box
from ocrd.markdown import passages, programs
from ocrd.markdown.regions import (
    GROUP,
    LABELS,
    NUMBER,
    Region,
    is_group,
    regions,
    without_torn_token,
)
from ocrd.tasks import Task

GRID = 999  # the highest coordinate
# Past the grid a coordinate may be by so much: 1000 is what others count to, and 1003 still is the
# page's edge. A hundredth of the page is less than a line; more is no place on this page.
PAST = 10

# A label that is no word of the page: "aside_text".
_IDENTIFIER = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20})*")
_ROW = re.compile(r"<t[rdh][\s>]", re.IGNORECASE)
_MANY_NEWLINES = re.compile(r"\n{3,}")

# Of a region, the parts that take over its label: what Markdown says of them is about looks.
_RELABELLED = frozenset({"text", "list", "title", "heading"})
_TITLES = frozenset({"title", "heading"})
# Kinds whose body may stand in a later region; of them, those with a body that is never another's.
_FILLED = frozenset({"table", "equation"})
_OWN = frozenset({"table", "equation", "figure", "code"})
_CENTERED = re.compile(r"\s*<center>(?P<words>[^<]*)</center>", re.IGNORECASE)


@dataclass(slots=True)
class _Part:
    """A region on its way into blocks."""

    region: Region
    label: str  # ours; "" where nobody knows it
    boxes: list[Box]
    blocks: list[Block]


def blocks(text: str, width: int, height: int, task: Task) -> tuple[list[Block], list[str]]:
    """Return the blocks of a page of ``width`` by ``height`` pixels, and warnings for a person."""
    parts: list[_Part] = []
    unusable = 0
    for region in regions(_tidied(text), task):
        boxes, spoilt = _boxes("".join(region.places), width, height)
        unusable += spoilt
        parts.append(_Part(region, _label(region), boxes, []))
    if task.mode == "locate":
        found = [block for part in parts for block in _located(part.region, part.boxes, task)]
    else:
        found = _all_blocks(parts)
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
    return _MANY_NEWLINES.sub("\n\n", without_torn_token(text))


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _boxes(places: str, width: int, height: int) -> tuple[list[Box], int]:
    """Return the usable boxes in pixels, and how many were none."""
    groups = GROUP.findall(places)
    found = [box for group in groups if (box := _box(group, width, height))]
    torn = NUMBER.search(places, places.rfind("]") + 1) is not None
    return found, len(groups) - len(found) + torn


def _box(group: str, width: int, height: int) -> Box | None:
    """Return a group of coordinates as a box; None for one past the grid or upside down."""
    if not is_group(group):
        return None
    corners = [float(number) for number in NUMBER.findall(group)]
    if not all(-PAST <= corner <= GRID + PAST for corner in corners):
        return None
    left, top, right, bottom = (min(max(corner, 0.0), GRID) for corner in corners)
    if left >= right or top >= bottom:
        return None
    across, down = (left * width, right * width), (top * height, bottom * height)
    return Box(across[0] / GRID, down[0] / GRID, across[1] / GRID, down[1] / GRID)


def _located(region: Region, boxes: Sequence[Box], task: Task) -> Iterator[Block]:
    """Yield what was found of a target, and what else the model said."""
    said = "".join(region.body)
    if boxes:
        yield Block("located", task.target or region.label.strip(), tuple(boxes))
    elif region.label.strip() != task.target:
        said = f"{region.label}\n{said}"
    yield from passages.split(said)


def _label(region: Region) -> str:
    """Return what a region is in our words, "" if its label is none that we know.

    Read line by line, a page has its words there: "Title" alone is one, "title" a label.
    """
    name = region.label.strip()
    if name not in LABELS and not "".join(region.body).strip():
        return ""
    return LABELS.get(name.lower().replace(" ", "_").replace("-", "_"), "")


def _all_blocks(parts: Sequence[_Part]) -> list[Block]:
    """Return the blocks of all regions, each with what is its own."""
    _give_captions(parts)
    pieces = [_piece(part) for part in parts]
    taken: set[int] = set()
    for start, end in programs.runs(pieces):
        lines = [piece for piece in pieces[start:end] if piece]
        parts[start].blocks = [Block("code", programs.text(lines), programs.around(lines))]
        taken.update(range(start, end))
    for number, part in enumerate(parts):
        if number not in taken and not _is_repeated(parts, number):
            part.blocks = _blocks_of(part)
    _give_bodies(parts)
    return [block for part in parts for block in part.blocks]


def _give_captions(parts: Sequence[_Part]) -> None:
    """Give captions without words those that a later figure or table has in its place."""
    waiting: list[_Part] = []
    for part in parts:
        body = "".join(part.region.body)
        if part.label == "caption":
            if not body.strip() and part.boxes:
                waiting.append(part)
        elif waiting and part.label in _OWN and (words := _CENTERED.match(body)):
            waiting.pop(0).region.body = [words["words"]]
            part.region.body = [body[words.end() :]]


def _piece(part: _Part) -> programs.Piece | None:
    """Return a region that may be lines of a program."""
    body = "".join(part.region.body)
    if part.label != "text" or len(part.boxes) > 1 or "```" in body:
        return None
    return programs.Piece(body, part.boxes[0] if part.boxes else None)


def _is_repeated(parts: Sequence[_Part], number: int) -> bool:
    """Say whether a figure without words is the one before it once more."""
    if not number or parts[number].label != "figure":
        return False
    part, before = parts[number], parts[number - 1]
    same = part.label == before.label and part.boxes == before.boxes
    return same and not "".join([*part.region.body, *before.region.body]).strip()


def _give_bodies(parts: Sequence[_Part]) -> None:
    """Give regions without a body the next one of their kind that has no place.

    As in a table, then its caption, and only then the table's rows. Several in a row keep their
    order.
    """
    waiting: dict[str, list[_Part]] = {kind: [] for kind in sorted(_FILLED)}
    for part in parts:
        if part.label in _FILLED and [block.text for block in part.blocks] == [""]:
            waiting[part.label].append(part)
            continue
        for kind, empty in waiting.items():
            moved = _spare(part, kind)[: len(empty)]
            if not moved:
                continue
            rest = [block for at, block in enumerate(part.blocks) if at not in moved]
            bodies = [part.blocks[at] for at in moved]
            if any(body.boxes for body in bodies):  # the region's place is not theirs
                own = next((at for at, block in enumerate(rest) if block.label == part.label), -1)
                if own < 0:
                    rest.insert(0, Block(part.label or "text", "", tuple(part.boxes), rich=True))
                else:
                    rest[own] = replace(rest[own], boxes=tuple(part.boxes))
            part.blocks = rest
            for body in bodies:
                target = empty.pop(0)
                target.blocks = [replace(body, boxes=tuple(target.boxes))]


def _spare(part: _Part, kind: str) -> list[int]:
    """Return which of a region's blocks of that kind may be another's, in order."""
    places = [at for at, block in enumerate(part.blocks) if block.label == kind]
    if part.label == kind:
        return places[:-1]  # the last one is its own
    if part.label in _OWN:
        return []
    # What is all of a text has its place there; a caption, or who knows what, is no table.
    foreign = part.label in {"", "caption", "footnote"}
    return [at for at in places if foreign or not part.blocks[at].boxes]


def _blocks_of(part: _Part) -> list[Block]:
    """Return a region's blocks; the one that the region is named for has the boxes."""
    region, boxes, label = part.region, part.boxes, part.label
    body = "".join(region.body)
    headings = label in _TITLES or not region.label.strip()
    if not label:
        # Read line by line, a page has its words where the label would be.
        named = _IDENTIFIER.fullmatch(region.label.strip()) and body.strip()
        body = body if named else f"{region.label}\n{body}"
        label = "text"
    parts = _split(label, body, headings=headings)
    if not parts and not boxes:
        return []
    chosen = next((index for index, block in enumerate(parts) if block.label == label), None)
    if chosen is None and boxes and (label == "figure" or not parts):
        parts.insert(0, Block(label, "", rich=True))
    parts[chosen or 0] = replace(parts[chosen or 0], boxes=tuple(boxes))
    return parts


def _split(label: str, body: str, *, headings: bool) -> list[Block]:
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
    parts = passages.split(body, headings=headings)
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
