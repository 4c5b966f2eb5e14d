"""Where columns part, and where cells only look like them."""

import pytest

from ocrd.job import Typeface
from ocrd.layout.gutters import best_gutter, is_split
from tests.unit.layout.twosides import CELL, FULL, GUTTER, HIGH, STEP, cell_column, column
from tests.unit.printed import BOLD, LARGE, PLAIN, TYPED, line, lines, order, piece


def test_a_line_that_was_read_across_the_gutter_is_cut_there() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(20)
    ]
    right = [
        line(f"right row {number} that fills it", 720, 310 + 38 * number, width=600)
        for number in range(20)
    ]
    fused = line(
        "left row 9 that fills it up right row 9 that fills it", 100, 300 + 38 * 9, width=1220
    )
    texts = order(left[:9], left[10:], right[:9], right[10:], fused)
    assert texts == [one.text for one in left] + [one.text for one in right]


def test_a_line_that_sticks_out_into_the_gutter_stays_in_its_column() -> None:
    left = [
        line(f"left row {number} that fills it up", 100, 300 + 38 * number, width=600)
        for number in range(12)
    ]
    left[5] = line("left row 5 that fills it up and more", 100, 300 + 38 * 5, width=635)
    right = [
        line(f"right row {number} that fills it", 730, 310 + 38 * number, width=600)
        for number in range(12)
    ]
    assert order(left, right) == [one.text for one in left + right]


def test_an_address_and_a_date_beside_it_are_read_from_the_top() -> None:
    sender = lines("Ostermann Ltd\nHarbour Road 12\nBremen\nTelephone 550177", 1100, 200)
    address = lines("Dr. H. Vollmer\nLange Reihe 4\nVerden", 200, 500)
    date = line("Bremen, 14 March 2024", 1100, 740)
    texts = order(address, date, sender)
    assert texts[:4] == [one.text for one in sender]
    assert texts[-1] == date.text


def test_a_few_bold_terms_beside_what_they_mean_are_no_columns() -> None:
    names = [f"VERSION_NUMBER_OF_IT[{number}]" for number in range(6)]
    terms = lines("\n".join(names), 300, 300, LARGE)
    meaning = lines("\n".join(f"The number of part {name[-2]} of it" for name in names), 800, 300)
    texts = order(terms, meaning)
    assert texts == [
        text for pair in zip(terms, meaning, strict=True) for text in (pair[0].text, pair[1].text)
    ]


def test_signs_that_look_bold_are_no_headings_of_a_column() -> None:
    rows = [(f"what the sign {n} means here", sign) for n, sign in enumerate("%&|~^#@!")]
    left = [line(text, 200, 300 + 38 * n) for n, (text, _) in enumerate(rows)]
    right = [
        line(f"({sign}{sign})", 800, 300 + 38 * n, LARGE if n == 4 else PLAIN)
        for n, (_, sign) in enumerate(rows)
    ]
    assert order(left, right) == [
        one.text for pair in zip(left, right, strict=True) for one in pair
    ]


@pytest.mark.parametrize(
    ("white", "is_one"), [(20, True), (6, True), (5.9, False), (0, False), (-5, False)]
)
def test_a_gutter_is_about_a_sixth_of_a_line_wide_at_least(white: float, is_one: bool) -> None:
    left, right = column(100), column(600 + white)
    assert is_split(left, right, 600) is is_one
    assert (best_gutter(left + right) is not None) is is_one


@pytest.mark.parametrize(
    ("ends", "starts", "is_one"),
    [
        ((600, 600, 640), (620, 620, 620), True),
        ((600, 600, 610), (616, 620, 620), True),
        ((600, 600, 610), (615, 620, 620), False),
        ((600, 600, 600), (616, 570, 616), True),
        ((605, 605, 605), (610, 630, 630), False),
        ((640, 640, 640), (616, 616, 616), True),
        ((640, 640, 640), (615, 615, 615), False),
        ((604, 604, 604), (590, 590, 590), True),
        ((605, 605, 605), (590, 590, 590), False),
    ],
)
def test_what_sticks_out_into_a_gutter_makes_it_no_narrower(
    ends: tuple[float, ...], starts: tuple[float, ...], is_one: bool
) -> None:
    tops = [200 + STEP * number for number in range(6)]
    left = [
        piece("words", x - FULL, y, width=FULL, height=HIGH)
        for x, y in zip(ends * 2, tops, strict=True)
    ]
    right = [
        piece("words", x, y, width=FULL, height=HIGH) for x, y in zip(starts * 2, tops, strict=True)
    ]
    assert is_split(left, right, GUTTER) is is_one


@pytest.mark.parametrize(
    ("left", "right", "is_one"),
    [
        ((FULL,) * 2, (FULL,) * 2, True),
        ((FULL,), (FULL,) * 6, False),
        ((FULL,) * 6, (FULL,), False),
        # A few rows beside others are a column if all but the last are full.
        ((500, 425, 100), (FULL,) * 4, True),
        ((500, 424, 100), (FULL,) * 4, False),
        ((500, 500, 250, 500), (FULL,) * 4, False),
        ((FULL,) * 5, (500, 500, 250, 500), False),
        # From five on it is enough that most of them fill it.
        ((500, 500, 250, 500, 500), (500, 500, 250, 500, 500), True),
        ((500, 500, 250, 500, 500), (500, 500, 250, 500), False),
        # The one in the middle has three quarters of the width of the widest.
        ((800, *(600,) * 5), (FULL,) * 6, True),
        ((800, *(599,) * 5), (FULL,) * 6, False),
        ((FULL,) * 6, (800, *(599,) * 5), False),
        # Running text is ten times as wide as its lines are tall.
        ((400,) * 6, (FULL,) * 6, True),
        ((399,) * 6, (FULL,) * 6, False),
        ((FULL,) * 6, (399,) * 6, False),
    ],
)
def test_rows_side_by_side_are_columns_if_they_look_like_running_text(
    left: tuple[float, ...], right: tuple[float, ...], is_one: bool
) -> None:
    assert is_split(column(600 - max(left), left), column(620, right), GUTTER) is is_one


def test_the_last_row_that_need_not_be_full_is_the_lowest_one() -> None:
    full, also, short = column(100, (500, 500, 100))
    assert is_split([short, full, also], column(620, (500,) * 3), GUTTER)


def test_a_heading_and_one_row_beside_text_are_no_column() -> None:
    left = [*column(100, (FULL,), face=LARGE), *column(100, (FULL,), y=250)]
    assert not is_split(left, column(620, (FULL,) * 2, face=Typeface()), GUTTER)
    assert not is_split(left, column(620), GUTTER)


@pytest.mark.parametrize(("begins", "is_one"), [(180, False), (181, True)])
def test_columns_of_one_side_begin_two_heights_apart(begins: float, is_one: bool) -> None:
    """What is narrower than the text left of it fills a column of its own."""
    left = column(100, (800,) * 6) + column(begins, (500,) * 7, y=500)
    assert is_split(left, column(920, (FULL,) * 13), 910) is is_one


def test_rows_that_begin_further_right_step_by_step_are_of_one_column() -> None:
    left = [
        *column(100, (800,) * 2),
        *column(160, (500,) * 3, y=300),
        *column(220, (500,) * 3, y=450),
    ]
    assert not is_split(left, column(920, (FULL,) * 8), 910)


@pytest.mark.parametrize(
    ("left", "right", "is_one"),
    [
        (PLAIN, PLAIN, True),
        (PLAIN, BOLD, False),
        (BOLD, PLAIN, False),
        (Typeface(13, 2.0), Typeface(13, 2.49), True),
        (Typeface(13, 2.0), Typeface(13, 2.5), False),
        (Typeface(13, 2.5), Typeface(13, 2.0), False),
        (TYPED, TYPED, True),
        (TYPED, PLAIN, False),
        (PLAIN, TYPED, False),
        (Typeface(), BOLD, True),
        (BOLD, Typeface(), True),
        # On a page that is hardly larger than a stamp, too
        (Typeface(1, 0.2), Typeface(1, 0.24), True),
        (Typeface(1, 0.2), Typeface(1, 0.3), False),
        (Typeface(1, 0.2, 1), Typeface(1, 0.2), False),
    ],
)
def test_columns_are_set_in_one_type(left: Typeface, right: Typeface, is_one: bool) -> None:
    assert is_split(column(100, face=left), column(620, face=right), GUTTER) is is_one


@pytest.mark.parametrize(("typed", "is_one"), [(3, True), (4, False)])
def test_a_side_is_typed_if_more_than_half_of_its_rows_are(typed: int, is_one: bool) -> None:
    right = column(620, (FULL,) * typed, face=TYPED) + column(620)[typed:]
    assert is_split(column(100), right, GUTTER) is is_one


@pytest.mark.parametrize(
    ("few", "many", "astray", "is_one"),
    [
        (20, 20, 4, False),
        (20, 20, 5, True),
        (10, 10, 2, False),
        (10, 10, 3, True),
        (3, 3, 2, False),
        (3, 3, 3, True),
        (3, 10, 3, True),
        (2, 10, 2, False),
    ],
)
def test_short_rows_are_no_cells_if_three_and_a_fifth_stand_level_with_nothing(
    few: int, many: int, astray: int, is_one: bool
) -> None:
    left, right = cell_column(100, few, astray=astray), cell_column(620, many)
    assert is_split(left, right, GUTTER) is is_one
    left, right = cell_column(100, many), cell_column(620, few, astray=astray)
    if few < many:
        assert is_split(left, right, GUTTER) is is_one


@pytest.mark.parametrize(
    ("lower", "height", "is_one"),
    [
        (11.9, 40, False),
        (12, 40, True),
        (-11.9, 40, False),
        (-12, 40, True),
        # The taller of the two tells.
        (23.9, 80, False),
        (24, 80, True),
        # No cell is level with what begins a whole line above or below it.
        (40, 160, False),
        (40.1, 160, True),
        (-40, 160, False),
        (-40.1, 160, True),
    ],
)
def test_cells_stand_level_within_a_third_of_a_line(
    lower: float, height: float, is_one: bool
) -> None:
    left = column(100, (CELL,) * 6, step=100)
    right = column(620, (CELL,) * 6, y=220 + lower - height / 2, step=100, height=height)
    assert is_split(left, right, GUTTER) is is_one


@pytest.mark.parametrize(("text", "is_one"), [("1.5", False), ("14.5", True)])
def test_a_few_characters_say_little_of_their_height(text: str, is_one: bool) -> None:
    left = cell_column(100, 10, astray=2) + column(100, (CELL,) * 4, y=725, text=text)
    assert is_split(left, cell_column(620, 14), GUTTER) is is_one


def test_half_of_five_cells_astray_are_enough() -> None:
    """Two of the four that tell stand level with nothing: two and a half of five."""
    left = cell_column(100, 4, astray=2) + column(100, (CELL,), y=400, text="1.5")
    assert is_split(left, cell_column(620, 5), GUTTER)


def test_where_all_are_a_few_characters_they_tell() -> None:
    left = column(100, (CELL,) * 6, text="1.5")
    assert not is_split(left, cell_column(620, 6), GUTTER)
    assert is_split(left, cell_column(620, 6, astray=6), GUTTER)


def test_two_cells_level_with_one_are_one_partner() -> None:
    right = sorted(cell_column(620, 10) + cell_column(900, 10), key=lambda one: one.middle)
    assert not is_split(cell_column(100, 10, astray=2), right, GUTTER)
    assert is_split(cell_column(100, 10, astray=5), right, GUTTER)


def test_bold_terms_are_cells_though_some_stand_level_with_nothing() -> None:
    bold = column(100, (CELL,) * 6, y=225, face=BOLD)
    assert not is_split(bold, cell_column(620, 6), GUTTER)
