"""Boxes of one line that overlap."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import ImageFont

from ocrd.engine.rapidocr import overlaps
from ocrd.job import Quad
from tests.unit.engine.rapidocr.setting import Sheet, box, turned


def text(*headline: str, size: int = 60) -> tuple[Sheet, list[float], list[Quad]]:
    """Return a page of a headline and text, where the headline's words begin, the text's boxes."""
    sheet = Sheet(size=20, height=700)
    sheet.column(60, 200, 1000, 12, seed=1)
    rows = [sheet.row(60, 1060, 200 + row * sheet.pitch) for row in range(12)]
    font, places = ImageFont.load_default(size), [60.0]
    large = Sheet(size=size)
    large.image = sheet.image
    space = font.getlength(" ")
    for word in headline:
        places.append(places[-1] + font.getlength(word) + space)
    large.words(60, 80, list(headline), [space] * (len(headline) - 1))
    return sheet, places, rows


@pytest.mark.parametrize("degrees", [0.0, 1.2, -1.2])
@pytest.mark.parametrize("size", [40, 60, 90])
def test_large_words_that_share_letters_are_one_line(size: int, degrees: float) -> None:
    sheet, places, rows = text("Insurance", "company", "denied", size=size)
    high = 1.25 * size
    words = [
        box(start - 0.4 * size, 80, end + 0.2 * size, 80 + high) for start, end in pairwise(places)
    ]
    pixels, boxes = turned(sheet.pixels(), [*words, *rows], degrees)
    found = overlaps.resolved(pixels, boxes)
    assert len(found) == 1 + len(rows)
    assert found[0][0] == pytest.approx(boxes[0][0])
    assert found[0][1] == pytest.approx(boxes[2][1])


def test_what_is_apart_by_more_than_a_space_ends_at_the_white() -> None:
    sheet, _, rows = text("one")
    sheet.words(60, 600, ["12.50", "17.80"], [16.0])
    length = ImageFont.load_default(20).getlength("12.50")
    second = 60 + length + 16
    left, right = box(55, 599, second + 8, 626), box(60 + length - 8, 599, second + 70, 626)
    *others, first, last = overlaps.resolved(sheet.pixels(), [*rows, left, right])
    assert others == rows
    assert first[0] == left[0]
    assert last[1] == right[1]
    # A letter's own margins are none of it.
    assert 60 + length - 2 <= first[1][0] <= last[0][0] + 2 <= second + 4


def test_a_word_that_is_cut_in_two_is_one() -> None:
    sheet, _, rows = text("one")
    sheet.words(60, 600, ["millimetres"], [])
    parts = [box(55, 599, 130, 626), box(110, 599, 190, 626)]
    assert overlaps.resolved(sheet.pixels(), [*parts, *rows]) == [box(55, 599, 190, 626), *rows]


def test_boxes_that_share_no_letter_stay() -> None:
    sheet, _, rows = text("one")
    sheet.words(60, 600, ["12.50", "17.80"], [20.0])
    length = ImageFont.load_default(20).getlength("12.50")
    boxes = [box(55, 599, 60 + length + 12, 626), box(60 + length + 8, 599, 260, 626), *rows]
    assert overlaps.resolved(sheet.pixels(), boxes) == boxes


@pytest.mark.parametrize("seed", range(3))
def test_grain_between_two_boxes_is_no_letter(seed: int) -> None:
    sheet, _, rows = text("one")
    sheet.words(60, 600, ["46.74", "36.81"], [60.0])
    length = ImageFont.load_default(20).getlength("46.74")
    boxes = [box(55, 599, 60 + length + 32, 626), box(60 + length + 28, 599, 260, 626), *rows]
    noise = np.random.default_rng(seed).normal(0, 14, sheet.pixels().shape)
    grainy = np.clip(sheet.pixels() * 0.8 + 30 + noise, 0, 255).astype(np.uint8)
    assert overlaps.resolved(grainy, boxes) == boxes


def test_lines_below_each_other_stay() -> None:
    sheet, _, rows = text("one")
    close = [box(55, top - 6, 1065, top + 30) for top in range(200, 500, 28)]
    assert overlaps.resolved(sheet.pixels(), close) == close
    assert overlaps.resolved(sheet.pixels(), []) == []
    assert rows
