"""What a sign that stands alone says."""

from __future__ import annotations

import pytest

from ocrd.engine.rapidocr import singles
from ocrd.engine.rapidocr.lone import Mark
from ocrd.engine.rapidocr.turning import Reading
from ocrd.job import Line

PITCH, THICK = 40.0, 30.0


def mark(
    row: int, left: float = 500, wide: float = 0.4, high: float = 0.55, off: float = 0.0,
    full: float = 0.6,
) -> Mark:  # fmt: skip
    """Return a mark in a row; width, height and how low it is in heights of the row's line."""
    middle = 100 + PITCH * row
    top = middle + (off - high / 2) * THICK
    return Mark(left, top, left + wide * THICK, top + high * THICK, full, middle, THICK, 0.0)


def dash(row: int, left: float = 500, wide: float = 0.4, off: float = 0.0) -> Mark:
    return mark(row, left, wide, 0.08, off, 0.9)


def dot(row: int, left: float = 500, wide: float = 0.26, off: float = 0.0) -> Mark:
    return mark(row, left, wide, wide, off, 0.8)


def cell(row: int, left: float, right: float, text: str = "12.50") -> Line:
    top, bottom = 85 + PITCH * row, 115 + PITCH * row
    return Line(text, 1.0, ((left, top), (right, top), (right, bottom), (left, bottom)))


def told(
    marks: list[Mark], readings: dict[int, Reading] | None = None, lines: list[Line] | None = None
) -> list[str]:
    """Return what the marks say; a reading is of the mark at its place."""
    wanted = singles.to_read(marks)
    read = [(one, (readings or {}).get(marks.index(one), ("", 0.0))) for one in wanted]
    return [one.text for one in singles.told(marks, read, lines or [])]


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (("7", 0.99), "7"),
        (("7", 0.9), ""),
        (("B", 0.95), "B"),
        (("1", 0.99), "1"),
        pytest.param(("1", 0.95), "", id="a stroke has to be surer"),
        (("12", 0.99), "12"),
        (("§", 0.97), "§"),
        (("”", 0.97), "”"),
        (("/", 0.99), ""),
        ((".", 0.99), ""),
        (("", 0.0), ""),
        pytest.param(("又", 0.99), "", id="no sign of the page's script"),
        pytest.param(("十", 0.99), "+", id="as the network sees a plus"),
        (("□", 0.99), ""),
    ],
)
def test_what_is_read_counts_if_it_is_sure_and_says_something(reading: Reading, text: str) -> None:
    assert told([mark(1)], {0: reading}) == ([text] if text else [])


def test_on_a_page_of_chinese_its_signs_count() -> None:
    lines = [cell(0, 60, 400, "港口办公室七点开门")]
    assert told([mark(1, high=0.7, wide=0.7)], {0: ("又", 0.99)}, lines) == ["又"]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        pytest.param(mark(1, high=0.3, wide=0.3), "A", id="a capital lower than small letters"),
        pytest.param(mark(1, high=0.2, wide=0.2, full=0.4), "x", id="a letter like a speck"),
        pytest.param(mark(1, high=0.42, wide=0.9), "C", id="broader than letters are"),
    ],
)
def test_what_no_letter_looks_like_is_none(one: Mark, text: str) -> None:
    assert told([one], {0: (text, 0.99)}) == []


def test_a_sign_that_is_not_sure_counts_where_others_like_it_stand_above_or_below() -> None:
    column = [mark(1), mark(4)]
    unsure = {0: ("x", 0.5), 1: ("x", 0.6)}
    assert told(column, unsure) == ["x", "x"]
    assert told(column, {0: ("x", 0.5), 1: ("z", 0.6)}) == []
    assert told([mark(1), mark(4, left=560)], unsure) == [], "beside each other's column"
    assert told([mark(1), mark(4, wide=0.6)], unsure) == [], "of another size"
    assert told(column, {0: ("1", 0.5), 1: ("1", 0.6)}) == [], "strokes are as often none"


@pytest.mark.parametrize(("wide", "sign"), [(0.2, "-"), (0.38, "–"), (0.7, "—"), (1.1, "—")])
def test_dashes_above_or_below_a_cell_are_told_by_their_form_alone(wide: float, sign: str) -> None:
    cells = [cell(1, 480, 560), cell(1, 60, 200)]
    one = dash(2, wide=wide)
    assert singles.to_read([one]) == []
    assert told([one], lines=cells) == [sign]


def test_dashes_above_each_other_are_a_column() -> None:
    assert told([dash(1), dash(4)]) == ["–", "–"]
    assert told([dash(1)]) == []
    assert told([dash(1), dash(4, left=560)]) == []
    short = [dash(row, wide=0.2) for row in (1, 4, 6)]
    assert told(short[:2]) == [], "two specks may be as wide"
    assert told(short) == ["-", "-", "-"]


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        pytest.param(dash(2, off=0.4), [cell(1, 480, 560)], id="on the foot of its row"),
        pytest.param(dash(2), [cell(1, 60, 560)], id="below a sentence"),
        pytest.param(dash(2), [cell(1, 600, 700)], id="beside the column"),
        pytest.param(
            dash(2, wide=1.1), [cell(1, 480, 560), cell(2, 540, 700)], id="a drawn line's sample"
        ),
        pytest.param(
            dash(2, wide=0.2), [cell(1, 480, 560), cell(2, 420, 495)], id="a scale's tick"
        ),
        pytest.param(
            dash(2, wide=1.1), [cell(1, 480, 560), Line("n", 1.0, cell(2, 505, 525).quad)],
            id="a fraction's bar",
        ),
    ],
)  # fmt: skip
def test_dashes_that_are_part_of_something_say_nothing(one: Mark, cells: list[Line]) -> None:
    assert told([one], lines=cells) == []


def test_dashes_in_a_row_are_a_broken_line() -> None:
    cells = [cell(1, 480, 560)]
    assert told([dash(2), dash(2, left=530)], lines=cells) == []


def test_a_thick_dash_is_read_since_it_may_be_two_bars() -> None:
    one = mark(2, wide=0.45, high=0.2, full=0.7)
    cells = [cell(1, 480, 560)]
    assert singles.to_read([one]) == [one]
    assert told([one], {0: ("二", 0.7)}, cells) == ["="]
    assert told([one], {0: ("一", 0.7)}, cells) == ["–"]


def test_bullets_and_asterisks_are_told_in_columns_only() -> None:
    assert told([dot(1), dot(3)]) == ["•", "•"]
    assert singles.to_read([dot(1)]) == []
    assert told([dot(1), dot(3, wide=0.4)]) == []
    raised = [dot(1, off=-0.2), dot(3, off=-0.2)]
    assert told(raised) == ["*", "*"]
    assert told([dot(1), dot(3)], {0: ("*", 0.7)}) == ["*", "*"]


def test_an_asterisk_is_known_as_what_the_network_sees_in_it() -> None:
    one = mark(1, wide=0.4, high=0.4, off=-0.2, full=0.4)
    assert told([one], {0: ("大", 0.97)}) == ["*"]
    assert told([mark(1, high=0.8)], {0: ("大", 0.97)}) == [], "no asterisk is so high"
