"""What becomes of leaders, odd and lone signs, strokes, stamps, handwriting, on sheets made here.

``python -m benchmarks.quality.marks`` prints a table for each half of the typefaces, strokes and
stamps: of a, which was looked at while limits were set, and of b, which was only counted. "pages"
are clean ones of ``make quality``: what is marked there is marked wrongly.
"measures" are amounts, fractions, quotations, ornaments; "run-ins" paragraphs that begin in bold;
"lone" are tables in whose cells signs stand alone, "dust" sheets without such: what is read beside
their lines is false. ``--half b`` takes one of them, ``--only KIND`` one kind, ``--pages N`` so
many of each, from ``--first N`` on.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import heading
from benchmarks.quality.documents import pages
from benchmarks.quality.images import scans
from benchmarks.quality.marks import (
    contents,
    handwriting,
    lone,
    measures,
    overlays,
    run_ins,
    scoring,
    signs,
)
from benchmarks.quality.marks.paper import Sheet
from benchmarks.quality.marks.typefaces import HALVES
from ocrd.doubts import REPLACEMENT, is_read
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import engine as rapidocr
from ocrd.engine.rapidocr import stamps, strips, strokes, ticks
from ocrd.engine.rapidocr.page_ink import PageInk
from ocrd.job import Line
from ocrd.layout import layout
from ocrd.raster.ink import counted
from ocrd.witness import extent, held_against

OVERLAID: dict[str, Callable[[str, int], Sheet]] = {
    "struck-out": overlays.struck,
    "covered": overlays.stamped,
    "plain": overlays.plain,
    "handwritten": handwriting.written,
}
LED = {"contents": contents.contents, "fields": contents.fields}
KINDS = (*LED, "signs", "measures", "run-ins", "lone", "dust", *OVERLAID, "pages")
PAGE_SETS = {"a": "pages", "b": "heldout"}  # of make quality


class _Reader:
    """The engine, one sheet at a time."""

    def __init__(self) -> None:
        self.engine = rapidocr.load({"slots": 1})

    def lines(self, sheet: Sheet) -> tuple[Line, ...]:
        """Return the lines that are read on a sheet."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.ppm"
            sheet.image.save(path)
            return self.engine.recognise(Recognise(1, str(path)), lambda _count: None).lines


def main() -> None:
    """Make, read, count, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.marks", description=__doc__)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    heading("Leaders, signs, strokes, stamps and handwriting")
    reader = _Reader()
    numbers = range(options.first, options.first + options.pages)
    for half in [options.half] if options.half else HALVES:
        for kind in [options.only] if options.only else KINDS:
            if kind in LED:
                said = _led(reader, kind, half, numbers)
            elif kind == "signs":
                said = _signs(reader, half)
            elif kind == "measures":
                said = _measures(reader, half, numbers)
            elif kind == "run-ins":
                said = _run_ins(reader, half, numbers)
            elif kind == "lone":
                said = _lone(reader, half, numbers)
            elif kind == "dust":
                said = _dust(reader, half, numbers)
            elif kind == "pages":
                said = _page_set(reader, PAGE_SETS[half])
            else:
                said = _overlaid(reader, kind, half, numbers)
            print(f"{half} {kind}: {said}", flush=True)


def _led(reader: _Reader, kind: str, half: str, numbers: range) -> str:
    """Return how many rows with leaders are read whole, and how many pages are in doubt."""
    found: Counter[str] = Counter()
    ratios = []
    for number in numbers:
        sheet = LED[kind](half, number)
        text = "\n".join(row.text for row in sheet.rows)
        ink = counted(sheet.image)
        found["doubted"] += held_against(ink, *extent(text)) is not None
        ratios.append(ink.characters / extent(text)[1])
        lines = reader.lines(sheet)
        found["doubtful lines"] += sum(bool(line.doubt) for line in lines)
        for row in sheet.rows:
            if kind == "contents" and "\t" in row.text:
                words, last = scoring.entry(row, lines)
                found.update(rows=1, words=words, numbers=last)
            elif kind == "fields":
                said = scoring.plain(" ".join(one.text for one in scoring.lines_of(row, lines)))
                names = row.text.split("\t")
                found["rows"] += len(names)
                found["words"] += sum(scoring.plain(name) in said for name in names)
    ends = f", numbers {found['numbers']}" if kind == "contents" else ""
    return (
        f"{found['rows']} on {len(numbers)} pages; words read {found['words']}{ends};"
        f" doubtful lines {found['doubtful lines']}; ink counted {min(ratios):.2f} to"
        f" {max(ratios):.2f} of the truth, in doubt {found['doubted']} pages"
    )


def _signs(reader: _Reader, half: str) -> str:
    """Return how many lines with an odd sign are read right, marked, wrong, and which."""
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for shown in signs.shown(half):
        height, width = shown.strip.shape[:2]
        quad = (0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))
        text, _ = reader.engine.read(shown.strip, quad)
        if text.replace(" ", "") == shown.text.replace(" ", ""):
            found["right"] += 1
        elif REPLACEMENT in text:
            found["marked"] += 1
        else:
            found["wrong"] += 1
            wrong[shown.sign] += 1
    which = " ".join(f"{sign}{count}" for sign, count in sorted(wrong.items()))
    return f"right {found['right']}, marked {found['marked']}, wrong {found['wrong']}: {which}"


def _measures(reader: _Reader, half: str, numbers: range) -> str:
    """Return how many amounts, quotations and ornaments are read right, marked or wrong."""
    found: Counter[tuple[str, str]] = Counter()
    for number in numbers:
        sheet = measures.sheet(half, number)
        lines = reader.lines(sheet)
        for row in sheet.rows:
            kind, token = row.mark.split("\t")
            said = measures.alike(" ".join(one.text for one in scoring.lines_of(row, lines)))
            is_right, is_marked = measures.alike(token) in said, REPLACEMENT in said
            found[kind, "right" if is_right else "marked" if is_marked else "wrong"] += 1
    return "; ".join(
        f"{kind} right {found[kind, 'right']}, marked {found[kind, 'marked']},"
        f" wrong {found[kind, 'wrong']}"
        for kind in measures.KINDS
    )


def _run_ins(reader: _Reader, half: str, numbers: range) -> str:
    """Return how many paragraphs' beginnings in bold are told, and how many where none are."""
    found: Counter[str] = Counter()
    for number in numbers:
        sheet = run_ins.sheet(half, number)
        size = sheet.image.size
        blocks = layout.blocks(reader.lines(sheet), *size)
        for row in sheet.rows:
            lead = run_ins.told(row, blocks).replace(" ", "")
            truth = row.mark.replace(" ", "")
            found["bold" if truth else "plain"] += 1
            found["right"] += bool(truth) and scoring.plain(lead) == scoring.plain(truth)
            found["missed"] += bool(truth) and not lead
            found["false"] += bool(lead) and not truth
    cut = found["bold"] - found["right"] - found["missed"]
    return (
        f"{found['bold']} that begin in bold on {len(numbers)} sheets, right {found['right']},"
        f" other words {cut}, missed {found['missed']}; {found['plain']} others, false"
        f" {found['false']}"
    )


def _lone(reader: _Reader, half: str, numbers: range) -> str:
    """Return how many signs that stand alone in cells are read right, or as something else."""
    found: Counter[str] = Counter()
    for number in numbers:
        sheet = lone.table(half, number)
        lines = reader.lines(sheet)
        for row in sheet.rows:
            text = lone.said(row, lines)
            found["signs"] += 1
            found["right"] += lone.is_right(row.text, text)
            found["wrong"] += bool(text) and not lone.is_right(row.text, text)
    return (
        f"{found['signs']} on {len(numbers)} sheets, right {found['right']}, wrong {found['wrong']}"
    )


def _dust(reader: _Reader, half: str, numbers: range) -> str:
    """Return how many lines are read where dust and strokes are, and of how many of these.

    The drawn boxes among them are tick boxes, and rightly told as such.
    """
    false = smudges = 0
    for number in numbers:
        sheet, drawn = lone.dusty(half, number)
        edge = max(row.box[2] for row in sheet.rows)
        false += sum(
            min(x for x, _ in line.quad) > edge and line.text not in {ticks.EMPTY, ticks.TICKED}
            for line in reader.lines(sheet)
        )
        smudges += drawn
    return f"{smudges} on {len(numbers)} sheets, read as text {false}"


def _overlaid(reader: _Reader, kind: str, half: str, numbers: range) -> str:
    """Return how many lines have the doubt that they should, or any, and how many without."""
    found: Counter[str] = Counter()
    for number in numbers:
        sheet = OVERLAID[kind](half, number)
        lines = reader.lines(sheet)
        for row in sheet.rows:
            some = scoring.lines_of(row, lines)
            doubts = {line.doubt for line in some} - {""}
            if row.mark:
                found["marked"] += 1
                found["told"] += row.mark in doubts
                found["doubtful"] += bool(doubts) or not some
                said = "".join(one.text for one in some if is_read(one))
                found["invented"] += bool(
                    some and not doubts and scoring.plain(said) != scoring.plain(row.text)
                )
            else:
                found["sound"] += 1
                found["false"] += bool(doubts & {"struck-out", "covered", "handwritten"})
    return (
        f"{found['marked']} lines, told {found['told']}, doubtful at all or without text"
        f" {found['doubtful']}, read wrong without a doubt {found['invented']};"
        f" sound lines {found['sound']}, of these said to be struck out or covered {found['false']}"
    )


def _page_set(reader: _Reader, name: str) -> str:
    """Return how many lines of clean pages are said to be struck out, or covered."""
    found: Counter[str] = Counter()
    for scan in scans(pages(name), ("clean",)):
        pixels = strips.load(str(scan.path))
        quads = reader.engine.detect(pixels)
        found["covered"] += len(stamps.covered(PageInk(pixels), quads))
        found["lines"] += len(quads)
        found["struck"] += sum(strokes.is_struck(strips.strip(pixels, quad)) for quad in quads)
    return f"{found['lines']} lines, struck out {found['struck']}, covered {found['covered']}"


if __name__ == "__main__":
    main()
