"""Documents whose pages say who they are, so that a sidecar can be told to belong to its source."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from tests.engines.journal import BITS, PAGE_BITS, SIDE, SQUARE, TOP


@dataclass(frozen=True)
class Document:
    """One state of one source: what is in it and where it was dropped."""

    number: int
    inbox: Path
    name: str  # below its inbox
    content: bytes

    @property
    def path(self) -> Path:
        return self.inbox / self.name

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def make_pdf(number: int, pages: int) -> bytes:
    """Return a PDF whose pages carry the number, as squares for the engine and for people."""
    with pymupdf.open() as document:
        for page_number in range(1, pages + 1):
            page = document.new_page(width=SIDE, height=SIDE)
            code = number << PAGE_BITS | page_number
            for bit in range(BITS):
                if code >> (BITS - 1 - bit) & 1:
                    corner = bit * SQUARE
                    square = pymupdf.Rect(corner, TOP, corner + SQUARE, TOP + SQUARE)
                    page.draw_rect(square, fill=(0, 0, 0), color=None)
            page.insert_text((40, 90), f"Document {number}, page {page_number}", fontsize=20)
            colour = (number * 0.37 % 1, 0.2, 0.1)  # so that figures differ too
            page.draw_rect(pymupdf.Rect(30, 110, 170, 170), fill=colour, color=None)
            page.draw_rect(pymupdf.Rect(210, 250, 350, 350), fill=(0.1, 0.2, 0.8), color=None)
        content: bytes = document.tobytes(no_new_id=True)
    return content


def make_unreadable(number: int) -> bytes:
    """Return what no program reads as a document."""
    return b"This is no document of any kind, number %d.\n" % number * 40


def pages_of(pdf: Path) -> int:
    """Count the pages of a PDF; raises what PyMuPDF does about a broken one."""
    with pymupdf.open(pdf) as document:
        for page in document:
            page.get_text()
        return len(document)
