"""Who speaks in a play: names above what is said, which are no headings (pure).

A speaker's name is set as a heading is, in capitals or in bold, right above the speech. What tells:
the same few names come again, or count the speeches, and lines of verse follow, or names in
capitals stand above them all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ocrd.layout import headings
from ocrd.layout.paragraphs import Draft, Setting
from ocrd.layout.stanzas import SAME_STEP

NAMES = 3  # speeches, at least, of a page that tell
AGAIN = 2  # times that a name comes
OVER_LINES = 2  # speeches in verse
WORDS = 6  # of a name
NEAR = 1.7  # times the usual distance of two rows to the speech
CAPITALS = 0.7  # share of the letters

_NUMBER = re.compile(r"\W*(?P<number>\d{1,4})\W+(?=[^\W\d_])")
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _Name:
    """A row that may say who speaks."""

    index: int
    said: str
    number: int  # before it, 0 for none
    is_upper: bool
    is_bold: bool
    is_over_lines: bool
    is_near: bool  # in the speech's own step


def joined(some: Sequence[Draft], setting: Setting) -> list[Draft]:
    """Return the drafts with speakers as the first lines of what they say."""
    names = {one.index: one for one in _speakers(some, setting)}
    found: list[Draft] = []
    for index, draft in enumerate(some):
        if index - 1 in names:
            name, above = names[index - 1], found[-1]
            if name.is_near:
                breaks = {1, *(number + 1 for number in draft.breaks)}
                rows = [*above.rows, *draft.rows]
                found[-1] = Draft(rows, "text", above.space, breaks, is_stanza=True)
                continue
        is_name = index in names
        own = Draft(draft.rows, "text", draft.space, is_stanza=True) if is_name else draft
        found.append(own)
    return found


def _speakers(some: Sequence[Draft], setting: Setting) -> list[_Name]:
    names = [one for index in range(len(some) - 1) if (one := _name(some, index, setting))]
    ways = {(one.is_upper, one.is_bold) for one in names}
    return [
        one
        for way in ways
        if _speak(alike := [one for one in names if (one.is_upper, one.is_bold) == way])
        for one in alike
    ]


def _speak(names: Sequence[_Name]) -> bool:
    """Say whether what is set in one way names who speaks."""
    again = max(Counter(one.said for one in names).values()) >= AGAIN
    numbers = [one.number for one in names]
    counts = numbers[0] > 0 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    over_lines = sum(one.is_over_lines for one in names) >= OVER_LINES
    if len(names) < NAMES or not (again or counts):
        return False
    return over_lines or (again and (counts or all(one.is_upper for one in names)))


def _name(some: Sequence[Draft], index: int, setting: Setting) -> _Name | None:
    """Return the name that a draft may be, set in the size of the text and close above some."""
    draft, speech = some[index : index + 2]
    row, below = draft.rows[0], speech.rows[0]
    if draft.label != "heading" or len(draft.rows) > 1 or row.is_side or below.whole:
        return None
    pitch = setting.columns[row.column].pitch
    step = (below.box.y0 + below.box.y1 - row.box.y0 - row.box.y1) / 2
    number = _NUMBER.match(row.text)
    said = row.text[number.end() :] if number else row.text
    words = _LETTERS.findall(said)
    size = headings.likely_size([row], setting.body, headings.FEW_LETTERS)
    if (
        speech.label not in {"text", "heading"}
        or row.column != below.column
        or not 0 < step < NEAR * pitch
        or not 0 < len(words) <= WORDS
        or size > headings.MEASURED_LARGER * setting.body.size
    ):
        return None
    letters = "".join(words)
    return _Name(
        index, letters.lower(), int(number["number"]) if number else 0,
        sum(map(str.isupper, letters)) >= CAPITALS * len(letters),
        headings.is_bold(row, setting.body), bool(speech.breaks), step < SAME_STEP * pitch,
    )  # fmt: skip
