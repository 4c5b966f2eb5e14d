"""Documents for the benchmarks: letters of a dozen lines, made here, the same in every run."""

from __future__ import annotations

import random
from pathlib import Path

WORDS = (
    "the invoice for paper and ink was paid in March by our office after two letters from your"
    " house about delivery terms which we accept with thanks and a small remark on packaging"
).split()
PAGE = (420, 595)  # points: A5
LINES = 14


def lines(seed: int) -> list[str]:
    """Return the text of one page."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=8)) for _ in range(LINES)]


def make_book(path: Path, pages: int, first: int = 0) -> None:
    """Write a PDF of that many letters."""
    import pymupdf

    with pymupdf.open() as book:
        for number in range(first, first + pages):
            page = book.new_page(width=PAGE[0], height=PAGE[1])
            page.insert_text((40, 60), [f"Letter {number}", "", *lines(number)], fontsize=11)
        book.save(path)


def make_images(folder: Path, count: int, dpi: int = 200) -> list[Path]:
    """Write that many letters as JPEG scans."""
    import pymupdf

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        with pymupdf.open() as book:
            page = book.new_page(width=PAGE[0], height=PAGE[1])
            page.insert_text((40, 60), [f"Scan {number}", "", *lines(number)], fontsize=11)
            path = folder / f"scan-{number:04d}.jpg"
            page.get_pixmap(dpi=dpi).save(path, jpg_quality=85)
        made.append(path)
    return made
