"""The daemon's own work: documents a second with an engine that answers at once, fsync on.

Also the memory of the daemon process with many files waiting, and its first scan of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.machine import heading
from benchmarks.pages import make_images
from ocrd.web.client import Client
from tests.installation import ECHO, Installation


def documents_a_second(count: int) -> float:
    """Return how many single-page documents the daemon files a second."""
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure(ECHO)
        (original,) = make_images(Path(scratch) / "original", 1, dpi=72)
        for number in range(count):
            shutil.copy(original, installation.inbox / f"scan-{number:05d}.jpg")
        installation.start()
        try:
            began = done = 0.0
            first = 0
            while done < count:
                done = installation.status()["jobs"]["done"]
                if done and not began:
                    began, first = time.monotonic(), int(done)
                time.sleep(0.1)
            return (count - first) / (time.monotonic() - began)
        finally:
            installation.stop()


def many_waiting(count: int) -> tuple[float, float, float]:
    """Return the longest scan in seconds, seconds until all are queued, and peak RSS in MB."""
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure(ECHO)
        for number in range(count):
            (installation.inbox / f"scan-{number:06d}.pdf").write_bytes(b"%PDF-1.4 waiting\n")
        installation.start()
        assert installation.process is not None
        process = psutil.Process(installation.process.pid)
        Client(installation.root / "state" / "run" / "ocrd.sock").pause()
        peak, scan = 0, 0.0
        began = time.monotonic()
        try:
            while True:
                peak = max(peak, process.memory_info().rss)
                status = installation.status()
                scan = max(scan, status["inboxes"][0]["last_scan_seconds"])
                if status["jobs"]["queued"] + status["jobs"]["leased"] >= count:
                    break
                time.sleep(0.5)
            seconds = time.monotonic() - began
            return scan, seconds, peak / 1e6
        finally:
            installation.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--waiting", type=int, default=100_000)
    arguments = parser.parse_args()
    heading("The daemon's own work, with a scripted engine")
    rate = documents_a_second(arguments.documents)
    print(f"  documents a second, fsync on      {rate:8.1f}  ({arguments.documents} documents)")
    scan, queued, peak = many_waiting(arguments.waiting)
    print(f"  {arguments.waiting} files: longest scan       {scan:8.2f} s")
    print(f"  {arguments.waiting} files: all in the ledger  {queued:8.2f} s after the start")
    print(f"  {arguments.waiting} files: peak RSS           {peak:8.1f} MB")
    print(f"  ({os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
