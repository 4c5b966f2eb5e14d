"""Ruled lines to tables."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd import grids
from ocrd.job import Box, Line, Rule
from ocrd.sheet import Piece, Stroke
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
