"""What is typed on a page of the 1980s: letters, memos, a report, a circular, a printout.

Places are those of a typewriter: columns from the left margin, lines of a sixth of an inch from the
upper edge. What only numbers a page is no text, as on the pages of other sets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from benchmarks.quality.oldscans_words import Bank
from benchmarks.quality.scoring import TrueCell
from benchmarks.quality.truth import given

LINES = 66  # of a page
WIDE = 62  # columns of a line
_NUMBER = 61  # line on which a report's page is numbered
_FIGURES = 3  # columns of a table that hold figures


@dataclass(frozen=True, slots=True)
class Run:
    """Some letters that stand together."""

    line: float
    column: float
    text: str
    style: str = ""  # "underlined", and of a printed head "large" and "small", centred


@dataclass(slots=True)
class Typed:
    """A page in the making: what is typed where, and what of it is to be read, in its order."""

    bank: Bank
    chance: random.Random
    spacing: float = 1.0
    runs: list[Run] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    tables: list[tuple[TrueCell, ...]] = field(default_factory=list)
    signed: tuple[float, float] | None = None  # where a pen wrote
    line: float = 4.0

    def put(self, text: str, column: float = 0, style: str = "", down: float = 1) -> None:
        """Type a line of its own, and go down."""
        self.said.append(text)
        self.runs.append(Run(self.line, column, text, style))
        self.line += down

    def row(self, *runs: tuple[float, str], down: float = 1) -> None:
        """Type some texts on one line, from the left."""
        for column, text in runs:
            self.put(text, column, down=0)
        self.line += down

    def only(self, text: str, column: float, down: float = 1) -> None:
        """Type what is no text: a row of hyphens, a page's number."""
        self.runs.append(Run(self.line, column, text))
        self.line += down

    def centre(self, text: str, style: str = "", down: float = 1) -> None:
        """Type a line in the middle."""
        self.put(text, (WIDE - len(text)) // 2, style, down)

    def paragraph(self, sentences: int, *, indent: int = 0, hang: str = "") -> None:
        """Type sentences ragged, words cut where they may be; ``hang`` is a number before them."""
        text = " ".join(self.sentence() for _ in range(sentences))
        first = hang or " " * indent
        for number, line in enumerate(_filled(text.split(), first, WIDE, WIDE - len(hang))):
            bare = line.lstrip()
            column = len(hang) if number else len(line) - len(bare)
            self.runs.append(Run(self.line, column, bare))
            self.line += self.spacing
        self.said.append((hang + text).replace("|", ""))
        if not indent or self.spacing == 1:
            self.line += 1

    def sentence(self) -> str:
        """Return a sentence; where "|" stands a word may be cut."""
        return " ".join(map(self.chance.choice, self.bank.parts)) + "."

    def underlined(self, text: str, column: float = 0) -> None:
        """Type a line and strike it under: by a rule, or by hyphens on the line below."""
        self.line += self.spacing - 1
        if self.chance.random() < 0.5:
            self.put(text, column, "underlined", 2)
        else:
            self.put(text, column)
            self.only("-" * len(text), column)
            self.line += 0.5

    def grid(self, rows: Sequence[Sequence[str]], left: int = 0, *, is_ruled: bool = True) -> None:
        """Type a table: names from the left, figures to the right edge of their column."""
        widths = [max(len(row[n]) for row in rows) + 4 for n in range(len(rows[0]))]
        for number, row in enumerate(rows):
            edge = left
            for column, (text, wide) in enumerate(zip(row, widths, strict=True)):
                edge += wide
                place = edge - wide if column < len(row) - _FIGURES else edge - len(text)
                self.runs.append(Run(self.line, place, text))
            self.said.append(" ".join(row))
            self.line += 1
            if not number and is_ruled:
                self.only("-" * sum(widths), left)
        self.tables.append(given([list(row) for row in rows]))
        self.line += 1


def _filled(words: Sequence[str], first: str, wide: int, rest: int) -> list[str]:
    """Return words in lines: one of ``wide`` columns that has ``first``, others of ``rest``."""
    lines: list[str] = []
    line = first
    for word in words:
        left = word
        gap = "" if not line or line.endswith(" ") else " "
        for head, tail in _cuts(word):
            if len(line + gap + head) <= (rest if lines else wide):
                line, left = line + gap + head, tail
                break
        if left:
            lines.append(line)
            line = left.replace("|", "")
    return [*lines, line]


def _cuts(word: str) -> list[tuple[str, str]]:
    """Return how a word can stand at a line's end: whole, or in two, the longest first."""
    parts = word.split("|")
    cut = [("".join(parts[:n]) + "-", "".join(parts[n:])) for n in range(len(parts) - 1, 0, -1)]
    return [("".join(parts), ""), *cut]


def letter(page: Typed) -> None:
    """Type a letter: printed head, references, subject, paragraphs, signature, copies."""
    bank = page.bank
    page.put(bank.firm, style="large", down=2)
    page.put(bank.address, style="small", down=4)
    if page.chance.random() < 0.5:
        page.row((0, bank.refs[0]), (WIDE - len(bank.date), bank.date))
        page.put(bank.refs[1], down=3)
    else:
        page.put(bank.date, WIDE - len(bank.date), down=2)
        page.put("   ".join(bank.refs), down=3)
    for text in bank.to:
        page.put(text)
    page.line += 1.5
    page.put(bank.greeting, down=2)
    page.put(bank.subject, page.chance.choice((0, 5)), page.chance.choice(("underlined", "")), 2)
    indent = page.chance.choice((0, 5))
    for _ in range(page.chance.randint(3, 4)):
        page.paragraph(page.chance.randint(2, 3), indent=indent)
    _end(page, page.chance.choice((0, 32)))


def _end(page: Typed, column: int) -> None:
    page.line += page.spacing - 1
    page.put(page.bank.closing, column, down=1)
    page.signed = (page.line, column)
    page.line += 3
    for text in page.bank.signer:
        page.put(text, column)
    page.line += 1
    mark = "cc: "
    for number, text in enumerate(page.bank.copies):
        page.put(text if number else mark + text, len(mark) if number else 0)


def second_leaf(page: Typed) -> None:
    """Type the second leaf of a letter: its number, points with figures, an underlined word."""
    page.only("- 2 -", WIDE // 2 - 2, 3)
    page.paragraph(2)
    for number in (1, 2, 3):
        page.paragraph(1 + number % 2, hang=f"{number}.  ")
    page.paragraph(3, indent=5)
    page.underlined(page.bank.heads[-1])
    page.paragraph(2, indent=5)
    _end(page, 32)


def memo(page: Typed) -> None:
    """Type an office memo: names and values, a row of hyphens, paragraphs."""
    bank = page.bank
    page.centre(bank.memo, down=3)
    values = (*bank.people, bank.date, bank.subject)
    for label, value in zip(bank.labels, values, strict=True):
        page.row((0, label), (12, value), down=page.chance.choice((1, 2)))
    page.only("-" * WIDE, 0, 2)
    for number in range(1, 5):
        page.paragraph(page.chance.randint(2, 3), hang=f"{number}.  " if page.spacing < 2 else "")
    page.put(page.bank.signer[0], 40)


def report(page: Typed) -> None:
    """Type a page of a report: numbered headings, a table of columns, a page number."""
    bank = page.bank
    for number, head in enumerate(bank.heads[:3], 1):
        text = f"{number}. {head.upper()}"
        page.headings.append(text)
        # Three lines above a heading and two below, as typists were taught.
        page.line += 3 - page.spacing if number > 1 else 0
        if page.chance.random() < 0.5:
            page.put(text, style="underlined", down=2)
        else:
            page.put(text, down=2)
        page.paragraph(2, indent=5)
        if number == 2:
            page.grid(bank.table, 4)
            page.line -= 1
    page.line = max(page.line, _NUMBER)
    page.only(f"- {page.chance.randint(3, 19)} -", WIDE // 2 - 2)


def circular(page: Typed) -> None:
    """Type a circular from a duplicator: a title in capitals, a place and time, a list."""
    bank = page.bank
    page.headings.append(bank.circular)
    page.centre(bank.circular, "underlined", 2)
    page.centre(bank.firm)
    page.centre(bank.date, down=3)
    page.paragraph(3, indent=5)
    for mark in ("(a) ", "(b) ", "(c) "):
        page.paragraph(1, hang=mark)
    for _ in range(3):
        page.paragraph(2, indent=5)
    page.put(bank.signer[0], 36)
    page.put(bank.signer[1], 36)


def printout(page: Typed) -> None:
    """Print a list: a line of its own at the top, codes, columns of figures."""
    bank = page.bank
    page.row((0, bank.listed), (WIDE - 8, "84/04/11"), down=2)
    head, *some = bank.table
    rows = [head]
    codes = count(page.chance.randint(1200, 4800), page.chance.randint(3, 17))
    for _ in range(5):
        rows += [(text.upper(), *rest) for text, *rest in some]
    rows = [("NO" if not n else str(next(codes)), *row) for n, row in enumerate(rows)]
    page.grid(rows, is_ruled=page.chance.random() < 0.5)


def book(page: Typed) -> str:
    """Return a page of a book for Typst: a heading, paragraphs with indents."""
    bank = page.bank
    head = bank.heads[page.chance.randint(0, 3)]
    page.said.append(head)
    page.headings.append(head)
    parts = [f"#heading(level: 1)[{head}]"]
    for _ in range(6):
        text = " ".join(page.sentence() for _ in range(page.chance.randint(3, 4))).replace("|", "")
        page.said.append(text)
        parts.append(text)
    return "\n\n".join(parts)


KINDS: dict[str, Callable[[Typed], object]] = {
    "letter": letter, "second leaf": second_leaf, "memo": memo, "report": report,
    "circular": circular, "printout": printout, "book": book, "carbon": letter, "fax": letter,
}  # fmt: skip
