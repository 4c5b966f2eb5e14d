"""Pictures among a page's blocks: which lines are theirs, and where they stand in the order (pure).

What stands in a picture, a chart's or a map's labels, is text of the picture and no prose of the
page: it is kept with it, row by row, without what an engine makes of the drawing itself: a chessman
read as a sign of another script, a note as a letter. A picture comes before what stands below it,
its caption first; one that has nothing below comes behind what stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from ocrd.doubts import is_read, of_block
from ocrd.job import Block, Box, Line
from ocrd.layout.columns import CELL_SEPARATOR
from ocrd.layout.seams import MARGINAL
from ocrd.layout.sheet import page_box, rounded

INSIDE = 0.6  # share of a line's box that lies in a picture whose label it is
LEVEL = 0.5  # heights of a line by which lines of one row differ
BELOW = 4.0  # heights of a line from a picture to its caption
OVER = 0.3  # of the narrower one's width, that a picture and a block in its column share
SCRAP = 2  # signs that a piece of a drawing is read as, at most,
SURE = 0.7  # and the confidence that it has less of,
ROW = 3  # unless so many labels stand beside it: letters below a board
_WORD = re.compile(r"[^\W\d_]{3}")
_SIGN = re.compile(r"[^\W_]")
_TICK = re.compile(r"[☐☑☒]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's place on the page, and the lines in it."""

    box: Box
    lines: tuple[Line, ...] = ()

    @property
    def block(self) -> Block:
        """The picture as a block; its text are its labels, row by row."""
        rows = _labels(_rows([line for line in self.lines if is_read(line)]))
        lines = [line for row in rows for line in row]
        letters = sum(len(line.text) for line in lines)
        mean = sum(line.confidence * len(line.text) for line in lines)
        return Block(
            "figure",
            "\n".join(CELL_SEPARATOR.join(line.text.strip() for line in row) for row in rows),
            (rounded(self.box),),
            round(mean / letters, 4) if letters else None,
            doubts=of_block(self.lines),
        )


def parted(lines: Sequence[Line], pictures: Sequence[Box]) -> tuple[list[Line], list[Picture]]:
    """Return the lines that stand in no picture, and the pictures with theirs."""
    rest: list[Line] = []
    own: list[list[Line]] = [[] for _ in pictures]
    for line in lines:
        place = page_box(line)
        least = INSIDE * place.width * place.height
        around = (n for n, box in enumerate(pictures) if _common(place, box) >= max(least, 1e-9))
        number = next(around, None)
        (rest if number is None else own[number]).append(line)
    return rest, [Picture(box, tuple(some)) for box, some in zip(pictures, own, strict=True)]


def placed(blocks: Sequence[Block], pictures: Sequence[Picture]) -> list[Block]:
    """Return the blocks of a page, in reading order, with its pictures among them."""
    found = list(blocks)
    height = _line_height(blocks)
    for picture in sorted(pictures, key=lambda one: (one.box.y0, one.box.x0)):
        found.insert(_place(found, picture.box, height), picture.block)
    return found


def _place(blocks: Sequence[Block], box: Box, height: float) -> int:
    first = len(list(takewhile(lambda block: block.label in MARGINAL, blocks)))
    last = len(blocks)
    while last > first and blocks[last - 1].label in MARGINAL:
        last -= 1
    inner = [(index, one) for index in range(first, last) for one in blocks[index].boxes]
    column = [(index, one) for index, one in inner if _shares_column(one, box)]
    reach = BELOW * height
    captions = [(index, one) for index, one in column if blocks[index].label == "caption"]
    for index, one in captions:
        if one.y1 >= box.y1 and one.y0 < box.y1 + reach:
            return index
    for index, one in captions:
        if one.y0 <= box.y0 and one.y1 > box.y0 - reach:
            return index + 1
    below = [index for index, one in column if _is_below(one, box)]
    if below:
        return _before_aside(blocks, _before_mark(blocks, min(below), first, box), first, box)
    if column:
        return max(index for index, _ in column) + 1
    middle = (box.y0 + box.y1) / 2
    beside = [index for index, one in inner if one.y0 > middle]
    return min(beside, default=last)


def _before_mark(blocks: Sequence[Block], index: int, first: int, box: Box) -> int:
    """Return the place before what leads to a block and lies left of a picture above both.

    As the number of a section does, and its short heading.
    """
    while index > first and all(
        one.y0 >= box.y1 and one.y1 <= own.y1 and _shares_column(one, own)
        for one in blocks[index - 1].boxes
        for own in blocks[index].boxes[:1]
    ):
        index -= 1
    return index


def _before_aside(blocks: Sequence[Block], index: int, first: int, box: Box) -> int:
    """Return the place before what stands right of a picture, as a letter's head does of a logo."""
    while index > first and all(
        one.x0 >= box.x1 and one.y0 + one.y1 > 2 * box.y0 for one in blocks[index - 1].boxes
    ):
        index -= 1
    return index


def _is_below(one: Box, box: Box) -> bool:
    return one.y0 > box.y0 and one.y0 + one.y1 > box.y0 + box.y1


def _shares_column(one: Box, box: Box) -> bool:
    across = min(one.x1, box.x1) - max(one.x0, box.x0)
    return across > OVER * min(one.width, box.width)


def _line_height(blocks: Sequence[Block]) -> float:
    """Return about how high a line is: as the lowest blocks are."""
    heights = sorted(box.height for block in blocks for box in block.boxes)
    return median(heights[: 1 + len(heights) // 3]) if heights else 0.0


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines from above, those side by side as one row."""
    rows: list[list[tuple[Box, Line]]] = []
    for line in sorted(lines, key=lambda line: (page_box(line).y0, page_box(line).x0)):
        box = page_box(line)
        above = rows[-1][-1][0] if rows else None
        level = LEVEL * min(box.height, above.height) if above else 0.0
        if above and abs(above.y0 + above.y1 - box.y0 - box.y1) / 2 < level:
            rows[-1].append((box, line))
        else:
            rows.append([(box, line)])
    return [[line for _, line in sorted(row, key=lambda one: one[0].x0)] for row in rows]


def _labels(rows: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the rows without what is no label but a piece of the drawing, read as one."""
    has_words = any(_WORD.search(line.text) for row in rows for line in row)
    found = []
    for row in rows:
        some = [
            line
            for line in row
            if _SIGN.search(line.text) or (has_words and _TICK.search(line.text))
        ]
        sure = [line for line in some if not _is_scrap(line)]
        if kept := some if len(sure) >= ROW else sure:
            found.append(kept)
    return found


def _is_scrap(line: Line) -> bool:
    """Say whether a line may be a stroke of the drawing: hardly a sign, and none that is sure."""
    return line.confidence < SURE and len(_SIGN.findall(line.text)) <= SCRAP


def _common(a: Box, b: Box) -> float:
    across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(across, 0.0) * max(down, 0.0)
