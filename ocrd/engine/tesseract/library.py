"""Tesseract's C interface (tesseract/capi.h), the part that is used here.

The system's shared library is loaded, not a copy in a wheel: see
docs/decisions/0019-tesseract.md. A :class:`Recogniser` belongs to one thread at a time; several
may work side by side. Nothing else in ocrd knows pointers.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_void_p
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocrd.errors import EngineError, EngineUnusableError

Pixels = NDArray[np.uint8]

SONAME = "libtesseract.so.5"
INSTALL = "Install it: apt install tesseract-ocr (Debian); its library is libtesseract.so.5."

# tesseract/publictypes.h
_LEGACY, _LSTM = 0, 1  # engine modes: script and orientation are seen by the old one
PAGE, LINE = 3, 7  # how a picture is taken: a whole page, or one line
_TEXT_LINE, _WORD = 2, 3  # levels of a page

# Left-to-right and right-to-left marks, embeddings and isolates: the text is in the order in which
# it is spoken, and whoever shows it orders it anew.
_MARKS = dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "TessVersion": (c_char_p, ()),
    "TessDeleteText": (None, (c_void_p,)),
    "TessBaseAPICreate": (c_void_p, ()),
    "TessBaseAPIDelete": (None, (c_void_p,)),
    "TessBaseAPIEnd": (None, (c_void_p,)),
    "TessBaseAPIInit2": (c_int, (c_void_p, c_char_p, c_char_p, c_int)),
    "TessBaseAPISetVariable": (c_int, (c_void_p, c_char_p, c_char_p)),
    "TessBaseAPISetPageSegMode": (None, (c_void_p, c_int)),
    "TessBaseAPISetImage": (None, (c_void_p, c_void_p, c_int, c_int, c_int, c_int)),
    "TessBaseAPISetSourceResolution": (None, (c_void_p, c_int)),
    "TessBaseAPIRecognize": (c_int, (c_void_p, c_void_p)),
    "TessBaseAPIClear": (None, (c_void_p,)),
    "TessBaseAPIGetIterator": (c_void_p, (c_void_p,)),
    "TessBaseAPIDetectOrientationScript": (
        c_int,
        (c_void_p, POINTER(c_int), POINTER(c_float), POINTER(c_char_p), POINTER(c_float)),
    ),
    "TessResultIteratorDelete": (None, (c_void_p,)),
    "TessResultIteratorNext": (c_int, (c_void_p, c_int)),
    "TessResultIteratorGetUTF8Text": (c_void_p, (c_void_p, c_int)),
    "TessResultIteratorConfidence": (c_float, (c_void_p, c_int)),
    "TessResultIteratorGetPageIterator": (c_void_p, (c_void_p,)),
    "TessPageIteratorIsAtBeginningOf": (c_int, (c_void_p, c_int)),
    "TessPageIteratorBoundingBox": (c_int, (c_void_p, c_int, *[POINTER(c_int)] * 4)),
    "TessPageIteratorBaseline": (c_int, (c_void_p, c_int, *[POINTER(c_int)] * 4)),
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its upright box, in pixels; words come in the order in which they are spoken."""

    text: str
    confidence: float  # 0..1
    box: tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a page: its words, how much it slants, and whether they part by spaces."""

    words: tuple[Word, ...]
    slope: float  # of its baseline: pixels down for each to the right
    text: str


@dataclass(frozen=True, slots=True)
class Orientation:
    """Which way up a page is, and what script it is in; scores from 0, without an upper end."""

    rotation: int  # clockwise degrees that make it upright
    rotation_score: float
    script: str  # Tesseract's name of it: "Cyrillic"
    script_score: float


class Library:
    """The shared library, with its functions' types."""

    def __init__(self) -> None:
        """Load it; raise EngineUnusableError where it is not installed."""
        # One thread each, since several recognisers work side by side; read when it is loaded.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        try:
            self._library = ctypes.CDLL(SONAME)
            for name, (result, arguments) in _SIGNATURES.items():
                function = getattr(self._library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            raise EngineUnusableError(
                f"Tesseract cannot be loaded ({error}).", hint=INSTALL
            ) from error

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Return a function of the library."""
        function: Callable[..., object] = getattr(self._library, name)
        return function

    @property
    def version(self) -> str:
        """Tesseract's version."""
        version: bytes = self._library.TessVersion()
        return version.decode("ascii", "replace")


class Recogniser:
    """Reads pictures in some languages; for one thread at a time."""

    def __init__(self, library: Library, folder: Path, languages: Sequence[str], mode: int) -> None:
        """Load the languages' data from ``folder``; raise EngineError where that cannot be done."""
        self._tess = library
        self._handle = _started(library, folder, "+".join(languages), _LSTM)
        library.TessBaseAPISetPageSegMode(self._handle, mode)

    def close(self) -> None:
        """Give its memory back."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._tess.TessBaseAPIEnd(handle)
            self._tess.TessBaseAPIDelete(handle)

    def read(self, grey: Pixels) -> list[TextLine]:
        """Return the lines of a grey picture."""
        _show(self._tess, self._handle, grey)
        try:
            # Without a monitor: its callback would need memory that is written and executed, which
            # the service's unit forbids, and a line takes some 30 ms.
            if self._tess.TessBaseAPIRecognize(self._handle, None):
                raise RuntimeError("Tesseract gave the picture up")
            return list(self._lines())
        finally:
            self._tess.TessBaseAPIClear(self._handle)

    def _lines(self) -> Iterator[TextLine]:
        tess = self._tess
        result = tess.TessBaseAPIGetIterator(self._handle)
        if not result:
            return
        try:
            page = tess.TessResultIteratorGetPageIterator(result)
            words: list[Word] = []
            slope, text = 0.0, ""
            while True:
                if tess.TessPageIteratorIsAtBeginningOf(page, _TEXT_LINE):
                    if words:
                        yield TextLine(tuple(words), slope, text)
                    words = []
                    slope, text = self._slope(page), self._text(result, _TEXT_LINE)
                said = self._text(result, _WORD)
                if said.strip():
                    score: float = tess.TessResultIteratorConfidence(result, _WORD)  # type: ignore[assignment]
                    box = self._box(page)
                    words.append(Word(said, min(max(score / 100, 0.0), 1.0), box))
                if not tess.TessResultIteratorNext(result, _WORD):
                    break
            if words:
                yield TextLine(tuple(words), slope, text)
        finally:
            tess.TessResultIteratorDelete(result)

    def _text(self, result: object, level: int) -> str:
        address = self._tess.TessResultIteratorGetUTF8Text(result, level)
        if not address:
            return ""
        try:
            said = ctypes.string_at(address)  # type: ignore[arg-type]
        finally:
            self._tess.TessDeleteText(address)
        return said.decode("utf-8", "replace").translate(_MARKS).strip()

    def _box(self, page: object) -> tuple[int, int, int, int]:
        edges = c_int(), c_int(), c_int(), c_int()
        self._tess.TessPageIteratorBoundingBox(page, _WORD, *map(byref, edges))
        left, top, right, bottom = (edge.value for edge in edges)
        return left, top, right, bottom

    def _slope(self, page: object) -> float:
        ends = c_int(), c_int(), c_int(), c_int()
        if not self._tess.TessPageIteratorBaseline(page, _TEXT_LINE, *map(byref, ends)):
            return 0.0
        x0, y0, x1, y1 = (end.value for end in ends)
        return (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0


class Observer:
    """Sees which way up a page is and what script it is in; for one thread at a time."""

    def __init__(self, library: Library, folder: Path) -> None:
        """Load the data ("osd") from ``folder``; raise EngineError where that cannot be done."""
        self._tess = library
        self._handle = _started(library, folder, "osd", _LEGACY)

    def look(self, grey: Pixels) -> Orientation | None:
        """Return what a grey picture shows; None where there are too few letters."""
        _show(self._tess, self._handle, grey)
        degrees, script = c_int(), c_char_p()
        certain, likely = c_float(), c_float()
        try:
            seen = self._tess.TessBaseAPIDetectOrientationScript(
                self._handle, byref(degrees), byref(certain), byref(script), byref(likely)
            )
            if not seen or not script.value:
                return None
            name = script.value.decode("ascii", "replace")
        finally:
            self._tess.TessBaseAPIClear(self._handle)
        return Orientation(-degrees.value % 360, certain.value, name, likely.value)


def _started(library: Library, folder: Path, languages: str, mode: int) -> object:
    handle = library.TessBaseAPICreate()
    if not handle:
        raise MemoryError("Tesseract could not allocate")
    library.TessBaseAPISetVariable(handle, b"debug_file", b"/dev/null")
    if library.TessBaseAPIInit2(handle, os.fsencode(folder), languages.encode(), mode):
        library.TessBaseAPIDelete(handle)
        raise EngineError(
            f"Tesseract cannot load {languages} from {folder}.",
            hint="Its data may be damaged, or of another version: install its packages again.",
        )
    return handle


def _show(library: Library, handle: object, grey: Pixels) -> None:
    picture = np.ascontiguousarray(grey)
    height, width = picture.shape
    # It keeps a copy of its own.
    library.TessBaseAPISetImage(handle, picture.ctypes.data, width, height, 1, width)
    library.TessBaseAPISetSourceResolution(handle, 300)
