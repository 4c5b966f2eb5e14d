"""Tables by their rules: what is one, and what is in it."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Box, Line, Rule
from ocrd.layout import grids, nets
from ocrd.layout.sheet import Piece, Stroke
from tests.unit.layout.grids import ACROSS, DOWN, FOUR, Place, put, ruled
from tests.unit.printed import BOLD, HEIGHT, WIDTH, blocks, cells, line, lying, paragraph, standing

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

    def found(*some: object) -> list[object]:
        calls.append(some)
        return []

    monkeypatch.setattr(nets, "found", found)
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
