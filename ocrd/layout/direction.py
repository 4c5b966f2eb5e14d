"""Pages in letters that run from right to left (pure).

Hebrew and Arabic pages are those of other scripts in a mirror: columns follow each other leftwards,
rows begin at the right margin, the first cell of a table is its rightmost. So the page is laid out
as any other between two looks into a mirror; the text of a line is in the order in which it is
spoken, and no letter is turned round.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ocrd.job import Block, Box, Line, Point, Rule

_RIGHT_TO_LEFT = frozenset({"R", "AL"})  # of Unicode's bidirectional classes


def is_right_to_left(lines: Iterable[Line]) -> bool:
    """Say whether most letters of a page run from right to left."""
    balance = 0
    for line in lines:
        if not line.text.isascii():
            for letter in line.text:
                kind = unicodedata.bidirectional(letter)
                balance += (kind in _RIGHT_TO_LEFT) - (kind == "L")
        else:
            balance -= sum(map(str.isalpha, line.text))
    return balance > 0


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror beside a page of some width in pixels; a second look makes the first undone."""

    width: int

    def line(self, line: Line) -> Line:
        """Return a line where the mirror shows it, its text unchanged."""
        a, b, c, d = map(self._point, line.quad)
        return replace(line, quad=(b, a, d, c))

    def rule(self, rule: Rule) -> Rule:
        """Return a ruled line where the mirror shows it."""
        return Rule(self._point(rule.start), self._point(rule.end))

    def box(self, box: Box) -> Box:
        """Return a box where the mirror shows it."""
        return Box(round(self.width - box.x1, 1), box.y0, round(self.width - box.x0, 1), box.y1)

    def block(self, block: Block) -> Block:
        """Return a block with its boxes where the mirror shows them."""
        return replace(block, boxes=tuple(map(self.box, block.boxes)))

    def _point(self, point: Point) -> Point:
        return self.width - point[0], point[1]
