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

from ocrd.job import Box, Cell, Line, Point, Rule, Typeface

MAX_SKEW = math.radians(20)  # beyond it a line is slanted by intent
UPRIGHT_RATIO = 2.0  # taller than this many times its width: text that runs up or down
MIN_GUTTER = 0.15  # of the line height; boxes of neighbouring columns keep at least this apart
MIN_SIDE = 2  # rows on either side of a gutter
ALIGNED = 0.8  # share of lines with a partner beyond the gutter from which cells are suspected
FEW_ROWS = 5  # fewer that stand level with each other are more likely cells
SOLID = 0.85  # share of the column that each row but the last fills, where there are few
ASTRAY = 2.5  # rows that no cell stands level with; fewer are chance
COLUMN_FILL = 0.75  # running text fills its column; cells do not
TELLING = 3  # characters; the box of fewer says little of their row's height
LEVEL = 0.3  # of a line's height: pieces that stand level differ by less
CROSSING = 0.5  # of a row: how much each piece across a gutter speaks against it
BLOCK_GAP = 2.0  # heights of a line between two rows of one block
SAME_MARGIN = 2.0  # line heights: starting no further apart, lines are of one column
COLUMN_WIDTH = 10.0  # line heights; running text is not set narrower
HEADING_SIZE = 1.12  # times the usual size of the type, and
HEADING_WEIGHT = 1.25  # times its weight: a heading's
STICKS_OUT = 1.2  # of a line's height: so far it may reach into the gutter and still be of its side
FUSED_SIDE = 8  # rows on either side of a gutter that a piece across it may belong to
CELL_SEPARATOR = "   "
CELL_GAP = 1.2  # line heights between two pieces of one row that are no neighbours in a sentence


@dataclass(frozen=True, slots=True)
class Stroke:
    """A ruled line on the straightened page: ``at`` its height or its place from the left."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A table on the straightened page: its cells as a block has them, and what they hold."""

    box: Box
    rows: tuple[tuple[Cell, ...], ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Program text, its rows indented by spaces, and what it is made of."""

    text: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One recognised line with its box on the straightened page, or what stays together whole."""

    line: Line
    box: Box
    whole: Grid | Listing | None = None

    @property
    def middle(self) -> float:
        """Height on the page of the line's middle."""
        return (self.box.y0 + self.box.y1) / 2

    @property
    def weight(self) -> float:
        """How bold the type is, measured by its size; 0 if that is not known."""
        face = self.line.typeface
        return face.weight / face.size if face.size > 0 else 0.0


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
        return self.whole is None and _is_upright(self.pieces[0].line)

    @property
    def whole(self) -> Grid | Listing | None:
        """The table or program text that the row is, if it is one."""
        return self.pieces[0].whole

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page after straightening: its pieces, what runs up or down it, its ruled lines."""

    pieces: tuple[Piece, ...]
    turned: tuple[Line, ...] = ()
    lying: tuple[Stroke, ...] = ()
    standing: tuple[Stroke, ...] = ()


def sheet(lines: Sequence[Line], width: int, height: int, rules: Sequence[Rule] = ()) -> Sheet:
    """Return the page straightened by the slant of its lines."""
    written = [line for line in lines if line.text.strip()]
    level = [line for line in written if not _is_upright(line)]
    angle = skew(level)
    strokes: tuple[list[Stroke], list[Stroke]] = ([], [])
    for rule in rules:
        (x0, y0), (x1, y1) = (_turned(end, angle, width, height) for end in (rule.start, rule.end))
        if abs(x1 - x0) >= abs(y1 - y0):
            strokes[0].append(Stroke((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        else:
            strokes[1].append(Stroke((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
    return Sheet(
        tuple(straighten(level, width, height)),
        tuple(line for line in written if _is_upright(line)),
        *map(tuple, strokes),
    )


def rows(pieces: Sequence[Piece], turned: Sequence[Line] = ()) -> list[Row]:
    """Return the rows in reading order; lines that run up or down come last."""
    columns = _columns(list(pieces)) if pieces else []
    ordered = [
        row
        for number, column in enumerate(columns)
        for row in _flowing([Row(tuple(pieces), number) for pieces in _in_rows(column)])
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


def straighten(lines: Sequence[Line], width: int, height: int) -> list[Piece]:
    """Return the lines with their boxes after turning the page by its median line angle."""
    angle = skew(lines)
    pieces = []
    for line in lines:
        middle = sum(x for x, _ in line.quad) / 4, sum(y for _, y in line.quad) / 4
        x, y = _turned(middle, angle, width, height)
        half_width = max(_length(line, 0), _length(line, 2), 1.0) / 2
        half_height = max((_length(line, 1) + _length(line, 3)) / 2, 1.0) / 2
        box = Box(x - half_width, y - half_height, x + half_width, y + half_height)
        pieces.append(Piece(line, box))
    return pieces


def _turned(point: Point, angle: float, width: int, height: int) -> Point:
    """Return where a point is once the page's slant is undone, about its middle."""
    cos, sin = math.cos(-angle), math.sin(-angle)
    x, y = point[0] - width / 2, point[1] - height / 2
    return x * cos - y * sin + width / 2, x * sin + y * cos + height / 2


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
    pieces = [part for piece in pieces for part in _unfused(piece, pieces, gutter)]
    columns: list[list[Piece]] = []
    pending: list[Piece] = []  # lines across the gutter, and what stands alone between them
    for band in _bands(pieces, gutter):
        if not _is_split(*_sides(band, gutter), gutter):
            pending += band
            continue
        if pending:
            columns += _columns(pending)
            pending = []
        for side in _sides(band, gutter):
            columns += _columns(side)
    return columns + (_columns(pending) if pending else [])


def _unfused(piece: Piece, pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return a piece that was read across a gutter in two: a line of each column.

    It stands in the rows of both, and one of its words begins where the right column does.
    """
    height = piece.box.height
    if piece.whole or not piece.box.x0 + height < gutter < piece.box.x1 - height:
        return [piece]
    left, right = _sides(pieces, gutter)
    if min(len(left), len(right)) < FUSED_SIDE:
        return [piece]
    near = [
        [other for other in side if 0 < abs(other.middle - piece.middle) < 1.8 * height]
        for side in (left, right)
    ]
    if not all(
        any((other.middle - piece.middle) * way > 0 for other in side)
        for side in near
        for way in (-1, 1)
    ):
        return [piece]
    margin = min(other.box.x0 for other in near[1])
    if piece.box.x1 - margin < 2 * height:  # it sticks out
        return [piece]
    first, *rest = cut_at(piece, margin)
    if not rest:
        return [piece]
    return [replace(first, box=replace(first.box, x1=min(first.box.x1, gutter))), *rest]


def cut_at(piece: Piece, x: float) -> list[Piece]:
    """Return a piece cut at the space that is nearest to a place; itself if it has none near."""
    text, box = piece.line.text.strip(), piece.box
    advance = box.width / max(len(text), 1)
    spaces = [index for index, character in enumerate(text) if character == " "]
    wanted = (x - box.x0) / advance - 0.5
    nearest = min(spaces, key=lambda index: abs(index - wanted), default=-1)
    if nearest < 0 or abs(nearest - wanted) > max(3.0, 0.15 * len(text)):
        return [piece]
    left, right = text[:nearest].strip(), text[nearest:].strip()
    return [
        replace(piece, line=replace(piece.line, text=left), box=replace(box, x1=x)),
        replace(piece, line=replace(piece.line, text=right), box=replace(box, x0=x)),
    ]


def _best_gutter(pieces: list[Piece]) -> float | None:
    """Return where the strip lies that parts most lines, None if there is none."""
    if _weight(pieces) < 2 * MIN_SIDE:
        return None
    step = max(_height(pieces) / 2, 1.0)
    # A gutter begins where lines end; nearby ends need one trial.
    trials = {round(piece.box.x1 / step): piece.box.x1 for piece in _by_right_edge(pieces)}
    best, best_score = None, (-math.inf, 0.0)
    for left in trials.values():
        gutter = left + MIN_GUTTER * step  # half the narrowest gutter: its middle
        parted, white = 0.0, math.inf
        for band in _bands(pieces, gutter):
            sides = _sides(band, gutter)
            parted -= CROSSING * (len(band) - sum(map(len, sides)))
            if _is_split(*sides, gutter):
                parted += min(map(_weight, sides))
                white = min(white, _white(*sides, gutter))
        if white < math.inf and (parted, white) > best_score:
            best, best_score = gutter, (parted, white)
    return best


def _by_right_edge(pieces: Iterable[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.box.x1)


def _bands(pieces: list[Piece], gutter: float) -> list[list[Piece]]:
    """Return the pieces in bands from the top: between, and of, the lines across the gutter."""
    bands: list[list[Piece]] = []
    last_crosses: bool | None = None
    for piece in pieces:
        crosses = _side(piece, gutter) == 0
        if crosses != last_crosses:
            bands.append([])
        bands[-1].append(piece)
        last_crosses = crosses
    return bands


def _sides(band: list[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    left = [piece for piece in band if _side(piece, gutter) < 0]
    right = [piece for piece in band if _side(piece, gutter) > 0]
    return left, right


def _side(piece: Piece, gutter: float) -> int:
    """Return -1 for left, 1 for right, 0 for a piece across; a long one may stick out a bit."""
    box = piece.box
    out = 0.0 if piece.whole else STICKS_OUT * min(box.height, box.width / 10)
    if box.x1 <= gutter + out:
        return -1
    return 1 if box.x0 >= gutter - out else 0


def _is_split(left: list[Piece], right: list[Piece], gutter: float) -> bool:
    """Say whether two sides of a band are columns of running text, or at least no cells."""
    if min(_weight(left), _weight(right)) < MIN_SIDE:
        return False
    if _white(left, right, gutter) < MIN_GUTTER * _height((*left, *right)):
        return False
    if not _is_beside(left, right):
        return False
    if any(isinstance(piece.whole, Grid) for piece in (*left, *right)):
        return True
    left, right = _lines(left), _lines(right)
    if min(len(left), len(right)) >= FEW_ROWS and _has_headings(left, right):
        return True
    few, many = sorted((_plain(left), _plain(right)), key=len)
    if (
        (len(few) >= FEW_ROWS or _is_solid(few))
        and _is_running(left)
        and _is_running(right)
        and _are_of_one_type(left, right)
    ):
        return True
    if len(few) <= MIN_SIDE:
        return False
    aligned = _aligned(few, many)
    astray = (1 - aligned) * len(few)
    if aligned < ALIGNED and astray >= ASTRAY and _are_of_one_type(left, right):
        return True
    # A side bar whose few lines happen to stand at the height of running text.
    return len(many) > 5 and _is_running(many) and _aligned(many, few) < 1 - ALIGNED / 2


def _weight(pieces: Sequence[Piece]) -> int:
    """Return how many rows the pieces are, those of tables and program text counted."""
    return len(_lines(pieces))


def _lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, those of tables and program text one by one."""
    return [line for piece in pieces for line in (piece.whole.pieces if piece.whole else (piece,))]


def _height(pieces: Sequence[Piece]) -> float:
    """Return the usual height of a line."""
    return median(line.box.height for line in _lines(pieces))


def _has_headings(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether headings stand at the right side's margin, beside nothing of their kind.

    Rows of a table have none but in the first row.
    """
    usual = _usual((*left, *right))
    margin, top = min(piece.box.x0 for piece in right), min(piece.box.y0 for piece in right)
    return any(
        _stands_out(piece, usual)
        and piece.box.x0 - margin < piece.box.height
        and piece.box.y0 > top + piece.box.height
        and any(other.middle > piece.box.y1 for other in right)
        for piece in right
    )


def _plain(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces but those that are set as headings."""
    usual = _usual(pieces)
    return [piece for piece in pieces if not _stands_out(piece, usual)]


def _usual(pieces: Sequence[Piece]) -> Typeface:
    """Return the type that most of the pieces are set in, as far as it was measured."""
    faces = [piece.line.typeface for piece in pieces if piece.line.typeface.size > 0]
    if not faces:
        return Typeface()
    return Typeface(median(face.size for face in faces), median(face.weight for face in faces))


def _stands_out(piece: Piece, usual: Typeface) -> bool:
    face = piece.line.typeface
    return (
        piece.whole is None
        and face.size > HEADING_SIZE * usual.size > 0
        and face.weight > HEADING_WEIGHT * usual.weight
    )


def _white(left: list[Piece], right: list[Piece], gutter: float) -> float:
    """Return the width of the strip between two sides, but for what sticks out into it."""
    ends = [piece.box.x1 for piece in left if piece.box.x1 <= gutter]
    starts = [piece.box.x0 for piece in right if piece.box.x0 >= gutter]
    return min(starts, default=gutter) - max(ends, default=gutter)


def _is_beside(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether the two sides stand beside each other: most rows of one beside text of the other.

    An address and the date to its right, a little lower, are none.
    """
    few, many = sorted((left, right), key=_weight)
    spans: list[list[float]] = []
    for piece in sorted(many, key=lambda piece: piece.box.y0):
        reach = BLOCK_GAP * min(piece.box.height, _height(many))
        if spans and piece.box.y0 - spans[-1][1] < reach:
            spans[-1][1] = max(spans[-1][1], piece.box.y1)
        else:
            spans.append([piece.box.y0, piece.box.y1])
    beside = [
        piece for piece in _lines(few) if any(top < piece.middle < end for top, end in spans)
    ]
    return 2 * len(beside) > len(_lines(few))


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


def _are_of_one_type(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether two sides are set alike; terms are bold or typed, and what explains them not."""
    a, b = _usual(left), _usual(right)
    if min(a.size, b.size) <= 0:
        return True
    typed = [
        sum(piece.line.typeface.pitch > 0 for piece in side) > len(side) / 2
        for side in (left, right)
    ]
    weights = sorted((a.weight, b.weight))
    return typed[0] == typed[1] and weights[1] < HEADING_WEIGHT * weights[0]


def _is_solid(pieces: list[Piece]) -> bool:
    """Say whether every row but the last one fills the column."""
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    return min(_fills(ordered)[:-1], default=0.0) >= SOLID


def _fills(column: list[Piece]) -> list[float]:
    """Return for each piece of a column how much of its width it fills."""
    widest = max(piece.box.width for piece in column)
    return [piece.box.width / widest for piece in column]


def _aligned(few: list[Piece], many: list[Piece]) -> float:
    """Return the share of the few that have one of the many at their own height."""
    rows = sorted((piece.middle, piece.box.height) for piece in many)
    telling = [piece for piece in few if len(piece.line.text) > TELLING] or few
    partners = 0
    for piece in telling:
        start = bisect_left(rows, (piece.middle - piece.box.height, 0.0))
        for middle, height in rows[start:]:
            if middle > piece.middle + piece.box.height:
                break
            if abs(middle - piece.middle) < LEVEL * max(height, piece.box.height):
                partners += 1
                break
    return partners / len(telling)


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
    near = 0.5 * min(row[0].box.height, piece.box.height)
    return abs(row[0].middle - piece.middle) < near and all(
        piece.box.x0 > other.box.x1 - near or piece.box.x1 < other.box.x0 + near for other in row
    )
