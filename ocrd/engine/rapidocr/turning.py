"""Which way up a page is, from its line boxes and how well a few lines read (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ocrd.job import Point, Quad

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


def overlap(quad: Quad, other: Quad) -> bool:
    """Say whether the upright boxes around two quads have a point in common."""
    return all(
        max(min(point[axis] for point in each) for each in (quad, other))
        < min(max(point[axis] for point in each) for each in (quad, other))
        for axis in (0, 1)
    )


def is_sideways(quads: Sequence[Quad]) -> bool:
    """Say whether standing boxes dominate lying ones by area."""
    lying, standing = areas(quads)
    return standing > lying


def areas(quads: Sequence[Quad]) -> tuple[float, float]:
    """Return the area of the lying boxes and that of the standing ones; square ones are neither."""
    sizes = [size(quad) for quad in quads]
    lying = sum(width * height for width, height in sizes if width >= _LONG * height)
    standing = sum(width * height for width, height in sizes if height >= _LONG * width)
    return lying, standing


def longest(quads: Sequence[Quad], limit: int = MAX_PROBES, *, standing: bool = False) -> list[int]:
    """Return the indices of the longest lying boxes, or standing ones, the longest first."""
    sizes = [size(quad)[::-1] if standing else size(quad) for quad in quads]
    chosen = [
        index for index, (length, thickness) in enumerate(sizes) if length >= _LONG * thickness
    ]
    return sorted(chosen, key=lambda index: -sizes[index][0])[:limit]


def shortened(quad: Quad, ratio: float) -> Quad:
    """Return the box cut, from its left or top, to ``ratio`` times its thickness."""
    width, height = size(quad)
    a, b, c, d = quad
    if width >= height:
        part = min(1.0, ratio * height / max(width, 1.0))
        return a, between(a, b, part), between(d, c, part), d
    part = min(1.0, ratio * width / height)
    return a, b, between(b, c, part), between(a, d, part)


def between(start: Point, end: Point, part: float) -> Point:
    """Return the point at a share of the way between two."""
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


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
    difference = mean_score(turned) - mean_score(upright)
    if abs(difference) < _CLEAR and len(upright) < MAX_PROBES:
        return None
    return difference > 0


def mean_score(readings: Sequence[Reading]) -> float:
    """Return the mean score, an empty text counting nothing."""
    scores = [score if text.strip() else 0.0 for text, score in readings]
    return sum(scores) / len(scores) if scores else 0.0


def bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom end of a box."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)
