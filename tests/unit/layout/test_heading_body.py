"""What the text of a page is set in, against which headings are told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ocrd.job import Typeface
from ocrd.layout import headings
from ocrd.layout.columns import Row
from ocrd.layout.sheet import Listing, Piece, page_box
from tests.unit.layout.headingrows import of, row, set_in
from tests.unit.printed import line


def test_the_type_of_most_characters_is_the_texts() -> None:
    rows = [
        row(line("x" * 40, 200, 300, Typeface(10, 2), width=400, height=30)),
        row(line("x" * 29, 200, 340, Typeface(20, 5), width=580, height=60)),
        row(line("x" * 10, 200, 400, Typeface(5, 1), width=50, height=20)),
    ]
    assert headings.body(rows) == headings.Body(30, 10, 10, 2)
    # Half of them are enough.
    assert headings.body(rows[:1] + rows[1:] + [rows[1]]).size == 20
    assert headings.body([*rows[:1], row(line("x" * 40, 200, 400, Typeface(20, 5)))]).size == 10
    assert headings.body([*rows, row(line("y" * 400, 200, 400, Typeface()))]).size == 10
    assert headings.body([]) == headings.Body(1, 0.1)


def page(
    text: Sequence[tuple[int, float]],
    drawing: Sequence[tuple[int, float]],
    small: float = 9.9,
    unit: float = 1,
) -> list[Row]:
    """Return rows of the text, of type 12.2 high, and of a drawing, as characters and width."""
    face = Typeface(12.2 * unit, 2)
    wide = [
        row(line("x" * count, 200, 300 + 40 * n, face, width=width))
        for n, (count, width) in enumerate(text)
    ]
    face = Typeface(small * unit, 1)
    return wide + [
        row(line("y" * count, 300, 900 + 30 * n, face, width=width, height=20))
        for n, (count, width) in enumerate(drawing)
    ]


TEXT, DRAWING = [(50, 1000)] * 3, [(40, 500)] * 5


@pytest.mark.parametrize(
    ("rows", "aside"),
    [
        (page(TEXT, DRAWING), True),
        (page([(50, 1000), (50, 601), (50, 601)], DRAWING[:1] + [(40, 300)] * 4), True),
        (page([(50, 1000), (50, 600), (50, 600)], [(40, 300)] * 5), False),
        (page([(50, 1000), (50, 1000), (49, 1000)], DRAWING), False),  # too little text to know
        (page([(75, 1000), (75, 1000)], DRAWING), False),
        (page(TEXT, DRAWING, 10), False),  # no smaller type than the text's
        (page(TEXT, DRAWING, 0), False),
        (page(TEXT, [(40, 501)] * 5), False),  # a column of its own
        (page(TEXT, [(16, 400)] * 12), False),  # words that stand alone
        (page(TEXT, [(17, 400)] * 12), True),
        (page(TEXT, [(50, 500)] * 3), False),  # no more than the text
        (page(TEXT, [(50, 500)] * 2 + [(51, 500)]), True),
    ],
)
def test_the_letters_of_a_drawing_are_none_of_the_text(rows: list[Row], aside: bool) -> None:
    normal = headings.body(rows)
    assert (normal.height == 30) == aside
    if headings.size_of(rows[-1]):
        assert (normal.size == 12.2) == aside


def test_the_letters_of_a_drawing_are_told_by_how_they_compare_with_the_texts() -> None:
    assert headings.body(page(TEXT, DRAWING, unit=1 / 128)).size == 12.2 / 128


def test_what_runs_up_a_drawing_does_not_make_it_wide() -> None:
    upright = line("The height of it all", 1150, 900, Typeface(9.9, 1), width=20, height=300)
    axis = Row((Piece(upright, page_box(upright)),), 1)
    assert headings.body([*page(TEXT, DRAWING), axis]).size == 12.2
    level = row(line("The height of it all", 1150, 900, Typeface(9.9, 1), width=20, height=20))
    assert headings.body([*page(TEXT, DRAWING), level]).size == 9.9


def test_tables_and_program_text_are_none_of_the_text() -> None:
    (piece,) = set_in("x" * 400, 20).pieces
    whole = Row((replace(piece, whole=Listing("x" * 400, ())),), 0)
    assert headings.body([whole, set_in(of(20), 10)]).size == 10
    assert headings.body([whole]).size == 20
    assert headings.body([whole, *page(TEXT, DRAWING[:1])]).size == 12.2


def test_the_size_of_a_row_is_that_of_most_of_its_letters() -> None:
    some = [
        line("x" * 10, 200, 300, Typeface(10, 2)),
        line("x" * 11, 500, 300, Typeface(12, 2)),
        line("x" * 50, 900, 300, Typeface(0, 2)),
    ]
    assert headings.size_of(row(*some)) == 12
    assert headings.size_of(row(*some[:1], *some[2:])) == 10
    assert headings.size_of(row(some[2])) == 0
    parts = line("abcd", 200, 300, width=80), line("ef", 400, 300, width=40)
    assert headings.advance(row(*parts)) == 20
    assert headings.advance(row(line("a", 200, 300, width=40))) == 40
