"""Rows of short words in a table without rules: each level is a row, and no cell goes on (pure).

Abbreviations, forms of a word, marks: such cells are never as wide as their column, so where a
word would have fitted says nothing. What does: nearly every level fills most columns. In cells of
several lines the second lines do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from ocrd.job import Box, Cell
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Grid, Piece

ROWS = 5
COLUMNS = 4
WORDS = 1.5  # of a cell on an average
FILLED = 0.6  # of the columns, by a level that is a row,
MOST = 0.85  # and so many of the levels
EVEN = 1.4  # times the usual step: white between rows tells them
WHITE = 0.1  # heights of a line between columns
PADDING = 0.22  # heights of a line by which a box reaches beyond its letters


def parted(grid: Grid) -> Grid:
    """Return a table with a row for each level if its cells are short words, else itself."""
    levels = text_rows(grid.pieces)
    width = len(grid.rows[0])
    if len(levels) < ROWS or width < COLUMNS or len(levels) <= len(grid.rows):
        return grid
    if any(cell.columns > 1 or cell.rows > 1 for row in grid.rows for cell in row):
        return grid
    if fmean(len(piece.line.text.split()) for piece in grid.pieces) > WORDS:
        return grid
    full = [level for level in levels if len(level) >= FILLED * width]
    middles = [median(piece.middle for piece in level) for level in levels]
    steps = [below - above for above, below in pairwise(middles)]
    if len(full) < MOST * len(levels) or max(steps) > EVEN * median(steps):
        return grid
    columns = _columns([piece.box for level in full for piece in level])
    if len(columns) != width:
        return grid
    rows = [_row(level, columns) for level in levels]
    head = [cell.text for cell in grid.rows[0] if cell.header]
    if any("\n" in text for row in rows for text in row) or (head and head != rows[0]):
        return grid  # two texts in a cell, names in several lines
    cells = tuple(
        tuple(Cell(text, header=bool(head) and at == 0) for text in row)
        for at, row in enumerate(rows)
    )
    return Grid(grid.box, cells, grid.pieces)


def _columns(boxes: Sequence[Box]) -> list[tuple[float, float]]:
    """Return the columns that white parts, as their left and right ends."""
    found: list[tuple[float, float]] = []
    for box in sorted(boxes, key=lambda box: box.x0):
        inner = min(PADDING * box.height, box.width / 3)
        left, right = box.x0 + inner, box.x1 - inner
        if found and left < found[-1][1] + WHITE * box.height:
            found[-1] = found[-1][0], max(found[-1][1], right)
        else:
            found.append((left, right))
    return found


def _row(level: Sequence[Piece], columns: Sequence[tuple[float, float]]) -> list[str]:
    """Return what stands in each column, pieces of one in lines."""
    texts: list[list[str]] = [[] for _ in columns]
    for piece in level:
        at = max(
            range(len(columns)),
            key=lambda at: min(piece.box.x1, columns[at][1]) - max(piece.box.x0, columns[at][0]),
        )
        texts[at].append(piece.line.text.strip())
    return ["\n".join(some) for some in texts]
