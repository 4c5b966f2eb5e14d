"""Which pieces of a page do not belong to its text: what says "page", at its edge (pure).

One page is all that is known. What stands on every page shows in the document only; on a page
alone a head is told from a title, and a page number from a year or a sum, by nothing that is sure.
So only what says itself that it numbers a page is taken out of the text, and it alone: what stands
beside it stays. A number by itself does so at one place, in the middle below a page of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ocrd.job import Box
from ocrd.layout.grids import text_rows
from ocrd.layout.sheet import Piece, around

ZONE = 0.16  # share of the page's height, from its edge, in which they stand
WHITE = 0.8  # heights of a line between them and the text
LARGE = 1.3  # times the text's size: a title's
OUTER_ROWS = 2  # a head or a foot of two rows: one of them may number the page

# A number by itself.
NUMBER_WHITE = 1.5  # heights of a line above it
NUMBER_LARGE = 1.1  # times the text's size
RUNNING_ROWS = 8  # of a page of running text, most of which are
FULL_ROW = 0.6  # of the text's width, or of half of it in two columns
MIDDLE = 0.04  # of the text's width, that it may stand off its middle
MOST_DAYS = 31  # "3/7" may be a day, "3/70" is none

_WORDS = (  # in front of the number
    r"pages?|seite|blatt|sida|side|sivu|síða|bladzijde|blz|blad|pagina|página|pàgina|páxina"
    r"|orrialdea|strana|stranica|stran|stránka|strona|oldal|leht|lappuse|puslapis|sayfa|faqja|trang"
    r"|halaman|muka surat|leathanach|tudalen|ukurasa|σελίδα|страница|сторінка|страна|бет|էջ|עמוד"
    r"|صفحة|पृष्ठ|หน้า|ページ|頁|页|페이지|쪽"
)
_SHORT = r"pp?|pg|s|bl|sid|pag|pág|str|lk|lpp|psl|sf|hal|σελ|стр|стор|с|ص|עמ"  # with a point
_BEHIND = (
    r"oldal|lap|lk|lpp|psl|pagina|sivu|strana|стр|сторінка|бет|ページ|頁|页|페이지|쪽|面"
)
_OF = r"out of|of|von|de|di|do|van|av|af|sur|su|z|ze|iz|od|din|из|од|із|з|από|trên|dari|/|／"
_BETWEEN = r"/|／|\(|[^\W\d_]{1,3}(?:\sof)?"  # whatever "of" is called
_NUMBER = r"(?:\d{1,4}|[ivxlc]{1,7})"
_LEAF = r"[页頁面ページ]{1,3}"
_NAMED = re.compile(
    rf"\W{{0,3}}(?:(?:(?:{_WORDS})\.?|(?:{_SHORT})\.)\s?[:#№]?\s?{_NUMBER}"
    rf"(?:\s?(?:{_BETWEEN})\s?{_NUMBER})?"
    rf"|{_NUMBER}\.?\s?(?:{_BEHIND})\.?(?:\s?(?:{_BETWEEN})\s?{_NUMBER}\.?(?:\s?(?:{_BEHIND}))?)?"
    rf"|第\s?\d{{1,4}}\s?{_LEAF}(?:\W{{0,3}}共\s?\d{{1,4}}\s?{_LEAF})?)\W{{0,3}}",
    re.IGNORECASE,
)
_DASHED = re.compile(r"([-–—―~·•])\s?(?:\d{1,3}|[ivxlc]{1,7})\s?\1", re.IGNORECASE)
_OF_ALL = re.compile(rf"\W?(\d{{1,4}})\s?({_OF})\s?(\d{{1,4}})\W?", re.IGNORECASE)
_ALONE = re.compile(r"[1-9]\d{0,2}")


@dataclass(frozen=True, slots=True)
class Running:
    """What numbers the page, each as label and pieces, from the top."""

    heads: tuple[tuple[str, tuple[Piece, ...]], ...] = ()
    feet: tuple[tuple[str, tuple[Piece, ...]], ...] = ()


def part(pieces: Sequence[Piece], height: float) -> tuple[list[Piece], Running]:
    """Return the pieces of the text, and those that number it; ``height`` is the page's."""
    rows = text_rows(piece for piece in pieces if piece.whole is None)
    others = [piece for piece in pieces if piece.whole]
    if len(rows) + len(others) < 4:
        return list(pieces), Running()
    heads = _at_edge(rows, others, height, top=True)
    feet = _at_edge(rows[::-1], others, height, top=False)
    gone = {id(piece) for piece in heads + feet}
    if all(id(piece) in gone for row in rows for piece in row):
        return list(pieces), Running()
    return (
        [piece for piece in pieces if id(piece) not in gone],
        Running(_labelled(heads), _labelled(feet[::-1])),
    )


def is_page_number(text: str, *, at_foot: bool = False) -> bool:
    """Say whether the text says that it numbers a page, and nothing else."""
    text = text.strip()
    if _NAMED.fullmatch(text) or _DASHED.fullmatch(text):
        return True
    found = _OF_ALL.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= int(found[3]):
        return False
    is_fraction = found[2] in "/／" and not at_foot  # or a day
    return not is_fraction or int(found[3]) > MOST_DAYS


def _at_edge(
    rows: Sequence[list[Piece]], others: Sequence[Piece], height: float, *, top: bool
) -> list[Piece]:
    """Return the pieces that number the page, from the edge inwards."""
    found: list[Piece] = []
    for index, row in enumerate(rows[:OUTER_ROWS]):
        inner = [piece for after in rows[index + 1 :] for piece in after] + list(others)
        if not inner or not _stands_out(row, inner, height, top=top):
            break
        saying = [piece for piece in row if is_page_number(piece.line.text, at_foot=not top)]
        if not saying and not top and not index and _numbers_running_text(row, rows[1:]):
            saying = row
        found += saying
    return found


def _stands_out(
    row: Sequence[Piece], inner: Sequence[Piece], height: float, *, top: bool
) -> bool:
    """Say whether a row at an edge has white towards the text, and is no larger."""
    box, text = around(piece.box for piece in row), around(piece.box for piece in inner)
    line = median(piece.box.height for piece in row)
    white = text.y0 - box.y1 if top else box.y0 - text.y1
    in_zone = box.y1 < ZONE * height if top else box.y0 > height - ZONE * height
    return in_zone and white >= WHITE * line and _size(row) <= LARGE * _size(inner)


def _numbers_running_text(row: Sequence[Piece], above: Sequence[list[Piece]]) -> bool:
    """Say whether a row is a number in the middle below a page that is full of sentences.

    There it can hardly be content. A sum, a year, a ticket's number have other pages.
    """
    if len(row) != 1 or not _ALONE.fullmatch(row[0].line.text.strip()):
        return False
    inner = [piece for some in above for piece in some]
    box, text = row[0].box, around(piece.box for piece in inner)
    if box.y0 - text.y1 < NUMBER_WHITE * box.height or _size(row) > NUMBER_LARGE * _size(inner):
        return False
    if abs(_middle(box) - _middle(text)) > MIDDLE * text.width:
        return False
    full = sum(_is_full([piece.box.width for piece in some], text.width) for some in above)
    return full >= RUNNING_ROWS and 2 * full > len(above)


def _is_full(widths: Sequence[float], whole: float) -> bool:
    """Say whether a row is filled by running text, in one column or in two."""
    return (
        len(widths) <= 2
        and min(widths) > FULL_ROW * whole / len(widths)
    )


def _middle(box: Box) -> float:
    return (box.x0 + box.x1) / 2


def _size(pieces: Sequence[Piece]) -> float:
    """Return the usual size of the pieces' type."""
    sizes = [piece.line.typeface.size or 0.4 * piece.box.height for piece in pieces]
    return median(sizes)


def _labelled(pieces: Sequence[Piece]) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    return tuple(("page-number", (piece,)) for piece in pieces)
