"""Rows whose parts stand in columns -> a table, where no rules say so (pure).

The columns are the strips that no part of a row crosses. Parts must stand in line, at the left, at
the right or about a middle; else the rows are no table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocrd.job import Box, Cell
from ocrd.layout.columns import Row
from ocrd.layout.grids import cell_text
from ocrd.layout.sheet import Grid, Piece, around, cut_at

ROWS = 3  # fewer are a line with something beside it
SHARE = 0.6  # of the rows that have more than one cell
NEIGHBOURS = 0.4  # heights of a line up to which two pieces are neighbours in a sentence
STRIP = 0.35  # heights of a line between two columns
IN_LINE = 0.7  # heights of a line by which edges of one column may differ
ALIGNED = 0.7  # share of a column's cells that stand in line
MAX_COLUMNS = 30
WRAP_GAP = 1.45  # times the height of a line: a cell's next line is no further below


@dataclass(frozen=True, slots=True)
class _Part:
    """One cell's piece of a row: neighbours in a sentence together."""

    pieces: tuple[Piece, ...]
    box: Box


def table(rows: Sequence[Row]) -> Grid | None:
    """Return the rows as a table, None if they are none."""
    parts = [_parts(row) for row in rows]
    several = [row for row in parts if len(row) > 1]
    if len(several) < ROWS or len(several) < SHARE * len(rows):
        return None
    height = sum(row.height for row in rows) / len(rows)
    white = STRIP * height
    strips = _strips([part.box for row in several for part in row], white)
    if len(several) > ROWS:  # a header's parts may stand closer than those below
        below = _strips([part.box for row in several[1:] for part in row], white)
        strips = max(strips, below, key=len)
    if not 2 <= len(strips) <= MAX_COLUMNS:
        return None
    parts = [[cut for part in row for cut in _cut(part, strips)] for row in parts]
    placed = [[(_column(part.box, strips), part) for part in row] for row in parts]
    if any(len({column for column, _ in row}) < len(row) for row in placed):
        return None
    if not all(_in_line(placed, column, height) for column in range(len(strips))):
        return None
    return _grid(placed, len(strips), height)


def _parts(row: Row) -> list[_Part]:
    found: list[list[Piece]] = []
    for piece in row.pieces:
        if found and piece.box.x0 - found[-1][-1].box.x1 <= NEIGHBOURS * piece.box.height:
            found[-1].append(piece)
        else:
            found.append([piece])
    return [_Part(tuple(some), around(piece.box for piece in some)) for some in found]


def _cut(part: _Part, strips: Sequence[tuple[float, float]]) -> list[_Part]:
    """Return a part by the columns that its pieces stand in; one piece in several is cut."""
    pieces = list(part.pieces)
    for (_, end), (start, _) in pairwise(strips):
        pieces = [
            cut
            for piece in pieces
            for cut in (
                cut_at(piece, start)
                if piece.box.x0 < end and piece.box.x1 > start
                else [piece]
            )
        ]
    columns = [_column(piece.box, strips) for piece in pieces]
    return [
        _Part(tuple(some), around(piece.box for piece in some))
        for at in sorted(set(columns))
        if (some := [piece for piece, column in zip(pieces, columns, strict=True) if column == at])
    ]


def _strips(boxes: Sequence[Box], white: float) -> list[tuple[float, float]]:
    """Return the columns, as their left and right ends, that white strips part."""
    strips: list[tuple[float, float]] = []
    for box in sorted(boxes, key=lambda box: box.x0):
        if strips and box.x0 < strips[-1][1] + white:
            strips[-1] = strips[-1][0], max(strips[-1][1], box.x1)
        else:
            strips.append((box.x0, box.x1))
    return strips


def _column(box: Box, strips: Sequence[tuple[float, float]]) -> int:
    """Return the column that a box stands in most."""
    return max(
        range(len(strips)),
        key=lambda at: min(box.x1, strips[at][1]) - max(box.x0, strips[at][0]),
    )


def _in_line(
    placed: Sequence[Sequence[tuple[int, _Part]]], column: int, height: float
) -> bool:
    boxes = [part.box for row in placed for at, part in row if at == column]
    if len(boxes) < 2:
        return False
    edges = (
        [box.x0 for box in boxes],
        [box.x1 for box in boxes],
        [(box.x0 + box.x1) / 2 for box in boxes],
    )
    return any(
        max(sum(abs(a - b) < IN_LINE * height for b in values) for a in values)
        >= ALIGNED * len(values)
        for values in edges
    )


def _grid(
    placed: Sequence[Sequence[tuple[int, _Part]]], width: int, height: float
) -> Grid:
    rows: list[list[list[Piece]]] = []
    bottom = 0.0
    for row in placed:
        box = around(part.box for _, part in row)
        goes_on = rows and 0 not in {column for column, _ in row}
        if not goes_on or (box.y0 + box.y1) / 2 - bottom > WRAP_GAP * height:
            rows.append([[] for _ in range(width)])
        for column, part in row:
            rows[-1][column] += part.pieces
        bottom = (box.y0 + box.y1) / 2
    pieces = tuple(piece for row in rows for cell in row for piece in cell)
    cells = tuple(tuple(Cell(cell_text(cell)) for cell in row) for row in rows)
    return Grid(around(piece.box for piece in pieces), cells, pieces)
