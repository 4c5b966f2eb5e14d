"""Notes at the foot of a page or of a table: which rows begin them, and by which marks (pure).

The mark in the text and the one at the note are the same sign, and are written so: ¹ and ¹, * and
*, [1] and [1]. In the text a raised mark is told by its ink; at the note it often stands on the
line, as 1, 1. or 1), or is lost. So a row begins a note if it begins with a mark that the text has,
and its type is smaller than the text's, a rule parts it from that, or a note or a table is above
it. What a raised figure is behind a number or a unit, a power, is no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ocrd.doubts import REPLACEMENT
from ocrd.job import Block
from ocrd.layout import headings
from ocrd.layout.columns import Row
from ocrd.layout.sheet import Grid, Stroke

SMALLER = 0.95  # times the size of the running text, at most, is a note's type
RULE = 2.2  # heights of a line from a rule to the first note below it, at most,
RULE_ABOVE = 0.4  # of a line: by which the rule may lie in the note's box
LETTERS = 2  # of a word before a mark

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_RAISES = str.maketrans("0123456789)abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁾" + _RAISED[10:])
_LOWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁾" + _RAISED[10:], "0123456789)abcdefghijklmnoprstuvwxyz")
_BEHIND = r"[.,;:!?…)\]»”’“\"']*"  # a word, before a mark
# In a text: behind a word, or a number of a table's cell.
_REFERENCE = re.compile(
    rf"(?P<word>[^\W_{_RAISED}]+)(?P<between>{_BEHIND})"
    rf"(?P<mark>[{_RAISED}]{{1,3}}⁾?(?!\w)|[*†‡]{{1,3}}(?![\w*])|\[\d{{1,3}}\]|\(\d{{1,2}}\))"
)
_UNIT = re.compile(r"(?:[kcdmµnh]?m|in|ft|yd|mi|[a-z]|\d+(?:[.,]\d+)*)")  # before a power
# At a note's beginning.
_SIGNED = re.compile(r"(?P<mark>[*†‡]{1,3}|\[\d{1,3}\]|\(\d{1,2}\))\s*(?=[^\s*†‡])")
_UP = re.compile(rf"(?P<mark>[{_RAISED}]{{1,3}}⁾?)[.\s]*(?=\S)")
_PLAIN = re.compile(r"(?P<mark>(?:\d{1,3}|[a-z])\)?)(?:[.]?\s+|(?=[^\W\d_a-zß-ÿ]))(?=\S)")
_COUNTED = re.compile(r"(?P<mark>[1-9]\d{0,2})(?:(?=[^\W\d_])|\s+(?=[^\W\d_a-zß-ÿ]))")
_LOST = re.compile(rf"(?:['’‘`´^\"“”°º|{REPLACEMENT}]{{1,2}}\s*)(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Start:
    """How a note's first row begins: its mark as it is to be written, and what follows it."""

    mark: str
    rest: str

    @property
    def text(self) -> str:
        """The row's text."""
        return f"{self.mark} {self.rest}"


def starts(
    ordered: Sequence[Row], body: headings.Body, lying: Sequence[Stroke]
) -> dict[int, Start]:
    """Return the rows of a page that begin notes, by their indices; ``lying`` are its rules."""
    wanted = list(dict.fromkeys(mark for text in _texts(ordered) for mark in _marks(text)))
    if not wanted:
        return {}
    known = set(wanted)
    found: dict[int, Start] = {}
    below = _Below(body, lying)
    for index, row in enumerate(ordered):
        if row.whole is not None or row.is_upright:
            below.take(row, is_note=False)
            continue
        start = None
        if below.may_be_note(row):
            start = _start(row.text, known) or _lost(row.text, wanted, found)
            start = start or _lost_first(ordered[index:], wanted, found)
            if below.in_notes:
                start = start or _next(row.text, found)
        if start:
            found[index] = start
        below.take(row, is_note=start is not None)
    return found


class _Below:
    """What stands above a row: a note, a table, a rule; as rows are taken in their order."""

    def __init__(self, body: headings.Body, lying: Sequence[Stroke]) -> None:
        self._body, self._lying = body, lying
        self._last: Row | None = None
        self.in_notes = False

    def may_be_note(self, row: Row) -> bool:
        """Say whether a row stands where notes do."""
        if self._last is None:
            return False
        return (
            self.in_notes or self._last.whole is not None or self._is_small(row)
            or self._is_under_rule(row)
        )  # fmt: skip

    def take(self, row: Row, *, is_note: bool) -> None:
        """Take the next row."""
        goes_on = self._last is not None and self._last.column == row.column and row.whole is None
        self.in_notes = is_note or (self.in_notes and goes_on)
        self._last = row

    def _is_small(self, row: Row) -> bool:
        size, usual = headings.size_of(row), self._body.size
        if size > 0 and usual > 0:
            return size < SMALLER * usual
        return row.height < SMALLER * self._body.height

    def _is_under_rule(self, row: Row) -> bool:
        """Say whether a rule lies between a row and the one above."""
        assert self._last is not None
        top, height = row.box.y0, row.height
        if self._last.column == row.column and self._last.box.y1 > top:
            return False
        return any(
            top - RULE * height <= rule.at <= top + RULE_ABOVE * height
            and rule.start < row.box.x0 + 2 * height < rule.end
            for rule in self._lying
        )


def _start(text: str, known: set[str]) -> Start | None:
    """Return how a row begins as a note whose mark is in the text."""
    if (found := _SIGNED.match(text)) or (found := _UP.match(text)):
        mark = found["mark"]
        for form in (mark, mark.removesuffix("⁾")):
            if form in known or mark[0] in _RAISED:
                return Start(mark if mark in known else _like(mark, known), text[found.end() :])
        return None
    if found := _PLAIN.match(text):
        mark = found["mark"].translate(_RAISES)
        for form in (mark, mark.removesuffix("⁾"), f"{mark}⁾"):
            if form in known:
                return Start(form, text[found.end() :])
    return None


def _like(mark: str, known: set[str]) -> str:
    """Return a raised mark in the form that the text's marks have."""
    plain = mark.removesuffix("⁾")
    return next((form for form in (plain, f"{plain}⁾") if form in known), mark)


def _lost(text: str, wanted: Sequence[str], found: dict[int, Start]) -> Start | None:
    """Return how a row begins as a note whose mark was not read: the one behind that above."""
    begins = _LOST.match(text)
    if begins is None or not found:
        return None
    taken = [start.mark for start in found.values()]
    if taken[-1] not in wanted:
        return None
    after = wanted[wanted.index(taken[-1]) + 1 :]
    if not after or after[0] in taken:
        return None
    return Start(after[0], text[begins.end() :])


def _next(text: str, found: dict[int, Start]) -> Start | None:
    """Return how a row begins as the note that counts on from the one above.

    Its mark was not read in the text, or is not in it.
    """
    above = list(found.values())[-1].mark.translate(_LOWERS) if found else ""
    begins = _COUNTED.match(text)
    if begins is None or not above.isdecimal() or int(begins["mark"]) != int(above) + 1:
        return None
    return Start(begins["mark"].translate(_RAISES), text[begins.end() :])


def _lost_first(
    rows: Sequence[Row], wanted: Sequence[str], found: dict[int, Start]
) -> Start | None:
    """Return how a row begins as the first note, unread, of which the second is below it."""
    begins = _LOST.match(rows[0].text)
    if begins is None or found or len(wanted) < 2:
        return None
    if any(row.text.startswith(wanted[1]) for row in rows[1:] if row.whole is None):
        return Start(wanted[0], rows[0].text[begins.end() :])
    return None


def _texts(ordered: Iterable[Row]) -> Iterator[str]:
    for row in ordered:
        if isinstance(row.whole, Grid):
            yield from (cell.text for cells in row.whole.rows for cell in cells)
        elif row.whole is None:
            yield row.text


def _marks(text: str) -> Iterator[str]:
    """Yield the marks of notes that stand in a text."""
    for found in _REFERENCE.finditer(text):
        word, mark = found["word"], found["mark"]
        is_unit = not found["between"] and _UNIT.fullmatch(word)
        is_letter = word.isdecimal() and mark[0] in _RAISED[10:]
        if mark[0] in _RAISED and is_unit and not is_letter and text.strip() != found[0]:
            continue  # a power, but in a cell of its own
        if mark[0] in "[(" and len(word) < LETTERS:
            continue
        yield mark


def with_marks(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with the marks raised that notes have and the text shows on the line."""
    notes = [found["mark"] for block in blocks if block.label == "footnote"
             if (found := _UP.match(block.text))]  # fmt: skip
    said = {mark for block in blocks for text in _said(block) for mark in _marks(text)}
    result = list(blocks)
    for mark in dict.fromkeys(notes):
        if mark in said:
            continue
        plain = re.escape(mark.translate(_LOWERS))
        pattern = re.compile(rf"(?<=[^\W\d_]{{3}})({_BEHIND}){plain}(?![\w.,]\w|\w)")
        places = [
            (index, found)
            for index, block in enumerate(result) if block.label == "text" and not block.table
            for found in pattern.finditer(block.text)
        ]  # fmt: skip
        if len(places) == 1:
            index, found = places[0]
            text = result[index].text
            text = f"{text[: found.start()]}{found[1]}{mark}{text[found.end() :]}"
            result[index] = replace(result[index], text=text)
    return result


def _said(block: Block) -> Iterator[str]:
    if block.label == "footnote":
        return
    if block.table:
        yield from (cell.text for row in block.table for cell in row)
    else:
        yield block.text
