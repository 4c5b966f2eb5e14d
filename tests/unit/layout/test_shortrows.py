"""Rows of short words in tables without rules."""

from collections.abc import Sequence

import pytest

from ocrd.job import Cell
from ocrd.layout.sheet import Grid, Piece, around
from ocrd.layout.shortrows import parted
from tests.unit.printed import BOLD, PLAIN, piece

STEP = 40
FORMS = [
    ["Genesis", "Gn", "Ge.", "Gen"], ["Exodus", "Ex", "Ex.", "Exo"], ["Joshua", "Jos", "Jo.", "Js"],
    ["Judges", "Jug", "Jg.", "Jud"], ["Ruth", "Ru", "Rt.", "Rut"],
]  # fmt: skip


def grid(rows: Sequence[Sequence[str]], steps: Sequence[float] = (), *, head: bool = False) -> Grid:
    """Return rows that stand as those of a table, the first two of them in one row of cells."""
    held: list[Piece] = []
    y = 100.0
    for at, row in enumerate(rows):
        face = BOLD if head and not at else PLAIN
        held += [
            piece(text, 100 + 200 * column, y, face) for column, text in enumerate(row) if text
        ]
        y += steps[at] if steps else STEP
    first = 0 if head else 1
    cells = [[Cell(text, header=head and not at) for text in row] for at, row in enumerate(rows)]
    pair = cells[first + 1 : first + 3]
    merged = [Cell(f"{a.text} {b.text}".strip()) for a, b in zip(*pair, strict=True)]
    cells[first + 1 : first + 3] = [merged]
    return Grid(around(one.box for one in held), tuple(map(tuple, cells)), tuple(held))


def texts(found: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in found.rows]


def test_each_level_of_short_words_is_a_row() -> None:
    assert texts(parted(grid(FORMS))) == FORMS


def test_a_cell_may_be_empty_and_the_head_stays_one() -> None:
    rows = [["Book", "Old", "New", "Ours"], *FORMS[:2], ["Joshua", "Jos", "", "Js"], *FORMS[3:]]
    found = parted(grid(rows, head=True))
    assert texts(found) == rows
    assert [row[0].header for row in found.rows] == [True] + [False] * 5


@pytest.mark.parametrize("rows", [
    FORMS[:4],  # too few
    [row[:3] for row in FORMS],  # few columns hold names and what is said of them
    [*FORMS[:2], ["and the rest", "", "", ""], ["of it all", "", "", ""], *FORMS[2:]],
    [[f"{text} and more" for text in row] for row in FORMS],  # several words
])  # fmt: skip
def test_other_tables_keep_their_rows(rows: Sequence[Sequence[str]]) -> None:
    made = grid(rows)
    assert parted(made) is made


@pytest.mark.parametrize(("wide", "is_parted"), [(56, True), (57, False)])
def test_where_white_parts_rows_it_tells_them(wide: float, is_parted: bool) -> None:
    made = grid(FORMS, [STEP, STEP, STEP, wide, STEP])
    assert (parted(made) is not made) == is_parted


def test_names_of_two_lines_in_the_head_are_left_as_they_are() -> None:
    made = grid([["Book", "Old", "New", "Ours"], *FORMS], head=True)
    two = tuple(Cell(f"{cell.text} of", header=True) for cell in made.rows[0])
    other = Grid(made.box, (two, *made.rows[1:]), made.pieces)
    assert parted(other) is other
