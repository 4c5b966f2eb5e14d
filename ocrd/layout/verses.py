"""Which text is no prose and keeps its rows: verses, addresses, receipts, notes one a row (pure).

Prose fills its rows and breaks them anywhere, in most languages before a small letter more often
than not. Rows that none of it is true of were ended by who wrote them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from ocrd.layout.columns import Row
from ocrd.layout.headings import advance
from ocrd.layout.joining import HYPHENATED

ALIKE = 0.8  # share of the rows that begin or end in one way
ALIKE_ROWS = 3  # fewer do so by chance
STRAY = 0.1  # share of such rows that may begin with a small letter
ROOM = 2.5  # letters more than the next row's first word takes: it would have gone there
SOME_BREAKS = 2  # before no small letter, if one left room
MANY_BREAKS = 5  # before no small letter: a third of all words has a capital where most have
SHORT = 45  # characters of the rows of an address, a list of parts
FEW_ROWS = 4  # such, of which one that leaves so much room tells of all, if
MUCH_ROOM = 0.2  # of their width, before a capital, and
FEW_SMALL = 0.5  # no more of them than this share goes on with a small letter
MEASURED = 4  # short rows that begin with a number, of which one other may be small: a pinch
FIGURES = 0.5  # share of the short rows with a number, from which two breaks will do
CASED = 0.5  # share of the rows that small letters stand in

_START = re.compile(r"""["'„“”»«‘‚’(\[…]*(?P<first>[^\W\d_])""")
NUMBER = re.compile(r"\W*\d[\d.,:/'-]*\W*")
_WORD = re.compile(r"[^\W\d_]{2,}")


def are_verses(rows: Sequence[Row]) -> bool:
    """Say whether each of a block's rows stands for itself."""
    if len(rows) < 2 or any(row.whole or len(row.cells) > 1 for row in rows):
        return False
    breaks = len(rows) - 1
    going_on = sum(goes_on(above, below) for above, below in pairwise(rows))
    if len(rows) >= ALIKE_ROWS and _are_alike(rows):
        return going_on <= STRAY * breaks or (going_on == 1 and _are_measured(rows))
    if sum(any(map(str.islower, row.text)) for row in rows) < CASED * len(rows):
        return False
    if breaks < SOME_BREAKS:
        return False
    if going_on:
        few = len(rows) <= FEW_ROWS and going_on <= FEW_SMALL * breaks
        return few and _are_short(rows) and _leave_room(rows, MUCH_ROOM)
    figures = _are_short(rows) and _have_figures(rows)
    return breaks >= MANY_BREAKS or figures or _leave_room(rows, 0.0)


def goes_on(above: Row, below: Row) -> bool:
    """Say whether a row begins with a small letter, or a hyphen cuts a word before it."""
    found = _START.match(below.text)
    return bool(HYPHENATED.search(above.text)) or (found is not None and found["first"].islower())


def _are_alike(rows: Sequence[Row]) -> bool:
    """Say whether most rows begin or end with a number, or begin with one word."""

    def most(is_so: Callable[[list[str]], bool]) -> bool:
        return sum(map(is_so, words)) >= ALIKE * len(words)

    words = [row.text.split() for row in rows]
    firsts = Counter(some[0].lower() for some in words if _WORD.match(some[0]))
    return (
        most(lambda some: bool(NUMBER.fullmatch(some[0])))
        or most(lambda some: any(map(NUMBER.fullmatch, some[-2:])))
        or max(firsts.values(), default=0) >= ALIKE * len(words)
    )


def _are_short(rows: Sequence[Row]) -> bool:
    return max(len(row.text) for row in rows) <= SHORT


def _are_measured(rows: Sequence[Row]) -> bool:
    """Say whether so many short rows begin with a number as no prose has: 200 g, 2 tbsp."""
    count = sum(bool(NUMBER.fullmatch(row.text.split()[0])) for row in rows)
    hyphens = any(HYPHENATED.search(row.text) for row in rows)
    return count >= MEASURED and count == len(rows) - 1 and _are_short(rows) and not hyphens


def _have_figures(rows: Sequence[Row]) -> bool:
    with_number = sum(any(map(NUMBER.fullmatch, row.text.split())) for row in rows)
    return with_number >= FIGURES * len(rows)


def _leave_room(rows: Sequence[Row], least: float) -> bool:
    """Say whether a row had room for the next one's first word, which is no small one, and more.

    ``least`` is of the widest row's width.
    """
    right = {
        column: max(row.box.x1 for row in rows if row.column == column)
        for column in {row.column for row in rows}
    }
    width = max(row.box.width for row in rows)
    return any(
        right[above.column] - above.box.x1
        > max((len(below.text.split()[0]) + ROOM) * advance(below), least * width)
        for above, below in pairwise(rows)
        if above.column == below.column and not goes_on(above, below)
    )
