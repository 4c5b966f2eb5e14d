"""Pieces of ink that no page of text has: what pictures are put together from (pure).

Solid ones that are no field of one colour, strokes that lie aslant or bend, boxes that are bound by
strokes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

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
_PALE = 27.0  # grey levels, than paper, that strokes are darker
_STEP, _PAVED = 10.0, 0.7  # grey levels between two fields; share of a piece that they cover
_INSET, _MOST = 4.0, 0.7  # height and width of a picture on a ground; share of that, at most,
_FEW, _OTHER = 0.1, 0.1  # of it that is text, and of another shade than its own ground at least
_BRACKET, _BRACKETED = 2.5, 8.0  # times as high as broad, and so high: around a formula
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
    named: bool = False  # a caption says that it is one
    ruled: bool = False  # it is a stave or a board

    @property
    def is_drawn(self) -> bool:
        """Say whether it has strokes, to which labels and dashes may belong."""
        return bool(self.strokes or self.bars or self.bound or self.named or self.ruled)

    def take(self, other: Picture) -> None:
        """Make both one."""
        self.region = around(self.region, other.region)
        self.shades += other.shades
        self.shapes += other.shapes
        self.bars += other.bars
        self.strokes += other.strokes
        self.bound += other.bound
        self.named |= other.named
        self.ruled |= other.ruled


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
        if is_flat and is_rectangle:
            if _is_bar(page, region, float(np.median(values))):
                yield Picture(region, bars=[region])
        elif fields := _fields(page, region):
            for one, level in fields:
                if _is_bar(page, one, level):
                    yield Picture(one, bars=[one])
        elif is_rectangle and words > _OVER and (found := [*_insets(page, region)]):
            yield from found
        elif min(wide, high) < _SOLID * page.height or words > _WORDS:
            continue
        elif is_flat:
            yield Picture(region, shapes=area)
        elif not (is_rectangle and _is_striped(page, region)):
            yield Picture(region, shades=area)


def _is_bar(page: Remains, region: Region, level: float) -> bool:
    """Say whether a rectangle of one shade is a bar of a chart: shading under text is light."""
    left, top, right, bottom = region
    wide, high = right - left, bottom - top
    words = float(page.read[top:bottom, left:right].mean())
    return level > _DARK and words < _OVER and not wide > _SLIM * high


def _fields(page: Remains, region: Region) -> list[tuple[Region, float]]:
    """Return the rectangles, each of one shade, that make up a piece, and how dark they are.

    Fields that lie beside each other, a title's bar above a shaded text, are no picture of several
    shades. None are returned where the piece is anything else.
    """
    left, top, right, bottom = region
    solid = page.solid[top:bottom, left:right]
    away = cv2.medianBlur(page.away[top:bottom, left:right], 5)
    steps = cv2.morphologyEx(away, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    words = page.read[top:bottom, left:right]
    calm = solid * (1 - words) * (steps < _STEP + 3 * page.noise)
    filled = np.asarray(calm | words, np.uint8)
    found: list[tuple[Region, float]] = []
    covered = 0.0
    for one, piece in components(filled, page.height / 2):
        x0, y0, x1, y1 = one
        values = away[y0:y1, x0:x1][(piece * calm[y0:y1, x0:x1]) > 0]
        if not values.size:
            continue
        low, middle, high = np.percentile(values, (10, 50, 90)).tolist()
        if high - low > 2.6 * (_FLAT + page.noise) or float(piece.mean()) < _FILLED:
            return []
        covered += float(piece.sum())
        found.append(((left + x0, top + y0, left + x1, top + y1), middle))
    return found if covered > _PAVED * float((solid | words).sum()) else []


def _insets(page: Remains, region: Region) -> Iterator[Picture]:
    """Yield pictures on grounds of their own that stand on a text's ground."""
    left, top, right, bottom = region
    away = np.asarray(cv2.medianBlur(page.away[top:bottom, left:right], 5), np.uint8)
    steps = cv2.morphologyEx(away, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    words = page.read[top:bottom, left:right]
    calm = np.asarray((1 - words) * (steps < _STEP + 3 * page.noise), np.uint8)
    spread = 2.6 * (_FLAT + page.noise)
    for (x0, y0, x1, y1), piece in components(calm, _INSET * page.height):
        area = (x1 - x0) * (y1 - y0)
        if min(x1 - x0, y1 - y0) < _INSET * page.height or area > _MOST * away.size:
            continue
        outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        is_ground = max(map(cv2.contourArea, outlines)) > _FILLED * area
        if not is_ground or float(words[y0:y1, x0:x1].mean()) > _FEW:
            continue
        inside = away[y0:y1, x0:x1].astype(np.float32)
        ground = float(np.median(inside[piece > 0]))
        others = float((np.abs(inside - ground) > spread).sum())
        one = (left + x0, top + y0, left + x1, top + y1)
        if others > _OTHER * area and not _is_striped(page, one):
            yield Picture(one, shades=others)


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
    ink *= 1 - _brackets(ink, page.height)
    reach = max(3, round(_BROKEN * page.height))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    for region, piece in components(np.asarray(joined, np.uint8), _PIECE * page.height):
        left, top, right, bottom = region
        if min(right - left, bottom - top) < 0.35 * page.height or _is_shadow(page, region):
            continue
        own = piece * ink[top:bottom, left:right]
        if not (_is_square(own, page.height) or _is_pale(page, region, own)):
            yield Picture(region, strokes=_length(own))


def _brackets(ink: Mask, height: float) -> Mask:
    """Return what stands as slim as a bracket, a brace or an integral's sign."""
    found = np.zeros_like(ink)
    for (left, top, right, bottom), piece in components(ink, _PIECE * height):
        high = bottom - top
        if _BRACKET * (right - left) < high < _BRACKETED * height:
            found[top:bottom, left:right] |= piece
    return found


def _is_pale(page: Remains, region: Region, piece: Mask) -> bool:
    """Say whether a piece is hardly darker than paper: where a ground's shade begins to be ink."""
    left, top, right, bottom = region
    values = page.away[top:bottom, left:right][piece > 0]
    return not values.size or float(np.percentile(values, 75)) < _PALE + page.noise


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


def apart(a: Region, b: Region) -> int:
    """Return how far two regions lie from each other, each way."""
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0)


def touches(some: NDArray[np.int64], region: Region, reach: float) -> bool:
    """Say whether a region lies within reach of one of some."""
    left, top, right, bottom = region
    return bool(
        (
            (some[:, 0] < right + reach) & (some[:, 2] > left - reach)
            & (some[:, 1] < bottom + reach) & (some[:, 3] > top - reach)
        ).any()
    )  # fmt: skip
