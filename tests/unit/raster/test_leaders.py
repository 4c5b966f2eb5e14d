"""Leaders and lines to fill in are no text to count."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.raster.ink import _longer, counted
from ocrd.raster.leaders import is_leader
from ocrd.raster.rows import Row
from ocrd.witness import held_against

ENTRIES = [f"{number} The harbour office" for number in range(1, 31)]
CHARACTERS = sum(len(entry.replace(" ", "")) + 2 for entry in ENTRIES)


def contents(leader: str, *, width: int = 1654, size: int = 36, thick: int = 5) -> Image.Image:
    """Draw a table of contents; a leader that is a word is drawn, not typed."""
    page = Image.new("L", (width, 2339), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for row, entry in enumerate(ENTRIES):
        top = 120 + 70 * row
        foot, end = top + round(0.95 * size), width - 240
        start = 100 + round(font.getlength(entry)) + 20
        pen.text((100, top), entry, fill=0, font=font)
        pen.text((end + 20, top), f"{row + 17}", fill=0, font=font)
        if leader == "stroke":
            pen.line((start, foot, end, foot), fill=0, width=thick)
        elif leader in {"dots", "dashes"}:
            step = 3 * thick if leader == "dots" else 8 * thick
            for x in range(start, end, step):
                wide = thick if leader == "dots" else 5 * thick
                pen.rectangle((x, foot - thick, x + wide - 1, foot - 1), fill=0)
        else:
            count = int((end - start) / font.getlength(leader))
            pen.text((start, top), count * leader, fill=0, font=font)
    return page


@pytest.mark.parametrize("leader", [".", ". ", "_", "- ", "·", "…", "stroke", "dots", "dashes"])
@pytest.mark.parametrize("size", [28, 36])
def test_leaders_are_not_counted(leader: str, size: int) -> None:
    ink = counted(contents(leader, size=size, thick=size // 6))
    assert 0.6 * CHARACTERS <= ink.characters <= 1.4 * CHARACTERS
    assert held_against(ink, len(ENTRIES), CHARACTERS) is None


def test_leaders_are_not_counted_on_a_slanted_page() -> None:
    page = contents("dots", thick=6).rotate(2, Image.Resampling.BICUBIC, fillcolor=255)
    assert counted(page).characters <= 1.4 * CHARACTERS


def test_a_few_long_rows_the_other_way_round_are_no_page_on_its_side() -> None:
    names, down = [Row(20.0, 6.0)] * 80, [Row(20.0, 15.0)] * 2  # of a form; of letters below others
    assert _longer(names, down) == names
    on_its_side = [Row(20.0, 60.0)] * 8
    assert _longer(names, on_its_side) == on_its_side


@pytest.mark.parametrize("text", ["HHHH OOO HOHO", "1100 0011 0110", "mmm nnn mmm", "#### ### ##"])
def test_letters_of_one_shape_are_counted(text: str) -> None:
    page = Image.new("L", (1654, 2339), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(36)
    for row in range(30):
        pen.text((100, 120 + 70 * row), 3 * f"{text} ", fill=0, font=font)
    characters = 30 * 3 * len(text.replace(" ", ""))
    assert counted(page).characters >= 0.6 * characters


def mask(*pieces: tuple[int, int]) -> Image.Image:
    """Return a row, 10 pixels high and white where it has pieces: from where, and how wide."""
    image = Image.new("L", (400, 10), 0)
    for left, width in pieces:
        image.paste(255, (left, 2, left + width, 8))
    return image


def test_a_row_of_equal_solid_pieces_is_a_leader_and_one_of_unequal_ones_is_none() -> None:
    row = (0, 2, 400, 8)
    assert is_leader(mask(*((x, 6) for x in range(5, 390, 15))), [row])
    assert is_leader(mask((5, 390)), [row])
    assert not is_leader(mask(*((x, 3 + x % 17) for x in range(5, 380, 25))), [row])
    assert not is_leader(mask(*((x, 2) for x in range(5, 390, 6))), [row]), "stems"
    assert not is_leader(mask(), [row])


def test_half_of_a_dot_at_the_end_of_a_part_is_no_other_width() -> None:
    dots = mask((0, 3), (20, 6), (40, 6), (60, 3))
    assert is_leader(dots, [(0, 2, 63, 8)])
