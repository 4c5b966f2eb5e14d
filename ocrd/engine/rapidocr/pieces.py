"""Pieces of ink that no page of text has: what pictures are put together from (pure).

Solid ones that are no field of one colour, strokes that lie aslant or bend, boxes that are bound by
strokes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ocrd.engine.rapidocr.remains import Mask, Region, Remains

# In heights of a line, or squares of it, unless they say otherwise.
_PIECE = 1.2  # size of a stroke that counts
_SOLID = 1.5  # height and width of a solid piece that counts
_LEAST = 2.0  # height and width of a picture
_BROKEN = 0.5  # between two dashes of a line
_SQUARE = 0.7  # share of a piece's strokes that run along and across the page
_FLAT = 7.0  # grey levels by which a field of one colour differs from itself, and its noise
_FILLED = 0.85  # share of its box that a rectangle fills
_SLIM = 8.0  # times as long as broad: a bar across the page, a shadow
_DARK = 60  # grey levels from paper to a bar
_OVER = 0.04  # share of a field that is text
_EDGE = 0.13  # of the page: what is narrower and touches its edge is a shadow
_WORDS = 0.3  # share of a picture that is text, at most,
_CHANGES = 6.0  # grey levels, from one pixel to the next, that stripes differ by
_STRIPED = 0.3  # of how much it changes across, that a pattern of stripes changes along them
_CRUMB = 0.35  # of ink that may be of a picture
_BOXED = 0.65  # share of a diagram that its boxes fill: those of a table fill it all
_NECK = 0.5  # rows of a stroke that binds two boxes


@dataclass(slots=True)
class Picture:
    """A picture in the making: its place, and what speaks for it."""

    region: Region
    shades: float = 0.0  # pixels of solid pieces in several shades
    shapes: float = 0.0  # pixels of solid pieces in one shade that are no rectangles
    bars: list[Region] = field(default_factory=list)  # solid rectangles without text
    strokes: float = 0.0  # pixels of length
    bound: int = 0  # boxes that strokes bind

    @property
    def is_drawn(self) -> bool:
        """Say whether it has strokes, to which labels and dashes may belong."""
        return bool(self.strokes or self.bars or self.bound)

    def take(self, other: Picture) -> None:
        """Make both one."""
        self.region = around(self.region, other.region)
        self.shades += other.shades
        self.shapes += other.shapes
        self.bars += other.bars
        self.strokes += other.strokes
        self.bound += other.bound


def components(mask: Mask, least: float) -> Iterator[tuple[Region, Mask]]:
    """Yield the pieces of a mask that are long enough: their place, and they themselves."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for number in np.flatnonzero(np.maximum(facts[:, 2], facts[:, 3]) >= least).tolist():
        if number:
            left, top, wide, high, _ = facts[number].tolist()
            piece = labels[top : top + high, left : left + wide] == number
            yield (left, top, left + wide, top + high), piece.astype(np.uint8)


def solids(page: Remains) -> Iterator[Picture]:
    """Yield the solid pieces that are none of a page of text."""
    reach = max(3, round(0.4 * page.height))
    joined = cv2.morphologyEx(page.solid, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    for region, piece in components(np.asarray(joined, np.uint8), _SOLID * page.height):
        left, top, right, bottom = region
        wide, high = right - left, bottom - top
        if min(wide, high) < 0.5 * page.height or _is_shadow(page, region):
            continue
        inside = piece * page.solid[top:bottom, left:right]
        values = page.away[top:bottom, left:right][inside > 0]
        area = float(inside.sum())
        is_flat = float(np.percentile(values, 90) - np.percentile(values, 10)) < 2.6 * (
            _FLAT + page.noise
        )
        with_text = piece | page.read[top:bottom, left:right]
        is_rectangle = float(with_text.mean()) > _FILLED
        words = float(page.read[top:bottom, left:right].mean())
        is_slim = max(wide, high) > _SLIM * min(wide, high)
        if is_flat and is_rectangle:
            is_dark = float(np.median(values)) > _DARK  # shading under text is light
            if is_dark and words < _OVER and not (is_slim and wide > high):
                yield Picture(region, bars=[region])
        elif min(wide, high) < _SOLID * page.height or words > _WORDS:
            continue
        elif is_flat:
            yield Picture(region, shapes=area)
        elif not (is_rectangle and _is_striped(page, region)):
            yield Picture(region, shades=area)


def _is_striped(page: Remains, region: Region) -> bool:
    """Say whether a piece changes one way only, and much: a bar code."""
    left, top, right, bottom = region
    part = cv2.GaussianBlur(page.away[top:bottom, left:right], (3, 3), 0).astype(np.int16)
    changes = sorted(float(np.abs(np.diff(part, axis=axis)).mean()) for axis in (0, 1))
    return changes[1] > _CHANGES + 2 * page.noise and changes[0] < _STRIPED * changes[1]


def _is_shadow(page: Remains, region: Region) -> bool:
    """Say whether a piece lies along an edge of the page."""
    left, top, right, bottom = region
    columns, rows = page.size
    if left <= 2 or right >= columns - 2:
        return right - left < _EDGE * columns or bottom - top > 0.9 * rows
    if top <= 2 or bottom >= rows - 2:
        return bottom - top < _EDGE * rows or right - left > 0.9 * columns
    return False


def strokes(page: Remains) -> Iterator[Picture]:
    """Yield the strokes that lie aslant, or bend, those of one broken line together."""
    grown = np.ones((3, 3), np.uint8)
    ink = page.ink * (1 - page.text) * (1 - cv2.dilate(page.rules, grown))
    ink = np.asarray(ink * (1 - cv2.dilate(page.solid, grown)), np.uint8)
    reach = max(3, round(_BROKEN * page.height))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    for region, piece in components(np.asarray(joined, np.uint8), _PIECE * page.height):
        left, top, right, bottom = region
        if min(right - left, bottom - top) < 0.35 * page.height or _is_shadow(page, region):
            continue
        own = piece * ink[top:bottom, left:right]
        if not _is_square(own, page.height):
            yield Picture(region, strokes=_length(own))


def _is_square(piece: Mask, height: float) -> bool:
    """Say whether a piece is of strokes along and across the page: boxes to be ticked."""
    least = max(4, round(_PIECE / 2 * height))
    level = cv2.morphologyEx(piece, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    standing = cv2.morphologyEx(piece, cv2.MORPH_OPEN, np.ones((least, 1), np.uint8))
    return int(cv2.bitwise_or(level, standing).sum()) > _SQUARE * int(piece.sum())


def _length(piece: Mask) -> float:
    """Return about how long the strokes of a piece are: half of its outline."""
    outlines, _ = cv2.findContours(np.pad(piece, 1), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return sum(cv2.arcLength(outline, closed=True) for outline in outlines) / 2


def crumbs(page: Remains, pieces: Sequence[Picture]) -> Iterator[Region]:
    """Yield small ink that is no text: dashes, marks; it makes no picture, but may be of one."""
    known = {one.region for one in pieces}
    ink = page.ink * (1 - page.text) * (1 - page.rules)
    for region, _ in components(np.asarray(ink, np.uint8), _CRUMB * page.height):
        if region not in known and not _is_shadow(page, region):
            yield region


def diagrams(page: Remains) -> Iterator[Picture]:
    """Yield what is boxes bound by strokes: where the strokes run, nothing stands beside them."""
    ink = page.ink * (1 - page.text) | page.runs
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    for region, piece in components(np.asarray(joined, np.uint8), 4 * page.height):
        left, top, right, bottom = region
        wide, high = right - left, bottom - top
        if min(wide, high) < _LEAST * page.height:
            continue
        outlines, tree = cv2.findContours(piece, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        holes = [
            cv2.contourArea(outline)
            for outline, parent in zip(outlines, tree[0][:, 3].tolist(), strict=True)
            if parent >= 0
        ]
        boxes = [hole for hole in holes if hole > page.height**2]
        if len(boxes) < 2 or sum(boxes) > _BOXED * wide * high:
            continue
        words = page.text[top:bottom, left:right]
        necks = max(_necks(piece, words, page.height), _necks(piece.T, words.T, page.height))
        if necks:
            yield Picture(region, bound=min(len(boxes), necks + 1))


def _necks(piece: Mask, words: Mask, height: float) -> int:
    """Return how often, from above, only strokes go on, of no more than half the boxes' sides."""
    runs = (np.diff(np.pad(piece, ((0, 0), (1, 1))).astype(np.int8), axis=1) == 1).sum(axis=1)
    with_words = words.any(axis=1)
    sides = np.percentile(runs[with_words], 90) if with_words.any() else 2
    thin = (runs > 0) & (runs <= max(sides / 2, 1)) & ~with_words
    thin &= piece.sum(axis=1) < 0.4 * height * np.maximum(runs, 2)
    edges = np.flatnonzero(np.diff(np.pad(thin, 1).astype(np.int8)))
    return sum(
        end - start >= _NECK * height and start > 0 and end < len(thin)
        for start, end in edges.reshape(-1, 2).tolist()
    )


def around(*some: Region) -> Region:
    """Return the smallest region around some."""
    lefts, tops, rights, bottoms = zip(*some, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
