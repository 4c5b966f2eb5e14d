"""What is kept of how a block's rows are set, for when all pages are read (pure).

The size of a few letters is measured badly: by which of them are tall. Their boxes' height and
their width, each held against the page's running text, are two more opinions; the one in the middle
counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ocrd.job import Shape
from ocrd.layout import headings
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Setting

FEW_LETTERS = 40  # whose size alone tells little


def of(rows: Sequence[Row], setting: Setting, hyphens: tuple[int, ...] = ()) -> Shape:
    """Return the shape of a block of these rows, on the straightened page."""
    first, last = rows[0], rows[-1]
    column = setting.columns[last.column]
    others = [row.box.x0 for row in rows[1:] if row.column == first.column]
    own = setting.columns[first.column]
    left = median(others) if others else own.right - own.width
    letter = max(headings.advance(last), 0.1)
    return Shape(
        rows=len(rows),
        size=round(_size(rows, setting.body), 2),
        indent=round((first.box.x0 - left) / max(first.height, 1.0), 2),
        room=round((column.right - last.box.x1) / letter, 1),
        measure=round(column.width / letter, 1),
        hyphens=hyphens,
    )


def _size(rows: Sequence[Row], body: headings.Body) -> float:
    """Return the size of the rows' type, 0 if it was not measured."""
    sizes = [size for row in rows if (size := headings.size_of(row)) > 0]
    if not sizes:
        return 0.0
    size = median(sizes)
    if body.size <= 0 or sum(len(row.text) for row in rows) > FEW_LETTERS:
        return size
    height = median(row.height for row in rows) / body.height
    wide = median(map(headings.advance, rows)) / body.advance
    if any(len(row.pieces) > 1 or len(row.cells) > 1 for row in rows):
        return min(size, height * body.size)  # a gap within is no letter's width
    return median([size / body.size, height, wide]) * body.size
