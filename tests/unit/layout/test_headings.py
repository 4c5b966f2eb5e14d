"""Headings are found by their type, their words and their place."""

import pytest

from ocrd.job import Typeface
from tests.unit.layout.headingrows import TITLE
from tests.unit.printed import BOLD, LARGE, PLAIN, TYPED, labelled, line, lines, lying, paragraph


@pytest.mark.parametrize(
    ("text", "face", "label"),
    [
        ("The whole of it", TITLE, "title"),
        ("Larger and bolder", LARGE, "heading"),
        ("2.4 Bold with a number", BOLD, "heading"),
        ("In bold and nothing else", BOLD, "heading"),
        ("As all the others are", PLAIN, "text"),
        ("2.4 Plain with a number", PLAIN, "text"),
        ("A sentence in bold that ends.", BOLD, "text"),
        ("See also what is said there.)", BOLD, "text"),
        ("• an entry in bold", BOLD, "list"),
        ("some_function_name", TYPED, "text"),
        ("12.5", LARGE, "text"),
        ("“Who is there?”", BOLD, "text"),
        ("# Expand the name to a path", BOLD, "text"),
        ('REPLY=( $(compgen "$cur") )', BOLD, "text"),
        ("Sets <name> in [engine]", LARGE, "heading"),
        ("[[source]] and [[sink]]", LARGE, "text"),
        ("C# in a day", LARGE, "heading"),
        ("G Cmaj7 D/F# Bbm", LARGE, "text"),  # chords above a song's words
        ("A Day in C Major", LARGE, "heading"),
    ],
)
def test_type_makes_a_heading(text: str, face: Typeface, label: str) -> None:
    found = labelled(paragraph(300), line(text, 200, 480, face), paragraph(580))
    assert [a for a, _ in found] == ["text", label, "text"]


def test_a_heading_over_several_rows_is_one() -> None:
    heading = lines(
        "3.2 Why the heading of this part of the text takes\ntwo rows", 200, 480, LARGE, full=1100
    )
    found = labelled(paragraph(300), heading, paragraph(640))
    assert found[1] == ("heading", "3.2 Why the heading of this part of the text takes two rows")


def test_a_numbered_heading_is_no_list() -> None:
    found = labelled(line("1. Introduction", 200, 300, LARGE), paragraph(400))
    assert found[0] == ("heading", "1. Introduction")


def test_a_number_far_before_a_heading_is_part_of_it() -> None:
    parts = [line("5.3", 200, 480, LARGE), line("What stands here", 330, 480, LARGE)]
    assert ("heading", "5.3 What stands here") in labelled(paragraph(300), parts, paragraph(600))


def test_a_term_in_bold_above_what_explains_it_is_no_heading() -> None:
    found = labelled(paragraph(300), line("PATH", 200, 480, BOLD), paragraph(518, x=300))
    assert [label for label, _ in found] == ["text", "text", "text"]


def test_a_bold_line_close_below_others_is_no_heading() -> None:
    sums = [
        line("Net 2,695.20", 900, 700),
        line("Tax 512.09", 900, 738),
        line("Total 3,207.29 in all", 900, 776, BOLD),
    ]
    assert "heading" not in [label for label, _ in labelled(paragraph(300), sums, paragraph(900))]


def test_the_head_of_a_note_below_a_rule_is_no_heading() -> None:
    note = [line("Note", 200, 480, LARGE), *paragraph(530)]
    assert labelled(paragraph(300), note, rules=[lying(470, 200, 1300)])[1] == ("text", "Note")
    assert labelled(paragraph(300), note)[1] == ("heading", "Note")


@pytest.mark.parametrize(
    "text", ["Table 3.1: What there is", "Figure 7. The house", "Abb. 2: Das Haus"]
)
def test_captions_are_told_by_their_first_word(text: str) -> None:
    assert labelled(paragraph(300), line(text, 500, 480), paragraph(600))[1] == ("caption", text)


def test_text_that_names_a_table_is_no_caption() -> None:
    text = "Table 7 shows what there is."
    assert labelled(paragraph(300), line(text, 200, 480), paragraph(600))[1] == ("text", text)


def test_the_first_heading_is_a_title_where_it_is_the_largest() -> None:
    top = line("Reading the ledgers of a port", 200, 200, Typeface(18, 4.6), height=38)
    found = labelled(
        top, paragraph(300), line("What there is", 200, 480, LARGER), paragraph(530),
        line("What it means", 200, 700, LARGER), paragraph(750),
    )  # fmt: skip
    assert [label for label, _ in found if label != "text"] == ["title", "heading", "heading"]


def test_a_first_heading_like_the_others_is_no_title() -> None:
    found = labelled(
        line("What there was", 200, 200, LARGER), paragraph(250),
        line("What there is", 200, 480, LARGER), paragraph(530),
    )  # fmt: skip
    assert [label for label, _ in found if label != "text"] == ["heading", "heading"]


LARGER = Typeface(14.5, 3.9)


def test_text_below_a_drawing_with_more_letters_in_it_is_no_title() -> None:
    drawing = [line("bla " * 20, 600, 200 + 20 * n, SMALL, width=400, height=18) for n in range(20)]
    head = line("What there is", 200, 1000, LARGE)
    found = labelled(drawing, paragraph(800), head, paragraph(1050))
    assert [label for label, _ in found][-3:] == ["text", "heading", "text"]


SMALL = Typeface(7, 1.2)


def test_a_heading_in_two_rows_is_one_though_its_rows_are_further_apart() -> None:
    rows = ("5.4 How do I set up what is needed to build", "packages of my own?")
    heading = [
        line(row, 200, 480 + 66 * n, TITLE, width=1100 - 500 * n) for n, row in enumerate(rows)
    ]
    found = labelled(paragraph(300), heading, paragraph(640))
    assert found[1] == ("title", " ".join(rows))


@pytest.mark.parametrize(
    "marks",
    [["Chapter 3"], ["CHAPTER", "ELEVEN"], ["Appendix B"], ["Apêndice B"], ["Teil IV"]],
)
def test_a_chapters_mark_and_its_title_are_one_heading(marks: list[str]) -> None:
    rows = [line(mark, 200, 300 + 90 * row, LARGE) for row, mark in enumerate(marks)]
    title = line("What Is Kept", 200, 300 + 90 * len(marks), TITLE)
    found = labelled(rows, title, paragraph(700))
    assert found[0] == ("title", " ".join([*marks, "What Is Kept"]))
    assert [label for label, _ in found] == ["title", "text"]


@pytest.mark.parametrize("first", ["Part of it", "Chapters", "Appendix of maps", "Introduction"])
def test_two_headings_stay_two(first: str) -> None:
    found = labelled(
        line(first, 200, 300, LARGE), line("What Is Kept", 200, 390, LARGE), paragraph(700)
    )
    assert [text for _, text in found][:2] == [first, "What Is Kept"]


def test_a_chapters_mark_above_text_stays_alone() -> None:
    found = labelled(line("Chapter 3", 200, 300, LARGE), paragraph(400))
    assert found[0][1] == "Chapter 3"
    assert found[1][0] == "text"


@pytest.mark.parametrize(("size", "count"), [(13, 1), (14, 1), (16, 2)])
def test_rows_of_one_measured_size_are_of_one_type_however_high_their_boxes(
    size: float, count: int
) -> None:
    first = line("Beyond Cage —", 200, 480, BOLD, height=42)
    second = line("Catching the Midnight Train", 200, 528, Typeface(size, 3.5))
    found = labelled(paragraph(300), first, second, paragraph(620))
    heads = [text for label, text in found if label in {"heading", "title"}]
    assert len(heads) == count
