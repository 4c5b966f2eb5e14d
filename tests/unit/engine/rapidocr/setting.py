"""Pages of words in columns, and the boxes of their lines."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.job import Quad

WORDS = (
    "the harbour was closed until evening because nobody had found a way to bring old ferries "
    "into a dock that is no longer deep enough for them as it once used to be they said in town"
).split()


def box(left: float, top: float, right: float, bottom: float) -> Quad:
    return (left, top), (right, top), (right, bottom), (left, bottom)


@dataclass
class Sheet:
    """A page in the making; its lines are ``pitch`` apart."""

    size: int = 20
    width: int = 1200
    height: int = 1200
    pitch: int = 28
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (self.width, self.height), "white")

    def words(self, left: float, top: float, words: list[str], spaces: list[float]) -> None:
        """Set words with the space behind each."""
        pen, font = ImageDraw.Draw(self.image), ImageFont.load_default(self.size)
        for word, space in zip(words, [*spaces, 0.0], strict=True):
            pen.text((left, top), word, fill="black", font=font)
            left += font.getlength(word) + space

    def column(self, left: int, top: int, wide: int, rows: int, seed: int) -> None:
        """Set justified lines of words that chance gives."""
        chance, font = random.Random(seed), ImageFont.load_default(self.size)
        for row in range(rows):
            words: list[str] = []
            while True:
                word = chance.choice(WORDS)
                if font.getlength(" ".join([*words, word])) > wide:
                    break
                words.append(word)
            free = wide - sum(map(font.getlength, words))
            spaces = [free / (len(words) - 1)] * (len(words) - 1)
            self.words(left, top + row * self.pitch, words, spaces)

    def row(self, left: float, right: float, top: float) -> Quad:
        """Return a box around a line, as large as the detector's are."""
        return box(left - 5, top - 1, right + 5, top + 1.3 * self.size)

    def pixels(self) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.asarray(self.image))


def turned(
    pixels: NDArray[np.uint8], quads: list[Quad], degrees: float
) -> tuple[NDArray[np.uint8], list[Quad]]:
    """Return a page turned clockwise by so much, with its boxes."""
    high, wide = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), -degrees, 1.0)
    page = cv2.warpAffine(
        pixels, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
    points = np.array(quads).reshape(-1, 4, 2) @ matrix[:, :2].T + matrix[:, 2]
    assert math.isclose(float(np.linalg.det(matrix[:, :2])), 1.0)
    found = [((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])) for a, b, c, d in points]
    return np.asarray(page, np.uint8), found
