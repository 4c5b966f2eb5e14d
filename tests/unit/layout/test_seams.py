"""What goes on over the end of a page."""

from dataclasses import replace

import pytest

from ocrd.job import Block, Joint, PageRead, PageStatus, Place
from ocrd.layout.whole import whole as put_together
from tests.unit.layout.bound import (
    BEGINS,
    ENDED,
    FULL,
    block,
    book,
    entry,
    foot,
    head,
    heading,
    page,
    said,
    settled,
    table,
    whole,
)


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("it goes on over", "the end of a page.", "it goes on over the end of a page."),
        ("all of the inter-", "national trade.", "all of the international trade."),
        ("all of the inter\u00ad", "national trade.", "all of the international trade."),
        ("an agreement, i.e.", "a paper that", "an agreement, i.e. a paper that"),
        ("was sold to John", "Adams by the port.", "was sold to John Adams by the port."),
        ("漢字", "かな。", "漢字かな。"),
    ],
)
def test_a_paragraph_and_a_word(first: str, second: str, one: str) -> None:
    pages = book((block(first, 1000, FULL),), (block(second),))
    assert whole(pages) == [[one], []]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (block("It is over.", shape=FULL), block("And this begins anew.")),
        (block("the last row has room", shape=ENDED), block("And this begins anew.")),
        (block("was sold to John", shape=FULL), block("Adams by the port.", shape=BEGINS)),
        (block("it goes on over", shape=FULL), heading("the end of a page.")),
        (heading("it goes on over"), block("the end of a page.")),
        (block("Yours", shape=replace(ENDED, room=50.0)), block("he who wrote it.")),
        (block("it goes on over", shape=FULL), block("a note", shape=replace(FULL, size=8.0))),
    ],
)
def test_what_ends_with_its_page_stays_apart(first: Block, second: Block) -> None:
    assert whole(book((first,), (second,))) == [[first.text], [second.text]]


def test_where_paragraphs_are_indented_one_may_go_on_behind_a_sentence() -> None:
    others = [(block(f"They begin so {n}.", shape=replace(BEGINS, room=30.0)),) for n in range(5)]
    cut = [(block("It is not over.", shape=FULL),), (block("And so on.", shape=ENDED),)]
    assert whole(book(*others, *cut))[5:] == [["It is not over. And so on."], []]
    assert whole(book(*cut)) == [["It is not over."], ["And so on."]]


def test_running_heads_figures_and_notes_stand_between() -> None:
    figure, caption = block("", label="figure"), block("Fig. 1. A quay", label="caption")
    note = block("1 As they say.", 1200, replace(FULL, size=8.0))
    pages = book(
        *((head("The Harbour Book"), said(n), foot(str(n))) for n in range(1, 4)),
        (head("The Harbour Book"), block("it goes on", 900, FULL), note, foot("4")),
        (head("The Harbour Book"), figure, caption, block("over this."), foot("5")),
    )
    assert whole(pages)[3:] == [
        ["The Harbour Book", "it goes on over this.", "1 As they say.", "4"],
        ["The Harbour Book", "Fig. 1. A quay", "5"],
    ]


def test_behind_a_figure_only_letters_tell() -> None:
    figure = block("", label="figure")
    pages = book((block("was sold to John", shape=FULL), figure), (block("Adams by the port."),))
    assert whole(pages) == [["was sold to John"], ["Adams by the port."]]


def test_it_may_go_on_over_a_whole_page_and_over_a_blank_one() -> None:
    pages = [
        page(1, block("it goes", shape=FULL)),
        page(2, block("on and", shape=FULL)),
        page(3, status=PageStatus.BLANK),
        page(4, block("on."), said(1)),
    ]
    assert whole(pages) == [["it goes on and on."], [], [], [said(1).text]]


def test_over_a_page_that_was_not_read_nothing_goes_on() -> None:
    pages = [
        page(1, block("it goes", shape=FULL)),
        page(2, status=PageStatus.FAILED),
        page(3, block("on.")),
    ]
    assert whole(pages) == [["it goes"], [], ["on."]]


def test_blocks_stay_with_their_pages_and_say_what_they_are_to_each_other() -> None:
    first, second = settled(book((said(1), block("all inter-", 1000, FULL)), (block("national."),)))
    assert first.blocks[1].text == "all inter"
    assert first.blocks[1].continues == Place(2, 0)
    assert second.blocks[0].text == "national."
    assert second.blocks[0].boxes
    assert second.blocks[0].continued == Joint(Place(1, 1), "text", "")


def test_a_book_without_end_is_never_held_whole() -> None:
    pages = book(*((block("and on", shape=FULL),) for _ in range(120)))
    texts = whole(pages)
    assert [len(text[0].split()) // 2 for text in texts if text] == [50, 50, 20]


# Lists


@pytest.mark.parametrize(
    ("last", "first", "goes_on"),
    [
        ("• a rope", "• a mast", True),
        ("3. a rope", "4. a mast", True),
        ("3. a rope", "1. a mast", False),
        ("3. a rope", "5. a mast", False),
        ("b) a rope", "c) a mast", True),
        ("• a rope", "1. a mast", False),
        ("1. a rope", "  • a mast", True),
        ("  • a rope", "2. a mast", False),
    ],
)
def test_a_list_goes_on_with_its_next_entry(last: str, first: str, *, goes_on: bool) -> None:
    _, later = settled(book((said(1), entry(last)), (entry(first), said(2))))
    expected = Joint(Place(1, 1), "list", "\n") if goes_on else None
    assert later.blocks[0].continued == expected


def test_an_outer_list_goes_on_behind_entries_of_an_inner_one() -> None:
    first = (entry("1. ropes"), entry("  • of hemp"), entry("  • of steel"))
    pages = book(first, (entry("2. sails"),))
    assert settled(pages)[1].blocks[0].continued == Joint(Place(1, 2), "list", "\n")


def test_an_entry_that_is_cut_is_one_and_its_list_goes_on() -> None:
    pages = book(
        (replace(entry("• ropes that were"), shape=FULL),),
        (block("made here"), entry("• sails"), said(1)),
    )
    assert whole(pages)[0] == ["• ropes that were made here"]
    assert settled(pages)[1].blocks[1].continued == Joint(Place(1, 0), "list", "\n")


# Tables

NAMES = "Ship | Cargo | Tons"
WOOL, COAL, TIN = "Mary | wool | 3", "Anne | coal | 7", "Ruth | tin | 9"


def cells(pages: list[PageRead]) -> list[list[list[str]]]:
    return [
        [[cell.text for cell in row] for one in page.blocks for row in one.table]
        for page in put_together(settled(pages))
    ]


def rows(*texts: str) -> list[list[str]]:
    return [[cell.strip() for cell in text.split("|")] for text in texts]


def test_a_table_goes_on_with_its_head_once() -> None:
    misread = table("Sh1p | Cargo | Tons", TIN, y=100)
    pages = book((table(NAMES, WOOL),), (table(NAMES, COAL, y=100),), (misread,))
    assert cells(pages) == [rows(NAMES, WOOL, COAL, TIN), [], []]
    joint = settled(pages)[1].blocks[0].continued
    assert joint == Joint(Place(1, 0), "table", "\n", repeated=1)


def test_a_table_goes_on_without_a_head_if_it_stands_alike_at_the_pages_end() -> None:
    top = table(COAL, y=100)
    assert cells(book((table(NAMES, WOOL),), (top,))) == [rows(NAMES, WOOL, COAL), []]
    high = table(NAMES, WOOL, y=300, height=100)
    assert cells(book((high,), (top,))) == [rows(NAMES, WOOL), rows(COAL)]
    narrow = replace(top, boxes=(replace(top.boxes[0], x1=500.0),))
    assert cells(book((table(NAMES, WOOL),), (narrow,))) == [rows(NAMES, WOOL), rows(COAL)]


@pytest.mark.parametrize(
    "other",
    [
        table("Name | Days", "Mary | 3", y=100),
        table("Port | Day | Pilot", "Hull | May | Fox", header=True, y=100),
    ],
)
def test_another_table_is_another_table(other: Block) -> None:
    assert len(cells(book((table(NAMES, WOOL, header=True),), (other,)))[1]) == 2


@pytest.mark.parametrize(
    ("caption", "goes_on"),
    [("Table 1 (continued)", True), ("Tabelle 1 (Fortsetzung)", True), ("Table 2. Crews", False)],
)
def test_a_caption_says_whether_it_is_the_same(caption: str, *, goes_on: bool) -> None:
    pages = book(
        (block("Table 1. Ships", label="caption"), table(NAMES, WOOL)),
        (block(caption, 80, label="caption"), table(NAMES, COAL, y=120)),
    )
    assert (cells(pages)[1] == []) is goes_on


def test_a_row_that_is_cut_is_one() -> None:
    pages = book((table(NAMES, WOOL, COAL),), (table(" | from Hull | ", TIN, y=100),))
    assert cells(pages)[0] == rows(NAMES, WOOL, "Anne | coal from Hull | 7", TIN)


def test_a_shape_is_not_needed_where_a_model_writes() -> None:
    long = "a sentence of a model that is long enough to be more than one row of a page and ends at"
    for second, is_one in (
        ("the next page.", True), ("Hull, where they all went to.", True), ("Hull", False),
    ):  # fmt: skip
        pages = book((block(long, shape=None),), (block(second, shape=None),))
        assert whole(pages) == ([[f"{long} {second}"], []] if is_one else [[long], [second]])
