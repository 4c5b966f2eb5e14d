"""Which way up a page is, for engines that cannot tell: it is turned before they see it.

The text lines of the page are found with the embedded engine, and a few are read both ways. A
quick look at a small image settles most pages: upside-down text never reads well. What it cannot
settle is looked at as the embedded engine does. A page without text stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageOps

from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.engine import RapidOcr, Share
from ocrd.engine.rapidocr.strips import Pixels, pixels_of
from ocrd.job import Quad

QUICK_SIDE = 480  # pixels; at 320 the lines of small print are lost
DOMINANCE = 4.0  # how many times the area of the other boxes makes a direction sure
PROBE_RATIO = 14.0  # a line's beginning this many times as long as high has some 28 letters
GOOD_SCORE = 0.9  # mean score of short lines that decides a quick look,
FAR_APART = 0.25  # if the other way up is so much worse
LEAST_SCORE = 0.6  # mean score below which there is no text to turn a page for

# Clockwise degrees -> Pillow's turn, which is counter-clockwise.
_TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


class Upright:
    """Turns pages upright; ``turn`` may run in several threads at once."""

    def __init__(self, threads: int) -> None:
        self._engine = RapidOcr(Share.of(threads, threads, threads))

    def turn(self, image: Image.Image) -> tuple[Image.Image, int]:
        """Return the page upright, and the clockwise degrees it was turned by: 0, 90, 180, 270.

        An EXIF orientation is applied first and not counted.
        """
        page = ImageOps.exif_transpose(image)
        rotation = self._rotation(pixels_of(page))
        return (page.transpose(_TURNS[rotation]) if rotation else page), rotation

    def _rotation(self, pixels: Pixels) -> int:
        quick = self._quick(pixels)
        return self._thorough(pixels) if quick is None else quick

    def _quick(self, pixels: Pixels) -> int | None:
        """Return the rotation if a small image shows it beyond doubt."""
        quads = self._engine.detect(pixels, QUICK_SIDE)
        lying, standing = turning.areas(quads)
        if max(lying, standing) < DOMINANCE * min(lying, standing):
            return None
        sideways = standing > lying
        probes = _probes(quads, sideways)[: turning.PROBES]
        as_is = self._read(pixels, probes)
        if turning.is_surely_upright(as_is):
            return _rotation_of(sideways, turned=False)
        turned = self._read(pixels, probes, turned=True)
        if turning.is_surely_upright(turned):
            return _rotation_of(sideways, turned=True)
        scores = turning.mean_score(as_is), turning.mean_score(turned)
        if len(probes) < turning.PROBES or max(scores) < max(GOOD_SCORE, min(scores) + FAR_APART):
            return None
        return _rotation_of(sideways, turned=scores[1] > scores[0])

    def _thorough(self, pixels: Pixels) -> int:
        quads = self._engine.detect(pixels)
        sideways = turning.is_sideways(quads)
        probes = _probes(quads, sideways)
        as_is: list[turning.Reading] = []
        turned: list[turning.Reading] = []
        for start in range(0, len(probes), turning.PROBES):
            some = probes[start : start + turning.PROBES]
            as_is += self._read(pixels, some)
            turned += self._read(pixels, some, turned=True)
            better = max(turning.mean_score(as_is), turning.mean_score(turned))
            is_clear = turning.is_upside_down(as_is, turned) is not None
            if is_clear and better >= LEAST_SCORE:
                break
        return _better(as_is, turned, sideways)

    def _read(
        self, pixels: Pixels, quads: Sequence[Quad], *, turned: bool = False
    ) -> list[turning.Reading]:
        return list(self._engine.read_many(pixels, quads, turned=turned))


def _probes(quads: Sequence[Quad], sideways: bool) -> list[Quad]:
    """Return the beginnings of the longest lines, the longest first."""
    chosen = turning.longest(quads, standing=sideways)
    return [turning.shortened(quads[index], PROBE_RATIO) for index in chosen]


def _better(
    as_is: Sequence[turning.Reading], turned: Sequence[turning.Reading], sideways: bool
) -> int:
    """Return the rotation by which the lines read better, if they are text at all."""
    scores = turning.mean_score(as_is), turning.mean_score(turned)
    if max(scores) < LEAST_SCORE:
        return 0
    is_turned = bool(turning.is_upside_down(as_is, turned))
    if sideways:  # one of the two ways it must be
        is_turned = scores[1] > scores[0]
    return _rotation_of(sideways, turned=is_turned)


def _rotation_of(sideways: bool, *, turned: bool) -> int:
    """Return the clockwise degrees by which lines read well.

    A standing line is read laid down counter-clockwise, which is 270 degrees clockwise.
    """
    if sideways:
        return 90 if turned else 270
    return 180 if turned else 0
