"""Lines anywhere on a page -> rows in reading order, column by column (pure).

A *gutter* is an upright white strip with text on both sides. The lines that cross it (a title, a
heading over the whole page) cut the page into bands, and within a band the left side is read
before the right one; each side is searched for gutters again. Side by side is not enough: cells of
a table stand side by side too, and are read row by row.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Line

MAX_SKEW = math.radians(20)  # beyond it a line is slanted by intent
UPRIGHT_RATIO = 2.0  # taller than this many times its width: text that runs up or down
MIN_GUTTER = 0.5  # of the line height; boxes of neighbouring columns keep at least this apart
MIN_SIDE = 2  # rows on either side of a gutter
ALIGNED = 0.8  # share of lines with a partner beyond the gutter from which cells are suspected
COLUMN_FILL = 0.6  # running text fills its column; cells do not
SAME_MARGIN = 2.0  # line heights: starting no further apart, lines are of one column
COLUMN_WIDTH = 7.0  # line heights; running text is not set narrower
CELL_GAP = 1.2  # line heights between two pieces of one row that are no neighbours in a sentence


@dataclass(frozen=True, slots=True)
class Piece:
    """One recognised line with its box on the straightened page."""

    line: Line
    box: Box

    @property
    def middle(self) -> float:
        """Height on the page of the line's middle."""
        return (self.box.y0 + self.box.y1) / 2


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces side by side that are read as one line, from the left."""

    pieces: tuple[Piece, ...]
    column: int  # rows of one column have the same number, which grows in reading order
    flows: bool = False  # wide gaps come from setting the line to full width, not from cells

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
        return _is_upright(self.pieces[0].line)

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


def rows(lines: Sequence[Line], width: int, height: int) -> list[Row]:
    """Return the page's rows in reading order; lines that run up or down come last."""
    written = [line for line in lines if line.text.strip()]
    turned = [line for line in written if _is_upright(line)]
    level = [line for line in written if not _is_upright(line)]
    pieces = straighten(level, width, height)
    columns = _columns(pieces) if pieces else []
    ordered = [
        row
        for number, column in enumerate(columns)
        for row in _flowing([Row(tuple(pieces), number) for pieces in _in_rows(column)])
    ]
    count = len(columns)
    turned.sort(key=lambda line: (page_box(line).x0, line.quad))
    ordered += [
        Row((Piece(line, page_box(line)),), count + index) for index, line in enumerate(turned)
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


def straighten(lines: Sequence[Line], width: int, height: int) -> list[Piece]:
    """Return the lines with their boxes after turning the page by its median line angle."""
    angle = skew(lines)
    cos, sin = math.cos(-angle), math.sin(-angle)
    pieces = []
    for line in lines:
        x = sum(x for x, _ in line.quad) / 4 - width / 2
        y = sum(y for _, y in line.quad) / 4 - height / 2
        x, y = x * cos - y * sin + width / 2, x * sin + y * cos + height / 2
        half_width = max(_length(line, 0), _length(line, 2), 1.0) / 2
        half_height = max((_length(line, 1) + _length(line, 3)) / 2, 1.0) / 2
        box = Box(x - half_width, y - half_height, x + half_width, y + half_height)
        pieces.append(Piece(line, box))
    return pieces


def skew(lines: Sequence[Line]) -> float:
    """Return the page's slant in radians, clockwise: the median of its long lines."""
    angles = []
    for line in lines:
        (x0, y0), (x1, y1) = line.quad[0], line.quad[1]
        angle = math.atan2(y1 - y0, x1 - x0)
        if abs(angle) < MAX_SKEW and _length(line, 0) > 4 * _length(line, 1):
            angles.append(angle)
    return median(angles) if len(angles) >= 3 else 0.0


def page_box(line: Line) -> Box:
    """Return the line's upright box on the page as it is."""
    xs, ys = [x for x, _ in line.quad], [y for _, y in line.quad]
    return Box(min(xs), min(ys), max(xs), max(ys))


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around some boxes, at least one."""
    x0s, y0s, x1s, y1s = zip(*((box.x0, box.y0, box.x1, box.y1) for box in boxes), strict=True)
    return Box(min(x0s), min(y0s), max(x1s), max(y1s))


def _flowing(column: list[Row]) -> list[Row]:
    """Return a column's rows, those marked whose gaps are not those of their neighbours."""
    marked = []
    for index, row in enumerate(column):
        neighbours = column[max(0, index - 1) : index] + column[index + 1 : index + 2]
        flows = bool(neighbours) and all(covers(other, row) for other in neighbours)
        marked.append(replace(row, flows=flows))
    return marked


def _length(line: Line, side: int) -> float:
    return math.dist(line.quad[side], line.quad[(side + 1) % 4])


def _is_upright(line: Line) -> bool:
    """Say whether the line runs up or down the page."""
    box = page_box(line)
    return len(line.text.strip()) > 2 and box.height > UPRIGHT_RATIO * box.width


def _columns(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the pieces column by column, each column from the top."""
    pieces = sorted(pieces, key=lambda piece: (piece.middle, piece.box.x0, piece.line.quad))
    gutter = _best_gutter(pieces)
    if gutter is None:
        return [pieces]
    columns: list[list[Piece]] = []
    pending: list[Piece] = []  # lines across the gutter, and what stands alone between them
    for band in _bands(pieces, gutter):
        if not _is_split(*_sides(band, gutter)):
            pending += band
            continue
        if pending:
            columns += _columns(pending)
            pending = []
        for side in _sides(band, gutter):
            columns += _columns(side)
    return columns + (_columns(pending) if pending else [])


def _best_gutter(pieces: list[Piece]) -> float | None:
    """Return where the strip lies that parts most lines, None if there is none."""
    if len(pieces) < 2 * MIN_SIDE:
        return None
    step = max(median(piece.box.height for piece in pieces) / 2, 1.0)
    # A gutter begins where lines end; nearby ends need one trial.
    trials = {round(piece.box.x1 / step): piece.box.x1 for piece in _by_right_edge(pieces)}
    best, best_score = None, (0.0, 0.0)
    for left in trials.values():
        gutter = left + MIN_GUTTER * step  # half the narrowest gutter: its middle
        parted, white = 0, math.inf
        for band in _bands(pieces, gutter):
            sides = _sides(band, gutter)
            if _is_split(*sides):
                parted += min(map(len, sides))
                white = min(white, _white(*sides))
        if parted and (parted, white) > best_score:
            best, best_score = gutter, (parted, white)
    return best


def _by_right_edge(pieces: Iterable[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.box.x1)


def _bands(pieces: list[Piece], gutter: float) -> list[list[Piece]]:
    """Return the pieces in bands from the top: between, and of, the lines across the gutter."""
    bands: list[list[Piece]] = []
    last_crosses: bool | None = None
    for piece in pieces:
        crosses = piece.box.x0 < gutter < piece.box.x1
        if crosses != last_crosses:
            bands.append([])
        bands[-1].append(piece)
        last_crosses = crosses
    return bands


def _sides(band: list[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    left = [piece for piece in band if piece.box.x1 <= gutter]
    right = [piece for piece in band if piece.box.x0 >= gutter]
    return left, right


def _is_split(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether two sides of a band are columns of running text, or at least no cells."""
    if min(len(left), len(right)) < MIN_SIDE:
        return False
    height = median(piece.box.height for piece in (*left, *right))
    if _white(left, right) < MIN_GUTTER * height:
        return False
    if not _is_beside(left, right):
        return False
    if _is_running(left) and _is_running(right):
        return True
    few, many = sorted((left, right), key=len)
    if len(few) <= MIN_SIDE:
        return False
    if _aligned(few, many) < ALIGNED:
        return True
    # A side bar whose few lines happen to stand at the height of running text.
    return len(many) > 5 and _is_running(many) and _aligned(many, few) < 1 - ALIGNED / 2


def _white(left: list[Piece], right: list[Piece]) -> float:
    """Return the width of the strip between two sides."""
    return min(piece.box.x0 for piece in right) - max(piece.box.x1 for piece in left)


def _is_beside(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether the two sides stand beside each other and not one above the other."""
    a, b = around(piece.box for piece in left), around(piece.box for piece in right)
    return min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5 * min(a.height, b.height)


def _is_running(pieces: list[Piece]) -> bool:
    """Say whether the pieces look like running text set in one column or several."""
    height = median(piece.box.height for piece in pieces)
    fills: list[float] = []
    column: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.x0):
        if column and piece.box.x0 - column[-1].box.x0 > SAME_MARGIN * height:
            fills += _fills(column)
            column = []
        column.append(piece)
    fills += _fills(column)
    typical = median(piece.box.width for piece in pieces)
    return median(fills) >= COLUMN_FILL and typical >= COLUMN_WIDTH * height


def _fills(column: list[Piece]) -> list[float]:
    """Return for each piece of a column how much of its width it fills."""
    widest = max(piece.box.width for piece in column)
    return [piece.box.width / widest for piece in column]


def _aligned(few: list[Piece], many: list[Piece]) -> float:
    """Return the share of the few that have one of the many at their own height."""
    heights = sorted(piece.middle for piece in many)
    partners = 0
    for piece in few:
        near = bisect_left(heights, piece.middle - 0.3 * piece.box.height)
        partners += near < len(heights) and (
            heights[near] < piece.middle + 0.3 * piece.box.height
        )
    return partners / len(few)


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
    near = 0.5 * min(row[0].box.height, piece.box.height)
    return abs(row[0].middle - piece.middle) < near and all(
        piece.box.x0 > other.box.x1 - near or piece.box.x1 < other.box.x0 + near for other in row
    )
