"""Program text among running text."""

from ocrd.job import Line, Typeface
from tests.unit.printed import BOLD, LETTER, PLAIN, TYPED, labelled, line, lines, paragraph

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
