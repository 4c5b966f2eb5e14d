"""Rows in reading order -> drafts of blocks: what goes on, and what begins anew (pure).

Whether a row goes on from the one before it is told by white space, indent, the room that was left,
the type that both are set in, and the letters at the break.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby, pairwise
from statistics import median

from ocrd.layout import captions, footnotes, headings, indents, lists, sizes
from ocrd.layout.columns import Row, covers
from ocrd.layout.headings import Body, advance
from ocrd.layout.joining import HYPHENATED, WORD
from ocrd.layout.sheet import Stroke, around

# All in heights of a line unless they say otherwise. Found by reading scans of books, letters,
# newsletters and invoices.
PARAGRAPH_GAP = 1.3  # of the usual distance of two rows
MORE_GAP = 1.25  # times as much where the sentence goes on
SAME_STEP = 1.15  # times the usual distance of two rows
NEIGHBOURS = 5  # rows above and below that tell where text ends on the right
SAME_EDGE = 3  # rows that end together make an edge
MIN_EDGE_WIDTH = 0.4  # of the column's width: shorter rows end together by chance
SOME_ROOM = 0.1  # of the column's width: ragged text leaves this much
MUCH_ROOM = 0.4  # of the column's width: nobody breaks a sentence so early
ENTRY_HANGS = 0.3  # what begins so much further right than the mark goes on with its entry
FEW_STEPS = 6  # from row to row, that tell little of a column's usual one
SMALLER = 0.85  # of the column's size: a type of its own, with
SMALL_GAP = 1.5  # of white at most between two of its rows, in heights of a line
OFF = 1.6  # of white that no paragraph leaves to the text that goes on in the next column
FULL = 0.8  # of the column's width: a row of running text
OFF_EDGE = 2.0  # from the column's edges to what stands in its middle
CENTRED = 1.2  # by which it may stand off the middle
KEPT = 0.8  # of white between two lines of an address, at most
IN_ROW = 0.35  # of a row's box, from its edge, in which a rule beside its letters may lie
DASHES = ("—", "–", " -")  # at the end of a heading's row: it goes on

ENDS_SENTENCE = re.compile(r"""[.!?:。！？：]["'”’»)\]]*(\[\d+\])?$""")


class Bond(Enum):
    """How a row goes on from the one before it."""

    JOINED = auto()  # the same paragraph
    LINE = auto()  # the same block, on a line of its own: an address, a verse
    APART = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """What is usual in a column."""

    pitch: float  # from one row to the next
    height: float  # of a row
    size: float  # of its type, 0 if it was not measured
    right: float  # where the longest row ends
    width: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rows of a page are judged by."""

    body: Body
    columns: dict[int, Column]
    vocabulary: frozenset[str]
    lying: tuple[Stroke, ...]  # from the top
    foot: float = math.inf  # below it feet may run
    head: float = -math.inf  # above it heads may

    @classmethod
    def of(
        cls,
        ordered: Sequence[Row],
        lying: tuple[Stroke, ...],
        foot: float = math.inf,
        head: float = -math.inf,
    ) -> Setting:
        """Return the setting of a page's rows."""
        lying = tuple(sorted(lying, key=lambda rule: rule.at))
        body, words = headings.body(ordered), _vocabulary(ordered)
        return cls(body, _columns(ordered), words, lying, foot, head)

    def rules_between(self, top: float, bottom: float) -> Sequence[Stroke]:
        """Return the lying rules from one height on the page to another."""
        first, end = (bisect_right(self.lying, y, key=lambda rule: rule.at) for y in (top, bottom))
        return self.lying[first:end]


@dataclass(slots=True)
class Draft:
    """A block in the making."""

    rows: list[Row]
    label: str
    space: float  # above it, in heights of a line
    breaks: set[int] = field(default_factory=set)  # indices of rows that begin a line of their own
    is_stanza: bool = False  # its rows are lines, but those that were turned over
    begins: str = ""  # what a note's first row says, its mark as the text has it


def drafts(ordered: Sequence[Row], setting: Setting) -> list[Draft]:
    """Return the rows grouped into blocks."""
    found: list[Draft] = []
    begun = footnotes.starts(ordered, setting.body, setting.lying)
    for index, row in enumerate(ordered):
        if note := begun.get(index):
            found.append(Draft([row], "footnote", _space(ordered, index), begins=note.text))
            continue
        text = row.text
        bond = Bond.APART
        if found:
            bond = _bond(found[-1], ordered, index, setting)
        free = bond is not Bond.JOINED or found[-1].label == "list"
        free = free and not headings.is_set_apart(row, setting.body)
        marked = row.whole is None and lists.is_marked(text, free=free)
        if bond is Bond.APART or marked:
            label = "heading" if row.is_side else "list" if marked else "text"
            found.append(Draft([row], label, _space(ordered, index)))
            continue
        if bond is Bond.LINE:
            found[-1].breaks.add(len(found[-1].rows))
        found[-1].rows.append(row)
    return found


def _space(ordered: Sequence[Row], index: int) -> float:
    """Return the white space above a row in heights of a line; much where a column begins."""
    row = ordered[index]
    if index == 0 or ordered[index - 1].column != row.column:
        return math.inf
    return (row.box.y0 - ordered[index - 1].box.y1) / max(row.height, 1.0)


def _bond(draft: Draft, ordered: Sequence[Row], index: int, setting: Setting) -> Bond:
    """Say how the row at ``index`` goes on from the draft's last one."""
    last, row = draft.rows[-1], ordered[index]
    column, body = setting.columns[row.column], setting.body
    if last.whole or row.whole:
        return Bond.APART
    goes_on = _goes_on(last.text, row.text)
    if last.is_upright or row.is_upright:
        return Bond.APART
    if last.is_side or row.is_side:
        return Bond.JOINED if last.is_side and row.is_side else Bond.APART
    if row.column != last.column and row.box.y0 < last.box.y1:  # beside: the next column
        plain = draft.label != "list" and max(len(last.cells), len(row.cells)) == 1
        if last.kept or row.kept or _stands_off(draft, ordered, index):
            return Bond.APART
        alike = headings.is_set_apart(last, body) == headings.is_set_apart(row, body)
        return Bond.JOINED if goes_on and plain and alike else Bond.APART
    if _is_cut(last, row) and _middle(row) - _middle(last) < PARAGRAPH_GAP * column.pitch:
        return Bond.JOINED
    if row.box.x0 > last.box.x1 or row.box.x1 < last.box.x0:
        return Bond.APART
    if _is_ruled_off(last, row, setting) or captions.ends(draft.rows, row):
        return Bond.APART
    if last.kept and row.kept:
        return Bond.LINE if row.box.y0 - last.box.y1 < KEPT * row.height else Bond.APART
    scale = max(1.0, min(last.height, row.height) / column.height)
    if column.size > 0:
        scale = max(scale, min(map(headings.size_of, (last, row))) / column.size)
        is_small = max(map(headings.size_of, (last, row))) < SMALLER * column.size
        if is_small and row.box.y0 - last.box.y1 > SMALL_GAP * row.height:
            return Bond.APART
    room = _room(ordered, index, column)
    goes_on = goes_on and room < MUCH_ROOM
    gap = PARAGRAPH_GAP * (MORE_GAP if goes_on else 1.0) * scale
    if _middle(row) - _middle(last) > gap * column.pitch:
        return Bond.APART
    if min(len(last.cells), len(row.cells)) > 2:
        return Bond.LINE
    ended = bool(ENDS_SENTENCE.search(last.text))
    following = [
        after
        for after in ordered[index + 1 : index + 2]
        if after.column == row.column and after.box.y0 - row.box.y1 < row.height
    ]
    if ended and indents.is_term(draft.rows, row, following):
        return Bond.APART
    apart = headings.is_set_apart(row, body) and not (
        room <= 0 and not ended and _seems_larger(last, row, column, body)
    )
    are_one = apart and headings.is_set_apart(last, body) and sizes.are_one(last, row)
    must_go_on = room <= 0 and (
        goes_on or (not ended and sizes.differ_in_letters(last, row))
    )
    if sizes.differ(last, row) and not (must_go_on or are_one):
        return Bond.APART
    are_numbered = apart and headings.parts(last.text) and headings.parts(row.text)
    if are_numbered or (len(draft.rows) == 1 and _heads(last, row, column, body)):
        return Bond.APART
    clearly = headings.is_clearly_set_apart(row, body) or headings.is_clearly_set_apart(last, body)
    if apart != headings.is_set_apart(last, body) and (clearly or not goes_on):
        partly = not apart and len(draft.rows) == 1 and headings.is_partly_bold(last, body)
        if clearly or not partly or ended or room > 0 or _is_wide(last, row, column):
            return Bond.APART
    if apart and not headings.NUMBERED.match(row.text):
        bold = headings.is_bold(last, body) == headings.is_bold(row, body)
        alike = are_one or goes_on or bold
        goes_over = alike and (room < SOME_ROOM or last.text.endswith(DASHES))
        return Bond.JOINED if goes_over else Bond.APART
    if len(last.cells) > 1 or len(row.cells) > 1:
        return Bond.LINE if _is_table(last, row) else Bond.APART
    joined = room <= 0 or goes_on
    if draft.label == "list":
        hangs = row.box.x0 > draft.rows[0].box.x0 + ENTRY_HANGS * row.height
        within = hangs or goes_on or _fills_entry(draft, row, column, ended=ended)
        return Bond.JOINED if joined and within else Bond.APART
    if indents.are_set_right(draft.rows, row, following) and not HYPHENATED.search(last.text):
        return Bond.LINE
    if indents.is_indented(last, row, following, ended=ended) and not (
        goes_on and room <= 0 and indents.hangs(draft.rows, row)
    ):
        return Bond.APART
    if joined or (not ended and room < SOME_ROOM):
        return Bond.JOINED
    return Bond.APART if ended or _begins_anew(draft, row, column) else Bond.LINE


def _is_cut(last: Row, row: Row) -> bool:
    """Say whether a word goes on from one row to the next, wherever the rows stand."""
    plain = max(len(last.cells), len(row.cells)) == 1 and not (last.kept or row.kept)
    return plain and row.text[:1].islower() and bool(HYPHENATED.search(last.text))


def _heads(last: Row, row: Row, column: Column, body: Body) -> bool:
    """Say whether words in bold stand in the middle above text that begins at the left edge."""
    left, near = column.right - column.width, CENTRED * row.height
    sides = last.box.x0 - left, column.right - last.box.x1
    return (
        headings.is_bold(last, body)
        and not headings.is_bold(row, body)
        and min(sides) > OFF_EDGE * row.height
        and abs(sides[0] - sides[1]) < 2 * near
        and row.box.x0 - left < near
    )


def _seems_larger(last: Row, row: Row, column: Column, body: Body) -> bool:
    """Say whether only the measured size tells a row from the full row of a sentence above it."""
    return (
        not headings.is_set_apart(last, body)
        and headings.weight_of([last], body) < headings.BOLD  # nor a part of it
        and last.box.width > FULL * column.width
        and headings.is_hardly_measured([row], body)
        and not headings.NUMBERED.match(row.text)
        and "__" not in row.text  # a blank to fill in
        and not _is_wide(last, row, column)
    )


def _is_wide(last: Row, row: Row, column: Column) -> bool:
    """Say whether two rows are further from each other than those of the column's text."""
    return _middle(row) - _middle(last) > SAME_STEP * column.pitch


def _stands_off(draft: Draft, ordered: Sequence[Row], index: int) -> bool:
    """Say whether white parts the last row of a column, or the next one's first, from all else.

    What runs over the pages stands so, below the one and above the other.
    """
    foot = len(draft.rows) == 1 and OFF <= draft.space < math.inf
    return foot or (index + 1 < len(ordered) and OFF <= _space(ordered, index + 1) < math.inf)


def _is_table(last: Row, row: Row) -> bool:
    """Say whether two rows, one of them in cells, belong together."""
    if len(row.pieces) > 1 and len(last.pieces) > 1:
        return True
    return not (covers(last, row) if len(last.pieces) == 1 else covers(row, last))


def _begins_anew(draft: Draft, row: Row, column: Column) -> bool:
    """Say whether a row begins another paragraph where the last row above left room.

    By its place, or since all above is in small type and further away than the column's rows are.
    """
    if not draft.breaks and indents.is_outdented(draft.rows, row):
        return True
    largest = max(map(headings.size_of, draft.rows))
    is_small = 0 < largest < SMALLER * min(column.size, headings.size_of(row))
    return len(draft.rows) > 1 and is_small and _is_wide(draft.rows[-1], row, column)


def _fills_entry(draft: Draft, row: Row, column: Column, *, ended: bool) -> bool:
    """Say whether a numbered entry without a hanging indent is in the middle of its sentence."""
    last, first = draft.rows[-1], draft.rows[0]
    return (
        lists.is_numbered(first.text)
        and not (ended or last.text.endswith(";") or headings.parts(row.text))
        and abs(row.box.x0 - first.box.x0) <= ENTRY_HANGS * row.height
        and not _is_wide(last, row, column)
    )


def _is_ruled_off(last: Row, row: Row, setting: Setting) -> bool:
    """Say whether a rule parts two rows; one no longer than the text above underlines it."""
    if max(len(last.cells), len(row.cells)) > 1:
        return False
    above, below, reach = last.box, row.box, 2 * row.height
    between = setting.rules_between(
        above.y1 - IN_ROW * last.height, below.y0 + IN_ROW * row.height
    )
    return any(
        (rule.end > above.x1 + reach or rule.start < above.x0 - reach)
        and rule.start < min(above.x1, below.x1)
        and rule.end > max(above.x0, below.x0)
        for rule in between
    )


def _room(ordered: Sequence[Row], index: int, column: Column) -> float:
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
    if ENDS_SENTENCE.search(before):
        return False
    return after[:1].islower() or bool(HYPHENATED.search(before))


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2


def _vocabulary(ordered: Sequence[Row]) -> frozenset[str]:
    """Return the page's words in lower case, but those at the ends of rows: they may be cut."""
    return frozenset(
        word.lower() for row in ordered for word in WORD.findall(row.text)[1:-1]
    )


def _columns(ordered: Sequence[Row]) -> dict[int, Column]:
    """Return what is usual in each column, by its number.

    What few rows there are of one stand no further apart than those of the page's text; where there
    is no other, than the closest of them.
    """
    groups = groupby(ordered, key=lambda row: row.column)
    columns = [(number, list(group)) for number, group in groups]
    steps = {number: _steps(column) for number, column in columns}
    text = sorted(step for some in steps.values() if len(some) >= FEW_STEPS for step in some)
    found = {}
    for number, column in columns:
        box = around(row.box for row in column)
        height = median(row.height for row in column)
        size = median(map(headings.size_of, column))
        pitch = _usual_step(steps[number]) or 1.4 * height
        if steps[number] and len(steps[number]) < FEW_STEPS:
            usual = _usual_step(text) or steps[number][0]
            pitch = min(pitch, max(usual, 1.2 * height))
        found[number] = Column(pitch, height, size, box.x1, max(box.width, 1.0))
    return found


def _steps(column: Sequence[Row]) -> list[float]:
    """Return the distances from one of a column's rows to the next that may be the usual one."""
    height = median(row.height for row in column)
    gaps = (_middle(below) - _middle(above) for above, below in pairwise(column))
    return sorted(gap for gap in gaps if gap < 2.5 * height)


def _usual_step(steps: Sequence[float]) -> float:
    """Return the lower middle: paragraph gaps are on the upper side. 0 where there are none."""
    return steps[(len(steps) - 1) * 2 // 5] if steps else 0.0
