"""A text line from what the recognition network says of its columns (pure).

That is to be read as CTC: repetitions are one character, and "blank" parts them. Where the network
hesitates, what stands around the place decides:

- It sees spaces where there are none: between the narrow letters of typewriter words, and around
  the full stops of names. Where letters stand equally far apart, a space takes the place of one. A
  space that the network is not sure of must be as wide as the line's others, or stand out from the
  letters around it, and none is left inside what looks like an address or a file's name.
- It misses narrow ones beside punctuation, "V:1,I:10", menu"Open, and wide ones behind numbers, but
  thinks of them.
- It takes an l for a 1 in program text, and hardly ever a 1 for an l.

The limits were measured: docs/decisions/0009-embedded-engine-speed.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import amounts, lookalikes, quotes, raised, signs
from ocrd.engine.rapidocr.line_pieces import COLUMN, LinePieces
from ocrd.engine.rapidocr.spacing import LineInk, Stride
from ocrd.engine.rapidocr.turning import Reading

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float32]

_BLANK = 0  # the network's first character
_SURE_SPACE = 0.97  # probability from which a space is one whatever is around it
_LIKELY_SPACE = 0.9  # and from which one is that is narrower than others
_LOST_SPACE = 0.12  # and from which there is one beside punctuation that the network overlooks
_WIDE_SPACE = 0.1  # and from which there is one wherever the white is wide:
_WIDE = 0.45  # of the line's height
_LETTER_INSIDE = 0.05  # from which a 1 between letters is an l
_LETTER_BESIDE = 0.1  # and from which one is with a letter on one side
_NARROW = 0.75  # of the line's usual space
_ENOUGH_SPACES = 3  # to say what is usual
_EVEN_SPACE = 0.999  # probability up to which letters that stand equally far apart are one word
_EVEN = 0.15  # by which their steps differ at most, and with
_SOME_STEPS, _MANY_STEPS = 3, 5  # of them; of many, the network hesitating,
_ROUGHLY_EVEN = 0.35  # more will do
_ONE_STEP = (0.85, 1.18)  # across what is no space; across one it is two
_SURELY_ONE_STEP = 1.12  # where the letters are only roughly even
_WIDE_STEP = 1.2  # across a space, however narrow it is or like a name what stands around it
_NO_GAP = 0.05  # of the line's height: letters that touch or lean over each other say nothing
_SIGNS = (".", ",", "+", "-")  # before a 1 that has its unit behind it
_OPENING = frozenset('"([{“„‘«¿¡')
_CLOSING = frozenset(',;:)]}”’»"\'?!')
_ENDING = _CLOSING - {":"}  # https: //


class Speller:
    """Makes text of the network's distributions over ``characters``."""

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = characters
        self._space = characters.index(" ")
        self._letter = characters.index("l")

    def spell(
        self, distributions: Reals, strip: Pixels, columns: int, read: lookalikes.Read
    ) -> Reading:
        """Return text and score of the line on ``strip``, of which each column is a like share.

        ``read`` gives the text of a part of it.

        Where its ink holds signs that the network does not have, they are replacement characters,
        and the score is of what was read only by its share of the ink.
        """
        text, scores, places = spelled(distributions, self.characters)
        likely_letters = self._likely_letters(distributions, text, places)
        text = amounts.put_right(corrected(text, likely_letters), likely_letters)
        between = self._spaces_between(distributions, places)
        likely = {
            index: max(between[index - 1], between[index])
            for index in range(1, len(text) - 1)
            if text[index] == " "
        }
        lost, false = lost_spaces(text, between), set[int]()
        thought_of = {
            index
            for index, probability in enumerate(between)
            if probability >= _WIDE_SPACE and " " not in text[index : index + 2]
        }
        if thought_of - lost or min(likely.values(), default=1.0) < _EVEN_SPACE:
            ink = LineInk(strip, columns, places)
            lost |= {index for index in thought_of if ink.gap(index, index + 1) >= _WIDE}
            false = _false_spaces(text, likely, ink)
        if not text.strip():
            return "", 0.0
        written = self._written(distributions, (text, scores), places, (lost, false))
        pieces = LinePieces(strip, columns)
        written = raised.put_right(lookalikes.put_right(written, pieces, read), pieces, read)
        kept = [score for index, score in enumerate(scores) if index not in false]
        score = sum(kept) / len(kept) if kept else 0.0
        loss = signs.loss(pieces, [one for one in written if one.character != " "])
        bullet = "• " if loss.bullet else ""
        known = quotes.raised(written, loss.places, pieces)
        others = [one for one in loss.places if one[0] not in known]
        known |= lookalikes.lost_fractions(others, pieces, read)
        text = signs.marked(written, loss.places, known)
        return bullet + text, score * (1 - loss.share)

    def _written(
        self,
        distributions: Reals,
        spelt: tuple[str, Sequence[float]],
        places: Sequence[int],
        spaces: tuple[Collection[int], Collection[int]],
    ) -> list[signs.Seen]:
        """Return the characters, each with where its middle is: false spaces out, lost ones in."""
        (text, scores), (lost, false) = spelt, spaces
        likeliest = distributions.argmax(axis=1)
        found = []
        for index, first in enumerate(places):
            end = first + 1
            while end < len(likeliest) and likeliest[end] == likeliest[first]:
                end += 1
            if index not in false:
                middle = (first + end) / 2 * COLUMN
                found.append(signs.Seen(text[index], middle, scores[index]))
            if index in lost:
                behind = (end + places[index + 1]) / 2 * COLUMN
                found.append(signs.Seen(" ", behind))
        return found

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


def torn_spaces(
    text: str, likely: Mapping[int, float], strides: Mapping[int, Stride | None]
) -> set[int]:
    """Return the spaces, with their probabilities, that tear a word of a typewriter's.

    Across them the letters stand as far apart as before and behind them. So do digits in any type,
    but then there is punctuation.
    """
    return {
        index
        for index, stride in strides.items()
        if stride is not None
        and text[index - 1] not in _ENDING
        and _is_one_step(stride, doubtful=likely[index] < _SURE_SPACE)
    }


def _is_one_step(stride: Stride, *, doubtful: bool) -> bool:
    """Say whether letters stand equally far apart, across the space too."""
    least, most = _ONE_STEP
    if not least <= stride.across < most:
        return False
    many = stride.steps >= _MANY_STEPS
    if doubtful and many and stride.across < _SURELY_ONE_STEP:
        return stride.spread < _ROUGHLY_EVEN
    return stride.spread < _EVEN and (many or (doubtful and stride.steps >= _SOME_STEPS))


def _is_wide(stride: Stride | None) -> bool:
    """Say whether letters stand clearly further apart across a space than around it."""
    return stride is not None and stride.steps >= _SOME_STEPS and stride.across >= _WIDE_STEP


def _false_spaces(text: str, likely: Mapping[int, float], ink: LineInk) -> set[int]:
    """Return the spaces of the text that the ink, or what stands around them, speaks against."""
    stops = {index for index, probability in likely.items() if probability >= _SURE_SPACE}
    strides = {
        index: ink.stride(text, index, stops)
        for index, probability in likely.items()
        if probability < _EVEN_SPACE
    }
    torn = torn_spaces(text, likely, strides)
    if min(likely.values(), default=1.0) >= _SURE_SPACE:
        return torn
    false = false_spaces(text, likely, {index: ink.gap(index - 1, index + 1) for index in likely})
    return torn | {index for index in false if not _is_wide(strides[index])}


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
