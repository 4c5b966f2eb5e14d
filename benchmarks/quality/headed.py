"""How many headings of documents set in other ways are found, are right, and have their level.

``python -m benchmarks.quality.headed`` sets documents of some pages in twelve ways
(:mod:`benchmarks.quality.headed_ways`), reads them and counts; ``--heldout`` takes the others.
Found and right as :mod:`benchmarks.quality.scoring` has them; a level is right if it is the
heading's rank among those of its document, counted within those that were found. Between the
sections stand lines that are no headings: addresses, captions, terms, closings, verses. What begins
a paragraph, in it, is not counted at all.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pymupdf
from PIL import Image
from rapidfuzz import fuzz

from benchmarks.quality.documents import CACHE, FONTS, MORE_FONTS
from benchmarks.quality.headed_ways import HELD, TUNED, Way
from benchmarks.quality.lines import recognitions
from benchmarks.quality.marks import typefaces
from benchmarks.quality.scoring import ALIKE, normalised
from benchmarks.quality.sheets import page_read, written
from ocrd.job import Recognition
from ocrd.layout.document import Survey

RESOLUTION = 200
SECTIONS = 5
LEAST_FOUND, LEAST_RIGHT = 95, 92  # per cent
FOLDERS = (
    FONTS, MORE_FONTS, "fonts-ebgaramond", "fonts-open-sans", "fonts-texgyre",
    "fonts-crosextra-carlito",
)  # fmt: skip
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
_NUMBER = re.compile(
    r"^(?:§\s*\d+\s*|(?:(?:article|kapitel)\s*)?(?:\d+(?:\.\d+)*|[ivx]+|[a-h])[.)]?\s+(?:- )?)"
)
_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("The committee", "A small group of members", "The new keeper", "Each of the parishes",
         "The surveyor of 1894", "Nobody in the office", "The second report"),
        ("described", "had not expected", "wrote down", "could hardly believe", "compared",
         "kept a list of", "repaired"),
        ("the wooden bridges of the valley", "the tables of the older survey",
         "what was left of the harbour wall", "the costs of three dry summers",
         "the letters that had come from the islands", "every gate along the canal"),
        ("before the rain set in", "with great care", "without asking for money",
         "in the years after the flood", "as the map on the wall shows", "for the second time"),
    ),
    "de": (
        ("Der Ausschuss", "Eine kleine Gruppe", "Die neue Verwalterin", "Jede der Gemeinden",
         "Der Vermesser von 1894", "Niemand im Amt", "Der zweite Bericht"),
        ("beschrieb", "erwartete", "notierte", "verglich", "verzeichnete", "sah"),
        ("die hölzernen Brücken des Tals", "die Tafeln der älteren Aufnahme",
         "den Rest der Hafenmauer", "die Kosten dreier trockener Sommer",
         "die Briefe von den Inseln", "jede Schleuse am Kanal"),
        ("vor dem großen Regen", "mit viel Sorgfalt", "ohne Geld dafür zu verlangen",
         "in den Jahren nach der Flut", "zum zweiten Mal", "wie die Karte es zeigt"),
    ),
    "fr": (
        ("Le comité", "Un petit groupe de membres", "La nouvelle gardienne", "Chaque paroisse",
         "L'arpenteur de 1894", "Personne au bureau", "Le second rapport"),
        ("décrit", "n'attendait pas", "compare", "note avec soin", "répare", "regarde"),
        ("les ponts de bois de la vallée", "les tables de l'ancien relevé",
         "ce qui reste du mur du port", "les dépenses de trois étés secs",
         "les lettres venues des îles", "chaque porte du canal"),
        ("avant la pluie", "sans demander d'argent", "dans les années qui suivent la crue",
         "pour la seconde fois", "comme le montre la carte", "au début de l'hiver"),
    ),
}  # fmt: skip
_TITLES = {
    "en": "Bridges and Locks of the Upper Valley",
    "de": "Brücken und Schleusen im oberen Tal",
    "fr": "Ponts et écluses de la haute vallée",
}
_HEADINGS = {
    "en": ("Sources and method", "The first survey", "Materials", "Costs of repair",
           "Who was responsible", "Timber and stone", "Results", "Floods since 1850",
           "Discussion", "Tolls", "The keepers' houses", "Open questions", "Outlook"),
    "de": ("Quellen und Verfahren", "Die erste Aufnahme", "Baustoffe", "Kosten der Pflege",
           "Zuständigkeit", "Holz und Stein", "Ergebnisse", "Hochwasser seit 1850",
           "Erörterung", "Zölle", "Die Häuser der Wärter", "Offene Fragen", "Ausblick"),
    "fr": ("Sources et méthode", "Le premier relevé", "Les matériaux", "Le coût des travaux",
           "Les responsables", "Le bois et la pierre", "Résultats", "Les crues depuis 1850",
           "Discussion", "Les péages", "Maisons des gardiens", "Questions ouvertes",
           "Perspectives"),
}  # fmt: skip
# Lines between paragraphs that are no headings.
_OTHERS = (
    "#block[Miss Edith Harmer \\ 14 Tanner Row \\ Marsham NR10]",
    "#block(above: 1.2em, below: 1.2em)[#align(center)[#rect(width: 50%, height: 22mm,"
    " fill: luma(190))\n#text(size: 0.9em)[_Figure 2: The lock in 1894_]]]",
    "/ Sluice: a gate that slides.\n/ Pound: the water between two locks.",
    "#block(inset: (left: 2em))[Down by the water, down by the mill \\ the old wheel is turning,"
    " the boats lie still \\ and nobody passes and nobody will]",
    "#block(above: 1.4em, below: 1.4em)[With kind regards \\ #v(6mm) Edith Harmer \\ Secretary]",
    "- two gates of oak\n- one of iron\n- a winch",
)


@dataclass(frozen=True, slots=True)
class HeadedScan:
    """One page as it was scanned."""

    way: Way
    page: int
    path: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on one document."""

    found: int
    true: int
    right: int
    written: int
    levels: int  # of those found whose level is right


def source(way: Way) -> tuple[str, list[tuple[int, str]]]:
    """Return how Typst sets a document, and its headings with their ranks, from 1."""
    chance = random.Random(f"headed-{way.name}")
    words = list(_HEADINGS[way.language])
    chance.shuffle(words)
    others = list(_OTHERS)
    chance.shuffle(others)
    parts = [way.title.replace("{}", _TITLES[way.language]), _text(way, chance)]
    true = [(1, _TITLES[way.language])]
    for section in range(1, SECTIONS + 1):
        name = words.pop()
        true.append((2, _said(way.says[0], name, section, 0)))
        rest = [_text(way, chance)]
        if way.subsection:
            for number in (1, 2)[: chance.randint(0, 2)]:
                if len(words) <= SECTIONS - section:
                    break
                inner = words.pop()
                said = _said(way.subsection, inner, section, number)
                if way.is_run_in:
                    rest.append(said + _text(way, chance))
                else:
                    true.append((3, _said(way.says[1], inner, section, number)))
                    rest += [said, _text(way, chance)]
        if others and chance.random() < 0.8:
            rest += [others.pop(), _text(way, chance)]
        head = _said(way.section, name, section, 0)
        if way.is_side:
            parts.append(head.replace("{rest}", "\n\n".join(rest)))
        else:
            parts += [head, *rest]
    spacing = "0.65em" if way.indent else "1.1em"
    setting = (
        f"#set page(paper: \"a5\", margin: 1.6cm, columns: {way.columns})\n"
        f"#set text(font: \"{way.font}\", size: {way.size * 0.85}pt, lang: \"{way.language}\")\n"
        f"#set par(justify: {'true' if way.indent else 'false'}, first-line-indent: {way.indent}em,"
        f" spacing: {spacing})\n"
    )
    if way.columns > 1:
        parts[0] = f'#place(top + center, scope: "parent", float: true)[{parts[0]}]'
    return setting + "\n\n".join(parts), true


def _said(pattern: str, words: str, section: int, subsection: int) -> str:
    """Return words as a way sets them."""
    inner = {
        "{}": words, "{upper}": words.upper(), "{n}": f"{section}", "{m}": f"{subsection}",
        "{roman}": _ROMAN[section - 1], "{letter}": "ABCDE"[(subsection or section) - 1],
    }  # fmt: skip
    for mark, text in inner.items():
        pattern = pattern.replace(mark, text)
    return pattern


def _text(way: Way, chance: random.Random) -> str:
    """Return one or two paragraphs."""
    some = []
    for _ in range(chance.randint(1, 2)):
        sentences = []
        for _ in range(chance.randint(2, 4)):
            sentences.append(" ".join(map(chance.choice, _WORDS[way.language])) + ".")
        some.append(" ".join(sentences))
    return "\n\n".join(some)


def scans(ways: Sequence[Way]) -> Iterator[HeadedScan]:
    """Yield the pages of documents, drawing what is not there."""
    for way in ways:
        first = CACHE / "images" / f"headed-{way.name}-1.png"
        if not first.exists():
            _draw(source(way)[0], first)
        number = 1
        while (path := first.with_name(f"headed-{way.name}-{number}.png")).exists():
            yield HeadedScan(way, number, path)
            number += 1


def _draw(said: str, first: Path) -> None:
    import typst

    for half in typefaces.HALVES:
        typefaces.paths("print", half)  # fetches them
    folders = [str(CACHE / "packages" / package) for package in FOLDERS]
    text = first.with_suffix(".typ")
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(said)
    with pymupdf.open(stream=typst.compile(str(text), font_paths=folders)) as document:
        # The first page last: where it is, all are.
        for number in reversed(range(len(document))):
            pixmap = document[number].get_pixmap(dpi=RESOLUTION, alpha=False)
            drawn = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
            drawn.save(first.with_name(first.name.replace("-1.png", f"-{number + 1}.png")))


def count(true: Sequence[tuple[int, str]], markdown: str) -> tuple[Counts, list[str], list[str]]:
    """Return a document's figures, the headings that are missing, and those that are none."""
    lines = re.findall(r"^(#{1,6})\s+(.+)$", markdown, re.MULTILINE)
    wrote = [(len(marks), _bare(text)) for marks, text in lines]
    meant = [(rank, _bare(text)) for rank, text in true]
    pairs = []
    missing = []
    for (rank, text), (_, printed) in zip(meant, true, strict=True):
        level = next((level for level, other in wrote if fuzz.ratio(text, other) >= ALIKE), 0)
        if level:
            pairs.append((rank, level))
        else:
            missing.append(printed)
    wrong = [
        said
        for (_, text), (_, said) in zip(wrote, lines, strict=True)
        if not any(fuzz.ratio(text, other) >= ALIKE for _, other in meant)
    ]
    ranks, levels = (sorted(set(some)) for some in zip(*pairs, strict=True)) if pairs else ([], [])
    level_of = dict(zip(ranks, levels, strict=False))
    levelled = sum(level_of.get(rank) == level for rank, level in pairs)
    found = Counts(len(pairs), len(meant), len(wrote) - len(wrong), len(wrote), levelled)
    return found, missing, wrong


def _bare(heading: str) -> str:
    return _NUMBER.sub("", normalised(heading).lower()).rstrip(" :?.")


def markdown(read: Sequence[tuple[HeadedScan, Recognition]]) -> str:
    """Return a document's sidecar."""
    pages = [
        replace(page_read(found, scan.page), points_per_pixel=72 / RESOLUTION)
        for scan, found in read
    ]
    survey = Survey()
    for page in pages:
        survey.add(page)
    return "\n".join(written(page) for page in survey.document().pages(pages))


def main() -> None:
    """Set, read, count, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.headed", description=__doc__)
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=CACHE / "markdown")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    ways = [way for way in (HELD if options.heldout else TUNED) if options.only in way.name]
    print("| headings | found | right | level | missing; wrong |")
    print("|---" * 5 + "|")
    counts = []
    for way in ways:
        read = list(recognitions(scans([way]), seconds=1e9, stale=options.stale))
        said = markdown(read)
        (options.out / f"headed-{way.name}.md").write_text(said)
        one, missing, wrong = count(source(way)[1], said)
        counts.append(one)
        told = "; ".join(filter(None, [", ".join(missing), ", ".join(wrong)]))
        print(
            f"| {way.name} | {one.found}/{one.true} | {one.right}/{one.written}"
            f" | {one.levels}/{one.found} | {told} |"
        )
    found = 100 * sum(one.found for one in counts) / max(sum(one.true for one in counts), 1)
    right = 100 * sum(one.right for one in counts) / max(sum(one.written for one in counts), 1)
    level = 100 * sum(one.levels for one in counts) / max(sum(one.found for one in counts), 1)
    print(f"found {found:.1f}, right {right:.1f}, level {level:.1f} per cent")
    is_met = found >= LEAST_FOUND and right >= LEAST_RIGHT
    print(f"{'met   ' if is_met else 'MISSED'} {LEAST_FOUND} found, {LEAST_RIGHT} right")
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
