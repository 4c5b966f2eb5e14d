"""Score pages that mix tables, columns, listings and notes beside the text.

Exams with points at the right margin, heads of two rows, tables in a column, over two of three
columns and beside text, cells of several lines without rules, listings, side columns, price lists
with close heads, newspapers of unlike columns: four pages of each, set from numbers; four more
(``--heldout``), in other type and words, nobody tunes on. ``--more`` takes other settings of the
weakest three kinds, twenty pages of each; nine more of each that are held back are drawn by a maker
of their own. ``--pages`` prints every page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality import halves, mixed_drawn, mixed_more, printing, report
from benchmarks.quality.documents import CACHE
from benchmarks.quality.marks import typefaces
from benchmarks.quality.mixed_kinds import KINDS, MixedPage
from benchmarks.quality.mixed_more import MorePage
from benchmarks.quality.printing import Print, draw
from benchmarks.quality.scoring import Score, Truth, score

_PAGE = (
    "#set page(width: 21cm, height: auto, margin: 1.8cm)\n"
    '#set text(font: "{font}", lang: "{language}", size: {size}pt)\n'
    '#set par(justify: {justify})\n#show raw: set text(font: "{mono}", size: {small}pt)\n'
)


@dataclass(frozen=True, slots=True)
class MixedScan:
    """One page as it was scanned, and what stands on it."""

    kind: str
    path: Path
    truth: Truth

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


def mixed_scans(settings: Sequence[Print], only: str = "") -> Iterator[MixedScan]:
    """Yield the pages of every kind in some settings, drawing what is not there."""
    for kind, made in KINDS.items():
        for how in settings if only in kind else ():
            page = MixedPage(kind, how.number)
            made(page)
            yield _scan(page, kind, how)


def more_scans(only: str = "") -> Iterator[MixedScan]:
    """Yield the pages of other settings, drawing what is not there."""
    for font in mixed_more.FONTS:
        typefaces.path(*font)
    packages = [package for package, _ in mixed_more.FONTS]
    for kind, made in mixed_more.KINDS.items():
        for how in mixed_more.PRINTS if only in kind else ():
            page = MorePage(kind, how.number)
            made(page)
            leading = f"#set par(leading: {page.leading}em)\n"
            yield _scan(page, kind, how, leading, packages)


def drawn_scans(only: str = "") -> Iterator[MixedScan]:
    """Yield the pages that are drawn line by line, drawing what is not there."""
    for kind in mixed_drawn.KINDS:
        for number in mixed_drawn.NUMBERS if only in kind else ():
            path = CACHE / "images" / f"drawn-{kind}-{number}.png"
            yield MixedScan(kind, path, mixed_drawn.drawn(kind, number, path))


def _scan(
    page: MixedPage, kind: str, how: Print, more: str = "", fonts: Sequence[str] = ()
) -> MixedScan:
    path = CACHE / "images" / f"mixed-{kind}-{how.number}.png"
    if not path.exists():
        head = _PAGE.format(
            font=how.font, language=page.language, size=page.size, mono=page.mono,
            small=page.size - 1, justify="true" if how.number % 4 < 2 else "false",
        )  # fmt: skip
        draw(head + more + "\n\n".join(page.parts), path, how, fonts)
    return MixedScan(kind, path, Truth("\n\n".join(page.said), tuple(page.tables) or None))


def main() -> None:
    """Set, read, lay out, score, print."""
    parser = halves.parser("mixed", __doc__)
    parser.add_argument("--more", action="store_true")
    options = parser.parse_args()
    kinds: dict[str, list[Score]] = {}
    if options.more:
        scans = drawn_scans(options.only) if options.heldout else more_scans(options.only)
    else:
        settings = printing.HELD if options.heldout else printing.TUNED
        scans = mixed_scans(settings, options.only)
    for scan, text in halves.texts(scans, options):
        one = score(scan.truth, text)
        kinds.setdefault(scan.kind, []).append(one)
        kinds.setdefault("**all**", []).append(one)
        if options.pages:
            table = report.shown(report.TABLE([one]))
            print(f"{scan.id:24s} CER {100 * one.order:5.1f} WR {100 * one.recall:5.1f} {table}")
    figures = (("CER", report.ORDER), ("WR", report.RECALL), ("table F1", report.TABLE))
    print("| mixed pages, per cent | pages | " + " | ".join(name for name, _ in figures) + " |")
    print("|---" * (len(figures) + 2) + "|")
    for name, scores in sorted(kinds.items()):
        told = " | ".join(report.shown(figure(scores)) for _, figure in figures)
        print(f"| {name} | {len(scores)} | {told} |")


if __name__ == "__main__":
    main()
