"""The last layer of the network that reads lines: one for European print, one for all (pure).

What the network makes of a line, 120 numbers a column, is compared with each character that it
knows: 18,710, of which Chinese, Japanese and pictures are nine in ten. So the columns are compared
with the others first. How alike the likeliest of those is, before all are set in proportion, says
whether it is the right one: where a column shows a character that is not among them, the likeliest
is so by default. Only such columns are compared with all characters, and where one of these shows
such a character, the whole line is. See docs/decisions/0009-embedded-engine-speed.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr.spelling import Speller

Reals = NDArray[np.float32]

# Logits, chosen by hand: of lines in Chinese and Japanese none had all columns over 10, and nine in
# ten of the page set's that are read well have all over this. See decision 0009.
EVIDENCE = 12.0


@dataclass(frozen=True, slots=True)
class Head:
    """A last layer: from columns to distributions, and each one's largest logit."""

    run: Callable[[Reals], tuple[Reals, Reals]]
    characters: Sequence[str]  # from "blank" on
    columns: NDArray[np.intp]  # their places among all characters


class Heads:
    """Says which characters a line's columns show; from several threads at once."""

    def __init__(self, few: Head, all_: Head) -> None:
        """Take the layer for European print, and the one for all characters."""
        self._few, self._all = few, all_
        self._spellers = Speller(few.characters), Speller(all_.characters)
        self._is_few = np.zeros(len(all_.characters), bool)
        self._is_few[few.columns] = True

    def said(self, features: Reals) -> tuple[Reals, Speller]:
        """Return the distribution of each column, and who makes text of them."""
        distributions, evidence = self._few.run(features)
        doubtful = np.flatnonzero(evidence < EVIDENCE)
        if not doubtful.size:
            return distributions, self._spellers[0]
        shown, _ = self._all.run(features[doubtful])
        if self._is_few[shown.argmax(axis=1)].all():
            distributions[doubtful] = shown[:, self._few.columns]
            return distributions, self._spellers[0]
        if doubtful.size < len(features):
            shown, _ = self._all.run(features)
        return shown, self._spellers[1]
