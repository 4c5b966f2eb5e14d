"""Which rows are one block, and which begin another one."""

import pytest

from tests.unit.printed import (
    BOLD,
    PLAIN,
    blocks,
    labelled,
    line,
    lines,
    lying,
    paragraph,
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
