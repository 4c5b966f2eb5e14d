"""What a daemon costs that has nothing to do: processor, wake-ups and writes of all its processes.

One empty inbox, the embedded engine loaded, all keys at their defaults. Wake-ups are the voluntary
context switches of every thread: each is a time that a thread slept and was called. Writes are what
the kernel counts for the processes (``write_bytes`` in /proc/PID/io), and the files that changed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import heading
from tests.installation import Installation, eventually

REST_SECONDS = 35.0  # after the start: the first scans, and what is done once


@dataclass
class Cost:
    """What processes have cost since they began."""

    seconds: float = 0.0  # of a core
    switches: Counter[str] = field(default_factory=Counter)  # by the names of their threads
    written: int = 0  # bytes


def processes(root: int) -> list[int]:
    """Return a process and all that come from it."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def cost(root: int) -> Cost:
    """Return what a process and its children have cost by now."""
    total = Cost()
    for number, pid in enumerate(processes(root)):
        counts = dict(
            line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines()
        )
        total.written += int(counts["write_bytes"])
        for task in Path(f"/proc/{pid}/task").iterdir():
            total.seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
            status = dict(
                line.split(":", 1) for line in (task / "status").read_text().splitlines()
            )
            who = "daemon" if not number else "child"
            name = f"{who}: {status['Name'].strip()}"
            total.switches[name] += int(status["voluntary_ctxt_switches"])
    return total


def changes(root: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file below a folder."""
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--threads", action="store_true", help="say who wakes up")
    arguments = parser.parse_args()
    heading(f"An idle daemon over one empty inbox, for {arguments.seconds:.0f} s")
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure('kind = "rapidocr"', defaults=True)
        installation.start()
        try:
            eventually(lambda: installation.status()["engines"][0]["state"] == "ready", 120)
            assert installation.process is not None
            time.sleep(REST_SECONDS)
            files, before, began = changes(Path(scratch)), cost(installation.process.pid), now()
            time.sleep(arguments.seconds)
            after, seconds = cost(installation.process.pid), now() - began
            changed = sorted(
                name for name, state in changes(Path(scratch)).items() if files.get(name) != state
            )
        finally:
            installation.stop()
    woken = after.switches - before.switches
    print(f"  of one core       {100 * (after.seconds - before.seconds) / seconds:6.3f} %")
    print(f"  wake-ups          {woken.total() / seconds:6.2f} a second")
    written = 60 * (after.written - before.written) / seconds
    print(f"  written           {written:6.0f} bytes a minute")
    print(f"  files changed     {', '.join(changed) or 'none'}")
    if arguments.threads:
        for name, count in woken.most_common():
            print(f"    {count / seconds:6.2f}  {name}")


def now() -> float:
    """Return the time on a clock that nobody sets."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


if __name__ == "__main__":
    os.environ.pop("OCRD_CONFIG", None)
    main()
