"""Ruled lines to tables."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Box, Line, Rule, Typeface
from ocrd.layout import grids
from ocrd.layout.sheet import Grid, Piece, Stroke
from tests.unit.printed import (
    BOLD,
    HEIGHT,
    PLAIN,
    WIDTH,
    blocks,
    cells,
    line,
    lying,
    paragraph,
    standing,
)

XS, YS = (200, 500, 900), (300, 350, 400, 490)
RULES = [lying(y, 200, 900) for y in YS] + [standing(x, 300, 490) for x in XS]
HEAD = [line("name", 210, 310, BOLD), line("use", 510, 310, BOLD)]
ROWS = [line("cp", 210, 360), line("copy a file", 510, 360), line("mv", 210, 425)]
WRAPPED = [line("move a file or re-", 510, 405), line("name it", 510, 445)]


def test_cells_are_what_lies_between_the_rules() -> None:
    (table,) = blocks(HEAD, ROWS, WRAPPED, rules=RULES)
    assert table.label == "table"
    assert cells(table) == [
        ["name", "use"],
        ["cp", "copy a file"],
        ["mv", "move a file or rename it"],
    ]
    assert [cell.header for row in table.table for cell in row] == [True] * 2 + [False] * 4


def test_a_slanted_table_is_one_too() -> None:
    def turn(x: float, y: float) -> tuple[float, float]:
        a = math.radians(2)
        x, y = x - WIDTH / 2, y - HEIGHT / 2
        return (
            x * math.cos(a) - y * math.sin(a) + WIDTH / 2,
            x * math.sin(a) + y * math.cos(a) + HEIGHT / 2,
        )

    some = [
        Line(one.text, 0.9, tuple(turn(*point) for point in one.quad), one.typeface)  # type: ignore[arg-type]
        for one in [*HEAD, *ROWS, *WRAPPED, *paragraph(700)]
    ]
    rules = [Rule(turn(*rule.start), turn(*rule.end)) for rule in RULES]
    assert cells(blocks(some, rules=rules)[0])[2] == ["mv", "move a file or rename it"]


def test_a_cell_spans_where_a_rule_is_missing() -> None:
    rules = [rule for rule in RULES if rule.start[0] != 500] + [standing(500, 350, 490)]
    (table,) = blocks(line("commands", 450, 310), ROWS, WRAPPED, rules=rules)
    first, *rest = table.table
    assert [(cell.text, cell.columns) for cell in first] == [("commands", 2)]
    assert [len(row) for row in rest] == [2, 2]


def test_a_cell_spans_rows_where_the_rule_between_them_ends_before_it() -> None:
    rules = [rule for rule in RULES if rule.start[1] != 400] + [lying(400, 500, 900)]
    (table,) = blocks(HEAD, line("files", 210, 400), ROWS[1], WRAPPED, rules=rules)
    assert [(cell.text, cell.rows) for cell in table.table[1]] == [("files", 2), ("copy a file", 1)]
    assert [cell.text for cell in table.table[2]] == ["move a file or rename it"]


def test_a_line_that_was_read_across_a_rule_is_cut_there() -> None:
    fused = line("mv move a file", 400, 425, width=320)
    (table,) = blocks(HEAD, ROWS[:2], fused, rules=RULES)
    assert cells(table)[2] == ["mv", "move a file"]


def test_rows_without_rules_between_them_are_rows_all_the_same() -> None:
    rules = [lying(300, 200, 900), lying(350, 200, 900), lying(490, 200, 900), *RULES[4:]]
    body = [
        line(text, x, y) for y in (360, 400, 440) for x, text in ((210, f"a{y}"), (510, f"b{y}"))
    ]
    (table,) = blocks(HEAD, body, rules=rules)
    assert cells(table) == [["name", "use"], *([f"a{y}", f"b{y}"] for y in (360, 400, 440))]


def test_rules_that_reach_beyond_the_table_make_no_empty_columns() -> None:
    rules = [lying(y, 150, 960) for y in YS] + RULES[4:]
    (table,) = blocks(HEAD, ROWS, WRAPPED, rules=rules)
    assert [len(row) for row in table.table] == [2, 2, 2]


def test_stems_of_letters_above_each_other_part_no_cells() -> None:
    stems = standing(300, 362, 475)  # most of two rows, none of them whole
    (table,) = blocks(HEAD, ROWS, WRAPPED, rules=[*RULES, stems])
    assert [len(row) for row in table.table] == [2, 2, 2]


def test_a_frame_around_text_is_no_table() -> None:
    frame = [
        lying(280, 150, 1400),
        lying(450, 150, 1400),
        standing(150, 280, 450),
        standing(1400, 280, 450),
    ]
    assert [block.label for block in blocks(paragraph(300), rules=frame)] == ["text"]


def test_tables_beside_each_other_stay_two() -> None:
    moved = [
        Rule((rule.start[0] + 750, rule.start[1]), (rule.end[0] + 750, rule.end[1]))
        for rule in RULES
    ]
    left = [*HEAD, *ROWS]
    right = [line(one.text, one.quad[0][0] + 750, one.quad[0][1]) for one in left]
    found = blocks(left, right, rules=[*RULES, *moved])
    assert [block.label for block in found] == ["table", "table"]


numbers = st.floats(0, 2000, allow_nan=False)
strokes = st.lists(
    st.builds(lambda at, a, b: Stroke(at, min(a, b), max(a, b)), numbers, numbers, numbers),
    max_size=8,
)
pieces = st.lists(
    st.builds(
        lambda text, x, y: Piece(Line(text, 0.5, ((x, y),) * 4), Box(x, y, x + 99, y + 20)),
        st.text("ab -", min_size=1, max_size=12).filter(str.strip), numbers, numbers,
    ),
    max_size=20,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(pieces, strokes, strokes)
def test_every_letter_in_a_table_is_in_one_of_its_cells(
    some: list[Piece], across: list[Stroke], down: list[Stroke]
) -> None:
    for grid, inside in grids.ruled(some, across, down):
        held = "".join(cell.text for row in grid.rows for cell in row)
        expected = "".join(some[index].line.text for index in inside)
        assert sorted(held.replace(" ", "").replace("-", "")) == sorted(
            expected.replace(" ", "").replace("-", "")
        )


# Below, tables of two by two fields, 100 high, with letters of 30 by 30 at the fields' middles.
Place = tuple[str, float, float]
ACROSS = [Stroke(y, 200, 900) for y in (300, 400, 500)]
DOWN = [Stroke(x, 300, 500) for x in (200, 500, 900)]
FOUR: list[Place] = [("a", 350, 350), ("b", 700, 350), ("c", 350, 450), ("d", 700, 450)]


def put(
    text: str, x: float, y: float, face: Typeface = PLAIN, width: float = 30, height: float = 30
) -> Piece:
    """Return a piece about that middle."""
    one = line(text, x - width / 2, y - height / 2, face, width=width, height=height)
    return Piece(one, Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def shown(grid: Grid) -> list[list[str]]:
    """Return the cells' texts, each with the rows and columns that it takes if they are several."""
    return [
        [
            cell.text + (f" {cell.rows}x{cell.columns}" if cell.rows * cell.columns > 1 else "")
            for cell in row
        ]
        for row in grid.rows
    ]


def ruled(
    some: Sequence[Place | Piece], across: Sequence[Stroke], down: Sequence[Stroke]
) -> list[list[str]] | None:
    """Return the cells of the one table, None if there is none."""
    held = [one if isinstance(one, Piece) else put(*one) for one in some]
    found = grids.ruled(held, across, down)
    assert len(found) < 2
    return shown(found[0][0]) if found else None


def test_a_table_has_at_least_two_rows_two_columns_and_three_filled_cells() -> None:
    assert ruled(FOUR, ACROSS, DOWN) == [["a", "b"], ["c", "d"]]
    assert ruled(FOUR[:3], ACROSS, DOWN) == [["a", "b"], ["c", ""]]
    assert ruled(FOUR[:2], ACROSS, DOWN) is None
    assert ruled(FOUR, ACROSS[::2], DOWN) is None
    assert ruled(FOUR, ACROSS, DOWN[::2]) is None
    assert ruled(FOUR, ACROSS, []) is None
    assert ruled(FOUR, [], DOWN) is None
    assert ruled([], ACROSS, DOWN) is None


def test_one_row_between_rules_is_no_table() -> None:
    down = [Stroke(x, 300, 400) for x in (200, 400, 600, 900)]
    row: list[Place] = [("a", 300, 350), ("b", 500, 350), ("c", 700, 350)]
    assert ruled(row, ACROSS[:2], down) is None
    assert ruled([*FOUR], ACROSS[1:2], DOWN) is None  # nor what lies about one rule


def test_rows_filled_in_one_column_only_are_no_table() -> None:
    across = [Stroke(y, 200, 900) for y in (300, 400, 500, 600)]
    down = [Stroke(rule.at, 300, 600) for rule in DOWN]
    left: list[Place] = [("a", 350, 350), ("b", 350, 450), ("c", 350, 550)]
    assert ruled(left, across, down) is None
    assert ruled([*left, ("d", 700, 550)], across, down) == [["a", ""], ["b", ""], ["c", "d"]]
    long = [put(text, 400, y, width=240) for text, _, y in left]  # they touch the next column
    assert ruled(long, across, down) is None


@pytest.mark.parametrize(("lying", "standing", "searched"), [
    (1000, 1000, True),
    (101, 9901, False),  # one crossing more
])  # fmt: skip
def test_hatching_is_not_searched_for_tables(
    monkeypatch: pytest.MonkeyPatch, lying: int, standing: int, searched: bool
) -> None:
    calls: list[object] = []

    def nets(*some: object) -> list[object]:
        calls.append(some)
        return []

    monkeypatch.setattr(grids, "_nets", nets)
    assert grids.ruled([put("a", 1, 1)], ACROSS[:1] * lying, DOWN[:1] * standing) == []
    assert bool(calls) == searched


def test_a_net_of_thousands_of_fields_is_a_drawing() -> None:
    across = [Stroke(300 + 40 * n, 200, 900) for n in range(1334)]
    down = [Stroke(x, 300, 300 + 40 * 1333) for x in (200, 500, 900)]
    assert ruled(FOUR, across, down) is None


@pytest.mark.parametrize(("gap", "meets"), [(0, True), (15, True), (16, False)])
@pytest.mark.parametrize("flipped", [False, True])
def test_rules_that_end_half_a_line_from_each_other_meet(
    gap: float, meets: bool, flipped: bool
) -> None:
    def mirrored(some: Sequence[Stroke], *, along: bool) -> list[Stroke]:
        """Turn the page by half about 550, 400."""
        if not flipped:
            return list(some)
        at, end = (1100, 800) if along else (800, 1100)
        return [Stroke(at - rule.at, end - rule.end, end - rule.start) for rule in some]

    def seen(across: list[Stroke], down: list[Stroke], more: tuple[float, float]) -> bool:
        middles = [(350, 350), (700, 350), (350, 450), (700, 450), more]
        turned = [(1100 - x, 800 - y) if flipped else (x, y) for x, y in middles]
        held = [put("x", *middle) for middle in turned]
        ((_, inside),) = grids.ruled(
            held, mirrored(across, along=False), mirrored(down, along=True)
        )
        return 4 in inside

    # The left one of the standing rules goes up by a row that has no rule above it.
    high = [Stroke(200 - gap, 200, 500), *DOWN[1:]]
    assert seen(ACROSS, high, (350, 250)) == meets
    # The uppermost of the lying ones goes right by a column that has no rule behind it.
    wide = [Stroke(300 - gap, 200, 1100), *ACROSS[1:]]
    assert seen(wide, DOWN, (1000, 350)) == meets


@pytest.mark.parametrize(
    ("beside", "rows"),
    [
        (15, [["a", "b"], ["c", "d"]]),  # a double rule
        (16, [["a", "e", "b"], ["c", "", "d"]]),
    ],
)
def test_two_rules_close_to_each_other_are_one(beside: float, rows: list[list[str]]) -> None:
    down = [*DOWN, Stroke(500 + beside, 300, 500)]
    more = [("e", 508.0, 350.0)] if beside == 16 else []
    assert ruled([*FOUR, *more], ACROSS, down) == rows


def test_a_broad_rule_that_was_found_as_several_is_one() -> None:
    down = [*DOWN, *(Stroke(500 + beside, 300, 500) for beside in (10, 20, 30))]
    assert ruled(FOUR, ACROSS, down) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(("x", "row"), [(504, ["a e", "b"]), (506, ["a", "e b"])])
def test_a_double_rule_parts_at_its_middle(x: float, row: list[str]) -> None:
    found = ruled([*FOUR, ("e", x, 350)], ACROSS, [*DOWN, Stroke(510, 300, 500)])
    assert found == [row, ["c", "d"]]


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (201, 350, True), (200, 350, False), (899, 350, True), (900, 350, False),
        (350, 301, True), (350, 300, False), (350, 499, True), (350, 500, False),
    ],
)  # fmt: skip
def test_text_is_in_a_table_whose_rules_are_around_its_middle(
    x: float, y: float, inside: bool
) -> None:
    held = [*(put(*place) for place in FOUR), put("e", x, y)]
    ((_, found),) = grids.ruled(held, ACROSS, DOWN)
    assert found == frozenset(range(4 + inside))


@pytest.mark.parametrize(
    ("left", "right", "row"),
    [
        (25, 60, ["aa", "bb"]),
        (24, 60, ["", "aa bb"]),  # it only touches the rule
        (60, 25, ["aa", "bb"]),
        (60, 24, ["aa bb", ""]),
    ],
)
def test_a_line_that_reaches_over_a_rule_is_cut_there(
    left: float, right: float, row: list[str]
) -> None:
    over = put("aa bb", 500 + (right - left) / 2, 350, width=left + right)
    assert ruled([over, *FOUR[2:], ("e", 350, 430)], ACROSS, DOWN) == [row, ["e c", "d"]]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_a_line_over_several_columns_is_cut_at_each_rule(order: Sequence[int]) -> None:
    xs = (200, 500, 800, 1100)
    across = [Stroke(y, 200, 1100) for y in (300, 400, 500)]
    down = [Stroke(xs[at], 300, 500) for at in order]
    over = put("aaaa bbbb cccc", 650, 350, width=800)
    below: list[Place] = [("d", 350, 450), ("e", 650, 450), ("f", 950, 450)]
    assert ruled([over, *below], across, down) == [["aaaa", "bbbb", "cccc"], ["d", "e", "f"]]


def test_a_line_above_the_end_of_a_rule_is_not_cut_by_it() -> None:
    across = [Stroke(y, 200, 900) for y in (300, 400, 500, 600)]
    down = [Stroke(200, 300, 600), Stroke(500, 400, 500), Stroke(900, 300, 600)]
    long = [put("aa bb", 500, y, width=300) for y in (350, 550)]
    assert ruled([*long, *FOUR[2:]], across, down) == [["aa bb 1x2"], ["c", "d"], ["aa bb 1x2"]]


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


def headers(first: Sequence[Typeface], rest: Sequence[Typeface]) -> list[bool]:
    """Return which cells head their columns, of a table whose letters are set like that."""
    held = [
        put(text, x, y, face)
        for (text, x, y), face in zip(FOUR, [*first, *rest], strict=False)
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
