"""The embedded engine beside what people would use instead, on the same pages in one run.

``python -m benchmarks.quality.rivals --pages 24`` takes that many page images, evenly out of the
set's clean, degraded and turned ones, lets the readers take turns page by page, so that a busy
machine slows all alike, and prints quality, seconds, processor seconds and peak memory as a table.
Then all cores read at once, in rounds: pages a second. Start-up counts for programs that start for
every page;
the engine of ocrd is warm, as in the daemon.

docling is missing: its layout and table models are downloaded from a hub that no package carries.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean, median

from benchmarks.machine import heading
from benchmarks.quality import report
from benchmarks.quality.documents import pages
from benchmarks.quality.images import Scan, scans
from benchmarks.quality.readers import Ocrd, OcrMyPdf, Reader, Reading, Tesseract, missing
from benchmarks.quality.scoring import Score, score
from benchmarks.quality.truth import truth

KINDS = ("clean", "degraded", "turned")
_PACKAGES = "benchmarks/quality/rivals.sh"


def main() -> None:
    """Read with everyone in turn, then with all cores, and print the tables."""
    options = _options()
    needless = {"ocrmypdf"} if options.quick or options.busy else set()
    if lacking := [program for program in missing() if program not in needless]:
        sys.exit(f"Not installed: {', '.join(lacking)}. As root: {_PACKAGES}")
    heading("The embedded engine beside its rivals, on the same page images")
    chosen = _chosen(options.pages, options.kinds.split(","))
    if not options.busy:
        _one_at_a_time(chosen, quick=options.quick, dtype=options.dtype)
    _print_throughput(chosen, options.rounds, options.dtype)


def _one_at_a_time(chosen: list[Scan], *, quick: bool, dtype: str) -> None:
    """Read each page with everyone in turn; print the tables."""
    ocrd = Ocrd(dtype=dtype)
    readers: list[Reader] = [ocrd, Tesseract(3), Tesseract(1), Tesseract(1, hocr=True)]
    readers += [] if quick else [OcrMyPdf()]
    ocrd.read(chosen[0])  # loads the models
    readings = [[reader.read(scan) for reader in readers] for scan in chosen]
    ocrd.close()
    truths = {scan.page.id: truth(scan.page) for scan in chosen}
    for kind in KINDS:
        of_kind = [index for index, scan in enumerate(chosen) if scan.kind == kind]
        if of_kind:
            print(f"\n{len(of_kind)} {kind} pages, one at a time\n")
            some = [readings[index] for index in of_kind]
            scores = [
                [score(truths[chosen[index].page.id], reading.text) for reading in readings[index]]
                for index in of_kind
            ]
            _print_table(readers, some, scores)


def _chosen(count: int, kinds: Sequence[str]) -> list[Scan]:
    """Return about ``count`` page images, spread over the set."""
    every = list(scans(pages("pages"), kinds))
    step = max(1, round(len(every) / count))
    return every[step // 2 :: step]


def _print_table(
    readers: Sequence[Reader], readings: Sequence[Sequence[Reading]], scores: Sequence[list[Score]]
) -> None:
    names = [name for name, _ in report.COLUMNS]
    print("| | " + " | ".join([*names, "s/page", "of Tesseract", "CPU s/page", "peak MiB"]) + " |")
    print("|---" * (len(names) + 5) + "|")
    base = fmean(row[1].seconds for row in readings)  # Tesseract as it comes
    for column, reader in enumerate(readers):
        own = [row[column] for row in readings]
        seconds = fmean(one.seconds for one in own)
        cells = [report.shown(of([row[column] for row in scores])) for _, of in report.COLUMNS]
        cells += [f"{seconds:.2f}", f"{seconds / base:.2f}"]
        cells += [f"{fmean(one.cpu_seconds for one in own):.2f}"]
        cells += [f"{max(one.peak_mib for one in own):.0f}"]
        print(f"| {reader.name} | {' | '.join(cells)} |")


def _print_throughput(chosen: list[Scan], rounds: int, dtype: str) -> None:
    """Print pages a second with every core at work; the two take turns, the medians count."""
    cores = len(os.sched_getaffinity(0))
    ocrd, tesseract = Ocrd(slots="auto", dtype=dtype), Tesseract(3, threads=1)
    ocrd.read(chosen[0])
    taken = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(rounds):
            started = time.perf_counter()
            ocrd.read_all(chosen)
            between = time.perf_counter()
            list(pool.map(tesseract.read, chosen))
            taken.append((between - started, time.perf_counter() - between))
    ocrd.close()
    print(f"\n{len(chosen)} pages, {cores} cores busy, {rounds} rounds\n")
    print("| | pages/s | of Tesseract's time | least | most |")
    print("|---|---|---|---|---|")
    for column, name in enumerate(("ocrd", f"{cores} x {tesseract.name}")):
        usual = median(times[column] for times in taken)
        ratios = [times[column] / times[1] for times in taken]
        cells = f"{median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f}"
        print(f"| {name} | {len(chosen) / usual:.3f} | {cells} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.quality.rivals", description=__doc__)
    parser.add_argument("--pages", type=int, default=40, help="page images, about")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--quick", action="store_true", help="without OCRmyPDF, the slowest")
    parser.add_argument("--busy", action="store_true", help="only with all cores at work")
    parser.add_argument("--dtype", choices=("auto", "float32"), default="auto", help="ocrd's key")
    parser.add_argument("--rounds", type=int, default=3, help="with all cores at work")
    return parser.parse_args()


if __name__ == "__main__":
    main()
