"""A book's index: narrow columns of entries in order, each with its pages (pure).

Its columns are as ragged as a list's and stand level like a table's, line for line. What tells them
is what they say: most lines end in the numbers of pages, and begin in the order of the alphabet.
Each column is kept whole, line below line, before program text and tables are looked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Piece, Stack, around

LEAST = 16  # lines of a page that end in numbers
COLUMN = 10  # lines of a column; the last one may have fewer,
FEW = 3
ENTRIES = 0.55  # share of a column's lines that end in pages
ENTERED = 0.8  # share of its entries that stand in order
BESIDE, LANE = 1.2, 1.0  # heights of a line: of an entry within its column, of white between two
HIGHER = 0.8  # of a line, above where the other columns begin
WIDEST = 0.55  # of the whole width, that a column is
HEAD, FOOT = 10, 5  # rows of the page above and below an index, at most

_PAGE = r"(?:\d{1,4}|[ivxlc]{1,7})(?:n{1,2}\.?|ff?\.?|[-–—](?:\d{1,4}|[ivxlc]{1,7}))?"
_NUMBERS = re.compile(rf"{_PAGE}(?:\s?[,.;]\s?{_PAGE})*[.,;]?")
_PAGES = re.compile(rf".*[^\W\d].*?[\s,.…]\s*{_PAGE}(?:\s?[,.;]\s?{_PAGE})*[.,;]?")
_ASIDE = re.compile(r"^(?:(?:the|a|an|le|la|les|l'|der|die|das|el|los|las|il|o|os|as)\s)?\W*")


def gathered(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with each column of an index as one."""
    free = [piece for piece in pieces if piece.whole is None]
    if sum(piece.line.text.strip()[-1:].isdecimal() for piece in free) < LEAST:
        return list(pieces)
    for within in _regions(free):
        columns = _without_head(_columns(within))
        if len(columns) > 1 and _are_index(columns):
            held = {id(piece) for column in columns for piece in column}
            rest = [piece for piece in pieces if id(piece) not in held]
            return rest + [_stacked(column) for column in columns]
    return list(pieces)


def _regions(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces between some head and some foot of the page, the most first."""
    rows = text_rows(pieces)
    for gone in range(HEAD + FOOT):
        for head in range(min(gone, HEAD) + 1):
            foot = gone - head
            if foot <= FOOT and gone < len(rows):
                yield [piece for row in rows[head : len(rows) - foot] for piece in row]


def _columns(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return pieces that lanes of white part from top to bottom, from the left."""
    height = median(piece.box.height for piece in pieces)
    columns: list[list[Piece]] = []
    right = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.box.x0):
        if not columns or piece.box.x0 - right > LANE * height:
            columns.append([])
        columns[-1].append(piece)
        right = max(right, piece.box.x1) if len(columns[-1]) > 1 else piece.box.x1
    found: list[list[Piece]] = []
    for column in columns:
        if found and not any(map(_has_letters, column)):  # the pages of entries stand apart
            found[-1] += column
        else:
            found.append(column)
    return [sorted(column, key=lambda piece: (piece.middle, piece.box.x0)) for column in found]


def _without_head(columns: Sequence[list[Piece]]) -> list[list[Piece]]:
    """Return the columns without what stands in one above where the others begin."""
    tops = sorted(column[0].middle for column in columns)
    if len(tops) < 2:
        return list(columns)
    found = []
    for column in columns:
        high = [p for p in column if p.middle < tops[1] - HIGHER * p.box.height]
        is_head = high and not any(_PAGES.fullmatch(piece.line.text.strip()) for piece in high)
        found.append(column[len(high) :] if is_head else column)
    return [column for column in found if column]


def _has_letters(piece: Piece) -> bool:
    text = piece.line.text.strip()
    return any(map(str.isalpha, text)) and _NUMBERS.fullmatch(text) is None


def _are_index(columns: Sequence[Sequence[Piece]]) -> bool:
    """Say whether each column is one of an index, whose entries go on from one to the next."""
    whole = around(piece.box for column in columns for piece in column)
    firsts = []
    for number, column in enumerate(columns):
        box, rows = around(piece.box for piece in column), text_rows(column)
        is_last = number and number == len(columns) - 1
        if box.width > WIDEST * whole.width or len(rows) < (FEW if is_last else COLUMN):
            return False
        texts = [" ".join(piece.line.text.strip() for piece in row) for row in rows]
        if sum(_PAGES.fullmatch(text) is not None for text in texts) < ENTRIES * len(texts):
            return False
        edge = BESIDE * median(row[0].box.height for row in rows)
        left = min(row[0].box.x0 for row in rows)
        firsts += [
            key
            for row, text in zip(rows, texts, strict=True)
            if row[0].box.x0 < left + edge and (key := _key(text))
        ]
    in_order = sum(one[:2] <= other[:2] for one, other in pairwise(firsts))
    return len(firsts) > COLUMN and in_order >= ENTERED * (len(firsts) - 1)


def _key(text: str) -> str:
    """Return what an entry is sorted by: its letters, without accents; "" where it has none."""
    plain = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = _ASIDE.sub("", plain)
    return plain if plain[:1].isalpha() else ""


def _stacked(column: Sequence[Piece]) -> Piece:
    """Return a column as one piece, the parts of each of its lines as one."""
    lines = tuple(_joined(row) for row in text_rows(column))
    return Piece(lines[0].line, around(piece.box for piece in lines), Stack(lines))


def _joined(row: Sequence[Piece]) -> Piece:
    if len(row) == 1:
        return row[0]
    first, last = row[0], row[-1]
    text = " ".join(piece.line.text.strip() for piece in row)
    (a, _, _, d), (_, b, c, _) = first.line.quad, last.line.quad
    letters = sum(len(piece.line.text) for piece in row)
    sure = sum(piece.line.confidence * len(piece.line.text) for piece in row) / max(letters, 1)
    doubt = next((piece.line.doubt for piece in row if piece.line.doubt), "")
    line = replace(first.line, text=text, quad=(a, b, c, d), confidence=sure, doubt=doubt)
    box = around(piece.box for piece in row)
    return Piece(line, Box(box.x0, first.box.y0, box.x1, first.box.y1))
