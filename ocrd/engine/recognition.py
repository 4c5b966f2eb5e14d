"""One text line: from its image to what the recognition network is shown, and back to text (pure).

The network has seen lines of 48 pixels' height; what it says is a distribution over its characters
for every eighth column, to be read as CTC: repetitions are one character, and "blank" parts them.

It sees spaces where there are none: between the narrow letters of typewriter words, and around the
full stops of names. A space that it is not sure of must be as wide as the line's others, and none
is left inside what looks like an address or a file's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.turning import Reading

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float32]

HEIGHT = 48  # pixels, given by the network
COLUMN = 8  # pixels of width for each distribution
# Of the width that keeps the letters' form: as exact, and a tenth less to compute. See
# docs/decisions/0009-embedded-engine-speed.md for this and the limits of spaces.
SQUEEZE = 0.9
_LEAST_WIDTH = 160  # pixels; narrower lines are filled up with grey, the network's zero
_BLANK = 0  # its first character
_SURE_SPACE = 0.97  # probability from which a space is one whatever is around it
_LIKELY_SPACE = 0.9  # and from which one is that is narrower than others
_NARROW = 0.75  # of the line's usual space
_ENOUGH_SPACES = 3  # to say what is usual
_NO_GAP = 0.05  # of the line's height: letters that touch or lean over each other say nothing
_PAPER = 0.35  # of the ink's darkness: a column up to it is white


class Recogniser:
    """Reads lines with a network; ``read`` may run in several threads at once."""

    def __init__(self, network: Callable[[Reals], Reals], characters: Sequence[str]) -> None:
        """Take the network, an image batch to distributions, and its characters from "blank" on."""
        self._network = network
        self._characters = characters
        self._space = characters.index(" ")

    def read(self, strip: Pixels) -> Reading:
        """Return text and score of the line on the image."""
        distributions = self._network(shown(strip))[0]
        text, scores, places = spelled(distributions, self._characters)
        spaces = [index for index, letter in enumerate(text) if letter == " "]
        likely = {
            index: float(
                distributions[places[index - 1] : places[index + 1] + 1, self._space].max()
            )
            for index in spaces
            if 0 < index < len(text) - 1
        }
        if likely and min(likely.values()) < _SURE_SPACE:
            false = false_spaces(text, likely, gaps(strip, places, spaces))
            text = "".join(letter for index, letter in enumerate(text) if index not in false)
            scores = [score for index, score in enumerate(scores) if index not in false]
        return text, sum(scores) / len(scores) if scores else 0.0


def shown(strip: Pixels) -> Reals:
    """Return the line as a batch of one: channels, height, width, from -1 to 1."""
    wide = _columns(strip) * COLUMN
    resized = cv2.resize(strip, (wide, HEIGHT), interpolation=cv2.INTER_LINEAR)
    batch = np.zeros((1, 3, HEIGHT, max(wide, _LEAST_WIDTH)), np.float32)
    np.multiply(resized.transpose(2, 0, 1), np.float32(1 / 127.5), out=batch[0, :, :, :wide])
    batch[0, :, :, :wide] -= 1
    return batch


def _columns(strip: Pixels) -> int:
    height, width = map(int, strip.shape[:2])
    return max(1, round(HEIGHT * width / height * SQUEEZE / COLUMN))


def spelled(distributions: Reals, characters: Sequence[str]) -> tuple[str, list[float], list[int]]:
    """Return the most likely text, and each character's probability and first column."""
    likeliest = distributions.argmax(axis=1)
    begins = likeliest != _BLANK
    begins[1:] &= likeliest[1:] != likeliest[:-1]
    places = np.flatnonzero(begins)
    text = "".join(characters[index] for index in likeliest[places].tolist())
    return text, distributions[places, likeliest[places]].tolist(), places.tolist()


def gaps(strip: Pixels, places: Sequence[int], spaces: Sequence[int]) -> dict[int, float]:
    """Return the width of the white at each space, in heights of the line."""
    white = _white(strip)
    step = strip.shape[1] / _columns(strip)
    found = {}
    for index in spaces:
        if 0 < index < len(places) - 1:
            left, right = ((places[index + side] + 0.5) * step for side in (-1, 1))
            found[index] = _longest_run(white[int(left) : int(right) + 1]) / strip.shape[0]
    return found


def false_spaces(text: str, likely: dict[int, float], gaps: dict[int, float]) -> set[int]:
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
