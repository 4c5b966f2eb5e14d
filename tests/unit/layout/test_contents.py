"""Tables of contents, whatever the page's layout made of their rows."""

from dataclasses import replace

import pytest

from ocrd.job import Block
from ocrd.layout import contents
from tests.unit.layout.bound import block, book, heading, said, settled, table

ROWS = [
    ("1 Quays", "1"), ("1.1 Stones", "3"), ("1.1.1 Piles", "3"), ("2 Tides", "8"), ("2.1 Ebb", "9"),
]  # fmt: skip
LISTED = ["1 Quays … 1", "  1.1 Stones … 3", "    1.1.1 Piles … 3", "2 Tides … 8", "  2.1 Ebb … 9"]


def listed(*blocks: Block) -> list[str]:
    found = contents.of(blocks)
    return [block.text for block in found.blocks] if found else []


@pytest.mark.parametrize(
    "blocks",
    [
        [heading(f"{words} ........ {page}") for words, page in ROWS],
        [block("\n".join(f"{words} . . . . {page}" for words, page in ROWS))],
        [block(" ".join(f"{words} …… {page}" for words, page in ROWS))],
        [block(f"{words} ·····{page}") for words, page in ROWS],
    ],
)
def test_rows_with_leaders_are_a_list_with_or_without_a_heading(blocks: list[Block]) -> None:
    assert listed(*blocks) == LISTED
    assert listed(heading("Contents"), *blocks) == LISTED
    found = contents.of(blocks)
    assert found is not None
    assert {one.label for one in found.blocks} == {"list"}


@pytest.mark.parametrize(
    "name", ["Contents", "TABLE OF CONTENTS", "Inhaltsverzeichnis", "Sommaire", "List of Figures"]
)
def test_below_its_name_a_gap_or_a_cell_is_enough(name: str) -> None:
    cells = table(*(f"{words} | {page}" for words, page in ROWS))
    assert listed(heading(name), cells) == LISTED
    assert listed(heading(name), block("\n".join(f"{w}   {p}" for w, p in ROWS))) == LISTED
    assert listed(heading("Prices"), cells) == []


def test_rows_that_do_not_rise_or_have_no_numbers_are_none() -> None:
    falling = [block(f"{words} ...... {page}") for words, page in reversed(ROWS)]
    assert listed(*falling) == []
    assert listed(heading("Contents"), *(block(words) for words, _ in ROWS)) == []
    assert listed(*(block(f"{words} ...... {page}") for words, page in ROWS[:4])) == []


def test_names_of_two_rows_roman_pages_and_parts_without_one() -> None:
    rows = ["Preface ..... v", "PART ONE", "1 Quays ..... 1", "2 The tides of",
            "the harbour ..... 8", "3 Crews ..... 12"]  # fmt: skip
    assert listed(heading("Contents"), *map(block, rows)) == [
        "Preface … v", "PART ONE", "1 Quays … 1", "2 The tides of the harbour … 8",
        "3 Crews … 12",
    ]  # fmt: skip


def test_below_its_name_rows_whose_pages_were_not_read_are_entries_by_their_numbers() -> None:
    rows = ["1 Quays .", "1.1 Stones", "2 Tides ... 8", "2.1 Ebb ... 9", "2.2 Flood ... 12"]
    assert listed(heading("Contents"), *map(block, rows))[:2] == ["1 Quays", "  1.1 Stones"]
    assert listed(*map(block, rows)) == []


def test_boxes_stay_with_the_first_entry_of_what_had_them() -> None:
    found = contents.of([block("\n".join(f"{words} ..... {page}" for words, page in ROWS))])
    assert found is not None
    assert [bool(one.boxes) for one in found.blocks] == [True, False, False, False, False]


def test_it_goes_on_over_pages_and_its_rows_are_no_headings_of_the_document() -> None:
    first = [heading(f"{n} Quay {n} ...... {n}", 14.0) for n in range(1, 7)]
    second = [heading(f"{n} Quay {n} ...... {n}", 14.0) for n in range(7, 10)]
    pages = settled(
        book((heading("Contents"), *first), tuple(second), (heading("1 Quay 1", 18.0), said(1)))
    )
    assert [one.label for one in pages[1].blocks] == ["list"] * 3
    assert pages[1].blocks[0].continued is not None
    assert pages[1].blocks[0].continued.kind == "list"
    assert pages[2].blocks[0].level == 2


def test_what_is_no_row_among_them_stays() -> None:
    figure = replace(block("", label="figure"), text="")
    rows = [block(f"{words} ..... {page}") for words, page in ROWS]
    page = settled(book((*rows[:2], figure, *rows[2:])))[0]
    assert [one.label for one in page.blocks].count("figure") == 1
