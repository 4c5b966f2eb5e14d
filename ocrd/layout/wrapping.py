"""Lines of a table's cells -> its rows, where cells of words are broken into several lines (pure).

A line is what stands at one height, by columns. Cells begin at the top of their row, so that no
cell begins in the middle of one: a line with text in a column that had none above begins a row. A
line that a cell goes on in was broken because the next word did not fit: where it would have
fitted, a cell has ended. What both leave open, the white between the lines tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from ocrd.layout import values
from ocrd.layout.sheet import Piece, offsets

# In heights of a line unless they say otherwise.
FITS = 0.5  # of room that is left beyond the next word, where it would have fitted
SPACE = 0.25  # between two words
APART = 1.12  # times the step of a cell's lines: from one row to the next
ALONE = 1.4  # the same of a line with text in one column only: its box alone tells its height
SMALL = 0.15  # share of the cells that may begin small where that tells what goes on
EVEN = 0.97  # times the usual step to a new row: no less than it

Line = Mapping[int, Piece]  # a line's pieces by column


def rows(lines: Sequence[Line], starts: Sequence[float]) -> list[tuple[int, int]]:
    """Return where each row begins and ends, given where the columns begin."""
    if not lines:
        return []
    pairs = list(pairwise(lines))
    steps = [middle(line) - middle(above) for above, line in pairs]
    ended = _ended(pairs, ends(lines, starts))
    begun = [_begins(*pair, fit) for pair, fit in zip(pairs, ended, strict=True)]
    told = list(zip(steps, begun, strict=True))
    fresh = [step for step, begins in told if begins]
    unsure = sorted(step for step, begins in told if begins is None)
    usual = median(unsure[: len(unsure) // 2 + 1] or [0.0])
    is_apart = [
        begins is None and step > (APART if len(line) > 1 else ALONE) * usual
        for (step, begins), line in zip(told, lines[1:], strict=True)
    ]
    is_white = any(is_apart) or bool(fresh and unsure and median(fresh) > APART * usual)

    def by_words(at: int) -> bool:
        """Say whether a cell has ended above a line, or none goes on there in a sentence."""
        is_full = len(lines[at + 1]) == len(starts) and steps[at] >= EVEN * median(fresh or [0.0])
        return len(ended[at]) > 1 and (any(ended[at]) or (is_full and not _goes_on(*pairs[at])))

    found = [0]
    for at, begins in enumerate(begun):
        if begins or (begins is None and (is_apart[at] or (not is_white and by_words(at)))):
            found.append(at + 1)
    return list(pairwise([*found, len(lines)]))


def middle(line: Line) -> float:
    """Return at what height a line stands."""
    return median(piece.middle for piece in line.values())


def fits(above: Piece, piece: Piece, end: float) -> bool:
    """Say whether a line's first word would have fitted into the line above it."""
    text = piece.line.text.strip()
    word, _, _ = text.partition(" ")
    wide = offsets(text, piece.box.width)[len(word)]
    height = piece.box.height
    return above.box.x1 + SPACE * height + wide + FITS * height < end


def ends(lines: Sequence[Line], starts: Sequence[float]) -> list[float]:
    """Return how far the lines of each column may reach: the white beside all is alike."""
    found = [
        max((line[column].box.x1 for line in lines if column in line), default=start)
        for column, start in enumerate(starts)
    ]
    white = min((after - end for end, after in zip(found, starts[1:], strict=False)), default=0.0)
    return [*(after - max(white, 0.0) for after in starts[1:]), *found[-1:]]


def _ended(pairs: Sequence[tuple[Line, Line]], reach: Sequence[float]) -> list[list[bool]]:
    """Return which cells of each line are no more than the one above could have held.

    None of a line that begins a row for certain. Where those do not begin with small letters, what
    does goes on.
    """
    first = list(pairs[0][0].values()) if pairs else []
    first += [piece for a, b in pairs for column, piece in b.items() if column not in a]
    small = sum(values.goes_on(piece.line.text) for piece in first)
    tells = small <= SMALL * len(first)
    return [
        [
            fits(above[column], piece, reach[column])
            and not (tells and values.goes_on(piece.line.text))
            for column, piece in line.items()
        ]
        if set(line) <= set(above)
        else []
        for above, line in pairs
    ]


def _begins(above: Line, line: Line, ended: Sequence[bool]) -> bool | None:
    """Say whether a line begins a row, given which of its cells have ended above it.

    None where that is not sure: a cell may have a line of its own for each of several things.
    """
    if not set(line) <= set(above):
        return True
    if any(above[column].line.text.rstrip().endswith("-") for column in line):
        return False
    if any(values.are_values((above[n].line.text, line[n].line.text)) for n in line):
        return True
    return True if len(ended) > 1 and all(ended) else None


def _goes_on(above: Line, line: Line) -> bool:
    return any(
        values.goes_on(piece.line.text) or above[column].line.text.rstrip().endswith("-")
        for column, piece in line.items()
    )
