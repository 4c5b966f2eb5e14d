"""Which rows are one block, and which begin another one."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ocrd.job import Typeface
from ocrd.layout.columns import Row
from ocrd.layout.headings import Body
from ocrd.layout.paragraphs import Column, Setting, drafts
from ocrd.layout.sheet import Listing, Stroke
from tests.unit.printed import (
    BOLD,
    LARGE,
    PLAIN,
    blocks,
    labelled,
    line,
    lines,
    lying,
    paragraph,
    piece,
)


def texts(found: list[tuple[str, str]]) -> list[str]:
    return [text for _, text in found]


def test_a_rule_parts_what_stands_above_from_what_stands_below() -> None:
    caption = line("Example 5.6 What goes before what", 200, 600)
    text = line("Let us look at a file that has these parameters:", 200, 638)
    found = labelled(paragraph(300), caption, text, rules=[lying(634, 195, 1300)])
    assert texts(found)[1:] == [
        "Example 5.6 What goes before what", "Let us look at a file that has these parameters:",
    ]  # fmt: skip


def test_a_row_that_is_underlined_is_still_of_its_paragraph() -> None:
    rows = paragraph(300)
    found = labelled(rows, rules=[lying(368, 200, 1300)])
    assert len(found) == 1


def test_what_a_letter_has_at_its_right_margin_keeps_its_lines() -> None:
    sender = ("Ostermann Joinery Limited", "Harbour Road 12", "Bremen 28217", "Tel 5501 77 09 113")
    right = [line(text, 1300 - 15 * len(text), 300 + 38 * n) for n, text in enumerate(sender)]
    found = labelled(paragraph(900), right)
    assert found[0] == ("text", "\n".join(sender))


def test_a_paragraph_with_a_deep_indent_keeps_no_lines() -> None:
    first = line("The first row of it begins further in, and", 300, 300, width=1000)
    rest = lines("Then the text goes on to the margin and\nends here.", 200, 338, full=1100)
    assert len(labelled(first, rest)) == 1
    assert "\n" not in labelled(first, rest)[0][1]


def test_a_term_over_what_explains_it_begins_a_block_behind_a_full_row_too() -> None:
    meaning = (
        "An array variable whose members are the names of the source files where\n"
        "functions of these names in the other array were once defined by someone."
    )
    found = labelled(
        paragraph(200),
        line("FILE_NAMES", 200, 400),
        [line(row, 300, 438 + 38 * n, width=1000) for n, row in enumerate(meaning.split("\n"))],
        line("LEVELS_OF_IT", 200, 514),
        line("Grows by one within each level.", 300, 552),
    )
    assert texts(found)[1:] == [
        "FILE_NAMES\n" + meaning.replace("\n", " "),
        "LEVELS_OF_IT\nGrows by one within each level.",
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Figure 4.1: What the hall looks like", "caption"),
        ("Table 7 – Losses by district", "caption"),
        ("Table 2.3 Losses by district", "caption"),
        ("Table 5.3 shows the losses by district and by year.", "text"),
        ("Figure 4.1 shows it well", "text"),
        ("Table 7 Losses were counted in each district.", "text"),
    ],
)
def test_a_caption_names_what_it_explains_and_is_no_sentence(text: str, label: str) -> None:
    assert labelled(paragraph(300), line(text, 200, 600), paragraph(900))[1] == (label, text)


def test_a_number_whose_box_overlaps_its_heading_stands_before_it() -> None:
    number = line("5.3", 200, 300, BOLD, width=105)
    heading = line("How do I get a list of all of it", 286, 298, BOLD)
    found = blocks(number, heading, paragraph(400))
    assert (found[0].label, found[0].text) == ("heading", "5.3 How do I get a list of all of it")


def test_the_numbers_of_two_headings_part_them() -> None:
    rows = [line("3.1 The parts of the whole", 200, 480, BOLD), line("3.1.1 One", 200, 516, BOLD)]
    found = labelled(paragraph(300), rows, paragraph(600))
    assert texts(found)[1:3] == ["3.1 The parts of the whole", "3.1.1 One"]


def test_a_heading_below_the_rule_of_the_whole_page_is_one() -> None:
    left = [line("New lamps", 100, 320, BOLD), *lines(LEFT, 100, 370, PLAIN, full=600)]
    right = lines(LEFT, 800, 320, PLAIN, full=600)
    found = labelled(left, right, rules=[lying(310, 100, 1400)])
    assert ("heading", "New lamps") in found


LEFT = "\n".join(
    ["From the first of the month the quay is", "lit by lamps that dim when nobody walks"] * 4
    + ["there and it is night."]
)


def test_the_last_row_of_a_table_does_not_go_on_in_the_next_column() -> None:
    """Though nothing ends its sentence and the next column begins with a small letter."""
    rows = [
        part
        for row in range(12)
        for part in (
            line(f"what part {row} of it does", 100, 200 + 40 * row),
            line(f"name{row}(of, it)", 500, 200 + 40 * row),
        )
    ]
    beside = [line("fill commands", 820, 200, BOLD), *paragraph(260, x=820)]
    found = labelled(rows, beside)
    (heading,) = (text for _, text in found if "fill commands" in text)
    assert heading.startswith("fill commands") and "name11" not in heading


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


def in_cells(*texts: str, number: int = 0, height: float = HIGH) -> Row:
    """Return a row of cells, 300 pixels from the beginning of one to the next."""
    y = 200 + STEP * number
    some = (
        piece(text, LEFT_EDGE + 300 * n, y, width=10 * len(text), height=height)
        for n, text in enumerate(texts)
    )
    return Row(tuple(some), 0)


def how(*some: Row, usual: Column = USUAL, rules: Sequence[Stroke] = ()) -> list[str]:
    """Return how each row but the first goes on from the one before it."""
    body = Body(height=30, advance=10, size=13, weight=2.3)
    setting = Setting(body, dict.fromkeys(range(3), usual), frozenset(), tuple(rules))
    found = []
    for draft in drafts(some, setting):
        found.append("apart")
        found += ["line" if n in draft.breaks else "joined" for n in range(1, len(draft.rows))]
    return found[1:]


@pytest.mark.parametrize(
    ("before", "ends", "after", "bond"),
    [
        (ENDED, 1230, CAPITAL, "joined"),
        (ENDED, 1229.9, CAPITAL, "apart"),
        (ENDED, 1229.9, SMALL, "apart"),
        # What is set ragged leaves a tenth of the column.
        (OPEN, 1130.1, CAPITAL, "joined"),
        (OPEN, 1130, CAPITAL, "line"),
        # Nobody breaks a sentence where 0.4 of it are left.
        (OPEN, 830.1, SMALL, "joined"),
        (OPEN, 830, SMALL, "line"),
        (OPEN[:-4] + "cut-", 830.1, CAPITAL, "joined"),
        # A word of nine letters needs 120 pixels, one of a single letter 40.
        (ENDED, 1180, "Something " + CAPITAL[10:], "joined"),
        (ENDED, 1179.9, "Something " + CAPITAL[10:], "apart"),
        (ENDED, 1260, "A" + " word" * 11 + " ends", "joined"),
        (ENDED, 1259.9, "A" + " word" * 11 + " ends", "apart"),
    ],
)
def test_a_row_goes_on_where_its_first_word_had_no_room_on_the_one_before(
    before: str, ends: float, after: str, bond: str
) -> None:
    assert how(row(before, 0, x1=ends), row(after, 1)) == [bond]


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (".", True), ("!", True), ("?", True), (":", True), ("。", True), ("？", True),
        (".”", True), (".)", True), ('."', True), (".[12]", True), (".'»", True),
        (",", False), (";", False), ("-", False), ("[12]", False), (". (", False), ("a", False),
    ],
)  # fmt: skip
def test_a_sentence_ends_with_a_stop_whatever_closes_behind_it(end: str, ended: bool) -> None:
    """What begins with a small letter goes on with a sentence, and never behind its end."""
    before = row("He had said it all" + end, 0, x1=1100)
    assert how(before, row(SMALL, 1)) == ["apart" if ended else "joined"]


@pytest.mark.parametrize(
    ("after", "bond"),
    [("iPhone", "joined"), ("ärger", "joined"), ("2nd", "line"), ("Word", "line")],
)
def test_a_sentence_goes_on_in_a_small_letter(after: str, bond: str) -> None:
    assert how(row(OPEN, 0, x1=1000), row(after + " " + SMALL, 1)) == [bond]


@pytest.mark.parametrize(
    ("after", "down", "bond"),
    [
        (CAPITAL, 52, "joined"),
        (CAPITAL, 52.1, "apart"),
        (SMALL, 65, "joined"),
        (SMALL, 65.1, "apart"),
    ],
)
def test_white_space_parts_rows_and_a_sentence_bears_more_of_it(
    after: str, down: float, bond: str
) -> None:
    """A third more than the usual 40 pixels, and two thirds."""
    last = row(OPEN, 0, x1=NO_ROOM)
    assert how(last, row(after, y=200 + down)) == [bond]


@pytest.mark.parametrize(
    ("down", "height", "size", "usual", "bond"),
    [
        # Small rows stand no closer, tall ones and large type further apart.
        (52, 15, 13, replace(USUAL, size=26), "joined"),
        (52.1, 15, 13, replace(USUAL, size=26), "apart"),
        (78, 45, 13, USUAL, "joined"),
        (78.1, 45, 13, USUAL, "apart"),
        (104, 30, 13, replace(USUAL, size=6.5), "joined"),
        (104.1, 30, 13, replace(USUAL, size=6.5), "apart"),
        (52, 30, 0, replace(USUAL, size=0), "joined"),
        (52.1, 30, 0, replace(USUAL, size=0), "apart"),
    ],
)
def test_rows_of_large_type_stand_further_apart(
    down: float, height: float, size: float, usual: Column, bond: str
) -> None:
    face = Typeface(size, 2.3)
    last = row(ENDED, 0, x1=RIGHT_EDGE, face=face, height=height)
    after = row(CAPITAL, y=200 + down, face=face, height=height)
    assert how(last, after, usual=usual) == [bond]


@pytest.mark.parametrize(
    ("a", "b", "bond"),
    [
        # Their heights, and the widths of sixty letters of theirs
        ((40.5, 600), (30, 600), "joined"),
        ((40.6, 600), (30, 600), "apart"),
        ((30, 600), (40.4, 600), "joined"),
        ((30, 600), (40.6, 600), "apart"),
        ((36, 720), (30, 600), "joined"),
        ((36, 721), (30, 600), "apart"),
        ((30, 600), (36, 719), "joined"),
        ((30, 600), (36, 721), "apart"),
        ((30, 800), (36, 600), "joined"),
        ((34.5, 800), (30, 600), "joined"),
        ((34.6, 800), (30, 600), "apart"),
    ],
)
def test_rows_of_two_sizes_are_apart(
    a: tuple[float, float], b: tuple[float, float], bond: str
) -> None:
    """A third taller, or a bit taller and wider, too."""
    last = row(ENDED[1:], x=1300 - a[1], x1=1300, height=a[0])
    after = row(CAPITAL, 1, x=1300 - a[1], x1=1300 - a[1] + b[1], height=b[0])
    assert how(last, after, usual=replace(USUAL, pitch=60)) == [bond]


@pytest.mark.parametrize(("text", "bond"), [("Four", "joined"), ("Fiver", "apart")])
def test_the_box_of_four_letters_says_nothing_of_their_size(text: str, bond: str) -> None:
    tall = row(ENDED, 0, x1=1300, height=42)
    assert how(tall, row(text, 1, height=30)) == [bond]
    short = row(text, 0, x=1250, x1=1300)
    assert how(short, row(CAPITAL, 1, height=42, x=1250, x1=1850)) == [bond]


@pytest.mark.parametrize(
    ("text", "ends", "bond"),
    [(SMALL, 1230, "joined"), (SMALL, 1229, "apart"), (CAPITAL, 1300, "apart")],
)
def test_a_sentence_goes_on_in_another_size_only_where_it_had_to(
    text: str, ends: float, bond: str
) -> None:
    """A box may be taller by chance, as one with a formula in it."""
    tall = row(OPEN, 0, x1=ends, height=42)
    assert how(tall, row(text, 1)) == [bond]


@pytest.mark.parametrize(("x", "bond"), [(320.9, "joined"), (321, "apart"), (340, "apart")])
def test_behind_a_sentence_an_indent_begins_a_paragraph(x: float, bond: str) -> None:
    assert how(row(ENDED, 0, x1=1300), row(CAPITAL, 1, x=x)) == [bond]


@pytest.mark.parametrize(
    ("following", "bond"),
    [
        ((row(CAPITAL, 2, x=318),), "apart"),
        ((row(CAPITAL, 2, x=319),), "joined"),
        ((), "joined"),
        # Only the next row tells, if it stands near and in the same column.
        ((row(CAPITAL, 2, x=340), row(CAPITAL, 3, x=300)), "joined"),
        ((row(CAPITAL, y=270, x=340), row(CAPITAL, y=299, x=300)), "joined"),
        ((row(CAPITAL, y=299.9, x=300),), "apart"),
        ((row(CAPITAL, y=300, x=300),), "joined"),
        ((row(CAPITAL, 2, x=300, column=1),), "joined"),
    ],
)
def test_within_a_sentence_an_indent_begins_a_paragraph_if_the_next_row_has_none(
    following: tuple[Row, ...], bond: str
) -> None:
    first = row(OPEN, 0, x=310, x1=1300)
    assert how(first, row(CAPITAL, 1, x=340), *following)[0] == bond


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
    ("same", "bond"),
    [
        # Rows around it that end where the row before it does, at 1100
        ((0, 0, 0, 1, 0, 0, 0, 0), "apart"),
        ((0, 0, 0, 1, 0, 0, 1, 1), "apart"),
        ((0, 0, 0, 1, 0, 1, 1, 1), "joined"),
        ((1, 1, 1, 1, 0, 0, 0, 0), "joined"),
        ((0, 1, 1, 1, 0, 0, 0, 0), "apart"),
        ((0, 0, 0, 1, 1, 1, 1, 0), "joined"),
    ],
)
def test_four_rows_that_end_together_show_where_the_text_ends(
    same: tuple[int, ...], bond: str
) -> None:
    """Text runs around a picture at its right."""
    some = [row(ENDED, n, x1=1100 if is_same else 1030 + n) for n, is_same in enumerate(same)]
    assert how(*some)[3] == bond


@pytest.mark.parametrize(
    ("above", "below", "bond"),
    [(5, 0, "joined"), (6, 0, "apart"), (0, 4, "joined"), (0, 5, "apart")],
)
def test_rows_further_than_five_do_not_tell_where_the_text_ends(
    above: int, below: int, bond: str
) -> None:
    """Of the four that end together, one is as many rows above or below the one that goes on."""
    index = 8
    same = {index - 1, index, index + 1, index + below if below else index - above}
    some = [row(ENDED, n, x1=1100 if n in same else 800 + 40 * (n % 3)) for n in range(16)]
    assert how(*some)[index - 1] == bond


@pytest.mark.parametrize(("end", "bond"), [(1071, "joined"), (1070, "apart")])
def test_rows_end_together_if_they_differ_by_less_than_their_height(end: float, bond: str) -> None:
    some = [row(ENDED, n, x1=x1) for n, x1 in enumerate((end, end, 1100, 1100))]
    assert how(*some)[2] == bond


@pytest.mark.parametrize(("x", "bond"), [(299, "joined"), (300, "apart")])
def test_short_rows_end_together_by_chance(x: float, bond: str) -> None:
    """Those that take no more than 0.4 of the column's width: a verse."""
    some = [row(ENDED, n, x=x, x1=700) for n in range(4)] + [row(ENDED, 4, x1=1300)]
    assert how(*some)[2] == bond


def test_the_longest_rows_show_where_the_text_ends_behind_a_short_one_too() -> None:
    ends = (1100, 1100, 500, 1100, 1100)
    some = [row(ENDED, n, x1=x1) for n, x1 in enumerate(ends)]
    assert how(*some) == ["joined", "joined", "apart", "joined"]


def test_the_rows_of_the_next_column_do_not_tell_where_this_one_ends() -> None:
    some = [row(ENDED, n, x1=1100) for n in range(3)]
    other = [row(ENDED, n, x=1400, x1=1900, column=1) for n in range(4)]
    assert how(*some, *other)[1] == "apart"


def test_the_space_above_a_block_is_told_in_heights_of_its_line() -> None:
    some = [
        row(ENDED, 0),
        row("• a", y=240),
        row("• b", y=330, height=60),
        row("• c", y=395, height=1),
        row(ENDED, 0, x=1400, column=1),
    ]
    setting = Setting(Body(30, 10, 13, 2.3), dict.fromkeys((0, 1), USUAL), frozenset(), ())
    spaces = [draft.space for draft in drafts(some, setting)]
    assert spaces == pytest.approx([math.inf, 10 / 30, 60 / 60, 5, math.inf])
    assert [draft.space for draft in drafts(some[:2], setting)] == spaces[:2]


@pytest.mark.parametrize(
    ("steps", "pitch"),
    [
        ((), 42),
        ((40,), 40),
        ((44, 42, 36, 38, 40), 38),
        ((36, 46, 38, 44, 40, 42), 40),
        ((74, 74, 74), 74),
        ((75, 75, 75), 42),
    ],
)
def test_the_usual_distance_of_rows_is_the_lower_middle_of_all(
    steps: tuple[float, ...], pitch: float
) -> None:
    """Rows that stand 2.5 heights apart are of two paragraphs."""
    tops = [200 + sum(steps[:n]) for n in range(len(steps) + 1)]
    setting = Setting.of([row(OPEN, y=y) for y in tops], ())
    assert setting.columns[0].pitch == pytest.approx(pitch)


def test_what_is_usual_is_told_of_each_column_by_itself() -> None:
    some = [row(OPEN, n, x1=x1) for n, x1 in enumerate((1000, 1200, 1100))]
    some += [row(OPEN, n, x=1400, x1=1900, height=20, column=1, face=BOLD) for n in range(3)]
    some.append(row("|", 9, x=2000, x1=2000.5, column=2))
    setting = Setting.of(some, (Stroke(500, 0, 1), Stroke(100, 0, 1)))
    assert setting.columns == {
        0: Column(40, 30, 13, 1200, 900),
        1: Column(40, 20, 13, 1900, 500),
        2: Column(42, 30, 13, 2000.5, 1.0),
    }
    assert [rule.at for rule in setting.lying] == [100, 500]


def test_words_at_the_ends_of_rows_are_not_learned_for_they_may_be_cut() -> None:
    some = [row("ter Words Between are learned", 0), row("one Two three", 1), row("both ends", 2)]
    assert Setting.of(some, ()).vocabulary == {"words", "between", "are", "two"}
