"""Program text among running text."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Line, Typeface
from ocrd.layout import codes
from ocrd.layout.sheet import Grid, Listing, Sheet
from tests.unit.printed import (
    BOLD,
    HEIGHT,
    LETTER,
    PLAIN,
    TYPED,
    WIDTH,
    labelled,
    line,
    lines,
    paragraph,
)

PROGRAM = "if ready(door):\n    open(door)\n\n    # and close it\n    close(door)"


def program(y: float = 700) -> list[Line]:
    return lines(PROGRAM, 230, y, TYPED)


def test_program_text_keeps_its_lines_and_its_indents() -> None:
    found = labelled(paragraph(500), program(), paragraph(1000))
    assert [label for label, _ in found] == ["text", "code", "text"]
    assert found[1][1] == PROGRAM


def test_gaps_in_program_text_are_as_wide_as_they_were() -> None:
    row = [line("a = 1", 230, 700, TYPED), line("# the first one", 230 + 12 * LETTER, 700, TYPED)]
    after = line("longer_name = 2", 230, 738, TYPED)
    found = labelled(paragraph(500), row, after)
    assert found[1] == ("code", "a = 1       # the first one\nlonger_name = 2")


def test_short_rows_go_with_the_program_text_around_them() -> None:
    brackets = [
        line("{", 230, 700),
        line("first_call(argument);", 290, 738, TYPED),
        line("}", 230, 776),
    ]
    assert labelled(paragraph(500), brackets)[1] == ("code", "{\n    first_call(argument);\n}")


def test_a_heading_in_bold_above_program_text_is_none_of_it() -> None:
    found = labelled(paragraph(500), line("Example", 230, 662, BOLD), program())
    assert ("code", PROGRAM) in found


def test_a_short_heading_in_large_type_right_below_program_text_is_none_of_it() -> None:
    heading = Typeface(24, 3.2)  # as bold for its size as the program
    found = labelled(paragraph(500), program(), line("3.2 graph", 230, 890, heading))
    assert found[-2:] == [("code", PROGRAM), ("title", "3.2 graph")]


def test_rows_that_begin_a_little_to_the_left_shift_no_others() -> None:
    rows = ("if test -e /etc/tally.conf; then", "    cp examples/tally.conf /etc", "fi")
    some = [
        line(row.strip(), 230 + 15 * (len(row) - len(row.lstrip())) + by, 600 + 38 * n, TYPED)
        for n, (row, by) in enumerate(zip(rows, (2, 4, -4), strict=True))
    ]
    assert labelled(paragraph(300), some)[1] == ("code", "\n".join(rows))


def test_comments_above_program_text_are_of_it() -> None:
    text = "# Use what was asked for and\n# what the user has set up before"
    comments = lines(text, 230, 600, TYPED)
    rest = lines('case "$2" in\n    *) cur=$2 ;;\nesac', 230, 676, TYPED)
    assert [label for label, _ in labelled(paragraph(300), comments, rest)] == ["text", "code"]


def test_a_row_that_is_typed_in_a_sentence_stays_in_it() -> None:
    rows = (
        ("Bars and arrows can be drawn with one of these names, which are", PLAIN),
        ("EndArrow (or Arrow), Arrows, BeginArcArrow, EndArcArrow (or equiv-", TYPED),
        ("alently ArcArrow), and may take more than one argument.", PLAIN),
    )
    some = [
        line(text, 200, 600 + 34 * n, face, width=1000) for n, (text, face) in enumerate(rows)
    ]
    program = lines("draw(path, grey, light);\nsize(200);", 300, 900, TYPED)
    assert [label for label, _ in labelled(some, program)] == ["text", "code"]


def test_a_page_from_a_typewriter_is_no_program() -> None:
    text = "Lentil soup, 4 persons:\n3 onions, 2 l of water, salt\n4 oz lentils, 1 bay leaf"
    letter = [one for y in (300, 500, 700) for one in lines(text, 200, y, TYPED)]
    assert {label for label, _ in labelled(letter)} == {"text"}


def test_letters_that_happen_to_be_of_one_width_are_no_program() -> None:
    address = [line("28217 Bremen", 200, 300, TYPED), line("Lange Reihe 4", 200, 338, PLAIN)]
    assert "code" not in {label for label, _ in labelled(address, paragraph(500))}


def test_commands_beside_what_they_do_are_no_program_but_a_table() -> None:
    commands = [
        line(f"command-{name} --all", 200, 700 + 40 * at, TYPED) for at, name in enumerate("abcd")
    ]
    uses = [line(f"does what {name} says", 800, 700 + 40 * at) for at, name in enumerate("abcd")]
    found = labelled(paragraph(500), commands, uses)
    assert [label for label, _ in found] == ["text", "table"]


# Below, a page with text at its top, tested rows, 40 from each to the next unless they say
# otherwise, and far below two rows that show what the letters of its program text are like.
SAMPLE = ["sample = {first: 1, second: [2, 3]};", "print(sample[first] + sample[second]);"]
Part = tuple[float, str] | tuple[float, str, Typeface]  # place from the left; else in plain type
OTHER = Typeface(13, 2.3)  # of any width


def sample() -> list[Line]:
    return [one for n, text in enumerate(SAMPLE) for one in lines(text, 230, 1700 + 40 * n, TYPED)]


def typed(text: str, x: float = 230, weight: float = 2.3) -> list[Part]:
    return [(x, text, Typeface(14, weight, 15))]


def listings(
    *some: Sequence[Part], tops: Sequence[float] = (), above: str = "Text that ends in a stop."
) -> list[str]:
    """Return the program texts of the page but for its sample."""
    top = tops[0] if tops else 600
    prose = [
        line(text, 200, top - 40 * n, OTHER) for n, text in enumerate((above, "Text " * 20), 1)
    ]
    rows = [
        line(text, x, tops[n] if tops else 600 + 40 * n, *face or [OTHER])
        for n, row in enumerate(some)
        for x, text, *face in row
    ]
    pieces = Sheet.of([*prose, *rows, *sample()], WIDTH, HEIGHT).pieces
    found = codes.gathered(pieces)
    held = [piece for one in found for piece in (one.whole.pieces if one.whole else [one])]
    assert sorted(map(id, held)) == sorted(map(id, pieces))  # each exactly once
    texts = [one.whole.text for one in found if isinstance(one.whole, Listing)]
    assert texts[-1] == "\n".join(SAMPLE)
    return texts[:-1]


def gathered(*some: Line) -> int:
    """Return how many program texts the page has but for its sample."""
    found = codes.gathered(Sheet.of([*some, *sample()], WIDTH, HEIGHT).pieces)
    return sum(one.whole is not None for one in found) - 1


def pitched(*some: tuple[str, float]) -> float:
    return codes.pitch(line(text, 200, 300, Typeface(14, 2, pitch)) for text, pitch in some)


@pytest.mark.parametrize(
    ("lengths", "sign", "found"),
    [
        ((20, 20, 20), "", True),
        ((20, 20, 19), "", False),  # few letters may be of one width by chance
        ((19, 19, 19, 19), "", False),
        ((12,), ";", True),
        ((11,), ";", False),  # too short to be measured well
    ],
)
def test_letters_of_one_width_are_no_chance_where_they_are_many_or_have_signs(
    lengths: Sequence[int], sign: str, found: bool
) -> None:
    some = [("x" * (length - len(sign)) + sign, 15.0) for length in lengths]
    assert pitched(*some, ("y" * 200, 0)) == 15 * found


@pytest.mark.parametrize(
    ("signed", "prose", "found"),
    [(0, 150, True), (0, 149, False), (6, 149, False), (7, 149, True)],
)
def test_a_page_typed_as_a_whole_is_a_program_where_a_third_of_its_lines_have_signs(
    signed: int, prose: int, found: bool
) -> None:
    some = [("x" * 29 + (";" if n < signed else "x"), 15.0) for n in range(20)]
    assert pitched(*some, ("y" * prose, 0)) == 15 * found


@pytest.mark.parametrize(
    ("length", "pitch", "width"),
    [
        (50, 101.9, 100.95),
        (50, 102.1, 100),
        (25, 101.9, 100.95),
        (20, 102.4, 101.2),  # half a letter over the whole line
        (20, 102.5, 100),
    ],
)
def test_lines_are_of_one_width_that_differ_by_half_a_letter_or_a_fiftieth(
    length: int, pitch: float, width: float
) -> None:
    some = (";" * 50, 100.0), (";" * length, pitch)
    assert pitched(*some, ("y" * 99, 0)) == width


def test_the_width_that_most_letters_have_is_the_programs() -> None:
    few, many = (";" * 30, 20.0), (";" * 31, 15.0)
    assert pitched(few, many, ("y" * 99, 0)) == 15
    assert pitched(few, (";" * 30, 15.0), ("y" * 99, 0)) == 20  # the upper one of two
    assert pitched() == 0
    assert pitched(("y" * 99, 0)) == 0


@pytest.mark.parametrize(("at", "found"), [(199, True), (200, False)])
def test_letters_are_compared_with_those_of_two_hundred_lines(at: int, found: bool) -> None:
    others = [(";" * 20, 10 * 1.05**n) for n in range(at)]
    assert (pitched(*others, *[(";" * 19, 7.0)] * 3, ("y" * 9999, 0)) == 7) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("What there is", 0),
        ("a = b; {c}", 4),
        ("$x | y", 2),
        ("((a))", 2),
        ("C#", 1),
        ("Sets <name> in [engine]", 0),
        ("[[source]]", 4),
        ("a < b", 1),
    ],
)
def test_signs_of_a_program_are_counted_but_not_brackets_around_a_name(
    text: str, count: int
) -> None:
    assert codes.signs(text) == count


@pytest.mark.parametrize(
    ("row", "is_one"),
    [
        (typed("a=b;c=d;"), True),
        (typed("a=b;c=d"), False),  # too short to tell
        ([*typed("a = b; c = d; e = f; gh"), (700, "x" * 11)], True),
        ([*typed("a = b; c = d; e = f; g"), (700, "x" * 11)], False),  # a third of it is not
        ([*typed("a = b; c = d; e = f; g = h; i"), (700, "x" * 12)], False),  # a word that is not
        (typed("• a = b; c = d; e = f;"), False),
        (typed("words that read like any text;"), False),
        (typed("# words that read like any text"), True),
        (typed("words that read l=k(any text);"), True),
        ([*typed("# words that read"), *typed("like any other text here", 700)], True),
        ([*typed("• a = b; c = d;"), *typed("e = f; g = h;", 700)], False),
        ([(230, "a = b; c = d; e = f;", Typeface(14, 2.3, 15.29))], True),
        ([(230, "a = b; c = d; e = f; ghi;", Typeface(14, 2.3, 15.31))], False),
        ([(230, "a = b; c = d; e = f;", OTHER)], False),
    ],
)
def test_a_row_in_the_letters_of_the_program_text_is_of_it(
    row: Sequence[Part], is_one: bool
) -> None:
    assert len(listings(row)) == is_one


@pytest.mark.parametrize(
    ("text", "above", "is_one"),
    [
        ("x" * 20, "Text that ends in a stop.", True),
        ("x" * 19, "Text that ends in a stop.", False),
        ("x" * 19 + ";", "Text that ends", False),  # the sentence goes on
        ("X" * 19 + ";", "Text that ends", True),
        ("(" + "x" * 19, "Text that ends", False),
        ("xxxx = yyyy", "Text that ends:", True),
        ("xxxx + yyyy", "Text that ends:", False),
        ("(xxxx) = yyyy", "Text that ends?", True),
        ("xYxx = yyyy", "Text that ends", False),
    ],
)
def test_a_lone_row_is_program_text_where_it_is_long_or_has_signs_and_ends_no_sentence(
    text: str, above: str, is_one: bool
) -> None:
    assert listings(typed(text), above=above) == [text] * is_one


@pytest.mark.parametrize(("below", "is_one"), [(77, False), (78, True)])
def test_a_sentence_does_not_go_on_far_below(below: float, is_one: bool) -> None:
    prose = [line("Text " * 20, 200, 560, OTHER), line("Text that ends", 200, 600, OTHER)]
    row = line("xxxx = yyyy = zzzz;;", 230, 600 + below, TYPED)
    assert gathered(*prose, row) == is_one


def test_a_row_at_the_top_of_the_page_is_program_text_if_it_is_long() -> None:
    def count(text: str) -> int:
        some = [
            line(text, 230, 100, TYPED),
            *(line("Text " * 30, 200, y, OTHER, width=1200) for y in (500, 600)),
        ]
        return gathered(*some)

    assert count("x" * 20) == 1
    assert count("x" * 18 + ";") == 0


FIRST, LAST = typed("first = {1: one};"), typed("Last = {2: two};")


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


@pytest.mark.parametrize(
    ("x", "count"), [(230 + 17 * 15 + 179, 1), (230 + 17 * 15 + 180, 2), (1100, 2)]
)
def test_rows_beside_each_other_are_two_program_texts(x: float, count: int) -> None:
    assert len(listings(FIRST, typed(LAST[0][1], x))) == count
    assert len(listings(typed(LAST[0][1], x), typed("first = {1: o1};;"))) == count


@pytest.mark.parametrize(
    ("left", "right", "above", "below", "is_one"),
    [
        (14, 14, 14, 14, False),
        (15, 14, 14, 14, True),  # indented
        (-15, 14, 14, 14, True),
        (14, 15, 14, 14, True),  # shorter than the row above it
        (14, -15, 14, 14, True),
        (14, 14, 15, 14, True),  # further from the row above it than rows of text are
        (14, 14, 14, 15, True),
    ],
)
def test_a_typed_row_that_lies_in_a_sentence_is_no_program(
    left: float, right: float, above: float, below: float, *, is_one: bool
) -> None:
    def count(first: Sequence[str], last: Sequence[str]) -> int:
        """Return whether a row between these is program text."""
        rows = [(570 - above, first), (630 + below, last)]
        prose = [
            line(text, 200 + 1000 * n / len(some), y, OTHER, width=1000 / len(some))
            for y, some in rows
            for n, text in enumerate(some)
        ]
        row = line(
            "Names = of, things; (in it)", 200 + left, 600, TYPED, width=1000 - left - right
        )
        return gathered(*prose, row)

    assert count(["Text that names"], ["goes on below it."]) == is_one
    assert count(["This ends here.", "Text that names"], ["goes on below", "It ends."]) == is_one
    assert count(["Text that ends."], ["goes on below it."]) == 1
    assert count(["Text that names"], ["Begins anew below it."]) == 1


def test_a_typed_row_above_a_short_last_one_of_a_sentence_is_no_program() -> None:
    first = line("Text that names", 200, 570, OTHER, width=1000)
    prose = first, line("and ends so.", 200, 630, OTHER)
    row = line("Names = of, things; (in it)", 200, 600, TYPED, width=1000)
    assert gathered(*prose, row) == 0


def test_the_last_part_of_the_row_above_tells_whether_a_sentence_goes_on() -> None:
    row = line("names = of, things;", 200, 640, TYPED)
    parts = line("Text.", 200, 600, OTHER), line("That goes on", 600, 600, OTHER)
    assert gathered(*parts, row) == 0
    parts = line("Text that", 200, 600, OTHER), line("does not go on.", 600, 600, OTHER)
    assert gathered(*parts, row) == 1


def test_a_few_characters_before_a_remark_are_no_program() -> None:
    for text, count in (("x=y;z", 1), ("x=y;", 0)):
        row = [*typed(text), *typed("what it is for", 600)]
        assert len(listings(row)) == count


def test_two_rows_without_signs_are_a_program_if_one_is_long() -> None:
    assert len(listings(typed("x" * 20), typed("x" * 12))) == 1
    assert len(listings(typed("x" * 19), typed("x" * 19))) == 0


def test_program_text_is_indented_by_its_own_letters() -> None:
    some = [typed("if a == b:"), typed("call(a);", 290), typed("call(b);", 350), typed("end if;")]
    assert listings(*some) == ["if a == b:\n    call(a);\n        call(b);\nend if;"]
    assert listings(*some[1:3]) == ["call(a);\n    call(b);"]


def test_rows_that_begin_askew_are_set_to_whole_letters() -> None:
    starts = (("if a == b:", 233), ("call(a);", 287), ("call(b);", 292), ("end if;", 230))
    some = [typed(text, x) for text, x in starts]
    assert listings(*some) == ["if a == b:\n    call(a);\n    call(b);\nend if;"]


def test_the_leftmost_row_begins_a_program_though_others_fit_its_letters_better() -> None:
    inner = [typed(f"call({name});", 290) for name in "abc"]
    (found,) = listings(typed("if a == b:", 224), *inner)
    assert found == "if a == b:\n    call(a);\n    call(b);\n    call(c);"
    starts = (("if a == b:", 230), ("call(a);", 245), ("call(b);", 260), ("call(c);", 296))
    (found,) = listings(*(typed(text, x) for text, x in starts))
    assert found == "if a == b:\n call(a);\n  call(b);\n    call(c);"


def test_remarks_beside_a_program_are_not_its_margin() -> None:
    some = [[*typed(f"a = {n};"), *typed("# note", 530)] for n in (1, 2)]
    gap = " " * 14
    assert listings(*some) == [f"a = 1;{gap}# note\na = 2;{gap}# note"]


def test_parts_of_a_row_stand_as_far_apart_as_they_did() -> None:
    far: list[Part] = [*typed("a = b;"), *typed("# note", 230 + 20 * 15)]
    assert listings(far, LAST) == ["a = b;" + " " * 14 + "# note\nLast = {2: two};"]
    near: list[Part] = [*typed("a = b; c = d;"), *typed("# note", 230 + 13 * 15)]
    assert listings(near, LAST) == ["a = b; c = d; # note\nLast = {2: two};"]


def test_a_part_far_off_is_not_put_behind_more_than_two_hundred_spaces() -> None:
    narrow = Typeface(4, 1, 5)
    some = [
        *(line("ab = {b: c};", 10, y, narrow, width=60, height=10) for y in (600, 613)),
        line("# note", 1300, 613, narrow, width=30, height=10),
        line("Text " * 30, 10, 300, OTHER),
    ]
    _, found = codes.gathered(Sheet.of(some, WIDTH, HEIGHT).pieces)
    assert isinstance(found.whole, Listing)
    assert found.line == some[0]
    assert found.whole.text == "ab = {b: c};\nab = {b: c};" + " " * 200 + "# note"


@pytest.mark.parametrize(("below", "empty"), [(64, False), (65, True)])
def test_an_empty_row_is_kept_as_one(below: float, empty: bool) -> None:
    (found,) = listings(FIRST, FIRST, LAST, tops=[600, 640, 640 + below])
    assert found.split("\n").count("") == empty


words = st.sampled_from(["a = b;", "}", "call(a, b, c);", "Usage", "words that read like any text"])
faces = st.sampled_from([TYPED, OTHER, Typeface(14, 4, 15)])
places = st.integers(0, 40).map(lambda x: 200.0 + 15 * x)
some_rows = st.lists(st.tuples(places, words, faces).map(lambda part: [part]), max_size=8)


@settings(max_examples=50, deadline=None)
@given(some_rows)
def test_every_line_is_in_one_place_once(some: list[list[Part]]) -> None:
    found = listings(*some)
    typed_words = [text for row in some for _, text, *_ in row]
    for row in "\n".join(found).split("\n"):
        assert not row or row.strip() in typed_words
