"""Where rows end, and what it tells: that a word had room, that a line was turned over (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocrd.layout import indents
from ocrd.layout.columns import Row
from ocrd.layout.headings import advance
from ocrd.layout.paragraphs import ENDS_SENTENCE, Setting
from ocrd.layout.verses import goes_on

SPACES = 1.5  # letters between two words, and what a box is short of
SMALL = 0.34  # share of the lines that may begin with a small letter where most do not


@dataclass(frozen=True, slots=True)
class Break:
    """Where a row ends and the next one begins."""

    has_room: bool  # for the next row's first word
    is_small: bool  # the next row begins so, or a hyphen cuts a word
    is_open: bool  # no sentence ends there
    is_in: bool  # the next row begins further in than all that begin a line
    is_full: bool  # nothing of the column was left for its first word
    is_level: bool  # the next row begins where the one above does,
    is_out: bool  # or further out


def of(rows: Sequence[Row], setting: Setting, right: float = 0.0) -> list[Break]:
    """Return the breaks between rows of one column that may go as far as ``right``."""
    right = max(right, *(row.box.x1 for row in rows))
    edge = setting.columns[rows[0].column].right
    starts = [row for row in rows if not row.text[:1].islower()] or list(rows)
    furthest = sorted(starts, key=lambda row: row.box.x0)[-2:]
    found = []
    for above, below in pairwise(rows):
        indent = indents.INDENT * below.height
        step = below.box.x0 - above.box.x0
        others = (row for row in furthest if row is not below)
        found.append(
            Break(
                has_room=has_room(above, below, right),
                is_small=goes_on(above, below),
                is_open=goes_on(above, below) or not ENDS_SENTENCE.search(above.text),
                is_in=step > indent and all(below.box.x0 - row.box.x0 > indent for row in others),
                is_full=not has_room(above, below, edge),
                is_level=abs(step) < indent,
                is_out=-step > indent,
            )
        )
    return found


def has_room(above: Row, below: Row, right: float) -> bool:
    """Say whether the next row's first word had room, where rows may go as far as ``right``."""
    needed = (len(below.text.split()[0]) + SPACES) * advance(below) + below.height / 2
    return right - above.box.x1 > needed


def may_be_small(breaks: Sequence[Break]) -> bool:
    """Say whether lines begin with small letters, too."""
    sure = [one.is_small for one in breaks if one.has_room]
    return sum(sure) > SMALL * len(sure)


def turned(breaks: Sequence[Break]) -> set[int]:
    """Return which breaks are within a line that was too long.

    What stands further in goes on so if it begins with a small letter, or others there do.
    """
    found: set[int] = set()
    are_small = may_be_small(breaks)
    has_turned = any(one.is_in and one.is_small and not one.has_room for one in breaks)
    for index, one in enumerate(breaks):
        after = breaks[index + 1] if index + 1 < len(breaks) else None
        is_short = after is None or after.has_room or not after.is_small
        is_flush = one.is_small and one.is_full and one.is_level and not are_small and is_short
        is_third = index - 1 in found and one.is_small and one.is_level
        if not one.has_room and ((one.is_in and has_turned) or is_flush or is_third):
            found.add(index)
    return found


def between_lines(breaks: Sequence[Break]) -> list[Break]:
    """Return the breaks but those within a line."""
    within = turned(breaks)
    return [one for index, one in enumerate(breaks) if index not in within]


def have_paragraph(breaks: Sequence[Break]) -> bool:
    """Say whether rows without room follow each other, and a sentence goes on through them."""
    filled = small = 0
    for one in breaks:
        goes_over = not one.has_room and not one.is_in
        filled, small = (filled + 1, small + one.is_small) if goes_over else (0, 0)
        if filled > 1 and small:
            return True
    return False
