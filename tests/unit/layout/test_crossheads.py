"""Headings in the text's own type are told by where they stand and what they say."""

from dataclasses import replace

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


def colons(*heads: Line, below: list[Line] | None = None) -> list[str]:
    """Return the labels of a page on which such rows stand above paragraphs."""
    some: list[Line] = paragraph(300)
    for number, head in enumerate(heads):
        y = ABOVE + 260 * number
        some += [replace(head, quad=line(head.text, 200, y).quad)]
        some += below or paragraph(y + 44)
    return [label for label, text in labelled(some) if text in {head.text for head in heads}]


@pytest.mark.parametrize(
    "text", ["Method:", "Sources and method:", "Kosten der Pflege:", "Résultats :", "II. Results:"]
)
def test_a_bold_row_with_a_colon_above_running_text_is_a_heading(text: str) -> None:
    assert colons(line(text, 0, 0, BOLD)) == ["heading"]


@pytest.mark.parametrize("face", [Typeface(17, 2.4), Typeface(17, 4.4)])
def test_so_is_one_in_larger_type(face: Typeface) -> None:
    assert colons(line("Sources and method:", 0, 0, face)) == ["heading"]


def test_few_letters_need_no_more_weight_there() -> None:
    bold = Typeface(13, 2.3 * 1.25)
    assert colons(line("Tolls:", 0, 0, bold)) == ["heading"]
    assert colons(line("Tolls:", 0, 0, Typeface(13, 2.3 * 1.15))) == ["text"]


def test_so_is_one_in_capitals() -> None:
    assert colons(line("SOURCES AND METHOD:", 0, 0)) == ["heading"]


def test_a_plain_row_with_a_colon_leads_to_what_follows() -> None:
    assert colons(line("Sources and method:", 0, 0)) == ["text"]


@pytest.mark.parametrize(
    "below",
    [
        [line(f"{mark} two gates of oak", 200, 480 + 38 * at) for at, mark in enumerate("•••")],
        lines("14 Tanner Row\nMarsham\nNR10 4AB", 200, 480),
        lines("200 g flour\n3 eggs\na pinch of salt", 200, 480),
        paragraph(480, x=260),
    ],
    ids=["list", "address", "recipe", "set in"],
)
def test_a_bold_row_above_anything_but_running_text_leads_to_it(below: list[Line]) -> None:
    assert "heading" not in colons(line("The following are needed:", 0, 0, BOLD), below=below)


@pytest.mark.parametrize("text", ["Note:", "Achtung:", "Figure 2:", "Table 3:", "Dear Mrs Harmer:"])
def test_words_that_are_never_headings_are_none_with_a_colon(text: str) -> None:
    assert colons(line(text, 0, 0, BOLD)) == ["text"]


def test_names_that_come_again_speak() -> None:
    names = [line(f"{name}:", 0, 0, BOLD) for name in ("Anna", "Ben", "Anna")]
    assert set(colons(*names)) == {"text"}


def test_one_above_a_sentence_needs_another_one_above_running_text() -> None:
    head = line("Duration:", 200, 700, BOLD)
    short = line("The work takes two weeks.", 200, 744)
    rest = paragraph(830)
    alone = labelled(paragraph(560), head, short, rest)
    assert ("text", "Duration:") in alone
    first = line("Method:", 200, ABOVE, BOLD)
    vouched = labelled(paragraph(300), first, paragraph(BELOW), head, short, rest)
    assert ("heading", "Duration:") in vouched


def test_a_bold_sentence_is_a_heading_only_among_others() -> None:
    heads = [line(text, 0, 0, BOLD) for text in ("The first survey.", "Costs of repair.")]
    assert colons(heads[0]) == ["text"]
    assert colons(*heads) == ["heading", "heading"]


@pytest.mark.parametrize("text", ["Subject: Repair of the gate", "Re: Gate", "Your letter: 27/4"])
def test_a_name_with_its_value_is_none(text: str) -> None:
    assert "heading" not in [label for label, _ in around(line(text, 200, ABOVE))]


def test_a_chapter_with_its_name_is_one() -> None:
    head = line("Chapter 3: The lower gate", 200, ABOVE)
    assert around(head)[1][0] == "heading"


def test_few_letters_may_seem_larger_up_to_where_type_tells() -> None:
    seems = Typeface(17.5, 2.3)  # 1.35 of the text's, by its size and its width
    head = line("Les péages", 200, ABOVE, seems, height=34, width=210)
    assert around(head)[1][0] == "heading"
    longer = line("Les péages de la vallée", 200, ABOVE, Typeface(17.5, 2.3), height=34, width=480)
    assert around(longer)[1][0] == "heading"
