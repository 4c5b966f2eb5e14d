"""What drawing a page costs the rasterizer's child, and what looking at it costs of that.

``python -m benchmarks.drawing_cost``: A4 pages of prose as a PDF with letters and as scans (PDF of
a JPEG in gray or colour, JPEG, fax) of 200 and 300 dpi. Processor milliseconds, the least of five:
the whole call, then the two looks in it: is the page blank, and how much ink is on it.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pymupdf
from PIL import Image

from benchmarks.machine import heading
from ocrd.raster import drawing
from ocrd.raster.images.pictures import is_blank
from ocrd.raster.ink import counted
from tests.written import Sheet, noisy

SIDE = 3508  # pixels: A4 at 300 dpi
ROUNDS = 5
QUALITY = 85  # of the JPEGs


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the kinds of files."""
    sheet = Sheet()
    sheet.prose(font="tiro", size=11, leading=1.2, seed=1)
    letters = folder / "letters.pdf"
    with pymupdf.open() as book:
        page = book.new_page(width=595, height=842)
        words = " ".join(f"word{number % 97}" for number in range(550))
        assert page.insert_textbox((50, 50, 545, 792), words, fontsize=11) > 0, "it does not fit"
        book.save(letters)
    yield "PDF with letters", letters
    for dpi in (200, 300):
        scan = noisy(sheet.drawn(dpi), 4)
        colour = Image.merge("RGB", (scan, scan, scan.point(lambda value: value * 15 // 16)))
        for kind, image, name in (
            ("PDF of a gray JPEG", scan, "gray.pdf"),
            ("PDF of a JPEG in colour", colour, "colour.pdf"),
            ("JPEG, gray", scan, "gray.jpg"),
            ("JPEG in colour", colour, "colour.jpg"),
        ):
            path = folder / f"{dpi}-{name}"
            image.save(path, resolution=dpi, dpi=(dpi, dpi), quality=QUALITY)
            yield f"{kind}, {dpi} dpi", path
        path = folder / f"{dpi}-fax.tif"
        scan.point(lambda value: 255 * (value > 128)).convert("1").save(
            path, dpi=(dpi, dpi), compression="group4"
        )
        yield f"fax (G4), {dpi} dpi", path


def cost_ms(work: Callable[[], object]) -> float:
    """Return the least processor milliseconds of some rounds."""
    least = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return 1000 * least


def drawn(path: Path, into: Path) -> None:
    """Draw the file's first page as a child does, but for the confinement."""
    descriptors = [os.open(path, os.O_RDONLY), os.open(into, os.O_RDWR | os.O_CREAT | os.O_TRUNC)]
    try:
        drawing.draw(
            str(path), None, [], descriptors=descriptors, page=1, into=str(into),
            longest_side=SIDE, page_pixels=1 << 30,
        )  # fmt: skip
    finally:
        os.close(descriptors[1])
        drawing.idle()


def main() -> int:
    """Print a table."""
    heading("Drawing a page")
    print("| file | drawn, looked at and written, ms | blank? | ink |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="ocrd-drawing-") as name:
        for kind, path in files(Path(name)):
            into = Path(name) / "page.ppm"
            whole = cost_ms(partial(drawn, path, into))
            with Image.open(into) as page:
                page.load()
                blank, ink = cost_ms(partial(is_blank, page)), cost_ms(partial(counted, page))
            print(f"| {kind} | {whole:.0f} | {blank:.0f} | {ink:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
