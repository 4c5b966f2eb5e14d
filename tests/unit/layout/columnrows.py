"""Rows of one column, and how each goes on from the one before."""

from collections.abc import Sequence

from ocrd.job import Typeface
from ocrd.layout.columns import Row
from ocrd.layout.headings import Body
from ocrd.layout.paragraphs import Column, Setting, drafts
from ocrd.layout.sheet import Stroke
from tests.unit.printed import PLAIN, piece


def texts(found: list[tuple[str, str]]) -> list[str]:
    return [text for _, text in found]


# Below, rows are 30 pixels tall, 40 from one to the next, and stand in a column from 300 to 1300.
# Letters are ten pixels wide. A row of sixty letters begins with a word of four, which would have
# needed 70 pixels at the end of the row before: where that ends at 1230, there was no room for it.
HIGH, STEP, LEFT_EDGE, RIGHT_EDGE = 30, 40, 300, 1300
NO_ROOM = 1230
ENDED = "Here ends a sentence. Here ends a sentence. Here ends it all."
OPEN = ENDED[:-1]
CAPITAL = "Word after word stands here and at last the row ends somehow"
SMALL = CAPITAL.lower()
USUAL = Column(pitch=40, height=30, size=13, right=1300, width=1000)


def row(
    text: str,
    number: int = 0,
    *,
    x: float = LEFT_EDGE,
    x1: float = 0,
    y: float = 0,
    face: Typeface = PLAIN,
    height: float = HIGH,
    column: int = 0,
) -> Row:
    """Return the row of that number, which ends at ``x1`` or has letters of ten pixels."""
    width = x1 - x if x1 else 10 * len(text)
    one = piece(text, x, y or 200 + STEP * number, face, width=width, height=height)
    return Row((one,), column)


def how(*some: Row, usual: Column = USUAL, rules: Sequence[Stroke] = ()) -> list[str]:
    """Return how each row but the first goes on from the one before it."""
    body = Body(height=30, advance=10, size=13, weight=2.3)
    setting = Setting(body, dict.fromkeys(range(3), usual), frozenset(), tuple(rules))
    found = []
    for draft in drafts(some, setting):
        found.append("apart")
        found += ["line" if n in draft.breaks else "joined" for n in range(1, len(draft.rows))]
    return found[1:]
