"""Names and values of a form stay beside each other, in the order of the boxes."""

from ocrd.job import Line, Rule, Typeface
from tests.unit.printed import blocks, cells, line, lines, lying, paragraph, standing

SMALL = Typeface(8, 1.5)


def box(name: str, value: str, x: float, y: float) -> list[Line]:
    """Return a box with its name in small type above what was filled in."""
    small = line(name, x + 10, y + 8, SMALL, width=9 * len(name), height=20)
    return [small, line(value, x + 12, y + 40)]


def net() -> list[Rule]:
    return [
        *(lying(y, 200, 1400) for y in (300, 400, 500)),
        *(standing(x, 300, 500) for x in (200, 800, 1400)),
    ]


def test_a_box_holds_its_name_and_its_value() -> None:
    table, _ = blocks(
        box("Family name", "Ostermann", 200, 300), box("First name", "Jens", 800, 300),
        box("Date of birth", "03.05.1961", 200, 400), box("Town", "Bremen", 800, 400),
        paragraph(700), rules=net(),
    )  # fmt: skip
    assert cells(table) == [
        ["Family name Ostermann", "First name Jens"], ["Date of birth 03.05.1961", "Town Bremen"],
    ]  # fmt: skip


def test_names_and_values_without_boxes_are_pairs() -> None:
    names = lines("Family name\nFirst name\nDate of birth\nTown", 200, 300)
    values = lines("Ostermann\nJens\n03.05.1961\nBremen", 700, 300)
    table, _ = blocks(names, values, paragraph(700))
    assert cells(table) == [
        ["Family name", "Ostermann"], ["First name", "Jens"],
        ["Date of birth", "03.05.1961"], ["Town", "Bremen"],
    ]  # fmt: skip
