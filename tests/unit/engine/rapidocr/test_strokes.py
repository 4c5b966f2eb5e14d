"""Strokes through letters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocrd.engine.rapidocr import strokes

TEXT = "the harbour office has paid"
BODIES = 27  # the row in the middle of the letters' bodies
Points = list[tuple[float, float]]


def strip(text: str = TEXT, size: int = 34) -> Image.Image:
    font = ImageFont.load_default(size)
    image = Image.new("RGB", (round(font.getlength(text)) + 40, 50), "white")
    ImageDraw.Draw(image).text((20, 4), text, fill=0, font=font)
    return image


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # as OpenCV has it


def curve(shape: str, left: float, right: float) -> Points:
    """Return the points of a stroke around the middle of the letters' bodies."""
    found = []
    for number in range(101):
        share = number / 100
        lift = {
            "level": 0.0, "rising": 10 * (0.5 - share), "falling": 10 * (share - 0.5),
            "wavy": 5 * math.sin((right - left) * share / 12), "bowed": 8 * abs(share - 0.5) - 2,
        }[shape]  # fmt: skip
        found.append((left + share * (right - left), BODIES + lift))
    return found


@pytest.mark.parametrize("shape", ["level", "rising", "falling", "wavy", "bowed"])
@pytest.mark.parametrize("width", [2, 4, 6])
@pytest.mark.parametrize("ends", [(10, 440), (130, 300)], ids=["the line", "some words"])
def test_a_stroke_of_any_shape_strikes_out(
    shape: str, width: int, ends: tuple[float, float]
) -> None:
    image = strip()
    assert not strokes.is_struck(pixels(image))
    ImageDraw.Draw(image).line(curve(shape, *ends), fill=0, width=width, joint="curve")
    assert strokes.is_struck(pixels(image))


@pytest.mark.parametrize("colour", [(200, 30, 40), (30, 50, 180), (70, 70, 70)])
def test_a_stroke_of_any_colour_strikes_out(colour: tuple[int, int, int]) -> None:
    image = strip()
    ImageDraw.Draw(image).line(curve("level", 10, 440), fill=colour, width=3)
    assert strokes.is_struck(pixels(image))


@pytest.mark.parametrize("count", [2, 3])
def test_several_strokes_beside_each_other_strike_out(count: int) -> None:
    image = strip()
    for number in range(count):
        down = 8 * (number - (count - 1) / 2)
        points = [(x, y + down) for x, y in curve("level", 10, 440)]
        ImageDraw.Draw(image).line(points, fill=0, width=2)
    assert strokes.is_struck(pixels(image))


@pytest.mark.parametrize(
    "text",
    [
        TEXT, "HEEHHEE EHHE", "-------- ====", "a — b — c", "47", "ffi fft tt tft ffffi", "Einfluß",
        "rnrnrn mmm nnn uuu", "______ _____", "......", "WAWAWAV KYKYK", "↔ ↔ ←→",
    ],
)  # fmt: skip
@pytest.mark.parametrize("blur", [0.0, 0.9])
def test_print_is_not_struck_out(text: str, blur: float) -> None:
    image = strip(text).filter(ImageFilter.GaussianBlur(blur))
    assert not strokes.is_struck(pixels(image))


def test_a_rule_between_two_rows_goes_through_neither() -> None:
    image = Image.new("RGB", (480, 50), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    pen.text((20, -18), TEXT, fill=0, font=font)
    pen.text((20, 18), TEXT, fill=0, font=font)
    pen.line((0, 17, 480, 14), fill=0, width=2)
    assert not strokes.is_struck(pixels(image))


def test_a_word_in_the_frame_of_a_cell_is_not_struck_out() -> None:
    image = strip()
    pen = ImageDraw.Draw(image)
    pen.rectangle((2, 2, 460, 47), outline=0, width=2)
    assert not strokes.is_struck(pixels(image))
    assert strokes.inked(np.full((40, 400, 3), 250, np.uint8)) is None
