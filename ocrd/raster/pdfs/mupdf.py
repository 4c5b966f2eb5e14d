"""A PDF opened and drawn by MuPDF, with what it said while it drew.

Runs only in the rasterizer's limited children. What MuPDF raises passes; ``faults`` translates.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pymupdf
from PIL import Image

from ocrd.errors import EncryptedError, PageError
from ocrd.raster.pdfs.fineness import Content, Picture, Rectangle

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

_DRAWS_BEFORE_REOPENING = 100  # MuPDF keeps the objects of every page it has seen
_MIN_POINTS, _MAX_POINTS = 1.0, 1e6  # of a page's sides
_OF_PASSWORDS = (
    "Add its password to the inbox's passwords and run `ocrd retry`, or drop an unprotected copy."
)
_PAINTING = re.compile(rb"""(?<![^\s\])>])(Tj|TJ|'|"|Do|sh|BI|[fBb]\*?|[FSs])(?![^\s\[(</])""")
_CHOICES = (pymupdf.PDF_WIDGET_TYPE_COMBOBOX, pymupdf.PDF_WIDGET_TYPE_LISTBOX)
_ICONS = (
    pymupdf.PDF_ANNOT_TEXT, pymupdf.PDF_ANNOT_FILE_ATTACHMENT, pymupdf.PDF_ANNOT_SOUND,
    pymupdf.PDF_ANNOT_POPUP,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that was drawn."""

    image: Image.Image
    said: str  # what MuPDF warned of, a line each
    bare: bool  # without its notes and fields: they cannot be drawn


class MuPdf:
    """A PDF, opened by MuPDF."""

    _document: Any = None

    def __init__(self, content: memoryview, passwords: Sequence[str]) -> None:
        """Open it; raise EncryptedError if none of the passwords fits."""
        self._content = content
        self.password = ""
        self._bare: set[int] = set()  # pages whose notes and fields cannot be loaded
        self._draws = 0
        pymupdf.TOOLS.reset_mupdf_warnings()
        try:
            self._document = self._opened()
            if self._document.needs_pass:
                self.password = self._fitting(passwords)
            self.pages = int(self._document.page_count)
            self.repaired = bool(self._document.is_repaired)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it and empty MuPDF's store."""
        document, self._document = self._document, None
        if document is not None:
            document.close()
        pymupdf.TOOLS.store_shrink(100)

    def opened_again(self) -> Any:
        """Return a document of MuPDF's of its own, unlocked, for the caller to change and close."""
        document = self._opened()
        if self.password:
            document.authenticate(self.password)
        return document

    def of_catalogue(self, path: str) -> str:
        """Return an entry of the catalogue as MuPDF writes it, "" where there is none."""
        return self._entry(self._document.pdf_catalog(), path)

    def hides_by_expression(self) -> bool:
        """Say whether it has optional content that an expression hides, which MuPDF cannot tell."""
        if not self.of_catalogue("OCProperties"):
            return False
        numbers = range(1, int(self._document.xref_length()))
        return any(self._entry(number, "VE").startswith("[") for number in numbers)

    def fields(self) -> int:
        """Return how many fields of a form there are at the top, 0 where there is no form."""
        entry = self.of_catalogue("AcroForm/Fields")
        return entry.count(" R") if entry.startswith("[") else int(bool(entry))

    def text(self, number: int) -> str:
        """Return the text that a page says it has."""
        try:
            return str(self._page(number).get_text())
        except Exception:  # noqa: BLE001 -- whatever a damaged page makes MuPDF raise
            return ""

    def size(self, number: int) -> tuple[float, float]:
        """Return the sides of page ``number`` (from 1) in points; raise PageError for no page's."""
        page = self._page(number)
        width, height = page.rect.width, page.rect.height
        if not (_MIN_POINTS <= width <= _MAX_POINTS and _MIN_POINTS <= height <= _MAX_POINTS):
            raise PageError(
                f"Page {number} measures {width:g} × {height:g} points, which no page does.",
                hint="Export the document again, on pages of a usual size.",
                page=number,
            )
        return width, height

    def content(self, number: int) -> Content:
        """Return what is painted on a page."""
        page = self._page(number)
        painted = page.get_bboxlog()
        pictures: list[Picture] = []
        if any(kind in ("fill-image", "fill-imgmask") for kind, _ in painted):
            masks = self._masks(number)
            pictures = [_picture(info, masks) for info in page.get_image_info()]
        return Content(page.rect.width, page.rect.height, painted, pictures)

    def draw(self, number: int, scale: float, *, gray: bool) -> Sheet:
        """Return page ``number`` with its notes and fields, without them if they cannot be."""
        page = self._page(number)
        try:
            image = _drawn(page, scale, gray=gray, annotations=number not in self._bare)
        except Exception as error:
            if number in self._bare or _is_of_memory(error):
                raise
            image = _drawn(page, scale, gray=gray, annotations=False)
            self._bare.add(number)
        said = pymupdf.TOOLS.mupdf_warnings(reset=True)
        del page
        pymupdf.TOOLS.store_shrink(100)
        if "malloc" in said or "out of memory" in said:
            raise MemoryError(said)
        return Sheet(image, said, number in self._bare)

    def own_marks(self, number: int) -> list[Rectangle]:
        """Return where each program draws signs of its own: arrows of lists, icons of notes."""
        try:
            page = self._page(number)
            marks = [*page.widgets(types=_CHOICES), *page.annots(types=_ICONS)]
            return [tuple(mark.rect) for mark in marks]
        except Exception:  # noqa: BLE001 -- whatever damaged fields make MuPDF raise
            return []

    def paints(self, number: int) -> bool:
        """Say whether the page's own operators would paint anything."""
        return bool(_PAINTING.search(self._page(number).read_contents()))

    def own_bytes(self, number: int) -> int:
        """Return how many bytes a page's own operators have in the file."""
        numbers = self._page(number).get_contents()
        return sum(len(self._document.xref_stream_raw(each) or b"") for each in numbers)

    def reopen_at_times(self) -> None:
        """Make MuPDF forget the pages that it has seen, if there are many."""
        if self._draws >= _DRAWS_BEFORE_REOPENING:
            self.close()
            self._document = self.opened_again()
            self._draws = 0
            for number in self._bare:
                self._bare_page(number)
        self._draws += 1
        pymupdf.TOOLS.reset_mupdf_warnings()

    def _opened(self) -> Any:
        return pymupdf.open(stream=self._content, filetype="pdf")

    def _page(self, number: int) -> Any:
        """Load a page; one whose notes or fields cannot be loaded comes without them."""
        try:
            return self._document.load_page(number - 1)
        except Exception as error:
            if number in self._bare or _is_of_memory(error):
                raise
            self._bare_page(number)
            page = self._document.load_page(number - 1)
            self._bare.add(number)
            return page

    def _bare_page(self, number: int) -> None:
        self._document.xref_set_key(self._document.page_xref(number - 1), "Annots", "null")

    def _masks(self, number: int) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the size of the finest mask that the pictures of one size have."""
        masks: dict[tuple[int, int], tuple[int, int]] = {}
        for image in self._document.get_page_images(number - 1, full=True):
            mask, width, height = image[1:4]
            if mask:
                size = (
                    int(self._entry(mask, "Width") or 0), int(self._entry(mask, "Height") or 0)
                )  # fmt: skip
                masks[width, height] = max(masks.get((width, height), (0, 0)), size, key=math.prod)
        return masks

    def _entry(self, number: int, path: str) -> str:
        try:
            kind, value = self._document.xref_get_key(number, path)
        except Exception:  # noqa: BLE001 -- whatever a damaged object makes MuPDF raise
            return ""
        if kind == "xref" and value:
            return str(self._document.xref_object(int(value.split()[0]), compressed=True))
        return "" if kind == "null" else str(value)

    def _fitting(self, passwords: Sequence[str]) -> str:
        for password in passwords:
            if self._document.authenticate(password):
                return password
        tried = f"none of {len(passwords)} passwords fits" if passwords else "no password is given"
        raise EncryptedError(f"The PDF is encrypted and {tried}.", hint=_OF_PASSWORDS)


def encrypts_attachments_only(content: memoryview) -> bool:
    """Say whether the pages of an encrypted PDF are not, but only what is attached to it."""
    document = pymupdf.open(stream=content, filetype="pdf")
    try:
        kind, value = document.xref_get_key(-1, "Encrypt")
        if kind == "xref":
            number = int(value.split()[0])
            filters = [document.xref_get_key(number, key) for key in ("V", "StmF", "StrF")]
        else:
            filters = [document.xref_get_key(-1, f"Encrypt/{key}") for key in ("V", "StmF", "StrF")]
        (_, version), *names = filters
        # Without a name, a crypt filter is Identity (PDF 1.7, table 20).
        return str(version) in {"4", "5"} and all(
            kind == "null" or name == "/Identity" for kind, name in names
        )
    except Exception:  # noqa: BLE001 -- whatever a damaged one makes MuPDF raise
        return False
    finally:
        document.close()


def _drawn(page: Any, scale: float, *, gray: bool, annotations: bool) -> Image.Image:
    pixmap = page.get_pixmap(
        matrix=pymupdf.Matrix(scale, scale),
        colorspace=pymupdf.csGRAY if gray else pymupdf.csRGB,
        alpha=False,
        annots=annotations,
    )
    mode = "L" if gray else "RGB"
    return Image.frombuffer(mode, (pixmap.width, pixmap.height), bytes(pixmap.samples_mv))


def _picture(info: dict[str, Any], masks: dict[tuple[int, int], tuple[int, int]]) -> Picture:
    width, height = info["width"], info["height"]
    finest = max(
        (width, height), masks.get((width, height), (0, 0)), key=lambda size: size[0] * size[1]
    )
    a, b, c, d, _, _ = info["transform"]
    return Picture(
        finest[0] * finest[1], max(finest), abs(a * d - b * c), gray=info["colorspace"] in (0, 1)
    )


def _is_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "malloc" in str(error)
