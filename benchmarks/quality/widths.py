"""How lines are best shown to the network that reads them: width, bits, the rule on spaces.

``python -m benchmarks.quality.widths --pages 12`` finds the lines of some clean and degraded pages
once and reads them at several widths, with the rule and without, and with the network in 32 bits
and in 8 (where the processor is quick at it), line by line in turn, so that a busy machine slows
all alike; ``--network FILE`` is one more, and ``--heldout`` takes pages that nobody tunes on. It
prints word recall and character error of the bare lines against the truth (running heads included,
so read the differences), and milliseconds of one core a line.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

from benchmarks.machine import heading
from benchmarks.quality.documents import pages
from benchmarks.quality.images import Scan, scans
from benchmarks.quality.scoring import bags, characters, normalised
from benchmarks.quality.truth import truth
from ocrd.engine.rapidocr import engine, legibility, networks, recognition, spelling, strips

# Name -> share of the width, whether doubtful spaces are judged, and the network.
VARIANTS = {
    "full width": (1.0, True, "float32"),
    "0.9": (0.9, True, "float32"),
    "0.9, 8 bits": (0.9, True, "auto"),
    "0.9, 8 bits, spaces as the network says": (0.9, False, "auto"),
    "0.8": (0.8, True, "float32"),
    "0.8, 8 bits": (0.8, True, "auto"),
    "0.7": (0.7, True, "float32"),
}


def main() -> None:
    """Read the lines in every way and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.widths", description=__doc__)
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--network", type=Path)
    parser.add_argument("--heldout", action="store_true")
    options = parser.parse_args()
    heading("Lines shown at several widths")
    chosen = []
    for kind in ("clean", "degraded"):
        chosen_set = pages("heldout" if options.heldout else "pages")
        every, count = list(scans(chosen_set, (kind,))), max(1, options.pages // 2)
        chosen += every[:: max(1, len(every) // count)][:count]
    engines = {
        dtype: engine.load({"slots": 1, "threads": 1, "dtype": dtype})
        for dtype in ("float32", "auto")
    }
    if options.network:
        VARIANTS["0.9, the network named"] = (0.9, True, "named")
        reader = engine.load({"slots": 1, "threads": 1})
        reader._recogniser = networks.recogniser(options.network, 1)
        engines["named"] = reader
    recalls: dict[tuple[str, str], list[float]] = {}
    errors: dict[tuple[str, str], list[float]] = {}
    seconds = dict.fromkeys(VARIANTS, 0.0)
    lines = 0
    for scan in chosen:
        texts, count = _read(engines, scan, seconds)
        lines += count
        expected = normalised(truth(scan.page).text)
        for name, text in texts.items():
            found = normalised(text)
            recalls.setdefault((name, scan.kind), []).append(bags(expected, found)[0])
            errors.setdefault((name, scan.kind), []).append(characters(expected, found))
    print(f"{len(chosen)} pages, {lines} lines")
    print("| width | WR clean | bCER clean | WR degraded | bCER degraded | CPU ms a line |")
    print("|---|---|---|---|---|---|")
    for name, taken in seconds.items():
        cells = [
            f"{100 * fmean(figures[name, kind]):.2f}" if (name, kind) in figures else ""
            for kind in ("clean", "degraded")
            for figures in (recalls, errors)
        ]
        print(f"| {name} | {' | '.join(cells)} | {1000 * taken / max(1, lines):.1f} |")


def _read(
    engines: dict[str, engine.RapidOcr], scan: Scan, seconds: dict[str, float]
) -> tuple[dict[str, str], int]:
    """Return the page's lines as read in every way, and their number."""
    page = strips.load(str(scan.path))
    quads = engines["auto"].detect(page)
    texts = dict.fromkeys(VARIANTS, "")
    for quad in quads:
        for name, (share, judged, dtype) in VARIANTS.items():
            with _tuned(share, judged=judged):
                before = _cpu_seconds()
                text, score = engines[dtype].read(page, quad)
                seconds[name] += _cpu_seconds() - before
            if score >= legibility.MIN_CONFIDENCE:
                texts[name] += text + "\n"
    return texts, len(quads)


@contextmanager
def _tuned(share: float, *, judged: bool) -> Iterator[None]:
    before = recognition.SQUEEZE, spelling._SURE_SPACE, spelling._LOST_SPACE
    recognition.SQUEEZE = share
    if not judged:
        spelling._SURE_SPACE, spelling._LOST_SPACE = 0.0, 2.0
    try:
        yield
    finally:
        recognition.SQUEEZE, spelling._SURE_SPACE, spelling._LOST_SPACE = before


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
