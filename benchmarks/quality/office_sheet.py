"""A sheet in the making: what Typst sets, and which rows and texts stand on it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.quality.office_words import FIRST, NAMES, TOWNS

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class OfficeSheet:
    """One page: how Typst sets it, the rows of its tables, and what is no table."""

    kind: str
    source: str
    rows: tuple[tuple[str, ...], ...]  # the cells of each that are not empty
    around: tuple[str, ...]  # lines and paragraphs


class Setting:
    """A page in the making."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.chance = random.Random(f"{kind}-{seed}")
        self.parts: list[str] = []
        self.rows: list[tuple[str, ...]] = []
        self.around: list[str] = []
        self.size = self.chance.choice((8.5, 9, 9.5, 10, 10.5))

    def lines(self, *some: str, at: str = "left", size: float = 0) -> None:
        """Set lines that are read one by one: a letterhead, an address."""
        said = " #linebreak() ".join(f"#{quoted(line)}" for line in some)
        self.parts.append(f"#align({at}, text(size: {size or self.size}pt)[{said}])")
        self.around += some

    def paragraph(self, *sentences: str) -> None:
        """Set running text."""
        self.parts.append(f"#par[#{quoted(' '.join(sentences))}]")
        self.around.append(" ".join(sentences))

    def space(self, millimetres: float) -> None:
        """Leave white."""
        self.parts.append(f"#v({millimetres}mm)")

    def table(
        self, rows: Rows, columns: str, align: str, *, head: Sequence[str] = (), **settings: str
    ) -> None:
        """Set a table; settings are Typst's."""
        cells = [f"table.cell(align: bottom, strong({quoted(text)}))" for text in head]
        cells += [quoted(text) for row in rows for text in row]
        options = {"stroke": "none", "inset": self.inset(), **settings}
        said = "".join(f"{name}: {value}, " for name, value in options.items())
        self.parts.append(f"#table(columns: {columns}, align: {align}, {said}{', '.join(cells)})")
        self.rows += [tuple(filter(None, row)) for row in rows]

    def inset(self) -> str:
        """Return how much white stands around cells."""
        x, y = self.chance.choice((3, 4, 5, 7)), self.chance.choice((1.6, 2.2, 3, 4))
        return f"(x: {x}pt, y: {y}pt)"

    def some(self, words: Sequence[str], number: int) -> list[str]:
        """Return so many words, the first ones again where there are not enough."""
        found = list(words)
        self.chance.shuffle(found)
        while len(found) < number:
            found += found
        return found[:number]

    def amount(self, most: float = 2000) -> str:
        """Return a sum as it is written in the sheet's country."""
        value = self.chance.uniform(1, most) ** self.chance.choice((0.5, 0.8, 1))
        said = f"{value:,.2f}"
        if self.kind in {"statement", "ledger", "list"}:
            return said.replace(",", " ").replace(".", ",").replace(" ", ".")
        return said

    def day(self) -> str:
        """Return a date."""
        return f"{self.chance.randint(1, 28):02d}.{self.chance.randint(1, 12):02d}.2024"

    def name(self) -> str:
        """Return a person's name."""
        return f"{self.chance.choice(FIRST)} {self.chance.choice(NAMES)}"

    def letter_head(self) -> None:
        """Set who writes to whom."""
        name = self.chance.choice(NAMES)
        self.lines(
            f"{name} & Sons Limited", f"{self.chance.randint(1, 90)} Harbour Street",
            f"Telephone 0421 55 01 {self.chance.randint(10, 99)}",
            at=self.chance.choice(("right", "left", "center")),
        )  # fmt: skip
        self.space(self.chance.choice((6, 10)))
        self.lines(
            self.name(), f"Lange Reihe {self.chance.randint(1, 99)}",
            f"{self.chance.randint(10000, 99999)} {self.chance.choice(TOWNS)}",
        )  # fmt: skip
        self.space(self.chance.choice((5, 9)))

    def sheet(self) -> OfficeSheet:
        """Return the page."""
        source = f"#set text(size: {self.size}pt)\n" + "\n\n".join(self.parts)
        return OfficeSheet(self.kind, source, tuple(self.rows), tuple(self.around))


def quoted(text: str) -> str:
    """Return a text as Typst's code has it."""
    return json.dumps(text, ensure_ascii=False)
