"""Where a gutter parts columns of text: an upright white strip with text on both sides (pure).

Side by side is not enough: cells of a table stand side by side too, and are read row by row. Nor is
no line across: a title over the whole page cuts it into bands, each with its own columns.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from ocrd.job import Typeface
from ocrd.layout import values
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Grid, Listing, Piece, Stack, cut_at

MIN_GUTTER = 0.15  # of the line height; boxes of neighbouring columns keep at least this apart
MIN_SIDE = 2  # rows on either side of a gutter
ALIGNED = 0.8  # share of lines with a partner beyond the gutter from which cells are suspected
FEW_ROWS = 5  # fewer that stand level with each other are more likely cells
SOLID = 0.85  # share of the column that each row but the last fills, where there are few
ASTRAY = 2.5  # rows that no cell stands level with; fewer are chance
OTHERS = 3  # rows of program text for each other line of a side, that it is nearly all of
MARKS = 0.9  # share of what stands right of rows, that are numbers or points
COLUMN_FILL = 0.75  # running text fills its column; cells do not
TELLING = 3  # characters; fewer say little of their row's height, and of their type
LEVEL = 0.3  # of a line's height: pieces that stand level differ by less
CROSSING = 0.5  # of a row: how much each piece across a gutter speaks against it
BLOCK_GAP = 2.0  # heights of a line between two rows of one block
SAME_MARGIN = 2.0  # line heights: starting no further apart, lines are of one column
COLUMN_WIDTH = 10.0  # line heights; running text is not set narrower, but for
NARROW_WIDTH, NARROW_ROWS = 6.0, 12  # the columns of a newspaper, of so many rows
HEADING_SIZE = 1.12  # times the usual size of the type, and
HEADING_WEIGHT = 1.25  # times its weight: a heading's
STICKS_OUT = 1.2  # of a line's height: so far it may reach into the gutter and still be of its side
TOUCHING = 0.25  # of a line's height, by which boxes on two sides of a narrow gutter overlap,
IN_LINE = 0.3  # where so many of the right side's lines begin no further apart
FEW_OUT = 0.1  # share of a side's lines that may reach into the strip
ALIKE = 1.35  # times the height of the rows around: other type
FUSED_SIDE = 8  # rows on either side of a gutter that a piece across it may belong to


def best_gutter(pieces: list[Piece]) -> float | None:
    """Return where the strip lies that parts most lines, None if there is none."""
    if _weight(pieces) < 2 * MIN_SIDE:
        return None
    step = max(_height(pieces) / 2, 1.0)
    # A gutter begins where lines end; nearby ends need one trial.
    trials = {round(piece.box.x1 / step): piece.box.x1 for piece in _by_right_edge(pieces)}
    best, best_score = None, (False, -math.inf, 0.0)
    for left in trials.values():
        gutter = left + MIN_GUTTER * step  # half the narrowest gutter: its middle
        parted, white, clear = 0.0, math.inf, True
        for band in bands(pieces, gutter):
            pair = sides(band, gutter)
            across = len(band) - sum(map(len, pair))
            clear &= not across
            parted -= CROSSING * across
            if is_split(*pair, gutter):
                parted += min(map(_weight, pair))
                white = min(white, _white(*pair, gutter))
        # Between stories side by side nothing goes across; a headline goes over columns of one.
        if white < math.inf and (clear, parted, white) > best_score:
            best, best_score = gutter, (clear, parted, white)
    return best


def bands(pieces: list[Piece], gutter: float) -> list[list[Piece]]:
    """Return the pieces in bands from the top: between, and of, the lines across the gutter."""
    bands: list[list[Piece]] = []
    last_crosses: bool | None = None
    for piece in pieces:
        crosses = _side(piece, gutter) == 0
        if crosses != last_crosses:
            bands.append([])
        bands[-1].append(piece)
        last_crosses = crosses
    return bands


def sides(band: list[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces left and right of the gutter."""
    left = [piece for piece in band if _side(piece, gutter) < 0]
    right = [piece for piece in band if _side(piece, gutter) > 0]
    return left, right


def unfused(piece: Piece, pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return a piece that was read across a gutter in two: a line of each column.

    It stands in the rows of both, and one of its words begins where the right column does.
    """
    height = piece.box.height
    if piece.whole or not piece.box.x0 + height < gutter < piece.box.x1 - height:
        return [piece]
    left, right = sides(pieces, gutter)
    if min(len(left), len(right)) < FUSED_SIDE:
        return [piece]
    near = [
        [other for other in side if 0 < abs(other.middle - piece.middle) < 1.8 * height]
        for side in (left, right)
    ]
    if not all(
        any((other.middle - piece.middle) * way > 0 for other in side)
        for side in near
        for way in (-1, 1)
    ):
        return [piece]
    if height > ALIKE * _height([*near[0], *near[1]]):  # a headline
        return [piece]
    margin = min(other.box.x0 for other in near[1])
    if piece.box.x1 - margin < 2 * height:  # it sticks out
        return [piece]
    first, *rest = cut_at(piece, margin)
    if not rest:
        return [piece]
    return [replace(first, box=replace(first.box, x1=min(first.box.x1, gutter))), *rest]


def _by_right_edge(pieces: Iterable[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.box.x1)


def _side(piece: Piece, gutter: float) -> int:
    """Return -1 for left, 1 for right, 0 for a piece across; a long one may stick out a bit."""
    box = piece.box
    out = 0.0 if piece.whole else STICKS_OUT * min(box.height, box.width / 10)
    if box.x1 <= gutter + out:
        return -1
    return 1 if box.x0 >= gutter - out else 0


def is_split(left: list[Piece], right: list[Piece], gutter: float) -> bool:
    """Say whether two sides of a band are columns of running text, or at least no cells."""
    if min(_weight(left), _weight(right)) < MIN_SIDE:
        return False
    if not _is_white(left, right, gutter):
        return False
    if not _is_beside(left, right):
        return False
    if any(isinstance(piece.whole, Grid) for piece in (*left, *right)):
        return True
    if _is_listing(left) or _is_listing(right):
        return True
    if _are_stacks(left, gutter) or _are_stacks(right, gutter):
        return True
    left, right = _lines(left), _lines(right)
    if _are_ends(right, left):
        return False
    if min(len(left), len(right)) >= FEW_ROWS and _has_headings(left, right):
        return True
    few, many = sorted((_plain(left), _plain(right)), key=len)
    if (
        (len(few) >= FEW_ROWS or _is_solid(few))
        and _is_running(left)
        and _is_running(right)
        and _are_of_one_type(left, right)
    ):
        return True
    if len(few) <= MIN_SIDE:
        return False
    aligned = _aligned(few, many)
    astray = (1 - aligned) * len(few)
    if aligned < ALIGNED and astray >= ASTRAY and _are_of_one_type(left, right):
        return True
    # A side bar whose few lines happen to stand at the height of running text.
    return len(many) > 5 and _is_running(many) and _aligned(many, few) < 1 - ALIGNED / 2


def _is_listing(side: Sequence[Piece]) -> bool:
    """Say whether a side is program text of several rows, and little else.

    The last line of a paragraph over both sides may be short, and stand above it or below.
    """
    programs = [piece for piece in side if isinstance(piece.whole, Listing)]
    return _weight(programs) >= FEW_ROWS and OTHERS * (len(side) - len(programs)) <= _rows(programs)


def _are_ends(few: list[Piece], many: list[Piece]) -> bool:
    """Say whether what stands right of rows belongs to them: points of questions, page numbers."""
    found = [piece for piece in few if values.is_mark(piece.line.text)]
    return len(found) >= MARKS * len(few) and _aligned(found, many) >= ALIGNED


def _are_stacks(side: Sequence[Piece], gutter: float) -> bool:
    """Say whether blocks of lines are what stands next to a gutter on one side of it."""

    def away(piece: Piece) -> float:
        return min(abs(piece.box.x0 - gutter), abs(piece.box.x1 - gutter))

    nearest = min(side, key=away)
    return isinstance(nearest.whole, Stack)


def _weight(pieces: Sequence[Piece]) -> int:
    """Return how many rows the pieces are, those of tables and program text counted."""
    return len(_lines(pieces))


def _rows(pieces: Sequence[Piece]) -> int:
    """Return how many rows the pieces are; those of tables and programs have several parts."""
    return sum(map(_rows_of, pieces))


def _rows_of(piece: Piece) -> int:
    if isinstance(piece.whole, Listing):
        return len(piece.whole.text.split("\n"))
    return len(text_rows(piece.whole.pieces)) if isinstance(piece.whole, Grid) else _weight([piece])


def _lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, those of tables and program text one by one."""
    return [line for piece in pieces for line in (piece.whole.pieces if piece.whole else (piece,))]


def _height(pieces: Sequence[Piece]) -> float:
    """Return the usual height of a line."""
    return median(line.box.height for line in _lines(pieces))


def _has_headings(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether headings stand at the right side's margin, beside nothing of their kind.

    Rows of a table have none but in the first row.
    """
    usual = _usual((*left, *right))
    margin, top = min(piece.box.x0 for piece in right), min(piece.box.y0 for piece in right)
    return any(
        _stands_out(piece, usual)
        and piece.box.x0 - margin < piece.box.height
        and piece.box.y0 > top + piece.box.height
        and any(other.middle > piece.box.y1 for other in right)
        for piece in right
    )


def _plain(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces but those that are set as headings."""
    usual = _usual(pieces)
    return [piece for piece in pieces if not _stands_out(piece, usual)]


def _usual(pieces: Sequence[Piece]) -> Typeface:
    """Return the type that most of the pieces are set in, as far as it was measured."""
    faces = [piece.line.typeface for piece in pieces if piece.line.typeface.size > 0]
    if not faces:
        return Typeface()
    return Typeface(median(face.size for face in faces), median(face.weight for face in faces))


def _stands_out(piece: Piece, usual: Typeface) -> bool:
    face = piece.line.typeface
    return (
        sum(map(str.isalpha, piece.line.text)) >= TELLING
        and face.size > HEADING_SIZE * usual.size
        and face.weight > HEADING_WEIGHT * usual.weight
    )


def _is_white(left: list[Piece], right: list[Piece], gutter: float) -> bool:
    """Say whether white stands between two sides, or their boxes touch along straight margins."""
    height = _height((*left, *right))
    white = _white(left, right, gutter)
    if white >= MIN_GUTTER * height:
        return True
    if min(len(left), len(right)) < NARROW_ROWS or white < -TOUCHING * height:
        return False
    starts = sorted(piece.box.x0 for piece in right)
    margin = starts[int(FEW_OUT * len(starts))]
    return sum(abs(x - margin) < IN_LINE * height for x in starts) >= NARROW_ROWS


def _white(left: list[Piece], right: list[Piece], gutter: float) -> float:
    """Return the width of the strip between two sides, but for what sticks out into it."""
    if min(len(left), len(right)) >= NARROW_ROWS:
        some = sorted(piece.box.x1 for piece in left), sorted(piece.box.x0 for piece in right)
        out = [int(FEW_OUT * len(side)) for side in some]
        return some[1][out[1]] - some[0][-1 - out[0]]
    ends = [piece.box.x1 for piece in left if piece.box.x1 <= gutter]
    starts = [piece.box.x0 for piece in right if piece.box.x0 >= gutter]
    return min(starts, default=gutter) - max(ends, default=gutter)


def _is_beside(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether the two sides stand beside each other: most rows of one beside text of the other.

    An address and the date to its right, a little lower, are none.
    """
    few, many = sorted((left, right), key=_rows)
    usual = _height(many)
    spans: list[list[float]] = []
    for piece in sorted(many, key=lambda piece: piece.box.y0):
        reach = BLOCK_GAP * min(piece.box.height, usual)
        if spans and piece.box.y0 - spans[-1][1] < reach:
            spans[-1][1] = max(spans[-1][1], piece.box.y1)
        else:
            spans.append([piece.box.y0, piece.box.y1])
    beside = [piece for piece in _lines(few) if any(top < piece.middle < end for top, end in spans)]
    return 2 * len(beside) > len(_lines(few))


def _is_running(pieces: list[Piece]) -> bool:
    """Say whether the pieces look like running text set in one column or several."""
    height = median(piece.box.height for piece in pieces)
    fills: list[float] = []
    column: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.x0):
        if column and piece.box.x0 - column[-1].box.x0 > SAME_MARGIN * height:
            fills += _fills(column)
            column = []
        column.append(piece)
    fills += _fills(column)
    typical = median(piece.box.width for piece in pieces)
    least = NARROW_WIDTH if len(pieces) >= NARROW_ROWS else COLUMN_WIDTH
    return median(fills) >= COLUMN_FILL and typical >= least * height


def _are_of_one_type(left: list[Piece], right: list[Piece]) -> bool:
    """Say whether two sides are set alike; terms are bold or typed, and what explains them not."""
    a, b = _usual(left), _usual(right)
    if min(a.size, b.size) <= 0:
        return True
    typed = [
        sum(piece.line.typeface.pitch > 0 for piece in side) > len(side) / 2
        for side in (left, right)
    ]
    weights = sorted((a.weight, b.weight))
    return typed[0] == typed[1] and weights[1] < HEADING_WEIGHT * weights[0]


def _is_solid(pieces: list[Piece]) -> bool:
    """Say whether every row but the last one fills the column."""
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    return min(_fills(ordered)[:-1], default=0.0) >= SOLID


def _fills(column: list[Piece]) -> list[float]:
    """Return for each piece of a column how much of its width it fills."""
    widest = max(piece.box.width for piece in column)
    return [piece.box.width / widest for piece in column]


def _aligned(few: list[Piece], many: list[Piece]) -> float:
    """Return the share of the few that have one of the many at their own height."""
    rows = sorted((piece.middle, piece.box.height) for piece in many)
    telling = [piece for piece in few if len(piece.line.text) > TELLING] or few
    partners = 0
    for piece in telling:
        start = bisect_left(rows, (piece.middle - piece.box.height, 0.0))
        for middle, height in rows[start:]:
            if middle > piece.middle + piece.box.height:
                break
            if abs(middle - piece.middle) < LEVEL * max(height, piece.box.height):
                partners += 1
                break
    return partners / len(telling)
