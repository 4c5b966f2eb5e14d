"""A book of several pages, made by code: heads, numbers, and what goes on over its pages' ends.

``python -m tests.printed_book PATH`` writes it as a PDF.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import pymupdf

WIDTH, HEIGHT = 420, 595  # points
LEFT, RIGHT, TOP, BOTTOM = 55, 365, 75, 520
SIZE, PITCH = 11, 15
PLAIN, BOLD = "tiro", "tibo"

TITLE = "The Harbour Book"
PROSE = (
    "In the years of which this book tells the harbour was kept by a master and two clerks, who"
    " wrote down each vessel that came in with the tide, what it had on board, and to whom that was"
    " to be sold. Nothing of this was asked for by anybody. The"
    " in\u00adter\u00adna\u00adtion\u00adal trade of the town began with these lists, for"
    " merchants came from far to read them, and stayed when they had seen how much of what they"
    " were looking for lay in the sheds along the quay."
)
CONTENTS = (
    ("1 The Old Quay", 3), ("1.1 Its Stones", 3), ("2 The Merchants", 5), ("2.1 Their Goods", 5),
    ("2.2 Their Vessels", 6), ("3 The End", 8),
)  # fmt: skip
GOODS = tuple(
    f"{5 * row + at + 1}. {what} from {where}"
    for row, what in enumerate(("Wool", "Salt", "Coal", "Timber", "Fish"))
    for at, where in enumerate(("Hull", "Bergen", "Riga", "Porto", "Cork"))
)
NAMES = ("Vessel", "Master", "Tons")
SHIPS = tuple((f"Mary {at}", ("Adams", "Brown", "Clark")[at % 3], str(120 + 7 * at))
              for at in range(1, 31))  # fmt: skip


@dataclass
class Book:
    """Pages that fill from the top; the first is a title's, without number and head."""

    document: pymupdf.Document = field(default_factory=pymupdf.open)
    y: float = TOP
    chapter: str = ""

    def turn(self, chapter: str = "") -> None:
        """Begin the next page, with a head unless a chapter begins on it."""
        page = self.document.new_page(width=WIDTH, height=HEIGHT)
        number = self.document.page_count
        self.chapter, self.y = chapter or self.chapter, TOP
        if number > 1:
            text = str(number)
            x = (WIDTH - pymupdf.get_text_length(text, PLAIN, SIZE)) / 2
            page.insert_text((x, 560), text, fontname=PLAIN, fontsize=SIZE)
        if number > 1 and not chapter:
            head = self.chapter if number % 2 else TITLE
            page.insert_text((LEFT, 45), head, fontname=PLAIN, fontsize=SIZE)

    def row(self, text: str, x: float = LEFT, size: float = SIZE, font: str = PLAIN) -> None:
        """Set a row, on the next page if this one is full."""
        if self.y > BOTTOM:
            self.turn()
        self.document[-1].insert_text((x, self.y), text, fontname=font, fontsize=size)
        self.y += PITCH * size / SIZE

    def heading(self, text: str, size: float) -> None:
        """Set a heading with white around it."""
        self.y += size
        self.row(text, size=size, font=BOLD)
        self.y += 0.4 * size

    def prose(self, text: str) -> None:
        """Set a paragraph, its rows broken at spaces and soft hyphens."""
        row = ""
        for word in text.split(" "):
            parts = word.split("\u00ad")
            for at, part in enumerate(parts):
                gap = " " if row and not at else ""
                hyphen = "-" if at + 1 < len(parts) else ""
                if _width(f"{row}{gap}{part}{hyphen}") > RIGHT - LEFT:
                    self.row(f"{row}-" if at else row)
                    row, gap = "", ""
                row += gap + part
        self.row(row)
        self.y += 7

    def table(self) -> None:
        """Set a table with rules, its head again on each page."""
        self._cells(NAMES, BOLD)
        for ship in SHIPS:
            if self.y > BOTTOM - PITCH:
                self.turn()
                self._cells(NAMES, BOLD)
            self._cells(ship, PLAIN)
        self.y += 14

    def _cells(self, texts: tuple[str, ...], font: str) -> None:
        page, edges = self.document[-1], (LEFT, 165, 275, RIGHT)
        top, bottom = self.y - 12, self.y + 5
        for at, text in enumerate(texts):
            page.insert_text((edges[at] + 4, self.y), text, fontname=font, fontsize=SIZE)
            page.draw_rect((edges[at], top, edges[at + 1], bottom), width=0.7)
        self.y += 17


def _width(text: str) -> float:
    return float(pymupdf.get_text_length(text, PLAIN, SIZE))


def make() -> pymupdf.Document:
    """Return the book."""
    book = Book()
    book.turn()
    book.y = 200
    book.row(TITLE, x=90, size=27, font=BOLD)
    book.turn("Contents")
    book.heading("Contents", 18)
    for words, page in CONTENTS:
        place = (RIGHT - 10, book.y)
        book.document[-1].insert_text(place, str(page), fontname=PLAIN, fontsize=SIZE)
        book.row(words)
    book.turn("The Old Quay")
    book.heading("1 The Old Quay", 18)
    book.prose(PROSE)
    book.heading("1.1 Its Stones", 13)
    book.prose(f"{PROSE} {PROSE} {PROSE}")
    book.prose(PROSE)
    book.turn("The Merchants")
    book.heading("2 The Merchants", 18)
    book.prose(f"{PROSE} {PROSE}")
    book.heading("2.1 Their Goods", 13)
    for entry in GOODS:
        book.row(entry)
    book.heading("2.2 Their Vessels", 13)
    book.table()
    book.turn("The End")
    book.heading("3 The End", 18)
    book.prose(f"{PROSE} {PROSE}")
    return book.document


if __name__ == "__main__":
    make().save(sys.argv[1])
