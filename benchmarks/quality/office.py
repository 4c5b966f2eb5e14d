"""Office sheets drawn as scans, and which of their rows a page's Markdown has whole (`rows`).

A row counts if one row of a table holds each of its cells in a cell of its own, in their order.
What stands around the tables counts if it is there outside of them. Signs that were misread are
forgiven, one in eight: how well is read, other figures say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz

from benchmarks.quality.documents import CACHE
from benchmarks.quality.office_kinds import KINDS, sheet
from benchmarks.quality.office_sheet import OfficeSheet
from benchmarks.quality.printing import Print, draw

ALIKE = 87  # per cent from which two texts are one
LEAST = 0.95  # share of the rows that are found
SHORT = 7  # letters and digits, of which one may be misread
ALIKE_SHORT = 75
_HTML_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_HTML_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_HTML_CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)
_PAGE = '#set page("a4", margin: 1.8cm)\n#set text(font: "{}", lang: "en")\n'


@dataclass(frozen=True, slots=True)
class OfficeScan:
    """One sheet as it was scanned."""

    sheet: OfficeSheet
    number: int
    path: Path

    @property
    def id(self) -> str:
        """A name of its own."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class RowScore:
    """How many rows are there, and of how many; the same of the texts around the tables."""

    rows: int
    of_rows: int
    around: int
    of_around: int


def office_scans(settings: Sequence[Print]) -> Iterator[OfficeScan]:
    """Yield the sheets of every kind in some settings, drawing what is not there."""
    for kind in KINDS:
        for how in settings:
            path = CACHE / "images" / f"office-{kind}-{how.number}.png"
            one = sheet(kind, how.number)
            if not path.exists():
                draw(_PAGE.format(how.font) + one.source, path, how)
            yield OfficeScan(one, how.number, path)


def row_score(one: OfficeSheet, markdown: str) -> RowScore:
    """Return how many of a sheet's rows stand in the Markdown, and how much of what is around."""
    tables = _HTML_TABLE.findall(markdown)
    lines = _HTML_TABLE.sub("", markdown).splitlines()
    written = [_cells(line) for line in lines if line.startswith("|")]
    written += [
        [said for cell in _HTML_CELL.findall(row) if (said := key(cell))]
        for table in tables
        for row in _HTML_ROW.findall(table)
    ]
    rest = key(" ".join(line for line in lines if not line.startswith("|")))
    left = list(written)
    rows = 0
    for row in one.rows:
        match = next((cells for cells in left if _holds(cells, row)), None)
        if match is not None:
            left.remove(match)
            rows += 1
    around = sum(_is_in(key(text), rest) for text in one.around)
    return RowScore(rows, len(one.rows), around, len(one.around))


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [said for part in parts if (said := key(part.replace("<br>", " ")))]


def _holds(cells: Sequence[str], row: Sequence[str]) -> bool:
    wanted = [said for text in row if (said := key(text))]
    return len(cells) == len(wanted) and all(map(_are_alike, cells, wanted))


@cache
def key(text: str) -> str:
    """Return a text's letters and digits."""
    plain = unicodedata.normalize("NFKC", re.sub(r"<[^>]*>|\\", " ", text))
    return "".join(filter(str.isalnum, plain)).lower()


def _are_alike(a: str, b: str) -> bool:
    return a == b or fuzz.ratio(a, b) >= (ALIKE if len(b) > SHORT else ALIKE_SHORT)


def _is_in(text: str, rest: str) -> bool:
    return text in rest or fuzz.partial_ratio(text, rest) >= ALIKE


def print_rows(results: Sequence[tuple[OfficeScan, RowScore]]) -> bool:
    """Print the rows found by kind; return whether enough of all were."""
    print("| rows of office sheets | sheets | found | of | per cent | texts around, per cent |")
    print("|---" * 6 + "|")
    kinds: dict[str, list[RowScore]] = {}
    for scan, score in results:
        kinds.setdefault(scan.sheet.kind, []).append(score)
    everything = [score for _, score in results]
    for name, scores in [*sorted(kinds.items()), ("**all**", everything)]:
        found, of = sum(one.rows for one in scores), sum(one.of_rows for one in scores)
        around, texts = sum(one.around for one in scores), sum(one.of_around for one in scores)
        print(
            f"| {name} | {len(scores)} | {found} | {of} | {100 * found / max(of, 1):.1f}"
            f" | {f'{100 * around / texts:.1f}' if texts else ''} |"
        )
    good = found >= LEAST * of
    verdict = "met   " if good else "MISSED"
    print(f"{verdict} rows found: {100 * found / max(of, 1):.1f}, at least {100 * LEAST:.0f}")
    return good
