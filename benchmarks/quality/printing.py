"""Typst's source drawn as a scanner would give it: at a resolution, turned a little, with noise."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageFilter

from benchmarks.quality.documents import CACHE, FONTS, MORE_FONTS
from benchmarks.quality.images import noisy

RESOLUTION = 200


@dataclass(frozen=True, slots=True)
class Print:
    """How a sheet is set and scanned, by its number, which chooses what stands on it."""

    number: int
    font: str
    degrees: float  # by which it is turned
    noise: int


# Odd ones are held back: nobody tunes on them.
TUNED = (
    Print(0, "Liberation Sans", 0.0, 0), Print(2, "Liberation Serif", 0.6, 12),
    Print(4, "Liberation Sans", -0.4, 8), Print(6, "DejaVu Serif", 0.0, 0),
)  # fmt: skip
HELD = (
    Print(1, "Libertinus Serif", -0.7, 14), Print(3, "DejaVu Sans", 0.0, 0),
    Print(5, "Liberation Sans Narrow", 0.5, 10), Print(7, "New Computer Modern", 0.0, 8),
)  # fmt: skip


def draw(source: str, path: Path, how: Print, more: Sequence[str] = ()) -> None:
    """Set a page, with the fonts of ``more`` packages, too; keep its image and its source."""
    page = typeset(source, path, more=more)
    if how.degrees:
        page = page.rotate(how.degrees, Image.Resampling.BICUBIC, fillcolor=(255,) * 3)
    if how.noise:
        chance = np.random.default_rng(how.number)
        page = noisy(page.filter(ImageFilter.GaussianBlur(0.5)), chance, how.noise)
    page.save(path)


def typeset(
    source: str, path: Path, resolution: int = RESOLUTION, more: Sequence[str] = ()
) -> Image.Image:
    """Return a page as Typst sets it, with the fonts of ``more`` packages, too.

    Its source is kept beside ``path``.
    """
    import typst

    folders = [str(CACHE / "packages" / package) for package in (FONTS, MORE_FONTS, *more)]
    text = path.with_suffix(".typ")
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(source)
    pdf = typst.compile(str(text), font_paths=folders)
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        pixmap = document[0].get_pixmap(dpi=resolution, alpha=False)
    return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
