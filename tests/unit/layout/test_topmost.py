"""A row at the top of a page in the text's size is a running head if the page says it is no first
one."""

import pytest

from ocrd.job import Line, Typeface
from tests.unit.printed import BOLD, LARGE, PLAIN, labelled, line, lines, paragraph

HEAD = "The Keeper's Handbook, Release 4.2"
FAR, NEAR = 250, 190  # of a paragraph below a head at 140: 2.9 and 1.3 of the text's rows
ON = "and so the text of the page before goes on to its end, which is a sentence's end."


def top(
    *below: Line | list[Line], head: str = HEAD, face: Typeface = BOLD
) -> tuple[str, str]:
    return labelled(line(head, 200, 140, face), *below)[0]


def foot(text: str) -> Line:
    return line(text, 200, 2100)


@pytest.mark.parametrize("number", ["45", "xii", "- 45 -", "Page 2 of 30"])
def test_a_page_that_has_a_later_number_has_a_running_head(number: str) -> None:
    assert top(paragraph(FAR), paragraph(500), foot(number)) == ("text", HEAD)


def test_a_number_beside_a_chapters_name_at_the_foot_tells_it() -> None:
    chapter = [line("Chapter 3. Water", 200, 2100, BOLD), line("45", 1270, 2100, BOLD)]
    assert top(paragraph(FAR), paragraph(500), chapter)[0] == "text"


def test_text_that_goes_on_from_the_page_before_tells_it() -> None:
    assert top(lines(ON, 200, FAR), paragraph(400))[0] == "text"


def test_headings_further_in_their_count_tell_it() -> None:
    inner = [line("3.1 Sources", 200, 420, BOLD), *paragraph(470)]
    assert top(paragraph(FAR), inner)[0] == "text"


def test_a_larger_heading_below_tells_it() -> None:
    inner = [line("Sources and method", 200, 420, LARGE, height=40), *paragraph(490)]
    assert top(paragraph(FAR), inner)[0] == "text"


def test_a_number_far_beside_the_head_tells_it_whatever_stands_below() -> None:
    head = [line(HEAD, 200, 140, BOLD), line("12", 1270, 140, BOLD)]
    assert labelled(head, paragraph(NEAR), paragraph(400))[0][0] == "text"


@pytest.mark.parametrize("number", ["1", "i", "Page 1 of 30", ""])
def test_a_first_page_has_a_title(number: str) -> None:
    below = [foot(number)] if number else []
    assert top(paragraph(FAR), paragraph(500), below)[0] == "heading"


def test_headings_that_count_from_one_leave_the_title() -> None:
    inner = [line(f"{n}. Sources", 200, 200 + 220 * n, BOLD) for n in (1, 2)]
    texts = [paragraph(470), paragraph(690)]
    assert top(paragraph(FAR), inner, *texts)[0] == "heading"


def test_what_stands_close_to_its_text_is_a_heading_on_any_page() -> None:
    assert top(paragraph(NEAR), paragraph(400), foot("45"))[0] == "heading"


def test_other_headings_on_the_page_show_how_far_they_stand() -> None:
    near = [line("Sources", 200, 450, BOLD), *paragraph(500)]
    far = [line("Sources", 200, 450, BOLD), *paragraph(540)]
    assert top(paragraph(230), near, foot("45"))[0] == "text"
    assert top(paragraph(230), far, foot("45"))[0] == "heading"


def test_larger_type_is_a_heading_on_any_page() -> None:
    head = line(HEAD, 200, 140, Typeface(17.5, 4.4), height=40)
    assert labelled(head, paragraph(FAR), foot("45"))[0][0] in {"title", "heading"}


def test_further_down_the_page_it_is_a_heading() -> None:
    found = labelled(line(HEAD, 200, 500, BOLD), paragraph(610), paragraph(800), foot("45"))
    assert found[0] == ("heading", HEAD)


def test_a_chapters_mark_goes_with_its_title() -> None:
    title = line("What Is Kept", 200, 250, LARGE, height=40)
    found = top(title, paragraph(400), foot("45"), head="Chapter 3")
    assert found[1] == "Chapter 3 What Is Kept"


def test_plain_heads_stay_text() -> None:
    assert top(paragraph(FAR), paragraph(500), foot("45"), face=PLAIN) == ("text", HEAD)


def test_small_letters_of_another_typeface_are_taller_and_its_boxes_are_not() -> None:
    tall = Typeface(18, 3.5)  # 1.38 of the text's
    assert top(paragraph(FAR), paragraph(500), foot("45"), face=tall) == ("text", HEAD)
    large = line(HEAD, 200, 140, tall, height=42)
    assert labelled(large, paragraph(FAR), paragraph(500), foot("45"))[0][0] != "text"


def test_a_few_letters_below_that_seem_larger_tell_nothing() -> None:
    inner = [line("Tolls", 200, 420, Typeface(18, 4.4), height=42), *paragraph(490)]
    assert top(paragraph(FAR), inner)[0] == "heading"
