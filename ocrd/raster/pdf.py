"""PDF files as pages: opened, unlocked, drawn, by MuPDF.

Runs only in the rasterizer's limited children. What MuPDF raises passes; ``drawing`` translates.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import pymupdf
from PIL import Image

from ocrd.errors import CorruptError, EncryptedError, PageError
from ocrd.raster.diagnosis import in_plain_words
from ocrd.raster.pictures import Drawn, is_blank, scale_to_fit, without_needless_colour

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

_DRAWS_BEFORE_REOPENING = 100  # MuPDF keeps the objects of every page it has seen
_MAX_DPI = 400.0  # of a small page: finer than any engine needs
_MIN_POINTS, _MAX_POINTS = 1.0, 1e6  # of a page's sides
_SCAN_SHARE = 0.8  # of the page is covered by one image: a scan
_VISIBLE_TEXT = frozenset({"fill-text", "stroke-text"})


class Pdf:
    """A PDF, opened by MuPDF."""

    format = "PDF"

    _document: Any = None

    def __init__(self, descriptor: int, passwords: list[str]) -> None:
        """Open it; raise EncryptedError if none of the passwords fits.

        The file is mapped, not read: a process that opens no files cannot give MuPDF a name, and
        a large file would not fit into its memory.
        """
        self._map = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        self._password = ""
        try:
            self._document = self._opened()
            self._look_into(passwords)
        except BaseException:
            self.close()
            raise
        self._draws = 0

    def _look_into(self, passwords: list[str]) -> None:
        if self._document.needs_pass:
            self._password = self._fitting(passwords)
        self.pages = int(self._document.page_count)
        self.repaired = bool(self._document.is_repaired)
        if not self.pages:
            raise CorruptError("The PDF has no pages.")

    def close(self) -> None:
        """Close it and empty MuPDF's store."""
        self._close_document()
        with contextlib.suppress(BufferError):  # something of MuPDF's lives on: so does the map
            self._map.close()

    def _close_document(self) -> None:
        document, self._document = self._document, None
        if document is not None:
            document.close()
        pymupdf.TOOLS.store_shrink(100)

    def _opened(self) -> Any:
        return pymupdf.open(stream=memoryview(self._map), filetype="pdf")

    def opened_again(self) -> Any:
        """Return a document of MuPDF's of its own, unlocked, for the caller to change and close."""
        document = self._opened()
        if self._password:
            document.authenticate(self._password)
        return document

    def draw(self, number: int, longest_side: int, *, legible: bool = True) -> Drawn:
        """Return page ``number`` (from 1) with its annotations."""
        self._reopen_at_times()
        pymupdf.TOOLS.reset_mupdf_warnings()
        page = self._document.load_page(number - 1)
        width, height = page.rect.width, page.rect.height
        if not (_MIN_POINTS <= width <= _MAX_POINTS and _MIN_POINTS <= height <= _MAX_POINTS):
            raise PageError(
                f"Page {number} measures {width:g} × {height:g} points, which no page does.",
                hint="Export the document again, on pages of a usual size.",
                page=number,
            )
        most, gray = _scan_resolution(page)
        scale = scale_to_fit(width, height, longest_side, most=most, legible=legible)
        pixmap = page.get_pixmap(
            matrix=pymupdf.Matrix(scale, scale),
            colorspace=pymupdf.csGRAY if gray else pymupdf.csRGB,
            alpha=False,
        )
        del page
        image = Image.frombuffer(
            "L" if gray else "RGB", (pixmap.width, pixmap.height), bytes(pixmap.samples_mv)
        )
        self._judge(image, number)
        pymupdf.TOOLS.store_shrink(100)
        return Drawn(without_needless_colour(image), 1.0 / scale)

    def _fitting(self, passwords: list[str]) -> str:
        for password in passwords:
            if self._document.authenticate(password):
                return password
        tried = f"none of {len(passwords)} passwords fits" if passwords else "no password is given"
        raise EncryptedError(
            f"The PDF is encrypted and {tried}.",
            hint="Add its password to the inbox's passwords and run `ocrd retry`, "
            "or drop an unprotected copy.",
        )

    def _reopen_at_times(self) -> None:
        if self._draws >= _DRAWS_BEFORE_REOPENING:
            self._close_document()
            self._document = self.opened_again()
            self._draws = 0
        self._draws += 1

    def _judge(self, image: Image.Image, number: int) -> None:
        """Raise if what MuPDF only warned about has left the page without its content."""
        said = pymupdf.TOOLS.mupdf_warnings(reset=True)
        if not said:
            return
        if "malloc" in said or "out of memory" in said:
            raise MemoryError(said)
        if is_blank(image):
            raise PageError(
                f"Page {number} cannot be drawn: {in_plain_words(said)}.",
                hint="Scan or export the document again.",
                page=number,
            )


def _scan_resolution(page: Any) -> tuple[float, bool]:
    """Return the greatest useful pixels per point, and whether the page is a gray scan."""
    most = _MAX_DPI / 72.0
    log = page.get_bboxlog()
    kinds = {kind for kind, _ in log}
    if "fill-image" not in kinds or kinds & _VISIBLE_TEXT:
        return most, False
    images = page.get_image_info()
    covering = [
        image for image in images
        if _area(image["bbox"]) >= _SCAN_SHARE * page.rect.width * page.rect.height
    ]  # fmt: skip
    if not covering:
        return most, False
    # An image lies along the page's axes or across them; over all, the pixels count.
    native = max(
        (image["width"] * image["height"] / _area(image["bbox"])) ** 0.5
        for image in images
        if _area(image["bbox"]) > 0
    )
    gray = all(image["colorspace"] in (0, 1) for image in images) and not (
        kinds & {"fill-path", "stroke-path", "fill-shade", "fill-imgmask"}
    )
    return native, gray


def _area(bbox: tuple[float, float, float, float]) -> float:
    return max(0.0, bbox[2] - bbox[0]) * max(0.0, bbox[3] - bbox[1])
