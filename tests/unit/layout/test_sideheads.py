"""Headings beside the text come before it; names with values and terms do not."""

from dataclasses import replace

import pytest

from ocrd.job import Line
from tests.unit.printed import BOLD, PLAIN, labelled, line, lines

TEXT = "\n".join(["Running text that fills its rows beside the headings"] * 5) + "\nand ends."


def beside(*heads: str, face: object = BOLD, text: str = TEXT) -> list[Line]:
    """Return texts from x = 600, a heading at x = 200 level with the first rows of each."""
    found: list[Line] = []
    for number, head in enumerate(heads):
        y = 200 + 300 * number
        found += lines(head, 200, y, face)  # type: ignore[arg-type]
        found += lines(text, 600, y, full=800)
    return found


def test_a_bold_one_comes_before_its_text() -> None:
    joined = TEXT.replace("\n", " ")
    assert labelled(beside("Sources", "Results")) == [
        ("heading", "Sources"), ("text", joined), ("heading", "Results"), ("text", joined)
    ]  # fmt: skip


def test_one_in_several_rows_is_one() -> None:
    found = labelled(beside("Who was\nresponsible", "Floods since\n1850 and\nbefore"))
    assert [text for label, text in found if label == "heading"] == [
        "Who was responsible", "Floods since 1850 and before"
    ]  # fmt: skip


def test_plain_ones_vouch_for_each_other() -> None:
    labels = [label for label, _ in labelled(beside("Sources", "Results", face=PLAIN))]
    assert labels == ["heading", "text", "heading", "text"]


@pytest.mark.parametrize(
    "heads", [("Name:", "Place:"), ("1894", "1912"), ("12.03.2024", "14.03.2024"), ("and", "or")]
)
def test_names_dates_and_numbers_are_none(heads: tuple[str, str]) -> None:
    assert "heading" not in [label for label, _ in labelled(beside(*heads))]


def test_terms_with_a_line_or_two_are_none() -> None:
    text = "A gate that slides in a frame of\noak or iron."
    rows: list[Line] = []
    for number, term in enumerate(("Sluice", "Pound", "Winch", "Weir", "Sill")):
        rows += [line(term, 200, 200 + 76 * number, BOLD)]
        rows += lines(text, 600, 200 + 76 * number, full=800)
    assert "heading" not in [label for label, _ in labelled(rows)]


def margin(*heads: str, set_right: bool = False) -> list[Line]:
    """Return paragraphs, plain headings level with some; white parts them as columns are."""
    found: list[Line] = []
    for number in range(4):
        found += lines(TEXT, 600, 200 + 300 * number, full=800)
    for number, head in enumerate(heads):
        x = 540 - 15 * len(head) if set_right else 200
        found.append(line(head, x, 202 + 300 * number))
    return found


@pytest.mark.parametrize("set_right", [False, True])
def test_a_column_of_plain_ones_is_no_column_of_text(set_right: bool) -> None:
    found = labelled(margin("Sources of the survey", "Results", set_right=set_right))
    labels = [label for label, _ in found]
    assert labels == ["heading", "text", "heading", "text", "text", "text"]


def test_a_single_plain_one_heads_a_long_text() -> None:
    assert labelled(margin("Results"))[0] == ("heading", "Results")


def test_a_single_plain_one_beside_a_few_rows_is_none() -> None:
    assert "heading" not in [label for label, _ in labelled(beside("Results", face=PLAIN))]


def test_they_stand_level_with_paragraphs_not_within_them() -> None:
    within = [line(text, 200, 200 + 38 * 2 + 300 * number) for number, text in enumerate("AB")]
    named = [replace(one, text=f"Note {one.text} of the survey") for one in within]
    assert "heading" not in [label for label, _ in labelled(margin(), named)]


def test_text_over_the_whole_width_above_them_ends_in_a_short_row() -> None:
    intro = lines("Text over the whole width\nends here.", 200, 90, full=1200)
    found = labelled(intro, margin("Sources of the survey", "Results"))
    assert [text for label, text in found if label == "heading"] == [
        "Sources of the survey", "Results"
    ]  # fmt: skip
