"""Which rows are program text, told by their letters and signs."""

from collections.abc import Sequence

import pytest

from ocrd.job import Typeface
from ocrd.layout import codes
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.layout.listings import (
    FIRST,
    LAST,
    OTHER,
    PROGRAM,
    SAMPLE,
    Part,
    gathered,
    listings,
    pitched,
    program,
    sample,
    typed,
)
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
    some = [line(text, 200, 600 + 34 * n, face, width=1000) for n, (text, face) in enumerate(rows)]
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


def test_words_that_come_again_and_again_are_of_one_width_by_chance_each_time() -> None:
    refrain = ("The lower gate is closed", 15.0)
    assert pitched(*[refrain] * 4, ("y" * 200, 0)) == 0
    others = [("The upper gate is closed", 15.0), ("The lower lock is closed", 15.0)]
    assert pitched(refrain, *others, ("y" * 200, 0)) == 15


@pytest.mark.parametrize(
    ("text", "found"),
    [("The keeper wrote;", False), ("In 1894 he wrote;", False), ("wrote(keeper);", True)],
)
def test_a_semicolon_behind_some_words_is_no_programs(text: str, found: bool) -> None:
    assert pitched((text, 15.0), ("y" * 200, 0)) == 15 * found


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
    ("end", "others", "found"),
    [("", 443, False), ("", 444, True), (")", 189, False), (")", 190, True)],
)
def test_sentences_of_one_pitch_are_a_letter_on_a_third_of_a_page_or_with_signs_on_half_of_it(
    end: str, others: int, found: bool
) -> None:
    text = "the lower gate cannot be closed before"
    some = [(text, 15.0)] * 4 + [(text[: 38 - len(end)] + end, 15.0)]
    assert pitched(*some, ("y" * others, 0)) == 15 * found


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
        row = line("Names = of, things; (in it)", 200 + left, 600, TYPED, width=1000 - left - right)
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


def test_a_line_of_prose_measured_by_chance_gives_no_pitch() -> None:
    """However long it is: the lines of a program are several."""
    prose = line("Text " * 20, 0, 80, Typeface(13, 2.3, 12))
    assert codes.pitch([line(text, 0, 0, TYPED) for text in SAMPLE] + [prose]) == LETTER
    assert codes.pitch([line(SAMPLE[0], 0, 0, TYPED), prose]) == 0


@pytest.mark.parametrize(
    ("text", "letter", "is_in"),
    [
        ("static long sum(const char *n)", 15, True),
        ("static long sum(const char *n)", 14.6, False),  # of 450 pixels 12 less are too few,
        ("static long sum(const char *n)", 15.7, False),  # or 21 more
        ("a long sum of characters of n", 15, False),  # no sign of a program
        ("sum(const char *n)", 15, False),  # too short
    ],
)
def test_a_line_that_was_not_measured_is_of_a_program_by_its_width(
    text: str, letter: float, is_in: bool
) -> None:
    above, below = (line(said, 230, y, TYPED) for said, y in zip(SAMPLE, (600, 680), strict=True))
    one = line(text, 230, 640, OTHER, width=letter * len(text))
    pieces = Sheet.of([above, one, below, *sample()], WIDTH, HEIGHT).pieces
    found = [one.whole.text for one in codes.gathered(pieces) if isinstance(one.whole, Listing)]
    assert any(text in said for said in found) is is_in


@pytest.mark.parametrize("ends", ["", "."])
def test_lines_of_text_that_go_on_explain_no_command_that_they_stand_level_with(ends: str) -> None:
    """Beside each row stands a line; those that begin something may be what the row does."""
    commands = [line(f"{name}(first, second);", 200, 700 + 40 * at, TYPED)
                for at, name in enumerate(("open", "read", "write", "close", "free"))]  # fmt: skip
    uses = [line(f"and so on, of which all know {name}{ends}", 800, 700 + 40 * at, width=560)
            for at, name in enumerate("abcdef")]  # fmt: skip
    found = [label for label, _ in labelled(paragraph(400), commands, uses)]
    assert ("code" in found) is (not ends)
