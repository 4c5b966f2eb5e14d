"""Rows that their writer ended, gathered into stanzas: with indents, numbers, lines turned over.

What rows are is told by a whole run of them (:mod:`ocrd.layout.ended`), whatever parted them
before: an indent, an end of a sentence, type that was measured a little larger; and by the other
stanzas of their column. A line that is longer than the page is wide goes on in a row that begins
with a small letter, or stands further in. (Pure.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from ocrd.layout import captions, headings, lineends, lists
from ocrd.layout.columns import Row
from ocrd.layout.ended import TOLD, are_lines, are_said, end_in_numbers, have_one_middle
from ocrd.layout.lineends import SMALL, Break
from ocrd.layout.paragraphs import Draft, Setting
from ocrd.layout.verses import are_verses

SAME_STEP = 1.25  # times the usual distance of two rows: more parts stanzas
LEAST_STEP = 0.6  # times it: less is a row beside
NEAR = 3.5  # distances of two rows between stanzas of one poem
SAME_SIZE = 1.15  # times the size of a poem's stanza
FURTHER = 6.0  # heights of a row from a poem's left edge to the left edge of its lines
LONGER = 1.35  # times the width of a poem's longest line
MANY = 6  # breaks of a column's blocks, and
OF_ALL = 0.75  # share of them whose rows all begin with no small letter
ALIKE = 3  # stanzas of one number of lines
PASSES = 4  # through the drafts: a stanza makes one of its neighbour
FEW = 3  # rows of a paragraph
MOST = 60  # rows of a stanza
ENDS = 2  # blocks above and below a stanza in its step that may be none of it

_SENTENCES = re.compile(r"\w{3,}[.!?] \W?[^\W\d_]")
_LINE = re.compile(r"\(?\d{1,4}[.)]?")  # its number, in the margin
_COUNT = re.compile(r"(?:[A-Z]|[IVX]{1,5}|§ ?\d+)[.)]\s|\[[\w+]{1,9}\]")


def gathered(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts, those of one stanza as one."""
    found: list[Draft] = []
    listed = {draft.rows[0].column for draft in some if draft.label == "list" and _says_more(draft)}
    for run in _runs(some, setting):
        is_listed = run[0].rows[0].column in listed or any(map(_says_more, run))
        is_prose = (run[0].label == "list" and is_listed) or not _may_be_lines(run[0], setting)
        found += run if is_prose else _parted(run, setting)
    return _with_company(_regular(found, setting), setting)


def _runs(some: Sequence[Draft], setting: Setting) -> Iterator[list[Draft]]:
    """Yield the drafts, those in one step together."""
    run: list[Draft] = []
    for draft, after in zip(some, [*some[1:], None], strict=True):
        if run and _goes_with(run, draft, after, setting):
            run.append(draft)
        else:
            if run:
                yield run
            run = [draft]
    if run:
        yield run


def _goes_with(run: Sequence[Draft], below: Draft, after: Draft | None, setting: Setting) -> bool:
    """Say whether a draft may stand in one stanza with those above it.

    A single row that seems of other type than those around it, in their step, was measured badly;
    the first one is a heading.
    """
    row = below.rows[0]
    if not (_is_in_step(run[-1], below, setting) and _is_unnumbered(row)):
        return False
    first = run[0].rows
    if len(run) == len(first) == 1 and _is_heading(first, setting):
        return False
    above = [one for draft in run for one in draft.rows][-2:]
    if not all(_differ(one, row, setting) for one in above):
        return True
    if len(below.rows) > 1 or after is None or not _is_in_step(below, after, setting):
        return False
    return not _differ(above[-1], after.rows[0], setting)


def _is_heading(rows: Sequence[Row], setting: Setting) -> bool:
    return headings.label(rows, setting.body, has_breaks=False) != "text"


def _is_in_step(above: Draft, below: Draft, setting: Setting) -> bool:
    """Say whether two drafts that may be lines follow each other in the step of their column."""
    last, row = above.rows[-1], below.rows[0]
    if below.label != "text" or last.column != row.column:
        return False
    if not (_may_be_lines(above, setting) and _may_be_lines(below, setting)):
        return False
    pitch = setting.columns[row.column].pitch
    return LEAST_STEP * pitch < _middle(row) - _middle(last) < SAME_STEP * pitch


def _is_unnumbered(row: Row) -> bool:
    """Say whether a row begins with no number of a clause, a section or an entry."""
    return not (headings.parts(row.text) or lists.is_numbered(row.text) or _COUNT.match(row.text))


def _may_be_lines(draft: Draft, setting: Setting) -> bool:
    """Say whether a draft is plain text, or an entry that counts itself.

    Of a run only the first has to be asked: the others were when they joined it.
    """
    if draft.label != "text" and not (
        draft.label == "list" and lists.is_numbered(draft.rows[0].text)
    ):
        return False
    return not captions.are_one(draft.rows) and not any(
        row.whole
        or row.kept
        or row.is_side
        or row.is_upright
        or _has_cells(row)
        or headings.is_bold(row, setting.body)
        for row in draft.rows
    )


def _differ(last: Row, row: Row, setting: Setting) -> bool:
    """Say whether two rows are of types that are clearly not of one size."""
    few = headings.FEW_LETTERS
    small, large = sorted(headings.likely_size([one], setting.body, few) for one in (last, row))
    is_short = min(len(last.text), len(row.text)) <= few
    return large > (headings.LARGER_SHORT if is_short else headings.LARGER) * small > 0


def _has_cells(row: Row) -> bool:
    """Say whether a row stands in cells; the number of a stanza or a line, and chords are none."""
    return len(_bare(row).cells) > 1 and not headings.are_chords(row.text)


def _bare(row: Row) -> Row:
    """Return a row without the number of its line that stands in the margin, or its stanza's."""
    pieces = row.pieces
    if len(row.cells) > 1 and _LINE.fullmatch(pieces[0].line.text.strip()):
        pieces = pieces[1:]
    if len(pieces) > 1 and len(row.cells) > 1 and _LINE.fullmatch(pieces[-1].line.text.strip()):
        pieces = pieces[:-1]
    return row if pieces is row.pieces else replace(row, pieces=pieces)


def _are_counted(some: Sequence[Draft]) -> bool:
    """Say whether numbers behind rows are not those of lines, which grow, by one step if many."""
    rows = [row for draft in some for row in draft.rows]
    ends = [row.pieces[-1].line.text.strip() for row in rows if len(row.cells) > 1]
    numbers = [int(re.sub(r"\D", "", end)) for end in ends if _LINE.fullmatch(end)]
    steps = {b - a for a, b in pairwise(numbers)}
    is_regular = len(steps) == 1 if 2 * len(numbers) > len(rows) else True
    return any(step <= 0 for step in steps) or not is_regular


def _rows(some: Sequence[Draft]) -> list[Row]:
    return [_bare(row) for draft in some for row in draft.rows]


def _parted(run: Sequence[Draft], setting: Setting) -> Iterator[Draft]:
    """Yield a run's drafts, those between paragraphs as one each if they are a stanza."""
    for is_prose, some in groupby(run, lambda draft: _holds_paragraph(draft, setting, 2)):
        part = list(some)
        yield from part if is_prose else _without_ends(part, setting)


def _without_ends(some: list[Draft], setting: Setting) -> list[Draft]:
    """Return drafts as one if they are a stanza, but for some at their ends perhaps."""
    count = len(some)
    for left_out in range(min(count, 2 * ENDS + 1)):
        for first in range(max(0, left_out - ENDS), min(left_out, ENDS) + 1):
            last = count - (left_out - first)
            part = some[first:last]
            rows = _rows(part)
            if len(rows) <= MOST and not _are_counted(part) and are_lines(rows, setting):
                return [*some[:first], _stanza(part, rows, setting), *some[last:]]
    return some


def _holds_paragraph(draft: Draft, setting: Setting, least: int) -> bool:
    """Say whether so many of a draft's rows fill the column and none is a line of its own.

    A line that was turned over stands in two such rows, the second perhaps further in.
    """
    if draft.is_stanza or len(draft.rows) < least:
        return False
    joined, hangs = 1, False
    for index, one in enumerate(lineends.of(_rows([draft]), setting), start=1):
        is_line = one.is_in or (one.is_out and hangs)
        joined = joined + 1 if index not in draft.breaks and one.is_full and not is_line else 1
        hangs = one.is_in or (hangs and one.is_level)
        if joined >= least:
            return True
    return False


def _stanza(
    some: Sequence[Draft], rows: Sequence[Row], setting: Setting, right: float = 0.0
) -> Draft:
    """Return drafts as one, a line each row but those that were turned over."""
    are_sure = are_verses(rows) or have_one_middle(rows)
    turned = set() if are_sure else lineends.turned(lineends.of(rows, setting, right))
    breaks = {index + 1 for index in range(len(rows) - 1) if index not in turned}
    own = [row for draft in some for row in draft.rows]
    return Draft(own, "text", some[0].space, breaks, is_stanza=True)


def _regular(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts with those as stanzas whose lines only several together tell.

    Lines of one length leave no room. That several blocks of a column have one number of them does
    tell, and that hardly any block of it has a row that begins with a small letter.
    """
    runs = [(run, _count(run, setting)) for run in _runs(some, setting)]
    counted = [key for _, key in runs]
    capitals = {key.column for key in counted if _has_capitals_only(key.column, counted)}
    found: list[Draft] = []
    for run, key in runs:
        alike = key.breaks >= TOLD and counted.count(key) >= ALIKE
        is_one = key.breaks > 0 and (alike or key.column in capitals)
        is_one = is_one and not all(draft.is_stanza for draft in run)
        rows = _rows(run)
        found += [_stanza(run, rows, setting)] if is_one else run
    return found


@dataclass(frozen=True, slots=True)
class _Count:
    """How many breaks between lines a run has, 0 if it cannot be lines."""

    column: int
    breaks: int
    has_rows: bool  # more than one


def _count(run: Sequence[Draft], setting: Setting) -> _Count:
    """Count a run's breaks; lines have no row with a small letter but what was turned over."""
    rows = _rows(run)
    breaks = lineends.of(rows, setting)
    lines = lineends.between_lines(breaks)
    have_turned = len(lines) < len(breaks)
    may_be = (
        len(lines) < MOST
        and _may_be_lines(run[0], setting)
        and not any(one.is_small for one in lines)
        and sum(one.is_open for one in lines) > SMALL * len(lines)
        and not (have_turned and any(_holds_paragraph(draft, setting, FEW) for draft in run))
        and not any(map(_says_more, run))
        and not _are_counted(run)
        and not are_said(rows)
        and not end_in_numbers(rows)
    )
    return _Count(rows[0].column, len(lines) if may_be else 0, len(rows) > 1)


def _has_capitals_only(column: int, counted: Sequence[_Count]) -> bool:
    """Say whether most blocks of a column have many rows, of which none begins small."""
    own = [key for key in counted if key.column == column and key.has_rows]
    lines = [key.breaks for key in own if key.breaks > 0]
    are_many = sum(lines) >= MANY and sum(count >= TOLD for count in lines) > 1
    return are_many and len(lines) >= OF_ALL * len(own)


def _with_company(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts with those of few rows as stanzas, too, that stand among such."""
    found = list(some)
    for _ in range(PASSES):
        before = len([draft for draft in found if draft.is_stanza])
        found = _joined(found, setting)
        if len([draft for draft in found if draft.is_stanza]) == before:
            break
    return found


def _joined(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    found: list[Draft] = []
    stanzas = [draft for draft in some if draft.is_stanza]
    for run in _runs(some, setting):
        rows = _rows(run)
        like = [draft for draft in run if draft.is_stanza]
        is_one = len(like) < len(run) and _may_join(run, rows, setting)
        if is_one and not like:
            like = [one for one in stanzas if _is_near(one, rows, setting)]
        right = max((row.box.x1 for row in _rows(like)), default=0.0)
        is_one = is_one and bool(like) and _may_be_stanza(lineends.of(rows, setting, right))
        found += [_stanza(run, rows, setting, right)] if is_one else run
    return found


def _may_join(run: Sequence[Draft], rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether nothing in a run is prose."""
    is_prose = any(_holds_paragraph(one, setting, FEW) or _says_more(one) for one in run)
    is_prose |= _are_counted(run) or not _may_be_lines(run[0], setting)
    return not is_prose and TOLD <= len(rows) <= MOST and not are_said(rows)


def _says_more(draft: Draft) -> bool:
    """Say whether a sentence ends within a row, of more than one that is none of a stanza."""
    if draft.is_stanza or len(draft.rows) < TOLD:
        return False
    return any(_SENTENCES.search(row.text) for row in draft.rows)


def _may_be_stanza(breaks: Sequence[Break]) -> bool:
    """Say whether nothing speaks against rows as lines that stand among stanzas."""
    if lineends.have_paragraph(breaks):
        return False
    lines = lineends.between_lines(breaks)
    filled = sum(one.is_small and not one.has_room for one in lines)
    is_one = any(not one.is_full for one in lines)
    return is_one and filled <= sum(one.has_room for one in lines)


def _is_near(stanza: Draft, rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether rows stand close above or below a stanza, in its type and in its width."""
    first, last = rows[0], rows[-1]
    if first.column != stanza.rows[0].column:
        return False
    pitch = setting.columns[first.column].pitch
    gaps = (
        _middle(first) - _middle(stanza.rows[-1]),
        _middle(stanza.rows[0]) - _middle(last),
    )
    own, other = (median(map(headings.size_of, some)) for some in (rows, stanza.rows))
    own_rows = _rows([stanza])
    left = min(row.box.x0 for row in own_rows)
    width = max(row.box.x1 for row in own_rows) - left
    return (
        any(0 < gap < NEAR * pitch for gap in gaps)
        and max(own, other) <= SAME_SIZE * min(own, other)
        and all(abs(row.box.x0 - left) < FURTHER * row.height for row in rows)
        and all(row.box.x1 - left < LONGER * width for row in rows)
    )


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2
