"""Which rows are one block: sentences, white space, sizes, indents."""

from dataclasses import replace

import pytest

from ocrd.job import Typeface
from ocrd.layout.columns import Row
from ocrd.layout.paragraphs import Column
from tests.unit.layout.columnrows import (
    CAPITAL,
    ENDED,
    NO_ROOM,
    OPEN,
    RIGHT_EDGE,
    SMALL,
    USUAL,
    how,
    row,
    texts,
)
from tests.unit.printed import BOLD, PLAIN, blocks, labelled, line, lines, lying, paragraph


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
        (52, 15, 13, replace(USUAL, size=15.2), "joined"),
        (52.1, 15, 13, replace(USUAL, size=15.2), "apart"),
        # unless much white parts rows of a type of its own: one and a half of their heights.
        (37.5, 15, 13, replace(USUAL, size=26), "joined"),
        (37.6, 15, 13, replace(USUAL, size=26), "apart"),
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
