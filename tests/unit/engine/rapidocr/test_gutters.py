"""Boxes that lie across a gutter between columns."""

from __future__ import annotations

import pytest
from PIL import ImageDraw

from ocrd.engine.rapidocr import gutters, turning
from ocrd.job import Quad
from tests.unit.engine.rapidocr.setting import WORDS, Sheet, turned

ROWS = 24
LEFT, WIDE = 60, 320


def columns(gutter: int, size: int = 20) -> tuple[Sheet, list[Quad]]:
    """Return a page of three columns, and boxes that lie across them all."""
    sheet = Sheet(size)
    for column in range(3):
        sheet.column(LEFT + column * (WIDE + gutter), 60, WIDE, ROWS, seed=column)
    end = LEFT + 3 * WIDE + 2 * gutter
    return sheet, [sheet.row(LEFT, end, 60 + row * sheet.pitch) for row in range(ROWS)]


@pytest.mark.parametrize("gutter", [17, 22, 32])
@pytest.mark.parametrize("degrees", [0.0, 1.0, -1.5])
def test_a_line_of_each_column_is_a_box(gutter: int, degrees: float) -> None:
    sheet, fused = columns(gutter)
    pixels, boxes = turned(sheet.pixels(), fused, degrees)
    found = gutters.parted(pixels, boxes)
    assert len(found) == 3 * ROWS
    for quad in found:
        assert turning.size(quad)[0] == pytest.approx(WIDE, abs=12)
        assert turning.size(quad)[1] == pytest.approx(turning.size(boxes[0])[1], abs=1)


def test_a_part_ends_behind_its_last_letter_and_begins_before_its_first() -> None:
    sheet, fused = columns(22)
    found = gutters.parted(sheet.pixels(), fused)
    for first, second, third in zip(found[::3], found[1::3], found[2::3], strict=True):
        assert first[0] == pytest.approx((LEFT - 5, first[0][1]))
        assert LEFT + WIDE - 3 <= first[1][0] <= second[0][0] + 1 <= LEFT + WIDE + 25
        assert second[1][0] <= third[0][0] + 1
        assert third[1][0] == pytest.approx(LEFT + 3 * WIDE + 44 + 5)


def test_a_single_box_across_is_cut_where_its_neighbours_end() -> None:
    sheet, fused = columns(22)
    apart = gutters.parted(sheet.pixels(), fused)
    some = [*apart[: 3 * 9], fused[9], *apart[3 * 10 :]]
    assert len(gutters.parted(sheet.pixels(), some)) == 3 * ROWS


def test_boxes_beside_a_gutter_end_in_it() -> None:
    sheet, fused = columns(22)
    wide = 8  # as the detector's boxes reach over white that is narrow
    beside = [
        sheet.row(left - wide, left + WIDE + wide, 60 + row * sheet.pitch)
        for row in range(9, ROWS)
        for left in (LEFT, LEFT + WIDE + 22, LEFT + 2 * (WIDE + 22))
    ]
    found = gutters.parted(sheet.pixels(), [*fused[:9], *beside])
    assert len(found) == 3 * ROWS
    for first, second in zip(found[27::3], found[28::3], strict=True):
        assert LEFT + WIDE - 3 <= first[1][0] <= second[0][0] + 1 <= LEFT + WIDE + 25


def test_a_rule_between_columns_is_as_good_as_white() -> None:
    sheet, fused = columns(30)
    pen = ImageDraw.Draw(sheet.image)
    for column in (1, 2):
        x = LEFT + column * (WIDE + 30) - 15
        pen.line((x, 50, x, 60 + ROWS * sheet.pitch), fill="black", width=2)
    assert len(gutters.parted(sheet.pixels(), fused)) == 3 * ROWS


def test_a_headline_stays_whole_though_a_space_of_it_stands_over_the_gutter() -> None:
    sheet, fused = columns(22)
    large = Sheet(size=40)
    large.image = sheet.image
    large.words(LEFT, 5, ["ferries are"], [])
    large.words(LEFT + WIDE + 22, 5, ["not bought"], [])
    headline = large.row(LEFT, LEFT + 2 * WIDE, 5)
    assert headline in gutters.parted(sheet.pixels(), [headline, *fused])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wide", [400, 700, 1080])
def test_a_column_of_prose_is_not_cut(seed: int, wide: int) -> None:
    sheet = Sheet()
    sheet.column(LEFT, 60, wide, 40, seed)
    boxes = [sheet.row(LEFT, LEFT + wide, 60 + row * sheet.pitch) for row in range(40)]
    assert gutters.parted(sheet.pixels(), boxes) == boxes


@pytest.mark.parametrize("kind", ["a river", "one width", "a list", "a table", "few lines"])
def test_white_that_is_no_gutter_is_left(kind: str) -> None:
    sheet, rows = Sheet(), 20
    for row in range(rows):
        top = 60 + row * sheet.pitch
        word = WORDS[row % len(WORDS)]
        match kind:
            case "a river":  # its white is not wider than other spaces
                sheet.words(LEFT, top, ["mmmmmm mmmmmm", *["mmmmmm"] * 6], [14.0] * 6)
            case "one width":  # as typed: all signs, spaces too, are as wide
                for place in range(60):
                    if (place * (row + 3)) % 7 and place != 30:
                        sheet.words(LEFT + 15 * place, top, ["m" if place % 2 else "n"], [])
            case "a list":
                sheet.words(LEFT, top, [f"{row + 1}."], [])
                sheet.words(LEFT + 60, top, [*[word] * 8], [6.0] * 7)
            case "a table":
                sheet.words(LEFT, top, ["harbour office in town"], [])
                sheet.words(LEFT + 300, top, [f"{row * 37}.50"], [])
                sheet.words(LEFT + 420, top, [f"{row * 11}.20"], [])
            case "few lines":
                if row < 4:
                    sheet.words(LEFT, top, ["mmmmmmmmmmmmmm"] * 3, [30.0] * 2)
    boxes = [sheet.row(LEFT, LEFT + 900, 60 + row * sheet.pitch) for row in range(rows)]
    assert gutters.parted(sheet.pixels(), boxes) == boxes


def test_a_page_of_nothing_has_no_gutter() -> None:
    assert gutters.parted(Sheet().pixels(), []) == []
