"""A page too long for the model, in parts: where it is cut, and how what they say becomes one.

A receipt of a metre, a scrolled screenshot: the model's views of it are so far shrunk that nothing
is legible. It is cut where the paper is white from edge to edge, else where least ink is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocrd.engine.deepseek.network.preprocessing import ViewSpec
from ocrd.job import Ink

RATIO = 4  # of a part's sides: a column of four tiles shows it as it is
LONG = 1.25  # times as long as the model's longest views: a page that it would squeeze
WITHOUT_TILES = 3.0  # sides' ratio up to which one view is enough, where there are no tiles
GRID = 999  # the highest coordinate that the model writes
_REACH = 0.25  # of a part's length, that a cut is looked for on either side of the even one
_DARKER = 24  # of 255, than the paper
_PAPER = 0.002  # share of a row that may be ink, dust and an edge's shadow, where it is white

Span = tuple[int, int]  # pixels along the page's long side

_PLACES = re.compile(r"<\|det\|>(.*?)(?:<\|/det\|>|$)", re.DOTALL)
_BARE = re.compile(r"^[ \t]*[a-z]{2,20}(?:_[a-z]{2,20})* ?(\[ ?\[[\d\s.,\[\]-]*\])", re.MULTILINE)
_CORNERS = re.compile(r"\[\s*(-?\d+(?:\.\d*)?(?:\s*,\s*-?\d+(?:\.\d*)?){3})\s*\]")
_END = "<｜end▁of▁sentence｜>"


def spans(image: Image.Image, spec: ViewSpec) -> list[Span]:
    """Return the parts of a page that the model reads one by one: one where it need not be cut."""
    length, breadth = max(image.size), min(image.size)
    most = LONG * spec.max_tiles if spec.crop and spec.max_tiles > 1 else WITHOUT_TILES
    if length <= most * breadth:
        return [(0, length)]
    count = -(-length // (min(RATIO, most) * breadth))
    inked = _inked(image)
    cuts = [0]
    for number in range(1, int(count)):
        even, reach = length * number / count, _REACH * length / count
        cuts.append(_cut(inked, max(cuts[-1] + 1, round(even - reach)), round(even + reach), even))
    return list(zip(cuts, [*cuts[1:], length], strict=True))


def cropped(image: Image.Image, span: Span) -> Image.Image:
    """Return a part of the page."""
    start, end = span
    if image.height >= image.width:
        return image.crop((0, start, image.width, end))
    return image.crop((start, 0, end, image.height))


def ink_of(ink: Ink | None, part: float, whole: float, span: Span, length: int) -> Ink | None:
    """Return what a part shows of the page's text, ``part`` and ``whole`` being shares of ink."""
    if ink is None:
        return None
    start, end = span
    share = min(1.0, part * (end - start) / max(whole * length, 1e-9))
    return replace(ink, rows=round(ink.rows * share), characters=round(ink.characters * share))


def joined(texts: Sequence[str], spans: Sequence[Span], size: tuple[int, int]) -> str:
    """Return what the parts say as one page's text, with the places of the whole page."""
    width, height = size
    found = []
    for text, (start, end) in zip(texts, spans, strict=True):
        axis, length = (1, height) if height >= width else (0, width)
        found.append(_moved(text.replace(_END, "").strip("\n"), axis, start, end, length))
    return "\n\n".join(text for text in found if text)


def _inked(image: Image.Image) -> NDArray[np.float64]:
    """Return the share of ink across the page at each pixel along it."""
    grey = np.asarray(image.convert("L"))
    paper = int(np.median(grey[::4, ::4]))
    axis = 1 if image.height >= image.width else 0
    return np.asarray((np.abs(grey.astype(np.int16) - paper) > _DARKER).mean(axis=axis))


def _cut(inked: NDArray[np.float64], first: int, last: int, even: float) -> int:
    """Return where to cut: in the middle of much white near the even place, or of least ink."""
    window = inked[first:last]
    white = window <= max(_PAPER, float(window.min()))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], white, [False])).astype(np.int8)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    longest = max(end - start for start, end in runs)
    middles: list[int] = [
        first + (start + end) // 2 for start, end in runs if end - start >= 0.6 * longest
    ]
    return min(middles, key=lambda middle: abs(middle - even))


def _moved(text: str, axis: int, start: int, end: int, length: int) -> str:
    """Return a part's text with its coordinates, of the part, as they are on the page."""

    def corners(found: re.Match[str]) -> str:
        numbers = [float(number) for number in found[1].split(",")]
        for index in (axis, axis + 2):
            place = start + numbers[index] / GRID * (end - start)
            numbers[index] = round(place / length * GRID, 2)
        return "[" + ", ".join(f"{number:g}" for number in numbers) + "]"

    pieces: list[str] = []
    reached = 0
    for first, last in _places(text):
        pieces += [text[reached:first], _CORNERS.sub(corners, text[first:last])]
        reached = last
    return "".join([*pieces, text[reached:]])


def _places(text: str) -> Iterator[Span]:
    """Yield where coordinates stand, in the form with special tokens or without."""
    pattern = _PLACES if "<|det|>" in text else _BARE
    for found in pattern.finditer(text):
        yield found.span(1)
