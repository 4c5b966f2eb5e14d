"""A PDF of a document's pages with a labelled frame around each block, in the rasterizer's child.

A PDF's own pages are kept as they are, in a copy that has nothing but them: no scripts, no
attachments, no links, no form. It has the source's passwords. Of an image file the drawn pages are
shown. Streams go from file to file, so that a book takes little memory.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from io import RawIOBase
from typing import Any

import pymupdf

from ocrd.job import Block, Box, PageRead
from ocrd.raster.album import Album, Jpeg
from ocrd.raster.cutting import jpeg
from ocrd.raster.images.pictures import Drawn

_KEPT_KEYS = frozenset({"Type", "Pages", "Version", "OCProperties"})  # of the catalog
_FONT = "Helvetica-Bold"  # one of the fourteen that every viewer has (PDF 1.7, section 9.6.2.2)
_TEXT_SHARE = 1 / 110  # of the page's longest side: 7.7 points on A4
_LINE_SHARE = 0.15  # of the text's size
_PICTURE_QUALITY = 75  # of JPEG: a background
_A4 = 595.0, 842.0  # points
_MAX_POINTS = 14400.0  # of a page's sides, for most viewers (PDF 1.7, appendix C)

# By label: red, green, blue.
_COLOURS = {
    "title": (0.75, 0.0, 0.1),
    "heading": (0.85, 0.3, 0.0),
    "text": (0.1, 0.35, 0.8),
    "list": (0.0, 0.5, 0.5),
    "code": (0.3, 0.3, 0.3),
    "table": (0.5, 0.15, 0.65),
    "figure": (0.0, 0.5, 0.15),
    "caption": (0.35, 0.5, 0.0),
    "footnote": (0.5, 0.4, 0.2),
    "equation": (0.8, 0.0, 0.5),
    "header": (0.45, 0.45, 0.5),
    "footer": (0.45, 0.45, 0.5),
    "page-number": (0.45, 0.45, 0.5),
    "located": (0.9, 0.0, 0.0),
}
_ANY_COLOUR = (0.1, 0.35, 0.8)


def of_pdf(copy: Any, pages: Iterable[PageRead], out: RawIOBase) -> list[int]:
    """Frame the pages of an open PDF, which is changed, and write it to ``out``.

    Returns the numbers of the pages that took no frames: their own objects are damaged.
    """
    copy.bake()  # notes, stamps and forms become part of the page that shows them
    _strip(copy)
    unmarked = []
    marker = _Marker(copy)
    for page in pages:
        try:
            marker.mark(page)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 -- whatever a damaged page makes MuPDF raise
            unmarked.append(page.number)
    told = _Told(out)
    try:
        copy.save(told, garbage=1, encryption=pymupdf.PDF_ENCRYPT_KEEP)
    finally:
        if told.error is not None:  # what MuPDF made of it says less
            raise told.error
    return unmarked


def of_pictures(
    draw: Callable[[int, int], Drawn], pages: Iterable[PageRead], out: RawIOBase
) -> list[int]:
    """Write the pages, drawn by number and longest side, with their frames to ``out``."""
    album = Album(out)
    for page in pages:
        _add_picture(album, draw, page)
    album.finish()
    return []


def _add_picture(album: Album, draw: Callable[[int, int], Drawn], page: PageRead) -> None:
    """Append a page; one that was never drawn is empty."""
    if not page.width:
        album.add_empty(*_A4)
        return
    drawn = draw(page.number, max(page.width, page.height))
    width, height = _sides_at_source(page)
    shrink = min(1.0, _MAX_POINTS / max(width, height))
    width, height = width * shrink, height * shrink
    upwards = pymupdf.Matrix(1, 0, 0, -1, 0, height)
    image = drawn.image
    content = jpeg(image, _PICTURE_QUALITY)
    picture = Jpeg(content, image.width, image.height, image.mode == "L")
    framed = "\n".join(_framing(page, shrink, upwards))
    album.add(width, height, picture, framed)


class _Told:
    """A file for MuPDF, which writes to it from C: an error is kept, and raised afterwards."""

    def __init__(self, out: RawIOBase) -> None:
        self._out = out
        self.error: Exception | None = None
        self.seek, self.tell, self.truncate = out.seek, out.tell, out.truncate

    def write(self, content: bytes) -> int:
        if self.error is None:
            try:
                self._out.write(content)
            except Exception as error:  # noqa: BLE001 -- raised by whoever saved
                self.error = error
        return len(content)


def _strip(copy: Any) -> None:
    """Take away all but the pages: what could run, open or be carried along."""
    catalog = copy.pdf_catalog()
    for key in copy.xref_get_keys(catalog):
        if key not in _KEPT_KEYS:
            copy.xref_set_key(catalog, key, "null")


class _Marker:
    """Adds frames to pages of one document."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._before: int | None = None  # the stream that saves the graphics state

    def mark(self, page: PageRead) -> None:
        """Draw the page's frames over its content."""
        xref = self._document.page_xref(page.number - 1)
        for key in ("Annots", "AA"):  # links, and what happens when the page is opened
            if self._document.xref_get_key(xref, key)[0] != "null":
                self._document.xref_set_key(xref, key, "null")
        sheet = self._document.load_page(page.number - 1)  # which damaged notes would hinder
        if not any(block.boxes for block in page.blocks):
            return
        sheet.wrap_contents()  # else its own unbalanced state would move the frames
        sheet.insert_font(fontname=_FONT)
        content = "\n".join(["Q", *_framing(page, 1.0, _to_user_space(sheet))])
        if self._before is None:
            self._before = self._stream(b"q")
        own = sheet.get_contents()
        streams = [self._before, *own, self._stream(content.encode("latin-1", "replace"))]
        references = " ".join(f"{stream} 0 R" for stream in streams)
        self._document.xref_set_key(xref, "Contents", f"[{references}]")

    def _stream(self, content: bytes) -> int:
        xref: int = self._document.get_new_xref()
        self._document.update_object(xref, "<<>>")
        self._document.update_stream(xref, content, new=True)
        return xref


def _framing(page: PageRead, shrink: float, to_user_space: Any) -> Iterator[str]:
    """Yield PDF operators that draw the page's frames and leave the graphics state as it was."""
    points = page.points_per_pixel * shrink
    matrix = _turned_back(page.rotation, page.width, page.height)
    matrix *= pymupdf.Matrix(points, points) * to_user_space
    yield from ("q", _operands(*matrix) + " cm", *_frames(page), "Q")


def _frames(page: PageRead) -> Iterator[str]:
    """Yield PDF operators that draw in pixels of the upright page, from its top left."""
    size = max(page.width, page.height) * _TEXT_SHARE
    yield f"{_operands(size * _LINE_SHARE)} w 0 J 0 j [] 0 d"
    for number, block in enumerate(page.blocks, start=1):
        for box in block.boxes:
            yield _frame(f"{number} {block.label}", block, _within(box, page), size)


def _frame(text: str, block: Block, box: Box, size: float) -> str:
    colour = _operands(*_COLOURS.get(block.label, _ANY_COLOUR))
    width = (_text_width(text) + 0.6) * size
    height = 1.3 * size
    top = box.y0 - height if box.y0 >= height else box.y0
    shown = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return "\n".join(
        [
            f"{colour} RG {_operands(box.x0, box.y0, box.width, box.height)} re S",
            f"{colour} rg {_operands(box.x0, top, width, height)} re f",
            # Pixels count downwards, so that the letters have to be turned over.
            f"BT 1 g /{_FONT} {_operands(size)} Tf 0 Tr 0 Tc 0 Tw 0 Ts 100 Tz",
            f"{_operands(1, 0, 0, -1, box.x0 + 0.3 * size, top + size)} Tm ({shown}) Tj ET",
        ]
    )


@lru_cache(maxsize=1000)
def _text_width(text: str) -> float:
    """Return how long a text of size 1 is."""
    return float(pymupdf.get_text_length(text, fontname="hebo", fontsize=1.0))


def _operands(*values: float) -> str:
    return " ".join(f"{value:.5f}".rstrip("0").rstrip(".") for value in values)


def _within(box: Box, page: PageRead) -> Box:
    return Box(
        min(max(box.x0, 0.0), page.width), min(max(box.y0, 0.0), page.height),
        min(max(box.x1, 0.0), page.width), min(max(box.y1, 0.0), page.height),
    )


def _sides_at_source(page: PageRead) -> tuple[float, float]:
    """Return width and height in points of the page before the engine turned it."""
    width, height = page.width * page.points_per_pixel, page.height * page.points_per_pixel
    return (height, width) if page.rotation in (90, 270) else (width, height)


def _turned_back(rotation: int, width: float, height: float) -> Any:
    """Return the matrix that undoes a clockwise turn, after which a page has these sides."""
    return pymupdf.Matrix(
        *{
            90: (0, -1, 1, 0, 0, width),
            180: (-1, 0, 0, -1, width, height),
            270: (0, 1, -1, 0, height, 0),
        }.get(rotation, (1, 0, 0, 1, 0, 0))
    )


def _to_user_space(sheet: Any) -> Any:
    """Return the matrix from points of a page as it is shown to those that its content counts in.

    MuPDF knows of crop boxes and units in this only while the page is not turned.
    """
    rotation, shown = sheet.rotation, sheet.rect
    sheet.set_rotation(0)
    upright = ~sheet.transformation_matrix
    sheet.set_rotation(rotation)
    return _turned_back(rotation, shown.width, shown.height) * upright
