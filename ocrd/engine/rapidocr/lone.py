"""Lone marks: single signs that no box covers and that stand level with lines of a page (pure).

The detector does not see a figure or a dash with white on all sides, as they stand in tables, or
sets its box on a corner. As ink they are plain: a piece or two, no larger than letters, in the row
of a line. What they say, ``singles`` tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import ink as lines_ink
from ocrd.engine.rapidocr import tiles, turning
from ocrd.job import Box, Line, Quad

Pixels = NDArray[np.uint8]
Facts = NDArray[np.int32]  # a row a piece of ink: left, top, width, height, pixels
Reals = NDArray[np.float64]

SURE = 0.93  # score from which a sign is taken for what it was read as

# In heights of a line's box: the page's usual one, or that of the mark's row.
_LEAST = 0.16  # of a mark's longer side: less is a speck
_WIDEST, _TALLEST = 1.6, 0.95
_BESIDE, _ABOVE = 0.22, 0.16  # from one piece of a mark to the next
_WHOLE = 0.4  # of a piece that is no part of an i or a ÷, but a sign
_FREE = 0.3  # of paper on both sides
_LARGE = 1.6  # a side of ink that is no letter: a rule, a drawing
_LINES = (0.7, 1.5)  # of the usual height: lines of the text
_ROW = 0.35  # from the middle of a row to that of a mark in it,
_REACH = 0.55  # and to its ends
_HEIGHT = 14.0  # pixels that lines are shrunk to before ink is looked for
_LOWEST = 8.0  # pixels of a line: of lower ones dashes are as specks
_ASKEW = math.radians(10)  # from the page's slant: a box so turned is around a single sign
_SINGLE = 2.2  # times as long as broad, at most, is a box of one sign
_NARROW = 1.8  # of a line that stands: figures below each other
_DARK = 0.25  # of what most ink differs from the paper by
_COVERED = 0.5  # of a piece of ink that a box covers: it is the box's
_MOST_PIECES = 20_000
_MOST = 40  # marks, and as many more as lines: more is grain

_PAD = 0.3  # of paper around a mark that is shown to the reader
EAST = "\u2e80"  # from here on signs are Chinese, Japanese and the like


@dataclass(frozen=True, slots=True)
class Mark:
    """One of them: its ink, in pixels of the page, and the row that it stands in."""

    left: float
    top: float
    right: float
    bottom: float
    full: float  # share of its box that is ink
    middle: float  # of the row, where the mark stands
    thick: float  # of the row's line
    slant: float  # tangent

    @property
    def quad(self) -> Quad:
        """The box as the detector would give it: as high as its row's."""
        pad = _PAD / 2 * self.thick
        half, lean = self.thick / 2, self.slant * (self.right - self.left + 2 * pad) / 2
        x0, x1 = max(0.0, self.left - pad), self.right + pad
        y0, y1 = max(0.0, self.middle - half), self.middle + half
        return (x0, y0 - lean), (x1, y0 + lean), (x1, y1 + lean), (x0, y1 - lean)

    @property
    def wide(self) -> float:
        """Its width, in heights of its row."""
        return (self.right - self.left) / self.thick

    @property
    def high(self) -> float:
        """Its height, in heights of its row."""
        return (self.bottom - self.top) / self.thick

    @property
    def off(self) -> float:
        """How far its middle is below that of its row, in heights of it."""
        return ((self.top + self.bottom) / 2 - self.middle) / self.thick


def find(page: Pixels, lines: Sequence[Line], without: Iterable[Box] = ()) -> list[Mark]:
    """Return the marks of an upright page on which lines were read, not those inside a box.

    Boxes of a single sign that is not sure cover nothing: what stands there may be a mark. Nor do
    narrow boxes that stand: a column of figures is taken for one line that stands.
    """
    quads = [line.quad for line in lines]
    if not quads:
        return []
    height = median(min(turning.size(quad)) for quad in quads)
    rows = _Rows.of(quads, height)
    if height < _LOWEST or not len(rows.thick):
        return []
    step = max(1, int(height / _HEIGHT))
    small = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    if step > 1:
        size = max(1, page.shape[1] // step), max(1, page.shape[0] // step)
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    ink = tiles.inked(np.asarray(small, np.uint8), _DARK, round(height / step))
    unsure = {id(line) for line in (*_unsure(lines), *_stacks(lines))}
    covering = [_scaled(line.quad, step) for line in lines if id(line) not in unsure]
    rest = list(without)
    found = []
    for left, top, right, bottom, full in _groups(ink, covering, height / step):
        box = Box(left * step, top * step, right * step, bottom * step)
        place = rows.row_of(box)
        if place is not None and not any(holds(other, box) for other in rest):
            found.append(Mark(box.x0, box.y0, box.x1, box.y1, full, *place, rows.slant))
    return found if len(found) <= _MOST + len(quads) else []


def joined(lines: Sequence[Line], marks: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines with those of marks behind them, without what was unsure in their place.

    A line that stands goes if there is a mark for each of its signs, else the marks go.
    """
    unsure = {id(line) for line in _unsure(lines)}
    stacks = {id(line) for line in _stacks(lines)}
    kept, new = [], list(marks)
    for line in lines:
        box = Box(*turning.bounds(line.quad))
        inside = [mark for mark in new if holds(box, Box(*turning.bounds(mark.quad)))]
        if id(line) in unsure and inside:
            continue
        if id(line) in stacks:
            if len(inside) == len("".join(line.text.split())):
                continue
            new = [mark for mark in new if mark not in inside]
        kept.append(line)
    return (*kept, *new)


def _stacks(lines: Sequence[Line]) -> list[Line]:
    """Return the narrow lines that stand on a page of lines that lie."""
    boxes = [Box(*turning.bounds(line.quad)) for line in lines]
    standing = [box.height > _SINGLE * box.width for box in boxes]
    if 2 * sum(standing) > len(lines):
        return []
    height = median([box.height for box, stands in zip(boxes, standing, strict=True) if not stands])
    return [
        line for line, box, stands in zip(lines, boxes, standing, strict=True)
        if stands and box.width < _NARROW * height and len(line.text.strip()) > 1
    ]  # fmt: skip


def _unsure(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a single sign that is not sure, or in a box that stands on its corner."""
    slant = lines_ink.slant_of([line.quad for line in lines])
    eastern = is_eastern(lines)
    found = []
    for line in lines:
        text = line.text.strip()
        wide, high = turning.size(line.quad)
        if len(text) > 2 or max(wide, high) > _SINGLE * min(wide, high):
            continue
        is_foreign = not eastern and any(sign >= EAST for sign in text)
        if is_foreign or (len(text) == 1 and line.confidence < SURE) or _is_askew(line.quad, slant):
            found.append(line)
    return found


def _is_askew(quad: Quad, slant: float) -> bool:
    (x0, y0), (x1, y1) = quad[:2]
    off = (math.atan2(y1 - y0, x1 - x0) - slant) % (math.pi / 2)
    return _ASKEW < off < math.pi / 2 - _ASKEW


def sheet(page: Pixels, marks: Sequence[Mark]) -> tuple[Pixels, list[Quad]]:
    """Return an image with the marks one below the other, and the box of each on it.

    Each is shown as a line of its row's height, with nothing beside it but paper.
    """
    images = [_shown(page, mark) for mark in marks]
    width = max((image.shape[1] for image in images), default=1)
    made = np.full((max(1, sum(map(len, images))), width, 3), 255, np.uint8)
    quads: list[Quad] = []
    top = 0
    for image in images:
        bottom, right = top + image.shape[0], image.shape[1]
        made[top:bottom, :right] = image
        quads.append(((0.0, top), (right, top), (right, bottom), (0.0, bottom)))
        top = bottom
    return made, quads


def _shown(page: Pixels, mark: Mark) -> Pixels:
    left, top = max(0, round(mark.left) - 1), max(0, round(mark.top) - 1)
    piece = page[top : round(mark.bottom) + 1, left : round(mark.right) + 1]
    high, wide = piece.shape[:2]
    around = page[max(0, top - 2) : top + high + 2, max(0, left - 2) : left + wide + 2]
    height = max(high, round(mark.thick))
    width = max(height, wide + 2 * round(_PAD * mark.thick))
    line = np.empty((height, width, 3), np.uint8)
    line[:] = np.median(np.concatenate([around[:2], around[-2:]]).reshape(-1, 3), axis=0)
    at = min(max(0, round(top - mark.middle + mark.thick / 2)), height - high)
    beside = (width - wide) // 2
    line[at : at + high, beside : beside + wide] = piece
    return line


def is_eastern(lines: Iterable[Line]) -> bool:
    """Say whether most letters of a page are Chinese, Japanese or the like."""
    letters = [sign for line in lines for sign in line.text if sign.isalpha()]
    return 2 * sum(sign >= EAST for sign in letters) > len(letters)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The page's lines as rows that go on to both sides."""

    middles: Reals  # x and y
    thick: Reals
    slant: float  # tangent

    @classmethod
    def of(cls, quads: Sequence[Quad], height: float) -> _Rows:
        """Return the rows of lying lines of about that height."""
        least, most = (share * height for share in _LINES)
        lying = [quad for quad in quads if least <= turning.size(quad)[1] <= most]
        middles = np.array([np.mean(quad, axis=0) for quad in lying]).reshape(-1, 2)
        thick = np.array([turning.size(quad)[1] for quad in lying])
        return cls(middles, thick, math.tan(lines_ink.slant_of(quads)))

    def row_of(self, box: Box) -> tuple[float, float] | None:
        """Return where the middle of the row is that a box stands in, and how high it is."""
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        middles = self.middles[:, 1] + self.slant * (x - self.middles[:, 0])
        level = np.abs(y - middles) < _ROW * self.thick
        level &= (box.y0 > middles - _REACH * self.thick) & (box.y1 < middles + _REACH * self.thick)
        if not level.any():
            return None
        nearest = int(np.where(level, np.abs(self.middles[:, 0] - x), np.inf).argmin())
        return float(middles[nearest]), float(self.thick[nearest])


def _groups(
    ink: Pixels, quads: Sequence[Quad], height: float
) -> list[tuple[int, int, int, int, float]]:
    """Return the pieces of ink of letter size, near ones together, that no box covers.

    As left, top, right, bottom, and the share of that which is ink; none has a neighbour beside it.
    """
    count, labels, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count > _MOST_PIECES:
        return []
    boxes = np.zeros_like(ink)
    for quad in quads:
        cv2.fillConvexPoly(boxes, np.rint(quad).astype(np.int32), 1)
    inside = np.bincount(labels[boxes > 0], minlength=count)
    large = np.maximum(facts[:, 2], facts[:, 3]) > _LARGE * height
    large[0] = True
    some = facts[~large & (inside <= _COVERED * facts[:, 4])]
    # Rules and frames may be near a mark; what has the size of letters may not.
    letters = (ink > 0) & ~large[labels]
    sums = cv2.integral(letters.astype(np.uint8))
    found = []
    for inner in _together(some, ink.shape, height):
        left, top = inner[:, :2].min(axis=0).tolist()
        right, bottom = (inner[:, :2] + inner[:, 2:4]).max(axis=0).tolist()
        wide, high, own = right - left, bottom - top, int(inner[:, 4].sum())
        if max(wide, high) < _LEAST * height or wide > _WIDEST * height or high > _TALLEST * height:
            continue
        start, end = max(0, int(left - _FREE * height)), int(right + _FREE * height)
        end = min(ink.shape[1], end)
        around = sums[bottom, end] - sums[top, end] - sums[bottom, start] + sums[top, start]
        if around <= own:
            found.append((left, top, right, bottom, own / (wide * high)))
    return found


def _together(some: Facts, shape: tuple[int, ...], height: float) -> list[Facts]:
    """Return pieces of ink in groups of those that are near each other."""
    if not len(some):
        return []
    canvas = np.zeros(shape, np.uint8)
    beside, above = _BESIDE * height / 2, _ABOVE * height / 2
    for left, top, wide, high, _ in some.tolist():
        # Rows of small print have little more between them than the parts of a sign.
        less = high > _WHOLE * height
        start = max(0, int(left - beside)), max(0, int(top - above) + less)
        end = int(left + wide + beside), int(top + high + above) - less
        cv2.rectangle(canvas, start, end, 1, cv2.FILLED)
    _, labels = cv2.connectedComponents(canvas, connectivity=4)
    middles = some[:, :2] + some[:, 2:4] // 2
    group = labels[middles[:, 1], middles[:, 0]]
    order = np.argsort(group, kind="stable")
    return np.split(some[order], np.flatnonzero(np.diff(group[order])) + 1)


def _scaled(quad: Quad, step: int) -> Quad:
    a, b, c, d = ((x / step, y / step) for x, y in quad)
    return a, b, c, d


def holds(box: Box, inner: Box) -> bool:
    """Say whether the middle of a box lies in another."""
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
