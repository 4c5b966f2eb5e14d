"""What goes on over the end of a page: paragraphs, words, lists, tables (pure).

Told by the letters at the end, by the room that the last row left and the indent of the first one,
by a table's columns and head, by a list's numbers. Between two parts of a paragraph figures, tables
and notes may stand; then only letters tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher

from ocrd.job import Block, Cell, Joint, PageRead, Place
from ocrd.layout import joining
from ocrd.layout.margins import skeleton
from ocrd.layout.sheet import around

INDENT = 0.7  # heights of a line: so much begins a paragraph
SAME_SIZE = 1.12  # times a type's size
SMALL = 0.93  # of the running text's size: a note's
LONG = 60  # characters of a text that is more than a line by itself
SHORT = 20  # and of one that may be anything
LITTLE_ROOM = 0.1  # of a full row: ragged text leaves this much
MUCH_ROOM = 0.4  # nobody breaks a sentence so early
SAME_EDGE = 0.05  # share of the page's width by which a table's edges may differ
BOTTOM, TOP = 0.6, 0.4  # share of the page's height: a table that goes on reaches this far
HEAD_ROWS = 3  # that are said again at most
ALIKE = 0.85  # of a row that was misread
ANCHORED = 0.8  # share of a table's rows that begin with a cell

MARGINAL = frozenset({"header", "footer", "page-number"})
_FLOATS = frozenset({"figure", "caption", "footnote", "equation"})
_ENDS_SENTENCE = re.compile(r"""[.!?:;。！？：]["'”’»)\]*]*(\[\d+\])?$""")
_OPENS = re.compile(r"""["'“„«‘(\[*_]*""")
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§])\S?\s?\S")
_AGAIN = re.compile(
    r"\b(?:cont(?:inued|d|\.|['’]d)|fortsetzung|forts\.|suite|continuación|continua(?:ção|zione)?"
    r"|vervolg)",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"(?P<indent> *)(?:(?P<number>\d{1,9})[.)]|\(?(?P<letter>[a-z])\)|[•●◦○▪■□◆►▶‣⁃∙·*+–—-])\s"
)
_COUNTED = re.compile(r"\d+(?:[.-]\d+)*|[A-Z]\b")


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual in a document."""

    words: Set[str] = frozenset()
    spoken: str = ""
    size: float = 0.0  # of the running text in points
    indents: bool = False  # its paragraphs begin with an indent


@dataclass(frozen=True, slots=True)
class Seam:
    """What two blocks are to each other: the earlier one's text as it is now, and the joint."""

    index: int  # of the later one in its page's blocks
    joint: Joint
    before: str = ""
    after: str = ""


def seams(
    before: PageRead, after: PageRead, habits: Habits, head: Sequence[Sequence[Cell]] = ()
) -> list[Seam]:
    """Return what of one page goes on on a later one, all between them blank.

    ``head`` are the first rows of the table that ends the earlier page, where it began before.
    """
    for end, is_behind in _ends(before, habits):
        for start, is_before in _starts(after):
            labels = before.blocks[end].label, after.blocks[start].label
            away = is_behind or is_before
            found = None
            if labels == ("table", "table"):
                found = None if is_behind else _table(before, end, after, start, head)
            elif labels == ("list", "list"):
                if not away and _list_goes_on(before, end, after.blocks[start]):
                    found = Seam(start, Joint(Place(before.number, end), "list", "\n"))
            elif labels[0] != "table" and labels[1] == "text":
                found = text((before, end), (after, start), habits, only_letters=away)
            if found:
                return [found, *_rest_of_list(before, end, after, start)]
    return []


def text(
    a: tuple[PageRead, int],
    b: tuple[PageRead, int],
    habits: Habits,
    *,
    only_letters: bool = False,
) -> Seam | None:
    """Return the seam of two texts, each a page's block, if the second goes on from the first.

    ``only_letters``: nothing else tells, since something stands between them.
    """
    earlier, later = (page.blocks[index] for page, index in (a, b))
    first, second = earlier.text.rstrip(), later.text.lstrip()
    if not first or not second or earlier.rich != later.rich:
        return None
    sizes = [
        block.shape.size * page.points_per_pixel if block.shape else 0.0
        for block, page in ((earlier, a[0]), (later, b[0]))
    ]
    if min(sizes) > 0 and max(sizes) > SAME_SIZE * min(sizes):
        return None
    if not _goes_on(earlier, later, habits, only_letters=only_letters):
        return None
    head, by, tail = joining.parts(first, second, habits.words, habits.spoken)
    return Seam(b[1], Joint(Place(a[0].number, a[1]), "text", by), head, tail)


def is_note(block: Block, page: PageRead, habits: Habits) -> bool:
    """Say whether a block is a note below the text, by its type and its mark."""
    if block.label == "footnote":
        return True
    shape = block.shape
    if block.label not in {"text", "list"} or shape is None or not shape.size or not habits.size:
        return False
    is_small = shape.size * page.points_per_pixel < SMALL * habits.size
    return is_small and bool(_NOTE.match(block.text))


def _ends(page: PageRead, habits: Habits) -> Iterator[tuple[int, bool]]:
    """Yield the blocks that may go on on a later page, and whether something stands behind."""
    yield from _outermost(
        page,
        reversed(range(len(page.blocks))),
        lambda block: block.label in _FLOATS or is_note(block, page, habits),
    )


def _starts(page: PageRead) -> Iterator[tuple[int, bool]]:
    """Yield the blocks that may go on from an earlier page, and whether something stands before."""
    yield from _outermost(page, range(len(page.blocks)), lambda block: block.label in _FLOATS)


def _outermost(
    page: PageRead, order: Iterable[int], floats: Callable[[Block], bool]
) -> Iterator[tuple[int, bool]]:
    """Yield the page's tables up to its first text, that too, and whether one lies outside it.

    ``order`` goes from the page's edge inwards; a text may go on past what ``floats``.
    """
    is_inside = False
    for index in order:
        block = page.blocks[index]
        if block.label in MARGINAL or not (block.text.strip() or block.label == "figure"):
            continue
        if floats(block):
            is_inside = is_inside or block.label != "caption"
        elif block.label == "table" and block.table:
            yield index, is_inside
            is_inside = True
        else:
            if block.label in {"text", "list"}:
                yield index, is_inside
            return


def _goes_on(a: Block, b: Block, habits: Habits, *, only_letters: bool) -> bool:
    """Say whether a sentence, or at least the paragraph, goes on from one text to the other."""
    first, second = a.text.rstrip(), b.text.lstrip()
    opened = second[_OPENS.match(second).end() :]  # type: ignore[union-attr]  # it matches always
    lower = opened[:1].islower()
    if lower and joining.HYPHENATED.search(first) and second[:1].isalpha():
        return True
    if lower and joining.is_repeated(first, second):
        return True
    ended = bool(_ENDS_SENTENCE.search(first))
    shape, after = a.shape, b.shape
    room = shape.room / shape.measure if shape and shape.measure > 0 else None
    if lower and not ended:
        return room < MUCH_ROOM if room is not None and shape else len(first) >= SHORT
    if only_letters or a.label == "list" or "\n" in first.strip():
        return False
    if room is None or shape is None or after is None:
        return not ended and len(first) >= LONG and len(second) >= SHORT and opened[:1].isalnum()
    needed = len(second.split(maxsplit=1)[0]) + 1.5
    is_full = shape.room < needed or (not ended and room < LITTLE_ROOM)
    if not is_full or after.indent >= INDENT or shape.rows < 2:
        return False
    if lower:
        return True  # behind an abbreviation
    return after.rows > 1 and (not ended or habits.indents)


# Lists


def _list_goes_on(before: PageRead, end: int, entry: Block) -> bool:
    """Say whether an entry is the next one of the list that ends the earlier page."""
    mark = _MARK.match(entry.text)
    last = end
    while last >= 0 and before.blocks[last].label == "list":
        above = _MARK.match(before.blocks[last].text)
        last -= 1
        if mark is None or above is None:
            if (mark is None) == (above is None):
                return True  # engines may leave marks out of the text
            continue
        if len(above["indent"]) > len(mark["indent"]):
            continue
        if len(above["indent"]) < len(mark["indent"]):
            return _is_first(mark)
        if mark["number"] and above["number"]:
            return int(mark["number"]) == int(above["number"]) + 1
        if mark["letter"] and above["letter"]:
            return ord(mark["letter"]) == ord(above["letter"]) + 1
        return _kind(mark) == _kind(above)
    return False


def number_of(text: str) -> int | None:
    """Return the number that an entry of a list begins with."""
    mark = _MARK.match(text)
    return int(mark["number"]) if mark and mark["number"] else None


def _is_first(mark: re.Match[str]) -> bool:
    return mark["number"] in {None, "1"} and mark["letter"] in {None, "a"}


def _kind(mark: re.Match[str]) -> str:
    return "number" if mark["number"] else "letter" if mark["letter"] else "bullet"


def _rest_of_list(before: PageRead, end: int, after: PageRead, start: int) -> list[Seam]:
    """Return the seam of the next entry, where an entry is cut by the page's end."""
    following = start + 1
    if before.blocks[end].label != "list" or after.blocks[start].label == "list":
        return []
    if following >= len(after.blocks) or after.blocks[following].label != "list":
        return []
    if not _list_goes_on(before, end, after.blocks[following]):
        return []
    return [Seam(following, Joint(Place(before.number, end), "list", "\n"))]


# Tables


def columns(table: Sequence[Sequence[Cell]]) -> int:
    """Return how many columns a table has."""
    return max((sum(cell.columns for cell in row) for row in table), default=0)


def _table(
    before: PageRead, end: int, after: PageRead, start: int, head: Sequence[Sequence[Cell]]
) -> Seam | None:
    a, b = before.blocks[end], after.blocks[start]
    if columns(a.table) != columns(b.table) or columns(a.table) < 2:
        return None
    repeated = _repeated(head or a.table[:HEAD_ROWS], b.table)
    captions = [
        block.text for block in after.blocks[:start] if block.label == "caption" and block.text
    ]
    if captions and not all(_is_again(caption, before) for caption in captions):
        return None
    if not repeated and not _is_level(before, a, after, b):
        return None
    has_own = any(cell.header for cell in b.table[0]) and any(
        cell.header for row in (head or a.table) for cell in row
    )
    if repeated >= len(b.table) or (has_own and not repeated):
        return None
    split = _is_split(a.table, b.table[repeated])
    joint = Joint(Place(before.number, end), "table", "\n", repeated, split)
    return Seam(start, joint, a.text, b.text)


def _repeated(head: Sequence[Sequence[Cell]], rows: Sequence[Sequence[Cell]]) -> int:
    """Return how many rows at a table's top are those at the top of another one."""
    count = 0
    for one, other in zip(head[:HEAD_ROWS], rows, strict=False):
        said, again = (skeleton(" ".join(cell.text for cell in row)) for row in (one, other))
        alike = said == again or SequenceMatcher(None, said, again).ratio() >= ALIKE
        counts = any(cell.text.strip() and not any(map(str.isalpha, cell.text)) for cell in other)
        same = [cell.text for cell in one] == [cell.text for cell in other]
        if not alike or not said or (counts and not same):
            break
        count += 1
    return count


def _is_level(before: PageRead, a: Block, after: PageRead, b: Block) -> bool:
    """Say whether a table reaches the end of its page, and one of its width begins the next."""
    if not (a.boxes and b.boxes and before.width and after.width):
        return columns(a.table) > 2 and not any(cell.header for cell in b.table[0])
    above, below = around(a.boxes), around(b.boxes)
    edges = zip((above.x0, above.x1), (below.x0, below.x1), strict=True)
    return (
        all(abs(x / before.width - y / after.width) <= SAME_EDGE for x, y in edges)
        and above.y1 >= BOTTOM * before.height
        and below.y0 <= TOP * after.height
    )


def _is_again(caption: str, before: PageRead) -> bool:
    """Say whether a caption says that its table goes on, or is that of the page before."""
    if _AGAIN.search(caption):
        return True
    number = _COUNTED.search(caption)
    return number is not None and any(
        block.label == "caption" and (found := _COUNTED.search(block.text)) is not None
        and found[0] == number[0]
        for block in before.blocks
    )


def _is_split(table: Sequence[Sequence[Cell]], row: Sequence[Cell]) -> bool:
    """Say whether a row has no first cell in a table whose rows have one: it was cut."""
    if any(cell.rows > 1 or cell.columns > 1 for cell in (*table[-1], *row)):
        return False
    if len(row) != len(table[-1]) or row[0].text.strip():
        return False
    anchored = sum(bool(other and other[0].text.strip()) for other in table)
    return anchored >= ANCHORED * len(table) and any(cell.text.strip() for cell in row)
