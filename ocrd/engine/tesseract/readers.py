"""Who reads a line with Tesseract: recognisers by language, lent to one thread at a time.

A recogniser takes a tenth of a second to load and tens of megabytes, so that they are kept; of the
languages that were not asked for lately they are given up.
"""

from __future__ import annotations

import contextlib
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd import languages
from ocrd.engine.rapidocr import strips, turning
from ocrd.engine.tesseract.library import (
    INSTALL,
    LINE,
    Library,
    Observer,
    Orientation,
    Recogniser,
    TextLine,
)
from ocrd.errors import EngineUnusableError
from ocrd.job import Quad

Pixels = NDArray[np.uint8]
Languages = tuple[str, ...]

MOST_LANGUAGES = 4  # sets of them whose recognisers are kept
# Of a line's height around the box: the detector's boxes are tight, and marks stand above and below
# the letters. Measured in docs/decisions/0019-tesseract.md.
MARGIN = 0.15

_GREEK = range(0x370, 0x400)


class Tesseract:
    """The library and its data; every method may be called from several threads at once."""

    def __init__(self) -> None:
        """Load the library; raise EngineUnusableError where it or its data is not installed."""
        self._library = Library()
        data = languages.folder()
        if data is None:
            raise EngineUnusableError("Tesseract's data is not there.", hint=INSTALL)
        self._data: Path = data
        self._idle: OrderedDict[Languages, list[Recogniser]] = OrderedDict()
        self._observers: list[Observer] = []
        self._lock = threading.Lock()

    @property
    def version(self) -> str:
        """Tesseract's version."""
        return self._library.version

    @property
    def installed(self) -> frozenset[str]:
        """The languages whose data is there now."""
        return languages.installed(self._data)

    @contextlib.contextmanager
    def recogniser(self, wanted: Languages) -> Iterator[Recogniser]:
        """Lend a recogniser for these languages."""
        with self._lock:
            some = self._idle.setdefault(wanted, [])
            self._idle.move_to_end(wanted)
            one = some.pop() if some else None
            old = self._idle.popitem(last=False)[1] if len(self._idle) > MOST_LANGUAGES else []
        for other in old:
            other.close()
        if one is None:
            one = Recogniser(self._library, self._data, wanted, LINE)
        try:
            yield one
        finally:
            with self._lock:
                if wanted in self._idle:
                    self._idle[wanted].append(one)
                    one = None
            if one is not None:
                one.close()

    def look(self, grey: Pixels) -> Orientation | None:
        """Return which way up a page is and its script; None where it cannot be seen.

        There may be too few letters, or the data for it ("osd") may not be installed.
        """
        if "osd" not in self.installed:
            return None
        with self._lock:
            one = self._observers.pop() if self._observers else None
        if one is None:
            one = Observer(self._library, self._data)
        try:
            return one.look(grey)
        finally:
            with self._lock:
                self._observers.append(one)

    def close(self) -> None:
        """Give the memory back of all that is not lent."""
        with self._lock:
            some = [one for each in self._idle.values() for one in each]
            self._idle.clear()
        for one in some:
            one.close()


class LineReader:
    """Reads lines in some languages."""

    def __init__(self, tesseract: Tesseract, wanted: Sequence[str]) -> None:
        self._tesseract = tesseract
        self.languages = tuple(wanted)

    def read(self, pixels: Pixels, quad: Quad, *, turned: bool = False) -> turning.Reading:
        """Return text and score of the line in a quad, or of it turned by 180 degrees."""
        strip = strips.strip(pixels, widened(quad))
        if turned:
            strip = strips.turned(strip, cv2.ROTATE_180)
        grey = np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY), np.uint8)
        with self._tesseract.recogniser(self.languages) as recogniser:
            lines = recogniser.read(grey)
        words = [word for line in lines for word in line.words]
        signs = sum(len(word.text) for word in words)
        if not signs:
            return "", 0.0
        score = sum(word.confidence * len(word.text) for word in words) / signs
        return composed(" ".join(map(spoken, lines))), score


def widened(quad: Quad) -> Quad:
    """Return a line's quad with a margin on all sides."""
    width, height = turning.size(quad)
    margin = MARGIN * min(width, height)
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    across = ((bx - ax) / max(width, 1.0) * margin, (by - ay) / max(width, 1.0) * margin)
    down = ((dx - ax) / max(height, 1.0) * margin, (dy - ay) / max(height, 1.0) * margin)
    return (
        (ax - across[0] - down[0], ay - across[1] - down[1]),
        (bx + across[0] - down[0], by + across[1] - down[1]),
        (cx + across[0] + down[0], cy + across[1] + down[1]),
        (dx - across[0] + down[0], dy - across[1] + down[1]),
    )


def spoken(line: TextLine) -> str:
    """Return a line's words in the order in which they are spoken.

    Tesseract takes a line of Arabic or Hebrew for one from left to right now and then, and its
    parts change places: there the words' places tell.
    """
    if not _runs_left(line.text):
        return line.text
    words: list[str] = []
    foreign = 0  # words at the end that run from left to right
    for word in sorted(line.words, key=lambda word: -(word.box[0] + word.box[2])):
        is_foreign = any(unicodedata.bidirectional(letter) == "L" for letter in word.text)
        foreign = foreign + 1 if is_foreign else 0
        words.insert(len(words) - foreign + 1 if is_foreign else len(words), word.text)
    return " ".join(words)


def _runs_left(text: str) -> bool:
    if text.isascii():
        return False
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return sum(kind in {"R", "AL"} for kind in kinds) > kinds.count("L")


def composed(text: str) -> str:
    """Return a text with letters that Tesseract writes in two parts, or takes from elsewhere.

    Thai sara am in two signs, and the sign for micro in Greek words.
    """
    text = text.replace("\u0e4d\u0e32", "\u0e33")
    if "\u00b5" in text and any(ord(letter) in _GREEK for letter in text):
        text = text.replace("\u00b5", "\u03bc")
    return text
