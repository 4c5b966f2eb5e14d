"""What blocks are, which the whole page decides: headings, titles, captions, notes."""

import pytest

from ocrd.job import Typeface
from ocrd.layout import captions
from tests.unit.printed import (
    BOLD,
    HEIGHT,
    LARGE,
    LETTER,
    PLAIN,
    labelled,
    line,
    lines,
    lying,
    paragraph,
)


@pytest.mark.parametrize(
    ("y", "x", "label"),
    [
        # The paragraph above ends at 406.
        (419.5, 200, "heading"),
        (419, 200, "text"),
        (450, 229.5, "heading"),
        (450, 230, "text"),
    ],
)
def test_what_is_only_bold_is_a_heading_if_it_stands_free_over_text_that_does_not_hang(
    y: float, x: float, label: str
) -> None:
    bold = line("What is in bold here", 200, y, BOLD)
    found = labelled(paragraph(300), bold, paragraph(y + 60, x=x), paragraph(y + 260))
    assert found[1] == (label, "What is in bold here")


def test_a_term_explained_by_what_hangs_below_it_is_none_though_text_follows() -> None:
    bold = line("What is in bold here", 200, 450, BOLD)
    hanging = line("Hangs below and says what it is.", 260, 488)
    assert labelled(paragraph(300), bold, hanging, paragraph(600))[1][0] == "text"


def test_the_first_row_of_a_heading_tells_where_it_stands() -> None:
    """Its second one is set further in, and so are those of the text below it."""
    bold = [
        line(
            "What is in bold here and goes on to the margin at the right",
            200,
            450,
            BOLD,
            width=1100,
        ),
        line("of all of it", 240, 488, BOLD),
    ]
    found = labelled(paragraph(300), bold, paragraph(560, x=235))
    assert [label for label, _ in found] == ["text", "text", "text"]
    hanging = line(
        "This goes on to the margin at the right, and then it hangs", 200, 560, width=1100
    )
    found = labelled(paragraph(300), bold, hanging, line("in the second row.", 240, 598))
    assert [label for label, _ in found] == ["text", "heading", "text"]
    bold[1] = line("of all of it", 200, 488, BOLD, height=34)
    found = labelled(paragraph(300), bold, paragraph(560, x=232))
    assert [label for label, _ in found] == ["text", "text", "text"]


def test_bold_type_at_the_end_of_the_page_is_no_heading_but_at_that_of_a_column() -> None:
    bold = line("What is in bold here", 200, 450, BOLD)
    assert labelled(paragraph(300), bold)[-1] == ("text", "What is in bold here")
    left = lines("Row after row here fills its column\n" * 6, 100, 300, full=600)
    right = lines("Row after row here fills the other\n" * 6, 800, 300, full=600)
    bold = line("What is in bold here", 100, 560, BOLD)
    assert ("heading", "What is in bold here") in labelled(left, bold, right)


def test_a_number_in_bold_at_the_foot_of_the_page_is_no_heading_but_one_further_up_is() -> None:
    numbered = "5.14 What is in bold here"
    foot = line(numbered, 200, 0.9 * HEIGHT, BOLD)
    assert labelled(paragraph(300), foot)[-1] == ("text", numbered)
    assert labelled(paragraph(300), line(numbered, 200, 600, BOLD))[-1] == ("heading", numbered)
    below = line("There is text under it.", 200, 0.9 * HEIGHT + 60)
    assert ("heading", numbered) in labelled(paragraph(300), foot, below)


@pytest.mark.parametrize(
    ("at", "start", "end", "text", "label"),
    [
        # A line of five letters at 600 ends at 275; the column's text ends at 1300.
        (600, 200, 700, "Notes", "text"),
        (564, 200, 700, "Notes", "heading"),
        (564.1, 200, 700, "Notes", "text"),
        (609, 200, 700, "Notes", "text"),
        (609.1, 200, 700, "Notes", "heading"),
        (600, 274, 700, "Notes", "text"),
        (600, 275, 700, "Notes", "heading"),
        (600, 200, 425, "Notes", "heading"),
        (600, 200, 426, "Notes", "text"),
        (600, 200, 1329, "Notes", "text"),
        (600, 200, 1330, "Notes", "heading"),
        (600, 200, 1200, "Hinweis:", "text"),
        (600, 200, 1200, "Notes on what stands", "heading"),
        (600, 200, 1200, "History", "heading"),
    ],
)
def test_a_word_in_bold_under_a_short_rule_heads_a_note(
    at: float, start: float, end: float, text: str, label: str
) -> None:
    note = line(text, 200, 600, BOLD)
    found = labelled(paragraph(300), note, paragraph(660), rules=[lying(at, start, end)])
    assert found[1] == (label, text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Table 2.3 Losses by district", "caption"),
        ("Table 2.3 losses by district", "text"),
        ("Table 2.3 Losses by district.", "text"),
        ("Table 2.3: losses by district.", "caption"),
        ("Figure 7 – losses by district", "caption"),
        # Four rows at most, and the last one tells whether they are a sentence.
        ("Table 2.3 Losses of\nboth of the\ndistricts", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts.", "text"),
        ("Table 2.3 Losses.\nBoth of the\ndistricts", "caption"),
        ("Table 2.3 Losses in\nboth, north. There\nis the south", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts in\none year", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts in\none\nyear", "text"),
    ],
)
def test_a_caption_has_four_rows_at_most_and_is_no_sentence(text: str, label: str) -> None:
    found = labelled(paragraph(300), lines(text, 200, 600, full=1100), paragraph(900))
    assert found[1] == (label, text.replace("\n", " "))


def test_a_row_of_cells_is_no_caption() -> None:
    first = [line("Table 2.3 Losses", 200, 600), line("Table 2.4 Wins", 800, 600)]
    found = labelled(paragraph(300), line("Short.", 200, 500), first, paragraph(900))
    assert [label for label, _ in found] == ["text"] * 4


@pytest.mark.parametrize(("size", "label"), [(20.7, "heading"), (20.8, "title"), (22.2, "title")])
def test_the_first_heading_is_the_title_if_it_is_larger_than_the_others(
    size: float, label: str
) -> None:
    largest = line("What all is about", 200, 300, Typeface(size, 5.5))
    other = line("The first part of it", 200, 700, LARGE)
    found = labelled(largest, paragraph(400), other, paragraph(800))
    assert [one for one, _ in found] == [label, "text", "heading", "text"]


def test_a_large_heading_is_no_title_where_text_stands_above_it_or_no_other_one_below() -> None:
    largest = line("What all is about", 200, 500, Typeface(21, 5.5))
    other = line("The first part of it", 200, 800, LARGE)
    found = labelled(paragraph(300), largest, paragraph(600), other, paragraph(900))
    assert [one for one, _ in found] == ["text", "heading", "text", "heading", "text"]
    assert [one for one, _ in labelled(largest, paragraph(600))] == ["heading", "text"]


@pytest.mark.parametrize(("size", "label"), [(17, "heading"), (23, "title")])
def test_a_chapter_and_its_title_below_are_one_heading(size: float, label: str) -> None:
    chapter = line("Chapter 2", 200, 500, Typeface(size, 5.5))
    name = line("What is in it", 200, 560, LARGE)
    found = labelled(paragraph(150), paragraph(300), chapter, name, paragraph(700))
    assert [one for one, _ in found] == ["text", "text", label, "text"]
    assert found[2][1] == "Chapter 2 What is in it"
    assert len(labelled(paragraph(300), line("2 Parts", 200, 500, LARGE), name)) == 3


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("14. März 2024", "text"),
        ("Bremen, den 14. März 2024", "text"),
        ("March 14, 2024", "text"),
        ("le 3 mai 1998", "text"),
        ("14 de marzo de 2024", "text"),
        ("Results of March 2024", "heading"),
        ("Rechnungsbetrag 3.207,29 EUR", "text"),
        ("Total amount due: $ 1,204.50", "text"),
        ("Amount due", "heading"),
    ],
)
def test_a_day_and_a_sum_in_bold_are_no_headings(text: str, label: str) -> None:
    found = labelled(paragraph(300), line(text, 200, 480, BOLD), paragraph(560))
    assert found[1] == (label, text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("II. RELATED WORK", "heading"),
        ("REFERENCES", "heading"),
        ("II. Related work", "text"),
        ("ISBN 0-13", "text"),
        ("REFERENCES:", "text"),
    ],
)
def test_capitals_in_the_type_of_the_text_are_a_heading_over_a_paragraph(
    text: str, label: str
) -> None:
    found = labelled(paragraph(300), line(text, 500, 460), paragraph(540))
    assert found[1] == (label, text)


def test_capitals_that_head_no_paragraph_are_text() -> None:
    found = labelled(paragraph(300), line("PAID IN FULL", 500, 460), line("No. 12", 200, 560))
    assert ("text", "PAID IN FULL") in found


def test_a_row_of_a_heading_that_ends_with_a_dash_goes_on() -> None:
    head = lines("Schoenberg —\nThe Origins of Serial Pitch", 200, 480, BOLD)
    assert ("heading", "Schoenberg — The Origins of Serial Pitch") in labelled(
        paragraph(300), head, paragraph(600)
    )


def test_an_address_in_larger_type_is_no_heading() -> None:
    text = "Stefan Petersen\nLange Reihe 37\n37308 Bergen"
    found = labelled(lines(text, 200, 300, LARGE), paragraph(600), paragraph(800))
    assert found[0] == ("text", text)


@pytest.mark.parametrize(("y", "label"), [(538, "text"), (560, "heading")])
def test_few_letters_that_seem_larger_end_an_address_in_its_own_step(y: float, label: str) -> None:
    seems = Typeface(19, 2.3)  # of a place in capitals and figures
    address = lines("Miss Edith Harmer\n14 Tanner Row", 200, 462)
    place = line("Marsham NR10", 200, y, seems, width=16 * LETTER, height=34)
    found = labelled(paragraph(300), address, place, paragraph(640))
    assert label in [name for name, text in found if text.endswith("Marsham NR10")]


@pytest.mark.parametrize(
    ("size", "y", "label"),
    # The row above ends at 530; a heading's white is 13.5.
    [(17, 538, "text"), (17, 560, "heading"), (18.5, 538, "heading")],
)
def test_a_row_that_seems_a_little_larger_goes_on_with_an_address(
    size: float, y: float, label: str
) -> None:
    address = lines("14 Tanner Row\nMarsham", 200, 462)
    head = line("Miss Edith Harmer of Marsham", 200, y, Typeface(size, 2.3))
    found = labelled(paragraph(300), address, head, paragraph(640))
    assert label in [name for name, text in found if text.endswith("of Marsham")]


@pytest.mark.parametrize("text", ["Figure 2:", "Table 3.1:", "Abb. 4", "Figure 2."])
def test_a_kind_and_its_number_alone_are_a_captions_mark(text: str) -> None:
    assert captions.is_mark(text)
    assert not captions.is_mark(f"{text} The lock")
    assert not captions.is_mark("Figures:")


@pytest.mark.parametrize(("y", "label"), [(460 + 38, "heading"), (522, "text")])
def test_bold_words_that_run_into_the_sentence_behind_them_are_no_heading(
    y: float, label: str
) -> None:
    words = line("Radio programmes: Three radio programmes in", 200, y, BOLD, width=1100)
    below = paragraph(560)
    found = labelled(paragraph(300), words, below)
    assert found[1][0] == label


@pytest.mark.parametrize(
    ("names", "size", "below", "label"),
    [
        ("Edith Harmer, Paul Weir", 17, "Institute of Waterways", "text"),
        ("Edith Harmer, Paul Weir", 17, "", "heading"),  # the text stands right below
        ("Edith Harmer, Paul Weir", 19, "Institute of Waterways", "heading"),
        ("E. Harmer and P. Weir", 19, "", "text"),
        ("Bridges of the valley", 17, "Institute of Waterways", "heading"),
    ],
)
def test_authors_names_under_a_title_are_no_heading(
    names: str, size: float, below: str, label: str
) -> None:
    title = line("Locks and Their Keepers", 200, 200, Typeface(20, 4.4), height=46)
    row = line(names, 200, 300, Typeface(size, 4), height=40)
    place = [line(below, 200, 380)] if below else []
    found = labelled(title, row, place, paragraph(460), paragraph(640))
    assert found[1] == (label, names)


TIGHT = 12  # pixels of white: bold alone needs more to head what is below


@pytest.mark.parametrize(
    ("second", "face", "is_heading"),
    [
        ("TOP 2 The feast in July", BOLD, True),
        ("TOP IV The feast in July", BOLD, True),
        ("TOP 2 The feast in July", PLAIN, False),
        ("The feast in July", BOLD, False),
        ("Day 2 The feast in July", BOLD, False),
        ("TOP 2 The feast in July.", BOLD, False),
    ],
)
def test_what_numbers_itself_as_a_heading_does_is_one(
    second: str, face: Typeface, is_heading: bool
) -> None:
    """A number in bold is a heading with less white above it than bold alone needs."""
    found = labelled(
        paragraph(300),
        line("TOP 1 The minutes of last time", 200, 450, BOLD), paragraph(510),
        line(second, 200, 616 + TIGHT, face), line("1. The band has agreed.", 200, 690),
        line("2. The tent has not.", 200, 740),
    )  # fmt: skip
    assert (("heading", second) in found) == is_heading


@pytest.mark.parametrize("text", ["between the two of them, who are named below in full, and", ""])
@pytest.mark.parametrize(
    ("x", "face", "apart"),
    [
        (465, BOLD, True),
        (465, PLAIN, False),
        (230, BOLD, False),  # the words in bold that a paragraph begins with
        (690, BOLD, False),
    ],
)
def test_words_in_bold_in_the_middle_head_the_text_below_though_it_begins_small(
    text: str, x: float, face: Typeface, apart: bool
) -> None:
    below = text or "and so it goes on in small letters from one of its rows on to the"
    rows = [
        line("THE CONTRACT BETWEEN THE TWO OF THEM ALL", x, 300, face),
        line(below, 200, 338, width=1130),
        line("next one, and to what they have signed.", 200, 376),
    ]
    texts = [said for _, said in labelled(rows)]
    assert ("THE CONTRACT BETWEEN THE TWO OF THEM ALL" in texts) == apart
