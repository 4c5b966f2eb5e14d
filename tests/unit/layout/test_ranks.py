"""The levels of a document's headings."""

import pytest

from ocrd.layout.ranks import kind_of
from tests.unit.layout.bound import book, heading, said, settled


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
