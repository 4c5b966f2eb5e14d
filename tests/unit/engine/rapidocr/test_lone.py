"""Where signs stand alone on a page, and how they are shown to who reads lines."""

from __future__ import annotations

from math import radians, tan

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocrd.engine.rapidocr import lone
from ocrd.job import Box, Line, Quad

Pixels = NDArray[np.uint8]
Region = tuple[int, int, int, int]  # left, top, right, bottom

ROWS = (100, 150, 200)  # where lines of 32 pixels begin
FIGURE: Region = (600, 108, 612, 126)  # in the first row, 18 pixels high
DASH: Region = (600, 165, 616, 168)  # in the second


def page(*marks: Region, lines: int = 3) -> tuple[Pixels, list[Line]]:
    """Draw lines of letters at the left, and marks; return them with the lines' boxes."""
    pixels = np.full((400, 1000, 3), 255, np.uint8)
    boxes = []
    for top in ROWS[:lines]:
        for left in range(60, 240, 16):
            pixels[top + 7 : top + 25, left : left + 9] = 20
        boxes.append(line((55, top, 245, top + 32)))
    for left, top, right, bottom in marks:
        pixels[top:bottom, left:right] = 20
    return pixels, boxes


def line(region: Region, text: str = "harbour", confidence: float = 0.99) -> Line:
    left, top, right, bottom = region
    return Line(text, confidence, ((left, top), (right, top), (right, bottom), (left, bottom)))


def regions(marks: list[lone.Mark]) -> list[Region]:
    return [(round(one.left), round(one.top), round(one.right), round(one.bottom)) for one in marks]


def near(found: list[Region], *wanted: Region) -> bool:
    """Say whether regions are those wanted, to the pixels that are looked at."""
    return len(found) == len(wanted) and all(
        abs(a - b) <= 4
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_signs_level_with_a_line_are_found_however_far_away() -> None:
    marks = lone.find(*page(FIGURE, DASH))
    assert near(regions(marks), FIGURE, DASH)
    assert [round(one.middle) for one in marks] == [116, 166]
    assert [one.thick for one in marks] == [32, 32]


def test_a_mark_gets_a_box_as_the_detector_gives_them_as_high_as_its_row() -> None:
    ((_, top), (right, _), (_, bottom), (left, _)) = lone.find(*page(FIGURE))[0].quad
    assert (top, bottom) == (100, 132)
    assert 590 <= left < 600
    assert 612 < right <= 622


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param((600, 112, 603, 115), id="a speck"),
        pytest.param((600, 134, 612, 148), id="between two rows"),
        pytest.param((600, 300, 612, 318), id="far below all rows"),
        pytest.param((600, 100, 612, 180), id="higher than a line"),
        pytest.param((600, 114, 680, 117), id="a rule"),
        pytest.param((246, 108, 255, 126), id="close behind a line: a letter of it"),
    ],
)
def test_what_is_no_lone_sign_is_not_found(mark: Region) -> None:
    assert lone.find(*page(mark)) == []


def test_signs_beside_each_other_are_no_lone_ones() -> None:
    word = [(600 + 16 * place, 108, 609 + 16 * place, 126) for place in range(5)]
    assert lone.find(*page(*word)) == []


def test_a_rule_close_by_hides_no_sign() -> None:
    rules = [(580, 90, 582, 250), (630, 90, 632, 250), (500, 94, 700, 96), (500, 134, 700, 136)]
    assert near(regions(lone.find(*page(FIGURE, *rules))), FIGURE)


def test_pieces_of_one_sign_are_one() -> None:
    bars: list[Region] = [(600, 112, 614, 115), (600, 119, 614, 122)]
    assert near(regions(lone.find(*page(*bars))), (600, 112, 614, 122))


def test_what_a_box_covers_for_more_than_half_is_not_looked_at_again() -> None:
    pixels, lines = page(FIGURE)
    assert lone.find(pixels, [*lines, line((595, 100, 617, 132), "7")]) == []
    assert near(regions(lone.find(pixels, [*lines, line((560, 80, 617, 114), "Qty")])), FIGURE)


@pytest.mark.parametrize(
    ("text", "confidence", "is_found"),
    [("7", 0.99, False), ("1", 0.56, True), ("又", 0.97, True), ("Qty", 0.6, False)],
)
def test_a_box_of_a_single_sign_that_is_not_sure_covers_nothing(
    text: str, confidence: float, is_found: bool
) -> None:
    pixels, lines = page(FIGURE)
    box = line((592, 100, 620, 132), text, confidence)
    assert bool(lone.find(pixels, [*lines, box])) is is_found


def test_a_box_that_stands_on_its_corner_gives_way_to_the_mark_in_it() -> None:
    pixels, lines = page(FIGURE)
    corner: Quad = ((586, 117), (606, 97), (626, 117), (606, 137))
    turned = Line("4", 0.99, corner)
    (mark,) = lone.find(pixels, [*lines, turned])
    read = Line("7", 1.0, mark.quad)
    assert lone.joined([*lines, turned], [read]) == (*lines, read)
    assert lone.joined([*lines, turned], []) == (*lines, turned)


def test_sure_lines_stay_beside_marks() -> None:
    _, lines = page()
    other = line((592, 100, 620, 132), "7")
    assert lone.joined([*lines, other], [line((592, 100, 620, 132), "1")])[:4] == (*lines, other)


def test_nothing_is_found_in_pictures() -> None:
    pixels, lines = page(FIGURE, DASH)
    assert near(regions(lone.find(pixels, lines, [Box(500, 60, 700, 140)])), DASH)


def test_rows_are_followed_along_the_slant_of_the_page() -> None:
    pixels, lines = page((900, 108, 912, 126))
    turn = cv2.getRotationMatrix2D((0, 100), -2, 1.0)
    turned = cv2.warpAffine(pixels, turn, (1000, 400), borderValue=(255, 255, 255))
    slanted = [
        Line(one.text, 1.0, tuple((x, y + x * tan(radians(2))) for x, y in one.quad))  # type: ignore[arg-type]
        for one in lines
    ]
    (mark,) = lone.find(np.asarray(turned, np.uint8), slanted)
    (_, left), (_, right) = mark.quad[:2]
    assert mark.off == pytest.approx(0, abs=0.1)
    assert right > left


def test_signs_in_tinted_rows_are_found_as_those_between_them() -> None:
    marks = [(600, top + 16, 616, top + 20) for top in ROWS]
    pixels, lines = page(*marks)
    chance = np.random.default_rng(1)
    for top in ROWS[::2]:
        row = pixels[top - 9 : top + 41].astype(np.int16) - 35
        pixels[top - 9 : top + 41] = row.clip(0, 255).astype(np.uint8)
    grain = pixels.astype(np.int16) + chance.integers(-8, 9, pixels.shape[:2])[:, :, None]
    pixels = grain.clip(0, 255).astype(np.uint8)
    assert near(regions(lone.find(pixels, lines)), *marks)


def test_a_page_full_of_grain_has_no_marks() -> None:
    chance = np.random.default_rng(1)
    grain: list[Region] = []
    for left in range(300, 980, 24):
        for top in (108, 158, 208):
            x = left + int(chance.integers(0, 3))
            grain.append((x, top, x + 4, top + 6))
    assert len(lone.find(*page(*grain[:20]))) == 20
    assert lone.find(*page(*grain)) == []


def test_pages_without_lines_or_with_tiny_ones_have_none() -> None:
    pixels, _ = page(FIGURE)
    assert lone.find(pixels, []) == []
    assert lone.find(pixels, [line((60, 100, 200, 106))]) == []


def test_marks_are_shown_as_lines_of_their_rows_height_without_what_is_beside() -> None:
    pixels, lines = page(FIGURE, (580, 90, 582, 250), (620, 90, 622, 250))
    marks = lone.find(pixels, lines)
    sheet, quads = lone.sheet(pixels, marks)
    ((left, top), (right, _), (_, bottom), _) = quads[0]
    assert (left, top, bottom) == (0, 0, 32)
    assert right >= 32
    ink = np.argwhere(sheet[:32, : int(right), 0] < 128)
    assert np.ptp(ink, axis=0).tolist() == [17, 11], "the figure, and no rule"
    assert ink[:, 0].min() == 8, "as far below the row's top as on the page"


def test_no_marks_make_an_empty_sheet() -> None:
    assert lone.sheet(page()[0], [])[1] == []


@pytest.mark.parametrize(
    ("texts", "eastern"),
    [(["港口办公室七点开门", "A4"], True), (["harbour", "又"], False), ([], False)],
)
def test_pages_of_chinese_are_told_by_most_of_their_letters(
    texts: list[str], eastern: bool
) -> None:
    assert lone.is_eastern([line((0, 0, 9, 9), text) for text in texts]) is eastern


# A column of figures that was taken for a line that stands

COLUMN = (596, 104, 616, 226)
FIGURES: tuple[Region, ...] = tuple((600, top + 8, 612, top + 26) for top in ROWS)


def test_under_a_narrow_box_that_stands_signs_are_found() -> None:
    pixels, lines = page(*FIGURES)
    assert near(regions(lone.find(pixels, [*lines, line(COLUMN, "123")])), *FIGURES)
    wide = line((560, 104, 660, 400), "123")  # a line of large print that stands
    assert lone.find(pixels, [*lines, wide]) == []


def test_a_line_that_stands_goes_only_if_each_of_its_signs_was_found() -> None:
    _, lines = page()
    column = line(COLUMN, "1 2 3")
    marks = [line(region, text) for region, text in zip(FIGURES, "123", strict=True)]
    assert lone.joined([*lines, column], marks) == (*lines, *marks)
    other = line((700, 108, 712, 126), "7")
    assert lone.joined([*lines, column], [*marks[:2], other]) == (*lines, column, other)


def test_lines_that_stand_as_most_do_are_no_columns_of_figures() -> None:
    standing = [line((left, 100, left + 20, 300), "harbour") for left in (100, 200, 300)]
    marks = [line(FIGURES[0], "1")]
    assert lone.joined(standing, marks) == (*standing, *marks)


def test_figures_of_close_rows_are_one_each() -> None:
    """Their white is less than what a sign of two parts may have, for a box as high as these."""
    pixels = np.full((400, 1000, 3), 255, np.uint8)
    lines = []
    for number in range(6):
        top = 100 + 28 * number
        for left in range(60, 240, 16):
            pixels[top + 7 : top + 27, left : left + 9] = 20
        pixels[top + 7 : top + 27, 600:612] = 20
        lines.append(line((55, top, 245, top + 34)))
    wanted = [(600, 107 + 28 * number, 612, 127 + 28 * number) for number in range(6)]
    assert near(sorted(regions(lone.find(pixels, lines)), key=lambda one: one[1]), *wanted)
