"""What stands on either side of a gutter, and beside what."""

import pytest

from ocrd.job import Line, Typeface
from ocrd.layout.gutters import bands, best_gutter, is_split, sides
from ocrd.layout.sheet import Listing, Piece, around
from tests.unit.layout.twosides import CELL, FULL, GUTTER, HIGH, cell_column, column, table
from tests.unit.printed import LARGE, LETTER, PITCH, line, order, piece


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


def test_text_stands_beside_a_short_table_though_it_goes_on_below() -> None:
    """The table has few rows, however many cells stand in each."""
    cells = [one for x in (100, 250, 400) for one in column(x, (100,) * 6)]
    assert is_split([table(*cells)], column(620, (FULL,) * 16), GUTTER)


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


@pytest.mark.parametrize(("across", "best"), [(6, 603), (8, 1123)])
def test_each_line_across_a_gutter_speaks_against_it_by_half_a_row(
    across: int, best: float
) -> None:
    """The first gutter parts nine rows, the second one six; a note goes across the second, too."""
    titles = column(100, (1020,) * across, y=200)
    note = column(1000, (FULL,), y=1100)
    left, middle = (column(x, (FULL,) * 9, y=600) for x in (100, 620))
    assert best_gutter(titles + left + middle + column(1140, y=600) + note) == best


def test_what_nothing_goes_across_parts_before_what_a_headline_does() -> None:
    headline = column(100, (1020,), y=200)
    left, middle = (column(x, (FULL,) * 9, y=600) for x in (100, 620))
    assert best_gutter(headline + left + middle + column(1140, y=600)) == 1123


def test_boxes_that_touch_along_a_straight_margin_leave_a_gutter() -> None:
    left, right = column(100, (FULL,) * 14), column(598, (FULL,) * 14)
    assert is_split(left, right, 599)
    assert not is_split(left[:9], right[:9], 599)


@pytest.mark.parametrize("form", ["({} marks)", "[{} points]", "/ {}", "{} P.", "[{}]", "{}"])
def test_points_at_the_right_margin_stay_beside_their_questions(form: str) -> None:
    said: list[str] = []
    some: list[Line] = []
    for number in range(1, 8):
        y = 300 + 130 * number
        points = form.format(number + 2)
        said += [f"{number}. Say in a few words of your own what the text tells of the old mill,",
                 f"and why nobody {number} wrote of it before.", points]  # fmt: skip
        some += [line(said[-3], 200, y, width=1080), line(said[-2], 200, y + PITCH),
                 line(points, 1450 - LETTER * len(points), y + PITCH)]  # fmt: skip
    assert order(some) == said


def test_numbers_that_stand_level_with_nothing_are_a_column() -> None:
    """Beside a paragraph they have rows of their own, as a side note has."""
    left = [line("Running text that fills its column", 200, 300 + PITCH * n) for n in range(12)]
    right = [line(f"{n} 1{n}", 1200, 312 + 57 * n) for n in range(7)]
    assert order(left, right)[:12] == ["Running text that fills its column"] * 12


@pytest.mark.parametrize(("rows", "is_gutter"), [(6, True), (5, False)])
def test_program_text_below_short_ends_of_paragraphs_is_beside_the_text(
    rows: int, is_gutter: bool
) -> None:
    """For each other line of its side it has three rows."""
    body = column(100, (CELL,) * rows, y=400)
    program = Piece(body[0].line, around(one.box for one in body),
                    Listing("\n".join("call();" for _ in body), tuple(body)))  # fmt: skip
    ends = column(100, (90,) * 2, y=300)
    texts = cell_column(620, 2 + rows)
    assert is_split([*ends, program], texts, GUTTER) is is_gutter
    assert is_split([program], texts, GUTTER)
