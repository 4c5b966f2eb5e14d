"""A one-page scan dropped while a long book is running, against the same scan alone."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.machine import heading
from benchmarks.pages import make_book, make_images
from tests.installation import Installation, eventually

RAPIDOCR = 'kind = "rapidocr"'


def seconds_to_file(installation: Installation, source: Path, name: str) -> float:
    """Return the time from the drop of one scan until it is filed."""
    began = time.monotonic()
    installation.drop(source, name)
    eventually((installation.done / name).exists, 300, interval=0.02)
    return time.monotonic() - began


def is_book_running(installation: Installation) -> bool:
    """Say whether some pages of the book have been read."""
    return any(work["pages_done"] > 3 for work in installation.status()["working"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2000, help="of the book")
    parser.add_argument("--scans", type=int, default=8)
    parser.add_argument("--settle", default="200ms", help="a short one, so that it hides nothing")
    arguments = parser.parse_args()
    heading(f"A scan beside a book of {arguments.pages} pages (settle {arguments.settle})")
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure(RAPIDOCR, settle=arguments.settle)
        (scan,) = make_images(Path(scratch) / "images", 1)
        book = Path(scratch) / "book.pdf"
        make_book(book, arguments.pages)
        installation.start()
        try:
            seconds_to_file(installation, scan, "warm-up.jpg")
            scans = range(arguments.scans)
            alone = [seconds_to_file(installation, scan, f"alone-{n}.jpg") for n in scans]
            installation.drop(book)
            eventually(lambda: is_book_running(installation), 120)
            beside = [seconds_to_file(installation, scan, f"beside-{n}.jpg") for n in scans]
            assert not (installation.done / book.name).exists(), "the book was over too soon"
        finally:
            installation.stop()
    print(f"  alone             {statistics.mean(alone):6.2f} s   (worst {max(alone):.2f})")
    print(f"  beside the book   {statistics.mean(beside):6.2f} s   (worst {max(beside):.2f})")
    print(f"  ratio of means    {statistics.mean(beside) / statistics.mean(alone):6.2f}")


if __name__ == "__main__":
    main()
