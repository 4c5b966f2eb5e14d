"""How many places on servers one daemon keeps busy, and what a page costs it.

Simulated servers (``benchmarks.simulated``), 64 places each, a second a page, or ten, as a model on
a GPU takes them with all places taken; the real daemon, ``kind = "openai"``, on letters of a page
and books. Processor time is taken apart: the daemon's own (ledger, filing, scheduling), that of the
worker which has the requests, that of the processes which draw. All is taken between the first
tenth of the pages and the last, so that neither start nor end counts.

The machine is the simulated servers', too; what they take is told, and a server elsewhere would
leave that to the daemon. "Most" is what the cores would do if they had nothing else: the cores'
number by a page's processor time, without the servers'.

Usage: python -m benchmarks.servers [--servers 1 4 16 64] [--seconds 1 10] [--pages 400] [--scans]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from PIL import Image, ImageDraw, ImageFont

from benchmarks.machine import heading
from tests.installation import ROOT, Installation

PLACES = 64
BOOKS_SHARE = 0.25  # of the pages
PAGES_OF_A_BOOK = 25
EDGE = 0.1  # of the pages, at both ends
LIMIT_SECONDS = 300.0
PARTS = ("daemon", "worker", "drawing", "servers")
A4 = (1654, 2339)  # at 200 dpi
SMALL = (620, 877)  # at 75 dpi: what is left is the daemon's own work


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one moment."""

    at: float
    answered: int
    area: float  # busy places times seconds
    used: dict[str, float]  # processor seconds, by part


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one run."""

    pages_per_second: float
    busy: float  # share of the places
    ms: dict[str, float]  # processor time a page, by part
    highest: int  # places that were busy together

    def most(self, cores: int) -> float:
        """Return the pages a second that so many cores would do without the servers on them."""
        own = sum(self.ms[part] for part in PARTS if part != "servers")
        return 1000 * cores / own


class Simulated:
    """The servers' process."""

    def __init__(self, servers: int, seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.simulated", "--servers", str(servers),
             "--places", str(PLACES), "--seconds", str(seconds)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ports: list[int] = json.loads(self.process.stdout.readline())

    def seen(self) -> dict[str, float]:
        """Return what its places saw."""
        address = f"http://127.0.0.1:{self.ports[0]}/seen"
        with urllib.request.urlopen(address, timeout=60) as answer:
            told: dict[str, float] = json.load(answer)
        return told

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


def page(number: int, size: tuple[int, int]) -> Image.Image:
    """Return a page with its number on it: a letter's lines, in grey."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    height = size[1] // 50
    font = ImageFont.load_default(height)
    for row in range(4):
        words = f"Letter {number}" if not row else "Thank you for what you wrote to us."
        draw.text((size[0] // 10, size[1] // 10 + row * 2 * height), words, 0, font)
    return image


def bring(folder: Path, pages: int, size: tuple[int, int]) -> None:
    """Write so many pages: books as TIFF, the others letters as PNG."""
    books = int(pages * BOOKS_SHARE) // PAGES_OF_A_BOOK
    numbers = iter(range(pages))
    for book in range(books):
        first, *others = [page(next(numbers), size) for _ in range(PAGES_OF_A_BOOK)]
        first.save(folder / f"book-{book}.tiff", save_all=True, append_images=others,
                   compression="tiff_deflate")  # fmt: skip
    for number in numbers:
        out = io.BytesIO()
        page(number, size).save(out, "PNG", compress_level=1)
        (folder / f"letter-{number}.png").write_bytes(out.getvalue())


@contextmanager
def watched(servers: Simulated, root: Path) -> Iterator[Installation]:
    """Have a daemon that reads on these servers."""
    daemon = Installation(root)
    urls = ", ".join(
        f'{{ url = "http://127.0.0.1:{port}/v1", places = {PLACES} }}' for port in servers.ports
    )
    daemon.configure(f'kind = "openai"\nurls = [{urls}]', top='log_level = "warning"')
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop(60)


class Meter:
    """The processor time of each part. A process that has ended since keeps what it had."""

    def __init__(self, daemon: Installation, servers: Simulated) -> None:
        assert daemon.process is not None
        self._daemon = psutil.Process(daemon.process.pid)
        self._servers = psutil.Process(servers.process.pid)
        self._parts: dict[psutil.Process, str] = {}  # by process, a number used again told apart
        self._seconds: dict[psutil.Process, float] = {}

    def look(self) -> dict[str, float]:
        """Return the seconds that each part has taken so far."""
        for one in (self._daemon, self._servers, *self._daemon.children(recursive=True)):
            with suppress(psutil.Error):
                if one not in self._parts:
                    self._parts[one] = self._part(one)
                times = one.cpu_times()
                self._seconds[one] = times.user + times.system
        found = dict.fromkeys(PARTS, 0.0)
        for one, seconds in self._seconds.items():
            found[self._parts[one]] += seconds
        return found

    def _part(self, one: psutil.Process) -> str:
        if one == self._daemon:
            return "daemon"
        if one == self._servers:
            return "servers"
        return "worker" if "ocrd.engine.worker" in one.cmdline() else "drawing"


def samples(daemon: Installation, servers: Simulated, pages: int) -> list[Sample]:
    """Watch until all pages are answered."""
    found: list[Sample] = []
    meter = Meter(daemon, servers)
    end = time.monotonic() + LIMIT_SECONDS
    while not found or found[-1].answered < pages:
        seen = servers.seen()
        found.append(Sample(seen["at"], int(seen["answered"]), seen["area"], meter.look()))
        if time.monotonic() > end:
            raise SystemExit(f"not over in {LIMIT_SECONDS:.0f} s\n{daemon.log.read_text()[-3000:]}")
        time.sleep(0.1)
    return found


def measured(servers: int, seconds: float, pages: int, size: tuple[int, int]) -> Found:
    """Run it once."""
    simulated = Simulated(servers, seconds)
    try:
        with tempfile.TemporaryDirectory(prefix="ocrd-servers-") as folder:
            root = Path(folder)
            with watched(simulated, root) as daemon:
                (root / "new").mkdir()
                bring(root / "new", pages, size)
                for path in sorted((root / "new").iterdir()):
                    path.rename(daemon.inbox / path.name)
                found = samples(daemon, simulated, pages)
        highest = int(simulated.seen()["highest"])
    finally:
        simulated.stop()
    first = next(one for one in found if one.answered >= EDGE * pages)
    # The end begins where fewer pages are left than there are places.
    left = max(int(EDGE * pages), min(servers * PLACES, pages // 2))
    last = next(one for one in found if one.answered >= pages - left)
    lasted, read = last.at - first.at, last.answered - first.answered
    return Found(
        read / lasted,
        (last.area - first.area) / lasted / (servers * PLACES),
        {part: 1000 * (last.used[part] - first.used[part]) / read for part in PARTS},
        highest,
    )


def main() -> None:
    """Run what is asked for, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0])
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--scans", action="store_true", help="A4 at 200 dpi, not small pages")
    arguments = parser.parse_args()
    size = A4 if arguments.scans else SMALL
    heading(f"Servers of {PLACES} places; pages of {size[0]} by {size[1]} pixels")
    cores = os.cpu_count() or 1
    print("  servers  s/page  pages/s  busy  daemon  worker  drawing  servers  ms a page   most")
    for seconds in arguments.seconds:
        for servers in arguments.servers:
            found = measured(servers, seconds, arguments.pages, size)
            costs = "".join(f"{found.ms[part]:8.1f}" for part in PARTS)
            print(
                f"  {servers:7}  {seconds:6g}  {found.pages_per_second:7.1f}  {found.busy:4.0%}"
                f"{costs}            {found.most(cores):6.1f}  at most {found.highest} together",
                flush=True,
            )


if __name__ == "__main__":
    main()
