"""Program text among running text."""

from ocrd.job import Line
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
