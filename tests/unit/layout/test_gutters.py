"""Where a white strip parts columns of text, and where it does not."""

from collections.abc import Sequence

import pytest

from ocrd.job import Typeface
from ocrd.layout.gutters import bands, best_gutter, is_split, sides, unfused
from ocrd.layout.sheet import Grid, Piece, around
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


# Below, a line is 40 pixels tall and stands 50 below the one above it. Running text is 500 wide, a
# cell 200; the left side ends at 600, the right one begins at 620, and the gutter lies between.
HIGH, STEP, FULL, CELL = 40, 50, 500, 200
GUTTER = 610.0


def column(
    x: float,
    widths: Sequence[float] = (FULL,) * 6,
    *,
    y: float = 200,
    step: float = STEP,
    height: float = HIGH,
    face: Typeface = PLAIN,
    text: str = "words of it",
) -> list[Piece]:
    """Return a piece a width, one below the other."""
    return [
        piece(text, x, y + number * step, face, width=width, height=height)
        for number, width in enumerate(widths)
    ]


def cell_column(x: float, count: int, *, astray: int = 0, by: float = 25) -> list[Piece]:
    """Return cells one below the other, the first of them as much lower than their rows."""
    level = column(x, (CELL,) * count)
    return column(x, (CELL,) * astray, y=200 + by) + level[astray:]


def table(*inside: Piece) -> Piece:
    """Return what stands in a table as the one piece that it is."""
    return Piece(inside[0].line, around(one.box for one in inside), Grid(inside[0].box, (), inside))


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


@pytest.mark.parametrize(
    ("bar", "astray", "rows", "width", "is_one"),
    [
        (3, 0, 6, FULL, True),
        (3, 0, 6, CELL, False),
        (3, 2, 6, FULL, True),
        (3, 2, 5, FULL, False),
        (5, 0, 9, FULL, True),
        (6, 0, 10, FULL, False),
        (2, 0, 6, FULL, False),
    ],
)
def test_a_few_rows_level_with_much_running_text_are_a_side_bar(
    bar: int, astray: int, rows: int, width: float, is_one: bool
) -> None:
    few = cell_column(100, bar, astray=astray)
    assert is_split(few, column(620, (width,) * rows), GUTTER) is is_one
    few = cell_column(620, bar, astray=astray)
    assert is_split(column(600 - width, (width,) * rows), few, GUTTER) is is_one


def with_heading(
    *, at: int = 2, x: float = 620, y: float = 0, face: Typeface = LARGE, text: str = "Heading"
) -> list[Piece]:
    """Return six cells, one of them set as a heading."""
    cells = cell_column(620, 6)
    y = y or cells[at].box.y0
    cells[at] = piece(text, x, y, face, width=CELL, height=HIGH)
    return cells


@pytest.mark.parametrize(
    ("right", "is_one"),
    [
        (cell_column(620, 6), False),
        (with_heading(), True),
        (with_heading()[1:], True),
        (with_heading()[2:], False),
        # At the margin
        (with_heading(x=659), True),
        (with_heading(x=660), False),
        # Below the first row and above the last one
        (with_heading(at=0), False),
        (with_heading(at=1, y=241), True),
        (with_heading(at=1, y=240), False),
        (with_heading(at=4, y=429), True),
        (with_heading(at=4, y=430), False),
        (with_heading(at=5), False),
        # Larger and bolder
        (with_heading(face=Typeface(14.5, 3.0)), False),
        (with_heading(face=Typeface(14.6, 2.875)), False),
        (with_heading(face=Typeface(14.6, 2.9)), True),
        # In words
        (with_heading(text="ab 1"), False),
        (with_heading(text="abc 1"), True),
    ],
)
def test_a_heading_at_the_margin_of_the_right_side_makes_it_a_column(
    right: list[Piece], is_one: bool
) -> None:
    assert is_split(cell_column(100, 6), right, GUTTER) is is_one


def test_five_rows_on_either_side_may_have_a_heading_among_them() -> None:
    assert is_split(cell_column(100, 5), with_heading(), GUTTER)
    assert not is_split(cell_column(100, 4), with_heading(), GUTTER)


def test_type_that_was_not_measured_makes_no_headings_of_the_rest() -> None:
    left = column(100, (CELL,) * 6, face=Typeface())
    assert not is_split(left, cell_column(620, 6), GUTTER)
    assert is_split(left, with_heading(), GUTTER)


@pytest.mark.parametrize(
    ("top", "is_one"),
    [(200, True), (300, True), (320, False), (350, False), (600, False), (80, False)],
)
def test_columns_stand_beside_each_other_for_more_than_half_of_their_rows(
    top: float, is_one: bool
) -> None:
    """The right side of six rows begins beside the left one's first row, or further down."""
    assert is_split(column(100), column(620, y=top), GUTTER) is is_one
    assert is_split(column(100, y=top), column(620), GUTTER) is is_one


@pytest.mark.parametrize(("white", "is_one"), [(79, True), (80, False)])
def test_what_stands_beside_white_space_two_heights_tall_is_beside_nothing(
    white: float, is_one: bool
) -> None:
    left = column(100, (FULL,) * 3) + column(100, (FULL,) * 3, y=340 + white)
    right = column(620, (FULL,) * 5, y=343, step=15, height=10)
    assert is_split(left, right, GUTTER) is is_one


def test_text_beside_the_last_of_three_blocks_stands_beside_them() -> None:
    """Its rows stand at the height of the white between the rows of the block."""
    left = [one for y in (200, 500, 800) for one in column(100, (FULL,) * 4, y=y)]
    assert is_split(left, column(620, (FULL,) * 3, y=825), GUTTER)
    assert is_split(left, column(620, (FULL,) * 3, y=525), GUTTER)
    assert not is_split(left, column(620, (FULL,) * 2, y=425), GUTTER)


def test_text_beside_the_foot_of_a_table_is_beside_it_though_the_table_has_a_note() -> None:
    """A note that begins beside the table's first row ends long before the table does."""
    note = piece("a note", 400, 620, width=CELL, height=HIGH)
    left = [*column(100, (FULL,) * 2), table(*column(100, (CELL,) * 6, y=600)), note]
    assert is_split(left, column(620, (CELL,) * 3, y=700), GUTTER)


def test_what_stands_beside_a_table_is_no_cell_of_it() -> None:
    whole = table(*cell_column(100, 6))
    assert is_split([whole], cell_column(620, 6), GUTTER)
    assert is_split(cell_column(100, 6), [table(*cell_column(620, 6))], GUTTER)
    assert not is_split([whole], cell_column(620, 1), GUTTER)


@pytest.mark.parametrize(
    ("x", "width", "side"),
    [
        (110, 500, "left"),
        (158, 500, "left"),
        (158.1, 500, "across"),
        (434, 200, "left"),  # what is short sticks out less
        (435, 200, "across"),
        (562, 500, "right"),
        (561.9, 500, "across"),
        (586, 200, "right"),
        (585, 200, "across"),
        (610, 500, "right"),
    ],
)
def test_a_line_may_stick_out_by_a_bit_more_than_its_height(
    x: float, width: float, side: str
) -> None:
    one = piece("a line", x, 200, width=width, height=HIGH)
    found = {"left": ([one], []), "right": ([], [one]), "across": ([], [])}
    assert sides([one], GUTTER) == found[side]


@pytest.mark.parametrize(
    ("x", "side"), [(410, "left"), (411, "across"), (610, "right"), (609, "across")]
)
def test_a_table_sticks_out_of_no_column(x: float, side: str) -> None:
    one = table(piece("a cell", x, 200, width=CELL, height=HIGH))
    found = {"left": ([one], []), "right": ([], [one]), "across": ([], [])}
    assert sides([one], GUTTER) == found[side]


def test_lines_across_the_gutter_are_bands_of_their_own() -> None:
    title, second, rule = (
        piece(text, 100, y, width=1020, height=HIGH)
        for text, y in (("title", 100), ("and more", 150), ("notes", 500))
    )
    left, right = column(100, (FULL,) * 2), column(620, (FULL,) * 2)
    below = column(100, (FULL,), y=600)
    assert bands([title, second, *left, *right, rule, *below], GUTTER) == [
        [title, second], [*left, *right], [rule], below,
    ]  # fmt: skip
    assert bands([*left, title], GUTTER) == [left, [title]]


def test_a_gutter_begins_where_the_left_column_ends() -> None:
    """At the end of its longest line, and half the narrowest gutter further right."""
    left = column(100, (FULL, 490, 495, FULL, 490, 495))
    assert best_gutter(left + column(650)) == 603
    assert best_gutter(column(100, (FULL,) * 2) + column(650, (FULL,) * 2)) == 603
    assert best_gutter(column(100, (FULL,) * 12)) is None
    assert best_gutter(column(100, (FULL,)) + column(650, (FULL,) * 2)) is None


def test_specks_have_a_gutter_of_whole_pixels() -> None:
    left = column(100, (FULL,) * 6, height=1)
    assert best_gutter(left + column(650, height=1)) == 600.15


@pytest.mark.parametrize(("second", "best"), [(620, 1123), (660, 603), (640, 603)])
def test_of_gutters_that_part_as_much_the_widest_is_taken(second: float, best: float) -> None:
    """Between three columns there are 20 and 60 pixels, 60 and 20, or twice 40."""
    assert best_gutter(column(100) + column(second) + column(1180)) == best


@pytest.mark.parametrize(("across", "best"), [(5, 603), (7, 1123)])
def test_each_line_across_a_gutter_speaks_against_it_by_half_a_row(
    across: int, best: float
) -> None:
    """The first gutter parts nine rows, the second one six and nothing goes across it."""
    titles = column(100, (1020,) * across, y=200)
    left, middle = (column(x, (FULL,) * 9, y=600) for x in (100, 620))
    assert best_gutter(titles + left + middle + column(1140, y=600)) == best


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


def test_a_table_across_the_gutter_is_not_cut() -> None:
    fused, around_it = fusible()
    assert not is_cut(table(fused), around_it)
