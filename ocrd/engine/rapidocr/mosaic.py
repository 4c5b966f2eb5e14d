"""The lines that a page and its tiles show, each once and whole (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.tiles import LEGIBLE, SIDE, Plan, Reals, Region
from ocrd.job import Quad

_NEAR = 0.6  # of the lower box's height that two pieces of a line stand beside each other
_ALIKE = 1.7  # times as high as the other one is no piece of the same line
_SEEN = 0.4  # of a box that the tiles' boxes cover: they are the finer ones
_EDGE = 3  # pixels of the tile, as shrunk: a box that ends there was cut
_HUGE = 0.25  # of a tile's side: higher lines are seen better on the whole page
_LONG = 6.0  # heights of a line that tells the page's slant


def joined(
    page: Sequence[Quad],
    tiles: Sequence[tuple[Region, Sequence[Quad]]],
    plan: Plan,
    size: tuple[int, int],
) -> list[Quad]:
    """Return the lines that a page and its tiles show, each once and whole.

    ``size`` is the page's width and height; all boxes are in its pixels.
    """
    width, height = size
    margin = _EDGE / plan.scale
    limits = (0, 0, width, height)
    pieces: list[tuple[int, Quad]] = []
    for number, (region, quads) in enumerate(tiles):
        pieces += [
            (number, quad) for quad in quads if not _is_sliced(quad, region, limits, margin)
        ]
    slant = slant_of([quad for _, quad in pieces])
    boxes = _bounds([quad for _, quad in pieces], slant)
    kept: list[Quad] = []
    unclear: list[Quad] = []
    for quad, box in zip(page, _bounds(page, slant), strict=True):
        seen, thick = _Seen.of(box, boxes), min(turning.size(quad))
        is_huge = thick > _HUGE * SIDE / plan.scale
        if seen.rows > 1 or (seen.rows and not is_huge and thick > _ALIKE * seen.thick):
            continue  # around lines, and none
        if is_huge or thick * plan.page_scale >= LEGIBLE:
            kept.append(quad)
        elif seen.share < _SEEN or seen.beyond > thick:
            unclear.append(quad)
    own = _bounds(kept, slant)
    pieces = [
        piece for piece, box in zip(pieces, boxes, strict=True) if not _lies_in(box, own)
    ] + [(-1, quad) for quad in unclear]
    return [union(group) for group in _groups(pieces, slant)] + kept


def _is_sliced(quad: Quad, region: Region, page: Region, margin: float) -> bool:
    """Say whether an edge inside the page runs along the line, so that a neighbour has it whole."""
    left, top, right, bottom = turning.bounds(quad)
    wide, high = turning.size(quad)
    if wide >= high:
        ends, edges, outer = (top, bottom), (region[1], region[3]), (page[1], page[3])
    else:
        ends, edges, outer = (left, right), (region[0], region[2]), (page[0], page[2])
    return (edges[0] > outer[0] and ends[0] <= edges[0] + margin) or (
        edges[1] < outer[1] and ends[1] >= edges[1] - margin
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What of a page's box the tiles' boxes show."""

    share: float = 0.0  # of its area
    rows: int = 0  # that lie above each other in it
    beyond: float = 0.0  # pixels that it reaches further than they do, at either end
    thick: float = 0.0  # how high they are

    @classmethod
    def of(cls, box: Reals, boxes: Reals) -> _Seen:
        """Compare a box with all those of the tiles."""
        if not len(boxes):
            return cls()
        overlap = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
        inside = (overlap > 0).all(axis=1)
        if not inside.any():
            return cls()
        shared = float(overlap[inside].prod(axis=1).sum())
        sides = (boxes[inside, 2:] - boxes[inside, :2]).sum(axis=0)
        along = 0 if sides[0] >= 0.8 * sides[1] else 1  # as lines run: the box may be around many
        thick = (boxes[:, 2:] - boxes[:, :2])[:, 1 - along]
        inside &= overlap[:, 1 - along] > 0.5 * np.minimum(thick, (box[2:] - box[:2])[1 - along])
        if not inside.any():
            return cls(shared / float((box[2:] - box[:2]).prod()))
        starts, ends = boxes[inside, along], boxes[inside, along + 2]
        tops, bottoms = boxes[inside, 1 - along], boxes[inside, 3 - along]
        steps = np.diff(np.sort((tops + bottoms) / 2))
        rows = 1 + int((steps > _NEAR * float(np.median(bottoms - tops))).sum())
        beyond = max(float(starts.min() - box[along]), float(box[along + 2] - ends.max()))
        share = shared / float((box[2:] - box[:2]).prod())
        return cls(share, rows, beyond, float(np.median(bottoms - tops)))


def _groups(pieces: Sequence[tuple[int, Quad]], slant: float) -> Iterator[list[Quad]]:
    """Yield the pieces of each line: those that different tiles saw in the same place."""
    leader = list(range(len(pieces)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    boxes = _bounds([quad for _, quad in pieces], slant)
    tiles = np.array([tile for tile, _ in pieces])
    for index in range(len(pieces)):
        box = boxes[index]
        near = (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0])
        near &= (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1]) & (tiles > tiles[index])
        for other in np.flatnonzero(near).tolist():
            if is_same_line(pieces[index][1], pieces[other][1]):
                leader[find(index)] = find(other)
    groups: dict[int, list[Quad]] = {}
    for index, (_, quad) in enumerate(pieces):
        groups.setdefault(find(index), []).append(quad)
    yield from groups.values()


def is_same_line(one: Quad, other: Quad) -> bool:
    """Say whether two pieces are as high as each other, and of one line where they meet."""
    (wide, high), (other_wide, other_high) = turning.size(one), turning.size(other)
    lying = wide + other_wide >= high + other_high
    thick, other_thick = (high, other_high) if lying else (wide, other_wide)
    if max(thick, other_thick) > _ALIKE * max(1.0, min(thick, other_thick)):
        return False
    # Where both are, the middles of two pieces of one line are close to each other.
    across = 1 if lying else 0
    first, second = turning.bounds(one), turning.bounds(other)
    place = (
        max(first[1 - across], second[1 - across]) + min(first[3 - across], second[3 - across])
    ) / 2
    distance = abs(_middle_at(one, place, across) - _middle_at(other, place, across))
    return distance <= (1 - _NEAR) * min(thick, other_thick)


def _middle_at(quad: Quad, place: float, across: int) -> float:
    """Return where the middle of a line runs at a place along it."""
    along = 1 - across
    ends = sorted(quad, key=lambda point: point[along])
    first, last = (
        [sum(point[axis] for point in pair) / 2 for axis in (along, across)]
        for pair in (ends[:2], ends[2:])
    )
    part = (place - first[0]) / max(last[0] - first[0], 1.0)
    return first[1] + part * (last[1] - first[1])


def union(group: Sequence[Quad]) -> Quad:
    """Return the line that pieces make: its ends are those of the outermost ones."""
    if len(group) == 1:
        return group[0]
    wide = sum(turning.size(quad)[0] for quad in group)
    lying = wide >= sum(turning.size(quad)[1] for quad in group)
    if lying:
        left = min(group, key=lambda quad: quad[0][0] + quad[3][0])
        right = max(group, key=lambda quad: quad[1][0] + quad[2][0])
        return left[0], right[1], right[2], left[3]
    upper = min(group, key=lambda quad: quad[0][1] + quad[1][1])
    lower = max(group, key=lambda quad: quad[2][1] + quad[3][1])
    return upper[0], upper[1], lower[2], lower[3]


def _lies_in(box: Reals, boxes: Reals) -> bool:
    """Say whether the most of a box lies in one of the others."""
    if not len(boxes):
        return False
    overlap = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    shared = np.clip(overlap, 0, None).prod(axis=1)
    return bool((shared > 0.5 * (box[2:] - box[:2]).prod()).any())


def slant_of(quads: Sequence[Quad]) -> float:
    """Return the angle that long lines have, lying or standing."""
    angles = []
    for a, b, _, d in quads:
        (x, y), (length, thick) = (b[0] - a[0], b[1] - a[1]), turning.size((a, b, _, d))
        if thick > length:
            x, y, length, thick = d[1] - a[1], a[0] - d[0], thick, length
        if length > _LONG * thick:
            angles.append(math.atan2(y, x))
    return float(np.median(angles)) if angles else 0.0


def _bounds(quads: Sequence[Quad], slant: float) -> Reals:
    """Return the boxes around quads, on a page that lies level."""
    points = np.array(quads, np.float64).reshape(-1, 4, 2)
    sine, cosine = math.sin(slant), math.cos(slant)
    level = points @ np.array([[cosine, -sine], [sine, cosine]])
    return np.concatenate((level.min(axis=1), level.max(axis=1)), axis=1)
