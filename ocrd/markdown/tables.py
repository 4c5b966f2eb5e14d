"""A model's HTML table -> rows of cells; rows -> a GFM pipe table, HTML of our own, lines (pure).

Tags of tables are markup; all else, other HTML among it, is text of a cell and left to
:mod:`ocrd.markdown.richtext`. Nothing of the model's HTML is ever passed on. Unclosed cells, rows
and tables end where the next one begins; a table inside a cell becomes text of that cell; text
between cells is kept beside the table.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ocrd.job import Cell
from ocrd.markdown import commonmark, richtext

# A sign that a model encoded twice: one that compares, with a number or a variable beside it. Alone
# it is what a table of such names says.
_TWICE = re.compile(
    r"(?:(?<=\d)|(?<=\b[^\W\d_])|(?<=\d\s)|(?<=\b[^\W\d_]\s))&amp;(?P<name>[lg]t);(?=\s?[\w(+-])"
)
MAX_COLUMNS = 200  # that cells may span together; more is noise of the model

Row = tuple[Cell, ...]

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col)"
    r"(?P<attributes>(?:\s[^<>]{0,200})?)/?>",
    re.IGNORECASE,
)
_TORN_TAG = re.compile(
    r"</?(?:t(?:ab?|abl|able|r|d|h)?(?:\s[rc][a-z]{0,6}(?:=[\"']?\d{0,6}[\"']?)?)?)?\Z",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<![\w-])(row|col)span\s{0,3}=\s{0,3}[\"']?\s{0,3}(\d{1,6})", re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """A table in a text: ``text[start:end]``, its rows, and what stands in it outside all cells."""

    start: int
    end: int
    rows: tuple[Row, ...]
    above: str = ""  # a caption, or what precedes the first cell
    below: str = ""


@dataclass(slots=True)
class _Draft:
    """A table in the making."""

    rows: list[list[Cell]] = field(default_factory=list)  # of one cell or more
    above: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    pieces: list[str] | None = None  # of the cell that is open
    spans: tuple[int, int, bool] = field(init=False)  # of that cell: rows, columns; is it a heading
    in_row: bool = False
    in_caption: bool = False

    def take(self, text: str) -> None:
        """Take text to where it stands: a cell, the caption, or between cells."""
        if self.pieces is not None:
            self.pieces.append(text)
        elif text.strip():
            (self.below if self.rows and not self.in_caption else self.above).append(text)

    def end_cell(self) -> None:
        """Close the open cell, if one is."""
        if self.pieces is not None:
            rows, columns, header = self.spans
            text = _TWICE.sub(r"&\g<name>;", "".join(self.pieces).strip())
            self.rows[-1].append(Cell(text, rows, columns, header))
        self.pieces = None

    def tag(self, name: str, attributes: str, *, ends: bool) -> None:
        """Open or close a cell, a row or a part of the table."""
        self.end_cell()
        self.in_caption = name == "caption" and not ends
        if name in {"td", "th"} and not ends:
            if not self.in_row:
                self.rows.append([])
                self.in_row = True
            self.pieces = []
            found = reversed(_SPAN.findall(attributes))  # the first one of a name counts
            spans = {kind.lower(): int(count) for kind, count in found}
            self.spans = (spans.get("row") or 1, spans.get("col") or 1, name == "th")
        elif name not in {"td", "th", "caption", "col", "colgroup"}:
            self.in_row = False


def find(text: str, position: int = 0) -> Table | None:
    """Return the first table at or behind the position, up to its end or the text's."""
    tags = _TAG.finditer(text, position)
    first = next((tag for tag in tags if tag["name"].lower() == "table" and not tag["end"]), None)
    if first is None:
        return None
    draft, behind, depth = _Draft(), first.end(), 1
    for tag in tags:
        name, ends = tag["name"].lower(), bool(tag["end"])
        draft.take(text[behind : tag.start()])
        if name == "table":
            depth += -1 if ends else 1
        if depth == 0:
            return _table(draft, first.start(), tag.end())
        if depth > 1 or name == "table":
            draft.take("\n" if name in {"tr", "table"} else " ")
        else:
            draft.tag(name, tag["attributes"], ends=ends)
        behind = tag.end()
    draft.take(_TORN_TAG.sub("", text[behind:]))
    return _table(draft, first.start(), len(text))


def grid(rows: Sequence[Row]) -> list[list[Cell | None]]:
    """Return the rows with every cell in its column, None where another spans, padded to one width.

    The places follow HTML's own rule: a cell stands in the first column that is free.
    """
    placed: list[list[Cell | None]] = []
    taken: list[set[int]] = []  # of each row, the columns that cells above span
    carried: dict[int, int] = {}  # column -> rows that a cell above still spans
    for row in rows:
        line: list[Cell | None] = []
        taken.append(set(carried))
        carried = {column: left - 1 for column, left in carried.items() if left > 1}
        for cell in row:
            while len(line) in taken[-1]:
                line.append(None)
            if cell.rows > 1:
                carried |= dict.fromkeys(range(len(line), len(line) + cell.columns), cell.rows - 1)
            line += [cell, *[None] * (cell.columns - 1)]
        placed.append(line)
    width = max(map(len, placed), default=0)
    for line, columns in zip(placed, taken, strict=True):
        header = bool(line) and line[-1] is not None and line[-1].header
        padding = Cell("", header=header)
        line += [None if at in columns else padding for at in range(len(line), width)]
    return placed


def pipe(rows: Sequence[Row], *, rich: bool, math: str = "dollar") -> str | None:
    """Return a GFM table, its first row as the header; None where a cell spans."""
    if not any(rows) or any(cell.rows > 1 or cell.columns > 1 for row in rows for cell in row):
        return None
    lines = [
        "| " + " | ".join(_pipe_cell(cell, rich, math) for cell in row if cell) + " |"
        for row in grid(rows)
    ]
    rule = "|" + " --- |" * max(len(row) for row in rows)
    return "\n".join([lines[0], rule, *lines[1:]])


def as_html(rows: Sequence[Row], *, rich: bool, math: str = "dollar") -> str:
    """Return the table as HTML of nothing but rows, cells and line breaks."""
    head = 0
    placed = grid(rows)
    while head < len(rows) and rows[head] and all(cell.header for cell in rows[head]):
        head += 1
    parts = ["<table>"]
    if head:
        parts += ["<thead>", *_html_rows(placed[:head], rich, math), "</thead>"]
    if head < len(rows):
        parts += ["<tbody>", *_html_rows(placed[head:], rich, math), "</tbody>"]
    return "\n".join([*parts, "</table>"])


def lines(rows: Sequence[Row], *, rich: bool) -> str:
    """Return the table's text: a line a row, a tab between columns."""
    return "\n".join(
        "\t".join(_words(cell, rich) if cell else "" for cell in row).rstrip("\t")
        for row in grid(rows)
    )


def raw(rows: Sequence[Row]) -> str:
    """Return the cells' text as it is: a line a row, a tab between cells."""
    return "\n".join("\t".join(cell.text for cell in row) for row in rows)


def _table(draft: _Draft, start: int, end: int) -> Table:
    draft.end_cell()
    above, below = "\n".join(draft.above), "\n".join(draft.below)
    return Table(start, end, tuple(_sane(draft.rows)), above, below)


def _sane(rows: Sequence[Sequence[Cell]]) -> Iterator[Row]:
    """Yield the rows with spans that stay within the table and within reason."""
    carried: dict[int, int] = {}
    for number, row in enumerate(rows):
        taken = carried
        carried = {column: left - 1 for column, left in taken.items() if left > 1}
        cells: list[Cell] = []
        at = 0
        for cell in row:
            while at in taken:
                at += 1
            columns = max(1, min(cell.columns, MAX_COLUMNS - at))
            spanned = min(cell.rows, len(rows) - number) if at < MAX_COLUMNS else 1
            if spanned > 1:
                carried |= dict.fromkeys(range(at, at + columns), spanned - 1)
            cells.append(Cell(cell.text, spanned, columns, cell.header))
            at += columns
        yield tuple(cells)


def _pipe_cell(cell: Cell, rich: bool, math: str) -> str:
    if rich:
        return richtext.cell(cell.text, math)
    return commonmark.escape_line(" ".join(commonmark.clean(cell.text).split()))


def _html_rows(placed: Sequence[Sequence[Cell | None]], rich: bool, math: str) -> list[str]:
    return [
        "<tr>" + "".join(_html_cell(cell, rich, math) for cell in row if cell) + "</tr>"
        for row in placed
    ]


def _html_cell(cell: Cell, rich: bool, math: str) -> str:
    name = "th" if cell.header else "td"
    spans = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    spans += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    text = richtext.plain(cell.text, math) if rich else commonmark.clean(cell.text).strip()
    shown = "<br>".join(html.escape(line, quote=False) for line in text.splitlines())
    return f"<{name}{spans}>{shown}</{name}>"


def _words(cell: Cell, rich: bool) -> str:
    text = richtext.plain(cell.text) if rich else commonmark.clean(cell.text)
    return " ".join(text.split())
