"""Program text in letters of one width, and other text beside it."""

from collections.abc import Sequence

from ocrd.job import Line, Typeface
from ocrd.layout import codes
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.printed import HEIGHT, TYPED, WIDTH, line, lines

PROGRAM = "if ready(door):\n    open(door)\n\n    # and close it\n    close(door)"


def program(y: float = 700) -> list[Line]:
    return lines(PROGRAM, 230, y, TYPED)


# Below, a page with text at its top, tested rows, 40 from each to the next unless they say
# otherwise, and far below two rows that show what the letters of its program text are like.
SAMPLE = ["sample = {first: 1, second: [2, 3]};", "print(sample[first] + sample[second]);"]
Part = tuple[float, str] | tuple[float, str, Typeface]  # place from the left; else in plain type
OTHER = Typeface(13, 2.3)  # of any width


def sample() -> list[Line]:
    return [one for n, text in enumerate(SAMPLE) for one in lines(text, 230, 1700 + 40 * n, TYPED)]


def typed(text: str, x: float = 230, weight: float = 2.3) -> list[Part]:
    return [(x, text, Typeface(14, weight, 15))]


def listings(
    *some: Sequence[Part], tops: Sequence[float] = (), above: str = "Text that ends in a stop."
) -> list[str]:
    """Return the program texts of the page but for its sample."""
    top = tops[0] if tops else 600
    prose = [
        line(text, 200, top - 40 * n, OTHER) for n, text in enumerate((above, "Text " * 20), 1)
    ]
    rows = [
        line(text, x, tops[n] if tops else 600 + 40 * n, *face or [OTHER])
        for n, row in enumerate(some)
        for x, text, *face in row
    ]
    pieces = Sheet.of([*prose, *rows, *sample()], WIDTH, HEIGHT).pieces
    found = codes.gathered(pieces)
    held = [piece for one in found for piece in (one.whole.pieces if one.whole else [one])]
    assert sorted(map(id, held)) == sorted(map(id, pieces))  # each exactly once
    texts = [one.whole.text for one in found if isinstance(one.whole, Listing)]
    assert texts[-1] == "\n".join(SAMPLE)
    return texts[:-1]


def gathered(*some: Line) -> int:
    """Return how many program texts the page has but for its sample."""
    found = codes.gathered(Sheet.of([*some, *sample()], WIDTH, HEIGHT).pieces)
    return sum(one.whole is not None for one in found) - 1


def pitched(*some: tuple[str, float]) -> float:
    return codes.pitch(line(text, 200, 300, Typeface(14, 2, pitch)) for text, pitch in some)


FIRST, LAST = typed("first = {1: one};"), typed("Last = {2: two};")
