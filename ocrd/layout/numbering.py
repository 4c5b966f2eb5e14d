"""Which numbers at the edges of pages count the pages: those that count with them (pure).

A number is a page's if it grows with the pages, by one or, where two pages share a sheet, by two.
Arabic and roman numbers, and those of each chapter, count by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.job import Place
from ocrd.layout.margins import Margin, Number
from ocrd.layout.running import is_page_number

GAP = 4  # pages from one that shows its number to the next
SERIES = 3  # pages that count make a series
SAME_Y = 0.04  # share of the page's height by which a series' numbers may differ
SLOT = 0.02  # likewise, where the place itself tells
SAME_X = 0.06  # share of the page's width
MISREAD = 5  # characters of a number that was misread
AROUND = 3  # pages before the first and behind the last one of a series
SHORT_DOCUMENT = 4  # pages, of which two that count are enough
YEARS = range(1800, 2101)

Key = tuple[str, int, int]  # its kind, by how much it grows a page, what it is for page 0


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers that count with the pages."""

    key: Key
    margins: tuple[Margin, ...]

    @property
    def first(self) -> int:
        """The first page."""
        return self.margins[0].place.page

    @property
    def last(self) -> int:
        """The last page."""
        return self.margins[-1].place.page

    @property
    def y(self) -> float:
        """Where on their pages the numbers stand."""
        return median(margin.y for margin in self.margins)


def counting(margins: Sequence[Margin], pages: int) -> dict[Place, bool]:
    """Return which margins hold their page's number, and whether it is all that they hold."""
    found = series(margins, pages)
    counted: dict[Place, bool] = {
        margin.place: _is_all(margin, one.key) for one in found for margin in one.margins
    }
    numbered = {place.page for place, is_all in counted.items() if is_all}
    by_page = [{margin.place.page: margin for margin in one.margins} for one in found]
    for margin in margins:
        for one, shown in zip(found, by_page, strict=True):
            if margin.place in counted or not _is_near(margin.place.page, one):
                continue
            number = _fitting(margin, one.key)
            is_misread = margin.place.page not in numbered and _is_misread(margin, one, shown)
            if (number and number.is_all) or is_misread:
                counted[margin.place] = True
                numbered.add(margin.place.page)
    slots = {
        (margin.is_top, round(margin.y / SLOT), round(margin.x / SAME_X))
        for margin in margins
        if counted.get(margin.place)
    }
    for margin in margins:
        # A number of a few pages before the first chapter stands where all the others do.
        if margin.is_number and margin.place.page not in numbered and _is_in(slots, margin):
            counted[margin.place] = True
    return counted


def series(margins: Sequence[Margin], pages: int) -> list[Series]:
    """Return what counts with the pages, of a document of so many, the longest first."""
    groups: dict[tuple[Key, bool], list[Margin]] = defaultdict(list)
    for margin in margins:
        for number in margin.numbers:
            for key in _keys(number, margin.place.page):
                groups[key, margin.is_top].append(margin)
    chains = [
        Series(key, tuple(chain))
        for (key, _), some in groups.items()
        for chain in chained(some, GAP, SAME_Y)
        if len(chain) > 1
    ]
    chains.sort(key=lambda one: (-len(one.margins), one.key[1], one.first))
    found: list[Series] = []
    taken: set[Place] = set()
    for one in chains:
        free = tuple(margin for margin in one.margins if margin.place not in taken)
        rest = Series(one.key, free)
        if len(free) > 1 and _counts(rest, found, pages):
            found.append(rest)
            taken |= {margin.place for margin in free}
    return found


def chained(some: Iterable[Margin], gap: int, same_y: float) -> list[list[Margin]]:
    """Return margins in chains: each no more pages behind the one before, all at one height."""
    chains: list[list[Margin]] = []
    last = None
    for margin in sorted(some, key=lambda one: (one.place.page, one.rank)):
        if last is not None and margin.place.page == last.place.page:
            continue
        if last is not None and margin.place.page - last.place.page <= gap:
            chains[-1].append(margin)
        else:
            chains.append([margin])
        last = margin
    level = []
    for chain in chains:
        y = median(margin.y for margin in chain)
        level.append([margin for margin in chain if abs(margin.y - y) <= same_y])
    return level


def _keys(number: Number, page: int) -> list[Key]:
    return [(number.kind, step, number.value - step * page) for step in (1, 2)]


def _fitting(margin: Margin, key: Key) -> Number | None:
    """Return the margin's number that fits a series."""
    kind, step, start = key
    value = start + step * margin.place.page
    return next(
        (number for number in margin.numbers if (number.kind, number.value) == (kind, value)), None
    )


def _is_all(margin: Margin, key: Key) -> bool:
    number = _fitting(margin, key)
    says_page = is_page_number(margin.text, at_foot=not margin.is_top)  # "Page 2 of 2"
    return number is not None and (number.is_all or says_page)


def _counts(one: Series, found: Sequence[Series], pages: int) -> bool:
    """Say whether numbers that grow with the pages do so by no chance."""
    alone = all(_is_all(margin, one.key) for margin in one.margins)
    headings = sum(margin.label in {"title", "heading", "list"} for margin in one.margins)
    if not alone and 2 * headings > len(one.margins):
        return False  # "Week 1", "Week 2": each page begins a part
    if len(one.margins) >= SERIES:
        return True
    adjacent = all(b.place.page - a.place.page <= 2 for a, b in pairwise(one.margins))
    values = [one.key[2] + one.key[1] * margin.place.page for margin in one.margins]
    if not alone or not adjacent or any(value in YEARS for value in values):
        return False
    level = max(margin.y for margin in one.margins) - min(margin.y for margin in one.margins)
    slot = any(abs(one.y - other.y) <= SLOT for other in found)
    return level <= SLOT and (slot or (pages <= SHORT_DOCUMENT and one.key[1] == 1))


def _is_in(slots: Set[tuple[bool, int, int]], margin: Margin) -> bool:
    """Say whether a margin stands at one of some places, each told to a step."""
    y, x = round(margin.y / SLOT), round(margin.x / SAME_X)
    return any(
        (margin.is_top, y + down, x + across) in slots
        for down in (-1, 0, 1)
        for across in (-1, 0, 1)
    )


def _is_near(page: int, one: Series) -> bool:
    return one.first - AROUND <= page <= one.last + AROUND


def _is_misread(margin: Margin, one: Series, shown: Mapping[int, Margin]) -> bool:
    """Say whether a few signs stand where the page's number has to, by the pages around."""
    text, page = margin.text.strip(), margin.place.page
    if not one.first < page < one.last or len(text) > MISREAD:
        return False
    if not any(map(str.isalnum, text)) or margin.label in {"title", "heading"}:
        return False
    near = (shown[other] for other in range(page - GAP, page + GAP + 1) if other in shown)
    return any(
        other.is_top == margin.is_top
        and abs(other.y - margin.y) <= SLOT
        and min(abs(other.x - margin.x), abs(1 - other.x - margin.x)) <= SAME_X
        for other in near
        if _is_all(other, one.key)
    )
