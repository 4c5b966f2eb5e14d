"""What is on a page of the set, from its PDF: text in reading order, tables, headings.

The order is that of the page's content, which TeX, FOP and Typst write as it is read; every page
was looked at. Running heads come first and feet last: on one page by itself they are text, within
its document they are none. What says that it numbers a page is left out, and a number alone.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Any

import pymupdf

from benchmarks.quality.documents import Page
from benchmarks.quality.scoring import TrueCell, Truth

pymupdf.TOOLS.mupdf_display_errors(False)

_PAGE_NUMBER = re.compile(r"\W*(?:\w+\W\s?)?(?:\d{1,4}|[ivxlc]{1,7})(?:\W+\d{1,4})?\W*|\s*")


# "29 / 233" beside a head, which says of how many.
_OF_ALL = re.compile(r"\s+\d{1,4}\s?/\s?\d{1,4}$")


def truth(page: Page, *, within: bool = False) -> Truth:
    """Return the page's truth, by itself or within its document."""
    with pymupdf.open(page.path) as document:
        drawn = document[page.number - 1]
        outline = document.get_toc()
        titles = [title for _, title, number in outline if number == page.number]
        if page.headings is not None:
            titles = list(page.headings)
        tables = None
        if page.ruled:
            tables = tuple(map(_cells, _ruled(drawn)))
        elif page.grids:
            tables = tuple(map(given, page.grids))
        elif page.cells:
            tables = (_placed(drawn, page),)
        said = text(drawn, page, within=within)
        return Truth(said, tables, tuple(titles) if titles else None)


def text(drawn: pymupdf.Page, page: Page, *, within: bool = False) -> str:
    """Return the page's lines in reading order, an empty line between blocks."""
    heads: list[dict[str, Any]] = []
    feet: list[dict[str, Any]] = []
    blocks: list[str] = []
    below: list[str] = []
    if page.by_rows:
        return _by_rows(drawn, page)
    for block in drawn.get_text("dict", sort=False)["blocks"]:
        inner: list[dict[str, Any]] = []
        for line in block.get("lines", ()):
            if line["dir"][0] <= 0.9:
                continue
            middle = (line["bbox"][1] + line["bbox"][3]) / 2
            some = heads if middle < page.top else feet if middle > page.bottom else inner
            some.append(line)
        some_text = "\n".join(said for said in map(_said, inner) if said.strip())
        (below if block["bbox"][1] > page.lower else blocks).append(some_text)
    if within:
        heads, feet = [], []
    return "\n\n".join(filter(None, [*_running(heads), *blocks, *below, *_running(feet)]))


def _by_rows(drawn: pymupdf.Page, page: Page) -> str:
    """Return the words of a page that is one table, row by row, each cell's together."""
    inside = [word for word in drawn.get_text("words") if page.top < word[3] < page.bottom]
    if not page.wraps:
        return "\n".join(" ".join(word[4] for word in row) for row in _rows(inside))
    top, bottom, *_ = page.cells
    parts = [
        "\n".join(" ".join(word[4] for word in row) for row in _rows(some))
        for some in (
            [word for word in inside if word[1] <= top],
            [word for word in inside if word[3] >= bottom],
        )
    ]
    rows = (" ".join(cells.values()) for cells in _cell_rows(drawn, page))
    return "\n".join([parts[0], *rows, parts[1]])


def _rows(words: Iterable[Any]) -> list[list[Any]]:
    """Return words in rows from the top, each from the left."""
    rows: list[list[Any]] = []
    for word in sorted(words, key=lambda word: (word[1] + word[3]) / 2):
        height = word[3] - word[1]
        if rows and (word[1] + word[3] - rows[-1][0][1] - rows[-1][0][3]) / 2 < height / 3:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word[0]) for row in rows]


def _placed(drawn: pymupdf.Page, page: Page) -> tuple[TrueCell, ...]:
    """Return the cells between two heights by where columns begin."""
    return tuple(
        TrueCell(text, number, number, column, column)
        for number, row in enumerate(_cell_rows(drawn, page))
        for column, text in row.items()
    )


def _cell_rows(drawn: pymupdf.Page, page: Page) -> list[dict[int, str]]:
    """Return a table's rows, each cell by its column, with lines that go on from the row above."""
    top, bottom, *starts = page.cells
    inside = [word for word in drawn.get_text("words") if top < word[1] and word[3] < bottom]
    rows: list[dict[int, str]] = []
    for words in _rows(inside):
        if not any(words[0][1] < y < words[0][3] for y in page.wraps):
            rows.append({})
        for word in words:
            column = max(sum(start <= word[0] for start in starts) - 1, 0)
            rows[-1][column] = f"{rows[-1].get(column, '')} {word[4]}".strip()
    return [dict(sorted(row.items())) for row in rows]


def _said(line: dict[str, Any]) -> str:
    return "".join(span["text"] for span in line["spans"])


def _running(lines: Iterable[dict[str, Any]]) -> list[str]:
    """Return the rows of a head or a foot from the top, without those that number the page."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for line in sorted(lines, key=lambda line: (round(line["bbox"][3] / 4), line["bbox"][0])):
        rows.setdefault(round(line["bbox"][3] / 4), []).append(line)
    said = [" ".join(filter(None, map(str.strip, map(_said, row)))) for row in rows.values()]
    return [_OF_ALL.sub("", row) for row in said if not _PAGE_NUMBER.fullmatch(row)]


def _ruled(drawn: pymupdf.Page) -> list[Any]:
    found = drawn.find_tables(strategy="lines_strict").tables
    return [table for table in found if table.col_count > 1 and table.row_count > 1]


def _cells(table: Any) -> tuple[TrueCell, ...]:
    return tuple(
        TrueCell(text or "", row, row, column, column)
        for row, line in enumerate(table.extract())
        for column, text in enumerate(line)
    )


def given(rows: list[list[str | dict[str, Any]]]) -> tuple[TrueCell, ...]:
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
