"""The order in which the rows of a page are read."""

import re
from dataclasses import FrozenInstanceError, replace
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Line
from ocrd.layout.columns import Row, covers, rows
from ocrd.layout.sheet import Grid, Piece, page_box
from tests.unit.printed import (
    LARGE,
    TYPED,
    blocks,
    cells,
    labelled,
    line,
    lying,
    order,
    piece,
    standing,
)


def entries(name: str, x: float, y: float = 300) -> list[list[Line]]:
    """Return a heading over four terms, each with what it means beside it, then the same again."""
    parts = []
    for part in range(2):
        top = y + part * 260
        parts.append([line(f"Part {name}{part}", x, top, LARGE, height=38)])
        for number in range(5):
            at = top + 50 + number * 38
            parts.append([line(f"{name}{part}{number} --now", x, at, TYPED)])
            parts.append([line(f"says what {name}{part}{number} does", x + 250, at)])
    return parts


def test_entries_side_by_side_in_columns_are_read_column_by_column() -> None:
    left, right = entries("a", 100), entries("b", 850)
    expected = [one.text for group in left + right for one in group]
    assert order(*right, *left) == expected


def test_program_text_with_gaps_is_not_read_in_columns() -> None:
    rows = [
        [
            line(text, x, 300 + 38 * number, TYPED)
            for x, text in ((100, f"iron{number}"), (400, "7.32;"), (700, f"coil_of = {number};"))
        ]
        for number in range(12)
    ]
    ((label, text),) = labelled(*rows)
    assert label == "code"
    assert text.splitlines()[3].split() == ["iron3", "7.32;", "coil_of", "=", "3;"]


def test_a_table_over_the_page_parts_the_rows_above_it_from_those_below() -> None:
    times = [
        [
            line(text, x, 300 + 40 * row)
            for x, text in ((200, f"{row}01"), (600, "06:10"), (1000, "06:22"))
        ]
        for row in range(6)
    ]
    rules = [lying(y, 200, 1150) for y in (600, 700, 800)]
    rules += [standing(x, 600, 800) for x in (200, 500, 1150)]
    table = [line(text, x, y) for y in (630, 730) for x, text in ((220, f"a{y}"), (520, f"b{y}"))]
    found = blocks(*times, table, rules=rules)
    assert [block.label for block in found] == ["table", "table"]
    assert cells(found[0])[5] == ["501", "06:10", "06:22"]


def in_a_row(*edges: tuple[float, float], y: float = 300, column: int = 0) -> Row:
    """Return pieces side by side, from and to so many pixels, named by letters."""
    some = (piece("abcd"[n], x, y, width=x1 - x, height=30) for n, (x, x1) in enumerate(edges))
    return Row(tuple(some), column)


def read(*some: Piece) -> list[list[str]]:
    """Return the texts of the rows in reading order."""
    return [[one.line.text for one in row.pieces] for row in rows(some)]


@pytest.mark.parametrize(
    ("edges", "texts"),
    [
        # Lines are 30 pixels tall; 36 is as wide as a gap in a sentence may be.
        (((100, 200), (236, 300)), ["a b"]),
        (((100, 200), (237, 300)), ["a", "b"]),
        (((100, 200), (190, 300)), ["a b"]),
        (((100, 200), (300, 400), (500, 600), (610, 700)), ["a", "b", "c d"]),
        (((100, 200), (210, 300), (400, 500)), ["a b", "c"]),
    ],
)
def test_a_row_is_cut_into_cells_where_a_gap_is_too_wide_for_a_sentence(
    edges: tuple[tuple[float, float], ...], texts: list[str]
) -> None:
    row = in_a_row(*edges)
    assert row.cells == texts
    assert row.text == "   ".join(texts)
    assert replace(row, flows=True).cells == ["abcd"[: len(edges)].replace("", " ").strip()]


@pytest.mark.parametrize(
    ("above", "gap", "is_over"),
    [
        ((100, 251), (200, 300), True),
        ((100, 250), (200, 300), False),
        ((249, 400), (200, 300), True),
        ((250, 400), (200, 300), False),
        ((800, 900), (200, 236), True),
        ((800, 900), (200, 237), False),
    ],
)
def test_a_row_covers_another_one_if_it_has_text_over_its_wide_gaps(
    above: tuple[float, float], gap: tuple[float, float], is_over: bool
) -> None:
    """Over the middle of each."""
    assert covers(in_a_row(above), in_a_row((100, gap[0]), (gap[1], 500))) is is_over


def test_a_row_covers_another_one_with_all_its_pieces() -> None:
    below = in_a_row((100, 200), (300, 400), (500, 600))
    assert covers(in_a_row((100, 300), (400, 500)), below)
    assert not covers(in_a_row((100, 300), (300, 400)), below)


FULL, GAPPED = [(100, 900)], [(100, 300), (700, 900)]


@pytest.mark.parametrize(
    ("column", "cells_in_row"),
    [
        ([FULL, GAPPED, FULL], [1, 1, 1]),
        ([GAPPED, FULL, FULL], [1, 1, 1]),
        ([FULL, FULL, GAPPED], [1, 1, 1]),
        ([GAPPED, GAPPED, FULL], [2, 2, 1]),
        ([FULL, GAPPED, GAPPED], [1, 2, 2]),
        ([GAPPED, FULL, GAPPED], [1, 1, 1]),
        ([GAPPED, FULL, GAPPED, GAPPED], [1, 1, 2, 2]),
        ([GAPPED], [2]),
    ],
)
def test_a_gap_between_full_rows_is_no_gap_between_cells(
    column: list[list[tuple[float, float]]], cells_in_row: list[int]
) -> None:
    """The next rows above and below tell, and none further away."""
    some = [
        one for n, edges in enumerate(column) for one in in_a_row(*edges, y=300 + 40 * n).pieces
    ]
    assert [len(row.cells) for row in rows(some)] == cells_in_row


@pytest.mark.parametrize(
    ("a", "b", "beside"),
    [
        # x, y and height of two pieces 200 pixels wide
        ((100, 300, 30), (400, 314.9, 30), True),
        ((100, 300, 30), (400, 315, 30), False),
        ((100, 300, 60), (400, 329.9, 30), True),
        ((100, 300, 60), (400, 330, 30), False),
        ((100, 300, 30), (400, 299.9, 60), True),
        ((100, 300, 30), (400, 300, 60), False),
        # Their boxes may overlap by three quarters of a height.
        ((100, 300, 30), (278, 300, 30), True),
        ((100, 300, 30), (277.5, 300, 30), False),
        ((277.5, 300, 30), (100, 301, 30), False),
        ((278, 300, 30), (100, 301, 30), True),
    ],
)
def test_pieces_are_of_one_row_within_half_a_height(
    a: tuple[float, float, float], b: tuple[float, float, float], beside: bool
) -> None:
    some = [
        piece(name, x, y, width=200, height=height)
        for name, (x, y, height) in zip("ab", (a, b), strict=True)
    ]
    from_left = [name for _, name in sorted(zip((a[0], b[0]), "ab", strict=True))]
    expected = [from_left] if beside else [["a"], ["b"]]
    assert read(*some) == expected
    assert read(*some[::-1]) == expected


def test_a_row_is_level_with_its_first_piece() -> None:
    """Else a page that is not quite straight would be one row."""
    stairs = [piece("abc"[n], 100 + 300 * n, 300 + 9 * n, width=200) for n in range(3)]
    assert read(*stairs) == [["a", "b"], ["c"]]
    growing = [
        piece("a", 100, 300, width=200, height=30),
        piece("b", 400, 291, width=200, height=60),
        piece("c", 700, 302, width=200, height=60),
    ]
    assert read(*growing) == [["a", "b"], ["c"]]


def test_a_table_stands_in_no_row_with_others() -> None:
    for at, beside in ((300, 301), (301, 300)):
        one = piece("cell", 100, at, width=200)
        whole = replace(one, whole=Grid(one.box, (), (one,)))
        found = rows([whole, piece("beside", 400, beside, width=200)])
        assert [len(row.pieces) for row in found] == [1, 1]
        assert [row.whole for row in found if row.whole] == [whole.whole]
        assert not any(row.is_upright for row in found)


def test_text_that_runs_up_comes_last_from_the_left_in_columns_of_its_own() -> None:
    right = line("right", 900, 300, width=30, height=400)
    left = line("left", 50, 300, width=30, height=400)
    found = rows([piece("level", 200, 900)], [right, left])
    assert [(row.text, row.column, row.is_upright) for row in found] == [
        ("level", 0, False), ("left", 1, True), ("right", 2, True),
    ]  # fmt: skip
    assert [row.column for row in rows([], [right, left])] == [0, 1]


def test_an_upright_table_runs_up_no_page() -> None:
    one = piece("cell", 100, 300, width=30, height=400)
    assert not Row((replace(one, whole=Grid(one.box, (), (one,))),), 0).is_upright


def test_lines_across_the_columns_are_read_between_what_is_above_and_below() -> None:
    """A title, two columns, a line across them, two columns and a line at the foot."""
    places = (("top", 200), ("mid", 500), ("foot", 800))
    across = [line(text, 100, y, width=1100) for text, y in places]
    columns = [
        line(f"{part}{side}{n}", x, y + 38 * n, width=500)
        for part, y in (("a", 250), ("b", 550))
        for side, x in (("l", 100), ("r", 700))
        for n in range(5)
    ]
    texts = [one.text for one in columns]
    expected = ["top", *texts[:10], "mid", *texts[10:], "foot"]
    assert order(across, columns) == order(columns[::-1], across) == expected
    found = rows([Piece(one, page_box(one)) for one in [*across, *columns]])
    assert [number for number, _ in groupby(row.column for row in found)] == list(range(7))


def test_a_row_stays_as_it_was_found() -> None:
    with pytest.raises(FrozenInstanceError):
        in_a_row((100, 200)).column = 1  # type: ignore[misc]


boxes = st.tuples(
    st.integers(0, 1000), st.integers(0, 1000), st.integers(2, 600), st.integers(2, 60)
)


@settings(max_examples=50, deadline=None)
@given(st.lists(boxes, max_size=25, unique=True))
def test_a_page_twice_as_large_is_read_in_the_same_order(
    places: list[tuple[int, int, int, int]],
) -> None:
    """Every piece is in one row; whole pixels times two are exact."""

    def found(times: int) -> list[tuple[int, list[str]]]:
        some = [
            piece(f"line {n}", x * times, y * times, width=w * times, height=h * times)
            for n, (x, y, w, h) in enumerate(places)
        ]
        return [(row.column, row.cells) for row in rows(some)]

    assert found(2) == found(1)
    # A line's words may stand in two cells.
    numbers = [n for _, cells in found(1) for cell in cells for n in re.findall(r"\d+", cell)]
    assert sorted(numbers) == sorted(map(str, range(len(places))))
