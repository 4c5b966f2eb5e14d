"""Notes, dates, headings and line numbers in the margin beside one column of text (pure).

What stands there belongs to the paragraph beside it, and is read right before or behind it, in one
piece. It is taken out before columns are looked for, and comes back when it is known which lines
are one paragraph. Headings left of the text are found later (:mod:`ocrd.layout.sideheads`), but for
what can be none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.layout import values
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Draft
from ocrd.layout.sheet import Piece, cut_at
from ocrd.layout.sideheads import ENDS

# In heights of a line unless they say otherwise.
ROWS = 8  # of the text, at least
WORDS = 5  # of its usual line
WIDE = 16.0  # the text
FULL = 0.7  # of its width, that its usual line takes
MOST = 0.75  # share of the page's letters that are the text's
ALONE = 0.85  # share of its rows that are one piece
MARGIN = 0.7  # of the text's width that the margin takes, at most
NOTES = 0.5  # lines of notes for each line of the text, at most
IN_LINE = 0.7  # by which lines of the text begin apart,
NOTES_IN_LINE, LINED = 1.0, 0.7  # and so many of the notes
INDENT = 4.0  # of a text's line
OVER = 0.3  # by which a note may reach over the text's edge, its box is wider than its letters
STEP = 1.7  # from one line of a note to the next
LINES = 10  # of a note,
FEW_LINES = 3  # or of what might be a heading
LEVEL = 0.6  # by which a note's first line and the text's stand higher or lower
BESIDE = 0.7  # share of the notes that do so,
LONG = 0.5  # beside a line so wide, as a share of the text
EVEN = 1.25  # times the smallest step of a note's lines
HEAD_WORDS = 6  # of a heading that is not in bold
SMALLER = 0.84  # times the text's size: no headings
BOLD = 1.15  # times the text's weight: headings
STRAY = 0.1  # share of the text's lines that may reach into the margin
NEARLY = 0.9  # share of the notes that are numbers: those of lines


_MARK = re.compile(r"\W*(?:\d{1,3}|[^\W\d_]|[ivxlcIVXLC]{1,5})?\W*|(?:\d{1,2}\.){1,4}\d{0,2}")
_LEADER = re.compile(r"…|\.{3,}|(?:\. ){3,}")


@dataclass(frozen=True, slots=True)
class Note:
    """Lines in the margin, and the line of the text that they begin beside."""

    pieces: tuple[Piece, ...]
    line: Piece
    heads: bool  # may head what it stands beside
    is_before: bool
    is_number: bool = False  # of a line


@dataclass(frozen=True, slots=True)
class _Text:
    """A column of running text and its edges."""

    lines: tuple[Piece, ...]
    left: float
    right: float
    height: float


def parted(
    pieces: Sequence[Piece], *, with_heads: bool = False
) -> tuple[list[Piece], list[Note]]:
    """Return the pieces without what stands in a margin, and that.

    What may be headings left of the text only ``with_heads``, when it was found to be none.
    """
    text = _text(pieces)
    if text is None:
        return list(pieces), []
    for is_right in (True, False):
        own, some = _cut(pieces, text, is_right=is_right)
        cut = _text(own) if len(own) > len(pieces) else text
        notes = _notes(own, some, cut or text, is_right=is_right, with_heads=with_heads)
        if notes:
            gone = {id(piece) for note in notes for piece in note.pieces}
            return [piece for piece in own if id(piece) not in gone], notes
    return list(pieces), []


def placed(some: Sequence[Draft], found: Sequence[Note]) -> list[Draft]:
    """Return the drafts with each note before or behind what it stands beside."""
    drafts = list(some)
    heads = all(note.heads and _begins(drafts, note) for note in found)
    behind: dict[int, int] = {}  # how many notes stand behind a draft
    for note in found:
        at = _place(drafts, note)
        beside = drafts[at] if drafts else None
        column = beside.rows[-1].column if beside else 0
        rows = [Row((piece,), column) for piece in note.pieces]
        draft = Draft(rows, "heading" if heads else "text", 0.0)
        if beside is not None and (heads or note.is_before):
            drafts.insert(at, draft)
            continue
        count = behind.get(id(beside), 0)
        if note.is_number and count:
            drafts[at + count].rows += rows
            continue
        count = behind[id(beside)] = behind.get(id(beside), 0) + 1
        drafts.insert(at + count, draft)
    return drafts


def _begins(drafts: Sequence[Draft], note: Note) -> bool:
    """Say whether a note stands beside the first line of a paragraph."""
    if not drafts:
        return False
    row = drafts[_place(drafts, note)].rows[0]
    return abs((row.box.y0 + row.box.y1) / 2 - note.line.middle) < LEVEL * row.height


def _text(pieces: Sequence[Piece]) -> _Text | None:
    """Return the one column of running text that a page has, if it has one."""
    plain = [piece for piece in pieces if piece.whole is None]
    long = [piece for piece in plain if len(piece.line.text.split()) >= WORDS]
    if len(long) < ROWS:
        return None
    height = median(piece.box.height for piece in long)
    near = IN_LINE * height
    starts = [piece.box.x0 for piece in long]
    left = max(sorted(starts), key=lambda x: sum(abs(other - x) < near for other in starts))
    lines = [piece for piece in plain if -near < piece.box.x0 - left < INDENT * height]
    told = sorted(piece.box.x1 for piece in lines if len(piece.line.text.split()) >= WORDS)
    if len(told) < ROWS:
        return None
    # Lines that were read as one with what stands beside them end further right.
    right = _usual_end(told, near)
    width = right - left
    lines = [piece for piece in lines if piece.box.x1 < right + near]
    if len(lines) < ROWS or width < WIDE * height:
        return None
    if median(piece.box.width for piece in lines) < FULL * width:
        return None
    if sum(bool(_LEADER.search(piece.line.text)) for piece in lines) > STRAY * len(lines):
        return None  # a list of contents
    return _Text(tuple(sorted(lines, key=_middle)), left, right, height)


def _usual_end(ends: Sequence[float], near: float) -> float:
    """Return where full lines end: the furthest place that several do not exceed."""
    last = ends[int((1 - STRAY) * (len(ends) - 1))]
    return max(x for x in ends if x <= last + near)


def _cut(
    pieces: Sequence[Piece], text: _Text, *, is_right: bool
) -> tuple[list[Piece], list[Piece]]:
    """Return all pieces, and those in a margin; what goes over both is cut."""
    own: list[Piece] = []
    some: list[Piece] = []
    top, bottom = text.lines[0].box.y0, text.lines[-1].box.y1
    edge = text.right if is_right else text.left
    near = OVER * text.height
    beside = [piece for piece in pieces if _is_out(piece, edge, near, is_right=is_right)]
    for piece in pieces:
        parts = [piece]
        within = top - text.height < piece.middle < bottom + text.height
        reach = 3 * text.height
        goes_over = (
            piece.box.x0 < text.left - reach and piece.box.x1 > text.left + reach
            if not is_right
            else piece.box.x1 > text.right + reach and piece.box.x0 < text.right - reach
        )
        if within and goes_over and piece.whole is None and len(beside) > 1:
            at = text.left if not is_right else min(other.box.x0 for other in beside)
            parts = cut_at(piece, at, 1.0)
        own += parts
        some += [p for p in parts if within and _is_out(p, edge, near, is_right=is_right)]
    return own, some


def _is_out(piece: Piece, edge: float, near: float, *, is_right: bool) -> bool:
    if piece.whole is not None:
        return False
    return piece.box.x0 > edge - near if is_right else piece.box.x1 < edge + near


def _notes(
    pieces: Sequence[Piece],
    some: Sequence[Piece],
    text: _Text,
    *,
    is_right: bool,
    with_heads: bool,
) -> list[Note]:
    """Return what stands in a margin as notes; none if it is something else."""
    counted = _are_counted(some)
    if not some or (len(some) > NOTES * len(text.lines) + 1 and not counted):
        return []
    width = text.right - text.left
    lines = {id(piece) for piece in text.lines}
    letters = sum(len(piece.line.text) for piece in text.lines)
    if letters < MOST * sum(len(piece.line.text) for piece in pieces):
        return []
    x0, x1 = min(p.box.x0 for p in some), max(p.box.x1 for p in some)
    if x1 - x0 > MARGIN * width or not _is_one_column(pieces, some, text, lines):
        return []
    if not any(_are_in_line(edge, text.height) for edge in _edges(some)):
        return []
    chains = [[piece] for piece in sorted(some, key=_middle)] if counted else _chains(some)
    if any(len(chain) > LINES or _is_stacked(chain) for chain in chains):
        return []
    numbers = [values.is_value(piece.line.text) for piece in some]
    if 2 * sum(numbers) > len(some) and not counted and not _are_sparse(chains, text):
        return []
    if with_heads and (len(chains) < 2 or max(map(len, chains)) > FEW_LINES):
        return []  # a term, or a side column
    if not counted and any(_is_no_note(chain[0].line.text) for chain in chains):
        return []
    heads = not (counted or with_heads) and _may_head(chains, some, text)
    found = []
    level = 0
    for chain in chains:
        first = chain[0]
        line = min(text.lines, key=lambda one: abs(one.middle - first.middle))
        is_level = abs(line.middle - first.middle) < LEVEL * text.height
        level += is_level and line.box.width > LONG * width
        found.append(Note(tuple(chain), line, heads, not (is_right or counted), counted))
    if level < BESIDE * len(chains) or not (is_right or with_heads or _are_plain(some, text)):
        return []
    return found


def _are_plain(some: Sequence[Piece], text: _Text) -> bool:
    """Say whether what stands left of the text is no headings: typed, or not in capitals."""
    if len(some) > 1 and _are_typed(some, text):
        return True
    texts = [_said(chain) for chain in _chains(some)]
    return not all(said[:1].isupper() and not said.endswith(ENDS) for said in texts)


def _may_head(
    chains: Sequence[Sequence[Piece]], some: Sequence[Piece], text: _Text
) -> bool:
    """Say whether notes are headings, if they stand beside beginnings: in bold, or short words."""
    texts = [_said(chain) for chain in chains]
    if not all(said[:1].isupper() and not said.endswith(ENDS) for said in texts):
        return False
    weight = median(piece.weight for piece in text.lines)
    if weight > 0 and all(piece.weight > BOLD * weight for piece in some):
        return True
    size, usual = (median(p.line.typeface.size for p in lines) for lines in (some, text.lines))
    is_like = size >= SMALLER * usual and not _are_typed(some, text)
    return is_like and all(len(said.split()) <= HEAD_WORDS for said in texts)


def _are_typed(some: Sequence[Piece], text: _Text) -> bool:
    typed = [sum(p.line.typeface.pitch > 0 for p in lines) for lines in (some, text.lines)]
    return 2 * typed[0] > len(some) and 2 * typed[1] < len(text.lines)


def _said(chain: Sequence[Piece]) -> str:
    return " ".join(piece.line.text.strip() for piece in chain)


def _is_no_note(text: str) -> bool:
    """Say whether a text is a list's mark, or a number with nothing else."""
    return _MARK.fullmatch(text.strip()) is not None


def _is_stacked(chain: Sequence[Piece]) -> bool:
    """Say whether lines are several paragraphs of a side column, not one note."""
    steps = [below.middle - above.middle for above, below in pairwise(chain)]
    return bool(steps) and max(steps) > EVEN * min(steps)


def _is_one_column(
    pieces: Sequence[Piece], some: Sequence[Piece], text: _Text, lines: set[int]
) -> bool:
    """Say whether nothing but what is in the margin stands beside the text's lines."""
    out = {id(piece) for piece in some} | lines
    others = [piece for piece in pieces if id(piece) not in out]
    torn = sum(
        any(abs(other.middle - line.middle) < LEVEL * text.height for other in others)
        for line in text.lines
    )
    return torn <= (1 - ALONE) * len(text.lines)


def _edges(some: Sequence[Piece]) -> tuple[list[float], list[float], list[float]]:
    left, right = [p.box.x0 for p in some], [p.box.x1 for p in some]
    return left, right, [(a + b) / 2 for a, b in zip(left, right, strict=True)]


def _are_in_line(edge: Sequence[float], height: float) -> bool:
    """Say whether most stand at one place."""
    usual = median(edge)
    return sum(abs(x - usual) < NOTES_IN_LINE * height for x in edge) >= LINED * len(edge)


def _chains(some: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in the margin in groups of lines right below each other."""
    found: list[list[Piece]] = []
    for piece in sorted(some, key=_middle):
        last = found[-1][-1] if found else None
        if last and piece.middle - last.middle < STEP * max(last.box.height, piece.box.height):
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def _are_counted(some: Sequence[Piece]) -> bool:
    """Say whether pieces are the numbers of lines: each as much more than that above as others."""
    texts = [piece.line.text.strip() for piece in sorted(some, key=_middle)]
    numbers = [int(text) for text in texts if text.isdecimal()]
    if len(numbers) < NEARLY * len(texts) or len(numbers) < 3:
        return False
    steps = [b - a for a, b in pairwise(numbers)]
    return sum(step == median(steps) > 0 for step in steps) >= 0.7 * len(steps)


def _are_sparse(chains: Sequence[Sequence[Piece]], text: _Text) -> bool:
    """Say whether values stand so far from each other that they are no column: dates."""
    return ROWS * len(chains) < 3 * len(text.lines)


def _middle(piece: Piece) -> float:
    return piece.middle


def _place(drafts: Sequence[Draft], note: Note) -> int:
    """Return the index of the draft that a note stands beside."""
    line = note.line
    nearest, best = 0, float("inf")
    for index, draft in enumerate(drafts):
        for row in draft.rows:
            if any(piece.line is line.line for piece in row.pieces):
                return index
            distance = abs((row.box.y0 + row.box.y1) / 2 - line.middle)
            if distance < best:
                nearest, best = index, distance
    return nearest
