"""Pages a second from drop to filed, over a bare loop in one process.

A backlog of single-page scans and one long PDF lies in the inbox when the daemon starts looking.
The bare loop draws and recognises the same pages with the same engine settings and does nothing
else: no ledger, no settling, no sidecars. It has one page at a time, read on as many lanes as there
are cores, which is the engine's default.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import heading
from benchmarks.pages import make_book, make_images
from tests.installation import ROOT, Installation, eventually

BARE = """
import json, sys, time
from pathlib import Path
from ocrd.config.settings import EngineSettings
from ocrd.engine import rapidocr
from ocrd.engine.protocol import Recognise
import pymupdf
sources, scratch = sys.argv[1].split(':'), Path(sys.argv[2])
engine = rapidocr.load(EngineSettings().model_dump())
side = engine.hello.longest_side
def draw(page):
    scale = side / max(page.rect.width, page.rect.height)
    images = page.get_images()
    if len(images) == 1:
        scale = min(scale, max(images[0][2], images[0][3]) / max(page.rect.width, page.rect.height))
    page.get_pixmap(matrix=pymupdf.Matrix(scale, scale)).save(scratch / 'page.ppm')
def read(number):
    request = Recognise(number, str(scratch / 'page.ppm'))
    engine.recognise(request, lambda count: None)
with pymupdf.open(sources[0]) as document:
    draw(document[0]); read(0)
began, pages = time.perf_counter(), 0
for source in sources:
    with pymupdf.open(source) as document:
        for number in range(len(document)):
            draw(document[number]); read(pages + 1); pages += 1
print(json.dumps({'pages': pages, 'seconds': time.perf_counter() - began}))
"""


def bare(sources: list[Path]) -> float:
    """Return the bare loop's pages a second."""
    import json

    with tempfile.TemporaryDirectory() as scratch:
        result = subprocess.run(
            [sys.executable, "-c", BARE, ":".join(map(str, sources)), scratch],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )
    told = json.loads(result.stdout.splitlines()[-1])
    return float(told["pages"] / told["seconds"])


def through_the_daemon(sources: list[Path], pages: int) -> float:
    """Return pages a second from the moment the whole backlog lies there until all is filed."""
    with tempfile.TemporaryDirectory() as scratch:
        installation = Installation(Path(scratch))
        installation.configure('kind = "rapidocr"', defaults=True)
        installation.start()
        try:
            eventually(
                lambda: installation.status()["engines"][0]["state"] == "ready", 60
            )
            for source in sources:
                shutil.copy2(source, installation.inbox)
            began = time.monotonic()
            eventually(
                lambda: installation.status()["jobs"]["done"] == len(sources),
                limit=60 + 20 * pages, interval=0.5,
            )
            return pages / (time.monotonic() - began)
        finally:
            installation.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--pages", type=int, default=200, help="of the PDF")
    arguments = parser.parse_args()
    heading(f"Backlog: {arguments.images} images and a PDF of {arguments.pages} pages")
    with tempfile.TemporaryDirectory() as scratch:
        sources = make_images(Path(scratch) / "images", arguments.images)
        book = Path(scratch) / "book.pdf"
        make_book(book, arguments.pages)
        sources.append(book)
        pages = arguments.images + arguments.pages
        loop = bare(sources)
        print(f"  bare loop                    {loop:7.3f} pages/s", flush=True)
        daemon = through_the_daemon(sources, pages)
        print(f"  daemon, from drop to filed   {daemon:7.3f} pages/s")
        print(f"  daemon / bare loop           {daemon / loop:7.2f}")


if __name__ == "__main__":
    main()
