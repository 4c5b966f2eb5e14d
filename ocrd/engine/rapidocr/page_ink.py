"""A page's ink and its pieces, found once for all who ask (pure)."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import tiles

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int32]

_DARK = 0.25  # of what most ink differs from the paper by


class PageInk:
    """The ink of an upright page, 255 where there is some; not for several threads at once."""

    def __init__(self, page: Pixels) -> None:
        self._page = page

    @cached_property
    def ink(self) -> Pixels:
        """Where what differs from the paper by a quarter of what most ink does is."""
        return tiles.inked(self._page, _DARK)

    @property
    def labels(self) -> Labels:
        """Which piece each pixel belongs to; 0 is paper."""
        return self._components[0]

    @property
    def facts(self) -> Labels:
        """A row a piece: left, top, width, height, pixels; the first is of the paper."""
        return self._components[1]

    @cached_property
    def _components(self) -> tuple[Labels, Labels]:
        _, labels, facts, _ = cv2.connectedComponentsWithStats(self.ink, connectivity=8)
        return np.asarray(labels, np.int32), np.asarray(facts, np.int32)
