"""Which text is program text: set in letters of one width on a page that is not (pure).

Program text is taken together before columns are looked for: its own gaps are no gutters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from ocrd.job import Box, Line
from ocrd.layout import beside
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Listing, Piece, around

ROWS = 4  # of program text that is no row of a table by any chance
SAMPLE = 200  # lines whose pitch is compared with all others
LETTERS = 12  # characters of a line whose pitch can be trusted
ALIKE = 0.02  # of a pitch: two that differ by less are one; of short lines they may
ALIKE_LETTERS = 0.5  # by this share of a letter over the whole line
SHORT = 4  # letters whose weight says nothing
BOLD = 1.25  # times the weight of program text: a heading's
TALL = 1.3  # widths of program text's letters: the small letters of other, larger type
WIDE = 0.02  # of its letters, by which a line that was not measured may be wider or narrower,
MARGIN = 0.3  # and of its height, around them
LONG = 20  # characters of a line that is of one pitch by no chance
EVIDENT = 60  # characters of one pitch that may not be chance
EVEN = 1.15  # times the distance of the rows above: a row that follows in the same step
REACH = 6.0  # heights of a line by which a row may begin behind the end of the one above
TYPED = 0.8  # share of a page's characters from which it is typed as a whole
LETTER = 0.5  # the same of a typewritten letter, the rest being its printed head and foot, and
SENTENCES = 0.5  # share of its characters in rows of sentences
COPIED = 0.3  # share of the page that is of one pitch yet on a bad copy of a letter, no sign in it
SIGNS = 0.3  # share of lines with signs of a program from which a typed page is one
LEVEL = 0.3  # heights by which a row beside running text stands level with one of its lines
FULL = 0.8  # of the text's width, from which a line goes on in the next one
APART = 0.8  # share of the rows beside it that do, from which it may explain them
SIGNED = 0.5  # share of the rows beside it with signs of a program, and that are surely typed
NEAR = 2.6  # heights from one row to the next, an empty one between perhaps

_PROSE = re.compile(r"(?:[^\W\d_][^\W\d_'’-]+[,.;]? ){4,}")
_SIGNS = re.compile(r"[{};=<>$\\|]|\w\(|\)\s*$|^\s*[#@/]")
_STATEMENT = re.compile(r"[{}<>=\\|]|;\s*$|\w\(\w*\)|^\s*[#@/]")  # what no letter has
COMMENT = re.compile(r"[#%;]\s|//|--\s|/?\*\s")  # how one begins
_SIGN = re.compile(r"[{}\[\]$\\|;=<>#]|\(\(|\)\)")  # but for those around a name in brackets:
# Words alone, the first with a capital; and a clause of such ends in a semicolon.
_WORDS = re.compile(r"[^\W\d_a-zß-ÿ][\w'’]*(?:,? [\w'’]+)+[.,:;!?]?")
_NAME = re.compile(r"(?<![\[<])(?:\[[\w .-]+\]|<[\w .-]+>)(?![\]>])")
_ENDS = re.compile(r"[.:;!?]\W*$")
_ENTRY = re.compile(r"[•●◦○▪■]\s")

Rows = list[list[Piece]]


def gathered(pieces: Sequence[Piece], rows_at_least: int = 1) -> list[Piece]:
    """Return the pieces with those of each program text of so many rows as one."""
    letter = pitch(piece.line for piece in pieces if piece.whole is None)
    if letter <= 0:
        return list(pieces)
    if rows_at_least > 1:
        pieces = _with(pieces, _beside(pieces, letter))
    rows = text_rows(pieces)
    whole = [
        _listing(some, letter)
        for some in _listings(rows, letter)
        if len(text_rows(some)) >= rows_at_least and _is_program(some, rows)
    ]
    return _with(pieces, whole)


def _with(pieces: Sequence[Piece], whole: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with those of program texts as one."""
    gone = {id(piece) for one in whole if one.whole for piece in one.whole.pieces}
    return [piece for piece in pieces if id(piece) not in gone] + list(whole)


def _listings(rows: Rows, letter: float) -> Rows:
    """Return the pieces of each program text."""
    listings: Rows = []
    member = [
        _is_typed(row, letter) and not _is_prose(row) and not _ENTRY.match(row[0].line.text)
        for row in rows
    ]
    sure = _filled(rows, member, letter)
    for index, row in enumerate(rows):
        if not sure[index] and not _goes_with(rows, sure, index, letter):
            continue
        before = rows[index - 1] if index else []
        if listings and before and before[0] in listings[-1] and _hang_together(before, row):
            listings[-1] += row
        else:
            listings.append(list(row))
    return listings


def _beside(pieces: Sequence[Piece], letter: float) -> list[Piece]:
    """Return the program texts that stand beside running text, in a column of their own.

    They have rows of their own there; where each stands level with where something begins in the
    text, that may explain them.
    """
    running = {
        id(pieces[index])
        for index in beside.prose(pieces)
        if not _is_alike(pieces[index].line, letter)
    }
    text = [piece for piece in pieces if id(piece) in running]
    begun = [piece for piece in text if not _is_gone_on_to(piece, text)]
    rows = text_rows(piece for piece in pieces if id(piece) not in running)
    found = []
    for some in _listings(rows, letter) if running else ():
        own = text_rows(some)
        level = sum(
            any(abs(_top(row) - piece.middle) < LEVEL * row[0].box.height for piece in begun)
            for row in own
        )
        signed = sum(any(_SIGNS.search(piece.line.text) for piece in row) for row in own)
        typed = sum(_is_typed(row, letter) for row in own)
        if (
            len(own) >= ROWS
            and not _holds(around(piece.box for piece in some), text)
            and level < APART * len(own)
            and signed >= SIGNED * len(own)
            and typed >= SIGNED * len(own)
        ):
            found.append(_listing(some, letter))
    return found


def _is_gone_on_to(piece: Piece, text: Sequence[Piece]) -> bool:
    """Say whether the line above one is as wide as the text, and ends no sentence."""
    column = [other for other in text if abs(other.box.x0 - piece.box.x0) < piece.box.height / 2]
    above = max(
        (other for other in column if other.middle < piece.middle - piece.box.height / 2),
        key=lambda other: other.middle,
        default=None,
    )
    if above is None or piece.middle - above.middle > 2 * piece.box.height:
        return False
    widest = max(other.box.width for other in column)
    return above.box.width > FULL * widest and not _ENDS.search(above.line.text)


def _holds(box: Box, text: Iterable[Piece]) -> bool:
    """Say whether some text stands in a box, by the lines' middles."""
    return any(
        box.x0 < (piece.box.x0 + piece.box.x1) / 2 < box.x1 and box.y0 < piece.middle < box.y1
        for piece in text
    )


def signs(text: str) -> int:
    """Return how many signs of a program a text has that may as well be a heading."""
    return len(_SIGN.findall(_NAME.sub("", text)))


def pitch(lines: Iterable[Line]) -> float:
    """Return the width of a letter of the page's program text in pixels, 0 if there is none."""
    lines = list(lines)
    total = sum(len(line.text) for line in lines)
    pitched = [line for line in lines if line.typeface.pitch > 0 and len(line.text) >= LETTERS]
    best: list[Line] = []
    for line in pitched[:SAMPLE]:
        same = [other for other in pitched if _is_alike(other, line.typeface.pitch)]
        # One line among others may be measured so by chance.
        if (len(same) > 1, _characters(same)) > (len(best) > 1, _characters(best)):
            best = same
    typed = _characters(best)
    signs = sum(_has_signs(line.text) for line in best)
    longest = max((len(line.text) for line in best), default=0)
    if not signs and (_said(best) < EVIDENT or longest < LONG):
        return 0.0
    if typed > TYPED * total and not _is_listing(best):
        return 0.0
    # On a blurred copy many lines of a letter cannot be measured.
    if typed > (LETTER if signs else COPIED) * total and _is_letter(best):
        return 0.0
    return median(line.typeface.pitch for line in best)


def _characters(lines: Iterable[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _said(lines: Sequence[Line]) -> int:
    """Return how many characters lines have, a refrain's words once.

    What was measured as of one width by chance is so each time that it comes.
    """
    words = {text.strip(".,:;!?") for line in lines if _WORDS.fullmatch(text := line.text.strip())}
    others = [line for line in lines if not _WORDS.fullmatch(line.text.strip())]
    return sum(map(len, words)) + _characters(others)


def _has_signs(text: str) -> bool:
    """Say whether a line has signs of a program; a semicolon behind some words is none."""
    return bool(_SIGNS.search(text)) and not _WORDS.fullmatch(text.strip())


def _is_listing(lines: Sequence[Line]) -> bool:
    return sum(bool(_SIGNS.search(line.text)) for line in lines) > SIGNS * len(lines)


def _is_letter(lines: Sequence[Line]) -> bool:
    """Say whether typed lines are mostly sentences: a letter, below a printed head perhaps."""
    if any(_STATEMENT.search(line.text) for line in lines):
        return False
    sentences = sum(len(line.text) for line in lines if _PROSE.search(line.text))
    return sentences > SENTENCES * sum(len(line.text) for line in lines)


def _is_typed(row: Sequence[Piece], letter: float) -> bool:
    """Say whether all of a row is in letters of that width, as far as it can be told."""
    if any(piece.whole for piece in row):
        return False
    others = [piece for piece in row if not _is_alike(piece.line, letter)]
    sure = sum(len(piece.line.text) for piece in row if piece not in others)
    other = [len(piece.line.text) for piece in others]
    return sure >= 8 and max(other, default=0) < LETTERS and 2 * sum(other) < sure


def _goes_with(rows: Rows, sure: Sequence[bool], index: int, letter: float) -> bool:
    """Say whether a row beside program text belongs to it: typed prose, or too short to tell."""
    row = rows[index]
    if any(piece.whole or _ENTRY.match(piece.line.text) for piece in row):
        return False
    above = index > 0 and sure[index - 1] and _is_near(rows[index - 1], row)
    below = index + 1 < len(rows) and sure[index + 1] and _is_near(row, rows[index + 1])
    if not (above or below):
        return False
    weight = median(piece.weight for piece in rows[index - 1 if above else index + 1])
    likely = len(row) == 1 and _is_likely(row, letter, weight)
    return likely or (_is_typed(row, letter) and not _is_bold(row, weight))


def _filled(rows: Rows, member: list[bool], letter: float) -> list[bool]:
    """Return which rows are program text, with those between and below them that may be."""
    weights = [median(piece.weight for piece in row) for row in rows]
    weight = median([w for w, is_in in zip(weights, member, strict=True) if is_in] or [0.0])
    filled = list(member)
    for first, last in pairwise(index for index, is_in in enumerate(member) if is_in):
        near = all(_is_near(a, b) for a, b in pairwise(rows[first : last + 1]))
        if near and all(_is_likely(row, letter, weight) for row in rows[first + 1 : last]):
            filled[first:last] = [True] * (last - first)
    for index in range(2, len(rows)):
        before, above, row = rows[index - 2 : index + 1]
        even = _top(row) - _top(above) < EVEN * (_top(above) - _top(before))
        if filled[index - 1] and even and _is_likely(row, letter, weight):
            filled[index] = True
    return filled


def _is_likely(row: Sequence[Piece], letter: float, weight: float) -> bool:
    """Say whether nothing speaks against a row between rows of program text of that weight."""
    return not _is_bold(row, weight) and all(
        piece.whole is None
        and not _ENTRY.match(piece.line.text)
        and not (_letters(piece) > SHORT and piece.line.typeface.size >= TALL * letter)
        and (
            len(piece.line.text) < LETTERS
            or _is_alike(piece.line, letter)
            or _is_as_wide(piece, letter)
        )
        for piece in row
    )


def _is_prose(row: Sequence[Piece]) -> bool:
    return not COMMENT.match(row[0].line.text) and any(
        _PROSE.search(piece.line.text) for piece in row
    )


def _is_near(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    height = median(piece.box.height for piece in above)
    return 0 < _top(below) - _top(above) < NEAR * height


def _hang_together(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    """Say whether two rows are of one program text: near, and not beside each other."""
    a, b = (around(piece.box for piece in row) for row in (above, below))
    reach = REACH * a.height
    return _is_near(above, below) and a.x0 < b.x1 + reach and b.x0 < a.x1 + reach


def _is_program(some: Sequence[Piece], rows: Rows) -> bool:
    """Say whether typed pieces are more than a few words in a sentence."""
    first = next(index for index, row in enumerate(rows) if row[0] in some)
    last = first + len(text_rows(some))
    if first and last < len(rows) and _is_within(rows[first - 1], some, rows[last]):
        return False
    if last > first + 1:
        whole = [" ".join(piece.line.text for piece in row) for row in text_rows(some)]
        return max(map(len, whole)) >= LONG or any(map(_SIGNS.search, whole))
    if first == 0:
        return len(some[0].line.text) >= LONG
    above, text = rows[first - 1], some[0].line.text.strip()
    goes_on = not _ENDS.search(above[-1].line.text) and (text[:1].islower() or text[:1] in "()")
    evident = len(text) >= LONG or (len(text) >= 5 and bool(_SIGNS.search(text)))
    return evident and not (goes_on and _is_near(above, some))


def _is_within(above: Sequence[Piece], some: Sequence[Piece], below: Sequence[Piece]) -> bool:
    """Say whether typed rows stand in a sentence that begins above and ends below them."""
    boxes = [around(piece.box for piece in part) for part in (above, some, below)]
    near = median(piece.box.height for piece in some)
    text = below[0].line.text.lstrip()
    return (
        max(box.x0 for box in boxes) - min(box.x0 for box in boxes) < 0.5 * near
        and max(box.x1 for box in boxes[:2]) - min(box.x1 for box in boxes[:2]) < 0.5 * near
        and boxes[1].y0 - boxes[0].y1 < 0.5 * near
        and boxes[2].y0 - boxes[1].y1 < 0.5 * near
        and not _ENDS.search(above[-1].line.text)
        and text[:1].islower()
    )


def _listing(some: Sequence[Piece], letter: float) -> Piece:
    """Return program text as one piece: as it stands, indented, with empty rows between."""
    rows = text_rows(some)
    left = _margin([row[0].box.x0 for row in rows], letter)
    tops = [median(piece.box.y1 for piece in row) for row in rows]
    distances = [below - above for above, below in pairwise(tops)]
    usual = min(distances, default=0.0)
    lines: list[str] = []
    for index, row in enumerate(rows):
        if index and distances[index - 1] > 1.6 * usual:
            lines.append("")
        line = ""
        for piece in row:
            column = round((piece.box.x0 - left) / letter)
            line += " " * min(max(column - len(line), 1 if line else 0), 200)
            line += piece.line.text.strip()
        lines.append(line)
    box = around(piece.box for piece in some)
    pieces = tuple(piece for row in rows for piece in row)
    return Piece(some[0].line, box, Listing("\n".join(lines), pieces))


def _margin(starts: Sequence[float], letter: float) -> float:
    """Return where the rows' first column lies: most begin a whole number of letters from it."""

    def beside(margin: float) -> list[float]:
        return [(x - margin) / letter - round((x - margin) / letter) for x in starts]

    best = min(sorted(starts), key=lambda margin: sum(map(abs, beside(margin))))
    best += letter * median(beside(best))
    return best + letter * min(round((x - best) / letter) for x in starts)


def _top(row: Sequence[Piece]) -> float:
    return row[0].middle


def _is_alike(line: Line, letter: float) -> bool:
    """Say whether a line's letters are of that width."""
    near = max(ALIKE, ALIKE_LETTERS / max(len(line.text), 1))
    return abs(line.typeface.pitch - letter) < near * letter


def _is_as_wide(piece: Piece, letter: float) -> bool:
    """Say whether a line of a program that could not be measured is of such letters by its width.

    Its box reaches a little beyond them.
    """
    text = piece.line.text.strip()
    if piece.line.typeface.pitch > 0 or len(text) < LONG or not _SIGNS.search(text):
        return False
    wide = len(text) * letter
    more = piece.box.width - wide
    return -WIDE * wide < more < WIDE * wide + MARGIN * piece.box.height


def _is_bold(row: Sequence[Piece], weight: float) -> bool:
    """Say whether the row is bolder than that; a few letters do not tell."""
    telling = [piece.weight for piece in row if _letters(piece) > SHORT]
    return bool(telling) and median(telling) > BOLD * weight > 0


def _letters(piece: Piece) -> int:
    return sum(map(str.isalpha, piece.line.text))
