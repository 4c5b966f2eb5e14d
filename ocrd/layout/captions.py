"""What explains a figure or a table: its kind and number, and what is said of it (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ocrd.layout.columns import Row

ROWS = 4
INSET = 1.5  # heights of a line by which a caption set to the middle stands in

_MARK = (
    r"(?:figure|fig\.|table|tab\.|abbildung|abb\.|tabelle|tableau|tabla|cuadro|quadro|figura|tabella|tabela|tabel"
    r"|afbeelding|figur|tabell|listing|example|beispiel|exemple|ejemplo|esempio)\s+"
    r"(?:\d{1,3}|[A-Z])(?:[.-]\d{1,3}){0,3}(?![.-]?\d)"
)
_CAPTION = re.compile(
    rf"{_MARK}(?P<end>\s?[.:–-]\s*|\s+)(?P<first>\S)", re.IGNORECASE
)
_ALONE = re.compile(rf"{_MARK}\s?[.:]?", re.IGNORECASE)


def are_one(rows: Sequence[Row]) -> bool:
    """Say whether rows begin with the kind and number of what they explain; no sentence does."""
    first = rows[0]
    found = _CAPTION.match(first.text)
    if not found or len(rows) > ROWS or len(first.cells) > 1:
        return False
    names = found["first"].isupper() and not rows[-1].text.endswith((".", ":", ";", ","))
    return bool(found["end"].strip()) or names


def is_mark(text: str) -> bool:
    """Say whether a text is the kind and number of what it explains, and no more."""
    return bool(_ALONE.fullmatch(text.strip()))


def ends(rows: Sequence[Row], row: Row) -> bool:
    """Say whether a caption is over: it is set to the middle, and the next row to the margin."""
    inset = min(one.box.x0 for one in rows) - row.box.x0 > INSET * row.height
    return inset and rows[-1].box.x1 < row.box.x1 - INSET * row.height and are_one(rows)
