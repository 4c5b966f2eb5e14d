"""A table's head of several lines: which of them are one cell, and which name several columns."""

from collections.abc import Sequence

import pytest

from ocrd.job import Block, Line
from tests.unit.printed import BOLD, LETTER, PLAIN, blocks, cells, line, paragraph

ENDS = (600, 800, 1000, 1200)  # where columns of numbers end
STATES = ("Iowa", "Ohio", "Texas", "Kansas", "Oregon", "Idaho")
STEP = 36


def body(y: float, columns: int = 4) -> list[Line]:
    """Return rows of a name and of numbers that end in line."""
    found = []
    for number, state in enumerate(STATES):
        at = y + STEP * number
        found.append(line(state, 200, at))
        for column in range(columns):
            text = f"{7 * number + column}{number}.{column}{number}"
            found.append(line(text, ENDS[column] - LETTER * len(text), at))
    return found


def ending(text: str, column: int, y: float) -> Line:
    return line(text, ENDS[column] - LETTER * len(text), y, BOLD)


def amid(text: str, left: float, right: float, y: float) -> Line:
    return line(text, (left + right - LETTER * len(text)) / 2, y, BOLD)


def head(*groups: Sequence[Line], columns: int = 4) -> list[list[str]]:
    """Return the rows above the first state, each cell with what it spans."""
    some = [one for group in groups for one in group]
    (table,) = tables(blocks(paragraph(300), some, body(700, columns), paragraph(1000)))
    rows = [
        [f"{c.text} {c.rows}x{c.columns}" if c.rows * c.columns > 1 else c.text for c in row]
        for row in table.table
    ]
    (first,) = [number for number, row in enumerate(rows) if row[0] == STATES[0]]
    assert len(rows) - first == len(STATES)
    return rows[:first]


def tables(found: list[Block]) -> list[Block]:
    return [block for block in found if block.label == "table"]


def test_lines_of_one_cell_are_one() -> None:
    top = [
        line("State", 200, 604, BOLD), ending("Market", 0, 604), ending("loans", 0, 632),
        ending("Loans", 1, 604), ending("from", 1, 632), ending("banks", 1, 660),
        ending("Sum", 2, 604), ending("Year", 3, 604), ending("before", 3, 632),
    ]  # fmt: skip
    assert head(top) == [["State", "Market loans", "Loans from banks", "Sum", "Year before"]]


@pytest.mark.parametrize("y", [600, 664])
def test_a_name_over_two_columns_spans_them(y: float) -> None:
    """The first column's own head stands at the top or at the bottom."""
    names = [amid("Men", 300, 800, 600), amid("Women", 800, 1200, 600)]
    heads = [ending(text, at, 664) for at, text in enumerate(("all", "share", "all", "share"))]
    assert head([line("State", 200, y, BOLD)], names, heads) == [
        ["State 2x1", "Men 1x2", "Women 1x2"], ["all", "share", "all", "share"],
    ]  # fmt: skip


def test_what_stands_beside_the_names_spans_both_rows() -> None:
    names = [amid("Persons", 300, 1000, 600), ending("Sum of", 3, 640), ending("all", 3, 664)]
    heads = [ending(text, at, 664) for at, text in enumerate(("men", "women", "both"))]
    assert head([line("State", 200, 664, BOLD)], names, heads) == [
        ["State 2x1", "Persons 1x3", "Sum of all 2x1"], ["men", "women", "both"],
    ]  # fmt: skip


def test_the_name_of_a_section_is_no_line_of_the_head() -> None:
    top = [line("State", 200, 628, BOLD)]
    top += [ending(text, at, 628) for at, text in enumerate(("May", "June", "July", "Sum"))]
    found = head(top, [line("Corn and oil", 200, 664, BOLD)])
    assert found == [["State", "May", "June", "July", "Sum"], ["Corn and oil", "", "", "", ""]]


def test_a_sentence_above_a_table_is_no_name_in_it() -> None:
    top = [line("State", 200, 664, BOLD)]
    top += [ending(text, at, 664) for at, text in enumerate(("May", "June", "July", "Sum"))]
    above = [line("All of these figures are rounded, so that sums may differ.", 240, 610)]
    assert head(top, above) == [["State", "May", "June", "July", "Sum"]]


def test_a_range_that_goes_on_below_begins_a_row_of_its_own() -> None:
    rows = [
        ("Delhi", "1.12.2009", "", ("8", "17", "129")),
        ("Rajasthan", "2.12.2009 to", "19.12.2009", ("", "", "")),
        ("Gujarat", "20.12.2009 to", "3.1.2010", ("6", "13", "603")),
        ("Kerala", "4.1.2010 to", "1.2.2010", ("9", "17", "142")),
    ]
    some: list[Line] = []
    for number, (name, start, end, counts) in enumerate(rows):
        y = 700 + 76 * number
        some += [line(name, 200, y), line(start, 450, y)] + [line(end, 450, y + 36)] * bool(end)
        some += [line(text, 800 + 150 * at, y) for at, text in enumerate(counts) if text]
    (table,) = tables(blocks(paragraph(300), some))
    assert [row[:2] for row in cells(table)] == [
        [name, f"{start} {end}".strip()] for name, start, end, _ in rows
    ]


def test_a_head_in_plain_type_names_columns_of_values() -> None:
    top = [line("State", 200, 604)] + [
        line(text, ENDS[at] - LETTER * len(text), 604 + 28 * below, PLAIN)
        for at, words in enumerate(("paid in", "owed to", "Sum", "Year"))
        for below, text in enumerate(words.split())
    ]
    assert head(top)[0] == ["State", "paid in", "owed to", "Sum", "Year"]
