"""What runs over a document's pages: heads, feet and page numbers (pure).

A page number counts with the pages, a running head is said again on the next pages at the same
place, and where pages have a head, what stands in its place on a page between them is one, too: the
title of a chapter of two pages. Large type does not run, but a letterhead on most pages; pages that
are all copies of one form have titles and no heads.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from statistics import median

from ocrd.job import Place
from ocrd.layout import numbering
from ocrd.layout.margins import Margin, letters
from ocrd.layout.running import LARGE, is_page_number

LEAST = 3  # pages on which something is said makes it run
SAME_Y = 0.05  # share of the page's height by which it may move
SLOT = 0.015  # likewise, where the place alone tells
SAME_ROW = 0.008  # likewise of the parts of one row
SAME_X = 0.03  # share of the page's width
SAME_SIZE = 0.15  # share of a type's size
MOST_PAGES = 0.6  # share of the pages from which even large type runs,
LARGE_LEAST = 4  # if it is on so many
ALIKE = 0.85  # of a head that was misread
ALIKE_LETTERS = 8
FEW_LETTERS = 3  # fewer are no head
END_LETTERS = 12  # of one end of a row that stays while the other one changes
KEPT_ROWS = 3  # a letterhead of so many rows is told once
KEPT_CELLS = 3  # so is the head of a table's columns
SHORT = 3  # pages of a document in which two that say the same are enough
HEAD_LETTERS = 90  # characters of one that its place alone tells
FORMS = 0.4  # share of what stands on the pages that makes them copies of one form

_SENTENCE = (".", "!", "?", ":", ";", ",")


@dataclass(slots=True)
class Likeness:
    """How much of the pages' inside is the same on many of them."""

    _pages: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, skeletons: Iterable[str]) -> None:
        """Note what a page says, but at its edges."""
        self._pages.append(tuple({hash(one) for one in skeletons}))

    @property
    def are_forms(self) -> bool:
        """Say whether the pages are copies of one form."""
        full = [page for page in self._pages if page]
        if len(full) < 2:
            return False
        said = Counter(one for page in full for one in page)
        often = max(2, len(full) / 2)
        shares = [sum(said[one] >= often for one in page) / len(page) for page in full]
        return median(shares) >= FORMS


@dataclass(frozen=True, slots=True)
class Document:
    """What heads are judged by."""

    pages: int
    size: float = 0.0  # of the running text in points
    headings: Set[str] = frozenset()  # what its headings say, those at pages' edges aside
    are_forms: bool = False


def labels(margins: Sequence[Margin], document: Document) -> dict[Place, str]:
    """Return the labels of what runs: "header", "footer", "page-number"."""
    counted = numbering.counting(margins, document.pages)
    if document.are_forms:
        counted = {
            margin.place: True
            for margin in margins
            if counted.get(margin.place) and (not margin.is_top or is_page_number(margin.text))
        }
        return _labelled(margins, counted, set())
    heads = {
        margin.place
        for margin in margins
        if margin.place in counted and not counted[margin.place] and not _is_large(margin, document)
    }
    words = [margin for margin in margins if letters(margin.skeleton) >= FEW_LETTERS]
    repeated, dropped = _repeated(words, document, counted)
    heads |= repeated
    heads |= _in_rows(words, heads, document, counted)
    heads |= _in_part(words, heads, document)
    heads |= {margin.place for margin in words if _names_chapter(margin, document)}
    heads |= _alike(words, heads, document)
    heads |= _in_place(words, heads | set(counted), document)
    return _labelled(margins, counted, (heads | dropped) - _kept(words, heads))


def _labelled(
    margins: Iterable[Margin], counted: dict[Place, bool], heads: set[Place]
) -> dict[Place, str]:
    found = {}
    for margin in margins:
        if counted.get(margin.place):
            found[margin.place] = "page-number"
        elif margin.place in heads:
            found[margin.place] = "header" if margin.is_top else "footer"
    return found


def _repeated(
    words: Sequence[Margin], document: Document, counted: dict[Place, bool]
) -> tuple[set[Place], set[Place]]:
    """Return what is said on several pages at one place; and what is large, but for the first."""
    groups: dict[tuple[bool, str], list[Margin]] = defaultdict(list)
    for margin in words:
        if margin.label not in {"list", "table"} or margin.rank == 0:
            groups[margin.is_top, margin.skeleton].append(margin)
    found: set[Place] = set()
    large: set[Place] = set()
    for some in groups.values():
        for chain in numbering.chained(some, numbering.GAP, SAME_Y):
            if not _runs(chain, document, counted):
                continue
            if any(_is_large(margin, document) for margin in chain):
                if _is_on_most(chain, document):
                    large |= {margin.place for margin in chain[1:]}
            else:
                found |= {margin.place for margin in chain}
    return found, large


def _in_rows(
    words: Sequence[Margin], heads: set[Place], document: Document, counted: dict[Place, bool]
) -> set[Place]:
    """Return what runs as a row, whether its parts were read as one piece or as several."""
    rows: dict[tuple[int, bool], list[list[Margin]]] = defaultdict(list)
    for margin in sorted(words, key=lambda one: one.x):
        here = rows[margin.place.page, margin.is_top]
        level = next((row for row in here if abs(row[0].y - margin.y) <= SAME_ROW), None)
        if level is None:
            here.append([margin])
        else:
            level.append(margin)
    members = {row[0].place: row for some in rows.values() for row in some}
    composed = [
        replace(
            row[0],
            skeleton=" ".join(margin.skeleton for margin in row),
            text=" ".join(margin.text for margin in row),
            x=sum(margin.x for margin in row) / len(row),
        )
        for row in members.values()
    ]
    found, _ = _repeated(composed, document, counted)
    return {
        margin.place for place in found for margin in members[place]
    } - heads


def _in_part(words: Sequence[Margin], heads: set[Place], document: Document) -> set[Place]:
    """Return rows of which one end stays: a chapter, with its sections beside it."""
    groups: dict[tuple[bool, bool, str], list[Margin]] = defaultdict(list)
    for margin in words:
        if margin.place in heads or (margin.rank, margin.rows, margin.label) != (0, 1, "text"):
            continue
        if _is_large(margin, document):
            continue
        said = margin.skeleton.split()
        for is_first, some in ((True, said), (False, said[::-1])):
            if end := _end(some):
                groups[margin.is_top, is_first, end].append(margin)
    return {
        margin.place
        for some in groups.values()
        for chain in numbering.chained(some, numbering.GAP, SLOT)
        if len(chain) >= LEAST and all(_are_of_one_size(chain[0], one) for one in chain)
        for margin in chain
    }


def _end(said: Sequence[str]) -> str:
    """Return the first words of some that have letters enough to tell a head; "" if all do not."""
    for count in range(1, len(said)):
        if letters(end := " ".join(said[:count])) >= END_LETTERS:
            return end
    return ""


def _runs(chain: Sequence[Margin], document: Document, counted: dict[Place, bool]) -> bool:
    """Say whether what pages repeat at one place is a head, and no heading of each."""
    changes = len({margin.text.casefold() for margin in chain}) > 1
    headings = sum(margin.label in {"title", "heading"} for margin in chain)
    numbered = sum(margin.place in counted for margin in chain)
    if changes and 2 * headings > len(chain) and 2 * numbered < len(chain):
        return False  # "Exercise 3", "Exercise 4"
    if len(chain) >= LEAST:
        return True
    if len(chain) < 2 or document.pages > SHORT or headings:
        return numbered == len(chain) == 2
    first, last = chain
    return (
        abs(first.y - last.y) <= SLOT
        and abs(first.x - last.x) <= SAME_X
        and (not changes or numbered == 2)
        and max(first.rows, last.rows) < KEPT_ROWS
        and last.place.page - first.place.page == 1
    )


def _is_large(margin: Margin, document: Document) -> bool:
    """Say whether a piece is set as no running head is."""
    if margin.size > 0 and document.size > 0:
        return margin.size > LARGE * document.size
    return margin.label in {"title", "heading"}


def _is_on_most(chain: Sequence[Margin], document: Document) -> bool:
    """Say whether most pages say the very same: a letterhead, and no titles that count."""
    same = len({margin.text.casefold() for margin in chain}) == 1
    return same and len(chain) >= max(LARGE_LEAST, MOST_PAGES * document.pages)


def _kept(words: Iterable[Margin], heads: set[Place]) -> set[Place]:
    """Return what is told once, where it runs first: a letterhead, the names of columns."""
    kept: dict[tuple[bool, str], Place] = {}
    for margin in sorted(words, key=lambda one: (one.place.page, one.place.block)):
        if margin.place in heads and (
            margin.rows >= KEPT_ROWS
            or (margin.rank > 0 and margin.cells >= KEPT_CELLS)
        ):
            kept.setdefault((margin.is_top, margin.skeleton), margin.place)
    return set(kept.values())


def _alike(words: Sequence[Margin], heads: set[Place], document: Document) -> set[Place]:
    """Return what differs from a head of pages around by a few letters: it was misread."""
    near = _Near(margin for margin in words if margin.place in heads)
    found = set()
    for margin in words:
        if margin.place in heads or letters(margin.skeleton) < ALIKE_LETTERS:
            continue
        if _is_large(margin, document):
            continue
        if any(
            abs(other.y - margin.y) <= SAME_Y
            and SequenceMatcher(None, other.skeleton, margin.skeleton).ratio() >= ALIKE
            for other in near.around(margin)
        ):
            found.add(margin.place)
    return found


def _in_place(words: Sequence[Margin], known: set[Place], document: Document) -> set[Place]:
    """Return what stands where the pages before and behind have a head, or names a chapter."""
    near = _Near(margin for margin in words if margin.place in known)
    found = set()
    for margin in words:
        if margin.place in known or not _may_be_head(margin, document):
            continue
        slots = [
            other
            for other in near.around(margin)
            if abs(other.y - margin.y) <= SLOT and _are_of_one_size(other, margin)
        ]
        before = any(other.place.page < margin.place.page for other in slots)
        behind = any(other.place.page > margin.place.page for other in slots)
        if (before and behind) or (slots and named(margin.skeleton) in document.headings):
            found.add(margin.place)
    return found


def _names_chapter(margin: Margin, document: Document) -> bool:
    """Say whether a piece at the edge says in plain type what a heading says in its own."""
    return margin.label == "text" and _may_be_head(margin, document) and (
        named(margin.skeleton) in document.headings
    )


def named(skeleton: str) -> str:
    """Return what a heading or a head says without its numbers."""
    return " ".join(word for word in skeleton.split() if word != "#")


def _may_be_head(margin: Margin, document: Document) -> bool:
    """Say whether a piece is a single short row at the very edge, in no large type."""
    return (
        margin.rank == 0
        and margin.rows == 1
        and margin.label in {"text", "heading"}
        and len(margin.text) <= HEAD_LETTERS
        and not margin.text.endswith(_SENTENCE)
        and not _is_large(margin, document)
    )


def _are_of_one_size(a: Margin, b: Margin) -> bool:
    if a.size <= 0 or b.size <= 0:
        return True
    return abs(a.size - b.size) <= SAME_SIZE * max(a.size, b.size)


class _Near:
    """Margins by their pages, to find those at the same edge of pages around."""

    def __init__(self, margins: Iterable[Margin]) -> None:
        self._margins = sorted(margins, key=lambda one: one.place.page)
        self._pages = [margin.place.page for margin in self._margins]

    def around(self, margin: Margin) -> Iterator[Margin]:
        """Yield those at most a few pages off."""
        page = margin.place.page
        start = bisect_left(self._pages, page - numbering.GAP)
        end = bisect_left(self._pages, page + numbering.GAP + 1)
        for other in self._margins[start:end]:
            if other.place.page != page and other.is_top == margin.is_top:
                yield other
