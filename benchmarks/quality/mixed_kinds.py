"""Kinds of pages that mix tables, columns, listings and notes beside the text, set from numbers.

What is read on them is written down as it is set: the text in reading order, tables with their
cells.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.quality.newspapers import WORDS
from benchmarks.quality.office_sheet import quoted
from benchmarks.quality.office_words import GOODS, NAMES, STATES, TOWNS
from benchmarks.quality.truth import given

Rows = Sequence[Sequence[Any]]  # of texts, or of {"text", "rows", "columns"}
BOOK = "(x, y) => if y == 0 { (top: 0.8pt, bottom: 0.5pt) }"


class MixedPage:
    """A page in the making: how Typst sets it, and what stands on it, in reading order."""

    def __init__(self, kind: str, seed: int) -> None:
        self.chance = random.Random(f"mixed-{kind}-{seed}")
        self.language = ("en", "de", "en", "en")[seed // 2 % 4] if seed % 2 == 0 else "fr"
        self.mono = "DejaVu Sans Mono" if seed % 2 else "Liberation Mono"
        self.size = self.chance.choice((8.5, 9, 9.5, 10, 10.5))
        self.parts: list[str] = []
        self.said: list[str] = []
        self.tables: list[Any] = []

    def sentence(self) -> str:
        """Return a sentence."""
        who, did, what, when = map(self.chance.choice, WORDS[self.language])
        return f"{who} {did} {what} {when}."

    def text(self, sentences: int) -> str:
        """Say some running text; return its source."""
        said = " ".join(self.sentence() for _ in range(sentences))
        self.said.append(said)
        return f"#par[#{quoted(said)}]"

    def texts(self, paragraphs: int) -> str:
        """Say several paragraphs; return their source."""
        return "\n\n".join(self.text(self.chance.randint(2, 4)) for _ in range(paragraphs))

    def title(self, words: int, size: float) -> str:
        """Say a heading; return its source."""
        said = " ".join(self.sentence().rstrip(".,").split()[:words]).rstrip(",")
        self.said.append(said)
        return f'#block(text(size: {size}pt, weight: "bold", hyphenate: false)[#{quoted(said)}])'

    def table(self, rows: Rows, columns: str, align: str, heads: int = 1, **settings: str) -> str:
        """Say a table, the first rows in bold; return its source."""
        cells = []
        for number, row in enumerate(rows):
            for value in row:
                cell = value if isinstance(value, dict) else {"text": value}
                body = quoted(cell["text"])
                if number < heads:
                    body = f"strong({body})"
                wide, high = cell.get("columns", 1), cell.get("rows", 1)
                place = "center + horizon" if wide > 1 else "bottom" if number < heads else "auto"
                spans = f"colspan: {wide}, rowspan: {high}, "
                if place != "auto":
                    spans += f"align: {place}, "
                cells.append(f"table.cell({spans}{body})")
        options = {"stroke": "none", "inset": self.inset(), **settings}
        said = "".join(f"{name}: {value}, " for name, value in options.items())
        self.said.append(
            "\n".join(
                " ".join(value["text"] if isinstance(value, dict) else value for value in row)
                for row in rows
            )
        )
        self.tables.append(given([list(row) for row in rows]))
        return f"#table(columns: {columns}, align: {align}, {said}{', '.join(cells)})"

    def inset(self) -> str:
        """Return how much white stands around cells."""
        return f"(x: {self.chance.choice((3, 4, 6))}pt, y: {self.chance.choice((1.8, 2.4, 3.2))}pt)"

    def amount(self, most: float = 900) -> str:
        """Return a number with two decimals."""
        return f"{self.chance.uniform(1, most):,.2f}"

    def some(self, words: Sequence[str], number: int) -> list[str]:
        """Return so many different words."""
        return self.chance.sample(list(words), number)


def _exam(page: MixedPage) -> None:
    mark = page.chance.choice(("[{} points]", "({} marks)", "/ {}", "{} P.", "[{}]", "({})"))
    bottom = page.chance.random() < 0.6
    page.parts.append(page.title(3, 15))
    page.parts.append(page.text(1))
    for number in range(1, page.chance.randint(8, 12)):
        question = " ".join(page.sentence() for _ in range(page.chance.choice((1, 1, 2, 3))))
        points = mark.format(page.chance.randint(1, 12))
        page.said.append(f"{number}. {question} {points}")
        space = page.chance.choice((4, 8, 14))
        at = "bottom" if bottom else "top"
        page.parts.append(
            f"#grid(columns: (auto, 1fr, auto), column-gutter: (5pt, 14pt), [{number}.],"
            f" [#{quoted(question)}], align({at} + right, {quoted(points)}))\n#v({space}mm)"
        )
        if page.chance.random() < 0.3:
            for letter in "abc":
                part, points = page.sentence(), mark.format(page.chance.randint(1, 5))
                page.said.append(f"({letter}) {part} {points}")
                page.parts.append(
                    f"#pad(left: 7mm, grid(columns: (auto, 1fr, auto), column-gutter: (5pt, 14pt),"
                    f" [({letter})], [#{quoted(part)}], align({at} + right, {quoted(points)})))"
                )


def _heads(page: MixedPage) -> None:
    """Set tables whose heads have two rows, the upper one over several columns."""
    page.parts += [page.title(4, 14), page.texts(2)]
    pairs = page.some(("Spring", "Summer", "Autumn", "Winter", "Men", "Women", "Import"), 2)
    inner = page.some(("number", "share", "mean", "total", "change", "tonnes"), 2)
    wide = page.chance.choice(("auto", "1fr"))
    wrapped = page.chance.random() < 0.5
    first = {"text": page.chance.choice(("State", "Region")), "rows": 2}
    last = {"text": "All persons counted" if wrapped else "Sum", "rows": 2}
    names = ({"text": name, "columns": 2} for name in pairs)
    head: list[list[Any]] = [[first, *names, last], [*inner, *inner]]
    body = [
        [state, f"{page.chance.randint(10, 9000):,}", page.amount(90),
         f"{page.chance.randint(10, 9000):,}", page.amount(90), page.amount(999)]
        for state in page.some(STATES, page.chance.randint(6, 12))
    ]  # fmt: skip
    rules = page.chance.choice(("none", "(x, y) => if y == 1 { (bottom: 0.5pt) }"))
    page.parts.append(
        page.table(
            [*head, *body],
            f"(auto, {wide}, {wide}, {wide}, {wide}, {'2.2cm' if wrapped else wide})",
            "(left, right, right, right, right, right)", 2, stroke=rules,
        )
    )  # fmt: skip
    page.parts.append(page.texts(2))


def _numbers(page: MixedPage, count: int, columns: int) -> list[list[str]]:
    names = page.some([*STATES, *TOWNS], count)
    rows = [[name, *(page.amount(99) for _ in range(columns - 1))] for name in names]
    return [["Place", *page.some(("2021", "2022", "2023", "Mean", "Sum"), columns - 1)], *rows]


def _in_column(page: MixedPage) -> None:
    """Set two columns of text, a table in one of them."""
    page.parts.append(page.title(5, 16))
    first = page.chance.random() < 0.5
    columns = page.chance.choice((3, 4))
    rules = page.chance.choice(("none", BOOK))

    def table() -> str:
        rows = _numbers(page, page.chance.randint(5, 9), columns)
        page.said.append("Table 1: rainfall by place")
        caption = "#align(center, text(size: 0.9em)[Table 1: rainfall by place])"
        body = page.table(
            rows, f"({page.chance.choice(('auto', '1fr'))},) * {columns}",
            "(left,) + (right,) * 3", stroke=rules,
        )  # fmt: skip
        return f"{caption}\n#align(center)[{body}]"

    sides = []
    for is_first in (True, False):
        parts = [page.texts(3)]
        if is_first == first:
            parts.append(table())
        parts.append(page.texts(3))
        sides.append("\n\n".join(parts))
    page.parts.append(f"#grid(columns: (1fr, 1fr), column-gutter: 7mm, [{sides[0]}], [{sides[1]}])")


def _over_two(page: MixedPage) -> None:
    """Set three columns of text, a table over two of them."""
    page.size -= 1
    page.parts.append(page.title(4, 18))
    left = page.chance.random() < 0.5
    columns = page.chance.choice((4, 5))

    def table() -> str:
        rows = _numbers(page, page.chance.randint(6, 10), columns)
        return page.table(
            rows, f"(auto,) + (1fr,) * {columns - 1}", "(left,) + (right,) * 4",
            stroke=page.chance.choice(("none", BOOK)),
        )  # fmt: skip

    def beside() -> str:
        top = table()
        one, two = page.texts(4), page.texts(4)
        return f"{top}\n#grid(columns: (1fr, 1fr), column-gutter: 6mm, [{one}], [{two}])"

    if left:
        sides = [beside(), page.texts(7)]
        wide = "2fr, 1fr"
    else:
        sides = [page.texts(7), beside()]
        wide = "1fr, 2fr"
    page.parts.append(f"#grid(columns: ({wide}), column-gutter: 6mm, [{sides[0]}], [{sides[1]}])")


def _beside(page: MixedPage) -> None:
    """Set a table beside running text, more text above and below."""
    page.parts += [page.title(4, 15), page.texts(2)]
    columns = page.chance.choice((3, 4))

    def table() -> str:
        return page.table(
            _numbers(page, page.chance.randint(6, 9), columns), f"(auto,) * {columns}",
            "(left,) + (right,) * 3", stroke=page.chance.choice(("none", BOOK)),
        )  # fmt: skip

    if page.chance.random() < 0.5:
        sides, wide = [page.texts(2), table()], "1fr, auto"
    else:
        sides, wide = [table(), page.texts(2)], "auto, 1fr"
    page.parts.append(f"#grid(columns: ({wide}), column-gutter: 7mm, [{sides[0]}], [{sides[1]}])")
    page.parts.append(page.texts(2))


def _tabs(page: MixedPage) -> None:
    """Set a table of words, its cells of several lines, without rules."""
    page.parts += [page.title(3, 14), page.texts(1)]
    columns = page.chance.choice((3, 4, 5))
    head = page.some(("Name", "Colour", "Taste", "Origin", "Remarks", "Use", "Place"), columns)

    def words(most: int) -> str:
        count = page.chance.randint(2, most)
        return " ".join(page.sentence().rstrip(".,").split()[:count]).rstrip(",")

    rows = [
        [page.chance.choice(NAMES), *(words(16) for _ in range(columns - 1))]
        for _ in range(page.chance.randint(3, 6))
    ]
    gap = page.chance.choice((4, 6, 9))
    page.parts.append(
        page.table(
            [head, *rows], f"(auto,) + (1fr,) * {columns - 1}", "left",
            inset=f"(x: {page.chance.choice((5, 8))}pt, y: {gap}pt)",
        )
    )  # fmt: skip
    page.parts.append(page.texts(1))


_CODE = (
    ("int count = 0;", "how many there are"), ("while (next(&item)) {", "until the queue is empty"),
    ("    count += item.size;", "in bytes, as the kernel counts"), ("    free(item.name);", ""),
    ("}", ""), ("return count;", "never negative"), ("for i in range(10):", "ten tries"),
    ("    total = total + weight[i]", "of every box"), ("    if total > limit: break", "too heavy"),
    ("open(path, O_RDONLY);", "nobody writes here"), ("close(fd);", "always"),
    ("set -e", "stop at the first error"), ("make install DESTDIR=/tmp/x", "as root"),
    ("mov eax, [ebx+4]", "second word"), ("jne  start", "once more"), ("call print", ""),
)  # fmt: skip


def _listing(page: MixedPage) -> None:
    """Set program text with comments in line, prose around it or beside it."""
    mark = page.chance.choice(("# ", "// ", "; ", "-- "))
    at = page.chance.choice((30, 34, 40))

    def code() -> str:
        lines = []
        for statement, comment in page.chance.choices(_CODE, k=page.chance.randint(9, 16)):
            lines.append(f"{statement:{at}s}{mark}{comment}" if comment else statement)
        said = "\n".join(lines)
        page.said.append(said)
        return f"#raw({quoted(said)}, block: true)"

    page.parts += [page.title(4, 14), page.texts(2)]
    if page.chance.random() < 0.5:
        page.parts += [code(), page.texts(2), code()]
        return
    wide = page.chance.choice(("5cm", "6cm"))
    if page.chance.random() < 0.5:
        sides, columns = [page.texts(2), code()], f"{wide}, 1fr"
    else:
        sides, columns = [code(), page.texts(2)], f"1fr, {wide}"
    body = f"[{sides[0]}], [{sides[1]}]"
    page.parts.append(f"#grid(columns: ({columns}), column-gutter: 6mm, {body})")
    page.parts.append(page.texts(2))


def _side(page: MixedPage) -> None:
    """Set a title over a narrow side column and the text beside it."""
    size = page.chance.choice((18, 22, 26))
    wide = page.chance.choice((3.2, 3.8, 4.4))
    gap = page.chance.choice((6, 8))
    shift = page.chance.choice((0.0, 0.0, wide + gap / 10))
    page.parts.append(f"#pad(left: {shift}cm)[{page.title(4, size)}]\n#v(3mm)")
    notes = []
    for _ in range(page.chance.randint(2, 4)):
        said = " ".join(page.sentence().rstrip(".").split()[: page.chance.randint(5, 9)])
        page.said.append(said)
        notes.append(f"#par[#{quoted(said)}]")
    said = "\n".join(f"{note}\n" for note in notes)
    small = f"#text(size: {page.size - 1.5}pt)[{said}]"
    page.parts.append(
        f"#grid(columns: ({wide}cm, 1fr), column-gutter: {gap}mm, [{small}], [{page.texts(9)}])"
    )


def _prices(page: MixedPage) -> None:
    """Set a price list whose head's words stand close to those of the next column."""
    page.parts += [page.title(2, 15), page.texts(1)]
    heads = page.chance.choice((
        ("Article", "Unit", "1 to 9", "10 and more"),
        ("Article", "Stock", "up to 50", "51 to 200"),
        ("Goods", "Weight", "per piece", "by the dozen"),
        ("Article", "No.", "net price", "VAT incl."),
        ("Room", "Beds", "low season", "high season"),
        ("Part", "Box of", "from 5 on", "from 20 on"),
    ))  # fmt: skip
    rows = [
        [goods, str(page.chance.randint(1, 90)), page.amount(90), page.amount(80)]
        for goods in page.some(GOODS, page.chance.randint(9, 16))
    ]
    page.parts.append(
        page.table(
            [list(heads), *rows], f"({page.chance.choice(('auto', '1fr'))}, auto, auto, auto)",
            f"(left, {page.chance.choice(('right', 'center'))}, right, right)",
            page.chance.choice((0, 1)), inset=f"(x: {page.chance.choice((2, 2.5, 3))}pt, y: 3pt)",
        )
    )  # fmt: skip
    page.parts.append(page.texts(1))


def _widths(page: MixedPage) -> None:
    """Set a newspaper's page: columns that differ in width, headlines over some of them."""
    page.size -= 1.5
    gap = page.chance.choice((3.5, 4.5))

    def story(shares: Sequence[float], rows: int) -> str:
        head = page.title(3 + 2 * len(shares), page.size * (1.3 + 0.3 * len(shares)))
        columns = [page.texts(rows) for _ in shares]
        wide = ", ".join(f"{share}fr" for share in shares)
        inner = ", ".join(f"[{column}]" for column in columns)
        return f"{head}\n#v(1mm)\n#grid(columns: ({wide}), column-gutter: {gap}mm, {inner})"

    bands = page.chance.choice((
        (((1.0, 1.0), (1.4,)), ((1.0,), (1.0, 1.0, 1.0))),
        (((1.5,), (1.0, 1.0)), ((1.0, 1.0), (1.0,))),
        (((1.0, 1.4), (1.0,)), ((1.0,), (1.0, 1.3))),
        (((1.2, 1.2, 1.2), (0.9,)), ((1.0, 1.0), (1.6,))),
    ))  # fmt: skip
    for number, band in enumerate(bands):
        if number:
            page.parts.append(page.chance.choice(("#v(2mm)", "#line(length: 100%, stroke: 0.5pt)")))
        body = [story(shares, page.chance.choice((3, 4))) for shares in band]
        wide = ", ".join(f"{sum(shares)}fr" for shares in band)
        inner = ", ".join(f"[{one}]" for one in body)
        page.parts.append(f"#grid(columns: ({wide}), column-gutter: {gap}mm, {inner})")


KINDS: dict[str, Callable[[MixedPage], None]] = {
    "exam": _exam, "heads": _heads, "in-column": _in_column, "over-two": _over_two,
    "beside": _beside, "tabs": _tabs, "listing": _listing, "side": _side, "prices": _prices,
    "widths": _widths,
}  # fmt: skip
