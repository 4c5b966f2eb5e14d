"""Running text beside something else: lines that go on from each other (pure).

A table stands beside a paragraph, in one column of a page that has several, and its rows may stand
level with the paragraph's lines. In a table's own cell of several lines only the first one stands
level with its row; in a paragraph those in the middle of a sentence do, too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.job import Box
from ocrd.layout import values, wrapping
from ocrd.layout.sheet import Piece, around

# In heights of a line unless they say otherwise.
IN_LINE = 0.5  # by which lines of a paragraph may begin apart,
INDENT = 3.0  # but its first one, if it ends where the others do
STEP = 1.8  # from one line to the next
RECENT = 12  # lines whose steps tell how far the next one may be,
EVEN = 1.3  # times as far as above
APART = 3.2  # and from one paragraph to the next
ALIKE = 1.2  # times as wide as the paragraphs above
LINES = 3  # of a paragraph
WORDS = 3  # in its usual line
WIDE = 8.0  # its usual line
FULL = 0.7  # of the widest line, that all but the last ones are wide
LEVEL = 0.45  # by which what stands level with a line may stand higher or lower
FLOWING = 0.3  # share of the lines with something beside them, that go on in a sentence
FEW = 2  # such lines
MANY, MANY_WORDS = 3, 5  # such lines below full ones, and words in the usual one
FILLED = 0.8  # share of such lines, that stand below full ones
HEADING = 2.4  # from a heading, or a line left over, to its paragraph
MOST = 4000  # lines of a page; more would take seconds
OPEN = 60  # paragraphs above a line that it may go on


@dataclass(slots=True)
class _Paragraph:
    """Lines of one margin below each other."""

    pieces: list[Piece]
    box: Box

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.box = around((self.box, piece.box))

    def reach(self, height: float) -> float:
        """Return how far below its last line the next one may stand."""
        some = self.pieces[-RECENT:]
        steps = [below.middle - above.middle for above, below in pairwise(some)]
        return min(STEP * height, EVEN * median(steps)) if steps else STEP * height


def prose(pieces: Sequence[Piece]) -> frozenset[int]:
    """Return the indices of what is running text beside other pieces, its headings with it."""
    plain = [piece for piece in pieces if piece.whole is None]
    if not plain or len(plain) > MOST:
        return frozenset()
    ordered = sorted(plain, key=lambda piece: piece.middle)
    height = median(piece.box.height for piece in plain)
    taken: set[int] = set()
    for column in _columns(_paragraphs(ordered, height), height):
        if _is_running(column, ordered, height):
            inside = [piece for one in column for piece in one.pieces]
            taken |= {id(piece) for piece in inside}
            taken |= _near(around(piece.box for piece in inside), ordered, taken, height)
    return frozenset(index for index, piece in enumerate(pieces) if id(piece) in taken)


def _paragraphs(ordered: Sequence[Piece], height: float) -> list[_Paragraph]:
    found: list[_Paragraph] = []
    for piece in ordered:
        for one in reversed(found[-OPEN:]):
            last, box = one.pieces[-1], one.box
            step = piece.middle - last.middle
            begins = abs(piece.box.x0 - box.x0) < IN_LINE * height
            indented = (
                0 < piece.box.x0 - box.x0 < INDENT * height
                and abs(piece.box.x1 - box.x1) < IN_LINE * height
            )
            filled = last.box.width >= FULL * max(box.width, piece.box.width)
            if 0.5 * height < step < one.reach(height) and filled and (begins or indented):
                one.add(piece)
                break
        else:
            found.append(_Paragraph([piece], piece.box))
    return found


def _columns(found: Sequence[_Paragraph], height: float) -> list[list[_Paragraph]]:
    """Return paragraphs with those of one margin and width right below each other together."""
    columns: list[list[_Paragraph]] = []
    for one in found:
        box = one.box
        for column in reversed(columns[-OPEN:]):
            above = column[-1].box
            if (
                abs(box.x0 - above.x0) < IN_LINE * height
                and 0 < one.pieces[0].middle - column[-1].pieces[-1].middle < APART * height
                and _are_alike(one, max(other.box.width for other in column))
            ):
                column.append(one)
                break
        else:
            columns.append([one])
    return columns


def _are_alike(one: _Paragraph, width: float) -> bool:
    """Say whether a paragraph is as wide as a column; a single line may be narrower."""
    own = one.box.width
    return own < ALIKE * width and (own * ALIKE > width or len(one.pieces) == 1)


def _is_running(column: Sequence[_Paragraph], ordered: Sequence[Piece], height: float) -> bool:
    """Say whether lines are running text that goes on beside something else."""
    lines = [line for one in column for line in one.pieces]
    box = around(line.box for line in lines)
    widths = [line.box.width for line in lines]
    if len(lines) < LINES or median(widths) < WIDE * height:
        return False
    if median(len(line.line.text.split()) for line in lines) < WORDS:
        return False
    if sum(width >= FULL * max(widths) for width in widths) < FULL * (len(lines) - len(column)):
        return False
    others = [
        piece.middle
        for piece in ordered
        if box.y0 < piece.middle < box.y1 and not _is_within(piece.box, box, height)
    ]
    level = [
        pair
        for one in column
        for pair in pairwise(one.pieces)
        if _is_near(others, pair[1].middle, LEVEL * height)
    ]
    goes_on = sum(
        values.goes_on(line.line.text.lstrip()) or above.line.text.rstrip().endswith("-")
        for above, line in level
    )
    if goes_on >= max(FEW, FLOWING * len(level)):
        return True
    # Nouns and sentences begin with capitals; but what stands below lines as long as they can be
    # goes on. In a cell not all lines stand level with a row, but each row does with one of them.
    middles = sorted(line.middle for line in lines)
    is_astray = not all(_is_near(middles, other, LEVEL * height) for other in others)
    filled = sum(not wrapping.fits(*pair, box.x1) for pair in level)
    words = median(len(line.line.text.split()) for line in lines)
    return is_astray and words >= MANY_WORDS and filled >= max(MANY, FILLED * len(level))


def _is_near(middles: Sequence[float], middle: float, near: float) -> bool:
    """Say whether one of some heights, from the top, is near another one."""
    at = bisect_right(middles, middle - near)
    return at < len(middles) and middles[at] < middle + near


def _near(box: Box, ordered: Sequence[Piece], taken: set[int], height: float) -> set[int]:
    """Return what stands alone in a column, right above or below its paragraphs."""
    inside = [
        piece
        for piece in ordered
        if _is_within(piece.box, box, height) and id(piece) not in taken
    ]
    found: set[int] = set()
    top, bottom = box.y0, box.y1
    for way in (-1, 1):
        for piece in reversed(inside) if way < 0 else inside:
            step = top - piece.middle if way < 0 else piece.middle - bottom
            if step <= 0:
                continue
            if step > HEADING * height:
                break
            level = (abs(other.middle - piece.middle) < LEVEL * height for other in inside)
            if sum(level) > 1:
                break
            found.add(id(piece))
            top, bottom = (piece.box.y0, bottom) if way < 0 else (top, piece.box.y1)
    return found


def _is_within(box: Box, column: Box, height: float) -> bool:
    """Say whether a box stands in a column, between its margins."""
    return box.x0 > column.x0 - height and box.x1 < column.x1 + height
