"""What counting a page's ink costs, and how near it comes to what stands on the page.

``python -m benchmarks.ink``: pages that are written here, and, as "typeset", those of the page set
that are made in the repository. The rule was tuned on others, but for two scanners ("blurred", "on
its side") that were looked at again.
``--documents`` takes the page set of ``make quality``, of which nothing was looked at for this;
what is not there is fetched and drawn.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import pymupdf
from PIL import Image, ImageFilter

from benchmarks.machine import heading
from benchmarks.quality.documents import HERE, OWN, pages
from benchmarks.quality.documents import _made as made
from benchmarks.quality.images import scans
from benchmarks.quality.truth import truth
from ocrd.raster.ink import counted
from ocrd.witness import extent, held_against
from tests.written import Sheet, noisy, photograph

SIDE = 2339  # pixels: what the embedded engine has pages drawn at
FONTS = ("helv", "tiro", "cour", "hebo", "tibo", "heit", "tiit", "cobo")
SCANNERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda page: page,
    "grain": lambda page: noisy(page, 20),
    "gray": lambda page: noisy(page.point(lambda value: 60 + value * 120 // 255), 5),
    "two levels": lambda page: page.point(lambda value: 255 * (value > 128)),
    "blurred": lambda page: page.filter(ImageFilter.GaussianBlur(1.2)),
    "white on black": lambda page: page.point(lambda value: 255 - value),
    "slanted": lambda page: page.rotate(2.5, Image.Resampling.BICUBIC, fillcolor=255),
    "on its side": lambda page: page.rotate(90, expand=True),
}


@dataclass(frozen=True)
class Case:
    """One page, and what stands on it."""

    kind: str
    page: Image.Image
    rows: int
    characters: int


def cases() -> Iterator[Case]:
    """Yield the pages of all kinds."""
    for number, font in enumerate(FONTS):
        for columns in (1, 2, 3):
            sheet = Sheet()
            size = (7, 8, 10, 12, 15)[(number + columns) % 5] if columns < 3 else 8
            sheet.columns(columns, size=size) if font == "helv" else sheet.prose(
                font=font, size=size, leading=(1.05, 1.2, 1.45)[columns - 1], seed=number
            )
            for name, scanned in SCANNERS.items():
                page = scanned(sheet.drawn((150, 200)[number % 2]))
                yield Case(name, page, sheet.rows, sheet.characters)
    yield from _forms()
    yield from _typeset()
    for number in range(12):
        page = photograph(1654, 2339, seed=number, roughness=1 + number / 10)
        yield Case("photograph", page, 0, 0)


def _forms() -> Iterator[Case]:
    for number in range(8):
        choose, sheet = random.Random(number), Sheet()
        rows = [[f"{choose.randint(0, 99999)}" for _ in range(4 + number)] for _ in range(40)]
        sheet.cells(rows, ruled=number % 2 == 0, size=7 + number % 3)
        yield Case("table", sheet.drawn(200), sheet.rows, sheet.characters)
        sheet = Sheet()
        for place in range(24):
            for row, text in enumerate(("Muster GmbH", "Erika Mustermann", "20457 Hamburg")):
                x, y = 40 + 180 * (place % 3), 50 + 95 * (place // 3) + 13 * row
                sheet.put(x, y, text, font=FONTS[number], size=8 + number % 4)
        yield Case("labels", sheet.drawn(200), sheet.rows, sheet.characters)
        sheet = Sheet()
        for row in range(40):
            signs = choose.choices("港口每天记录进港船只名称长度货物の事務所では", k=38)
            size = (9, 10.5, 12)[number % 3]
            sheet.put(50, 60 + 18 * row, "".join(signs), font="japan", size=size)
        yield Case("far east", sheet.drawn(200), sheet.rows, sheet.characters)


def _typeset() -> Iterator[Case]:
    for number, source in enumerate(sorted((HERE / OWN).glob("*.typ"))):
        if source.stem == "page":  # what the others share
            continue
        path, _ = made(source)
        with contextlib.closing(pymupdf.open(path)) as document:
            for page in document:
                pixels = page.get_pixmap(dpi=(120, 150, 200)[number % 3], colorspace=pymupdf.csGRAY)
                image = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
                rows, characters = extent(page.get_text())
                yield Case("typeset", image, rows, characters)


def _documents() -> Iterator[Case]:
    chosen = pages("pages") + pages("heldout")
    for scan in scans(chosen, ("clean", "degraded", "turned")):
        with Image.open(scan.path) as image:
            image.load()
            image.thumbnail((SIDE, SIDE))
            rows, characters = extent(truth(scan.page).text)
            yield Case(scan.variant, image, rows, characters)


def main() -> None:
    """Count, compare, print."""
    heading("Text counted by its ink")
    found: dict[str, list[tuple[float, float, float]]] = {}
    doubts = 0
    for case in _documents() if "--documents" in sys.argv else cases():
        start = time.process_time()
        ink = counted(case.page)
        cost = 1000 * (time.process_time() - start)
        doubts += held_against(ink, case.rows, case.characters) is not None
        whole = case.characters == 0
        found.setdefault(case.kind, []).append(
            (cost, ink.rows / (case.rows or 1), ink.characters / (1 if whole else case.characters))
        )
    print("kind            pages ms, median  most   counted/true: least, median, most")
    for kind, some in found.items():
        costs, rows, ratios = (sorted(column) for column in zip(*some, strict=True))
        said = "characters" if kind != "photograph" else "characters in all"
        print(
            f"{kind:16}{len(some):6}{median(costs):11.0f}{costs[-1]:6.0f}"
            f"   {said} {ratios[0]:.2f} {median(ratios):.2f} {ratios[-1]:.2f},"
            f" rows {rows[0]:.2f} {median(rows):.2f} {rows[-1]:.2f}"
        )
    print(f"what stands on a page is in doubt, held against its ink, on {doubts} of them")


if __name__ == "__main__":
    main()
