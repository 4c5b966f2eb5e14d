"""How many pixels of an image make an inch, along and across: what its file says, if it can be."""

from __future__ import annotations

import math
from typing import Any

from PIL import Image

_ORIENTATION = 0x0112  # EXIF and TIFF tag
_UNSIZED_DPI = 72.0  # no resolution given: a pixel is a point, as in most viewers
_PLAUSIBLE_DPI = (40.0, 4800.0)
_MOST_UNEQUAL = 4.0  # faxes have 204 × 98 and 204 × 391 dpi
_SIDEWAYS = range(5, 9)  # orientations that exchange rows and columns


def resolution(image: Image.Image) -> tuple[float, tuple[float, float]]:
    """Return the finer resolution, and the factors that make the pixels square.

    Only TIFF is believed about unequal resolutions, with a unit or without one: faxes have them.
    Its own are those of the picture as it is stored, while the image has turned its sides already.
    """
    pair = _pair(image.info.get("dpi")) or _pair(image.info.get("resolution"))
    if pair is None:
        return _UNSIZED_DPI, (1.0, 1.0)
    x, y = pair
    if image.format == "TIFF" and _orientation(image) in _SIDEWAYS:
        x, y = y, x
    stretch = (1.0, 1.0)
    unequal = max(x, y) / min(x, y)
    if image.format == "TIFF" and unequal <= _MOST_UNEQUAL and not math.isclose(x, y, rel_tol=0.05):
        stretch = max(1.0, y / x), max(1.0, x / y)
    least, most = _PLAUSIBLE_DPI
    if not (least <= x <= most and least <= y <= most):
        return _UNSIZED_DPI, stretch
    return max(x, y), stretch


def _pair(value: Any) -> tuple[float, float] | None:
    try:
        x, y = (float(number) for number in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < math.inf and 0 < y < math.inf else None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- damaged EXIF raises anything; the page is still readable
        return 1
