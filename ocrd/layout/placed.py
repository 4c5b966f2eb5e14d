"""Rows of pieces by the columns they stand in: whether they are a table, and its cells (pure).

A row is what stands level with a value; a line that fills columns of words only belongs to the row
that it is nearest to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ocrd.job import Cell
from ocrd.layout import tableheads, values
from ocrd.layout.grids import BOLDER, cell_text
from ocrd.layout.sheet import Grid, Piece, around

# In heights of a line unless they say otherwise.
LEVEL = 0.45  # by which neighbours in a row may stand lower or higher
ROWS = 3  # that have several cells
COLUMNS = 3  # fewer are a line with something beside it
FILLED = 0.5  # share of the columns that half of the rows fill
FLOWING = 0.25  # share of the cells that begin with a small letter or end in a hyphen, in prose
IN_LINE = 0.8  # by which the edges of a column's cells may differ
ALIGNED = 0.6  # share of a column's cells that stand in line
WRAP = 1.5  # from one line of a cell to the next

Placed = dict[int, list[Piece]]  # a row's pieces by column


def texts_in(placed: Sequence[Placed], column: int) -> list[str]:
    """Return what stands in a column, from the top."""
    return [cell_text(row[column]) for row in placed if column in row]


def is_prose(placed: Sequence[Placed], width: int) -> bool:
    """Say whether a column is running text: its lines go on beside whatever stands level."""
    for column in range(width):
        texts = [cell_text(row[column]) for row in placed if column in row and len(row) > 1]
        long = [text for text in texts if values.is_text(text)]
        if 2 * len(long) > len(texts) and len(long) >= ROWS:
            flowing = sum(values.goes_on(text) or text.endswith("-") for text in long)
            if flowing >= FLOWING * len(long):
                return True
    return False


def is_table(placed: Sequence[Placed], width: int, height: float) -> bool:
    """Say whether rows with their pieces by columns are a table."""
    anchors = [row for row in placed if len(row) > 1]
    if width < COLUMNS or len(anchors) < ROWS:
        return False
    if 2 * sum(len(row) >= FILLED * width for row in anchors) < len(anchors):
        return False
    if 3 * len(anchors) < len(placed):
        return False
    columns = [texts_in(anchors, column) for column in range(width)]
    if any(len(texts) < 2 for texts in columns):
        return False
    if not any(values.are_values(texts) for texts in columns):
        return False
    return all(_in_line(anchors, column, height) for column in range(width))


def _in_line(rows: Sequence[Placed], column: int, height: float) -> bool:
    boxes = [around(piece.box for piece in row[column]) for row in rows if column in row]
    middles = [(box.x0 + box.x1) / 2 for box in boxes]
    for edge in ([box.x0 for box in boxes], [box.x1 for box in boxes], middles):
        usual = median(edge)
        if sum(abs(x - usual) < IN_LINE * height for x in edge) >= ALIGNED * len(edge):
            return True
    return False


def built(placed: Sequence[Placed], width: int, height: float) -> Grid:
    """Return the table: lines that are no rows of their own go to the nearest one."""
    count, head = tableheads.rows(placed, width, height)
    upper = [piece for row in placed[:count] for part in row.values() for piece in part]
    placed = placed[count:]
    of_words = {
        column for column in range(width) if not values.are_values(texts_in(placed, column)[1:])
    }
    anchors = [
        at
        for at, row in enumerate(placed)
        if not _is_rest(row, of_words, width) and not (at and _goes_on(placed[at - 1], row))
    ]
    rows: list[Placed] = []
    for at, owner in _owners(anchors, placed, height):
        if owner == at:
            rows.append({column: list(pieces) for column, pieces in placed[at].items()})
            continue
        for column, pieces in placed[at].items():
            target = rows[-1] if owner < at else None
            if target is not None:
                target.setdefault(column, []).extend(pieces)
    body = (piece for row in rows for column in sorted(row) for piece in row[column])
    held = (*upper, *body)
    header = not head and _header(rows)
    cells = tuple(
        tuple(
            Cell(cell_text(row.get(column, ())), header=header and not number)
            for column in range(width)
        )
        for number, row in enumerate(rows)
    )
    return Grid(around(piece.box for piece in held), (*head, *cells), held)


def _is_rest(row: Placed, of_words: set[int], width: int) -> bool:
    """Say whether a line has few cells, all of words: where words are, or with no first cell."""
    few = len(row) <= 2 and 2 * len(row) < max(width, 3)
    words = not any(values.is_begun(cell_text(pieces)) for pieces in row.values())
    return few and words and (set(row) <= of_words or 0 not in row)


def _goes_on(above: Placed, row: Placed) -> bool:
    """Say whether a row of one cell is awaited by the one above it: "2 May to", "3 June"."""
    (column, *others) = row
    return not others and column in above and values.awaits(cell_text(above[column]))


def _owners(
    anchors: Sequence[int], placed: Sequence[Placed], height: float
) -> Iterator[tuple[int, int]]:
    """Yield each line with the one that begins its row."""
    for at in range(len(placed)):
        if at in anchors:
            yield at, at
            continue
        above = max((anchor for anchor in anchors if anchor < at), default=None)
        if above is None or not _belongs(at, placed, height):
            yield at, at
        else:
            yield at, above


def _middle(pieces: Sequence[Piece]) -> float:
    return median(piece.middle for piece in pieces)


def _belongs(at: int, placed: Sequence[Placed], height: float) -> bool:
    """Say whether a line goes on from the one above it, in a cell that has text there."""
    row, above = placed[at], placed[at - 1]
    column = min(row)
    if not set(row) <= set(above):
        return False
    step = _middle(row[column]) - _middle(above[column])
    if step > WRAP * height:
        return False
    below = placed[at + 1].get(column) if at + 1 < len(placed) else None
    after = _middle(below) - _middle(row[column]) if below else 2 * step
    if values.goes_on(cell_text(row[column])) or _goes_on(above, row):
        return True
    if 0 not in row:
        return step <= after + LEVEL * height / 2
    # In the first column a name of a section may stand.
    usual, own = (median(piece.weight for piece in some[0]) for some in (above, row))
    return step < after - LEVEL * height / 2 and own <= BOLDER * usual


def _header(rows: Sequence[Placed]) -> bool:
    """Say whether the first row is bolder than the others."""
    first = [piece.weight for pieces in rows[0].values() for piece in pieces]
    rest = [piece.weight for row in rows[1:] for pieces in row.values() for piece in pieces]
    return bool(first and rest) and min(first) > BOLDER * median(rest) > 0
