"""Print on the back of thin paper that shines through, taken off a page before it is read.

It is paler than the print of the page, and mirrored: pale lines that read better in a mirror are
not the page's own. Only where they were found so, the page's two shades of ink are parted, and what
is as pale as they are becomes paper; pale lines that read well as they stand are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from ocrd.engine.rapidocr import shades, turning
from ocrd.engine.rapidocr.strips import Pixels, strip
from ocrd.job import Quad

PROBES = 8  # pale lines that are looked at in a mirror, the longest
FEWEST = 2  # of them that have to read better there
LONG = 3.0  # heights, that such a line is long at least

_PALE = 0.55  # of the contrast of the page's own print, at most
_CONTRAST = 60  # grey levels that the page's own print has at least
_SEEN = 8  # grey levels: paler is grain
_ENDS = (0.04, 0.9)  # shares of a line's pixels that are taken for ink and paper
_BETTER = 0.12  # that a line's score is higher in the mirror
_LEGIBLE = 0.5  # its score there
_CLEARLY, _CLEAR = 0.05, 0.93  # or this much, and this
_OWN = 0.8  # of a pale line that is the page's own
_LETTERS = 3  # that it has
_MARGIN = 1.3  # times the contrast of the back's print: what is no paler stays
_EDGE = 0.09  # heights of a line around the page's own ink that stay as they are
_FAR = 0.8  # heights of a line within which there is paper


class Reader(Protocol):
    """Finds and reads lines."""

    def read_many(
        self, pixels: Pixels, quads: Sequence[Quad], *, turned: bool = False
    ) -> Iterator[turning.Reading]:
        """Yield the reading of each line."""
        ...


def dark(pixels: Pixels, quads: Sequence[Quad]) -> list[int]:
    """Return the indices of the lines that are no paler than a page's own print is."""
    contrasts = [_contrast(pixels, quad) for quad in quads]
    least = _PALE * max(contrasts, default=0.0)
    return [index for index, contrast in enumerate(contrasts) if contrast >= least]


def front(
    reader: Reader, pixels: Pixels, quads: Sequence[Quad], going_on: Callable[[], None]
) -> Pixels | None:
    """Return the upright page without its back's print; None where none shines through.

    ``quads`` are its lines; ``going_on`` is called now and then.
    """
    contrasts = [_contrast(pixels, quad) for quad in quads]
    own = max(
        (each for each, quad in zip(contrasts, quads, strict=True) if _is_long(quad)), default=0.0
    )
    if own < _CONTRAST:
        return None
    pale = [
        (contrast, quad)
        for contrast, quad in zip(contrasts, quads, strict=True)
        if _SEEN <= contrast <= _PALE * own
    ]
    # The long ones first, and of those the longest.
    pale.sort(key=lambda one: (_is_long(one[1]), _width(one[1])), reverse=True)
    probes = [quad for _, quad in pale[:PROBES] if _is_long(quad)]
    if len(probes) < FEWEST:
        return None
    going_on()
    seen = _mirrored(reader, pixels, probes)
    if 2 * sum(1 for is_back, _ in seen if is_back) < max(len(seen), 2 * FEWEST):
        return None
    going_on()
    back, kept = [], []
    judged = seen + _mirrored(reader, pixels, [quad for _, quad in pale[len(seen) :]])
    for (contrast, quad), (is_back, is_own) in zip(pale, judged, strict=True):
        if is_own:
            kept.append(quad)
        elif is_back:
            back.append(contrast)
    if not back:
        return None
    level = float(np.quantile(back, 0.9))
    limit = min(_MARGIN * level, (level + own) / 2)
    height = float(np.median([min(turning.size(quad)) for quad in quads]))
    return _parted(pixels, limit, height, kept)


def _contrast(pixels: Pixels, quad: Quad) -> float:
    grey = np.asarray(cv2.cvtColor(strip(pixels, quad), cv2.COLOR_BGR2GRAY), np.uint8)
    dark, light = shades.quantiles(grey, *_ENDS)
    return light - dark


def _width(quad: Quad) -> float:
    return turning.size(quad)[0]


def _is_long(quad: Quad) -> bool:
    width, height = turning.size(quad)
    return width >= LONG * height


def _mirrored(
    reader: Reader, pixels: Pixels, quads: Sequence[Quad]
) -> list[tuple[bool, bool]]:
    """Say of each line whether it reads better in a mirror, and whether well as it stands.

    The back may have been printed head to foot.
    """
    width = pixels.shape[1]
    glass = np.ascontiguousarray(pixels[:, ::-1])
    behind = [_behind(quad, width) for quad in quads]
    as_it_stands = list(reader.read_many(pixels, quads))
    level = list(reader.read_many(glass, behind))
    turned = list(reader.read_many(glass, behind, turned=True))
    found = []
    for own, *others in zip(as_it_stands, level, turned, strict=True):
        best = max(others, key=lambda reading: reading[1])
        is_better = best[1] >= max(own[1] + _BETTER, _LEGIBLE)
        is_better |= best[1] >= max(own[1] + _CLEARLY, _CLEAR)
        is_back = is_better and len(best[0].strip()) >= _LETTERS
        found.append((is_back, not is_back and own[1] >= max(_OWN, best[1])))
    return found


def _behind(quad: Quad, width: int) -> Quad:
    left_top, right_top, right_bottom, left_bottom = ((width - x, y) for x, y in quad)
    return right_top, left_top, left_bottom, right_bottom


def _parted(pixels: Pixels, limit: float, height: float, kept: Sequence[Quad]) -> Pixels:
    """Return the page with paper where its ink is no darker than a limit, in grey levels."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    paper = _paper(pixels, height)
    darkness = cv2.subtract(cv2.cvtColor(paper, cv2.COLOR_BGR2GRAY), grey)
    edge = 2 * max(1, round(_EDGE * height)) + 1
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    stays = cv2.dilate((darkness > limit).astype(np.uint8), near)
    for quad in kept:
        cv2.fillConvexPoly(stays, np.array(quad, np.int32), 1)
    return np.where(stays[..., None] > 0, pixels, paper)


def _paper(pixels: Pixels, height: float) -> Pixels:
    """Return the page's paper: the lightest that is near, smoothed."""
    scale = max(1.0, height / 8)
    small = cv2.resize(pixels, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    reach = 2 * max(1, round(_FAR * height / scale)) + 1
    lightest = cv2.dilate(small, np.ones((reach, reach), np.uint8))
    lightest = cv2.erode(lightest, np.ones((reach, reach), np.uint8))
    smooth = cv2.blur(lightest, (reach, reach))
    size = (pixels.shape[1], pixels.shape[0])
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.uint8)
