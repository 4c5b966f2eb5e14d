"""Tables of words without rules, their cells of several lines (pure).

Each line of a cell begins where its column does, and white goes through the whole block between
the columns. What names the columns is a row of short words in bold; without one, rows of which
several are broken into lines tell a table from running text in columns, whose lines end at
different heights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean, median

from ocrd.job import Cell
from ocrd.layout import values, wrapping
from ocrd.layout.grids import BOLDER, cell_text, text_rows
from ocrd.layout.sheet import Grid, Piece, around, offsets

# In heights of a line unless they say otherwise.
COLUMNS = 3  # fewer are text with a heading beside another
NAMES = 2  # pieces of a row that names them, or more that were read as so many
NAME_WORDS = 3  # of a column's name
TALLER = 1.45  # times as high as the text below is a headline, underlined ones may be less
SAMPLE = 4  # rows below a head, that its weight is compared with
IN_LINE = 0.7  # by which lines of a column may begin apart
GAP = 3.2  # from one line to the next, in one table
HEAD_GAP = 1.7  # from one line of a head to the next
SMALL = 2.0  # letters further off, as which a space counts that a small letter follows
WORD_GAP = 1.0  # between two words of a cell that were read apart
SPACE = 4.0  # letters by which the space may be off, where two cells were read as one
LETTER = 0.4  # by which what was read as one reaches into a column
LINES = 14  # of a cell; more are a column of text
FILLED = 0.6  # share of the cells that hold something
ROWS = 2
PLAIN_ROWS = 4  # below a head, if none is broken into lines
NAMELESS_ROWS, BROKEN = 3, 2  # without a head, and how many of them are broken into lines
BELOW, GO_ON = 6, 0.5  # rows below such a table; share of what begins in them where columns do
ENDED = 0.6  # share of the cells above a new row that have ended there
SHORT = 2  # words of a line in a column of names
FULL = 0.8  # share of its column's width from which a line fills it:
MOST_FULL, NAMELESS_FULL = 0.75, 0.5  # as many lines of a table at most, without a head fewer
ANCHORED = 0.9  # share of a column's cells that are a value each, from which they tell the rows
VALUES = 0.25  # share of a column's cells from which it is one of values
APART = 1.12  # times the step of a cell's lines: rows that white parts in all columns

_Line = dict[int, Piece]  # a line's pieces by column


def tables(pieces: Sequence[Piece]) -> list[tuple[Grid, frozenset[int]]]:
    """Return the tables, with the pieces' indices in each."""
    plain = [piece for piece in pieces if piece.whole is None]
    rows = text_rows(plain)
    index_of = {id(piece): index for index, piece in enumerate(pieces)}
    found: list[tuple[Grid, frozenset[int]]] = []
    at = free = 0
    while at < len(rows):
        # Where cells of a row were read as one, another row tells where the columns begin.
        some = rows[at : at + SAMPLE] if len(rows[at]) >= NAMES else []
        for starts in _ways(some):
            first = at - _above(rows, at, free, starts)
            lines = _lines(rows, first, starts)
            is_named = _is_head(rows, at)
            grid = _grid(lines, at - first, starts, is_named=is_named)
            if grid and (is_named or not _go_on(rows[first + len(lines) :], starts)):
                held = (piece for row in rows[first : first + len(lines)] for piece in row)
                found.append((grid, frozenset(index_of[id(piece)] for piece in held)))
                free = first + len(lines)
                at = free - 1
                break
        at += 1
    return found


def _go_on(below: Sequence[Sequence[Piece]], starts: Sequence[float]) -> bool:
    """Say whether what stands below a table without a head begins where its columns do.

    It is no table then, but the beginning of several columns of text, a reference card's.
    """
    some = [piece for row in below[:BELOW] for piece in row]
    near = [
        any(abs(piece.box.x0 - start) < IN_LINE * piece.box.height for start in starts[1:])
        for piece in some
    ]
    return len(below) >= BELOW and sum(near) >= GO_ON * len(some)


def _ways(rows: Sequence[Sequence[Piece]]) -> list[tuple[float, ...]]:
    """Return where columns may begin: as in one row, or in all together; most columns first."""
    if not any(len(row) >= COLUMNS for row in rows):
        return []
    near = IN_LINE * median(piece.box.height for row in rows for piece in row)
    groups: list[list[float]] = []
    for x in sorted(piece.box.x0 for row in rows for piece in row):
        if groups and x - groups[-1][0] < near:
            groups[-1].append(x)
        else:
            groups.append([x])
    found = {tuple(map(median, groups))}
    found |= {tuple(piece.box.x0 for piece in row) for row in rows if len(row) >= COLUMNS}
    return sorted(found, key=lambda way: (-len(way), way))


def _is_head(rows: Sequence[Sequence[Piece]], at: int) -> bool:
    """Say whether a row may name the columns of what stands below it."""
    row = rows[at]
    if any(len(p.line.text.split()) > NAME_WORDS or values.is_value(p.line.text) for p in row):
        return False
    below = [piece for other in rows[at + 1 : at + 1 + SAMPLE] for piece in other]
    if not below or median(p.weight for p in row) <= BOLDER * median(p.weight for p in below):
        return False
    return median(p.box.height for p in row) < TALLER * median(p.box.height for p in below)


def _above(
    rows: Sequence[Sequence[Piece]], at: int, free: int, starts: Sequence[float]
) -> int:
    """Return how many rows above a head are lines of it: in line, close, and of its weight."""
    count = 0
    weight = median(piece.weight for piece in rows[at])
    while at - count > free:
        row, below = rows[at - count - 1], rows[at - count]
        height = max(piece.box.height for piece in row)
        if (
            len(row) >= len(starts)
            or below[0].middle - row[0].middle > HEAD_GAP * height
            or any(piece.weight * BOLDER <= weight for piece in row)
            or not _by_column(row, starts, height)
        ):
            break
        count += 1
    return count


def _lines(
    rows: Sequence[Sequence[Piece]], first: int, starts: Sequence[float]
) -> list[_Line]:
    """Return the lines from a row on by their columns, as far as all begin in line."""
    height = median(piece.box.height for piece in rows[first])
    found: list[_Line] = []
    for number, row in enumerate(rows[first:], first):
        if found and row[0].middle - rows[number - 1][0].middle > GAP * height:
            break
        # Below a line of running text stands another one, at the same margin.
        after = rows[number + 1] if number + 1 < len(rows) else []
        is_text = not after or (len(after) == 1 and after[0].box.x0 < starts[0] + height)
        cuts = 1 if is_text else len(starts)
        parts = [part for piece in row for part in _cut(piece, starts, height, cuts)]
        line = _by_column(_mended(parts, starts, height), starts, height)
        if not line:
            break
        found.append(line)
    while len(found) > 1 and _is_left_over(found):
        found.pop()
    return found


def _is_left_over(lines: Sequence[_Line]) -> bool:
    """Say whether the last line is one below a table: alone, further down than any other."""
    if len(lines[-1]) > 1 or len(lines) < ROWS + 1:
        return False
    *steps, last = (below - above for above, below in pairwise(map(wrapping.middle, lines)))
    return last > APART * max(steps)


def _by_column(
    parts: Sequence[Piece], starts: Sequence[float], height: float
) -> _Line:
    """Return pieces by the columns that they begin in line with; none if one does not."""
    line: _Line = {}
    for part in parts:
        column = min(range(len(starts)), key=lambda n: abs(starts[n] - part.box.x0))
        reach = starts[column + 1] if column + 1 < len(starts) else part.box.x1
        if (
            abs(starts[column] - part.box.x0) > IN_LINE * height
            or column in line
            or part.box.x1 > reach + height / 2
        ):
            return {}
        line[column] = part
    return line


def _mended(
    parts: Sequence[Piece], starts: Sequence[float], height: float
) -> list[Piece]:
    """Return the parts of a row with those as one that were read apart within a column."""
    found: list[Piece] = []
    for part in parts:
        is_begun = any(abs(part.box.x0 - x) < IN_LINE * height for x in starts)
        if found and not is_begun and part.box.x0 - found[-1].box.x1 < WORD_GAP * height:
            found[-1] = _as_one(found[-1], part)
        else:
            found.append(part)
    return found


def _as_one(left: Piece, right: Piece) -> Piece:
    a, b = left.line, right.line
    wide = len(a.text), len(b.text)
    line = replace(
        a,
        text=f"{a.text.strip()} {b.text.strip()}",
        quad=(a.quad[0], b.quad[1], b.quad[2], a.quad[3]),
        confidence=(a.confidence * wide[0] + b.confidence * wide[1]) / max(sum(wide), 1),
    )
    return Piece(line, around((left.box, right.box)))


def _cut(piece: Piece, starts: Sequence[float], height: float, most: int) -> list[Piece]:
    """Return a piece, in parts if it is so many cells at most that were read as one."""
    inside = [x for x in starts if piece.box.x0 + height < x < piece.box.x1 - LETTER * height]
    if len(inside) > most:
        return [piece]
    parts = [piece]
    for x in inside:
        box, text = parts[-1].box, parts[-1].line.text.strip()
        places = [box.x0 + place for place in offsets(text, box.width)]
        letter = box.width / max(len(text), 1)
        near = [
            (abs(places[begin] - x) + SMALL * letter * values.goes_on(text[begin:]), end, begin)
            for end, begin in _between(text)
            if abs(places[begin] - x) < SPACE * letter
        ]
        if not near:
            return [piece]
        _, end, begin = min(near)
        left, right = (
            replace(parts[-1].line, text=some.strip()) for some in (text[:end], text[begin:])
        )
        parts[-1:] = [
            Piece(left, replace(box, x1=min(places[end], x))),
            Piece(right, replace(box, x0=x)),
        ]
    return parts


def _between(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a word ends and where the next one begins; a capital may begin one within."""
    for at, (before, after) in enumerate(pairwise(text), 1):
        if before == " ":
            yield at - 1, at
        elif before.islower() and after.isupper():
            yield at, at


def _grid(
    lines: Sequence[_Line], upper: int, starts: Sequence[float], *, is_named: bool
) -> Grid | None:
    """Return lines by columns as a table, None if they are none.

    The first one names the columns, or ``upper`` more above it do; else it is a row as others.
    """
    width = len(starts)
    head, body_lines = (lines[: upper + 1], lines[upper + 1 :]) if is_named else ([], lines)
    spans = wrapping.rows(body_lines, starts)
    body = _cells(body_lines, spans, width)
    if not _are_rows(body, width) or not _are_in_step(body_lines, starts, spans):
        return None
    broken = sum(max(map(len, row)) > 1 for row in body)
    if is_named and (len(head[-1]) < width or (not broken and len(body) < PLAIN_ROWS)):
        return None
    if not is_named and (
        upper or broken < BROKEN or len(body) < NAMELESS_ROWS or len(lines[0]) < width
    ):
        return None
    if _full(body_lines, starts) > (MOST_FULL if is_named else NAMELESS_FULL):
        return None
    # Values tell their columns without names, or cells of several lines; and rows, one in each.
    if any(_is_of_values([row[n] for row in body]) for n in range(width)):
        return None
    if not (is_named and broken) and any(_are_values(body_lines, n) for n in range(width)):
        return None
    rows = [*_cells(head, [(0, upper + 1)] if is_named else [], width), *body]
    held = tuple(piece for row in rows for cell in row for piece in cell)
    cells = tuple(
        tuple(Cell(cell_text(cell), header=is_named and not number) for cell in row)
        for number, row in enumerate(rows)
    )
    return Grid(around(piece.box for piece in held), cells, held)


def _cells(
    lines: Sequence[_Line], spans: Sequence[tuple[int, int]], width: int
) -> list[list[list[Piece]]]:
    """Return the pieces of each row, by columns."""
    return [
        [[line[n] for line in lines[first:end] if n in line] for n in range(width)]
        for first, end in spans
    ]


def _are_rows(body: Sequence[Sequence[Sequence[Piece]]], width: int) -> bool:
    """Say whether rows are as many, as full and as short as those of a table."""
    filled = sum(bool(cell) for row in body for cell in row)
    longest = max((len(cell) for row in body for cell in row), default=0)
    if len(body) < ROWS or longest > LINES or filled < FILLED * width * len(body):
        return False
    return all(sum(bool(row[column]) for row in body) >= ROWS for column in range(width))


def _full(lines: Sequence[_Line], starts: Sequence[float]) -> float:
    """Return the share of the lines that fill their column: in running text most of them do."""
    ends = wrapping.ends(lines, starts)
    widths = [
        piece.box.width / max(ends[n] - starts[n], 1.0)
        for line in lines
        for n, piece in line.items()
    ]
    return sum(width > FULL for width in widths) / len(widths)


def _are_values(lines: Sequence[_Line], column: int) -> bool:
    """Say whether some of a column's cells are values, or several that were read as one."""
    texts = [line[column].line.text.split() for line in lines if column in line]
    return sum(all(map(values.is_value, text)) for text in texts) > VALUES * len(texts)


def _is_of_values(column: Sequence[Sequence[Piece]]) -> bool:
    """Say whether nearly each cell of a column is one value."""
    count = sum(len(cell) == 1 and values.is_value(cell[0].line.text) for cell in column)
    return count >= ANCHORED * len(column)


def _are_in_step(
    lines: Sequence[_Line], starts: Sequence[float], spans: Sequence[tuple[int, int]]
) -> bool:
    """Say whether cells end together where rows do; in columns of text paragraphs end apart.

    Columns whose lines are of one word or two are no text, wherever these end.
    """
    width, ends = len(starts), wrapping.ends(lines, starts)
    inner = [
        below.middle - above.middle
        for row in _cells(lines, spans, width)
        for cell in row
        for above, below in pairwise(cell)
    ]
    apart = APART * median(inner) if inner else math.inf
    of_names = [
        median(len(line[n].line.text.split()) for line in lines if n in line) <= SHORT
        for n in range(width)
    ]
    shares = []
    last = dict(lines[0])
    begins = {first for first, _ in spans[1:]}
    for at, line in enumerate(lines[1:], 1):
        if at in begins:
            ended = [
                of_names[column]
                or column not in last
                or piece.middle - last[column].middle > apart
                or wrapping.fits(last[column], piece, ends[column])
                for column, piece in line.items()
            ]
            shares.append(fmean(ended))
        last |= line
    return bool(shares) and fmean(shares) >= ENDED
