"""Which parts of a page the detector has to be shown by themselves, and their lines joined (pure).

It sees a page shrunk to 960 pixels. On a receipt of a metre, a plan, a newspaper, nothing is left
of the letters then. Rows of ink that look like small letters, and that no box covers, say where it
was blind and how large the type is: there it is shown tiles, as many as the type needs. Tiles
overlap by more than a line's height, so that each line is whole in one of them but for its length;
what the edge of one cuts is joined with what its neighbour saw.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import turning
from ocrd.job import Quad

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float64]
Region = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the page
Facts = NDArray[np.int32]  # a row a piece of ink: left, top, width, height, pixels

SIDE = 960  # pixels that a tile is shrunk to, as pages are
MOST = 120  # tiles of a page: more is no page that anybody reads
_LEVELS = 12  # of 255: paler than this is paper
_NOISE = 5.0  # times what the paper's shades differ by, as well
_PAPER = 8  # pixels that are one when the paper's shade is looked for,
_PAPER_REACH = 9  # and how many of these around a place are asked
_LEAST, _TALLEST = 4, 90  # pixels that a letter is high
_FRAME = 3  # times as high is no box of a line of these, but one around many
_WIDEST = 12.0  # heights: words of scripts that join their letters
_LEAST_INK = 0.12  # of its box: a frame has less
_LETTER = 0.8  # of its height that a letter is wide, where they touch
_REACH = 0.8  # heights up to the next letter of a row, on both sides
_LETTERS = 5  # of a row: fewer are a pattern, a scale, a speck
_ENOUGH = 20  # of all rows together,
_ENOUGH_USUALLY = 60  # or on a page of usual size and form, of which the detector saw
_MANY_LINES = 10  # lines or more,
_LONG_PAGE = 1.8  # and which is not so many times as long as broad
_SOLID = 0.8  # of its box that is ink: a row of such pieces is dots, or a broken rule
_MANY_PIXELS = 4_000_000  # of a page, from which a first look at half its size says whether
_ROW_HEIGHT = 2.4  # heights of its letters: more is a texture
_MOST_PIECES = 60_000  # of ink that are looked at
_BLIND = 5.5  # pixels of a letter's height below which the detector loses it
_CLEAR = 7.5  # and with which it finds it
_OVERLAP = 18.0  # heights of a letter that tiles have in common
_NEAR = 0.6  # of the lower box's height that two pieces of a line stand beside each other
_ALIKE = 1.7  # times as high as the other one is no piece of the same line
_SEEN = 0.4  # of a box that the tiles' boxes cover: they are the finer ones
_EDGE = 3  # pixels of the tile, as shrunk: a box that ends there was cut
_HUGE = 0.25  # of a tile's side: higher lines are seen better on the whole page
_LARGE = 0.26  # of its size that a page larger than A4 at 300 dpi is seen at
_LEGIBLE = 12.0  # pixels that a line's box is high at least which the page itself shows well
_LONG = 6.0  # heights of a line that tells the page's slant


@dataclass(frozen=True, slots=True)
class Plan:
    """The tiles of a page, and the side that they are shrunk to before they are looked at."""

    regions: tuple[Region, ...]
    scale: float  # of the page's pixels, at most 1
    page_scale: float  # that the page as a whole was seen at


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of letters: their boxes, and how high the letters of each are."""

    boxes: Facts  # left, top, right, bottom
    heights: Reals
    letters: Facts  # how many each has

    @classmethod
    def none(cls) -> Rows:
        """Return no rows."""
        return cls(np.zeros((0, 4), np.int32), np.zeros(0), np.zeros(0, np.int32))


def plan(page: Pixels, quads: Sequence[Quad], scale: float) -> Plan | None:
    """Return the tiles that a page needs of which ``quads`` were found at ``scale`` of its size.

    None where the detector saw what there is.
    """
    if scale < _LARGE and quads and scale * _thickness(quads) < _LEGIBLE:
        quads = ()  # found, but so coarsely that their boxes are as much paper as letters
    is_usual = scale >= _LARGE and max(page.shape[:2]) < _LONG_PAGE * min(page.shape[:2])
    is_usual &= len(quads) >= _MANY_LINES
    enough = _ENOUGH_USUALLY if is_usual else _ENOUGH
    if page.shape[0] * page.shape[1] > _MANY_PIXELS:
        half = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        rows = _found(np.asarray(half, np.uint8), _halved(quads), 2)
        if not _small(rows, 2 * scale, enough).any():
            return None
    found = _found(page, quads)
    small = _small(found, scale, enough)
    if not small.any():
        return None
    height = float(np.percentile(found.heights[small], 20))
    clear = min(1.0, _CLEAR / height)
    regions = _grid(page.shape[1], page.shape[0], clear, _OVERLAP * height)
    regions = [region for region in regions if _holds(region, found.boxes[small])]
    return Plan(tuple(regions[:MOST]), clear, scale)


def crowded(page: Pixels, quads: Sequence[Quad], scale: float) -> Plan:
    """Return the tiles of a page that has more boxes than the detector gives."""
    height = _thickness(quads)
    clear = min(1.0, 2 * SIDE / max(page.shape[:2]))
    regions = _grid(page.shape[1], page.shape[0], clear, 2 * height)
    return Plan(tuple(regions[:MOST]), clear, scale)


def _thickness(quads: Sequence[Quad]) -> float:
    return float(np.median([min(turning.size(quad)) for quad in quads]))


def _small(found: Rows, scale: float, enough: int) -> NDArray[np.bool_]:
    """Say which rows are too low for the detector; of a few letters none are."""
    small = found.heights * scale < _BLIND
    return small if found.letters[small].sum() >= enough else np.zeros_like(small)


def _halved(quads: Sequence[Quad]) -> list[Quad]:
    halves = (np.array(quads).reshape(-1, 4, 2) / 2).tolist()
    return [((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])) for a, b, c, d in halves]


def _found(page: Pixels, quads: Sequence[Quad], least: int = _LEAST) -> Rows:
    """Return the rows of letters outside the boxes, lying or standing ones, whichever are more."""
    ink = inked(page)
    for quad in quads:
        if min(turning.size(quad)) > _FRAME * _TALLEST:
            continue
        cv2.fillConvexPoly(ink, np.array(_grown(quad), np.int32), 0)
    if cv2.countNonZero(ink) < _LETTERS * least:
        return Rows.none()
    _, _, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    letters = _letters(facts[1:], least)
    if _signs(letters[:, 2:4]) < _ENOUGH:
        return Rows.none()
    lying = _rows(letters, page.shape[1], page.shape[0], least)
    standing = _rows(letters[:, [1, 0, 3, 2, 4]], page.shape[0], page.shape[1], least)
    if standing.letters.sum() > lying.letters.sum():
        return Rows(standing.boxes[:, [1, 0, 3, 2]], standing.heights, standing.letters)
    return lying


def inked(page: Pixels) -> Pixels:
    """Return what is darker or lighter than the paper around it."""
    grey = page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    size = max(1, width // _PAPER), max(1, height // _PAPER)
    coarse = cv2.medianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST), _PAPER_REACH)
    paper = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    contrast = cv2.absdiff(grey, paper)
    noise = float(np.median(contrast[::7, ::7])) * 1.4826
    _, ink = cv2.threshold(contrast, max(_LEVELS, _NOISE * noise), 255, cv2.THRESH_BINARY)
    return np.asarray(ink, np.uint8)


def _letters(facts: Facts, least: int) -> Facts:
    """Return the pieces of ink that may be letters, or words of letters that are joined."""
    width, height, area = facts[:, 2], facts[:, 3], facts[:, 4]
    thick, long = np.minimum(width, height), np.maximum(width, height)
    good = (
        (long >= least) & (thick <= _TALLEST) & (long <= _WIDEST * thick)
        & (area >= _LEAST_INK * width * height)
    )  # fmt: skip
    return facts[good][:_MOST_PIECES]


def _rows(letters: Facts, width: int, height: int, least: int) -> Rows:
    """Return the lying rows that letters, as high as the others or nearly, make."""
    tall = letters[:, 3]
    some = letters[(tall >= least) & (tall <= _TALLEST)]
    step = 2
    canvas = np.zeros((height // step + 2, width // step + 2), np.uint8)
    for left, top, wide, high, _ in some.tolist():
        reach = int(_REACH * high)
        cv2.rectangle(
            canvas, (max(0, left - reach) // step, top // step),
            ((left + wide + reach) // step, (top + high) // step), 1, cv2.FILLED,
        )  # fmt: skip
    count, labels, facts, _ = cv2.connectedComponentsWithStats(canvas, connectivity=4)
    middles = (some[:, :2] + some[:, 2:4] // 2) // step
    row = labels[middles[:, 1], middles[:, 0]]
    order = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[order], np.arange(count + 1))
    boxes, heights, counts = [], [], []
    for number in range(1, count):
        inside = some[order[starts[number] : starts[number + 1]]]
        if len(inside) < 2:
            continue
        typical = float(np.median(inside[:, 3]))
        left, top, wide, high = (facts[number, :4] * step).tolist()
        breadth = float(facts[number, 4]) / facts[number, 2] * step  # of a slanted row, too
        signs = _signs(inside[:, 2:4])
        solid = np.median(inside[:, 4] / (inside[:, 2] * inside[:, 3])) > _SOLID
        if signs >= _LETTERS and not solid and breadth <= _ROW_HEIGHT * typical + 2 * step:
            boxes.append((left, top, left + wide, top + high))
            heights.append(typical)
            counts.append(round(signs))
    if not boxes:
        return Rows.none()
    return Rows(np.array(boxes, np.int32), np.array(heights), np.array(counts, np.int32))


def _signs(sizes: Facts) -> float:
    """Return how many letters pieces of ink are, by width and height: joined ones are several."""
    long, thick = sizes.max(axis=1), np.maximum(sizes.min(axis=1), 1)
    return float(np.maximum(1.0, long / (_LETTER * thick)).sum())


def _grid(width: int, height: int, scale: float, overlap: float) -> list[Region]:
    """Return tiles all over the page."""
    side = SIDE / scale
    return [
        (left, top, right, bottom)
        for top, bottom in _spans(height, side, overlap)
        for left, right in _spans(width, side, overlap)
    ]


def _spans(length: int, side: float, overlap: float) -> list[tuple[int, int]]:
    """Return spans of ``side`` at most that cover the length, each with part of the next."""
    overlap = min(overlap, side / 3)
    count = max(1, math.ceil((length - overlap) / (side - overlap)))
    side = min(length, (length - overlap) / count + overlap)
    step = (length - side) / max(1, count - 1)
    return [
        (math.floor(number * step), min(length, math.ceil(number * step + side)))
        for number in range(count)
    ]


def _holds(region: Region, boxes: Facts) -> bool:
    left, top, right, bottom = region
    return bool(
        (
            (boxes[:, 0] < right) & (boxes[:, 2] > left)
            & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
        ).any()
    )  # fmt: skip


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
    slant = _slant([quad for _, quad in pieces])
    boxes = _bounds([quad for _, quad in pieces], slant)
    kept: list[Quad] = []
    unclear: list[Quad] = []
    for quad, box in zip(page, _bounds(page, slant), strict=True):
        seen, thick = _Seen.of(box, boxes), min(turning.size(quad))
        is_huge = thick > _HUGE * SIDE / plan.scale
        if seen.rows > 1 or (seen.rows and not is_huge and thick > _ALIKE * seen.thick):
            continue  # around lines, and none
        if is_huge or thick * plan.page_scale >= _LEGIBLE:
            kept.append(quad)
        elif seen.share < _SEEN or seen.beyond > thick:
            unclear.append(quad)
    own = _bounds(kept, slant)
    pieces = [
        piece for piece, box in zip(pieces, boxes, strict=True) if not _lies_in(box, own)
    ] + [(-1, quad) for quad in unclear]
    return [_union(group) for group in _groups(pieces, slant)] + kept


def _is_sliced(quad: Quad, region: Region, page: Region, margin: float) -> bool:
    """Say whether an edge inside the page runs along the line, so that a neighbour has it whole."""
    left, top, right, bottom = _around(quad)
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
            if _is_same_line(pieces[index][1], pieces[other][1]):
                leader[find(index)] = find(other)
    groups: dict[int, list[Quad]] = {}
    for index, (_, quad) in enumerate(pieces):
        groups.setdefault(find(index), []).append(quad)
    yield from groups.values()


def _is_same_line(one: Quad, other: Quad) -> bool:
    (wide, high), (other_wide, other_high) = turning.size(one), turning.size(other)
    lying = wide + other_wide >= high + other_high
    thick, other_thick = (high, other_high) if lying else (wide, other_wide)
    if max(thick, other_thick) > _ALIKE * max(1.0, min(thick, other_thick)):
        return False
    # Where both are, the middles of two pieces of one line are close to each other.
    across = 1 if lying else 0
    first, second = _around(one), _around(other)
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


def _union(group: Sequence[Quad]) -> Quad:
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


def _slant(quads: Sequence[Quad]) -> float:
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


def _around(quad: Quad) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)


def _grown(quad: Quad) -> Quad:
    """Return the box with what hangs out of it: tails, accents."""
    margin = 0.2 * min(turning.size(quad))
    a, b, c, d = quad
    return (
        (a[0] - margin, a[1] - margin), (b[0] + margin, b[1] - margin),
        (c[0] + margin, c[1] + margin), (d[0] - margin, d[1] + margin),
    )  # fmt: skip
