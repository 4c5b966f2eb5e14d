"""Looks at a server's answer as it comes, whether it still says what stands on the page (pure)."""

from __future__ import annotations

import math

from ocrd.engine.deepseek.text import runaway
from ocrd.engine.deepseek.text.seen import visible
from ocrd.job import Ink
from ocrd.witness import extent

EVERY = 1000  # characters between two looks
TAIL = 8000  # characters that are looked at for repetition: a runaway is at the end, if at all
FULL = 3.0  # times the characters that the page's ink has room for
SPARE = 2000  # characters


class RanAway(Exception):  # noqa: N818 - ends a request
    """What comes is no text of this page."""


class Guard:
    """One answer on its way. Without ``ink`` it is held against itself alone."""

    def __init__(self, ink: Ink | None) -> None:
        self._ink = ink
        self._parts: list[str] = []
        self._size = 0
        self._looked = 0
        self.pieces = 0

    @property
    def text(self) -> str:
        """Return what came."""
        return "".join(self._parts)

    def take(self, piece: str) -> int:
        """Take a piece and return how many came; raise RanAway where it is no text of the page."""
        self._parts.append(piece)
        self._size += len(piece)
        self.pieces += 1
        if self._size > SPARE and self._size - self._looked >= EVERY:
            self._looked = self._size
            if why := self._why_not():
                raise RanAway(why)
        return self.pieces

    def _why_not(self) -> str:
        text = self.text
        if self._ink is not None and self._size > FULL * self._ink.characters + SPARE:
            _, characters = extent(visible(text))
            if characters > FULL * self._ink.characters + SPARE:
                return "The answer holds far more than stands on the page."
        return runaway.judge(text[-TAIL:], finished="eos", has_ink=False)


def misfit(text: str, ink: Ink | None) -> float:
    """Return how far a text's extent is from the page's, 0 where it is the same.

    Twice as much as stands there is as far off as half of it; nothing at all is farthest.
    """
    _, characters = extent(visible(text))
    if ink is None:
        return 0.0 if characters else math.inf
    return abs(math.log((characters + 1) / (ink.characters + 1)))
