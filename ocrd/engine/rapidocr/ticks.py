"""Tick boxes of a form, found by their ink, and whether something stands in them (pure).

A box is a closed outline, a square or a circle about as high as a line, with nothing close beside
it; the paper inside is what is looked for. A letter has its neighbours, a table's cell the lines
that go on, a picture its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.tiles import inked
from ocrd.job import Quad

Pixels = NDArray[np.uint8]
Inside = tuple[int, int, int, int]  # left, top, right, bottom, in pixels
Facts = NDArray[np.int32]  # left, top, width, height, pixels

EMPTY, TICKED = "\N{BALLOT BOX}", "\N{BALLOT BOX WITH X}"
_MANY_PIXELS = 4_000_000  # of a page, from which half its size is enough
_SIZES = (0.3, 1.7)  # heights of a line's box that a tick box's inside is high
_LEAST = 7  # pixels of the inside
_SQUARE = 1.28  # times as wide as high, or the other way round, at most
_CLOSED = 0.9  # share of each side that has ink of one piece along it
_RING = 0.25  # of the inside, around it, that the outline runs in
_LEAST_CIRCLE = 0.55  # heights of a line's box
_ROUND = 0.92  # share of the directions in which a circle has ink
_BENT = 0.05  # of the size, that a straight side leaves its line by,
_STRAIGHT, _STRUCK = 0.75, 0.62  # along this share of it; or this, where a tick crosses it
_ALIKE = 1.25  # times as large as another one at most: boxes of one kind
_FREE = 0.22  # of the inside: so much paper is beside the outline,
_FREE_CIRCLE = 0.5  # or beside a circle, which may be the letter O,
_ABOVE = 0.12  # and above and below,
_STRAY = 0.06  # with so much ink in it at most,
_STROKE = 0.4  # or this much where a tick reaches out
_INSET = 0.12  # of the inside: its edge, that may be the outline's
_TICK = 0.045  # share of the inside that is ink where it is ticked
_CORNERS = 0.06  # share of the inside, edge and all, that is ink at most where it is empty
_CENTRE = 0.2  # share of a circle's middle third that a dot or a cross fills
_SOLID = 0.9  # share of a square that is ink where it is filled
_COMB = 3  # boxes in a row that stand close: fields for letters
_COMB_GAP = 0.8  # of their size


@dataclass(frozen=True, slots=True)
class Box:
    """A tick box, its outline included, in pixels of the page."""

    left: float
    top: float
    right: float
    bottom: float
    ticked: bool
    round: bool = False
    sign: str = ""  # printed in it: it is a frame, and nothing to tick

    @property
    def mark(self) -> str:
        """What stands for it in a text."""
        if self.sign:
            return f"[{self.sign}]"
        return TICKED if self.ticked else EMPTY

    @property
    def size(self) -> float:
        """Its height."""
        return self.bottom - self.top


def find(page: Pixels, quads: Sequence[Quad]) -> list[Box]:
    """Return the tick boxes of an upright page with lines in ``quads``, from above."""
    if not quads:
        return []
    step = 1
    if page.shape[0] * page.shape[1] > _MANY_PIXELS:
        page = np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        step = 2
    line = median(min(turning.size(quad)) for quad in quads) / step
    ink = inked(page)
    count, _, facts, _ = cv2.connectedComponentsWithStats(1 - ink // 255, connectivity=4)
    holes = _insides(facts[1:] if count > 1 else facts[:0], line)
    boxes = (box for hole in holes if (box := _box(ink, hole)) is not None)
    # A circle that is lower than a capital is an o.
    found = _apart([box for box in boxes if not box.round or box.size >= _LEAST_CIRCLE * line])
    found += _filled(ink, found)
    found = [box for box in found if not box.round or _has_like(box, found)]
    kept = sorted(_without_combs(found), key=lambda box: (box.top, box.left))
    return [
        Box(box.left * step, box.top * step, box.right * step, box.bottom * step,
            box.ticked, box.round)
        for box in kept
    ]  # fmt: skip


def _insides(facts: Facts, line: float) -> list[Inside]:
    """Return what may be the inside of a box: a hole in the ink, or several that strokes part."""
    least, most = max(_LEAST, _SIZES[0] * line), _SIZES[1] * line
    width, height = facts[:, 2], facts[:, 3]
    small = facts[(width <= most) & (height <= most) & (width * height >= 4)]
    whole = small[(small[:, 2] >= least) & (small[:, 3] >= least)]
    found = {(x, y, x + w, y + h) for x, y, w, h, _ in whole.tolist()}
    parts = small[small[:, 4] >= 0.02 * least * least]
    found.update(_groups(np.column_stack((parts[:, :2], parts[:, :2] + parts[:, 2:4])), least))
    return [
        (left, top, right, bottom)
        for left, top, right, bottom in sorted(found)
        if min(right - left, bottom - top) >= least
        and max(right - left, bottom - top) <= _SQUARE * min(right - left, bottom - top)
    ]


def _groups(holes: Facts, least: float) -> set[Inside]:
    """Return the boxes around holes that only thin strokes part."""
    if not len(holes):
        return set()
    reach = int(0.08 * least)  # of either of two neighbours
    width, height = (int(side) + 2 * reach + 2 for side in holes[:, 2:].max(axis=0))
    canvas = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in holes.tolist():
        canvas[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach] = 1
    count, labels = cv2.connectedComponents(canvas, connectivity=4)
    group = labels[holes[:, 1], holes[:, 0]]
    several = np.flatnonzero(np.bincount(group, minlength=count) > 1)
    found = set()
    for number in several.tolist():
        some = holes[group == number]
        left, top = some[:, :2].min(axis=0).tolist()
        right, bottom = some[:, 2:].max(axis=0).tolist()
        found.add((left, top, right, bottom))
    return found


def _box(page: Pixels, inside: Inside) -> Box | None:
    """Return the box whose inside this is; None if nothing closes it, or something is beside it."""
    size = max(inside[2] - inside[0], inside[3] - inside[1])
    ring = max(3, round(_RING * size))
    around = ring + 2 + max(2, round(_FREE_CIRCLE * size))
    x, y = max(0, inside[0] - around), max(0, inside[1] - around)
    ink = page[y : inside[3] + around, x : inside[2] + around]
    left, top, right, bottom = inside = (
        inside[0] - x, inside[1] - y, inside[2] - x, inside[3] - y
    )  # fmt: skip
    height, width = ink.shape
    if left < ring or top < ring or right + ring > width or bottom + ring > height:
        return None
    beside = ring + 2
    if min(left, width - right) > beside + 2:
        sides = ink[top:bottom, : left - beside], ink[top:bottom, right + beside :]
        if min((side > 0).mean() for side in sides) > _STRAY:
            return None  # ink on both sides: a letter in a word
    _, pieces = cv2.connectedComponents(ink, connectivity=8)
    outline, closed = _outline(pieces, inside, ring)
    breadth = _breadth(ink, inside, ring)
    if not outline or breadth > ring:
        return None
    is_round = closed < _CLOSED or not _is_straight(ink, inside, breadth)
    if is_round and not _is_circle(pieces, outline, inside):
        return None
    ticked = _is_ticked(ink, inside, is_round=is_round)
    outer = left - breadth, top - breadth, right + breadth, bottom + breadth
    if ticked is None or not _stands_free(
        pieces, outline, outer, size, ticked=ticked, is_round=is_round
    ):
        return None
    left, top, right, bottom = outer
    return Box(left + x, top + y, right + x, bottom + y, ticked, is_round)


def _outline(pieces: Facts, inside: Inside, ring: int) -> tuple[int, float]:
    """Return the number of the piece of ink above the inside, and which share of a side it has."""
    left, top, right, bottom = inside
    bands = (
        pieces[top - ring : top, left:right], pieces[bottom : bottom + ring, left:right],
        pieces[top:bottom, left - ring : left].T, pieces[top:bottom, right : right + ring].T,
    )  # fmt: skip
    first = bands[0][bands[0] > 0]
    if not first.size:
        return 0, 0.0
    outline = int(np.bincount(first).argmax())
    return outline, min(float((band == outline).any(axis=0).mean()) for band in bands)


def _is_ticked(ink: Pixels, inside: Inside, *, is_round: bool) -> bool | None:
    """Say whether something stands in the box; None if that makes a letter of it."""
    left, top, right, bottom = inside
    inset = max(1, round(_INSET * max(right - left, bottom - top)))
    part = ink[top + inset : bottom - inset, left + inset : right - inset] > 0
    if not part.size:
        return None
    ticked = bool(part[_disc(*part.shape)].mean() >= _TICK)  # in a small o, the corners are ink
    if not is_round:
        corners = (ink[top:bottom, left:right] > 0).mean()
        return None if not ticked and corners > _CORNERS else ticked  # a D has round ones
    third, other = part.shape[0] // 3, part.shape[1] // 3
    middle = part[third : part.shape[0] - third, other : part.shape[1] - other]
    return None if ticked and middle.mean() < _CENTRE else ticked  # a c in a circle


def _is_straight(ink: Pixels, inside: Inside, breadth: int) -> bool:
    """Say whether the outline's outer edge is straight on all sides, as that of no letter is."""
    left, top, right, bottom = inside
    reach = breadth + 2
    bands = (
        ink[top - reach : top + 1, left:right],
        ink[bottom - 1 : bottom + reach, left:right][::-1],
        ink[top:bottom, left - reach : left + 1].T,
        ink[top:bottom, right - 1 : right + reach].T[::-1],
    )
    shares = []
    for band in bands:
        first = np.where(band.any(axis=0), band.argmax(axis=0), -reach)
        near = max(1.0, _BENT * (right - left))
        shares.append(float((np.abs(first - np.median(first)) <= near).mean()))
    shares.sort()
    return shares[0] >= _STRUCK and shares[1] >= _STRAIGHT


def _is_circle(pieces: Facts, outline: int, inside: Inside) -> bool:
    """Say whether the piece of ink runs around the inside as a circle."""
    left, top, right, bottom = inside
    if abs((right - left) - (bottom - top)) > max(2, 0.1 * (right - left)):
        return False
    x, y = (left + right - 1) / 2, (top + bottom - 1) / 2
    radius = (right - left + bottom - top) / 4
    hits = 0
    directions = [2 * math.pi * number / 48 for number in range(48)]
    for angle in directions:
        for more in (0.0, 0.06, 0.12, 0.18):
            reach = radius * (1 + more) + 0.5
            column, row = round(x + reach * math.cos(angle)), round(y + reach * math.sin(angle))
            if pieces[row, column] == outline:
                hits += 1
                break
    return hits >= _ROUND * len(directions)


def _disc(height: int, width: int) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:height, :width]
    y, x = (height - 1) / 2, (width - 1) / 2
    return np.asarray(
        ((rows - y) / (height / 2)) ** 2 + ((columns - x) / (width / 2)) ** 2 <= 0.85
    )


def _breadth(ink: Pixels, inside: Inside, ring: int) -> int:
    """Return how broad the outline is."""
    left, top, right, bottom = inside
    x, y = (left + right) // 2, (top + bottom) // 2
    reach = 2 * ring
    rays = (
        ink[max(0, top - reach) : top, x][::-1], ink[bottom : bottom + reach, x],
        ink[y, max(0, left - reach) : left][::-1], ink[y, right : right + reach],
    )  # fmt: skip
    breadths = []
    for ray in rays:
        dark = np.flatnonzero(ray)
        if len(dark):
            rest = np.flatnonzero(ray[dark[0] :] == 0)
            breadths.append(int(dark[0] + (rest[0] if len(rest) else len(ray))))
    return round(median(breadths)) if breadths else ring


def _stands_free(
    pieces: Facts, outline: int, outer: Inside, size: int, *, ticked: bool, is_round: bool
) -> bool:
    """Say whether there is paper around the outline; a tick may reach out of its box."""
    left, top, right, bottom = outer
    beside = 1 + max(2, round((_FREE_CIRCLE if is_round else _FREE) * size))
    above = 1 + max(2, round(_ABOVE * size))
    bands = (
        pieces[max(0, top) : bottom, max(0, left - beside) : max(0, left - 1)],
        pieces[max(0, top) : bottom, right + 1 : right + beside],
        pieces[max(0, top - above) : max(0, top - 1), max(0, left) : right].T,
        pieces[bottom + 1 : bottom + above, max(0, left) : right].T,
    )
    for band in bands:
        if not band.size:
            continue
        own = band == outline
        if ((band > 0) & ~own).mean() > _STRAY or own.mean() > (_STROKE if ticked else _STRAY):
            return False
        if own[:3].any(axis=0).all() and own[-3:].any(axis=0).all():
            return False  # the lines of a table go on
    return True


def _apart(found: Sequence[Box]) -> list[Box]:
    """Return the boxes without those inside another or seen twice, the larger ones first."""
    kept: list[Box] = []
    for box in sorted(found, key=lambda box: -box.size):
        if not any(_overlap(box, other) for other in kept):
            kept.append(box)
    return kept


def _overlap(box: Box, other: Box) -> bool:
    return (
        box.left < other.right and other.left < box.right
        and box.top < other.bottom and other.top < box.bottom
    )  # fmt: skip


def _filled(ink: Pixels, found: Sequence[Box]) -> list[Box]:
    """Return the squares, all ink, that are as large as boxes of the page."""
    squares = [box for box in found if not box.round]
    if not squares:
        return []
    _, _, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    filled = []
    sizes = [box.size for box in squares]
    good = (facts[:, 2] >= min(sizes) / _ALIKE) & (facts[:, 2] <= max(sizes) * _ALIKE)
    good &= (facts[:, 3] >= min(sizes) / _ALIKE) & (facts[:, 3] <= max(sizes) * _ALIKE)
    good &= facts[:, 4] >= _SOLID * facts[:, 2] * facts[:, 3]
    for left, top, width, height, _ in facts[good].tolist():
        box = Box(left, top, left + width, top + height, ticked=True)
        if _has_like(box, squares) and not any(_overlap(box, other) for other in found):
            filled.append(box)
    return filled


def _has_like(box: Box, found: Sequence[Box]) -> bool:
    """Say whether another box is as large."""
    return any(
        other is not box
        and max(box.size, other.size) <= _ALIKE * min(box.size, other.size)
        for other in found
    )


def _without_combs(found: Sequence[Box]) -> list[Box]:
    """Return the boxes without rows of fields, one for each letter."""
    rows: list[list[Box]] = []
    for box in sorted(found, key=lambda box: box.left):
        row = next(
            (
                row for row in rows
                if abs(row[-1].top - box.top) < 0.3 * box.size
                and 0 <= box.left - row[-1].right < _COMB_GAP * box.size
            ),
            None,
        )  # fmt: skip
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return [box for row in rows if len(row) < _COMB for box in row]
