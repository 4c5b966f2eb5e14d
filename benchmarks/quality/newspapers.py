"""Newspaper pages of four to six narrow columns, and how far they are read in their order.

Each page is set from a number alone: its name, a leading story with short news beside it, then
bands of stories, each over one column or several, some with a picture, some in a frame. It is read
story by story, band by band from the left. What is held back is in other languages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.quality import printing
from benchmarks.quality.documents import CACHE
from benchmarks.quality.printing import Print, draw
from benchmarks.quality.scoring import Score, Truth

MOST_ERRORS = 0.05  # of the characters, in reading order
TUNED = (
    *printing.TUNED, Print(8, "DejaVu Sans", -0.3, 6), Print(10, "Libertinus Serif", 0.5, 10),
)  # fmt: skip
HELD = (
    *printing.HELD, Print(9, "Liberation Serif", -0.6, 12), Print(11, "Liberation Sans", 0.3, 9),
)  # fmt: skip

WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("The harbour office", "A spokeswoman of the council", "The owner of the mill",
         "One of the fishermen", "The new head of the school", "Nobody in the village",
         "The insurance company", "A young couple from the island", "The minister of transport"),
        ("said", "had announced", "could not explain", "denied", "found out", "wrote to the paper",
         "was told", "hoped", "made it known"),
        ("that the bridge will stay closed", "that the old ferry is to be sold",
         "how the water came into the cellar", "that prices are higher than ever before",
         "that no further money has been set aside", "why the trees had to be cut down",
         "that the festival takes place all the same", "that the wages are paid in full"),
        ("until the end of the winter", "on Tuesday evening", "after a meeting of three hours",
         "in front of two hundred people", "for the first time since 1987", "in a short letter",
         "without giving any reasons", "at the request of the residents"),
    ),
    "de": (
        ("Die Hafenbehörde", "Eine Sprecherin der Gemeinde", "Der Besitzer der Mühle",
         "Einer der Fischer", "Die neue Schulleiterin", "Niemand im Dorf", "Die Versicherung",
         "Ein junges Paar von der Insel", "Der Verkehrsminister"),
        ("teilte mit,", "hatte angekündigt,", "bestritt,", "erfuhr,", "schrieb der Zeitung,",
         "hoffte,", "gab bekannt,", "versicherte,"),
        ("dass die Brücke gesperrt bleibt", "dass die alte Fähre verkauft werden soll",
         "wie das Wasser in den Keller kam", "dass die Preise höher sind als je zuvor",
         "dass kein weiteres Geld vorgesehen ist", "warum die Bäume gefällt werden mussten",
         "dass das Fest trotzdem stattfindet", "dass die Löhne voll ausgezahlt werden"),
        ("bis zum Ende des Winters", "am Dienstagabend", "nach einer Sitzung von drei Stunden",
         "vor zweihundert Menschen", "zum ersten Mal seit 1987", "in einem kurzen Brief",
         "ohne Gründe zu nennen", "auf Wunsch der Anwohner"),
    ),
    "fr": (
        ("La mairie", "Une habitante du quartier", "Le patron du café", "Un des pêcheurs",
         "La directrice de l'école", "Personne au village", "La compagnie des eaux",
         "Le ministre de la culture", "Un vieux marin du port"),
        ("a fait savoir", "avait annoncé", "ne croit pas", "a écrit au journal", "assure",
         "espère encore", "vient d'apprendre", "ne cache pas"),
        ("que le pont restera fermé", "que le vieux bac sera vendu", "que les prix ont doublé",
         "que la fête aura lieu malgré tout", "que les arbres seront abattus",
         "que l'argent manque pour les travaux", "que la ligne sera rouverte"),
        ("jusqu'à la fin de l'hiver", "mardi soir", "après trois heures de débat",
         "devant deux cents personnes", "pour la première fois depuis 1987",
         "sans donner de raisons", "à la demande des voisins"),
    ),
    "es": (
        ("El ayuntamiento", "Una vecina del barrio", "El dueño del molino", "Uno de los pescadores",
         "La nueva directora del colegio", "Nadie en el pueblo", "La compañía de seguros",
         "El ministro de transporte", "Una pareja joven de la isla"),
        ("anunció", "había dicho", "no podía explicar", "negó", "escribió al diario", "confirmó",
         "espera todavía", "hizo saber"),
        ("que el puente seguirá cerrado", "que la vieja barca se venderá",
         "que los precios son más altos que nunca", "que la fiesta se celebra de todos modos",
         "que no queda dinero para las obras", "que los árboles debían cortarse",
         "que los sueldos se pagan completos"),
        ("hasta el final del invierno", "el martes por la noche", "tras una reunión de tres horas",
         "ante doscientas personas", "por primera vez desde 1987", "sin dar razones",
         "a petición de los vecinos"),
    ),
}  # fmt: skip
_NAMES = ("Sandholm Courier", "Der Hafenbote", "Le Phare du Soir", "El Faro del Norte")
_HEAD = """#set page(width: {width}cm, height: auto, margin: 1.4cm)
#set text(font: "{font}", size: {size}pt, lang: "{language}", hyphenate: true)
#set par(justify: {justify}, leading: {leading}em, spacing: {leading}em)
#set par(first-line-indent: {indent}em)
#let flow(k, gutter, body) = layout(given => context {{
  let one = (given.width - gutter * (k - 1)) / k
  let high = measure(block(width: one, body)).height
  block(width: given.width, height: high / k + 2.2em, columns(k, gutter: gutter, body))
}})
#let gap = {gutter}mm
"""


@dataclass(frozen=True, slots=True)
class NewspaperScan:
    """One page as it was scanned, and what stands on it."""

    path: Path
    truth: Truth

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


class _Page:
    """A page in the making."""

    def __init__(self, how: Print) -> None:
        self.chance = random.Random(f"newspaper-{how.number}")
        languages = ("fr", "es") if how.number % 2 else ("en", "de")
        self.language = languages[how.number // 2 % 2]
        self.columns = (5, 5, 4, 5, 6, 5)[how.number // 2 % 6]
        self.size = self.chance.choice((7.5, 8.0, 8.5))
        self.said: list[str] = []
        self.headings: list[str] = []
        self.frames = self.chance.random() < 0.5

    def page(self, font: str) -> str:
        """Return the page's source."""
        width = 1.6 + self.columns * 0.52 * self.size
        parts = [
            _HEAD.format(
                width=width, font=font, size=self.size, language=self.language,
                justify="true" if self.chance.random() < 0.8 else "false",
                leading=self.chance.choice((0.45, 0.55)), indent=self.chance.choice((0, 1)),
                gutter=self.chance.choice((3.2, 4, 5)),
            )
        ]  # fmt: skip
        name = self.chance.choice(_NAMES)
        day = f"{self.chance.randint(1, 28)}.{self.chance.randint(1, 12)}.2024"
        self.said += [name, day]
        parts.append(
            f"#align(center, text(size: 30pt, weight: \"bold\")[{name}])\n"
            f"#align(center)[{day}]\n#line(length: 100%)"
        )
        news = self.chance.choice((0, 1, 2)) if self.columns > 4 else 1
        parts.append(self._band([(self.columns - news, True), *([(news, False)] if news else [])]))
        for _ in range(self.chance.choice((1, 2))):
            if self.chance.random() < 0.6:
                parts.append("#line(length: 100%, stroke: 0.5pt)")
            parts.append(self._band(self._shares()))
        return "\n".join(parts)

    def _shares(self) -> list[tuple[int, bool]]:
        first = self.chance.randint(1, self.columns - 1)
        shares = [first, self.columns - first]
        if shares[1] > 2 and self.chance.random() < 0.5:
            shares[1:] = [1, shares[1] - 1]
        return [(share, True) for share in shares]

    def _band(self, shares: Sequence[tuple[int, bool]]) -> str:
        """Return stories side by side, each over so many columns; or news, one below another."""
        rows = self.chance.randint(22, 30)
        cells = []
        for share, is_story in shares:
            body = self._story(share, rows) if is_story else self._news(share, rows)
            cells.append(f"[{body}]")
        wide = ", ".join(f"{share}fr" for share, _ in shares)
        return f"#v(2mm)\n#grid(columns: ({wide}), column-gutter: gap, {', '.join(cells)})"

    def _story(self, share: int, rows: int) -> str:
        size = self.size * (1.3 + 0.35 * share)
        head = self._heading(4 + 2 * share, size)
        text = self._paragraphs(share * rows * 38)
        if share > 1 and self.chance.random() < 0.5:
            high = self.chance.choice((25, 35, 45))
            caption = self._sentence()
            self.said.insert(len(self.said) - 1, caption)
            text = (
                f"#rect(width: 100%, height: {high}mm, fill: luma(170))\n"
                f"#text(size: 0.85em, style: \"italic\")[{caption}]\n\n#v(1mm)\n{text}"
            )
        body = f"{head}\n#flow({share}, gap, [{text}])" if share > 1 else f"{head}\n{text}"
        if share < self.columns - 1 and self.frames and self.chance.random() < 0.4:
            return f"#rect(width: 100%, inset: 2mm, stroke: 0.5pt)[{body}]"
        return body

    def _news(self, share: int, rows: int) -> str:
        parts = []
        for _ in range(max(2, share * rows // 10)):
            parts += [self._heading(4, self.size * 1.1), self._paragraphs(330)]
        text = "\n\n".join(parts)
        return f"#flow({share}, gap, [{text}])" if share > 1 else text

    def _heading(self, words: int, size: float) -> str:
        text = " ".join(self._sentence().rstrip(".").split()[:words]).rstrip(",")
        self.said.append(text)
        self.headings.append(text)
        return (
            f"#block(below: 0.7em, above: 1em)[#set par(justify: false, first-line-indent: 0em)\n"
            f"#text(size: {size}pt, weight: \"bold\", hyphenate: false)[{text}]]"
        )

    def _paragraphs(self, characters: int) -> str:
        some: list[str] = []
        while sum(map(len, some)) < characters:
            count = self.chance.randint(2, 4)
            some.append(" ".join(self._sentence() for _ in range(count)))
        self.said.append("\n\n".join(some))
        return "\n\n".join(some)

    def _sentence(self) -> str:
        who, did, what, when = map(self.chance.choice, WORDS[self.language])
        if self.language != "de" and self.chance.random() < 0.4:
            what, when = when, what
        return f"{who} {did} {what} {when}."


def sheet(how: Print) -> tuple[str, Truth]:
    """Return how Typst sets a page, and what stands on it."""
    page = _Page(how)
    source = page.page(how.font)
    return source, Truth("\n\n".join(page.said), None, tuple(page.headings))


def newspaper_scans(settings: Sequence[Print]) -> Iterator[NewspaperScan]:
    """Yield the pages of some settings, drawing what is not there."""
    for how in settings:
        source, truth = sheet(how)
        path = CACHE / "images" / f"newspaper-{how.number}.png"
        if not path.exists():
            draw(source, path, how)
        yield NewspaperScan(path, truth)


def print_pages(results: Sequence[tuple[NewspaperScan, Score]]) -> bool:
    """Print the pages' figures; return whether they are read in their order."""
    print("| newspapers, per cent | CER | bCER | heads found | heads right |")
    print("|---" * 5 + "|")
    for scan, found in results:
        a, b, c, d = found.headings or (0, 1, 0, 1)
        print(
            f"| {scan.id} | {100 * found.order:.1f} | {100 * found.characters:.1f}"
            f" | {100 * a / max(b, 1):.0f} | {100 * c / max(d, 1):.0f} |"
        )
    order = fmean(found.order for _, found in results)
    verdict = "met   " if order <= MOST_ERRORS else "MISSED"
    print(f"{verdict} CER, newspapers: {100 * order:.2f}, at most {100 * MOST_ERRORS:.0f}")
    return order <= MOST_ERRORS

