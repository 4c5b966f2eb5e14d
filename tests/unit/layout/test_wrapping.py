"""Where the rows of a table begin whose cells are broken into lines."""

from collections.abc import Mapping

import pytest

from ocrd.layout import wrapping
from tests.unit.printed import LINE, piece

STARTS = (100.0, 400.0, 700.0)  # a letter is 15 pixels wide, as everywhere on these pages
STEP = 36


def rows(*lines: str, steps: Mapping[int, int] | None = None) -> list[tuple[int, int]]:
    """Return the rows of lines, given as texts with a bar between columns, empty ones missing."""
    found, y = [], 600.0
    for number, said in enumerate(lines):
        y += (steps or {}).get(number, STEP) if number else 0
        texts = enumerate(said.split("|"))
        found.append({n: piece(text, STARTS[n], y) for n, text in texts if text})
    return wrapping.rows(found, STARTS)


def test_no_lines_are_no_rows() -> None:
    assert wrapping.rows([], STARTS) == []


def test_a_line_with_text_in_a_column_that_had_none_above_begins_a_row() -> None:
    found = rows("Gamay|A red without a|Good", "|much longer life|", "Merlot|Dark|Good")
    assert found == [(0, 2), (2, 3)]


def test_a_line_begins_a_row_where_its_words_would_have_fitted_above() -> None:
    # The second column reaches to where its longest line ends.
    found = rows("Gamay|A red with some shades|Good", "Malbec|Dark|Fair", "Merlot|Pale|Good")
    assert found == [(0, 1), (1, 2), (2, 3)]


def test_a_line_goes_on_where_its_words_would_not_have_fitted() -> None:
    found = rows("Gamay|A red with some dark|Good", "|shades|", "Merlot|Pale|Good")
    assert found == [(0, 2), (2, 3)]


def test_a_cell_that_a_hyphen_cuts_goes_on_whatever_would_have_fitted() -> None:
    found = rows("Gamay|A red-|Good", "|brown one of the north|", "Merlot|Pale|Good")
    assert found == [(0, 2), (2, 3)]


def test_white_between_rows_counts_more_than_what_would_have_fitted() -> None:
    """A year below a name has a line of its own, though it might stand behind it."""
    some = ("Gamay|A red with some shades", "1995|Of violet and black", "Merlot|Pale, nearly white",
            "1997|And of little taste")  # fmt: skip
    assert rows(*some, steps={2: STEP + 20}) == [(0, 2), (2, 4)]
    assert rows(*some) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_small_letters_go_on_where_cells_begin_with_large_ones() -> None:
    some = ("Gamay|A red with some shades|Good", "of Tours|of violet|old", "Merlot|Pale|Good",
            "Malbec|Red|Bad")  # fmt: skip
    assert rows(*some) == [(0, 2), (2, 3), (3, 4)]
    small = tuple(said.lower() for said in some)
    assert rows(*small) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_number_below_a_number_is_another_row() -> None:
    wide = "A red with some more s"
    assert rows(f"1995|{wide}|4.50", f"1996|{wide}|7.20") == [(0, 1), (1, 2)]


@pytest.mark.parametrize(("step", "count"), [(50, 2), (51, 3)])
def test_a_lone_cell_begins_a_row_only_far_below(step: int, count: int) -> None:
    """One box alone hardly tells how far below it stands."""
    found = rows("Gamay|A red with some dark|Good", "|shades of brown, rather|",
                 "|undrinkable|", "Merlot|Pale as many a white|Good", "|wine of the north,|",
                 "|of little taste|", steps={2: step})  # fmt: skip
    assert len(found) == count


def test_columns_reach_as_near_to_the_next_one_as_the_widest_cell_of_any() -> None:
    def reach(*texts: str) -> list[float]:
        line = {n: piece(text, STARTS[n], 600) for n, text in enumerate(texts)}
        return wrapping.ends([line], STARTS)

    assert reach("x" * 10, "x" * 18, "x" * 4) == [370, 670, 760]
    assert reach("x" * 10, "x" * 21, "x" * 4) == [400, 700, 760]


@pytest.mark.parametrize(("end", "does"), [(202.5, False), (202.6, True)])
def test_a_word_fits_with_room_to_spare(end: float, does: bool) -> None:
    """Behind 100 pixels a space, the word and half a height of a line."""
    above, below = piece("above", 0, 0, width=100), piece("aaaaaaaa aaa", 0, STEP, width=115)
    word = 80  # of letters that are 10 wide, the space half as much
    assert 100 + LINE / 4 + word + LINE / 2 == 202.5
    assert wrapping.fits(above, below, end) is does


SMALL, LARGE = "a" * 18, "A" * 18  # fill their columns, so that nothing would have fitted


@pytest.mark.parametrize("last", [f"{SMALL}|{SMALL}|{SMALL}", f"{SMALL}|{SMALL}|"])
@pytest.mark.parametrize(("step", "count"), [(40, 1), (41, 2)])
def test_rows_are_parted_by_an_eighth_more_than_the_lines_of_a_cell(
    step: int, count: int, last: str
) -> None:
    full = f"{SMALL}|{SMALL}|{SMALL}"
    assert len(rows(full, full, full, full, last, steps={4: step})) == count


def test_the_narrower_half_of_the_steps_tells_those_of_a_cell() -> None:
    full = f"{SMALL}|{SMALL}|{SMALL}"
    found = rows(*[full] * 6, steps={3: 50, 4: 50, 5: 50})
    assert found == [(0, 3), (3, 4), (4, 5), (5, 6)]


def test_a_hyphen_goes_on_below_white_too() -> None:
    full, cut = f"{SMALL}|{SMALL}|{SMALL}", f"{SMALL}|{SMALL[1:]}-|{SMALL}"
    assert len(rows(full, full, full, full, full, steps={4: 80})) == 2
    assert len(rows(full, full, full, cut, full, steps={4: 80})) == 1


@pytest.mark.parametrize(
    ("above", "line", "count"),
    [
        (f"1995|{SMALL}|", f"1996|{SMALL}|", 3),  # a number below a number
        ("Pale|Dark|", "Red|Brown|", 3),  # all cells have ended
        ("Pale|Dark|", "Red||", 2),  # one cell, which may have two lines
        (f"Pale|{SMALL}|", f"Red|{SMALL}|", 2),  # one cell of two
    ],
)
def test_what_begins_a_row_close_to_the_one_above_where_others_stand_apart(
    above: str, line: str, count: int
) -> None:
    full = f"{SMALL}|{SMALL}|"
    assert len(rows(full, full, full, above, line, steps={3: 80})) == count


@pytest.mark.parametrize(
    ("last", "step", "count"),
    [
        (f"{LARGE}|{LARGE}|{LARGE}", 35, 3),
        (f"{LARGE}|{LARGE}|{LARGE}", 34, 2),  # closer than from row to row
        (f"{LARGE}|{LARGE}|", 35, 2),  # not in all columns
        (f"{LARGE}|{LARGE}|{SMALL}", 35, 2),  # goes on
    ],
)
def test_a_full_line_that_goes_on_nowhere_begins_a_row_where_no_white_tells(
    last: str, step: int, count: int
) -> None:
    found = rows(f"{LARGE}|{LARGE}|", f"{LARGE}|{LARGE}|{LARGE}", last, steps={2: step})
    assert len(found) == count


@pytest.mark.parametrize(("third", "count"), [("Good", 3), ("", 4)])
def test_one_small_letter_among_seven_cells_is_a_stray(third: str, count: int) -> None:
    """Of six it is too many to say that what begins small goes on."""
    more = (f"|{LARGE}|", f"Merlot|{LARGE}|Good")
    found = rows(f"pinot|{LARGE}|{third}", *more, *more, "of Tours||old")
    assert len(found) == count
