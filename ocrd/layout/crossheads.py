"""Headings within the text that its type does not tell: plain, italic, only numbered (pure).

Italics cannot be told from the ink of a line, and capitals or a number make no heading by
themselves. What does: a short row that ends no sentence stands closer to the paragraph below it
than to what is above, at the column's left edge or in its middle, and running text, which fills its
rows, begins below. One at the top of a column has nothing above; there others on the page of the
same setting have to vouch for it.

Nor does its type tell what a row is that ends in a colon or a full stop, be it in bold: it may lead
to a list or an address, name who speaks or a field of a form, or be a sentence. Above running text,
set so, it is a heading; one with a full stop needs another one, and names that come again speak.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocrd.layout import captions, codes, headings, values
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Column, Draft, Setting

# In distances from one of the text's rows to the next unless they say otherwise.
ABOVE = 1.3  # from what is above, at least;
ABOVE_NUMBER = 1.18  # with a number
HOLE = 4.5  # and at most: more is a picture's place
CLOSER = 1.15  # times as far from what is above as from what follows
BELOW = 2.3  # to what follows, at most
SAME_BELOW = 0.25  # by which headings of one setting differ in it
STEP = 1.35  # to the next row of running text
SHORT = 0.75  # share of the column's width
FULL = 0.8  # share of it that running text takes
ROOM = 0.1  # share of it that an ended paragraph's last row leaves
SMALL = 0.85  # of the running text's size
SMALL_UPPER = 0.68  # the same for capitals, of which small ones are set
LARGE = 1.3  # of it: what is larger is told by that
CHARACTERS, WORDS = 90, 14
ENDS = (":", ".")
NAME = 3  # words of who speaks
HANGS = 0.6  # heights of a line: what begins so much further right explains a term
EDGE = 1.2  # heights of a line by which a heading may stand off the column's edge or middle

_OPENS = re.compile(r"(?:§+\s?)?[\W_]*(?:\d|[^\W\d_])")
_NUMBER = re.compile(
    r"(?:§+\s?\d{1,4}\s?|\d{1,3}(?:\.\d{1,3})*[.)]?\s|(?:[A-Z]|[IVX]{1,5})(?:\.\d{1,3})*[.)]\s"
    r"|[A-Z](?:\.\d{1,3})+\s)"
)
_ENDS = re.compile(r"[.:;,–—-][)\]\"'”’»]?$")
_ENDED = re.compile(r"""[.!?:。！？：]["'”’»)\]]*(\[\d+\])?$""")
# What letters begin and end with.
_OF_LETTERS = re.compile(
    r"(?:dear|sehr geehrte|liebe[rs]?|hallo|hello|chère?s?|estimad[oa]s?|querid[oa]s?|muy señor"
    r"|prezad[oa]s?|car[oaie] |gentile|egregi[oa]|spett|geachte|beste |kära|kjære|szanown[aiy]"
    r"|yours |sincerely|(?:kind|best|warm|with (?:kind|best|warm)) (?:regards|wishes)|regards"
    r"|mit (?:freundlich|besten|herzlich)|hochachtungs|viele grüße|herzlich|cordialement|veuillez"
    r"|avec mes|atentamente|un saludo|saludos|distinti saluti|cordiali|met vriendelijke"
    r"|hoogachtend|encl|anlagen?:?$|cc\b|p\.?\s?s\.?\s)",
    re.IGNORECASE,
)
# What is printed above a note.
NOTE = re.compile(
    r"\W*(?:note|tip|hint|warning|caution|important|attention|example|remark|hinweis|tipp|warnung"
    r"|achtung|vorsicht|wichtig|beispiel|bemerkung|anmerkung|remarque|astuce|conseil|important"
    r"|avertissement|exemple|nota|aviso|consejo|advertencia|sugerencia|atención|importante|ejemplo"
    r"|dica|atenção|cuidado|exemplo|opmerking|let op|tip|waarschuwing|belangrijk|voorbeeld"
    r"|nota bene|suggerimento|attenzione|avvertenza|esempio|uwaga|wskazówka|obs|merk|tips)s?\W*$",
    re.IGNORECASE,
)
_BY = re.compile(r"(?i:by|von|par|por|de|di|da|door|av|af)\s+[^\W\d_a-zà-ÿ]")


@dataclass(frozen=True, slots=True)
class _Way:
    """How a heading is set, as far as others of its kind are set so."""

    is_centred: bool
    is_numbered: bool
    is_upper: bool
    below: float  # to what follows
    end: str = ""  # the colon or full stop that it ends in
    is_above_one: bool = False  # a sentence in a row of its own follows, and no running text


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A draft whose first row may be a heading."""

    index: int
    way: _Way
    is_sure: bool
    is_topmost: bool  # in its column: what is above tells nothing
    text: str

    @property
    def may_join(self) -> bool:
        """Say whether it is a heading if others that are sure are set so."""
        return self.is_topmost or self.way.is_above_one


def parted(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts with such headings as drafts of their own, labelled."""
    found = _without_others(list(_candidates(some, setting)))
    sure = [candidate.way for candidate in found if candidate.is_sure]
    labels: dict[int, str] = {}
    for one in found:
        if one.is_sure or any(_is_like(one.way, way) for way in sure if one.may_join):
            labels[one.index] = "heading"
        elif one.is_topmost:
            labels[one.index] = "text"  # unless the document knows better
    drafts: list[Draft] = []
    for index, draft in enumerate(some):
        label = labels.get(index)
        if label is None or (label == "text" and draft.label == "list"):
            drafts.append(draft)
            continue
        first, *rest = draft.rows
        drafts.append(Draft([first], label, draft.space))
        if rest:
            breaks = {number - 1 for number in draft.breaks if number > 1}
            drafts.append(Draft(rest, "text", _space(first, rest[0]), breaks))
    return drafts


def _without_others(found: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the candidates without those who speak, and without a single sentence in bold."""
    said = Counter(one.text for one in found if one.way.end)
    if any(count > 1 for count in said.values()):
        found = [one for one in found if not one.way.end or len(one.text.split()) > NAME]
    return [
        one
        for one in found
        if one.way.end != "." or one.way.is_numbered or _has_company(one, found)
    ]


def _has_company(one: _Candidate, found: Sequence[_Candidate]) -> bool:
    """Say whether another candidate is set like one."""
    return any(other is not one and _is_like(one.way, other.way) for other in found)


def _candidates(some: Sequence[Draft], setting: Setting) -> Iterator[_Candidate]:
    before: Draft | None = None
    for index, draft in enumerate(some):
        following = some[index + 1] if index + 1 < len(some) else None
        way = _way(draft, following, setting)
        if way is not None:
            is_topmost = before is None or before.rows[-1].column != draft.rows[0].column
            is_sure = not way.is_above_one and _stands_apart(draft, before, way, setting)
            yield _Candidate(index, way, is_sure, is_topmost, draft.rows[0].text)
        before = draft


def _way(draft: Draft, following: Draft | None, setting: Setting) -> _Way | None:
    """Return how the draft's first row is set, if by itself it may be a heading of the text."""
    head = draft.rows[0]
    column = setting.columns[head.column]
    below = _below(draft, following)
    if draft.label not in {"text", "list"} or not below or not _may_be(head, setting):
        return None
    if column.pitch <= 0:
        return None
    centred = _is_centred(head, column)
    if centred is None:
        return None
    end = _end(head.text)
    is_above_one = end == ":" and _is_sentence(below, following)
    if not is_above_one and not _is_running(below, column):
        return None
    way = _Way(
        centred,
        bool(_NUMBER.match(head.text)),
        head.text == head.text.upper(),
        (_middle(below[0]) - _middle(head)) / column.pitch,
        end,
        is_above_one,
    )
    if draft.label == "list" and not way.is_numbered:
        return None
    if not centred and min(row.box.x0 for row in below) - head.box.x0 > HANGS * head.height:
        return None
    return way if 0 < way.below <= BELOW else None


def _below(draft: Draft, following: Draft | None) -> list[Row]:
    """Return the rows of the paragraph below a draft's first row, as far as they tell."""
    if len(draft.rows) > 1:
        is_one = draft.label == "text" and 1 in draft.breaks and 2 not in draft.breaks
        return draft.rows[1:4] if is_one else []
    if following is None or following.label != "text" or following.breaks & {1, 2}:
        return []
    return following.rows[:3]


def _may_be(row: Row, setting: Setting) -> bool:
    """Say whether a row's words and its type may be those of such a heading."""
    text = row.text
    body = setting.body
    size = headings.likely_size([row], body, headings.FEW_LETTERS)
    if row.whole or row.kept or row.is_upright or len(row.cells) > 2:
        return False
    small = SMALL_UPPER if text == text.upper() else SMALL
    end = _end(text)
    is_larger = size > headings.MEASURED_LARGER * body.size > 0
    is_bold = headings.weight_of([row], body) >= headings.BOLD  # however few its letters are
    is_set_apart = is_larger or is_bold or headings.is_set_apart(row, body)
    if end and not (is_set_apart or headings.is_in_capitals([row], end)):
        return False
    if not is_set_apart and _names_value(text):
        return False
    large = headings.LARGER_SHORT if len(text) <= headings.FEW_LETTERS else LARGE
    large = math.inf if end else large
    if body.size > 0 and size > 0 and not small * body.size <= size <= large * body.size:
        return False
    return (
        says(text.removesuffix(end).rstrip())
        and not (captions.are_one([row]) or captions.is_mark(text))
        and headings.can_be([row], text)
    )


def _names_value(text: str) -> bool:
    """Say whether a text is a name with what it stands for, as "Subject: The lower gate" is."""
    name, colon, value = text.partition(": ")
    return bool(colon and value.strip()) and len(name.split()) <= NAME - 1 and not (
        headings.is_mark(name) or headings.NUMBERED.match(name)
    )


def _end(text: str) -> str:
    """Return the colon or full stop that ends a text, "" for none."""
    return text[-1] if text.endswith(ENDS) else ""


def says(text: str) -> bool:
    """Say whether words may be those of such a heading."""
    number = _NUMBER.match(text)
    words = text[number.end() :].split() if number else text.split()
    return (
        len(text) <= CHARACTERS
        and 0 < len(words) <= WORDS
        and max(map(len, words)) > 2
        and (words[0][:1].isupper() or not words[0][:1].isalpha())
        and bool(_OPENS.match(text))
        and not _ENDS.search(text)
        and not _OF_LETTERS.match(text)
        and not NOTE.match(text)
        and not values.is_date(text)
        and codes.signs(text) < headings.SIGNS
        and "_" not in text
    )


def _is_centred(row: Row, column: Column) -> bool | None:
    """Say whether a row stands in its column's middle, or at its left edge; None: in neither."""
    left, near = column.right - column.width, EDGE * row.height
    if row.box.width > SHORT * column.width:
        return None
    if abs(row.box.x0 - left) < near:
        return False
    middle = column.right - column.width / 2
    return True if abs((row.box.x0 + row.box.x1) / 2 - middle) < near else None


def _is_running(below: Sequence[Row], column: Column) -> bool:
    """Say whether rows are those of a paragraph of two rows or more, of which the first is full."""
    first, *others = below
    if not others or first.whole or first.column != others[0].column:
        return False
    step = (_middle(others[0]) - _middle(first)) / column.pitch
    widths = [row.box.width for row in below[: max(1, len(below) - 1)]]
    return (
        first.box.width > FULL * column.width * (1 if len(first.cells) == 1 else math.inf)
        and min(widths) > FULL * column.width
        and 0 < step < STEP
        and (first.text[:1].isupper() or not first.text[:1].isalpha())
    )


def _is_sentence(below: Sequence[Row], following: Draft | None) -> bool:
    """Say whether all that follows is one row with a sentence."""
    if following is None or len(below) != 1 or len(following.rows) > 1:
        return False
    text = below[0].text
    is_one = len(below[0].cells) == 1 and below[0].whole is None and not below[0].kept
    return is_one and len(text.split()) > NAME and text[:1].isupper() and bool(_ENDED.search(text))


def _stands_apart(draft: Draft, before: Draft | None, way: _Way, setting: Setting) -> bool:
    """Say whether a draft's first row is closer to what follows than to what ended above."""
    head = draft.rows[0]
    if before is None or draft.label == before.label == "list":
        return False
    last = before.rows[-1]
    is_under_heading = headings.is_set_apart(last, setting.body)
    if last.column != head.column or (is_under_heading and _BY.match(head.text)):
        return False
    above = (_middle(head) - _middle(last)) / setting.columns[head.column].pitch
    least = ABOVE_NUMBER if way.is_numbered else ABOVE
    return (
        least <= above <= HOLE
        and above >= CLOSER * way.below
        and (_has_ended(before, setting) or way.is_numbered)
    )


def _has_ended(draft: Draft, setting: Setting) -> bool:
    """Say whether a draft is no sentence that goes on."""
    return (
        draft.label != "text"
        or draft.rows[-1].whole is not None
        or bool(draft.breaks)
        or bool(_ENDED.search(draft.rows[-1].text))
        or _leaves_room(draft, setting)
        or headings.label(draft.rows, setting.body, has_breaks=False) != "text"
    )


def _leaves_room(draft: Draft, setting: Setting) -> bool:
    """Say whether a paragraph's last row is so short that it ends there: a full stop was lost."""
    last = draft.rows[-1]
    column = setting.columns[last.column]
    is_short = column.right - last.box.x1 > ROOM * column.width
    return len(draft.rows) > 1 and is_short and not _ENDS.search(last.text)


def _is_like(a: _Way, b: _Way) -> bool:
    """Say whether two headings are set alike."""
    kinds = [(way.is_centred, way.is_numbered, way.is_upper, way.end) for way in (a, b)]
    return kinds[0] == kinds[1] and abs(a.below - b.below) <= SAME_BELOW


def _middle(row: Row) -> float:
    return (row.box.y0 + row.box.y1) / 2


def _space(above: Row, below: Row) -> float:
    return (below.box.y0 - above.box.y1) / max(below.height, 1.0)
