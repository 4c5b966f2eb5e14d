"""What the detector overlooks on a page: where and when it is shown it again (pure).

It judges a page as a whole. On one that is empty but for a page number it finds nothing; cut out
with some paper around it, the number is found. And it sees pages shrunk: of those in small print,
three columns of it for example, it loses whole lines and single letters, which it finds on a larger
image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import turning
from ocrd.job import Quad

Pixels = NDArray[np.uint8]
Region = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the page

FEW_LINES = 3  # a page with as many has enough on it to be judged as a whole
_SMALL_PRINT = 12.0  # pixels that half of the lines are lower than; see decision 0009
_SIDE = 1000  # pixels that the page is shrunk to
_LEVELS = 24  # of 255: paler than this is paper
_REACH = (25, 9)  # pixels of the shrunk page: nearer letters are of one line
_LEAST_INK = 12  # pixels of the shrunk page: less is a speck
_LEAST_HEIGHT = 5  # likewise
_SHADOW = 0.5  # of a side of the page: what is as long at its edge is the scanner's
_TALLEST = 0.2  # of the page's longer side: more is a picture, or was seen on the whole page
_MARGIN = 5.0  # heights of the ink: paper around it
_MOST = 6  # regions that are looked at


def is_small_print(quads: Sequence[Quad], scale: float) -> bool:
    """Say whether the lines are so low that others were lost, seen at ``scale`` of their size."""
    return bool(quads) and scale * median(min(turning.size(quad)) for quad in quads) < _SMALL_PRINT


def regions(page: Pixels, quads: Sequence[Quad]) -> list[Region]:
    """Return what to look at again, the most ink first: nothing where the page has lines enough."""
    if len(quads) >= FEW_LINES:
        return []
    height, width = page.shape[:2]
    scale = max(1.0, max(height, width) / _SIDE)
    size = [max(1, round(side / scale)) for side in (width, height)]
    grey = cv2.cvtColor(cv2.resize(page, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    ink = cv2.absdiff(grey, np.full_like(grey, int(np.median(grey)))) > _LEVELS
    for quad in quads:
        left, top, right, bottom = (math.floor(side / scale) for side in turning.bounds(quad))
        ink[max(0, top) : bottom + 1, max(0, left) : right + 1] = False
    mask = np.asarray(ink, np.uint8)
    joined = cv2.dilate(mask, np.ones(_REACH[::-1], np.uint8))
    count, labels, facts, _ = cv2.connectedComponentsWithStats(joined)
    inked = np.bincount(labels[ink], minlength=count)
    found = [
        (int(inked[number]), _region(facts[number].tolist(), scale, width, height))
        for number in range(1, count)
        if inked[number] >= _LEAST_INK and _may_be_text(facts[number].tolist(), size)
    ]
    return [region for _, region in sorted(found, reverse=True)[:_MOST]]


def _may_be_text(facts: Sequence[int], size: Sequence[int]) -> bool:
    left, top, width, height, _ = facts
    if min(width - _REACH[0], height - _REACH[1]) + 1 < _LEAST_HEIGHT:
        return False
    if min(width, height) > _TALLEST * max(size):
        return False
    at_edge = left <= 0 or top <= 0 or left + width >= size[0] or top + height >= size[1]
    return not (at_edge and (width > _SHADOW * size[0] or height > _SHADOW * size[1]))


def _region(facts: Sequence[int], scale: float, width: int, height: int) -> Region:
    """Return the ink's region on the page, with paper around it."""
    left, top, wide, tall, _ = facts
    margin = _MARGIN * min(wide, tall)
    return (
        max(0, math.floor((left - margin) * scale)),
        max(0, math.floor((top - margin) * scale)),
        min(width, math.ceil((left + wide + margin) * scale)),
        min(height, math.ceil((top + tall + margin) * scale)),
    )
