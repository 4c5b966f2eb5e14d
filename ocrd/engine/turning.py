"""Which way up a page is, from its line boxes and how well a few lines read (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ocrd.job import Quad

Reading = tuple[str, float]  # text and its score, 0..1

PROBES = 2  # lines read both ways before the first decision
MAX_PROBES = 6
_LONG = 1.5  # sides' ratio from which a box has a direction
_CLEAR = 0.15  # difference of mean scores that decides
_SURE = 0.95  # mean score of long lines that no upside-down text reaches
_SURE_LETTERS = 12


def size(quad: Quad) -> tuple[float, float]:
    """Return the quad's width and height along its own edges."""
    top_left, top_right, bottom_right, bottom_left = quad
    width = max(math.dist(top_left, top_right), math.dist(bottom_left, bottom_right))
    height = max(math.dist(top_left, bottom_left), math.dist(top_right, bottom_right))
    return width, height


def is_sideways(quads: Sequence[Quad]) -> bool:
    """Say whether standing boxes dominate lying ones by area."""
    standing = lying = 0.0
    for quad in quads:
        width, height = size(quad)
        if height >= _LONG * width:
            standing += width * height
        elif width >= _LONG * height:
            lying += width * height
    return standing > lying


def longest(quads: Sequence[Quad], limit: int = MAX_PROBES) -> list[int]:
    """Return the indices of the longest lying boxes, the longest first."""
    sizes = [size(quad) for quad in quads]
    lying = [index for index, (width, height) in enumerate(sizes) if width >= _LONG * height]
    return sorted(lying, key=lambda index: -sizes[index][0])[:limit]


def is_surely_upright(readings: Sequence[Reading]) -> bool:
    """Say whether the lines read so well that the other way up need not be tried."""
    letters = sum(sum(map(str.isalpha, text)) for text, _ in readings)
    return (
        len(readings) >= PROBES
        and letters >= _SURE_LETTERS * len(readings)
        and min(score for _, score in readings) >= _SURE
    )


def is_upside_down(upright: Sequence[Reading], turned: Sequence[Reading]) -> bool | None:
    """Say whether the lines read better turned by 180 degrees; None if it is not clear."""
    difference = _mean(turned) - _mean(upright)
    if abs(difference) < _CLEAR and len(upright) < MAX_PROBES:
        return None
    return difference > 0


def _mean(readings: Sequence[Reading]) -> float:
    """Return the mean score, an empty text counting nothing."""
    scores = [score if text.strip() else 0.0 for text, score in readings]
    return sum(scores) / len(scores) if scores else 0.0
