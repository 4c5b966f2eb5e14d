"""Headings in the text's own type are told by where they stand and what they say."""

import pytest

from ocrd.job import Line, Typeface
from tests.unit.printed import BOLD, labelled, line, lines, paragraph

ABOVE, BELOW = 436, 480  # 60 px under the row above at 376; a paragraph below in the usual step


def around(head: Line | list[Line], below: int = BELOW) -> list[tuple[str, str]]:
    return labelled(paragraph(300), head, paragraph(below), paragraph(below + 130))


@pytest.mark.parametrize(
    "text",
    [
        "Sources and method", "4. Sources and method", "2.1 Results", "A. Word extraction",
        "II. RELATED WORK", "§ 3 Kündigung", "RESULTS", "Who can apply?", "Best practices",
        "History of the mill", "High water since 1850", "De la lecture",
        "A second survey", "§4 Zölle", "A.2 Tables",
    ],
)  # fmt: skip
def test_a_short_row_with_white_above_and_running_text_below_is_a_heading(text: str) -> None:
    found = around(line(text, 200, ABOVE))
    assert [label for label, _ in found] == ["text", "heading", "text", "text"]
    assert found[1] == ("heading", text)


def test_one_in_the_middle_of_the_column_is_a_heading() -> None:
    head = line("Sources and method", 750 - 135, ABOVE)
    assert around(head)[1] == ("heading", "Sources and method")


@pytest.mark.parametrize(
    "text",
    [
        "It was the first survey.", "He asked for this:", "first of all", "Dear Mrs Harmer",
        "Sehr geehrte Frau Vollmer", "With kind regards", "Note", "Tipp", "14 March 1984",
        "Bremen, den 14. März 2024", "Figure 2: The lock in 1894", "FILE_NAMES", "“Who is there”",
        "• two gates of oak", "a) by rail", "12.5", "Total 3,207.29",
        "Running text that is as wide as what stands below and is no heading",
    ],
)  # fmt: skip
def test_what_says_something_else_is_none(text: str) -> None:
    assert "heading" not in [label for label, _ in around(line(text, 200, ABOVE))]


def test_a_row_no_further_from_what_is_above_than_from_the_text_is_none() -> None:
    assert around(line("Sources and method", 200, ABOVE), below=500)[1][0] == "text"


def test_a_row_in_the_texts_own_step_is_none() -> None:
    assert "heading" not in [a for a, _ in around(line("Sources and method", 200, 414), 452)]


@pytest.mark.parametrize("x", [260, 900, 1100])
def test_a_row_neither_at_the_edge_nor_in_the_middle_is_none(x: int) -> None:
    assert "heading" not in [a for a, _ in around(line("Edith Harmer", x, ABOVE))]


def test_a_row_above_rows_that_their_writer_ended_is_none() -> None:
    address = lines("14 Tanner Row\nMarsham\nNR10 4AB", 200, BELOW)
    found = labelled(paragraph(300), line("Edith Harmer", 200, ABOVE), address, paragraph(700))
    assert "heading" not in [label for label, _ in found]


def test_a_term_above_what_hangs_below_it_is_none() -> None:
    found = labelled(paragraph(300), line("Sluice gate", 200, ABOVE), paragraph(BELOW, x=300))
    assert "heading" not in [label for label, _ in found]


def test_what_follows_a_sentence_that_goes_on_is_none() -> None:
    open_end = lines("Running text that fills its column and ends in\nwhat is shown", 200, 338)
    formula = line("Sources and method", 200, ABOVE)
    below = paragraph(BELOW)
    found = labelled(paragraph(200), [open_end[0]], formula, below)
    assert "heading" not in [label for label, _ in found]


def test_a_byline_under_a_heading_is_none() -> None:
    headline = line("The mill burns", 200, 430, Typeface(17, 4.4), height=38)
    found = labelled(
        paragraph(250), headline, line("By Edith Harmer", 200, 530), paragraph(574)
    )
    assert [text for label, text in found if label == "heading"] == ["The mill burns"]


def test_one_with_a_number_alone_is_no_entry_and_entries_are_no_headings() -> None:
    head = around(line("4. Sources and method", 200, ABOVE))
    assert head[1][0] == "heading"
    entries = [line(f"{n}. Sources and method", 200, ABOVE + 38 * n) for n in range(3)]
    found = labelled(paragraph(300), entries, paragraph(ABOVE + 130))
    assert [label for label, _ in found] == ["text", "list", "list", "list", "text"]


def test_a_row_at_the_pages_top_needs_another_one_set_so() -> None:
    top = [line("Outlook in brief", 200, 200), *paragraph(244)]
    alone = labelled(top, paragraph(420))
    assert alone[0] == ("text", "Outlook in brief")
    vouched = labelled(top, line("Open questions", 200, 420), paragraph(464))
    assert [label for label, _ in vouched] == ["heading", "text", "heading", "text"]


def test_bold_ones_close_to_the_text_are_parted_from_it() -> None:
    assert around(line("Sources and method", 200, ABOVE, BOLD))[1][0] == "heading"
