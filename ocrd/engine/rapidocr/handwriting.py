"""Lines that look written by hand, which the network was not made to read (pure).

Print stands on one row, ends at two others, and leans one way; of a pen's letters each does as it
likes, and many hang together. That alone does not tell: italics, worn type, small scraps look so,
too. But the network is unsure of a hand, and sure of print. So only lines that it is not sure of
are looked at, and both count, by weights that were fitted: ``benchmarks.quality.marks.hands``. A
hand that is read without hesitation is left alone: what is read of it is mostly right.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import shades

Pixels = NDArray[np.uint8]

_SURE = 0.97  # score from which a line is not looked at
_LETTERS, _SHARE = 3, 0.6  # letters and figures of a line at least, and of its signs
_LOST = 0.25  # share of a line's signs that are lost: of more, it is in another script
_HEIGHT = 48  # pixels that a line is high here
_LEAST_CONTRAST = 24  # grey levels between ink and paper
_ENDS = 0.02, 0.97  # shares of the pixels, whose levels are taken for darkest and lightest
_INK = 0.45  # of the way from paper to ink
_PIECE = 0.2  # of the line's height, that a piece of ink is high which is no dot
_FEET, _HEADS = (0.5, 1.0), (0.0, 0.7)  # of the height: where letters end, and begin
_NEAR = 1.5  # pixels that pieces on one row are apart
_APART = 3  # pixels from the row where most letters begin to the next such row
_STEEP, _EDGE = 45, 0.35  # degrees from upright; of the strongest edges, up to which they count
_LEAN = 5  # degrees within which edges lean alike
_SOBEL = 4.0  # what its sums make of a step of one
_UNSURE = 1e-3  # the least that the network is unsure by


class Look(NamedTuple):
    """What a line looks like; print has more of each than a hand, but of ``wide``."""

    lean: float  # how many times more edges lean alike than by chance, its logarithm
    feet: float  # share of the pieces of ink that end on one row
    heads: float  # share that begin on one of two rows
    wide: float  # how wide the widest tenth of the pieces is, of its height, its logarithm
    uneven: float  # by which the pieces' heights differ, of the mean
    pieces: float  # for each sign of the text
    edge: float  # the steepest step in how much ink the rows have, of the fullest row
    sharp: float  # how steep the strongest edges are, of the step from paper to ink
    sure: float  # how sure the network is, as minus the logarithm of what it lacks
    letters: float  # how many, their logarithm


_WEIGHTS = Look(
    lean=-6.41, feet=-5.29, heads=-4.29, wide=0.08, uneven=2.9, pieces=-5.75, edge=-0.31,
    sharp=31.23, sure=-1.99, letters=0.26,
)  # fmt: skip
_BIAS = 4.12
LIMIT = 2.0  # of the likelihood, from which a line is said to be by hand


def is_written(strip: Pixels, text: str, score: float) -> bool:
    """Say whether a line, of which ``text`` was read with a score, looks written by hand."""
    look = look_of(strip, text, score)
    return look is not None and likelihood(look) > LIMIT


def likelihood(look: Look) -> float:
    """Return how likely a line was written by hand: the logarithm of its odds, as it was fitted."""
    return _BIAS + sum(weight * one for weight, one in zip(_WEIGHTS, look, strict=True))


def look_of(strip: Pixels, text: str, score: float) -> Look | None:
    """Return what a line looks like; None where it cannot be told, or the network is sure of it."""
    signs = [sign for sign in text if not sign.isspace()]
    letters, lost = sum(map(str.isalnum, signs)), text.count(REPLACEMENT)
    if score >= _SURE or lost > _LOST * len(signs):
        return None
    if letters < max(_LETTERS, _SHARE * (len(signs) - lost)):
        return None
    grey = strip if strip.ndim == 2 else cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    size = max(1, round(grey.shape[1] * _HEIGHT / grey.shape[0])), _HEIGHT
    grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    ink = shades.inked(grey, _ENDS, share=_INK, contrast=_LEAST_CONTRAST)
    if ink is None:
        return None
    facts = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)[2][1:]
    facts = facts[facts[:, 3] >= _PIECE * _HEIGHT]
    if not len(facts):
        return None
    _, top, wide, high, _ = facts.T
    rows = ink.sum(axis=1, dtype=np.float64)
    alike, sharp = _edges(grey)
    return Look(
        lean=math.log(max(alike, 1.0)),
        feet=float(_shares(top + high, _FEET).max()),
        heads=_two(_shares(top, _HEADS)),
        wide=math.log(float(np.percentile(wide / high, 90))),
        uneven=float(high.std() / high.mean()),
        pieces=min(2.0, len(facts) / len(signs)),
        edge=float(np.abs(np.diff(rows)).max() / max(rows.max(), 1.0)),
        sharp=sharp,
        sure=-math.log(max(1 - score, _UNSURE)),
        letters=math.log(letters),
    )


def _shares(ends: NDArray[np.int32], between: tuple[float, float]) -> NDArray[np.float64]:
    """Return for each row which share of the pieces ends near it."""
    first, last = between
    places = np.arange(first * _HEIGHT, last * _HEIGHT)
    return np.asarray((np.abs(ends[None, :] - places[:, None]) <= _NEAR).mean(axis=1))


def _two(shares: NDArray[np.float64]) -> float:
    """Return the share of the fullest row, and of the fullest one that is not beside it."""
    first = int(shares.argmax())
    others = np.delete(shares, slice(max(0, first - _APART), first + _APART + 1))
    return float(shares[first] + others.max())


def _edges(grey: Pixels) -> tuple[float, float]:
    """Return how many times more steep edges lean alike than by chance, and how sharp edges are."""
    dark, light = shades.quantiles(grey, *_ENDS)
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    strength = cv2.magnitude(across, down)
    strongest = float(np.percentile(strength[::2, ::2], 98))
    upright = (strength > _EDGE * strongest) & (np.abs(across) > np.abs(down))
    sharp = strongest / (_SOBEL * max(light - dark, 1.0))
    if not upright.any():
        return 1.0, sharp
    lean = np.degrees(np.arctan(down[upright] / across[upright]))
    counts = np.histogram(lean, 2 * _STEEP, (-_STEEP, _STEEP), weights=strength[upright])[0]
    share = np.convolve(counts, np.ones(_LEAN), "same").max() / counts.sum()
    return float(share * 2 * _STEEP / _LEAN), sharp
