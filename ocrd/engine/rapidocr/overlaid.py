"""What lies over a line: a stroke that strikes it out, a stamp of another colour (pure).

Such a line may read well and not be meant, or read as what stands on it in part. Handwriting is
not told from print: too much print looks like it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import shades

Pixels = NDArray[np.uint8]

_HEIGHT = 48  # pixels that a line is high here
_LEAST_CONTRAST = 40  # grey levels between ink and paper
_INK = 0.45  # of the way from paper to ink
_STROKE = 2.2  # heights of the line that a stroke is long, at least
_BROAD = 0.2  # of the height: broader is a bar, and no stroke
_WITHIN = (0.18, 0.85)  # of the letters' bodies, from above, that it runs in
_CROSSED = 0.1  # share of the stroke where one of a letter goes on above it and below it
_BEYOND = 3  # pixels from the stroke: what is nearer is its edge
_COLOURED = 70  # of 255 between the strongest and the weakest channel of a stamp's ink,
_PLAIN = 45  # and of the print's
_DARK = 0.5  # of the paper's lightness, that print has at most
_BOTH = 0.3  # share of the print's columns that the stamp is in, too,
_LEAST_PRINT = 0.02  # share of the line that is print at least,
_RULE = 0.7  # heights of the line from which a level stroke is a rule
_THIN = 0.15  # of the height, that what is left of a rule is high
_STAMP = (0.03, 0.45)  # and stamp: more is a coloured field


def doubt(strip: Pixels) -> str:
    """Return "struck-out" or "covered" where something lies over the letters, else ""."""
    if is_struck(strip):
        return "struck-out"
    return "covered" if is_stamped(strip) else ""


def is_struck(strip: Pixels) -> bool:
    """Say whether a stroke runs through the letters, across a word at least."""
    ink = _ink(strip)
    if ink is None or ink.shape[1] < _STROKE * _HEIGHT:
        return False
    length = round(_STROKE * _HEIGHT)
    # One pixel up or down at a time: a stroke by hand is not level.
    joined = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    if not runs.any():
        return False
    strokes = cv2.bitwise_and(runs, ink)
    letters = cv2.subtract(ink, cv2.dilate(runs, np.ones((3, 1), np.uint8)))
    band = _bodies(letters)
    if band is None:
        return False
    top, bottom = band
    count, _, facts, _ = cv2.connectedComponentsWithStats(runs)
    for left, above, wide, _, _ in facts[1:count].tolist():
        part = strokes[:, left : left + wide]
        rows = np.flatnonzero(part.any(axis=1))
        rows = rows[(rows >= above - 1)]
        if not len(rows):
            continue
        per_column = float(part.sum(axis=0).mean())
        middle = float((np.arange(_HEIGHT) * part.sum(axis=1)).sum() / max(part.sum(), 1))
        place = (middle - top) / max(bottom - top, 1)
        if per_column > _BROAD * _HEIGHT or not _WITHIN[0] <= place <= _WITHIN[1]:
            continue
        if _is_crossed(letters[:, left : left + wide], part):
            return True
    return False


def _is_crossed(letters: Pixels, part: Pixels) -> bool:
    """Say whether strokes of letters go on above and below the stroke, along enough of it."""
    columns = np.flatnonzero(part.any(axis=0))
    first = part.argmax(axis=0)[columns]
    last = _HEIGHT - 1 - part[::-1].argmax(axis=0)[columns]
    above = np.zeros(len(columns), np.bool_)
    below = above.copy()
    for step in range(_BEYOND, _BEYOND + 4):
        above |= letters[np.maximum(first - step, 0), columns] > 0
        below |= letters[np.minimum(last + step, _HEIGHT - 1), columns] > 0
    return bool((above & below).mean() >= _CROSSED)


def _bodies(letters: Pixels) -> tuple[int, int] | None:
    """Return the rows from the top to the bottom of the letters' bodies."""
    edges = np.count_nonzero(np.diff(letters.astype(np.int8), axis=1) > 0, axis=1)
    if not edges.max(initial=0):
        return None
    full = np.flatnonzero(edges >= 0.35 * float(np.percentile(edges[edges > 0], 90)))
    return int(full[0]), int(full[-1]) + 1


def _ink(strip: Pixels) -> Pixels | None:
    grey = strip if strip.ndim == 2 else np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY))
    width = max(1, round(grey.shape[1] * _HEIGHT / grey.shape[0]))
    way = cv2.INTER_AREA if grey.shape[0] > _HEIGHT else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(grey, (width, _HEIGHT), interpolation=way), np.uint8)
    ink = shades.inked(grey, (0.02, 0.97), share=_INK, contrast=_LEAST_CONTRAST)
    if ink is None:
        return None
    return np.ascontiguousarray(ink, np.uint8)


def is_stamped(strip: Pixels) -> bool:
    """Say whether ink of another colour lies among black letters, in the same places."""
    if strip.ndim == 2:
        return False
    height, width = strip.shape[:2]
    if height > _HEIGHT:
        size = max(1, round(width * _HEIGHT / height)), _HEIGHT
        strip = np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
    blue, green, red = cv2.split(strip)
    lightness = cv2.max(cv2.max(blue, green), red)
    colour = cv2.subtract(lightness, cv2.min(cv2.min(blue, green), red))
    if int(colour.max(initial=0)) < _COLOURED:
        return False
    paper = float(np.median(lightness))
    stamp = colour >= _COLOURED
    letters = _without_rules((colour <= _PLAIN) & (lightness < _DARK * paper))
    least, most = _STAMP
    if letters.mean() < _LEAST_PRINT or not least <= stamp.mean() <= most:
        return False
    columns = letters.any(axis=0)
    return bool((columns & stamp.any(axis=0)).sum() >= _BOTH * columns.sum())


def _without_rules(letters: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the ink without a table's rules and lines drawn under words."""
    ink = letters.astype(np.uint8)
    long, high = max(3, round(_RULE * ink.shape[0])), max(3, round(0.9 * ink.shape[0]))
    for kernel in ((1, long), (high, 1)):
        runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(kernel, np.uint8))
        ink = cv2.subtract(ink, cv2.dilate(runs, np.ones((3, 3), np.uint8)))
    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    top, high = facts[:, 1], facts[:, 3]
    # What is left of a slanted one, and what hangs in from the lines above and below.
    thin = high <= _THIN * ink.shape[0]
    at_edge = (top <= 1) | (top + high >= ink.shape[0] - 1)
    return np.asarray((labels > 0) & ~(thin | at_edge)[labels])
