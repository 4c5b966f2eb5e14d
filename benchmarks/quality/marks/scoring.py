"""What was read of each row of a sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.quality.marks.paper import Row
from ocrd.job import Line

_FILLER = re.compile(r"(?:[\s.·•…_‥⋯․\-–—~=]|(?<=\.),)+")


def lines_of(row: Row, lines: Sequence[Line]) -> list[Line]:
    """Return the lines whose middle lies in the row, from the left."""
    left, top, right, bottom = row.box
    margin = 0.25 * (bottom - top)
    found = []
    for line in lines:
        x = sum(point[0] for point in line.quad) / 4
        y = sum(point[1] for point in line.quad) / 4
        if top - margin <= y <= bottom + margin and left - margin <= x <= right + margin:
            found.append(line)
    return sorted(found, key=lambda line: line.quad[0][0])


def plain(text: str) -> str:
    """Return a text without its spaces, leaders and dashes, in small letters."""
    return _FILLER.sub("", text).replace("’", "'").lower()


def entry(row: Row, lines: Sequence[Line]) -> tuple[bool, bool]:
    """Say of an entry of contents whether its words and its number were read."""
    said = " ".join(line.text for line in lines_of(row, lines))
    words, _, number = row.text.rpartition("\t")
    ends = re.search(r"[0-9ivxIVX]+$", said.strip())
    return plain(words) in plain(said), bool(ends and ends[0].lower() == number.lower())
