"""Lines that the detector took together across a narrow gutter."""

import pytest

from ocrd.layout.crossed import parted
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
