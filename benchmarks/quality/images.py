"""Page images as scanners make them: clean, degraded in five ways, turned by right angles.

The same in every run: resolution and noise follow from the page's name.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.quality.documents import CACHE, Page

CLEAN = "clean"
DEGRADED = ("jpeg", "noise", "skew", "bilevel", "mixed")
TURNED = ("turned-90", "turned-180", "turned-270")
TURN_EVERY = 3  # pages of which one is turned
_RESOLUTIONS = (150, 200, 300)
_FILL = 255


@dataclass(frozen=True, slots=True)
class Scan:
    """One page in one variant."""

    page: Page
    variant: str
    path: Path

    @property
    def id(self) -> str:
        """A name of its own."""
        return f"{self.page.id}.{self.variant}"

    @property
    def kind(self) -> str:
        """One of "clean", "degraded" and "turned"."""
        return {CLEAN: CLEAN}.get(
            self.variant, "turned" if self.variant in TURNED else "degraded"
        )


def scans(
    pages: Iterable[Page], kinds: Iterable[str], *, thorough: bool = False
) -> Iterator[Scan]:
    """Yield the pages' images of the kinds, drawing what is not there.

    Each page is degraded in one way, or, if ``thorough``, in every one.
    """
    kinds = set(kinds)
    for index, page in enumerate(pages):
        variants = [CLEAN, *(DEGRADED if thorough else [DEGRADED[index % len(DEGRADED)]])]
        if index % TURN_EVERY == 0:
            variants += TURNED
        for variant in variants:
            scan = Scan(page, variant, CACHE / "images" / f"{page.id}.{variant}.png")
            if scan.kind in kinds:
                if not scan.path.exists():
                    _draw(scan)
                yield scan


def _draw(scan: Scan) -> None:
    chance = np.random.default_rng(zlib.crc32(scan.page.id.encode()))
    resolution = int(chance.choice(_RESOLUTIONS))
    if scan.variant != CLEAN:
        resolution = max(resolution, 200) if scan.variant in {"bilevel", "mixed"} else resolution
    image = _degraded(_plain(scan.page, resolution), scan.variant, chance)
    scan.path.parent.mkdir(parents=True, exist_ok=True)
    image.save(scan.path)


def _plain(page: Page, resolution: int) -> Image.Image:
    with pymupdf.open(page.path) as document:
        pixmap = document[page.number - 1].get_pixmap(dpi=resolution, alpha=False)
        return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _degraded(image: Image.Image, variant: str, chance: np.random.Generator) -> Image.Image:
    match variant:
        case "jpeg":
            return _compressed(image, 40)
        case "noise":
            return noisy(image.filter(ImageFilter.GaussianBlur(0.6)), chance, 18)
        case "skew":
            return _skewed(image, float(chance.uniform(0.8, 2.5) * chance.choice([-1, 1])))
        case "bilevel":
            return image.convert("L").point(lambda value: 255 * (value > 150)).convert("1")
        case "mixed":
            blurred = image.filter(ImageFilter.GaussianBlur(0.7))
            worn = _skewed(blurred, float(chance.uniform(-1.5, 1.5)))
            return _compressed(noisy(worn, chance, 12), 40)
        case "turned-90" | "turned-180" | "turned-270":
            turns = {
                "turned-90": Image.Transpose.ROTATE_90,
                "turned-180": Image.Transpose.ROTATE_180,
                "turned-270": Image.Transpose.ROTATE_270,
            }
            return image.transpose(turns[variant])
    return image


def _compressed(image: Image.Image, quality: int) -> Image.Image:
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    return Image.open(packed).convert("RGB")


def _skewed(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(_FILL,) * 3)


def noisy(image: Image.Image, chance: np.random.Generator, sigma: float) -> Image.Image:
    """Return the page on grey paper with uneven light and noise."""
    pixels: NDArray[np.float32] = np.asarray(image.convert("L"), np.float32)
    light = np.linspace(0.82, 1.0, pixels.shape[1], dtype=np.float32)[None, :]
    pixels = pixels * light + chance.normal(0, sigma, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "L").convert("RGB")
