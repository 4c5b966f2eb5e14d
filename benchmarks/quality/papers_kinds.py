"""Office papers with something side by side, by kinds: what is set, and what stands on it.

Each is set from a number alone, which chooses words, widths, fills and how many rows there are. Odd
numbers, which are held back, have other languages, fills and widths.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.office_sheet import OfficeSheet, Setting, quoted
from benchmarks.quality.office_words import FIRST, GOODS, MORE, NAMES, SENTENCES, TOWNS

_HEADS = (
    ("Article", "Qty", "Unit price", "Discount", "Net total", "VAT"),
    ("Bezeichnung", "Menge", "Einzelpreis", "Rabatt", "Gesamt", "USt"),
    ("Désignation", "Quantité", "Prix unitaire", "Remise", "Total HT", "TVA"),
    ("Descripción", "Cantidad", "Precio", "Descuento", "Importe", "IVA"),
)
_WORD_HEADS = (
    ("Name", "Town", "Task", "Reports to"), ("Nombre", "Ciudad", "Tarea", "Informa a"),
)  # fmt: skip
_TASKS = (
    ("Stores", "Accounts", "Dispatch", "Purchasing", "Workshop", "Front desk"),
    ("Almacén", "Cuentas", "Envíos", "Compras", "Taller", "Recepción"),
)
_LABELS = (
    ("Family name", "First name", "Address", "Telephone", "Date of birth", "Nationality",
     "Present post", "Main duties", "Employer", "Training", "Languages", "Licences"),
    ("Apellidos", "Nombre", "Domicilio", "Teléfono", "Fecha de nacimiento", "Nacionalidad",
     "Puesto actual", "Funciones principales", "Empresa", "Formación", "Idiomas", "Permisos"),
)  # fmt: skip
_VALUES = (
    ("keeps the accounts of the two branches and prepares the figures for the auditors",
     "school of commerce, with a thesis on freight rates in the harbours of the north"),
    ("lleva la contabilidad de las dos sucursales y prepara las cifras para la auditoría",
     "escuela de comercio, con un trabajo sobre los fletes en los puertos del norte"),
)  # fmt: skip
_BLOCKS = (
    ("Bill to", "Deliver to", "Contact", "Sender"),
    ("Facturación", "Entrega", "Contacto", "Remitente"),
)
_HALLS = (
    ("Harbour Villa", "Mill House", "The Old Granary"), ("Villa Rosa", "Casa Grande", "El Molino"),
)  # fmt: skip
_TOPICS = (
    ("abatement", "anchorage", "arbitration", "ballast", "bills of lading", "canals",
     "cargo, damaged", "charts", "coal", "customs duty", "demurrage", "docks", "dredging",
     "ferries", "freight rates", "gales of 1881", "grain elevators", "harbour dues", "ice",
     "insurance", "jetties", "lighters", "lighthouses", "mooring", "pilots", "quarantine",
     "quays", "railways", "salvage", "sheds", "steam tugs", "tides", "timber trade", "tonnage",
     "warehouses", "wool", "wrecks", "yards"),
    ("aduana", "agua dulce", "almacenes", "ancla", "astilleros", "atraque", "balizas",
     "barcos de vela", "boyas", "cabos", "calado", "carbón", "carga", "compuertas",
     "cuarentena", "diques secos", "dragado", "ensenada", "faros", "ferrocarril", "fletes",
     "grúas", "lonja", "madera", "mareas", "muelles", "naufragios", "niebla", "patrones",
     "pesca", "prácticos", "puentes", "remolcadores", "sal", "seguros", "tarifas", "temporales",
     "vapor"),
)  # fmt: skip
_FILLS = (("luma(150)", "rgb(\"#cfd8e6\")", "luma(205)"), ("luma(170)", "rgb(\"#d9e8cf\")"))


def paper(kind: str, seed: int) -> OfficeSheet:
    """Return the paper of a kind that a number chooses."""
    setting = Setting(kind, seed)
    KINDS[kind](setting, seed % 2)
    return setting.sheet()


def _filled(page: Setting, held: int) -> None:
    """Set items in a ruled table whose head stands on a fill, without a rule below it."""
    page.lines(f"{page.chance.choice(NAMES)} Limited", size=16)
    page.space(6)
    heads = _HEADS[held + 2 * page.chance.randint(0, 1)]
    rows = [
        [goods, str(page.chance.randint(1, 40)), page.amount(300), page.amount(20),
         page.amount(), f"{page.chance.choice((5.5, 7, 19, 20, 21))} %"]
        for goods in page.some(GOODS, page.chance.choice((1, 2, 2, 3, 5, 8)))
    ]  # fmt: skip
    columns = page.chance.randint(4, 6)
    _table(page, held, heads[:columns], [row[:columns] for row in rows],
           f"(left,) + (right,) * {columns - 1}")  # fmt: skip
    page.space(5)
    page.paragraph(*page.some(SENTENCES[:5], 2))


def _filled_words(page: Setting, held: int) -> None:
    """Set the same with words only, some cells in two lines."""
    page.lines(f"{page.chance.choice(NAMES)} Limited", size=16)
    page.space(6)
    columns = page.chance.randint(3, 4)
    rows = [
        [f"{page.chance.choice(FIRST)} {page.chance.choice(NAMES)}", page.chance.choice(TOWNS),
         page.chance.choice(_TASKS[held]), page.chance.choice(NAMES)][:columns]
        for _ in range(page.chance.randint(2, 7))
    ]  # fmt: skip
    _table(page, held, _WORD_HEADS[held][:columns], rows, "left")
    page.space(5)
    page.paragraph(*page.some(SENTENCES[:5], 2))


def _table(
    page: Setting, held: int, heads: tuple[str, ...], rows: list[list[str]], align: str
) -> None:
    fill, gray = page.chance.choice(_FILLS[held]), page.chance.choice(("gray", "black"))
    is_bold = page.chance.random() < 0.6
    if is_bold:
        cells = [f"strong({quoted(text)})" for text in heads]
    else:
        cells = [quoted(text) for text in heads]
    cells += [quoted(text) for row in rows for text in row]
    inside = page.chance.choice(("(x, y) => if y == 0 { none } else { 0.4pt + GRAY }",
                                 "(x, y) => (x: 0.4pt + GRAY, bottom: if y > 0 { 0.4pt + GRAY })"))
    inset = page.chance.choice((3, 5, 7))
    wide = page.chance.choice(("auto", "1fr")) if held else "1fr"
    page.parts.append(
        f"#table(columns: ({wide},) + (auto,) * {len(heads) - 1}, align: {align}, inset: {inset}pt,"
        f" fill: (x, y) => if y == 0 {{ {fill} }}, stroke: {inside.replace('GRAY', gray)},"
        f" {', '.join(cells)})"
    )
    page.rows += [tuple(heads), *map(tuple, rows)]


def _short(page: Setting, held: int) -> None:
    """Set short words of a few letters in rows without rules: abbreviations."""
    page.paragraph(*page.some(SENTENCES, 3))
    page.space(3)
    columns = page.chance.randint(4, 6)
    rows = []
    for name in page.some((*TOWNS, *NAMES), page.chance.randint(10, 20)):
        cut = [name[: page.chance.randint(2, 4)] for _ in range(columns)]
        cut = [f"{one}." if page.chance.random() < 0.4 else one for one in cut]
        blank = page.chance.random()
        rows.append([name, *cut[:-1], "" if blank < 0.4 else cut[-1]])
        if blank < 0.15:
            rows[-1][page.chance.randint(2, columns - 1)] = ""
    gap = page.chance.choice((8, 11)) if held else page.chance.choice((6, 9, 14))
    page.table(rows, f"(auto,) * {columns + 1}", "left", inset=f"(x: {gap}pt, y: 2.4pt)")


def _labels(page: Setting, held: int) -> None:
    """Set labels in a column at the left, their values beside them, in one or several lines."""
    page.lines(page.name(), size=16)
    page.space(5)
    at = page.chance.choice(("right", "left"))
    rule = page.chance.random() < 0.5
    rows = []
    for number, label in enumerate(_LABELS[held][: page.chance.randint(8, 12)]):
        long = number in (7, 9) or page.chance.random() < 0.15
        value = page.chance.choice(_VALUES[held]) if long else page.chance.choice(
            (page.name(), page.chance.choice(TOWNS), page.day(), "0421 55 01 27"))  # fmt: skip
        rows.append([label, f"{value}, {value}" if long else value])
    gap = page.chance.choice((2.2, 4, 6))
    cells = ", ".join(quoted(text) for row in rows for text in row)
    line = ", stroke: (x, y) => if x == 1 { (left: 0.5pt) }" if rule else ", stroke: none"
    wide = page.chance.choice(("4.6cm", "5.6cm")) if held else page.chance.choice(("4cm", "5cm"))
    page.parts.append(
        f"#table(columns: ({wide}, 1fr), align: ({at}, left), inset: (x: 7pt, y: {gap}pt){line},"
        f" {cells})"
    )
    page.rows += [tuple(row) for row in rows]


def _blocks(page: Setting, held: int) -> None:
    """Set blocks of lines side by side: each is read whole, from the left."""
    page.lines(f"{page.chance.choice(NAMES)} Limited", size=17)
    page.space(7)
    blocks = []
    for name in page.some(_BLOCKS[held], page.chance.choice((2, 2, 3))):
        hall = page.chance.choice(_HALLS[held])
        lines = [name, page.name(), hall, page.chance.choice(TOWNS), page.chance.choice(TOWNS)]
        blocks.append(lines[: page.chance.randint(3, 5)])
    bold = page.chance.random() < 0.6
    said = [
        "[" + " #linebreak() ".join(
            f"#strong({quoted(line)})" if bold and not at else f"#{quoted(line)}"
            for at, line in enumerate(lines)
        ) + "]"
        for lines in blocks
    ]  # fmt: skip
    wide = f"(1fr,) * {len(blocks)}"
    page.parts.append(f"#grid(columns: {wide}, column-gutter: 8mm, {', '.join(said)})")
    page.around += [" ".join(lines) for lines in blocks]
    page.space(10)
    page.paragraph(*page.some(SENTENCES, 4))
    page.paragraph(f"{page.chance.choice(GOODS)}; {page.chance.choice(MORE)}.", SENTENCES[1])


def _index(page: Setting, held: int) -> None:
    """Set a page of a book's index in narrow columns, an entry a line, some below others."""
    count = 3 if held and page.chance.random() < 0.6 else 2
    between = page.chance.choice((", ", "  ")) if held else page.chance.choice((", ", "#h(1em)"))
    topics = _TOPICS[held]
    words = sorted({*topics, *page.some((*TOWNS, *NAMES, *FIRST), 24)}, key=str.casefold)
    entries, shown = [], []
    for word in words * 2:
        if page.chance.random() < 0.85 or word in topics:
            numbers = sorted(page.chance.sample(range(3, 480), page.chance.randint(1, 3)))
            last = numbers[-1] + page.chance.randint(1, 9)
            some = [str(one) for one in numbers]
            some[-1] += f"–{last}" if page.chance.random() < 0.3 else ""
            pages = ", ".join(some)
            entries.append((word, pages, page.chance.random() < 0.12))
    entries.sort(key=lambda one: one[0].casefold())
    for word, pages, is_below in entries:
        space = between if between.startswith("#") else f"#{quoted(between)}"
        indent = "#h(1.2em)" if is_below and not held else ""
        shown.append(f"{indent}#{quoted(word)}{space}#{quoted(pages)}")
        gap = " " if between.startswith("#") or not between.strip() else between
        page.around.append(f"{word}{gap}{pages}")
    size = page.chance.choice((8, 9, 10))
    page.parts.append(
        "#align(center)[#text(13pt)[Index]]\n#v(6pt)\n"
        f"#set text({size}pt)\n#set par(leading: 0.5em)\n"
        f"#columns({count}, gutter: {page.chance.choice((10, 16, 24))}pt)["
        + " #linebreak() ".join(shown) + "]"
    )


KINDS: dict[str, Callable[[Setting, int], None]] = {
    "filled": _filled, "filled-words": _filled_words, "short": _short, "labels": _labels,
    "blocks": _blocks, "index": _index,
}  # fmt: skip
