"""More settings of three kinds of pages: tables of words, tables beside text, listings.

They differ from those of ``mixed_kinds`` in width, type, leading and language, in which cells are
long, in what stands around a table, and in the languages and comments of the listings.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.mixed_kinds import BOOK, MixedPage
from benchmarks.quality.newspapers import WORDS
from benchmarks.quality.office_sheet import quoted
from benchmarks.quality.office_words import FIRST, NAMES, STATES, TOWNS
from benchmarks.quality.printing import Print

PRINTS = tuple(
    Print(100 + 2 * number, font, degrees, noise)
    for number, (font, degrees, noise) in enumerate((
        ("Liberation Serif", 0.0, 0), ("DejaVu Sans", 0.5, 10), ("TeX Gyre Pagella", -0.5, 8),
        ("Liberation Sans Narrow", 0.0, 0), ("Carlito", 0.4, 12), ("New Computer Modern", 0.0, 6),
        ("DejaVu Serif", -0.6, 10), ("Liberation Sans", 0.0, 0), ("TeX Gyre Heros", 0.5, 9),
        ("Libertinus Serif", -0.3, 7), ("TeX Gyre Schola", 0.0, 0), ("DejaVu Sans", 0.0, 8),
        ("Liberation Serif", 0.6, 10), ("TeX Gyre Adventor", -0.4, 0), ("Carlito", 0.0, 0),
        ("Liberation Sans", 0.5, 12), ("TeX Gyre Bonum", 0.0, 0), ("DejaVu Serif", 0.0, 0),
        ("TeX Gyre Termes", -0.6, 9), ("Liberation Sans Narrow", 0.3, 8),
    ))
)  # fmt: skip
FONTS = (  # of packages that have to be there
    ("fonts-texgyre", "texgyrepagella-regular"), ("fonts-crosextra-carlito", "Carlito-Regular"),
)  # fmt: skip
_LANGUAGES = ("de", "en", "fr", "es")
_MONO = ("Liberation Mono", "DejaVu Sans Mono", "TeX Gyre Cursor")
_HEADS = {
    "en": ("Name", "Task", "Remarks", "Place", "Reason", "Known since", "Next step", "Source"),
    "de": ("Name", "Aufgabe", "Bemerkung", "Ort", "Grund", "Bekannt seit", "Frist", "Quelle"),
    "fr": ("Nom", "Tâche", "Remarques", "Lieu", "Motif", "Connu depuis", "Suite", "Source"),
    "es": ("Nombre", "Tarea", "Notas", "Lugar", "Motivo", "Desde cuándo", "Plazo", "Fuente"),
}
_CAPTION = {"en": "Table 3: ", "de": "Tabelle 3: ", "fr": "Tableau 3 : ", "es": "Tabla 3: "}


class MorePage(MixedPage):
    """A page in the making, of another language, type and leading by its number."""

    def __init__(self, kind: str, seed: int) -> None:
        super().__init__(kind, seed)
        at = (seed - 100) // 2
        self.language = _LANGUAGES[at % 4]
        self.mono = _MONO[at % 3]
        self.size = self.chance.choice((8, 9, 10, 11))
        self.leading = self.chance.choice((0.5, 0.65, 0.8))

    def words(self, least: int, most: int) -> str:
        """Return a few words of a sentence."""
        words = self.sentence().rstrip(".").split()
        while len(words) < most:
            words += self.sentence().rstrip(".").lower().split()
        start = self.chance.choice((0, 0, 2))
        said = " ".join(words[start : start + self.chance.randint(least, most)])
        return said.rstrip(",")


def _tabs(page: MixedPage) -> None:
    """Set a table of words whose long cells stand in the first, a middle or the last columns."""
    assert isinstance(page, MorePage)
    page.parts += [page.title(3, 14), page.texts(1)]
    columns = page.chance.randint(3, 6)
    long = set(page.chance.sample(range(columns), page.chance.randint(1, min(3, columns - 1))))
    short = page.chance.choice((0, 2, 4))  # words of the other columns' cells
    most = {3: 18, 4: 14, 5: 10, 6: 8}[columns]

    def cell(column: int, row: int) -> str:
        if column in long:
            return page.words(1 if page.chance.random() < 0.25 else 3, most)
        if short:
            return page.words(1, short)
        return page.chance.choice((*TOWNS, *STATES)) if row % 3 else page.chance.choice(NAMES)

    rows = [[cell(c, r) for c in range(columns)] for r in range(page.chance.randint(3, 8))]
    head = page.some(_HEADS[page.language], columns)
    share = [page.chance.choice((1.6, 2.0, 2.4)) if c in long else 1.0 for c in range(columns)]
    wide = ", ".join("1fr" if s == 1.0 else f"{s}fr" for s in share)
    if page.chance.random() < 0.4:
        wide = ", ".join("auto" if s == 1.0 and not short else f"{s}fr" for s in share)
    gap = page.chance.choice((2.5, 3.5, 5, 7))
    if page.chance.random() < 0.4:
        caption = _CAPTION[page.language] + page.words(3, 6)
        page.said.append(caption)
        page.parts.append(f"#text(size: 0.9em)[#{quoted(caption)}]")
    page.parts.append(
        page.table(
            [head, *rows], f"({wide})", "left", page.chance.choice((1, 1, 1, 0)),
            inset=f"(x: {page.chance.choice((3, 5, 8))}pt, y: {gap}pt)",
        )
    )  # fmt: skip
    page.parts.append(page.texts(page.chance.choice((1, 2))))


def _beside(page: MixedPage) -> None:
    """Set a table beside one paragraph or several, with a caption or without."""
    assert isinstance(page, MorePage)
    page.parts += [page.title(4, 15), page.texts(page.chance.choice((1, 2)))]
    columns = page.chance.randint(2, 4)
    worded = page.chance.random() < 0.3

    def row() -> list[str]:
        name = page.chance.choice((*STATES, *TOWNS, *NAMES))
        some = [page.chance.choice(FIRST)] if worded and columns > 2 else []
        return [name, *some, *(page.amount(99) for _ in range(columns - 1 - len(some)))]

    def table() -> str:
        said = ""
        if page.chance.random() < 0.5:
            caption = _CAPTION[page.language] + page.words(2, 4)
            page.said.append(caption)
            said = f"#text(size: 0.9em)[#{quoted(caption)}]\n"
        head = page.some(_HEADS[page.language][:6], columns)
        rows = [row() for _ in range(page.chance.randint(5, 14))]
        body = page.table(
            [head, *rows], f"(auto,) * {columns}",
            f"(left,) * {1 + worded} + (right,) * {columns - 1 - worded}",
            page.chance.choice((0, 1)), stroke=page.chance.choice(("none", "none", BOOK)),
        )  # fmt: skip
        return said + body

    count = page.chance.choice((1, 2, 3, 4))
    if page.chance.random() < 0.5:
        sides, wide = [page.texts(count), table()], "1fr, auto"
    else:
        sides, wide = [table(), page.texts(count)], "auto, 1fr"
    gap = page.chance.choice((5, 7, 10))
    page.parts.append(
        f"#grid(columns: ({wide}), column-gutter: {gap}mm, [{sides[0]}], [{sides[1]}])"
    )
    page.parts.append(page.texts(page.chance.choice((1, 2))))


_PROGRAMS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "c": ("//", (
        ("#include <stdio.h>", ""), ("static int weigh(const char *name)", ""), ("{", ""),
        ("    long sum = 0;", "grams"), ("    for (int i = 0; name[i]; i++)", "up to the end"),
        ("        sum += name[i] * 31;", ""), ("    if (sum > LIMIT)", "too heavy for the ferry"),
        ("        return -1;", ""), ("    return sum;", "never more than a ton"), ("}", ""),
    )),
    "python": ("#", (
        ("def read(path, limit=100):", ""), ("    rows = []", "what was found"),
        ("    with open(path) as body:", "closed at the end"),
        ("        for line in body:", ""), ("            if not line.strip():", "an empty one"),
        ("                continue", ""), ("            rows.append(line.split())", ""),
        ("    return rows[:limit]", "no more than that"),
    )),
    "sql": ("--", (
        ("SELECT name, town,", "whom we know"), ("       SUM(weight) AS total", "in tons"),
        ("  FROM boats", ""), ("  JOIN owners ON owners.id = boats.owner", "one each"),
        (" WHERE weight > 20", "the small ones pay nothing"), (" GROUP BY name, town", ""),
        (" ORDER BY total DESC;", "largest first"),
    )),
    "shell": ("#", (
        ("#!/bin/sh", ""), ("set -eu", "stop at errors"), ("for file in *.png; do", "each scan"),
        ('    name="${file%.png}"', "without its end"), ("    convert \"$file\" \"$name.pdf\"", ""),
        ("done", ""), ("tar czf /tmp/scans.tgz *.pdf", "for the archive"), ("rm -f *.png", ""),
    )),
    "asm": (";", (
        ("start:  mov  ax, 0x13", "graphics"), ("        int  0x10", "of the BIOS"),
        ("        mov  cx, 320", "a row"), ("next:   mov  [di], al", "one pixel"),
        ("        inc  di", ""), ("        loop next", "until it is full"), ("        ret", ""),
    )),
    "json": ("", (
        ("{", ""), ('  "name": "harbour",', ""), ('  "boats": [', ""),
        ('    {"id": 17, "owner": "Brandt"},', ""), ('    {"id": 18, "owner": null}', ""),
        ("  ],", ""), ('  "open": true', ""), ("}", ""),
    )),
}  # fmt: skip


def _listing(page: MixedPage) -> None:
    """Set a program with or without numbers and comments, among prose or beside it."""
    assert isinstance(page, MorePage)

    def code(most: int) -> str:
        mark, given = page.chance.choice(list(_PROGRAMS.values()))
        with_comments = page.chance.random() < 0.7
        at = page.chance.choice((0, 30, 36, 42))  # 0: right behind the statement
        numbered = page.chance.random() < 0.3
        lines = []
        for number, (statement, comment) in enumerate(given * page.chance.choice((1, 1, 2)), 1):
            line = statement
            if mark and comment and with_comments:
                line = f"{statement:{at}s}  {mark} {comment}" if at else f"{line}  {mark} {comment}"
            lines.append((f"{number:2d}  {line}" if numbered else line)[:most])
        said = "\n".join(lines)
        page.said.append(said)
        return f"#raw({quoted(said)}, block: true)"

    page.parts += [page.title(4, 14), page.texts(1)]
    way = page.chance.choice(("within", "within", "left", "right"))
    if way == "within":
        page.parts += [code(75), page.texts(1), code(75), page.texts(1)]
        return
    wide = page.chance.choice(("4.5cm", "5.5cm", "6.5cm"))
    count = page.chance.choice((1, 2, 3))
    if way == "left":
        sides, columns = [code(44), page.texts(count)], f"1fr, {wide}"
    else:
        sides, columns = [page.texts(count), code(44)], f"{wide}, 1fr"
    page.parts.append(
        f"#grid(columns: ({columns}), column-gutter: 6mm, [{sides[0]}], [{sides[1]}])"
    )
    page.parts.append(page.texts(2))


KINDS: dict[str, Callable[[MixedPage], None]] = {
    "tabs": _tabs, "beside": _beside, "listing": _listing,
}  # fmt: skip
assert set(_LANGUAGES) <= set(WORDS)
