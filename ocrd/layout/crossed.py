"""Lines of neighbouring columns that were read as one are parted again (pure).

Between columns that stand close the detector takes some lines together, one alone or a few below
each other. Rows above and below them end before a strip of white, others begin behind it, and one
of their words begins there, too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from statistics import median

from ocrd.layout.sheet import Piece, cut_at

# In heights of a line unless they say otherwise.
NEXT = 1.8  # from one row to the next
AROUND = 30.0  # to the rows that tell of a column
MOST_AROUND = 700  # pieces that far up and down; more are a plan's, and would take seconds
SIDE = 5  # such rows on either side of a strip
ACROSS = 2.0  # times as many may go across it
RUN = 15  # rows below each other that were read as one,
BROKEN = 0.7  # share of them in which a word begins there
INSIDE = 2.0  # that a line reaches over a strip at either end
IN_LINE = 0.6  # by which the beginnings of a column's rows differ
BEFORE = 2.0  # from the longest rows' ends to where the next column begins
ALIKE = 1.35  # times the height of the rows around: other type
MANY, EXACT = 4, 0.8  # rows of which most break exactly there, whatever stands above and below
NEARLY = 1.5  # characters, and usually
OFF = 2.5  # characters between the strip and the space where a line is cut


def parted(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with those that go across strips in parts."""
    ordered = sorted(pieces, key=lambda piece: piece.middle)
    middles = [piece.middle for piece in ordered]
    found: list[Piece] = []
    for piece in pieces:
        height = piece.box.height
        parts = [piece]
        if piece.whole is None and piece.box.width > 4 * INSIDE * height:
            first = bisect_left(middles, piece.middle - AROUND * height)
            end = bisect_left(middles, piece.middle + AROUND * height)
            few = end - first <= MOST_AROUND
            alike = [other for other in ordered[first:end] if few and _is_alike(other, piece)]
            for start in _starts(piece, alike):
                reaches = start - parts[-1].box.x0 > INSIDE * height
                if reaches and _is_fused(piece, alike, start):
                    parts[-1:] = cut_at(parts[-1], start)
        found += parts
    return found


def _is_alike(other: Piece, piece: Piece) -> bool:
    height = piece.box.height
    return other.whole is None and height / ALIKE < other.box.height < height * ALIKE


def _starts(piece: Piece, alike: Sequence[Piece]) -> Iterator[float]:
    """Yield where columns may begin within a piece: several rows do."""
    height, box = piece.box.height, piece.box
    inside = sorted(
        other.box.x0
        for other in alike
        if box.x0 + INSIDE * height < other.box.x0 < box.x1 - INSIDE * height
    )
    at = 0
    while at < len(inside):
        end = bisect_left(inside, inside[at] + IN_LINE * height)
        if end - at >= SIDE:
            yield median(inside[at:end])
        at = end


def _is_fused(piece: Piece, alike: Sequence[Piece], start: float) -> bool:
    """Say whether a piece is of two columns, the right one of which begins at a place."""
    height = piece.box.height
    before = [
        p for p in alike if start - BEFORE * height < p.box.x1 < start + height / 4
    ]
    behind = [p for p in alike if abs(p.box.x0 - start) < IN_LINE * height]
    across = [
        p for p in alike if p.box.x0 < start - height and p.box.x1 > start + height
    ]
    if min(len(before), len(behind)) < SIDE:
        return False
    if len(across) > ACROSS * min(len(before), len(behind)):
        return False
    run = _run(piece, across)
    if len(run) > RUN or sum(breaks(one, start) for one in run) < BROKEN * len(run):
        return False
    both = [[p.middle for p in side] for side in (before, behind)]
    above = all(_is_next(run[0].middle, side, -height) for side in both)
    below = all(_is_next(run[-1].middle, side, height) for side in both)
    if above or below:
        return len(run) > 1 or (above and below)
    exactly = sum(breaks(one, start, NEARLY) for one in run)
    return len(run) >= MANY and exactly >= EXACT * len(run)


def _is_next(middle: float, others: Sequence[float], height: float) -> bool:
    """Say whether a row stands right below another, or above it if the height is negative."""
    return any(0.5 < (other - middle) / height < NEXT for other in others)


def _run(piece: Piece, across: Sequence[Piece]) -> list[Piece]:
    """Return the pieces across a place that stand right below each other, with one of them."""
    run: list[Piece] = []
    for one in across:
        if run and one.middle - run[-1].middle > NEXT * piece.box.height:
            if piece in run:
                break
            run = []
        run.append(one)
    return run


def breaks(piece: Piece, x: float, off: float = OFF) -> bool:
    """Say whether a word of a piece begins at about a place."""
    text, box = piece.line.text.strip(), piece.box
    at = (x - box.x0) / box.width * len(text)
    return any(
        abs(index + 1 - at) < off for index, character in enumerate(text) if character == " "
    )
