"""Pages of print that reads badly: typewriters, italics, scripts, old type, worn, faint, coarse.

A rule that tells handwriting must leave it alone.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageFilter

from benchmarks.quality.images import _compressed as compressed
from benchmarks.quality.images import noisy
from benchmarks.quality.marks.overlays import HALVES, prose
from benchmarks.quality.marks.paper import Sheet

# What becomes of the paper. Half B has others.
WAYS = {
    "a": ("clean", "faint", "blurred", "fax", "coarse", "pale and grainy"),
    "b": ("clean", "compressed", "thinned", "copied", "shaken", "out of focus", "grey"),
}
_COARSE, _FAX = 80, 100  # dots per inch


def worn(half: str, number: int) -> Sheet:
    """Set a page in a typeface that is seldom met, and spoil it in one of some ways."""
    chance = np.random.default_rng(100_000 * HALVES[half] + number)
    sheet = prose(half, number, chance, kind="odd" if number % 3 else "print")
    way = WAYS[half][number // 2 % len(WAYS[half])]
    sheet.image = _spoilt(sheet.image, sheet.dpi, way, chance).convert("RGB")
    return sheet


def _spoilt(image: Image.Image, dpi: int, way: str, chance: np.random.Generator) -> Image.Image:
    match way:
        case "faint":
            return image.point(lambda value: 205 + value * 35 // 255)
        case "blurred":
            return image.filter(ImageFilter.GaussianBlur(dpi * float(chance.uniform(0.007, 0.02))))
        case "fax":
            small = _scaled(image.convert("L"), _FAX / dpi)
            noise = chance.normal(0, 40, (small.height, small.width))
            black = np.asarray(small, np.float32) + noise > 150
            return _scaled(Image.fromarray(black.astype(np.uint8) * 255), dpi / _FAX)
        case "coarse":
            return _scaled(_scaled(image, _COARSE / dpi), dpi / _COARSE)
        case "pale and grainy":
            pale = image.point(lambda value: 130 + value * 110 // 255)
            return noisy(pale.filter(ImageFilter.GaussianBlur(0.6)), chance, 14)
        case "compressed":
            return compressed(image, 12)
        case "thinned":
            return Image.fromarray(cv2.dilate(np.asarray(image), np.ones((2, 2), np.uint8)))
        case "copied":
            fat = cv2.erode(np.asarray(image.convert("L")), np.ones((2, 2), np.uint8))
            specks = chance.random(fat.shape) < 0.004
            return Image.fromarray(np.where(specks, 0, fat).astype(np.uint8))
        case "shaken":
            long = 2 * round(dpi * float(chance.uniform(0.01, 0.025))) + 1
            kernel = np.eye(long, dtype=np.float32) if chance.random() < 0.5 else np.ones((1, long))
            return Image.fromarray(cv2.filter2D(np.asarray(image), -1, kernel / kernel.sum()))
        case "out of focus":
            long = 2 * round(dpi * float(chance.uniform(0.01, 0.025))) + 1
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (long, long)).astype(np.float32)
            return Image.fromarray(cv2.filter2D(np.asarray(image), -1, disc / disc.sum()))
        case "grey":
            return noisy(image.filter(ImageFilter.GaussianBlur(1.0)), chance, 24)
    return image


def _scaled(image: Image.Image, by: float) -> Image.Image:
    size = max(1, round(image.width * by)), max(1, round(image.height * by))
    return image.resize(size, Image.Resampling.BILINEAR)
