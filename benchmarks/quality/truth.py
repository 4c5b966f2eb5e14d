"""What is on a page of the set, from its PDF: text in reading order, tables, headings.

The order is that of the page's content, which TeX, FOP and Typst write as it is read; every page
was looked at. Running heads and feet are left out.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from itertools import product
from typing import Any

import pymupdf

from benchmarks.quality.documents import Page
from benchmarks.quality.scoring import TrueCell, Truth

pymupdf.TOOLS.mupdf_display_errors(False)


def truth(page: Page) -> Truth:
    """Return the page's truth."""
    with pymupdf.open(page.path) as document:
        drawn = document[page.number - 1]
        outline = document.get_toc()
        titles = [title for _, title, number in outline if number == page.number]
        tables = None
        if page.ruled:
            tables = tuple(map(_cells, _ruled(drawn)))
        elif page.grids:
            tables = tuple(map(_given, page.grids))
        return Truth(text(drawn, page), tables, tuple(titles) if titles else None)


def text(drawn: pymupdf.Page, page: Page) -> str:
    """Return the page's lines in reading order, an empty line between blocks."""
    blocks = []
    for block in drawn.get_text("dict", sort=False)["blocks"]:
        lines = [
            "".join(span["text"] for span in line["spans"])
            for line in block.get("lines", ())
            if page.top <= (line["bbox"][1] + line["bbox"][3]) / 2 <= page.bottom
            and line["dir"][0] > 0.9
        ]
        blocks.append("\n".join(line for line in lines if line.strip()))
    return "\n\n".join(block for block in blocks if block)


def _ruled(drawn: pymupdf.Page) -> list[Any]:
    found = drawn.find_tables(strategy="lines_strict").tables
    return [table for table in found if table.col_count > 1 and table.row_count > 1]


def _cells(table: Any) -> tuple[TrueCell, ...]:
    return tuple(
        TrueCell(text or "", row, row, column, column)
        for row, line in enumerate(table.extract())
        for column, text in enumerate(line)
    )


def _given(rows: list[list[str | dict[str, Any]]]) -> tuple[TrueCell, ...]:
    """Return the cells of rows as they are written: each in the first place that is free."""
    cells: list[TrueCell] = []
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for value in row:
            cell: dict[str, Any] = value if isinstance(value, dict) else {"text": value}
            height, width = cell.get("rows", 1), cell.get("columns", 1)
            while (number, column) in taken:
                column += 1
            last = number + height - 1, column + width - 1
            cells.append(TrueCell(cell["text"], number, last[0], column, last[1]))
            taken |= set(product(range(number, last[0] + 1), range(column, last[1] + 1)))
            column += width
    return tuple(cells)
