"""Pictures that the embedded engine cuts out: how many are found, and how many boxes show none.

``python -m benchmarks.quality.pictures`` takes the pages of ``pictured``, office sheets, pages of
``figured``, where several boxes may be one picture, and pages of the sets' documents, with pictures
and without, where the PDF tells which images and drawings stand on them.
Found is a picture of which one box covers most and that covers most of the box; false is a box of
which less than half lies in pictures. Of the half held back nothing was looked at. ``--half a``
takes the other one only, ``--only PART`` chooses, ``--show DIR`` keeps the pages that err, with
both drawn in.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageDraw

from benchmarks.machine import heading
from benchmarks.quality.documents import Page, pages
from benchmarks.quality.figured import figured_scans
from benchmarks.quality.images import scans
from benchmarks.quality.lines import recognitions
from benchmarks.quality.office import office_scans
from benchmarks.quality.pictured import PicturedScan, pictured_scans
from benchmarks.quality.printing import HELD, TUNED
from ocrd.engine.rapidocr import pictures, strips
from ocrd.job import Box

SETS = {"a": ("pages", "makers"), "b": ("heldout", "makers_heldout")}
EACH = 3  # pages of a document with pictures, and without
LOOKED_AT = 60  # pages of a document, evenly spaced
LEAST = 40  # points that a picture is high and wide
MOST = 0.8  # share of the page
MOST_WORDS = 0.12  # share of a drawing that words cover: more is a framed text or a table
LEAST_STROKES = 4  # curves and slanted lines that a drawing has at least,
LEAST_BARS = 4  # or rectangles, of so many sizes, and of others than so many before,
UNLIKE = 0.35  # as those of a chart are and those of shaded text and cells are not;
MOST_LABELS = 0.2  # share of such a chart that words cover
SMALL = 12  # points that one is, which is no fault if found and none if not
ALIKE = 0.5  # share of both together that box and picture have in common
COVERED = 0.75  # share of a picture that boxes cover where several may be one picture


def documents(half: str) -> Iterator[PicturedScan]:
    """Yield pages of the sets' documents with what their PDFs tell of pictures."""
    some = {page.path: page for name in SETS[half] for page in pages(name)}
    chosen: list[Page] = []
    truths: dict[str, tuple[list[pymupdf.Rect], list[pymupdf.Rect]]] = {}
    for path, page in sorted(some.items(), key=lambda one: one[0].name):
        if page.grids is not None:
            continue
        with pymupdf.open(path) as document:
            kinds: tuple[list[Page], list[Page]] = ([], [])
            for index in range(0, len(document), max(1, len(document) // LOOKED_AT)):
                name = f"{page.id.rpartition('-')[0]}-{index + 1}"
                truths[name] = _boxes(document[index])
                own = Page(name, path, index + 1, "pictures", 0, 1e6, False)
                kinds[not truths[name][0]].append(own)
            for few in kinds:
                chosen += few[:: max(1, len(few) // EACH)][:EACH]
    for scan in scans(chosen, ["clean"]):
        with pymupdf.open(scan.page.path) as document, Image.open(scan.path) as image:
            scale = image.width / document[scan.page.number - 1].rect.width
        places, small = (
            tuple(Box(*(side * scale for side in box)) for box in some)
            for some in truths[scan.page.id]
        )
        kind = "documents, with pictures" if places else "(documents, text)"
        yield PicturedScan(kind, scan.path, places, small)


def _boxes(page: pymupdf.Page) -> tuple[list[pymupdf.Rect], list[pymupdf.Rect]]:
    """Return where pictures stand on a page, in points, and where small ones do."""
    words = [pymupdf.Rect(word[:4]) for word in page.get_text("words")]
    paths = page.get_drawings()
    strokes = [
        pymupdf.Rect(path["rect"])
        for path in paths
        for item in path["items"]
        if item[0] == "c" or (item[0] == "l" and _is_slanted(item[1], item[2]))
    ]
    bars = [
        rect
        for path in paths
        if "f" in path["type"] and all(item[0] in ("re", "qu") for item in path["items"])
        for rect in [pymupdf.Rect(path["rect"])]
        if min(rect.width, rect.height) > 1.5
    ]
    drawn = []
    for box in page.cluster_drawings(x_tolerance=10, y_tolerance=10):
        told = sum((word & box).get_area() for word in words if word.intersects(box))
        share = told / max(1, box.get_area())
        own = [rect for rect in bars if rect in box]
        sizes = {(round(rect.width / 3), round(rect.height / 3)) for rect in own}
        # A shaded listing is a rectangle, a table has words in most of its cells.
        is_drawing = sum(stroke in box for stroke in strokes) >= LEAST_STROKES
        is_chart = len(sizes) >= max(LEAST_BARS, UNLIKE * len(own))
        if (is_drawing and share < MOST_WORDS) or (is_chart and share < MOST_LABELS):
            drawn.append(box)
    found: list[pymupdf.Rect] = []
    small: list[pymupdf.Rect] = []
    for whole in [*(pymupdf.Rect(one["bbox"]) for one in page.get_image_info()), *drawn]:
        box = whole & page.rect
        if box.is_empty or box.get_area() > MOST * page.rect.get_area():
            continue
        if min(box.width, box.height) < LEAST:
            if min(box.width, box.height) >= SMALL:
                small.append(box)
            continue
        near = [other for other in found if other.intersects(box)]
        for other in near:
            found.remove(other)
            box.include_rect(other)
        found.append(box)
    return found, small


def _is_slanted(start: pymupdf.Point, end: pymupdf.Point) -> bool:
    """Say whether a stroke is of a drawing: those of tables and frames are level or stand."""
    return bool(min(abs(start.x - end.x), abs(start.y - end.y)) > 1)


@dataclass(slots=True)
class _Figures:
    pages: int = 0
    there: int = 0
    found: int = 0
    false: int = 0
    seconds: float = 0.0

    def add(self, other: _Figures) -> None:
        """Count one page more."""
        self.pages += other.pages
        self.there += other.there
        self.found += other.found
        self.false += other.false
        self.seconds += other.seconds

    def row(self, name: str) -> str:
        """Return a table's row."""
        of = f"{self.found} of {self.there}" if self.there else ""
        pages = max(1, self.pages)
        return (
            f"| {name} | {self.pages} | {of} | {self.false} | {self.false / pages:.2f}"
            f" | {1000 * self.seconds / pages:.0f} |"
        )


def main() -> None:
    """Draw, read, find, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.pictures", description=__doc__)
    parser.add_argument("--half", choices=sorted(SETS))
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=Path)
    parser.add_argument("--stale", action="store_true")
    options = parser.parse_args()
    heading("Pictures: found, of how many, and boxes that show none")
    for half in [options.half] if options.half else sorted(SETS):
        print(f"\n{'tuned' if half == 'a' else 'held back'}\n")
        print("| kind | pages | found | false | false a page | CPU ms a page |")
        print("|---" * 6 + "|", flush=True)
        kinds: dict[str, _Figures] = defaultdict(_Figures)
        settings = HELD if half == "b" else TUNED
        office = [PicturedScan("(office)", one.path, ()) for one in office_scans(settings)]
        wanted = [*figured_scans(half), *pictured_scans(settings), *office, *documents(half)]
        chosen = [scan for scan in wanted if options.only in scan.kind or options.only in scan.id]
        for scan, read in recognitions(chosen, seconds=1e9, stale=options.stale):
            page = np.ascontiguousarray(
                np.rot90(strips.load(str(scan.path)), -(read.rotation // 90))
            )
            started = time.process_time()
            boxes = pictures.find(page, read.lines)
            one = _counted(scan, boxes)
            one.seconds = time.process_time() - started
            kinds[scan.kind].add(one)
            if options.show and (one.found < one.there or one.false):
                _show(options.show, scan, boxes)
        for name, figures in kinds.items():
            print(figures.row(name))
        for name, is_text in (("**with pictures**", False), ("**without**", True)):
            figures = _Figures()
            for kind, some in kinds.items():
                if kind.startswith("(") == is_text:
                    figures.add(some)
            print(figures.row(name), flush=True)


def _counted(scan: PicturedScan, boxes: Sequence[Box]) -> _Figures:
    is_found = _is_covered if scan.in_parts else _is_boxed
    found = sum(is_found(one, boxes) for one in scan.boxes)
    some = [*scan.boxes, *scan.small]
    false = sum(sum(_common(box, one) for one in some) < ALIKE * _area(box) for box in boxes)
    return _Figures(1, len(scan.boxes), found, false)


def _is_boxed(one: Box, boxes: Sequence[Box]) -> bool:
    return any(_alike(one, box) for box in boxes)


def _is_covered(one: Box, boxes: Sequence[Box]) -> bool:
    return sum(_common(one, box) for box in boxes) > COVERED * _area(one)


def _area(box: Box) -> float:
    return max(0.0, box.width) * max(0.0, box.height)


def _common(a: Box, b: Box) -> float:
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    down = min(a.y1, b.y1) - max(a.y0, b.y0)
    return across * down if min(across, down) > 0 else 0.0


def _alike(a: Box, b: Box) -> bool:
    common = _common(a, b)
    return common >= ALIKE * (_area(a) + _area(b) - common)


def _show(folder: Path, scan: PicturedScan, boxes: Sequence[Box]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(scan.path) as image:
        picture = image.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for some, colour in ((scan.boxes, "green"), (boxes, "red")):
        for box in some:
            pen.rectangle((box.x0, box.y0, box.x1, box.y1), None, colour, 5)
    picture.resize((picture.width // 2, picture.height // 2)).save(folder / f"{scan.id}.png")


if __name__ == "__main__":
    main()
