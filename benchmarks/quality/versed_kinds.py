"""Pages whose lines their writers ended, and pages of prose: set from numbers, as Typst has them.

What is said is put together from phrases (:mod:`benchmarks.quality.headed_words`); odd numbers are
held back and have other languages and measures than even ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.quality.headed_words import HEADINGS, WORDS

LANGUAGES = (("en", "de", "es"), ("fr", "it", "nl"))
NAMES = (
    ("Marlow", "Old Tessa", "The Ferryman", "Ruben", "Ingrid", "Count Alder"),
    ("Colombe", "Le Passeur", "Matteo", "Griet", "Soeur Anne", "Doctor Pell"),
)
CHORDS = ("G", "C", "D7", "Em", "Am7", "F", "Bb", "A/E", "Cmaj7", "F#m")
MEASURED = (
    ("200 g", "2 tbsp", "1", "1/2 tsp", "3", "a pinch of", "450 ml", "some"),
    ("150 g", "2 cl", "4", "1/4 l", "un peu de", "2 EL", "30 g", "1 c. à s."),
)
THINGS = (
    ("plain flour", "cold butter, diced", "egg yolk", "fresh yeast", "brown sugar", "warm milk"),
    ("beurre doux", "farine de blé", "patate lesse", "crème fraîche", "boter", "sucre roux"),
)
STREETS = (
    ("Miss Harriet Lowe", "The Old Maltings", "14 Quay Street", "Aldeburgh", "Suffolk IP15 5BY"),
    ("Monsieur Paul Favre", "Résidence du Lac", "27, rue des Tanneurs", "1204 Genève", "Suisse"),
)
COLOPHON = (
    ("This book was set in Caslon", "and printed on rag paper", "in an edition of 300 copies",
     "by the Heron Press", "in the spring of 1931"),
    ("Achevé d'imprimer", "sur les presses de Jean Rivoire", "à Saint-Étienne",
     "le 12 mars 1926", "pour les amis du livre"),
)  # fmt: skip


@dataclass(slots=True)
class VersedPage:
    """A page in the making."""

    number: int
    parts: list[str] = field(default_factory=list)  # Typst's source
    # What stands on the page: the lines of each part, and whether they are one paragraph of prose.
    said: list[tuple[list[str], bool]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    scenes: list[str] = field(default_factory=list)  # which may be headings
    chance: random.Random = field(default_factory=random.Random)
    setting: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"versed-{self.number}")

    @property
    def held(self) -> int:
        """1 for a page that is held back."""
        return self.number % 2

    @property
    def language(self) -> str:
        """The language that its words are of."""
        some = LANGUAGES[self.held]
        return some[self.number // 2 % len(some)]

    @property
    def step(self) -> int:
        """Which of the ways of its half a page takes."""
        return self.number // 2

    def phrases(self) -> list[str]:
        """Return a sentence as its phrases, without a full stop."""
        return [self.chance.choice(some) for some in WORDS[self.language]]

    def sentences(self, count: int) -> str:
        """Return a paragraph of prose."""
        return " ".join(" ".join(self.phrases()) + "." for _ in range(count))

    def lines(self, count: int, *, capitals: bool = True, points: bool = True) -> list[str]:
        """Return lines of verse: a sentence in two or three of them, some longer than others."""
        found: list[str] = []
        while len(found) < count:
            who, does, what, when = self.phrases()
            some = self.chance.choice(
                ([f"{who} {does}", f"{what}", when], [f"{who} {does} {what}", when],
                 [f"{who}", f"{does} {what}", when], [f"{who} {does}", f"{what} {when}"])
            )  # fmt: skip
            ends = [self.chance.choice(("", "", ",", ";")) for _ in some[1:]]
            ends.append(self.chance.choice((".", ".", ",", "!")))
            found += [one + end * points for one, end in zip(some, ends, strict=True)]
        found = found[:count]
        return [one[:1].upper() + one[1:] if capitals else one.lower() for one in found]

    def prose(self, sentences: int = 4, way: str = "{}") -> None:
        """Add a paragraph."""
        text = self.sentences(sentences)
        self.parts.append(way.replace("{}", text))
        self.said.append(([text], True))

    def verses(self, lines: Sequence[str], source: str = "") -> None:
        """Add lines, set one below the other or as ``source`` has them."""
        self.parts.append(source or " \\\n".join(map(plain, lines)))
        self.said.append((list(lines), False))

    def head(self, text: str, way: str) -> None:
        """Add a heading."""
        self.parts.append(way.replace("{}", text))
        self.said.append(([text], False))
        self.heads.append(text)

    def title(self) -> None:
        """Add the title of a poem or song, larger or bold."""
        ways = (
            '#text(1.5em, weight: "bold")[{}]', "#align(center, text(1.6em)[{}])",
            '#text(1.8em)[{}]', '#align(center, text(1.3em, weight: "bold")[{}])',
        )  # fmt: skip
        words = self.chance.choice(HEADINGS[self.language])
        self.head(words, f"#block(below: 1.2em)[{ways[(self.step + self.held) % 4]}]")


def plain(text: str) -> str:
    """Return a text so that Typst takes none of it as a mark."""
    for sign in "\\#*_[]$@<>~`":
        text = text.replace(sign, f"\\{sign}")
    return text


def stanzas(page: VersedPage) -> None:
    """Set stanzas at the left edge, under a title, with prose above and below."""
    page.prose()
    page.title()
    for _ in range(4):
        page.verses(page.lines((4, 6, 3, 5)[page.step] + page.held))
    page.prose()


def alternate(page: VersedPage) -> None:
    """Indent every second line, or the last two of five, of a stanza."""
    page.title()
    indent = ("1.5em", "2em", "1em", "3em")[page.step]
    for _ in range(4):
        is_limerick = page.step == 1
        lines = page.lines(5 if is_limerick else 4 + 2 * page.held)
        within = {2, 3} if is_limerick else set(range(1, len(lines), 2))
        page.verses(lines, " \\\n".join(
            f"#h({indent}, weak: false){plain(one)}" if index in within else plain(one)
            for index, one in enumerate(lines)
        ))  # fmt: skip
    page.prose(5)


def centred(page: VersedPage) -> None:
    """Set a poem in the middle of the page, its lines centred or its block."""
    page.prose(5)
    page.title()
    for _ in range(3):
        lines = page.lines(4 + page.step)
        source = " \\\n".join(map(plain, lines))
        if page.step % 2 == page.held:
            source = f"#align(center)[{source}]"
        else:
            source = f"#align(center, block[#set align(left)\n{source}])"
        page.verses(lines, source)
    page.prose(5)


def modern(page: VersedPage) -> None:
    """Set short lines without capitals, hardly a point."""
    page.title()
    for _ in range(4):
        page.verses(page.lines(3 + page.step, capitals=False, points=page.step > 1))
    page.prose(6)


def turned(page: VersedPage) -> None:
    """Set lines longer than the page is wide, turned over with an indent."""
    page.title()
    hang = ("1.5em", "2em", "3em", "1em")[page.step]
    for _ in range(3):
        lines = []
        for _ in range(4):
            who, does, what, when = page.phrases()
            long = f"{who} {does} {what} {when}"
            lines.append(long if page.chance.random() < 0.6 else f"{who} {does} {what}")
        source = "\n\n".join(map(plain, lines))
        width = ("8.5cm", "9.5cm", "7.5cm", "9cm")[page.step]
        page.verses(lines, f"#block(width: {width})[#set par(hanging-indent: {hang},"
                    f" spacing: 0.65em, justify: false)\n{source}]")  # fmt: skip


def numbered(page: VersedPage) -> None:
    """Set a hymn's stanzas with their numbers, in a column or two."""
    mark = ("{}.", "{}.", "{}", "{}.")[page.step]
    page.setting = "#set par(justify: false)\n#set text(hyphenate: false)\n"
    if page.step % 2:
        page.parts.append("#columns(2)[#set text(0.8em)")
    page.title()
    for number in range(1, 6):
        lines = page.lines(4 if page.step < 2 else 6)
        source = " \\\n".join(map(plain, lines))
        count = mark.replace("{}", str(number))
        shown = count if page.step != 3 else f"*{count}*"
        page.verses([f"{count} {lines[0]}", *lines[1:]],
                    f"#grid(columns: (1.6em, auto), [{shown.replace('.', chr(92) + '.')}],"
                    f" [{source}])")  # fmt: skip
    if page.step % 2:
        page.parts.append("]")
    else:
        page.prose(5)


def chords(page: VersedPage) -> None:
    """Set the words of a song below its chords, with a refrain."""
    page.title()
    mono = page.step % 2 == 0
    for number in range(3):
        lines, shown = [], []
        for line in page.lines(4):
            over = [" "] * (len(line) + 8)
            for _ in range(3):
                at = page.chance.randrange(0, max(len(line) - 4, 1))
                for index, sign in enumerate(page.chance.choice(CHORDS) + "  "):
                    over[at + index] = sign
            above = "".join(over).rstrip()
            lines += [" ".join(above.split()), line]
            shown += [above, line]
        body = "\n".join(shown)
        source = f"```\n{body}\n```"
        if not mono:
            source = " \\\n".join(plain(one).replace("  ", " ~ ") for one in shown)
        if number == 1:
            lines.insert(0, "Refrain:")
            source = f"_Refrain:_\\\n{source}"
        page.verses(lines, source)


def in_verse(page: VersedPage) -> None:
    """Set a play in verse: who speaks above the lines, or in the middle, or before them."""
    page.title()
    page.prose(2, "_{}_")
    names = NAMES[page.held]
    for number in range(7):
        name = names[number % 3 + page.step % 2]
        lines = page.lines(page.chance.randint(1, 5))
        body = " \\\n".join(map(plain, lines))
        way = (page.step + page.held) % 4
        if way == 0:
            page.verses([name.upper(), *lines], f"*{name.upper()}* \\\n{body}")
        elif way == 1:
            source = f"#align(center, text(0.9em)[{name.upper()}])\n#v(-0.6em)\n{body}"
            page.verses([name.upper(), *lines], source)
        elif way == 2:
            said = [f"{name.upper()}. {lines[0]}", *lines[1:]]
            page.verses(said, " \\\n".join(map(plain, said)))
        else:
            number_of = f"{number + 1} {name}"
            page.verses([number_of, *lines], f"*{number_of}* \\\n{body}")
        if number == 3:
            action = " ".join(page.phrases()[:3])
            page.verses([f"({action})"], f"_({action})_")


def in_prose(page: VersedPage) -> None:
    """Set a play in prose: who speaks before or above the speech; directions between."""
    page.title()
    names = NAMES[page.held]
    for number in range(7):
        name = names[number % 3]
        text = page.sentences(page.chance.randint(1, 3))
        way = (page.step + page.held) % 3
        if way == 0:
            said = f"{name.upper()}. {text}"
            page.parts.append(f"#par(hanging-indent: 1.5em)[{plain(said)}]")
            page.said.append(([said], True))
        elif way == 1:
            page.parts.append(f"*{name}:* {plain(text)}")
            page.said.append(([f"{name}: {text}"], True))
        else:
            page.verses([name.upper()], f"#block(below: 0.6em, align(center)[{name.upper()}])")
            page.parts.append(plain(text))
            page.said.append(([text], True))
        if number % 3 == 1:
            said = " ".join(page.phrases()[:3]) + "."
            page.verses([f"[{said}]"], f"#align(center)[_\\[{said}\\]_]")


def screenplay(page: VersedPage) -> None:
    """Set a screenplay: scenes in capitals, who speaks, what is said in a narrow column."""
    page.setting = '#set text(font: "DejaVu Sans Mono", size: 9pt)\n#set par(justify: false)\n'
    if page.held:
        page.setting = page.setting.replace("DejaVu Sans Mono", "Liberation Mono")
    names = [name.upper() for name in NAMES[page.held]]
    for scene in range(2):
        said = f"INT. {HEADINGS[page.language][scene + page.step].upper()} - NIGHT"
        page.parts.append(plain(said))
        page.said.append(([said], False))
        page.scenes.append(said)
        page.prose(2)
        for number in range(4):
            name = names[number % 2 + scene]
            text = page.sentences(1 + number % 2)
            rows = [name]
            source = f"#pad(left: 5.5cm)[{name}]\n#v(-0.9em)\n"
            if number == 2:
                rows.append("(quietly)")
                source += "#pad(left: 4.2cm)[(quietly)]\n#v(-0.9em)\n"
            page.parts.append(f"{source}#pad(left: 3cm, right: 4cm)[{plain(text)}]")
            page.said.append((rows, False))
            page.said.append(([text], True))


def parallel(page: VersedPage) -> None:
    """Set a poem and its translation side by side."""
    page.setting = "#set par(justify: false)\n#set text(hyphenate: false)\n"
    page.title()
    sides = []
    for _ in range(2):
        some = [page.lines(4 + page.step % 2) for _ in range(3)]
        sides.append("\n\n".join(" \\\n".join(map(plain, lines)) for lines in some))
        page.said += [(lines, False) for lines in some]
    body = f"[{sides[0]}], [{sides[1]}]"
    page.parts.append(f"#[#set text(0.8em)\n#grid(columns: (1fr, 1fr), gutter: 1.2cm, {body})]")
    page.prose(5)


def short_lines(page: VersedPage) -> None:
    """Set an address, a colophon, an inscription in the middle."""
    page.prose(3)
    page.verses(list(STREETS[page.held]))
    page.prose(4)
    lines = list(COLOPHON[page.held])
    if page.step % 2:
        lines = [line.upper() for line in lines]
    source = " \\\n".join(map(plain, lines))
    page.verses(lines, f"#v(1em)\n#align(center)[{source}]\n#v(1em)")
    page.prose(3)


def recipe(page: VersedPage) -> None:
    """Set what goes into a dish, one a line, and what is done with it."""
    page.title()
    page.prose(3)
    lines = [
        f"{page.chance.choice(MEASURED[page.held])} {page.chance.choice(THINGS[page.held])}"
        for _ in range(6 + page.step)
    ]
    page.verses(lines)
    page.prose(4)
    page.prose(3)


def columns(page: VersedPage) -> None:
    """Set prose in narrow columns, with heads of its own."""
    count = (3, 4, 2, 3)[page.step]
    page.parts.append(f"#columns({count}, gutter: 0.6cm)[#set text(0.85em)")
    for name in page.chance.sample(HEADINGS[page.language], 4):
        page.head(name, '#block(above: 1.2em, below: 0.7em, text(1.1em, weight: "bold")[{}])')
        page.prose(5)
        page.prose(4)
    page.parts.append("]")


def letter(page: VersedPage) -> None:
    """Set a letter with a ragged edge, short paragraphs, what people say, a list, a caption."""
    page.setting = "#set par(justify: false)\n"
    page.verses(list(STREETS[page.held]))
    page.parts.append("#v(1em)")
    dash = ("– ", "„", "— ", "« ")[page.step]
    for _ in range(3):
        page.prose(3)
        for _ in range(2):
            text = f"{dash}{' '.join(page.phrases())}?" + (f" {page.sentences(1)}")
            page.parts.append(plain(text))
            page.said.append(([text], True))
    for _ in range(3):
        text = page.sentences(2)
        page.parts.append(f"- {text}")
        page.said.append(([text], True))
    text = f"Fig. 3: {page.sentences(2)}"
    page.parts.append(f"#align(center, text(0.85em)[{text}])")
    page.said.append(([text], True))


KINDS: dict[str, Callable[[VersedPage], None]] = {
    "stanzas": stanzas, "alternate": alternate, "centred": centred, "modern": modern,
    "turned": turned, "numbered": numbered, "chords": chords, "play in verse": in_verse,
    "play in prose": in_prose, "screenplay": screenplay, "parallel": parallel,
    "short lines": short_lines, "recipe": recipe, "prose, columns": columns,
    "prose, letter": letter,
}  # fmt: skip
