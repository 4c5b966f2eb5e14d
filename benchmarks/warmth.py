"""From drop to sidecar with a DeepSeek engine: cold, warm, and warm beside a book.

``python -m benchmarks.warmth`` takes a small checkpoint on the processor, whose weights say one
text of some 280 tokens whatever the page; ``--engine FILE`` takes the ``[engine]`` table of a file
instead, for the real model on a GPU.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.machine import heading
from benchmarks.overtaking import is_book_running, seconds_to_file
from benchmarks.pages import make_book, make_images
from tests import checkpoints
from tests.installation import Installation, eventually

TEXT = " ".join(f"word{number}" for number in range(280))


def small_engine(folder: Path) -> str:
    """Return the table of an engine with a small checkpoint."""
    model = checkpoints.make_scripted(folder, "deepseek-ocr-2", TEXT)
    return f'kind = "deepseek-ocr-2"\nmodel = "{model}"\ndevice = "cpu"'


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", type=Path, help="a file with the lines of [engine]")
    parser.add_argument("--pages", type=int, default=400, help="of the book")
    parser.add_argument("--scans", type=int, default=5)
    arguments = parser.parse_args()
    heading("A one-page scan with DeepSeek-OCR-2, drop to filed (settle 200 ms)")
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        engine = (
            arguments.engine.read_text() if arguments.engine
            else small_engine(Path(scratch) / "model")
        )  # fmt: skip
        installation.configure(f'{engine}\nload = "first-document"')
        (scan,) = make_images(Path(scratch) / "images", 1)
        book = Path(scratch) / "book.pdf"
        make_book(book, arguments.pages)
        installation.start()
        try:
            cold = seconds_to_file(installation, scan, "cold.jpg")
            scans = range(arguments.scans)
            warm = [seconds_to_file(installation, scan, f"warm-{n}.jpg") for n in scans]
            installation.drop(book)
            eventually(lambda: is_book_running(installation), 300)
            began = time.monotonic()
            busy = [seconds_to_file(installation, scan, f"busy-{n}.jpg") for n in scans]
            seconds = time.monotonic() - began
            assert not (installation.done / book.name).exists(), "the book was over too soon"
        finally:
            installation.stop()
    print(f"  cold: the worker has to start      {cold:6.2f} s")
    print(f"  warm                               {statistics.mean(warm):6.2f} s   (worst"
          f" {max(warm):.2f})")
    print(f"  warm, beside a book of {arguments.pages} pages   {statistics.mean(busy):6.2f} s"
          f"   (worst {max(busy):.2f}, over {seconds:.0f} s)")
    print(f"  cold / warm and busy               {cold / statistics.mean(busy):6.2f}")


if __name__ == "__main__":
    main()
