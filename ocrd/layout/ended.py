"""Whether rows were ended by their writer: by the room left, their middle, their letters (pure).

A row of prose ends where the next row's first word had no room. Rows in one step of which several
had room for it, and end no sentence, are lines: of verses, addresses, what goes into a dish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ocrd.layout import headings, lineends
from ocrd.layout.columns import Row
from ocrd.layout.joining import HYPHENATED
from ocrd.layout.lineends import SMALL
from ocrd.layout.paragraphs import ENDS_SENTENCE, Column, Setting
from ocrd.layout.verses import goes_on

TOLD = 2  # breaks with room before them, at least, that tell
TELLING = 0.5  # share of the breaks with room, where they all may
TURNED = 2  # breaks with room for each line that is turned over without an indent: prose has none
CENTRED = 0.6  # heights of a row by which rows may stand off a common middle
UNLIKE = 0.3  # of it, by which widths differ
MOSTLY = 0.6  # share of the rows
NARROW = 0.7  # of the column's width
LEAVES = 0.2  # of it, which all rows leave
SOME = 3  # breaks, before no small letter, that tell where most left room, and
FILL = 0.25  # the share of them that may not have
NUMBERS = 0.5  # share of the rows that end in one: a table's, or a list's with pages
DASHES = ("-", "–", "—", "―", "«", "»", "„", "“", '"', "‘", "‚")  # before what somebody says

_NUMBER = re.compile(r"\W*\d[\d.,:/'–-]*\W*")


def are_lines(rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether the rows, which follow each other in one step, were ended by their writer."""
    if len(rows) <= TOLD or are_said(rows) or end_in_numbers(rows):
        return False
    column = setting.columns[rows[0].column]
    if _are_centred(rows, column) or _are_narrow(rows, setting):
        return True
    breaks = lineends.of(rows, setting)
    if lineends.have_paragraph(breaks):
        return False
    turned = lineends.turned(breaks)
    lines = lineends.between_lines(breaks)
    told = sum(one.has_room and one.is_open for one in lines)
    filled = sum(one.is_small and not one.has_room for one in lines)
    flush = sum(not breaks[index].is_in for index in turned)
    if told < TOLD or filled > told or told <= TURNED * flush:
        return False
    if not lineends.may_be_small(breaks):
        return sum(one.is_open for one in lines) > SMALL * len(lines)
    return _are_small_lines(rows, setting)


def _are_centred(rows: Sequence[Row], column: Column) -> bool:
    """Say whether short rows, each of its own width, stand in the middle of wider text."""
    widths = sorted(row.box.width for row in rows)
    height = median(row.height for row in rows)
    unlike = sum(b - a > UNLIKE * height for a, b in pairwise(widths))
    size = max(map(headings.size_of, rows))
    return (
        have_one_middle(rows)
        and widths[-1] < NARROW * column.width
        and unlike >= MOSTLY * (len(rows) - 1)
        and size <= headings.MEASURED_LARGER * column.size
        and not any(HYPHENATED.search(row.text) for row in rows)
    )


def have_one_middle(rows: Sequence[Row]) -> bool:
    """Say whether rows that begin anywhere stand in one middle."""
    middles = [(row.box.x0 + row.box.x1) / 2 for row in rows]
    height = median(row.height for row in rows)
    starts = [row.box.x0 for row in rows]
    is_ragged = max(starts) - min(starts) > CENTRED * height
    return is_ragged and max(middles) - min(middles) < CENTRED * height


def _are_narrow(rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether all rows begin with no small letter and leave room in the column.

    Some do in any text; few leave much, many some.
    """
    column, breaks = setting.columns[rows[0].column], lineends.of(rows, setting)
    if any(one.is_small for one in breaks):
        return False
    leave_much = max(row.box.x1 for row in rows) < column.right - LEAVES * column.width
    leave_much &= len(breaks) >= SOME or any(one.has_room and one.is_open for one in breaks)
    leave_some = len(breaks) >= SOME and sum(one.is_full for one in breaks) <= FILL * len(breaks)
    is_open = sum(one.is_open for one in breaks) >= TELLING * len(breaks)
    return (leave_much or leave_some) and is_open


def _are_small_lines(rows: Sequence[Row], setting: Setting) -> bool:
    """Say whether rows that begin with small letters too were ended by their writer.

    Where text runs around a picture its rows end together: a neighbour's end tells.
    """
    told = count = 0
    column = setting.columns[rows[0].column]
    is_full = False
    for index, (above, below) in enumerate(pairwise(rows)):
        if HYPHENATED.search(above.text):
            return False
        if ENDS_SENTENCE.search(above.text) and not goes_on(above, below):
            continue
        right = max(rows[max(index - 1, 0)].box.x1, below.box.x1)
        told += lineends.has_room(above, below, right)
        count += 1
        is_full |= not lineends.has_room(above, below, column.right)
    return told >= max(SOME if is_full else TOLD, TELLING * count)


def are_said(rows: Sequence[Row]) -> bool:
    """Say whether rows are what people say, one after the other."""
    return sum(row.text.startswith(DASHES) for row in rows) > TOLD - 1


def end_in_numbers(rows: Sequence[Row]) -> bool:
    """Say whether so many rows end in a number as those of a table or a list of pages."""
    count = sum(bool(_NUMBER.fullmatch(row.text.split()[-1])) for row in rows)
    return count >= NUMBERS * len(rows)
