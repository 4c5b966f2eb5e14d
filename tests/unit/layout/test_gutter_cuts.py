"""Lines that were read across a gutter are cut there."""

import pytest

from ocrd.layout.gutters import unfused
from ocrd.layout.sheet import Piece
from tests.unit.layout.twosides import FULL, GUTTER, HIGH, STEP, table
from tests.unit.printed import piece


def fusible(rows: int = 8, near: float = STEP) -> tuple[Piece, list[Piece]]:
    """Return a line that was read across the gutter, and columns of so many rows around it."""
    fused = piece("words of left words of right", 100, 400, width=1020, height=HIGH)
    tops = [400 - near - n * STEP for n in range(rows // 2)]
    tops += [400 + near + n * STEP for n in range(rows - rows // 2)]
    around_it = [
        piece("words", at, top, width=FULL, height=HIGH)
        for top in sorted(tops)
        for at in (100, 620)
    ]
    return fused, around_it


def is_cut(fused: Piece, around_it: list[Piece]) -> bool:
    return len(unfused(fused, around_it, GUTTER)) == 2


def test_a_line_read_across_the_gutter_is_cut_where_the_right_column_begins() -> None:
    left, right = unfused(*fusible(), GUTTER)
    assert (left.line.text, right.line.text) == ("words of left", "words of right")
    assert (left.box.x0, left.box.x1, right.box.x0, right.box.x1) == (100, 610, 620, 1120)


@pytest.mark.parametrize(("rows", "is_one"), [(7, False), (8, True), (9, True)])
def test_eight_rows_on_either_side_show_that_a_line_was_read_across(
    rows: int, is_one: bool
) -> None:
    assert is_cut(*fusible(rows)) is is_one


@pytest.mark.parametrize(("near", "is_one"), [(71.9, True), (72, False)])
def test_a_line_read_across_has_rows_above_and_below_it_in_both_columns(
    near: float, is_one: bool
) -> None:
    fused, around_it = fusible(near=near)
    assert is_cut(fused, around_it) is is_one


def test_what_stands_level_with_the_line_does_not_tell_where_the_column_begins() -> None:
    fused, around_it = fusible()
    level = piece("1", 612, 400, width=FULL, height=HIGH)
    assert unfused(fused, [*around_it, level], GUTTER)[1].box.x0 == 620


@pytest.mark.parametrize(("x1", "is_one"), [(650, False), (651, True)])
def test_a_line_is_cut_if_it_ends_a_height_behind_the_gutter(x1: float, is_one: bool) -> None:
    """Though the rows of the right column stick out into it."""
    _, around_it = fusible()
    right = [piece("words", 565, one.box.y0, width=FULL, height=HIGH) for one in around_it[::2]]
    fused = piece("words of the left one words", 100, 400, width=x1 - 100, height=HIGH)
    assert is_cut(fused, around_it[::2] + right) is is_one


def test_a_line_without_a_space_near_the_column_is_not_cut() -> None:
    _, around_it = fusible()
    assert not is_cut(piece("w" * 30, 100, 400, width=1020, height=HIGH), around_it)


@pytest.mark.parametrize("missing", [(100, 350), (100, 450), (620, 350), (620, 450)])
def test_a_line_at_the_end_of_a_column_is_not_cut(missing: tuple[float, float]) -> None:
    fused, around_it = fusible(12)
    left = [one for one in around_it if (one.box.x0, one.box.y0) != missing]
    assert len(left) == 23
    assert not is_cut(fused, left)


@pytest.mark.parametrize(
    ("x", "x1", "is_one"),
    [
        (569, 1120, True),
        (570, 1120, False),
        (100, 700, True),
        (100, 699, False),
    ],
)
def test_a_line_that_hardly_reaches_into_a_column_is_not_cut(
    x: float, x1: float, is_one: bool
) -> None:
    _, around_it = fusible()
    at = round((620 - x) / (x1 - x) * 100)  # where the right column begins, there is a space
    fused = piece("a" * at + " " + "b" * (99 - at), x, 400, width=x1 - x, height=HIGH)
    assert is_cut(fused, around_it) is is_one


@pytest.mark.parametrize(("times", "is_one"), [(1.3, True), (1.4, False)])
def test_a_headline_is_not_cut(times: float, is_one: bool) -> None:
    _, around_it = fusible()
    headline = piece("words of left words of right", 100, 400, width=1020, height=HIGH * times)
    assert is_cut(headline, around_it) is is_one


def test_a_table_across_the_gutter_is_not_cut() -> None:
    fused, around_it = fusible()
    assert not is_cut(table(fused), around_it)
