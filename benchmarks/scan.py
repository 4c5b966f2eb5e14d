"""How an inbox copes with many waiting files: time of the first scan, time to the offer, memory.

Run as ``python -m benchmarks.scan [files]``; the inbox runs in a fresh process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

FILES = 100_000
LIMIT_SECONDS = 300.0


def measure(root: Path, expected: int) -> dict[str, float]:
    """Run an inbox on a full folder until all of it is offered. For a fresh process."""
    from ocrd.config.settings import InboxSettings
    from ocrd.intake.inbox import Inbox
    from ocrd.job import Candidate

    complete = threading.Event()
    offered = 0

    def found(candidates: Sequence[Candidate]) -> None:
        nonlocal offered
        offered += len(candidates)
        if offered >= expected:
            complete.set()

    before = _resident("VmRSS")
    inbox = Inbox(InboxSettings(path=root), found=found)
    started = time.monotonic()
    inbox.start()
    while inbox.status().scans == 0:
        time.sleep(0.01)
    first = inbox.status().last_scan_seconds
    complete.wait(LIMIT_SECONDS)
    seconds = time.monotonic() - started
    inbox.stop(10.0)
    after, peak = _resident("VmRSS"), _resident("VmHWM")
    return {
        "files": expected,
        "offered": offered,
        "first_scan_seconds": round(first, 2),
        "all_offered_seconds": round(seconds, 2),
        "rss_growth_mb": round(after - before, 1),
        "peak_growth_mb": round(peak - before, 1),
        "rss_mb": round(after, 1),
    }


def _resident(name: str) -> float:
    """Read one of this process's memory figures, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(name)


def main() -> None:
    """Make the files, measure in a child, print."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measure(Path(sys.argv[2]), int(sys.argv[3]))))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory(prefix="ocrd-scan-") as folder:
        for number in range(count):
            Path(folder, f"scan-{number:06d}.pdf").write_bytes(b"%PDF-1.7\n")
        child = [sys.executable, "-m", "benchmarks.scan", "--child", folder, str(count)]
        measured = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout)
    for name, value in measured.items():
        print(f"{name:24}{value:>12}")


if __name__ == "__main__":
    main()
