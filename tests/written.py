"""Sheets of paper with a known text, drawn as pages are."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pymupdf
from PIL import Image

from ocrd.witness import extent

WIDTH, HEIGHT = 595, 842  # points: A4
WORDS = (
    "the of and to in harbour master writes every boat that comes into the book with its name"
    " length nobody leaves without a receipt timber stacked behind old scales when tide is out"
    " Rechnung Betrag innerhalb dreißig Tagen bitte monsieur nous vous prions 2024 119,00 EUR"
).split()


class Sheet:
    """A page to write on; ``rows`` and ``characters`` count what stands there."""

    def __init__(self, width: float = WIDTH, height: float = HEIGHT) -> None:
        self.document = pymupdf.open()
        self.page = self.document.new_page(width=width, height=height)
        self.rows, self.characters = 0, 0
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """What stands on it, line by line."""
        return "\n".join(self.lines)

    def put(self, x: float, y: float, text: str, *, font: str = "helv", size: float = 10) -> None:
        """Write a line with its foot at ``y``, in points from the top."""
        self.page.insert_text((x, y), text, fontname=font, fontsize=size)
        rows, characters = extent(text)
        self.rows, self.characters = self.rows + rows, self.characters + characters
        self.lines.append(text)

    def prose(
        self,
        x: float = 60,
        y: float = 60,
        width: float = 475,
        height: float = 700,
        *,
        font: str = "helv",
        size: float = 10,
        leading: float = 1.2,
        seed: int = 0,
    ) -> None:
        """Fill a column with words, row below row."""
        choose, metric = random.Random(seed), pymupdf.Font(font)
        foot = y + size
        while foot < y + height:
            line = choose.choice(WORDS)
            while metric.text_length(longer := f"{line} {choose.choice(WORDS)}", size) < width:
                line = longer
            self.put(x, foot, line, font=font, size=size)
            foot += leading * size

    def columns(self, count: int, *, gutter: float = 18, size: float = 10) -> None:
        """Fill columns with words."""
        width = (495 - (count - 1) * gutter) / count
        for number in range(count):
            self.prose(50 + number * (width + gutter), width=width, size=size, seed=number)

    def cells(
        self, rows: Sequence[Sequence[str]], *, ruled: bool, size: float = 9, pitch: float = 16
    ) -> None:
        """Write a table over the page."""
        across = 515 / max(map(len, rows))
        for number, row in enumerate(rows):
            foot = 60 + number * pitch
            for place, text in enumerate(row):
                if text:
                    self.put(44 + place * across, foot, text, size=size)
            if ruled:
                self.page.draw_line((40, foot + 5), (555, foot + 5), width=0.6)
        if ruled:
            for place in range(max(map(len, rows)) + 1):
                x = 40 + place * across
                self.page.draw_line((x, 45), (x, 65 + (len(rows) - 1) * pitch), width=0.6)

    def drawn(self, dpi: int = 150) -> Image.Image:
        """Return the page as the rasterizer draws it, in gray."""
        pixels = self.page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
        return Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)


def photograph(width: int, height: int, *, seed: int = 0, roughness: float = 1.6) -> Image.Image:
    """Return a picture with the tones and the grain of one, and nothing to read."""
    chance = np.random.default_rng(seed)
    waves = np.fft.rfft2(chance.standard_normal((height, width)))
    length = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    length[0, 0] = 1.0
    tones = np.fft.irfft2(waves / length**roughness, (height, width))
    tones = 120 + 60 * (tones - tones.mean()) / tones.std()
    return Image.fromarray(np.clip(tones, 0, 255).astype(np.uint8))


def noisy(image: Image.Image, deviation: float, seed: int = 0) -> Image.Image:
    """Return the image as a sensor with noise sees it."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(image, np.float64)
    pixels = pixels + chance.normal(0, deviation, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
