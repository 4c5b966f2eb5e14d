"""Lines that are struck out, and lines under a stamp."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont

from ocrd.engine.rapidocr import overlaid

TEXT = "the harbour office has paid"
BODIES = 27  # the row in the middle of the letters' bodies


def strip(text: str = TEXT, *, ink: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    font = ImageFont.load_default(34)
    image = Image.new("RGB", (round(font.getlength(text)) + 40, 50), "white")
    ImageDraw.Draw(image).text((20, 4), text, fill=ink, font=font)
    return image


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # as OpenCV has it


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("ends", [(10, 440), (120, 330)], ids=["the line", "a word"])
def test_a_stroke_through_the_letters_strikes_them_out(ends: tuple[int, int], width: int) -> None:
    image = strip()
    left, right = ends
    ImageDraw.Draw(image).line((left, BODIES, right, BODIES), fill=0, width=width)
    assert overlaid.doubt(pixels(image)) == "struck-out"
    assert overlaid.doubt(pixels(ImageChops.invert(image))) == "struck-out"


def test_a_stroke_by_hand_is_not_level() -> None:
    image = strip()
    points = [(x, BODIES + (x // 60) % 3 - 1) for x in range(5, 450, 30)]
    ImageDraw.Draw(image).line(points, fill=0, width=3)
    assert overlaid.doubt(pixels(image)) == "struck-out"


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param((0, 47, 470, 47), id="below"),
        pytest.param((10, 42, 440, 42), id="under the words"),
        pytest.param((0, 2, 470, 2), id="above"),
        pytest.param((0, 3, 470, 9), id="slanted above"),
    ],
)
def test_rules_around_a_line_strike_nothing_out(rule: tuple[int, int, int, int]) -> None:
    image = strip()
    ImageDraw.Draw(image).line(rule, fill=0, width=2)
    assert overlaid.doubt(pixels(image)) == ""


@pytest.mark.parametrize("text", [TEXT, "HEEHHEE EHHE", "-------- ====", "a — b — c", "47"])
def test_print_is_not_struck_out(text: str) -> None:
    assert overlaid.doubt(pixels(strip(text))) == ""


def stamped(colour: tuple[int, int, int]) -> Image.Image:
    image = strip()
    ImageDraw.Draw(image).text((60, -14), "PAID", fill=colour, font=ImageFont.load_default(78))
    return Image.fromarray(np.minimum(np.asarray(image), np.asarray(strip())))


@pytest.mark.parametrize("colour", [(200, 30, 40), (40, 60, 200), (30, 140, 60)])
def test_a_stamp_of_another_colour_covers_a_line(colour: tuple[int, int, int]) -> None:
    image = stamped(colour)
    ImageDraw.Draw(image).text((230, -14), "PAID", fill=colour, font=ImageFont.load_default(78))
    assert overlaid.doubt(pixels(image)) == "covered"
    grey = image.convert("L").convert("RGB")
    assert overlaid.doubt(pixels(grey)) != "covered", "without colour it cannot be told"


def test_coloured_letters_links_and_highlights_cover_nothing() -> None:
    assert overlaid.doubt(pixels(strip(ink=(200, 20, 20)))) == ""
    link = strip(ink=(20, 20, 220))
    ImageDraw.Draw(link).line((20, 44, 430, 44), fill=0, width=2)
    assert overlaid.doubt(pixels(link)) == ""
    marked = Image.new("RGB", strip().size, (255, 240, 90))
    assert overlaid.doubt(pixels(ImageChops.multiply(marked, strip()))) == ""


def test_grey_images_and_paper_have_no_doubt() -> None:
    assert overlaid.doubt(np.asarray(strip().convert("L"))) == ""
    assert overlaid.doubt(np.full((40, 400, 3), 250, np.uint8)) == ""
