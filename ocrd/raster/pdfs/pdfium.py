"""A PDF drawn by pdfium: a second witness of other make than MuPDF.

Runs only in the rasterizer's limited children. It finds no fonts there but its own fourteen. What
is asked of it may end the process (it answers want of memory so) or take long: whoever asks for a
drawing can do without one.
"""

# mypy: allow-untyped-calls
# (pypdfium2's functions have no complete annotations.)

from __future__ import annotations

import contextlib
import io
import logging
import math
import time
from typing import TYPE_CHECKING

import pypdfium2
from PIL import Image
from pypdfium2 import raw

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)  # nobody hears it here

WRONG_PASSWORD, UNKNOWN_SECURITY = raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY


class PdfiumError(Exception):
    """pdfium cannot do it; ``code`` is one of its own."""

    def __init__(self, what: str, code: int = 0) -> None:
        super().__init__(what)
        self.code = code


class Pdfium:
    """A PDF, opened by pdfium."""

    def __init__(self, content: memoryview, password: str = "") -> None:
        """Open it; ``content`` is read as it is needed. Raises PdfiumError."""
        try:
            self._document = pypdfium2.PdfDocument(_Window(content), password=password or None)
        except pypdfium2.PdfiumError as error:
            raise PdfiumError(str(error), error.err_code or 0) from error
        self.pages = len(self._document)
        with contextlib.suppress(pypdfium2.PdfiumError):
            self._document.init_forms()

    def close(self) -> None:
        """Let go of it."""
        self._document.close()

    def size(self, number: int) -> tuple[float, float]:
        """Return the sides of page ``number`` (from 1) in points, without a unit of its own."""
        page = self._page(number)
        try:
            width, height = page.get_size()
            return float(width), float(height)
        finally:
            page.close()

    def draw(
        self,
        number: int,
        size: tuple[int, int],
        *,
        gray: bool = True,
        seconds: float = math.inf,
        annotations: bool = True,
    ) -> Image.Image:
        """Return page ``number`` (from 1) stretched to ``size``, in mode L or RGB.

        Raises PdfiumError where it cannot be drawn, or not within ``seconds``.
        """
        page = self._page(number)
        kind = raw.FPDFBitmap_Gray if gray else raw.FPDFBitmap_BGR
        bitmap = None
        try:
            bitmap = pypdfium2.PdfBitmap.new_native(*size, kind)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
            _render(bitmap, page, size, time.monotonic() + seconds, annotations=annotations)
            mode, order = ("L", "L") if gray else ("RGB", "BGR")
            return Image.frombytes(mode, size, bytes(bitmap.buffer), "raw", order, bitmap.stride, 1)
        except pypdfium2.PdfiumError as error:
            raise PdfiumError(str(error)) from error
        finally:
            if bitmap is not None:
                bitmap.close()
            page.close()

    def _page(self, number: int) -> pypdfium2.PdfPage:
        try:
            return self._document[number - 1]
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise PdfiumError(str(error)) from error


def _render(
    bitmap: pypdfium2.PdfBitmap,
    page: pypdfium2.PdfPage,
    size: tuple[int, int],
    end: float,
    *,
    annotations: bool,
) -> None:
    """Draw until it is done or ``end`` has come; pdfium asks between two objects of the page."""
    flags = raw.FPDF_ANNOT if annotations else 0
    if bitmap.format == raw.FPDFBitmap_Gray:
        flags |= raw.FPDF_GRAYSCALE
    arguments = (bitmap, page, 0, 0, *size, 0, flags)
    pause = raw.IFSDK_PAUSE(version=1)
    asks = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > end)
    pause.NeedToPauseNow = asks
    try:
        status = raw.FPDF_RenderPageBitmap_Start(*arguments, pause)
    finally:
        raw.FPDF_RenderPage_Close(page)
    if status != raw.FPDF_RENDER_DONE:
        late = status == raw.FPDF_RENDER_TOBECONTINUED
        raise PdfiumError("it takes too long" if late else "it cannot be drawn")
    if annotations and page.formenv:
        raw.FPDF_FFLDraw(page.formenv, *arguments)


class _Window(io.RawIOBase):
    """A file to read that lies in memory, whole or in part."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_CUR: self._place, io.SEEK_END: len(self._content)}.get(whence, 0)
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        into = memoryview(buffer).cast("B")
        some = self._content[self._place : self._place + len(into)]
        into[: len(some)] = some
        self._place += len(some)
        return len(some)
