"""How often two programs draw a page differently, what is made of that, and what it costs.

Draws the first pages of every PDF below the given folders as a rasterizer's child does, confined,
once with its witness and once without. A line for each folder, and one for each page that is not
plainly drawn.

    python benchmarks/drawings.py FOLDER…
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

from ocrd.errors import PageError
from ocrd.raster.child import code_folders
from ocrd.raster.confine import confine
from ocrd.raster.images.pictures import Drawn
from ocrd.raster.pdfs.pdf import Pdf

PAGES = 4  # of a document, at the most
SIDE = 2339  # pixels: what the embedded engine reads
PIXELS = 400_000_000


def drawn(path: Path) -> Iterator[tuple[int, Drawn, float, float]]:
    """Yield each page with the seconds that it took with its witness and without."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        document = Pdf(descriptor, [], page_pixels=PIXELS)
        try:
            for number in range(1, min(document.pages, PAGES) + 1):
                began = time.perf_counter()
                page = document.draw(number, SIDE, witness=lambda: None)
                between = time.perf_counter()
                with contextlib.suppress(PageError):  # which its witness saves
                    document.draw(number, SIDE)
                yield number, page, between - began, time.perf_counter() - between
        finally:
            document.close()
    finally:
        os.close(descriptor)


def measure(folder: Path) -> None:
    """Print what the PDFs of a folder show."""
    seen: Counter[str] = Counter()
    both: list[float] = []
    alone: list[float] = []
    for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".pdf"):
        seen["files"] += 1
        try:
            for number, page, with_witness, without in drawn(path):
                seen["pages"] += 1
                both.append(with_witness)
                alone.append(without)
                seen.update({doubt.code for doubt in page.doubts})
                seen["drawn by pdfium"] += any("drawn by pdfium" in each for each in page.warnings)
                for told in (*(f"{d.code} {d.share:.3f}: {d.message}" for d in page.doubts),
                             *page.warnings):  # fmt: skip
                    print(f"  {path.name}, page {number}: {told}")
        except Exception as error:  # noqa: BLE001 -- whatever a file of a test suite is made for
            seen[type(error).__name__] += 1
            print(f"  {path.name}: {error}")
    told = ", ".join(f"{name} {count}" for name, count in seen.items())
    added = [1000 * (pair - one) for pair, one in zip(both, alone, strict=True)]
    print(f"{folder.name}: {told}")
    if added:
        print(
            f"{folder.name}: a page takes {1000 * mean(alone):.0f} ms alone and"
            f" {1000 * mean(both):.0f} ms with its witness; the median of what that adds is"
            f" {median(added):.0f} ms"
        )


def main(folders: list[Path]) -> None:
    """Confine this process, for it finds no fonts then, and measure."""
    confine([*code_folders(), *folders])
    for folder in folders:
        measure(folder)


if __name__ == "__main__":
    main([Path(name).resolve() for name in sys.argv[1:]])
