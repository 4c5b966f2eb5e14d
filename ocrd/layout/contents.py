"""Tables of contents: which of a page's blocks are one, and their entries as a list (pure).

An entry ends in the number of a page, behind a leader, a gap or in a cell of its own, and these
numbers do not fall. Whatever the page's layout made of the rows (headings, a table, a paragraph
whose leaders filled the rows), they are entries of a list here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ocrd.job import Block
from ocrd.layout import headings
from ocrd.layout.lists import INDENT
from ocrd.layout.margins import letters, roman

LEAST = 5  # entries, where no heading says what they are,
LEAST_NAMED = 3  # and where one does
SHARE = 0.6  # of the rows,
LEAST_SURE = 0.3  # where the others have at least a number of their own: their pages were not read
RISING = 0.8  # share of the entries whose number is no smaller than the one before
LONG = 200  # characters of an entry's words
LEADER = " … "
OTHERS = frozenset({"header", "footer", "page-number", "figure", "caption", "code"})

_NAME = re.compile(
    r"\W*(?:(?:table of )?contents|list of (?:figures|tables|illustrations|plates)"
    r"|inhalt(?:sverzeichnis|sübersicht)?|(?:abbildungs|tabellen)verzeichnis"
    r"|table des mati[eè]res|sommaire|(?:liste|table) des (?:figures|tableaux|illustrations)"
    r"|[ií]ndice(?: general| geral)?|contenidos?|conteúdo|sum[aá]rio|sommario"
    r"|inhoud(?:sopgave)?|innehåll|indhold|innhold|sisällys|tartalom|obsah|spis treści"
    r"|оглавление|содержание|目次|目录|目錄|차례)\W*",
    re.IGNORECASE,
)
_DOTS = r"(?:(?:\s*[.·•…_‥⋯․]){3,}\s*|\s*[…⋯‥]+\s*)"
_PAGE = r"(?:\d{1,4}|[ivxlcIVXLC]{1,8}|[A-Z]-\d{1,3}|\d{1,2}-\d{1,3})"
_LED = re.compile(rf"(?P<words>\S.*?)(?P<leader>{_DOTS}|\s{{2,}}|\t)(?P<page>{_PAGE})$")
_PLAIN = re.compile(rf"(?P<words>\S.*?)\s(?P<page>{_PAGE})$")
_GLUED = re.compile(rf"({_DOTS}{_PAGE})\s+(?=\S)")
_NUMBER = re.compile(r"(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*\.?(?=\s)")
_BULLET = re.compile(r"[•●◦○▪■□]\s+")
_LEFT = " .·•…_"  # of a leader


@dataclass(frozen=True, slots=True)
class _Entry:
    words: str
    page: str  # "" for one without a number: a part's name
    block: int
    is_led: bool  # by dots


@dataclass(frozen=True, slots=True)
class Contents:
    """A page's part of a table of contents: where it stands, and its blocks as a list."""

    first: int  # its first block but its heading
    end: int  # behind its last one
    blocks: tuple[Block, ...]


def is_name(text: str) -> bool:
    """Say whether a text names a table of contents."""
    return bool(_NAME.fullmatch(" ".join(text.split())))


def of(blocks: Sequence[Block], *, goes_on: bool = False) -> Contents | None:
    """Return the table of contents that the blocks of a page hold, None if they hold none.

    ``goes_on``: the page before ends in one.
    """
    named = next((at for at, block in enumerate(blocks) if is_name(block.text)), None)
    first = 0 if named is None else named + 1
    is_named = named is not None or goes_on
    entries = [entry for entry in _entries(blocks, first) if letters(entry.words) or entry.page]
    counted = [index for index, entry in enumerate(entries) if entry.page]
    if len(counted) < (LEAST_NAMED if is_named else LEAST):
        return None
    entries = entries[: counted[-1] + 1]
    if not is_named:
        led = [index for index, entry in enumerate(entries) if entry.is_led]
        if len(led) < LEAST or not any(entry.page for entry in entries[led[0] :]):
            return None
        entries = entries[led[0] : led[-1] + 1]
    pages = [page_value(entry.page) for entry in entries if entry.page]
    rising = sum(a <= b or a > 0 > b for a, b in pairwise(pages))
    dotted = sum(entry.is_led for entry in entries)
    sure = sum(bool(entry.page or _is_named(entry)) for entry in entries)
    needed = LEAST_SURE if is_named else SHARE
    if sure < SHARE * len(entries) or len(pages) < needed * len(entries):
        return None
    if rising < RISING * (len(pages) - 1):
        return None
    if 2 * dotted < len(pages) and not is_named:
        return None
    places = [entry.block for entry in entries]
    listed = tuple(_listed(blocks, entries))
    return Contents(min(places), max(places) + 1, listed)


def page_value(page: str) -> int:
    """Return by what pages are ordered: roman numbers, which come first, are below 0."""
    if page.isdecimal():
        return int(page)
    value = roman(page)
    return value - 1000 if value else int(re.sub(r"\D", "", page) or 0)


def _entries(blocks: Sequence[Block], first: int) -> Iterator[_Entry]:
    """Yield the rows of the blocks as entries."""
    for place in range(first, len(blocks)):
        block = blocks[place]
        if block.label in OTHERS:
            continue
        for row in _rows(block):
            yield _entry(row, place)


def _rows(block: Block) -> Iterator[str]:
    if block.table:
        for cells in block.table:
            texts = [text for cell in cells if (text := cell.text.strip())]
            if len(texts) > 1 and re.fullmatch(_PAGE, texts[-1]):
                yield f"{' '.join(texts[:-1])}   {texts[-1]}"
            else:
                yield " ".join(texts)
        return
    for row in block.text.split("\n"):
        yield from (part for part in _GLUED.sub(r"\1\n", row.strip()).split("\n") if part)


def _entry(row: str, place: int) -> _Entry:
    for pattern in (_LED, _PLAIN):
        if found := pattern.fullmatch(row):
            words = " ".join(found["words"].split()).rstrip(_LEFT)
            page = found["page"]
            is_sound = page.isdecimal() or "-" in page or roman(page) > 0
            if is_sound and letters(words) > 1 and len(words) <= LONG:
                led = pattern is _LED and bool(found["leader"].strip())
                return _Entry(words, page, place, led)
    return _Entry(" ".join(row.split()), "", place, is_led=False)


def _listed(blocks: Sequence[Block], entries: Sequence[_Entry]) -> Iterator[Block]:
    """Yield the entries as those of a list; the first of a block has its boxes."""
    merged = _with_wrapped(entries)
    numbered = [depth for entry in merged if (depth := _depth(entry.words))]
    least = min(numbered, default=1)
    seen: set[int] = set()
    for entry in merged:
        block = blocks[entry.block]
        level = max(_depth(entry.words) - least, 0)
        words = _BULLET.sub("", entry.words).rstrip(_LEFT)
        text = f"{words}{LEADER}{entry.page}" if entry.page else words
        yield replace(
            block,
            label="list",
            text=f"{' ' * INDENT * level}{text}",
            boxes=() if entry.block in seen else block.boxes,
            table=(),
            shape=None,
        )
        seen.add(entry.block)


def _is_named(entry: _Entry) -> bool:
    """Say whether an entry without a page is one by its own number, or by what is left of dots."""
    return bool(_NUMBER.match(entry.words)) or entry.words.endswith((" .", " ..", " …"))


def _with_wrapped(entries: Sequence[_Entry]) -> list[_Entry]:
    """Return the entries, those of two rows as one: the first has no page, the second no number."""
    found: list[_Entry] = []
    for entry in entries:
        above = found[-1] if found else None
        if above and not above.page and _goes_on(above, entry):
            found[-1] = replace(
                entry, words=f"{above.words} {entry.words}", block=above.block
            )
        else:
            found.append(entry)
    return found


def _goes_on(above: _Entry, entry: _Entry) -> bool:
    if _NUMBER.match(f"{entry.words} ") or headings.is_mark(above.words):
        return False
    begins_anew = entry.words[:1].isupper() and above.words.isupper() != entry.words.isupper()
    return bool(_NUMBER.match(above.words)) or not (begins_anew or entry.words[:1].isupper())


def _depth(words: str) -> int:
    """Return how many parts an entry's number has, 0 for one without."""
    number = _NUMBER.match(_BULLET.sub("", words))
    return 1 + number[0].rstrip(".").count(".") if number else 0
