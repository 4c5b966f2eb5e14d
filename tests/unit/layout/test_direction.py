"""Pages in Hebrew and Arabic: what is right comes first."""

from __future__ import annotations

import pytest

from ocrd.job import Line, Quad, Rule
from ocrd.layout import layout
from ocrd.layout.direction import Mirror, is_right_to_left

WIDTH, HEIGHT = 1000, 1400
# "row" and a number, in Hebrew.
ROW = "שורה של טקסט ארוך למדי בעמודה אחת"


def quad(left: float, top: float, right: float, height: float = 24) -> Quad:
    return (left, top), (right, top), (right, top + height), (left, top + height)


def column(left: float, right: float, name: str, rows: int = 10) -> list[Line]:
    return [
        Line(f"{name}{number} {ROW}", 0.9, quad(left, 100 + 40 * number, right))
        for number in range(rows)
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], False),
        (["Only Latin"], False),
        (["שלום", "a"], True),
        (["مرحبا 2024"], True),
        (["A name, שלום, in an English line"], False),
        (["12345", "…"], False),
    ],
)
def test_most_letters_say_the_direction(texts: list[str], expected: bool) -> None:
    lines = [Line(text, 0.9, quad(0, 0, 10)) for text in texts]
    assert is_right_to_left(lines) is expected


def test_the_right_column_is_read_first() -> None:
    left, right = column(100, 470, "ב"), column(530, 900, "א")
    blocks = layout.blocks([*left, *right], WIDTH, HEIGHT)
    text = " ".join(block.text for block in blocks)
    wanted = [f"א{number}" for number in range(10)] + [f"ב{number}" for number in range(10)]
    assert [word for word in text.split() if word in wanted] == wanted
    boxes = [box for block in blocks for box in block.boxes]
    assert (boxes[0].x0, boxes[0].x1) == (530, 900)  # where they stand on the page
    assert (boxes[-1].x0, boxes[-1].x1) == (100, 470)


def test_a_tables_first_cell_is_its_rightmost() -> None:
    rules = [Rule((100, 100 + 50 * row), (900, 100 + 50 * row)) for row in range(4)]
    rules += [Rule((x, 100), (x, 250)) for x in (100, 500, 900)]
    lines = [
        Line(text, 0.9, quad(left, 112 + 50 * row, left + 200))
        for row, (first, second) in enumerate([("שם", "מחיר"), ("לחם", "12"), ("חלב", "7")])
        for text, left in ((first, 600), (second, 200))
    ]
    (table,) = layout.blocks(lines, WIDTH, HEIGHT, rules)
    assert table.label == "table"
    assert [[cell.text for cell in row] for row in table.table] == [
        ["שם", "מחיר"], ["לחם", "12"], ["חלב", "7"],
    ]  # fmt: skip


def test_two_looks_into_a_mirror_show_the_page_itself() -> None:
    mirror = Mirror(WIDTH)
    line = Line("שלום", 0.9, ((10, 20), (110, 30), (109, 50), (9, 40)))
    shown = mirror.line(line)
    assert shown.quad == ((890, 30), (990, 20), (991, 40), (891, 50))
    assert mirror.line(shown) == line
    rule = Rule((5, 6), (7, 8))
    assert mirror.rule(mirror.rule(rule)) == rule
