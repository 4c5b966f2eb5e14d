"""What stands alone over or under all columns of a page is read before or after them (pure).

A foot under the first column would else be read between the first and the second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ocrd.layout.columns import Row
from ocrd.layout.running import OUTER_ROWS, WHITE, ZONE
from ocrd.layout.sheet import around

ALONE = 1.2  # heights of a line between it and all else,
WIDER = 2.0  # and times what is usual between the rows of its column


def outermost(ordered: Sequence[Row], height: float) -> list[Row]:
    """Return the rows with heads first and feet last; ``height`` is the page's."""
    found = list(ordered)
    level = [row for row in found if not row.is_upright]
    numbers = [row.column for row in level]
    if not level or min(numbers) == max(numbers):
        return found
    for top, column in ((True, min(numbers) - 1), (False, max(numbers) + 1)):
        alone = _alone(level, height, top=top)
        among = {id(row) for row in alone}
        rest = [row for row in found if id(row) not in among]
        own = [replace(row, column=column) for row in alone]
        # What runs up or down the page stays the last of all.
        end = sum(1 for row in rest if not row.is_upright)
        found = [*own, *rest] if top else [*rest[:end], *own, *rest[end:]]
    return found


def _alone(level: Sequence[Row], height: float, *, top: bool) -> list[Row]:
    """Return the outermost rows that stand off from everything, from the top."""
    rows = sorted(level, key=lambda row: row.box.y0 if top else -row.box.y1)
    for count in range(1, OUTER_ROWS + 1):
        outer, inner = rows[:count], rows[count:]
        if not inner or len({row.column for row in outer}) > 1 or any(row.whole for row in outer):
            return []
        box, text = around(row.box for row in outer), around(row.box for row in inner)
        white = text.y0 - box.y1 if top else box.y0 - text.y1
        in_zone = box.y1 < ZONE * height if top else box.y0 > (1 - ZONE) * height
        if not in_zone:
            return []
        line = outer[-1].height
        if white >= max(ALONE * line, WIDER * _usual_white(inner, outer[0].column)):
            return outer if top else outer[::-1]
        if white >= WHITE * line:
            return []
    return []


def _usual_white(rows: Sequence[Row], column: int) -> float:
    """Return what stands between two rows of a column, usually; 0 for one row or none."""
    own = sorted(row.box.y0 for row in rows if row.column == column)
    heights = [row.height for row in rows if row.column == column]
    gaps = [below - above for above, below in pairwise(own)]
    return max(0.0, median(gaps) - median(heights)) if gaps else 0.0
