"""Which rows begin a list entry, and in how many lists each entry is (pure).

Lists are nested where the marks of some entries stand further right than those above them. Numbers
of one list may stand in line at their right ends: 9. and 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocrd.layout.columns import Row

IN_LINE = 0.4  # heights of a line by which marks of one list may differ
REACH = 40  # blocks above one without a mark that may show where marks stand
INDENT = 2  # spaces before an entry's text for each list that its own is in

_BULLET = re.compile(r"(?:[•●◦○▪■□◆►▶‣⁃∙]\s*|[-–*+·]\s+)(?=\S)")
# A form's tick box; more of them are a choice in one row: ☐ yes ☐ no.
_TICK = re.compile(r"([☐☒])\s*(?=[^\s☐☒])(?!.*[☐☒])")
# Engines lose the space behind a number now and then.
_NUMBER = re.compile(r"(\d{1,2}[.)]|\(\d{1,2}\)|\(?[a-z]\))(?:\s+(?=\S)|(?=[^\W\d_]{2}))")

_COUNTED = re.compile(r"(?P<before>\(?)(?P<number>\d{1,2})(?P<behind>[.)])\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where an entry's bullet or number stands."""

    left: float
    right: float

    def is_right_of(self, other: _Mark, near: float) -> bool:
        """Say whether the mark stands clearly right of another one."""
        return self.left > other.left + near and self.right > other.right + near


def is_marked(text: str, *, free: bool) -> bool:
    """Say whether the row begins a list entry; a number needs to stand free of running text."""
    return bool(_BULLET.match(text) or _TICK.match(text)) or (free and bool(_NUMBER.match(text)))


def is_numbered(text: str) -> bool:
    """Say whether a text begins as an entry of a list that counts its entries."""
    return bool(_NUMBER.match(text))


def with_plain_mark(text: str, level: int) -> str:
    """Return an entry's text, indented, behind its number, its tick box or one kind of bullet."""
    if tick := _TICK.match(text):
        text = f"{tick[1]} {text[tick.end() :]}"
    elif number := _NUMBER.match(text):
        text = f"{number[1]} {text[number.end() :]}"
    else:
        bullet = _BULLET.match(text)
        text = f"• {text[bullet.end() if bullet else 0 :]}"
    return " " * INDENT * level + text


def unmarked(firsts: Sequence[tuple[Row, bool]]) -> list[int]:
    """Return the indices of blocks that must be entries whose marks were not read.

    ``firsts`` as for :func:`levels`. Such a block stands where the marks of a list do, between
    entries of lists in it: after text of its own, a new list would stand at the margin again.
    """
    found: list[int] = []
    for index in range(1, len(firsts) - 1):
        row, is_entry = firsts[index]
        above, below = firsts[index - 1], firsts[index + 1]
        if is_entry or row.whole or not (above[1] and below[1]):
            continue
        near = IN_LINE * row.height
        is_outer = any(
            is_mark and other.column == row.column and abs(other.box.x0 - row.box.x0) < near
            for other, is_mark in firsts[max(index - REACH, 0) : index]
        )
        inner = min(above[0].box.x0, below[0].box.x0) - row.box.x0 > near
        if is_outer and inner and above[0].column == row.column == below[0].column:
            found.append(index)
    return found


def firsts_of_counted(firsts: Sequence[tuple[Row, bool]]) -> list[int]:
    """Return the indices of blocks that are entries though they stood below no running text.

    ``firsts`` as for :func:`levels`. Their number is the one before that of the entry below them,
    of one form, and both begin in line.
    """
    found: list[int] = []
    for index in reversed(range(len(firsts) - 1)):
        (row, is_entry), (below, is_below) = firsts[index : index + 2]
        one, two = (_COUNTED.match(some.text) for some in (row, below))
        if is_entry or not (is_below or index + 1 in found) or one is None or two is None:
            continue
        level = abs(row.box.x0 - below.box.x0) < IN_LINE * row.height
        alike = (one["before"], one["behind"]) == (two["before"], two["behind"])
        counts = int(one["number"]) + 1 == int(two["number"])
        if row.column == below.column and level and alike and counts:
            found.append(index)
    return found


def levels(firsts: Iterable[tuple[Row, bool]]) -> list[int]:
    """Return in how many lists each block's own list is, 0 for what is no entry.

    ``firsts`` are the blocks' first rows, with whether they begin an entry. A block between two
    entries leaves the lists open that it is indented for.
    """
    found: list[int] = []
    around_it: list[_Mark] = []  # of the lists that the entry is in, outermost first
    column = -1
    for row, is_entry in firsts:
        if row.column != column:
            around_it, column = [], row.column
        mark = _mark(row)
        while around_it and not _belongs(mark, around_it[-1], row, is_entry=is_entry):
            around_it.pop()
        if is_entry and (
            not around_it or mark.is_right_of(around_it[-1], IN_LINE * row.height)
        ):
            around_it.append(mark)
        found.append(len(around_it) - 1 if is_entry else 0)
    return found


def _mark(row: Row) -> _Mark:
    text, box = row.text, row.box
    found = _BULLET.match(text) or _TICK.match(text) or _NUMBER.match(text)
    length = len(found[0].rstrip()) if found else 0
    return _Mark(box.x0, box.x0 + length * box.width / max(len(text), 1))


def _belongs(mark: _Mark, last: _Mark, row: Row, *, is_entry: bool) -> bool:
    """Say whether a block stands in the list of a mark, or in one inside it."""
    near = IN_LINE * row.height
    if is_entry:
        return not last.is_right_of(mark, near)
    return mark.left > last.left + near
