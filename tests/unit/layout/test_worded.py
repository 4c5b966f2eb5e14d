"""Tables of words without rules, their cells of several lines."""

from collections.abc import Sequence

import pytest

from ocrd.job import Line, Typeface
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


def test_a_head_in_plain_type_names_nothing() -> None:
    some = table(face=PLAIN)
    assert [found[0] for found in tables(paragraph(300), some)] != [list(HEAD)]


def test_columns_of_text_below_headings_are_no_table() -> None:
    """Stories of a newspaper: their lines go on, and no row begins in all of them."""
    heads = [line(name, x, 600, BOLD) for name, x in zip(HEAD, (100, 600, 1100), strict=True)]
    story = [
        line(f"and so the story of line {n} goes on", x, 640 + STEP * n)
        for x in (100, 600, 1100)
        for n in range(24)
    ]
    assert tables(heads, story) == []
