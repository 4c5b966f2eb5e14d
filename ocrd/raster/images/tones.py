"""Deep pixels brought to eight bits: whole numbers of sixteen or more bits, and fractions.

Few files fill the range that their pixels could have: scanners put ten or twelve bits into
sixteen, instruments write what they measured. So the range is taken from the pixels, as viewers
do, where something stands out of them; the noise of an empty page is not made into ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocrd.raster.images.blankness import has_structure, is_blank

Numbers = NDArray[np.float32]

_FILLED = 0.6  # of a range, robustly: then it is the one that was meant
_FILLED_ANNOUNCED = 0.2  # of one that the file itself announces
_OUTLIERS, _FEWEST_OUTLIERS = 1e-5, 5  # of the pixels at either end: hot ones, and dead ones
_LOOKED_AT = 4_000_000  # pixels, whether anything stands out of them
_DEEPEST = 1e30  # beyond this a fraction is no level but a mark for "nothing here"
_NARROW = 32  # levels of 255: fewer between paper and ink are hardly read
_BITS = (8, 10, 12, 14, 16, 24, 31, 32)


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that become black and white."""

    black: float
    white: float

    def shallow(self, numbers: Numbers) -> NDArray[np.uint8]:
        """Return levels of 0..255; what is no number is paper."""
        scale = 255.0 / (self.white - self.black) if self.white != self.black else 0.0
        levels = (numbers - np.float32(self.black)) * np.float32(scale) + np.float32(0.5)
        levels = np.nan_to_num(levels, nan=255.0, posinf=255.0, neginf=0.0)
        return np.asarray(np.clip(levels, 0, 255), np.uint8)


def numbers_of(image: Image.Image) -> Numbers:
    """Return the pixels of an image in a deep mode; those that are no levels become NaN."""
    if image.mode in ("I;16B", "I;16L", "I;16N"):
        image = image.convert("I")
    numbers = np.asarray(image).astype(np.float32)
    if image.mode == "F":
        numbers[~(np.abs(numbers) < _DEEPEST)] = np.nan
    return numbers


def range_of(numbers: Numbers, announced: tuple[float, float] | None, *, whole: bool) -> Range:
    """Return the range in which the pixels lie.

    ``announced`` is what the file says of it, ``whole`` says that the pixels are whole numbers.
    """
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Range(0.0, 1.0)
    low, high = _robust(finite)
    meant, filled = _usual(low, high, whole=whole), _FILLED
    if announced is not None and _fits(announced, low, high):
        meant, filled = announced, _FILLED_ANNOUNCED
    if high - low >= filled * (meant[1] - meant[0]):
        return Range(*meant)
    if not _stands_out(numbers, low, high, whole=whole):
        return _pale(float(np.median(finite)), meant)
    return Range(low, high)


def _robust(finite: Numbers) -> tuple[float, float]:
    """Return the extremes without the few pixels that are broken."""
    few = max(_FEWEST_OUTLIERS, int(finite.size * _OUTLIERS))
    few = min(few, (finite.size - 1) // 2)
    ordered = np.partition(finite.ravel(), (few, finite.size - 1 - few))
    return float(ordered[few]), float(ordered[finite.size - 1 - few])


def _fits(announced: tuple[float, float], low: float, high: float) -> bool:
    if not announced[0] < announced[1]:
        return False
    slack = 0.5 * (announced[1] - announced[0])
    return announced[0] - slack <= low and high <= announced[1] + slack


def _usual(low: float, high: float, *, whole: bool) -> tuple[float, float]:
    """Return the narrowest range that files usually mean and that holds the pixels."""
    if not whole and low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    most = next((2.0**bits - 1 for bits in _BITS if high < 2.0**bits), high)
    return (0.0, most) if low >= 0.0 else (-most - 1, most)


def _pale(paper: float, meant: tuple[float, float]) -> Range:
    """Return a range in which an empty page keeps the level that it has in the one meant."""
    return Range(min(meant[0], paper), max(meant[1], paper))


def _stands_out(numbers: Numbers, low: float, high: float, *, whole: bool) -> bool:
    """Say whether the pixels show more than noise."""
    if high <= low:
        return False
    every = int(np.ceil((numbers.size / _LOOKED_AT) ** 0.5))
    some = numbers[::every, ::every]
    paper = np.float32(np.nanmedian(some))
    levels = np.nan_to_num((some - low) * np.float32(255.0 / (high - low)),
                           nan=float((paper - low) * 255.0 / (high - low)))  # fmt: skip
    step = 1.4 * 255.0 / (high - low) if whole else 0.5
    return has_structure(np.clip(levels, -64, 319), step=step, most=200.0)


def with_contrast(page: Image.Image) -> Image.Image:
    """Return a page (mode L or RGB) whose ink and paper are hardly apart with both far apart."""
    few = max(_FEWEST_OUTLIERS, int(page.width * page.height * _OUTLIERS))
    histogram = page.histogram()
    levels = [sum(histogram[level::256]) for level in range(256)]
    low = next((level for level in range(256) if sum(levels[: level + 1]) > few), 0)
    high = next((level for level in range(255, -1, -1) if sum(levels[level:]) > few), 255)
    if not 0 < high - low < _NARROW or is_blank(page):
        return page
    table = [min(255, max(0, round((level - low) * 255 / (high - low)))) for level in range(256)]
    return page.point(table * len(page.getbands()))
