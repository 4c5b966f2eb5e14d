"""PDF files as pages: opened, unlocked, drawn by MuPDF, with pdfium as a second witness.

Runs only in the rasterizer's limited children. What the two raise passes; ``faults`` translates.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ocrd.errors import CorruptError, OcrdError, PageError
from ocrd.job import Doubt
from ocrd.raster.images.pictures import Drawn, is_blank, without_needless_colour
from ocrd.raster.pdfs import wholeness
from ocrd.raster.pdfs.diagnosis import Gravity, Remark, gravest, in_plain_words
from ocrd.raster.pdfs.fineness import Content, Fineness, fineness
from ocrd.raster.pdfs.judging import Judgement
from ocrd.raster.pdfs.mupdf import MuPdf, Sheet
from ocrd.raster.pdfs.opening import Opening
from ocrd.raster.pdfs.pdfium import Pdfium, PdfiumError
from ocrd.raster.pdfs.second import Seen, seen_once, seen_twice
from ocrd.raster.pdfs.shells import refuse_shell

_PATIENCE = 10.0  # seconds that MuPDF may take before a second drawing is too much
_SOME_INK = 12  # pixels of a small drawing, on which only a scanner leaves specks
_HUGE = 20_000_000  # pixels
_NOTHING = 8  # bytes of a page's operators: so many are needed to compress none
_AGAIN = "Scan or export the document again."
_TOO_SMALL = "The page is too large for its small print to be drawn legibly."
_PDFIUM_ALONE = "This page was drawn by pdfium alone: MuPDF cannot."
_WITHOUT_NOTES = "The page was drawn without its notes and form fields: one of them is damaged."
_NEW_TABLE = "The PDF's table of contents is damaged: another one was made."


@dataclass(frozen=True, slots=True)
class _First:
    """What MuPDF made of a page."""

    content: Content
    fine: Fineness
    sheet: Sheet
    remark: Remark


class Pdf:
    """A PDF, opened by MuPDF, or by pdfium where only that can."""

    format = "PDF"

    _first: MuPdf | None = None
    _second: Pdfium | None = None

    def __init__(self, descriptor: int, passwords: list[str], *, page_pixels: int) -> None:
        """Open it; raise EncryptedError if none of the passwords fits.

        The file is mapped, not read: a process that opens no files cannot give MuPDF a name, and
        a large file would not fit into its memory.
        """
        self._map = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        self._opening = Opening(self._map, passwords)
        self._page_pixels = page_pixels
        self._is_second_sought = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._first, self._second = self._opening.by_anybody()
        opened = self._first or self._second
        assert opened is not None
        self.pages = opened.pages
        self._is_mended, self._hides = True, False
        if self._first is not None:
            refuse_shell(self._first)
            self._is_mended = self._first.repaired
            self._hides = self._first.hides_by_expression()
        self.repaired = self._is_mended and wholeness.may_still_grow(self._map)

    def close(self) -> None:
        """Close it and empty MuPDF's store."""
        for opened in (self._first, self._second):
            if opened is not None:
                opened.close()
        self._first = self._second = None
        with contextlib.suppress(BufferError):  # something of MuPDF's lives on: so does the map
            self._opening.release()
            self._map.close()

    def opened_again(self) -> Any:
        """Return a document of MuPDF's of its own, unlocked, for the caller to change and close."""
        if self._first is None:
            raise CorruptError("MuPDF cannot open it.")
        return self._first.opened_again()

    def draw(
        self, number: int, longest_side: int, *, legible: bool = True,
        witness: Callable[[], None] | None = None,
    ) -> Drawn:  # fmt: skip
        """Return page ``number`` (from 1) with its notes and fields.

        With a ``witness``, which is called before that, it is drawn once more: the fuller drawing
        is returned, and what is to be said of the page. A page that something has left without its
        content, of which MuPDF only warned, is a PageError.
        """
        if self._first is None:
            return self._drawn_by_pdfium_alone(number, longest_side, legible=legible)
        began = time.monotonic()
        try:
            first = self._drawn_by_mupdf(self._first, number, longest_side, legible=legible)
        except (OcrdError, MemoryError):
            raise
        except Exception:
            if witness is not None:
                witness()
                with contextlib.suppress(PdfiumError):
                    drawn = self._drawn_by_pdfium_alone(number, longest_side, legible=legible)
                    if not is_blank(drawn.image):
                        return drawn
            raise
        seen = seen_once(first.sheet.image, first.remark)
        if witness is not None and time.monotonic() - began < _PATIENCE:
            witness()
            if (second := self._sought_second()) is not None:
                seen = seen_twice(
                    self._first, second, number, seen.image, first.remark, hides=self._hides
                )
        return self._told(self._first, number, first, seen)

    def _drawn_by_mupdf(
        self, document: MuPdf, number: int, longest_side: int, *, legible: bool
    ) -> _First:
        document.reopen_at_times()
        content = _content(document, number)
        fine = fineness(content, longest_side, self._page_pixels, legible=legible)
        try:
            sheet = document.draw(number, fine.scale, gray=content.is_gray)
        except MemoryError:
            if fine.scale <= fine.coarse:
                raise
            fine = Fineness(fine.coarse, fine.coarse, fine.wanted)
            sheet = document.draw(number, fine.scale, gray=content.is_gray)
        return _First(content, fine, sheet, gravest(sheet.said))

    def _told(self, document: MuPdf, number: int, first: _First, seen: Seen) -> Drawn:
        """Return what was drawn with all that is to be said of it."""
        image, judgement = seen.image, seen.judgement
        inked = seen.ink >= _SOME_INK and not first.content.is_scan
        if not inked and image.width * image.height > _HUGE:  # where full size takes seconds
            inked = not is_blank(image.reduce(2))
        if first.remark.gravity and not judgement.second and not inked and is_blank(image):
            judgement = _of_blank(document, number, first.remark)
        doubts = list(judgement.doubts)
        if not first.fine.is_enough:
            doubts.append(Doubt("not-drawn", _TOO_SMALL))
        return Drawn(
            without_needless_colour(image), seen.points_per_pixel or 1.0 / first.fine.scale,
            tuple(doubts),
            (*judgement.warnings, *self._remarks(number, first.sheet)), inked,
        )  # fmt: skip

    def _remarks(self, number: int, sheet: Sheet) -> Iterator[str]:
        if sheet.bare:
            yield _WITHOUT_NOTES
        if self._is_mended and number == 1:
            yield _NEW_TABLE

    def _sought_second(self) -> Pdfium | None:
        """Return it opened by pdfium, which is tried once."""
        if self._second is None and not self._is_second_sought:
            self._is_second_sought = True
            self._second = self._opening.by_pdfium()
        return self._second

    def _drawn_by_pdfium_alone(self, number: int, longest_side: int, *, legible: bool) -> Drawn:
        second = self._sought_second()
        if second is None:
            raise PdfiumError("it cannot be opened")
        width, height = second.size(number)
        content = Content(width, height, (), ())
        scale = fineness(content, longest_side, self._page_pixels, legible=legible).scale
        size = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
        image = second.draw(number, size, gray=False)
        return Drawn(without_needless_colour(image), 1.0 / scale, warnings=(_PDFIUM_ALONE,))


def _content(document: MuPdf, number: int) -> Content:
    """Return what is on the page; of one that MuPDF does not come to the end of, nothing."""
    width, height = document.size(number)
    try:
        return document.content(number)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever a damaged page makes MuPDF raise
        return Content(width, height, (), ())


def _of_blank(document: MuPdf, number: int, remark: Remark) -> Judgement:
    """Say what is to be said of a page without ink; raise if that is what was warned of."""
    told = in_plain_words(remark.words)
    lost = remark.gravity is Gravity.LOST and document.own_bytes(number) > _NOTHING
    if lost or (remark.gravity is Gravity.GRAVE and document.paints(number)):
        raise PageError(f"Page {number} cannot be drawn: {told}.", hint=_AGAIN, page=number)
    return Judgement(warnings=(f"The page is empty, and not quite sound: {told}.",))
