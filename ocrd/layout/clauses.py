"""Clauses that number themselves, 3.1 and 3.2, as paragraphs of their own (pure).

Contracts set them without white between, and end them in a semicolon or in no sign at all; then
neither tells that a new one begins. What does: a number of several parts that counts on from the
one that the block begins with. Rows that all stand for themselves (a list of parts, of notes) are
left to :mod:`ocrd.layout.verses`: here one of them has to fill its column, as prose does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Draft, Setting

FULL = 0.8  # share of the column's width that the longest row of prose takes
IN_LINE = 0.6  # heights of a line by which the numbers may stand out of line

_CLAUSE = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+[\"'„“«(]?[^\W\d_]")


def parted(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts, those of several clauses as one of each."""
    return [part for draft in some for part in _parts(draft, setting)]


def _parts(draft: Draft, setting: Setting) -> Iterator[Draft]:
    starts = _starts(draft) if draft.label == "text" else [0]
    if len(starts) == 1 or not _is_prose(draft.rows, setting):
        yield draft
        return
    for start, end in zip(starts, [*starts[1:], len(draft.rows)], strict=True):
        rows = draft.rows[start:end]
        space = _space(draft.rows[start - 1], rows[0]) if start else draft.space
        breaks = {row - start for row in draft.breaks if start < row < end}
        yield Draft(rows, draft.label, space, breaks)


def _starts(draft: Draft) -> list[int]:
    """Return the indices of the rows that begin a clause; the first one only if there is no other.

    A number within a sentence that a row happens to begin with does not count on.
    """
    starts, first = [0], draft.rows[0]
    number = _number(first)
    for index, row in enumerate(draft.rows[1:], 1):
        own = _number(row)
        in_line = abs(row.box.x0 - first.box.x0) < IN_LINE * row.height
        if number and own and in_line and _counts_on(number, own):
            starts.append(index)
            number = own
    return starts


def _number(row: Row) -> tuple[int, ...]:
    """Return the number that a row's words stand behind, in its parts; none: ()."""
    found = _CLAUSE.match(row.text)
    return tuple(map(int, found[1].split("."))) if found and len(row.cells) == 1 else ()


def _counts_on(before: Sequence[int], after: Sequence[int]) -> bool:
    """Say whether a clause's number follows another one: 3.2, 3.1.1 and 4.1 do 3.1."""
    *outer, last = after
    if last == 1 and outer:
        return list(before) == outer or _counts_on(before, outer)
    return list(before[: len(after)]) == [*outer, last - 1]


def _is_prose(rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether a row fills its column; if all end in a number, too, they are contents."""
    if all(row.text[-1:].isdigit() for row in rows):
        return False
    return any(row.box.width > FULL * setting.columns[row.column].width for row in rows)


def _space(above: Row, below: Row) -> float:
    return (below.box.y0 - above.box.y1) / max(below.height, 1.0)
