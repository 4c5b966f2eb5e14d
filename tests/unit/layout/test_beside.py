"""Tables and program text beside running text, in one column of several."""

import pytest

from ocrd.job import Block, Line
from ocrd.layout.beside import prose
from ocrd.layout.sheet import Piece
from tests.unit.printed import BOLD, LETTER, TYPED, blocks, cells, line, piece

PROSE = (
    "The mill by the old harbour was sold last", "year to a company that wants to build flats",
    "in it. Nobody in the village had been told", "of the plan before the papers wrote of it,",
    "and the council says that it will ask for", "the files of the sale at once.",
)  # fmt: skip
TOWNS = ("Bremen", "Lyon", "Porto", "Leeds", "Graz", "Bergen", "Linz", "Braga")
WIDE = 44 * LETTER
STEP = 36


def text(x: float, y: float, step: float = STEP) -> list[Line]:
    """Return a paragraph whose lines but the last one fill their column."""
    last = len(PROSE) - 1
    return [
        line(said, x, y + step * number, width=0 if number == last else WIDE)
        for number, said in enumerate(PROSE)
    ]


def rows(x: float, y: float, step: float = STEP) -> list[Line]:
    """Return a head and rows of a name and two numbers that end in line."""
    heads = (("Place", 0), ("wet", 225), ("dry", 375))
    found = [line(name, x + right, y, BOLD) for name, right in heads]
    for number, town in enumerate(TOWNS, 1):
        at = y + step * number
        found += [
            line(town, x, at),
            line(f"{number}7.{number}1", x + 195, at),
            line(f"{number}2.{number}5", x + 345, at),
        ]
    return found


TABLE = [["Place", "wet", "dry"]] + [
    [town, f"{n}7.{n}1", f"{n}2.{n}5"] for n, town in enumerate(TOWNS, 1)
]


def tables(found: list[Block]) -> list[list[list[str]]]:
    return [cells(block) for block in found if block.label == "table"]


@pytest.mark.parametrize("step", [STEP, 33.0, 40.0])
@pytest.mark.parametrize("is_left", [True, False])
def test_a_table_beside_a_paragraph_is_one(is_left: bool, step: float) -> None:
    """Its rows may stand level with the paragraph's lines, by chance or all of them."""
    places = (150, 150 + 44 * LETTER + 60) if is_left else (700, 150)
    found = blocks(text(places[0], 500, STEP), rows(places[1], 500, step))
    assert tables(found) == [TABLE]
    (said,) = [block.text for block in found if block.label != "table"]
    assert said.startswith("The mill") and said.endswith("of the sale at once.")


def test_a_table_in_one_of_two_columns_stands_between_its_paragraphs() -> None:
    left = [*text(100, 400), *rows(100, 660), *text(100, 1020)]
    right = [one for y in (400, 640, 880, 1120) for one in text(860, y)]
    found = blocks(left, right)
    assert tables(found) == [TABLE]
    labels = [block.label for block in found]
    assert labels.index("table") == 1
    assert labels.count("text") >= 4


def test_a_heading_above_the_paragraph_is_no_cell() -> None:
    found = blocks(line("The sale", 150, 464, BOLD), text(150, 500), rows(880, 464))
    assert tables(found) == [TABLE]


def test_cells_of_several_lines_are_no_running_text() -> None:
    """Their first lines stand level with the other cells, and begin with a capital."""
    some = []
    for number in range(5):
        y = 500 + 110 * number
        some.append(piece("Oak shelf for the hall, in the colour of the", 250, y))
        some += [
            piece("sample that was sent to you in the month of", 250, y + STEP),
            piece("March this year", 250, y + 2 * STEP),
            piece(f"{number + 1}", 150, y), piece(f"{number}8.50", 1100, y),
        ]  # fmt: skip
    assert not prose(some)


def test_columns_of_running_text_and_nothing_else_are_running_text() -> None:
    both = [piece(said, x, 500 + STEP * n, width=WIDE) for x in (100, 860)
            for n, said in enumerate(PROSE)]  # fmt: skip
    assert prose(both) == frozenset(range(len(both)))


def test_a_row_that_was_read_as_one_line_does_not_end_the_table() -> None:
    some = rows(150, 500)
    fused = [one for one in some if one.quad[0][1] == 500 + 4 * STEP]
    some = [one for one in some if one not in fused]
    whole = line(" ".join(one.text for one in fused), 150, 500 + 4 * STEP, width=345 + 75)
    assert tables(blocks(some, whole)) == [TABLE]


CODE = (
    "open(path, O_RDONLY);      # nobody writes", "if (total > limit) break;  # too heavy",
    "close(fd);", "count += item.size;        # in bytes", "free(item.name);",
    "set -e; make install       # as root",
)  # fmt: skip


def typed(x: float, y: float, step: float) -> list[Line]:
    """Return program text, its comments in line, each a line of its own as they are found."""
    found = []
    for number, said in enumerate(CODE):
        statement, mark, comment = said.partition("#")
        found.append(line(statement.rstrip(), x, y + step * number, TYPED))
        if mark:
            at = x + LETTER * len(statement)
            found.append(line(mark + comment, at, y + step * number, TYPED))
    return found


@pytest.mark.parametrize("step", [30.0, 33.0])
@pytest.mark.parametrize("is_left", [True, False])
def test_program_text_beside_a_paragraph_is_one(is_left: bool, step: float) -> None:
    places = (150, 150 + 44 * LETTER + 60) if is_left else (850, 150)
    prose_lines = [one for y in (500, 740) for one in text(places[0], y)]
    found = blocks(text(150, 200), prose_lines, typed(places[1], 520, step))
    assert [block.text for block in found if block.label == "code"] == ["\n".join(CODE)]
    said = " ".join(block.text for block in found if block.label != "code").replace("\n", " ")
    assert said.count(" ".join(PROSE)) == 3


def test_words_that_typed_ones_are_explained_by_stay_beside_them() -> None:
    """A reference card: each row has a name and what it does, which goes on in a sentence."""
    names = ("x.\\y", "x^y;", "ls -l;", "cp(a,b)", "mv(a,b)", "rm(a);")
    some = [line(said, 500, 500 + STEP * n, width=WIDE) for n, said in enumerate(PROSE)]
    found = blocks(some, [line(name, 150, 500 + STEP * n, TYPED) for n, name in enumerate(names)])
    assert "code" not in [block.label for block in found]


def test_short_words_in_line_are_program_text_if_a_row_is_long_enough() -> None:
    """A folder's drawing, with what each file is behind its name."""
    names = ("src/", "  hello.c", "  main.c", "Makefile", "LICENSE")
    words = ("", "the program", "where it starts", "how to build", "who may use it")
    some: list[Line] = []
    for number, (name, said) in enumerate(zip(names, words, strict=True)):
        y, bare = 700 + STEP * number, name.lstrip()
        some.append(line(bare, 200 + LETTER * (len(name) - len(bare)), y, TYPED))
        some += [line(said, 200 + 20 * LETTER, y, TYPED)] * bool(said)
    more = [line(said, 200, 1200 + STEP * n, TYPED) for n, said in enumerate(CODE)]
    found = [block.text for block in blocks(text(200, 300), some, text(200, 950), more)]
    assert "\n".join(
        f"{name:20s}{said}".rstrip() for name, said in zip(names, words, strict=True)
    ) in found


CAPITALS = (
    "Neighbours of the Mill by the old Harbour", "Street hoped for a Year that the Council",
    "Office would Buy it. A Company from Leeds", "Offered more, and the Owners took that",
    "Money before Anybody could Think again.", "Nobody knows what it Wants to Build here",
    "Next Year.",
)  # fmt: skip


ROWS = [piece("12.50", 1000, 500 + STEP * n) for n in range(6)]
ASTRAY = piece("13.40", 1000, 500 + STEP * 5.5)  # beside none of seven lines


@pytest.mark.parametrize(("rows", "is_text"), [([*ROWS, ASTRAY], True), (ROWS, False)])
def test_text_whose_lines_begin_with_capitals_fills_them_and_has_no_row_for_each(
    rows: list[Piece], is_text: bool
) -> None:
    """Else it may be a column of a table."""
    some = [
        piece(said, 150, 500 + STEP * n, width=0 if n > 5 else WIDE)
        for n, said in enumerate(CAPITALS)
    ]
    assert prose([*some, *rows]) == frozenset(range(len(some)) if is_text else ())


def test_lines_that_leave_room_are_no_text_though_a_row_stands_beside_none() -> None:
    some = [
        piece("A kind of goods that is" + " kept" * (n % 2), 150, 500 + STEP * n) for n in range(7)
    ]
    assert prose([*some, *ROWS, ASTRAY]) == frozenset()
