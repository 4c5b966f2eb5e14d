"""What measuring the type, finding rules and laying out cost a page, in processor time.

On the clean pages whose lines are kept; ``make quality`` reads them.
"""

from __future__ import annotations

import time
from statistics import fmean

from benchmarks.machine import heading
from benchmarks.quality.documents import pages
from benchmarks.quality.images import scans
from benchmarks.quality.lines import recognitions
from ocrd.engine.rapidocr import ink, strips
from ocrd.layout import layout


def main() -> None:
    """Print the means over the pages."""
    heading("Type, rules and layout, a page")
    costs: list[tuple[float, float, float, int]] = []
    for scan, read in recognitions(scans(pages("pages"), ["clean"]), seconds=0, stale=True):
        page = strips.load(str(scan.path))
        cut = [(strips.strip(page, line.quad), line.text) for line in read.lines]
        start = time.process_time()
        for strip, text in cut:
            ink.typeface(strip, text)
        typed = time.process_time()
        ink.rules(page, [line.quad for line in read.lines])
        ruled = time.process_time()
        layout.blocks(read.lines, read.width, read.height, read.rules, read.pictures)
        laid_out = time.process_time()
        costs.append((typed - start, ruled - typed, laid_out - ruled, len(cut)))
    faces, rules, layouts, lines = map(fmean, zip(*costs, strict=True))
    print(f"{len(costs)} pages of {lines:.0f} lines; milliseconds of processor time a page:")
    print(f"  type {1000 * faces:.0f} ({1000 * faces / lines:.2f} a line)")
    print(f"  rules {1000 * rules:.0f}, layout {1000 * layouts:.0f}")


if __name__ == "__main__":
    main()
