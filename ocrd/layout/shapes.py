"""What is kept of how a block's rows are set, for when all pages are read (pure)."""

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
    # How far in a heading beside the text begins says how long it is.
    indent = 0.0 if first.is_side else (first.box.x0 - left) / max(first.height, 1.0)
    letter = max(headings.advance(last), 0.1)
    return Shape(
        rows=len(rows),
        size=round(headings.likely_size(rows, setting.body, FEW_LETTERS), 2),
        indent=round(indent, 2),
        room=round((column.right - last.box.x1) / letter, 1),
        measure=round(column.width / letter, 1),
        hyphens=hyphens,
        weight=round(headings.weight_of(rows, setting.body), 2),
    )
