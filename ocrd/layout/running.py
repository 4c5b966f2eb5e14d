"""Which pieces of a page stand on every page: running heads and feet, page numbers (pure).

One page is all that is known, so there must be a sign: white space towards the text, and with it a
page number, a rule over the page, or parts at both margins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocrd.job import Box
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Piece, Stroke, around

ZONE = 0.12  # share of the page's height, from its edge, in which they stand
NUMBERED_ZONE = 0.16  # the same of a row with a page number
WHITE = 0.8  # heights of a line between them and the text
MUCH_WHITE = 1.5  # the same where only their size and place speak for them
RULE_WIDTH = 0.6  # share of the text's width: shorter rules stand above footnotes
LARGE = 1.3  # times the text's size: a title's
SMALL = 0.93  # times the text's size
SHORT = 0.6  # share of the text's width
EDGE = 0.08  # share of the text's width from its margin

_NUMBER = r"(?:\d{1,4}|[ivxlc]{1,7})"
_PAGE_NUMBER = re.compile(
    rf"\W{{0,3}}(?:(?:page|p\.|seite|s\.|sida|sid\.|pagina|página|pagină|strana|strona|side)\s?)?"
    rf"{_NUMBER}(?:\s?(?:/|of|von|de|di|van|av|sur)\s?{_NUMBER})?\W{{0,3}}",
    re.IGNORECASE,
)
_NAMED_NUMBER = re.compile(
    r"\b(?:page|seite|sida|pagina|página|strana|strona|side)\s?\d{1,4}\b", re.IGNORECASE
)
# A letter's head or foot is on one page only, and says who wrote.
_CONTACT = re.compile(
    r"@|www\.|https?:|\b(?:tel|phone|fax|iban|bic|vat|ust|siret|kvk|gmbh|ltd|inc|s\.?a\.?r\.?l)\b|\d{5}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Running:
    """What stands on every page, each as label and pieces, from the top."""

    heads: tuple[tuple[str, tuple[Piece, ...]], ...] = ()
    feet: tuple[tuple[str, tuple[Piece, ...]], ...] = ()


def part(
    pieces: Sequence[Piece], lying: Sequence[Stroke], height: float
) -> tuple[list[Piece], Running]:
    """Return the pieces of the text, and those that run; ``height`` is the page's."""
    rows = text_rows(piece for piece in pieces if piece.whole is None)
    others = [piece for piece in pieces if piece.whole]
    if len(rows) + len(others) < 4:
        return list(pieces), Running()
    heads = _at_edge(rows, others, lying, height, top=True)
    feet = _at_edge(rows[::-1], others, lying, height, top=False)
    if len(heads) + len(feet) >= len(rows):
        return list(pieces), Running()
    gone = {id(piece) for row in heads + feet for piece in row}
    return (
        [piece for piece in pieces if id(piece) not in gone],
        Running(_labelled(heads, "header"), _labelled(feet[::-1], "footer")),
    )


def is_page_number(text: str) -> bool:
    """Say whether the text is a page number and nothing else."""
    return bool(_PAGE_NUMBER.fullmatch(text.strip()))


def _at_edge(
    rows: Sequence[list[Piece]],
    others: Sequence[Piece],
    lying: Sequence[Stroke],
    height: float,
    *,
    top: bool,
) -> list[list[Piece]]:
    """Return the rows that run, from the edge inwards; one, or a page number and one more."""
    found: list[list[Piece]] = []
    for index, row in enumerate(rows[:2]):
        inner = [piece for after in rows[index + 1 :] for piece in after] + list(others)
        if not inner or not _runs(row, inner, lying, height, top=top):
            break
        found.append(row)
        if not any(is_page_number(piece.line.text) for piece in row):
            break
    return found


def _runs(
    row: list[Piece],
    inner: Sequence[Piece],
    lying: Sequence[Stroke],
    height: float,
    *,
    top: bool,
) -> bool:
    """Say whether a row at an edge is no part of the text within."""
    box, text = around(piece.box for piece in row), around(piece.box for piece in inner)
    line = median(piece.box.height for piece in row)
    white = text.y0 - box.y1 if top else box.y0 - text.y1
    numbered = any(is_page_number(piece.line.text) for piece in (row[0], row[-1]))
    zone = (NUMBERED_ZONE if numbered else ZONE) * height
    in_zone = box.y1 < zone if top else box.y0 > height - zone
    if not in_zone or white < WHITE * line:
        return False
    if not numbered and any(_CONTACT.search(piece.line.text) for piece in row):
        return False
    if any(_is_between(rule, box, text, line, top=top) for rule in lying):
        return True
    if _size(row) > LARGE * _size(inner):
        return False
    if numbered:
        return True
    if any(_NAMED_NUMBER.search(piece.line.text) for piece in row):
        return True
    edge = EDGE * text.width
    if len(row) > 1 and box.x0 < text.x0 + edge and box.x1 > text.x1 - edge:
        return max(b.box.x0 - a.box.x1 for a, b in pairwise(row)) > 3 * line
    is_small = _size(row) < SMALL * _size(inner) and box.width < SHORT * text.width
    return is_small and white > MUCH_WHITE * line


def _is_between(rule: Stroke, box: Box, text: Box, line: float, *, top: bool) -> bool:
    """Say whether a rule over the page parts the row from the text."""
    if rule.end - rule.start < RULE_WIDTH * text.width:
        return False
    # The rule of a head touches its letters now and then.
    if top:
        return box.y1 - 0.3 * line <= rule.at < text.y0
    return text.y1 < rule.at <= box.y0 + 0.3 * line


def _size(pieces: Sequence[Piece]) -> float:
    """Return the usual size of the pieces' type."""
    sizes = [piece.line.typeface.size or 0.4 * piece.box.height for piece in pieces]
    return median(sizes)


def _labelled(
    rows: Sequence[list[Piece]], label: str
) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    found = []
    for row in rows:
        for piece in row:
            number = is_page_number(piece.line.text)
            found.append(("page-number" if number else label, (piece,)))
    return tuple(found)
