"""The page as a witness: can a text be all that stands on it, and can it be of it at all (pure).

What a drawing's ink tells (``Ink``) is a rough count, and a text may be counted as roughly. They
contradict each other only where no page of that ink holds a text of that extent: far more than is
drawn was made up, far less was lost. What the text says plays no part, so that a page that repeats
itself is as good as another.
"""

from __future__ import annotations

import re
import unicodedata

from ocrd.job import Doubt, Ink

MORE_CHARACTERS = 3.0  # times those counted: small or narrow type, blurred or badly printed
MORE_ROWS = 3.0  # times those counted: several cells may have been counted as one row
SPARE_CHARACTERS = 120  # over that: a mark, a seal, a caption that is part of a picture
SPARE_ROWS = 15
LESS_CHARACTERS = 0.3  # of those counted: large or wide type, ornaments, hatching
LEAST_CHARACTERS = 200  # counted: fewer may be stains, a logo, the strokes of a drawing
# Of a row, on the average, where there are fewer in all. Photographs and drawings have rows of what
# could be letters, and these are short: of 91 pictures from the test suites of twelve projects that
# no text came of, 87 have less, two of the others are test cards with words on them.
LEAST_IN_A_ROW = 8

# Drawn rather than written, or written for a machine: leaders, lines to fill in, TeX.
_FILLER = re.compile(r"([^\w\s]|_)(?:[ \t]{0,2}\1){2,}")
_TEX = re.compile(r"\\[a-zA-Z]{1,30}")
_TEX_SIGNS = re.compile(r"[{}^_\\]")


def extent(text: str) -> tuple[int, int]:
    """Return how many rows of a text hold anything, and how many characters do.

    Spaces are none, nor are leaders and lines to fill in; a command of TeX is one. Two signs of the
    far east count as three, as their ink does: they are twice as wide, and taller than small
    letters.
    """
    text = _TEX_SIGNS.sub("", _TEX.sub("x", _FILLER.sub(" ", text)))
    rows = sum(1 for line in text.splitlines() if line.strip())
    if text.isascii():
        return rows, sum(map(len, text.split()))
    return rows, (sum(map(_halves, text)) + 1) // 2


def held_against(ink: Ink, rows: int, characters: int) -> Doubt | None:
    """Return the doubt about a page's text of that extent, None where the page can hold it.

    Its code is "less-than-page" or "more-than-page"; the share of what is missing is told.
    """
    if characters > MORE_CHARACTERS * ink.characters + SPARE_CHARACTERS:
        return Doubt(
            "more-than-page",
            f"The text has {characters} characters, and the page has room for about"
            f" {ink.characters}.",
        )
    if rows > MORE_ROWS * ink.rows + SPARE_ROWS:
        return Doubt(
            "more-than-page", f"The text has {rows} rows, and the page shows {ink.rows}."
        )
    if ink.characters >= LEAST_CHARACTERS and characters < LESS_CHARACTERS * ink.characters:
        return Doubt(
            "less-than-page",
            f"The text has {characters} characters, and the page shows about {ink.characters}.",
            share=round(1 - characters / ink.characters, 2),
        )
    return None


def shows_text(ink: Ink) -> bool:
    """Say whether a page that no text came of shows some, by its ink; else it is a picture."""
    if ink.characters >= LEAST_CHARACTERS:
        return True
    return ink.rows > 0 and ink.characters >= LEAST_IN_A_ROW * ink.rows


def _halves(letter: str) -> int:
    if letter.isspace() or unicodedata.combining(letter):
        return 0
    return 3 if unicodedata.east_asian_width(letter) in "WF" else 2
