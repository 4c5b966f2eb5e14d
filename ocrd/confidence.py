"""How sure an engine is of what it read, and how much it wrote (pure).

A model's tokens and a line engine's lines are told apart by nobody who asks: both give a page's
mean and its least. Their scales differ, so that a floor for one says nothing of the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ocrd.doubts import is_read
from ocrd.job import Line, Piece

CHARACTERS_A_TOKEN = 4  # of English prose, as OpenAI counts for its tokenizers; others have fewer
_DIGITS = 4


class Confidence(NamedTuple):
    """Probabilities, 0 to 1; None of a page without text."""

    mean: float | None
    least: float | None


NONE = Confidence(None, None)


def of_tokens(logprobs: Sequence[float]) -> Confidence:
    """Return the mean probability of tokens, and the least, from their natural logarithms."""
    if not logprobs:
        return NONE
    mean = math.fsum(map(_probability, logprobs)) / len(logprobs)
    return Confidence(round(mean, _DIGITS), round(_probability(min(logprobs)), _DIGITS))


def of_lines(lines: Iterable[Line]) -> Confidence:
    """Return the mean over the characters of all lines that were read, and the least line's."""
    scores = [(line.confidence, len(line.text)) for line in lines if is_read(line) and line.text]
    if not scores:
        return NONE
    mean = math.fsum(score * length for score, length in scores) / sum(n for _, n in scores)
    return Confidence(round(mean, _DIGITS), round(min(score for score, _ in scores), _DIGITS))


def pieces(texts: Iterable[str], logprobs: Iterable[float]) -> tuple[Piece, ...]:
    """Return what each token wrote, with its probability."""
    return tuple(
        Piece(text, round(_probability(logprob), _DIGITS))
        for text, logprob in zip(texts, logprobs, strict=True)
    )


def estimated_tokens(characters: int) -> int:
    """Return about how many tokens a text of that length would be, for who counts in tokens."""
    return math.ceil(characters / CHARACTERS_A_TOKEN)


def _probability(logprob: float) -> float:
    return math.exp(min(logprob, 0.0))  # rounding may leave the surest token above 1
