"""Many small documents through the real daemon: the last thousand has to be as quick and light.

A scripted engine answers at once, so that all the work is the daemon's own. Nine documents of ten
are filed away, the tenth is in a folder that keeps its sources. The ledger forgets finished
documents after ``--keep-jobs`` seconds, so that what it should forget is forgotten meanwhile.
The exit code is 1 where a limit was passed.
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import median

import psutil

from benchmarks.machine import heading
from tests.installation import ROOT, Installation, eventually

# A thousand documents may cost so much more than the thousand before, on average.
DAEMON_KB = 400.0
CHILDREN_KB = 1500.0  # of all children together: those that draw are replaced now and then
DESCRIPTORS = 0.5
SLOWER = 1.35  # the last third's seconds over those of the first third after the warm-up
WAL_BYTES = 24 << 20
LEFTOVERS = 0
KEPT_SHARE = 10  # every tenth document is kept
WARM_UP = 0.2  # of the samples

# The daemon, which looks for what to forget more often than once an hour.
DAEMON = (
    "import sys; from ocrd.ledger import retention; from ocrd.cli import main\n"
    "retention.FIRST_SECONDS = retention.INTERVAL_SECONDS = float(sys.argv.pop(1))\n"
    "sys.argv[0] = 'ocrd'; main()"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured when another chunk of documents was done."""

    documents: int
    seconds: float  # for the chunk
    daemon_kb: float
    children_kb: float
    descriptors: int
    ledger_bytes: int
    wal_bytes: int


class LongRun(Installation):
    """A daemon that gets chunk after chunk."""

    def __init__(self, root: Path, keep_jobs: float) -> None:
        super().__init__(root)
        self.kept = root / "kept"
        self.kept.mkdir()
        self.configure(
            'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ncapacity = 4',
            top=f'keep_jobs = "{keep_jobs:g}s"\nlog_level = "warning"',
            more=f'[[inbox]]\npath = "{self.kept}"\nsource = "keep"\nsettle = "200ms"'
            '\nscan_interval = "1s"',
        )

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None) -> None:
        """Start the daemon, and wait until it answers."""
        start_forgetful(self)

    def samples(self, documents: int, chunk: int) -> Iterator[Sample]:
        """Drop the documents, a chunk at a time, and yield a sample after each."""
        for first in range(0, documents, chunk):
            numbers = range(first, min(first + chunk, documents))
            began = time.monotonic()
            for number in numbers:
                folder = self.inbox if number % KEPT_SHARE else self.kept
                part = folder / f".{number:06}.part"
                part.write_bytes(tiny_image(number))
                part.rename(folder / f"{number:06}.png")
            eventually(
                partial(self._are_done, numbers), 60 + 2.0 * chunk, f"chunk at {first}",
                interval=0.2,
            )
            yield self._sample(numbers[-1] + 1, time.monotonic() - began)

    def _are_done(self, numbers: range) -> bool:
        filed = len(list(self.done.glob("*.md"))) if self.done.exists() else 0
        kept = len(list(self.kept.glob("*.md")))
        return filed + kept >= numbers[-1] + 1 and not self.status().get("working")

    def _sample(self, documents: int, seconds: float) -> Sample:
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        children = 0
        for child in process.children(recursive=True):
            with suppress(psutil.Error):
                children += child.memory_info().rss
        ledger = self.root / "state" / "ledger.sqlite3"
        log = Path(f"{ledger}-wal")
        return Sample(
            documents, seconds, process.memory_info().rss / 1024, children / 1024,
            process.num_fds(), ledger.stat().st_size, log.stat().st_size if log.exists() else 0,
        )  # fmt: skip

    def leftovers(self) -> list[str]:
        """Return what should not be there once all is done and the daemon has stopped."""
        places = (self.inbox, self.done, self.failed, self.kept, self.root / "state" / "tmp")
        found = [
            str(path) for place in places if place.exists() for path in place.iterdir()
            if path.name.startswith(".ocrd") and path.name != ".ocrd-owner"
        ]
        found += [str(path) for path in self.inbox.glob("*.png")]
        found += [str(path) for path in (self.root / "state" / "tmp").iterdir()]
        found += [str(path) for path in self.failed.glob("*")]
        return found


def start_forgetful(installation: Installation, interval_seconds: float = 5.0) -> None:
    """Start a daemon that forgets so often, and wait until it answers."""
    with installation.log.open("a") as log:
        installation.process = subprocess.Popen(
            [sys.executable, "-c", DAEMON, str(interval_seconds), "run", "--config",
             str(installation.config)],
            cwd=ROOT, stdout=log, stderr=log, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    eventually(
        lambda: installation.is_up() or installation.process_ended(), 30, "the daemon is up"
    )


def tiny_image(number: int) -> bytes:
    """Return a small PNG with some dark strokes, of a content of its own."""
    width, height = 120, 40
    rows = bytearray()
    for row in range(height):
        line = bytearray(b"\xff" * width)
        if 10 <= row < 30:
            for stroke in range(10, 110, 8):
                line[stroke : stroke + 2] = b"\x00\x00"
        rows += b"\x00" + line
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    text = b"Number\x00" + str(number).encode("ascii")
    content = zlib.compress(bytes(rows))
    chunks = ((b"IHDR", header), (b"tEXt", text), (b"IDAT", content), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def slope(samples: Sequence[Sample], field: str) -> float:
    """Return how much a figure grows in a thousand documents.

    The median of the slopes between any two samples (Theil and Sen): a child that was replaced
    just before one of them does not count.
    """
    points = [(sample.documents / 1000, float(getattr(sample, field))) for sample in samples]
    return median(
        (grown - size) / (later - at) for (at, size), (later, grown) in combinations(points, 2)
    )


def slowdown(samples: Sequence[Sample]) -> float:
    """Return the seconds of the last third over those of the first."""
    third = max(1, len(samples) // 3)
    first = sorted(sample.seconds for sample in samples[:third])
    last = sorted(sample.seconds for sample in samples[-third:])
    return last[len(last) // 2] / first[len(first) // 2]


def verdict(
    samples: Sequence[Sample], leftovers: Sequence[str], *, daemon_kb: float = DAEMON_KB
) -> list[str]:
    """Return which limits were passed; empty if all is well."""
    warm = samples[int(len(samples) * WARM_UP) :]
    figures = (
        ("daemon's memory, KB per 1,000 documents", slope(warm, "daemon_kb"), daemon_kb),
        ("children's memory, KB per 1,000", slope(warm, "children_kb"), CHILDREN_KB),
        ("descriptors per 1,000", slope(warm, "descriptors"), DESCRIPTORS),
        ("last third's time over the first's", slowdown(warm), SLOWER),
        ("write-ahead log, bytes", max(sample.wal_bytes for sample in samples), WAL_BYTES),
        ("leftovers", len(leftovers), LEFTOVERS),
    )
    for name, value, limit in figures:
        print(f"  {name:42} {value:12.2f}   limit {limit:g}")
    return [f"{name}: {value:.2f} > {limit:g}" for name, value, limit in figures if value > limit]


def main() -> None:
    """Measure, print, and exit 1 where a limit was passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--chunk", type=int, default=1000)
    parser.add_argument("--keep-jobs", type=float, default=120.0, help="seconds")
    arguments = parser.parse_args()
    heading(f"Long run: {arguments.documents} documents, {arguments.chunk} at a time")
    print("  documents  docs/s  daemon KB  children KB  descriptors  ledger KB  log KB", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        run = LongRun(Path(scratch), arguments.keep_jobs)
        run.start()
        samples = []
        try:
            for one in run.samples(arguments.documents, arguments.chunk):
                samples.append(one)
                print(
                    f"  {one.documents:9}  {arguments.chunk / one.seconds:6.1f}"
                    f"  {one.daemon_kb:9.0f}  {one.children_kb:11.0f}  {one.descriptors:11}"
                    f"  {one.ledger_bytes / 1024:9.0f}  {one.wal_bytes / 1024:6.0f}", flush=True,
                )  # fmt: skip
        finally:
            run.stop()
        passed = verdict(samples, run.leftovers())
    for each in passed:
        print(f"  PASSED A LIMIT: {each}")
    sys.exit(1 if passed else 0)


if __name__ == "__main__":
    main()
