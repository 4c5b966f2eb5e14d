"""The levels of a document's headings."""

from dataclasses import replace

import pytest

from ocrd.job import Block, Shape
from ocrd.layout.ranks import kind_of
from tests.unit.layout.bound import block, book, heading, page, said, settled


def levels(*headings: tuple[str, float] | tuple[str, float, str]) -> list[int]:
    """Return the levels of headings, one a page."""
    pages = book(*((heading(*one), said(at)) for at, one in enumerate(headings)))
    return [page.blocks[0].level for page in settled(pages)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 Introduction", "1"), ("1. Introduction", "1"), ("1.1 Aim", "2"), ("2.3.4 Aim", "3"),
        ("A.1 Tables", "2"), ("A. Tables", "letter"), ("A Table", ""), ("Chapter 3", "chapter"),
        ("CHAPTER THREE The Sea", "chapter"), ("Part II", "part"),
        ("Appendix B: Tables", "appendix"),
        ("§ 12 Anwendung", "§"), ("IV. Results", "roman"), ("Introduction", ""),
        ("Particles", ""), ("Part of it", ""), ("1998 was a year", ""),
    ],
)  # fmt: skip
def test_what_a_number_says(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_a_title_chapters_and_sections_by_their_numbers_whatever_their_size() -> None:
    found = levels(
        ("The Harbour Book", 26.0, "title"), ("1 Quays", 18.0, "title"), ("1.1 Stones", 14.0),
        ("1.1.1 Piles", 18.0), ("2 Tides", 18.0), ("A Note", 15.0), ("A.1 Length", 14.0),
    )  # fmt: skip
    assert found == [1, 2, 3, 4, 2, 2, 3]


def test_without_a_title_large_chapters_are_the_first_level() -> None:
    found = levels(("Chapter 1", 20.0, "title"), ("1.1 Aim", 14.0), ("Chapter 2", 20.0, "title"))
    assert found == [1, 2, 1]
    assert levels(("1 Quays", 14.0), ("1.1 Stones", 12.0), ("2 Tides", 14.0)) == [2, 3, 2]


def test_what_has_no_number_has_the_level_of_its_type() -> None:
    found = levels(("Preface", 18.3), ("1 Quays", 18.0), ("1.1 Stones", 14.0), ("References", 17.5),
                   ("Thanks", 14.2), ("By the way", 11.0))  # fmt: skip
    assert found == [2, 2, 3, 2, 3, 4]


def test_sizes_alone_tell_too_and_measured_ones_differ_a_little() -> None:
    sizes = {"Quays": 18.0, "Stones": 14.0, "Tides": 18.6, "Ebb": 13.6, "Spring": 11.0}
    found = levels(*sizes.items())
    assert found == [2, 3, 2, 3, 4]


def test_parts_stand_above_chapters_and_appendices_beside_them() -> None:
    found = levels(("Part I", 20.0), ("Chapter 1", 18.0), ("1.1 Aim", 14.0), ("Part II", 20.0),
                   ("Chapter 2", 18.0), ("Appendix A", 18.0))  # fmt: skip
    assert found == [2, 3, 4, 2, 3, 3]
    assert levels(("1 Quays", 18.0), ("1.1 Aim", 14.0), ("Appendix A", 18.0)) == [2, 3, 2]


def test_on_a_page_by_itself_the_page_tells() -> None:
    assert levels(("1.1 Aim", 14.0)) == [0]


def set_off(text: str, size: float, weight: float, indent: float = 0.0) -> Block:
    """Return a heading of that size and weight, so far from the margin."""
    shape = Shape(rows=1, size=size, indent=indent, room=30.0, measure=60.0, weight=weight)
    return block(text, 300.0, shape, "heading")


def ranked(*headings: Block) -> list[int]:
    pages = book(*((one, said(at)) for at, one in enumerate(headings)))
    return [page.blocks[0].level for page in settled(pages)]


def test_of_one_size_bold_ones_stand_above_others_capitals_above_small_letters() -> None:
    assert ranked(
        set_off("Sources and method", 10.4, 1.8), set_off("The first survey", 10.0, 1.0),
        set_off("Questions left open", 10.2, 1.7), set_off("A second survey", 10.1, 1.05),
    ) == [2, 3, 2, 3]  # fmt: skip
    assert ranked(
        set_off("SOURCES AND METHOD", 9.8, 1.1), set_off("The first survey", 10.0, 1.0),
        set_off("OPEN QUESTIONS", 9.8, 1.1),
    ) == [2, 3, 2]  # fmt: skip


def test_of_one_type_those_in_the_middle_stand_above_those_at_the_margin() -> None:
    assert ranked(
        set_off("Sources and method", 10.0, 1.0, indent=12.0), set_off("The survey", 10.0, 1.0),
        set_off("Open questions all in all", 10.0, 1.0, indent=10.0),
    ) == [2, 3, 2]  # fmt: skip


def test_what_is_only_bold_stands_below_bold_numbers_only_if_its_weight_says_so() -> None:
    bold, plain = 1.8, 1.0
    numbered = set_off("1 Sources", 10.0, bold), set_off("2 Results", 10.0, bold)
    assert ranked(*numbered, set_off("Thanks to all of them", 10.0, bold)) == [2, 2, 2]
    assert ranked(*numbered, set_off("Thanks to all of them", 10.0, plain)) == [2, 2, 3]


def test_a_few_letters_that_seem_larger_are_of_the_size_of_the_others() -> None:
    assert ranked(
        set_off("Tolls", 12.8, 1.8), set_off("The keepers and their houses", 10.0, 1.8),
        set_off("Open questions all in all", 10.3, 1.8),
    ) == [2, 2, 2]  # fmt: skip


def test_so_they_are_where_none_is_clearly_bold_or_plain() -> None:
    assert ranked(
        set_off("Tolls", 12.8, 1.3), set_off("The keepers and their houses", 10.0, 1.3),
        set_off("Open questions all in all", 10.3, 1.28),
    ) == [2, 2, 2]  # fmt: skip


def test_a_row_at_a_pages_top_is_a_heading_if_others_are_set_so() -> None:
    alike, other = (
        [
            page(1, said(1), set_off("The first survey", 10.0, weight), said(2)),
            page(2, replace(set_off("A second survey", 10.0, 1.0), label="text"), said(3)),
        ]
        for weight in (1.0, 1.8)
    )
    assert [block.label for block in settled(alike)[1].blocks] == ["heading", "text"]
    assert settled(alike)[1].blocks[0].level == 2
    assert [block.label for block in settled(other)[1].blocks] == ["text", "text"]


@pytest.mark.parametrize("text", ["It goes on.", "and so on", "Dear Mrs Harmer"])
def test_what_says_something_else_at_a_pages_top_is_none(text: str) -> None:
    pages = [
        page(1, said(1), set_off("The first survey", 10.0, 1.0), said(2)),
        page(2, replace(set_off(text, 10.0, 1.0), label="text"), said(3)),
    ]
    assert settled(pages)[1].blocks[0].label == "text"
