"""The memory of a daemon with the embedded engine: waiting, reading, and with its engine unloaded.

What all its processes hold together, shared pages counted once (Pss in /proc/PID/smaps_rollup). The
documents are the sample scans and dense pages. Usage: python -m benchmarks.footprint
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.idle import processes
from benchmarks.machine import heading
from tests.installation import RESOURCES, SAMPLES, Installation, eventually

DOCUMENTS = (
    SAMPLES / "letter.pdf", SAMPLES / "newsletter.jpg", SAMPLES / "epson.pdf",
    RESOURCES / "c02-22.pdf",
)  # fmt: skip
LOOK_SECONDS = 0.1


def held(root: int) -> float:
    """Return what a process and its children hold, in MiB."""
    total = 0
    for pid in processes(root):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it has ended meanwhile
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def measured(folder: Path) -> dict[str, float]:
    """Return the three figures."""
    daemon = Installation(folder)
    daemon.configure('kind = "rapidocr"\nidle_unload = "5s"')
    daemon.start()
    assert daemon.process is not None
    pid = daemon.process.pid
    try:
        eventually(lambda: engine(daemon).get("state") == "ready", 60)
        found = {"waiting, the engine loaded": held(pid)}
        for number in range(3):
            for path in DOCUMENTS:
                daemon.drop(path, f"{number}-{path.name}")
        peak, end = 0.0, time.monotonic() + 600
        while len(list(daemon.done.glob("*.md"))) < 3 * len(DOCUMENTS):
            assert time.monotonic() < end, daemon.tree()
            peak = max(peak, held(pid))
            time.sleep(LOOK_SECONDS)
        found["reading, at the most"] = peak
        worker = Path(f"/proc/{engine(daemon)['pid']}")
        eventually(lambda: not worker.exists(), 60)
        found["waiting, the engine unloaded"] = held(pid)
    finally:
        daemon.stop()
    return found


def engine(daemon: Installation) -> dict[str, Any]:
    """Return what is told of its engine."""
    found: list[dict[str, Any]] = daemon.status().get("engines") or [{}]
    return found[0]


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    heading("Memory of all processes, MiB")
    folder = Path(tempfile.mkdtemp(prefix="o"))
    try:
        for name, mebibytes in measured(folder).items():
            print(f"{name:32} {mebibytes:6.0f}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
