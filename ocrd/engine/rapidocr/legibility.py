"""What a line's reading is worth, and whether a box that was not read holds text at all (pure).

The detector also finds photographs, their edges, icons, coins. Text is ink of one darkness on paper
of one shade, and several pieces of it that are about as high as letters are. What looks like that
and gives no text is a loss; the rest was never text.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr.shades import quantiles
from ocrd.engine.rapidocr.turning import Reading

Pixels = NDArray[np.uint8]

MIN_CONFIDENCE = 0.5  # RapidOCR's own text_score: below it a text is not sure,
_UNREAD = 0.4  # and below this it is none
_HEIGHT = 48  # pixels that lines are shrunk to
_LEAST_CONTRAST = 24  # grey levels between ink and paper
_STEPS = 20  # in which shades between them are counted
_PAPER = 0.5  # share of the pixels that are paper, of one shade
_BETWEEN = 0.2  # and of those that are neither ink nor paper, at most: they are letters' edges
_INK = (0.03, 0.45)  # share of the pixels that are ink
_LETTER_HEIGHT = (0.25, 0.97)  # of the line
_LETTER_WIDTH = 0.8  # of its height, where letters are joined
_LEAST_PIECE = 10  # pixels
_SOLID = 0.7  # share of its box that is ink: a joined word has less, but a stem all
_LETTERS = 3


def judged(reading: Reading, strip: Pixels) -> tuple[str, str] | None:
    """Return a line's text and its doubt, one of doubts.LINES or ""; None if it is no line."""
    text, score = reading
    signs = "".join(text.split())
    read = signs.replace(REPLACEMENT, "")
    # The score is of what was read only in part: a sure number between lost words is sure.
    own = score * len(signs) / len(read) if read else 0.0
    if own >= MIN_CONFIDENCE and len(read) == len(signs):
        return text, ""
    if not is_text(strip):
        return (text.replace(REPLACEMENT, ""), "") if score >= MIN_CONFIDENCE else None
    if own < _UNREAD or not any(map(str.isalnum, read)):
        return text, "unread"
    return text, "signs" if own >= MIN_CONFIDENCE else "uncertain"


def is_text(strip: Pixels) -> bool:
    """Say whether the image of a line shows letters."""
    grey = strip if strip.ndim == 2 else cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    if height > _HEIGHT:
        size = max(1, round(width * _HEIGHT / height)), _HEIGHT
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    shades = _shades(np.asarray(grey, np.uint8))
    if shades is None:
        return False
    counts = np.bincount((shades * _STEPS).astype(np.intp).ravel(), minlength=_STEPS + 1)
    half = _STEPS // 2
    usual = half + int(counts[half:].argmax())
    paper = counts[max(half, usual - 1) : usual + 2].sum() / shades.size
    between = ((shades > 0.3) & (shades < 0.7)).mean()
    ink = np.asarray(shades < 0.55, np.uint8)
    least, most = _INK
    if paper < _PAPER or between > _BETWEEN or not least <= ink.mean() <= most:
        return False
    return _letters(ink) >= _LETTERS


def _shades(grey: Pixels) -> NDArray[np.float32] | None:
    """Return each pixel between ink, 0, and paper, 1; None where all is of one shade."""
    dark, middle, light = quantiles(grey, 0.03, 0.5, 0.97)
    if light - dark < _LEAST_CONTRAST:
        return None
    shades: NDArray[np.float32] = np.clip(
        (grey.astype(np.float32) - dark) / (light - dark), 0, 1
    )
    return 1 - shades if middle - dark < light - middle else shades


def _letters(ink: Pixels) -> float:
    """Return about how many letters the pieces of ink are."""
    height = ink.shape[0]
    least, most = _LETTER_HEIGHT
    _, _, facts, _ = cv2.connectedComponentsWithStats(ink)
    letters: float = sum(
        max(1.0, wide / (_LETTER_WIDTH * height))
        for _, _, wide, high, area in facts[1:].tolist()
        if area >= _LEAST_PIECE and least * height <= high <= most * height
        and area <= _SOLID * wide * high + _LEAST_PIECE * high
    )
    return letters
