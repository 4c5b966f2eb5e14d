"""What stands on every page."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Block, Line, Rule, Typeface
from ocrd.layout import running as module
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.printed import BOLD, HEIGHT, PLAIN, blocks, line, lying, paragraph

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


# Below, a page of 2000 by 1600 pixels with text 1000 wide in lines 30 high. What holds of a head
# holds of a foot, too: each page is looked at upside down as well.
PAGE = 2000


def text_from(top: float, face: Typeface = PLAIN, height: float = 30) -> list[Line]:
    return [
        line("text " * 13, 200, y, face, width=1000, height=height)
        for y in (top, top + 40, 900, 1400)
    ]


def upside_down(one: Line) -> Line:
    corners = [(x, PAGE - y) for x, y in one.quad]
    return replace(one, quad=(corners[3], corners[2], corners[1], corners[0]))


def parted(
    some: Sequence[Line], rules: Sequence[Rule] = (), wholes: Sequence[Line] = ()
) -> tuple[list[str], list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the text, the heads and the feet of a page; ``wholes`` are tables on it."""
    sheet = Sheet.of([*some, *wholes], 1600, PAGE, rules)
    held = [
        replace(piece, whole=Listing("", ())) if piece.line in wholes else piece
        for piece in sheet.pieces
    ]
    text, found = module.part(held, sheet.lying, PAGE)
    heads, feet = (
        [(label, piece.line.text) for label, pieces in some for piece in pieces]
        for some in (found.heads, found.feet)
    )
    return [piece.line.text for piece in text], heads, feet


def run(
    some: Sequence[Line], text: Sequence[Line], rules: Sequence[Rule] = ()
) -> list[tuple[str, str]]:
    """Return what is a head of the page, after seeing that it is a foot of the turned one."""
    _, heads, feet = parted([*some, *text], rules)
    assert not feet
    turned = [Rule((a.start[0], PAGE - a.start[1]), (a.end[0], PAGE - a.end[1])) for a in rules]
    _, none, feet = parted([upside_down(one) for one in [*some, *text]], turned)
    assert not none
    assert sorted(feet) == sorted(
        (label.replace("header", "footer"), words) for label, words in heads
    )
    return heads


def ending(bottom: float, text: str, x: float = 200, face: Typeface = PLAIN, **size: float) -> Line:
    """Return a line that ends there from the top of the page."""
    height = size.get("height", 30)
    return line(text, x, bottom - height, face, **size)


@pytest.mark.parametrize(
    ("bottom", "runs"), [(200, True), (239, True), (240, False), (280, False)]
)
def test_a_head_ends_within_the_first_eighth_of_the_page(bottom: float, runs: bool) -> None:
    rule = [lying(bottom + 5, 200, 1200)]
    assert bool(run([ending(bottom, "Harbour News")], text_from(400), rule)) == runs


@pytest.mark.parametrize(("bottom", "runs"), [(319, True), (320, False)])
def test_a_page_number_ends_within_the_first_sixth_of_the_page(bottom: float, runs: bool) -> None:
    assert bool(run([ending(bottom, "7")], text_from(400))) == runs


@pytest.mark.parametrize(("white", "runs"), [(23, False), (24, True)])
def test_a_page_number_needs_most_of_a_line_of_white_to_the_text(white: float, runs: bool) -> None:
    assert bool(run([ending(200, "7")], text_from(200 + white))) == runs


@pytest.mark.parametrize(
    ("white", "width", "size", "runs"),
    [
        (46, 599, 18.5, True),
        (45, 599, 18.5, False),  # too close to the text
        (46, 600, 18.5, False),  # too long
        (46, 599, 18.6, False),  # too large: as good as the text's 20
    ],
)
def test_a_small_short_line_far_from_the_text_is_a_head(
    white: float, width: float, size: float, runs: bool
) -> None:
    head = ending(200, "made by a program", 400, Typeface(size, 2), width=width)
    assert bool(run([head], text_from(200 + white, Typeface(20, 2)))) == runs


@pytest.mark.parametrize(("size", "runs"), [(13, True), (13.1, False)])
def test_a_number_in_the_type_of_a_title_is_no_page_number(size: float, runs: bool) -> None:
    head = ending(200, "1984", 400, Typeface(size, 2))
    assert bool(run([head], text_from(400, Typeface(10, 2)))) == runs


@pytest.mark.parametrize(("height", "runs"), [(25, True), (24, False)])
def test_type_that_was_not_measured_is_taken_for_four_tenths_of_its_line(
    height: float, runs: bool
) -> None:
    head = ending(200, "1984", 400, Typeface(13, 2))
    assert bool(run([head], text_from(400, Typeface(), height))) == runs


@pytest.mark.parametrize(
    ("left", "right", "gap", "runs"),
    [
        (279, 1121, 91, True),
        (280, 1121, 91, False),  # begins right of the text's margin
        (279, 1120, 91, False),  # ends left of it
        (279, 1121, 90, False),  # its parts are as near as words are
    ],
)
def test_parts_at_both_margins_and_far_from_each_other_are_a_head(
    left: float, right: float, gap: float, runs: bool
) -> None:
    middle = 700
    parts = [
        ending(200, "Harbour News", left, width=middle - left),
        ending(200, "of the quarter", middle + gap, width=right - middle - gap),
    ]
    assert bool(run(parts, text_from(400))) == runs


def test_one_line_from_margin_to_margin_is_text() -> None:
    assert run([ending(200, "A line of text as all others", width=1000)], text_from(400)) == []


def test_two_parts_in_the_middle_of_the_page_are_text() -> None:
    parts = [ending(200, "Anna", 400, width=100), ending(200, "Berta", 900, width=100)]
    assert run(parts, text_from(400)) == []


@pytest.mark.parametrize(
    ("at", "start", "end", "runs"),
    [
        (191, 200, 1200, True),  # a rule touches the letters of its head now and then
        (190, 200, 1200, False),  # but does not go through them
        (399, 200, 1200, True),
        (400, 200, 1200, False),  # the upper edge of a frame around the text
        (250, 300, 900, True),
        (250, 300, 899, False),  # too short: one above a footnote
    ],
)
def test_a_rule_over_the_page_parts_its_head_from_the_text(
    at: float, start: float, end: float, runs: bool
) -> None:
    head = ending(200, "Harbour News", 400)
    assert bool(run([head], text_from(400), [lying(at, start, end)])) == runs


def test_a_rule_above_a_head_does_not_part_it_from_the_text() -> None:
    assert run([ending(200, "Harbour News", 400)], text_from(400), [lying(150, 200, 1200)]) == []


def test_a_head_that_names_its_page_in_a_sentence_runs() -> None:
    text = "Harbour News, page 7 of the March issue"
    assert run([ending(200, text, 400)], text_from(400)) == [("header", text)]


@pytest.mark.parametrize("texts", [("12", "The house"), ("The house", "12")])
def test_a_page_number_marks_its_row_on_either_side(texts: tuple[str, str]) -> None:
    parts = [ending(200, texts[0], 500), ending(200, texts[1], 700)]
    assert [text for _, text in run(parts, text_from(400))] == list(texts)


def test_a_page_number_and_one_row_more_run_in_the_order_of_the_page() -> None:
    some = [ending(100, "7", 400), ending(160, "Harbour News, page 7", 400)]
    number, name = ("page-number", "7"), "Harbour News, page 7"
    assert run(some, text_from(400)) == [number, ("header", name)]
    _, _, feet = parted([upside_down(one) for one in [*some, *text_from(400)]])
    assert feet == [("footer", name), number]


def test_of_three_rows_with_numbers_the_third_is_text() -> None:
    some = [ending(100 + 60 * row, text, 400) for row, text in enumerate(("7", "8", "9"))]
    assert [text for _, text in run(some, text_from(400))] == ["7", "8"]


def test_of_two_rows_without_a_number_the_second_is_text() -> None:
    some = [ending(100, "Harbour News", 400), ending(160, "A Quarterly", 400)]
    rule = [lying(170, 200, 1200), lying(110, 200, 1200)]
    assert run(some, text_from(400), rule) == [("header", "Harbour News")]


def test_nothing_runs_below_a_letters_head() -> None:
    some = [ending(100, "Tel. 0421 550177", 400), ending(160, "7", 400)]
    assert run(some, text_from(400)) == []


@pytest.mark.parametrize(("rows", "tables", "runs"), [(3, 0, False), (4, 0, True), (3, 1, True)])
def test_a_page_of_three_rows_is_all_text(rows: int, tables: int, runs: bool) -> None:
    some = [ending(100, "7", 400), *text_from(400)][:rows]
    wholes = [line("a table", 200, 1000 + 300 * n) for n in range(tables)]
    text, heads, _ = parted(some, wholes=wholes)
    assert (heads == [("page-number", "7")]) == runs
    assert len(text) == rows + tables - len(heads)


def test_what_stands_beside_tables_alone_is_their_text() -> None:
    wholes = [line(f"table {n}", 200, 400 + 300 * n) for n in range(4)]
    both = [ending(100, "7", 400), line("8", 400, 1900)]
    assert parted(both, wholes=wholes) == (["7", "8", *(f"table {n}" for n in range(4))], [], [])
    text, heads, feet = parted([*both, line("text", 200, 1700)], wholes=wholes)
    assert (len(text), heads, feet) == (5, [("page-number", "7")], [("page-number", "8")])


words = st.sampled_from(["7", "Harbour News", "page 7 of 9", "of the quarter", "Tel. 0421", "xii"])
some_lines = st.lists(
    st.builds(
        lambda text, x, y, size: line(text, x, 10 * y, Typeface(size, 2)),
        words, st.sampled_from([200, 500, 1000]), st.integers(0, 190), st.sampled_from([9, 13, 20]),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(some_lines)
def test_every_line_is_text_or_head_or_foot_and_only_one_of_them(some: list[Line]) -> None:
    text, heads, feet = parted(some)
    found = [*text, *(words for _, words in heads + feet)]
    assert sorted(found) == sorted(one.text for one in some)


@settings(max_examples=30, deadline=None)
@given(some_lines)
def test_a_page_drawn_twice_as_large_has_the_same_heads_and_feet(some: list[Line]) -> None:
    def found(scale: int) -> module.Running:
        drawn = [
            Line(
                one.text,
                0.9,
                tuple((scale * x, scale * y) for x, y in one.quad),  # type: ignore[arg-type]
                Typeface(scale * one.typeface.size, 2),
            )
            for one in some
        ]
        return module.part(Sheet.of(drawn, scale * 1600, scale * PAGE).pieces, (), scale * PAGE)[1]

    once, twice = found(1), found(2)
    for small, large in ((once.heads, twice.heads), (once.feet, twice.feet)):
        assert [(label, part[0].line.text) for label, part in small] == [
            (label, part[0].line.text) for label, part in large
        ]
