"""Which rules part a table's rows and columns, and where cells span."""

import pytest

from ocrd.job import Box
from ocrd.layout import grids
from ocrd.layout.sheet import Stroke
from tests.unit.layout.grids import ACROSS, DOWN, FOUR, Place, put, ruled, shown


def free_rows(*some: str) -> list[list[str]]:
    """Return the cells of a table whose rows no rules part; a row's letters name its columns."""
    bottom = 400 + 40 * len(some)
    across = [Stroke(y, 200, 900) for y in (300, 400, bottom)]
    xs = (200, 500, 620, 900) if "m" in "".join(some) else (200, 500, 900)
    down = [Stroke(x, 300, bottom) for x in xs]
    letters = [
        (letter, {"l": 350.0, "m": 560.0, "r": 700.0}[letter], 420.0 + 40 * n)
        for n, row in enumerate(some)
        for letter in row
    ]
    return ruled([*FOUR[:2], *letters], across, down) or []


def test_rows_stand_free_where_there_are_three_and_each_begins_in_the_first_column() -> None:
    assert free_rows("lr", "lr", "lr") == [["a", "b"], *[["l", "r"]] * 3]
    assert free_rows("lr", "lr") == [["a", "b"], ["l l", "r r"]]
    assert free_rows("lr", "r", "lr") == [["a", "b"], ["l l", "r r r"]]
    assert free_rows("lr", "l", "lr") == [["a", "b"], ["l l l", "r r"]]
    assert free_rows("lmr", "mr", "lmr") == [["a", "", "b"], ["l l", "m m m", "r r r"]]
    assert free_rows("lmr", "lm", "lr")[1:] == [["l", "m", "r"], ["l", "m", ""], ["l", "", "r"]]


def test_free_rows_of_letters_of_all_heights_stay_apart() -> None:
    across = [Stroke(y, 200, 900) for y in (300, 400, 600)]
    down = [Stroke(x, 300, 600) for x in (200, 500, 900)]
    tall = [put(text, x, y, height=44) for text, x, y in (("c", 350, 430), ("e", 350, 520))]
    low = [put(text, x, y, height=20) for text, x, y in (("d", 700, 430), ("f", 700, 520))]
    last: list[Place] = [("g", 350, 570), ("h", 700, 570)]
    rows = [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    assert ruled([*FOUR[:2], *tall, *low, *last], across, down) == rows


@pytest.mark.parametrize(
    ("lengths", "parts"),
    [
        ((60, 60, 60), True),
        ((60, 60, 59), False),  # no more than two rows
        ((60, 60, 0), False),
        ((90, 0, 0), True),  # a whole field
        ((0, 0, 90), True),
        ((89, 0, 0), False),
        ((89, 89, 0), False),
    ],
)
def test_short_strokes_part_no_columns_unless_they_part_several_rows(
    lengths: tuple[float, ...], parts: bool
) -> None:
    across = [Stroke(y, 200, 900) for y in (300, 400, 500, 600)]
    down = [Stroke(rule.at, 300, 600) for rule in DOWN]
    # Each begins 10 below a rule: it touches it.
    stems = [
        Stroke(700, 310 + 100 * row, 310 + 100 * row + length)
        for row, length in enumerate(lengths)
        if length
    ]
    held = [put(*place) for place in [*FOUR, ("e", 800.0, 550.0)]]
    ((grid, _),) = grids.ruled(held, across, [*down, *stems])
    for row in grid.rows:
        assert sum(cell.columns for cell in row) == 2 + parts


@pytest.mark.parametrize(("reach", "columns"), [(15, 2), (16, 3)])
def test_a_column_beyond_the_table_is_one_where_text_reaches_into_it(
    reach: float, columns: int
) -> None:
    left = [Stroke(rule.at, 100, 900) for rule in ACROSS]
    found = ruled([*FOUR, put("e", 215 - reach, 350)], left, DOWN)
    assert found is not None and len(found[1]) == columns
    right = [Stroke(rule.at, 200, 1000) for rule in ACROSS]
    found = ruled([*FOUR, put("e", 885 + reach, 350)], right, DOWN)
    assert found is not None and len(found[1]) == columns


def test_narrow_text_just_beyond_the_last_rule_is_in_the_outermost_cells() -> None:
    wide = [Stroke(rule.at, 100, 1000) for rule in ACROSS]
    held = [
        *(put(*place) for place in FOUR),
        *(put("e", 192, 350, width=10), put("f", 908, 450, width=10)),
    ]
    ((grid, _),) = grids.ruled(held, wide, DOWN)
    assert shown(grid) == [["e a", "b"], ["c", "d f"]]
    assert grid.box == Box(200, 300, 900, 500)


@pytest.mark.parametrize("x", [492, 508])
def test_text_on_one_side_of_the_only_rule_is_no_table_though_some_touches_it(x: float) -> None:
    column = [put(text, 700 if x < 500 else 350, y) for text, _, y in FOUR[1:]]
    assert ruled([*column, put("e", x, 350, width=10)], ACROSS, [DOWN[1]]) is None


@pytest.mark.parametrize("narrow", [240, 860])
def test_a_rule_near_another_one_counts_for_its_own_column_only(narrow: float) -> None:
    down = [*DOWN[::2], Stroke(narrow, 400, 500)]
    middle = 220 if narrow == 240 else 880
    wide = 550
    some: list[Place] = [("a", wide, 350), ("b", middle, 450), ("c", wide, 450)]
    row = ["b", "c"] if middle < wide else ["c", "b"]
    assert ruled(some, ACROSS, down) == [["a 1x2"], row]


@pytest.mark.parametrize(("at", "text"), [(340, 320), (660, 680)])
def test_a_rule_near_another_one_counts_for_its_own_row_only(at: float, text: float) -> None:
    across = [Stroke(300, 200, 900), Stroke(at, 500, 900), Stroke(700, 200, 900)]
    down = [Stroke(rule.at, 300, 700) for rule in DOWN]
    some: list[Place] = [("a", 350, 500), ("b", 700, text), ("c", 700, 500)]
    rows = [["a 2x1", "b"], ["c"]] if at == 340 else [["a 2x1", "c"], ["b"]]
    assert ruled(some, across, down) == rows


@pytest.mark.parametrize(
    ("share", "rows"),
    [(0.6, [["a", "b"], ["c", "d"]]), (0.59, [["a", "b d 2x1"], ["c"]])],
)
def test_a_rule_parts_two_rows_where_it_is_most_of_a_fields_width(
    share: float, rows: list[list[str]]
) -> None:
    across = [ACROSS[0], Stroke(400, 200, 500 + 400 * share), ACROSS[2]]
    assert ruled(FOUR, across, DOWN) == rows
    # In two strokes, it is as long.
    across[1:2] = [Stroke(400, 200, 600), Stroke(402, 1000 - 400 * share, 900)]
    assert ruled(FOUR, across, DOWN) == rows


@pytest.mark.parametrize(
    ("share", "rows"),
    [(0.6, [["a", "b"], ["c", "d"]]), (0.59, [["a", "b"], ["c d 1x2"]])],
)
def test_a_rule_parts_two_columns_where_it_is_most_of_a_fields_height(
    share: float, rows: list[list[str]]
) -> None:
    down = [DOWN[0], Stroke(500, 300, 400 + 100 * share), DOWN[2]]
    assert ruled(FOUR, ACROSS, down) == rows


def test_a_cell_spans_rows_and_columns_where_the_rules_within_are_missing() -> None:
    across = [Stroke(y, 200, 1300) for y in (300, 400, 600)]
    across += [Stroke(500, 200, 500), Stroke(500, 1300 - 100, 1300)]
    down = [Stroke(200, 300, 600), Stroke(500, 300, 600), Stroke(850, 300, 400)]
    down += [Stroke(1200, 300, 600), Stroke(1300, 300, 600)]
    head: list[Place] = [("a", 350, 350), ("b", 700, 350), ("c", 1000, 350), ("d", 1250, 350)]
    rest: list[Place] = [("e", 350, 450), ("f", 850, 500), ("g", 1250, 450), ("h", 350, 550)]
    assert ruled([*head, *rest, ("i", 1250, 550)], across, down) == [
        ["a", "b", "c", "d"],
        ["e", "f 2x2", "g"],
        ["h", "i"],
    ]


def test_white_letters_on_a_dark_bar_are_no_columns() -> None:
    """Between their stems the bar stands upright; a piece of it goes on as a column's rule."""
    title = put("Deaths by accident and by other causes", 550, 265, width=640, height=34)
    stems = [Stroke(245 + 22 * number, 246, 284) for number in range(28)]
    bar = [Stroke(246, 200, 900), Stroke(284, 200, 900)]
    rules = [Stroke(x, 246, 500) for x in (200, 500, 900)]
    assert ruled([title, *FOUR], [*bar, *ACROSS], [*stems, *rules]) == [
        [f"{title.line.text} 1x2"], ["a", "b"], ["c", "d"],
    ]  # fmt: skip


def test_columns_of_single_letters_are_no_stems() -> None:
    row = put("a b c d e f", 550, 350, width=640)
    down = [Stroke(200 + 100 * number, 300, 500) for number in range(8)]
    found = ruled([row, *(put("x", 250 + 100 * n, 450) for n in range(7))], ACROSS, down)
    assert found is not None and [len(cells) for cells in found] == [7, 7]


def test_no_text_stands_in_a_row_between_two_rules_that_nearly_touch() -> None:
    assert ruled(FOUR, [Stroke(285, 200, 900), *ACROSS], [*DOWN, Stroke(200, 285, 500)]) == [
        ["a", "b"], ["c", "d"],
    ]  # fmt: skip
