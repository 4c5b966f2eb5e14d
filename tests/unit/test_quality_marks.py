"""What was read of a row with a leader is scored by its words and by its number."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality.marks import measures
from benchmarks.quality.marks.paper import Row, Sheet
from benchmarks.quality.marks.scoring import entry, lines_of, plain
from ocrd.job import Line, Quad

ROW = Row("1.2 The harbour\t17", (100, 50, 900, 80))


def line(text: str, left: float, right: float, top: float = 48) -> Line:
    quad: Quad = ((left, top), (right, top), (right, top + 34), (left, top + 34))
    return Line(text, 1.0, quad)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("1.2 The harbour … 17", 98, 902)], (True, True)),
        ([line("17", 870, 902), line("1.2 The harbour .....", 98, 860)], (True, True)),
        ([line("1.2 The harbor", 98, 300), line("17", 870, 902)], (False, True)),
        ([line("1.2 The harbour … 1�", 98, 902)], (True, False)),
        ([line("1.2 The harbour … 117", 98, 902)], (True, False)),
        ([line("1.2 The harbour", 98, 300), line("17", 870, 902, top=120)], (True, False)),
        ([], (False, False)),
    ],
)
def test_words_and_number_count_apart(lines: list[Line], expected: tuple[bool, bool]) -> None:
    assert entry(ROW, lines) == expected


def test_a_rows_lines_are_those_that_stand_in_it_from_the_left() -> None:
    lines = [line("b", 500, 600), line("c", 500, 600, top=120), line("a", 100, 200)]
    assert [one.text for one in lines_of(ROW, lines)] == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "token", "expected"),
    [
        ("Add 5 l of it", "5l", True),
        ("Add 51 of it", "5l", False),
        ('rief "ja“ und', "“ja”", True),
        ('rief "ja“ und', "„ja“", False),
        ("done ✓ not", "✔", True),
        ("wait ... so", "…", True),
        ("see → below", "←", False),
    ],
)
def test_an_amount_or_a_sign_is_read_right_whatever_its_spaces_and_form(
    said: str, token: str, expected: bool
) -> None:
    assert (measures.alike(token) in measures.alike(said)) is expected


def test_a_sheets_rows_turn_with_it() -> None:
    sheet = Sheet(100)
    sheet.pen.rectangle((100, 1000, 140, 1020), fill="black")
    sheet.rows.append(Row("", (100, 1000, 140, 1020)))
    measures.turned(sheet, 2.0)
    left, top, right, bottom = sheet.rows[0].box
    ink = np.asarray(sheet.image.convert("L")) < 128
    assert ink[top + 5 : bottom - 5, left + 5 : right - 5].mean() > 0.95
    assert ink.sum() == pytest.approx(41 * 21, rel=0.05)


def test_spaces_leaders_and_dashes_are_no_text() -> None:
    assert plain("Name: ____ … A–b . . .") == plain("name:ab")
