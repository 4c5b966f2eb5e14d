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
from itertools import groupby, pairwise
from statistics import median

from ocrd.columns import Row, around, covers, page_box, rows
from ocrd.job import Block, Box, Line

# All in heights of a line unless they say otherwise. Found by reading scans of books, letters,
# newsletters and invoices.
PARAGRAPH_GAP = 1.3  # of the usual distance of two rows
MORE_GAP = 1.25  # times as much where the sentence goes on
INDENT = 0.7
SAME_HEIGHT = 1.35  # of the other's height: more is another type size
HEADING_HEIGHT = 1.28  # of the body's height
HEADING_ADVANCE = 1.25  # of the body's mean width of a character; bold type is wider, too
TITLE_HEIGHT = 1.7  # of the body's height
HEADING_CHARACTERS = 120
HEADING_ROWS = 3
NEIGHBOURS = 5  # rows above and below that tell where text ends on the right
SAME_EDGE = 3  # rows that end together make an edge
MIN_EDGE_WIDTH = 0.4  # of the column's width: shorter rows end together by chance
SOME_ROOM = 0.1  # of the column's width: ragged text leaves this much
MUCH_ROOM = 0.4  # of the column's width: nobody breaks a sentence so early
SHORT_TEXT = 4  # characters whose box says nothing of their size

CELL_SEPARATOR = "   "

_ENDS_SENTENCE = re.compile(r"""[.!?:。！？：]["'”’»)\]]*(\[\d+\])?$""")
_BULLET = re.compile(r"(?:[•●◦○▪■□◆►▶‣⁃∙]\s*|[-–*+·]\s+)(?=\S)")
# Engines lose the space behind a number now and then.
_NUMBER = re.compile(r"(\d{1,2}[.)]|\(\d{1,2}\)|\(?[a-z]\))(?:\s+(?=\S)|(?=[^\W\d_]{2}))")
_HYPHENATED = re.compile(r"(?P<head>[^\W\d_]{2,})[-‐\u00ad]$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")

HYPHENS_AND_DASHES = frozenset("-‐–—")
# First parts that are hyphenated words rather than cut ones.
KEPT_PREFIXES = frozenset({"self", "half", "well", "quasi", "mid", "cross"})
# Words after a hanging hyphen: "Vor- und Nachteile", "pre- and post-war".
CONJUNCTIONS = frozenset({"und", "oder", "bzw", "and", "or", "et", "ou", "y", "en", "of"})


class Bond(Enum):
    """How a row goes on from the one before it."""

    JOINED = auto()  # the same paragraph
    LINE = auto()  # the same block, on a line of its own: an address, a verse
    APART = auto()


@dataclass(frozen=True, slots=True)
class _Column:
    """What is usual in a column."""

    pitch: float  # from one row to the next
    height: float  # of a row
    right: float  # where the longest row ends
    width: float


@dataclass(frozen=True, slots=True)
class _Body:
    """The type size of the page's running text."""

    height: float
    advance: float  # the mean width of a character


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
    body = _body(ordered)
    vocabulary = _vocabulary(ordered)
    return [_block(draft, body, vocabulary) for draft in _drafts(ordered)]


def plain(blocks: Iterable[Block]) -> str:
    """Return the blocks' text, an empty line between two of them."""
    return "\n\n".join(block.text for block in blocks if block.text)


def _drafts(ordered: Sequence[Row]) -> list[_Draft]:
    """Return the rows grouped into blocks."""
    drafts: list[_Draft] = []
    columns = _columns(ordered)
    for index, row in enumerate(ordered):
        text = _text(row)
        bond = Bond.APART
        if drafts:
            bond = _bond(drafts[-1], ordered, index, columns[row.column])
        marked = _is_marked(text, free=bond is not Bond.JOINED or drafts[-1].label == "list")
        if bond is Bond.APART or marked:
            drafts.append(_Draft([row], "list" if marked else "text"))
            continue
        if bond is Bond.LINE:
            drafts[-1].breaks.add(len(drafts[-1].rows))
        drafts[-1].rows.append(row)
    return drafts


def _bond(draft: _Draft, ordered: Sequence[Row], index: int, column: _Column) -> Bond:
    """Say how the row at ``index`` goes on from the draft's last one."""
    last, row = draft.rows[-1], ordered[index]
    goes_on = _goes_on(_text(last), _text(row))
    if last.is_upright or row.is_upright:
        return Bond.APART
    if row.column != last.column and row.box.y0 < last.box.y1:  # beside: the next column
        return Bond.JOINED if goes_on and draft.label != "list" else Bond.APART
    if row.box.x0 > last.box.x1 or row.box.x1 < last.box.x0:
        return Bond.APART
    scale = max(1.0, min(last.height, row.height) / column.height)
    room = _room(ordered, index, column)
    goes_on = goes_on and room < MUCH_ROOM
    gap = PARAGRAPH_GAP * (MORE_GAP if goes_on else 1.0) * scale
    if _middle(row) - _middle(last) > gap * column.pitch:
        return Bond.APART
    if _differ_in_size(last, row) and not (goes_on and room <= 0):
        return Bond.APART
    if len(last.cells) > 1 or len(row.cells) > 1:
        return Bond.LINE if _is_table(last, row) else Bond.APART
    joined = room <= 0 or goes_on
    ended = bool(_ENDS_SENTENCE.search(_text(last)))
    if draft.label == "list":
        hangs = row.box.x0 > draft.rows[0].box.x0 + 0.5 * row.height
        return Bond.JOINED if joined and (hangs or goes_on) else Bond.APART
    if _is_indented(last, row, ordered[index + 1 : index + 2], ended=ended):
        return Bond.APART
    if joined or (not ended and room < SOME_ROOM):
        return Bond.JOINED
    return Bond.APART if ended else Bond.LINE


def _is_table(last: Row, row: Row) -> bool:
    """Say whether two rows, one of them in cells, belong together."""
    if len(row.pieces) > 1 and len(last.pieces) > 1:
        return True
    return not (covers(last, row) if len(last.pieces) == 1 else covers(row, last))


def _differ_in_size(a: Row, b: Row) -> bool:
    """Say whether two rows are set in different sizes.

    The height of a box depends on the letters in it, and so does their mean width; both together
    say more than either.
    """
    if min(len(_text(a)), len(_text(b))) <= SHORT_TEXT:
        return False
    height, advance = a.height / b.height, _advance(a) / _advance(b)
    if height < 1:
        height, advance = 1 / height, 1 / advance
    return height > SAME_HEIGHT or (height > 1.15 and advance > 1.2)


def _is_indented(last: Row, row: Row, following: Sequence[Row], *, ended: bool) -> bool:
    """Say whether the row begins a paragraph by its indent."""
    indent = INDENT * row.height
    if row.box.x0 - last.box.x0 < indent:
        return False
    return ended or any(row.box.x0 - after.box.x0 > indent for after in following)


def _room(ordered: Sequence[Row], index: int, column: _Column) -> float:
    """Return how much room was left on the last row after this row's first word.

    As a share of the column's width; 0 or less: the word had to go to the next row.
    """
    last, row = ordered[index - 1], ordered[index]
    around_it = [
        other
        for other in ordered[max(0, index - NEIGHBOURS) : index + NEIGHBOURS]
        if other.column in (last.column, row.column)
    ]
    right = max(other.box.x1 for other in around_it)
    edges = [right]
    if last.box.width > MIN_EDGE_WIDTH * column.width:
        edges = [last.box.x1, right]  # text that runs around a picture ends where its rows do
    for edge in edges:
        if sum(abs(other.box.x1 - edge) < row.height for other in around_it) > SAME_EDGE:
            right = edge
            break
    else:
        right = column.right
    needed = (len(_text(row).split()[0]) + 1.5) * _advance(row) + row.height / 2
    return (right - last.box.x1 - needed) / column.width


def _goes_on(before: str, after: str) -> bool:
    """Say whether a sentence goes on from one row to the next, by its letters."""
    if _ENDS_SENTENCE.search(before):
        return False
    return after[:1].islower() or bool(_HYPHENATED.search(before))


def _is_marked(text: str, *, free: bool) -> bool:
    """Say whether the row begins a list entry; a number needs to stand free of running text."""
    return bool(_BULLET.match(text)) or (free and bool(_NUMBER.match(text)))


def _block(draft: _Draft, body: _Body, vocabulary: frozenset[str]) -> Block:
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
    if label == "list":
        text = _with_plain_mark(text)
    return Block(label, text, _boxes(draft.rows), _confidence(draft.rows))


def _with_plain_mark(text: str) -> str:
    """Return a list entry's text with one kind of bullet, or its number, and a space behind it."""
    if bullet := _BULLET.match(text):
        return f"• {text[bullet.end() :]}"
    if number := _NUMBER.match(text):
        return f"{number[1]} {text[number.end() :]}"
    return text


def _label(draft: _Draft, body: _Body) -> str:
    """Return "title", "heading" or "text" by the block's type size."""
    text = " ".join(map(_text, draft.rows))
    if (
        len(draft.rows) > HEADING_ROWS
        or len(text) > HEADING_CHARACTERS
        or sum(map(str.isalpha, text)) < max(3, len(text) // 2)
        or any(len(row.cells) > 1 for row in draft.rows)
        or text.endswith((",", ";"))
    ):
        return "text"
    height = median(row.height for row in draft.rows) / body.height
    advance = median(map(_advance, draft.rows)) / body.advance
    if height >= TITLE_HEIGHT:
        return "title"
    wide = height > 1.03 and advance >= HEADING_ADVANCE and not text.endswith((".", ":"))
    return "heading" if height >= HEADING_HEIGHT or (wide and not draft.breaks) else "text"


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
    if before[-1:] in HYPHENS_AND_DASHES and before[-2:-1].isalnum():
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
    return min(len(first), len(second)) > 3 and {first, second} <= vocabulary


def _text(row: Row) -> str:
    return CELL_SEPARATOR.join(row.cells)


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2


def _advance(row: Row) -> float:
    """Return the mean width of a character of the row."""
    return sum(piece.box.width for piece in row.pieces) / max(
        sum(len(piece.line.text) for piece in row.pieces), 1
    )


def _body(ordered: Sequence[Row]) -> _Body:
    """Return the size of the type that most characters are set in."""
    by_character = [row for row in ordered for _ in range(len(_text(row)))]
    return _Body(
        max(median(row.height for row in by_character), 1.0),
        max(median(map(_advance, by_character)), 0.1),
    )


def _vocabulary(ordered: Sequence[Row]) -> frozenset[str]:
    """Return the page's words in lower case, but those at the ends of rows: they may be cut."""
    return frozenset(
        word.lower() for row in ordered for word in _WORD.findall(_text(row))[1:-1]
    )


def _columns(ordered: Sequence[Row]) -> dict[int, _Column]:
    """Return what is usual in each column, by its number."""
    found = {}
    for number, group in groupby(ordered, key=lambda row: row.column):
        column = list(group)
        box = around(row.box for row in column)
        height = median(row.height for row in column)
        gaps = (_middle(below) - _middle(above) for above, below in pairwise(column))
        near = sorted(gap for gap in gaps if gap < 2.5 * height)
        # The lower middle: paragraph gaps are on the upper side.
        pitch = near[(len(near) - 1) * 2 // 5] if near else 1.4 * height
        found[number] = _Column(pitch, height, box.x1, max(box.width, 1.0))
    return found


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
