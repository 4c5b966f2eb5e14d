"""A table's head of several lines: its cells, some of them over several columns (pure).

The lines of one cell stand close below each other, in line. What stands above another cell of its
column, not in line with it, is a name over several columns: those that it stands in the middle of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Cell
from ocrd.layout import values
from ocrd.layout.grids import BOLDER, cell_text
from ocrd.layout.sheet import Piece, around

# In heights of a line unless they say otherwise.
LINES = 6  # of a head, at most
HEAD_STEP = 2.6  # from one of its lines to the next,
STEP = 1.2  # and to the next one of the same cell
IN_LINE = 0.6  # by which the edges or middles of a cell's lines may differ
AMID = 1.5  # by which a name may stand beside the middle of its columns
MORE = 0.5  # by which more columns have to be nearer to it
MOST_COLUMNS = 8  # under one name

Placed = Mapping[int, Sequence[Piece]]  # a row's pieces by column
Rows = list[tuple[Cell, ...]]


@dataclass(slots=True)
class _Stack:
    """The lines of one cell of a head, from the top."""

    column: int
    pieces: list[Piece]

    @property
    def box(self) -> Box:
        return around(piece.box for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a table's column is, and whether its cells end in line."""

    left: float
    right: float
    is_right: bool


def rows(placed: Sequence[Placed], width: int, height: float) -> tuple[int, Rows]:
    """Return of how many lines a table's head is, and its rows: (0, []) unless of several lines."""
    count = _lines(placed, width, height)
    if count < 2:
        return 0, []
    lower: dict[int, _Stack] = {}
    names: list[_Stack] = []
    for column in range(width):
        *above, last = list(_stacks(placed[:count], column, height)) or [_Stack(column, [])]
        if len(above) > 1:
            return 0, []
        lower[column] = last
        names += above
    if not names:
        return count, [_cells([lower[column] for column in range(width)])]
    columns = [_column(placed[count:], lower[column], height) for column in range(width)]
    names.sort(key=lambda name: name.box.x0)
    groups = [_group(name, names, lower, columns, height) for name in names]
    if any(not group for group in groups) or any(a[-1] >= b[0] for a, b in pairwise(groups)):
        return 0, []
    return count, _two_rows(names, groups, lower)


def _lines(placed: Sequence[Placed], width: int, height: float) -> int:
    """Return how many lines at a table's top are bold, or name columns of values without any."""
    body = [
        piece for row in placed[LINES:] or placed[1:] for part in row.values() for piece in part
    ]
    usual = median([piece.weight for piece in body] or [0.0])
    of_values = {
        column
        for column in range(width)
        if values.are_values([cell_text(row[column]) for row in placed if column in row])
    }
    named = 0
    for count, (row, after) in enumerate(pairwise(placed[: LINES + 1]), 1):
        weight = median(piece.weight for part in row.values() for piece in part)
        is_bold = weight > BOLDER * usual > 0
        texts = {column: cell_text(part) for column, part in row.items()}
        found = [text for text in texts.values() if values.is_value(text)]
        # The weight of a few figures tells little, years may stand below names.
        if found and not (is_bold and (count == 1 or all(map(values.is_year, found)))):
            break
        if set(row) == {0} and count > 1:  # the name of a section
            break
        if is_bold or of_values & set(row):
            named = count
        if _middle(after) - _middle(row) > HEAD_STEP * height:
            break
    return named


def _middle(row: Placed) -> float:
    return median(piece.middle for part in row.values() for piece in part)


def _stacks(head: Sequence[Placed], column: int, height: float) -> Iterator[_Stack]:
    """Yield a head's cells in a column from the top."""
    stack: _Stack | None = None
    for row in head:
        if column not in row:
            continue
        part = list(row[column])
        if stack is None or not _goes_on(stack, part, height):
            if stack:
                yield stack
            stack = _Stack(column, [])
        stack.pieces += part
    if stack:
        yield stack


def _goes_on(stack: _Stack, part: Sequence[Piece], height: float) -> bool:
    """Say whether a line stands close below a cell's last one, and in line with it."""
    last, box = stack.box, around(piece.box for piece in part)
    step = median(piece.middle for piece in part) - stack.pieces[-1].middle
    off = (last.x0 - box.x0, last.x1 - box.x1, (last.x0 + last.x1 - box.x0 - box.x1) / 2)
    return step < STEP * height and min(map(abs, off)) < IN_LINE * height


def _column(body: Sequence[Placed], head: _Stack, height: float) -> _Column:
    boxes = [piece.box for row in body for piece in row.get(head.column, ())]
    starts, ends = [box.x0 for box in boxes], [box.x1 for box in boxes]
    counts = [
        sum(abs(x - median(some)) < IN_LINE * height for x in some) for some in (starts, ends)
    ]
    boxes += [piece.box for piece in head.pieces]
    box = around(boxes)
    return _Column(box.x0, box.x1, counts[1] >= counts[0])  # digits are often as many


def _group(
    name: _Stack, names: Sequence[_Stack], lower: Mapping[int, _Stack],
    columns: Sequence[_Column], height: float,
) -> range:  # fmt: skip
    """Return the columns that a name stands in the middle of, of several such the fewest.

    The first column is none of them, and no other name stands above them.
    """
    bottom = name.pieces[-1].middle + height / 2
    middle = (name.box.x0 + name.box.x1) / 2
    best, found = (AMID + MORE) * height, range(0)
    taken = {other.column for other in names if other is not name}
    for group in _ranges(name.column, len(columns)):
        some = columns[group[0] : group[-1] + 1]
        heads = [lower[column].pieces for column in group]
        if taken & set(group) or not all(head and head[0].middle > bottom for head in heads):
            continue
        # Cells that end in line have their white on the left.
        left = columns[group[0] - 1].right if all(one.is_right for one in some) else some[0].left
        off = abs((left + some[-1].right) / 2 - middle)
        if off < best - MORE * height:
            best, found = off, group
    return found


def _ranges(column: int, width: int) -> Iterator[range]:
    """Yield some columns side by side, one of them, the fewest first."""
    for count in range(2, MOST_COLUMNS + 1):
        for first in range(max(1, column - count + 1), column + 1):
            if first + count <= width:
                yield range(first, first + count)


def _cells(stacks: Sequence[_Stack]) -> tuple[Cell, ...]:
    return tuple(Cell(cell_text(stack.pieces), header=True) for stack in stacks)


def _two_rows(
    names: Sequence[_Stack], groups: Sequence[range], lower: Mapping[int, _Stack]
) -> Rows:
    """Return the names with what stands beside them, and the heads below the names."""
    pairs = list(zip(names, groups, strict=True))
    under = {column: (name, group) for name, group in pairs for column in group}
    first: list[Cell] = []
    for column, stack in lower.items():
        name, group = under.get(column, (stack, range(0)))
        if not group:
            first.append(Cell(cell_text(stack.pieces), rows=2, header=True))
        elif column == group[0]:
            first.append(Cell(cell_text(name.pieces), columns=len(group), header=True))
    return [tuple(first), _cells([lower[column] for column in sorted(under)])]
