"""The rows of a table: their order, their text, the header."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Typeface
from ocrd.layout import grids
from ocrd.layout.sheet import Stroke
from tests.unit.layout.grids import ACROSS, DOWN, FOUR, put, ruled
from tests.unit.printed import BOLD, PLAIN


def headers(first: Sequence[Typeface], rest: Sequence[Typeface]) -> list[bool]:
    """Return which cells head their columns, of a table whose letters are set like that."""
    held = [
        put(text, x, y, face) for (text, x, y), face in zip(FOUR, [*first, *rest], strict=False)
    ]
    ((grid, _),) = grids.ruled(held, ACROSS, DOWN)
    return [cell.header for row in grid.rows for cell in row]


@pytest.mark.parametrize(
    ("first", "rest", "header"),
    [
        ([2.6, 2.6], [2, 2], True),
        ([2.5, 2.6], [2, 2], False),  # not all of it is bold
        ([2.6, 2.5], [2, 2], False),
        ([2.6, 2.6], [2], True),
        ([9, 9], [0, 0], False),  # nothing was measured
    ],
)
def test_a_first_row_that_is_bolder_than_the_others_heads_the_columns(
    first: list[float], rest: list[float], header: bool
) -> None:
    faces = [[Typeface(10, weight) for weight in some] for some in (first, rest)]
    assert headers(*faces) == [header, header, False, False]


def test_a_table_without_text_in_its_first_row_has_no_header() -> None:
    across = [Stroke(y, 200, 900) for y in (200, 300, 400, 500)]
    down = [Stroke(rule.at, 200, 500) for rule in DOWN]
    held = [put(text, x, y, BOLD if y == 350 else PLAIN) for text, x, y in FOUR]
    ((grid, _),) = grids.ruled(held, across, down)
    assert not any(cell.header for row in grid.rows for cell in row)


@pytest.mark.parametrize(
    ("below", "height", "rows"),
    [
        (14, 30, [["b", "a"]]),
        (15, 30, [["a"], ["b"]]),
        (9, 20, [["b", "a"]]),
        (10, 20, [["a"], ["b"]]),
        (14, 60, [["b", "a"]]),
        (15, 60, [["a"], ["b"]]),
    ],
)
def test_pieces_are_in_one_row_whose_middles_are_half_a_line_apart(
    below: float, height: float, rows: list[list[str]]
) -> None:
    some = [put("b", 300, 100 + below, height=height), put("a", 600, 100)]
    found = grids.text_rows(some)
    assert [[piece.line.text for piece in row] for row in found] == rows


def test_how_near_pieces_of_a_row_are_is_told_by_its_first_piece() -> None:
    low, high = put("a", 300, 100, height=10), put("b", 300, 200)
    found = grids.text_rows([low, high, put("c", 400, 214)])
    assert [len(row) for row in found] == [1, 2]
    found = grids.text_rows([high, put("c", 400, 204, height=10), put("d", 500, 214)])
    assert [len(row) for row in found] == [3]


def test_a_row_that_sinks_step_by_step_ends_half_a_line_below_its_first_piece() -> None:
    some = [put(text, 300 + 100 * n, 100 + 10 * n) for n, text in enumerate("abcd")]
    found = grids.text_rows(some)
    assert [[piece.line.text for piece in row] for row in found] == [["a", "b"], ["c", "d"]]


def test_a_cells_text_is_its_rows_from_the_top_each_from_the_left() -> None:
    some = [
        put("last", 300, 200), put("of ", 400, 101), put(" hyphen-", 500, 99),
        put("one", 350, 100), put("ated", 300, 150),
    ]  # fmt: skip
    assert grids.cell_text(some) == "one of hyphenated last"
    assert grids.cell_text([]) == ""


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 700), st.sampled_from([1, 2, 4]))
def test_a_table_drawn_elsewhere_or_larger_has_the_same_cells(
    rows: int, columns: int, by: int, scale: int
) -> None:
    def drawn(by: float, scale: float) -> list[list[str]] | None:
        def at(value: float) -> float:
            return scale * (value + by)

        ends = 100 + 60 * rows, 100 + 90 * columns
        across = [Stroke(at(100 + 60 * n), at(100), at(ends[1])) for n in range(rows + 1)]
        down = [Stroke(at(100 + 90 * n), at(100), at(ends[0])) for n in range(columns + 1)]
        held = [
            put(f"{row}{column}", at(145 + 90 * column), at(130 + 60 * row), PLAIN,
                30 * scale, 30 * scale)
            for row in range(rows) for column in range(columns)
        ]  # fmt: skip
        return ruled(held, across, down)

    expected = [[f"{row}{column}" for column in range(columns)] for row in range(rows)]
    assert drawn(0, 1) == drawn(by, scale) == expected


@pytest.mark.parametrize(("rows", "middles", "is_table"), [
    (14, (310, 530, 760, 980), False),
    (14, (310, 760, 980), False),
    (14, (420, 870), True),
    (11, (310, 530, 760, 980), True),
])  # fmt: skip
def test_columns_of_text_in_a_frame_and_beside_it_are_no_rows_of_a_table(
    rows: int, middles: Sequence[float], is_table: bool
) -> None:
    held = [
        put("words of a story", x, 330 + 40 * row, width=200)
        for row in range(rows)
        for x in middles
    ]
    bottom = 310 + 40 * rows
    across = [Stroke(y, 200, 1100) for y in (300, bottom)]
    down = [Stroke(x, 300, bottom) for x in (200, 645, 1100)]
    assert (ruled(held, across, down) is not None) is is_table
