"""What a question gives, in line at the right margin: "[5 points]", "(3)", "/10" (pure).

Points stand level with a line of their question, the first or the last, and are read behind the
question, whatever its language calls them: what tells them is that they are of one form, with a
number in it, and end in line. They are taken out before columns are looked for, and come back
when it is known which lines are one paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ocrd.job import Box
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Draft
from ocrd.layout.sheet import Piece, around

# In heights of a line unless they say otherwise.
SEVERAL = 3  # of one form, on a page,
FEW = 2  # or in brackets with a word beside the number
LEVEL = 0.5  # by which points stand higher or lower than their line
IN_LINE = 0.8  # by which their ends differ
FREE = 1.5  # of white right of them
WORDS = 3  # of the usual line that they stand beside
WORDED = 0.6  # share of the lines beside them that have so many, at least
LONG = 30  # characters that none has
NEARLY = 6.0  # from where a full line beside points ends: such a one
BELOW = 6.0  # the last points of an edge, lines that still stand beside them

_BRACKETED = re.compile(r"[\[(][^\[\]()]*\d[^\[\]()]*[\])]")
_OUT_OF = re.compile(r"[_.…\s]*/\s?\d{1,3}(?:[.,]\d)?(?:\s?[^\W\d_]{1,8}\.?)?")
_COUNTED = re.compile(r"\d{1,3}(?:[.,]\d|\s?½)?\s?[^\W\d_]{1,8}\.?")
_BEHIND = re.compile(
    r"(?P<text>.*\S)\s+(?P<points>[\[(][^\[\]()]*\d[^\[\]()]*[\])]|/\s?\d{1,3}"
    r"|\d{1,3}(?:[.,]\d)?\s?[^\W\d_]{1,8}\.?)"
)
_BLANK = re.compile(r"\s[_.…\s]{3,}$")
_NUMBER = re.compile(r"\d+(?:[.,]\d)?|½")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"[.!?:。！？：]\W*$")


@dataclass(frozen=True, slots=True)
class Points:
    """Points at the margin, and the line that they stand beside."""

    piece: Piece
    line: Piece
    wide: Piece  # the line as far as its points reach, so that no column ends between them
    is_cut: bool = False  # both were read as one


def parted(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Points]]:
    """Return the pieces without points at the margin, and these.

    The lines beside them are wide; :func:`restored` makes them as they were.
    """
    forms = {id(p): form for p in pieces if p.whole is None and (form := _form(p.line.text))}
    free = [piece for piece in pieces if id(piece) in forms and _is_free(piece, pieces)]
    free = [piece for piece in free if _ends_in_line(piece, pieces, forms)]
    pairs = [(p, line) for p in free if (line := _beside(p, pieces, forms))]
    plain = [piece for piece in pieces if piece.whole is None and id(piece) not in forms]
    fused = [piece for piece in plain if _BEHIND.fullmatch(piece.line.text.strip())]
    cut = {
        id(piece): parts
        for piece in fused
        if _is_in_line(piece, free, 1) or _is_in_line(piece, fused, SEVERAL)
        if (parts := _cut(piece)) and _form(parts[1].line.text)
    }
    counts = Counter(_form(points.line.text) for _, points in cut.values())
    usual: set[str] = set()
    for form in {forms[id(piece)] for piece, _ in pairs}:
        some = [pair for pair in pairs if forms[id(pair[0])] == form]
        if _are_points(form, some, counts[form]):
            usual.add(form)
    found = [
        Points(piece, line, _wide(line, piece))
        for piece, line in pairs
        if any(_go_together(forms[id(piece)], form) for form in usual)
    ]
    if not found:
        return list(pieces), []
    found += [
        Points(points, line, _wide(line, points), is_cut=True)
        for line, points in cut.values()
        if _form(points.line.text) in usual
    ]
    gone = {id(one.piece) for one in found}
    wide = {id(one.line): one.wide for one in found}
    rest = [cut[id(p)][0] if id(p) in cut and id(cut[id(p)][0]) in wide else p for p in pieces]
    rest = [wide.get(id(piece), piece) for piece in rest if id(piece) not in gone]
    return rest, sorted(found, key=lambda one: one.piece.middle)


def restored(ordered: Sequence[Row], found: Sequence[Points]) -> list[Row]:
    """Return the rows with the lines beside points as wide as they would be without these.

    A full line beside points then ends where other full lines of the page do.
    """
    if not found:
        return list(ordered)
    plain = {id(one.wide): one.line for one in found}
    edges: list[list[Points]] = []
    for one in sorted(found, key=lambda one: one.piece.box.x1):
        if edges and one.piece.box.x1 - edges[-1][-1].piece.box.x1 < one.piece.box.height:
            edges[-1].append(one)
        else:
            edges.append([one])
    columns = [_column(edge) for edge in edges]

    def as_full(piece: Piece) -> Piece:
        line = plain.get(id(piece), piece)
        for area, right in columns:
            least = area.x1 - NEARLY * piece.box.height
            is_full = least < line.box.x1 < area.x1 + piece.box.height / 2
            if is_full and area.y0 < line.middle < area.y1 and line.box.x0 > area.x0:
                shift = right - area.x1
                return replace(line, box=replace(line.box, x1=line.box.x1 + shift))
        return line

    return [replace(row, pieces=tuple(map(as_full, row.pieces))) for row in ordered]


def _column(edge: Sequence[Points]) -> tuple[Box, float]:
    """Return where the lines are that points of one edge stand beside, and that edge."""
    lines = [one.line.box for one in edge if not one.is_cut] or [one.line.box for one in edge]
    height = median(one.piece.box.height for one in edge)
    area = around(lines)
    below = BELOW * height
    area = Box(area.x0 - height, area.y0 - height, area.x1, area.y1 + below)
    return area, median(one.piece.box.x1 for one in edge)


def _wide(line: Piece, points: Piece) -> Piece:
    return replace(line, box=replace(line.box, x1=points.box.x1))


def placed(some: Sequence[Draft], found: Sequence[Points]) -> list[Draft]:
    """Return the drafts with points behind the texts that they stand beside."""
    drafts = list(some)
    for one in found:
        place = _place(drafts, one.line)
        if place is None:
            last = drafts[-1].rows[-1].column if drafts else 0
            drafts.append(Draft([Row((one.piece,), last)], "text", 0.0))
            continue
        draft, at = place
        own = draft.rows[at]
        row = replace(own, pieces=(one.piece,), flows=False)
        if own.whole:
            drafts.insert(drafts.index(draft) + 1, Draft([row], "text", 0.0))
            continue
        # Points beside the first line, or the middle of a sentence, stand behind the last one.
        breaks = draft.breaks if draft.label == "text" else set()
        is_last = at > 0 and _SENTENCE.search(own.text)
        after = at + 1 if is_last else min([n for n in breaks if n > at] or [len(draft.rows)])
        draft.rows.insert(after, row)
        draft.breaks = {n + (n >= after) for n in draft.breaks}
    return drafts


def _form(text: str) -> str:
    """Return what points have in common: signs, and the first letters of words; "" if none are."""
    text = text.strip()
    if len(text) > LONG:
        return ""
    if not any(one.fullmatch(text) for one in (_BRACKETED, _OUT_OF, _COUNTED)):
        return ""
    if len(_NUMBER.findall(text)) > 1 or len(_WORD.findall(text)) > 4:
        return ""
    plain = _WORD.sub(lambda word: word[0][0].lower(), _NUMBER.sub("#", text))
    return re.sub(r"[\s_.…]", "", plain)


def _go_together(form: str, other: str) -> bool:
    """Say whether one form only goes on where the other one ends: "[2 points each]"."""
    return form == other or (form[:1] in "[(" and form[:-1].startswith(other[:-1]))


def _is_free(piece: Piece, pieces: Sequence[Piece]) -> bool:
    """Say whether nothing stands close right of a piece."""
    box = piece.box
    return not any(
        other is not piece
        and abs(other.middle - piece.middle) < LEVEL * box.height
        and box.x1 - box.height / 2 < other.box.x0 < box.x1 + FREE * box.height
        for other in pieces
    )


def _ends_in_line(piece: Piece, pieces: Sequence[Piece], forms: dict[int, str]) -> bool:
    """Say whether others of such a form end where a piece does, or lines that end with it."""
    near = IN_LINE * piece.box.height
    return any(
        other is not piece
        and abs(other.box.x1 - piece.box.x1) < near
        and (id(other) in forms or _BEHIND.fullmatch(other.line.text.strip()))
        for other in pieces
    )


def _beside(piece: Piece, pieces: Sequence[Piece], forms: dict[int, str]) -> Piece | None:
    """Return the next line left of a piece; it is none that is of such a form itself."""
    level = [
        other
        for other in pieces
        if other is not piece
        and abs(other.middle - piece.middle)
        < LEVEL * max(other.box.height if not other.whole else 0, piece.box.height)
        and other.box.x1 < piece.box.x0 + piece.box.height / 2
    ]
    line = max(level, key=lambda other: other.box.x1, default=None)
    return None if line is None or line.whole or id(line) in forms else line


def _are_points(form: str, pairs: Sequence[tuple[Piece, Piece]], more: int) -> bool:
    """Say whether texts of one form are points: several, beside lines of words.

    So many ``more`` were read as one with their lines.
    """
    is_named = form[:1] in "[(" and form[1:-1] != "#"
    if len(pairs) + more < (FEW if is_named else SEVERAL):
        return False
    words = [sum(w[0].isalpha() for w in line.line.text.split()) for _, line in pairs]
    if median(words) < WORDS or sum(count >= WORDS for count in words) < WORDED * len(words):
        return False
    # What counts on from one to the next numbers equations, or notes.
    ordered = sorted((piece for piece, _ in pairs), key=lambda piece: piece.middle)
    counted = [_value(piece.line.text) for piece in ordered]
    return len(counted) < SEVERAL or any(b <= a for a, b in pairwise(counted))


def _value(text: str) -> float:
    found = _NUMBER.search(text)
    return 0.5 if found is None or found[0] == "½" else float(found[0].replace(",", "."))


def _cut(piece: Piece) -> tuple[Piece, Piece] | None:
    """Return a line and the points that were read as one with it."""
    match = _BEHIND.fullmatch(piece.line.text.strip())
    if match is None:
        return None
    text, said = _BLANK.sub("", match["text"]), match["points"]
    end = piece.box.x1 - (len(said) + 1) * _letter(piece)
    start = piece.box.x1 - len(said) * _letter(piece)
    return (
        Piece(replace(piece.line, text=text), replace(piece.box, x1=end)),
        Piece(replace(piece.line, text=said), replace(piece.box, x0=start)),
    )


def _is_in_line(piece: Piece, some: Sequence[Piece], least: int) -> bool:
    """Say whether so many pieces of some end where one does."""
    near = IN_LINE * piece.box.height
    return sum(abs(one.box.x1 - piece.box.x1) < near for one in some) >= least


def _letter(piece: Piece) -> float:
    return piece.box.width / max(len(piece.line.text), 1)


def _place(drafts: Sequence[Draft], line: Piece) -> tuple[Draft, int] | None:
    """Return the draft that a line is in, and its row there."""
    x, y = (line.box.x0 + line.box.x1) / 2, line.middle
    inside = None
    for draft in drafts:
        for at, row in enumerate(draft.rows):
            if any(piece.line is line.line for piece in row.pieces):
                return draft, at
            box = row.box
            if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1:
                inside = draft, at
    return inside
