"""A text line from what the recognition network says of its columns (pure).

That is to be read as CTC: repetitions are one character, and "blank" parts them. Where the network
hesitates, what stands around the place decides:

- It sees spaces where there are none: between the narrow letters of typewriter words, and around
  the full stops of names. A space that it is not sure of must be as wide as the line's others, and
  none is left inside what looks like an address or a file's name.
- It misses narrow ones beside punctuation, but thinks of them: "V:1,I:10", menu"Open.
- It takes an l for a 1 in program text, and hardly ever a 1 for an l.

The limits were measured: docs/decisions/0009-embedded-engine-speed.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.turning import Reading

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float32]

_BLANK = 0  # the network's first character
_SURE_SPACE = 0.97  # probability from which a space is one whatever is around it
_LIKELY_SPACE = 0.9  # and from which one is that is narrower than others
_LOST_SPACE = 0.12  # and from which there is one beside punctuation that the network overlooks
_LETTER_INSIDE = 0.05  # from which a 1 between letters is an l
_LETTER_BESIDE = 0.1  # and from which one is with a letter on one side
_NARROW = 0.75  # of the line's usual space
_ENOUGH_SPACES = 3  # to say what is usual
_NO_GAP = 0.05  # of the line's height: letters that touch or lean over each other say nothing
_PAPER = 0.35  # of the ink's darkness: a column up to it is white
_SIGNS = (".", ",", "+", "-")  # before a 1 that has its unit behind it
_OPENING = frozenset('"([{“„‘«¿¡')
_CLOSING = frozenset(',;:)]}”’»"\'?!')


class Speller:
    """Makes text of the network's distributions over ``characters``."""

    def __init__(self, characters: Sequence[str]) -> None:
        self._characters = characters
        self._space = characters.index(" ")
        self._letter = characters.index("l")

    def spell(self, distributions: Reals, strip: Pixels, columns: int) -> Reading:
        """Return text and score of the line on ``strip``, of which each column is a like share."""
        text, scores, places = spelled(distributions, self._characters)
        text = corrected(text, self._likely_letters(distributions, text, places))
        between = self._spaces_between(distributions, places)
        lost = lost_spaces(text, between)
        likely = {
            index: max(between[index - 1], between[index])
            for index in range(1, len(text) - 1)
            if text[index] == " "
        }
        false: set[int] = set()
        if likely and min(likely.values()) < _SURE_SPACE:
            false = false_spaces(text, likely, gaps(strip, columns, places, [*likely]))
        words = "".join(
            letter + " " * (index in lost)
            for index, letter in enumerate(text)
            if index not in false
        )
        kept = [score for index, score in enumerate(scores) if index not in false]
        return words, sum(kept) / len(kept) if kept else 0.0

    def _likely_letters(
        self, distributions: Reals, text: str, places: Sequence[int]
    ) -> dict[int, float]:
        """Return how likely each digit 1 of the text is the letter l."""
        found = {}
        for index, place in enumerate(places):
            if text[index] == "1":
                one, end = distributions[place].argmax(), place + 1
                while end < len(distributions) and distributions[end].argmax() == one:
                    end += 1
                found[index] = float(distributions[place:end, self._letter].max())
        return found

    def _spaces_between(self, distributions: Reals, places: Sequence[int]) -> list[float]:
        """Return how likely a space is between each character and the next, or is one of them."""
        spaces = distributions[:, self._space]
        return [float(spaces[left : right + 1].max()) for left, right in pairwise(places)]


def spelled(distributions: Reals, characters: Sequence[str]) -> tuple[str, list[float], list[int]]:
    """Return the most likely text, and each character's probability and first column."""
    likeliest = distributions.argmax(axis=1)
    begins = likeliest != _BLANK
    begins[1:] &= likeliest[1:] != likeliest[:-1]
    places = np.flatnonzero(begins)
    text = "".join(characters[index] for index in likeliest[places].tolist())
    return text, distributions[places, likeliest[places]].tolist(), places.tolist()


def gaps(
    strip: Pixels, columns: int, places: Sequence[int], spaces: Sequence[int]
) -> dict[int, float]:
    """Return the width of the white at each space, in heights of the line."""
    white = _white(strip)
    step = strip.shape[1] / columns
    found = {}
    for index in spaces:
        if 0 < index < len(places) - 1:
            left, right = ((places[index + side] + 0.5) * step for side in (-1, 1))
            found[index] = _longest_run(white[int(left) : int(right) + 1]) / strip.shape[0]
    return found


def corrected(text: str, likely: Mapping[int, float]) -> str:
    """Return the text with the digits 1 that are letters, by how ``likely`` that is of each."""
    letters = list(text)
    for index, probability in likely.items():
        left, right = text[index - 1 : index], text[index + 1 : index + 2]
        inside = left.islower() and right.islower()
        begins = not left.isalnum() and left not in _SIGNS
        beside = left.islower() or (right.islower() and begins)
        if (inside and probability >= _LETTER_INSIDE) or (beside and probability >= _LETTER_BESIDE):
            letters[index] = "l"
    return "".join(letters)


def lost_spaces(text: str, between: Sequence[float]) -> set[int]:
    """Return the characters of ``text`` behind which a space is missing.

    ``between`` says how likely one is between each of them and the next.
    """
    return {
        index
        for index, probability in enumerate(between)
        if probability >= _LOST_SPACE and _may_part(text[index], text[index + 1])
    }


def _may_part(left: str, right: str) -> bool:
    """Say whether these are the end of one word and the beginning of another, one punctuation."""
    if right in _OPENING:
        return left.isalnum() or left in _CLOSING
    return left in _CLOSING and right.isalnum()


def false_spaces(text: str, likely: Mapping[int, float], gaps: Mapping[int, float]) -> set[int]:
    """Return the spaces of ``text``, with their probabilities and gaps, that are none."""
    usual = [
        gaps[index] for index in likely if likely[index] >= _SURE_SPACE and gaps[index] > _NO_GAP
    ]
    narrow = _NARROW * median(usual) if len(usual) >= _ENOUGH_SPACES else 0.0
    return {
        index
        for index, probability in likely.items()
        if (probability < _LIKELY_SPACE and _NO_GAP < gaps[index] < narrow)
        or (probability < _SURE_SPACE and _is_in_name(text, index))
    }


def _is_in_name(text: str, space: int) -> bool:
    """Say whether the space stands inside an address, a file's name or the like."""
    before, after = text[:space].replace(" ", ""), text[space + 1 :].replace(" ", "")
    if not before or not after:
        return False
    left, right = before[-1], after[0]
    if left in "./" and right.islower():
        return before[-2:-1].isalnum()
    if right == "." or (right == ":" and left.isalnum()):
        return after[1:2].islower() if right == "." else after[1:2] == "/"
    return left == "/" or left + right in (":/", "++")


def _white(strip: Pixels) -> NDArray[np.bool_]:
    """Say of each column whether there is no ink in it."""
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY).astype(np.float32)
    dark, light = np.percentile(grey, (3, 90))
    ink = np.clip((light - grey) / max(light - dark, 1.0), 0, 1)
    if np.median(ink) > 0.5:  # light letters on dark paper
        ink = 1 - ink
    ink[ink.mean(axis=1) > 0.8] = 0  # a rule under the letters
    return np.asarray(ink.max(axis=0) < _PAPER)


def _longest_run(white: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], white, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
