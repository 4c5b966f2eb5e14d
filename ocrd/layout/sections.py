"""Where a page of columns begins anew: sections one below another, with their columns (pure).

A newspaper sets stories in bands. What parts two bands is a rule over the whole width, or white
with headlines below it; columns above are read to their ends before those below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ocrd.layout.sheet import Piece, Stroke, around

# In heights of a line unless they say otherwise.
RULE = 0.9  # share of the text's width, that a rule between two sections takes
SPACE = 0.3  # of white above headlines that begin a section
HEADLINE = 1.25  # times the usual height of a line
LETTERS = 4  # characters of what is tall by no chance
HEADED = 0.35  # share of the text's width that headlines take, side by side
REACH = 0.6  # below the highest headline, in which all others begin and no text does
SHORTER = 2.5  # by which a column ends before one that goes on
ROWS = 4  # of a section; fewer are a head or a foot


def parted(pieces: Sequence[Piece], lying: Sequence[Stroke]) -> list[list[Piece]]:
    """Return the pieces of each section from the top; all in one if nothing parts them."""
    plain = [piece.box.height for piece in pieces if piece.whole is None]
    if not plain:
        return [list(pieces)]
    height = median(plain)
    found: list[list[Piece]] = []
    for band in _bands(pieces):
        if found and _begins(found[-1], band, pieces, lying, height):
            found.append(list(band))
        elif found:
            found[-1] += band
        else:
            found.append(list(band))
    return found


def _bands(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces from the top, parted where white runs through the whole width."""
    band: list[Piece] = []
    bottom = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.box.y0):
        # Boxes of rows in one column touch.
        if band and piece.box.y0 + 0.1 * piece.box.height > bottom:
            yield band
            band = []
        band.append(piece)
        bottom = max(bottom, piece.box.y1) if len(band) > 1 else piece.box.y1
    if band:
        yield band


def _begins(
    above: Sequence[Piece], band: Sequence[Piece], pieces: Sequence[Piece],
    lying: Sequence[Stroke], height: float,
) -> bool:  # fmt: skip
    """Say whether a band begins a section below what stands above it."""
    box = around(piece.box for piece in pieces)
    top, bottom = max(piece.box.y1 for piece in above), min(piece.box.y0 for piece in band)
    middle = height / 4
    if any(
        top - middle < rule.at < bottom + middle
        and min(rule.end, box.x1) - max(rule.start, box.x0) > RULE * box.width
        for rule in lying
    ):
        return True
    if all(_is_headline(piece, height) for piece in above):  # they go on, in a second row
        return False
    if bottom - top <= SPACE * height or not _is_headed(band, box.width, height):
        return False
    rest = [piece for piece in pieces if piece.box.y0 >= min(one.box.y0 for one in band)]
    return not _runs_on(above, rest, height)


def _runs_on(above: Sequence[Piece], rest: Sequence[Piece], height: float) -> bool:
    """Say whether one column goes on, with what is quoted or headed in it, below shorter ones.

    Columns of a section that is over end level.
    """
    box = around(piece.box for piece in rest)
    beside = [
        piece.box.y1 for piece in above if piece.box.x0 >= box.x1 or piece.box.x1 <= box.x0
    ]
    own = [piece.box.y1 for piece in above if piece.box.x0 < box.x1 and piece.box.x1 > box.x0]
    return bool(beside and own) and max(own) - max(beside) > SHORTER * height


def _is_headed(band: Sequence[Piece], width: float, height: float) -> bool:
    """Say whether headlines begin a band, beside no text."""
    top = min(piece.box.y0 for piece in band)
    first = [piece for piece in band if piece.box.y0 < top + REACH * height]
    if not all(_is_tall(piece, height) for piece in first):
        return False
    told = [piece.box.width for piece in first if _is_headline(piece, height)]
    return sum(told) > HEADED * width


def _is_headline(piece: Piece, height: float) -> bool:
    return _is_tall(piece, height) and len(piece.line.text) >= LETTERS


def _is_tall(piece: Piece, height: float) -> bool:
    return piece.whole is None and piece.box.height > HEADLINE * height
