"""What stands by itself on one drawing is put into the other one, and nothing else is."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from ocrd.raster.pdfs.joining import joined
from ocrd.raster.pdfs.witness import compare, lacking, small

SIZE = (595, 842)
SCALE = 2
FULL = SIZE[0] * SCALE, SIZE[1] * SCALE


def page(*texts: tuple[int, int, str], mode: str = "L") -> Image.Image:
    """Return a page with texts at places in points."""
    image = Image.new("L", FULL, 255)
    for x, y, text in texts:
        place = SCALE * x, SCALE * y
        ImageDraw.Draw(image).text(place, text, 0, ImageFont.load_default(11 * SCALE))
    return image.convert(mode)


def put(kept: Image.Image, other: Image.Image) -> tuple[Image.Image, float]:
    return joined(kept, other, *lacking(small(kept, SIZE), small(other, SIZE)))


TITLE, LINE, VALUE = (60, 60, "Invoice 4711"), (60, 300, "Amount:"), (160, 300, "1234.56 EUR")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_lacks_a_line_and_both_are_on_the_joined_one(mode: str) -> None:
    one, other = page(TITLE, mode=mode), page(LINE, VALUE)
    made, left = put(one, other)
    assert left == 0.0
    assert made.mode == mode
    wanted = page(TITLE, LINE, VALUE, mode=mode)
    assert ImageChops.difference(made, wanted).getbbox() is None


def test_a_word_of_a_line_is_put_where_the_line_lacks_it() -> None:
    made, left = put(page(TITLE, LINE), page(TITLE, LINE, VALUE))
    assert left == 0.0
    assert ImageChops.difference(made, page(TITLE, LINE, VALUE)).getbbox() is None


def test_other_letters_beside_those_of_a_drawing_are_not_mixed_with_them() -> None:
    one = page((60, 300, "7   R   W   D   O       E   U   R"))
    other = page((60, 300, "Total amount due: EUR"), TITLE)
    assert compare(small(one, SIZE), small(other, SIZE)).first_lacks > 0
    made, left = put(one, other)
    line = (0, 2 * 280, FULL[0], 2 * 330)
    assert made.crop(line).tobytes() == one.crop(line).tobytes()
    assert 0.0 <= left < 1.0
    title = (0, 0, FULL[0], 2 * 100)
    assert made.crop(title).tobytes() == other.crop(title).tobytes()


def test_a_line_in_a_wider_font_is_not_mixed_with_the_same_one_in_a_narrower() -> None:
    letters = "I should be courier, and am set in whatever there is"
    one, other = Image.new("L", FULL, 255), Image.new("L", FULL, 255)
    for place, letter in enumerate(letters):
        for image, pitch in ((one, 16), (other, 13)):
            where = 120 + pitch * place, 300
            ImageDraw.Draw(image).text(where, letter, 0, ImageFont.load_default(24))
    for kept, added in ((one, other), (other, one)):
        made, _ = put(kept, added)
        half = (0, 0, 120 + 13 * len(letters) - 80, FULL[1])
        assert made.crop(half).tobytes() == kept.crop(half).tobytes()


def test_nothing_lacking_is_nothing_done() -> None:
    one = page(TITLE)
    made, left = put(one, page(TITLE))
    assert made is one
    assert left == 0.0
