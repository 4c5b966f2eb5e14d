"""Tables whose columns are parted by white alone."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ocrd.job import Block, Line
from ocrd.layout import layout
from tests.unit.layout.typeset import turned
from tests.unit.printed import BOLD, HEIGHT, LETTER, PLAIN, WIDTH, blocks, cells, line, paragraph

STEP = 36


def sheet(
    rows: Sequence[tuple[str, ...]], left: tuple[int, ...], *, right: frozenset[int] = frozenset(),
    y: float = 700, step: float = STEP,
) -> list[Line]:  # fmt: skip
    """Return rows of cells that begin at places, or end there where the column is set right."""
    found = []
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                x = left[column] - (LETTER * len(text) if column in right else 0)
                found.append(line(text, x, y + step * number))
    return found


def sums(number: int) -> tuple[str, str]:
    return f"{number}9,00", f"{number}8,00"


def table(found: list[Block]) -> list[list[str]]:
    (one,) = [block for block in found if block.label == "table"]
    return cells(one)


NAMES = ("Torres", "Amburi", "Oreiro", "Vicente", "Spatola", "Molle", "Remon", "Tarsino", "Sosa")
PERSONS = [
    (name, f"Maria {name[0]}.", f"{24562 + n}", f"{n + 1:02d}/10/2013", f"{n}.000,00")
    for n, name in enumerate(NAMES)
]
PLACES, SET_RIGHT = (100, 330, 560, 720, 1150), frozenset({4})


@pytest.mark.parametrize("degrees", [0.0, 0.6, -0.9])
def test_a_page_that_is_one_list_is_one_table(degrees: float) -> None:
    lines = [turned(one, degrees) for one in sheet(PERSONS, PLACES, right=SET_RIGHT)]
    found = layout.blocks(lines, WIDTH, HEIGHT)
    assert table(found) == [list(row) for row in PERSONS]


def test_boxes_that_lie_level_on_a_turned_page_stand_in_rows() -> None:
    slope = math.tan(math.radians(0.6))
    lines = [
        replace(one, quad=tuple((x, y + slope * one.quad[0][0]) for x, y in one.quad))  # type: ignore[arg-type]
        for one in sheet(PERSONS, PLACES, right=SET_RIGHT, step=26)
    ]
    assert table(layout.blocks(lines, WIDTH, HEIGHT)) == [list(row) for row in PERSONS]


def test_what_stands_around_a_table_stays_text() -> None:
    head = [line(text, 100, 100 + 38 * n) for n, text in enumerate(("Ostermann", "Am Hafen 12"))]
    found = blocks(head, paragraph(400), sheet(PERSONS, PLACES, right=SET_RIGHT), paragraph(1200))
    assert [block.label for block in found if block.label == "table"] == ["table"]
    assert table(found) == [list(row) for row in PERSONS]
    assert found[-1].text.endswith("full stop at last.")
    assert "Am Hafen 12" in " ".join(block.text for block in found if block.label != "table")


def test_a_line_of_one_column_belongs_to_the_row_above_it() -> None:
    goods = ("Copy paper", "Toner", "Files", "Lamp")
    lines: list[Line] = []
    for number, name in enumerate(goods, 1):
        y = 600 + 100 * number
        lines += sheet(
            [(str(number), f"{name}; including the fixing", *sums(number))],
            (100, 180, 1000, 1200), right=frozenset({2, 3}), y=y,
        )  # fmt: skip
        lines.append(line("material, without tools", 180, y + 36))
    assert table(layout.blocks(lines, WIDTH, HEIGHT)) == [
        [str(n), f"{name}; including the fixing material, without tools", *sums(n)]
        for n, name in enumerate(goods, 1)
    ]


def test_the_name_of_a_section_is_a_row_of_its_own() -> None:
    first = sheet([("Iowa", "1.01", "1.02", "1.03"), ("Ohio", "2.01", "2.02", "2.03")],
                  (100, 500, 700, 900))  # fmt: skip
    name = line("Corn oil", 100, 700 + 2 * STEP, BOLD)
    second = sheet([("Iowa", "3.01", "3.02", "3.03"), ("Ohio", "4.01", "4.02", "4.03")],
                   (100, 500, 700, 900), y=700 + 3 * STEP)  # fmt: skip
    found = table(blocks(first, name, second))
    assert [row[0] for row in found] == ["Iowa", "Ohio", "Corn oil", "Iowa", "Ohio"]
    assert found[3] == ["Iowa", "3.01", "3.02", "3.03"]


def test_sums_apart_below_a_table_are_no_rows_of_it() -> None:
    rows = [(str(n), f"Shelf number {n}", f"1{n}", f"{n}5.20", f"1{n}0.00") for n in range(1, 7)]
    places = (100, 180, 900, 1050, 1300)
    items = sheet(rows, places, right=frozenset({2, 3, 4}))
    sums = sheet([("Net", "850.00"), ("VAT 19 %", "95.56"), ("Amount due", "950.47")],
                 (880, 1300), right=frozenset({1}), y=700 + 8 * STEP)  # fmt: skip
    first, *_ = [block for block in blocks(items, sums) if block.label == "table"]
    assert cells(first) == [list(row) for row in rows]


def test_columns_of_running_text_are_no_table() -> None:
    words = "the words of a text go on from one row to the next and it ends nowhere here".split()
    columns = []
    for left in (100, 560, 1020):
        for number in range(14):
            text = " ".join(words[(number + at) % len(words)] for at in range(6))
            columns.append(line(text, left, 300 + 38 * number, width=420))
    assert all(block.label != "table" for block in blocks(columns))


def test_program_text_stays_program_text() -> None:
    rows = [
        line(f"{name:<12}{n:<8}{n + 3:<8}; // {n}", 200, 300 + 38 * n, replace(PLAIN, pitch=LETTER))
        for n, name in enumerate(("alpha", "beta", "gamma", "delta", "epsilon", "zeta"))
    ]
    (program,) = [block for block in blocks(paragraph(900), rows) if block.label != "text"]
    assert program.label == "code"


def test_a_head_above_the_columns_is_the_first_row() -> None:
    head = ("Name", "First name", "Number", "Since", "Sum")
    lines = sheet([head, *PERSONS], PLACES, right=SET_RIGHT)
    lines = [replace(one, typeface=BOLD) if one.text in head else one for one in lines]
    found = [block for block in blocks(lines) if block.label == "table"]
    assert cells(found[0])[0] == list(head)
    assert [cell.header for cell in found[0].table[0]] == [True] * 5
    assert not any(cell.header for cell in found[0].table[1])


def test_a_cell_that_something_has_to_follow_goes_on_in_the_next_line() -> None:
    states = ("Delhi", "Gujarat", "Kerala", "Orissa")
    lines: list[Line] = []
    for number, name in enumerate(states, 1):
        y = 600 + 100 * number
        lines += sheet(
            [(name, f"{number}.12.2009 to", *sums(number))],
            (100, 400, 1000, 1200), right=frozenset({2, 3}), y=y,
        )  # fmt: skip
        lines.append(line(f"1{number}.12.2009", 400, y + 36))
    assert table(layout.blocks(lines, WIDTH, HEIGHT)) == [
        [name, f"{n}.12.2009 to 1{n}.12.2009", *sums(n)] for n, name in enumerate(states, 1)
    ]


LOAD = [(f"{n}", f"Good Intent, Harmer {n}", f"{n + 9}", f"{n}.41") for n in range(1, 25)]
COLUMNS, AT_RIGHT = (100, 200, 1000, 1100), frozenset({2, 3})
RUNNING = [line("THE LOCK KEEPERS", 100, 100), line("2", 1100 - LETTER, 100)]


def wide(y: float) -> Line:
    """Return a row of prose that is as wide as the table."""
    text = "possit augeri amplificarique non possit at etiam "
    return line((text * 3)[: int(1000 / LETTER)], 100, y)


def test_prose_below_a_running_head_is_no_row_of_the_table_that_follows() -> None:
    """The page's number stands at the prose's right end, where the table has a narrow column."""
    prose = [wide(180), wide(180 + STEP)]
    found = blocks(RUNNING, prose, sheet(LOAD, COLUMNS, right=AT_RIGHT, y=300))
    assert table(found) == [list(row) for row in LOAD]
    assert found[0].text.startswith("THE LOCK KEEPERS")
    assert found[1].text.startswith("possit augeri")
    assert found[1].text.endswith(prose[1].text[-20:])


def test_a_running_head_right_above_a_table_is_no_row_of_it() -> None:
    found = blocks(RUNNING, sheet(LOAD, COLUMNS, right=AT_RIGHT, y=170))
    assert table(found) == [list(row) for row in LOAD]
    assert "THE LOCK KEEPERS" in found[0].text


def test_a_first_row_of_few_cells_is_one_of_the_table_where_it_is_as_near_as_others() -> None:
    first = ("", "carried over from the page before", "", "7.00")
    found = blocks(sheet([first, *LOAD], COLUMNS, right=AT_RIGHT, y=170))
    assert table(found)[0] == list(first)


def test_a_heads_words_over_values_end_where_the_columns_do() -> None:
    """They begin far left of them, over the white that the column before leaves."""
    goods = ("Copy paper", "Toner", "Files", "Lamp", "Ball pen", "Door handle")
    rows = [(name, f"{n}7", f"{n}9.86", f"{n}5.58") for n, name in enumerate(goods, 1)]
    items = sheet(rows, (100, 600, 900, 1260), right=frozenset({1, 2, 3}))
    top = [line("Article", 100, 664), line("Unit", 540, 664), line("up to nine", 750, 664)]
    top[1:] = [line("Unit up to nine eleven and more", 540, 664, width=720)]
    assert table(blocks(top, items))[0] == ["Article", "Unit", "up to nine", "eleven and more"]


def test_numbers_that_were_read_as_one_line_stand_in_columns_of_their_own() -> None:
    """8 285.65 may be one number: the rows around it say that it is two."""
    goods = ("Goggles", "Sanding disc", "Handle, brass", "Sugar", "Brush", "Hinge")
    texts = ("7 319.25 118.97", "8 285.65 316.26", "28 19.24 162.44", "34 129.70 405.18",
             "15 26.30 113.15", "34 78.42 183.40")  # fmt: skip
    pairs = zip(goods, texts, strict=True)
    rows = [(str(number), *pair) for number, pair in enumerate(pairs, 1)]
    items = sheet(rows, (100, 180, 1260), right=frozenset({2}))
    assert table(blocks(items)) == [[n, name, *text.split()] for n, name, text in rows]
