"""Leaders, and lines to fill in: rows of dots, dashes or a stroke beside words (pure).

The network that reads lines loses letters among a hundred dots, and the detector the number behind
them. So the row's words and its number are read by themselves, and a sign stands for the leader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import forms, turning
from ocrd.engine.rapidocr.page_ink import Labels, PageInk
from ocrd.job import Quad

Pixels = NDArray[np.uint8]

DOTS, STROKE = "…", "____"  # what stands for a leader, and for a line to fill in

# In heights of a line's box.
_THICK = 0.2  # of a piece: what is higher is a letter
_REACH = 1.6  # from one piece to the next
_OFF = 0.12  # by which the next piece is higher or lower, at most
_ABOVE = 0.6  # of paper over a leader, where letters would be,
_BELOW = 0.25  # and under it: the dots of letters have a stem there
_LENGTH, _STROKE = 3.0, 1.5  # of a leader, and of one that is a stroke, at least
_BESIDE, _GAP = 3.0, 0.15  # of a stroke's row, beside it: where it goes on, it is a rule
_COLUMN, _FLUSH, _WIDE_AS = 12.0, 0.5, 1.0  # from a stroke to its column's lines; by which the
# lines begin, and the longest ends, elsewhere than the stroke
_NEAR = 2.5  # from words to their leader, and from it to the number
_WORDS = 1.0  # of what stands before a leader, at least
_PART = 0.3  # of what is read by itself, at least
_SPACE = 0.8  # in a number, or between words that no box has
_LONGEST = 40.0  # of words that no box has
_LOWEST, _HIGHEST = 0.3, 1.4  # of these
_BROAD = 0.8  # of its own height, that a box is wide at least
_LOW = 0.3  # by which they end above their leader
_AROUND = 0.15  # of paper around them

_PIECES = 4  # of a leader, but for strokes
_DASH, _FILLED = 3.0, 0.7  # heights of a dash, share of the length: together they are a stroke
_GOES_ON = 0.8  # share of the columns beside a stroke that have ink in its row
_COLUMN_LINES = 4  # lines of a column
_LIST = 3  # rows with leaders: a table of contents, a form
_INK = 0.02  # share of ink in what is paper: specks
_LEAST = 2  # pixels of ink of a piece
_ALIKE = 2.0  # times as high, or pixels higher, is no piece of the same leader
_MOST = 20_000  # pieces that are looked at: more is grain
# Of a box's height, from above, that its row's leader is at.
_PLACE, _STROKE_PLACE = (0.3, 1.2), (0.55, 1.2)


@dataclass(frozen=True, slots=True)
class Leader:
    """Where one is, in pixels of the page."""

    left: float
    right: float
    start: float  # how far down its left end is,
    end: float  # and its right one
    sign: str


@dataclass(frozen=True, slots=True)
class Row:
    """Words, leaders and numbers beside each other."""

    parts: tuple[Quad | str, ...]  # from the left: what is to be read, and signs for leaders
    boxes: frozenset[int]  # of the page that it takes the place of

    @property
    def quad(self) -> Quad:
        """The box around it."""
        quads = [part for part in self.parts if not isinstance(part, str)]
        first, last = quads[0], quads[-1]
        return first[0], last[1], last[2], first[3]


def rows(page: PageInk, quads: Sequence[Quad]) -> list[Row]:
    """Return the rows with leaders of an upright page on which boxes were found."""
    if not quads:
        return []
    height = median(min(turning.size(quad)) for quad in quads)
    lying = [index for index, quad in enumerate(quads) if _is_lying(quad, height)]
    ink = page.ink
    groups: list[_Group] = []
    for leader in _leaders(page, height):
        if leader.sign == STROKE and _is_of_column(leader, [quads[one] for one in lying], height):
            continue
        group = _Group.of(leader, quads, lying, height)
        touching = [other for other in groups if other.boxes & group.boxes]
        for other in touching:
            groups.remove(other)
            group = group.with_(other)
        groups.append(group)
    made = [_row(group, ink, quads, height) for group in groups]
    found = [row for row in made if row is not None]
    # Among others a row is one though the detector saw nothing of it; else it may be a drawing.
    is_list = sum(bool(row.boxes) for row in found) >= _LIST
    return [row for row in found if row.boxes or is_list]


# Where leaders are


def _leaders(page: PageInk, height: float) -> list[Leader]:
    """Return the leaders of a page with lines so high."""
    ink, pieces = page.ink, _pieces(page.facts[1:], height)
    after = _links(pieces, ink, height)
    heads = set(range(len(pieces))) - set(after.values())
    found = []
    for head in sorted(heads):
        chain, place = [pieces[head]], head
        while (following := after.get(place)) is not None:
            chain.append(pieces[following])
            place = following
        # A colon's lower dot is none of the leader behind it.
        while len(chain) > 1 and not _is_free(chain[0], chain[0], ink, height):
            del chain[0]
        (left, top, _, high), (last, last_top, wide, last_high) = chain[0], chain[-1]
        longest = max(piece[2] for piece in chain)
        is_stroke = longest >= _STROKE * height
        length = last + wide - left
        if not is_stroke and (length < _LENGTH * height or len(chain) < _PIECES):
            continue
        if is_stroke and any(not _is_free(piece, piece, ink, height) for piece in chain):
            continue
        inked = sum(wide for _, _, wide, high in chain if wide >= _DASH * high)
        sign = STROKE if inked >= _FILLED * length else DOTS
        ends = top + high / 2, last_top + last_high / 2
        leader = Leader(left, last + wide, *ends, sign)
        if sign == DOTS or not _goes_on(leader, ink, height):
            found.append(leader)
    return found


def _goes_on(leader: Leader, ink: Pixels, height: float) -> bool:
    """Say whether a stroke goes on under what stands beside it: a rule of a table."""
    reach, gap = round(_BESIDE * height), round(_GAP * height)
    ends = (
        (round(leader.start), round(leader.left) - gap - reach, round(leader.left) - gap),
        (round(leader.end), round(leader.right) + gap, round(leader.right) + gap + reach),
    )
    for row, left, right in ends:
        band = ink[max(0, row - 1) : row + 3, max(0, left) : max(0, right)]
        if band.size and (band.max(axis=0) > 0).mean() > _GOES_ON:
            return True
    return False


def _is_of_column(leader: Leader, quads: Sequence[Quad], height: float) -> bool:
    """Say whether a stroke is as wide as the column of lines above or below it: a rule in it."""
    reach = _COLUMN * height
    lines = [
        (left, right)
        for left, top, right, bottom in map(turning.bounds, quads)
        if abs(left - leader.left) <= _FLUSH * height
        and (0 < top - leader.start <= reach or 0 < leader.start - bottom <= reach)
    ]
    if len(lines) < _COLUMN_LINES:
        return False
    return abs(max(right for _, right in lines) - leader.right) <= _WIDE_AS * height


def _pieces(facts: Labels, height: float) -> list[tuple[int, int, int, int]]:
    """Return what may be part of a leader, from the left: left, top, width, height."""
    wide, high, area = facts[:, 2], facts[:, 3], facts[:, 4]
    thick = area / np.maximum(wide, 1)  # of a slanted stroke, too
    good = (area >= _LEAST) & (thick <= _THICK * height) & (wide >= 0.5 * high)
    good &= (high <= _THICK * height) | (wide >= 10 * high)
    if good.sum() > _MOST:
        return []
    return sorted(map(tuple, facts[good][:, :4].tolist()))


def _links(
    pieces: Sequence[tuple[int, int, int, int]], ink: Pixels, height: float
) -> dict[int, int]:
    """Return which piece goes on with which other, the next to its right on the same level."""
    off, reach = max(1.5, _OFF * height), _REACH * height
    levels: dict[int, list[int]] = {}
    for index, (_, top, _, high) in enumerate(pieces):
        levels.setdefault(int((top + high / 2) / off), []).append(index)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for level, members in levels.items():
        near = sorted(
            other for step in (-1, 0, 1) for other in levels.get(level + step, ())
        )
        lefts = [pieces[other][0] for other in near]
        for index in members:
            left, top, wide, high = pieces[index]
            place = int(np.searchsorted(lefts, left + max(1, wide)))
            for other in near[place : place + 3]:
                x, y, _, tall = pieces[other]
                if x - left - wide > reach:
                    break
                alike = abs(tall - high) <= _ALIKE or max(tall, high) <= _ALIKE * min(tall, high)
                is_level = abs(y + tall / 2 - top - high / 2) <= off
                if other in taken or not (alike and is_level):
                    continue
                if _is_free(pieces[index], pieces[other], ink, height):
                    found[index] = other
                    taken.add(other)
                break
    return found


def _is_free(
    first: tuple[int, int, int, int], last: tuple[int, int, int, int], ink: Pixels, height: float
) -> bool:
    """Say whether there is paper over and under two pieces, and what lies between them."""
    left, right = first[0], last[0] + last[2]
    over = max(0, min(first[1], last[1]) - 1)
    under = max(first[1] + first[3], last[1] + last[3]) + 1
    above = ink[max(0, round(over - _ABOVE * height)) : over, left:right]
    below = ink[under : round(under + _BELOW * height), left:right]
    return all(cv2.countNonZero(part) <= _INK * part.size for part in (above, below) if part.size)


# What stands beside them


@dataclass(frozen=True, slots=True)
class _Group:
    """Leaders, and the boxes that they touch."""

    leaders: tuple[Leader, ...]
    boxes: frozenset[int]

    @classmethod
    def of(
        cls, leader: Leader, quads: Sequence[Quad], lying: Sequence[int], height: float
    ) -> _Group:
        """Return a leader with the boxes in, before and behind it: of either side the next."""
        inside, before, behind = set(), [], []
        for index in lying:
            left, right = _ends(quads[index])
            if not _is_level(leader, quads[index]):
                continue
            if left < leader.right and right > leader.left:
                inside.add(index)
            elif right <= leader.left and leader.left - right <= _NEAR * height:
                before.append((right, index))
            elif left >= leader.right and left - leader.right <= _NEAR * height:
                behind.append((left, index))
        starts = min((_ends(quads[index])[0] for index in inside), default=leader.left)
        ends = max((_ends(quads[index])[1] for index in inside), default=leader.right)
        if before and starts >= leader.left - _WORDS * height:
            inside.add(max(before)[1])
        if behind and ends <= leader.right + _PART * height:
            inside.add(min(behind)[1])
        return cls((leader,), frozenset(inside))

    def with_(self, other: _Group) -> _Group:
        """Return both as one."""
        return _Group(self.leaders + other.leaders, self.boxes | other.boxes)


def _row(group: _Group, ink: Pixels, quads: Sequence[Quad], height: float) -> Row | None:
    """Return the row that a group makes; None where no words stand before its first leader."""
    leaders = sorted(group.leaders, key=lambda leader: leader.left)
    parts: list[tuple[float, Quad | str]] = [(leader.left, leader.sign) for leader in leaders]
    for index in group.boxes:
        parts += [(_ends(part)[0], part) for part in _uncovered(quads[index], leaders, ink, height)]
    if all(place >= leaders[0].left for place, _ in parts):
        words = _beside(leaders[0], ink, height, before=True)
        if words is None:
            return None
        parts.append((_ends(words)[0], words))
    parts.sort(key=lambda part: part[0])
    if isinstance(parts[-1][1], str):
        number = _beside(leaders[-1], ink, height, before=False)
        if number is not None:
            parts.append((_ends(number)[0], number))
    first = parts[0][1]
    if isinstance(first, str) or turning.size(first)[0] < _WORDS * turning.size(first)[1]:
        return None
    made = (part if isinstance(part, str) else _broad(part) for _, part in parts)
    return Row(tuple(made), group.boxes)


def _uncovered(
    quad: Quad, leaders: Sequence[Leader], ink: Pixels, height: float
) -> Iterator[Quad]:
    """Yield the parts of a box that hold ink beside the leaders."""
    left, right = _ends(quad)
    width = max(right - left, 1.0)
    reached = left
    spans = [(leader.left, leader.right) for leader in leaders]
    for start, end in [*spans, (right, right)]:
        if start > reached and min(start, right) - reached >= _PART * height:
            part = forms.cut(quad, (reached - left) / width, (min(start, right) - left) / width)
            if _has_ink(part, ink):
                yield part
        reached = max(reached, end)


def _has_ink(quad: Quad, ink: Pixels) -> bool:
    left, top, right, bottom = (round(side) for side in turning.bounds(quad))
    return cv2.countNonZero(ink[max(0, top) : bottom, max(0, left) : right]) > _LEAST**2


def _beside(leader: Leader, ink: Pixels, height: float, *, before: bool) -> Quad | None:
    """Return a box around the ink before or behind a leader that no box of the page has."""
    foot = leader.start if before else leader.end
    top, bottom = max(0, round(foot - 0.9 * height)), round(foot + 0.35 * height)
    if before:
        start, end = round(leader.left - _LONGEST * height), round(leader.left) - 1
    else:
        start, end = round(leader.right) + 2, round(leader.right + 2 * _NEAR * height)
    start = max(0, start)
    columns = ink[top:bottom, start : max(start, end)].max(axis=0, initial=0) > 0
    if before:
        columns = columns[::-1]
    inked = np.flatnonzero(columns)
    if not len(inked) or inked[0] > _NEAR * height:
        return None
    gaps = np.flatnonzero(np.diff(inked) > _SPACE * height)
    first, last = int(inked[0]), int(inked[gaps[0]] if len(gaps) else inked[-1])
    if before:
        edge = start + len(columns)
        left, right = edge - 1 - last, edge - first
    else:
        left, right = start + first, start + last + 1
    rows = np.flatnonzero(ink[top:bottom, left:right].max(axis=1) > 0)
    highest, lowest = int(rows[0]), int(rows[-1]) + 1
    tall = lowest - highest
    if not _LOWEST * height <= tall <= _HIGHEST * height or top + lowest < foot - _LOW * height:
        return None
    margin = _AROUND * height
    edges = left - margin, top + highest - margin, right + margin, top + lowest + margin
    x0, y0, x1, y1 = (float(max(0.0, edge)) for edge in edges)
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _is_level(leader: Leader, quad: Quad) -> bool:
    """Say whether a leader is at the height of a box's row, where it is nearest to it."""
    left, right = _ends(quad)
    x = min(max(leader.left, left), right)
    share = (x - left) / max(right - left, 1.0)
    top = quad[0][1] + share * (quad[1][1] - quad[0][1])
    bottom = quad[3][1] + share * (quad[2][1] - quad[3][1])
    along = (min(max(x, leader.left), leader.right) - leader.left) / (leader.right - leader.left)
    down = leader.start + along * (leader.end - leader.start)
    least, most = _STROKE_PLACE if leader.sign == STROKE else _PLACE
    return least <= (down - top) / max(bottom - top, 1.0) <= most


def _ends(quad: Quad) -> tuple[float, float]:
    left, _, right, _ = turning.bounds(quad)
    return left, right


def _is_lying(quad: Quad, height: float) -> bool:
    wide, high = turning.size(quad)
    return wide >= 0.8 * high or high <= _HIGHEST * height  # a single figure is higher than wide


def _broad(quad: Quad) -> Quad:
    """Return a box of a single figure with paper to its right: what stands is read turned."""
    a, b, c, d = quad
    wide, high = turning.size(quad)
    more = max(0.0, _BROAD * high - wide)
    return a, (b[0] + more, b[1]), (c[0] + more, c[1]), d
