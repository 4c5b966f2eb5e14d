"""Where a row begins and ends beside those around it, and what that makes of it (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ocrd.layout.columns import Row

# In heights of a line.
INDENT = 0.7
IN_LINE = 0.3  # by which rows of one left edge may differ
SAME_END = 0.4  # by which the ends of rows differ that are set to the right
HANGING = 5.0  # at most, of the rows below an entry's first one
RAGGED = 4.0  # by which their beginnings do


def is_indented(last: Row, row: Row, following: Sequence[Row], *, ended: bool) -> bool:
    """Say whether the row begins a paragraph by its indent."""
    indent = INDENT * row.height
    if row.box.x0 - last.box.x0 < indent:
        return False
    return ended or any(row.box.x0 - after.box.x0 > indent for after in following)


def hangs(above: Sequence[Row], row: Row) -> bool:
    """Say whether the row stands as far in as those of an entry below its first one do."""
    indent = row.box.x0 - above[0].box.x0
    return len(above) == 1 and INDENT * row.height <= indent < HANGING * row.height


def is_outdented(paragraph: Sequence[Row], row: Row) -> bool:
    """Say whether the row stands left of all rows of a paragraph, which begin in line."""
    starts = [above.box.x0 for above in paragraph]
    in_line = max(starts) - min(starts) < IN_LINE * row.height
    return len(starts) > 1 and in_line and min(starts) - row.box.x0 > INDENT * row.height


def is_term(above: Sequence[Row], row: Row, following: Sequence[Row]) -> bool:
    """Say whether the row stands left of what it follows, and of what follows it."""
    indent = INDENT * row.height
    return (
        len(above) > 1
        and all(one.box.x0 - row.box.x0 > indent for one in above[-2:])
        and any(after.box.x0 - row.box.x0 > indent for after in following)
    )


def are_set_right(above: Sequence[Row], row: Row, following: Sequence[Row]) -> bool:
    """Say whether rows end in line and begin anywhere, as a sender's do in a letter's corner."""
    near = SAME_END * row.height
    some = [*above[-3:], row]
    starts = sorted(one.box.x0 for one in (*some, *following))
    return (
        all(abs(one.box.x1 - row.box.x1) < near for one in some)
        and starts[-1] - starts[0] > RAGGED * row.height
        and all(b - a > near for a, b in pairwise(starts))
    )
