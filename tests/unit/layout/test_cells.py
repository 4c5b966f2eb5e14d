"""Rows whose parts stand in columns to tables."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Line
from ocrd.layout import columns
from ocrd.layout.cells import table
from ocrd.layout.sheet import Sheet
from tests.unit.printed import HEIGHT, WIDTH, blocks, cells, labelled, line, paragraph

COLUMNS = (200, 700, 1200)


def rows(*texts: tuple[str, ...], y: float = 700) -> list[Line]:
    return [
        line(text, x, y + 40 * number)
        for number, row in enumerate(texts)
        for x, text in zip(COLUMNS, row, strict=False)
        if text
    ]


PRICES = (
    ("Item", "Pieces", "Price"),
    ("Rye flour", "2", "31.50"),
    ("Salt", "", "4.20"),
    ("Yeast, fresh", "12", "0.90"),
)


def test_parts_that_stand_in_line_are_a_table() -> None:
    text, found, after = blocks(paragraph(500), rows(*PRICES), paragraph(1000))
    assert (text.label, found.label, after.label) == ("text", "table", "text")
    assert cells(found) == [list(row) for row in PRICES]


def test_columns_set_to_the_right_stand_in_line_too() -> None:
    some = [
        line(text, 900 - 15 * len(text), 700 + 40 * number)
        for number, (_, _, text) in enumerate(PRICES)
    ]
    names = [line(name, 200, 700 + 40 * number) for number, (name, _, _) in enumerate(PRICES)]
    (found,) = blocks(some, names)
    assert cells(found) == [[name, price] for name, _, price in PRICES]


def test_a_cell_goes_on_in_a_row_that_has_nothing_in_the_first_column() -> None:
    found = blocks(paragraph(500), rows(*PRICES, ("", "of the baker"), ("Milk", "1", "2.10")))[1]
    assert cells(found)[3:] == [["Yeast, fresh", "12 of the baker", "0.90"], ["Milk", "1", "2.10"]]


def test_parts_that_stand_in_no_line_are_no_table() -> None:
    askew = [line(text, x, 700 + 40 * number) for number, (x, text) in enumerate(
        [(200, "one"), (240, "two"), (180, "three"), (260, "four")]
    )]  # fmt: skip
    beside = [
        line("x" * (3 + number), 1000 - 60 * number, 700 + 40 * number) for number in range(4)
    ]
    pairs = zip(askew, beside, strict=True)
    some = [columns.Row(Sheet.of(pair, WIDTH, HEIGHT).pieces, 0) for pair in pairs]
    assert table(some) is None


def test_a_header_that_was_read_as_one_line_is_cut_where_the_columns_are() -> None:
    header = line("Goods of our shop Pieces", 200, 700, width=600)
    found = blocks(paragraph(500), header, line("Price", 1200, 700), rows(*PRICES[1:], y=740))[1]
    assert cells(found)[0] == ["Goods of our shop", "Pieces", "Price"]


def test_a_sign_larger_than_the_others_does_not_break_the_table() -> None:
    some = rows(*PRICES, ("Milk", "", "2.10"))
    dash = line("\N{EM DASH}", 700, 845, height=55)
    found = blocks(paragraph(500), some, dash, paragraph(1000))[1]
    assert [len(row) for row in cells(found)] == [3] * 5


def test_two_rows_are_too_few_for_a_table() -> None:
    assert "table" not in [label for label, _ in labelled(rows(*PRICES[:2]), paragraph(1000))]


# Below, rows 30 high, 40 from each to the next, of parts as (left, right) or with their text.
Part = tuple[float, float] | tuple[float, float, str]
Parts = Sequence[Part]
TWO, ONE = ((200, 300), (500, 600)), ((200, 300),)


def made(*some: Parts, tops: Sequence[float] = ()) -> list[list[str]] | None:
    """Return the cells of the table that rows are, None if they are none.

    A part without text is called by its row and place: 0a, 0b, 1a.
    """
    found = []
    for number, row in enumerate(some):
        top = tops[number] if tops else 40 * number
        parts = [
            line(rest[0] if rest else f"{number}{chr(97 + at)}", x0, top, width=x1 - x0)
            for at, (x0, x1, *rest) in enumerate(row)
        ]
        found.append(columns.Row(Sheet.of(parts, WIDTH, HEIGHT).pieces, 0))
    grid = table(found)
    return [[cell.text for cell in row] for row in grid.rows] if grid else None


def width_of(*some: Parts) -> int:
    """Return how many columns the rows have as a table, 0 if they are none."""
    found = made(*some)
    return len(found[0]) if found else 0


@pytest.mark.parametrize(
    ("several", "single", "is_one"),
    [(3, 0, True), (2, 0, False), (2, 4, False), (3, 2, True), (3, 3, False), (6, 4, True)],
)
def test_a_table_has_three_rows_of_several_parts_and_they_are_most(
    several: int, single: int, is_one: bool
) -> None:
    assert width_of(*[TWO] * several, *[ONE] * single) == 2 * is_one


@pytest.mark.parametrize(("gap", "is_one"), [(11, False), (12, False), (13, True)])
def test_words_as_near_as_in_a_sentence_stand_in_one_cell(gap: int, is_one: bool) -> None:
    assert width_of(*[[(200, 300), (300 + gap, 500)]] * 3) == 2 * is_one


def test_the_words_of_a_cell_that_were_read_apart_stand_in_it_together() -> None:
    row: Parts = [
        *((200, 290, "Rye"), (300, 390, "flour"), (400, 490, "fine")),
        *((700, 790, "two"), (800, 890, "or"), (900, 990, "three")),
        *((1200, 1290, "31"), (1300, 1390, "50")),
    ]
    assert made(*[row] * 3) == [["Rye flour fine", "two or three", "31 50"]] * 3


@pytest.mark.parametrize(("right", "is_one"), [(329.5, True), (330, False), (345, False)])
def test_a_strip_of_white_parts_two_columns(right: float, is_one: bool) -> None:
    second, third = [(200, right), (380, 600)], [(200, 310), (400, 600)]
    assert width_of([(200, 300), (340, 600)], second, third) == 2 * is_one


def test_a_header_may_stand_closer_than_the_columns_below_it() -> None:
    header: Parts = [(200, 420), (440, 600)]
    row: Parts = [(200, 300), (430, 600)]
    assert made(header, row, row, row) == [["0a", "0b"], ["1a", "1b"], ["2a", "2b"], ["3a", "3b"]]
    assert made(header, row, row) is None  # too few rows to know
    assert made(row, header, row, row, row) is None


def test_a_part_that_reaches_over_two_columns_of_others_makes_no_table() -> None:
    wide: Parts = [(200, 300), (500, 800)]
    three: Parts = [(200, 300), (510, 600), (700, 900)]
    assert made(wide, three, three) is None
    far: Parts = [(200, 300), (510, 600), (820, 900)]
    assert made(wide, far, far) == [["0a", "0b", ""], ["1a", "1b", "1c"], ["2a", "2b", "2c"]]


@pytest.mark.parametrize(("columns", "found"), [(29, 29), (30, 30), (31, 0)])
def test_rows_of_more_than_thirty_parts_are_a_drawing(columns: int, found: int) -> None:
    row: Parts = [(40 * at, 40 * at + 20, "x") for at in range(columns)]
    assert width_of(*[row] * 3) == found


@pytest.mark.parametrize(
    ("wide", "cells"), [((280, 560), ["", "0a"]), ((240, 520), ["0a", ""])]
)
def test_a_part_over_two_columns_stands_in_the_one_that_it_covers_most(
    wide: Part, cells: list[str]
) -> None:
    assert made([wide], TWO, TWO, TWO) == [cells, ["1a", "1b"], ["2a", "2b"], ["3a", "3b"]]


@pytest.mark.parametrize(
    ("step", "shape", "is_one"),
    [
        (20, "left", True),
        (21, "left", False),
        (20, "right", True),
        (21, "right", False),
        (20, "middle", True),
        (21, "middle", False),
    ],
)
def test_parts_stand_in_line_at_the_left_the_right_or_about_a_middle(
    step: int, shape: str, is_one: bool
) -> None:
    grow = {"left": (0, 150), "right": (-150, 0), "middle": (-150, 150)}[shape]
    some: list[Parts] = [
        [(200, 300), (900 + n * (step + grow[0]), 1000 + n * (step + grow[1]))] for n in range(3)
    ]
    assert width_of(*some) == 2 * is_one


@pytest.mark.parametrize(("in_line", "is_one"), [(7, True), (6, False)])
def test_seven_of_ten_parts_of_a_column_stand_in_line(in_line: int, is_one: bool) -> None:
    askew: list[Parts] = [
        [(200, 300), (530 + 60 * n, 700 + 150 * n)] for n in range(10 - in_line)
    ]
    assert width_of(*[TWO] * in_line, *askew) == 2 * is_one


@pytest.mark.parametrize(("cells", "is_one"), [(1, False), (2, True)])
def test_a_column_has_more_than_one_cell(cells: int, is_one: bool) -> None:
    three: Parts = [*TWO, (800, 900)]
    assert width_of(*[three] * cells, *[TWO] * 3) == 3 * is_one


@pytest.mark.parametrize(("below", "goes_on"), [(40, True), (43.5, True), (44, False)])
def test_a_cell_goes_on_close_below_and_a_row_begins_further_down(
    below: float, goes_on: bool
) -> None:
    second: Parts = [(500, 600)]
    tops = [300, 340, 380, 380 + below, 500]
    found = made(TWO, TWO, TWO, second, TWO, tops=tops)
    end = [["2a", "2b 3a"]] if goes_on else [["2a", "2b"], ["", "3a"]]
    assert found == [["0a", "0b"], ["1a", "1b"], *end, ["4a", "4b"]]


def test_a_part_in_the_first_column_begins_a_row_however_close() -> None:
    tops = [300, 340, 371, 402]
    assert made(TWO, TWO, ONE, TWO, tops=tops) == [
        ["0a", "0b"], ["1a", "1b"], ["2a", ""], ["3a", "3b"]
    ]  # fmt: skip


places = st.lists(st.integers(0, 12), min_size=1, max_size=5, unique=True).map(sorted)
some_rows = st.lists(
    places.map(lambda places: [(100 * x, 100 * x + 60) for x in places]), min_size=1, max_size=8
)


@settings(max_examples=50, deadline=None)
@given(some_rows)
def test_every_part_is_in_one_cell_of_a_table(some: list[Parts]) -> None:
    found = made(*some)
    if found is not None:
        names = " ".join(cell for row in found for cell in row).split()
        assert sorted(names) == sorted(
            f"{number}{chr(97 + at)}" for number, row in enumerate(some) for at in range(len(row))
        )
        assert len({len(row) for row in found}) == 1


@settings(max_examples=50, deadline=None)
@given(some_rows, st.integers(1, 300))
def test_rows_moved_aside_are_the_same_table(some: list[Parts], by: int) -> None:
    assert made(*some) == made(*[[(part[0] + by, part[1] + by) for part in row] for row in some])
