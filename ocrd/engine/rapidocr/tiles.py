"""Which parts of a page the detector has to be shown by themselves (pure).

It sees a page shrunk to 960 pixels. On a receipt of a metre, a plan, a newspaper, nothing is left
of the letters then. Rows of ink that look like small letters, and that no box covers, say where it
was blind and how large the type is: there it is shown tiles, as many as the type needs. Tiles
overlap by more than a line's height, so that each line is whole in one of them but for its length;
what the edge of one cuts, ``mosaic`` joins with what its neighbour saw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
_LARGE = 0.26  # of its size that a page larger than A4 at 300 dpi is seen at
LEGIBLE = 12.0  # pixels that a line's box is high at least which the page itself shows well


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
    if scale < _LARGE and quads and scale * _thickness(quads) < LEGIBLE:
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
    height = float(np.percentile(_whole(page, found, quads)[small], 20))
    clear = min(1.0, _CLEAR / height)
    regions = _grid(page.shape[1], page.shape[0], clear, _OVERLAP * height)
    regions = [region for region in regions if _holds(region, found.boxes[small])]
    return Plan(tuple(regions[:MOST]), clear, scale)


def _whole(page: Pixels, found: Rows, quads: Sequence[Quad]) -> Reals:
    """Return how high the letters of rows are, of which the boxes may have covered a part.

    Boxes that are found coarsely lie half over the next line, and what they leave of it is no
    letter: it would ask for tiles as for type of half the size, in which columns flow together.
    """
    if not len(quads):
        return found.heights
    rows = _found(page, ())
    heights = found.heights.copy()
    for index, box in enumerate(found.boxes):
        overlap = np.minimum(rows.boxes[:, 2:], box[2:]) - np.maximum(rows.boxes[:, :2], box[:2])
        shared = np.clip(overlap, 0, None).prod(axis=1)
        if shared.any():
            heights[index] = max(heights[index], rows.heights[int(shared.argmax())])
    return heights


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


def inked(page: Pixels, share: float = 0.0, reach: int = 0) -> Pixels:
    """Return what is darker or lighter than the paper around it.

    With a ``share``, only what differs by that much of what most ink does: no rings around letters.
    With a ``reach``, so many pixels around each one say what its paper is: a row that is tinted is.
    """
    grey = page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    if reach:
        paper = cv2.medianBlur(grey, reach | 1)
    else:
        size = max(1, width // _PAPER), max(1, height // _PAPER)
        coarse = cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST)
        coarse = cv2.medianBlur(coarse, _PAPER_REACH)
        paper = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    contrast = cv2.absdiff(grey, paper)
    noise = float(np.median(contrast[::7, ::7])) * 1.4826
    least = max(_LEVELS, _NOISE * noise)
    if share:
        some = contrast[::3, ::3]
        some = some[some > least]
        least = max(least, share * float(np.percentile(some, 80)) if some.size else 0.0)
    _, ink = cv2.threshold(contrast, least, 255, cv2.THRESH_BINARY)
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


def _grown(quad: Quad) -> Quad:
    """Return the box with what hangs out of it: tails, accents."""
    margin = 0.2 * min(turning.size(quad))
    a, b, c, d = quad
    return (
        (a[0] - margin, a[1] - margin), (b[0] + margin, b[1] - margin),
        (c[0] + margin, c[1] + margin), (d[0] - margin, d[1] + margin),
    )  # fmt: skip
