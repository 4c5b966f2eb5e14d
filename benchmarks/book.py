"""A long PDF through the daemon with a scripted engine: memory, and page images on disk."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.machine import heading
from tests.installation import ECHO, Installation, make_pdf


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    pages = parser.parse_args().pages
    heading(f"A PDF of {pages} pages, with a scripted engine")
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure(f"{ECHO}\n[engine.options]\ncapacity = 4")
        make_pdf(Path(scratch) / "book.pdf", pages)
        installation.start()
        assert installation.process is not None
        daemon = psutil.Process(installation.process.pid)
        peak = children = images = 0
        try:
            installation.drop(Path(scratch) / "book.pdf")
            began = time.monotonic()
            while not (installation.done / "book.pdf").exists():
                peak = max(peak, daemon.memory_info().rss)
                children = max(children, *(c.memory_info().rss for c in daemon.children()))
                images = max(images, len(list((Path(scratch) / "state" / "tmp").iterdir())))
                time.sleep(0.1)
            seconds = time.monotonic() - began
            marks = (installation.done / "book.md").read_text().count("<!-- page ")
        finally:
            installation.stop()
    print(f"  pages in the sidecar     {marks:8d}")
    print(f"  seconds                  {seconds:8.1f}")
    print(f"  daemon, peak RSS         {peak / 1e6:8.1f} MB")
    print(f"  largest child, peak RSS  {children / 1e6:8.1f} MB")
    print(f"  page images on disk      {images:8d} at the most")


if __name__ == "__main__":
    main()
