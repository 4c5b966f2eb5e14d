"""What one drawing has and the other lacks, put into the other one (pure).

Only what stands by itself is put there: where both have ink side by side, one of them drew other
letters, and the two would be read as neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageChops

Mask = np.ndarray[Any, np.dtype[np.bool_]]

_CELL = 8  # pixels of a small drawing: marks in neighbouring cells belong together
_WORDS = 2  # cells, along a line, between what belongs together
_LINE = 15  # cells along it: where other letters are drawn, none is put
_BESIDE = 0.5  # of what is lacking: so much ink of the drawing's own may stand beside it


def joined(
    kept: Image.Image, other: Image.Image, lacking: Mask, ink: Mask
) -> tuple[Image.Image, float]:
    """Return the drawing ``kept`` with what it lacks, and the share of that which it lacks still.

    ``lacking`` and ``ink`` say of a small drawing's pixels what it lacks of the other one and where
    it has ink of its own.
    """
    missing, own = _in_cells(lacking), _in_cells(ink)
    alone, mixed = [], np.zeros(missing.shape, np.bool_)
    for group in _together(missing > 0):
        rows, columns = np.array(group).T
        cells = np.zeros(missing.shape, np.bool_)
        cells[rows, columns] = True
        if own[_along(cells, _WORDS)].sum() <= _BESIDE * missing[cells].sum():
            alone.append(cells)
        else:
            mixed |= cells
    wanted = np.zeros(missing.shape, np.bool_)
    near_mixed = _along(mixed, _LINE)
    for cells in alone:
        if not (cells & near_mixed).any():
            wanted |= cells
    left = float(missing[~wanted].sum()) / max(1, int(missing.sum()))
    if not wanted.any():
        return kept, left
    near = _widened(wanted).repeat(_CELL, axis=0).repeat(_CELL, axis=1)
    mask = Image.fromarray(near[: lacking.shape[0], : lacking.shape[1]]).convert("L")
    mask = mask.resize(kept.size, Image.Resampling.NEAREST)
    if kept.mode != other.mode:
        kept, other = kept.convert("RGB"), other.convert("RGB")
    return Image.composite(ImageChops.darker(kept, other), kept, mask), left


def _in_cells(mask: Mask) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many pixels of each cell are set."""
    height, width = mask.shape
    padded = np.pad(mask, ((0, -height % _CELL), (0, -width % _CELL)))
    cells = padded.reshape(padded.shape[0] // _CELL, _CELL, -1, _CELL).sum(axis=(1, 3))
    return np.asarray(cells, np.int64)


def _along(cells: Mask, steps: int) -> Mask:
    """Return the cells and those beside them in their rows."""
    made = cells.copy()
    for step in range(1, steps + 1):
        made[:, step:] |= cells[:, :-step]
        made[:, :-step] |= cells[:, step:]
    return made


def _widened(cells: Mask) -> Mask:
    """Return the cells and their neighbours: letters end in them."""
    wide = np.pad(cells, 1)
    height, width = cells.shape
    made = np.zeros(cells.shape, np.bool_)
    for down in range(3):
        for across in range(3):
            made |= wide[down : down + height, across : across + width]
    return made


def _together(cells: Mask) -> list[list[tuple[int, int]]]:
    """Return the cells that are set, those that belong together in one list."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    found = []
    while left:
        pending, group = [left.pop()], []
        while pending:
            row, column = pending.pop()
            group.append((row, column))
            for down in (-1, 0, 1):
                for across in range(-_WORDS, _WORDS + 1):
                    if (near := (row + down, column + across)) in left:
                        left.remove(near)
                        pending.append(near)
        found.append(group)
    return found
