"""How far apart the letters of a line stand, by its ink (pure).

The network's columns say roughly where a letter is; the white between the strokes says exactly how
wide a gap is, and whether letters stand equally far apart, as a typewriter sets them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr.shades import quantiles

Pixels = NDArray[np.uint8]

_PAPER = 0.35  # of the ink's darkness: a column up to it is white
_RULED = 0.85  # share of a row that is no paper where a rule runs along it
_REACH = 4  # letters on either side of a space that say how letters are set there


@dataclass(frozen=True, slots=True)
class Stride:
    """How the letters around a space are set, from the middle of one to that of the next."""

    steps: int  # between letters, the one across the space aside
    spread: float  # of these steps, as a share of the usual one
    across: float  # the step across the space, as a share of the usual one


class LineInk:
    """The ink of a line's letters, cut where white columns part it."""

    def __init__(self, strip: Pixels, columns: int, places: Sequence[int]) -> None:
        """Take the image, of which each of the network's columns is a like share.

        ``places`` are the columns that the characters were seen in.
        """
        self._height = int(strip.shape[0])
        step = strip.shape[1] / columns
        self._places = [(place + 0.5) * step for place in places]
        white = np.concatenate(([True], _white(strip), [True])).astype(np.int8)
        self._starts = np.flatnonzero(np.diff(white) == -1)
        self._ends = np.flatnonzero(np.diff(white) == 1)
        self._middles = (self._starts + self._ends) / 2

    def gap(self, before: int, after: int) -> float:
        """Return the width of the white between two characters, in heights of the line."""
        left, right = int(self._places[before]), int(self._places[after]) + 1
        ends = np.clip(np.concatenate(([left], self._ends)), left, right)
        starts = np.clip(np.concatenate((self._starts, [right])), left, right)
        return float((starts - ends).max()) / self._height

    def stride(self, text: str, space: int, stops: Collection[int]) -> Stride | None:
        """Return how the letters around a space of the text are set, up to the next of ``stops``.

        None where strokes and letters are not one for one, or where there are too few of them.
        """
        left, right = (_letters(text, space, way, stops) for way in (-1, 1))
        if not left or not right or not len(self._middles):
            return None
        found = [self._stroke_at(index) for index in (*left[::-1], *right)]
        if any(b - a != 1 for a, b in pairwise(found)):
            return None
        middles = self._middles[found]
        steps = np.diff(middles).tolist()
        across = steps.pop(len(left) - 1)
        usual = median(steps) if steps else 0.0
        if usual <= 0:
            return None
        return Stride(len(steps), (max(steps) - min(steps)) / usual, across / usual)

    def _stroke_at(self, index: int) -> int:
        return int(np.abs(self._middles - self._places[index]).argmin())


def _letters(text: str, space: int, way: int, stops: Collection[int]) -> list[int]:
    """Return the next letters from a space on, from the nearest; other spaces are passed over."""
    found: list[int] = []
    index = space + way
    while 0 <= index < len(text) and len(found) < _REACH and index not in stops:
        if text[index] != " ":
            found.append(index)
        index += way
    return found


def _white(strip: Pixels) -> NDArray[np.bool_]:
    """Say of each column whether there is no ink in it."""
    grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.uint8)
    dark, middle, light = quantiles(grey, 0.03, 0.5, 0.9)
    ink = np.clip((light - grey.astype(np.float32)) / max(light - dark, 1.0), 0, 1)
    if middle - dark < light - middle:  # light letters on dark paper
        ink = 1 - ink
    ink[(ink > _PAPER).mean(axis=1) > _RULED] = 0  # a rule above or under the letters
    return np.asarray(ink.max(axis=0) < _PAPER)
