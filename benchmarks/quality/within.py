"""A page as it is written within its document: its neighbours are read, too.

What runs over pages, the levels of headings and how words are cut are decided by the document
(:mod:`ocrd.layout.document`); two pages on each side show what runs over odd and even ones.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pymupdf

from benchmarks.quality.documents import Page
from benchmarks.quality.sheets import page_read, written
from ocrd.job import Recognition
from ocrd.layout.document import Survey

NEIGHBOURS = 2  # on each side


def neighbours(page: Page) -> list[Page]:
    """Return the pages around the page in its document, itself among them, in order."""
    name = page.id.removesuffix(f"-{page.number}")
    with pymupdf.open(page.path) as document:
        first = max(1, page.number - NEIGHBOURS)
        numbers = range(first, min(len(document), page.number + NEIGHBOURS) + 1)
    return [
        page if number == page.number else replace(page, id=f"{name}-{number}", number=number)
        for number in numbers
    ]


def markdown(number: int, around: Sequence[tuple[int, Recognition]]) -> str:
    """Return the sidecar of page ``number`` of a document of these pages."""
    pages = [page_read(read, own) for own, read in around]
    survey = Survey()
    for page in pages:
        survey.add(page)
    return written(next(page for page in survey.document().pages(pages) if page.number == number))
