"""Leaders: where they are, and what is read beside them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import leaders
from ocrd.engine.rapidocr.leaders import DOTS, STROKE
from ocrd.engine.rapidocr.page_ink import PageInk
from ocrd.engine.rapidocr.turning import bounds
from ocrd.job import Quad

SIZE, END = 36, 1100
FONT = ImageFont.load_default(SIZE)
Pixels = NDArray[np.uint8]


def box(left: float, right: float, top: float = 100) -> Quad:
    bottom = top + 1.25 * SIZE
    return (left, top), (right, top), (right, bottom), (left, bottom)


def drawn(words: str, leader: str, number: str = "", *, slant: float = 0) -> tuple[Pixels, float]:
    """Draw a row of a table of contents, twice; return it and where its words end."""
    page = Image.new("RGB", (1300, 400), "white")
    pen = ImageDraw.Draw(page)
    words_end = 100 + FONT.getlength(words)
    for top in (100, 260):
        foot = top + round(0.93 * SIZE)
        pen.text((100, top), words, fill=0, font=FONT)
        pen.text((END + 20, top), number, fill=0, font=FONT)
        start = round(words_end) + 15
        if leader == "stroke":
            pen.line((start, foot, END, foot), fill=0, width=3)
        elif leader:
            count = int((END - start) / FONT.getlength(leader))
            pen.text((start, top), count * leader, fill=0, font=FONT)
    turned = page.rotate(-slant, Image.Resampling.BICUBIC, fillcolor="white")
    return np.asarray(turned), words_end


@pytest.mark.parametrize(
    ("leader", "sign"),
    [(".", DOTS), (". ", DOTS), ("· ", DOTS), ("- ", DOTS), ("_", STROKE), ("stroke", STROKE)],
)
def test_words_and_number_are_parted_from_their_leader(leader: str, sign: str) -> None:
    page, end = drawn("The harbour office", leader, "17")
    quads = [box(95, 1180), box(95, 1180, 260)]
    rows = sorted(leaders.rows(PageInk(page), quads), key=lambda row: row.quad[0][1])
    assert [row.boxes for row in rows] == [{0}, {1}]
    words, between, number = rows[0].parts
    assert between == sign
    assert not isinstance(words, str)
    assert not isinstance(number, str)
    assert bounds(words)[0] == 95
    assert end <= bounds(words)[2] <= end + SIZE
    assert END - SIZE <= bounds(number)[0] <= END + 22
    assert bounds(number)[2] == pytest.approx(1180)


def test_a_number_that_has_no_box_gets_one() -> None:
    page, end = drawn("The harbour office", ".", "7")
    (row,) = leaders.rows(PageInk(page), [box(95, end + 4)])
    assert row.boxes == {0}
    number = row.parts[2]
    assert not isinstance(number, str)
    left, top, right, bottom = bounds(number)
    assert END + 10 < left < END + 24
    assert END + 24 < right < END + 60
    assert 95 < top < 110
    assert 130 < bottom < 146


def test_a_row_that_has_no_box_is_one_among_others_only() -> None:
    page, _ = drawn("The harbour office", ".", "7")
    four = np.concatenate((page, page))
    quads = [box(95, 1180, 100 + 160 * row + 80 * (row > 1)) for row in range(3)]
    assert [row.boxes for row in leaders.rows(PageInk(four), quads)].count(frozenset()) == 1
    assert all(row.boxes for row in leaders.rows(PageInk(four), quads[:2]))


def test_words_that_have_no_box_get_one_and_boxes_of_dots_are_gone() -> None:
    page, end = drawn("The harbour office", ".", "17")
    quads = [box(END + 15, 1180), box(end + 100, END - 50), box(95, 1180, 260)]
    rows = leaders.rows(PageInk(page), quads)
    row = next(row for row in rows if 1 in row.boxes)
    assert row.boxes == {0, 1}
    words = row.parts[0]
    assert not isinstance(words, str)
    assert bounds(words)[0] == pytest.approx(95, abs=8)
    assert bounds(words)[2] == pytest.approx(end, abs=10)
    assert len(row.parts) == 3


def test_a_line_to_fill_in_stays_at_the_end_of_its_row() -> None:
    page, _ = drawn("Name:", "stroke")
    (row,) = leaders.rows(PageInk(page), [box(95, END)])
    assert len(row.parts) == 2
    assert row.parts[1] == STROKE


def test_a_slanted_row_is_parted_as_well() -> None:
    page, _ = drawn("The harbour office", "·", "17", slant=1.5)
    top = [(x, y) for x, y in ((95, 86), (1182, 114))]
    quad = top[0], top[1], (top[1][0], top[1][1] + 45.0), (top[0][0], top[0][1] + 45.0)
    (row,) = leaders.rows(PageInk(page), [quad])
    assert [part for part in row.parts if isinstance(part, str)] == [DOTS]
    assert len(row.parts) == 3


@pytest.mark.parametrize(
    "text",
    [
        "specific indication illicit implicit fiji",
        "Wait ... and see: crw-rw---- root; a.b.c.d",
        "1.2.3.4.5.6.7.8.9 i i i i i i i i i i i i",
    ],
)
def test_the_dots_of_letters_and_short_rows_of_dots_are_no_leaders(text: str) -> None:
    page, end = drawn(text, "")
    assert leaders.rows(PageInk(page), [box(95, end + 5), box(95, end + 5, 260)]) == []


def test_strokes_under_words_beside_none_and_through_text_are_no_lines_to_fill_in() -> None:
    page, end = drawn("The harbour office", "")
    image = Image.fromarray(page)
    pen = ImageDraw.Draw(image)
    pen.line((100, 140, end, 140), fill=0, width=3)
    pen.line((100, 222, 1200, 222), fill=0, width=3)
    quads = [box(95, end + 5), box(95, end + 5, 260)]
    assert leaders.rows(PageInk(np.asarray(image)), quads) == []


@pytest.mark.parametrize("is_above", [True, False])
def test_a_rule_of_the_next_column_is_no_line_to_fill_in(*, is_above: bool) -> None:
    page = np.full((900, 1300), 255, np.uint8)
    page[440:443, 700:1240] = 0
    words = [box(100, 640, top) for top in range(100, 800, 60)]
    page[425:435, 100:640:12] = 0  # what stands before the rule
    tops = range(100, 380, 60) if is_above else range(500, 780, 60)
    column = [box(703, 1150 + 30 * (number % 4), top) for number, top in enumerate(tops)]
    assert leaders.rows(PageInk(page), [*words, *column]) == []
    # Beside fields of a form, as wide, that others stand under, it is one.
    some = [box(703, 900, top) for top in tops]
    (row,) = leaders.rows(PageInk(page), [*words, *some])
    assert row.parts[1] == STROKE


def test_a_page_without_boxes_has_no_rows() -> None:
    assert leaders.rows(PageInk(np.full((400, 400, 3), 255, np.uint8)), []) == []
