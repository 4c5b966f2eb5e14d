"""Recognised lines with their boxes -> blocks in reading order (pure).

:mod:`ocrd.columns` straightens the page and says in which order its rows are read. Here rows
become paragraphs, list entries and headings, and what line breaks cut is joined again. Every
line's text is in exactly one block, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from statistics import median

from ocrd.columns import Row, around, page_box, rows
from ocrd.job import Block, Box, Line

# All in heights of a line unless they say otherwise. Found by reading scans of books, letters,
# newsletters and invoices.
PARAGRAPH_GAP = 1.3  # of the usual distance of two rows
INDENT = 0.7
SAME_HEIGHT = 1.35  # of the other's height: more is another type size
HEADING_HEIGHT = 1.28  # of the body's height
TITLE_HEIGHT = 1.7  # of the body's height
HEADING_CHARACTERS = 120
HEADING_ROWS = 3
NEIGHBOURS = 5  # rows on either side that tell where a column ends

CELL_SEPARATOR = "   "

_ENDS_SENTENCE = re.compile(r"""[.!?:。！？：]["'”’»)\]]*(\[\d+\])?$""")
_BULLET = re.compile(r"(?:[•●◦○▪■□◆►▶‣⁃∙]\s*|[-–*+·]\s+)(?=\S)")
_NUMBER = re.compile(r"(?:\d{1,2}[.)]|\(\d{1,2}\)|\(?[a-z]\))\s+(?=\S)")
_HYPHENATED = re.compile(r"(?P<head>[^\W\d_]{2,})[-‐\u00ad]$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")

# First parts that are hyphenated words rather than cut ones.
KEPT_PREFIXES = frozenset({"self", "half", "well", "quasi", "mid", "cross"})
# Words after a hanging hyphen: "Vor- und Nachteile", "pre- and post-war".
CONJUNCTIONS = frozenset({"und", "oder", "bzw", "and", "or", "et", "ou", "y", "en", "of"})


class Bond(Enum):
    """How a row goes on from the one before it."""

    JOINED = auto()  # the same paragraph
    LINE = auto()  # the same block, on a line of its own: an address, a verse
    APART = auto()


@dataclass(slots=True)
class _Draft:
    """A block in the making."""

    rows: list[Row]
    label: str = "text"
    breaks: set[int] = field(default_factory=set)  # indices of rows that begin a line of their own


def blocks(lines: Sequence[Line], width: int, height: int) -> list[Block]:
    """Return the blocks of a page of ``width`` by ``height`` pixels in reading order."""
    ordered = rows(lines, width, height)
    if not ordered:
        return []
    body = _body_height(ordered)
    vocabulary = frozenset(
        word.lower() for row in ordered for cell in row.cells for word in _WORD.findall(cell)
    )
    return [_block(draft, body, vocabulary) for draft in _drafts(ordered)]


def plain(blocks: Iterable[Block]) -> str:
    """Return the blocks' text, an empty line between two of them."""
    return "\n\n".join(block.text for block in blocks if block.text)


def _drafts(ordered: Sequence[Row]) -> list[_Draft]:
    """Return the rows grouped into blocks."""
    drafts: list[_Draft] = []
    pitches = _pitches(ordered)
    for index, row in enumerate(ordered):
        text = _text(row)
        bond = Bond.APART
        if drafts:
            bond = _bond(drafts[-1], ordered, index, pitches[row.column])
        marked = _is_marked(text, free=bond is not Bond.JOINED or drafts[-1].label == "list")
        if bond is Bond.APART or marked:
            drafts.append(_Draft([row], "list" if marked else "text"))
            continue
        if bond is Bond.LINE:
            drafts[-1].breaks.add(len(drafts[-1].rows))
        drafts[-1].rows.append(row)
    return drafts


def _bond(draft: _Draft, ordered: Sequence[Row], index: int, pitch: float) -> Bond:
    """Say how the row at ``index`` goes on from the draft's last one."""
    last, row = draft.rows[-1], ordered[index]
    size = max(last.height, row.height) / min(last.height, row.height)
    if size > SAME_HEIGHT and _widest(last, row) > 4:
        return Bond.APART
    goes_on = _goes_on(_text(last), _text(row))
    beside = row.column != last.column and row.box.y0 < last.box.y1
    if beside or row.box.y0 < last.box.y0:  # the next column
        return Bond.JOINED if goes_on and draft.label != "list" else Bond.APART
    if _middle(row) - _middle(last) > PARAGRAPH_GAP * pitch:
        return Bond.APART
    if len(last.cells) > 1 or len(row.cells) > 1:
        return Bond.LINE
    return _bond_of_neighbours(draft, ordered, index, goes_on=goes_on)


def _bond_of_neighbours(
    draft: _Draft, ordered: Sequence[Row], index: int, *, goes_on: bool
) -> Bond:
    """Say how a row goes on from the one right above it, by indents and by the room left there."""
    last, row = draft.rows[-1], ordered[index]
    ended = bool(_ENDS_SENTENCE.search(_text(last)))
    if draft.label == "list" and row.box.x0 > draft.rows[0].box.x0 + 0.5 * row.height:
        return Bond.JOINED  # a hanging indent
    if _is_indented(last, row, ordered[index + 1 : index + 2], ended=ended):
        return Bond.APART
    if not _had_room(last, row, ordered, index) or goes_on:
        return Bond.JOINED
    return Bond.APART if ended or draft.label == "list" else Bond.LINE


def _is_indented(last: Row, row: Row, following: Sequence[Row], *, ended: bool) -> bool:
    """Say whether the row begins a paragraph by its indent."""
    indent = INDENT * row.height
    if row.box.x0 - last.box.x0 < indent:
        return False
    return ended or any(row.box.x0 - after.box.x0 > indent for after in following)


def _had_room(last: Row, row: Row, ordered: Sequence[Row], index: int) -> bool:
    """Say whether the row's first word would have fitted on the last row, had it been wanted."""
    near = ordered[max(0, index - NEIGHBOURS) : index + NEIGHBOURS]
    right = max(other.box.x1 for other in near if other.column in (row.column, last.column))
    text = _text(row)
    first_word = text.split()[0]
    character = row.box.width / max(len(text), 1)
    needed = (len(first_word) + 1.5) * character + row.height
    return right - last.box.x1 > needed


def _goes_on(before: str, after: str) -> bool:
    """Say whether a sentence goes on from one row to the next, by its letters."""
    if _ENDS_SENTENCE.search(before):
        return False
    return after[:1].islower() or bool(_HYPHENATED.search(before))


def _is_marked(text: str, *, free: bool) -> bool:
    """Say whether the row begins a list entry; a number needs to stand free of running text."""
    return bool(_BULLET.match(text)) or (free and bool(_NUMBER.match(text)))


def _block(draft: _Draft, body: float, vocabulary: frozenset[str]) -> Block:
    label = draft.label
    if label == "text":
        label = _label(draft, body)
    text = ""
    for index, row in enumerate(draft.rows):
        if not text:
            text = _text(row)
        elif index in draft.breaks and label == "text":
            text += "\n" + _text(row)
        else:
            text = join(text, _text(row), vocabulary)
    if label == "list" and (bullet := _BULLET.match(text)):
        text = "• " + text[bullet.end() :]
    return Block(label, text, _boxes(draft.rows), _confidence(draft.rows))


def _label(draft: _Draft, body: float) -> str:
    """Return "title", "heading" or "text" by the block's type size."""
    size = median(row.height for row in draft.rows) / body
    text = " ".join(map(_text, draft.rows))
    if (
        size < HEADING_HEIGHT
        or len(draft.rows) > HEADING_ROWS
        or len(text) > HEADING_CHARACTERS
        or sum(map(str.isalpha, text)) < 3
        or any(len(row.cells) > 1 for row in draft.rows)
        or text.endswith((",", ";"))
    ):
        return "text"
    return "title" if size >= TITLE_HEIGHT else "heading"


def join(before: str, after: str, vocabulary: frozenset[str] = frozenset()) -> str:
    """Return two rows of one paragraph as one text, hyphenation undone.

    ``vocabulary`` has the page's words in lower case: they tell cut words from hyphenated ones.
    """
    cut = _HYPHENATED.search(before)
    tail = _WORD.match(after)
    if cut and tail:
        if tail[0].lower() in CONJUNCTIONS and before[-1] != "\u00ad":
            return f"{before} {after}"
        if not _keeps_hyphen(cut["head"], tail[0], vocabulary) or before[-1] == "\u00ad":
            return before[:-1] + after
        return before + after
    if before.endswith("—") or (before[-1:] in "-‐–" and before[-2:-1].isalnum()):
        return before + after
    if _CJK.match(before[-1:]) and _CJK.match(after[:1]):
        return before + after
    return f"{before} {after}"


def _keeps_hyphen(head: str, tail: str, vocabulary: frozenset[str]) -> bool:
    """Say whether a hyphen at the end of a row belongs to the word."""
    if not tail[0].islower():
        return True
    first, second = head.lower(), tail.lower()
    if first + second in vocabulary:
        return False
    if f"{first}-{second}" in vocabulary or first in KEPT_PREFIXES:
        return True
    return len(first) > 3 and len(second) > 3 and first in vocabulary and (
        second.split("-")[0] in vocabulary - {second}
    )


def _text(row: Row) -> str:
    return CELL_SEPARATOR.join(row.cells)


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2


def _widest(*some: Row) -> int:
    return min(len(_text(row)) for row in some)


def _body_height(ordered: Sequence[Row]) -> float:
    """Return the height of the type that most characters are set in."""
    heights = [row.height for row in ordered for _ in range(max(len(_text(row)), 1))]
    return max(median(heights), 1.0)


def _pitches(ordered: Sequence[Row]) -> dict[int, float]:
    """Return each column's usual distance from one row to the next."""
    gaps: dict[int, list[float]] = {}
    heights: dict[int, list[float]] = {}
    for above, below in zip(ordered, ordered[1:], strict=False):
        if above.column == below.column:
            gaps.setdefault(above.column, []).append(_middle(below) - _middle(above))
    for row in ordered:
        heights.setdefault(row.column, []).append(row.height)
    pitches = {}
    for column, found in heights.items():
        height = median(found)
        near = sorted(gap for gap in gaps.get(column, ()) if gap < 2.5 * height)
        # The lower middle: paragraph gaps are on the upper side.
        pitches[column] = near[(len(near) - 1) * 2 // 5] if near else 1.4 * height
    return pitches


def _boxes(some: Sequence[Row]) -> tuple[Box, ...]:
    """Return the block's boxes on the page as it is: one a column, to a tenth of a pixel."""
    columns: dict[int, list[Box]] = {}
    for row in some:
        columns.setdefault(row.column, []).extend(page_box(piece.line) for piece in row.pieces)
    found = map(around, columns.values())
    return tuple(
        Box(round(box.x0, 1), round(box.y0, 1), round(box.x1, 1), round(box.y1, 1))
        for box in found
    )


def _confidence(some: Sequence[Row]) -> float:
    """Return the mean over characters."""
    pieces = [piece.line for row in some for piece in row.pieces]
    characters = sum(len(line.text) for line in pieces)
    return round(sum(line.confidence * len(line.text) for line in pieces) / characters, 4)
