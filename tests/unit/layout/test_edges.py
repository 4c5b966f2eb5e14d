"""Heads and feet that stand off from all columns."""

import pytest

from ocrd.job import Line
from ocrd.layout import edges
from ocrd.layout.columns import Row
from tests.unit.printed import HEIGHT, PITCH, blocks, line, lines, piece

ROWS = 40
TOP = 300
FOOT = TOP + ROWS * PITCH + 60  # white enough below the columns
LEFT = lines("Row after row here fills its column\n" * ROWS, 100, TOP, full=600)
RIGHT = lines("Row after row here fills the other\n" * ROWS, 800, TOP, full=600)


def last(*some: Line) -> str:
    return blocks(LEFT, RIGHT, list(some))[-1].text


def test_a_foot_under_the_first_column_is_read_last() -> None:
    assert last(line("Harbour News", 100, FOOT)) == "Harbour News"


def test_a_foot_of_two_rows_is_read_last_and_in_order() -> None:
    found = last(line("Harbour News", 100, FOOT), line("Quay 4", 100, FOOT + PITCH))
    assert found.split() == ["Harbour", "News", "Quay", "4"]


def test_a_head_over_the_second_column_is_read_first() -> None:
    found = blocks(LEFT, RIGHT, line("Harbour News", 900, 150))
    assert found[0].text == "Harbour News"


@pytest.mark.parametrize(
    "some",
    [
        [line("goes on here", 100, TOP + ROWS * PITCH)],  # one row more of the column
        [line("goes on here", 100, FOOT), line("and here", 800, FOOT)],  # of both
    ],
)
def test_a_column_that_ends_lower_is_no_foot(some: list[Line]) -> None:
    assert "goes on here" not in last(*some)


def test_what_stands_no_further_off_than_its_column_is_set_stays_in_it() -> None:
    def column(x: float, count: int, number: int) -> list[Row]:
        return [Row((piece(f"Row {n}", x, 200 + 180 * n),), number) for n in range(count)]

    ordered = [*column(100, 11, 0), *column(900, 10, 1)]
    assert ordered[10].box.y0 > 0.9 * HEIGHT
    assert edges.outermost(ordered, HEIGHT) == ordered
    foot = Row((piece("Foot", 100, 2130),), 0)
    close = [*column(100, 5, 0), foot, *column(900, 5, 1)]
    assert [row.text for row in edges.outermost(close, HEIGHT)][-2:] == ["Row 4", "Foot"]
