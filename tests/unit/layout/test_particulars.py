"""Particulars close above a table are none of its rows."""

from ocrd.job import Line
from ocrd.layout import particulars
from tests.unit.printed import blocks, cells, line

FACTS = (
    ("Patient:", "Rosa Moreau", "Sample:", "48608"), ("Born:", "17.7.1961", "Drawn:", "11.9.2024"),
    ("Sex:", "female", "Told:", "12.9.2024"), ("Ward:", "3 B", "Page:", "1"),
)  # fmt: skip
TESTS = (
    ("Test", "Result", "Unit", "Range"), ("Sodium", "141", "mmol/l", "136"),
    ("Glucose", "5.3", "mmol/l", "3.9"), ("Platelets", "233", "G/l", "150"),
)  # fmt: skip


def rows(some: tuple[tuple[str, ...], ...], y: float, places: tuple[float, ...]) -> list[Line]:
    return [
        line(text, x, y + 45 * at)
        for at, row in enumerate(some)
        for x, text in zip(places, row, strict=True)
    ]


def test_they_are_a_table_of_their_own() -> None:
    some = rows(FACTS, 300, (150, 400, 800, 1000)) + rows(TESTS, 500, (150, 620, 850, 1150))
    tables = [cells(block) for block in blocks(some) if block.label == "table"]
    assert tables == [[list(row) for row in FACTS], [list(row) for row in TESTS]]


def test_one_row_of_them_heads_no_columns() -> None:
    some = rows(FACTS[:1], 300, (150, 620, 850, 1150)) + rows(TESTS, 345, (150, 620, 850, 1150))
    (table,) = (cells(block) for block in blocks(some) if block.label == "table")
    assert table == [list(row) for row in TESTS]


def test_a_form_whose_rows_all_have_labels_is_one() -> None:
    assert particulars.end(["Name:", "Born:", "Town: Graz"]) == 3


def test_labels_further_down_tell_nothing() -> None:
    assert particulars.end(["Name:", "Sodium", "Glucose", "Platelets", "Note:"]) == 5


def test_times_and_addresses_are_no_labels() -> None:
    assert not particulars.is_labelled("08:15")
    assert not particulars.is_labelled("https://example.org")
