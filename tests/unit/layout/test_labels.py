"""Labels that end at a standing rule, and their values beyond it; and what only looks so."""

from __future__ import annotations

import pytest

from ocrd.job import Line
from ocrd.layout.labels import tables
from ocrd.layout.sheet import Sheet
from tests.unit.printed import LETTER, LINE, PITCH, blocks, cells, line, paragraph, standing

ROWS = [
    ("Surname, first name", "Lindqvist, Greta"), ("Address", "7 rue du Port, 35400 Saint-Malo"),
    ("Telephone", "0421 55 01 27"), ("Mail", "greta@example.org"), ("Born", "3 May 1961"),
    ("Nationality", "Danish"), ("Post", "Accounts"),
]  # fmt: skip
X = 600  # of the rule


def labels(names: list[str], y: float = 300, step: float = 60) -> list[Line]:
    """Set labels that end before the rule."""
    return [
        line(name, X - 30 - len(name) * LETTER, y + at * step) for at, name in enumerate(names)
    ]


def said(values: list[str], y: float = 300, step: float = 60) -> list[Line]:
    return [line(value, X + 30, y + at * step) for at, value in enumerate(values)]


def test_each_label_stands_beside_its_value() -> None:
    (found,) = blocks(
        labels([name for name, _ in ROWS]), said([value for _, value in ROWS]),
        rules=[standing(X, 280, 780)],
    )  # fmt: skip
    assert found.label == "table"
    assert cells(found) == [list(row) for row in ROWS]


def test_a_label_or_a_value_of_two_lines_is_one_cell() -> None:
    more = said(["and three others of the house"], 300 + LINE + 6)
    lower = [line("of the present", X - 30 - 14 * LETTER, 300 + 7 * 60 + PITCH)]
    (found,) = blocks(
        labels([*(name for name, _ in ROWS), "Duties"]), lower,
        said([*(value for _, value in ROWS), "Audit"]), more,
        rules=[standing(X, 280, 880)],
    )  # fmt: skip
    assert cells(found)[0] == [ROWS[0][0], "Lindqvist, Greta and three others of the house"]
    assert cells(found)[-1] == ["Duties of the present", "Audit"]


def test_a_label_without_a_value_is_a_row_of_its_own() -> None:
    names = ["Personal data", *(name for name, _ in ROWS)]
    values = [line(value, X + 30, 360 + at * 60) for at, (_, value) in enumerate(ROWS)]
    (found,) = blocks(labels(names), values, rules=[standing(X, 280, 800)])
    assert cells(found)[0] == ["Personal data", ""]
    assert cells(found)[1] == list(ROWS[0])


@pytest.mark.parametrize("kind", ["no rule", "flush left", "few", "across", "text"])
def test_what_only_looks_so_is_left_to_others(kind: str) -> None:
    names, values = labels([name for name, _ in ROWS]), said([value for _, value in ROWS])
    rules = [] if kind == "no rule" else [standing(X, 280, 780)]
    match kind:
        case "flush left":
            names = [line(name, 200, 300 + at * 60) for at, (name, _) in enumerate(ROWS)]
        case "few":
            names, values = names[:4], values[:4]
        case "across":
            names.append(line("A line that goes over the rule to the other side", 300, 740))
        case "text":
            names = paragraph(300, x=40)
    page = Sheet.of([*names, *values], 1600, 2200, rules)
    assert tables(page.pieces, page.standing) == []


def test_every_piece_beside_the_rule_is_in_its_table_once() -> None:
    some = [*labels([name for name, _ in ROWS]), *said([value for _, value in ROWS])]
    page = Sheet.of([*some, line("Below", 200, 900)], 1600, 2200, [standing(X, 280, 780)])
    ((grid, held),) = tables(page.pieces, page.standing)
    assert held == frozenset(range(len(some)))
    assert sorted(piece.line.text for piece in grid.pieces) == sorted(one.text for one in some)
