"""What the rasterizer's child does: open sources, draw, cut and frame their pages.

Called over ``isolate`` by ``rasterize``, never imported by the daemon. Arguments and results are
JSON values. Nothing is opened here: the first of the descriptors that come with a call is the
source, the others are what is read or written besides; a path is but a name to tell people. A few
documents are kept open, so that the next page need not look into the file again; ``idle()`` lets
go of them, so that no folder stays busy.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections import OrderedDict
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import pymupdf
from PIL import UnidentifiedImageError

from ocrd.errors import (
    CorruptError,
    LedgerError,
    OcrdError,
    PageError,
    SourceChangedError,
    TooLargeError,
    UnsupportedError,
)
from ocrd.files import printable, translate
from ocrd.job import FileKey, PageImage, PageRead, SourceInfo
from ocrd.pages import from_json
from ocrd.raster import cutting, frames
from ocrd.raster.diagnosis import in_plain_words
from ocrd.raster.pdf import Pdf
from ocrd.raster.pictures import Drawn, Picture, is_blank

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_KEPT_DOCUMENTS = 3
_HEAD_BYTES = 1024  # within which a PDF's header may stand (PDF 1.7, appendix H, note 13)
_PROBE_BYTES = 1 << 20
_PROBE_LIMIT_BYTES = 1 << 28
_DAMAGED_HINT = "Scan, export or copy it again."
_MEMORY_HINT = "Raise rasterize.memory, or scan at a lower resolution."

# Offset, bytes there, and what the file is: the formats that people drop by mistake.
_FOREIGN = (
    (4, b"ftyphei", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypavif", "an AVIF image"),
    (0, b"\x00\x00\x00\x0cjP", "a JPEG 2000 image"),
    (0, b"PK\x03\x04", "an Office document or a ZIP archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"AT&TFORM", "a DjVu document"),
    (0, b"8BPS", "a Photoshop image"),
)
_PICTURES = (
    (0, b"\x89PNG\r\n\x1a\n"), (0, b"\xff\xd8\xff"), (0, b"GIF87a"), (0, b"GIF89a"),
    (0, b"II*\x00"), (0, b"MM\x00*"), (0, b"II+\x00"), (0, b"MM\x00+"), (8, b"WEBP"),
)  # fmt: skip


class Document(Protocol):
    """What PDF and image files have in common."""

    format: str
    repaired: bool

    @property
    def pages(self) -> int:
        """How many pages there are."""

    def draw(self, number: int, longest_side: int, *, legible: bool = True) -> Drawn:
        """Return page ``number`` (from 1); if ``legible``, a very long one gets more pixels."""

    def close(self) -> None:
        """Let go of it."""


class _Opened:
    """One open source: its descriptor, the key that it had, what reads it."""

    def __init__(self, path: Path, key: FileKey | None, descriptor: int) -> None:
        self.path = path
        self.descriptor = os.dup(descriptor)
        try:
            self.key = self._key_now()
            if key is not None and key != self.key:
                raise SourceChangedError(f"{printable(path)}: the file changed.")
        except BaseException:
            os.close(self.descriptor)
            raise
        self.document: Document | None = None

    def refuse_change(self) -> None:
        """Raise SourceChangedError if the open file is no longer what was opened."""
        if self._key_now() != self.key:
            raise SourceChangedError(f"{printable(self.path)}: the file changed while read.")

    def close(self) -> None:
        """Let go of the file."""
        if self.document is not None:
            self.document.close()
        os.close(self.descriptor)

    def _key_now(self) -> FileKey:
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(self.path)
        return FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


_open: OrderedDict[tuple[str, FileKey | None], _Opened] = OrderedDict()


def idle() -> None:
    """Close every document."""
    while _open:
        _open.popitem()[1].close()


def inspect(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    file_size: int,
    pages: int,
    page_pixels: int,
) -> dict[str, Any]:
    """Return a SourceInfo's fields; raise the DocumentError that says why there is none."""
    opened = _source(
        path, key, passwords, descriptors[0], page_pixels, file_size=file_size, pages=pages
    )
    document = opened.document
    assert document is not None
    if document.pages > pages:
        raise TooLargeError(
            f"{_name(path)} has {_counted(document, pages)} pages, over the limit of {pages}.",
            hint="Split it, or raise limits.pages.",
        )
    return asdict(SourceInfo(document.format, document.pages, document.repaired))


def draw(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    page: int,
    into: str,
    longest_side: int,
    page_pixels: int,
) -> dict[str, Any]:
    """Draw one page into a binary PGM or PPM file and return its PageImage's fields."""
    opened = _source(path, key, passwords, descriptors[0], page_pixels)
    document = opened.document
    assert document is not None
    if not 1 <= page <= document.pages:
        raise PageError(f"{_name(path)} has no page {page}.", page=page)
    try:
        drawn = document.draw(page, longest_side)
    except Exception as error:
        explained = _explained(error, opened, page if _is_one_of_many(document) else None)
        drop(path)
        raise explained from error
    blank = is_blank(drawn.image)
    out = cast("IO[bytes]", _Output(descriptors[1], into))
    drawn.image.save(out, "PPM")  # binary PGM where it is gray
    if document.pages == 1:
        drop(path)
    width, height = drawn.image.size
    return asdict(PageImage(page, into, width, height, drawn.points_per_pixel, blank))


def crop(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    page: int,
    longest_side: int,
    rotation: int,
    points_per_pixel: float,
    cuts: list[tuple[cutting.Corners, str]],
    page_pixels: int,
) -> None:
    """Cut rectangles out of one page into JPEG files, for each a descriptor.

    ``longest_side``, ``rotation`` and ``points_per_pixel`` are the page's as it was read; the
    corners in ``cuts`` are in pixels of that page, turned upright.
    """
    opened = _source(path, key, passwords, descriptors[0], page_pixels)
    document = opened.document
    assert document is not None
    try:
        drawn = document.draw(page, longest_side, legible=False)
        image = cutting.upright(drawn.image, rotation)
        factor = points_per_pixel / drawn.points_per_pixel
        figures = cutting.cut(image, [corners for corners, _ in cuts], factor)
    except Exception as error:
        explained = _explained(error, opened, page)
        drop(path)
        raise explained from error
    for figure, (_, into), descriptor in zip(figures, cuts, descriptors[1:], strict=True):
        _Output(descriptor, into).write(figure)


def overlay(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    into: str,
    page_pixels: int,
) -> list[int]:
    """Write a PDF of the document with a frame around each block of its pages.

    The second descriptor is a file with the JSON of a PageRead a line, the third the PDF. Returns
    the pages without frames.
    """
    opened = _source(path, key, passwords, descriptors[0], page_pixels)
    document = opened.document
    assert document is not None
    try:
        out = _Output(descriptors[2], into)
        with os.fdopen(descriptors[1], encoding="ascii", closefd=False) as lines:
            read = map(_page_read, lines)
            if isinstance(document, Pdf):
                with contextlib.closing(document.opened_again()) as copy:
                    return frames.of_pdf(copy, read, out)
            return frames.of_pictures(partial(document.draw, legible=False), read, out)
    except Exception as error:
        explained = _explained(error, opened, None)
        drop(path)
        raise explained from error


def _counted(document: Document, limit: int) -> str:
    """Return how many pages there are; of pictures, no more than one over the limit is counted."""
    return f"more than {limit}" if isinstance(document, Picture) else str(document.pages)


def _page_read(line: str) -> PageRead:
    try:
        return from_json(line)
    except LedgerError as error:  # what this file is not
        raise ValueError(error.what) from error


def drop(path: str) -> None:
    """Close what is open under ``path``."""
    for identity in [identity for identity in _open if identity[0] == path]:
        _open.pop(identity).close()


def _is_one_of_many(document: Document) -> bool:
    return document.format == "PDF" or document.pages > 1


def _name(path: str) -> str:
    return printable(Path(path).name)


def _source(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    descriptor: int,
    page_pixels: int,
    *,
    file_size: int | None = None,
    pages: int | None = None,
) -> _Opened:
    """Return the source, opened now or before; nothing stays open after an error."""
    wanted = FileKey(*key) if key else None
    opened = _open.pop((path, wanted), None)
    if opened is not None and wanted is None:  # whatever stands there now
        opened.close()
        opened = None
    if opened is None:
        opened = _Opened(Path(path), wanted, descriptor)
    try:
        opened.refuse_change()
        if file_size is not None and opened.key.size > file_size:
            raise TooLargeError(
                f"{_name(path)} has {opened.key.size} bytes, over the limit of {file_size}.",
                hint="Split it, or raise limits.file_size.",
            )
        if opened.document is None:
            opened.document = _document(
                opened.descriptor, passwords, page_pixels, pages
            )
    except Exception as error:
        explained = _explained(error, opened, None)
        opened.close()
        raise explained from error
    _open[path, wanted] = opened
    while len(_open) > _KEPT_DOCUMENTS:
        _open.popitem(last=False)[1].close()
    return opened


def _not_regular(path: Path) -> UnsupportedError:
    return UnsupportedError(
        f"{printable(path)}: not a regular file.",
        hint="Drop the file itself, not a link, device or pipe.",
    )


def _document(
    descriptor: int, passwords: list[str], page_pixels: int, pages: int | None
) -> Document:
    """Return the opener that the content, not the name, asks for."""
    head = os.pread(descriptor, _HEAD_BYTES, 0)
    if not head.strip(b"\0"):
        raise CorruptError(
            "The file begins with zeros: its content has not come." if head else "It is empty."
        )
    if _is_picture(head):
        return Picture(descriptor, page_pixels=page_pixels, most_pages=pages)
    if b"%PDF-" in head:
        return Pdf(descriptor, passwords)
    known = next((name for at, magic, name in _FOREIGN if head.startswith(magic, at)), "")
    raise UnsupportedError(
        f"The content is {known or 'of no format that is known here'}.",
        hint="PDF, PNG, JPEG, TIFF, BMP, WEBP and GIF are read. Convert it to one of them.",
    )


def _is_picture(head: bytes) -> bool:
    if head.startswith(b"BM"):  # a weak mark: a bitmap header of under 256 bytes must follow
        return head[15:18] == bytes(3)
    return any(head.startswith(magic, offset) for offset, magic in _PICTURES)


def _explained(error: Exception, opened: _Opened, page: int | None) -> OcrdError:
    """Return the error of ours that a foreign one stands for, naming the file.

    Checked in this order: the file changed meanwhile, it cannot be read to its end, the memory
    was not enough, the content is damaged.
    """
    name = _name(str(opened.path))
    if isinstance(error, OcrdError) and not isinstance(error, CorruptError):
        if isinstance(error, TooLargeError) and page is not None:
            return PageError(f"{name}: {error.what}", hint=error.hint, page=page)
        error.page = error.page or page
        if not error.what.startswith(name) and not isinstance(error, SourceChangedError):
            error.what = f"{name}: {error.what}"
        return error
    try:
        opened.refuse_change()
        _probe(opened.descriptor)
    except SourceChangedError as changed:
        return changed
    except OSError as unreadable:
        return translate(unreadable, opened.path)
    if isinstance(error, MemoryError) or "malloc" in str(error):
        cls: type[OcrdError] = TooLargeError if page is None else PageError
        what, hint = "drawing it takes more memory than is allowed.", _MEMORY_HINT
    else:
        cls = CorruptError if page is None else PageError
        said = error.what if isinstance(error, OcrdError) else f"{_meaning(error)}."
        what, hint = f"damaged or not complete: {said}", _DAMAGED_HINT
    where = name if page is None else f"{name}, page {page}"
    return cls(f"{where}: {what}", hint=hint, page=page)


def _meaning(error: Exception) -> str:
    if isinstance(error, (UnidentifiedImageError, pymupdf.FileDataError)):
        return "its structure cannot be followed"  # their words name our descriptor
    return in_plain_words(str(error) or type(error).__name__)


def _probe(descriptor: int) -> None:
    """Read the file; raise OSError where the share or the disk does not give it."""
    for offset in range(0, _PROBE_LIMIT_BYTES, _PROBE_BYTES):
        if not os.pread(descriptor, _PROBE_BYTES, offset):
            return


class _Output(io.RawIOBase):
    """A file to write, whose errors are ours at once: a decoder's are OSErrors, too."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = Path(path)

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        left = memoryview(content).cast("B")
        count = left.nbytes
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise translate(error, self._path) from error
        return count

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR)

    def truncate(self, size: int | None = None, /) -> int:
        size = self.tell() if size is None else size
        os.ftruncate(self._descriptor, size)
        return size
