"""Strokes through the letters of a line: what is struck out (pure).

Print is letters with paper between them. A stroke that strikes them out runs on where the paper
should be: thin, more or less level, be it straight, slanted, wavy or by hand, and letters go on
above it and below it. So the longest ways through the ink are looked for, from the left, a step up
or down at most from one column to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import shades

Pixels = NDArray[np.uint8]
Whole = NDArray[np.int32]
Truth = NDArray[np.bool_]

_HEIGHT = 32  # pixels that a line is high here
_LEAST_CONTRAST = 40  # grey levels between ink and paper
_INK = 0.35  # of the way from paper to ink
_LENGTH = 1.6  # heights of the line that a stroke is long, at least
_WAYS = 3  # beside each other that are looked at
_BROAD = 0.22  # of the height: broader is a bar, and no stroke
_WITHIN = (0.23, 0.85)  # of the letters' bodies, from above, that it runs in
_BARE = 0.14  # share of the stroke that has nothing above and below it,
_GAPS = 3  # and in how many places
_CROSSED = 0.03  # share where a letter goes through it,
_PAST = 1.5  # pixels beyond its edges


def is_struck(strip: Pixels) -> bool:
    """Say whether a stroke runs through the letters, across a word at least."""
    ink = inked(strip)
    if ink is None or ink.shape[1] < _LENGTH * _HEIGHT:
        return False
    white = np.flatnonzero(~ink.any(axis=0))
    if np.diff(white, prepend=-1, append=ink.shape[1]).max() <= _LENGTH * _HEIGHT:
        return False  # most lines: nothing in them is so wide
    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    is_wide = facts[:, 2] >= _LENGTH * _HEIGHT
    is_wide[0] = False
    if not is_wide.any():
        return False
    ways = list(_ways(np.where(is_wide[labels], ink, np.uint8(0))))
    bodies = _bodies(ink)
    for way in ways:
        alone = ink.copy()
        for other in ways:
            if other is not way:
                alone[other.thin] = 0
        if _strikes(alone, way, bodies):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Way:
    """A way through the ink, from the left."""

    columns: Whole
    rows: Whole
    upper: Whole  # the first row of its ink in each of the columns
    lower: Whole  # and the last one
    thin: Truth  # the pixels of the line where it is no broader than a stroke


def _ways(ink: Pixels) -> Iterator[_Way]:
    """Yield the longest way through the ink, and the longest ones beside it."""
    rest = ink.copy()
    for _ in range(_WAYS):
        found = _longest(rest)
        if found is None:
            return
        start, rows = found
        columns = np.arange(start, start + len(rows), dtype=np.int32)
        above, below = _run(rest, rows, columns, -1), _run(rest, rows, columns, 1)
        breadth = above + below + 1
        is_thin = breadth <= _BROAD * _HEIGHT
        thin = np.zeros(ink.shape, np.bool_)
        offsets = np.arange(_HEIGHT)[:, None]
        thin[:, columns] = (
            (offsets >= rows - above) & (offsets <= rows + below) & is_thin
        )
        yield _Way(columns, rows, rows - above, rows + below, thin)
        if not is_thin.any():
            return
        rest[thin] = 0


def _longest(ink: Pixels) -> tuple[int, Whole] | None:
    """Return where the longest way begins, and its row in each column; None without a long one."""
    height, width = ink.shape
    reach = np.zeros((width + 1, height + 2), np.int32)  # how far a way has come, with a margin
    columns = ink.T.astype(np.int32)
    for column in np.flatnonzero(columns.any(axis=1)).tolist():  # behind white a way begins anew
        before = reach[column]
        best = np.maximum(np.maximum(before[:-2], before[2:]), before[1:-1])
        reach[column + 1, 1:-1] = (best + 1) * columns[column]
    last, row = divmod(int(reach.argmax()), height + 2)
    length = int(reach[last, row])
    if length < _LENGTH * _HEIGHT:
        return None
    rows = np.zeros(length, np.int32)
    for step in range(length):
        rows[length - 1 - step] = row - 1
        up, level, down = reach[last - 1 - step, row - 1 : row + 2].tolist()
        if max(up, down) > level:
            row += 1 if down > up else -1
    return last - length, rows


def _run(ink: Pixels, rows: Whole, columns: Whole, way: int) -> Whole:
    """Return how far the ink goes on above or below the pixels of a way."""
    found = np.zeros(len(rows), np.int32)
    going_on = np.ones(len(rows), np.bool_)
    for step in range(1, _HEIGHT):
        place = rows + way * step
        going_on &= (place >= 0) & (place < _HEIGHT)
        going_on &= ink[np.clip(place, 0, _HEIGHT - 1), columns] > 0
        if not going_on.any():
            break
        found += going_on
    return found


def _strikes(ink: Pixels, way: _Way, bodies: tuple[int, int]) -> bool:
    """Say whether a way through the ink is a stroke through letters."""
    top, bottom = bodies
    breadth = way.lower - way.upper + 1
    band = ink[top:bottom, way.columns].sum(axis=0, dtype=np.int32)
    bare = (breadth <= _BROAD * _HEIGHT) & (band <= breadth)
    if bare.mean() < _BARE or np.count_nonzero(np.diff(bare.astype(np.int8)) > 0) < _GAPS:
        return False
    middles = (way.upper + way.lower)[bare] / 2
    place = (float(np.median(middles)) - top) / max(bottom - top, 1)
    if not _WITHIN[0] <= place <= _WITHIN[1]:
        return False
    level = np.interp(way.columns, way.columns[bare], middles)
    past = float(np.median(breadth[bare])) / 2 + _PAST
    crossed = (level - way.upper >= past) & (way.lower - level >= past)
    return bool(crossed.mean() >= _CROSSED)


def _bodies(ink: Pixels) -> tuple[int, int]:
    """Return the rows from the top to the bottom of the letters' bodies."""
    edges = np.count_nonzero(np.diff(ink.astype(np.int8), axis=1) > 0, axis=1)
    full = np.flatnonzero(edges >= 0.35 * float(np.percentile(edges, 90)))
    return int(full[0]), int(full[-1]) + 1


def inked(strip: Pixels) -> Pixels | None:
    """Return where a line's ink is, 32 pixels high, its letters dark or light; None without any."""
    grey = strip if strip.ndim == 2 else np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY))
    width = max(1, round(grey.shape[1] * _HEIGHT / grey.shape[0]))
    way = cv2.INTER_AREA if grey.shape[0] > _HEIGHT else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(grey, (width, _HEIGHT), interpolation=way), np.uint8)
    ink = shades.inked(grey, (0.02, 0.97), share=_INK, contrast=_LEAST_CONTRAST)
    return None if ink is None else np.ascontiguousarray(ink, np.uint8)
