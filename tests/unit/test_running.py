"""What stands on every page."""

import pytest

from ocrd.job import Block, Line, Typeface
from tests.unit.printed import BOLD, HEIGHT, blocks, line, lying, paragraph

BODY = [*paragraph(300), *paragraph(600), *paragraph(900)]
SMALL = Typeface(11, 2)


def running(*some: Line, rules: bool = False) -> list[tuple[str, str]]:
    found: list[Block] = blocks(BODY, list(some), rules=[lying(150, 200, 1300)] if rules else [])
    labels = {"header", "footer", "page-number"}
    return [(block.label, block.text) for block in found if block.label in labels]


@pytest.mark.parametrize(
    "text", ["7", "- 23 -", "29 / 233", "Page 4 of 9", "xii", "Seite 2 von 3", "[12]"]
)
def test_page_numbers_are_marked(text: str) -> None:
    assert running(line(text, 780, HEIGHT - 150)) == [("page-number", text)]
    assert running(line(text, 1200, 80)) == [("page-number", text)]


def test_a_head_with_a_page_number_is_marked_with_it() -> None:
    found = running(line("The house and its rooms", 200, 80), line("12", 1270, 80))
    assert found == [("header", "The house and its rooms"), ("page-number", "12")]


def test_a_head_above_a_rule_is_marked() -> None:
    head = line("Debian Reference", 200, 100, BOLD)
    assert running(head, rules=True) == [("header", "Debian Reference")]


def test_parts_at_both_margins_are_a_foot() -> None:
    parts = [line("Harbour News", 200, HEIGHT - 150), line("of the quarter", 1090, HEIGHT - 150)]
    assert [label for label, _ in running(*parts)] == ["footer", "footer"]


def test_parts_at_both_margins_close_to_the_text_are_text() -> None:
    parts = [line("Item", 200, 142), line("Pieces and price", 1060, 142)]
    far, near = ([*paragraph(y), *paragraph(600), *paragraph(900)] for y in (240, 180))
    assert [block.label for block in blocks(parts, far)][:2] == ["header", "header"]
    assert "header" not in [block.label for block in blocks(parts, near)]


def test_a_small_line_far_from_the_text_is_a_foot() -> None:
    assert running(line("Made by a program", 200, HEIGHT - 150, SMALL)) == [
        ("footer", "Made by a program")
    ]


@pytest.mark.parametrize(
    "first",
    [
        line("A title over the page", 500, 80, Typeface(24, 6)),
        line("just the first line of some text that is long", 200, 250),
        line("2024", 200, 268),
        line("Dear Sir or Madam,", 200, 160),
    ],
)
def test_what_begins_the_text_is_not_marked(first: Line) -> None:
    assert running(first) == []


@pytest.mark.parametrize(
    "text",
    ["Ostermann Ltd, Harbour Road 12", "Tel. 0421 550177", "28217 Bremen", "office@example.org"],
)
def test_who_wrote_a_letter_is_part_of_it_even_above_a_rule(text: str) -> None:
    assert running(line(text, 200, 100), rules=True) == []


def test_a_page_of_little_text_keeps_all_of_it() -> None:
    found = blocks(line("7", 780, 100), line("Chapter", 700, 1000))
    assert {block.label for block in found} == {"text"}


def test_heads_come_first_and_feet_last() -> None:
    found = blocks(line("12", 1270, 80), BODY, line("Made by a program", 200, HEIGHT - 150, SMALL))
    assert [found[0].label, found[-1].label] == ["page-number", "footer"]


def test_a_head_with_a_page_number_may_stand_lower_than_others() -> None:
    low = 0.13 * HEIGHT - 30
    body = [*paragraph(440), *paragraph(700), *paragraph(960)]
    found = [
        (block.label, block.text)
        for block in blocks(body, [line("5 RUNNING IT", 200, low), line("7", 1270, low)])
    ]
    assert found[:2] == [("header", "5 RUNNING IT"), ("page-number", "7")]
    found = [(block.label, block.text) for block in blocks(body, [line("RUNNING IT", 200, low)])]
    assert found[0] == ("text", "RUNNING IT")
