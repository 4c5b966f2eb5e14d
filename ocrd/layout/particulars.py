"""Particulars above a table: a patient's name and age, an order's number and day (pure).

They stand in rows of their own, each of which begins with a label, "Born:", and close above the
table that they belong to; they are none of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ROWS = 3  # of the table below them

_LABEL = re.compile(r"[^\W\d_][^:]{0,28}:(?:\s|$)")


def end(firsts: Sequence[str]) -> int:
    """Return how many rows are particulars above a table, all if that is none.

    ``firsts`` are what the rows begin with, from the top.
    """
    labelled = [is_labelled(text) for text in firsts]
    count = labelled.index(False) if False in labelled else 0
    if not count or any(labelled[count:]) or len(firsts) - count < ROWS:
        return len(firsts)
    return count


def is_labelled(text: str) -> bool:
    """Say whether a row that begins so begins with a label."""
    return _LABEL.match(text.strip()) is not None
