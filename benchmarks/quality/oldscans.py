"""Score typewritten and photocopied pages of the 1980s; the exit status says if the aim is met.

``python -m benchmarks.quality.oldscans`` draws a dozen pages: letters, their second leaves, memos,
a report, a circular, a printout, a page of a book, a carbon copy, a fax; each typed letter by
letter, copied and scanned as such pages are. ``--heldout`` takes a dozen in other words, languages
and typefaces, which nobody tunes on. ``--pages`` prints every page.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import heading
from benchmarks.quality import oldscans_words as words
from benchmarks.quality import printing, report
from benchmarks.quality.documents import CACHE, pages
from benchmarks.quality.lines import recognitions
from benchmarks.quality.marks import typefaces
from benchmarks.quality.oldscans_kinds import KINDS, Typed, book
from benchmarks.quality.oldscans_paper import Copy, copied, printed_by_pins, typewritten
from benchmarks.quality.scoring import Score, Truth, score
from benchmarks.quality.sheets import markdown

MOST_ERRORS = 5.0  # per cent of the characters, in reading order
FACES = {  # package and file
    "Liberation Mono": ("fonts-liberation", "LiberationMono-Regular"),
    "DejaVu Sans Mono": ("fonts-dejavu-core", "DejaVuSansMono"),
    "Special Elite": ("fontsource-special-elite", "special-elite-latin-400-normal"),
    "Courier Prime": ("fontsource-courier-prime", "courier-prime-latin-400-normal"),
    "VT323": ("fontsource-vt323", "vt323-latin-400-normal"),
    "Liberation Mono Bold": ("fonts-liberation", "LiberationMono-Bold"),
    "Liberation Serif Bold": ("fonts-liberation", "LiberationSerif-Bold"),
    "Cutive Mono": ("fontsource-cutive-mono", "cutive-mono-latin-400-normal"),
    "TeX Gyre Cursor": ("fonts-texgyre", "texgyrecursor-regular"),
    "TeX Gyre Cursor Bold": ("fonts-texgyre", "texgyrecursor-bold"),
    "Space Mono": ("fontsource-space-mono", "space-mono-latin-400-normal"),
    "TeX Gyre Heros Bold": ("fonts-texgyre", "texgyreheros-bold"),
}
_BOOK = (
    "#set page(width: 14cm, height: auto, margin: (x: 1.9cm, top: 2.2cm, bottom: 2cm),"
    " header: align(center, text(8.5pt)[{head}]), footer: align(center)[{number}])\n"
    '#set text(font: "{font}", size: 10.5pt, lang: "{language}", hyphenate: true)\n'
    "#set par(justify: true, first-line-indent: 1.2em, spacing: 0.65em)\n"
)


@dataclass(frozen=True, slots=True)
class OldPage:
    """How one page was made; even numbers are tuned on, odd ones held back."""

    number: int
    kind: str
    bank: words.Bank
    face: str
    copy: Copy
    pitch: int = 10  # letters an inch
    spacing: float = 1.0

    @property
    def path(self) -> Path:
        """Where its image lies."""
        return CACHE / "images" / f"oldscan-{self.kind.replace(' ', '-')}-{self.number}.png"


TUNED = (
    OldPage(0, "letter", words.ENGLISH, "Liberation Mono", Copy(holes=True, degrees=0.4)),
    OldPage(2, "letter", words.GERMAN, "Special Elite",
            Copy("bilevel", 300, blur=1.6, level=150, degrees=-0.7, specks=120)),
    OldPage(4, "second leaf", words.ENGLISH, "Courier Prime",
            Copy("bilevel", 300, blur=1.6, level=185, edge=True, degrees=0.3, specks=90), 12),
    OldPage(6, "second leaf", words.GERMAN, "Liberation Mono",
            Copy(uneven=0.3, edge=True, warp=8, degrees=-1.0, grain=10), 10),
    OldPage(8, "memo", words.GERMAN, "Courier Prime",
            Copy("bilevel", 300, level=160, holes=True, specks=200, degrees=0.8), 10, 1.5),
    OldPage(10, "memo", words.ENGLISH, "Special Elite", Copy(blur=1.4, ink=90, degrees=-0.3), 12),
    OldPage(12, "report", words.ENGLISH, "DejaVu Sans Mono",
            Copy("bilevel", 300, blur=1.3, level=160, degrees=0.5, holes=True), 12, 1.5),
    OldPage(14, "circular", words.GERMAN, "Liberation Mono Bold",
            Copy(ink=70, paper=215, uneven=0.35, broaden=1, blur=1.7, grain=14, degrees=0.6)),
    OldPage(16, "printout", words.ENGLISH, "VT323", Copy(degrees=-0.4, ink=60)),
    OldPage(18, "book", words.GERMAN, "Liberation Serif",
            Copy("bilevel", 300, blur=1.3, level=140, edge=True, warp=10, degrees=-0.6)),
    OldPage(20, "carbon", words.ENGLISH, "Courier Prime",
            Copy(broaden=2, blur=2.4, ink=85, paper=205, grain=10, uneven=0.2, degrees=0.7)),
    OldPage(22, "fax", words.GERMAN, "Liberation Mono",
            Copy("fax", broaden=1, blur=1.0, level=165, degrees=0.4, warp=2, specks=60)),
)  # fmt: skip
HELD = (
    OldPage(1, "letter", words.ENGLISH_HELD, "TeX Gyre Cursor Bold",
            Copy("bilevel", 300, blur=1.6, level=150, holes=True, degrees=0.9, specks=150)),
    OldPage(3, "letter", words.FRENCH, "Cutive Mono", Copy(ink=75, uneven=0.2, degrees=-0.5), 12),
    OldPage(5, "second leaf", words.SPANISH, "TeX Gyre Cursor Bold",
            Copy(edge=True, degrees=0.8, warp=7, paper=220, grain=9)),
    OldPage(7, "second leaf", words.ENGLISH_HELD, "Space Mono",
            Copy("bilevel", 300, blur=1.5, level=180, degrees=-0.4, specks=100), 10, 1.5),
    OldPage(9, "memo", words.FRENCH, "TeX Gyre Cursor Bold",
            Copy("bilevel", 300, level=155, degrees=-0.8, edge=True, specks=180)),
    OldPage(11, "memo", words.ENGLISH_HELD, "Cutive Mono", Copy(holes=True, degrees=0.3), 10, 1.5),
    OldPage(13, "report", words.SPANISH, "Space Mono",
            Copy(ink=60, uneven=0.25, degrees=-0.6, holes=True), 12, 1.5),
    OldPage(15, "circular", words.FRENCH, "Space Mono",
            Copy(ink=80, paper=210, uneven=0.4, broaden=1, blur=1.6, grain=12, degrees=-0.9)),
    OldPage(17, "printout", words.SPANISH, "Space Mono",
            Copy("bilevel", 300, degrees=0.5, level=140)),
    OldPage(19, "book", words.ENGLISH_HELD, "TeX Gyre Schola",
            Copy(edge=True, warp=12, uneven=0.25, blur=1.1, degrees=0.7)),
    OldPage(21, "carbon", words.SPANISH, "Cutive Mono",
            Copy(broaden=3, blur=2.2, ink=95, paper=210, grain=11, uneven=0.2, degrees=-0.4)),
    OldPage(23, "fax", words.ENGLISH_HELD, "TeX Gyre Cursor Bold",
            Copy("fax", blur=1.0, level=165, degrees=-0.5, warp=2, specks=80)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OldScan:
    """One page as it was scanned, and what stands on it."""

    kind: str
    path: Path
    truth: Truth


def typed(old: OldPage) -> tuple[Typed, str]:
    """Return what is typed on a page; of a book's what Typst sets, too."""
    page = Typed(old.bank, random.Random(f"oldscan-{old.number}"), old.spacing)
    source = KINDS[old.kind](page)
    return page, source if isinstance(source, str) else ""


def truth(page: Typed, old: OldPage) -> Truth:
    """Return what stands on a page. What is a heading in a letter, nobody can say: not asked."""
    heads = tuple(page.headings) or None
    said = [old.bank.firm, *page.said] if KINDS[old.kind] is book else page.said
    return Truth("\n\n".join(said), tuple(page.tables) or None, heads)


def old_scans(some: Sequence[OldPage]) -> Iterator[OldScan]:
    """Yield pages, drawing what is not there."""
    for old in some:
        page, source = typed(old)
        if not old.path.exists():
            _draw(old, page, source)
        yield OldScan(old.kind, old.path, truth(page, old))


def _draw(old: OldPage, page: Typed, source: str) -> None:
    pages("pages")  # fetches the typefaces
    old.path.parent.mkdir(parents=True, exist_ok=True)
    if source:
        image = _book(old, source)
    elif old.kind == "printout":
        image = printed_by_pins(page, typefaces.path(*FACES[old.face]))
    else:
        head = FACES[("Liberation Serif Bold", "TeX Gyre Heros Bold")[old.number % 2]]
        faces = typefaces.path(*FACES[old.face]), typefaces.path(*head)
        image = typewritten(page, *faces, old.pitch, page.chance)
    copied(image, old.copy, np.random.default_rng(old.number)).save(old.path)


def _book(old: OldPage, source: str) -> Image.Image:
    setting = _BOOK.format(
        head=old.bank.firm, number=40 + old.number, font=old.face, language=old.bank.language
    )
    package = FACES["TeX Gyre Cursor"][0]
    typefaces.path(*FACES["TeX Gyre Cursor"])  # fetches its package
    return printing.typeset(setting + source, old.path, 300, [package])


def verdict(scores: Sequence[Score]) -> bool:
    """Print whether the aim is met on all pages, and return it."""
    order = report.ORDER(scores)
    good = order is not None and order <= MOST_ERRORS
    print(f"{'met   ' if good else 'MISSED'} CER, old scans: {report.shown(order)}, at most"
          f" {MOST_ERRORS:.0f}")  # fmt: skip
    return good


def main() -> None:
    """Draw, read, lay out, score, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.oldscans", description=__doc__)
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--out", type=Path, default=CACHE / "markdown")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    heading("Typewritten and photocopied pages of the 1980s")
    kinds: dict[str, list[Score]] = {}
    scans = old_scans(HELD if options.heldout else TUNED)
    for scan, read in recognitions(scans, seconds=1e9, stale=options.stale):
        text = markdown(read)
        (options.out / f"{scan.path.stem}.md").write_text(text)
        one = score(scan.truth, text)
        kinds.setdefault(scan.kind, []).append(one)
        if options.pages:
            print(
                f"{scan.path.stem:24s} CER {100 * one.order:5.1f}"
                f" bCER {100 * one.characters:5.1f} WR {100 * one.recall:5.1f}"
                f" heads {one.headings or ''}"
            )
    figures = (
        ("CER", report.ORDER), ("bCER", report.CHARACTERS), ("WR", report.RECALL),
        ("table F1", report.TABLE), ("heads found", report.HEADINGS_FOUND),
        ("heads right", report.HEADINGS_RIGHT),
    )  # fmt: skip
    print("| old scans, per cent | pages | " + " | ".join(name for name, _ in figures) + " |")
    print("|---" * (len(figures) + 2) + "|")
    everything = [one for scores in kinds.values() for one in scores]
    for name, scores in [*sorted(kinds.items()), ("**all**", everything)]:
        told = " | ".join(report.shown(figure(scores)) for _, figure in figures)
        print(f"| {name} | {len(scores)} | {told} |")
    sys.exit(0 if verdict(everything) else 1)


if __name__ == "__main__":
    main()
