"""What reading both drawings would give, of pages that two programs draw differently.

Draws the first pages of every PDF below the given folders as a rasterizer's child does, confined,
by MuPDF and by pdfium, at the size that the embedded engine reads. Of those whose ink differs it
reads both, and what is made of the two, and holds the texts against the words that the PDF says it
has: poppler's pdftotext tells them, so that neither of the two is its own judge. A page without
five such words is listed, and not scored.

    python -m benchmarks.both_drawings FOLDER… [--keep FOLDER] [--pdftotext PROGRAM]

A line for each page, and a table of how right the text is that each rule would keep: what is read
now, with what stands by itself on either drawing; the fuller drawing alone; either program's
always; of two readings the text with more characters, that with more of them where the engine is
sure, and the better one as an oracle would choose it. ``--keep`` takes the drawings as PNGs, to be
looked at.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import multiprocessing
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from PIL import Image

from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr.engine import RapidOcr, load
from ocrd.raster.child import code_folders
from ocrd.raster.confine import confine
from ocrd.raster.images.pictures import without_needless_colour
from ocrd.raster.pdfs.diagnosis import gravest
from ocrd.raster.pdfs.fineness import fineness
from ocrd.raster.pdfs.mupdf import MuPdf
from ocrd.raster.pdfs.opening import Opening
from ocrd.raster.pdfs.pdfium import Pdfium
from ocrd.raster.pdfs.second import seen_twice
from ocrd.raster.pdfs.witness import FINE, Difference, compare, small, small_size, strayed

PAGES = 4  # of a document, at the most
SIDE = 2339  # pixels: what the embedded engine reads
PIXELS = 400_000_000
SECONDS = 60.0  # that a document may take
LEAST_WORDS = 5  # that a page says it has, to be scored
_WORD = re.compile(r"\w{2,}")
_SURE = 0.8  # of a line's score, from which its characters count for the sure text


@dataclass(frozen=True)
class Pair:
    """A page that two programs draw differently."""

    path: Path
    number: int
    mupdf: Image.Image
    pdfium: Image.Image
    read: Image.Image  # what is read now
    difference: Difference
    gravity: int
    is_second: bool  # is pdfium's drawing kept now?
    codes: tuple[str, ...]  # of the doubts that are told of now


@dataclass(frozen=True)
class Text:
    """What was read of one drawing."""

    words: Counter[str]
    characters: int
    sure: int  # of them in lines with a good score

    def rightness(self, truth: Counter[str]) -> float:
        """Return the F1 score of its words: how many are right, and how many of those are there."""
        common = sum((self.words & truth).values())
        total = sum(self.words.values()) + sum(truth.values())
        return 2 * common / total if total else 1.0


def words(text: str) -> Counter[str]:
    """Return the words of a text, without regard to case."""
    return Counter(word.casefold() for word in _WORD.findall(text))


def pairs_of(path: Path) -> Iterator[Pair | None]:
    """Yield for each page of a document the two drawings, None where their ink is the same."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        opening = Opening(mapped, ())
        first, second = opening.by_mupdf(), opening.by_pdfium()
        with contextlib.suppress(BufferError), contextlib.ExitStack() as stack:
            stack.callback(opening.release)
            for each in (first, second):
                if each is not None:
                    stack.callback(each.close)
            if first is None or second is None:
                return
            for number in range(1, min(first.pages, PAGES) + 1):
                yield _pair(path, first, second, number)


def _pair(path: Path, first: MuPdf, second: Pdfium, number: int) -> Pair | None:
    first.reopen_at_times()
    content = first.content(number)
    scale = fineness(content, SIDE, PIXELS).scale
    sheet = first.draw(number, scale, gray=content.is_gray)
    remark = gravest(sheet.said)
    seen = seen_twice(first, second, number, sheet.image, remark, hides=False)
    difference = _difference(first, second, number, sheet.image)
    if not (seen.judgement.second or seen.judgement.doubts or difference.first_lacks
            or difference.second_lacks):  # fmt: skip
        return None
    other = second.draw(number, sheet.image.size, gray=sheet.image.mode == "L")
    codes = tuple(doubt.code for doubt in seen.judgement.doubts)
    return Pair(
        path, number, without_needless_colour(sheet.image), without_needless_colour(other),
        without_needless_colour(seen.image), difference, int(remark.gravity),
        seen.judgement.second, codes,
    )  # fmt: skip


def _difference(first: MuPdf, second: Pdfium, number: int, image: Image.Image) -> Difference:
    points = first.size(number)
    size, fine = small_size(*points), small_size(*points, FINE)
    difference = compare(small(image, size), second.draw(number, size))
    fine = fine if fine < image.size else image.size
    return replace(difference, strayed=strayed(small(image, fine), second.draw(number, fine)))


def _draw(pipe: Connection, paths: Sequence[Path], folders: Sequence[Path]) -> None:
    """Send what the documents show, in a process of its own: None at each page's and file's end."""
    confine([*code_folders(), *folders])
    for path in paths:
        try:
            for pair in pairs_of(path):
                pipe.send(pair or "the same")
        except Exception as error:  # noqa: BLE001 -- whatever a file of a test suite is made for
            pipe.send(f"{type(error).__name__}: {error}")
        pipe.send(None)


def pairs(folder: Path, seen: Counter[str]) -> Iterator[Pair]:
    """Yield the pages below a folder that are drawn differently, and count all of them."""
    paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".pdf")
    context = multiprocessing.get_context("spawn")
    while paths:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_draw, args=(theirs, paths, [folder]))
        child.start()
        theirs.close()
        try:
            while paths and ours.poll(SECONDS):
                got = ours.recv()
                if got is None:
                    seen["files"] += 1
                    paths.pop(0)
                elif isinstance(got, Pair):
                    seen.update(pages=1, differing=1)
                    yield got
                else:
                    seen["pages" if got == "the same" else "not drawn"] += 1
        except EOFError:
            pass
        if paths:  # it ended, or takes too long, over the first of them
            seen["not drawn"] += 1
            paths.pop(0)
        child.kill()
        child.join()


def read(engine: RapidOcr, image: Image.Image) -> Text:
    """Read a drawing."""
    with tempfile.NamedTemporaryFile(suffix=".pnm") as file:
        image.save(file, "PPM")
        file.flush()
        lines = engine.recognise(Recognise(0, file.name), lambda _: None).lines
    said = [line for line in lines if line.text.strip()]
    counts = [(line.confidence, len("".join(line.text.split()))) for line in said]
    return Text(
        words(" ".join(line.text for line in said)),
        sum(count for _, count in counts),
        sum(count for score, count in counts if score >= _SURE),
    )


def truth(program: str, pair: Pair) -> Counter[str]:
    """Return the words that a page says it has."""
    page = str(pair.number)
    command = [program, "-q", "-f", page, "-l", page, str(pair.path), "-"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    return words(done.stdout.decode(errors="replace"))


def kept(pair: Pair, mupdf: Text, pdfium: Text, now: Text, right: Counter[str]) -> dict[str, Text]:
    """Return the text that each rule would keep."""
    fuller = (mupdf, pdfium)[pair.is_second]
    other = (mupdf, pdfium)[not pair.is_second]
    return {
        "now": now,
        "the fuller drawing alone": fuller,
        "MuPDF always": mupdf,
        "pdfium always": pdfium,
        "more characters": other if other.characters > fuller.characters else fuller,
        "more sure characters": other if other.sure > fuller.sure else fuller,
        "a tenth more sure ones": other if other.sure > 1.1 * fuller.sure + 2 else fuller,
        "the better one": max(fuller, other, key=lambda text: text.rightness(right)),
    }


def measure(folder: Path, engine: RapidOcr, program: str, into: Path | None) -> None:
    """Print what the PDFs of a folder show."""
    seen: Counter[str] = Counter()
    sums: dict[str, float] = {}
    worse: Counter[str] = Counter()
    better: Counter[str] = Counter()
    scored = 0
    for pair in pairs(folder, seen):
        mupdf, pdfium = read(engine, pair.mupdf), read(engine, pair.pdfium)
        now = (mupdf, pdfium)[pair.is_second]
        if pair.read.tobytes() not in (pair.mupdf.tobytes(), pair.pdfium.tobytes()):
            now = read(engine, pair.read)
        right = truth(program, pair)
        difference = pair.difference
        print(
            f"  {pair.path.name}, page {pair.number}: lacks {difference.first_lacks} and"
            f" {difference.second_lacks} of {difference.ink}, strays {difference.strayed:.2f},"
            f" warned {pair.gravity}, kept {'pdfium' if pair.is_second else 'MuPDF'}"
            f" {','.join(pair.codes)}; characters {mupdf.characters} and {pdfium.characters}, sure"
            f" {mupdf.sure} and {pdfium.sure}; {sum(right.values())} words, right"
            f" {mupdf.rightness(right):.3f} and {pdfium.rightness(right):.3f}, now"
            f" {now.rightness(right):.3f}",
            flush=True,
        )
        if into is not None:
            for name, image in (
                ("mupdf", pair.mupdf), ("pdfium", pair.pdfium), ("now", pair.read),
            ):  # fmt: skip
                image.save(into / f"{pair.path.stem}-{pair.number}-{name}.png")
        if sum(right.values()) < LEAST_WORDS:
            continue
        scored += 1
        for rule, text in kept(pair, mupdf, pdfium, now, right).items():
            rightness = text.rightness(right)
            sums[rule] = sums.get(rule, 0.0) + rightness
            better[rule] += rightness > now.rightness(right) + 0.005
            worse[rule] += rightness < now.rightness(right) - 0.005
    told = ", ".join(f"{name} {count}" for name, count in seen.items())
    print(f"{folder.name}: {told}, scored {scored}")
    for rule, total in sums.items():
        print(
            f"{folder.name}: {rule}: {total / scored:.4f} right,"
            f" {better[rule]} pages better than now, {worse[rule]} worse"
        )


def main() -> None:
    """Measure the folders that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--pdftotext", default="pdftotext")
    wanted = parser.parse_args()
    if wanted.keep is not None:
        wanted.keep.mkdir(parents=True, exist_ok=True)
    engine = load({"threads": len(os.sched_getaffinity(0))})
    for folder in wanted.folders:
        measure(folder.resolve(), engine, wanted.pdftotext, wanted.keep)


if __name__ == "__main__":
    main()
