"""Boxes of one line that overlap: both show the letters between, which are read twice (pure).

Boxes are larger than what they were found by. Where the detector takes a line for several, of large
type above all, each holds the first or last letter of the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import mosaic, shades, turning
from ocrd.engine.rapidocr.strips import strip
from ocrd.job import Point, Quad

Pixels = NDArray[np.uint8]

_ENDS = (0.02, 0.98)  # shares of the pixels that are taken for ink and paper
_INK, _CONTRAST = 0.5, 60  # of the way from paper to ink; grey levels between them
_LARGE = 1.5  # times as high as usual is large type
# In heights of the line:
_SPACE = 0.45  # white between two words of large type; wider, it is a gutter
_LETTERS = 0.2  # white between two letters
_WITH_LETTERS = 3.0  # what ink and paper are told by
_AROUND = 0.6  # what is looked at on both sides of an overlap
_AIR = 0.1  # between a letter and the end of its box
_BAND = 0.2  # the edges of a line, that its neighbours reach into


def resolved(pixels: Pixels, quads: Sequence[Quad]) -> list[Quad]:
    """Return the boxes with no letter in two of a line.

    Two that share letters end at the white between them, or are one where there is none. Those
    of large type are one, too, where no more than a space is between them.
    """
    found = list(quads)
    leader = list(range(len(quads)))
    usual = float(np.median([turning.size(quad)[1] for quad in quads])) if quads else 0.0
    for left, right in _overlapping(quads):
        height = min(turning.size(quads[each])[1] for each in (left, right))
        is_large = height > _LARGE * usual
        white = _white(pixels, quads[left], quads[right], is_large)
        if white is None:
            continue
        start, end = white
        if end - start < (_SPACE if is_large else _LETTERS) * height:
            first, second = (_leader(leader, each) for each in (left, right))
            leader[max(first, second)] = min(first, second)
            continue
        axis, air = _Axis.of(quads[left], quads[right]), _AIR * height
        found[left] = _clipped(found[left], axis, -np.inf, start + air)
        found[right] = _clipped(found[right], axis, end - air, np.inf)
    groups: dict[int, list[Quad]] = {}
    for index, quad in enumerate(found):
        groups.setdefault(_leader(leader, index), []).append(quad)
    return [mosaic.union(group) for group in groups.values()]


def _leader(leader: list[int], index: int) -> int:
    while leader[index] != index:
        index = leader[index]
    return index


def _overlapping(quads: Sequence[Quad]) -> Iterator[tuple[int, int]]:
    """Yield the lying boxes of one line that overlap, the left one first."""
    sizes = np.array([turning.size(quad) for quad in quads]).reshape(-1, 2)
    lying = np.flatnonzero(sizes[:, 0] >= sizes[:, 1])
    boxes = np.array([turning.bounds(quads[index]) for index in lying.tolist()]).reshape(-1, 4)
    for place, index in enumerate(lying.tolist()):
        box = boxes[place]
        near = (boxes[:, 0] >= box[0]) & (boxes[:, 0] < box[2])
        near &= (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
        for other in lying[near].tolist():
            is_later = (quads[other][0][0], other) > (quads[index][0][0], index)
            if is_later and mosaic.is_same_line(quads[index], quads[other]):
                yield index, other


@dataclass(frozen=True, slots=True)
class _Axis:
    """Places along a line that two boxes are of, in pixels from where the left one begins."""

    line: Quad
    length: float

    @classmethod
    def of(cls, left: Quad, right: Quad) -> _Axis:
        line = mosaic.union([left, right])
        return cls(line, turning.size(line)[0])

    def place(self, one: Point, other: Point) -> float:
        """Return where the middle between two points is."""
        a, b, c, d = self.line
        start = np.add(a, d) / 2
        along = np.add(b, c) / 2 - start
        return float((np.add(one, other) / 2 - start) @ along / max(np.linalg.norm(along), 1.0))

    def part(self, start: float, end: float) -> Quad:
        a, b, c, d = self.line
        first, last = start / self.length, end / self.length
        return (
            turning.between(a, b, first), turning.between(a, b, last),
            turning.between(d, c, last), turning.between(d, c, first),
        )  # fmt: skip


def _white(pixels: Pixels, left: Quad, right: Quad, is_large: bool) -> tuple[float, float] | None:
    """Return the widest white where two boxes of a line overlap.

    None if no ink is in both, unless they are of large type.
    """
    axis = _Axis.of(left, right)
    end, start = axis.place(left[1], left[2]), axis.place(right[0], right[3])
    height = min(turning.size(left)[1], turning.size(right)[1])
    if end <= start:
        return None
    # Of white alone, the paper's grain would be ink: letters are in what is looked at, too.
    first = max(0.0, start - _WITH_LETTERS * height)
    last = min(axis.length, end + _WITH_LETTERS * height)
    if last - first < 2:
        return None
    piece = strip(pixels, axis.part(first, last))
    grey = np.asarray(cv2.cvtColor(piece, cv2.COLOR_BGR2GRAY), np.uint8)
    ink = shades.inked(grey, _ENDS, share=_INK, contrast=_CONTRAST)
    if ink is None:
        return None
    margin = round(_BAND * ink.shape[0])
    columns = np.asarray(ink[margin : ink.shape[0] - margin].max(axis=0))
    if not is_large and not columns[round(start - first) : round(end - first)].any():
        return None
    near = max(0, round(start - _AROUND * height - first))
    columns = columns[near : max(0, round(end + _AROUND * height - first))]
    first += near
    steps = np.diff(np.concatenate(([1], columns.astype(np.int8), [1])))
    starts, ends = np.flatnonzero(steps < 0), np.flatnonzero(steps > 0)
    if not len(starts):
        return first, first
    widest = int((ends - starts).argmax())
    return first + float(starts[widest]), first + float(ends[widest])


def _clipped(quad: Quad, axis: _Axis, start: float, end: float) -> Quad:
    """Return the part of a box between two places, the box itself if nothing is there."""
    a, b, c, d = quad
    own = axis.place(a, d), axis.place(b, c)
    first, last = max(start, own[0]), min(end, own[1])
    if last <= first:
        return quad
    parts = [(place - own[0]) / (own[1] - own[0]) for place in (first, last)]
    return (
        turning.between(a, b, parts[0]), turning.between(a, b, parts[1]),
        turning.between(d, c, parts[1]), turning.between(d, c, parts[0]),
    )  # fmt: skip
