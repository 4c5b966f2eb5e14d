"""Tables of words without rules, their cells of several lines (pure).

A row of short words in bold names the columns; below it each line of a cell begins where its
column's name does. A row of the table begins in the first column, below a little more white than
stands between the lines of one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ocrd.job import Cell
from ocrd.layout import values
from ocrd.layout.grids import BOLDER, cell_text, text_rows
from ocrd.layout.sheet import Grid, Piece, around, cut_at, offsets

# In heights of a line unless they say otherwise.
COLUMNS = 3  # fewer are text with a heading beside another
NAME_WORDS = 3  # of a column's name
TALLER = 1.45  # times as high as the text below is a headline, underlined ones may be less
SAMPLE = 4  # rows below a head, that its weight is compared with
IN_LINE = 0.7  # by which lines of a column may begin apart
GAP = 3.2  # from one line to the next, in one table
SPACE = 2.5  # letters by which the space may be off, where two cells were read as one
LINES = 14  # of a cell; more are a column of text
APART = 1.12  # times the usual step of a cell's lines: from one row to the next
WIDER = 1.05  # the same where no sentence goes on
FILLED = 0.6  # share of the cells that hold something
ROWS = 2

_Line = dict[int, Piece]  # a line's pieces by column


def tables(pieces: Sequence[Piece]) -> list[tuple[Grid, frozenset[int]]]:
    """Return the tables, with the pieces' indices in each."""
    plain = [piece for piece in pieces if piece.whole is None]
    rows = text_rows(plain)
    index_of = {id(piece): index for index, piece in enumerate(pieces)}
    found: list[tuple[Grid, frozenset[int]]] = []
    at = 0
    while at < len(rows):
        if _is_head(rows, at):
            lines, count = _lines(rows, at)
            grid = _grid(rows[at], lines)
            if grid:
                inside = (index_of[id(p)] for row in rows[at : at + 1 + count] for p in row)
                found.append((grid, frozenset(inside)))
                at += count
        at += 1
    return found


def _is_head(rows: Sequence[Sequence[Piece]], at: int) -> bool:
    """Say whether a row may name the columns of what stands below it."""
    row = rows[at]
    if len(row) < COLUMNS:
        return False
    if any(len(p.line.text.split()) > NAME_WORDS or values.is_value(p.line.text) for p in row):
        return False
    below = [piece for other in rows[at + 1 : at + 1 + SAMPLE] for piece in other]
    if not below or median(p.weight for p in row) <= BOLDER * median(p.weight for p in below):
        return False
    return median(p.box.height for p in row) < TALLER * median(p.box.height for p in below)


def _lines(rows: Sequence[Sequence[Piece]], at: int) -> tuple[list[_Line], int]:
    """Return the lines below a head by their columns, as far as all begin in line with it."""
    starts = [piece.box.x0 for piece in rows[at]]
    height = median(piece.box.height for piece in rows[at])
    found: list[_Line] = []
    for number, (above, row) in enumerate(pairwise(rows[at:]), at + 1):
        if row[0].middle - above[0].middle > GAP * height:
            break
        # Below a line of running text stands another one.
        after = rows[number + 1] if number + 1 < len(rows) else []
        cuts = len(starts) if len(after) > 1 else 1
        parts = [part for piece in row for part in _cut(piece, starts, height, cuts)]
        line: _Line = {}
        for part in parts:
            column = min(range(len(starts)), key=lambda n: abs(starts[n] - part.box.x0))
            if abs(starts[column] - part.box.x0) > IN_LINE * height or column in line:
                return found, len(found)
            reach = starts[column + 1] if column + 1 < len(starts) else part.box.x1
            if part.box.x1 > reach + height / 2:
                return found, len(found)
            line[column] = part
        found.append(line)
    return found, len(found)


def _cut(piece: Piece, starts: Sequence[float], height: float, most: int) -> list[Piece]:
    """Return a piece, in parts if it is so many cells at most that were read as one."""
    inside = [x for x in starts if piece.box.x0 + height < x < piece.box.x1 - height]
    if len(inside) > most:
        return [piece]
    parts = [piece]
    for x in inside:
        box, text = parts[-1].box, parts[-1].line.text.strip()
        places = offsets(text, box.width)
        begins = [places[n + 1] for n, character in enumerate(text) if character == " "]
        near = SPACE * box.width / max(len(text), 1)
        if not any(abs(box.x0 + place - x) < near for place in begins):
            return [piece]
        parts[-1:] = cut_at(parts[-1], x, 1.0)
    return parts


def _grid(head: Sequence[Piece], lines: Sequence[_Line]) -> Grid | None:
    """Return lines by columns as a table below its head, None if they are none."""
    width = len(head)
    rows = [[[piece] for piece in head]]
    for number in _begins(lines):
        part = lines[slice(*number)]
        rows.append([[line[n] for line in part if n in line] for n in range(width)])
    body = rows[1:]
    filled = sum(bool(cell) for row in body for cell in row)
    longest = max((len(cell) for row in body for cell in row), default=0)
    if len(body) < ROWS or not 1 < longest <= LINES or filled < FILLED * width * len(body):
        return None
    if any(sum(bool(row[column]) for row in body) < ROWS for column in range(width)):
        return None
    held = tuple(piece for row in rows for cell in row for piece in cell)
    cells = tuple(
        tuple(Cell(cell_text(cell), header=not number) for cell in row)
        for number, row in enumerate(rows)
    )
    return Grid(around(piece.box for piece in held), cells, held)


def _begins(lines: Sequence[_Line]) -> list[tuple[int, int]]:
    """Return where each row of a table begins and ends."""
    if not lines or 0 not in lines[0]:
        return []
    middles = [median(piece.middle for piece in line.values()) for line in lines]
    steps = [below - above for above, below in pairwise(middles)]
    usual = median(sorted(steps)[: len(steps) // 2 + 1] or [0.0])
    is_apart, is_wider = ([step > times * usual for step in steps] for times in (APART, WIDER))
    starts = [0]
    for number, (above, line) in enumerate(pairwise(lines), 1):
        if 0 not in line:
            continue
        goes_on = any(
            values.goes_on(piece.line.text)
            or (column in above and above[column].line.text.rstrip().endswith("-"))
            for column, piece in line.items()
        )
        begins = len(line) > 1 and not goes_on and (is_wider[number - 1] or not any(is_apart))
        if is_apart[number - 1] or begins:
            starts.append(number)
    return list(pairwise([*starts, len(lines)]))
