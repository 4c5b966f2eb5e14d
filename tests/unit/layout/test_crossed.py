"""Lines that the detector took together across a narrow gutter."""

import pytest

from ocrd.layout.crossed import MOST_AROUND, parted
from ocrd.layout.sheet import Piece
from tests.unit.printed import piece

LEFT, RIGHT = "the left column is full", "the right one is as wide"
WIDE = 345  # of 23 letters


def column(text: str, x: float, rows: range) -> list[Piece]:
    return [piece(text, x, 300 + 38 * row, width=WIDE) for row in rows]


def fused(row: int) -> Piece:
    return piece(f"{LEFT} {RIGHT}", 100, 300 + 38 * row, width=2 * WIDE + 20)


def texts(pieces: list[Piece]) -> list[str]:
    return [one.line.text for one in pieces]


@pytest.mark.parametrize("rows", [range(5, 6), range(5, 9)])
def test_they_are_cut_where_the_right_column_begins(rows: range) -> None:
    others = [row for row in range(16) if row not in rows]
    left = [piece(LEFT, 100, 300 + 38 * row, width=WIDE) for row in others]
    right = [piece(RIGHT, 465, 300 + 38 * row, width=WIDE) for row in others]
    found = parted([*left, *right, *map(fused, rows)])
    assert texts(found).count(LEFT) == texts(found).count(RIGHT) == 16
    assert len(found) == 32


def test_a_line_above_the_columns_is_whole() -> None:
    title = piece(f"{LEFT} {RIGHT}", 100, 100, width=2 * WIDE + 20)
    found = parted([title, *column(LEFT, 100, range(16)), *column(RIGHT, 465, range(16))])
    assert texts(found)[0] == f"{LEFT} {RIGHT}"


def test_a_line_in_larger_type_is_whole() -> None:
    headline = piece(f"{LEFT} {RIGHT}", 100, 300 + 38 * 5, width=2 * WIDE + 20, height=45)
    rows = [*range(5), *range(7, 16)]
    left = [piece(LEFT, 100, 300 + 38 * row, width=WIDE) for row in rows]
    right = [piece(RIGHT, 465, 300 + 38 * row, width=WIDE) for row in rows]
    assert len(parted([*left, *right, headline])) == len(left) + len(right) + 1


def test_running_text_is_whole() -> None:
    rows = [fused(row) for row in range(12)]
    assert parted(rows) == rows


@pytest.mark.parametrize(("rows", "whole"), [(5, 0), (3, 3)])
def test_many_rows_that_all_break_there_are_cut_without_neighbours(rows: int, whole: int) -> None:
    top = [fused(row) for row in range(rows)]
    below = range(rows + 3, rows + 15)
    columns = [*column(LEFT, 100, below), *column(RIGHT, 465, below)]
    found = parted([*top, *columns])
    assert texts(found).count(f"{LEFT} {RIGHT}") == whole


def test_an_abstract_over_two_columns_is_whole() -> None:
    text = "An abstract that is set over both columns has its words anywhere at all"
    abstract = [
        piece(text[shift:] + text[:shift], 100, 300 + 38 * row, width=2 * WIDE + 20)
        for row, shift in enumerate((0, 3, 12, 17, 22, 26))
    ]
    below = range(9, 22)
    columns = [*column(LEFT, 100, below), *column(RIGHT, 465, below)]
    assert len(parted([*abstract, *columns])) == len(abstract) + len(columns)


def test_a_plan_of_very_many_pieces_is_left_as_it_is() -> None:
    others = [row for row in range(16) if row != 5]
    columns = [
        piece(text, x, 300 + 38 * row, width=WIDE)
        for row in others
        for x, text in ((100, LEFT), (465, RIGHT))
    ]
    plan = [piece("wall", 2000 + 100 * n, 300 + 38 * 5) for n in range(MOST_AROUND)]
    assert len(parted([fused(5), *columns])) == len(columns) + 2
    assert len(parted([fused(5), *columns, *plan])) == len(columns) + len(plan) + 1
