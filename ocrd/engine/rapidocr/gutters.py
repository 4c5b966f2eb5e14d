"""Gutters between columns of text, and the boxes that lie across them (pure).

The detector takes columns that stand as near to each other as words together, a line of each in one
box. The page tells a gutter from a space between words: its white runs down through many lines, and
behind it they begin at one margin. A river in a justified column does not, columns of a table are
narrower, and spaces of monospaced text are no wider there than elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import mosaic, tiles, turning
from ocrd.job import Quad

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float64]

_SHARE = 0.3  # of the contrast that most ink has, that counts as ink
_CLEAN = 0.96  # share of a strip that is white: a speck, a hyphen that sticks out
_ALIGNED = 0.6  # share of the lines that begin at a margin
_FILLED = 0.75  # of a column, that its usual line is wide: cells and program text are not
_LARGE = 1.35  # times as high as the others along a gutter is a headline, which ends it
_FEWEST = 8  # lines of a page that is looked at
_LINES = 6  # of both sides that stand level
_MANY = 3  # boxes across it that tell how wide spaces are, fewer do not
_WIDER = 1.5  # times as wide as a space is a gutter
# In heights of a line:
_HEIGHT = 16.0  # pixels that one is shrunk to
_LONG = 10.0  # a box that may lie across a gutter
_NARROWEST = 0.35  # a gutter,
_RUN = 6.0  # and how long it is at least
_COLUMN = 6.0  # the narrowest column, by its usual line
_PART = 3.0  # and by those across the gutter: less is the number of what stands beside it
_SHORTEST = 0.7  # what is cut off: a word of two letters
_BAND = 0.2  # the edges of a box, that the lines above and below reach into
_SPACE = 0.16  # a space between words
_BEHIND = 1.5  # beyond the strip, where the first letters of lines are
_RAGGED = 6.0  # before it, where lines end
_APART = 3.0  # between two lines of a column
_LEVEL = 0.6  # between two lines that stand level
_NEAR = 0.7  # between places of one strip
_IN_LINE = 0.35  # between letters that are at one margin
_RULE = 2.5  # an upright stroke that is no letter
_AIR = 0.15  # between a letter and the end of its box


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's ink, shrunk and turned level, with the boxes there."""

    ink: Pixels  # 1 where it is
    runs: Pixels  # 1 in the middle of white that is wide and runs down far
    boxes: Reals  # left, top, right, bottom
    middles: Reals  # of their height

    def band(self, box: int, left: float, right: float) -> Pixels:
        """Return the ink of a box between two places, without what hangs in from its neighbours."""
        _, top, _, bottom = self.boxes[box].tolist()
        margin = _BAND * (bottom - top)
        rows = slice(max(0, round(top + margin)), max(0, round(bottom - margin)))
        return self.ink[rows, max(0, round(left)) : max(0, round(right))]


@dataclass(frozen=True, slots=True)
class _Gap:
    """White in a box at a place where white runs down through many lines."""

    box: int
    start: float
    end: float
    place: float  # in the middle of the white that runs
    space: float  # as wide as usual between the words of this box


def parted(pixels: Pixels, quads: Sequence[Quad]) -> list[Quad]:
    """Return the boxes, those that lie across a gutter in parts."""
    sizes = [turning.size(quad) for quad in quads]
    lying = [index for index, (width, height) in enumerate(sizes) if width >= height]
    if len(lying) < _FEWEST:
        return list(quads)
    height = float(np.median([sizes[index][1] for index in lying]))
    long = [index for index in lying if sizes[index][0] > _LONG * height]
    if not long:
        return list(quads)
    page = _level(pixels, quads, height)
    gaps = {index: found for index in long if (found := _gaps(page, index))}
    whites: dict[int, list[tuple[float, float]]] = {}
    for strip in _strips(chain.from_iterable(gaps.values()), page):
        for box, white in _whites(strip, page, gaps):
            whites.setdefault(box, []).append(white)
    return [
        part
        for index, quad in enumerate(quads)
        for part in _without(quad, page.boxes[index], whites.get(index, ()))
    ]


def _level(pixels: Pixels, quads: Sequence[Quad], height: float) -> _Page:
    """Return the page with lines of ``_HEIGHT``, lying level."""
    scale = min(1.0, _HEIGHT / height)
    wide, high = (max(1, round(side * scale)) for side in pixels.shape[1::-1])
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small = np.asarray(cv2.resize(grey, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    ink = _without_rules((tiles.inked(small, share=_SHARE) > 0).astype(np.uint8))
    slant = mosaic.slant_of(quads)
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), math.degrees(slant), 1.0)
    if abs(math.sin(slant)) * max(wide, high) > 1:
        ink = np.asarray(cv2.warpAffine(ink, matrix, (wide, high), flags=cv2.INTER_NEAREST))
    points = np.array(quads, np.float64).reshape(-1, 4, 2)
    points *= (wide / pixels.shape[1], high / pixels.shape[0])
    points = np.sort(points @ matrix[:, :2].T + matrix[:, 2], axis=1)
    boxes = np.concatenate((points[:, :2].mean(axis=1), points[:, 2:].mean(axis=1)), axis=1)
    boxes = np.clip(boxes, 0, (wide - 1, high - 1) * 2)
    return _Page(ink, _runs(ink), boxes, (boxes[:, 1] + boxes[:, 3]) / 2)


def _without_rules(ink: Pixels) -> Pixels:
    """Return the ink without upright rules: what stands between columns is as good as white."""
    high = np.ones((round(_RULE * _HEIGHT), 1), np.uint8)
    rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, high)
    return np.asarray(ink * (1 - cv2.dilate(rules, np.ones((1, 3), np.uint8))), np.uint8)


def _runs(ink: Pixels) -> Pixels:
    """Return, as 1, the middles of white that is wide enough, where it runs down far enough."""
    wide, high = round(_NARROWEST * _HEIGHT), round(_RUN * _HEIGHT)
    near = cv2.dilate(ink, np.ones((1, wide), np.uint8))
    share = cv2.boxFilter(near, cv2.CV_32F, (1, high), borderType=cv2.BORDER_CONSTANT)
    clean = (share <= 1 - _CLEAN).astype(np.uint8)
    return np.asarray(cv2.dilate(clean, np.ones((high, 1), np.uint8)), np.uint8)


def _gaps(page: _Page, box: int) -> list[_Gap]:
    """Return the white of a box that runs on above and below it."""
    left, _, right, _ = page.boxes[box].tolist()
    left, right = round(left), round(right)
    through = page.runs[round(page.middles[box]), left:right] > 0
    if not through.any():
        return []
    starts, ends = _stretches(page.band(box, left, right).max(axis=0, initial=0) == 0)
    inner = (starts > 0) & (ends < right - left) & (ends - starts >= _SPACE * _HEIGHT)
    starts, ends = starts[inner], ends[inner]
    least = _SHORTEST * _HEIGHT
    found = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = np.flatnonzero(through[start:end])
        if len(inside) and start > least and right - left - end > least:
            found.append((start, end, start + float(inside.mean())))
    wide = np.sort(ends - starts)
    # One of them may be the gutter itself.
    space = float(np.median(wide[: max(1, len(wide) - len(found))])) if len(wide) else 0.0
    return [_Gap(box, left + start, left + end, left + place, space) for start, end, place in found]


def _stretches(values: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where stretches of true values start and end."""
    steps = np.diff(np.concatenate(([0], values.astype(np.int8), [0])))
    return np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)


def _strips(gaps: Iterable[_Gap], page: _Page) -> list[list[_Gap]]:
    """Return the gaps below each other, those of each strip from the top of the page."""
    strips: list[list[_Gap]] = []
    for gap in sorted(gaps, key=lambda gap: page.middles[gap.box]):
        near = [strip for strip in strips if abs(strip[-1].place - gap.place) < _NEAR * _HEIGHT]
        if near:
            min(near, key=lambda strip: abs(strip[-1].place - gap.place)).append(gap)
        else:
            strips.append([gap])
    return strips


def _whites(
    strip: Sequence[_Gap], page: _Page, gaps: Mapping[int, Sequence[_Gap]]
) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield the boxes that a strip goes through, and from where to where, if it is a gutter.

    Boxes of both columns end in its middle at the latest. ``gaps`` are those of each box.
    """
    places = np.interp(
        page.middles, [page.middles[gap.box] for gap in strip], [gap.place for gap in strip]
    )
    for lines in _lines_along(page, places):
        some = [gap for gap in strip if gap.box in lines.across]
        if not (some and _is_gutter(some, lines, page, places, gaps)):
            continue
        for gap in some:
            air = min(_AIR * _HEIGHT, (gap.end - gap.start) / 2)
            yield gap.box, (gap.start + air, gap.end - air)
        for box in lines.left:
            if places[box] < page.boxes[box, 2]:
                yield box, (float(places[box]), math.inf)
        for box in lines.right:
            if places[box] > page.boxes[box, 0]:
                yield box, (-math.inf, float(places[box]))


@dataclass(frozen=True, slots=True)
class _Lines:
    """The boxes along a strip: those across it, and those that end and begin at it."""

    across: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def pairs(self, middles: Reals) -> int:
        """Return how many lines have text on both sides."""
        level = middles[self.left]
        beside = [box for box in self.right if (abs(level - middles[box]) < _LEVEL * _HEIGHT).any()]
        return len(self.across) + len(beside)


def _lines_along(page: _Page, places: Reals) -> Iterator[_Lines]:
    """Yield the boxes along each part of a strip that neither ink nor large type interrupts."""
    heights = page.boxes[:, 3] - page.boxes[:, 1]
    starts, ends = (page.boxes[:, 0] - places) / _HEIGHT, (page.boxes[:, 2] - places) / _HEIGHT
    across = (starts < -_SHORTEST) & (ends > _SHORTEST)
    right = ~across & (abs(starts) < _BEHIND) & (ends > _BEHIND)
    left = ~across & (ends < _SHORTEST) & (ends > -_RAGGED)
    lines, last = _Lines(), 0.0
    near = np.flatnonzero(across | right | left)
    large = across & (heights > _LARGE * (np.median(heights[near]) if len(near) else 0.0))
    for box in near[np.argsort(page.middles[near])].tolist():
        half = _NARROWEST * _HEIGHT / 2
        is_end = large[box] or (
            across[box] and page.band(box, places[box] - half, places[box] + half).any()
        )
        if is_end or page.middles[box] - last > _APART * _HEIGHT:
            yield lines
            lines = _Lines()
        last = page.middles[box]
        if is_end:
            continue
        side = lines.across if across[box] else lines.right if right[box] else lines.left
        side.append(box)
    yield lines


def _is_gutter(
    strip: Sequence[_Gap], lines: _Lines, page: _Page, places: Reals,
    gaps: Mapping[int, Sequence[_Gap]],
) -> bool:  # fmt: skip
    """Say whether a strip is wider than spaces, and has columns of text on both sides."""
    if lines.pairs(page.middles) < _LINES:
        return False
    others = strip if len(strip) >= _MANY else chain.from_iterable(gaps.values())
    space = float(np.median([gap.space for gap in others]))
    if np.median([gap.end - gap.start for gap in strip]) < _WIDER * space:
        return False
    for is_right, ending in ((False, lines.left), (True, lines.right)):
        widths = [
            _width(page, box, places[box], gaps.get(box, ()), is_right)
            for box in (*lines.across, *ending)
        ]
        if np.median(widths[: len(lines.across)]) < _PART * _HEIGHT or not _is_column(widths):
            return False
    return _is_margin([_first(page, box, places[box]) for box in (*lines.across, *lines.right)])


def _is_column(widths: Sequence[float]) -> bool:
    """Say whether lines are wide enough for a column of text, and most of them fill it."""
    usual, full = np.percentile(widths, (50, 90))
    return bool(usual >= _COLUMN * _HEIGHT and usual >= _FILLED * full)


def _width(page: _Page, box: int, place: float, gaps: Sequence[_Gap], is_right: bool) -> float:
    """Return how far a box reaches on one side of a place, up to its next gap."""
    near = _BEHIND * _HEIGHT
    if is_right:
        starts = [gap.start for gap in gaps if gap.start > place + near]
        return float(min([*starts, page.boxes[box, 2]]) - place)
    ends = [gap.end for gap in gaps if gap.end < place - near]
    return float(place - max([*ends, page.boxes[box, 0]]))


def _first(page: _Page, box: int, place: float) -> float:
    """Return how far beyond a place the first letter of a box stands."""
    columns = page.band(box, place, page.boxes[box, 2])
    inked = np.flatnonzero(columns.max(axis=0, initial=0))
    return float(inked[0]) if len(inked) else float(columns.shape[1])


def _is_margin(places: Sequence[float]) -> bool:
    """Say whether most of the places are one."""
    some = np.sort(places)
    most = max(
        int(np.searchsorted(some, place + _IN_LINE * _HEIGHT, side="right")) - index
        for index, place in enumerate(some.tolist())
    )
    return most >= _ALIGNED * len(some)


def _without(quad: Quad, box: Reals, whites: Sequence[tuple[float, float]]) -> Iterator[Quad]:
    """Yield the parts of a box outside of some white, where that begins and ends."""
    first, _, last, _ = box.tolist()
    place = first
    for start, end in [*sorted(whites), (last, math.inf)]:
        if start > place and (place, start) != (first, last):
            a, b, c, d = quad
            parts = [(x - first) / (last - first) for x in (place, start)]
            yield (
                turning.between(a, b, parts[0]), turning.between(a, b, parts[1]),
                turning.between(d, c, parts[1]), turning.between(d, c, parts[0]),
            )  # fmt: skip
        elif start > place:
            yield quad
        place = max(place, end)
