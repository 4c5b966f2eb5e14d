"""Tables of words without rules, their cells of several lines."""

from collections.abc import Sequence

import pytest

from ocrd.job import Line, Typeface
from ocrd.layout import worded
from ocrd.layout.sheet import Sheet
from tests.unit.printed import BOLD, PLAIN, blocks, cells, line, paragraph

PLACES = (200, 480, 900)
HEAD = ("Wine", "Colour", "Taste")
STEP, ROW = 36, 52  # from line to line in a cell, and to the next row
ROWS = (
    (("Gamay", "from Tours"), ("Red with a shade", "of blue, pale"), ("Fresh,", "of cherries")),
    (("Tannat",), ("Nearly black, very", "dense"), ("Round and long,", "with some", "leather")),
    (("Riesling", "1995"), ("Pale,", "greenish"), ("Sour",)),
)
TABLE = [list(HEAD)] + [[" ".join(cell) for cell in row] for row in ROWS]


def table(
    rows: Sequence[Sequence[Sequence[str]]] = ROWS, face: Typeface = BOLD, gap: float = ROW
) -> list[Line]:
    found = [line(name, x, 600, face) for name, x in zip(HEAD, PLACES, strict=True)]
    y = 600.0
    for row in rows:
        y += gap
        for cell, x in zip(row, PLACES, strict=True):
            found += [line(said, x, y + STEP * n) for n, said in enumerate(cell)]
        y += STEP * (max(map(len, row)) - 1)
    return found


def tables(*groups: list[Line] | Line) -> list[list[list[str]]]:
    return [cells(block) for block in blocks(*groups) if block.label == "table"]


@pytest.mark.parametrize("gap", [40, 44, ROW, 80])
def test_cells_of_several_lines_are_one_each(gap: float) -> None:
    assert tables(paragraph(300), table(gap=gap), paragraph(1200)) == [TABLE]


def test_rows_that_stand_no_further_apart_begin_where_no_sentence_goes_on() -> None:
    some = [
        (("Gamay",), ("Red with a shade", "of blue, pale"), ("Fresh,",)),
        (("Tannat",), ("Nearly black, very", "dense"), ("Round and long,", "with leather")),
        (("Riesling",), ("Pale,", "greenish"), ("Sour",)),
    ]
    assert tables(paragraph(300), table(some, gap=STEP), paragraph(1200)) == [
        [list(HEAD), *([" ".join(cell) for cell in row] for row in some)]
    ]


def test_what_was_read_over_two_cells_is_cut_between_them() -> None:
    some = table()
    both = [one for one in some if one.text in {"of blue, pale", "of cherries"}]
    y = both[0].quad[0][1]
    whole = line("of blue shades, rather pale, of cherries", PLACES[1], y, width=600)
    found = tables(paragraph(300), [one for one in some if one not in both], whole)
    assert found[0][1][1:] == [
        "Red with a shade of blue shades, rather pale,", "Fresh, of cherries",
    ]  # fmt: skip


def test_text_below_the_table_is_none_of_its_cells() -> None:
    found = blocks(table(), paragraph(600 + 11 * STEP))
    assert [block.label for block in found] == ["table", "text"]


def heads(*groups: list[Line] | Line) -> list[bool]:
    """Return of each table whether its first row names the columns."""
    found = [block for block in blocks(*groups) if block.label == "table"]
    return [all(cell.header for cell in block.table[0]) for block in found]


def test_a_head_in_plain_type_is_a_row_as_others() -> None:
    some = [paragraph(300), table(face=PLAIN)]
    assert tables(*some) == [TABLE]
    assert (heads(*some), heads(paragraph(300), table())) == ([False], [True])


def test_without_a_head_several_rows_are_broken_into_lines() -> None:
    some = [row if number != 1 else (("Tannat",), ("Black",), ("Round",))
            for number, row in enumerate(ROWS)]  # fmt: skip
    assert len(tables(paragraph(300), table(some, face=PLAIN))) == 1
    some[2] = (("Riesling",), ("Pale",), ("Sour",))
    assert tables(paragraph(300), table(some, face=PLAIN)) == []


def test_columns_of_values_are_no_table_of_words() -> None:
    """Its rows have a line for each value, and are found by these."""
    rows = [((name, "of a place"), ("12.50", "3.10"), ("7.80", "14.20")) for name in TABLE[0]]
    found = tables(paragraph(300), table(rows, face=PLAIN))
    assert all("12.50 3.10" not in row for one in found for row in one)


@pytest.mark.parametrize(("count", "is_one"), [(3, False), (2, True)])
def test_numbers_that_tell_the_rows_are_left_to_what_goes_by_them(
    count: int, *, is_one: bool
) -> None:
    texts = ["1", "2", "3"][:count] + ["as before"] * (3 - count)
    rows = [((text,), *row[1:]) for text, row in zip(texts, ROWS, strict=True)]
    pieces = Sheet.of(table(rows), 1600, 2200).pieces
    assert bool(worded.tables(pieces)) == is_one


@pytest.mark.parametrize(("x", "is_one"), [(PLACES[1], False), (PLACES[1] + 90, True)])
def test_rows_that_go_on_below_in_the_same_columns_are_columns_of_text(
    x: float, *, is_one: bool
) -> None:
    below = [
        line("text of a column", place, 1100 + 90 * row)
        for row in range(8)
        for place in (PLACES[0], x, x + 420)
    ]
    for face in (PLAIN, BOLD):  # under a head it is a table whatever follows
        pieces = Sheet.of([*table(face=face), *below], 1600, 2200).pieces
        found = worded.tables(pieces)
        assert any(len(grid.rows) == len(TABLE) for grid, _ in found) == (is_one or face is BOLD)


def test_a_head_of_several_lines_is_one() -> None:
    above = line("Known", PLACES[1], 600 - STEP, BOLD)
    found = tables(paragraph(300), above, table())
    assert found == [[["Wine", "Known Colour", "Taste"], *TABLE[1:]]]


def test_a_line_in_plain_type_above_a_head_is_none_of_it() -> None:
    above = line("Known", PLACES[1], 600 - STEP)
    assert tables(paragraph(300), above, table()) == [TABLE]


def test_another_row_tells_the_columns_where_names_were_read_as_one() -> None:
    some = [one for one in table() if one.text not in HEAD[:2]]
    both = line("Wine Colour", PLACES[0], 600, BOLD, width=370)
    assert tables(paragraph(300), both, some) == [TABLE]


def test_a_cell_that_was_read_in_two_is_one() -> None:
    some = [one for one in table() if one.text != "Nearly black, very"]
    y = next(one for one in table() if one.text == "Nearly black, very").quad[0][1]
    parts = [line("Nearly", PLACES[1], y), line("black, very", PLACES[1] + 110, y)]
    assert tables(paragraph(300), some, parts) == [TABLE]


def test_a_space_before_a_capital_parts_cells_sooner_than_one_before_a_small_letter() -> None:
    some = [one for one in table() if one.text not in {"Pale,", "Sour"}]
    y = next(one for one in table() if one.text == "Pale,").quad[0][1]
    # By their widths the cells would be parted behind "so".
    whole = line("Pale and very so Sour as it is", PLACES[1], y, width=780)
    found = tables(paragraph(300), some, whole)
    assert found[0][3][1:] == ["Pale and very so greenish", "Sour as it is"]


def test_cells_read_as_one_without_a_space_are_parted_before_a_capital() -> None:
    some = [one for one in table() if one.text not in {"Tannat", "Nearly black, very"}]
    y = next(one for one in table() if one.text == "Tannat").quad[0][1]
    whole = line("Tannat of the southNearly black, very", PLACES[0], y, width=560)
    found = tables(paragraph(300), some, whole)
    assert found[0][2][:2] == ["Tannat of the south", "Nearly black, very dense"]


@pytest.mark.parametrize(("x", "is_cut"), [(PLACES[1], True), (PLACES[0], False)])
def test_a_whole_row_read_as_one_is_cut_above_a_line_within_the_table(
    x: float, is_cut: bool
) -> None:
    """Below running text over all columns a line stands at its margin."""
    texts = {"Riesling", "1995", "Pale,", "greenish", "Sour"}
    y = next(one for one in table() if one.text == "Riesling").quad[0][1]
    some = [one for one in table() if one.text not in texts]
    row = line("Riesling is its name Pale and nearly colourless Sour as can be", 200, y, width=980)
    found = tables(paragraph(300), some, row, line("greenish", x, y + STEP))
    assert (len(found[0]) == 4) is is_cut


def test_a_line_far_below_the_last_row_is_none_of_it() -> None:
    y = max(one.quad[0][1] for one in table()) + ROW + 20
    found = blocks(paragraph(300), table(), line("Wines of 1995", PLACES[0], y))
    assert [block.label for block in found] == ["text", "table", "text"]


@pytest.mark.parametrize(("count", "is_table"), [(3, False), (4, True)])
def test_rows_of_single_lines_are_four_at_least(count: int, is_table: bool) -> None:
    rows = [((name,), ("Red",), ("Sour",)) for name in ("Gamay", "Tannat", "Merlot", "Malbec")]
    assert bool(heads(paragraph(300), table(rows[:count]))) is is_table


def test_running_text_in_columns_of_one_grid_is_no_table() -> None:
    """Lines of all columns stand level, paragraphs end apart, and most lines are full."""
    full, last = "and so the line goes on it is", "to its end"
    some = [
        line(last if n in ends else full, x, 600 + STEP * n)
        for x, ends in ((100, (3, 9)), (600, (5, 13)), (1100, (7, 11)))
        for n in range(16)
    ]
    assert tables(paragraph(300), some) == []


def test_columns_of_text_below_headings_are_no_table() -> None:
    """Stories of a newspaper: their lines go on, and no row begins in all of them."""
    heads = [line(name, x, 600, BOLD) for name, x in zip(HEAD, (100, 600, 1100), strict=True)]
    story = [
        line(f"and so the story of line {n} goes on", x, 640 + STEP * n)
        for x in (100, 600, 1100)
        for n in range(24)
    ]
    assert tables(heads, story) == []
