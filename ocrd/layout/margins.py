"""What stands at the edges of a page, in few words: what may run over a document's pages (pure).

Little is kept of a page, so that a book of any length can be looked through: at most eight pieces,
each with where it stands, its type, and the numbers that may be the page's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ocrd.job import Block, Box, PageRead, Place
from ocrd.layout.columns import CELL_SEPARATOR
from ocrd.layout.running import ZONE
from ocrd.layout.sheet import around

MOST = 4  # pieces at one edge of a page
MAX_TEXT = 160  # characters: more is a paragraph
MAX_NUMBER = 9999
MAX_ROMAN = 250

_NEVER = frozenset({"figure", "caption", "equation", "code", "located"})
_ROMAN = re.compile(
    r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE
)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_COUNT = r"(?P<number>\d{1,4}|[ivxlcIVXLC]{1,8})"
_WITHIN = r"(?:/|[^\W\d_]{1,3}(?:\s[^\W\d_]{2})?)"  # between a page and how many there are
_OF_ALL = re.compile(rf"(?:^|(?<=\s))\W?(?P<number>\d{{1,4}})\s?{_WITHIN}\s?\d{{1,4}}\W*$")
_FIRST = re.compile(rf"\W{{0,3}}{_COUNT}(?![.,:/-]\d)(?=\s|\W{{1,3}}(?:\s|$)|$)")
_LAST = re.compile(rf"(?:^|\s)\W{{0,3}}{_COUNT}\W{{0,3}}$")
# Numbers that begin anew with each chapter or appendix: 3-17, A-4.
_OF_CHAPTER = re.compile(
    r"\W{0,3}(?P<chapter>[A-Z]|\d{1,2}|[IVX]{1,5})\s?[-–.]\s?(?P<number>\d{1,3})\W{0,3}"
)
_DIGITS = re.compile(r"\d+")
_NO_WORD = re.compile(r"[^\w#]+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may be the page's."""

    value: int
    kind: str  # "arabic", "roman", or the chapter that it is counted in
    is_all: bool  # and nothing else stands there


@dataclass(frozen=True, slots=True)
class Margin:
    """A block at the upper or the lower edge of a page."""

    place: Place
    is_top: bool
    rank: int  # 0: nothing stands further out
    y: float  # of its middle, as a share of the page's height
    x: float  # likewise of its width
    rows: int  # 0 if that is not known
    size: float  # of its type in points, 0 if that is not known
    label: str
    cells: int  # that its text stands in
    text: str
    skeleton: str  # its words, with # for each number
    numbers: tuple[Number, ...]

    @property
    def is_number(self) -> bool:
        """Say whether a number is all that stands there."""
        return any(number.is_all for number in self.numbers)


def of(page: PageRead) -> list[Margin]:
    """Return what stands at the page's edges, from the edges inwards."""
    boxed = [(index, around(block.boxes)) for index, block in _written(page) if block.boxes]
    if not boxed or page.height <= 0:
        return _without_places(page)
    found: list[Margin] = []
    for is_top in (True, False):
        edge = [(index, box) for index, box in boxed if _is_at_edge(box, page, is_top=is_top)]
        edge.sort(key=lambda one: one[1].y0 if is_top else -one[1].y1)
        found += [
            _margin(page, index, box, is_top=is_top, rank=rank)
            for rank, (index, box) in enumerate(edge[:MOST])
        ]
    return found


def skeleton(text: str) -> str:
    """Return a text's words in lower case, without signs, with # for each number."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = _NO_WORD.sub(" ", _DIGITS.sub("#", plain)).split()
    for at in {0, len(words) - 1} if words else set():
        if len(words) > 1 and roman(words[at]):
            words[at] = "#"
    return " ".join(words)


def letters(text: str) -> int:
    """Return how many letters a text has."""
    return sum(map(str.isalpha, text))


def numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers at the beginning and the end of a text that may be a page's."""
    text = text.strip()
    found: list[Number] = []
    if whole := _OF_CHAPTER.fullmatch(text):
        found.append(Number(int(whole["number"]), whole["chapter"], is_all=True))
    for pattern in (_FIRST, _OF_ALL, _LAST):
        match = pattern.match(text) if pattern is _FIRST else pattern.search(text)
        if match is None:
            continue
        token = match["number"]
        is_all = not any(map(str.isalnum, text[: match.start("number")])) and (
            pattern is _OF_ALL or not any(map(str.isalnum, text[match.end("number") :]))
        )
        value = int(token) if token.isdecimal() else roman(token)
        kind = "arabic" if token.isdecimal() else "roman"
        number = Number(value, kind, is_all)
        if 0 < value <= MAX_NUMBER and number not in found:
            found.append(number)
    return tuple(found)


def roman(token: str) -> int:
    """Return the value of a roman number of one case, 0 if it is none, or too great."""
    if not token or token not in {token.lower(), token.upper()} or not _ROMAN.fullmatch(token):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in token.lower()]
    total = sum(
        -value if value < max(values[at:]) else value for at, value in enumerate(values)
    )
    return total if total <= MAX_ROMAN else 0


def _written(page: PageRead) -> Iterator[tuple[int, Block]]:
    """Yield the blocks that may run, with their places."""
    for index, block in enumerate(page.blocks):
        text = block.text.strip()
        if text and len(text) <= MAX_TEXT and block.label not in _NEVER:
            yield index, block


def _is_at_edge(box: Box, page: PageRead, *, is_top: bool) -> bool:
    if is_top:
        return box.y1 <= ZONE * page.height
    return box.y0 >= (1 - ZONE) * page.height


def _without_places(page: PageRead) -> list[Margin]:
    """Return the first and last blocks of a page that an engine gives no boxes for."""
    if len(page.blocks) < 3 or any(block.boxes for block in page.blocks):
        return []
    written = dict(_written(page))
    last = len(page.blocks) - 1
    found: list[Margin] = []
    for index, is_top in ((0, True), (1, True), (last, False), (last - 1, False)):
        if index in written and not any(index == other.place.block for other in found):
            rank = index if is_top else last - index
            found.append(_margin(page, index, None, is_top=is_top, rank=rank))
    return found


def _margin(
    page: PageRead, index: int, box: Box | None, *, is_top: bool, rank: int
) -> Margin:
    block = page.blocks[index]
    shape, text = block.shape, " ".join(block.text.split())
    return Margin(
        Place(page.number, index), is_top, rank,
        y=(box.y0 + box.y1) / 2 / page.height if box else 1.0 - is_top,
        x=(box.x0 + box.x1) / 2 / page.width if box and page.width else 0.5,
        rows=shape.rows if shape else 0,
        size=shape.size * page.points_per_pixel if shape else 0.0,
        label=block.label,
        cells=1 + block.text.count(CELL_SEPARATOR),
        text=text,
        skeleton=skeleton(text),
        numbers=numbers(text),
    )  # fmt: skip
