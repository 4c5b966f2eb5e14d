"""Which reader a file's content asks for; its name says nothing."""

from __future__ import annotations

import io
import os
from typing import Protocol

from ocrd.errors import CorruptError, UnsupportedError
from ocrd.raster.images import endings, kinds
from ocrd.raster.images.pictures import Drawn, Picture
from ocrd.raster.images.window import Window
from ocrd.raster.pdfs import wholeness
from ocrd.raster.pdfs.pdf import Pdf

_MOST_BEHIND_BYTES = 4096  # a picture that has junk before it
_POLYGLOT_BYTES = 1024  # within which a PDF may begin (PDF 1.7, appendix H, note 13)
_TAIL_BYTES = 32  # where some formats have their mark


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
    descriptor: int, passwords: list[str], page_pixels: int, pages: int | None, *,
    awaited: bool = False,
) -> Document:  # fmt: skip
    """Return the opener that the content, not the name, asks for.

    If it is ``awaited``, what lacks a part that may still come is not read without it.
    """
    head = os.pread(descriptor, max(kinds.HEAD_BYTES, wholeness.SEEN_BYTES), 0)
    if not head.strip(b"\0"):
        raise CorruptError(
            "The file begins with zeros: its content has not come." if head else "It is empty."
        )
    kind = kinds.picture(head)
    is_foreign = kind is None and bool(kinds.foreign(head))
    if kind is None and not is_foreign and wholeness.start(head) < 0:
        kind = _reaching_the_end(descriptor, kinds.buried_picture(head))
    if kind is not None:
        return Picture(
            descriptor, kind, page_pixels=page_pixels, most_pages=pages, awaited=awaited
        )
    begins = wholeness.start(head)
    if 0 <= begins < (_POLYGLOT_BYTES if is_foreign else len(head)):  # an archive may hold one
        return Pdf(descriptor, passwords, page_pixels=page_pixels)
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    raise UnsupportedError(
        f"The content is {kinds.foreign(head, tail) or 'of no format that is known here'}.",
        hint=f"{kinds.READ} are read. Convert it to one of them.",
    )


def _reaching_the_end(descriptor: int, kind: kinds.Kind | None) -> kinds.Kind | None:
    """Return a picture behind junk, if nothing of note stands behind it: else it is a preview."""
    if kind is None:
        return None
    file = io.BufferedReader(Window(descriptor, kind.junk))
    end = endings.end_of(file, kind.format)
    behind = file.seek(0, os.SEEK_END) - end if end else 0
    is_animation = kind.format == kinds.GIF  # of which the first picture's end is told
    return kind if is_animation or behind <= _MOST_BEHIND_BYTES else None
