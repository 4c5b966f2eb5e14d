"""Lines under what is larger than they are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import stamps
from ocrd.engine.rapidocr.page_ink import PageInk
from ocrd.job import Line, Quad

SIZE, PITCH, ROWS = 30, 60, 12
FONT = ImageFont.load_default(SIZE)
TEXT = "the harbour office has paid for timber and boats"
WIDTH = 100 + round(FONT.getlength(TEXT)) + 100


def sheet() -> Image.Image:
    page = Image.new("RGB", (WIDTH, 100 + PITCH * ROWS), "white")
    for row in range(ROWS):
        ImageDraw.Draw(page).text((100, 60 + PITCH * row), TEXT, fill=0, font=FONT)
    return page


QUADS: list[Quad] = [
    ((95.0, top), (WIDTH - 95.0, top), (WIDTH - 95.0, top + 40), (95.0, top + 40))
    for top in (56.0 + PITCH * row for row in range(ROWS))
]


def covered(page: Image.Image) -> list[int]:
    return sorted(stamps.covered(PageInk(pixels(page)), QUADS))


def pixels(page: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(page.convert("RGB"))


def stamp(degrees: float, *, frame: bool = True) -> Image.Image:
    image = Image.new("L", (420, 150), 0)
    pen = ImageDraw.Draw(image)
    if frame:
        pen.rectangle((4, 4, 415, 145), outline=255, width=7)
    pen.text((210, 75), "PAID", fill=255, font=ImageFont.load_default(110), anchor="mm")
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


@pytest.mark.parametrize("degrees", [-25, -9, 9, 25])
@pytest.mark.parametrize("frame", [True, False])
def test_a_turned_stamp_in_black_covers_the_lines_under_it(degrees: float, frame: bool) -> None:
    page, ink = sheet(), stamp(degrees, frame=frame)
    page.paste(0, (200, 250), ink)
    found = covered(page)
    middle = round((250 + ink.height / 2 - 80) / PITCH)
    assert middle in found
    assert all(250 - 40 <= QUADS[row][0][1] <= 250 + ink.height for row in found)


def test_a_ring_covers_the_lines_that_it_runs_through() -> None:
    page = sheet()
    ImageDraw.Draw(page).ellipse((200, 200, 520, 520), outline=0, width=12)
    assert {4, 5, 6} <= set(covered(page)) <= {2, 3, 4, 5, 6, 7}


def test_a_sweep_of_a_pen_covers_what_it_crosses() -> None:
    page = sheet()
    points = [(150 + 4 * x, 300 + 70 * np.sin(x / 9)) for x in range(120)]
    ImageDraw.Draw(page).line(points, fill=0, width=4, joint="curve")
    assert {3, 4, 5} <= set(covered(page))


def frames(page: Image.Image) -> None:
    pen = ImageDraw.Draw(page)
    for row in range(ROWS + 1):
        pen.line((60, 46 + PITCH * row, WIDTH - 60, 46 + PITCH * row), fill=0, width=3)
    for left in (60, 300, WIDTH - 60):
        pen.line((left, 46, left, 46 + PITCH * ROWS), fill=0, width=3)


@pytest.mark.parametrize("slant", [0.0, 1.5])
def test_tables_large_letters_and_brackets_cover_nothing(slant: float) -> None:
    page = sheet()
    frames(page)
    pen = ImageDraw.Draw(page)
    pen.text((70, 100), "{", fill=0, font=ImageFont.load_default(200))
    turned = page.rotate(-slant, Image.Resampling.BICUBIC, fillcolor="white")
    sine, cosine = np.sin(np.radians(slant)), np.cos(np.radians(slant))
    turn, middle = np.array([[cosine, sine], [-sine, cosine]]), np.array(page.size) / 2
    points = (np.array(QUADS) - middle) @ turn + middle
    quads: list[Quad] = [
        ((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])) for a, b, c, d in points.tolist()
    ]
    assert stamps.covered(PageInk(pixels(turned)), quads) == frozenset()
    assert stamps.covered(PageInk(pixels(turned)), []) == frozenset()


def test_a_line_keeps_the_doubt_that_says_more() -> None:
    page = sheet()
    page.paste(0, (200, 250), stamp(9))
    doubts = ["", "", "", "", "unread", "uncertain", "", "", "", "", "", ""]
    lines = [Line(TEXT, 1.0, quad, doubt=doubt) for quad, doubt in zip(QUADS, doubts, strict=True)]
    marked = stamps.marked(PageInk(pixels(page)), lines)
    assert [line.doubt for line in marked][4:7] == ["unread", "covered", ""]
    assert {4, 5} <= set(covered(page))
