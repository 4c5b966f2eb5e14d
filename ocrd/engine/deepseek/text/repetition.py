"""Where a sequence repeats itself, for every period at once (pure)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Codes = NDArray[np.int32]  # tokens or characters


class Periods:
    """How far the end of a growing sequence repeats itself, for each period up to ``longest``.

    ``matched[p - 1]`` counts the last items in a row that equal the one ``p`` places before each.
    """

    def __init__(self, longest: int) -> None:
        self.matched = np.zeros(longest, np.int64)
        self._tail = np.full(longest, -1, np.int32)  # -1 equals no token

    def take(self, block: Codes) -> None:
        """Append some items; the cost is that of one comparison of ``longest`` by their number."""
        count = len(block)
        line = np.concatenate((self._tail, block))
        before = sliding_window_view(line, count)[-2::-1]  # row p - 1: the block, p places earlier
        same = before == block
        self.matched = np.where(
            same.all(axis=1), self.matched + count, np.argmin(same[:, ::-1], axis=1)
        )
        self._tail = line[count:]


def runs(codes: Codes, period: int, least: int) -> list[tuple[int, int]]:
    """Return (start, length) of each stretch of ``least`` or more repeated items, in order.

    An item is repeated if it equals the one ``period`` places before; the stretch starts at the
    first such item, behind the unit that it repeats.
    """
    same = codes[period:] == codes[:-period]
    if np.count_nonzero(same) < least:
        return []
    breaks = np.flatnonzero(~same)
    starts = np.concatenate(([0], breaks + 1))
    lengths = np.concatenate((breaks, [len(same)])) - starts
    chosen = np.flatnonzero(lengths >= max(least, 1))
    return [(int(starts[index]) + period, int(lengths[index])) for index in chosen]
