"""Columns of text and of cells on either side of a gutter."""

from collections.abc import Sequence

from ocrd.job import Typeface
from ocrd.layout.sheet import Grid, Piece, around
from tests.unit.printed import PLAIN, piece

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
