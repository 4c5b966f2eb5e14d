"""Where the rows of a column end, and what is usual in it."""

import math

import pytest

from ocrd.layout.headings import Body
from ocrd.layout.paragraphs import Column, Setting, drafts
from ocrd.layout.sheet import Stroke
from tests.unit.layout.columnrows import ENDED, OPEN, USUAL, how, row
from tests.unit.printed import BOLD


@pytest.mark.parametrize(
    ("same", "bond"),
    [
        # Rows around it that end where the row before it does, at 1100
        ((0, 0, 0, 1, 0, 0, 0, 0), "apart"),
        ((0, 0, 0, 1, 0, 0, 1, 1), "apart"),
        ((0, 0, 0, 1, 0, 1, 1, 1), "joined"),
        ((1, 1, 1, 1, 0, 0, 0, 0), "joined"),
        ((0, 1, 1, 1, 0, 0, 0, 0), "apart"),
        ((0, 0, 0, 1, 1, 1, 1, 0), "joined"),
    ],
)
def test_four_rows_that_end_together_show_where_the_text_ends(
    same: tuple[int, ...], bond: str
) -> None:
    """Text runs around a picture at its right."""
    some = [row(ENDED, n, x1=1100 if is_same else 1030 + n) for n, is_same in enumerate(same)]
    assert how(*some)[3] == bond


@pytest.mark.parametrize(
    ("above", "below", "bond"),
    [(5, 0, "joined"), (6, 0, "apart"), (0, 4, "joined"), (0, 5, "apart")],
)
def test_rows_further_than_five_do_not_tell_where_the_text_ends(
    above: int, below: int, bond: str
) -> None:
    """Of the four that end together, one is as many rows above or below the one that goes on."""
    index = 8
    same = {index - 1, index, index + 1, index + below if below else index - above}
    some = [row(ENDED, n, x1=1100 if n in same else 800 + 40 * (n % 3)) for n in range(16)]
    assert how(*some)[index - 1] == bond


@pytest.mark.parametrize(("end", "bond"), [(1071, "joined"), (1070, "apart")])
def test_rows_end_together_if_they_differ_by_less_than_their_height(end: float, bond: str) -> None:
    some = [row(ENDED, n, x1=x1) for n, x1 in enumerate((end, end, 1100, 1100))]
    assert how(*some)[2] == bond


@pytest.mark.parametrize(("x", "bond"), [(299, "joined"), (300, "apart")])
def test_short_rows_end_together_by_chance(x: float, bond: str) -> None:
    """Those that take no more than 0.4 of the column's width: a verse."""
    some = [row(ENDED, n, x=x, x1=700) for n in range(4)] + [row(ENDED, 4, x1=1300)]
    assert how(*some)[2] == bond


def test_the_longest_rows_show_where_the_text_ends_behind_a_short_one_too() -> None:
    ends = (1100, 1100, 500, 1100, 1100)
    some = [row(ENDED, n, x1=x1) for n, x1 in enumerate(ends)]
    assert how(*some) == ["joined", "joined", "apart", "joined"]


def test_the_rows_of_the_next_column_do_not_tell_where_this_one_ends() -> None:
    some = [row(ENDED, n, x1=1100) for n in range(3)]
    other = [row(ENDED, n, x=1400, x1=1900, column=1) for n in range(4)]
    assert how(*some, *other)[1] == "apart"


def test_the_space_above_a_block_is_told_in_heights_of_its_line() -> None:
    some = [
        row(ENDED, 0),
        row("• a", y=240),
        row("• b", y=330, height=60),
        row("• c", y=395, height=1),
        row(ENDED, 0, x=1400, column=1),
    ]
    setting = Setting(Body(30, 10, 13, 2.3), dict.fromkeys((0, 1), USUAL), frozenset(), ())
    spaces = [draft.space for draft in drafts(some, setting)]
    assert spaces == pytest.approx([math.inf, 10 / 30, 60 / 60, 5, math.inf])
    assert [draft.space for draft in drafts(some[:2], setting)] == spaces[:2]


@pytest.mark.parametrize(
    ("steps", "pitch"),
    [
        ((), 42),
        ((40,), 40),
        ((44, 42, 37, 38, 40), 37),
        ((44, 42, 34, 38, 40), 36),
        ((36, 46, 38, 44, 40, 42), 40),
        ((74, 74, 74), 74),
        ((75, 75, 75), 42),
    ],
)
def test_the_usual_distance_of_rows_is_the_lower_middle_of_all(
    steps: tuple[float, ...], pitch: float
) -> None:
    """Of a few rows the least, if it is 1.2 heights; those 2.5 apart are of two paragraphs."""
    tops = [200 + sum(steps[:n]) for n in range(len(steps) + 1)]
    setting = Setting.of([row(OPEN, y=y) for y in tops], ())
    assert setting.columns[0].pitch == pytest.approx(pitch)


def test_what_is_usual_is_told_of_each_column_by_itself() -> None:
    some = [row(OPEN, n, x1=x1) for n, x1 in enumerate((1000, 1200, 1100))]
    some += [row(OPEN, n, x=1400, x1=1900, height=20, column=1, face=BOLD) for n in range(3)]
    some.append(row("|", 9, x=2000, x1=2000.5, column=2))
    setting = Setting.of(some, (Stroke(500, 0, 1), Stroke(100, 0, 1)))
    assert setting.columns == {
        0: Column(40, 30, 13, 1200, 900),
        1: Column(40, 20, 13, 1900, 500),
        2: Column(42, 30, 13, 2000.5, 1.0),
    }
    assert [rule.at for rule in setting.lying] == [100, 500]


@pytest.mark.parametrize(("rows", "pitch"), [(7, 40), (6, 60)])
def test_a_few_rows_far_apart_are_held_against_the_pages_text(rows: int, pitch: float) -> None:
    """Six steps tell what is usual; fewer are of no text and of no weight."""
    some = [row(OPEN, n) for n in range(rows)]
    some += [row(ENDED, y=1000 + 60 * n, column=1) for n in range(3)]
    assert Setting.of(some, ()).columns[1].pitch == pitch


def test_words_at_the_ends_of_rows_are_not_learned_for_they_may_be_cut() -> None:
    some = [row("ter Words Between are learned", 0), row("one Two three", 1), row("both ends", 2)]
    assert Setting.of(some, ()).vocabulary == {"words", "between", "are", "two"}
