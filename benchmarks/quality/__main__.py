"""Score the embedded engine's Markdown; the exit status says whether every target is met.

``--makers`` takes pages of other makers than Debian's documentation, ``--quick`` a few clean pages,
``--heldout`` the sets that nobody tunes on, ``--further N`` up to N more pages of each of its
documents, which nobody chose. ``--pages`` prints every page,
``--kinds clean,degraded,turned`` and ``--only PART`` choose, ``--without PART`` leaves pages out,
``--within`` reads each page within its document, with two pages on each side. ``--thorough``
degrades each page in every way, ``--seconds`` bounds the reading (the rest is read by the next
run), ``--stale`` takes lines of an earlier engine, ``--dtype float32`` is the engine's key,
``--out DIR`` takes the Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import heading
from benchmarks.quality import newspapers, office, printing, report, within
from benchmarks.quality.documents import CACHE, further, pages
from benchmarks.quality.images import Scan, scans
from benchmarks.quality.lines import recognitions
from benchmarks.quality.scoring import score
from benchmarks.quality.sheets import markdown
from benchmarks.quality.truth import truth

QUICK = 8


def main() -> None:
    """Read, lay out, score, print."""
    options = _options()
    heading("Markdown of the embedded engine, against the truth of born-digital pages")
    name = _set(options)
    chosen = further(name, options.further) if options.further else pages(name)
    some = [page for page in chosen if options.only in page.id]
    if options.without:
        some = [page for page in some if options.without not in page.id]
    if options.quick:
        some = some[:: max(1, len(some) // QUICK)]
    kinds = ["clean"] if options.quick or options.within else options.kinds.split(",")
    truths = {
        page.id: truth(page, within=options.within and within.has_neighbours(page))
        for page in some
    }
    # Which variants a page has follows from its place in the whole set.
    wanted = [
        scan for scan in scans(chosen, kinds, thorough=options.thorough) if scan.page.id in truths
    ]
    results = []
    options.out.mkdir(parents=True, exist_ok=True)
    for scan, recognition in recognitions(
        wanted, seconds=options.seconds, stale=options.stale, dtype=options.dtype
    ):
        text = _within(scan, options) if options.within else markdown(recognition)
        (options.out / f"{scan.id}.md").write_text(text)
        results.append(report.Result(scan, score(truths[scan.page.id], text)))
    if options.pages:
        report.print_pages(results)
    report.print_table(results)
    sheets, rows = _rows(options)
    missing = len(wanted) - len(results) + len(sheets) - len(rows)
    if missing:
        print(f"{missing} page images are not read yet: run it again.")
    good = report.print_verdict(results, report.MAKERS if options.makers else report.TARGETS)
    good &= not rows or office.print_rows(rows)
    good &= _newspapers(options)
    sys.exit(0 if good and not missing else 1)


def _set(options: argparse.Namespace) -> str:
    if options.makers:
        return "makers_heldout" if options.heldout else "makers"
    return "heldout" if options.heldout or options.further else "pages"


def _newspapers(options: argparse.Namespace) -> bool:
    """Print how newspaper pages are read, if they were asked for; return whether well enough."""
    settings = newspapers.HELD if options.heldout else newspapers.TUNED
    if _are_left_out(options):
        return True
    scans = list(newspapers.newspaper_scans(settings[:1] if options.quick else settings))
    found = []
    for scan, recognition in recognitions(
        scans, seconds=options.seconds, stale=options.stale, dtype=options.dtype
    ):
        text = markdown(recognition)
        (options.out / f"{scan.id}.md").write_text(text)
        found.append((scan, score(scan.truth, text)))
    if len(found) < len(scans):
        print(f"{len(scans) - len(found)} newspaper pages are not read yet: run it again.")
    return not found or (newspapers.print_pages(found) and len(found) == len(scans))


def _are_left_out(options: argparse.Namespace) -> bool:
    """Say whether the pages that are made here by the dozen were not asked for."""
    return bool(options.only or options.further or options.within or options.makers)


def _within(scan: Scan, options: argparse.Namespace) -> str:
    around = scans(within.neighbours(scan.page), ["clean"])
    read = recognitions(around, seconds=1e9, stale=options.stale, dtype=options.dtype)
    return within.markdown(scan.page, [(each.page, found) for each, found in read])


def _rows(
    options: argparse.Namespace,
) -> tuple[list[office.OfficeScan], list[tuple[office.OfficeScan, office.RowScore]]]:
    """Return the office sheets that were asked for, and what is found on those that were read."""
    settings: Sequence[printing.Print] = printing.HELD if options.heldout else printing.TUNED
    if _are_left_out(options):
        settings = ()
    elif options.quick:
        settings = settings[:1]
    sheets = list(office.office_scans(settings))
    found = []
    for scan, recognition in recognitions(
        sheets, seconds=options.seconds, stale=options.stale, dtype=options.dtype
    ):
        text = markdown(recognition)
        (options.out / f"{scan.id}.md").write_text(text)
        found.append((scan, office.row_score(scan.sheet, text)))
    return sheets, found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--makers", action="store_true")
    parser.add_argument("--within", action="store_true")
    parser.add_argument("--further", type=int, default=0, metavar="N")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="")
    parser.add_argument("--kinds", default="clean,degraded,turned")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--dtype", default="auto", choices=("auto", "float32"))
    parser.add_argument("--out", type=Path, default=CACHE / "markdown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
