"""What lies over a line: a stroke that strikes it out, a stamp of another colour (pure).

Such a line may read well and not be meant, or read as what stands on it in part. What is larger
than a line, in the print's own colour, is looked for on the page: ``stamps``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import strokes

Pixels = NDArray[np.uint8]

_HEIGHT = 48  # pixels that a line is high here
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
    if strokes.is_struck(strip):
        return "struck-out"
    return "covered" if is_stamped(strip) else ""


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
