"""Signs that stand on a line and are not in its text, by the line's ink (pure).

The network says nothing of a letter that it does not have, and is sure of its neighbours: of a
Russian line the digits are left, of a Vietnamese word the half. But it says nearly to the column
where each character stands. Ink that no character accounts for is a sign that was lost.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr.line_pieces import HEIGHT, LinePieces

Lengths = NDArray[np.int32]
Chosen = NDArray[np.bool_]
Span = tuple[float, float]  # left and right, in pixels
Run = tuple[float, float, int, int, int]  # left, right, top, bottom, pixels of ink

_NEIGHBOUR = 14  # pixels: what is no wider and cut by the line's end belongs to what is beside it
_SLIVER = 5  # pixels: the white around a line, in which nothing of it stands
_BAR = 5  # pixels: so narrow and without a gap is a standing rule at a line's end
_SPECK = 10  # pixels: less is no sign
_STROKE, _STANDS = 0.15, 0.88  # of the height: a stroke as narrow and as high is a table's rule
_THIN, _BREADTH = 0.13, 4.0  # share of its box, pixels: a slanted rule, or a frame, has no more
_PALE, _PALE_ALONG = 2, 0.15  # pixels that a pale rule's pieces are high; of the width, together
_EDGE = 0.2  # of the height: what is no higher and touches the edge is the next line's
_FAR = 50.0  # pixels from a piece of ink beyond which no character can be a part of it
_NEAR = 7.0  # pixels from a piece of ink up to a character that accounts for it,
_NEAR_DOUBLED = 12.0  # or up to one of a pair: the network needs a column between them
_BROKEN = 2.0  # pixels that a letter's stem may stand further out
_LEAST_WIDTH = 3  # pixels of a sign that stands by itself
_LEAST_HEIGHT = 0.2  # of the line
_USUAL = 0.85  # of the letters' height, from one to the next, where too few say it
_PITCHES = (9.0, 34.0)
_STEP_TO_HEIGHT = 0.7  # of the letters' height: no letters stand closer
_STEP = 1.7  # times the shorter steps: the longest one between neighbours
_ENOUGH = 4  # letters to say it
_HALF = 0.72  # of the pitch: from the middle of a letter to its edge,
_WIDE, _CAPITAL, _NARROW = 1.3, 1.0, 0.6  # of a wide one, a capital, a narrow one
_EXCESS = 0.7  # of the pitch: more ink than that beside a letter is another sign
_MOST_LOST = 0.5  # of the ink: then nothing useful is left
_BULLET = (4, 22)  # pixels of a bullet's sides
_BULLET_ROWS = (0.3, 0.68)  # of the line's height, that its middle is in: a comma is lower
_BULLET_INK = 0.7  # share of its box that is ink: a circle's is 0.79
_BULLET_GAP = 12.0  # pixels from it to the middle of the first letter
_TOGETHER = 0.45  # of the pitch: between pieces of a sign, or signs of a word

_WIDE_SIGNS = frozenset("mwMW@%&œŒæÆ©®™½¼¾→←⇒≤≥+=<>⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞№‰")
_STEMS = frozenset("mwMWnuhHNUπΠμ℉℃")
_NARROW_SIGNS = frozenset("iljtfrIJ1.,:;'`|!()[]{}")
_FRACTIONS = "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_PARTED_SIGNS = frozenset("\"“”„‟«»%‰:;!?=÷…‥©®¨☐☑☒℃№" + _FRACTIONS)  # of several pieces of ink
_LONG_SIGNS = frozenset("—–-_─━…‥~―一ー=.·")  # of any length
_PARTED = 17.0  # pixels from such a sign's middle to its pieces
_EAST = "\u2e80"  # from here on characters are as wide as high, and of several pieces
_EAST_HALF = 26.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A character of the text, and the pixel that its middle is about at."""

    character: str
    place: float
    score: float = 1.0  # the network's probability


@dataclass(frozen=True, slots=True)
class Loss:
    """What was lost of a line."""

    places: tuple[tuple[float, int], ...]  # the pixel, and how many signs
    share: float  # of the line's ink
    bullet: bool = False  # whether the line begins with one that was not read


NOTHING = Loss((), 0.0)


def loss(pieces: LinePieces, seen: Sequence[Seen]) -> Loss:
    """Return what the line's ink holds beside the characters, spaces left out, in their order."""
    runs, tall = _runs(pieces)
    if not runs:
        return NOTHING
    pitch = _pitch(seen, tall)
    total = sum(right - left for left, right, *_ in runs)
    bullet = _is_bullet(runs[0], seen[0].place if seen else 0.0)
    lost: list[Span] = []
    places = [one.place for one in seen]
    reaches = _reaches(seen)
    for left, right, top, bottom, _ in runs[bullet:]:
        first, last = bisect_left(places, left - _FAR), bisect_right(places, right + _FAR)
        inside = [
            one for one, near in zip(seen[first:last], reaches[first:last], strict=True)
            if left - near <= one.place <= right + near
            or (one.character in _STEMS and _may_be_broken(one, left, right, pitch))
        ]  # fmt: skip
        if inside:
            lost += _excess(left, right, inside, pitch)
        elif right - left >= _LEAST_WIDTH and bottom - top >= _LEAST_HEIGHT * HEIGHT:
            lost.append((left, right))
    marks = tuple(
        ((left + right) / 2, max(1, round((right - left) / pitch)))
        for left, right in _joined(lost, pitch)
    )
    return Loss(marks, min(1.0, sum(right - left for left, right in lost) / total), bullet)


def _is_bullet(run: Run, first: float) -> bool:
    """Say whether a line's first piece of ink is a dot or a square before its text."""
    left, right, top, bottom, area = run
    wide, high = right - left, bottom - top
    (least, most), (highest, lowest) = _BULLET, _BULLET_ROWS
    return bool(
        first - right > _BULLET_GAP and highest <= (top + bottom) / 2 / HEIGHT <= lowest
        and least <= min(wide, high) and max(wide, high) <= most
        and area >= _BULLET_INK * wide * high
    )  # fmt: skip


def _joined(lost: Sequence[Span], pitch: float) -> list[Span]:
    """Return what was lost with pieces that stand together as one: of a sign, or of a word."""
    found: list[Span] = []
    for left, right in lost:
        if found and left - found[-1][1] <= _TOGETHER * pitch:
            found[-1] = found[-1][0], right
        else:
            found.append((left, right))
    return found


def _reaches(seen: Sequence[Seen]) -> list[float]:
    """Return how far from a piece of ink each character may be that it belongs to, in pixels."""
    characters = [one.character for one in seen]
    found = []
    for before, character, after in zip(
        ["", *characters], characters, [*characters[1:], ""], strict=False
    ):
        if character in _PARTED_SIGNS:
            found.append(_PARTED)
        elif character >= _EAST:
            found.append(_EAST_HALF)
        else:
            found.append(_NEAR_DOUBLED if character in (before, after) else _NEAR)
    return found


def _may_be_broken(one: Seen, left: float, right: float, pitch: float) -> bool:
    """Say whether a piece of ink may be a stem of a character whose thin strokes are white.

    They are in low resolution: of an m three stems are left.
    """
    half = (_WIDE if one.character in _WIDE_SIGNS else _HALF) * pitch + _BROKEN
    return one.place - half <= left and right <= one.place + half


def _pitch(seen: Sequence[Seen], tall: float) -> float:
    """Return the usual step from one letter to the next, of letters usually as high as ``tall``."""
    steps = [
        after.place - before.place
        for before, after in pairwise(seen)
        if before.character.isalnum() and after.character.isalnum()
        and after.place - before.place < _PITCHES[1]
    ]  # fmt: skip
    if len(steps) < _ENOUGH:
        return min(max(_USUAL * tall, _PITCHES[0]), _PITCHES[1])
    usual = sorted(steps)[len(steps) // 4]
    close = [step for step in steps if step < _STEP * usual]  # else a letter between was lost
    return min(max(median(close), _STEP_TO_HEIGHT * tall, _PITCHES[0]), _PITCHES[1])


def _excess(
    left: float, right: float, inside: Sequence[Seen], pitch: float
) -> list[Span]:
    """Return the parts of a piece of ink that lie beyond the characters in it."""
    if len(inside) >= _ENOUGH:  # in another type than most of the line, it may be
        pitch = max(pitch, median(b.place - a.place for a, b in pairwise(inside)))
    found = []
    reached = left
    for one in inside:
        half = _half(one, pitch)
        if one.place - half - reached > _EXCESS * pitch:
            found.append((reached, one.place - half))
        reached = max(reached, one.place + half)
    if right - reached > _EXCESS * pitch:
        found.append((reached, right))
    return found


def _half(one: Seen, pitch: float) -> float:
    """Return how far a character reaches from its middle, at most."""
    character = one.character
    if character >= _EAST:
        return _EAST_HALF
    if character in _LONG_SIGNS:
        return 1e6
    if character in _WIDE_SIGNS:
        share = _WIDE
    elif character in _NARROW_SIGNS:
        share = _NARROW
    else:
        share = _CAPITAL if character.isupper() else _HALF
    return max(share * pitch, _NEAR)


def _runs(pieces: LinePieces) -> tuple[list[Run], float]:
    """Return the pieces of ink that white columns part, and how high they usually are."""
    if pieces.ink is None or not pieces.boxes:
        return [], 0.0
    ink, labels, facts = pieces.ink, pieces.labels, pieces.facts
    top, wide, high, area = facts[:, 1:].T
    at_edge = (top == 0) | (top + high >= HEIGHT)
    is_rule = (wide <= _STROKE * HEIGHT) & (high >= _STANDS * HEIGHT)
    is_rule |= (wide > HEIGHT) & (area < np.maximum(_THIN * wide * high, _BREADTH * wide))
    is_rule |= _is_of_pale_rule(top, high, wide, ink.shape[1])
    dropped = (area < _SPECK) | is_rule | (at_edge & (high <= _EDGE * HEIGHT))
    if dropped[1:].any():
        ink = ink.copy()
        ink[dropped[labels] & (labels > 0)] = 0
    filled = ink.any(axis=0)
    inked = np.concatenate(([False], filled, [False])).astype(np.int8)
    starts, ends = (np.flatnonzero(np.diff(inked) == way) for way in (1, -1))
    if not len(starts):
        return [], 0.0
    # White columns end each run, and add nothing to what is summed up to the next one.
    areas = np.add.reduceat(ink.sum(axis=0, dtype=np.int64), starts)
    first = np.where(filled, ink.argmax(axis=0), HEIGHT)
    tops = np.minimum.reduceat(first, starts)
    bottoms = np.maximum.reduceat(np.where(filled, HEIGHT - ink[::-1].argmax(axis=0), 0), starts)
    runs = []
    last = len(starts) - 1
    for index, (left, right, *sizes) in enumerate(
        zip(*(one.tolist() for one in (starts, ends, tops, bottoms, areas)), strict=True)
    ):
        if (left == 0 or right == ink.shape[1]) and right - left < _NEIGHBOUR:
            continue
        if right <= _SLIVER or left >= ink.shape[1] - _SLIVER:
            continue
        upper, lower, area = sizes
        if index in (0, last) and right - left <= _BAR:
            rows = int(np.count_nonzero(ink[:, left:right].any(axis=1)))
            if lower - upper - 1 < rows:
                continue  # a piece of a rule, dashed for example; what is a letter is read as one
        runs.append((float(left), float(right), upper, lower, area))
    return runs, median(low - high for _, _, high, low, _ in runs) if runs else 0.0


def _is_of_pale_rule(top: Lengths, high: Lengths, wide: Lengths, width: int) -> Chosen:
    """Say which pieces are what is left of a rule, of which some pixels are as dark as ink."""
    is_thin = high <= _PALE
    along = np.bincount(top[is_thin], wide[is_thin], HEIGHT + 2)
    near = along.copy()  # it slants a little
    near[1:] += along[:-1]
    near[:-1] += along[1:]
    return np.asarray(is_thin & (near[top] >= _PALE_ALONG * width))


def marked(
    written: Sequence[Seen],
    places: Sequence[tuple[float, int]],
    known: Mapping[float, str] = MappingProxyType({}),
) -> str:
    """Return the text of characters and spaces, with replacement characters for lost signs.

    ``known`` says of some places which sign was lost there.
    """
    found = [(one.place, 1, one.character) for one in written]
    found += [(place, 0, known.get(place, REPLACEMENT * count)) for place, count in places]
    # What was written stays in its order, whatever the places are.
    reached = 0.0
    for index, one in enumerate(written):
        reached = max(reached, one.place)
        found[index] = (reached, 1, one.character)
    return "".join(text for _, _, text in sorted(found, key=lambda piece: piece[:2]))
