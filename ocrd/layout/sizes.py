"""Whether two rows are set in one size, by their type, their boxes and their letters (pure)."""

from __future__ import annotations

from ocrd.layout import codes, headings
from ocrd.layout.columns import Row
from ocrd.layout.headings import advance

SAME_SIZE = 1.1  # times the other's size, where it was measured
SAME_WIDTH = 1.2  # times the other's mean width of a character
SAME_HEIGHT = 1.35  # of the other's height: more is another type size
SHORT_TEXT = 4  # characters whose box says nothing of their size


def differ(a: Row, b: Row) -> bool:
    """Say whether two rows are set in different sizes.

    The height of a box depends on the letters in it, and so does their mean width; both together
    say more than either.
    """
    if min(len(a.text), len(b.text)) <= SHORT_TEXT:
        return False
    height, wide = a.height / b.height, advance(a) / advance(b)
    if height < 1:
        height, wide = 1 / height, 1 / wide
    return height > SAME_HEIGHT or (height > 1.15 and wide > SAME_WIDTH)


def differ_in_letters(a: Row, b: Row) -> bool:
    """Say whether only their letters make the boxes of two rows of text differ in height.

    A row without capitals has a low one. Few letters tell the size of their type badly.
    """
    narrow, wide = sorted(map(advance, (a, b)))
    return (
        max(len(a.cells), len(b.cells)) == 1
        and min(len(a.text), len(b.text)) > headings.FEW_LETTERS
        and max(codes.signs(a.text), codes.signs(b.text)) < headings.SIGNS
        and wide <= SAME_WIDTH * narrow
        and are_one(a, b)
    )


def are_one(a: Row, b: Row) -> bool:
    """Say whether two rows' type was measured, and is of one size: a heading's, in two rows."""
    smaller, larger = sorted(map(headings.size_of, (a, b)))
    return 0 < larger <= SAME_SIZE * smaller
