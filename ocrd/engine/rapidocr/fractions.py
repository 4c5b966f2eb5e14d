"""Fractions that are one sign, read by their parts (pure but for who reads these).

The network has ½, ¼ and ¾ only, and says ½ to most others. But a numerator, a slash and a
denominator are three pieces of ink, and each figure by itself is read well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr.line_pieces import HEIGHT, Box, LinePieces

Pixels = NDArray[np.uint8]

SIGNS = {
    "12": "½", "13": "⅓", "23": "⅔", "14": "¼", "34": "¾", "15": "⅕", "25": "⅖", "35": "⅗",
    "45": "⅘", "16": "⅙", "56": "⅚", "18": "⅛", "38": "⅜", "58": "⅝", "78": "⅞",
}  # fmt: skip
_ALIKE = {  # letters that figures by themselves are read as
    **dict.fromkeys("lI|i", "1"), **dict.fromkeys(("z", "Z", "乙"), "27"),
    **dict.fromkeys("sS", "5"), "B": "8", "T": "7", "A": "4",
}  # fmt: skip
_NEAR = 18.0  # pixels from a sign's place to the middle of its slash
_SLASH = (0.4, 0.12)  # of the line's height: how high one is, and how broad, at least
_THIN = 0.5  # share of a slash's box that is ink, at most
_FIGURE = (0.2, 0.62)  # of the line's height, that a figure of a fraction is
_BESIDE = 0.35  # of the line's height, from slash to figure
_LEAST, _STRAIGHT = 3, -0.8  # pixels of a slash's sides; how its rows and columns go together
_MARGIN = 0.3  # of a figure's height, around it
_APART = 0.25  # of the slash's height, that the upper figure stands higher than the lower one
_HOLE = 0.06  # of its box, that a ring is drawn around
_ZONE, _SLIM = (0.35, 1.1), 0.6  # of the line's height: a fraction in one piece, how broad it is
_CLOSE = 3  # pixels from it to a figure of it
_UNBROKEN = 0.85  # of its height, that a slash is inked
_SLOPES = np.arange(0.3, 1.3, 0.06)  # pixels to the right for each one up
_HALF_STROKE = 2.5  # pixels from a slash's middle to its sides
_AT_EDGE, _TALLEST = 0.15, 0.72  # of a fraction's height: from there to a figure; how high that is
_LEAST_INK = 12  # pixels of a figure
_WITHIN = (2.0, 4.0)  # pixels beyond a fraction's ink, on its left and right, for its characters


@dataclass(frozen=True, slots=True)
class Fraction:
    """One on a line: its sign, "" where its figures are none's or not read, and its ink."""

    sign: str
    left: float
    right: float

    def covers(self, place: float) -> bool:
        """Say whether a character seen at a place is a part of it."""
        return self.left - _WITHIN[0] <= place <= self.right + _WITHIN[1]


def of(pieces: LinePieces, place: float, read: Callable[[Pixels], str]) -> Fraction | None:
    """Return the fraction whose slash stands about at ``place``, in pixels; None if none does."""
    if pieces.ink is None:
        return None
    for slash in _slashes(pieces, place):
        upper, lower = (_figure(pieces.boxes, slash, way) for way in (-1, 1))
        if not upper or not lower or not _are_raised(upper, lower, slash):
            continue
        left, right = min(upper[0], slash[0]), max(lower[0] + lower[2], slash[0] + slash[2])
        if all(_is_ring(pieces.ink, one) for one in (upper, lower)):
            return None  # a sign of per cent
        said = [read(_cut(pieces.strip, pieces.ink, one)) for one in (upper, lower)]
        return Fraction(_sign(*said), float(left), float(right))
    return _touching(pieces, place, read)


def _touching(pieces: LinePieces, place: float, read: Callable[[Pixels], str]) -> Fraction | None:
    """Return the fraction at a place whose figures touch its slash, cut along that."""
    assert pieces.ink is not None
    zone = _zone(pieces.boxes, place)
    if zone is None:
        return None
    left, top, wide, high = zone
    ink = pieces.ink[top : top + high, left : left + wide]
    stroke = _stroke(ink)
    if stroke is None:
        return None
    foot, slope = stroke
    rows, columns = np.indices(ink.shape)
    beyond = columns - (foot + slope * (high - 1 - rows))
    sides = beyond < -_HALF_STROKE, beyond > _HALF_STROKE
    (above, upper), (below, lower) = (_largest(np.where(side, ink, 0)) for side in sides)
    if upper is None or lower is None or not _are_raised(upper, lower, (0, 0, wide, high)):
        return None
    if upper[1] > _AT_EDGE * high or lower[1] + lower[3] < (1 - _AT_EDGE) * high:
        return None
    if max(upper[3], lower[3]) > _TALLEST * high:
        return None
    if _is_ring(above, upper) and _is_ring(below, lower):
        return None
    said = read(_shown(above, upper)), read(_shown(below, lower))
    return Fraction(_sign(*said), float(left), float(left + wide))


def _sign(upper: str, lower: str) -> str:
    """Return the sign of the figures that were read, "" if none has them."""
    some = {
        SIGNS.get(above + below, "")
        for above in _ALIKE.get(upper.strip(" .,'"), upper.strip(" .,'"))
        for below in _ALIKE.get(lower.strip(" .,'"), lower.strip(" .,'"))
    } - {""}
    return some.pop() if len(some) == 1 else ""


def _zone(boxes: Sequence[Box], place: float) -> Box | None:
    """Return the box of the piece at a place, with what stands close to it."""
    least, most = (share * HEIGHT for share in _ZONE)
    at = [
        box for box in boxes
        if box[0] - _WITHIN[0] <= place <= box[0] + box[2] + _WITHIN[0]
        and box[3] >= least and least * _SLIM <= box[2] <= most
    ]  # fmt: skip
    if not at:
        return None
    left, top, wide, high = max(at, key=lambda box: box[2] * box[3])
    right, bottom = left + wide, top + high
    for x, y, across, down in boxes:
        is_small = down <= _FIGURE[1] * HEIGHT and down >= _FIGURE[0] * HEIGHT
        near = left - _CLOSE <= x + across and x <= right + _CLOSE
        raised = x < left and y + down / 2 < top + high / 2
        lowered = x + across > right and y + down / 2 > top + high / 2
        if is_small and near and (raised or lowered):
            left, right = min(left, x), max(right, x + across)
            top, bottom = min(top, y), max(bottom, y + down)
    return left, top, right - left, bottom - top


def _stroke(ink: Pixels) -> tuple[float, float] | None:
    """Return where the straight stroke through a piece ends below, and how it leans; None if none.

    It leans so many pixels to the right for each that it rises.
    """
    high, wide = ink.shape
    rise = high - 1 - np.arange(high)
    feet = np.arange(0, wide, 0.5)
    best, found = _UNBROKEN, None
    for slope in _SLOPES:
        across = np.rint(feet[:, None] + slope * rise[None, :]).astype(np.intp)
        inside = (across >= 0) & (across < wide)
        hits = np.where(inside, ink[np.arange(high)[None, :], across.clip(0, wide - 1)], 0)
        share = hits.mean(axis=1)
        at = int(share.argmax())
        if share[at] > best:
            best, found = float(share[at]), (float(feet[at]), float(slope))
    return found


def _largest(figure: NDArray[np.integer]) -> tuple[Pixels, Box | None]:
    """Return the largest piece of some ink and its box, None where there is hardly anything."""
    ink = np.ascontiguousarray(figure, np.uint8)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count == 1:
        return ink, None
    left, top, wide, high, area = facts[1:][facts[1:, 4].argmax()].tolist()
    piece = np.asarray(labels == 1 + int(facts[1:, 4].argmax()), np.uint8)
    return piece, (left, top, wide, high) if area >= _LEAST_INK else None


def _shown(figure: NDArray[np.integer], box: Box) -> Pixels:
    """Return the image of a figure cut out of a piece, black on white."""
    left, top, wide, high = box
    part = np.where(figure[top : top + high, left : left + wide] > 0, 0, 255).astype(np.uint8)
    margin = max(2, round(_MARGIN * high))
    part = np.pad(part, ((margin, margin), (2 * margin, 2 * margin)), constant_values=255)
    return np.ascontiguousarray(np.repeat(part[:, :, None], 3, axis=2))


def _slashes(pieces: LinePieces, place: float) -> Iterator[Box]:
    """Yield the pieces about a place that are thin and lean as a slash does."""
    tall, broad = _SLASH
    for index, box in enumerate(pieces.boxes):
        left, _, wide, high = box
        area = int(pieces.facts[1 + index, 4])
        if abs(left + wide / 2 - place) > _NEAR or area > _THIN * wide * high:
            continue
        is_stroke = high >= tall * HEIGHT and wide >= broad * HEIGHT
        if is_stroke and _leans(pieces.shape(index)):
            yield box


def _are_raised(upper: Box, lower: Box, slash: Box) -> bool:
    """Say whether one figure stands clearly higher than the other: those of 1/2 are level."""
    up, down = (top + high / 2 for _, top, _, high in (upper, lower))
    return down - up >= _APART * slash[3]


def _is_ring(ink: Pixels, figure: Box) -> bool:
    """Say whether a piece of ink is drawn around paper."""
    left, top, wide, high = figure
    paper = np.pad(1 - ink[top : top + high, left : left + wide], 1, constant_values=1)
    _, _, facts, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    return any(area >= _HOLE * wide * high for area in sorted(facts[1:, 4].tolist())[:-1])


def _leans(piece: NDArray[np.bool_]) -> bool:
    """Say whether a piece goes up from the left to the right, as a slash does."""
    rows, columns = np.nonzero(piece)
    if np.ptp(rows) < _LEAST or np.ptp(columns) < _LEAST:
        return False
    return bool(np.corrcoef(rows, columns)[0, 1] < _STRAIGHT)


def _figure(pieces: list[Box], slash: Box, way: int) -> Box | None:
    """Return the figure above a slash on its left, or below it on its right."""
    x, y = slash[0] + slash[2] / 2, slash[1] + slash[3] / 2
    least, most = (share * HEIGHT for share in _FIGURE)
    found = []
    for piece in pieces:
        left, top, wide, high = piece
        across, down = left + wide / 2 - x, top + high / 2 - y
        if piece == slash or not least <= high <= most or wide > high * 1.2:
            continue
        if way * across <= 0 or way * down <= 0:
            continue
        if abs(across) - (slash[2] + wide) / 2 <= _BESIDE * HEIGHT:
            found.append((abs(across), piece))
    return min(found)[1] if found else None


def _cut(strip: Pixels, ink: Pixels, figure: Box) -> Pixels:
    """Return the image of a figure with paper around it."""
    left, top, wide, high = figure
    height, width = strip.shape[:2]
    across, down = width / ink.shape[1], height / ink.shape[0]
    x0, x1 = max(0, round((left - 1) * across)), round((left + wide + 1) * across)
    y0, y1 = max(0, round((top - 1) * down)), round((top + high + 1) * down)
    part = strip[y0:y1, x0:x1]
    margin = max(2, round(_MARGIN * (y1 - y0)))
    paper = np.median(strip.reshape(-1, strip.shape[2]), axis=0).tolist()
    return np.asarray(
        cv2.copyMakeBorder(
            part, margin, margin, 2 * margin, 2 * margin, cv2.BORDER_CONSTANT, value=paper
        ),
        np.uint8,
    )
