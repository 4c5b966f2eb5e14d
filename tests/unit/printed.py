"""Lines as an engine gives them of a printed page, with the type that they are set in."""

from ocrd.job import Block, Line, Rule, Typeface
from ocrd.layout import columns, layout
from ocrd.layout.sheet import Piece, Sheet, page_box

WIDTH, HEIGHT = 1600, 2200
LINE, PITCH, LETTER = 30, 38, 15  # pixels: a line's height, from line to line, a letter's width

PLAIN = Typeface(13, 2.3)
BOLD = Typeface(13, 3.5)
LARGE = Typeface(17, 4.4)  # and bold
TYPED = Typeface(14, 2.3, LETTER)


def line(
    text: str, x: float, y: float, face: Typeface = PLAIN, *, width: float = 0, height: float = LINE
) -> Line:
    x1 = x + (width or len(text) * LETTER)
    return Line(text, 0.9, ((x, y), (x1, y), (x1, y + height), (x, y + height)), face)


def piece(
    text: str, x: float, y: float, face: Typeface = PLAIN, *, width: float = 0, height: float = LINE
) -> Piece:
    one = line(text, x, y, face, width=width, height=height)
    return Piece(one, page_box(one))


def lines(text: str, x: float, y: float, face: Typeface = PLAIN, *, full: float = 0) -> list[Line]:
    """Return a line a row of the text, indented by its spaces; ``full`` is what each but the last
    one is wide."""
    rows = text.split("\n")
    found = []
    for index, row in enumerate(rows):
        if row.strip():
            indent = (len(row) - len(row.lstrip())) * LETTER
            width = full if index + 1 < len(rows) else 0
            found.append(line(row.strip(), x + indent, y + index * PITCH, face, width=width))
    return found


def lying(y: float, x0: float, x1: float) -> Rule:
    return Rule((x0, y), (x1, y))


def standing(x: float, y0: float, y1: float) -> Rule:
    return Rule((x, y0), (x, y1))


def blocks(*groups: list[Line] | Line, rules: list[Rule] | None = None) -> list[Block]:
    some = [one for group in groups for one in (group if isinstance(group, list) else [group])]
    return layout.blocks(some, WIDTH, HEIGHT, rules or [])


def labelled(*groups: list[Line] | Line, rules: list[Rule] | None = None) -> list[tuple[str, str]]:
    return [(block.label, block.text) for block in blocks(*groups, rules=rules)]


def order(*groups: list[Line] | Line) -> list[str]:
    """Return the lines' texts in reading order."""
    some = [one for group in groups for one in (group if isinstance(group, list) else [group])]
    page = Sheet.of(some, WIDTH, HEIGHT)
    return [piece.line.text for row in columns.rows(page.pieces) for piece in row.pieces]


def cells(block: Block) -> list[list[str]]:
    return [[cell.text for cell in row] for row in block.table]


PARAGRAPH = (
    "Running text that fills its column from the left margin to the right one\n"
    "goes on for some lines, so that the page has a body whose size and weight\n"
    "are those of most of its letters, and ends with a full stop at last."
)


def paragraph(y: float, x: float = 200) -> list[Line]:
    return lines(PARAGRAPH, x, y, full=1100)
