"""A page's pixels, and one line cut out of them, level.

Pictures are BGR, as OpenCV has them, upright quads in their pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ocrd.engine.rapidocr import turning
from ocrd.errors import PageError
from ocrd.job import Quad

Pixels = NDArray[np.uint8]


def load(path: str) -> Pixels:
    """Return the image; raise PageError if it is none."""
    try:
        with Image.open(path) as image:
            return pixels_of(image)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise PageError(f"The drawn page cannot be read ({error}).") from error


def pixels_of(image: Image.Image) -> Pixels:
    """Return the image as BGR."""
    if image.mode == "L":
        return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_GRAY2BGR), np.uint8)
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR), np.uint8)


def turned(pixels: Pixels, code: int) -> Pixels:
    """Return the image turned by one of OpenCV's codes."""
    return np.asarray(cv2.rotate(pixels, code), np.uint8)


def strip(pixels: Pixels, quad: Quad) -> Pixels:
    """Cut one line out and straighten it; a standing line is laid down counter-clockwise."""
    width, height = (max(int(side), 1) for side in turning.size(quad))
    piece = cut(pixels, quad, width, height)
    return np.ascontiguousarray(np.rot90(piece)) if height >= 1.5 * width else piece


def cut(pixels: Pixels, quad: Quad, width: int, height: int) -> Pixels:
    """Return what stands in a quad, as an image of that size."""
    (left, top), (_, right_top), _, (left_bottom, _) = quad
    x, y = int(left), int(top)
    is_level = (left, top) == (x, y) == (left_bottom, right_top) and min(x, y) >= 0
    if is_level and x + width <= pixels.shape[1] and y + height <= pixels.shape[0]:
        return pixels[y : y + height, x : x + width]  # what the warp would give
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(np.array(quad, np.float32), corners)
    return np.asarray(
        cv2.warpPerspective(
            pixels, transform, (width, height),
            borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC,
        ),
        np.uint8,
    )
