"""Where the text lines of a page are: what the detector sees, and what it is shown again.

It is shown the page shrunk; small print a little less so; a nearly empty page in parts, see
``overlooked``; one with letters too small for that in tiles, see ``tiles``. A letter is in one box,
see ``overlaps``, and a box in one column, see ``gutters``.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import gutters, mosaic, overlaps, overlooked, tiles, turning
from ocrd.engine.rapidocr.lanes import Lanes, Rank
from ocrd.job import Quad

Pixels = NDArray[np.uint8]

DETECTION_SIDE = 960  # pixels that a page is shrunk to when its lines are looked for
SMALL_PRINT_SIDE = 1280  # and one in small print: see decision 0009
MOST_BOXES = 3000  # of one look: of a thousand, the library's own limit, a sheet of cells has more
_LANES_A_DETECTION = 4  # finding the lines is the hungry fifth of a page: 200 MB for a moment


class Finder:
    """Finds lines with a network; ``find`` may run in several threads at once."""

    def __init__(self, detector: Any, lanes: Lanes, count: int) -> None:
        """Take the library's detector, and the lanes, so many, that it runs in."""
        self._detect = detector
        self._detect_small = _seeing(detector, SMALL_PRINT_SIDE)
        self._lanes = lanes
        self._detecting = threading.Semaphore(math.ceil(count / _LANES_A_DETECTION))

    def find(
        self,
        pixels: Pixels,
        rank: Rank,
        longest_side: int | None = None,
        going_on: Callable[[], None] = lambda: None,
    ) -> list[Quad]:
        """Return the boxes of the text lines, in the image's pixels.

        They are looked for in the image shrunk to ``longest_side``, where that is less than what
        the engine reads pages with: faster, and blind to small print.
        """
        if longest_side is not None:
            return self._found(pixels, rank, longest_side)
        return gutters.parted(pixels, overlaps.resolved(pixels, self._seen(pixels, rank, going_on)))

    def _seen(self, pixels: Pixels, rank: Rank, going_on: Callable[[], None]) -> list[Quad]:
        """Return the boxes as the detector gives them."""
        quads = self._found(pixels, rank)
        scale = DETECTION_SIDE / max(pixels.shape[:2])
        if scale < 1 and overlooked.is_small_print(quads, scale):
            quads = self._found(pixels, rank, small_print=True)
            scale = SMALL_PRINT_SIDE / max(pixels.shape[:2])
        if scale < 1:
            plan = tiles.plan(pixels, quads, scale)
            if plan is None and len(quads) >= MOST_BOXES:
                plan = tiles.crowded(pixels, quads, scale)
            if plan is not None:
                return self._tiled(pixels, rank, quads, plan, going_on)
        return quads + self._overlooked(pixels, rank, quads)

    def _tiled(
        self,
        pixels: Pixels,
        rank: Rank,
        quads: Sequence[Quad],
        plan: tiles.Plan,
        going_on: Callable[[], None],
    ) -> list[Quad]:
        """Return the lines of a page as its tiles show them."""
        seen = []
        for region in plan.regions:
            left, top, right, bottom = region
            part = np.ascontiguousarray(pixels[top:bottom, left:right])
            found = self._found(part, rank, round(plan.scale * max(part.shape[:2])))
            seen.append((region, [_moved(quad, left, top) for quad in found]))
            going_on()
        return mosaic.joined(quads, seen, plan, (pixels.shape[1], pixels.shape[0]))

    def _overlooked(self, pixels: Pixels, rank: Rank, quads: Sequence[Quad]) -> list[Quad]:
        """Return the lines of a nearly empty page that were not seen on the whole of it."""
        found: list[Quad] = []
        for left, top, right, bottom in overlooked.regions(pixels, quads):
            part = np.ascontiguousarray(pixels[top:bottom, left:right])
            for quad in self._found(part, rank):
                moved = _moved(quad, left, top)
                if not any(turning.overlap(moved, other) for other in (*quads, *found)):
                    found.append(moved)
        return found

    def _found(
        self,
        pixels: Pixels,
        rank: Rank,
        longest_side: int | None = None,
        *,
        small_print: bool = False,
    ) -> list[Quad]:
        detect = self._detect_small if small_print else self._detect
        scale = max(1.0, max(pixels.shape[:2]) / longest_side) if longest_side else 1.0
        if scale > 1:
            size = [max(1, round(side / scale)) for side in pixels.shape[1::-1]]
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        with self._detecting:
            run: Future[Any] = self._lanes.submit(rank, detect, pixels)
            boxes = run.result().boxes
        return [] if boxes is None else [quad_of(box) for box in (boxes * scale).tolist()]


def _seeing(detector: Any, longest_side: int) -> Any:
    """Return the detector, with the same network, shown pages shrunk to another size."""
    other = copy.copy(detector)
    other.text_det = copy.copy(detector.text_det)
    other.text_det.limit_side_len = longest_side
    return other


def _moved(quad: Quad, left: int, top: int) -> Quad:
    a, b, c, d = ((x + left, y + top) for x, y in quad)
    return a, b, c, d


def quad_of(box: list[list[float]]) -> Quad:
    """Return the corners that the library gives as a list."""
    a, b, c, d = ((float(x), float(y)) for x, y in box)
    return a, b, c, d
