"""Sheets as offices print them, by kinds: what is set, and the rows and the text that stand on it.

Each is set from a number alone, which chooses words, sizes, distances and how many rows there are.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.invoices import with_addresses, with_bar
from benchmarks.quality.office_sheet import OfficeSheet, Setting, quoted
from benchmarks.quality.office_words import (
    BOOKED,
    FIRST,
    GOODS,
    MORE,
    NAMES,
    SENTENCES,
    STATES,
    STATIONS,
    TOWNS,
)


def sheet(kind: str, seed: int) -> OfficeSheet:
    """Return the sheet of a kind that a number chooses."""
    setting = Setting(kind, seed)
    KINDS[kind](setting)
    return setting.sheet()


def _statement(page: Setting) -> None:
    page.letter_head()
    page.lines(f"Statement of account no. {page.chance.randint(1, 12)}", size=14)
    page.space(3)
    rows = []
    for text in page.some(BOOKED, page.chance.randint(14, 26)):
        day = page.day()[:6]
        sign = page.chance.choice(("-", "+"))
        rows.append([day, page.day()[:6], text, page.amount() + sign])
    page.table(
        rows, "(auto, auto, 1fr, auto)", "(left, left, left, right)",
        head=("Date", "Value", "Text", "Amount EUR"),
        stroke="(x, y) => if y == 0 { (bottom: 0.6pt) }",
    )  # fmt: skip
    page.space(4)
    page.paragraph(SENTENCES[2], SENTENCES[1])


def _timetable(page: Setting) -> None:
    page.lines("Ferries and buses, winter", at="center", size=15)
    page.paragraph(SENTENCES[6])
    trips = page.chance.randint(5, 9)
    rows = []
    for stop, name in enumerate(page.some(STATIONS, page.chance.randint(12, 18))):
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


def _shaded(page: Setting) -> None:
    page.lines("Price list", size=16)
    page.paragraph(SENTENCES[4])
    rows = [
        [f"{page.chance.choice('ABCDK')}-{page.chance.randint(1000, 9999)}", goods,
         page.chance.choice(("pc", "box", "kg", "m")), page.amount(90), page.amount(80)]
        for goods in page.some(GOODS, page.chance.randint(16, 26))
    ]  # fmt: skip
    page.table(
        rows, "(auto, 1fr, auto, auto, auto)", "(left, left, center, right, right)",
        head=("Number", "Article", "Unit", "1 to 9", "10 and more"),
        fill="(x, y) => if calc.odd(y) { luma(225) }",
    )  # fmt: skip


def _form(page: Setting) -> None:
    page.lines("Application for a resident's parking permit", size=14)
    page.space(2)
    pairs = [
        ["Family name", page.chance.choice(NAMES)], ["First name", page.chance.choice(FIRST)],
        ["Date of birth", page.day()], ["Street and number", f"Lange Reihe {page.size:.0f}"],
        ["Postal code and town", f"27283 {page.chance.choice(TOWNS)}"],
        ["Telephone", f"0421 {page.chance.randint(100000, 999999)}"],
        ["Registration number", f"HB-OV {page.chance.randint(100, 999)}"],
        ["Make of the vehicle", "Lindqvist 240 estate"], ["Valid from", page.day()],
    ]  # fmt: skip
    page.table(pairs, "(4.5cm, 1fr)", "left", stroke="0.5pt", inset="5pt")
    page.space(3)
    page.paragraph(SENTENCES[0], SENTENCES[1])
    page.space(2)
    rows = [
        [day, page.amount(60), page.chance.choice(TOWNS)]
        for day in (page.day() for _ in range(5))
    ]
    page.table(
        rows, "(1fr, 1fr, 1fr)", "(left, right, left)", head=("Paid on", "Amount", "Office"),
        stroke="0.5pt", inset="4pt",
    )  # fmt: skip


def _list(page: Setting) -> None:
    page.size = page.chance.choice((7.5, 8, 8.5))
    rows = []
    for _ in range(page.chance.randint(36, 50)):
        rows.append([
            page.chance.choice(NAMES), page.chance.choice(FIRST), page.chance.choice(TOWNS),
            f"{page.chance.randint(10000, 99999)}", page.day(), str(page.chance.randint(1, 140)),
            page.amount(),
        ])  # fmt: skip
    page.table(
        rows, f"({page.chance.choice(('auto', '1fr'))},) * 7",
        "(left, left, left, left, left, right, right)",
        head=("Apellido", "Nombre", "Localidad", "Código", "Alta", "Pedidos", "Importe"),
        inset=f"(x: {page.chance.choice((5, 7))}pt, y: {page.chance.choice((1.5, 2, 2.6))}pt)",
    )  # fmt: skip


def _sections(page: Setting) -> None:
    page.lines("Weekly market report", size=15)
    page.paragraph(SENTENCES[3])
    wide = page.chance.choice(("auto", "1fr"))
    for section in page.some(("Hogs", "Cattle", "Lambs", "Corn", "Wheat", "Hay"), 4):
        page.parts.append("#line(length: 100%, stroke: 0.6pt)")
        page.parts.append(f"#strong({quoted(section)})")
        rows = [
            [state, f"{page.chance.randint(100, 90000):,}", page.amount(300), page.amount(300),
             f"{page.chance.choice(('-', '+'))}{page.chance.random():.2f}"]
            for state in page.some(STATES, page.chance.randint(4, 6))
        ]  # fmt: skip
        page.table(rows, f"(3.6cm,) + ({wide},) * 4", "(left,) + (right,) * 4",
                   inset="(x: 9pt, y: 2.4pt)")  # fmt: skip
    page.parts.append("#line(length: 100%, stroke: 0.6pt)")


def _wrapped(page: Setting) -> None:
    page.lines("Order confirmation", size=15)
    page.paragraph(SENTENCES[5])
    rows = []
    for number, goods in enumerate(page.some(GOODS, page.chance.randint(8, 13)), 1):
        more = f"; {page.chance.choice(MORE)}" if page.chance.random() < 0.6 else ""
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
    page.paragraph(SENTENCES[1], SENTENCES[4])


def _invoice(page: Setting) -> None:
    page.letter_head()
    page.lines(f"Invoice no. 2024-{page.chance.randint(100, 999)}", size=14)
    page.paragraph(SENTENCES[5])
    rows = [
        [str(number), goods, f"{page.chance.randint(1, 20)}", page.amount(400), page.amount()]
        for number, goods in enumerate(page.some(GOODS, page.chance.randint(4, 9)), 1)
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
    page.paragraph(SENTENCES[0], SENTENCES[1])
    page.lines("With kind regards", page.name())


def _ledger(page: Setting) -> None:
    page.lines("Trial balance at the end of the year", size=13)
    rows = []
    for text in page.some([*BOOKED, *GOODS], page.chance.randint(18, 28)):
        one = page.amount(9000)
        sides = [one, ""] if page.chance.random() < 0.5 else ["", one]
        rows.append([f"{page.chance.randint(1000, 8999)}", text, *sides, page.amount(9000)])
    page.table(
        rows, "(auto, 1fr, 2.4cm, 2.4cm, 2.6cm)", "(left, left, right, right, right)",
        head=("Account", "Name", "Debit", "Credit", "Balance"), stroke="(bottom: 0.3pt + gray)",
    )  # fmt: skip
    page.paragraph(SENTENCES[3])


def _results(page: Setting) -> None:
    page.lines("Results of the harbour race", at="center", size=16)
    page.paragraph(SENTENCES[6])
    rows = [
        [f"{rank}.", page.name(), page.chance.choice(TOWNS), f"{page.chance.randint(1950, 2008)}",
         "" if page.chance.random() < 0.2 else f"{page.chance.randint(1, 400)}",
         f"{rank // 4}:{page.chance.randint(0, 59):02d}:{page.chance.randint(0, 59):02d}"]
        for rank in range(1, page.chance.randint(20, 36))
    ]  # fmt: skip
    page.table(
        rows, "(auto, auto, auto, auto, auto, auto)", "(right, left, left, center, right, right)",
        head=("Rank", "Name", "Club", "Born", "No.", "Time"), inset="(x: 8pt, y: 2.2pt)",
    )  # fmt: skip


def _payslip(page: Setting) -> None:
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
    page.paragraph(SENTENCES[2])


def _stock(page: Setting) -> None:
    page.lines("Stock taking", size=13)
    page.lines(f"Warehouse {page.chance.choice(TOWNS)}", f"Counted by {page.name()}")
    rows = [
        [f"{page.chance.choice('LMR')}{page.chance.randint(1, 30):02d}-{page.chance.randint(1, 9)}",
         goods, f"{page.chance.randint(1, 3000)}", f"{page.chance.randint(1, 3000)}",
         page.chance.choice(("ok", "recount", "damaged")), page.day()]
        for goods in page.some(GOODS, page.chance.randint(22, 34))
    ]  # fmt: skip
    page.table(
        rows, "(auto, auto, auto, auto, auto, auto)", "(left, left, right, right, left, left)",
        head=("Place", "Article", "Book", "Found", "State", "Last"), inset="(x: 6pt, y: 2pt)",
    )  # fmt: skip


KINDS: dict[str, Callable[[Setting], None]] = {
    "statement": _statement, "timetable": _timetable, "shaded": _shaded, "form": _form,
    "list": _list, "sections": _sections, "wrapped": _wrapped, "invoice": _invoice,
    "ledger": _ledger, "results": _results, "payslip": _payslip, "stock": _stock,
    "bar": with_bar, "addresses": with_addresses,
}  # fmt: skip
