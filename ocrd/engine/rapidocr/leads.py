"""Which first words of a line are bolder than its rest: a heading run into its text (pure).

The strokes of all letters are measured anyway. Words are parted by the widest white columns, and
the strokes change their breadth at one of these, for good: each word before it is bolder than what
follows, and none behind it is. Bold where there is none is worse than none: what is not clear is no
lead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]

_INKED = 0.3  # darkness from which a column is no white one
_CLEAR = 1.12  # times the widest gap within a word, that the narrowest between words is
_MOST_WORDS = 12  # of a lead
_BOLDER = 1.28  # times the breadth of the strokes behind it, that a lead's strokes have;
_BOLDER_CAPITALS = 1.45  # capitals have broader ones in any weight
_EACH = 1.14  # each of its words, and
_REST = 0.6  # of the way from the rest to the lead, that no word of the rest reaches
_LETTERS, _OTHERS = 3, 6  # letters or figures of a lead and of the rest, at least;
_MORE_LETTERS, _ENDS = 4, frozenset(".:!?—–")  # of one that does not end in one of these
_FIRST_PART, _LAST_PART = 0.06, 0.75  # of the line's length: a first look is taken there
_RUNS = 12  # strokes of a word that tell its weight


def lead(ink: Reals, breadths: Reals, lefts: NDArray[np.intp], text: str) -> int:
    """Return how many of the text's first characters are clearly bolder than the rest, or 0.

    ``breadths`` are those of the line's strokes, which begin at the columns ``lefts`` of its ink.
    """
    words = text.split()
    if len(words) < 2 or len(text) < _LETTERS + _OTHERS:
        return 0
    high, wide = ink.shape
    first = breadths[lefts < max(_FIRST_PART * wide, high)]
    last = breadths[lefts > _LAST_PART * wide]
    if len(first) < _RUNS or len(last) < _RUNS or np.median(first) < _EACH * np.median(last):
        return 0  # nearly all lines
    edges = _edges(ink, len(words))
    if edges is None:
        return 0
    order = np.argsort(lefts, kind="stable")
    breadths, lefts = breadths[order], lefts[order]
    bounds = [0, *np.searchsorted(lefts, edges).tolist(), len(breadths)]
    number = _parting(breadths, bounds[1 : min(len(words), _MOST_WORDS + 1)])
    if not number:
        return 0
    before, behind = breadths[: bounds[number]], breadths[bounds[number] :]
    bold, plain = float(np.median(before)), float(np.median(behind))
    in_capitals = "".join(words[:number]).isupper()
    if bold < (_BOLDER_CAPITALS if in_capitals else _BOLDER) * plain:
        return 0
    ends = words[number - 1][-1] in _ENDS
    if _letters(words[:number]) < (_LETTERS if ends else _MORE_LETTERS):
        return 0
    if _letters(words[number:]) < _OTHERS:
        return 0
    for index in range(len(words)):
        own = breadths[bounds[index] : bounds[index + 1]]
        if len(own) < _RUNS:
            continue
        weight = float(np.median(own))
        if index < number and weight < _EACH * plain:
            return 0
        if index >= number and weight > plain + _REST * (bold - plain):
            return 0
    at = 0
    for word in words[:number]:
        at = text.index(word, at) + len(word)
    return at


def _letters(words: list[str]) -> int:
    return sum(map(str.isalnum, "".join(words)))


def _edges(ink: Reals, words: int) -> NDArray[np.intp] | None:
    """Return the columns between a line's words, None where it is not clear which these are."""
    inked = ink.max(axis=0) > _INKED
    columns = np.flatnonzero(inked)
    if not len(columns):
        return None
    gaps = np.diff(columns)
    if len(gaps) < words:
        return None
    order = np.argsort(-gaps, kind="stable")
    narrowest, next_ = gaps[order[words - 2]], gaps[order[words - 1]]
    if narrowest <= 2 or narrowest - 1 < _CLEAR * (next_ - 1):
        return None
    chosen = np.sort(order[: words - 1])
    return np.asarray((columns[chosen] + columns[chosen + 1]) // 2, np.intp)


def _parting(breadths: Reals, bounds: list[int]) -> int:
    """Return behind which word the strokes change their breadth most, 0 if there is none."""
    best, found = np.inf, 0
    for number, bound in enumerate(bounds, start=1):
        before, behind = breadths[:bound], breadths[bound:]
        if not len(before) or not len(behind):
            continue
        cost = float(
            np.abs(before - np.median(before)).sum() + np.abs(behind - np.median(behind)).sum()
        )
        if cost < best:
            best, found = cost, number
    return found
