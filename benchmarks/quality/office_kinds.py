"""Sheets as offices print them, by kinds: what is set, and the rows and the text that stand on it.

Each is set from a number alone, which chooses words, sizes, distances and how many rows there are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Rows = list[list[str]]

_NAMES = (
    "Ostermann", "Vollmer", "Brandt", "Lindqvist", "Moreau", "Dubois", "Serrano", "Iglesias",
    "Whitfield", "Harrington", "Novak", "Kowalski", "Rossi", "Bianchi", "Almeida", "Teixeira",
    "Janssen", "Verhoeven", "Petersen", "Halvorsen", "Baumgartner", "Castellano", "Fitzgerald",
    "McAllister", "Zimmermann", "Delacroix", "Okafor", "Nakamura", "Villanueva", "Schreiber",
)  # fmt: skip
_FIRST = (
    "Anna", "Bernd", "Carla", "David", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jonas",
    "Karin", "Luis", "Maria", "Nils", "Olga", "Pedro", "Quentin", "Rosa", "Stefan", "Teresa",
)  # fmt: skip
_TOWNS = (
    "Bremen", "Verden", "Oldenburg", "Sevilla", "Burgos", "Lyon", "Rennes", "Leeds", "Norwich",
    "Porto", "Braga", "Torino", "Bologna", "Utrecht", "Arnhem", "Aarhus", "Bergen", "Graz", "Linz",
    "Saint-Malo", "Bad Homburg", "New Haven", "San Marcos", "Le Havre",
)  # fmt: skip
_GOODS = (
    "Copy paper A4, white", "Toner cartridge, black", "Hanging files, 25 pieces", "Ball pen, blue",
    "Desk lamp with clamp", "Oak shelf, 90 cm", "Wall bracket, steel", "Cable drum 25 m",
    "Screws 4 x 40, box of 200", "Door handle, brass", "Hinge, left", "Window seal, per metre",
    "Paint, matt white, 10 l", "Brush, flat, 60 mm", "Sanding disc P120", "Work gloves, size 9",
    "Safety goggles", "Ladder, 7 steps", "Garden hose 20 m", "Watering can", "Spade, ash handle",
    "Coffee, ground, 500 g", "Tea, Assam", "Sugar, 1 kg", "Mineral water, crate", "Apple juice",
)  # fmt: skip
_MORE = (
    "delivered to the second floor and put up on the day of delivery",
    "in the colour of the sample that was sent to you in March",
    "replacement for the piece that was found broken on arrival",
    "including fixing material, without tools and without scaffolding",
    "as agreed by telephone with Mrs Harrington of your office",
)
_BOOKED = (
    "Transfer to landlord", "Card payment supermarket", "Salary", "Standing order gym",
    "Direct debit electricity", "Cash machine", "Refund mail order", "Insurance premium",
    "Account fees", "Transfer from savings", "Card payment petrol station", "Tax refund",
    "Direct debit telephone", "Interest", "Rent deposit", "Card payment pharmacy",
)  # fmt: skip
_STATIONS = (
    "Old Quay", "Mill Island", "Lighthouse", "Sandholm", "North Bridge", "Town Hall", "Hospital",
    "University", "Market Square", "Castle Hill", "Airport", "Central Station", "Harbour Street",
    "Botanic Garden", "Fair Ground", "West Cemetery", "Stadium", "Brewery Lane", "Ferry Pier",
)  # fmt: skip
_STATES = (
    "Iowa", "Ohio", "Texas", "Kansas", "Oregon", "Nebraska", "Montana", "Missouri", "Idaho",
    "North Dakota", "South Dakota", "New York", "Wisconsin", "Minnesota", "Colorado", "Virginia",
)  # fmt: skip
_SENTENCES = (
    "Please transfer the amount within fourteen days to the account that is named below.",
    "We thank you for your order and remain at your disposal for any question that you may have.",
    "Objections against this statement have to reach us in writing within six weeks of its date.",
    "All figures are in thousands and have been rounded, so that sums may differ by one.",
    "Goods remain our property until they are paid in full; the place of jurisdiction is Bremen.",
    "The following items were delivered to you in the course of last month, as you had ordered.",
    "Services on public holidays are those of a Sunday; in fog the ferry does not call at the"
    " pier.",
)


@dataclass(frozen=True, slots=True)
class OfficeSheet:
    """One page: how Typst sets it, the rows of its tables, and what is no table."""

    kind: str
    source: str
    rows: tuple[tuple[str, ...], ...]  # the cells of each that are not empty
    around: tuple[str, ...]  # lines and paragraphs


class _Setting:
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
        said = " #linebreak() ".join(f"#{_quoted(line)}" for line in some)
        self.parts.append(f"#align({at}, text(size: {size or self.size}pt)[{said}])")
        self.around += some

    def paragraph(self, *sentences: str) -> None:
        """Set running text."""
        self.parts.append(f"#par[#{_quoted(' '.join(sentences))}]")
        self.around.append(" ".join(sentences))

    def space(self, millimetres: float) -> None:
        """Leave white."""
        self.parts.append(f"#v({millimetres}mm)")

    def table(
        self, rows: Rows, columns: str, align: str, *, head: Sequence[str] = (), **settings: str
    ) -> None:
        """Set a table; settings are Typst's."""
        cells = [f"table.cell(align: bottom, strong({_quoted(text)}))" for text in head]
        cells += [_quoted(text) for row in rows for text in row]
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
        return f"{self.chance.choice(_FIRST)} {self.chance.choice(_NAMES)}"

    def letter_head(self) -> None:
        """Set who writes to whom."""
        name = self.chance.choice(_NAMES)
        self.lines(
            f"{name} & Sons Limited", f"{self.chance.randint(1, 90)} Harbour Street",
            f"Telephone 0421 55 01 {self.chance.randint(10, 99)}",
            at=self.chance.choice(("right", "left", "center")),
        )  # fmt: skip
        self.space(self.chance.choice((6, 10)))
        self.lines(
            self.name(), f"Lange Reihe {self.chance.randint(1, 99)}",
            f"{self.chance.randint(10000, 99999)} {self.chance.choice(_TOWNS)}",
        )  # fmt: skip
        self.space(self.chance.choice((5, 9)))

    def sheet(self) -> OfficeSheet:
        """Return the page."""
        source = f"#set text(size: {self.size}pt)\n" + "\n\n".join(self.parts)
        return OfficeSheet(self.kind, source, tuple(self.rows), tuple(self.around))


def sheet(kind: str, seed: int) -> OfficeSheet:
    """Return the sheet of a kind that a number chooses."""
    setting = _Setting(kind, seed)
    KINDS[kind](setting)
    return setting.sheet()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _statement(page: _Setting) -> None:
    page.letter_head()
    page.lines(f"Statement of account no. {page.chance.randint(1, 12)}", size=14)
    page.space(3)
    rows = []
    for text in page.some(_BOOKED, page.chance.randint(14, 26)):
        day = page.day()[:6]
        sign = page.chance.choice(("-", "+"))
        rows.append([day, page.day()[:6], text, page.amount() + sign])
    page.table(
        rows, "(auto, auto, 1fr, auto)", "(left, left, left, right)",
        head=("Date", "Value", "Text", "Amount EUR"),
        stroke="(x, y) => if y == 0 { (bottom: 0.6pt) }",
    )  # fmt: skip
    page.space(4)
    page.paragraph(_SENTENCES[2], _SENTENCES[1])


def _timetable(page: _Setting) -> None:
    page.lines("Ferries and buses, winter", at="center", size=15)
    page.paragraph(_SENTENCES[6])
    trips = page.chance.randint(5, 9)
    rows = []
    for stop, name in enumerate(page.some(_STATIONS, page.chance.randint(12, 18))):
        row = [name]
        for trip in range(trips):
            minutes = 330 + 95 * trip + 7 * stop
            gone = page.chance.random() < 0.12
            row.append("–" if gone else f"{minutes // 60:02d}:{minutes % 60:02d}")
        rows.append(row)
    page.table(
        rows, f"(auto,) + ({page.chance.choice(('1fr', 'auto'))},) * {trips}",
        f"(left,) + ({page.chance.choice(('center', 'right'))},) * {trips}",
        head=("Stop", *(str(101 + 2 * trip) for trip in range(trips))),
    )  # fmt: skip


def _shaded(page: _Setting) -> None:
    page.lines("Price list", size=16)
    page.paragraph(_SENTENCES[4])
    rows = [
        [f"{page.chance.choice('ABCDK')}-{page.chance.randint(1000, 9999)}", goods,
         page.chance.choice(("pc", "box", "kg", "m")), page.amount(90), page.amount(80)]
        for goods in page.some(_GOODS, page.chance.randint(16, 26))
    ]  # fmt: skip
    page.table(
        rows, "(auto, 1fr, auto, auto, auto)", "(left, left, center, right, right)",
        head=("Number", "Article", "Unit", "1 to 9", "10 and more"),
        fill="(x, y) => if calc.odd(y) { luma(225) }",
    )  # fmt: skip


def _form(page: _Setting) -> None:
    page.lines("Application for a resident's parking permit", size=14)
    page.space(2)
    pairs = [
        ["Family name", page.chance.choice(_NAMES)], ["First name", page.chance.choice(_FIRST)],
        ["Date of birth", page.day()], ["Street and number", f"Lange Reihe {page.size:.0f}"],
        ["Postal code and town", f"27283 {page.chance.choice(_TOWNS)}"],
        ["Telephone", f"0421 {page.chance.randint(100000, 999999)}"],
        ["Registration number", f"HB-OV {page.chance.randint(100, 999)}"],
        ["Make of the vehicle", "Lindqvist 240 estate"], ["Valid from", page.day()],
    ]  # fmt: skip
    page.table(pairs, "(4.5cm, 1fr)", "left", stroke="0.5pt", inset="5pt")
    page.space(3)
    page.paragraph(_SENTENCES[0], _SENTENCES[1])
    page.space(2)
    rows = [
        [day, page.amount(60), page.chance.choice(_TOWNS)]
        for day in (page.day() for _ in range(5))
    ]
    page.table(
        rows, "(1fr, 1fr, 1fr)", "(left, right, left)", head=("Paid on", "Amount", "Office"),
        stroke="0.5pt", inset="4pt",
    )  # fmt: skip


def _list(page: _Setting) -> None:
    page.size = page.chance.choice((7.5, 8, 8.5))
    rows = []
    for _ in range(page.chance.randint(36, 50)):
        rows.append([
            page.chance.choice(_NAMES), page.chance.choice(_FIRST), page.chance.choice(_TOWNS),
            f"{page.chance.randint(10000, 99999)}", page.day(), str(page.chance.randint(1, 140)),
            page.amount(),
        ])  # fmt: skip
    page.table(
        rows, f"({page.chance.choice(('auto', '1fr'))},) * 7",
        "(left, left, left, left, left, right, right)",
        head=("Apellido", "Nombre", "Localidad", "Código", "Alta", "Pedidos", "Importe"),
        inset=f"(x: {page.chance.choice((5, 7))}pt, y: {page.chance.choice((1.5, 2, 2.6))}pt)",
    )  # fmt: skip


def _sections(page: _Setting) -> None:
    page.lines("Weekly market report", size=15)
    page.paragraph(_SENTENCES[3])
    wide = page.chance.choice(("auto", "1fr"))
    for section in page.some(("Hogs", "Cattle", "Lambs", "Corn", "Wheat", "Hay"), 4):
        page.parts.append("#line(length: 100%, stroke: 0.6pt)")
        page.parts.append(f"#strong({_quoted(section)})")
        rows = [
            [state, f"{page.chance.randint(100, 90000):,}", page.amount(300), page.amount(300),
             f"{page.chance.choice(('-', '+'))}{page.chance.random():.2f}"]
            for state in page.some(_STATES, page.chance.randint(4, 6))
        ]  # fmt: skip
        page.table(rows, f"(3.6cm,) + ({wide},) * 4", "(left,) + (right,) * 4",
                   inset="(x: 9pt, y: 2.4pt)")  # fmt: skip
    page.parts.append("#line(length: 100%, stroke: 0.6pt)")


def _wrapped(page: _Setting) -> None:
    page.lines("Order confirmation", size=15)
    page.paragraph(_SENTENCES[5])
    rows = []
    for number, goods in enumerate(page.some(_GOODS, page.chance.randint(8, 13)), 1):
        more = f"; {page.chance.choice(_MORE)}" if page.chance.random() < 0.6 else ""
        rows.append([
            str(10 * number), f"{goods}{more}", f"{page.chance.randint(1, 40)}",
            page.amount(200), page.amount(),
        ])  # fmt: skip
    page.table(
        rows, f"(auto, {page.chance.choice(('6cm', '5cm', '4.5cm'))}, auto, auto, auto)",
        "(left, left, right, right, right)", head=("Item", "Description", "Qty", "Price", "Total"),
        stroke=page.chance.choice(("none", "none", "(bottom: 0.4pt)")),
    )  # fmt: skip
    page.space(4)
    page.paragraph(_SENTENCES[1], _SENTENCES[4])


def _invoice(page: _Setting) -> None:
    page.letter_head()
    page.lines(f"Invoice no. 2024-{page.chance.randint(100, 999)}", size=14)
    page.paragraph(_SENTENCES[5])
    rows = [
        [str(number), goods, f"{page.chance.randint(1, 20)}", page.amount(400), page.amount()]
        for number, goods in enumerate(page.some(_GOODS, page.chance.randint(4, 9)), 1)
    ]
    page.table(
        rows, "(auto, 1fr, auto, auto, auto)", "(left, left, right, right, right)",
        head=("Pos.", "Description", "Quantity", "Price", "Total"),
        stroke=page.chance.choice(("none", "(x, y) => if y == 0 { (bottom: 0.6pt) }")),
    )  # fmt: skip
    rows = [["Net", page.amount(3000)], ["VAT 19 %", page.amount(600)],
            ["Amount due", page.amount(4000)]]  # fmt: skip
    page.parts.append("#line(length: 100%, stroke: 0.5pt)")
    page.parts.append("#align(right)[")
    page.table(rows, "(auto, auto)", "(left, right)", inset="(x: 8pt, y: 2.5pt)")
    page.parts[-2:] = ["".join(page.parts[-2:]) + "]"]
    page.paragraph(_SENTENCES[0], _SENTENCES[1])
    page.lines("With kind regards", page.name())


def _ledger(page: _Setting) -> None:
    page.lines("Trial balance at the end of the year", size=13)
    rows = []
    for text in page.some([*_BOOKED, *_GOODS], page.chance.randint(18, 28)):
        one = page.amount(9000)
        sides = [one, ""] if page.chance.random() < 0.5 else ["", one]
        rows.append([f"{page.chance.randint(1000, 8999)}", text, *sides, page.amount(9000)])
    page.table(
        rows, "(auto, 1fr, 2.4cm, 2.4cm, 2.6cm)", "(left, left, right, right, right)",
        head=("Account", "Name", "Debit", "Credit", "Balance"), stroke="(bottom: 0.3pt + gray)",
    )  # fmt: skip
    page.paragraph(_SENTENCES[3])


def _results(page: _Setting) -> None:
    page.lines("Results of the harbour race", at="center", size=16)
    page.paragraph(_SENTENCES[6])
    rows = [
        [f"{rank}.", page.name(), page.chance.choice(_TOWNS), f"{page.chance.randint(1950, 2008)}",
         "" if page.chance.random() < 0.2 else f"{page.chance.randint(1, 400)}",
         f"{rank // 4}:{page.chance.randint(0, 59):02d}:{page.chance.randint(0, 59):02d}"]
        for rank in range(1, page.chance.randint(20, 36))
    ]  # fmt: skip
    page.table(
        rows, "(auto, auto, auto, auto, auto, auto)", "(right, left, left, center, right, right)",
        head=("Rank", "Name", "Club", "Born", "No.", "Time"), inset="(x: 8pt, y: 2.2pt)",
    )  # fmt: skip


def _payslip(page: _Setting) -> None:
    page.letter_head()
    page.lines("Payslip", size=14)
    kinds = ("Basic pay", "Overtime", "Travel allowance", "Income tax", "Health insurance",
             "Pension", "Unemployment insurance", "Meal vouchers", "Advance")  # fmt: skip
    rows = [
        [f"{page.chance.randint(100, 999)}", kind, f"{page.chance.randint(1, 170)},00",
         page.amount(40), page.amount(), page.amount(9000)]
        for kind in kinds
    ]  # fmt: skip
    page.table(
        rows, "(auto, 1fr, auto, auto, auto, auto)", "(left, left, right, right, right, right)",
        head=("Type", "Name", "Hours", "Rate", "Amount", "This year"),
        stroke="(x, y) => if y == 0 { (top: 0.6pt, bottom: 0.6pt) }",
    )  # fmt: skip
    page.space(2)
    page.paragraph(_SENTENCES[2])


def _stock(page: _Setting) -> None:
    page.lines("Stock taking", size=13)
    page.lines(f"Warehouse {page.chance.choice(_TOWNS)}", f"Counted by {page.name()}")
    rows = [
        [f"{page.chance.choice('LMR')}{page.chance.randint(1, 30):02d}-{page.chance.randint(1, 9)}",
         goods, f"{page.chance.randint(1, 3000)}", f"{page.chance.randint(1, 3000)}",
         page.chance.choice(("ok", "recount", "damaged")), page.day()]
        for goods in page.some(_GOODS, page.chance.randint(22, 34))
    ]  # fmt: skip
    page.table(
        rows, "(auto, auto, auto, auto, auto, auto)", "(left, left, right, right, left, left)",
        head=("Place", "Article", "Book", "Found", "State", "Last"), inset="(x: 6pt, y: 2pt)",
    )  # fmt: skip


KINDS: dict[str, Callable[[_Setting], None]] = {
    "statement": _statement, "timetable": _timetable, "shaded": _shaded, "form": _form,
    "list": _list, "sections": _sections, "wrapped": _wrapped, "invoice": _invoice,
    "ledger": _ledger, "results": _results, "payslip": _payslip, "stock": _stock,
}  # fmt: skip
