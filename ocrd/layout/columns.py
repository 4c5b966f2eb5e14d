"""Pieces anywhere on a page -> rows in reading order, column by column (pure).

The lines that cross a gutter (a title, a heading over the whole page) cut the page into bands, and
within a band the left side is read before the right one; each side is searched for gutters again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Line
from ocrd.layout import crossed
from ocrd.layout.gutters import bands, best_gutter, is_split, sides, unfused
from ocrd.layout.sections import parted as in_sections
from ocrd.layout.sheet import Grid, Listing, Piece, Stack, Stroke, around, is_upright, page_box

CELL_SEPARATOR = "   "
OVERLAP = 0.75  # heights of a line by which boxes of neighbours in a row may overlap
CELL_GAP = 1.2  # line heights between two pieces of one row that are no neighbours in a sentence


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces side by side that are read as one line, from the left."""

    pieces: tuple[Piece, ...]
    column: int  # rows of one column have the same number, which grows in reading order
    flows: bool = False  # wide gaps come from setting the line to full width, not from cells
    kept: bool = False  # a line of an address or the like, which stays a line of its own
    is_side: bool = False  # a heading's, which stands beside its text

    @property
    def box(self) -> Box:
        """The row's box on the straightened page."""
        return around(piece.box for piece in self.pieces)

    @property
    def height(self) -> float:
        """The height of the row's text."""
        return median(piece.box.height for piece in self.pieces)

    @property
    def is_upright(self) -> bool:
        """Say whether the row's text runs up or down the page."""
        return self.whole is None and is_upright(self.pieces[0].line)

    @property
    def whole(self) -> Grid | Listing | None:
        """The table or program text that the row is, if it is one."""
        whole = self.pieces[0].whole
        return None if isinstance(whole, Stack) else whole

    @property
    def text(self) -> str:
        """The row's text, with a wide gap between cells."""
        return CELL_SEPARATOR.join(self.cells)

    @property
    def cells(self) -> list[str]:
        """The row's text, cut where a gap is too wide for a sentence."""
        cells: list[str] = []
        right = -math.inf
        for piece in self.pieces:
            if cells and (self.flows or piece.box.x0 - right <= CELL_GAP * piece.box.height):
                cells[-1] += " " + piece.line.text.strip()
            else:
                cells.append(piece.line.text.strip())
            right = piece.box.x1
        return cells


def rows(
    pieces: Sequence[Piece], turned: Sequence[Line] = (), lying: Sequence[Stroke] = ()
) -> list[Row]:
    """Return the rows in reading order; lines that run up or down come last."""
    columns = _columns(crossed.parted(pieces), lying) if pieces else []
    columns = [part for column in columns for part in _unstacked(column)]
    stacked = {id(one) for piece in pieces for one in _stack(piece)}
    ordered = [
        row
        for number, column in enumerate(columns)
        for row in _flowing(
            [Row(tuple(some), number, kept=id(some[0]) in stacked) for some in _in_rows(column)]
        )
    ]
    count = len(columns)
    upright = sorted(turned, key=lambda line: (page_box(line).x0, line.quad))
    ordered += [
        Row((Piece(line, page_box(line)),), count + index) for index, line in enumerate(upright)
    ]
    return ordered


def covers(row: Row, other: Row) -> bool:
    """Say whether a piece of the row spans every wide gap of the other one."""
    gaps = [
        (left.box.x1 + right.box.x0) / 2
        for left, right in pairwise(other.pieces)
        if right.box.x0 - left.box.x1 > CELL_GAP * right.box.height
    ]
    return all(any(piece.box.x0 < x < piece.box.x1 for piece in row.pieces) for x in gaps)


def _flowing(column: list[Row]) -> list[Row]:
    """Return a column's rows, those marked whose gaps are not those of their neighbours."""
    marked = []
    for index, row in enumerate(column):
        neighbours = column[max(0, index - 1) : index] + column[index + 1 : index + 2]
        flows = bool(neighbours) and all(covers(other, row) for other in neighbours)
        marked.append(replace(row, flows=flows))
    return marked


def _columns(pieces: list[Piece], lying: Sequence[Stroke]) -> list[list[Piece]]:
    """Return the pieces column by column, each column from the top."""
    pieces = sorted(pieces, key=lambda piece: (piece.middle, piece.box.x0, piece.line.quad))
    gutter = best_gutter(pieces)
    if gutter is None:
        return [pieces]
    sections = in_sections(pieces, lying)
    if len(sections) > 1:
        return _merged([_columns(section, lying) for section in sections])
    pieces = [part for piece in pieces for part in unfused(piece, pieces, gutter)]
    columns: list[list[Piece]] = []
    pending: list[Piece] = []  # lines across the gutter, and what stands alone between them
    for band in bands(pieces, gutter):
        if not is_split(*sides(band, gutter), gutter):
            pending += band
            continue
        if pending:
            columns += _columns(pending, lying)
            pending = []
        for side in sides(band, gutter):
            columns += _columns(side, lying)
    return columns + (_columns(pending, lying) if pending else [])


def _unstacked(column: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield a column in parts: the lines of a block of its own by themselves."""
    part: list[Piece] = []
    for piece in column:
        if isinstance(piece.whole, Stack):
            if part:
                yield part
            yield list(_stack(piece))
            part = []
        else:
            part.append(piece)
    if part:
        yield part


def _stack(piece: Piece) -> tuple[Piece, ...]:
    return piece.whole.pieces if isinstance(piece.whole, Stack) else ()


def _merged(sections: Sequence[list[list[Piece]]]) -> list[list[Piece]]:
    """Return the columns of sections, those of neighbours without any as one."""
    columns: list[list[Piece]] = []
    for before, section in zip([[], *sections], sections, strict=False):
        if len(before) == len(section) == 1:
            columns[-1] = columns[-1] + section[0]
        else:
            columns += section
    return columns


def _in_rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return pieces, sorted by height on the page, as rows that are sorted from the left."""
    found: list[list[Piece]] = []
    for piece in pieces:
        if found and _is_level(found[-1], piece):
            found[-1].append(piece)
        else:
            found.append([piece])
    return [sorted(row, key=lambda piece: piece.box.x0) for row in found]


def _is_level(row: list[Piece], piece: Piece) -> bool:
    """Say whether the piece stands in the row, neither above nor below one of its pieces."""
    if piece.whole or row[0].whole:
        return False
    height = min(row[0].box.height, piece.box.height)
    over = OVERLAP * height
    return abs(row[0].middle - piece.middle) < 0.5 * height and all(
        piece.box.x0 > other.box.x1 - over or piece.box.x1 < other.box.x0 + over for other in row
    )
