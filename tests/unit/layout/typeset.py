"""Text set on a page, and the blocks that come of it."""

import math
from typing import NamedTuple

from ocrd.job import Block, Line, Point, Quad
from ocrd.layout import layout

WIDTH, HEIGHT = 1600, 2200
LINE, PITCH, LETTER = 30, 38, 15  # pixels


class Setting(NamedTuple):
    """Text set at a place on the page, one line below the other."""

    text: str
    x: float
    y: float
    height: float = LINE
    full: float = 0.0  # every line but a paragraph's last is as wide as this

    def lines(self) -> list[Line]:
        found = []
        rows = self.text.split("\n")
        for index, row in enumerate(rows):
            if not row.strip():
                continue
            text = row.strip()
            x = self.x + (len(row) - len(row.lstrip())) * LETTER
            width = len(text) * LETTER * self.height / LINE
            if self.full and index + 1 < len(rows) and rows[index + 1].strip():
                width = self.x + self.full - x
            y = self.y + index * PITCH * self.height / LINE
            found.append(Line(text, 0.9, quad(x, y, x + width, y + self.height)))
        return found


def quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def turned(line: Line, degrees: float) -> Line:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def turn(point: Point) -> Point:
        x, y = point[0] - WIDTH / 2, point[1] - HEIGHT / 2
        return x * cos - y * sin + WIDTH / 2, x * sin + y * cos + HEIGHT / 2

    a, b, c, d = map(turn, line.quad)
    return Line(line.text, line.confidence, (a, b, c, d))


def laid_out(*settings: Setting, degrees: float = 0.0) -> list[Block]:
    lines = [turned(line, degrees) for setting in settings for line in setting.lines()]
    return layout.blocks(lines, WIDTH, HEIGHT)


def texts(*settings: Setting, degrees: float = 0.0) -> list[str]:
    return [block.text for block in laid_out(*settings, degrees=degrees)]


LEFT = Setting(
    "the first of the columns\nbegins at the upper left\nand is read to its lower\n"
    "end before the eye goes\nup to the second column",
    100,
    300,
    full=400,
)
RIGHT = Setting(
    "where another paragraph\nstands that has as many\nrows as the one beside it\n"
    "and is read when that one\nhas been read to its end.",
    600,
    300,
    full=400,
)
BOTH = (
    "the first of the columns begins at the upper left and is read to its lower end before the eye "
    "goes up to the second column where another paragraph stands that has as many rows as the one "
    "beside it and is read when that one has been read to its end."
)
