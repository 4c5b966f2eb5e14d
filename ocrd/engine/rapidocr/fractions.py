"""Fractions that are one sign, read by their parts (pure but for who reads these).

The network has ½, ¼ and ¾ only, and says ½ to most others. But a numerator, a slash and a
denominator are three pieces of ink, and each figure by itself is read well.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import signs

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, width, height

SIGNS = {
    "12": "½", "13": "⅓", "23": "⅔", "14": "¼", "34": "¾", "15": "⅕", "25": "⅖", "35": "⅗",
    "45": "⅘", "16": "⅙", "56": "⅚", "18": "⅛", "38": "⅜", "58": "⅝", "78": "⅞",
}  # fmt: skip
_NEAR = 18.0  # pixels from a sign's place to the middle of its slash
_SLASH = (0.4, 0.12)  # of the line's height: how high one is, and how broad, at least
_THIN = 0.5  # share of a slash's box that is ink, at most
_FIGURE = (0.2, 0.62)  # of the line's height, that a figure of a fraction is
_BESIDE = 0.35  # of the line's height, from slash to figure
_LEAST, _STRAIGHT = 3, -0.8  # pixels of a slash's sides; how its rows and columns go together
_MARGIN = 0.3  # of a figure's height, around it


def of(strip: Pixels, columns: int, place: float, read: Callable[[Pixels], str]) -> str | None:
    """Return the fraction whose slash stands about at ``place``, in pixels; None if none does.

    A fraction of figures that no sign has, or that are not read, is "".
    """
    ink = signs.ink_of(strip, columns)
    if ink is None:
        return None
    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pieces = [tuple(piece[:4]) for piece in facts[1:].tolist()]
    tall, broad = _SLASH
    slashes = [
        piece for number, (piece, area) in enumerate(
            zip(pieces, facts[1:, 4].tolist(), strict=True), start=1
        )
        if piece[3] >= tall * signs.HEIGHT and piece[2] >= broad * signs.HEIGHT
        and area <= _THIN * piece[2] * piece[3]
        and abs(piece[0] + piece[2] / 2 - place) <= _NEAR
        and _leans(labels == number)
    ]  # fmt: skip
    for slash in slashes:
        upper, lower = _figure(pieces, slash, -1), _figure(pieces, slash, 1)
        if upper and lower:
            digits = "".join(read(_cut(strip, ink, one)) for one in (upper, lower))
            return SIGNS.get(digits, "")
    return None


def _leans(piece: NDArray[np.bool_]) -> bool:
    """Say whether a piece goes up from the left to the right, as a slash does."""
    rows, columns = np.nonzero(piece)
    if np.ptp(rows) < _LEAST or np.ptp(columns) < _LEAST:
        return False
    return bool(np.corrcoef(rows, columns)[0, 1] < _STRAIGHT)


def _figure(pieces: list[Box], slash: Box, way: int) -> Box | None:
    """Return the figure above a slash on its left, or below it on its right."""
    x, y = slash[0] + slash[2] / 2, slash[1] + slash[3] / 2
    least, most = (share * signs.HEIGHT for share in _FIGURE)
    found = []
    for piece in pieces:
        left, top, wide, high = piece
        across, down = left + wide / 2 - x, top + high / 2 - y
        if piece == slash or not least <= high <= most or wide > high * 1.2:
            continue
        if way * across <= 0 or way * down <= 0:
            continue
        if abs(across) - (slash[2] + wide) / 2 <= _BESIDE * signs.HEIGHT:
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
