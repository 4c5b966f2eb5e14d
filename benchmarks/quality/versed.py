"""Score whether lines that their writers ended stay lines, and whether prose is joined.

Poems (stanzas, indented, centred, without capitals, turned over, numbered, beside each other),
songs below their chords, plays, screenplays, addresses, lists of what goes in; and prose in narrow
columns and in letters: four pages of each, set from numbers; four more (``--heldout``), in other
type, languages and measures, nobody tunes on. Counted are the line breaks kept, those of them
within one block, the paragraphs of prose without a break in them, and headings that are none.
``--pages`` prints every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from benchmarks.quality import halves, printing
from benchmarks.quality.documents import CACHE
from benchmarks.quality.printing import draw
from benchmarks.quality.scoring import headings
from benchmarks.quality.versed_kinds import KINDS, VersedPage

NEAR = 2  # letters by which a break may stand off, as letters are misread
_PAGE = (
    "#set page(width: {width}cm, height: auto, margin: 1.8cm)\n"
    '#set text(font: "{font}", lang: "{language}", size: {size}pt)\n'
    "#set par(justify: {justify}, spacing: {spacing}em)\n"
)
_MARKS = re.compile(r"(?m)^\s*(?:#{1,6}\s|[-*]\s|\|)|\\(?=\W)|<[^>]+>|\*\*")

Said = Sequence[tuple[Sequence[str], bool]]


@dataclass(frozen=True, slots=True)
class VersedScan:
    """One page as it was scanned, and what stands on it."""

    kind: str
    path: Path
    said: Said
    heads: tuple[str, ...]
    scenes: tuple[str, ...]  # which may be headings

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Breaks:
    """What was counted on one page."""

    kept: int
    within: int  # of those kept, with no empty line
    lines: int  # breaks that are true
    whole: int
    paragraphs: int  # of prose
    false: int  # headings
    found: int
    heads: int  # true ones


def versed_scans(*, held: bool, only: str = "") -> Iterator[VersedScan]:
    """Yield the pages of every kind, drawing what is not there."""
    for kind, made in KINDS.items():
        for how in printing.HELD if held else printing.TUNED:
            if only not in kind:
                continue
            page = VersedPage(how.number)
            made(page)
            name = kind.replace(", ", "-").replace(" ", "-")
            path = CACHE / "images" / f"versed-{name}-{how.number}.png"
            if not path.exists():
                head = _PAGE.format(
                    font=how.font, language=page.language,
                    width=(21, 14.8, 16, 21)[page.step], size=(11, 10, 10.5, 12)[page.step],
                    justify="true" if page.step % 2 else "false",
                    spacing=(1.2, 1.4, 1.3, 1.6)[page.step],
                )  # fmt: skip
                draw(head + page.setting + "\n\n".join(page.parts), path, how)
            yield VersedScan(kind, path, page.said, tuple(page.heads), tuple(page.scenes))


def count(said: Said, heads: Sequence[str], scenes: Sequence[str], text: str) -> Breaks:
    """Return what is kept of a page's lines in its Markdown."""
    true, found = "", ""
    lines: list[int] = []  # places of true breaks, in letters
    paragraphs: list[tuple[int, int]] = []
    for some, is_prose in said:
        start = len(true)
        for line in some:
            true += _letters(line)
            lines.append(len(true))
        lines.pop()
        if is_prose:
            paragraphs.append((start, len(true)))
    breaks: dict[int, bool] = {}  # in the Markdown, and whether an empty line stands there
    for line in _MARKS.sub(" ", text).split("\n"):
        letters = _letters(line)
        if letters or not breaks:
            found += letters
            breaks[len(found)] = False
        else:
            breaks[max(breaks)] = True
    at = _aligned(true, found)
    places = [_nearest(at[place], breaks) for place in lines]
    whole = sum(
        not any(at[start] + NEAR < place < at[end] - NEAR for place in breaks)
        for start, end in paragraphs
    )
    kept = [place for place in places if place is not None]
    right, true_heads, _, written = headings(heads, text)
    _, _, written_right, _ = headings([*heads, *scenes], text)
    return Breaks(
        len(kept), sum(not breaks[place] for place in kept), len(lines), whole, len(paragraphs),
        written - written_right, right, true_heads,
    )  # fmt: skip


def _letters(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _nearest(place: int, breaks: dict[int, bool]) -> int | None:
    near = [other for other in breaks if abs(other - place) <= NEAR]
    return min(near, key=lambda other: abs(other - place), default=None)


def _aligned(true: str, found: str) -> list[int]:
    """Return for each place in one text the same place in another one."""
    at = [0] * (len(true) + 1)
    for change in Levenshtein.opcodes(true, found):
        for place in range(change.src_start, change.src_end + 1):
            at[place] = min(change.dest_start + place - change.src_start, change.dest_end)
    return at


def main() -> None:
    """Set, read, lay out, count, print."""
    options = halves.parser("versed", __doc__).parse_args()
    kinds: dict[str, list[Breaks]] = {}
    scans = versed_scans(held=options.heldout, only=options.only)
    for scan, text in halves.texts(scans, options):
        one = count(scan.said, scan.heads, scan.scenes, text)
        kinds.setdefault(scan.kind, []).append(one)
        kinds.setdefault("**all**", []).append(one)
        if options.pages:
            print(_row(scan.id, [one]))
    print("| lines, per cent | breaks kept | in one block | prose whole | false headings | found |")
    print("|---" * 6 + "|")
    for name, some in sorted(kinds.items()):
        print(_row(name, some))


def _row(name: str, some: Sequence[Breaks]) -> str:
    kept, lines = sum(one.kept for one in some), sum(one.lines for one in some)
    whole, prose = sum(one.whole for one in some), sum(one.paragraphs for one in some)
    found, heads = sum(one.found for one in some), sum(one.heads for one in some)
    shares = ((kept, lines), (sum(one.within for one in some), lines), (whole, prose))
    told = [f"{100 * part / of:.1f} of {of}" if of else "–" for part, of in shares]
    false = sum(one.false for one in some)
    return f"| {name} | {' | '.join(told)} | {false} | {found} of {heads} |"


if __name__ == "__main__":
    main()
