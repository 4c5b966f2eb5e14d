"""The levels of a document's headings, by their numbers and their type (pure).

Headings of one kind (parts, chapters, 1.1, 1.1.1) have one level, in the order of their kinds.
Those without a number take the level of the numbered ones whose type they have, and else stand in
the order of their sizes; of one size, bold ones stand above others, capitals above small letters,
and what is set in from the margin above what stands at it. A title, larger than all others and said
once at the beginning, is above all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from ocrd.job import Block, PageRead, Place, Shape
from ocrd.layout import crossheads
from ocrd.layout.seams import MARGINAL

SAME_SIZE = 1.1  # times a type's size: from one row to the next it is measured with such an error
LIKE_SIZE = 1.14  # likewise, where one of them has a number and stands for its level
TITLE = 1.15  # times the next largest heading's size
TITLE_PAGES = 3  # at the beginning, on which a title may stand
MAX_LEVEL = 6
ROOM = 0.2  # of a full row: a heading in the text's size leaves so much
FEW_LETTERS = 12  # whose size was measured by which of them are tall:
FAR = 1.35  # times a size that such a heading may really have
BOLD, PLAIN = 1.35, 1.22  # times the running text's weight: from here, and up to here
UPPER = 4  # letters that capitals need to be a setting
SET_IN = 1.5  # heights of a line from the margin: in the middle

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
    setting: Setting | None = None  # None where only its size is known
    is_short: bool = False  # its size tells little


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """How a heading is set off besides by its size; the higher ones are greater."""

    is_bold: bool
    is_upper: bool
    is_set_in: bool


def of(page: PageRead) -> list[Heading]:
    """Return a page's headings."""
    return [
        _heading(page, index)
        for index, block in enumerate(page.blocks)
        if block.label in {"title", "heading"} and block.text.strip()
    ]


def topmost(page: PageRead) -> list[Heading]:
    """Return the row at the page's top that is a heading if others of the document are set so.

    White above it tells nothing there: see :mod:`ocrd.layout.crossheads`.
    """
    for index, block in enumerate(page.blocks[:-1]):
        if block.label in MARGINAL:
            continue
        below = page.blocks[index + 1]
        is_row = block.label == "text" and _is_row(block.shape)
        is_text = below.label == "text" and below.shape is not None and below.shape.rows > 1
        return [_heading(page, index)] if is_row and is_text and crossheads.says(block.text) else []
    return []


def _is_row(shape: Shape | None) -> bool:
    """Say whether a block is one row that leaves room."""
    return shape is not None and shape.rows == 1 and shape.room > ROOM * shape.measure


def alike(some: Sequence[Heading], headings: Sequence[Heading]) -> list[Heading]:
    """Return those that are set as one of the document's headings is."""
    return [
        one
        for one in some
        if any(
            one.setting == other.setting
            and one.kind == other.kind
            and _apart(one.size, other.size) < LIKE_SIZE
            for other in headings
        )
    ]


def _heading(page: PageRead, index: int) -> Heading:
    block = page.blocks[index]
    return Heading(
        Place(page.number, index),
        block.label == "title",
        kind_of(block.text),
        _size(block, page),
        _letter(block.text),
        _setting(block),
        len(block.text) <= FEW_LETTERS,
    )


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


def _setting(block: Block) -> Setting | None:
    """Return how a heading is set off; None where that is not clear."""
    shape = block.shape
    if shape is None or not (0 < shape.weight <= PLAIN or shape.weight >= BOLD):
        return None
    number = _NUMBER.match(block.text) or _ROMAN.match(block.text)
    words = block.text[number.end() :] if number else block.text
    letters = sum(map(str.isalpha, words))
    is_upper = letters >= UPPER and words == words.upper()
    return Setting(shape.weight >= BOLD, is_upper, shape.indent > SET_IN)


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
    found = _steadied(found)
    title = _title(found)
    others = [heading for heading in found if heading is not title]
    groups = _groups(others)
    top = 1 if title is None and groups and _is_titles(groups[0]) else 2
    ranked = {title.place: 1} if title else {}
    for rank, group in enumerate(groups):
        for heading in group:
            ranked[heading.place] = min(top + rank, MAX_LEVEL)
    return ranked


def _steadied(found: Sequence[Heading]) -> list[Heading]:
    """Return the headings, those of few letters with the size of the longer ones they may have."""
    sizes: dict[Setting | None, list[float]] = defaultdict(list)
    for one in found:
        if one.size > 0 and not one.is_short:
            sizes[one.setting].append(one.size)
    return [_steady(one, sizes[one.setting]) if one.is_short else one for one in found]


def _steady(one: Heading, sizes: Sequence[float]) -> Heading:
    nearest = min(sizes, key=lambda size: _apart(size, one.size), default=0.0)
    return replace(one, size=nearest) if _apart(nearest, one.size) < FAR else one


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
    numbered = list(groups)
    for cluster in _by_size(plain):
        least = 0
        for some in _by_setting(cluster):
            least = _insert(groups, numbered, some, least) + 1
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


def _by_setting(some: Sequence[Heading]) -> list[list[Heading]]:
    """Return headings of one size by how they are set off, the highest first.

    Those of which that is not known are of the largest group.
    """
    groups: dict[Setting | None, list[Heading]] = defaultdict(list)
    for one in some:
        groups[one.setting].append(one)
    unclear = groups.pop(None, [])
    ranked = [groups[setting] for setting in sorted(groups, key=_order, reverse=True)]
    if unclear and ranked:
        max(ranked, key=len).extend(unclear)
    return ranked or [unclear]


def _order(setting: Setting | None) -> tuple[bool, ...]:
    return (setting.is_bold, setting.is_upper, setting.is_set_in) if setting else ()


def _insert(
    groups: list[list[Heading]],
    numbered: Sequence[list[Heading]],
    some: list[Heading],
    least: int,
) -> int:
    """Put headings without a number among the groups, into the one whose type they have.

    Those with numbers alone take others in. The place, ``least`` or behind it, is returned.
    """
    size = _usual_size(some)
    if size <= 0:
        titles = some[0].is_title
        at = next((at for at, group in enumerate(groups) if _is_titles(group) == titles), None)
        if at is not None:
            groups[at] += some
            return at
        at = 0 if titles else len(groups)
        groups.insert(at, some)
        return at
    nearest = min(
        numbered, key=lambda group: _apart(_usual_size(group), size), default=None
    )
    if nearest is not None and _apart(_usual_size(nearest), size) < LIKE_SIZE:
        at = next(at for at, group in enumerate(groups) if group is nearest)
        own, theirs = _usual_setting(some), _usual_setting(nearest)
        if own is None or theirs is None or own.is_bold == theirs.is_bold:
            nearest += some
            return at
        at += not own.is_bold
    else:
        smaller = (at for at, group in enumerate(groups) if 0 < _usual_size(group) < size)
        at = next(smaller, len(groups))
    groups.insert(max(at, least), some)
    return max(at, least)


def _is_titles(group: Sequence[Heading]) -> bool:
    return 2 * sum(heading.is_title for heading in group) > len(group)


def _usual_size(some: Sequence[Heading]) -> float:
    sizes = [heading.size for heading in some if heading.size > 0]
    return median(sizes) if sizes else 0.0


def _usual_setting(some: Sequence[Heading]) -> Setting | None:
    settings = [heading.setting for heading in some if heading.setting]
    return max(settings, key=settings.count, default=None)


def _apart(a: float, b: float) -> float:
    """Return how many times one size is the other; far where one is not known."""
    return max(a, b) / min(a, b) if min(a, b) > 0 else float("inf")


def _size(block: Block, page: PageRead) -> float:
    return block.shape.size * page.points_per_pixel if block.shape else 0.0
