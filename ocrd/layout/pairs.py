"""Tables side by side: each is one of its own (pure).

A price list, a table of results or a ranking is set in two or three, to save paper. Their rows need
not stand level; where they do, their columns are of the same kinds, or have the same names, and
more white is between the tables than within them, or one of them is longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocrd.layout import cells, unruled, values
from ocrd.layout.columns import Row
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Grid, Piece

# In heights of a line unless they say otherwise.
ROWS = 4  # of either table
IN_LINE = 0.7  # by which its first cells begin apart
WHITE = 0.8  # between two tables
WIDER = 1.3  # times the white between the columns
SEVERAL = 0.7  # share of the rows that have several cells
ALIKE = 0.7  # share of a column's cells that are values, or none
LEVEL = 0.35  # by which rows of one table stand higher or lower
ASTRAY = 3  # rows that stand level with none beside them,
SHARE = 0.35  # and so many of them: two tables
BESIDE = 0.5  # of the shorter table, that stands beside the other one
LONGER = 2  # rows by which one is longer
WORDS = 6  # of a cell; more are text
HELD = 0.7  # share of a side that is its table
MOST = 1500  # pieces of a page; more are a plan's
TRIALS = 8

Found = list[tuple[Grid, list[Piece]]]


def tables(pieces: Sequence[Piece]) -> list[tuple[Grid, frozenset[int]]]:
    """Return the tables that stand beside others, with the pieces' indices in each."""
    plain = [piece for piece in pieces if piece.whole is None]
    index_of = {id(piece): index for index, piece in enumerate(pieces)}
    if len(plain) > MOST:
        return []
    return [
        (grid, frozenset(index_of[id(piece)] for piece in held)) for grid, held in _pairs(plain)
    ]


@dataclass(frozen=True, slots=True)
class _Side:
    """What stands on one side of white: its rows, and how most of them are made."""

    rows: list[list[Piece]]
    kinds: tuple[bool, ...]  # for each column whether it is one of values
    gaps: list[float]  # white between the columns

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> _Side | None:
        """Return a side if it may be a table."""
        rows = text_rows(pieces)
        several = [row for row in rows if len(row) > 1]
        if len(several) < ROWS or len(several) < SEVERAL * len(rows):
            return None
        if any(len(piece.line.text.split()) > WORDS * 2 for row in rows for piece in row):
            return None
        width = Counter(map(len, several)).most_common(1)[0][0]
        usual = [row for row in several if len(row) == width]
        kinds = []
        for column in zip(*usual, strict=True):
            share = sum(values.is_value(piece.line.text) for piece in column) / len(column)
            kinds.append(share >= ALIKE)
        if all(kinds) or not any(kinds):
            return None
        gaps = [
            min(right.box.x0 for right in after) - max(left.box.x1 for left in before)
            for before, after in pairwise(zip(*usual, strict=True))
        ]
        return cls(rows, tuple(kinds), gaps)

    @property
    def is_named(self) -> bool:
        """Say whether names stand over values."""
        width = len(self.kinds)
        some = [row for row in self.rows[:2] if len(row) == width]
        return any(
            all(not values.is_value(piece.line.text)
                for is_of_values, piece in zip(self.kinds, row, strict=True) if is_of_values)
            for row in some
        )  # fmt: skip

    @property
    def span(self) -> tuple[float, float]:
        """From its first row to its last one."""
        return self.rows[0][0].middle, self.rows[-1][0].middle


def _pairs(pieces: Sequence[Piece]) -> Found:
    """Return the tables of the best strip of white that parts some; none if there is none."""
    trials = sorted(_trials(pieces), key=lambda trial: -min(map(len, trial)))
    for left, right in trials[:TRIALS]:
        sides = _Side.of(left), _Side.of(right)
        if sides[0] is None or sides[1] is None or not _are_two(sides[0], sides[1]):
            continue
        found = [part for side in (left, right) for part in (_pairs(side) or _table(side))]
        if len(found) > 1 and all(_pairs(side) or _table(side) for side in (left, right)):
            gone = {id(piece) for _, held in found for piece in held}
            return found + _pairs([piece for piece in pieces if id(piece) not in gone])
    return []


def _trials(pieces: Sequence[Piece]) -> list[tuple[list[Piece], list[Piece]]]:
    """Return what stands left and right of places where cells begin in line, nothing across."""
    found: list[tuple[list[Piece], list[Piece]]] = []
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    starts = sorted(pieces, key=lambda piece: piece.box.x0)
    at = 0
    while at < len(starts):
        first = starts[at].box
        near = IN_LINE * first.height
        end = at
        while end < len(starts) and starts[end].box.x0 < first.x0 + near:
            end += 1
        if end - at >= ROWS:
            found += _bands(ordered, first.x0, WHITE * first.height)
            at = end
        else:
            at += 1
    return found


def _bands(
    ordered: Sequence[Piece], x: float, white: float
) -> list[tuple[list[Piece], list[Piece]]]:
    found: list[tuple[list[Piece], list[Piece]]] = []
    left: list[Piece] = []
    right: list[Piece] = []
    for piece in [*ordered, None]:
        if piece is not None and piece.box.x1 < x - white:
            left.append(piece)
        elif piece is not None and piece.box.x0 > x - white / 4:
            right.append(piece)
        else:
            if min(len(left), len(right)) >= 2 * ROWS:
                found.append((left, right))
            left, right = [], []
    return found


def _are_two(left: _Side, right: _Side) -> bool:
    """Say whether what stands on two sides are two tables, and not columns of one."""
    overlap = min(left.span[1], right.span[1]) - max(left.span[0], right.span[0])
    shorter = min(side.span[1] - side.span[0] for side in (left, right))
    if overlap < BESIDE * shorter:
        return False
    if _have_one_head(left, right):
        return True
    few, many = sorted((left, right), key=lambda side: len(side.rows))
    middles = [row[0].middle for row in many.rows]
    within = [
        row for row in few.rows if many.span[0] - 1 < row[0].middle < many.span[1] + 1
    ]
    astray = sum(
        not any(abs(middle - row[0].middle) < LEVEL * row[0].box.height for middle in middles)
        for row in within
    )
    if astray >= ASTRAY and astray >= SHARE * len(within):
        return True
    if left.is_named and right.is_named:  # and not by the same names
        return False
    if left.kinds[0] or right.kinds[0]:  # codes and numbers in the middle are cells of one row
        return False
    if not (_is_repeated(left.kinds, right.kinds) or _is_repeated(right.kinds, left.kinds)):
        return False
    between = min(r[0].box.x0 for r in right.rows) - max(r[-1].box.x1 for r in left.rows)
    is_wide = between > WIDER * max((*left.gaps, *right.gaps))
    return is_wide or len(many.rows) - len(few.rows) >= LONGER


def _is_repeated(some: tuple[bool, ...], more: tuple[bool, ...]) -> bool:
    """Say whether the kinds of columns are those of others once or several times."""
    count = len(more) // len(some)
    return some * count == more


def _have_one_head(left: _Side, right: _Side) -> bool:
    """Say whether the names of columns are on one side what they are on the other."""
    heads = [
        [piece.line.text.strip().casefold() for piece in side.rows[at]]
        for side in (left, right)
        for at in (0, 1)
    ]
    return any(
        len(head) > 1 and head in heads[2:] and not any(map(values.is_value, head))
        for head in heads[:2]
    )


def _table(side: Sequence[Piece]) -> Found:
    """Return a side as a table, with what it holds; none if it is none."""
    for grid, inside in unruled.tables(side):
        if len(inside) >= HELD * len(side):
            return [(grid, [side[index] for index in sorted(inside)])]
    rows = text_rows(side)
    while rows and len(rows[0]) < 2:
        rows = rows[1:]  # a name above the table
    grid_of_two = cells.table([Row(tuple(row), 0) for row in rows])
    if grid_of_two is None:
        return []
    return [(grid_of_two, [piece for row in rows for piece in row])]
