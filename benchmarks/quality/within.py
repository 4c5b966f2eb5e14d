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


def has_neighbours(page: Page) -> bool:
    """Say whether the page's document has others; those that were made here have none."""
    return page.grids is None


def markdown(page: Page, around: Sequence[tuple[Page, Recognition]]) -> str:
    """Return the sidecar of one page of a document of these pages."""
    with pymupdf.open(page.path) as document:
        wide = {own.number: document[own.number - 1].rect.width for own, _ in around}
    pages = [
        replace(page_read(read, own.number), points_per_pixel=wide[own.number] / read.width)
        for own, read in around
    ]
    survey = Survey()
    for one in pages:
        survey.add(one)
    return written(next(one for one in survey.document().pages(pages) if one.number == page.number))
