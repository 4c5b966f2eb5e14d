"""Kinds of pages with something in their margins or side by side, set from numbers.

Points of questions at the right margin, notes, headings and line numbers beside the text, two
tables side by side, letters and invoices with blocks above their table, a letter's subject. Odd
numbers, which are held back, have other languages, words, marks, sides and widths.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.quality.newspapers import WORDS
from benchmarks.quality.office_sheet import quoted
from benchmarks.quality.office_words import FIRST, GOODS, NAMES, STATES, TOWNS

_LANGUAGES = (("en", "de"), ("fr", "es"))
_MARKS = (
    ("[{} points]", "({} marks)", "/{}", "{} P.", "[{}]", "[Points {}]", "({} Punkte)", "___ / {}"),
    ("({} pts)", "[{} puntos]", "/ {}", "{} pt", "[Puntos: {}]", "(sur {} points)", "(max. {} p.)",
     ".... / {}"),
)  # fmt: skip
_HEADS = (
    (("Article", "Price"), ("No.", "Article", "Price"), ("Size", "Stock", "Price")),
    (("Artículo", "Precio"), ("Réf.", "Désignation", "Prix"), ("Talla", "Color", "Precio")),
)
_SUBJECTS = (
    ("Invoice 2024-0117", "Your letter of 3 May", "Kündigung meines Vertrages",
     "Application as a nurse, your notice in the Herald", "Subject: water meter in the cellar"),
    ("Objet : résiliation de mon abonnement", "Asunto: avería del contador",
     "Demande de rendez-vous", "Reclamación por la factura de marzo", "Votre courrier du 3 mai"),
)  # fmt: skip
_ITEMS = (
    (("Test", "Result", "Unit", "Reference range"), ("mmol/l", "g/dl", "U/l", "%", "mg/dl"),
     ("Haemoglobin", "Leucocytes", "Platelets", "Glucose", "Creatinine", "Sodium", "Potassium",
      "Cholesterol", "Ferritin", "Calcium")),
    (("Análisis", "Resultado", "Unidad", "Valores normales"), ("mmol/l", "g/l", "UI/l", "%"),
     ("Hemoglobina", "Leucocitos", "Plaquetas", "Glucosa", "Creatinina", "Sodio", "Potasio",
      "Colesterol", "Ferritina", "Calcio")),
)  # fmt: skip
_FIELDS = (
    ("Patient", "Born", "Sample", "Order no.", "Customer", "Date", "Page"),
    ("Paciente", "Nacido", "Muestra", "Pedido", "Cliente", "Fecha", "Hoja"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A text that stands whole, and what stands right before or after it (``after``: only so)."""

    text: str
    near: str = ""
    after: bool = False
    stressed: bool = False  # a heading, or in bold
    anywhere: bool = False  # in a table, too


class MarginPage:
    """A page in the making: how Typst sets it, and what stands on it."""

    def __init__(self, kind: str, seed: int) -> None:
        self.chance = random.Random(f"margins-{kind}-{seed}")
        self.held = seed % 2
        self.language = _LANGUAGES[self.held][seed // 2 % 2]
        self.size = self.chance.choice((9, 10, 11))
        self.right = 1.8  # the margin, in centimetres
        self.left = 2.0
        self.parts: list[str] = []
        self.groups: list[Group] = []
        self.rows: list[tuple[str, ...]] = []

    def sentence(self) -> str:
        """Return a sentence."""
        who, did, what, when = map(self.chance.choice, WORDS[self.language])
        return f"{who} {did} {what} {when}."

    def text(self, least: int, most: int) -> str:
        """Return some sentences."""
        return " ".join(self.sentence() for _ in range(self.chance.randint(least, most)))

    def words(self, least: int, most: int) -> str:
        """Return the first words of a sentence."""
        words = self.sentence().rstrip(".").split()[: self.chance.randint(least, most)]
        return " ".join(words).rstrip(",")

    def plain(self, least: int, most: int) -> None:
        """Set a paragraph."""
        said = self.text(least, most)
        self.groups.append(Group(said))
        self.parts.append(f"#par[#{quoted(said)}]")

    def title(self) -> None:
        """Set a heading over the page."""
        said = self.words(3, 5)
        self.parts.append(f'#block(text(size: 15pt, weight: "bold")[#{quoted(said)}])')

    def amount(self) -> str:
        """Return a price."""
        said = f"{self.chance.uniform(1, 400):.2f}"
        return said.replace(".", ",") if self.language != "en" else said


def page(kind: str, seed: int) -> MarginPage:
    """Return the page of a kind that a number chooses."""
    one = MarginPage(kind, seed)
    KINDS[kind](one)
    return one


def _question(page: MarginPage, mark: str, number: int, place: str) -> str:
    question, points = page.text(1, 2), mark.format(page.chance.randint(1, 12))
    page.groups.append(Group(question, points, after=True))
    source = (
        f"#grid(columns: (auto, 1fr, auto), column-gutter: (5pt, 12pt), [*{number}.*],"
        f" [#{quoted(question)}], align({place} + right, {quoted(points)}))"
    )
    way = page.chance.random()
    if way < 0.35:
        for letter in "abcd"[: page.chance.randint(3, 4)]:
            choice = page.words(3, 7)
            page.groups.append(Group(choice))
            source += f"\n#pad(left: 7mm)[{letter}) #{quoted(choice)}]"
    elif way < 0.6:
        for letter in "abc":
            part, points = page.text(1, 1), mark.format(page.chance.randint(1, 5))
            page.groups.append(Group(part, points, after=True))
            source += (
                "\n#pad(left: 7mm, grid(columns: (auto, 1fr, auto), column-gutter: (5pt, 12pt),"
                f" [({letter})], [#{quoted(part)}], align({place} + right, {quoted(points)})))"
            )
    elif way < 0.8:
        line = page.chance.choice(('"." * 60', "line(length: 100%, stroke: 0.4pt)"))
        source += f"\n#v(4mm)\n#{line}\n#v(4mm)\n#{line}"
    return source + f"\n#v({page.chance.choice((3, 6, 10))}mm)"


def _marks(page: MarginPage) -> None:
    """Set questions whose points stand at the right margin."""
    page.title()
    mark = page.chance.choice(_MARKS[page.held])
    place = page.chance.choice(("top", "bottom"))
    page.plain(1, 2)
    page.parts += [_question(page, mark, n, place) for n in range(1, page.chance.randint(6, 9))]


def _mark_columns(page: MarginPage) -> None:
    """Set questions in two columns, each with its points at the right; some over both."""
    page.title()
    page.size = 9
    mark = page.chance.choice(_MARKS[page.held])
    place = page.chance.choice(("top", "bottom"))
    page.parts += [_question(page, mark, n, place) for n in (1, 2)]
    number, sides = 3, []
    for _ in range(2):
        count = page.chance.randint(3, 4)
        some = [_question(page, mark, number + n, place) for n in range(count)]
        sides.append("\n".join(some))
        number += count
    page.parts.append(
        f"#grid(columns: (1fr, 1fr), column-gutter: 12mm, [{sides[0]}], [{sides[1]}])"
    )
    page.parts.append(_question(page, mark, number, place))


def _beside(page: MarginPage, notes: Sequence[str], style: str) -> None:
    """Set paragraphs with what stands beside some of them, in a wide margin."""
    page.title()
    is_right = page.right > page.left
    gap = page.chance.choice((0.5, 0.7, 1.0))
    wide = max(page.right, page.left) - gap - 1.2
    shift = wide + gap
    side, shift = ("right", shift) if is_right else ("left", -shift)
    align = "left" if is_right else page.chance.choice(("left", "right"))
    for note in notes:
        said = page.text(2, 5)
        page.groups.append(Group(said, note))
        beside = ""
        if note:
            beside = (
                f"#place(top + {side}, dx: {shift}cm, box(width: {wide}cm, align({align},"
                f" text({style})[#set par(justify: false);#{quoted(note)}])))"
            )
        page.parts.append(f"#block[{beside}#par[#{quoted(said)}]]")


def _notes(page: MarginPage) -> None:
    """Set notes in the right margin (held back: in either), in smaller type."""
    if page.held and page.chance.random() < 0.4:
        page.left = page.chance.choice((5.0, 6.0))
    else:
        page.right = page.chance.choice((5.0, 6.0, 7.0))
    notes = [
        "" if page.chance.random() < 0.4 else page.words(2, 9)
        for _ in range(page.chance.randint(6, 9))
    ]
    style = page.chance.choice((f"{page.size - 2}pt", f'{page.size - 2}pt, style: "italic"'))
    _beside(page, notes, style)


def _side_heads(page: MarginPage) -> None:
    """Set headings in bold, dates or typed words in the right or left margin."""
    if page.chance.random() < (0.5 if page.held else 0.3):
        page.left = page.chance.choice((4.6, 5.4, 6.0))
    else:
        page.right = page.chance.choice((4.6, 5.4, 6.0))
    way = page.chance.choice(("bold", "dates", "typed"))
    notes = []
    for _ in range(page.chance.randint(5, 8)):
        if way == "dates":
            day = page.chance.randint(1, 28)
            notes.append(
                f"{day}.{page.chance.randint(1, 12)}.1871" if page.held else f"{day} May 1924"
            )
        else:
            some = (page.words(1, 3), "", "") if way == "typed" else (page.words(1, 4), "")
            notes.append(page.chance.choice(some[: 2 if page.held else 3]))
    style = {"bold": 'weight: "bold"', "dates": "", "typed": 'font: "DejaVu Sans Mono", 8pt'}[way]
    _beside(page, notes, style)


def _numbers(page: MarginPage) -> None:
    """Set running text whose lines are numbered in the right margin."""
    page.title()
    every = page.chance.choice((5, 5, 1)) if not page.held else page.chance.choice((5, 10, 4))
    page.right = 3.0
    page.parts.append(
        "#set par.line(number-margin: right, number-clearance: "
        f"{page.chance.choice((6, 12, 20))}pt, numbering: n => if calc.rem(n, {every}) == 0"
        " { text(size: 0.8em)[#n] })"
    )
    for _ in range(page.chance.randint(5, 8)):
        page.plain(3, 6)


def _table(page: MarginPage, columns: int, rows: int) -> str:
    heads = [one for one in _HEADS[page.held] if len(one) == columns]
    head = page.chance.choice(heads) if heads and page.chance.random() < 0.7 else ()
    goods = page.chance.sample([*STATES, *TOWNS] if page.held else GOODS, rows)
    body = []
    for number, name in enumerate(goods, page.chance.randint(10, 60)):
        some = {2: [name], 3: [f"{number}", name], 4: [f"{number}", name, page.amount()]}[columns]
        body.append([*some, page.amount()])
    align = "left, " * (columns - (2 if columns == 4 else 1)) + "right, " * (
        2 if columns == 4 else 1
    )
    wide = page.chance.choice(("auto", "1fr")) if columns == 2 else "auto"
    cells = [f"strong({quoted(text)})" for text in head]
    cells += [quoted(text) for row in body for text in row]
    page.rows += [tuple(head)] * bool(head) + [tuple(row) for row in body]
    gap = page.chance.choice((2, 3, 4))
    columns_said = f"({wide}, " + "auto, " * (columns - 1) + ")"
    return (
        f"#table(columns: {columns_said}, align: ({align}), stroke: none,"
        f" inset: (x: 4pt, y: {gap}pt), {', '.join(cells)})"
    )


def _twins(page: MarginPage) -> None:
    """Set two tables side by side, of equal or of different make."""
    page.title()
    page.size = 9
    if page.chance.random() < 0.6:
        page.plain(2, 3)
    columns = page.chance.choice((2, 2, 3))
    other = columns if page.chance.random() < 0.5 else page.chance.choice((2, 3, 4))
    rows = page.chance.randint(7, 16)
    count = rows if page.chance.random() < 0.5 else page.chance.randint(6, 16)
    sides = []
    is_named = page.chance.random() < 0.4
    for number, (wide, high) in enumerate(((columns, rows), (other, count))):
        name = ""
        if is_named:
            said = f"{page.chance.choice(TOWNS)} {2020 + number}"
            page.groups.append(Group(said))
            name = f"#par[*#{quoted(said)}*]\n"
        sides.append(name + _table(page, wide, high))
    gap = page.chance.choice((8, 12, 18))
    page.parts.append(
        f"#grid(columns: (1fr, 1fr), column-gutter: {gap}mm, [{sides[0]}], [{sides[1]}])"
    )
    page.plain(2, 3)


def _letterhead(page: MarginPage) -> None:
    """Set an address and particulars beside each other above a table of results or items."""
    name = f"{page.chance.choice(NAMES)} & {page.chance.choice(NAMES)}"
    page.parts.append(f'#text(size: 16pt, weight: "bold")[#{quoted(name)}]')
    town, first = page.chance.choice(TOWNS), page.chance.choice(FIRST)
    street = f"{page.chance.choice(NAMES)} Street {page.chance.randint(1, 90)}"
    if page.held:
        street = f"Calle {page.chance.choice(NAMES)} {page.chance.randint(1, 90)}"
    lines = [f"{first} {page.chance.choice(NAMES)}", street,
             f"{page.chance.randint(10000, 99999)} {town}"]  # fmt: skip
    facts = [
        (field, f"{page.chance.randint(1, 28)}.{page.chance.randint(1, 12)}.2024"
         if page.chance.random() < 0.5 else f"{page.chance.randint(1000, 99999)}")
        for field in page.chance.sample(_FIELDS[page.held], page.chance.randint(3, 5))
    ]  # fmt: skip
    said = " #linebreak() ".join(f"#{quoted(line)}" for line in lines)
    told = ", ".join(quoted(part) for fact in facts for part in (f"{fact[0]}:", fact[1]))
    page.groups += [Group(" ".join(lines)), *(
        Group(f"{name}: {value}", anywhere=True) for name, value in facts
    )]
    page.parts.append(f"#v(6mm)\n#grid(columns: (1fr, auto), [{said}],"
                      f" table(columns: 2, stroke: none, inset: 2pt, {told}))")  # fmt: skip
    page.parts.append(f"#v({page.chance.choice((5, 8, 12))}mm)")
    heads, units, tests = _ITEMS[page.held]
    rows = [list(heads)]
    for test in page.chance.sample(tests, page.chance.randint(4, 9)):
        low = page.chance.uniform(1, 50)
        rows.append([test, f"{low * 1.2:.1f}", page.chance.choice(units),
                     f"{low:.1f} - {low * 2:.1f}"])  # fmt: skip
    page.rows += [tuple(row) for row in rows]
    bold = page.chance.random() < 0.6
    cells = [f"strong({quoted(text)})" if bold else quoted(text) for text in rows[0]]
    cells += [quoted(text) for row in rows[1:] for text in row]
    page.parts.append(
        f"#table(columns: (1fr, auto, auto, auto), align: (left, right, left, left),"
        f" stroke: none, inset: (x: 6pt, y: {page.chance.choice((2, 3, 4))}pt), {', '.join(cells)})"
    )
    page.parts.append("#v(5mm)")
    page.plain(1, 2)


def _subject(page: MarginPage) -> None:
    """Set a letter whose subject stands in bold above the text."""
    lines = [f"{page.chance.choice(FIRST)} {page.chance.choice(NAMES)}",
             f"{page.chance.choice(NAMES)} {page.chance.randint(1, 90)}",
             f"{page.chance.randint(10000, 99999)} {page.chance.choice(TOWNS)}"]  # fmt: skip
    page.parts.append(" #linebreak() ".join(f"#{quoted(line)}" for line in lines))
    page.groups.append(Group(" ".join(lines)))
    gap = page.chance.choice((6, 9, 14))
    page.parts.append(f"#v({gap}mm)\n#align(right)[{page.chance.choice(TOWNS)}, 3.5.2024]")
    said = page.chance.choice(_SUBJECTS[page.held])
    page.groups.append(Group(said, stressed=True))
    page.parts.append(f"#v({page.chance.choice((3, 6, 9))}mm)\n*#{quoted(said)}*")
    greeting = {"en": "Dear Mrs Whitfield,", "de": "Sehr geehrte Frau Brandt,",
                "fr": "Madame, Monsieur,", "es": "Estimada señora:"}[page.language]  # fmt: skip
    page.parts.append(f"#v({page.chance.choice((1, 3, 5))}mm)\n{greeting}")
    page.groups.append(Group(greeting))
    for _ in range(page.chance.randint(1, 4)):
        page.plain(1, 4)


KINDS: dict[str, Callable[[MarginPage], None]] = {
    "marks": _marks, "mark-columns": _mark_columns, "notes": _notes, "side-heads": _side_heads,
    "numbers": _numbers, "twins": _twins, "letterhead": _letterhead, "subject": _subject,
}  # fmt: skip
