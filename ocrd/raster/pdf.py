"""PDF files as pages: opened, unlocked, drawn by MuPDF, with pdfium as a second witness.

Runs only in the rasterizer's limited children. What the two raise passes; ``faults`` translates.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from PIL import Image

from ocrd.errors import BrokenError, CorruptError, EncryptedError, OcrdError, PageError
from ocrd.job import Doubt
from ocrd.raster import wholeness
from ocrd.raster.diagnosis import Gravity, Remark, gravest, in_plain_words
from ocrd.raster.fineness import Content, Fineness, fineness
from ocrd.raster.judging import Judgement, judge
from ocrd.raster.mupdf import MuPdf, Sheet, encrypts_attachments_only
from ocrd.raster.pdfium import UNKNOWN_SECURITY, WRONG_PASSWORD, Pdfium, PdfiumError
from ocrd.raster.pictures import Drawn, is_blank, without_needless_colour
from ocrd.raster.shells import refuse_shell
from ocrd.raster.witness import FINE, Difference, compare, small, small_size, strayed

_PATIENCE = 10.0  # seconds that MuPDF may take before a second drawing is too much
_SECONDS = 2.0  # that a second, small drawing may take
_MOST_COPIED = 1 << 28  # bytes of a file that is changed in memory before it is opened
_NEAR_A_MARK = 16  # pixels of a small drawing: icons of notes are moved, too
_SOME_INK = 12  # pixels of a small drawing, on which only a scanner leaves specks
_HUGE = 20_000_000  # pixels
_NOTHING = 8  # bytes of a page's operators: so many are needed to compress none
_ENCRYPT = re.compile(rb"/Encrypt(?=[\s<])")
_AGAIN = "Scan or export the document again."
_TOO_SMALL = "The page is too large for its small print to be drawn legibly."


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
        self._before = max(0, wholeness.start(self._map[: wholeness.SEEN_BYTES]))  # is junk
        self._content = memoryview(self._map)[self._before :]
        self._passwords = passwords
        self._page_pixels = page_pixels
        self._is_second_sought = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._first = self._opened_by_mupdf()
        if self._first is not None:
            refuse_shell(self._first)
            self.pages = self._first.pages
            self._is_mended = self._first.repaired
            self._hides = self._first.hides_by_expression()
        else:
            assert self._second is not None
            self.pages = self._second.pages
            self._is_mended = True
            self._hides = False
        self.repaired = self._is_mended and wholeness.may_still_grow(self._map)

    def close(self) -> None:
        """Close it and empty MuPDF's store."""
        for opened in (self._first, self._second):
            if opened is not None:
                opened.close()
        self._first = self._second = None
        with contextlib.suppress(BufferError):  # something of MuPDF's lives on: so does the map
            self._content.release()
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
        self._first.reopen_at_times()
        try:
            content, fine, sheet = self._drawn_by_mupdf(
                self._first, number, longest_side, legible=legible
            )
        except (OcrdError, MemoryError):
            raise
        except Exception:
            if witness is None:
                raise
            witness()
            with contextlib.suppress(PdfiumError):
                drawn = self._drawn_by_pdfium_alone(number, longest_side, legible=legible)
                if not is_blank(drawn.image):
                    return drawn
            raise
        remark = gravest(sheet.said)
        image, judgement, ink = sheet.image, judge(None, remark), 0
        if witness is not None and time.monotonic() - began < _PATIENCE:
            witness()
            image, judgement, ink = self._fuller(number, sheet.image, fine, remark)
        inked = ink >= _SOME_INK and not content.is_scan
        if not inked and image.width * image.height > _HUGE:  # where full size takes seconds
            inked = not is_blank(image.reduce(2))
        if remark.gravity and not judgement.second and not inked and is_blank(image):
            judgement = self._of_blank(self._first, number, remark)
        doubts = list(judgement.doubts)
        if not fine.is_enough:
            doubts.append(Doubt("not-drawn", _TOO_SMALL))
        return Drawn(
            without_needless_colour(image), 1.0 / fine.scale, tuple(doubts),
            (*judgement.warnings, *self._remarks(number, sheet)), inked,
        )  # fmt: skip

    # Opened

    def _opened_by_mupdf(self) -> MuPdf | None:
        """Return it opened by MuPDF, None where only pdfium opens it; else raise MuPDF's word."""
        fault: Exception | None = None
        lengths = [len(self._map), *wholeness.without_tables(self._map)]
        for length in lengths:
            try:
                document = self._unlocked(self._content[: max(0, length - self._before)])
            except (EncryptedError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 -- raised below, where nobody opens it
                fault = fault or error
                continue
            if document.pages:
                return document
            document.close()
        self._second = self._opened_by_pdfium()
        if self._second is not None and self._second.pages:
            return None
        if wholeness.may_still_grow(self._map):
            raise fault or CorruptError("The PDF has no pages.")
        raise BrokenError("its structure cannot be followed." if fault else "The PDF has no pages.")

    def _unlocked(self, content: memoryview) -> MuPdf:
        try:
            return MuPdf(content, self._passwords)
        except EncryptedError:
            if len(content) > _MOST_COPIED or not encrypts_attachments_only(content):
                raise
            plain = _ENCRYPT.sub(b"/Encrypz", content)
            self._content = memoryview(plain)
            return MuPdf(self._content, self._passwords)

    def _opened_by_pdfium(self) -> Pdfium | None:
        known = [self._first.password] if self._first else ["", *self._passwords]
        code = 0
        for password in known:
            try:
                return Pdfium(self._content, password)
            except PdfiumError as error:
                code = error.code
                if code != WRONG_PASSWORD:
                    break
        if self._first is None and code == UNKNOWN_SECURITY:
            raise EncryptedError(
                "The PDF is encrypted for the holder of a certificate, or in a way that is not "
                "known here.",
                hint="Drop an unprotected copy.",
            )
        return None

    # Drawn

    def _drawn_by_mupdf(
        self, document: MuPdf, number: int, longest_side: int, *, legible: bool
    ) -> tuple[Content, Fineness, Sheet]:
        width, height = document.size(number)
        content = _content(document, number, width, height)
        fine = fineness(content, longest_side, self._page_pixels, legible=legible)
        try:
            return content, fine, document.draw(number, fine.scale, gray=content.is_gray)
        except MemoryError:
            if fine.scale <= fine.coarse:
                raise
        fine = Fineness(fine.coarse, fine.coarse, fine.wanted)
        return content, fine, document.draw(number, fine.scale, gray=content.is_gray)

    def _fuller(
        self, number: int, image: Image.Image, fine: Fineness, remark: Remark
    ) -> tuple[Image.Image, Judgement, int]:
        """Return the drawing to read, what is to be said of it, and its pixels of ink."""
        second = self._sought_second()
        if second is None:
            return image, judge(None, remark), 0
        size = small_size(image.width / fine.scale, image.height / fine.scale)
        try:
            difference = self._difference(second, number, image, size)
            if remark.gravity >= Gravity.GRAVE and not difference.first_lacks:
                difference = replace(difference, strayed=self._strayed(second, number, image, fine))
            judgement = judge(difference, remark)
            if judgement.second or self._hides:
                gray = image.mode == "L"
                image = second.draw(number, image.size, gray=gray)
        except PdfiumError:
            return image, judge(None, remark), 0
        if self._hides:
            judgement = Judgement(second=True)
        return image, judgement, difference.ink

    def _difference(
        self, second: Pdfium, number: int, image: Image.Image, size: tuple[int, int]
    ) -> Difference:
        ours, theirs = small(image, size), second.draw(number, size, seconds=_SECONDS)
        difference = compare(ours, theirs)
        if not difference.first_lacks or self._first is None:
            return difference
        marks = self._first.own_marks(number)
        if not marks:
            return difference
        width, height = self._first.size(number)
        x, y = size[0] / width, size[1] / height
        near = _NEAR_A_MARK
        aside = [
            (x0 * x - near, y0 * y - near, x1 * x + near, y1 * y + near)
            for x0, y0, x1, y1 in marks
        ]  # fmt: skip
        return compare(ours, theirs, aside)

    def _strayed(self, second: Pdfium, number: int, image: Image.Image, fine: Fineness) -> float:
        """Look more closely at a page of which something grave was said."""
        size = small_size(image.width / fine.scale, image.height / fine.scale, FINE)
        size = min(size, image.size)
        return strayed(small(image, size), second.draw(number, size, seconds=_SECONDS))

    def _sought_second(self) -> Pdfium | None:
        if not self._is_second_sought:
            self._is_second_sought = True
            self._second = self._opened_by_pdfium()
        return self._second

    def _drawn_by_pdfium_alone(self, number: int, longest_side: int, *, legible: bool) -> Drawn:
        second = self._sought_second() if self._first is not None else self._second
        if second is None:
            raise PdfiumError("it cannot be opened")
        width, height = second.size(number)
        content = Content(width, height, (), ())
        scale = fineness(content, longest_side, self._page_pixels, legible=legible).scale
        size = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
        image = second.draw(number, size, gray=False)
        return Drawn(
            without_needless_colour(image), 1.0 / scale,
            warnings=("This page was drawn by pdfium alone: MuPDF cannot.",),
        )  # fmt: skip

    def _of_blank(self, document: MuPdf, number: int, remark: Remark) -> Judgement:
        """Say what is to be said of a page without ink; raise if that is what was warned of."""
        told = in_plain_words(remark.words)
        lost = remark.gravity is Gravity.LOST and document.own_bytes(number) > _NOTHING
        if lost or (remark.gravity is Gravity.GRAVE and document.paints(number)):
            raise PageError(f"Page {number} cannot be drawn: {told}.", hint=_AGAIN, page=number)
        return Judgement(warnings=(f"The page is empty, and not quite sound: {told}.",))

    def _remarks(self, number: int, sheet: Sheet) -> Iterator[str]:
        if sheet.bare:
            yield "The page was drawn without its notes and form fields: one of them is damaged."
        if self._is_mended and number == 1:
            yield "The PDF's table of contents is damaged: another one was made."


def _content(document: MuPdf, number: int, width: float, height: float) -> Content:
    """Return what is on the page; of one that MuPDF does not come to the end of, nothing."""
    try:
        return document.content(number)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever a damaged page makes MuPDF raise
        return Content(width, height, (), ())
