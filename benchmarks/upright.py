"""What turning pages upright costs, and how often it turns them wrongly.

``python -m benchmarks.upright --pages 20`` takes pages of the quality set, clean and degraded by
turns, hands each to the engines' :class:`ocrd.engine.rapidocr.upright.Upright` in all four
directions, and prints milliseconds of one core a page and what was turned wrongly. The set is
fetched if it is not there.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections import defaultdict
from statistics import fmean, median

from PIL import Image

from benchmarks.machine import heading
from benchmarks.quality.documents import pages
from benchmarks.quality.images import Scan, scans
from ocrd.engine.rapidocr.upright import Upright

# Clockwise degrees that the page is turned by -> Pillow's turn, which is counter-clockwise.
_TURNS = {
    0: None,
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def main() -> None:
    """Turn pages and print the table; the exit status says whether all came out upright."""
    parser = argparse.ArgumentParser(prog="benchmarks.upright", description=__doc__)
    parser.add_argument("--pages", type=int, default=20)
    options = parser.parse_args()
    heading("Turning pages upright, one thread")
    chosen = _chosen(options.pages)
    milliseconds: dict[int, list[float]] = defaultdict(list)
    wrong: dict[int, list[str]] = defaultdict(list)
    upright = Upright(1)
    for scan in chosen:
        with Image.open(scan.path) as image:
            page = image.convert("L")
        for clockwise, turn in _TURNS.items():
            turned = page if turn is None else page.transpose(turn)
            before = _cpu_seconds()
            _, rotation = upright.turn(turned)
            milliseconds[clockwise].append(1000 * (_cpu_seconds() - before))
            if (rotation + clockwise) % 360:
                wrong[clockwise].append(f"{scan.id} by {rotation}")
    print("| turned by | pages | CPU ms a page: mean | median | most | wrongly turned |")
    print("|---|---|---|---|---|---|")
    for clockwise, taken in milliseconds.items():
        figures = f"{fmean(taken):.0f} | {median(taken):.0f} | {max(taken):.0f}"
        print(f"| {clockwise} | {len(taken)} | {figures} | {len(wrong[clockwise])} |")
    for clockwise, names in ((turn, names) for turn, names in wrong.items() if names):
        print(f"turned by {clockwise}, wrongly turned back: {', '.join(names)}")
    sys.exit(1 if any(wrong.values()) else 0)


def _chosen(count: int) -> list[Scan]:
    """Return scans of that many pages, clean and degraded by turns."""
    kinds = list(scans(pages("pages"), ("clean", "degraded")))
    clean, degraded = kinds[::2], kinds[1::2]
    step = max(1, len(clean) // count)
    return [
        (clean, degraded)[number % 2][index]
        for number, index in enumerate(range(0, len(clean), step))
    ][:count]


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
