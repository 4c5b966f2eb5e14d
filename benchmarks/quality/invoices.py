"""Invoices whose items stand without rules beside or below blocks of lines: kinds of office sheets.

Half of them have a bar of lines along the items' right or left side (the sender's numbers, its
bank), half two addresses and a block of names with their values beside each other above.
"""

from __future__ import annotations

from benchmarks.quality.office_sheet import Setting, quoted
from benchmarks.quality.office_words import FIRST, GOODS, MORE, NAMES, SENTENCES, TOWNS

_BANKS = ("Sparkasse Bremen", "Banco del Norte", "Crédit du Port", "Harbour Savings Bank")


def with_bar(page: Setting) -> None:
    """Set an address, then the items with the bar beside them."""
    seller = f"{page.chance.choice(NAMES)} & {page.chance.choice(NAMES)}"
    page.lines(seller, size=17, at=page.chance.choice(("left", "right", "center")))
    page.space(9)
    page.lines(*_address(page))
    page.space(8)
    before = len(page.parts)
    page.lines(f"Invoice no. 2024-{page.chance.randint(100, 999)}", size=13)
    page.paragraph(page.chance.choice(SENTENCES[:6]))
    _items(page, page.chance.choice(("auto", "1fr")))
    _sums(page)
    page.paragraph(*page.some(SENTENCES[:5], 2))
    main = page.parts[before:]
    lines = [
        seller, f"{page.chance.randint(1, 90)} Harbour Street",
        f"{page.chance.randint(10000, 99999)} {page.chance.choice(TOWNS)}", "",
        f"Telephone 0421 55 01 {page.chance.randint(10, 99)}",
        f"mail@{seller.split(maxsplit=1)[0].lower()}.example", "", page.chance.choice(_BANKS),
        f"IBAN DE{page.chance.randint(10, 99)} 2905 0101 {page.chance.randint(1000, 9999)}",
        f"BIC SBREDE{page.chance.randint(10, 99)}", "",
        f"Tax number 60/{page.chance.randint(100, 999)}/{page.chance.randint(10000, 99999)}",
    ]  # fmt: skip
    size = page.size - page.chance.choice((1, 1.5))
    bar = f"text(size: {size}pt)[{_broken(lines)}]"
    sides = [f"[{chr(10).join(main)}]", bar]
    wide = ["1fr", page.chance.choice(("3.6cm", "4.2cm", "auto"))]
    if page.chance.random() < 0.35:
        sides.reverse()
        wide.reverse()
    page.parts[before:] = [
        f"#grid(columns: ({', '.join(wide)}), column-gutter: {page.chance.choice((5, 8, 11))}mm,"
        f" {', '.join(sides)})"
    ]
    page.around += filter(None, lines)


def with_addresses(page: Setting) -> None:
    """Set two addresses and what names the invoice beside each other, the items below."""
    page.lines(f"{page.chance.choice(NAMES)} Trading Company", size=16)
    page.space(4)
    pairs = [
        ("Invoice", f"2024-{page.chance.randint(100, 999)}"), ("Date", page.day()),
        ("Customer", f"{page.chance.randint(10000, 99999)}"), ("Terms", "30 days net"),
        ("Your order", f"{page.chance.randint(100, 999)}/{page.chance.choice('ABCD')}"),
    ][: page.chance.randint(3, 5)]  # fmt: skip
    first, second = ["Bill to", *_address(page)], ["Deliver to", *_address(page)]
    block = ", ".join(quoted(text) for pair in pairs for text in pair)
    beside = [f"[{_broken(first)}]", f"[{_broken(second)}]"][: page.chance.choice((1, 2, 2))]
    names = f"columns: (auto, auto), row-gutter: 0.65em, column-gutter: 8mm, {block}"
    cells = [*beside, f"grid({names})"]
    wide = ", ".join(["1fr"] * (len(cells) - 1) + ["auto"])
    page.parts.append(f"#grid(columns: ({wide}), column-gutter: 8mm, {', '.join(cells)})")
    page.around += [*first, *(second if len(beside) > 1 else ())]
    page.space(page.chance.choice((6, 10)))
    if page.chance.random() < 0.5:
        page.paragraph(page.chance.choice(SENTENCES[:6]))
    _items(page, "1fr")
    _sums(page)
    page.paragraph(*page.some(SENTENCES[:5], 2))


def _items(page: Setting, wide: str) -> None:
    rows = []
    coded = page.chance.random() < 0.5
    for number, goods in enumerate(page.some(GOODS, page.chance.randint(6, 14)), 1):
        code = f"{page.chance.choice('ABCDK')}-{page.chance.randint(1000, 9999)}"
        more = f"; {page.chance.choice(MORE)}" if page.chance.random() < 0.15 else ""
        rows.append([
            code if coded else f"{number}", f"{goods}{more}", f"{page.chance.randint(1, 40)}",
            page.amount(400), page.amount(),
        ])  # fmt: skip
    head = ("Article" if coded else "No.", "Description", "Qty", "Price", "Amount")
    page.table(
        rows, f"(auto, {wide}, auto, auto, auto)", "(left, left, right, right, right)",
        head=head if page.chance.random() < 0.8 else (),
    )  # fmt: skip


def _sums(page: Setting) -> None:
    rows = [["Net", page.amount(3000)], ["VAT 19 %", page.amount(600)],
            ["Amount due", page.amount(4000)]]  # fmt: skip
    page.parts.append("#align(right)[")
    page.table(rows, "(auto, auto)", "(left, right)", inset="(x: 6pt, y: 2.5pt)")
    page.parts[-2:] = ["".join(page.parts[-2:]) + "]"]
    del page.rows[-len(rows) :]


def _address(page: Setting) -> list[str]:
    return [
        f"{page.chance.choice(FIRST)} {page.chance.choice(NAMES)}",
        f"Lange Reihe {page.chance.randint(1, 99)}",
        f"{page.chance.randint(10000, 99999)} {page.chance.choice(TOWNS)}",
    ]


def _broken(lines: list[str]) -> str:
    return " #linebreak() ".join(f"#{quoted(line)}" for line in lines)
