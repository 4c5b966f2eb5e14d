"""Pages that an A4 scan is not: receipts, plans, faint print, deep pixels, forms; made here.

``python -m benchmarks.quality.hard`` makes each page with its truth, in memory or in the cache
folder, has it drawn and read as the daemon does, and prints per kind how many of its lines are
found, how many of its words, which tick boxes are right, and how many lines are doubtful. The pages
are the same in every run; type is the one that Pillow carries.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageDraw, ImageFont

from benchmarks.machine import heading
from benchmarks.quality.documents import CACHE
from benchmarks.quality.scoring import normalised
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import engine as rapidocr
from ocrd.job import Recognition
from ocrd.raster import drawing

FOLDER = CACHE / "hard"
PAGE_PIXELS = 500_000_000
_WORDS = (
    "harbour office note all dimensions check before work concrete steel plan level floor door"
    " window pipe valve pump cable tray total invoice amount paid cash change receipt milk bread"
    " butter cheese apple coffee sugar 12,50 3.99 1,25 4711 2024"
).split()
_TICK = re.compile(r"[☐☒] \w+")


@dataclass(frozen=True, slots=True)
class Made:
    """One page: its file, and what stands on it."""

    kind: str
    path: Path
    lines: tuple[str, ...]
    ticks: tuple[str, ...] = ()  # "☒ word" for each box


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _texts(seed: int, count: int, most: int) -> list[str]:
    chance = np.random.default_rng(seed)
    return [
        " ".join(chance.choice(_WORDS, int(chance.integers(2, most + 1)))) for _ in range(count)
    ]


def _sheet(texts: list[str], width: int, height: int, size: int, ink: int = 0) -> Image.Image:
    page = Image.new("L", (width, height), 255)
    pen, pitch = ImageDraw.Draw(page), (height - 80) / len(texts)
    for number, text in enumerate(texts):
        pen.text((30, 40 + round(number * pitch)), text, fill=ink, font=_font(size))
    return page


def receipts() -> Iterator[Made]:
    """Make strips of half a metre to one and a half, printed narrow, in several sizes of type."""
    for number, (width, height, size) in enumerate(
        [(640, 8000, 24), (576, 4200, 20), (880, 11000, 34), (480, 6000, 18), (1080, 14000, 32)]
    ):
        texts = _texts(number, height // (2 * size) - 4, 5)
        path = FOLDER / f"receipt-{number}.png"
        _sheet(texts, width, height, size).save(path)
        yield Made("receipt", path, tuple(texts))


def plans() -> Iterator[Made]:
    """Make sheets of A1 and A2 with notes in print of 8 to 12 points, one of them on its side."""
    for number, (width, height, points, turn) in enumerate(
        [(2384, 1684, 9, 0), (1684, 1191, 8, 0), (1684, 2384, 10, 0), (2384, 1684, 10, 90)]
    ):
        texts = _texts(20 + number, 48, 5)
        path = FOLDER / f"plan-{number}.pdf"
        with pymupdf.open() as document:
            page = document.new_page(width=width, height=height)
            page.draw_rect((40, 40, width - 40, height - 40), width=2)
            for index, text in enumerate(texts):
                column, row = index % 4, index // 4
                place = (80 + column * (width - 160) / 4, 120 + row * (height - 240) / 12)
                page.insert_text(place, text, fontsize=points)
                page.draw_line((place[0], place[1] + 20), (place[0] + 180, place[1] + 20))
            page.set_rotation(turn)
            document.save(path)
        yield Made("plan", path, tuple(texts))


def faint() -> Iterator[Made]:
    """Make pages whose ink is hardly darker than the paper, smooth ones and grainy ones."""
    for number, (paper, ink, grain) in enumerate(
        [(250, 228, 0), (255, 238, 0), (240, 200, 3), (235, 205, 4), (40, 60, 0)]
    ):
        texts = _texts(40 + number, 24, 7)
        page = np.asarray(_sheet(texts, 1654, 1800, 34), np.float32) / 255
        pixels = ink + (paper - ink) * page
        chance = np.random.default_rng(number)
        pixels = np.clip(pixels + chance.normal(0, grain or 1e-6, pixels.shape), 0, 255)
        path = FOLDER / f"faint-{number}.png"
        Image.fromarray(np.round(pixels).astype(np.uint8)).save(path)
        yield Made("faint", path, tuple(texts))


def deep() -> Iterator[Made]:
    """Make TIFFs of 16 and 32 bits a pixel that use a part of their range."""
    ranges: list[tuple[type, float, float]] = [
        (np.uint16, 0, 1023), (np.uint16, 7301, 8206), (np.uint16, 0, 65535),
        (np.float32, 0, 4), (np.float32, -3, 3),
    ]  # fmt: skip
    for number, (kind, least, most) in enumerate(ranges):
        texts = _texts(60 + number, 20, 6)
        page = np.asarray(_sheet(texts, 1240, 1500, 30), np.float32) / 255
        path = FOLDER / f"deep-{number}.tif"
        Image.fromarray((least + (most - least) * page).astype(kind)).save(path)
        yield Made("deep pixels", path, tuple(texts))


def forms() -> Iterator[Made]:
    """Make forms with boxes before their words, square and round, ticked in several ways."""
    for number in range(6):
        chance = np.random.default_rng(80 + number)
        size, is_round = int(chance.choice([28, 36, 44])), number % 3 == 2
        page = Image.new("L", (1654, 2339), 255)
        pen, ticks = ImageDraw.Draw(page), []
        for index in range(24):
            left, top = 120 + 760 * (index % 2), 150 + 160 * (index // 2)
            word, ticked = f"{_WORDS[index % 20]}{index}", bool(chance.random() < 0.4)
            shape = pen.ellipse if is_round else pen.rectangle
            shape((left, top, left + size, top + size), outline=0, width=max(2, size // 14))
            if ticked:
                _tick(pen, left, top, size, index % (1 if is_round else 3))
            pen.text((left + 1.6 * size, top - 0.15 * size), word, fill=0, font=_font(size))
            ticks.append(f"{'☒' if ticked else '☐'} {word}")
        path = FOLDER / f"form-{number}.png"
        page.save(path)
        yield Made("form", path, tuple(tick[2:] for tick in ticks), tuple(ticks))


def _tick(pen: ImageDraw.ImageDraw, left: int, top: int, size: int, way: int) -> None:
    def stroke(*shares: float) -> None:
        points = [
            (left if index % 2 == 0 else top) + share * size for index, share in enumerate(shares)
        ]
        pen.line(points, fill=0, width=max(2, size // 10))

    if way == 0:
        stroke(0.2, 0.2, 0.8, 0.8)
        stroke(0.8, 0.2, 0.2, 0.8)
    elif way == 1:
        stroke(0.2, 0.5, 0.42, 0.78, 0.85, 0.2)
    else:
        stroke(0.1, 0.45, 0.4, 0.8, 1.3, -0.3)


KINDS: tuple[Callable[[], Iterator[Made]], ...] = (receipts, plans, faint, deep, forms)


class _Reader:
    """The rasterizer's drawing and the engine, as a document meets them."""

    def __init__(self) -> None:
        self._engine = rapidocr.load({"slots": 1, "threads": os.environ.get("THREADS", "auto")})

    def read(self, made: Made) -> Recognition | None:
        """Return what is read on the page; None if it is called blank."""
        into = FOLDER / "page.ppm"
        with made.path.open("rb") as source, into.open("w+b") as out:
            page = drawing.draw(
                str(made.path), None, [], descriptors=[source.fileno(), out.fileno()], page=1,
                into=str(into), longest_side=rapidocr.LONGEST_SIDE, page_pixels=PAGE_PIXELS,
            )  # fmt: skip
        if page["blank"]:
            return None
        return self._engine.recognise(Recognise(1, str(into)), lambda _count: None)


@dataclass(slots=True)
class _Figures:
    pages: int = 0
    lines: int = 0
    found: int = 0
    words: int = 0
    words_found: int = 0
    ticks: int = 0
    ticks_right: int = 0
    doubtful: int = 0
    seconds: float = 0.0

    def add(self, made: Made, recognition: Recognition | None, seconds: float) -> None:
        """Count one page."""
        read = [line.text for line in recognition.lines] if recognition else []
        seen = Counter(normalised(text).strip("☐☒ ") for text in read)
        wanted = Counter(map(normalised, made.lines))
        words = Counter(word for text in made.lines for word in normalised(text).split())
        said = Counter(word for text in read for word in normalised(text).split())
        ticks = Counter(tick for text in read for tick in _TICK.findall(text))
        self.pages += 1
        self.lines += len(made.lines)
        self.found += (seen & wanted).total()
        self.words += words.total()
        self.words_found += (said & words).total()
        self.ticks += len(made.ticks)
        self.ticks_right += (ticks & Counter(made.ticks)).total()
        self.doubtful += sum(bool(line.doubt) for line in recognition.lines) if recognition else 0
        self.seconds += seconds


def main() -> None:
    """Make, read, count, print."""
    heading("Pages that are no A4 scans: lines and words found, in per cent")
    FOLDER.mkdir(parents=True, exist_ok=True)
    reader = _Reader()
    print("| kind | pages | lines | words | tick boxes right | doubtful lines | s a page |")
    print("|---|---|---|---|---|---|---|")
    for make in KINDS:
        figures, kind = _Figures(), ""
        for made in make():
            started = time.perf_counter()
            recognition = reader.read(made)
            figures.add(made, recognition, time.perf_counter() - started)
            kind = made.kind
        ticks = f"{100 * figures.ticks_right / figures.ticks:.1f}" if figures.ticks else ""
        print(
            f"| {kind} | {figures.pages} | {100 * figures.found / figures.lines:.1f}"
            f" | {100 * figures.words_found / figures.words:.1f} | {ticks}"
            f" | {figures.doubtful} | {figures.seconds / figures.pages:.1f} |"
        )


if __name__ == "__main__":
    main()
