"""Headings that stand beside their text, left of the edge where its rows begin (pure).

Such a column of few words is no column of text: each heading comes before the rows that it stands
level with, whether white was found to part it from them or not. Names with their values, dates with
what happened and terms with a line or two are none: what side headings stand beside is running text
of several rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from ocrd.layout import headings
from ocrd.layout.columns import Row
from ocrd.layout.headings import Body
from ocrd.layout.sheet import around
from ocrd.layout.values import is_value

NEAR = 0.6  # heights of a line by which rows begin at one edge
APART = 0.4  # heights of a line from a heading's end to the text
SET_IN = 3.0  # heights of a line from the headings' edge to the text's
LEAST_ROWS = 6  # of running text on the page
ROWS_EACH = 4  # rows of text for each heading, on average
ROWS_BESIDE_ONE = 8  # and for a single one in the text's own type
FULL = 0.7  # share of the text's width that its rows take, in the middle
STEP = 1.5  # from a heading's row to its next one, in distances of the text's rows
WIDER = 1.15  # times that distance: a paragraph's beginning
ROOM = 0.15  # share of a row's width that an ended paragraph's last one leaves
LEVEL = 0.5  # heights of a line by which the parts of one row differ
WORDS, CHARACTERS = 10, 80  # of a heading
ENDS = (":", ",", ";", ".", "-")


@dataclass(frozen=True, slots=True)
class _Side:
    """A row of the text with what stands left of it."""

    at: int  # among the rows
    left: Row | None
    text: Row | None


def parted(ordered: Sequence[Row]) -> list[Row]:
    """Return the rows with headings beside the text as rows of their own, above it."""
    body = headings.body(ordered)
    columns = [list(group) for _, group in groupby(ordered, key=lambda row: row.column)]
    found: list[Row] = []
    at = 0
    while at < len(columns):
        some = _beside(columns[at : at + 2], body)
        found += some or _parted(columns[at], body) or columns[at]
        at += 2 if some else 1
    return found


def _beside(columns: Sequence[Sequence[Row]], body: Body) -> list[Row]:
    """Return the rows of a column of headings and of their text as one; none if they are none."""
    if len(columns) < 2:
        return []
    column, text = columns
    top = min(row.box.y0 for row in text)
    above = [row for row in column if row.box.y1 <= top]  # text over the whole width ends there
    heads = column[len(above) :]
    if not heads or any(row.box.y1 <= top for row in heads):
        return []
    if ROWS_EACH * len(heads) > 2 * len(text) or any(row.whole or row.is_upright for row in heads):
        return []
    if max(row.box.x1 for row in heads) > min(row.box.x0 for row in text):
        return []
    left = list(heads)
    rows = []
    for row in text:
        level = [one for one in left if abs(one.box.y0 - row.box.y0) < LEVEL * row.height]
        pieces = tuple(piece for one in level for piece in one.pieces)
        rows.append(replace(row, pieces=pieces + row.pieces) if level else row)
        left = [one for one in left if one not in level]
    rows += [replace(one, column=text[0].column) for one in left]
    rows.sort(key=lambda row: row.pieces[-1].box.y0)
    outer = frozenset(id(piece) for row in heads for piece in row.pieces)
    found = _parted(rows, body, outer)
    return [*above, *found] if found else []


def _parted(
    column: Sequence[Row], body: Body, outer: frozenset[int] = frozenset()
) -> list[Row]:
    """Return a column's rows so; none if there are no such headings.

    ``outer`` are the pieces that stood in a column of their own.
    """
    plain = [row for row in column if not (row.whole or row.is_upright or row.kept)]
    if len(plain) < LEAST_ROWS:
        return []
    height = median(row.height for row in plain)
    edge = _edge([row for row in plain if id(row.pieces[-1]) not in outer], height)
    text = [row for row in plain if abs(row.pieces[-1].box.x0 - edge) < NEAR * height]
    left = min(row.box.x0 for row in plain)
    if len(text) < LEAST_ROWS or edge - left < SET_IN * height:
        return []
    sides = [_side(row, at, edge, height, outer) for at, row in enumerate(column)]
    heads = _heads(sides, column, edge - NEAR * height)
    if not heads or len(text) < ROWS_EACH * len(heads) or not _is_running(text, edge):
        return []
    rows = [[one.left for one in head if one.left] for head in heads]
    are_bold = all(headings.is_bold(row, body) for head in rows for row in head)
    if not all(map(_may_be, rows)):
        return []
    if not are_bold and not all(_begins(sides, head[0].at, height) for head in heads):
        return []
    if len(heads) < 2 and not are_bold and len(text) < ROWS_BESIDE_ONE:
        return []
    found: list[Row] = []
    in_head = {one.at: number for number, head in enumerate(heads) for one in head}
    for at, row in enumerate(column):
        number = in_head.get(at)
        if number is None:
            found.append(row)
            continue
        if heads[number][0].at == at:
            found += (replace(own, is_side=True) for own in rows[number])
        if rest := sides[at].text:
            found.append(rest)
    return found


def _edge(rows: Sequence[Row], height: float) -> float:
    """Return where most rows' last pieces begin."""
    starts = sorted(row.pieces[-1].box.x0 for row in rows)
    return max(
        starts, key=lambda x: (sum(abs(other - x) < NEAR * height for other in starts), -x)
    )


def _side(row: Row, at: int, edge: float, height: float, outer: frozenset[int]) -> _Side:
    """Return a row parted at the text's edge, as far as something stands left of it."""
    if row.whole or row.is_upright or row.kept:
        return _Side(at, None, row)
    before = tuple(
        piece
        for piece in row.pieces
        if id(piece) in outer or piece.box.x1 < edge - APART * height
    )
    after = row.pieces[len(before) :]
    if not before or (after and abs(after[0].box.x0 - edge) >= NEAR * height):
        return _Side(at, None, row)
    return _Side(at, replace(row, pieces=before), replace(row, pieces=after) if after else None)


def _heads(
    sides: Sequence[_Side], column: Sequence[Row], edge: float
) -> list[list[_Side]]:
    """Return what stands left of the text in groups of rows below each other.

    A short row of the text's own, with no text level with it, is none of them unless it goes on;
    nor is the last one of a paragraph that begins left of the ``edge`` itself.
    """
    pitch = median(
        [b.box.y0 - a.box.y0 for a, b in pairwise(column)] or [1.0]
    )
    found: list[list[_Side]] = []
    for before, one in pairwise((None, *sides)):
        if one is None or one.left is None:
            continue
        if one.text is None and before and not before.left and _starts(before) < edge:
            continue
        last = found[-1][-1].left if found else None
        near = last is not None and one.left.box.y0 - last.box.y0 < STEP * pitch
        if near and found[-1][-1].at >= one.at - 2:
            found[-1].append(one)
        elif one.text is not None:
            found.append([one])
        else:
            return []  # a row by itself at the headings' edge: the text is no column
    return found


def _starts(one: _Side) -> float:
    """Return where a row of the text begins."""
    return one.text.box.x0 if one.text else math.inf


def _begins(sides: Sequence[_Side], at: int, height: float) -> bool:
    """Say whether a paragraph begins with the row at ``at``: white, room or an indent tell it."""
    text = [one.text for one in sides if one.text is not None]
    own = sides[at].text
    if own is None:
        return False
    index = next(index for index, row in enumerate(text) if row is own)
    if index == 0:
        return True
    steps = [below.box.y0 - above.box.y0 for above, below in pairwise(text)]
    above = text[index - 1].box
    return (
        steps[index - 1] > WIDER * median(steps)
        or above.x1 < around(row.box for row in text).x1 - ROOM * own.box.width
        or own.box.x0 - above.x0 > NEAR * height
    )


def _is_running(text: Sequence[Row], edge: float) -> bool:
    """Say whether rows that begin at an edge are those of paragraphs."""
    right = around(row.box for row in text).x1
    return median(row.pieces[-1].box.x1 - edge for row in text) > FULL * (right - edge)


def _may_be(rows: Sequence[Row]) -> bool:
    """Say whether the words left of the text may be a heading."""
    said = " ".join(row.text for row in rows)
    return (
        len(said) <= CHARACTERS
        and len(said.split()) <= WORDS
        and not said.endswith(ENDS)
        and said[:1].isupper()
        and not is_value(said)
        and headings.can_be(rows, said)
    )
