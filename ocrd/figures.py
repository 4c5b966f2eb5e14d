"""Which pieces of a page are figures, and what their files are called (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ocrd.job import Box, PageRead

MAX_FIGURES = 100  # of one page; a model that has lost its way marks thousands
_LEAST_SIDE = 1.0  # pixels
_NAME = re.compile(r"page-\d{3,}-figure-\d+\.jpg")


@dataclass(frozen=True, slots=True)
class Figure:
    """One rectangle of a page that becomes an image file."""

    block: int  # its place in the page's blocks, from 0
    box: Box  # within the upright page, in its pixels
    name: str  # of the file


def figures_of(page: PageRead) -> list[Figure]:
    """Return every box of every block labelled "figure", at most MAX_FIGURES, in order.

    Boxes are cut to the page; what has no area there is passed over.
    """
    found: list[Figure] = []
    for block, box in _boxes(page):
        if len(found) == MAX_FIGURES:
            break
        name = f"page-{page.number:03}-figure-{len(found) + 1}.jpg"
        found.append(Figure(block, box, name))
    return found


def is_figure_name(name: str) -> bool:
    """Say whether :func:`figures_of` gives such names."""
    return _NAME.fullmatch(name) is not None


def _boxes(page: PageRead) -> Iterator[tuple[int, Box]]:
    for number, block in enumerate(page.blocks):
        if block.label != "figure":
            continue
        for box in block.boxes:
            if not (box.x0 < box.x1 and box.y0 < box.y1):  # true of what is not a number, too
                continue
            inside = Box(
                max(0.0, box.x0), max(0.0, box.y0),
                min(float(page.width), box.x1), min(float(page.height), box.y1),
            )
            if inside.width >= _LEAST_SIDE and inside.height >= _LEAST_SIDE:
                yield number, inside
