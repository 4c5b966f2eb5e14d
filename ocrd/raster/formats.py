"""Which reader a file's content asks for; its name says nothing."""

from __future__ import annotations

import os
from typing import Protocol

from ocrd.errors import CorruptError, UnsupportedError
from ocrd.raster.pdf import Pdf
from ocrd.raster.pictures import Drawn, Picture

_HEAD_BYTES = 1024  # within which a PDF's header may stand (PDF 1.7, appendix H, note 13)

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


def document_of(
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
        return Pdf(descriptor, passwords, page_pixels=page_pixels)
    known = next((name for at, magic, name in _FOREIGN if head.startswith(magic, at)), "")
    raise UnsupportedError(
        f"The content is {known or 'of no format that is known here'}.",
        hint="PDF, PNG, JPEG, TIFF, BMP, WEBP and GIF are read. Convert it to one of them.",
    )


def _is_picture(head: bytes) -> bool:
    if head.startswith(b"BM"):  # a weak mark: a bitmap header of under 256 bytes must follow
        return head[15:18] == bytes(3)
    return any(head.startswith(magic, offset) for offset, magic in _PICTURES)
