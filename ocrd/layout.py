"""Recognised lines with their boxes -> blocks in reading order (pure).

:mod:`ocrd.columns` straightens the page and says in which order its rows are read. Here rows
become paragraphs, list entries and headings, and what line breaks cut is joined again. Every
line's text is in exactly one block, once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import groupby, pairwise, zip_longest
from statistics import median

from ocrd import cells, codes, grids, headings, running, tables
from ocrd.columns import Grid, Listing, Piece, Row, Stroke, around, covers, page_box, rows, sheet
from ocrd.headings import Body, advance
from ocrd.job import Block, Box, Line, Rule
from ocrd.joining import HYPHENATED, WORD, join

# All in heights of a line unless they say otherwise. Found by reading scans of books, letters,
# newsletters and invoices.
PARAGRAPH_GAP = 1.3  # of the usual distance of two rows
MORE_GAP = 1.25  # times as much where the sentence goes on
INDENT = 0.7
SAME_HEIGHT = 1.35  # of the other's height: more is another type size
NEIGHBOURS = 5  # rows above and below that tell where text ends on the right
SAME_EDGE = 3  # rows that end together make an edge
MIN_EDGE_WIDTH = 0.4  # of the column's width: shorter rows end together by chance
SOME_ROOM = 0.1  # of the column's width: ragged text leaves this much
MUCH_ROOM = 0.4  # of the column's width: nobody breaks a sentence so early
HEADING_SPACE = 0.45  # above a heading that is no larger than the text
HANGS = 1.0  # what begins so much further right explains the term above it
CAPTION_ROWS = 4
NOTE_CHARACTERS = 24
NOTE_RULE = 1.5  # from a rule to the head of a note below it
SHORT_TEXT = 4  # characters whose box says nothing of their size

_ENDS_SENTENCE = re.compile(r"""[.!?:。！？：]["'”’»)\]]*(\[\d+\])?$""")
_BULLET = re.compile(r"(?:[•●◦○▪■□◆►▶‣⁃∙]\s*|[-–*+·]\s+)(?=\S)")
_CAPTION = re.compile(
    r"(?:figure|fig\.|table|tab\.|abbildung|abb\.|tabelle|tableau|tabla|cuadro|quadro|figura|tabella|tabela|tabel"
    r"|afbeelding|figur|tabell|listing|example|beispiel|exemple|ejemplo|esempio)\s+"
    r"(?:\d{1,3}|[A-Z])(?:[.-]\d{1,3}){0,3}\s?[.:–-]\s*\S",
    re.IGNORECASE,
)
# Engines lose the space behind a number now and then.
_NUMBER = re.compile(r"(\d{1,2}[.)]|\(\d{1,2}\)|\(?[a-z]\))(?:\s+(?=\S)|(?=[^\W\d_]{2}))")


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
class _Setting:
    """What the rows of a page are judged by."""

    body: Body
    columns: dict[int, _Column]
    vocabulary: frozenset[str]
    lying: tuple[Stroke, ...]

    @classmethod
    def of(cls, ordered: Sequence[Row], lying: tuple[Stroke, ...]) -> _Setting:
        """Return the setting of a page's rows."""
        return cls(headings.body(ordered), _columns(ordered), _vocabulary(ordered), lying)


@dataclass(slots=True)
class _Draft:
    """A block in the making."""

    rows: list[Row]
    label: str = "text"
    space: float = 0.0  # above it, in heights of a line
    breaks: set[int] = field(default_factory=set)  # indices of rows that begin a line of their own


def blocks(
    lines: Sequence[Line], width: int, height: int, rules: Sequence[Rule] = ()
) -> list[Block]:
    """Return the blocks of a page of ``width`` by ``height`` pixels in reading order."""
    page = sheet(lines, width, height, rules)
    pieces = _with_tables(page.pieces, grids.ruled(page.pieces, page.lying, page.standing))
    pieces, around_it = running.part(pieces, page.lying, height)
    pieces = codes.gathered(pieces)
    ordered = rows(pieces, page.turned)
    if not ordered:
        return []
    setting = _Setting.of(ordered, page.lying)
    return [
        *_marginal(around_it.heads),
        *_blocks(_drafts(ordered, setting), setting),
        *_marginal(around_it.feet),
    ]


def _marginal(found: Iterable[tuple[str, tuple[Piece, ...]]]) -> Iterator[Block]:
    """Yield the blocks of what stands on every page."""
    for label, pieces in found:
        lines = [piece.line for piece in pieces]
        text = " ".join(line.text.strip() for line in lines)
        yield Block(label, text, (_rounded(around(map(page_box, lines))),), _mean(lines))


def _with_tables(
    pieces: Sequence[Piece], found: Sequence[tuple[Grid, frozenset[int]]]
) -> list[Piece]:
    """Return the pieces with those of each table as one."""
    whole: list[Piece] = []
    taken: set[int] = set()
    for grid, inside in found:
        if not inside & taken:
            taken |= inside
            line = replace(grid.pieces[0].line, text=tables.raw(grid.rows))
            whole.append(Piece(line, grid.box, grid))
    return whole + [piece for index, piece in enumerate(pieces) if index not in taken]


def plain(blocks: Iterable[Block]) -> str:
    """Return the blocks' text, an empty line between two of them."""
    return "\n\n".join(block.text for block in blocks if block.text)


def _drafts(ordered: Sequence[Row], setting: _Setting) -> list[_Draft]:
    """Return the rows grouped into blocks."""
    drafts: list[_Draft] = []
    for index, row in enumerate(ordered):
        text = row.text
        bond = Bond.APART
        if drafts:
            bond = _bond(drafts[-1], ordered, index, setting)
        free = bond is not Bond.JOINED or drafts[-1].label == "list"
        free = free and not headings.is_set_apart(row, setting.body)
        marked = row.whole is None and _is_marked(text, free=free)
        if bond is Bond.APART or marked:
            drafts.append(_Draft([row], "list" if marked else "text", _space(ordered, index)))
            continue
        if bond is Bond.LINE:
            drafts[-1].breaks.add(len(drafts[-1].rows))
        drafts[-1].rows.append(row)
    return drafts


def _space(ordered: Sequence[Row], index: int) -> float:
    """Return the white space above a row in heights of a line; much where a column begins."""
    row = ordered[index]
    if index == 0 or ordered[index - 1].column != row.column:
        return math.inf
    return (row.box.y0 - ordered[index - 1].box.y1) / max(row.height, 1.0)


def _bond(draft: _Draft, ordered: Sequence[Row], index: int, setting: _Setting) -> Bond:
    """Say how the row at ``index`` goes on from the draft's last one."""
    last, row = draft.rows[-1], ordered[index]
    column, body = setting.columns[row.column], setting.body
    if last.whole or row.whole:
        return Bond.APART
    goes_on = _goes_on(last.text, row.text)
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
    if min(len(last.cells), len(row.cells)) > 2:
        return Bond.LINE
    if _differ_in_size(last, row) and not (goes_on and room <= 0):
        return Bond.APART
    apart = headings.is_set_apart(row, body)
    clearly = headings.is_clearly_set_apart(row, body) or headings.is_clearly_set_apart(last, body)
    if apart != headings.is_set_apart(last, body) and (clearly or not goes_on):
        return Bond.APART
    if apart and not headings.NUMBERED.match(row.text):
        return Bond.JOINED if room < SOME_ROOM else Bond.APART
    if len(last.cells) > 1 or len(row.cells) > 1:
        return Bond.LINE if _is_table(last, row) else Bond.APART
    joined = room <= 0 or goes_on
    ended = bool(_ENDS_SENTENCE.search(last.text))
    if draft.label == "list":
        hangs = row.box.x0 > draft.rows[0].box.x0 + 0.5 * row.height
        return Bond.JOINED if joined and (hangs or goes_on) else Bond.APART
    following = [
        after
        for after in ordered[index + 1 : index + 2]
        if after.column == row.column and after.box.y0 - row.box.y1 < row.height
    ]
    if _is_indented(last, row, following, ended=ended):
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
    if min(len(a.text), len(b.text)) <= SHORT_TEXT:
        return False
    height, wide = a.height / b.height, advance(a) / advance(b)
    if height < 1:
        height, wide = 1 / height, 1 / wide
    return height > SAME_HEIGHT or (height > 1.15 and wide > 1.2)


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
    needed = (len(row.text.split()[0]) + 1.5) * advance(row) + row.height / 2
    return (right - last.box.x1 - needed) / column.width


def _goes_on(before: str, after: str) -> bool:
    """Say whether a sentence goes on from one row to the next, by its letters."""
    if _ENDS_SENTENCE.search(before):
        return False
    return after[:1].islower() or bool(HYPHENATED.search(before))


def _is_marked(text: str, *, free: bool) -> bool:
    """Say whether the row begins a list entry; a number needs to stand free of running text."""
    return bool(_BULLET.match(text)) or (free and bool(_NUMBER.match(text)))


def _blocks(drafts: Sequence[_Draft], setting: _Setting) -> Iterator[Block]:
    for draft, after in zip_longest(drafts, drafts[1:]):
        yield _block(draft, setting, after)


def _block(draft: _Draft, setting: _Setting, after: _Draft | None) -> Block:
    if whole := draft.rows[0].whole:
        return _whole(whole)
    label = draft.label
    if label == "text" and any(len(row.cells) > 1 for row in draft.rows):
        table = cells.table(draft.rows)
        if table:
            return _whole(table)
    if label == "text":
        label = _label(draft, setting, after)
    text = ""
    for index, row in enumerate(draft.rows):
        if not text:
            text = row.text
        elif index in draft.breaks and label == "text":
            text += "\n" + row.text
        else:
            text = join(text, row.text, setting.vocabulary)
    if label == "list":
        text = _with_plain_mark(text)
    return Block(label, text, _boxes(draft.rows), _confidence(draft.rows))


def _label(draft: _Draft, setting: _Setting, after: _Draft | None) -> str:
    """Return "title", "heading", "caption" or "text"."""
    first = draft.rows[0]
    if _CAPTION.match(first.text) and len(draft.rows) <= CAPTION_ROWS and len(first.cells) == 1:
        return "caption"
    found = headings.label(draft.rows, setting.body, has_breaks=bool(draft.breaks))
    if found == "heading" and (
        # A word in bold under a rule heads a note and no part of the text.
        (len(first.text) < NOTE_CHARACTERS and _is_under_rule(first, setting))
        or (headings.is_only_bold(draft.rows, setting.body) and not _stands_free(draft, after))
    ):
        return "text"
    return found


def _stands_free(draft: _Draft, after: _Draft | None) -> bool:
    """Say whether rows in bold stand above the text and not in it, nor explain what hangs below."""
    if draft.space < HEADING_SPACE:
        return False
    if after is None or after.rows[0].column != draft.rows[0].column:
        return after is not None
    return after.rows[0].box.x0 - draft.rows[0].box.x0 < HANGS * draft.rows[0].height


def _is_under_rule(row: Row, setting: _Setting) -> bool:
    """Say whether a rule lies close above the row, longer than its text."""
    return any(
        0 < row.box.y0 + 0.3 * row.height - rule.at < NOTE_RULE * row.height
        and rule.start < row.box.x1
        and rule.end > row.box.x1 + 5 * row.height
        for rule in setting.lying
    )


def _whole(whole: Grid | Listing) -> Block:
    lines = [piece.line for piece in whole.pieces]
    boxes = (_rounded(around(map(page_box, lines))),)
    if isinstance(whole, Listing):
        return Block("code", whole.text, boxes, _mean(lines))
    return Block("table", tables.raw(whole.rows), boxes, _mean(lines), whole.rows)


def _with_plain_mark(text: str) -> str:
    """Return a list entry's text with one kind of bullet, or its number, and a space behind it."""
    if bullet := _BULLET.match(text):
        return f"• {text[bullet.end() :]}"
    if number := _NUMBER.match(text):
        return f"{number[1]} {text[number.end() :]}"
    return text


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2


def _vocabulary(ordered: Sequence[Row]) -> frozenset[str]:
    """Return the page's words in lower case, but those at the ends of rows: they may be cut."""
    return frozenset(
        word.lower() for row in ordered for word in WORD.findall(row.text)[1:-1]
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
    return tuple(map(_rounded, map(around, columns.values())))


def _rounded(box: Box) -> Box:
    return Box(round(box.x0, 1), round(box.y0, 1), round(box.x1, 1), round(box.y1, 1))


def _confidence(some: Sequence[Row]) -> float:
    """Return the mean over characters."""
    return _mean([piece.line for row in some for piece in row.pieces])


def _mean(lines: Sequence[Line]) -> float:
    characters = sum(len(line.text) for line in lines)
    return round(sum(line.confidence * len(line.text) for line in lines) / characters, 4)
