"""The order in which the rows of a page are read."""

from ocrd.job import Line
from tests.unit.printed import (
    LARGE,
    TYPED,
    blocks,
    cells,
    labelled,
    line,
    lying,
    order,
    standing,
)


def entries(name: str, x: float, y: float = 300) -> list[list[Line]]:
    """Return a heading over four terms, each with what it means beside it, then the same again."""
    parts = []
    for part in range(2):
        top = y + part * 260
        parts.append([line(f"Part {name}{part}", x, top, LARGE, height=38)])
        for number in range(5):
            at = top + 50 + number * 38
            parts.append([line(f"{name}{part}{number} --now", x, at, TYPED)])
            parts.append([line(f"says what {name}{part}{number} does", x + 250, at)])
    return parts


def test_entries_side_by_side_in_columns_are_read_column_by_column() -> None:
    left, right = entries("a", 100), entries("b", 850)
    expected = [one.text for group in left + right for one in group]
    assert order(*right, *left) == expected


def test_program_text_with_gaps_is_not_read_in_columns() -> None:
    rows = [
        [
            line(text, x, 300 + 38 * number, TYPED)
            for x, text in ((100, f"iron{number}"), (400, "7.32;"), (700, f"coil_of = {number};"))
        ]
        for number in range(12)
    ]
    ((label, text),) = labelled(*rows)
    assert label == "code"
    assert text.splitlines()[3].split() == ["iron3", "7.32;", "coil_of", "=", "3;"]


def test_a_table_over_the_page_parts_the_rows_above_it_from_those_below() -> None:
    times = [
        [
            line(text, x, 300 + 40 * row)
            for x, text in ((200, f"{row}01"), (600, "06:10"), (1000, "06:22"))
        ]
        for row in range(6)
    ]
    rules = [lying(y, 200, 1150) for y in (600, 700, 800)]
    rules += [standing(x, 600, 800) for x in (200, 500, 1150)]
    table = [line(text, x, y) for y in (630, 730) for x, text in ((220, f"a{y}"), (520, f"b{y}"))]
    found = blocks(*times, table, rules=rules)
    assert [block.label for block in found] == ["table", "table"]
    assert cells(found[0])[5] == ["501", "06:10", "06:22"]
