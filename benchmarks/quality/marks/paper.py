"""Sheets of paper to set type on, and what scanners make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.quality.images import _compressed as compressed
from benchmarks.quality.marks.typefaces import font

A4 = (8.27, 11.69)  # inches
WORDS = (
    "the harbour office master writes every boat that comes into book with its name length nobody"
    " leaves without receipt timber stacked behind old scales when tide goes out again this"
    " morning Rechnung Betrag innerhalb von dreißig Tagen ohne Abzug zahlbar bitte monsieur nous"
    " vous prions agréer general conditions delivery appendix safety maintenance overview"
    " installation contract"
    " Kapitel Einleitung 2024 119,00 EUR 4711 12.03. No. 17"
).split()


@dataclass(slots=True)
class Row:
    """One line of type on a sheet."""

    text: str
    box: tuple[int, int, int, int]  # left, top, right, bottom of its ink, in pixels
    mark: str = ""  # what is true of it: one of doubts.LINES, or nothing


@dataclass(slots=True)
class Sheet:
    """A page of A4, its rows, and where its next one goes."""

    dpi: int
    image: Image.Image = field(init=False)
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        wide, high = (round(side * self.dpi) for side in A4)
        self.image = Image.new("RGB", (wide, high), "white")

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """What draws on it."""
        return ImageDraw.Draw(self.image)

    def pixels(self, points: float) -> int:
        """Return a length in points as pixels."""
        return max(1, round(points * self.dpi / 72))

    def put(self, x: float, y: float, text: str, face: Path, size: float, mark: str = "") -> Row:
        """Set a line with its upper left corner at x and y, in points, and note it."""
        place = self.pixels(x), self.pixels(y)
        typeface = font(face, self.pixels(size))
        pen = self.pen
        pen.text(place, text, fill=0, font=typeface)
        left, top, right, bottom = (round(side) for side in pen.textbbox(place, text, typeface))
        row = Row(text, (left, top, right, bottom), mark)
        self.rows.append(row)
        return row

    def length(self, text: str, face: Path, size: float) -> float:
        """Return how long a text is, in points."""
        return font(face, self.pixels(size)).getlength(text) * 72 / self.dpi


def words(chance: np.random.Generator, least: int, most: int) -> str:
    """Return some words."""
    return " ".join(chance.choice(WORDS, int(chance.integers(least, most + 1))))


def scanned(image: Image.Image, way: str, chance: np.random.Generator) -> Image.Image:
    """Return a page as one of five kinds of scanners has it; none turns it."""
    match way:
        case "jpeg":
            return compressed(image, 40)
        case "noise":
            blurred = image.filter(ImageFilter.GaussianBlur(0.6))
            return _noisy(blurred, chance, 12)
        case "bilevel":
            return image.convert("L").point(lambda value: 255 * (value > 150)).convert("RGB")
        case "grey":
            return image.filter(ImageFilter.GaussianBlur(0.8)).point(
                lambda value: 40 + value * 200 // 255
            )
    return image


def _noisy(image: Image.Image, chance: np.random.Generator, sigma: float) -> Image.Image:
    pixels: NDArray[np.float32] = np.asarray(image, np.float32)
    light = np.linspace(0.85, 1.0, pixels.shape[1], dtype=np.float32)[None, :, None]
    pixels = pixels * light + chance.normal(0, sigma, (*pixels.shape[:2], 1)).astype(np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


SCANNERS = ("clean", "jpeg", "noise", "bilevel", "grey")
