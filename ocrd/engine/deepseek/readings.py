"""The readings of one page, or of its parts: which of them counts, and what they say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocrd.engine.deepseek.text.seen import visible
from ocrd.job import Ink, Piece
from ocrd.witness import extent, held_against


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run of the model over a page gave."""

    text: str
    doubt: str  # why it cannot be trusted, "" where it can
    logprobs: tuple[float, ...]  # of its tokens, by the network alone
    prompt_tokens: int
    finish: str  # as Recognition's
    pieces: tuple[Piece, ...] = ()  # of the text as the model wrote it, where they were asked for
    is_cut: bool = False  # it ended where the task said so: at a stop, or at its max_tokens

    @property
    def tokens(self) -> int:
        """Return how many were generated."""
        return len(self.logprobs)


def best(readings: Sequence[Reading], witness: Ink | None) -> Reading:
    """Return the sound reading, or the most useful of those in doubt."""
    if not readings[-1].doubt:
        return readings[-1]
    return max(readings, key=lambda reading: _usefulness(reading, witness))


def _usefulness(reading: Reading, ink: Ink | None) -> tuple[bool, int]:
    """Return whether the page can hold a reading, and how many different lines that has."""
    doubt = held_against(ink, *extent(visible(reading.text))) if ink else None
    is_held = doubt is None or doubt.code != "more-than-page"
    return is_held, len(set(reading.text.split("\n")))


def remarks(readings: Sequence[Reading], count: int) -> tuple[str, ...]:
    """Return what a person should know of readings, of so many parts, that were thrown away."""
    doubts = [reading.doubt for reading in readings if reading.doubt]
    if not doubts or len(readings) == count:
        return ()
    return (f"Read {len(readings) - count + 1} times; the first time: {doubts[0]}",)
