"""Which rows around program text belong to it."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import pytest

from ocrd.job import Line, Typeface
from ocrd.layout import codes
from ocrd.layout.sheet import Grid, Listing, Sheet
from tests.unit.layout.listings import (
    FIRST,
    LAST,
    OTHER,
    SAMPLE,
    Part,
    gathered,
    listings,
    pitched,
    program,
    sample,
    typed,
)
from tests.unit.printed import HEIGHT, TYPED, WIDTH, line


def test_a_row_at_the_top_of_the_page_is_program_text_if_it_is_long() -> None:
    def count(text: str) -> int:
        some = [
            line(text, 230, 100, TYPED),
            *(line("Text " * 30, 200, y, OTHER, width=1200) for y in (500, 600)),
        ]
        return gathered(*some)

    assert count("x" * 20) == 1
    assert count("x" * 18 + ";") == 0


@pytest.mark.parametrize(
    ("row", "is_in"),
    [
        ([(230, "}")], True),
        ([(230, "} else { no")], True),
        ([(230, "} else { not")], False),  # long enough to be measured, and of other letters
        ([(230, "• one")], False),
        ([(230, "Usage", Typeface(14, 2.88))], False),  # in bold
        ([(230, "Usage", Typeface(14, 2.87))], True),
        ([(230, "Uses", Typeface(14, 5))], True),  # four letters do not tell
        ([(230, "Usage", Typeface(19.5, 2.3))], False),  # in large type
        ([(230, "Usage", Typeface(19.4, 2.3))], True),
        ([(230, "Uses", Typeface(19.5, 2.3))], True),
        ([(230, "}"), (700, "(")], True),
    ],
)
def test_a_short_row_between_rows_of_a_program_is_of_it(row: Sequence[Part], is_in: bool) -> None:
    found = listings(FIRST, row, LAST)
    assert len(found) == (1 if is_in else 2)
    assert sum(row[0][1] in text for text in found) == is_in


def test_several_short_rows_between_rows_of_a_program_are_of_it_or_none_is() -> None:
    bracket, pair = [(230.0, "}")], [(230.0, "}"), (700.0, "(")]
    assert len(listings(FIRST, pair, pair, pair, LAST)) == 1
    assert listings(FIRST, pair, [(230, "• one")], pair, LAST)[0] == (
        "first = {1: one};\n}" + " " * 30 + "("
    )
    assert len(listings(FIRST, bracket, bracket, LAST)) == 1


@pytest.mark.parametrize(("below", "count"), [(77, 1), (78, 2)])
def test_program_text_goes_on_below_an_empty_row_at_most(below: float, count: int) -> None:
    assert len(listings(FIRST, LAST, tops=[600, 600 + below])) == count
    tops = [600, 640, 640 + below]
    assert len(listings(FIRST, typed("// mid"), LAST, tops=tops)) == count


def test_rows_of_brackets_between_rows_of_a_program_are_of_it_in_any_step() -> None:
    pair: list[Part] = [(230, "}"), (700, "(")]
    far: list[Part] = [(230, "Text that stands alone.")]
    tops = [500.0, 600, 660, 732, 772, 850]
    (found,) = listings(far, FIRST, pair, pair, LAST, far, tops=tops)
    assert found.count("(") == 2
    assert found.endswith(LAST[0][1])
    # But for those that stand apart from the row above or below.
    first, last = listings(FIRST, pair, LAST, tops=[600, 678, 718])
    assert "(" not in first + last
    first, last = listings(FIRST, pair, LAST, tops=[600, 660, 738])
    assert "(" not in first + last


@pytest.mark.parametrize(("step", "is_in"), [(45.9, True), (46, False)])
def test_a_row_below_program_text_is_of_it_that_follows_in_the_same_step(
    step: float, is_in: bool
) -> None:
    row: list[Part] = [(230, "}"), (700, "(")]
    (found,) = listings(FIRST, LAST, row, tops=[600, 640, 640 + step])
    assert found.endswith("(") == is_in


def test_rows_go_on_in_the_same_step_until_one_speaks_against_it() -> None:
    row: list[Part] = [(230, "}"), (700, "(")]
    (found,) = listings(FIRST, LAST, row, row, [(230, "• one")], row)
    assert found.count("(") == 2


@pytest.mark.parametrize(
    ("row", "is_in"),
    [
        (typed("words that read like any text;"), True),
        (typed("words that read like any text;", weight=2.87), True),
        (typed("words that read like any text;", weight=2.88), False),
        ([(230, "words that read like any text")], False),
        ([(230, "Usage")], True),
        ([(230, "}"), (700, "(")], False),
        (typed("• a = b; c = d; e = f;"), False),
    ],
)
def test_typed_prose_and_short_rows_right_above_program_text_are_of_it(
    row: Sequence[Part], is_in: bool
) -> None:
    (found,) = listings(row, FIRST, LAST)
    assert found.startswith(row[0][1]) == is_in
    # Right below it, too, even in a step that is none of its own.
    (found,) = listings(FIRST, LAST, row, tops=[600, 640, 700])
    assert found.endswith(row[-1][1]) == is_in


def test_what_is_bold_is_told_by_the_row_of_program_text_that_is_near() -> None:
    bold = typed("words that read like any text;", weight=2.88)
    heavy: list[Part] = [(230, "Text that stands below it all.", Typeface(13, 5))]
    (found,) = listings(bold, FIRST, heavy)
    assert found == FIRST[0][1]
    (found,) = listings(heavy, FIRST, bold)
    assert found == FIRST[0][1]


@pytest.mark.parametrize(("weight", "is_in"), [(2.5, True), (2.6, False)])
def test_type_a_quarter_bolder_than_the_program_is_bold(weight: float, is_in: bool) -> None:
    def count(normal: float) -> int:
        face = Typeface(10, normal, 15)
        rows = [
            line("Text that ends in a stop.", 230, 560, OTHER),
            line("first = {1: one};", 230, 600, face),
            line("Usage", 230, 640, Typeface(10, weight)),
            line("Last = {2: two};", 230, 680, face),
        ]
        return gathered(*rows)

    assert count(2) == (1 if is_in else 2)
    assert count(0) == 1  # where the program's weight was not measured, nothing is bold


def test_program_text_at_the_top_of_the_page_has_its_short_rows_too() -> None:
    below = [line("Text " * 20, 200, y, OTHER) for y in (900, 940)]

    def found(*some: tuple[str, float, Typeface]) -> str:
        rows = [line(text, 230, y, face) for text, y, face in some]
        more = line("(", 700, rows[-1].quad[0][1], OTHER)
        first = codes.gathered(Sheet.of([*rows, more, *below, *sample()], WIDTH, HEIGHT).pieces)
        texts = [one.whole.text for one in first if isinstance(one.whole, Listing)]
        return texts[0]

    both = ("first = {1: one};", 100, TYPED), ("Last = {2: two};", 140, TYPED)
    assert found(*both, ("}", 180, OTHER)).endswith("(")
    rows = [line("first = {1: one}; two", 230, 100, TYPED), line("}", 230, 150, OTHER)]
    (only, _) = [
        one.whole.text
        for one in codes.gathered(Sheet.of([*rows, *below, *sample()], WIDTH, HEIGHT).pieces)
        if isinstance(one.whole, Listing)
    ]
    assert only.endswith("}")


def test_a_short_row_above_the_last_row_of_the_page_is_of_it() -> None:
    rows = [line("Usage", 230, 2000, OTHER), line("Last = {2: two};", 230, 2040, TYPED)]
    prose = [line("Text " * 20, 200, 300, OTHER)]
    found = codes.gathered(Sheet.of([*prose, *sample(), *rows], WIDTH, HEIGHT).pieces)
    assert isinstance(found[-1].whole, Listing)
    assert found[-1].whole.text == "Usage\nLast = {2: two};"


def test_a_short_row_below_a_lone_row_of_program_text_is_of_it() -> None:
    (found,) = listings(FIRST, [(230, "Usage")], tops=[600, 660])
    assert found.endswith("Usage")


def test_a_table_between_rows_of_a_program_is_none_of_it() -> None:
    rows = [
        line(text, 230, 600 + 40 * n, TYPED)
        for n, text in enumerate(("first = {1: one};", "a = {table: 1};", "Last = {2: two};"))
    ]
    prose = line("Text " * 20, 200, 300, OTHER)
    pieces = list(Sheet.of([prose, *rows, *sample()], WIDTH, HEIGHT).pieces)
    pieces[2] = replace(pieces[2], whole=Grid(pieces[2].box, (), ()))
    found = codes.gathered(pieces)
    texts = [one.whole.text for one in found if isinstance(one.whole, Listing)]
    assert texts == ["first = {1: one};", "Last = {2: two};", "\n".join(SAMPLE)]
    assert pieces[2] in found


def test_lines_that_were_not_measured_do_not_count_among_those_compared() -> None:
    prose = [("y" * 40, 0.0)] * 300
    assert pitched(*prose, (";" * 30, 15.0)) == 15


def test_a_page_drawn_at_a_sixteenth_has_the_same_program_text() -> None:
    def found(unit: float) -> list[str]:
        rows = [line("Text " * 20, 200, 300, OTHER), *program(), line("{", 700, 890), *sample()]
        drawn = [
            Line(
                one.text,
                one.confidence,
                tuple((unit * x, unit * y) for x, y in one.quad),  # type: ignore[arg-type]
                Typeface(*(unit * value for value in astuple(one.typeface))),
            )
            for one in rows
        ]
        pieces = codes.gathered(Sheet.of(drawn, 100, 200).pieces)
        return [one.whole.text for one in pieces if isinstance(one.whole, Listing)]

    assert found(1) == found(1 / 16)
    assert len(found(1)) == 2


@pytest.mark.parametrize(("distance", "is_in"), [(77, True), (78, False)])
def test_a_row_far_from_program_text_is_none_of_it(distance: float, is_in: bool) -> None:
    row: list[Part] = [(230, "Usage")]
    (found,) = listings(row, FIRST, LAST, tops=[600, 600 + distance, 640 + distance])
    assert found.startswith("Usage") == is_in
    (found,) = listings(FIRST, LAST, row, tops=[600, 640, 640 + distance])
    assert found.endswith("Usage") == is_in


def test_only_the_next_row_above_program_text_may_be_of_it() -> None:
    row: list[Part] = [(230, "Usage")]
    (found,) = listings(row, row, FIRST, LAST)
    assert found.count("Usage") == 1
