"""Lines that something large lies over: a stamp in the colour of the print, a signature (pure).

Letters keep to their line. A ring, a turned frame, letters of a stamp, a sweep of a pen are pieces
of ink that are higher than a line and run through it and beyond it. Frames of tables do so too,
but lie level with the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import ink as lines_ink
from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.page_ink import PageInk
from ocrd.job import Line, Quad

_LARGE = 1.6  # heights of a line, that a piece is high,
_BROAD = 0.8  # and wide, at least
_LEVEL, _GRID = 1.5, 0.5  # heights of a level or standing run; share of a piece that are such runs
_SLANTED = 0.002  # radians, from which a rule leaves its row of pixels
_BEYOND = 0.3  # heights that it goes on above or below a line
_MIDDLE = 0.2  # of a line's height, at its top and foot, that do not count: rules run there
_COLUMNS = 0.05  # share of the line's columns that it stands in, at least
_MOST = 400  # large pieces: more is a picture or a pattern
_LESS = frozenset({"", "signs", "uncertain"})  # doubts that say less
_SOLID = 0.6  # share of its box that is ink: a bar, a shape


def marked(page: PageInk, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return an upright page's lines, those that something large lies over with that doubt."""
    under = covered(page, [line.quad for line in lines])
    return tuple(
        replace(line, doubt="covered") if index in under and line.doubt in _LESS else line
        for index, line in enumerate(lines)
    )


def covered(page: PageInk, quads: Sequence[Quad]) -> frozenset[int]:
    """Return which of an upright page's lines something large lies over."""
    if not quads:
        return frozenset()
    height = median(min(turning.size(quad)) for quad in quads)
    labels, facts = page.labels, page.facts
    wide, high, area = facts[:, 2], facts[:, 3], facts[:, 4]
    large = (high >= _LARGE * height) & (wide >= _BROAD * height) & (area < _SOLID * wide * high)
    numbers = np.flatnonzero(large)
    numbers = numbers[numbers > 0]
    if not len(numbers) or len(numbers) > _MOST:
        return frozenset()
    slant = lines_ink.slant_of(quads)
    bounds = np.array([turning.bounds(quad) for quad in quads])
    over: dict[int, NDArray[np.bool_]] = {}
    for number in numbers.tolist():
        left, top, w, h, _ = facts[number].tolist()
        box = left, top, left + w, top + h
        lines = [
            index for index in _touched(box, bounds)
            if _goes_beyond(box, bounds[index]) and h >= _LARGE * min(turning.size(quads[index]))
        ]  # fmt: skip
        if not lines:
            continue
        piece = labels[top : top + h, left : left + w] == number
        if _is_grid(piece, height, slant):
            continue
        for index in lines:
            columns = over.setdefault(index, np.zeros(labels.shape[1], np.bool_))
            columns[left : left + w] |= _columns(piece, box, quads[index])
    return frozenset(
        index for index, columns in over.items()
        if columns.sum() >= _COLUMNS * (bounds[index, 2] - bounds[index, 0])
    )  # fmt: skip


def _touched(box: tuple[int, int, int, int], bounds: NDArray[np.float64]) -> list[int]:
    left, top, right, bottom = box
    inside = (bounds[:, 0] < right) & (bounds[:, 2] > left)
    inside &= (bounds[:, 1] < bottom) & (bounds[:, 3] > top)
    return [int(index) for index in np.flatnonzero(inside)]


def _goes_beyond(box: tuple[int, int, int, int], line: NDArray[np.float64]) -> bool:
    """Say whether a piece goes on above or below a line."""
    more = _BEYOND * (line[3] - line[1])
    return bool(box[1] < line[1] - more or box[3] > line[3] + more)


def _is_grid(piece: NDArray[np.bool_], height: float, slant: float) -> bool:
    """Say whether a piece is strokes along and across the lines for the most."""
    ink = cv2.dilate(piece.astype(np.uint8), np.ones((3, 3), np.uint8))  # a turn breaks thin rules
    if abs(slant) > _SLANTED:
        high, wide = ink.shape
        turn = cv2.getRotationMatrix2D((wide / 2, high / 2), math.degrees(slant), 1.0)
        ink = np.asarray(cv2.warpAffine(ink, turn, (wide, high)), np.uint8)
    long = max(3, round(_LEVEL * height))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    standing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    return bool(cv2.countNonZero(cv2.bitwise_or(level, standing)) >= _GRID * cv2.countNonZero(ink))


def _columns(
    piece: NDArray[np.bool_], box: tuple[int, int, int, int], quad: Quad
) -> NDArray[np.bool_]:
    """Return in which of its columns a piece stands in the middle of a line, slanted as it is."""
    left, top, right, _ = box
    a, b, c, d = quad
    columns = np.arange(left, right)
    share = (columns - a[0]) / max(b[0] - a[0], 1.0)
    upper = a[1] + share * (b[1] - a[1])
    lower = d[1] + share * (c[1] - d[1])
    margin = _MIDDLE * (lower - upper)
    rows = np.arange(top, top + len(piece))[:, None]
    inside = (rows >= upper + margin) & (rows <= lower - margin)
    inside &= (columns >= min(a[0], d[0])) & (columns <= max(b[0], c[0]))
    return np.asarray((piece & inside).any(axis=0))
