"""Scores of one page's Markdown against its truth (pure).

All text is brought to one form first, the same on both sides: marks of Markdown and HTML gone,
quotes and dashes of one kind, words that a line end cut joined, white space single.

- ``order``: edit distance over the length of the truth, at most 1; reading order counts (CER).
- ``characters``: the same for words in any order: those that match exactly pair up first, the
  others with the nearest one left, the longest first (bCER).
- ``recall``, ``f1``: of the words, as bags.
- ``table``: F1 of neighbours in the grids, as the ICDAR 2013 competition on tables counted: every
  cell with the next cell that is not empty to its right and below.
- ``headings``: lines with ``#`` against the outline, alike by 0.85 or more, numbers in front aside,
  those of chapters too.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

ALIKE = 85  # per cent from which two headings are one

_FLAGS = re.MULTILINE
_BEFORE = (  # what is no text at all
    (re.compile(r"\A---\n.*?\n---\n", re.DOTALL), ""),
    (re.compile(r"<!--.*?-->", re.DOTALL), " "),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), " "),
    (re.compile(r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*$", _FLAGS), " "),
    (re.compile(r"</?(?:table|thead|tbody|tr|td|th|br|p|b|i|sup|sub|div|img)\b[^>]*>", re.I), " "),
)
_AFTER = (  # characters that mean the same, marks, line ends
    (re.compile("\u00ad\\s*"), ""),
    (re.compile("[‘’‚‛`´′]"), "'"),
    (re.compile("[“”„«»″]|''|,,"), '"'),
    (re.compile("[‐‑‒–—―−]"), "-"),
    (re.compile("[•·∙●◦▪■□○◆►▶…\ufffd]"), " "),
    (re.compile(r"^[ \t]*[-*+o!][ \t]+(?=\S)", _FLAGS), " "),  # one alone is a cell
    (re.compile(r"[|*#`_~\\<>]"), " "),
    (re.compile(r"(\w)-\s*\n\s*([a-zà-ÿ])"), r"\1\2"),
    (re.compile(r"(?:\s*\.){4,}"), " "),
    (re.compile(r"\s+"), " "),
)
_EDGES = re.compile(r"^[^\w$€%]+|[^\w$€%]+$")
_HEADING = re.compile(r"^#{1,6}\s+(.+)$", _FLAGS)
_NUMBER = re.compile(
    r"^(?:[\dIVX.]+|(?i:chapter|part|appendix|cap[ií]tulo|ap[eéê]ndice|chapitre|kapitel)\s+\w{1,9})\s+"
)

_HTML_TABLE = re.compile(r"<table.*?</table>", re.DOTALL | re.IGNORECASE)
_HTML_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL | re.IGNORECASE)
_HTML_CELL = re.compile(r"<t[dh]([^>]*)>(.*?)</t[dh]>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")

Grid = list[list["Place | None"]]


@dataclass(frozen=True, slots=True)
class TrueCell:
    """One cell of a table: its text, and the rows and columns that it takes, both ends included."""

    text: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A cell in a grid; in each of the places that it spans stands the same one."""

    key: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is on a page."""

    text: str
    tables: tuple[tuple[TrueCell, ...], ...] | None = None  # None: not known
    headings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One page's figures, 0 to 1; None where the truth does not know."""

    order: float
    characters: float
    recall: float
    f1: float
    table: float | None
    headings: tuple[int, int, int, int] | None  # found, of; right, of those written


def score(truth: Truth, markdown: str) -> Score:
    """Return the page's scores."""
    expected, found = normalised(truth.text), normalised(markdown)
    recall, f1 = bags(expected, found)
    return Score(
        min(1.0, Levenshtein.distance(expected, found) / max(1, len(expected))),
        characters(expected, found),
        recall,
        f1,
        None if truth.tables is None else neighbours_f1(truth.tables, markdown),
        None if truth.headings is None else headings(truth.headings, markdown),
    )


def normalised(text: str) -> str:
    """Return the text in the form in which texts are compared."""
    for pattern, instead in _BEFORE:
        text = pattern.sub(instead, text)
    text = unicodedata.normalize("NFKC", html.unescape(text))
    for pattern, instead in _AFTER:
        text = pattern.sub(instead, text)
    return text.strip()


def words(text: str) -> list[str]:
    """Return the words in lower case without the punctuation around them."""
    return [word for word in (_EDGES.sub("", part) for part in text.lower().split()) if word]


def bags(expected: str, found: str) -> tuple[float, float]:
    """Return recall and F1 of the words."""
    a, b = Counter(words(expected)), Counter(words(found))
    common = (a & b).total()
    recall, precision = common / max(1, a.total()), common / max(1, b.total())
    return recall, 2 * recall * precision / max(1e-9, recall + precision)


def characters(expected: str, found: str) -> float:
    """Return the error of characters in any order."""
    a, b = Counter(words(expected)), Counter(words(found))
    length = sum(map(len, a.elements()))
    common = a & b
    left = list((b - common).elements())
    errors = 0
    for word in sorted((a - common).elements(), key=len, reverse=True):
        best, nearest = len(word), -1
        for index, other in enumerate(left):
            if abs(len(other) - len(word)) >= best:
                continue
            distance = Levenshtein.distance(word, other, score_cutoff=best)
            if distance < best:
                best, nearest = distance, index
        errors += best
        if nearest >= 0:
            del left[nearest]
    return min(1.0, (errors + sum(map(len, left))) / max(1, length))


def headings(expected: Sequence[str], markdown: str) -> tuple[int, int, int, int]:
    """Return how many headings were found, of how many, and how many are right, of how many."""
    written = [_bare(line) for line in _HEADING.findall(markdown)]
    true = [_bare(line) for line in expected]
    found = sum(any(fuzz.ratio(a, b) >= ALIKE for b in written) for a in true)
    right = sum(any(fuzz.ratio(a, b) >= ALIKE for a in true) for b in written)
    return found, len(true), right, len(written)


def _bare(heading: str) -> str:
    return _NUMBER.sub("", normalised(heading)).lower()


def neighbours_f1(tables: Iterable[Sequence[TrueCell]], markdown: str) -> float:
    """Return the F1 of neighbouring cells over all tables of a page."""
    true = set[tuple[str, str, str]]().union(*(_neighbours(_true_grid(cells)) for cells in tables))
    found = set[tuple[str, str, str]]().union(*map(_neighbours, _written_grids(markdown)))
    common = len(true & found)
    recall, precision = common / max(1, len(true)), common / max(1, len(found))
    return 2 * recall * precision / max(1e-9, recall + precision)


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", unicodedata.normalize("NFKC", text).lower())


def _neighbours(grid: Grid) -> set[tuple[str, str, str]]:
    """Return each cell's text with that of the next one right of it and of the next one below."""
    columns: list[list[Place | None]] = [list(column) for column in zip(*grid, strict=True)]
    return _along(grid, "right") | _along(columns, "below")


def _along(lines: Iterable[Sequence[Place | None]], where: str) -> set[tuple[str, str, str]]:
    pairs = set()
    for line in lines:
        filled = [place for place in line if place and place.key]
        for index, place in enumerate(filled):
            after = next((other for other in filled[index + 1 :] if other is not place), None)
            if after:
                pairs.add((place.key, after.key, where))
    return pairs


def _true_grid(cells: Sequence[TrueCell]) -> Grid:
    width = max(cell.last_column for cell in cells) + 1
    grid: Grid = [[None] * width for _ in range(max(cell.last_row for cell in cells) + 1)]
    for cell in cells:
        place = Place(_key(cell.text))
        for row in range(cell.first_row, cell.last_row + 1):
            for column in range(cell.first_column, cell.last_column + 1):
                grid[row][column] = place
    return grid


def _written_grids(markdown: str) -> list[Grid]:
    """Return the grids of the page's pipe tables and HTML tables."""
    grids: list[Grid] = []
    rows: list[list[str]] = []
    for line in [*map(str.strip, markdown.splitlines()), ""]:
        if line.count("|") < 2:
            if rows:
                grids.append(_square([[Place(_key(text)) for text in row] for row in rows]))
            rows = []
        elif not (re.fullmatch(r"[\s|:-]+", line) and "-" in line):
            row = re.split(r"(?<!\\)\|", line.strip("|"))
            rows.append([re.sub(r"<br\s*/?>", " ", text) for text in row])
    return grids + [grid for table in _HTML_TABLE.findall(markdown) if (grid := _html_grid(table))]


def _html_grid(table: str) -> Grid:
    placed: dict[tuple[int, int], Place] = {}
    for number, row in enumerate(_HTML_ROW.findall(table)):
        column = 0
        for attributes, text in _HTML_CELL.findall(row):
            while (number, column) in placed:
                column += 1
            place = Place(_key(_TAG.sub(" ", text)))
            for down in range(_span(attributes, "row")):
                for right in range(_span(attributes, "col")):
                    placed[number + down, column + right] = place
            column += _span(attributes, "col")
    if not placed:
        return []
    height, width = (max(place[axis] for place in placed) + 1 for axis in (0, 1))
    return [[placed.get((row, column)) for column in range(width)] for row in range(height)]


def _span(attributes: str, what: str) -> int:
    found = re.search(rf'{what}span="?(\d+)', attributes)
    return int(found[1]) if found else 1


def _square(rows: Sequence[Sequence[Place]]) -> Grid:
    width = max(map(len, rows))
    return [[*row, *[None] * (width - len(row))] for row in rows]
