"""Tables with rules around their cells."""

from collections.abc import Sequence

from ocrd.job import Box, Typeface
from ocrd.layout import grids
from ocrd.layout.sheet import Grid, Piece, Stroke
from tests.unit.printed import PLAIN, line

# Below, tables of two by two fields, 100 high, with letters of 30 by 30 at the fields' middles.
Place = tuple[str, float, float]
ACROSS = [Stroke(y, 200, 900) for y in (300, 400, 500)]
DOWN = [Stroke(x, 300, 500) for x in (200, 500, 900)]
FOUR: list[Place] = [("a", 350, 350), ("b", 700, 350), ("c", 350, 450), ("d", 700, 450)]


def put(
    text: str, x: float, y: float, face: Typeface = PLAIN, width: float = 30, height: float = 30
) -> Piece:
    """Return a piece about that middle."""
    one = line(text, x - width / 2, y - height / 2, face, width=width, height=height)
    return Piece(one, Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def shown(grid: Grid) -> list[list[str]]:
    """Return the cells' texts, each with the rows and columns that it takes if they are several."""
    return [
        [
            cell.text + (f" {cell.rows}x{cell.columns}" if cell.rows * cell.columns > 1 else "")
            for cell in row
        ]
        for row in grid.rows
    ]


def ruled(
    some: Sequence[Place | Piece], across: Sequence[Stroke], down: Sequence[Stroke]
) -> list[list[str]] | None:
    """Return the cells of the one table, None if there is none."""
    held = [one if isinstance(one, Piece) else put(*one) for one in some]
    found = grids.ruled(held, across, down)
    assert len(found) < 2
    return shown(found[0][0]) if found else None
