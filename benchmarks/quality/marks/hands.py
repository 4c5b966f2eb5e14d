"""How handwriting is told from print: what the engine's rule tells, and how it was fitted.

``python -m benchmarks.quality.marks.hands`` reads sheets with handwriting (``handwriting``), print
that reads badly (``worn``) and the pages of ``make quality``, each in two halves: a, which the rule
was fitted to, and b, of other typefaces and makers, which was only counted. ``--fit`` fits weights
anew to a and prints them. Page images that are named are counted, too: pages that people wrote.
``--stale`` counts what another engine read before.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from benchmarks.machine import heading
from benchmarks.quality import newspapers, office, printing
from benchmarks.quality.documents import CACHE, pages
from benchmarks.quality.images import scans
from benchmarks.quality.lines import Drawn, recognitions
from benchmarks.quality.marks import handwriting, overlays, paper, worn
from benchmarks.quality.marks.paper import Row
from benchmarks.quality.marks.scoring import plain
from benchmarks.quality.marks.typefaces import HALVES
from ocrd.doubts import REPLACEMENT, is_read
from ocrd.engine.rapidocr import handwriting as rule
from ocrd.engine.rapidocr import legibility, strips
from ocrd.job import Line, Recognition

Reals = NDArray[np.float64]
SHEETS = 30  # of a kind and half
WRONG, RIGHT = 0.2, 0.05  # share of a row's signs that are read wrong, from which and up to which
PAGES = {"a": ("pages", "makers"), "b": ("heldout", "makers_heldout")}
NEWSPAPERS = {"a": newspapers.TUNED, "b": newspapers.HELD}
OFFICES = {"a": printing.TUNED, "b": printing.HELD}
_STEPS, _RATE, _DECAY = 4000, 1.0, 1e-3  # of the descent that fits the weights


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that was drawn, and what stands on it."""

    path: Path
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A line that was read, and what the rule sees of it."""

    line: Line
    look: rule.Look | None
    errors: float = 0.0  # share of its row's signs that were read wrong

    @property
    def is_told(self) -> bool:
        """Say whether the rule tells it."""
        return self.look is not None and rule.likelihood(self.look) > rule.LIMIT

    @property
    def was_doubted(self) -> bool:
        """Say whether it is doubtful without the rule."""
        doubt = self.line.doubt if self.line.doubt != "handwritten" else ""
        unsure = self.line.confidence < legibility.MIN_CONFIDENCE
        return bool(doubt) or unsure or REPLACEMENT in self.line.text


def _sheets(kind: str, half: str) -> Iterator[_Sheet]:
    """Yield sheets, drawing those that are not there."""
    module, draw = {"hand": (handwriting, handwriting.written), "worn": (worn, worn.worn)}[kind]
    source = "".join(map(inspect.getsource, (module, overlays, paper)))
    folder = CACHE / "hands" / hashlib.sha256(source.encode()).hexdigest()[:8]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(SHEETS):
        path = folder / f"{kind}-{half}-{number}.png"
        if not path.with_suffix(".json").exists():
            sheet = draw(half, number)
            sheet.image.save(path)
            path.with_suffix(".json").write_text(json.dumps([asdict(row) for row in sheet.rows]))
        rows = json.loads(path.with_suffix(".json").read_text())
        yield _Sheet(path, tuple(Row(one["text"], tuple(one["box"]), one["mark"]) for one in rows))


def _seen(drawn: Drawn, read: Recognition) -> Iterator[_Seen]:
    """Yield the lines that were read on an image."""
    pixels = strips.load(str(drawn.path))
    pixels = np.ascontiguousarray(np.rot90(pixels, -read.rotation // 90))
    for line in read.lines:
        if is_read(line):
            strip = strips.strip(pixels, line.quad)
            yield _Seen(line, rule.look_of(strip, line.text, line.confidence))


def _by_rows(sheet: _Sheet, seen: Iterable[_Seen]) -> dict[int, list[_Seen]]:
    """Return the lines of each row: a line is of the row whose middle is nearest to its own."""
    found: dict[int, list[_Seen]] = {index: [] for index in range(len(sheet.rows))}
    for one in seen:
        x, y = (sum(point[axis] for point in one.line.quad) / 4 for axis in (0, 1))
        over = [
            (abs(y - (row.box[1] + row.box[3]) / 2), index)
            for index, row in enumerate(sheet.rows)
            if row.box[0] - 20 <= x <= row.box[2] + 20 and row.box[1] <= y <= row.box[3]
        ]
        if over:
            found[min(over)[1]].append(one)
    return found


def _of_sheets(kind: str, half: str, *, stale: bool) -> tuple[list[list[_Seen]], list[_Seen]]:
    """Return the lines of each row by hand, and the lines of print, of sheets."""
    by_hand: list[list[_Seen]] = []
    printed: list[_Seen] = []
    for sheet, read in recognitions(_sheets(kind, half), seconds=1e9, stale=stale):
        if read.rotation:
            continue  # its rows are elsewhere now
        for index, some in _by_rows(sheet, _seen(sheet, read)).items():
            row = sheet.rows[index]
            said = plain("".join(
                one.line.text for one in sorted(some, key=lambda one: one.line.quad[0][0])
            ))  # fmt: skip
            errors = Levenshtein.normalized_distance(said, plain(row.text))
            judged = [_Seen(one.line, one.look, errors) for one in some]
            if row.mark:
                by_hand.append(judged)
            else:
                printed += judged
    return by_hand, printed


def _of_pages(half: str, *, stale: bool) -> list[_Seen]:
    """Return the lines of pages that nobody wrote on."""
    drawn: list[Drawn] = [*newspapers.newspaper_scans(NEWSPAPERS[half])]
    drawn += office.office_scans(OFFICES[half])
    for name in PAGES[half]:
        drawn += scans(pages(name), ("clean", "degraded"))
    some = recognitions(drawn, seconds=1e9, stale=stale)
    return [one for scan, read in some for one in _seen(scan, read)]


def _percent(part: int, whole: int) -> str:
    return f"{part} ({100 * part / max(1, whole):.2f} %)"


def _print_half(half: str, *, stale: bool) -> tuple[list[list[_Seen]], list[_Seen]]:
    """Count a half; return the lines by hand and those of print."""
    by_hand, beside = _of_sheets("hand", half, stale=stale)
    _, badly = _of_sheets("worn", half, stale=stale)
    clean = _of_pages(half, stale=stale)
    rows = [some for some in by_hand if some]
    wrong = [some for some in rows if some[0].errors > WRONG]
    right = [some for some in rows if some[0].errors <= RIGHT]
    told = sum(any(one.is_told for one in some) for some in wrong)
    before = sum(any(one.was_doubted for one in some) for some in wrong)
    now = sum(any(one.was_doubted or one.is_told for one in some) for some in wrong)
    print(
        f"{half} by hand: {len(by_hand)} lines, {len(rows)} with text; read wrong {len(wrong)}, of"
        f" these told {_percent(told, len(wrong))}, doubtful at all before"
        f" {_percent(before, len(wrong))}, now {_percent(now, len(wrong))}; read right"
        f" {len(right)}, of these told {sum(any(o.is_told for o in some) for some in right)}"
    )
    for name, some in (("print beside it", beside), ("print that reads badly", badly),
                       ("pages of make quality", clean)):  # fmt: skip
        false = [one for one in some if one.is_told]
        said = _percent(len(false), len(some))
        print(f"{half} {name}: {len(some)} lines, said to be by hand {said}")
    return by_hand, [*beside, *badly, *clean]


def _print_files(files: Sequence[Path], *, stale: bool) -> None:
    """Count page images of somebody else's, each for itself."""
    for sheet, read in recognitions((_Sheet(path, ()) for path in files), seconds=1e9, stale=stale):
        seen = list(_seen(sheet, read))
        told = sum(one.is_told for one in seen)
        all_marked = sum(one.is_told or one.was_doubted for one in seen)
        print(f"{sheet.path.name}: {len(seen)} lines with text, told {told}, doubtful {all_marked}")


def _print_fit(by_hand: Sequence[Sequence[_Seen]], printed: Sequence[_Seen]) -> None:
    """Fit a logistic rule and print it: hands and print weigh the same, however many they are."""
    hands = [one.look for some in by_hand for one in some if one.look]
    prints = [one.look for one in printed if one.look]
    values = np.array([*prints, *hands])
    truth = np.r_[np.zeros(len(prints)), np.ones(len(hands))]
    each = np.where(truth == 1, 1 / len(hands), 1 / len(prints))
    means, deviations = values.mean(axis=0), values.std(axis=0)
    design = np.column_stack([(values - means) / deviations, np.ones(len(values))])
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-design @ weights))
        weights -= _RATE * (design.T @ (each * (likely - truth)) + _DECAY * weights)
    scaled = weights[:-1] / deviations
    print(f"_WEIGHTS = {rule.Look(*scaled.round(2).tolist())}")
    print(f"_BIAS = {weights[-1] - scaled @ means:.2f}")


def main() -> None:
    """Read, count, fit, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality.marks.hands", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--stale", action="store_true")
    options = parser.parse_args()
    heading("Handwriting told by the look of a line, and by how unsure the network is")
    if options.files:
        _print_files(options.files, stale=options.stale)
        return
    for half in [options.half] if options.half else HALVES:
        by_hand, printed = _print_half(half, stale=options.stale)
        if options.fit and half == "a":
            _print_fit(by_hand, printed)


if __name__ == "__main__":
    main()
