"""Two kinds of engine: Tesseract by itself, and the embedded engine with Tesseract beside it.

Both find lines as the embedded engine does. Tesseract's own search for them was tried and loses
paragraphs of some scripts in silence: see docs/decisions/0019-tesseract.md.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from ocrd.engine.protocol import Hello, Recognise
from ocrd.engine.rapidocr import strips, turning
from ocrd.engine.rapidocr.engine import (
    EXPRESS_SLOTS,
    LONGEST_SIDE,
    Page,
    Progress,
    RapidOcr,
    Share,
)
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.engine.tesseract import scripts
from ocrd.engine.tesseract.library import Orientation
from ocrd.engine.tesseract.readers import LineReader, Tesseract
from ocrd.errors import EngineUnusableError
from ocrd.job import Box, Line, Rule

_SURE_OF_TURN = 2.0  # score of the look at a page from which it is turned before it is read
_OVERLAID = frozenset({"struck-out", "covered", "handwritten"})
_PROBES = 3  # lines that languages are tried on
_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class _WithTesseract(RapidOcr):
    """What both kinds share: pages whose lines Tesseract reads."""

    def _other(
        self,
        tesseract: Tesseract,
        pixels: Pixels,
        seen: Orientation | None,
        some: Sequence[tuple[str, ...]],
        going_on: Callable[[], None],
    ) -> Page:
        """Return the page upright, its lines read in those of some languages that fit it best."""
        rotation = seen.rotation if seen and seen.rotation_score >= _SURE_OF_TURN else 0
        if rotation:
            pixels = strips.turned(pixels, _TURNS[rotation])
        readers = [LineReader(tesseract, wanted) for wanted in some]
        self._slot.reader = readers[0]
        if len(readers) > 1:
            self._slot.reader = self._best(pixels, readers, going_on)
        page = self._upright(pixels, going_on)
        return replace(page, rotation=(page.rotation + rotation) % 360)

    def _best(
        self, pixels: Pixels, readers: Sequence[LineReader], going_on: Callable[[], None]
    ) -> LineReader:
        """Return who reads the page's longest lines best."""
        quads = self.detect(pixels, going_on=going_on)
        probes = [quads[index] for index in turning.longest(quads, _PROBES)]
        scores = []
        for reader in readers:
            self._slot.reader = reader
            scores.append(scripts.mean(list(self.read_many(pixels, probes))))
            going_on()
        return readers[scores.index(max(scores))]

    def _with_ticks(
        self, page: Page, lines: Sequence[Line], rules: Sequence[Rule], shown: Sequence[Box]
    ) -> tuple[Line, ...]:
        # A final mem, a mieum and parts of Arabic words are boxes.
        if self._is_unlike_latin(lines):
            return tuple(lines)
        return super()._with_ticks(page, lines, rules, shown)

    def _reviewed(
        self, request: Recognise, page: Page, lines: tuple[Line, ...], progress: Progress
    ) -> tuple[Line, ...]:
        if page.script:  # what came of a wrong alphabet is nobody's text
            return tuple(replace(line, doubt="unread") for line in lines)
        if self._is_unlike_latin(lines):  # where letters hang on a stroke, it strikes nothing out
            return tuple(
                replace(line, doubt="") if line.doubt in _OVERLAID else line for line in lines
            )
        return lines

    def _is_unlike_latin(self, lines: Sequence[Line]) -> bool:
        if self._reader is self:
            return False
        return not scripts.is_like_latin(line.text for line in lines)


class TesseractEngine(_WithTesseract):
    """Tesseract reads every line, in the folder's languages or in what the page is seen to be."""

    def __init__(self, share: Share, tesseract: Tesseract) -> None:
        """Load what finds lines."""
        super().__init__(share, reads=False)
        self._tesseract = tesseract

    @property
    def hello(self) -> Hello:
        """The engine's announcement."""
        model = f"Tesseract {self._tesseract.version}"
        slots = self._share.slots
        return Hello("tesseract", model, slots, LONGEST_SIDE, express=EXPRESS_SLOTS)

    def close(self) -> None:
        """Give Tesseract's memory back."""
        self._tesseract.close()

    def _page(self, request: Recognise, pixels: Pixels, going_on: Callable[[], None]) -> Page:
        wanted = request.task.languages
        seen = self._tesseract.look(_grey(pixels))
        going_on()
        if wanted:
            return self._other(self._tesseract, pixels, seen, [wanted], going_on)
        there = self._tesseract.installed
        script = seen.script if seen else "Latin"
        if some := scripts.candidates(script, there) + scripts.mistakable(script, there):
            return self._other(self._tesseract, pixels, seen, some, going_on)
        page = self._other(self._tesseract, pixels, seen, [tuple(sorted(there)[:1])], going_on)
        return replace(page, script=scripts.unread(script, (), has_tesseract=True))


class EmbeddedEngine(_WithTesseract):
    """The embedded engine, and Tesseract for pages in letters that it does not have."""

    def __init__(self, share: Share, dtype: str) -> None:
        """Load the networks; Tesseract is loaded with the first page that wants it."""
        super().__init__(share, dtype)
        self._beside: Tesseract | None = None
        self._loading = threading.Lock()

    def close(self) -> None:
        """Give Tesseract's memory back."""
        if self._beside is not None:
            self._beside.close()

    def _tesseract(self) -> Tesseract | None:
        """Return Tesseract, None where it is not installed."""
        with self._loading:
            if self._beside is None:
                with contextlib.suppress(EngineUnusableError):  # the page says what to install
                    self._beside = Tesseract()
            return self._beside

    def _page(self, request: Recognise, pixels: Pixels, going_on: Callable[[], None]) -> Page:
        page = self._upright(pixels, going_on)
        readings = page.probed
        if not scripts.is_foreign(readings):
            return page
        if (tesseract := self._tesseract()) is not None:
            return self._foreign(tesseract, request, pixels, page, going_on)
        if not scripts.is_unread(readings):
            return page
        return replace(page, script=scripts.unread("", (), has_tesseract=False))

    def _foreign(
        self,
        tesseract: Tesseract,
        request: Recognise,
        pixels: Pixels,
        page: Page,
        going_on: Callable[[], None],
    ) -> Page:
        """Return a page that the embedded engine hardly reads, by who reads it better."""
        wanted, there = request.task.languages, tesseract.installed
        seen = tesseract.look(_grey(pixels))
        going_on()
        script = seen.script if seen else "Latin"
        is_unread = scripts.is_unread(page.probed)
        if script in scripts.LATIN:
            read = self._vietnamese(tesseract, request, page, going_on)
            if read is not page or not is_unread:
                return read
        some = [] if script in scripts.OWN else scripts.candidates(script, there, wanted)
        is_known = bool(some) or script in scripts.OWN
        if some := some + scripts.mistakable(script, there) * is_unread:
            other = self._other(tesseract, pixels, seen, some, going_on)
            if scripts.mean(other.probed) > max(scripts.READ, scripts.worth(page.probed)):
                return other
            self._slot.reader = self  # a worn page, and not of that script
        if is_known or not is_unread:
            return page
        return replace(page, script=scripts.unread(script, wanted, has_tesseract=True))

    def _vietnamese(
        self, tesseract: Tesseract, request: Recognise, page: Page, going_on: Callable[[], None]
    ) -> Page:
        """Return a page in Latin letters, by who has them all."""
        if "vie" not in tesseract.installed:
            return page
        self._slot.reader = LineReader(tesseract, request.task.languages or ("vie",))
        some = turning.longest(page.quads, _PROBES)
        probes = [page.quads[index] for index in some]
        readings = list(self.read_many(page.pixels, probes))
        going_on()
        if scripts.is_vietnamese(readings) and scripts.mean(readings) > scripts.READ:
            return replace(page, readings=dict(zip(some, readings, strict=True)))
        self._slot.reader = self
        return page


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def load(settings: dict[str, Any]) -> RapidOcr:
    """Load the engine as configured; "auto" is what this process may use of the machine.

    Raises EngineUnusableError where it is to be Tesseract and that is not installed.
    """
    cores = len(os.sched_getaffinity(0))
    share = Share.of(settings.get("slots", "auto"), settings.get("threads", "auto"), cores)
    if settings["kind"] == "tesseract":
        return TesseractEngine(share, Tesseract())
    dtype = settings.get("dtype", "auto")
    if settings.get("scripts", "auto") == "own":
        return RapidOcr(share, dtype)
    return EmbeddedEngine(share, dtype)
