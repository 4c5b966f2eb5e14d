"""Which rows are set as headings: larger or bolder than the running text (pure).

Where size and weight of the type were measured, they tell; else the height and width of the boxes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ocrd.layout import codes, values
from ocrd.layout.columns import Row

LARGER = 1.28  # times the body's size, whatever the weight; boxes tell size badly
MEASURED_LARGER = 1.22  # the same where the type was measured
LARGER_SHORT = 1.4  # the same for a few letters, of which some are taller than others
FEW_LETTERS = 16  # characters
WIDER = 1.25  # times the body's mean width of a character; bold type is wider, too
TITLE = 1.7  # times the body's size
BOLD = 1.22  # times the body's weight
BOLD_SHORT = 1.4  # the same for a few letters, of which some are bolder than others
SHORT = 8  # characters
SMALL_LETTERS = 0.65  # share of the characters: capitals and digits are taller
FEW_SMALL = 10  # of them, which tell their size badly
PARTLY_BOLD = 1.35  # times the body's weight: up to here some words may be bold only
LOW = 0.98  # times the body's rows: no larger type's box is so low, without descenders either
SLIGHTLY_LARGER = 1.08  # times the body's size, for bold rows
CHARACTERS = 160
UNNUMBERED = 100  # characters of one without a number
LETTERS = 0.35  # share of the characters
ROWS = 4
CAPITALS = 6  # of a heading that has nothing else
LETTERS_OF_CAPITALS = 0.7  # share of its characters
WIDE = 0.6  # share of the widest row's width: running text, where there is so much of it:
TELLING, MIN_ROWS = 150, 3  # characters, rows
SIGNS = 2  # of a program, from which a row is of one if its type is not much larger than the text's
MANY_SIGNS = 4  # and from which it is whatever its type
NARROW = 0.5  # share of the running text's width: small type that takes no more is a drawing's

NUMBERED = re.compile(
    r"(?:(?:chapter|appendix|part|section|kapitel|anhang|teil|chapitre|annexe|capítulo|capitolo"
    r"|apéndice|appendice|hoofdstuk|bijlage)\s+)?(?:\d{1,3}(?:\.\d{1,3}){0,5}\.?|[A-Z]\.\d{1,2}(?:\.\d{1,2})*"
    r"|§\s?\d{1,3})(?=\s|$)",
    re.IGNORECASE,
)
# What stands above a chapter's title, in rows of its own: "CHAPTER", "ELEVEN", "Appendix B".
_MARK = re.compile(
    r"(?:chapter|appendix|part|kapitel|anhang|teil|chapitre|annexe|partie|capítulo|apéndice|apêndice|parte"
    r"|capitolo|appendice|hoofdstuk|bijlage|deel)"
    r"(?:\s+(?:\d{1,3}|[A-Z]|[IVXLC]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty))?",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"[IVX]{1,5}\.\s+(?=[^\W\d_])")
_PARTS = re.compile(r"(?:\d{1,3}|[A-Z])((?:\.\d{1,3}){1,5})\.?\s+(?=\S)")  # 2.1, A.3.2
# A word with a number before a heading's own: "TOP 2", "Step 3:", "Woche 4"
_NAMED = re.compile(r"(?P<name>[A-ZÀ-Þ][^\W\d_]+)\.?\s(?:\d{1,3}|[IVX]{1,5})(?:[.:]?\s|[.:]?$)")
_COUNT = re.compile(r"(\d{1,3})(?:\.\d{1,3}){0,5}\.?\s+[^\W\d_]")
# A list's entry, or an option of a program above what it does.
_ENTRY = re.compile(
    r"[•●◦○▪■□◆►▶‣⁃∙]\s*\S|[-–*+·]\s+\S|\(?[a-z]\)\s|[-–—]{1,2}(?:[a-z]|[A-Z](?=[\s,=]|$))"
)
_ENDS = re.compile(r"[.:;][)\]\"'”’»]?$")
_AND = re.compile(r"\s*[,;&]\s*(?:(?:and|und|et|y|e|en)\s+)?|\s+(?:and|und|et|y|e|en)\s+")
_INITIAL = re.compile(r"\b[A-ZÀ-Þ]\.")
_WORD_OF_NAME = r"(?:[A-ZÀ-Þ]\.-?|[A-ZÀ-Þ][\w'’-]+|von|van|de|der|den|di|da|du|la|le)"
_NAME = re.compile(rf"{_WORD_OF_NAME}(?:\s*{_WORD_OF_NAME}){{1,4}}[\d*†‡]*")
# What is played above the words of a song.
_CHORDS = re.compile(
    r"(?:[A-H][#♯b♭]?(?:m|min|maj|dim|aug|sus|add)?\d{0,2}(?:/[A-H][#♯b♭]?)?(?:\s+|$)){2,}"
)
_QUOTES = "\"'“„»«‘‚"
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Body:
    """The type of the page's running text."""

    height: float  # of a row's box
    advance: float  # the mean width of a character
    size: float = 0.0  # as measured; 0: it was not
    weight: float = 0.0


def advance(row: Row) -> float:
    """Return the mean width of a character of the row."""
    return sum(piece.box.width for piece in row.pieces) / max(
        sum(len(piece.line.text) for piece in row.pieces), 1
    )


def body(ordered: Sequence[Row]) -> Body:
    """Return the type that most characters are set in, those in a drawing aside."""
    text = _running([row for row in ordered if row.whole is None]) or list(ordered)
    lines = [piece.line for row in text for piece in row.pieces if piece.line.typeface.size > 0]
    height = _median([(row.height, len(row.text)) for row in text])
    wide = _median([(advance(row), len(row.text)) for row in text])
    size = _median([(line.typeface.size, len(line.text)) for line in lines])
    weight = _median([(line.typeface.weight, len(line.text)) for line in lines])
    return Body(max(height, 1.0), max(wide, 0.1), size, weight)


def _running(rows: list[Row]) -> list[Row]:
    """Return the rows but those in small type that take no more than the middle of the page."""
    widest = max((row.box.width for row in rows), default=0.0)
    wide = [row for row in rows if row.box.width > WIDE * widest]
    if sum(len(row.text) for row in wide) < TELLING or len(wide) < MIN_ROWS:
        return rows
    size = _median([(size_of(row), len(row.text)) for row in wide])
    is_small = [0 < size_of(row) * MEASURED_LARGER < size for row in rows]
    small = [row for row, is_it in zip(rows, is_small, strict=True) if is_it]
    level = [row for row in small if not row.is_upright and len(row.text) > FEW_LETTERS]
    most = 2 * sum(len(row.text) for row in small) > sum(len(row.text) for row in rows)
    if not most or not level or _extent(level) > NARROW * _extent(wide):
        return rows
    return [row for row, is_it in zip(rows, is_small, strict=True) if not is_it]


def _extent(rows: Sequence[Row]) -> float:
    """Return the width that rows take together."""
    return max(row.box.x1 for row in rows) - min(row.box.x0 for row in rows)


def label(rows: Sequence[Row], normal: Body, *, has_breaks: bool) -> str:
    """Return "title", "heading" or "text" for a block of these rows."""
    text = " ".join(row.text for row in rows)
    if not can_be(rows, text):
        return "text"
    if normal.size > 0 and all(size_of(row) > 0 for row in rows):
        return _by_type(rows, text, normal)
    height = median(row.height for row in rows) / normal.height
    wide = median(map(advance, rows)) / normal.advance
    if height >= TITLE:
        return "title"
    is_wide = height > 1.03 and wide >= WIDER and not text.endswith((".", ":"))
    return "heading" if height >= LARGER or (is_wide and not has_breaks) else "text"


def is_set_apart(row: Row, normal: Body) -> bool:
    """Say whether the row is set in other type than running text, as headings are."""
    if normal.size <= 0 or size_of(row) <= 0:
        return False
    # Letters of one width are larger than others of the same size.
    typed = any(piece.line.typeface.pitch > 0 for piece in row.pieces)
    larger = TITLE if typed else MEASURED_LARGER if len(row.text) > FEW_LETTERS else LARGER_SHORT
    if size_of(row) >= larger * normal.size and not is_hardly_larger([row], normal):
        return True
    return is_bold(row, normal)


def is_clearly_set_apart(row: Row, normal: Body) -> bool:
    """Say whether the row is both larger and bolder than running text."""
    return size_of(row) >= SLIGHTLY_LARGER * normal.size and is_bold(row, normal)


def is_bold(row: Row, normal: Body) -> bool:
    """Say whether all of the row is bolder than running text of its size."""
    pieces = [piece for piece in row.pieces if _LETTERS.search(piece.line.text)] or row.pieces
    if normal.size <= 0 or normal.weight <= 0:
        return False
    bold = BOLD if len(row.text) > SHORT else BOLD_SHORT
    return all(
        piece.line.typeface.weight
        >= bold * normal.weight * max(1.0, 0.5 + 0.5 * piece.line.typeface.size / normal.size)
        for piece in pieces
    )


def is_partly_bold(row: Row, normal: Body) -> bool:
    """Say whether a row is bolder than running text by so little that only some words may be."""
    return is_only_bold([row], normal) and weight_of([row], normal) < PARTLY_BOLD


def is_only_bold(rows: Sequence[Row], normal: Body) -> bool:
    """Say whether nothing but their weight tells rows from running text."""
    if NUMBERED.match(rows[0].text):
        return False
    return median(map(size_of, rows)) < MEASURED_LARGER * normal.size


def is_hardly_larger(rows: Sequence[Row], normal: Body) -> bool:
    """Say whether nothing but the measured size of few letters tells rows from running text."""
    if not _are_few_letters(rows) or normal.size <= 0 or _are_bold(rows, normal):
        return False
    low = median(row.height for row in rows) < LOW * normal.height
    return low or likely_size(rows, normal, FEW_LETTERS) < LARGER * normal.size


def is_hardly_measured(rows: Sequence[Row], normal: Body) -> bool:
    """Say whether only a size tells rows from running text that the measure may err by."""
    if normal.size <= 0 or _are_bold(rows, normal):
        return False
    return _are_few_letters(rows) or median(map(size_of, rows)) < LARGER_SHORT * normal.size


def _are_few_letters(rows: Sequence[Row]) -> bool:
    """Say whether so few small letters are in rows that they tell the size of their type badly."""
    text = "".join(row.text for row in rows)
    small = sum(map(str.islower, text))
    return len(text) <= SHORT or (small <= FEW_SMALL and small < SMALL_LETTERS * len(text))


def _are_bold(rows: Sequence[Row], normal: Body) -> bool:
    return all(is_bold(row, normal) for row in rows)


def parts(text: str) -> int:
    """Return how many parts the number has that the text begins with, 2 for "2.1"; 0 for one."""
    number = _PARTS.match(text)
    return 1 + number[1].count(".") if number else 0


def are_names(text: str) -> bool:
    """Say whether a text is a list of people's names, or one with an initial."""
    names = [name for name in _AND.split(text.strip(" .*†‡")) if name]
    if not names or not all(map(_NAME.fullmatch, names)):
        return False
    return len(names) > 1 or has_initial(text)


def has_initial(text: str) -> bool:
    """Say whether a text has an initial letter, as people's names do."""
    return bool(_INITIAL.search(text))


def counts(text: str) -> int:
    """Return the first number that a text begins with as headings do, 2 for "2.1"; 0 for none."""
    number = _COUNT.match(text)
    return int(number[1]) if number else 0


def is_in_capitals(rows: Sequence[Row], end: str = "") -> bool:
    """Say whether rows are set in capitals alone, as headings are in type of the text's size.

    ``end`` is what they may end in.
    """
    text = " ".join(row.text for row in rows)
    numbered = _ROMAN.match(text)
    words = text[numbered.end() :] if numbered else text
    letters = _LETTERS.findall(words)
    return (
        len(rows) <= (ROWS if numbered else 1)
        and CAPITALS <= len(letters) <= CHARACTERS
        and len(letters) > LETTERS_OF_CAPITALS * len(words)
        and words == words.upper()
        and can_be(rows, text)
        and not text.removesuffix(end).endswith((".", ":"))
    )


def name_of(text: str) -> str:
    """Return what a heading calls that it numbers, "TOP" of "TOP 2 Minutes"; "" for none."""
    found = _NAMED.match(text)
    return found["name"] if found else ""


def is_mark(text: str) -> bool:
    """Say whether the text is no more than the kind and number of what a heading below it names."""
    return bool(_MARK.fullmatch(text.strip()))


def are_chords(text: str) -> bool:
    """Say whether a text is chords alone, two of them at least: G C D7."""
    return bool(_CHORDS.fullmatch(text))


def is_larger(rows: Sequence[Row], others: Sequence[Sequence[Row]], normal: Body) -> bool:
    """Say whether a heading without a number is clearly larger than the page's other ones."""
    sizes = [
        size
        for some in others
        for row in some
        if (size := likely_size([row], normal, SHORT)) > 0
    ]
    if not sizes or NUMBERED.match(rows[0].text):
        return False
    return median(map(size_of, rows)) >= MEASURED_LARGER * median(sizes)


def _by_type(rows: Sequence[Row], text: str, normal: Body) -> str:
    size = median(map(size_of, rows)) / normal.size
    bold = all(is_bold(row, normal) for row in rows)
    numbered = bool(NUMBERED.match(text))
    ends = bool(_ENDS.search(text))
    typed = any(piece.line.typeface.pitch > 0 for piece in rows[0].pieces) and len(text) > 8
    if size >= TITLE:
        return "title"
    if not numbered and (len(text) > UNNUMBERED or ends):
        return "text"
    if size < LARGER_SHORT and (codes.COMMENT.match(text) or codes.signs(text) >= SIGNS):
        return "text"
    plainly = LARGER if len(text) > FEW_LETTERS else LARGER_SHORT
    larger = size >= MEASURED_LARGER and (numbered or (size >= plainly and not typed))
    return "heading" if larger or bold else "text"


def can_be(rows: Sequence[Row], text: str) -> bool:
    """Say whether the rows' text may be a heading at all."""
    number = NUMBERED.match(text)
    words = text[number.end() :] if number else text
    letters = len(_LETTERS.findall(words))
    return not (
        len(rows) > ROWS
        or len(text) > CHARACTERS * (1 if len(rows) < 3 else 1.5)
        or (letters < max(3, LETTERS * len(words)) and not is_mark(text))
        or any(_has_cells(row) for row in rows)
        or text.endswith((",", ";"))
        or _ENTRY.match(text)
        or codes.signs(text) >= MANY_SIGNS
        or text[0] in _QUOTES  # somebody speaks
        or are_chords(text)
        or "__" in text  # a blank to fill in
        or values.is_date(text)
        or values.has_amount(text)
    )


def _has_cells(row: Row) -> bool:
    """Say whether a row stands in cells; a number before a heading is none."""
    cells = row.cells
    return len(cells) > 2 or (len(cells) == 2 and not NUMBERED.fullmatch(cells[0]))


def size_of(row: Row) -> float:
    """Return the size of the row's type, 0 if it was not measured."""
    sizes = [
        (piece.line.typeface.size, len(piece.line.text))
        for piece in row.pieces
        if piece.line.typeface.size > 0
    ]
    return _median(sizes)


def likely_size(rows: Sequence[Row], normal: Body, few: int) -> float:
    """Return the size of the rows' type, 0 if it was not measured.

    That of few letters is measured badly: by which of them are tall. Their boxes' height and their
    width, each held against the running text, are two more opinions; the one in the middle counts.
    """
    sizes = [size for row in rows if (size := size_of(row)) > 0]
    if not sizes:
        return 0.0
    size = median(sizes)
    if normal.size <= 0 or sum(len(row.text) for row in rows) > few:
        return size
    height = median(row.height for row in rows) / normal.height
    wide = median(map(advance, rows)) / normal.advance
    if any(len(row.pieces) > 1 or len(row.cells) > 1 for row in rows):
        return min(size, height * normal.size)  # a gap within is no letter's width
    return median([size / normal.size, height, wide]) * normal.size


def weight_of(rows: Sequence[Row], normal: Body) -> float:
    """Return the weight of the rows' type, times the running text's; 0 if it was not measured."""
    weights = [
        (piece.line.typeface.weight, len(piece.line.text))
        for row in rows
        for piece in row.pieces
        if piece.line.typeface.weight > 0
    ]
    return _median(weights) / normal.weight if normal.weight > 0 else 0.0


def _median(weighed: Sequence[tuple[float, int]]) -> float:
    """Return the value in the middle of all weights, 0 where there are none."""
    total = sum(weight for _, weight in weighed)
    seen = 0
    for value, weight in sorted(weighed):
        seen += weight
        if 2 * seen >= total:
            return value
    return 0.0
