"""What stands on every page."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Block, Line, Typeface
from ocrd.layout import running as module
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.printed import BOLD, HEIGHT, PLAIN, blocks, line, lying, paragraph

BODY = [*paragraph(300), *paragraph(600), *paragraph(900)]
SMALL = Typeface(11, 2)


def running(*some: Line, rules: bool = False) -> list[tuple[str, str]]:
    found: list[Block] = blocks(BODY, list(some), rules=[lying(150, 200, 1300)] if rules else [])
    labels = {"header", "footer", "page-number"}
    return [(block.label, block.text) for block in found if block.label in labels]


SAYING = (
    "Page 4 of 9", "page 4", "Page 4/9", "p. 4", "Seite 2 von 3", "Seite 2", "S. 2", "- Seite 2 -",
    "Sida 4 (9)", "Página 4 de 9", "Pagina 4 di 9", "Strona 4 z 9", "Strana 4", "4. oldal",
    "blz. 4", "Sayfa 4 / 9", "стр. 4", "Страница 4 из 9", "Σελίδα 4", "第4页", "第 4 頁 共 9 頁",
    "4ページ", "4쪽",
    "page xii", "- 23 -", "– 3 –", "— 7 —", "29 / 233", "4 of 9", "4 von 9", "1 of 1",
)  # fmt: skip


@pytest.mark.parametrize("text", SAYING)
def test_what_says_page_is_marked_at_either_edge(text: str) -> None:
    assert running(line(text, 680, HEIGHT - 150)) == [("page-number", text)]
    assert running(line(text, 1200, 80)) == [("page-number", text)]


@pytest.mark.parametrize(
    "text",
    [
        "45 €", "2024", "— 2024 —", "119,00", "4711", "No. 7", "№ 7", "7.", "A 7", "xii", "[12]",
        "(3)", "S 5", "P3", "Hall 3", "10 %", "3 kg", "5. March", "12.03.2024", "5/12", "9/4",
        "9 of 4", "Invoice 4711, page 1", "Harbour News, page 7 of the March issue", "see page 7",
        "Chapter 4",
        "IN THE MATTER OF THE EASTERN WALL", "The house and its rooms", "Debian Reference",
    ],
)  # fmt: skip
@pytest.mark.parametrize("face", [PLAIN, BOLD, SMALL])
def test_what_does_not_say_page_is_text_whatever_its_size_and_place(
    text: str, face: Typeface
) -> None:
    for rules in (False, True):
        assert running(line(text, 200, 80, face), rules=rules) == []
        assert running(line(text, 680, 80, face), rules=rules) == []
        assert running(line(text, 1200, 80, face), rules=rules) == []
    if text != "5/12":  # below the text it is a number of pages
        assert running(line(text, 1000, HEIGHT - 150, face)) == []


@pytest.mark.parametrize("text", ["7", "12", "233"])
def test_a_number_in_the_middle_below_a_page_of_sentences_is_marked(text: str) -> None:
    body = [*paragraph(300), *paragraph(560), *paragraph(820)]
    middle = (min(one.quad[0][0] for one in body) + max(one.quad[1][0] for one in body)) / 2
    width = 15 * len(text)

    def found(x: float, y: float, face: Typeface = PLAIN) -> list[str]:
        some = blocks(body, line(text, x - width / 2, y, face))
        return [block.text for block in some if block.label == "page-number"]

    assert found(middle, HEIGHT - 150) == [text]
    assert found(middle + 300, HEIGHT - 150) == []  # a sum below its column
    assert found(middle, 80) == []
    assert found(middle, HEIGHT - 150, Typeface(16, 2.3)) == []
    assert found(middle, HEIGHT - 400) == []


@pytest.mark.parametrize("text", ["2024", "0417", "45 €", "4711"])
def test_a_year_or_a_sum_below_sentences_is_text(text: str) -> None:
    assert running(line(text, 720, HEIGHT - 150)) == []


def test_a_number_below_a_few_lines_is_text() -> None:
    rows = [line(text, 600, 300 + 60 * row) for row, text in enumerate(
        ("Voucher", "for a dinner for two", "at the harbour", "worth in euro")
    )]  # fmt: skip
    found = blocks(rows, line("45", 760, HEIGHT - 150))
    assert "45" in " ".join(block.text for block in found if block.label == "text")


def test_what_stands_beside_a_page_number_stays() -> None:
    found = blocks([line("Invoice 4711", 200, 80), line("Page 1 of 2", 1150, 80)], BODY)
    assert [(block.label, block.text) for block in found][:2] == [
        ("page-number", "Page 1 of 2"), ("text", "Invoice 4711"),
    ]  # fmt: skip


def test_a_title_in_bold_capitals_over_the_text_of_a_page_is_there() -> None:
    title = "IN THE MATTER OF THE EASTERN WALL"
    for face in (BOLD, PLAIN, SMALL, Typeface(24, 6)):
        found = blocks(line(title, 500, 90, face), BODY)
        assert found[0].text == title
        assert found[0].label in {"title", "heading", "text"}


def test_a_page_of_little_text_keeps_all_of_it() -> None:
    found = blocks(line("Page 7", 780, 100), line("Chapter", 700, 1000))
    assert {block.label for block in found} == {"text"}


def test_heads_come_first_and_feet_last() -> None:
    found = blocks(line("Page 12", 1200, 80), BODY, line("- 12 -", 700, HEIGHT - 150))
    assert [found[0].label, found[-1].label] == ["page-number", "page-number"]


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
    some: Sequence[Line], wholes: Sequence[Line] = ()
) -> tuple[list[str], list[str], list[str]]:
    """Return the text, what numbers the page above and below; ``wholes`` are tables on it."""
    sheet = Sheet.of([*some, *wholes], 1600, PAGE)
    held = [
        replace(piece, whole=Listing("", ())) if piece.line in wholes else piece
        for piece in sheet.pieces
    ]
    text, found = module.part(held, PAGE)
    for label, _ in found.heads + found.feet:
        assert label == "page-number"
    heads, feet = (
        [piece.line.text for _, pieces in some for piece in pieces]
        for some in (found.heads, found.feet)
    )
    return [piece.line.text for piece in text], heads, feet


def run(some: Sequence[Line], text: Sequence[Line]) -> list[str]:
    """Return what numbers the page, after seeing that it does at the foot of the turned one."""
    _, heads, feet = parted([*some, *text])
    assert not feet
    _, none, feet = parted([upside_down(one) for one in [*some, *text]])
    assert not none
    assert sorted(feet) == sorted(heads)
    return heads


def ending(bottom: float, text: str, x: float = 200, face: Typeface = PLAIN, **size: float) -> Line:
    """Return a line that ends there from the top of the page."""
    height = size.get("height", 30)
    return line(text, x, bottom - height, face, **size)


@pytest.mark.parametrize(("bottom", "runs"), [(319, True), (320, False)])
def test_a_page_number_ends_within_the_first_sixth_of_the_page(bottom: float, runs: bool) -> None:
    assert bool(run([ending(bottom, "Page 7")], text_from(400))) == runs


@pytest.mark.parametrize(("white", "runs"), [(23, False), (24, True)])
def test_a_page_number_needs_most_of_a_line_of_white_to_the_text(white: float, runs: bool) -> None:
    assert bool(run([ending(200, "Page 7")], text_from(200 + white))) == runs


@pytest.mark.parametrize(("size", "runs"), [(13, True), (13.1, False)])
def test_a_page_in_the_type_of_a_title_is_no_page_number(size: float, runs: bool) -> None:
    head = ending(200, "Page 1", 400, Typeface(size, 2))
    assert bool(run([head], text_from(400, Typeface(10, 2)))) == runs


@pytest.mark.parametrize(("height", "runs"), [(25, True), (24, False)])
def test_type_that_was_not_measured_is_taken_for_four_tenths_of_its_line(
    height: float, runs: bool
) -> None:
    head = ending(200, "Page 1", 400, Typeface(13, 2))
    assert bool(run([head], text_from(400, Typeface(), height))) == runs


@pytest.mark.parametrize("texts", [("Page 12", "The house"), ("The house", "Page 12")])
def test_a_page_number_is_found_on_either_side_of_what_stays(texts: tuple[str, str]) -> None:
    parts = [ending(200, texts[0], 500), ending(200, texts[1], 760)]
    assert run(parts, text_from(400)) == ["Page 12"]
    assert "The house" in parted([*parts, *text_from(400)])[0]


def test_a_page_number_may_stand_below_a_head_and_above_a_foot() -> None:
    some = [ending(100, "Harbour News", 400), ending(160, "Page 7", 400)]
    assert run(some, text_from(400)) == ["Page 7"]


def test_two_rows_number_a_page_in_their_order_and_a_third_does_not() -> None:
    some = [ending(100 + 60 * row, f"Page {7 + row}", 400) for row in range(3)]
    assert run(some, text_from(400)) == ["Page 7", "Page 8"]
    _, _, feet = parted([upside_down(one) for one in [*some, *text_from(400)]])
    assert feet == ["Page 8", "Page 7"]


def test_what_stands_close_below_the_outermost_row_is_looked_at_no_more() -> None:
    some = [ending(100, "Harbour News", 400), ending(116, "Page 7", 400, height=10)]
    assert run(some, text_from(400)) == []


@pytest.mark.parametrize(("rows", "tables", "runs"), [(3, 0, False), (4, 0, True), (3, 1, True)])
def test_a_page_of_three_rows_is_all_text(rows: int, tables: int, runs: bool) -> None:
    some = [ending(100, "Page 7", 400), *text_from(400)][:rows]
    wholes = [line("a table", 200, 1000 + 300 * n) for n in range(tables)]
    text, heads, _ = parted(some, wholes)
    assert (heads == ["Page 7"]) == runs
    assert len(text) == rows + tables - len(heads)


def test_what_stands_beside_tables_alone_is_their_text() -> None:
    wholes = [line(f"table {n}", 200, 400 + 300 * n) for n in range(4)]
    both = [ending(100, "Page 7", 400), line("Page 8", 400, 1900)]
    names = [f"table {n}" for n in range(4)]
    assert parted(both, wholes) == (["Page 7", "Page 8", *names], [], [])
    text, heads, feet = parted([*both, line("text", 200, 1700)], wholes)
    assert (len(text), heads, feet) == (5, ["Page 7"], ["Page 8"])


def sentences(count: int, *, width: float = 1000, others: int = 0) -> list[Line]:
    """Return rows of running text, and short ones below."""
    return [
        line("text", 200, 300 + 40 * row, width=width if row < count else 300)
        for row in range(count + others)
    ] + [line("text", 200, 1500, width=1000)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (sentences(7), True),  # and one more below
        (sentences(6), False),
        (sentences(7, width=601), True),
        (sentences(7, width=600), False),
        (sentences(7, others=7), True),
        (sentences(7, others=8), False),
    ],
)
def test_a_page_of_sentences_has_eight_full_rows_that_are_most_of_it(
    text: list[Line], found: bool
) -> None:
    _, heads, feet = parted([*text, line("7", 690, 1900, width=20)])
    assert (heads, feet) == ([], ["7"] if found else [])


@pytest.mark.parametrize(
    ("x", "y", "size", "found"),
    [
        (690, 1900, 13, True),
        (730, 1900, 13, True),
        (731, 1900, 13, False),
        (650, 1900, 13, True),
        (649, 1900, 13, False),
        (690, 1900, 14.3, True),
        (690, 1900, 14.4, False),
    ],
)
def test_a_number_alone_stands_in_the_middle_in_the_texts_type(
    x: float, y: float, size: float, found: bool
) -> None:
    number = line("7", x, y, Typeface(size, 2.3), width=20)
    assert (parted([*sentences(12), number])[2] == ["7"]) is found


@pytest.mark.parametrize(("white", "found"), [(44, False), (45, True)])
def test_a_number_alone_has_a_line_and_a_half_of_white_above_it(white: float, found: bool) -> None:
    text = [*sentences(12), line("text", 200, 1700, width=1000)]
    assert (parted([*text, line("7", 690, 1730 + white, width=20)])[2] == ["7"]) is found


@pytest.mark.parametrize("text", ["0", "07", "1000", "7a", "7.", "7 8"])
def test_other_signs_alone_number_nothing(text: str) -> None:
    assert parted([*sentences(12), line(text, 690, 1900, width=20)])[2] == []


def test_two_numbers_below_sentences_number_nothing() -> None:
    both = [line("7", 600, 1900, width=20), line("8", 780, 1900, width=20)]
    assert parted([*sentences(12), *both])[2] == []


words = st.sampled_from(["7", "Harbour News", "page 7 of 9", "of the quarter", "- 3 -", "Seite 4"])
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
    found = [*text, *heads, *feet]
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
        return module.part(Sheet.of(drawn, scale * 1600, scale * PAGE).pieces, scale * PAGE)[1]

    once, twice = found(1), found(2)
    for small, large in ((once.heads, twice.heads), (once.feet, twice.feet)):
        assert [(label, part[0].line.text) for label, part in small] == [
            (label, part[0].line.text) for label, part in large
        ]


@pytest.mark.parametrize(("wide", "found"), [(550, True), (320, False)])
def test_a_number_in_the_gutter_below_two_columns_of_sentences_is_marked(
    wide: int, found: bool
) -> None:
    rows = [
        line("running text in its column", x, 300 + 38 * n, width=wide)
        for n in range(20)
        for x in (200, 800)
    ]
    foot = line("29", 760, HEIGHT - 150, width=30)
    labels = [block.label for block in blocks([*rows, foot])]
    assert ("page-number" in labels) == found
