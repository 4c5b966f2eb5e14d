"""A page without its text: what ink is left, in long strokes, in solid pieces (pure).

Looked at on a small picture of the page, lying level, where a line of text is some 15 pixels high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import ink as lines_ink
from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.job import Box, Line, Quad

Mask = NDArray[np.uint8]  # 1 where something is
Reals = NDArray[np.float32]
Region = tuple[int, int, int, int]  # left, top, right, bottom on the small page

SIDE = 1200  # pixels of the longest side
_ROWS = 50  # lines of a page at least: those of a cover are no measure
_BLOCKS = 24  # blocks of a page each way, of which each tells how light the paper is there
_SAMPLES = 8  # pixels of a block each way that are looked at
_FITS = 4  # times that the light is fitted to those that are paper
_SHADED = 12  # grey levels under the light by which a block is no paper
_DARKER = 22  # grey levels, than paper, in the channel that differs most
_GRAIN = 4.5  # times the paper's own noise
_AROUND = 0.12  # of a line's height, around it, that is the line's
_TALL, _CERTAIN = 2.0, 0.9  # heights of a line, from which its score has to be so high
_LONG, _SIDE = 3.0, 2.0  # heights of a line, that a level or standing run is a rule, a side,
_BROAD = 0.3  # unless it is broader
_ASLANT = math.radians(8)
_SKEWED = math.radians(0.1)  # from which the page is turned to lie level


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of a page, small and level, and its measures."""

    away: Pixels  # how far each pixel is from paper, in grey levels
    ink: Mask  # all of it, text too
    text: Mask  # where lines are
    read: Mask  # where lines are that were read well
    runs: Mask  # long thin strokes, level or standing
    rules: Mask  # those of them that are outside of lines
    solid: Mask  # pieces that are broad both ways
    lines: tuple[tuple[Region, str], ...]  # with their text
    height: float  # of a line
    noise: float  # of the paper, in grey levels
    back: Reals  # from here to the page

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.ink.shape[1], self.ink.shape[0]

    def on_page(self, region: Region) -> Box:
        """Return the upright box around a region on the page as it was given."""
        left, top, right, bottom = region
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
        found = np.hstack([corners, np.ones((4, 1))]) @ self.back.T.astype(np.float64)
        (x0, y0), (x1, y1) = found.min(axis=0).tolist(), found.max(axis=0).tolist()
        return Box(round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1))


def of(pixels: Pixels, lines: Sequence[Line], sure: float) -> Remains:
    """Return what is left of an upright page; lines of a score from ``sure`` on are read well."""
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    quads = [line.quad for line in lines]
    small = pixels
    if scale < 1:
        size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    slant = lines_ink.slant_of(quads)
    matrix = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    if abs(slant) > _SKEWED:
        columns, rows = small.shape[1::-1]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), math.degrees(slant), 1.0)
        small = np.asarray(
            cv2.warpAffine(small, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
        matrix = turn @ np.vstack([matrix, [0, 0, 1]])
    away, noise = _away(small)
    ink = (away > max(_DARKER, _GRAIN * noise)).astype(np.uint8)
    height = SIDE / _ROWS
    if quads:
        height = min(height, scale * median(min(turning.size(quad)) for quad in quads))
    height = max(height, 6.0)
    text, read, tall = (np.zeros_like(ink) for _ in range(3))
    regions = []
    for line in lines:
        low = scale * min(turning.size(line.quad)) < _TALL * height
        if _is_aslant(line.quad, slant) or not (low or line.confidence >= _CERTAIN):
            continue  # a stamp's, a picture's: its box would hide what it stands on
        corners = cv2.transform(np.array([line.quad], np.float32), matrix)[0]
        margin = _AROUND * scale * min(turning.size(line.quad))
        grown = np.rint(corners + np.sign(corners - corners.mean(axis=0)) * margin)
        cv2.fillConvexPoly(text, grown.astype(np.int32), 1)
        if line.confidence >= sure and not line.doubt:
            cv2.fillConvexPoly(read, grown.astype(np.int32), 1)
        (left, top), (right, bottom) = grown.min(axis=0), grown.max(axis=0)
        regions.append(((int(left), int(top), int(right), int(bottom)), line.text.strip()))
        if not low:
            cv2.fillConvexPoly(tall, grown.astype(np.int32), 1)
    broad = max(3, round(_BROAD * height))
    closed = cv2.morphologyEx(ink * (1 - read), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((broad, broad), np.uint8))
    runs = _long(ink * (1 - tall), round(_SIDE * height)) * (1 - solid)
    rules = (1 - solid) * _long(ink * (1 - text), round(_LONG * height))
    back = cv2.invertAffineTransform(matrix)
    return Remains(
        away, ink, text, read, runs, rules, np.asarray(solid, np.uint8), tuple(regions), height,
        noise, np.asarray(back, np.float32),
    )  # fmt: skip


def _is_aslant(quad: Quad, slant: float) -> bool:
    """Say whether a line neither lies nor stands on its page."""
    (x0, y0), (x1, y1) = quad[:2]
    off = (math.atan2(y1 - y0, x1 - x0) - slant) % (math.pi / 2)
    return _ASLANT < off < math.pi / 2 - _ASLANT


def _long(ink: Mask, least: int) -> Mask:
    """Return the runs of ink, level or standing, that are long."""
    thick = cv2.dilate(ink, np.ones((2, 2), np.uint8))  # what is left of a slant breaks thin rules
    level = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    standing = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((least, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(level, standing), np.uint8)


def _away(small: Pixels) -> tuple[Pixels, float]:
    """Return how far each pixel is from paper, and how much paper differs from itself."""
    if (small[::7, ::7, 0] == small[::7, ::7, 1]).all():
        small = small[:, :, :1]  # a grey page
    away = np.zeros(small.shape[:2], np.uint8)
    for channel in cv2.split(small):
        away = np.maximum(away, cv2.absdiff(channel, _paper(np.asarray(channel, np.uint8))))
    counts = np.bincount(away.ravel(), minlength=256)[: 2 * _DARKER].cumsum()
    noise = float(np.searchsorted(counts, counts[-1] / 2))
    return np.asarray(away, np.uint8), noise


def _paper(channel: Pixels) -> Pixels:
    """Return how light the paper is at each pixel: a plane that bends, through what is paper."""
    side = _BLOCKS * _SAMPLES
    some = cv2.resize(channel, (side, side), interpolation=cv2.INTER_NEAREST)
    blocks = some.reshape(_BLOCKS, _SAMPLES, _BLOCKS, _SAMPLES).transpose(0, 2, 1, 3)
    light = np.sort(blocks.reshape(_BLOCKS, _BLOCKS, -1), axis=-1)
    levels = light[:, :, _SAMPLES * _SAMPLES * 3 // 4].astype(np.float64).ravel()
    places = (np.arange(_BLOCKS) + 0.5) / _BLOCKS
    y, x = (grid.ravel() for grid in np.meshgrid(places, places, indexing="ij"))
    at = _basis(x, y)
    kept = levels >= np.median(levels)
    factors: NDArray[np.float64] = np.zeros(at.shape[1])
    for _ in range(_FITS):
        factors = np.asarray(np.linalg.lstsq(at[kept], levels[kept], rcond=None)[0], np.float64)
        near = np.abs(levels - at @ factors) < _SHADED
        if near.sum() < 2 * at.shape[1]:
            break
        kept = near
    field = (at @ factors).reshape(_BLOCKS, _BLOCKS).clip(levels.min(), levels.max())
    rows, columns = channel.shape
    return np.asarray(np.rint(cv2.resize(field, (columns, rows))), np.uint8)


def _basis(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
