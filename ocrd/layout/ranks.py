"""The levels of a document's headings, by their numbers and their type (pure).

Headings of one kind (parts, chapters, 1.1, 1.1.1) have one level, in the order of their kinds.
Those without a number take the level of the numbered ones whose type they have, and else stand in
the order of their sizes. A title, larger than all others and said once at the beginning, is above
all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from ocrd.job import Block, PageRead, Place

SAME_SIZE = 1.1  # times a type's size: from one row to the next it is measured with such an error
LIKE_SIZE = 1.14  # likewise, where one of them has a number and stands for its level
TITLE = 1.15  # times the next largest heading's size
TITLE_PAGES = 3  # at the beginning, on which a title may stand
MAX_LEVEL = 6

_COUNT = (
    r"(?:\d{1,3}|[A-Z]|[IVXLC]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_NAMED = {
    kind: re.compile(rf"(?:{words})\s+{_COUNT}(?=\W|$)(?!\.\d)", re.IGNORECASE)
    for kind, words in {
        "part": r"part|teil|partie|parte|deel|del|część|část|часть|book|buch|livre|libro|livro",
        "chapter": r"chapter|kapitel|chapitre|cap[ií]tulo|capitolo|hoofdstuk|rozdział|kapitola"
        r"|глава",
        "appendix": r"appendix|anhang|annexe?|ap[eéê]ndice|appendice|bijlage|bilaga|liite",
    }.items()
}
_NUMBER = re.compile(r"(?P<first>\d{1,3}|[A-Z])(?P<more>(?:\.\d{1,3}){0,5})(?P<end>[.)]?)\s+(?=\S)")
_SECTION = re.compile(r"§+\s?\d{1,4}")
_ROMAN = re.compile(r"(?:[IVX]|[IVXLC]{2,6})\.\s+(?=\S)")
# Kinds from the highest; numbers of several parts, "2" for 1.1, follow.
_ORDER = ("part", "chapter", "roman", "§", "letter")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document, as far as its level needs it."""

    place: Place
    is_title: bool  # by its page's layout
    kind: str  # see kind_of
    size: float  # of its type in points, 0 if that is not known
    letter: str = ""  # that its number begins with


def of(page: PageRead) -> list[Heading]:
    """Return a page's headings."""
    return [
        Heading(
            Place(page.number, index),
            block.label == "title",
            kind_of(block.text),
            _size(block, page),
            _letter(block.text),
        )
        for index, block in enumerate(page.blocks)
        if block.label in {"title", "heading"} and block.text.strip()
    ]


def kind_of(text: str) -> str:
    """Return what a heading's number says of its rank, as a name; "" if it has none.

    Names: "part", "chapter", "appendix", "roman", "§", "letter", and how many parts a number has.
    """
    text = " ".join(text.split())
    for kind, pattern in _NAMED.items():
        if pattern.match(text):
            return kind
    if _SECTION.match(text):
        return "§"
    if _ROMAN.match(text):
        return "roman"
    number = _NUMBER.match(text)
    if not number:
        return ""
    parts = 1 + number["more"].count(".")
    if number["first"].isdecimal() or parts > 1:
        return str(parts)
    return "letter" if number["end"] else ""  # "A Method" may be a sentence's beginning


def _letter(text: str) -> str:
    number = _NUMBER.match(" ".join(text.split()))
    return number["first"] if number and number["first"].isalpha() else ""


def levels(found: Sequence[Heading]) -> dict[Place, int]:
    """Return the level of each heading of a document, from 1."""
    if not found:
        return {}
    lettered = {one.letter for one in found if one.kind.isdecimal()}  # A.1 has an A above it
    found = [
        replace(one, kind="letter") if not one.kind and one.letter in lettered - {""} else one
        for one in found
    ]
    title = _title(found)
    others = [heading for heading in found if heading is not title]
    groups = _groups(others)
    top = 1 if title is None and groups and _is_titles(groups[0]) else 2
    ranked = {title.place: 1} if title else {}
    for rank, group in enumerate(groups):
        for heading in group:
            ranked[heading.place] = min(top + rank, MAX_LEVEL)
    return ranked


def _title(found: Sequence[Heading]) -> Heading | None:
    """Return the heading that names the document, None if none does."""
    first = found[0]
    if first.place.page > TITLE_PAGES:
        return None
    early = [one for one in found if one.place.page == first.place.page]
    largest = max(early, key=lambda one: (one.size, one.is_title))
    if not largest.is_title or largest.kind:
        return None
    others = [one for one in found if one is not largest]
    if largest.size <= 0:
        return None if any(one.is_title for one in others) else largest
    sizes = [one.size for one in others if one.size > 0]
    return largest if not sizes or largest.size >= TITLE * max(sizes) else None


def _groups(found: Sequence[Heading]) -> list[list[Heading]]:
    """Return the headings by their rank, the highest first."""
    kinds: dict[str, list[Heading]] = defaultdict(list)
    for heading in found:
        kinds[heading.kind].append(heading)
    plain = kinds.pop("", [])
    # Appendices are chapters, or what the document has instead; and so is what letters count.
    for kind, others in (("appendix", ("chapter", "1")), ("letter", ("roman", "1"))):
        if kind in kinds:
            like = next((other for other in others if other in kinds), kind)
            if like != kind and (kind, like) != ("letter", "roman"):
                kinds[like] += kinds.pop(kind)
    groups = [kinds[kind] for kind in sorted(kinds, key=_rank)]
    for some in _by_size(plain):
        _insert(groups, some)
    return groups


def _rank(kind: str) -> int:
    if kind.isdecimal():
        return len(_ORDER) + int(kind)
    return _ORDER.index(kind) if kind in _ORDER else _ORDER.index("chapter")


def _by_size(plain: Sequence[Heading]) -> list[list[Heading]]:
    """Return headings without numbers by their sizes, the largest first.

    Titles stand above others where sizes are not known.
    """
    measured = sorted((one for one in plain if one.size > 0), key=lambda one: -one.size)
    found: list[list[Heading]] = []
    for heading in measured:
        if found and found[-1][-1].size < SAME_SIZE * heading.size:
            found[-1].append(heading)
        else:
            found.append([heading])
    for is_title in (True, False):
        unknown = [one for one in plain if one.size <= 0 and one.is_title == is_title]
        if unknown:
            found.append(unknown)
    return found


def _insert(groups: list[list[Heading]], some: list[Heading]) -> None:
    """Put headings without a number among the groups, into the one whose type they have."""
    size = _usual_size(some)
    if size <= 0:
        titles = some[0].is_title
        at = next((at for at, group in enumerate(groups) if _is_titles(group) == titles), None)
        if at is None:
            groups.insert(0 if titles else len(groups), some)
        else:
            groups[at] += some
        return
    nearest = min(
        groups, key=lambda group: _apart(_usual_size(group), size), default=None
    )
    if nearest is not None and _apart(_usual_size(nearest), size) < LIKE_SIZE:
        nearest += some
        return
    smaller = (at for at, group in enumerate(groups) if 0 < _usual_size(group) < size)
    groups.insert(next(smaller, len(groups)), some)


def _is_titles(group: Sequence[Heading]) -> bool:
    return 2 * sum(heading.is_title for heading in group) > len(group)


def _usual_size(some: Sequence[Heading]) -> float:
    sizes = [heading.size for heading in some if heading.size > 0]
    return median(sizes) if sizes else 0.0


def _apart(a: float, b: float) -> float:
    """Return how many times one size is the other; far where one is not known."""
    return max(a, b) / min(a, b) if min(a, b) > 0 else float("inf")


def _size(block: Block, page: PageRead) -> float:
    return block.shape.size * page.points_per_pixel if block.shape else 0.0
