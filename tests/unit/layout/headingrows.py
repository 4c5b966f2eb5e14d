"""Rows in a size and a weight."""

from ocrd.job import Line, Typeface
from ocrd.layout.columns import Row
from ocrd.layout.sheet import Sheet
from tests.unit.printed import HEIGHT, WIDTH, line

TITLE = Typeface(24, 6)


def row(*some: Line) -> Row:
    return Row(Sheet.of(some, WIDTH, HEIGHT).pieces, 0)


def set_in(text: str, size: float, weight: float = 2, pitch: float = 0) -> Row:
    return row(line(text, 200, 300, Typeface(size, weight, pitch)))


def of(characters: int, begin: str = "W") -> str:
    """Return a heading's text of so many characters."""
    return (begin + "hat there is " * 20)[: characters - 1] + "x"
