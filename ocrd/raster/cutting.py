"""Figures cut out of a drawn page into JPEG files, in the rasterizer's child."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image

from ocrd.errors import PageError

# Clockwise, as pages are turned; Pillow counts the other way round.
_TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
_QUALITY = 90  # of JPEG: lines and letters in a chart stay sharp
_SLACK = 1e-3  # pixels: what arithmetic adds to a whole number is no further pixel

Corners = tuple[float, float, float, float]


def upright(image: Image.Image, rotation: int) -> Image.Image:
    """Return the image turned clockwise by 0, 90, 180 or 270 degrees."""
    return image if rotation == 0 else image.transpose(_TURNS[rotation])


def cut(image: Image.Image, boxes: Sequence[Corners], factor: float) -> list[bytes]:
    """Return a JPEG file for each box; ``factor`` is the image's pixels per unit of the boxes.

    Raises PageError for a box that does not touch the image or that JPEG cannot hold.
    """
    return [_encoded(image.crop(_pixels(image, box, factor))) for box in boxes]


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return the image (mode L or RGB) as a JPEG file."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _pixels(image: Image.Image, box: Corners, factor: float) -> tuple[int, int, int, int]:
    """Return the whole pixels that the box touches."""
    x0, y0, x1, y1 = (side * factor for side in box)
    left, top = max(0, math.floor(x0 + _SLACK)), max(0, math.floor(y0 + _SLACK))
    right = min(image.width, math.ceil(x1 - _SLACK))
    bottom = min(image.height, math.ceil(y1 - _SLACK))
    if left >= right or top >= bottom:
        raise PageError("a figure lies outside the page.")
    return left, top, right, bottom


def _encoded(figure: Image.Image) -> bytes:
    try:
        return jpeg(figure, _QUALITY)
    except OSError as error:  # the encoder's: nothing is written here
        raise PageError(f"a figure of {figure.width} × {figure.height} pixels: {error}.") from error
