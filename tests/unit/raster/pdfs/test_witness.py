"""Two drawings compared: what one lacks is found, what is merely drawn otherwise is not."""

from __future__ import annotations

import math

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocrd.raster.pdfs.witness import Difference, compare, small, small_size, strayed

SIZE = (595, 842)


def page(
    *lines: str, size: float = 11, shade: int = 0, ground: int = 255, shift: int = 0
) -> Image.Image:
    image = Image.new("L", SIZE, ground)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for number, line in enumerate(lines):
        draw.text((60 + shift, 60 + shift + 30 * number), line, shade, font)
    return image


TEXT = [f"Line {number} of a letter about nothing" for number in range(20)]


def test_a_drawing_lacks_nothing_of_itself() -> None:
    difference = compare(page(*TEXT), page(*TEXT))
    assert difference.first_lacks == difference.second_lacks == 0
    assert difference.ink > 1000


@pytest.mark.parametrize(
    "otherwise",
    [
        page(*TEXT, shift=1), page(*TEXT, shade=90), page(*TEXT, ground=225),
        page(*TEXT).filter(ImageFilter.GaussianBlur(0.8)),
    ],
    ids=["moved", "paler", "on-gray", "smoothed"],
)  # fmt: skip
def test_what_is_drawn_otherwise_is_not_missing(otherwise: Image.Image) -> None:
    difference = compare(page(*TEXT), otherwise)
    assert (difference.first_lacks, difference.second_lacks) == (0, 0)


def spelt(letters: str, size: float) -> Image.Image:
    """Return letters of some font where the page says that they stand, whatever their width."""
    image = Image.new("L", SIZE, 255)
    for place, letter in enumerate(letters):
        where = 60 + 9 * (place % 50), 60 + 20 * (place // 50)
        ImageDraw.Draw(image).text(where, letter, 0, ImageFont.load_default(size))
    return image


def test_letters_of_another_font_are_not_missing() -> None:
    some, other = spelt("Total1234" * 50, 10), spelt("Tofel7289" * 50, 12)
    assert compare(some, other).first_lacks == compare(some, other).second_lacks == 0


@pytest.mark.parametrize("paler", [225, 255])
def test_hairlines_that_one_draws_far_paler_are_not_missing(paler: int) -> None:
    ruled, plain = page(*TEXT), page(*TEXT)
    for image, shade in ((ruled, 0), (plain, paler)):
        draw = ImageDraw.Draw(image)
        for y in range(700, 800, 25):
            draw.line((50, y, 250, y), shade, 2)
        for x in range(300, 500, 25):
            draw.line((x, 690, x, 800), shade, 2)
    assert compare(plain, ruled).first_lacks == 0


@pytest.mark.parametrize("size", [6, 8, 11, 24, 60])
@pytest.mark.parametrize("shade", [0, 120])
def test_a_word_that_one_lacks_is_missing(size: int, shade: int) -> None:
    word = page(*[""] * 21, "Total 1234.56 EUR", size=size, shade=shade)
    both = Image.composite(word, page(*TEXT), word.point(lambda value: 255 * (value < 250), "L"))
    difference = compare(page(*TEXT), both)
    assert difference.first_lacks > 24
    assert difference.second_lacks == 0
    assert 0 < difference.share(difference.first_lacks) < 1


@pytest.mark.parametrize("shape", ["disc", "ring", "letter", "signature"])
def test_large_shapes_that_one_lacks_are_missing(shape: str) -> None:
    plain = page(*TEXT[:5])
    full = plain.copy()
    draw = ImageDraw.Draw(full)
    if shape == "disc":
        draw.ellipse((100, 400, 140, 440), 0)
    elif shape == "ring":
        draw.ellipse((100, 400, 300, 600), outline=0, width=3)
    elif shape == "letter":
        draw.text((100, 400), "S", 0, ImageFont.load_default(200))
    else:
        steps = [(step, math.sin(step / 3) * math.cos(step)) for step in range(60)]
        draw.line([(100 + 4 * step, 500 + 40 * up) for step, up in steps], 0, 2)
    assert compare(plain, full).first_lacks > 24
    assert compare(plain, full).second_lacks == 0


def test_a_blot_over_the_text_hides_it() -> None:
    blotted = page(*TEXT)
    ImageDraw.Draw(blotted).rectangle((40, 40, 560, 300), 0)
    assert compare(blotted, page(*TEXT)).first_lacks > 500


def test_what_is_put_aside_may_differ() -> None:
    word = page("Choose")
    assert compare(Image.new("L", SIZE, 255), word, [(50, 50, 120, 90)]).first_lacks == 0
    assert compare(Image.new("L", SIZE, 255), word, [(200, 50, 300, 90)]).first_lacks > 0


def test_an_empty_page_is_all_there() -> None:
    assert compare(Image.new("L", SIZE, 255), Image.new("L", SIZE, 240)) == Difference()
    assert Difference().share(0) == 0.0


def test_a_page_is_compared_small() -> None:
    assert small_size(595.2, 841.9) == (595, 842)
    assert small_size(5950, 8420) == (1060, 1500)
    assert small_size(0.2, 3000) == (1, 1500)
    assert small(Image.new("RGB", (1653, 2339)), SIZE).size == SIZE


def test_other_letters_in_the_same_places_are_told_from_another_font() -> None:
    some = spelt("Total 1234.56 EUR" * 20, 22)
    assert strayed(some, some) == 0.0
    assert strayed(some, spelt("Total 1234.56 EUR" * 20, 22.6)) < 0.15
    assert strayed(some, spelt("7RWDO EFGHIJKL(85" * 20, 22)) > 0.25
    assert strayed(Image.new("L", SIZE, 255), Image.new("L", SIZE, 255)) == 0.0
