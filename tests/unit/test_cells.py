"""Rows whose parts stand in columns to tables."""

from ocrd import columns
from ocrd.cells import table
from ocrd.job import Line
from ocrd.sheet import Sheet
from tests.unit.printed import HEIGHT, WIDTH, blocks, cells, labelled, line, paragraph

COLUMNS = (200, 700, 1200)


def rows(*texts: tuple[str, ...], y: float = 700) -> list[Line]:
    return [
        line(text, x, y + 40 * number)
        for number, row in enumerate(texts)
        for x, text in zip(COLUMNS, row, strict=False)
        if text
    ]


PRICES = (
    ("Item", "Pieces", "Price"),
    ("Rye flour", "2", "31.50"),
    ("Salt", "", "4.20"),
    ("Yeast, fresh", "12", "0.90"),
)


def test_parts_that_stand_in_line_are_a_table() -> None:
    text, found, after = blocks(paragraph(500), rows(*PRICES), paragraph(1000))
    assert (text.label, found.label, after.label) == ("text", "table", "text")
    assert cells(found) == [list(row) for row in PRICES]


def test_columns_set_to_the_right_stand_in_line_too() -> None:
    some = [
        line(text, 900 - 15 * len(text), 700 + 40 * number)
        for number, (_, _, text) in enumerate(PRICES)
    ]
    names = [line(name, 200, 700 + 40 * number) for number, (name, _, _) in enumerate(PRICES)]
    (found,) = blocks(some, names)
    assert cells(found) == [[name, price] for name, _, price in PRICES]


def test_a_cell_goes_on_in_a_row_that_has_nothing_in_the_first_column() -> None:
    found = blocks(paragraph(500), rows(*PRICES, ("", "of the baker"), ("Milk", "1", "2.10")))[1]
    assert cells(found)[3:] == [["Yeast, fresh", "12 of the baker", "0.90"], ["Milk", "1", "2.10"]]


def test_parts_that_stand_in_no_line_are_no_table() -> None:
    askew = [line(text, x, 700 + 40 * number) for number, (x, text) in enumerate(
        [(200, "one"), (240, "two"), (180, "three"), (260, "four")]
    )]  # fmt: skip
    beside = [
        line("x" * (3 + number), 1000 - 60 * number, 700 + 40 * number) for number in range(4)
    ]
    pairs = zip(askew, beside, strict=True)
    some = [columns.Row(Sheet.of(pair, WIDTH, HEIGHT).pieces, 0) for pair in pairs]
    assert table(some) is None


def test_a_header_that_was_read_as_one_line_is_cut_where_the_columns_are() -> None:
    header = line("Item of it all Pieces", 200, 700, width=600)
    found = blocks(paragraph(500), header, line("Price", 1200, 700), rows(*PRICES[1:], y=740))[1]
    assert cells(found)[0] == ["Item of it all", "Pieces", "Price"]


def test_a_sign_larger_than_the_others_does_not_break_the_table() -> None:
    some = rows(*PRICES, ("Milk", "", "2.10"))
    dash = line("\N{EM DASH}", 700, 845, height=55)
    found = blocks(paragraph(500), some, dash, paragraph(1000))[1]
    assert [len(row) for row in cells(found)] == [3] * 5


def test_two_rows_are_too_few_for_a_table() -> None:
    assert "table" not in [label for label, _ in labelled(rows(*PRICES[:2]), paragraph(1000))]
