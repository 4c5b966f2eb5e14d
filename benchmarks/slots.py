"""How the embedded engine shares the cores among pages, and at which size it reads best.

``python -m benchmarks.slots`` compares arrangements of the same number of cores, round about round
so that a busy machine slows all of them alike, and prints each as a ratio to the first:
pages a second with all slots busy, seconds for a page alone, and the process's memory.
``python -m benchmarks.slots --sizes`` compares sizes of the drawn page by word recall and time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RESOURCES = Path(__file__).parents[1] / "tests" / "resources"
SCANS = (("c02-22.pdf", 0), ("epson.pdf", 0), ("francais.pdf", 0), ("multipage.pdf", 4))
SIDES = (1754, 2339, 2924, 3508)  # A4 at 150, 200, 250, 300 dpi


def arrangements(cores: int) -> dict[str, tuple[int, int, int, int]]:
    """Return slots, lanes, spread, threads by name; the first is the measure of the others."""
    return {
        f"1 page, {cores} threads a run": (1, 1, 1, cores),
        f"{cores} pages, each its own thread": (cores, cores, 1, 1),
        f"{cores} pages, {cores} lanes shared": (cores, cores, cores, 1),
        f"{cores + 1} pages, {cores} lanes shared": (cores + 1, cores, cores, 1),
        f"1 page, {cores} lanes": (1, cores, cores, 1),
    }


def draw_scans(folder: Path, side: int) -> list[Path]:
    """Draw the scanned pages with that longest side."""
    import pymupdf

    paths = []
    for name, number in SCANS:
        with pymupdf.open(RESOURCES / name) as document:
            page = document[number]
            zoom = side / max(page.rect.width, page.rect.height)
            path = folder / f"{name}-{number}-{side}.pgm"
            matrix = pymupdf.Matrix(zoom, zoom)
            page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY).save(path)
            paths.append(path)
    return paths


def run_arrangement(share: tuple[int, int, int, int], paths: list[Path]) -> dict[str, float]:
    """Load an engine in this process and measure it."""
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr.engine import RapidOcr, Share

    engine = RapidOcr(Share(*share))

    def seconds(path: Path) -> float:
        return engine.recognise(Recognise(0, str(path)), lambda _: None).seconds

    alone = [seconds(path) for path in paths]
    started = time.perf_counter()
    with ThreadPoolExecutor(share[0]) as slots:
        busy = list(slots.map(seconds, paths * 2))
    wall = time.perf_counter() - started
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return {
        "pages_per_second": len(busy) / wall,
        "alone_seconds": statistics.mean(alone),
        "busy_seconds": statistics.mean(busy),
        "peak_mib": int(peak.split()[1]) / 1024,
    }


def compare_arrangements(rounds: int, side: int) -> None:
    """Measure every arrangement in a fresh process, ``rounds`` times in turn, and print ratios."""
    cores = len(os.sched_getaffinity(0))
    results: dict[str, list[dict[str, float]]] = {name: [] for name in arrangements(cores)}
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in draw_scans(Path(folder), side)]
        for _ in range(rounds):
            for name, share in arrangements(cores).items():
                task = json.dumps({"share": share, "paths": paths})
                command = [sys.executable, "-m", "benchmarks.slots", "--one", task]
                answer = subprocess.run(command, check=True, capture_output=True, text=True)
                results[name].append(json.loads(answer.stdout))
    print(f"{platform.machine()}, {cores} cores, {rounds} rounds, longest side {side}")
    print(f"{'arrangement':34} {'pages/s':>14} {'alone s':>14} {'busy s':>8} {'peak MiB':>9}")
    first: dict[str, float] = {}
    for name, rows in results.items():
        median = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        first = first or median
        speed, alone = median["pages_per_second"], median["alone_seconds"]
        print(
            f"{name:34} {speed:6.3f} ({speed / first['pages_per_second']:.2f}x)"
            f" {alone:6.2f} ({alone / first['alone_seconds']:.2f}x)"
            f" {median['busy_seconds']:8.2f} {median['peak_mib']:9.0f}"
        )


TEXT = (
    "Invoice 2041 of 17 March: forty-two reams of paper, 80 g/m2, at 3.85 each, delivered to "
    "Quai du Rhône 9. Please quote VX-7731-Q and pay 161.70 within thirty days; the account is "
    "CH93 0076 2011 6238 5295 7. Späte Zahlungen kosten 5 %. Jürgen Weiß verified the goods. "
)


def draw_text(folder: Path, side: int, points: float, *, dirty: bool) -> tuple[Path, str]:
    """Draw an A4 page of known text in that type size; dirty is a noisy, slightly soft scan."""
    import numpy as np
    import pymupdf
    from PIL import Image, ImageFilter

    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        text = TEXT * max(1, round(180 / points**1.4))
        font = "tiro" if points < 9 else "helv"
        page.insert_textbox((60, 60, 535, 800), text, fontsize=points, fontname=font)
        zoom = side / 842
        pixmap = page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csGRAY)
        written = page.get_text()
    image = Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)
    if dirty:
        # A blur of fixed size on paper, so that a finer drawing cannot invent detail.
        image = image.filter(ImageFilter.GaussianBlur(0.7 * side / 2339)).rotate(0.6, fillcolor=255)
        noise = np.random.default_rng(7).normal(0, 18, (pixmap.height, pixmap.width))
        image = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
    path = folder / f"text-{points}-{side}-{dirty}.pgm"
    image.save(path)
    return path, written


def recall(expected: str, lines: Iterable[str]) -> float:
    """Return the share of the expected words that were read, regardless of order."""
    wanted, found = Counter(expected.split()), Counter(" ".join(lines).split())
    return sum((wanted & found).values()) / sum(wanted.values())


def compare_sizes() -> None:
    """Print word recall and time for every size of the drawn page."""
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr.engine import RapidOcr, Share

    cores = len(os.sched_getaffinity(0))
    engine = RapidOcr(Share.of("auto", "auto", cores))
    kinds = [(points, dirty) for points in (6.0, 8.0, 10.0, 12.0) for dirty in (False, True)]
    print(f"{platform.machine()}, {cores} cores; word recall in % by type size, ' is a dirty scan")
    heads = " ".join(f"{points:g}{dirty * chr(39):1}".rjust(6) for points, dirty in kinds)
    print(f"{'side':>5} {heads} {'s/page':>7} {'scans s':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            cells, seconds = [], []
            for points, dirty in kinds:
                path, text = draw_text(Path(folder), side, points, dirty=dirty)
                read = engine.recognise(Recognise(0, str(path)), lambda _: None)
                cells.append(f"{100 * recall(text, (line.text for line in read.lines)):6.1f}")
                seconds.append(read.seconds)
            scans = [
                engine.recognise(Recognise(0, str(path)), lambda _: None).seconds
                for path in draw_scans(Path(folder), side)
            ]
            mean = statistics.mean
            print(f"{side:5} {' '.join(cells)} {mean(seconds):7.2f} {mean(scans):8.2f}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=2339)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        task: dict[str, Any] = json.loads(options.one)
        print(json.dumps(run_arrangement(task["share"], [Path(path) for path in task["paths"]])))
    elif options.sizes:
        compare_sizes()
    else:
        compare_arrangements(options.rounds, options.side)


if __name__ == "__main__":
    main()
