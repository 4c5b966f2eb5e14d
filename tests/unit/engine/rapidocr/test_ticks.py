"""Tick boxes by their ink: which are found, which are ticked, and what is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import ticks
from ocrd.job import Quad

Pen = ImageDraw.ImageDraw
LINE: Quad = (200, 100), (500, 100), (500, 140), (200, 140)


def page(*draw: Callable[[Pen], object], size: tuple[int, int] = (800, 600)) -> NDArray[np.uint8]:
    image = Image.new("RGB", size, "white")
    for stroke in draw:
        stroke(ImageDraw.Draw(image))
    return np.asarray(image)


def square(left: int, top: int, size: int = 30, width: int = 2) -> Callable[[Pen], object]:
    return lambda pen: pen.rectangle((left, top, left + size, top + size), None, 0, width)


def circle(left: int, top: int, size: int = 30, width: int = 2) -> Callable[[Pen], object]:
    return lambda pen: pen.ellipse((left, top, left + size, top + size), None, 0, width)


def line(*points: int, width: int = 3) -> Callable[[Pen], object]:
    return lambda pen: pen.line(points, fill=0, width=width)


def text(left: int, top: int, words: str, size: int = 34) -> Callable[[Pen], object]:
    return lambda pen: pen.text((left, top), words, 0, ImageFont.load_default(size))


def found(*draw: Callable[[Pen], object]) -> list[tuple[int, bool]]:
    return [(round(box.left), box.ticked) for box in ticks.find(page(*draw), [LINE])]


@pytest.mark.parametrize("size", [20, 24, 30, 44, 60])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_an_empty_box_is_found_whatever_its_size(size: int, width: int) -> None:
    (box,) = ticks.find(page(square(100, 100, size, width)), [LINE])
    assert not box.ticked
    assert abs(box.left - 100) <= 2
    assert abs(box.right - 100 - size) <= 3
    assert box.mark == "☐"


TICKS = {
    "cross": [line(106, 106, 124, 124), line(124, 106, 106, 124)],
    "cross into the corners": [line(100, 100, 130, 130), line(130, 100, 100, 130)],
    "tick": [line(106, 115, 113, 124, 125, 105)],
    "tick out of the box": [line(104, 114, 112, 124, 142, 88)],
    "stroke through the box": [line(92, 136, 140, 92)],
    "filled within": [lambda pen: pen.rectangle((107, 107, 123, 123), 0)],
}


@pytest.mark.parametrize("kind", TICKS)
def test_what_stands_in_a_box_ticks_it(kind: str) -> None:
    (box,) = ticks.find(page(square(100, 100), *TICKS[kind]), [LINE])
    assert box.ticked
    assert box.mark == "☒"


LETTERS = "on Oo oO Do DQ 0o 08 o0 eo oe ao go bo po do qo @o ©o °o ßo öo óo o. o, (o) -o-"


@pytest.mark.parametrize("size", range(14, 60, 2))
def test_no_letter_is_a_box_whatever_its_size(size: int) -> None:
    words = [
        text(40 + (index % 6) * 4 * size, 40 + (index // 6) * 2 * size, word, size)
        for index, word in enumerate(LETTERS.split())
    ]
    drawn = page(*words, size=(26 * size + 80, 9 * size + 80))
    top, bottom = 40, 40 + size
    quad = ((40, top), (400, top), (400, bottom), (40, bottom))
    assert ticks.find(drawn, [quad]) == []


def test_a_box_filled_to_its_outline_is_one_where_others_are_like_it() -> None:
    solid: Callable[[Pen], object] = lambda pen: pen.rectangle((100, 200, 130, 230), 0)  # noqa: E731
    assert found(square(100, 100), solid) == [(100, False), (100, True)]
    assert found(solid) == [], "alone it is a bullet"


def test_circles_are_boxes_if_there_are_several() -> None:
    dot: Callable[[Pen], object] = lambda pen: pen.ellipse((109, 209, 121, 221), 0)  # noqa: E731
    assert [ticked for _, ticked in found(circle(100, 100), circle(100, 200), dot)] == [False, True]
    assert found(circle(100, 100)) == [], "alone it may be an O"


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param([text(100, 100, "O D B 0 8 R @ Q a e")], id="letters"),
        pytest.param([text(100, 100, "© 2024"), text(100, 200, "© 2025")], id="copyright"),
        pytest.param([square(100, 100, 200)], id="a picture's frame"),
        pytest.param(
            [square(100 + 34 * number, 100) for number in range(8)], id="fields for letters"
        ),
        pytest.param(
            [line(100, 100 + 34 * row, 236, 100 + 34 * row, width=2) for row in range(5)]
            + [line(100 + 34 * row, 100, 100 + 34 * row, 236, width=2) for row in range(5)],
            id="a table's cells",
        ),
        pytest.param([line(100, 100, 130, 100), line(100, 100, 100, 130)], id="a corner"),
    ],
)
def test_what_looks_alike_is_no_box(draw: list[Callable[[Pen], object]]) -> None:
    assert found(*draw) == []


def test_a_box_in_a_cell_is_found() -> None:
    cell = square(80, 80, 90)
    assert found(cell, square(110, 110), square(400, 110)) == [(110, False), (400, False)]


def test_of_a_large_page_half_the_pixels_are_enough() -> None:
    image = page(square(400, 400, 40, 3), size=(2480, 3508))
    (box,) = ticks.find(image, [LINE])
    assert abs(box.left - 400) <= 4
    assert abs(box.bottom - 441) <= 4


def test_a_page_without_lines_has_no_boxes() -> None:
    assert ticks.find(page(square(100, 100)), []) == []
