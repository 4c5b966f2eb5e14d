"""Score what stands side by side on office papers, or below a fill that is no rule.

Ruled tables whose head stands on a fill, short words in rows without rules, labels beside their
values, blocks of lines beside each other, pages of an index: eight papers of each, set from
numbers; eight more (``--heldout``), in other type, words, languages and widths, nobody tunes on.
Counted are the rows of tables, their heads too, and texts that stand whole outside of them; a
label with its value may be a row or a text. ``--pages`` prints every page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.quality import halves, office
from benchmarks.quality.documents import CACHE
from benchmarks.quality.office import OfficeScan, RowScore
from benchmarks.quality.office_sheet import OfficeSheet
from benchmarks.quality.papers_kinds import KINDS, paper
from benchmarks.quality.printing import Print, draw

_PAGE = (
    '#set page("a4", margin: {margin}cm)\n'
    '#set text(font: "{font}", lang: "en", hyphenate: false)\n'
)


def papers(*, held: bool, only: str = "") -> Iterator[OfficeScan]:
    """Yield the papers of every kind, drawing what is not there."""
    settings = halves.settings(held=held)
    for kind in KINDS:
        for how in settings if only in kind else ():
            yield _drawn(kind, how)


def _drawn(kind: str, how: Print) -> OfficeScan:
    path = CACHE / "images" / f"paper-{kind}-{how.number}.png"
    one = paper(kind, how.number)
    if not path.exists():
        margin = (1.6, 2.0, 2.4)[how.number % 3]
        draw(_PAGE.format(font=how.font, margin=margin) + one.source, path, how)
    return OfficeScan(one, how.number, path)


def _score(one: OfficeSheet, markdown: str) -> RowScore:
    """Return what is there of a paper; a label's value may stand behind it in a text, too."""
    if one.kind != "labels":
        return office.row_score(one, markdown)
    alone = [replace(one, rows=(row,), around=(" ".join(row),)) for row in one.rows]
    scores = [office.row_score(each, markdown) for each in alone]
    return RowScore(sum(bool(s.rows or s.around) for s in scores), len(scores), 0, 0)


def main() -> None:
    """Set, read, lay out, score, print."""
    options = halves.parser("papers", __doc__).parse_args()
    results: list[tuple[OfficeScan, RowScore]] = []
    scans = papers(held=options.heldout, only=options.only)
    for scan, text in halves.texts(scans, options):
        one = _score(scan.sheet, text)
        results.append((scan, one))
        if options.pages:
            print(f"{scan.id:24s} {one.rows} of {one.of_rows}, {one.around} of {one.of_around}")
    office.print_rows(results)


if __name__ == "__main__":
    main()
