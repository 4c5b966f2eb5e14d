"""Cells of a table's rows: what was read as one and is two, what was parted and is one (pure).

White between narrow columns is no wider than that between words. The values tell them apart: nearly
all cells of such a column are a value beside something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from statistics import median

from ocrd.layout import values
from ocrd.layout.grids import cell_text
from ocrd.layout.placed import Placed, texts_in
from ocrd.layout.sheet import Piece, cut_at

HEAD_LINES = 6  # of a head, at most
FILLED = 0.5  # share of the columns that a row fills whose cells tell
MAX_COLUMNS = 40
NEAR = 2.0  # heights of a line by which the places differ where cells are parted

_Way = Callable[[str], int]  # how many characters of a cell the first column's value takes


def parted(placed: Sequence[Placed], width: int) -> tuple[int, list[Placed]]:
    """Return how many columns there are once values beside something else stand by themselves."""
    rows = [dict(row) for row in placed]
    head = _head(rows)
    column = 0
    while column < width < MAX_COLUMNS:
        cells = [row[column] for row in rows if column in row and len(row) >= FILLED * width]
        texts = [cell_text(cell) for cell in cells]
        count = values.numbers_each(texts)
        ways: tuple[_Way, ...] = (values.leading, values.trailing)
        if count:  # "8 285.65" is no number where "28 19.24" stands above it
            ways = (partial(values.first_of, count=count),)
        for place in ways:
            # A value alone stands in one of both columns, beside nothing.
            told = [not values.is_value(text) or count > 0 for text in texts]
            places = [place(text) for text, is_told in zip(texts, told, strict=True) if is_told]
            if values.are_most(places):
                x = median(
                    _at(cell, length)
                    for cell, text, is_told in zip(cells, texts, told, strict=True)
                    if is_told and (length := place(text))
                )
                edge = 0.0 if count else 0.5  # numbers end in line, and so do their heads
                rows[head] = _head_in_two(rows[head], column, x, edge)
                rows = [_in_two(row, column, x, place) for row in rows]
                width += 1
                break
        else:
            column += 1
            continue
        column += place is not values.trailing
    return width, rows


def with_currencies(width: int, placed: Sequence[Placed]) -> tuple[int, list[Placed]]:
    """Return the rows with each currency in the cell of the amount that it stands before."""
    rows = [{column: list(pieces) for column, pieces in row.items()} for row in placed]
    for row in rows:
        for column in sorted(row):
            last = row[column][-1]
            text, _, sign = last.line.text.strip().rpartition(" ")
            after = row.get(column + 1, [])
            if not (after and values.is_currency(sign) and values.is_value(cell_text(after))):
                continue
            if text:
                x = last.box.x1 - last.box.width * len(sign) / len(last.line.text)
                row[column][-1] = replace(
                    last, line=replace(last.line, text=text), box=replace(last.box, x1=x)
                )
                last = replace(
                    last, line=replace(last.line, text=sign), box=replace(last.box, x0=x)
                )
            else:
                row[column].pop()
                if not row[column]:
                    del row[column]
            after.insert(0, last)
    kept = [column for column in range(width) if any(column in row for row in rows)]
    return len(kept), _renumbered(rows, {column: at for at, column in enumerate(kept)})


def with_ranges(width: int, placed: Sequence[Placed]) -> tuple[int, list[Placed]]:
    """Return the rows with both ends of a range in one cell: 1.01 - 1.04."""
    target = {0: 0}
    for column in range(1, width):
        is_between = any(
            0 < at < width - 1 and values.are_signs(texts_in(placed, at))
            for at in (column - 1, column)
        )
        target[column] = target[column - 1] + (not is_between)
    return target[width - 1] + 1, _renumbered(placed, target)


def _renumbered(placed: Sequence[Placed], target: dict[int, int]) -> list[Placed]:
    rows: list[Placed] = []
    for row in placed:
        found: Placed = {}
        for column in sorted(row):
            found.setdefault(target[column], []).extend(row[column])
        rows.append(found)
    return rows


def _at(cell: Sequence[Piece], length: int) -> float:
    """Return where on the page so many characters of a cell end."""
    left = length
    for piece, after in pairwise(cell):
        long = len(piece.line.text.strip())
        if left < long:
            return piece.box.x0 + piece.box.width * left / long
        if left <= long + 1:
            return (piece.box.x1 + after.box.x0) / 2
        left -= long + 1
    last = cell[-1]
    return last.box.x0 + last.box.width * min(left / max(len(last.line.text.strip()), 1), 1)


def _head(rows: Sequence[Placed]) -> int:
    """Return which row names the columns: the last one at the top that has no value."""
    head = 0
    for number, row in enumerate(rows[:HEAD_LINES]):
        if any(values.is_value(cell_text(cell)) for cell in row.values()):
            break
        head = number if len(row) > 1 else head
    return head


def _head_in_two(row: Placed, column: int, x: float, edge: float) -> Placed:
    """Return a head with what reaches over two columns in pieces: it names both."""
    pieces = [
        part
        for piece in row.get(column, ())
        for part in (
            cut_at(piece, x, edge)
            if piece.box.x0 + piece.box.height / 2 < x < piece.box.x1 - piece.box.height / 2
            else [piece]
        )
    ]
    return {**row, column: pieces} if pieces else row


def _in_two(row: Placed, column: int, x: float, place: _Way) -> Placed:
    """Return a row with the cell of a column in two of them, parted where the others are."""
    found = {at + (at > column): pieces for at, pieces in row.items() if at != column}
    cell = row.get(column, [])
    whole = place(cell_text(cell))
    for piece in cell:
        text = piece.line.text.strip()
        length = place(text) or (whole if piece is cell[0] and whole < len(text) else 0)
        cut = piece.box.x0 + piece.box.width * length / max(len(text), 1)
        if length and abs(cut - x) < NEAR * piece.box.height:
            first = replace(piece.line, text=text[:length].strip())
            last = replace(piece.line, text=text[length:].strip())
            found.setdefault(column, []).append(
                replace(piece, line=first, box=replace(piece.box, x1=cut))
            )
            found.setdefault(column + 1, []).append(
                replace(piece, line=last, box=replace(piece.box, x0=cut))
            )
        else:
            right = (piece.box.x0 + piece.box.x1) / 2 > x
            found.setdefault(column + right, []).append(piece)
    return found
