"""The pieces of ink that one line's signs are made of, as the network saw the line."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import shades

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, width, height

HEIGHT = 48  # pixels that a line is high here, and
COLUMN = 8  # that one of the network's columns is wide
_LEAST_CONTRAST = 24  # grey levels between ink and paper
_INK = 0.35  # of the way from paper to ink
_RULED = 0.8  # share of a row that is inked where a rule runs along it


class LinePieces:
    """A line's pieces of ink, parted when they are asked for first."""

    def __init__(self, strip: Pixels, columns: int) -> None:
        """Take the line's image, which the network saw in so many columns."""
        self.strip, self._columns = strip, columns

    @cached_property
    def ink(self) -> Pixels | None:
        """The line's ink, 1 where there is some; None without any."""
        return _ink_of(self.strip, self._columns)

    @property
    def labels(self) -> NDArray[np.int32]:
        """Which piece each pixel belongs to, from 1 on; 0 where there is no ink."""
        labels, _ = self._parted
        return labels

    @property
    def facts(self) -> NDArray[np.int32]:
        """Each piece's left, top, width, height and pixels of ink; before them, the paper's."""
        _, facts = self._parted
        return facts

    @cached_property
    def boxes(self) -> list[Box]:
        """Where each piece lies."""
        return [tuple(one) for one in self.facts[1:, :4].tolist()]

    def shape(self, index: int) -> NDArray[np.bool_]:
        """Return the pixels of a piece in its box."""
        left, top, wide, high = self.boxes[index]
        return np.asarray(self.labels[top : top + high, left : left + wide] == index + 1)

    @cached_property
    def _parted(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        if self.ink is None:
            return np.zeros((0, 0), np.int32), np.zeros((1, 5), np.int32)
        _, labels, facts, _ = cv2.connectedComponentsWithStats(self.ink, connectivity=8)
        return np.asarray(labels, np.int32), np.asarray(facts, np.int32)


def _ink_of(strip: Pixels, columns: int) -> Pixels | None:
    """Return the line's ink as the network saw it, 1 where there is some; None without any."""
    grey = strip if strip.ndim == 2 else cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    way = cv2.INTER_AREA if grey.shape[0] > HEIGHT else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(grey, (columns * COLUMN, HEIGHT), interpolation=way), np.uint8)
    ink = shades.inked(grey, (0.03, 0.97), share=_INK, contrast=_LEAST_CONTRAST)
    if ink is None:
        return None
    ink[ink.mean(axis=1) > _RULED] = False
    return np.ascontiguousarray(ink, np.uint8)
