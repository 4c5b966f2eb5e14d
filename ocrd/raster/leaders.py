"""Leaders and lines to fill in, told from rows of letters by their ink (pure).

Dots, dashes and strokes that lead from words to a number, or ask for an answer, are drawn again and
again with one piece of type: each as wide as the last, and solid. Letters are neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from PIL import Image

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels

INKED = 64  # of 255: a column's share of ink from which a piece stands in it
PIECES = 2  # of a leader, at least: a wide one is seen in parts
SPREAD, SLACK = 0.3, 2  # of the usual width, or pixels: what most pieces' widths differ by, at most
DENSE = 0.66  # share of a piece's box that is ink: bold capitals have less
FIRST = 3  # parts of a row that say whether the others are worth a look
LEAST_WIDTH = 0.5  # heights; what is narrower is a stem
LONG = 3.0  # heights: a longer solid piece is a stroke, and no letter

_PIECE = re.compile(rb"\x01+")
_THRESHOLD = bytes(value >= INKED for value in range(256))

_Piece = tuple[int, int, bool]  # its width, its ink, and whether the part's edge cuts it


def is_leader(mask: Image.Image, boxes: Sequence[Box]) -> bool:
    """Say whether the ink in these parts of one row, white on black, is a leader's."""
    pieces: list[_Piece] = []
    for number, box in enumerate(boxes):
        pieces += _pieces(mask.crop(box))
        if pieces and number < FIRST and not _are_dense(pieces):
            return False  # most rows are letters
    if not _are_dense(pieces):
        return False
    height = sum(bottom - top for _, top, _, bottom in boxes) / len(boxes)
    long = sum(width for width, *_ in pieces if width >= LONG * height)
    if long > 0.8 * sum(width for width, *_ in pieces):
        return True
    widths = sorted(width for width, _, is_cut in pieces if not is_cut)
    if len(pieces) < PIECES or not widths:
        return False
    low, usual, high = (widths[int(share * len(widths))] for share in (0.15, 0.5, 0.85))
    return usual >= LEAST_WIDTH * height and high - low <= max(SLACK, SPREAD * usual)


def _are_dense(pieces: Sequence[_Piece]) -> bool:
    inked = sum(width for width, *_ in pieces)
    return inked > 0 and sum(ink for _, ink, _ in pieces) >= DENSE * 255 * inked


def _pieces(part: Image.Image) -> Iterator[_Piece]:
    """Yield the pieces that white columns part."""
    columns = part.resize((part.width, 1), Image.Resampling.BOX).tobytes()
    for match in _PIECE.finditer(columns.translate(_THRESHOLD)):
        first, last = match.span()
        is_cut = (first == 0) != (last == part.width)
        yield last - first, sum(columns[first:last]), is_cut
