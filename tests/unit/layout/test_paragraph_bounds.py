"""What ends a paragraph: terms, rules, columns, cells, headings, list entries."""

from dataclasses import replace

import pytest

from ocrd.job import Typeface
from ocrd.layout.columns import Row
from ocrd.layout.headings import Body
from ocrd.layout.paragraphs import Setting, drafts
from ocrd.layout.sheet import Listing, Stroke
from tests.unit.layout.columnrows import (
    CAPITAL,
    ENDED,
    HIGH,
    LEFT_EDGE,
    NO_ROOM,
    OPEN,
    SMALL,
    STEP,
    USUAL,
    how,
    row,
)
from tests.unit.printed import BOLD, LARGE, PLAIN, piece

PARTLY = Typeface(PLAIN.size, 1.3 * PLAIN.weight)

def in_cells(*texts: str, number: int = 0, height: float = HIGH) -> Row:
    """Return a row of cells, 300 pixels from the beginning of one to the next."""
    y = 200 + STEP * number
    some = (
        piece(text, LEFT_EDGE + 300 * n, y, width=10 * len(text), height=height)
        for n, text in enumerate(texts)
    )
    return Row(tuple(some), 0)


@pytest.mark.parametrize(
    ("text", "above", "x", "following", "bond"),
    [
        (ENDED, (322, 322), 300, 322, "apart"),
        (ENDED, (322, 321), 300, 322, "joined"),
        (ENDED, (321, 322), 300, 322, "joined"),
        (ENDED, (321, 322, 322), 300, 322, "apart"),
        (ENDED, (322, 322), 300, 321, "joined"),
        (ENDED, (322,), 300, 322, "joined"),
        (OPEN, (322, 322), 300, 322, "joined"),
    ],
)
def test_a_term_stands_left_of_what_explains_it_and_of_the_rows_before(
    text: str, above: tuple[float, ...], x: float, following: float, bond: str
) -> None:
    some = [row(text, number, x=left, x1=1300) for number, left in enumerate(above)]
    count = len(some)
    some += [row(CAPITAL, count, x=x), row(CAPITAL, count + 1, x=following)]
    assert how(*some)[count - 1] == bond


@pytest.mark.parametrize(
    ("boxes", "bond"),
    [
        # Where rows begin and end
        (((300, 1300), (400, 1300), (421, 1300)), "line"),
        (((300, 1300), (400, 1300), (420, 1300)), "joined"),
        (((300, 1300), (313, 1300), (500, 1300)), "line"),
        (((300, 1300), (312, 1300), (500, 1300)), "joined"),
        (((300, 1300), (400, 1300), (500, 1289)), "line"),
        (((300, 1300), (400, 1300), (500, 1288)), "joined"),
        (((300, 1288), (400, 1300), (500, 1300)), "joined"),
        # Four rows tell, and the one below them where it begins.
        (((200, 1270), (300, 1300), (400, 1300), (500, 1300), (600, 1300)), "line"),
        (((300, 1270), (200, 1300), (400, 1300), (500, 1300)), "joined"),
    ],
)
def test_rows_that_end_together_and_begin_anywhere_are_lines_of_their_own(
    boxes: tuple[tuple[float, float], ...], bond: str
) -> None:
    some = [row(CAPITAL, number, x=x, x1=x1) for number, (x, x1) in enumerate(boxes)]
    assert how(*some)[-1] == bond


def test_where_the_row_below_begins_tells_whether_rows_are_set_to_the_right() -> None:
    some = [row(CAPITAL, n, x=x, x1=1300) for n, x in enumerate((300, 380, 400))]
    below = row(CAPITAL, 3, x=500, x1=1300)
    assert how(*some) == ["joined"] * 2
    assert how(*some, below)[1] == "line"


def test_a_word_that_is_cut_keeps_rows_together_that_are_set_to_the_right() -> None:
    cut = [row("Row after row ends in a word that is cut-", n, x=x, x1=1300)
           for n, x in enumerate((300, 400, 500))]  # fmt: skip
    assert how(*cut) == ["joined"] * 2


@pytest.mark.parametrize(
    ("at", "start", "end", "bond"),
    [
        # The rows' boxes end at 230 and begin at 240; letters leave a third of a box free.
        (219.5, 300, 1400, "joined"),
        (219.6, 300, 1400, "apart"),
        (250.5, 300, 1400, "apart"),
        (250.6, 300, 1400, "joined"),
        # The row above is 300 to 1230; a rule that is hardly longer underlines it.
        (235, 300, 1290, "joined"),
        (235, 300, 1291, "apart"),
        (235, 240, 1230, "joined"),
        (235, 239, 1230, "apart"),
        # It parts what it stands below and above.
        (235, 899.9, 1400, "apart"),
        (235, 900, 1400, "joined"),
        (235, 100, 300.1, "apart"),
        (235, 100, 300, "joined"),
    ],
)
def test_a_rule_longer_than_the_text_above_parts_two_rows(
    at: float, start: float, end: float, bond: str
) -> None:
    last, after = row(ENDED, 0, x1=NO_ROOM), row(CAPITAL, 1)
    assert how(last, after, rules=[Stroke(at, start, end)]) == [bond]


def test_rules_between_rows_of_cells_part_no_table() -> None:
    rules = [Stroke(235, 200, 1400)]
    assert how(in_cells("a", "b"), in_cells("c", "d", number=1), rules=rules) == ["line"]


@pytest.mark.parametrize(
    ("last", "after", "bond"),
    [
        (row(OPEN, 9), row(SMALL, 0, x=1400, column=1), "joined"),
        (row(ENDED, 9), row(SMALL, 0, x=1400, column=1), "apart"),
        (row(OPEN, 9), row(CAPITAL, 0, x=1400, column=1), "apart"),
        (in_cells("a", "b", number=9), row(SMALL, 0, x=1400, column=1), "apart"),
        (row(OPEN, 9, face=BOLD), row(SMALL, 0, x=1400, column=1), "apart"),
        (row(OPEN, 9, face=BOLD), row(SMALL, 0, x=1400, column=1, face=BOLD), "joined"),
        (row("• " + OPEN, 9), row(SMALL, 0, x=1400, column=1), "apart"),
        # Below the column, not beside it: as any other row
        (row(ENDED, 0, x1=1300), row(CAPITAL, y=229.9, column=1), "apart"),
        (row(ENDED, 0, x1=1300), row(CAPITAL, y=230, column=1), "joined"),
        (row(ENDED, 0, x1=1300), row(CAPITAL, y=229), "joined"),
    ],
)
def test_only_a_sentence_goes_on_in_the_next_column(last: Row, after: Row, bond: str) -> None:
    assert how(last, after) == [bond]


@pytest.mark.parametrize(
    ("last", "after", "bond"),
    [
        ((300, 1000), (1000, 1600), "joined"),
        ((300, 1000), (1000.1, 1600.1), "apart"),
        ((300, 1300), (100, 300), "joined"),
        ((300, 1300), (100, 299.9), "apart"),
    ],
)
def test_rows_stand_above_each_other_at_least_in_a_corner(
    last: tuple[float, float], after: tuple[float, float], bond: str
) -> None:
    above = row(OPEN, 0, x=last[0], x1=last[1])
    assert how(above, row(SMALL, 1, x=after[0], x1=after[1])) == [bond]


def test_text_that_runs_up_the_page_is_apart_from_what_is_level() -> None:
    upright = row("abc", y=235, x=300, x1=330, height=61)
    assert how(row(ENDED, 0, x1=1300), upright) == ["apart"]
    upright = row("abc", y=200, x=300, x1=330, height=61)
    assert how(upright, row(CAPITAL, y=262), usual=replace(USUAL, right=300)) == ["apart"]


def test_tables_and_program_text_are_apart_from_all_others() -> None:
    listing = Row((replace(piece("x = 1", 300, 240), whole=Listing("- x = 1", ())),), 0)
    assert how(row(OPEN, 0, x1=1300), listing, row(SMALL, 2)) == ["apart", "apart"]


@pytest.mark.parametrize(
    ("last", "after", "ends", "bond"),
    [
        # Bold goes on in plain letters within a sentence; what is larger as well does not.
        ((BOLD, OPEN), (PLAIN, SMALL), 1300, "joined"),
        ((BOLD, OPEN), (PLAIN, CAPITAL), 1300, "apart"),
        ((PLAIN, OPEN), (BOLD, CAPITAL), 1300, "apart"),
        # Some words in bold at the beginning make a row no heading, if it is full.
        ((PARTLY, OPEN), (PLAIN, CAPITAL), 1300, "joined"),
        ((PARTLY, OPEN), (PLAIN, CAPITAL), 1000, "apart"),
        ((PARTLY, ENDED), (PLAIN, CAPITAL), 1300, "apart"),
        ((PLAIN, OPEN), (BOLD, SMALL), 1300, "joined"),
        ((LARGE, OPEN), (PLAIN, SMALL), 1300, "apart"),
        ((PLAIN, OPEN), (LARGE, SMALL), 1300, "apart"),
        # A heading goes on if its last row is full but for a tenth of the column.
        ((BOLD, ENDED), (BOLD, CAPITAL), 1130.1, "joined"),
        ((BOLD, ENDED), (BOLD, CAPITAL), 1130, "apart"),
        ((BOLD, OPEN), (BOLD, "12 things " + CAPITAL[10:]), 1000, "line"),
        # The numbers of headings part them, those within a sentence do not.
        ((BOLD, "3.1 " + OPEN), (BOLD, "3.2 " + CAPITAL), 1300, "apart"),
        ((BOLD, OPEN), (BOLD, "3.2 " + CAPITAL), 1300, "joined"),
        ((BOLD, "3.1 " + OPEN), (BOLD, CAPITAL), 1300, "joined"),
        ((PLAIN, "3.1 " + OPEN), (PLAIN, "3.2 " + CAPITAL), 1300, "joined"),
        ((PLAIN, OPEN), (PLAIN, "3.2 " + CAPITAL), 1300, "joined"),
    ],
)
def test_headings_are_apart_from_the_text_and_from_each_other(
    last: tuple[Typeface, str], after: tuple[Typeface, str], ends: float, bond: str
) -> None:
    assert how(row(last[1], 0, x1=ends, face=last[0]), row(after[1], 1, face=after[0])) == [bond]


def test_rows_of_three_cells_are_of_one_table_whatever_their_size() -> None:
    tall = in_cells("a wide one", "b", "c", height=42)
    assert how(tall, in_cells("d and more", "e", "f", number=1)) == ["line"]
    tall = in_cells("a wide one", "b", height=42)
    assert how(tall, in_cells("d and more", "e", number=1)) == ["apart"]


@pytest.mark.parametrize(
    ("last", "after", "bond"),
    [
        (in_cells("a", "b"), in_cells("c", "d", number=1), "line"),
        (in_cells("a", "b"), in_cells("c", "d", "e", number=1), "line"),
        (in_cells("a", "b"), in_cells("words over the gap of others", "c", number=1), "line"),
        (in_cells("words over the gap of others", "c"), in_cells("a", "b", number=1), "line"),
        (in_cells("a", "b"), row("a cell", 1), "line"),
        (in_cells("a", "b"), row(CAPITAL, 1), "apart"),
        (row("a cell"), in_cells("a", "b", number=1), "line"),
        (row(ENDED, x1=1300), in_cells("a", "b", number=1), "apart"),
    ],
)
def test_a_row_across_the_gap_between_cells_is_of_no_table(
    last: Row, after: Row, bond: str
) -> None:
    assert how(last, after) == [bond]


@pytest.mark.parametrize(
    ("text", "ends", "x", "after", "bond"),
    [
        (ENDED, 1230, 309.1, CAPITAL, "joined"),
        (ENDED, 1230, 309, CAPITAL, "apart"),
        (ENDED, 1229, 309.1, CAPITAL, "apart"),
        (OPEN, 1230, 300, SMALL, "joined"),
        (OPEN, 1100, 309.1, CAPITAL, "apart"),
        (OPEN, 1100, 309.1, SMALL, "joined"),
    ],
)
def test_what_hangs_below_a_mark_goes_on_with_the_entry(
    text: str, ends: float, x: float, after: str, bond: str
) -> None:
    assert how(row("• " + text, 0, x1=ends), row(after, 1, x=x)) == [bond]


def test_all_rows_of_an_entry_hang_from_its_mark() -> None:
    entry = [row("• " + ENDED, 0, x1=1300), row(ENDED, 1, x=330, x1=1300)]
    assert how(*entry, row(CAPITAL, 2, x=312)) == ["joined", "joined"]


def test_a_number_within_a_sentence_begins_no_entry_but_behind_one_it_does() -> None:
    full, number = row(OPEN, 0, x1=1300), row("12. " + CAPITAL, 1)
    assert how(full, number) == ["joined"]
    assert how(row("11. " + OPEN, 0, x1=1300), number) == ["apart"]
    entry, inner = row("• " + OPEN, 1, x1=1300), row("12. " + SMALL, 2, x=330)
    assert how(full, entry, inner) == ["apart", "apart"]
    assert how(row("• " + OPEN, 0, x1=1300), row("• " + CAPITAL, 1)) == ["apart"]


def labels(*some: Row) -> list[str]:
    setting = Setting(Body(30, 10, 13, 2.3), {0: USUAL}, frozenset(), ())
    return [draft.label for draft in drafts(some, setting)]


def test_a_numbered_heading_is_no_entry() -> None:
    assert labels(row("1. The first part", face=BOLD)) == ["text"]
    assert labels(row("1. The first part")) == ["list"]
    listing = replace(piece("- x = 1", 300, 240), whole=Listing("- x = 1", ()))
    assert labels(Row((listing,), 0)) == ["text"]


@pytest.mark.parametrize(
    ("after", "at", "bond"),
    [
        # Where the rows stand, and what is drawn between them, says less than a word cut in two.
        ("spritzen und so fort.", (100, 290), "joined"),
        ("Spritzen und so fort.", (100, 290), "apart"),
        ("spritzen und so fort.", (300, 600), "joined"),
    ],
)
def test_a_word_goes_on_past_a_rule_and_left_of_its_first_part(
    after: str, at: tuple[float, float], bond: str
) -> None:
    cut = row("Do not overfill: boiling water may be thrown out and her-", x=300, x1=1300)
    rules = [Stroke(235, 200, 1400)]
    assert how(cut, row(after, 1, x=at[0], x1=at[1]), rules=rules) == [bond]
    assert how(cut, row(after, 2, x=at[0], x1=at[1]), rules=rules) == ["apart"]


@pytest.mark.parametrize(
    ("text", "ends", "height", "face", "bond"),
    [
        (OPEN, 1250, 20, PLAIN, "joined"),
        (ENDED, 1250, 20, PLAIN, "apart"),
        (OPEN, 1249, 20, PLAIN, "apart"),
        (OPEN, 1250, 20, replace(PLAIN, size=PLAIN.size / 1.11), "apart"),
        ("x(a) = (b) / 2; y(a) = 3 * (b);", 1250, 20, PLAIN, "apart"),
    ],
)
def test_a_row_without_capitals_goes_on_in_one_with_them(
    text: str, ends: float, height: float, face: Typeface, bond: str
) -> None:
    low = row(text, 0, x=ends - 10 * len(text), x1=ends, face=face, height=height)
    assert how(low, row("50 m of it, and " + CAPITAL, 1, x=LEFT_EDGE)) == [bond]


@pytest.mark.parametrize(
    ("mark", "ends", "x", "down", "bond"),
    [
        ("(1) ", "", 300, 1, "joined"),
        ("2. ", "", 300, 1, "joined"),
        ("a) ", ",", 300, 1, "joined"),
        ("(1) ", "", 309, 1, "joined"),
        ("(1) ", "", 290, 1, "apart"),  # begins further left
        ("(1) ", ".", 300, 1, "apart"),
        ("(1) ", ";", 300, 1, "apart"),
        ("(1) ", "", 300, 1.16, "apart"),
        ("• ", "", 300, 1, "apart"),  # hangs, or is a row by itself
    ],
)
def test_a_numbered_entry_without_a_hanging_indent_goes_on_where_its_row_is_full(
    mark: str, ends: str, x: float, down: float, bond: str
) -> None:
    entry = row(mark + OPEN + ends, 0, x1=1300)
    assert how(entry, row(CAPITAL, y=200 + STEP * down, x=x)) == [bond]
    short = row(mark + OPEN + ends, 0, x1=1000)
    assert how(short, row(CAPITAL, y=200 + STEP * down, x=x)) == ["apart"]


@pytest.mark.parametrize(
    ("starts", "x", "bond"),
    [
        ((400, 400), 300, "apart"),
        ((400, 400), 380, "line"),
        ((400,), 300, "line"),
        ((300, 400), 200, "line"),  # a verse's
    ],
)
def test_a_row_left_of_a_paragraph_that_left_room_begins_another(
    starts: tuple[float, ...], x: float, bond: str
) -> None:
    """Its full stop was lost, or it has none."""
    some = [row(OPEN, n, x=left, x1=1300) for n, left in enumerate(starts)]
    some[-1] = row(OPEN, len(starts) - 1, x=starts[-1], x1=900)
    assert how(*some, row(CAPITAL, len(starts), x=x))[-1] == bond


def test_a_word_in_bold_below_a_row_that_only_seems_large_is_apart() -> None:
    blanks = row("THIS AGREEMENT is made on the ____ day", face=replace(PLAIN, size=18), x1=1180)
    between = row("BETWEEN", 1, face=BOLD)
    assert how(blanks, between) == ["apart"]
    large = row("THIS AGREEMENT is made on the eighth day", face=LARGE, x1=1180)
    assert how(large, row("BETWEEN", 1, face=LARGE)) == ["joined"]


@pytest.mark.parametrize(
    ("last", "text", "size", "bond"),
    [
        (row(OPEN, x1=NO_ROOM), CAPITAL, 1.3, "joined"),
        (row(OPEN, x1=NO_ROOM), "1987. " + CAPITAL, 1.3, "joined"),
        (row(OPEN, x1=NO_ROOM), "3.1 " + CAPITAL, 1.3, "apart"),
        (row(OPEN, x1=NO_ROOM), "Name: ____ Form: ____ Mark: ____ out of thirty", 1.3, "apart"),
        (row(ENDED, x1=NO_ROOM), CAPITAL, 1.3, "apart"),
        (row(OPEN, x1=1229), CAPITAL, 1.3, "apart"),
        (row(OPEN, x=440, x1=NO_ROOM), CAPITAL, 1.3, "apart"),  # no full row
        (row(OPEN, x1=NO_ROOM), CAPITAL, 1.41, "apart"),
    ],
)
def test_a_row_that_seems_larger_goes_on_below_the_full_row_of_a_sentence(
    last: Row, text: str, size: float, bond: str
) -> None:
    """Figures and capitals are tall: "the fees of / EUR 1,125.00." """
    larger = replace(PLAIN, size=size * PLAIN.size)
    assert how(last, row(text, 1, face=larger)) == [bond]


@pytest.mark.parametrize(
    ("sizes", "down", "bond"),
    [
        ((10, 11), 1.2, "apart"),
        ((10, 11), 1.15, "line"),
        ((10, 12), 1.2, "line"),
        ((11,), 1.2, "line"),
        ((0, 0), 1.2, "line"),  # not measured
    ],
)
def test_a_credit_in_small_type_is_no_part_of_the_text_below(
    sizes: tuple[float, ...], down: float, bond: str
) -> None:
    credit = [
        row(OPEN, n, x1=1300, face=replace(PLAIN, size=size)) for n, size in enumerate(sizes)
    ]
    credit[-1] = row(OPEN, len(sizes) - 1, x1=900, face=replace(PLAIN, size=sizes[-1]))
    below = row(CAPITAL, y=200 + STEP * (len(sizes) - 1 + down))
    assert how(*credit, below)[-1] == bond
