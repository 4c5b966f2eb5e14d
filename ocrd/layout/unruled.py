"""Tables whose columns are parted by white alone: where they begin and end on a sheet (pure).

Columns are the strips that no more than a stray row crosses in a whole block of rows, and within
them the values that nearly all cells begin with. Whether that is a table, ``placed`` says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.job import Box
from ocrd.layout import beside, codes, fused, particulars, placed, shortrows, values, worded
from ocrd.layout.placed import LEVEL, ROWS, WRAP, Placed
from ocrd.layout.sheet import Grid, Piece, around, cut_at
from ocrd.layout.shortrows import PADDING

# In heights of a line unless they say otherwise.
OVERLAP = 0.6  # by which the boxes of neighbours in a row may overlap
STRIP = 0.15  # of white between two columns
ROW_GAP = 3.2  # from one row to the next, in one table
REACH = 1.0  # by which what crosses a strip reaches into both columns
STRAY = 8  # rows, of which one may cross a strip
FULL = 0.75  # of as many pieces as rows have: those that tell the columns
PENDING = 9  # lines with one part between two rows
HEAD_GAP = 2.6  # from the head to the rows
NAME_WORDS = 4  # of a name over columns, or of a line of a head
IN_LINE = 0.4  # by which the edges of a column's cells differ
NEARLY = 0.9  # as many that end in line as begin so
APART = 1.5  # times the usual step: sums below a table
MAX_ROWS = 3000

Strip = tuple[float, float]  # a column's left and right end


@dataclass(frozen=True, slots=True)
class _Row:
    """Pieces that stand level, from the left."""

    pieces: tuple[Piece, ...]

    @property
    def box(self) -> Box:
        return around(piece.box for piece in self.pieces)

    @property
    def middle(self) -> float:
        return median(piece.middle for piece in self.pieces)


def tables(pieces: Sequence[Piece]) -> list[tuple[Grid, frozenset[int]]]:
    """Return the tables, with the pieces' indices in each."""
    found = [(shortrows.parted(grid), inside) for grid, inside in worded.tables(pieces)]
    out = beside.prose(pieces).union(*(inside for _, inside in found))
    plain = [
        index for index, piece in enumerate(pieces) if piece.whole is None and index not in out
    ]
    if not plain:
        return found
    height = median(pieces[index].box.height for index in plain)
    letter = codes.pitch(pieces[index].line for index in plain)
    index_of = {id(pieces[index]): index for index in plain}
    walls = [piece.box for piece in pieces if piece.whole] + [grid.box for grid, _ in found]
    rows = _rows([pieces[index] for index in plain], height)
    at = 0
    while at < len(rows) <= MAX_ROWS:
        end = _with_rest(rows, at, _end(rows, at, height, walls), height)
        end = _without_sums(rows, at, end)
        end = at + particulars.end([_begins_with(row) for row in rows[at:end]])
        grid = _grid(rows[at:end], height) if end - at >= ROWS else None
        if (
            grid is None
            or (letter > 0 and _is_typed(grid.pieces))
            or _is_above(rows[at:end], height)
        ):
            at += 1
            continue
        head = _head(rows, at, height, grid)
        if (
            head is not None
            and not _is_above(rows[at - 1 : end], height)
            and (wider := _grid(rows[at - 1 : end], height))
        ):
            grid, at = wider, at - 1
        while wider := _with_names(rows, at, end, height, grid):
            grid, at = wider, at - 1
        inside = (id(piece) for row in rows[at:end] for piece in row.pieces)
        found.append((grid, frozenset(index_of[one] for one in inside)))
        at = end
    return found


def _is_typed(pieces: Sequence[Piece]) -> bool:
    """Say whether most of a table is in letters of one width, as program text on the page is."""
    typed = sum(len(piece.line.text) for piece in pieces if piece.line.typeface.pitch > 0)
    return 2 * typed > sum(len(piece.line.text) for piece in pieces)


def _head(rows: Sequence[_Row], at: int, height: float, grid: Grid) -> _Row | None:
    """Return the row above a table if it may name the columns."""
    above = rows[at - 1]
    if at == 0 or len(_parts(above, height)) < 2 or particulars.is_labelled(_begins_with(above)):
        return None
    near = rows[at].middle - above.middle < HEAD_GAP * height
    inside = above.box.x0 > grid.box.x0 - height and above.box.x1 < grid.box.x1 + height
    return above if near and inside else None


def _with_names(
    rows: Sequence[_Row], at: int, end: int, height: float, grid: Grid
) -> Grid | None:
    """Return a table with the row above it, if that goes with its head, or names columns of it."""
    if at == 0 or rows[at].middle - rows[at - 1].middle > HEAD_GAP * height:
        return None
    if particulars.is_labelled(_begins_with(rows[at - 1])):
        return None
    box = rows[at - 1].box
    if any(len(piece.line.text.split()) > NAME_WORDS for piece in rows[at - 1].pieces):
        return None
    if box.x0 < grid.box.x0 - height or box.x1 > grid.box.x1 + height:
        return None
    wider = _grid(rows[at - 1 : end], height)
    if wider is None or not any(cell.header for cell in wider.rows[0]):
        return None
    is_name = any(cell.columns > 1 for cell in wider.rows[0])
    more = len(wider.rows) - len(grid.rows)
    return wider if more == 0 or (is_name and more == 1) else None


def _rows(pieces: Sequence[Piece], height: float) -> list[_Row]:
    """Return the pieces in rows from the top: each goes on from the one left of it.

    So a slant that is left over, or a page that is bent, does not tear them.
    """
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.x0):
        near = [
            (abs(_slanted(row, piece) - piece.middle), index)
            for index, row in enumerate(rows)
            if row[-1].box.x1 < piece.box.x0 + OVERLAP * height
        ]
        distance, index = min(near, default=(height, -1))
        if distance < LEVEL * min(height, piece.box.height):
            rows[index].append(piece)
        else:
            rows.append([piece])
    return sorted((_Row(tuple(row)) for row in rows), key=lambda row: row.middle)


def _slanted(row: Sequence[Piece], piece: Piece) -> float:
    """Return at what height a row goes on where a piece stands."""
    last = row[-1]
    return last.middle if len(row) < 2 else (last.middle + row[-2].middle) / 2


def _parts(row: _Row, height: float) -> list[Box]:
    """Return the boxes of a row's pieces without the white around their letters."""
    return [_letters(piece.box, height) for piece in row.pieces]


def _letters(box: Box, height: float) -> Box:
    inner = min(PADDING * height, box.width / 3)
    return Box(box.x0 + inner, box.y0, box.x1 - inner, box.y1)


def _end(rows: Sequence[_Row], at: int, height: float, walls: Sequence[Box]) -> int:
    """Return behind which row the white ends that begins in one: as far as a strip goes through."""
    first = _parts(rows[at], height)
    gaps = _gaps(first)
    if not gaps:
        return at
    # Into a narrow column, a page number's say, nothing reaches as far as into others.
    least = min(REACH * height, first[0].width / 2), min(REACH * height, first[-1].width / 2)
    end, count = at + 1, 1
    for index in range(at + 1, len(rows)):
        above, row = rows[index - 1], rows[index]
        if row.middle - above.middle > ROW_GAP * height or index - end >= PENDING:
            break
        if any(above.middle < wall.y0 < row.middle for wall in walls):
            break
        parts = _parts(row, height)
        if len(parts) == 1:
            if any(_crosses(parts[0], gap, least) for gap in gaps):
                if not _is_fused(row, rows[at:index], height):
                    break
                end, count = index + 1, count + 1
            continue
        left = [_left(gap, parts) for gap in gaps]
        left = [gap for gap in left if gap[1] - gap[0] > STRIP * height]
        if count >= ROWS and 2 * len(left) < len(gaps):
            # One stray row in a long table is no end of it.
            if count < STRAY or not left:
                break
        elif not left:
            break
        else:
            gaps = left
        end, count = index + 1, count + 1
    return end


def _is_fused(row: _Row, above: Sequence[_Row], height: float) -> bool:
    """Say whether one line is a whole row: from the table's left edge to a value at its right."""
    box = row.box
    return (
        _ends_in_value(row)
        and any(abs(box.x0 - other.box.x0) < height for other in above)
        and any(
            abs(box.x1 - other.box.x1) < height and _ends_in_value(other)
            for other in above
            if len(other.pieces) > 1
        )
    )


def _ends_in_value(row: _Row) -> bool:
    _, _, last = row.pieces[-1].line.text.strip().rpartition(" ")
    return values.is_value(last)


def _with_rest(rows: Sequence[_Row], at: int, end: int, height: float) -> int:
    """Return the end with the lines of the last row's cells that stand below it."""
    if end - at < ROWS:
        return end
    while end < len(rows):
        above, row = rows[end - 1], rows[end]
        cell = min(rows[end - 1].pieces, key=lambda p: abs(p.box.x0 - row.box.x0))
        if (
            len(row.pieces) > 1
            or row.middle - above.middle > WRAP * height
            or abs(cell.box.x0 - row.box.x0) > height / 2
            or row.box.x1 > cell.box.x1 + 8 * height
            or not (
                values.goes_on(row.pieces[0].line.text) or values.awaits(cell.line.text.strip())
            )
        ):
            break
        end += 1
    return end


def _without_sums(rows: Sequence[_Row], at: int, end: int) -> int:
    """Return the end without rows of few cells that stand apart from the others: their sums."""
    steps = [rows[index].middle - rows[index - 1].middle for index in range(at + 1, end)]
    if len(steps) < ROWS:
        return end
    most = max(len(row.pieces) for row in rows[at:end])
    for index in range(end - 1, at + ROWS, -1):
        if len(rows[index].pieces) >= FULL * most and len(rows[index].pieces) > 2:
            break
        if rows[index].middle - rows[index - 1].middle > APART * median(steps):
            return index
    return end


def _begins_with(row: _Row) -> str:
    return row.pieces[0].line.text


def _is_above(rows: Sequence[_Row], height: float) -> bool:
    """Say whether the first row stands above a table: apart, of few pieces, across its columns.

    A running head with the page's number at the right is such a row.
    """
    steps = [below.middle - above.middle for above, below in pairwise(rows)]
    most = max(len(row.pieces) for row in rows)
    if len(rows[0].pieces) >= FULL * most or steps[0] <= APART * median(steps):
        return False
    gaps = [
        ((left[1], right[0]), (min(REACH * height, (left[1] - left[0]) / 2), STRIP * height))
        for left, right in pairwise(_strips(rows, height))
    ]
    return any(_crosses(box, *gap) for box in _parts(rows[0], height) for gap in gaps)


def _gaps(parts: Sequence[Box]) -> list[Strip]:
    return [(left.x1, right.x0) for left, right in pairwise(parts)]


def _crosses(box: Box, gap: Strip, least: tuple[float, float]) -> bool:
    """Say whether a box reaches so far beyond a gap on either side."""
    return box.x0 < gap[0] - least[0] and box.x1 > gap[1] + least[1]


def _left(gap: Strip, parts: Sequence[Box]) -> Strip:
    """Return the widest white that some parts leave of a gap."""
    best, start = (gap[0], gap[0]), gap[0]
    inside = sorted((box.x0, box.x1) for box in parts if box.x1 > gap[0] and box.x0 < gap[1])
    for x0, x1 in [*inside, (gap[1], gap[1])]:
        if x0 - start > best[1] - best[0]:
            best = start, x0
        start = max(start, x1)
    return best


def _strips(rows: Sequence[_Row], height: float) -> list[Strip]:
    """Return the columns: what white parts that no more than a stray row crosses.

    Rows of few pieces (a head, a sum, a name of a section) do not tell.
    """
    usual = sorted(len(row.pieces) for row in rows if len(row.pieces) > 1)
    least = max(2.0, FULL * usual[len(usual) * 3 // 4]) if usual else 2.0
    several = [row for row in rows if len(row.pieces) >= least]
    stray = len(several) // STRAY
    edges = sorted(
        edge
        for row in several
        for box in _parts(row, height)
        for edge in ((box.x0, 1), (box.x1, -1))
    )
    strips: list[list[float]] = []
    depth = 0
    for x, step in edges:
        was, depth = depth, depth + step
        if was <= stray < depth:
            if strips and x - strips[-1][1] < STRIP * height:
                continue
            strips.append([x, x])
        elif was > stray >= depth:
            strips[-1][1] = x
    # Columns are as wide as the boxes in them.
    inner = PADDING * height
    return [(left - inner, right + inner) for left, right in strips]


def _grid(rows: Sequence[_Row], height: float) -> Grid | None:
    """Return rows as a table, None if they are none."""
    strips = _strips(rows, height)
    if len(strips) < 2:
        return None
    cuts = _cuts(rows, strips, height)
    found = [_placed(row, strips, cuts, height) for row in rows]
    if placed.is_prose(found, len(strips)):
        return None
    width, found = fused.parted(found, len(strips))
    width, found = fused.with_ranges(*fused.with_currencies(width, found))
    if not placed.is_table(found, width, height):
        return None
    return placed.built(found, width, height)


def _cuts(
    rows: Sequence[_Row], strips: Sequence[Strip], height: float
) -> list[tuple[float, float]]:
    """Return where a piece over two columns is cut, and which end of the space lies there.

    A head's words begin where a column does whose cells begin in line. Over a column of cells that
    end in line they may begin far left of it, but end where those of the column before do.
    """
    is_right = [_is_set_right(rows, strip, height) for strip in strips]
    return [
        (left[1], 0.0) if is_right[at] and is_right[at + 1] else (right[0], 1.0)
        for at, (left, right) in enumerate(pairwise(strips))
    ]


def _is_set_right(rows: Sequence[_Row], strip: Strip, height: float) -> bool:
    """Say whether a column's cells end in line, or are values that begin and end so."""
    cells = [
        piece
        for row in rows
        for piece in row.pieces
        if len(row.pieces) > 1
        and strip[0] - height < piece.box.x0 < strip[1]
        and strip[0] < piece.box.x1 < strip[1] + height
    ]
    counts = []
    for edge in ([piece.box.x0 for piece in cells], [piece.box.x1 for piece in cells]):
        usual = median(edge or [0.0])
        counts.append(sum(abs(x - usual) < IN_LINE * height for x in edge))
    starts, ends = counts
    are_values = values.are_values([text for cell in cells for text in cell.line.text.split()])
    return ends > starts or (are_values and ends > NEARLY * starts)


def _placed(
    row: _Row, strips: Sequence[Strip], cuts: Sequence[tuple[float, float]], height: float
) -> Placed:
    """Return a row's pieces by the columns that they stand in; one piece in several is cut."""
    found: Placed = defaultdict(list)
    for piece in row.pieces:
        rest = piece
        for ((before, end), (start, after)), cut in zip(pairwise(strips), cuts, strict=True):
            left = min(REACH * height, (end - before) / 2)
            right = min(REACH * height, (after - start) / 2)
            if not (rest.box.x0 < end - left and rest.box.x1 > start + right):
                continue
            first, *others = cut_at(rest, *cut)
            if others:
                found[_column(first.box, strips)].append(first)
                rest = others[-1]
        found[_column(rest.box, strips)].append(rest)
    return found


def _column(box: Box, strips: Sequence[Strip]) -> int:
    """Return the column that a box stands in most, or is nearest to."""
    return max(
        range(len(strips)),
        key=lambda at: min(box.x1, strips[at][1]) - max(box.x0, strips[at][0]),
    )
