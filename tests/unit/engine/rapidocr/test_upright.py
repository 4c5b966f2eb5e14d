"""Pages turned any way come out upright, for real, on scanned and drawn pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr.upright import Upright

RESOURCES = Path(__file__).parents[3] / "resources"
TURNS = [0, 90, 180, 270]
LINES = (
    "The harbour office opens at seven.",
    "Every boat is written into the book",
    "before the morning tide turns, and",
    "nobody leaves without a receipt.",
)


@pytest.fixture(scope="module")
def upright() -> Upright:
    return Upright(2)


def drawn(lines: tuple[str, ...] = LINES, size: int = 36) -> Image.Image:
    page = Image.new("L", (760, 520), 255)
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text((60, 60 + 90 * number), line, fill=0, font=ImageFont.load_default(size))
    return page


def scanned(name: str, number: int = 0) -> Image.Image:
    with pymupdf.open(RESOURCES / name) as document:
        page = document[number]
        drawing = page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)
    return Image.frombytes("L", (drawing.width, drawing.height), drawing.samples)


def turned(page: Image.Image, clockwise: int) -> Image.Image:
    return page.rotate(-clockwise, expand=True)


@pytest.mark.parametrize("clockwise", TURNS)
@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_page_comes_out_as_it_was_before_it_was_turned(
    upright: Upright, clockwise: int, mode: str
) -> None:
    page = drawn().convert(mode)
    result, rotation = upright.turn(turned(page, clockwise))
    assert rotation == (360 - clockwise) % 360
    assert result.mode == mode
    assert np.array_equal(np.asarray(result), np.asarray(page))


@pytest.mark.parametrize("clockwise", TURNS)
@pytest.mark.parametrize(
    ("name", "number"),
    [("c02-22.pdf", 0), ("epson.pdf", 0), ("graph.pdf", 0), ("multipage.pdf", 5)],
)
def test_scans_come_out_upright(upright: Upright, name: str, number: int, clockwise: int) -> None:
    result, rotation = upright.turn(turned(scanned(name, number), clockwise))
    assert rotation == (360 - clockwise) % 360
    assert result.size == scanned(name, number).size


@pytest.mark.parametrize("clockwise", TURNS)
def test_a_page_of_short_lines_comes_out_upright(upright: Upright, clockwise: int) -> None:
    page = drawn(("Harbour", "Boats", "Receipt", "Clerk"), 44)
    assert upright.turn(turned(page, clockwise))[1] == (360 - clockwise) % 360


@pytest.mark.parametrize(
    "page",
    [
        Image.new("L", (600, 800), 255),
        Image.new("RGB", (800, 600), "black"),
        Image.new("L", (1, 1), 255),
        Image.new("L", (4000, 5), 255),
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (700, 500), np.uint8)),
        Image.radial_gradient("L").resize((900, 500)),
        Image.linear_gradient("L").resize((500, 900)),
    ],
    ids=["white", "black", "dot", "strip", "noise", "disc", "slope"],
)
def test_a_page_without_text_stays_as_it_is(upright: Upright, page: Image.Image) -> None:
    result, rotation = upright.turn(page)
    assert rotation == 0
    assert np.array_equal(np.asarray(result), np.asarray(page))


def test_lines_that_read_in_no_way_turn_no_page(upright: Upright) -> None:
    page = Image.new("L", (600, 800), 255)
    pen = ImageDraw.Draw(page)
    for left in range(60, 560, 60):
        for top in range(40, 760, 12):  # bars that look like standing lines
            pen.rectangle((left, top, left + 22, top + 6), fill=0)
    assert upright.turn(page)[1] == 0


def test_an_exif_orientation_is_applied_and_not_applied_again(upright: Upright) -> None:
    photo = turned(drawn(), 270)
    photo.getexif()[0x0112] = 6  # shown turned clockwise
    result, rotation = upright.turn(photo)
    assert rotation == 0
    assert np.array_equal(np.asarray(result), np.asarray(drawn()))
    assert 0x0112 not in result.getexif()


def test_several_threads_turn_pages_as_one_does(upright: Upright) -> None:
    pages = [turned(drawn(), clockwise) for clockwise in TURNS * 2]
    with ThreadPoolExecutor(4) as threads:
        rotations = [rotation for _, rotation in threads.map(upright.turn, pages)]
    assert rotations == [0, 270, 180, 90] * 2
