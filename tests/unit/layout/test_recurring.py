"""What runs over a document's pages, by repetition and sequence."""

from dataclasses import replace

import pytest

from ocrd.job import Block
from tests.unit.layout.bound import (
    ROW,
    block,
    book,
    foot,
    head,
    heading,
    labels,
    page,
    said,
    settled,
)

TEXT = "text"


@pytest.mark.parametrize("first", [1, 9, 243])
def test_numbers_that_count_with_the_pages_number_them(first: int) -> None:
    pages = book(*((said(n), foot(str(first + n))) for n in range(5)))
    assert labels(pages) == [[TEXT, "page-number"]] * 5


@pytest.mark.parametrize(
    "numbers",
    [
        ["i", "ii", "iii", "iv", "v"],
        ["XI", "XII", "XIII", "XIV", "XV"],
        ["– 3 –", "– 4 –", "– 5 –", "– 6 –", "– 7 –"],
        ["A-1", "A-2", "A-3", "A-4", "A-5"],
        ["12", "14", "16", "18", "20"],  # of two pages on a sheet
    ],
)
def test_of_many_kinds(numbers: list[str]) -> None:
    pages = book(*((said(n), foot(number)) for n, number in enumerate(numbers)))
    assert labels(pages) == [[TEXT, "page-number"]] * 5


def test_roman_pages_arabic_ones_and_a_first_one_without() -> None:
    feet = ["", "ii", "iii", "iv", "1", "2", "3", "4"]
    pages = book(*((said(n), foot(text)) if text else (said(n),) for n, text in enumerate(feet)))
    assert labels(pages) == [[TEXT]] + [[TEXT, "page-number"]] * 7


def test_odd_and_even_pages_have_their_own_places() -> None:
    pages = book(*((head(str(n), x=100 if n % 2 else 880), said(n)) for n in range(2, 9)))
    assert labels(pages) == [["page-number", TEXT]] * 7


def test_two_numbers_that_count_are_enough_in_a_letter_of_two_pages() -> None:
    assert labels(book((said(1), foot("1")), (said(2), foot("2")))) == [[TEXT, "page-number"]] * 2
    # Years count, too.
    apart = book((said(1), foot("1998")), (said(2), foot("1999")))
    assert labels(apart) == [[TEXT, TEXT]] * 2


@pytest.mark.parametrize("numbers", [("7", "7", "7"), ("3", "9", "4"), ("5", "4", "3")])
def test_numbers_that_do_not_count_are_text(numbers: tuple[str, ...]) -> None:
    pages = book(*((said(n), foot(text)) for n, text in enumerate(numbers)))
    assert labels(pages) == [[TEXT, TEXT]] * 3


def test_a_number_that_was_misread_stands_where_the_others_do() -> None:
    feet = ["11", "12", "l3", "14", "15"]
    pages = book(*((said(n), foot(text)) for n, text in enumerate(feet)))
    assert labels(pages)[2] == [TEXT, "page-number"]
    beside = book(*((said(n), foot(text, x=480 if n != 2 else 100)) for n, text in enumerate(feet)))
    assert labels(beside)[2] == [TEXT, TEXT]


def test_a_head_that_is_said_again_runs_and_one_that_is_not_is_text() -> None:
    pages = book(*((head("The Harbour Book"), said(n)) for n in range(4)), (head("Nets"), said(4)))
    assert labels(pages) == [["header", TEXT]] * 4 + [[TEXT, TEXT]]


def test_heads_change_with_the_chapter_and_hold_the_number() -> None:
    odd = ["The Quay"] * 3 + ["The Merchants"] * 2 + ["A Third Matter"]
    pages = book(
        *(
            (head(f"{n} The Harbour Book" if n % 2 else f"{odd[n // 2]} {n}"), said(n))
            for n in range(1, 12)
        )
    )
    assert labels(pages) == [["header", TEXT]] * 11


def test_what_stands_in_the_place_of_a_head_between_heads_is_one() -> None:
    def at(text: str, y: float = 60) -> list[list[str]]:
        heads = ["The Quay", "The Quay", "The Quay", text, "The Tides", "The Tides", "The Tides"]
        pages = book(
            *((head(words, y=y if words == text else 60), said(n)) for n, words in enumerate(heads))
        )
        return labels(pages)

    assert at("The Merchants")[3] == ["header", TEXT]
    assert at("The Merchants", y=140)[3] == [TEXT, TEXT]
    assert at("They came by sea, and stayed.")[3] == [TEXT, TEXT]


def test_a_misread_head_is_the_same_head() -> None:
    heads = ["The Harbour Book", "The Harbour Book", "The Harb0ur Bock", "The Harbour Book"]
    pages = book(*((head(words), said(n)) for n, words in enumerate(heads)))
    assert labels(pages) == [["header", TEXT]] * 4


def test_a_head_is_one_whether_its_parts_were_read_as_one_piece_or_not() -> None:
    pages = book(
        (head("Acme Authority Annual Report"), said(0)),
        *((head("Acme Authority"), head("Annual Report", x=700), said(n)) for n in range(1, 4)),
    )
    assert labels(pages) == [["header", TEXT]] + [["header", "header", TEXT]] * 3


def test_a_title_in_large_type_is_no_head_though_slides_say_it_again() -> None:
    pages = book(
        *((head("Results", size=20.0), said(n)) for n in range(3)),
        *((head(f"Of {n * n} other things", size=20.0), said(n)) for n in range(3, 9)),
    )
    assert labels(pages) == [[TEXT, TEXT]] * 9


def test_a_large_letterhead_on_every_page_is_told_once() -> None:
    pages = book(*((head("ACME Ltd", size=20.0), said(n)) for n in range(5)))
    assert labels(pages) == [[TEXT, TEXT]] + [["header", TEXT]] * 4


def test_parts_that_are_numbered_and_begin_a_page_each_are_headings() -> None:
    pages = book(*((heading(f"Week {n}", y=60), said(n)) for n in range(1, 6)))
    assert labels(pages) == [["heading", TEXT]] * 5


def test_copies_of_one_form_have_titles_and_no_heads() -> None:
    fields = ("Name of the person:", "Days that are asked for:", "Approved by the office:")
    pages = book(
        *(
            (head("Application for leave"), *map(block, (*fields, f"Reason {n * 7}")))
            for n in range(5)
        )
    )
    assert labels(pages) == [[TEXT] * 5] * 5


def test_no_page_loses_all_that_stands_on_it() -> None:
    pages = book(*((head("Notes"), said(n)) for n in range(4)), (head("Notes"),))
    assert labels(pages) == [["header", TEXT]] * 4 + [[TEXT]]


def test_on_a_page_by_itself_nothing_runs() -> None:
    assert labels(book((head("The Harbour Book"), said(1), foot("12")))) == [[TEXT, TEXT, TEXT]]


def test_engines_that_give_no_boxes_have_heads_too() -> None:
    pages = [
        page(n, *(Block("text", text) for text in ("The Harbour Book", said(n).text, str(n))))
        for n in range(1, 5)
    ]
    assert labels(pages) == [["header", TEXT, "page-number"]] * 4


def test_a_piece_that_says_what_a_heading_said_is_its_running_head() -> None:
    pages = book(
        (heading("2 The Merchants", 18.0), said(1)), (head("The Merchants"), said(2)),
        (head("THE MERCHANTS 3"), said(3)), (head("They came by sea"), said(4)),
    )  # fmt: skip
    assert labels(pages) == [["heading", TEXT], ["header", TEXT], ["header", TEXT], [TEXT, TEXT]]


def test_large_type_on_a_page_with_nothing_else_is_a_title() -> None:
    large = block("The Harbour Book", shape=replace(ROW, size=26.0))
    pages = book((large,), (said(1),), (said(2),))
    assert labels(pages) == [["title"], [TEXT], [TEXT]]
    assert settled(pages)[0].blocks[0].level == 1


def test_an_entry_that_was_taken_for_a_heading_counts_with_its_list() -> None:
    entries = [block("1. ropes", label="list"), heading("2. sails"), block("3. oars", label="list")]
    assert labels(book(tuple(entries), (said(1),)))[0] == ["list"] * 3
    other = (entries[0], heading("7. sails"), entries[2])
    assert labels(book(other, (said(1),)))[0][1] == "heading"


CHANGING = ["Where it all lies by the ...", "What it costs", "Who was there", "When to go"]


@pytest.mark.parametrize("is_first", [True, False])
def test_chapter_and_section_side_by_side_run_though_the_section_changes(is_first: bool) -> None:
    rows = [
        f"5 The harbour at night {one}" if is_first else f"{one} 5 The harbour at night"
        for one in CHANGING
    ]
    assert labels(book(*((head(row), said(n)) for n, row in enumerate(rows)))) == [
        ["header", TEXT]
    ] * 4
    # Two are no habit, and a few letters are none.
    assert labels(book(*((head(row), said(n)) for n, row in enumerate(rows[:2]))))[0][0] == TEXT
    short = [f"Part 5 {one}" for one in CHANGING]
    assert labels(book(*((head(row), said(n)) for n, row in enumerate(short))))[0][0] == TEXT


def test_headings_that_begin_alike_do_not_run() -> None:
    pages = book(
        *((heading(f"The harbour at night {one}"), said(n)) for n, one in enumerate(CHANGING))
    )
    assert labels(pages) == [["heading", TEXT]] * 4


@pytest.mark.parametrize("named", ["Page {} of 2", "Seite {}", "- {} -"])
def test_two_feet_that_say_that_they_number_the_page_are_enough(named: str) -> None:
    """The second page may have so little on it that it tells nothing by itself."""
    pages = book(*((said(n), foot(named.format(n))) for n in (1, 2)))
    assert labels(pages) == [[TEXT, "page-number"]] * 2
    steps = book(*((said(n), foot(f"Step {n} of 2")) for n in (1, 2)))
    assert labels(steps) == [[TEXT, TEXT]] * 2
