"""Score what stands in the margins of a page, and tables side by side.

Points of questions, notes, headings and numbers of lines beside the text, pairs of tables, tables
below a letter's blocks, a letter's subject: eight pages of each, set from numbers; eight more
(``--heldout``), in other type, languages, words, marks and sides, nobody tunes on. Counted are
texts that stand whole, with what belongs to them right behind them (points), or right before or
behind (notes), and the rows of tables. ``--pages`` prints every page, ``--only`` chooses kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from benchmarks.quality import halves, office
from benchmarks.quality.documents import CACHE
from benchmarks.quality.margins_kinds import KINDS, Group, MarginPage, page
from benchmarks.quality.office_sheet import OfficeSheet
from benchmarks.quality.printing import Print, draw

WHOLE = 97  # per cent of a text that are there, one sign behind the other
NEAR = 75  # per cent of a mark or note, which is short
BESIDE = ("notes", "side-heads", "numbers")  # whose paragraphs white parts, or an indent
_INDENT = ", first-line-indent: (amount: 1.5em, all: true)"
_STRESSED = re.compile(r"^#{1,6} +(.+)$|\*\*(.+?)\*\*", re.MULTILINE)
_PAGE = (
    "#set page(width: 21cm, height: auto, margin: (left: {left}cm, right: {right}cm, y: 1.8cm))\n"
    '#set text(font: "{font}", lang: "{language}", size: {size}pt)\n'
    "#set par(justify: {justify}, spacing: {spacing}em{indent})\n"
)


@dataclass(frozen=True, slots=True)
class MarginScan:
    """One page as it was scanned, and what stands on it."""

    kind: str
    page: MarginPage
    path: Path

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


def margin_scans(*, held: bool, only: str = "") -> Iterator[MarginScan]:
    """Yield the pages of every kind, drawing what is not there."""
    settings = halves.settings(held=held)
    for kind in KINDS:
        for how in settings if only in kind else ():
            yield _drawn(kind, how)


def _drawn(kind: str, how: Print) -> MarginScan:
    path = CACHE / "images" / f"margins-{kind}-{how.number}.png"
    one = page(kind, how.number)
    if not path.exists():
        source = _PAGE.format(
            left=one.left, right=one.right, font=how.font, language=one.language, size=one.size,
            justify="true" if how.number % 4 < 2 else "false",
            spacing=(1.2, 0.65)[how.number // halves.AGAIN],
            indent=_INDENT if kind in BESIDE and how.number >= halves.AGAIN else "",
        )  # fmt: skip
        draw(source + "\n\n".join(one.parts), path, how)
    return MarginScan(kind, one, path)


def found(one: MarginPage, text: str) -> tuple[int, int, int, int]:
    """Return how many texts are there, of how many, and how many rows of tables, of how many."""
    rows = office.row_score(OfficeSheet("", "", tuple(one.rows), ()), text)
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    stressed = {office.key(a or b) for a, b in _STRESSED.findall(text)}
    whole = office.key(plain)
    everything = office.key(text)
    groups = sum(
        _is_there(group, everything if group.anywhere else whole, stressed)
        for group in one.groups
    )
    return groups, len(one.groups), rows.rows, rows.of_rows


def _is_there(group: Group, whole: str, stressed: set[str]) -> bool:
    wanted, near = office.key(group.text), office.key(group.near)
    at = fuzz.partial_ratio_alignment(wanted, whole)
    if at is None or at.score < WHOLE:
        return False
    if group.stressed:
        return any(fuzz.ratio(wanted, one) >= WHOLE for one in stressed)
    if not near:
        return True
    start, end = at.dest_start, at.dest_end
    sides = [whole[end : end + len(near)]]
    if not group.after:
        sides.append(whole[max(0, start - len(near)) : start])
    return any(fuzz.ratio(near, side) >= NEAR for side in sides)


def main() -> None:
    """Set, read, lay out, score, print."""
    options = halves.parser("margins", __doc__).parse_args()
    kinds: dict[str, list[tuple[int, int, int, int]]] = {}
    scans = margin_scans(held=options.heldout, only=options.only)
    for scan, text in halves.texts(scans, options):
        one = found(scan.page, text)
        kinds.setdefault(scan.kind, []).append(one)
        kinds.setdefault("**all**", []).append(one)
        if options.pages:
            texts, of_texts, rows, of_rows = one
            print(f"{scan.id:28s} texts {texts} of {of_texts}, rows {rows} of {of_rows}")
    print("| margins, per cent | pages | texts | rows of tables |\n|---|---|---|---|")
    for kind, scores in sorted(kinds.items()):
        texts, of_texts, rows, of_rows = (sum(some) for some in zip(*scores, strict=True))
        told = f"{100 * rows / of_rows:.1f}" if of_rows else ""
        print(f"| {kind} | {len(scores)} | {100 * texts / max(1, of_texts):.1f} | {told} |")


if __name__ == "__main__":
    main()
