"""Which row at the top of a page is a running head and no heading, as the page tells it (pure).

Within a document heads show by their repetition (:mod:`ocrd.layout.recurring`); a page by itself
has the row's place only. In type of the text's size, far from what follows, it is a running head if
something says that the page is not its document's first one: its number, a sentence that goes on
from the page before, headings below that are larger or further in their count. Such a row stays in
the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ocrd.layout import headings, margins
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Draft, Setting
from ocrd.layout.running import Running

# In distances of the text's rows, from the head to what follows:
FAR = 2.0  # where the page has no other headings to compare with
FARTHER = 1.25  # times as far as others stand from what follows them, and
LEAST = 1.6  # so far
LARGE = 1.3  # times the text's size: a heading's own
APART = 4.0  # heights of a line from a page's number to the head beside it

_DIGITS = re.compile(r"\d+")


def runs(some: Sequence[Draft], setting: Setting, around: Running) -> bool:
    """Say whether the first of a page's drafts, a heading by its type, is a running head."""
    draft = some[0]
    row = draft.rows[0]
    if draft.label != "heading" or len(draft.rows) > 1 or len(some) < 2 or row.is_side:
        return False
    if headings.is_mark(row.text) and some[1].label in {"title", "heading"}:
        return False  # "Chapter 3" above a chapter's title
    if row.box.y1 > setting.head or _size(draft, setting) > LARGE * setting.body.size:
        return False
    if _has_number_beside(row):
        return True
    pitch = setting.columns[some[1].rows[0].column].pitch
    step = min(_middle(one.rows[0]) for one in some[1:]) - _middle(row)
    others = [
        (_middle(below.rows[0]) - _middle(above.rows[-1]))
        for above, below in pairwise(some[1:])
        if above.label == "heading" and above.rows[-1].column == below.rows[0].column
    ]
    far = max(FARTHER * median(others), LEAST * pitch) if others else FAR * pitch
    return step >= far and _is_later(some, setting, around)


def _has_number_beside(row: Row) -> bool:
    """Say whether a row has a page's number at one end and words far from it."""
    pieces = row.pieces
    if len(pieces) < 2:
        return False
    for number, beside in ((pieces[0], pieces[1]), (pieces[-1], pieces[-2])):
        white = max(beside.box.x0 - number.box.x1, number.box.x0 - beside.box.x1)
        if white > APART * row.height and _number(number.line.text):
            return True
    return False


def _is_later(some: Sequence[Draft], setting: Setting, around: Running) -> bool:
    """Say whether something shows that a page is not the first one of its document."""
    first, *others = some
    edges = (*around.heads, *around.feet)
    if any(_first(piece.line.text) > 1 for _, pieces in edges for piece in pieces):
        return True
    foot = max(others, key=lambda one: _middle(one.rows[-1])).rows[-1]
    pieces = [piece.line.text for piece in (foot.pieces[0], foot.pieces[-1])]
    if foot.box.y0 > setting.foot and any(_number(text) > 1 for text in pieces):
        return True
    text = next((one for one in others if one.label == "text"), None)
    if text is not None and text is others[0] and text.rows[0].text[:1].islower():
        return True
    heads = [one for one in others if one.label in {"title", "heading"}]
    counts = [count for one in heads if (count := headings.counts(one.rows[0].text))]
    if counts and min(counts) > 1 and not headings.counts(first.rows[0].text):
        return True
    size = LARGE * _size(first, setting)
    telling = (one for one in heads if len(one.rows[0].text) > headings.SHORT)
    return any(one.label == "title" or _size(one, setting) > size for one in telling)


def _first(text: str) -> int:
    """Return the first number in what numbers a page, which may say of how many."""
    found = _DIGITS.search(text)
    return int(found[0]) if found else _number(text)


def _number(text: str) -> int:
    """Return the number that a text is and nothing else, 0 if it is none."""
    return next((number.value for number in margins.numbers(text) if number.is_all), 0)


def _size(draft: Draft, setting: Setting) -> float:
    """Return the size of a draft's type.

    Small letters of another typeface are taller, and few letters are measured badly; their boxes
    are not taller for that.
    """
    body = setting.body
    height = median(row.height for row in draft.rows) / body.height * body.size
    return min(headings.likely_size(draft.rows, body, headings.FEW_LETTERS), height)


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2
