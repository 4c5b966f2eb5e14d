"""A page after straightening: its pieces of text and its ruled lines, with their boxes (pure)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import median

from ocrd.doubts import is_read
from ocrd.job import Box, Cell, Line, Point, Rule

MAX_SKEW = math.radians(20)  # beyond it a line is slanted by intent
LEVEL = 0.3  # of a line's height: what differs by less stands level
LONG = 12.0  # times its height: a line that tells its angle
MOST_LONG = 0.3  # share of the lines from which theirs is the page's
SLANTS = 40  # of a page to either side, that are tried
SLANT = 0.0005  # radians from one to the next
SHARPER = 1.3  # times as many pairs that stand level, from which a page is slanted
UPRIGHT_RATIO = 2.0  # taller than this many times its width: text that runs up or down
_NARROW = frozenset(" .,:;'’|!iIjltfr()[]-/")  # half as wide as most letters
_WIDE = frozenset("mwMW@%—")


@dataclass(frozen=True, slots=True)
class Stroke:
    """A ruled line on the straightened page: ``at`` its height or its place from the left."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A table on the straightened page: its cells as a block has them, and what they hold."""

    box: Box
    rows: tuple[tuple[Cell, ...], ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Program text, its rows indented by spaces, and what it is made of."""

    text: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Lines that are read one below the other, whatever stands beside them: an address."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One recognised line with its box on the straightened page, or what stays together whole."""

    line: Line
    box: Box
    whole: Grid | Listing | Stack | None = None

    @property
    def middle(self) -> float:
        """Height on the page of the line's middle."""
        return (self.box.y0 + self.box.y1) / 2

    @property
    def weight(self) -> float:
        """How bold the type is, measured by its size; 0 if that is not known."""
        face = self.line.typeface
        return face.weight / face.size if face.size > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page after straightening: its pieces, what runs up or down it, its ruled lines."""

    pieces: tuple[Piece, ...]
    turned: tuple[Line, ...] = ()
    lying: tuple[Stroke, ...] = ()
    standing: tuple[Stroke, ...] = ()

    @classmethod
    def of(
        cls, lines: Sequence[Line], width: int, height: int, rules: Sequence[Rule] = ()
    ) -> Sheet:
        """Return the page straightened by the slant of its lines, of those that were read."""
        written = [line for line in lines if is_read(line)]
        level = [line for line in written if not is_upright(line)]
        angle = slant(level, skew(level), width, height)
        strokes: tuple[list[Stroke], list[Stroke]] = ([], [])
        for rule in rules:
            x0, y0 = _turned(rule.start, angle, width, height)
            x1, y1 = _turned(rule.end, angle, width, height)
            if abs(x1 - x0) >= abs(y1 - y0):
                strokes[0].append(Stroke((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
            else:
                strokes[1].append(Stroke((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
        return cls(
            tuple(straighten(level, width, height, angle)),
            tuple(line for line in written if is_upright(line)),
            *map(tuple, strokes),
        )


def straighten(
    lines: Sequence[Line], width: int, height: int, angle: float | None = None
) -> list[Piece]:
    """Return the lines with their boxes after turning the page by an angle, or by its lines'."""
    angle = skew(lines) if angle is None else angle
    pieces = []
    for line in lines:
        middle = sum(x for x, _ in line.quad) / 4, sum(y for _, y in line.quad) / 4
        x, y = _turned(middle, angle, width, height)
        half_width = max(_length(line, 0), _length(line, 2), 1.0) / 2
        half_height = max((_length(line, 1) + _length(line, 3)) / 2, 1.0) / 2
        box = Box(x - half_width, y - half_height, x + half_width, y + half_height)
        pieces.append(Piece(line, box))
    return pieces


def skew(lines: Sequence[Line]) -> float:
    """Return the page's slant in radians, clockwise: the median of its long lines."""
    angles = []
    for line in lines:
        (x0, y0), (x1, y1) = line.quad[0], line.quad[1]
        angle = math.atan2(y1 - y0, x1 - x0)
        if abs(angle) < MAX_SKEW and _length(line, 0) > 4 * _length(line, 1):
            angles.append(angle)
    return median(angles) if len(angles) >= 3 else 0.0


def slant(lines: Sequence[Line], angle: float, width: int, height: int) -> float:
    """Return the page's slant, given that of its lines, at which most of them stand level.

    The boxes of short lines tell no angle: a page of small cells has it in its rows only. On a
    page of long ones rows side by side are those of columns, which need not stand level.
    """
    long = sum(_length(line, 0) > LONG * _length(line, 1) for line in lines)
    if not lines or long > MOST_LONG * len(lines):
        return angle
    places = []
    for line in lines:
        middle = sum(x for x, _ in line.quad) / 4, sum(y for _, y in line.quad) / 4
        places.append(_turned(middle, angle, width, height))
    step = LEVEL * median(max(_length(line, 1), 1.0) for line in lines)

    def sharpness(further: float) -> int:
        rows = [
            Counter(math.floor((y - further * (x - width / 2)) / step + shift) for x, y in places)
            for shift in (0.0, 0.5)
        ]
        return sum(count * count for some in rows for count in some.values())

    flat = sharpness(0.0)
    if 2 * len(places) ** 2 <= SHARPER * flat:  # more there cannot be
        return angle
    trials = [SLANT * number for number in range(-SLANTS, SLANTS + 1)]
    best = max(trials, key=lambda further: (sharpness(further), -abs(further)))
    return angle + (best if sharpness(best) > SHARPER * flat else 0.0)


def is_upright(line: Line) -> bool:
    """Say whether the line runs up or down the page."""
    box = page_box(line)
    return len(line.text.strip()) > 2 and box.height > UPRIGHT_RATIO * box.width


def page_box(line: Line) -> Box:
    """Return the line's upright box on the page as it is."""
    xs, ys = [x for x, _ in line.quad], [y for _, y in line.quad]
    return Box(min(xs), min(ys), max(xs), max(ys))


def rounded(box: Box) -> Box:
    """Return a box to a tenth of a pixel."""
    return Box(round(box.x0, 1), round(box.y0, 1), round(box.x1, 1), round(box.y1, 1))


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around some boxes, at least one."""
    x0s, y0s, x1s, y1s = zip(*((box.x0, box.y0, box.x1, box.y1) for box in boxes), strict=True)
    return Box(min(x0s), min(y0s), max(x1s), max(y1s))


def cut_at(piece: Piece, x: float, edge: float | None = None) -> list[Piece]:
    """Return a piece cut at the space that is nearest to a place; itself if it has none near.

    ``edge`` says what of the space is to lie there, 0 its left end, 1 its right one, and that
    letters are not all as wide; else it is the space's middle.
    """
    text, box = piece.line.text.strip(), piece.box
    places = offsets(text, box.width, is_typed=edge is None or piece.line.typeface.pitch > 0)
    share = 0.5 if edge is None else edge

    def distance(index: int) -> float:
        return abs(box.x0 + (1 - share) * places[index] + share * places[index + 1] - x)

    spaces = [index for index, character in enumerate(text) if character == " "]
    nearest = min(spaces, key=distance, default=-1)
    advance = box.width / max(len(text), 1)
    if nearest < 0 or distance(nearest) > max(3.0, 0.15 * len(text)) * advance:
        return [piece]
    left, right = text[:nearest].strip(), text[nearest:].strip()
    return [
        replace(piece, line=replace(piece.line, text=left), box=replace(box, x1=x)),
        replace(piece, line=replace(piece.line, text=right), box=replace(box, x0=x)),
    ]


def offsets(text: str, width: float, *, is_typed: bool = False) -> list[float]:
    """Return where in a box so wide the characters of a text begin, and where the last one ends.

    In type of letters that are not all as wide, most are of one of four widths.
    """
    wide = [1.0 if is_typed else _advance(character) for character in text]
    unit = width / (sum(wide) or 1.0)
    return [unit * place for place in accumulate(wide, initial=0.0)]


def _advance(character: str) -> float:
    """Return about how wide a character is, against a usual small letter."""
    if character in _NARROW:
        return 0.5
    if character in _WIDE:
        return 1.6
    return 1.25 if character.isupper() else 1.0


def _turned(point: Point, angle: float, width: int, height: int) -> Point:
    """Return where a point is once the page's slant is undone, about its middle."""
    cos, sin = math.cos(-angle), math.sin(-angle)
    x, y = point[0] - width / 2, point[1] - height / 2
    return x * cos - y * sin + width / 2, x * sin + y * cos + height / 2


def _length(line: Line, side: int) -> float:
    return math.dist(line.quad[side], line.quad[(side + 1) % 4])
