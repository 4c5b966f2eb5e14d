"""Rows of text on a page of ink, found by their shape alone.

A page is cut into upright stripes about as wide as a letter. In a stripe a row of text is a run of
ink with white above and below it, and it goes on in the next stripe at about the same height:
columns, slanted pages and cells need no care of their own, and what is not written hardly ever
goes on so. Letters that are larger than the stripes are looked for on the page at a half, a
quarter, … of its size, where only strokes are left that are as broad as large letters have them;
what is found there is not looked for again below.

Pillow and the interpreter's own searches do all of it: numpy would take 14 MB and a tenth of a
second in each child.
"""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from PIL import Image, ImageDraw

from ocrd.raster import leaders

STRIPE = 12  # pixels
LEVELS = 5  # the page, and a half to a sixteenth of it
INKED = 16  # of 255: a pixel of the stripe's breadth
LOWEST, HIGHEST = 5, 28  # pixels of a run
DIP = 0.25  # of a run's mean ink: the white between two rows that touch here and there
DEEP_DIP = 0.5  # the same in runs that are higher than one row
OVERLAP = 0.55  # of the higher of two neighbours: less is not the same row
REACH = 1.5  # heights: a space between words

# Of a row.
THIN, SOLID = 0.15, 0.75  # share of ink in it: rules and hatching are thinner, strokes are solid
UNEVEN = 0.5  # deviation of its runs' heights, to their mean
SAME = 0.07  # deviation of their ink, to its mean: letters differ more, lines of a grid do not
SAME_RUNS = 4  # from which on that says something
BROKEN = 0.5  # of the ink may be gone, or added, at a smaller size: letters have broader strokes
LETTER = 0.85  # its breadth, to the mean height of the runs
CUT = 0.5  # of a stripe at either end is outside the row, together
LEADER_UNEVEN = 0.1  # the same as UNEVEN, of dots and dashes
ENDS = 2  # runs at either end of a leader that may be of what it leads from and to
SPECK = 8  # pixels: what is lower is as broad as two stripes only by chance

# Of all rows.
LONG = 6  # characters: a row by itself; what is shorter may be a part of a drawing
FEW = 8  # rows that need nothing to speak for them
LIKE = 1.25  # times as high: rows of one type
COMMON, COMMON_LONG = 0.4, 0.1  # share of all rows that are of a row's type

_RUN = re.compile(rb"\x01+")
_THRESHOLD = [0] * INKED + [1] * (256 - INKED)
_MAJORITY = [0] * 128 + [255] * 128

Run = tuple[int, int, int]  # stripe, its first pixel, the pixel behind its last


@dataclass(frozen=True, slots=True)
class Row:
    """One row of text: a line, a part of it between wide gaps, a cell."""

    height: float  # pixels, of its letters on the average
    characters: float  # about


@dataclass(frozen=True, slots=True)
class _Stripes:
    """The stripes of a page, each with the ink of its pixels from the top."""

    ink: bytes  # 0..255, stripe after stripe
    inked: bytes  # the same, 1 where there is ink
    height: int
    count: int

    def runs(self, stripe: int) -> list[Run]:
        """Return the runs of a stripe that may be of a row, from the top."""
        start = stripe * self.height
        found = []
        for match in _RUN.finditer(self.inked, start, start + self.height):
            first, last = match.span()
            if last - first >= 2 * LOWEST:
                parts = sorted(self._parted(first, last))
                found += [(stripe, a - start, b - start) for a, b in parts]
            elif last - first >= LOWEST:
                found.append((stripe, first - start, last - start))
        return found

    def _parted(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield a high run, or the runs that it is made of: rows that touch are parted."""
        waiting = [(first, last)]
        while waiting:
            first, last = waiting.pop()
            height = last - first
            if height < LOWEST:
                continue
            margin = LOWEST if height > HIGHEST else max(2, height // 4)
            inner = self.ink[first + margin : last - margin]
            mean = sum(self.ink[first:last]) / height
            dip = DEEP_DIP if height > HIGHEST else DIP
            if height >= 2 * LOWEST and min(inner) < dip * mean:
                cut = first + margin + inner.index(min(inner))
                waiting += [(cut + 1, last), (first, cut)]
            elif height <= HIGHEST:
                yield first, last

    def of(self, run: Run) -> bytes:
        """Return the ink of a run."""
        stripe, first, last = run
        return self.ink[stripe * self.height + first : stripe * self.height + last]


class _Chain:
    """Runs of one row, from the left."""

    __slots__ = ("first", "height", "last", "runs")

    def __init__(self, run: Run) -> None:
        self.runs = [run]
        _, self.first, self.last = run
        self.height: float = self.last - self.first

    def add(self, run: Run) -> None:
        """Go on with a run."""
        self.runs.append(run)
        _, self.first, self.last = run
        self.height = max(self.last - self.first, 0.9 * self.height)

    def reaches(self, stripe: int) -> bool:
        """Say whether the row may go on in the stripe."""
        return stripe - self.runs[-1][0] <= 2 + int(REACH * self.height / STRIPE)

    def overlap(self, run: Run) -> int:
        """Return how much of a run stands beside the row's end, 0 if that is too little."""
        shared = min(self.last, run[2]) - max(self.first, run[1])
        higher = max(self.last - self.first, run[2] - run[1])
        return shared if shared >= OVERLAP * higher else 0


def rows(mask: Image.Image) -> list[Row]:
    """Return the rows of text on a page; ``mask`` is white where it has ink."""
    pages, means = _halved(mask)
    sheets = [_striped(page) for page in pages]
    found = []
    for level in reversed(range(len(sheets))):
        if sheets[level].getbbox() is None:
            continue
        whole = _stripes(_striped(means[level])) if level else None
        stripes = _stripes(sheets[level])
        for chain in _chains(stripes):
            if row := _row(chain, stripes, whole):
                if not _is_leader(chain, mask, 2**level):
                    found.append(Row(row.height * 2**level, row.characters))
                _wipe(sheets[:level], chain)
    return _likely(found)


def _halved(mask: Image.Image) -> tuple[list[Image.Image], list[Image.Image]]:
    """Return the page and what is left of it at a half, a quarter, … of its size.

    Then the same with all of its ink, in shades.
    """
    pages, means = [mask], [mask]
    while len(pages) < LEVELS and min(pages[-1].size) >= 8 * STRIPE:
        means.append(means[-1].reduce(2))
        half = pages[-1].reduce(2) if len(pages) > 1 else means[-1]
        pages.append(half.point(_MAJORITY))
    return pages, means


def _striped(page: Image.Image) -> Image.Image:
    """Return the page with one pixel for the breadth of each stripe."""
    return page.resize((max(1, page.width // STRIPE), page.height), Image.Resampling.BOX)


def _stripes(sheet: Image.Image) -> _Stripes:
    turned = sheet.transpose(Image.Transpose.TRANSPOSE)
    return _Stripes(
        turned.tobytes(), turned.point(_THRESHOLD).tobytes(), sheet.height, sheet.width
    )


def _chains(stripes: _Stripes) -> list[_Chain]:
    """Return the runs of all stripes, each with those that it goes on from."""
    done: list[_Chain] = []
    going_on: list[_Chain] = []
    for stripe in range(stripes.count):
        done += [chain for chain in going_on if not chain.reaches(stripe)]
        going_on = [chain for chain in going_on if chain.reaches(stripe)]
        going_on.sort(key=lambda chain: chain.first)
        going_on += _continued(going_on, stripes.runs(stripe))
    return done + going_on


def _continued(chains: Sequence[_Chain], runs: Sequence[Run]) -> list[_Chain]:
    """Add each run to the chain that it overlaps most; return new ones of those without one."""
    tops = [chain.first for chain in chains]  # before any goes on
    new, taken = [], set()
    for run in runs:
        best, most = -1, 0
        for place in range(bisect_left(tops, run[1] - HIGHEST), bisect_left(tops, run[2])):
            if place not in taken and (shared := chains[place].overlap(run)) > most:
                best, most = place, shared
        if best < 0:
            new.append(_Chain(run))
        else:
            taken.add(best)
            chains[best].add(run)
    return new


def _row(chain: _Chain, stripes: _Stripes, whole: _Stripes | None) -> Row | None:
    """Return the row that a chain is, None if it is none.

    ``whole`` has the ink as it was before all but broad strokes were left out.
    """
    count = len(chain.runs)
    if count < 2:
        return None
    heights = [last - first for _, first, last in chain.runs]
    height = sum(heights) / count
    if count * STRIPE < 0.8 * height or (count == 2 and height < SPECK):
        return None
    if _deviation(heights) > UNEVEN * height:
        return None
    inks = [sum(stripes.of(run)) for run in chain.runs]
    if not THIN <= sum(inks) / (255 * sum(heights)) <= SOLID:
        return None
    shares = [ink / height for ink, height in zip(inks, heights, strict=True)]
    if count >= SAME_RUNS and _deviation(shares) < SAME * sum(shares) / count:
        return None
    if whole is not None and _is_broken(chain, stripes, whole):
        return None
    return Row(height, (count - CUT) * STRIPE / (LETTER * height))


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _is_broken(chain: _Chain, stripes: _Stripes, whole: _Stripes) -> bool:
    """Say whether it is the remains of smaller letters, or these run together."""
    here, there = (b"".join(map(some.of, chain.runs)) for some in (stripes, whole))
    changed = sum(abs(a - b) for a, b in zip(here, there, strict=True))
    return changed > BROKEN * sum(there)


def _is_leader(chain: _Chain, mask: Image.Image, size: int) -> bool:
    """Say whether a row is dots or dashes that lead to a number, or ask for an answer."""
    runs = chain.runs
    if len(runs) >= 4 * ENDS:  # a colon's lower dot, a letter's foot may be the first of them
        runs = runs[ENDS:-ENDS]
    heights = [last - first for _, first, last in runs]
    mean = sum(heights) / len(heights)
    if _deviation(heights) > max(1.0, LEADER_UNEVEN * mean):
        return False
    boxes: list[tuple[int, int, int, int]] = []  # parts that lie level: the page may be slanted
    for stripe, first, last in runs:
        left, right = stripe * STRIPE, (stripe + 1) * STRIPE
        if boxes and abs(first - boxes[-1][1]) <= 1 and abs(last - boxes[-1][3]) <= 1:
            start, top, _, bottom = boxes[-1]
            boxes[-1] = start, min(top, first), right, max(bottom, last)
        else:
            boxes.append((left, first, right, last))
    scaled = [(a * size, b * size, c * size, d * size) for a, b, c, d in boxes]
    return leaders.is_leader(mask, scaled)


def _wipe(sheets: Sequence[Image.Image], chain: _Chain) -> None:
    """Take a row off the pages that are larger than the one where it was found."""
    for level, sheet in enumerate(reversed(sheets), start=1):
        draw, size = ImageDraw.Draw(sheet), 2**level
        for stripe, first, last in chain.runs:
            left, top = stripe * size, first * size - size // 2
            draw.rectangle((left, top, left + size - 1, last * size + size // 2 - 1), fill=0)


def _likely(found: Sequence[Row]) -> list[Row]:
    """Return the rows without those that only look so.

    A drawing's strokes make short rows of all heights; text has many of one height.
    """
    heights = sorted(row.height for row in found)

    def is_common(row: Row, share: float) -> bool:
        alike = bisect(heights, row.height * LIKE) - bisect_left(heights, row.height / LIKE)
        return alike >= share * len(heights)

    long = [row for row in found if row.characters >= LONG]
    short = [row for row in found if row.characters < LONG]
    return [row for row in long if len(long) <= FEW or is_common(row, COMMON_LONG)] + [
        row for row in short if len(short) <= FEW or is_common(row, COMMON)
    ]
