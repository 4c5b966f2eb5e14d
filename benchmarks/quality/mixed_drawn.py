"""Pages with tables of words, tables beside text and listings, drawn line by line without Typst.

They are for counting only: nobody looks at them while rules are made. Lines are broken, cells
filled and columns placed here, in other type, words and languages than ``mixed_more`` has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.quality.images import noisy
from benchmarks.quality.marks import typefaces
from benchmarks.quality.scoring import Truth
from benchmarks.quality.truth import given

NUMBERS = tuple(range(1, 10))
DPI = 200
_A4 = round(8.27 * DPI), round(11.69 * DPI)
_POINT = DPI / 72
_MARGIN = 165
# Package, the plain face, the bold one.
_FACES = (
    ("fonts-lato", "Lato-Regular", "Lato-Bold"),
    ("fonts-linuxlibertine", "LinLibertine_R", "LinLibertine_RB"),
    ("fonts-open-sans", "OpenSans-Regular", "OpenSans-Bold"),
    ("fonts-texgyre", "texgyreschola-regular", "texgyreschola-bold"),
    ("fonts-sil-gentiumplus", "GentiumPlus-Regular", "GentiumPlus-Bold"),
)
_TYPED = (
    ("fontsource-space-mono", "space-mono-latin-400-normal"),
    ("fontsource-courier-prime", "courier-prime-latin-400-normal"),
    ("fontsource-cutive-mono", "cutive-mono-latin-400-normal"),
)
_TEXTS = {
    "en": "The orchard behind our house was planted by my grandfather. He had bought forty young"
    " trees from a dealer in the next valley. Most of them still bear fruit every autumn. In"
    " wet years the lower rows stand in water for weeks. We have dug a ditch and lined it with"
    " stones. Since then the roots stay dry and the harvest has nearly doubled. Visitors are"
    " welcome from June on. Please bring a basket and good boots, for the path is steep. Dogs"
    " must be kept on a lead because of the sheep.",
    "de": "Der Obstgarten hinter dem Haus wurde von meinem Großvater angelegt. Er hatte vierzig"
    " junge Bäume bei einem Händler im Nachbartal gekauft. Die meisten tragen noch jeden Herbst"
    " reichlich Früchte. In nassen Jahren stehen die unteren Reihen wochenlang im Wasser. Wir"
    " haben deshalb einen Graben gezogen und mit Steinen ausgelegt. Seitdem bleiben die Wurzeln"
    " trocken und die Ernte hat sich fast verdoppelt. Besucher sind ab Juni willkommen. Bringen"
    " Sie bitte einen Korb und feste Schuhe mit, denn der Weg ist steil.",
    "fr": "Le verger derrière la maison a été planté par mon grand-père. Il avait acheté quarante"
    " jeunes arbres chez un marchand de la vallée voisine. La plupart donnent encore des fruits"
    " chaque automne. Les années humides, les rangs du bas restent sous l'eau pendant des"
    " semaines. Nous avons creusé un fossé et posé des pierres. Depuis, les racines restent au"
    " sec et la récolte a presque doublé. Les visiteurs sont les bienvenus dès le mois de juin."
    " Prenez un panier et de bonnes chaussures, car le chemin est raide.",
    "es": "El huerto detrás de la casa lo plantó mi abuelo. Había comprado cuarenta árboles"
    " jóvenes a un vendedor del valle vecino. La mayoría todavía da fruta cada otoño. En los"
    " años húmedos las filas de abajo pasan semanas bajo el agua. Hemos cavado una zanja y la"
    " hemos cubierto de piedras. Desde entonces las raíces quedan secas y la cosecha casi se ha"
    " doblado. Los visitantes son bienvenidos desde junio. Traigan una cesta y buen calzado,"
    " porque el camino es muy empinado.",
}
_SORTS = (
    "Boskoop", "Gravenstein", "Cox Orange", "Elstar", "Reinette", "Jonathan", "Mirabelle", "Quince",
    "Belle Hélène", "Conference", "Stanley", "Morello", "Regina", "Kordia", "Berlepsch", "Ontario",
)  # fmt: skip
_HEADS = {
    "en": ("Variety", "Soil", "Flowering", "Pests", "Use in the kitchen", "Storage", "Year"),
    "de": ("Sorte", "Boden", "Blüte", "Schädlinge", "Verwendung", "Lagerung", "Jahr"),
    "fr": ("Variété", "Sol", "Floraison", "Parasites", "Usage", "Conservation", "Année"),
    "es": ("Variedad", "Suelo", "Floración", "Plagas", "Uso en cocina", "Conservación", "Año"),
}
_LEGENDS = {"en": "Fig. 2. ", "de": "Tab. 2. ", "fr": "Tableau 2. ", "es": "Cuadro 2. "}


class _Sheet:
    """A page on which text is placed from the top, and what was placed, in reading order."""

    def __init__(self, kind: str, number: int) -> None:
        self.chance = random.Random(f"drawn-{kind}-{number}")
        self.image = Image.new("L", _A4, 255)
        self.pen = ImageDraw.Draw(self.image)
        package, plain, bold = _FACES[number % len(_FACES)]
        self.size = round(self.chance.choice((8.5, 9.5, 10.5)) * _POINT)
        self.plain = typefaces.font(typefaces.path(package, plain), self.size)
        self.bold = typefaces.font(typefaces.path(package, bold), self.size)
        self.title = typefaces.font(typefaces.path(package, bold), round(self.size * 1.5))
        self.typed = typefaces.font(typefaces.path(*_TYPED[number % len(_TYPED)]), self.size - 3)
        self.step = round(self.size * self.chance.choice((1.2, 1.3, 1.45)))
        self.language = sorted(_TEXTS)[number % 4]
        self.sentences = _TEXTS[self.language].split(". ")
        self.said: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.y: float = _MARGIN

    def sentence(self) -> str:
        """Return a sentence."""
        return self.chance.choice(self.sentences).rstrip(".") + "."

    def paragraph(self) -> str:
        """Return some sentences."""
        return " ".join(self.sentence() for _ in range(self.chance.randint(2, 5)))

    def fragment(self, least: int, most: int) -> str:
        """Return some words from a sentence's beginning."""
        words = self.sentence().rstrip(".").split()[: self.chance.randint(least, most)]
        return " ".join(words).rstrip(",")

    def broken(self, text: str, width: float, font: ImageFont.FreeTypeFont) -> list[str]:
        """Return a text in lines that are no wider."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and font.getlength(longer) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def put(
        self, lines: Sequence[str], x: float, y: float, font: ImageFont.FreeTypeFont, step: float
    ) -> float:
        """Draw lines below each other; return where the next one would stand."""
        for line in lines:
            self.pen.text((x, y), line, 25, font)
            y += step
        return y

    def text(self, x: float, y: float, width: float, paragraphs: int) -> float:
        """Draw running text; return where it ends."""
        for _ in range(paragraphs):
            said = self.paragraph()
            self.said.append(said)
            y = self.put(self.broken(said, width, self.plain), x, y, self.plain, self.step)
            y += 0.5 * self.step
        return y

    def across(self, paragraphs: int) -> None:
        """Draw text over the whole page."""
        self.y = self.text(_MARGIN, self.y, _A4[0] - 2 * _MARGIN, paragraphs)

    def heading(self) -> None:
        """Draw a heading."""
        said = self.fragment(3, 5)
        self.said.append(said)
        self.y = self.put([said], _MARGIN, self.y, self.title, 2.2 * self.size)

    def table(
        self, rows: list[list[str]], x: float, y: float, widths: Sequence[float], gap: float,
        *, right: bool = False, pad: float = 14.0, head: bool = True, legend: bool = False,
    ) -> float:  # fmt: skip
        """Draw a table without rules; return where it ends."""
        if legend:
            said = _LEGENDS[self.language] + self.fragment(2, 4)
            self.said.append(said)
            y = self.put([said], x, y, self.plain, 1.4 * self.step)
        for number, row in enumerate(rows):
            font = self.bold if head and not number else self.plain
            left, bottom = x, y
            for column, (text, width) in enumerate(zip(row, widths, strict=True)):
                lines = self.broken(text, width - pad, font)
                for at, line in enumerate(lines):
                    over = width - pad - font.getlength(line) if right and column else 0.0
                    self.put([line], left + over, y + at * self.step, font, 0)
                bottom = max(bottom, y + len(lines) * self.step)
                left += width
            y = bottom + gap
        self.said.append("\n".join(" ".join(row) for row in rows))
        self.tables.append(rows)
        return y


def _words(sheet: _Sheet) -> None:
    columns = sheet.chance.randint(3, 6)
    chance = sheet.chance
    longs = set(chance.sample(range(columns), chance.randint(1, 2)))
    brief = chance.choice((1, 3))

    def cell(column: int) -> str:
        if column in longs:
            return sheet.fragment(2, 12)
        return sheet.fragment(1, brief) if brief > 1 else chance.choice(_SORTS)

    head = chance.sample(_HEADS[sheet.language], columns)
    rows = [[cell(column) for column in range(columns)] for _ in range(chance.randint(3, 7))]
    share = [chance.choice((1.7, 2.3)) if column in longs else 1.1 for column in range(columns)]
    whole = _A4[0] - 2 * _MARGIN
    sheet.heading()
    sheet.across(1)
    sheet.y += 10
    sheet.y = sheet.table(
        [head, *rows], _MARGIN, sheet.y, [whole * one / sum(share) for one in share],
        chance.choice((0.2, 0.4, 0.7)) * sheet.step, pad=chance.choice((16.0, 26.0)),
        legend=chance.random() < 0.3,
    )  # fmt: skip
    sheet.y += sheet.step
    sheet.across(2)


def _aside(sheet: _Sheet) -> None:
    chance = sheet.chance
    columns = chance.randint(3, 4)
    rows = [chance.sample(_HEADS[sheet.language], columns)]
    for name in chance.sample(_SORTS, chance.randint(5, 13)):
        rows.append([name, *(f"{chance.uniform(1, 500):.1f}" for _ in range(columns - 1))])
    wide = [max(sheet.bold.getlength(row[at]) for row in rows) + 30 for at in range(columns)]
    whole = _A4[0] - 2 * _MARGIN
    rest = whole - sum(wide) - 70
    sheet.heading()
    sheet.across(1)
    legend, gap = chance.random() < 0.5, chance.choice((0.0, 0.15, 0.4)) * sheet.step
    head, count = chance.random() < 0.6, chance.choice((1, 2, 3))
    if chance.random() < 0.5:
        end = sheet.text(_MARGIN, sheet.y, rest, count)
        x = _MARGIN + rest + 70
        low = sheet.table(
            rows, x, sheet.y, wide, gap, right=True, head=head, legend=legend, pad=22.0
        )
    else:
        low = sheet.table(
            rows, _MARGIN, sheet.y, wide, gap, right=True, head=head, legend=legend, pad=22.0
        )
        end = sheet.text(_MARGIN + sum(wide) + 70, sheet.y, rest, count)
    sheet.y = max(low, end) + 0.8 * sheet.step
    sheet.across(2)


_PROGRAMS = (
    ("//", (
        "package main", "", 'import "fmt"', "", "func main() {", "\tsum := 0|of all trees",
        "\tfor row := range orchard {", "\t\tsum += len(row)|in one row", "\t}",
        '\tfmt.Println("trees:", sum)', "}",
    )),
    ("//", (
        "const trees = load('trees.csv');|from the disk", "trees",
        "  .filter(tree => tree.year < 1960)|the old ones",
        "  .map(tree => ({ ...tree, old: true }))", "  .forEach(tree => {",
        "    console.log(tree.name, tree.year);", "  });", "export default trees;",
    )),
    ("#", (
        "trees <- read.csv('trees.csv')|one a row", "old <- subset(trees, year < 1960)",
        "means <- aggregate(yield ~ sort, old, mean)|kilograms", "plot(means$yield, type = 'h')",
        "if (nrow(old) > 40) {", "  warning('too many')|never seen", "}",
    )),
    ("%", (
        "function s = harvest(t)|a matrix", "  s = zeros(1, 12);", "  for k = 1:numel(t)",
        "    m = t(k).month;|1 to 12", "    s(m) = s(m) + t(k).kg;", "  end", "  plot(s)", "end",
    )),
    ("--", (
        "with Ada.Text_IO; use Ada.Text_IO;", "procedure Count is",
        "   Sum : Integer := 0;|of trees", "begin", "   for Row in 1 .. 40 loop",
        "      Sum := Sum + Trees (Row);|in each row",
        "   end loop;", "   Put_Line (Integer'Image (Sum));", "end Count;",
    )),
)  # fmt: skip


def _code(sheet: _Sheet, x: float, y: float, at: int, *, numbered: bool) -> float:
    mark, body = sheet.chance.choice(_PROGRAMS)
    lines = []
    for number, line in enumerate(body, 1):
        statement, _, comment = line.expandtabs(4).partition("|")
        if comment:
            statement = f"{statement:{at}s} {mark} {comment}"
        lines.append(f"{number:>3} {statement}" if numbered else statement)
    sheet.said.append("\n".join(lines))
    return sheet.put(lines, x, y, sheet.typed, round(sheet.size * 1.15)) + sheet.step


def _program(sheet: _Sheet) -> None:
    chance = sheet.chance
    at, numbered = chance.choice((0, 38, 44)), chance.random() < 0.35
    sheet.heading()
    sheet.across(1)
    if chance.random() < 0.5:
        for _ in range(2):
            sheet.y = _code(sheet, _MARGIN + 40, sheet.y, at, numbered=numbered)
            sheet.across(1)
        return
    letter = sheet.typed.getlength("n")
    wide = 62 * letter if at or numbered else 54 * letter
    rest = _A4[0] - 2 * _MARGIN - wide - 50
    if rest < 300:
        at, numbered, wide = 0, False, 54 * letter
        rest = _A4[0] - 2 * _MARGIN - wide - 50
    count = chance.choice((1, 2))
    if chance.random() < 0.5:
        low = _code(sheet, _MARGIN, sheet.y, at, numbered=numbered)
        end = sheet.text(_MARGIN + wide + 50, sheet.y, rest, count)
    else:
        end = sheet.text(_MARGIN, sheet.y, rest, count)
        low = _code(sheet, _MARGIN + rest + 50, sheet.y, at, numbered=numbered)
    sheet.y = max(low, end) + 0.5 * sheet.step
    sheet.across(2)


KINDS: dict[str, Callable[[_Sheet], None]] = {"tabs": _words, "beside": _aside, "listing": _program}


def drawn(kind: str, number: int, path: Path) -> Truth:
    """Return what stands on a page; draw it if it is not there, every second turned and noisy."""
    sheet = _Sheet(kind, number)
    KINDS[kind](sheet)
    if not path.exists():
        end = min(_A4[1], round(sheet.y) + _MARGIN)
        page = sheet.image.crop((0, 0, _A4[0], end)).convert("RGB")
        if number % 2 == 0:
            page = page.rotate(
                (-0.5, 0.4)[number % 4 // 2], Image.Resampling.BICUBIC, fillcolor=(255,) * 3
            )
            page = noisy(
                page.filter(ImageFilter.GaussianBlur(0.5)), np.random.default_rng(number), 9
            )
        page.save(path)
    tables = tuple(given([list(row) for row in rows]) for rows in sheet.tables)
    return Truth("\n\n".join(sheet.said), tables or None)
