"""Who reads the page images in the comparison: ocrd's engine, and what people use instead.

Each reads one image and says what it cost. Tesseract is given the language of the page, which the
embedded engine never is told.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

from benchmarks.quality.images import Scan

# By the names of the documents in pages.toml and heldout.toml; all others are English.
_LANGUAGES = {
    "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por",
    "kochbuch": "deu", "sentiers": "fra",
}  # fmt: skip
LANGUAGES = ("eng", *sorted(set(_LANGUAGES.values())))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read on an image, and what it cost."""

    text: str
    seconds: float
    cpu_seconds: float
    peak_mib: float


class Reader(Protocol):
    """Something that reads page images; ``read`` may run in several threads at once."""

    @property
    def name(self) -> str:
        """The row's name."""
        ...

    def read(self, scan: Scan) -> Reading:
        """Read one image."""
        ...


def language(scan: Scan) -> str:
    """Return Tesseract's name for the page's language."""
    return language_of(scan.page.id)


def language_of(page: str) -> str:
    """Return Tesseract's name for the language of a page of that name."""
    parts = page.split("-")
    return next((_LANGUAGES[part] for part in parts if part in _LANGUAGES), "eng")


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Tesseract's own text or, in its order of areas and paragraphs, its hOCR."""

    mode: int  # of page segmentation: 3, or 1, which turns the page too
    hocr: bool = False
    threads: int | None = None  # None: as many as it likes

    @property
    def name(self) -> str:
        """The row's name."""
        kind = ", hOCR" if self.hocr else ""
        return f"Tesseract --psm {self.mode}{kind}"

    def read(self, scan: Scan) -> Reading:
        """Read one image."""
        command = ["tesseract", str(scan.path), "-", "-l", language(scan), "--psm", str(self.mode)]
        reading = _run([*command, "hocr"] if self.hocr else command, threads=self.threads)
        if not self.hocr:
            return reading
        text = paragraphs(reading.text)
        return Reading(text, reading.seconds, reading.cpu_seconds, reading.peak_mib)


@dataclass(frozen=True, slots=True)
class OcrMyPdf:
    """The sidecar of OCRmyPDF, which straightens and turns the page first."""

    name: str = "ocrmypdf --sidecar"

    def read(self, scan: Scan) -> Reading:
        """Read one image."""
        with tempfile.TemporaryDirectory() as folder:
            sidecar = Path(folder) / "sidecar.txt"
            options = ["--rotate-pages", "--deskew", "--output-type", "pdf", "--image-dpi", "200"]
            command = ["ocrmypdf", "-q", *options, "-l", language(scan), "--sidecar", str(sidecar)]
            # It refuses images with an alpha channel or without a resolution only.
            reading = _run([*command, str(scan.path), str(Path(folder) / "out.pdf")])
            text = sidecar.read_text() if sidecar.exists() else ""
            return Reading(text, reading.seconds, reading.cpu_seconds, reading.peak_mib)


@dataclass(slots=True)
class Ocrd:
    """The embedded engine and the layout step in a process of their own, loaded once."""

    slots: int | str = 1
    name: str = "ocrd"
    dtype: str = "auto"
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def read(self, scan: Scan) -> Reading:
        """Read one image."""
        return self.read_all([scan])[0]

    def read_all(self, scans: list[Scan]) -> list[Reading]:
        """Read images, as many at once as there are slots."""
        if self._process is None:
            command = [sys.executable, "-m", "benchmarks.quality.readers"]
            command += [str(self.slots), self.dtype]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(scan.path) for scan in scans]) + "\n")
        self._process.stdin.flush()
        return [Reading(**one) for one in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        """End the process."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(timeout=60)


def serve(slots: int | str, dtype: str) -> None:
    """Read the images that standard input names, a list a line, and answer with a line each."""
    from concurrent.futures import ThreadPoolExecutor

    from benchmarks.quality.sheets import markdown
    from ocrd.engine.protocol import Recognise
    from ocrd.engine.rapidocr import engine as rapidocr

    engine = rapidocr.load({"slots": slots, "threads": "auto", "dtype": dtype})

    def read(path: str) -> Mapping[str, object]:
        started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        text = markdown(engine.recognise(Recognise(1, path), lambda _count: None))
        after = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "text": text,
            "seconds": time.perf_counter() - started,
            "cpu_seconds": _cpu(after) - _cpu(before),  # of all threads: right only one by one
            "peak_mib": after.ru_maxrss / 1024,
        }

    with ThreadPoolExecutor(engine.hello.capacity) as pool:
        for line in sys.stdin:
            print(json.dumps(list(pool.map(read, json.loads(line)))), flush=True)


class _Paragraphs(HTMLParser):
    """The paragraphs of hOCR, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("class") or ""
        if kind == "ocr_par":
            self.text += "\n\n"
        elif kind in ("ocr_line", "ocr_textfloat", "ocr_header", "ocr_caption"):
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text += data.strip() + " "


def paragraphs(hocr: str) -> str:
    """Return the text of hOCR, an empty line between paragraphs."""
    parser = _Paragraphs()
    parser.feed(re.sub(r"<head>.*?</head>", "", hocr, flags=re.DOTALL))
    return parser.text.strip()


def missing() -> list[str]:
    """Return which of the rivals' programs and languages are not installed."""
    lacking = [name for name in ("tesseract", "ocrmypdf") if not shutil.which(name)]
    if "tesseract" not in lacking:
        answer = subprocess.run(
            ["tesseract", "--list-langs"], capture_output=True, text=True, check=True
        )
        lacking += sorted({*LANGUAGES, "osd"} - set(answer.stdout.split()))
    return lacking


def _run(command: list[str], threads: int | None = None) -> Reading:
    """Run a program to its end and measure it with its children."""
    limit = {} if threads is None else {"OMP_THREAD_LIMIT": str(threads)}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **limit}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        out.seek(0)
        return Reading(out.read(), seconds, _cpu(usage), usage.ru_maxrss / 1024)


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    serve(sys.argv[1] if sys.argv[1] == "auto" else int(sys.argv[1]), sys.argv[2])
