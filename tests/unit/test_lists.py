"""Lists in lists, and what is still of an entry."""

import pytest

from ocrd import layout
from tests.unit.printed import HEIGHT, TYPED, WIDTH, blocks, labelled, line, lines, paragraph


def entries(*rows: tuple[float, str]) -> list[str]:
    """Return the texts of blocks made of one row each, at these places from the left."""
    some = [line(text, x, 900 + 50 * index) for index, (x, text) in enumerate(rows)]
    found = layout.blocks([*paragraph(300), *some], WIDTH, HEIGHT)
    return [block.text for block in found if block.label != "text"]


def test_a_list_in_a_list_is_indented() -> None:
    assert entries(
        (200, "• Outer one"),
        (231, "– Inner one"),
        (228, "– Inner two"),
        (262, "• Innermost"),
        (203, "• Outer two"),
        (230, "– Another inner one"),
    ) == [
        "• Outer one",
        "  • Inner one",
        "  • Inner two",
        "    • Innermost",
        "• Outer two",
        "  • Another inner one",
    ]


def test_steps_with_points_below_them_are_nested() -> None:
    assert entries(
        (200, "1. Take the cover off"),
        (245, "a) with the small key"),
        (245, "b) or with the large one"),
        (200, "2. Put it back"),
    ) == [
        "1. Take the cover off",
        "  a) with the small key",
        "  b) or with the large one",
        "2. Put it back",
    ]


@pytest.mark.parametrize("tens", [200, 215], ids=["in line at the right", "at the left"])
def test_a_number_of_two_figures_is_of_the_same_list(tens: float) -> None:
    found = entries(
        (215, "8. Eight of them"), (215, "9. Nine of them"), (tens, "10. Ten"), (tens, "11. More")
    )
    assert not any(text.startswith(" ") for text in found)


def test_text_within_an_entry_does_not_end_the_list_around_it() -> None:
    found = labelled(
        paragraph(300),
        line("• A description of it, with", 200, 500),
        line("– the kind of fault", 260, 550),
        line("This information is of use.", 225, 600),
        line("– and how to mend it", 260, 650),
        line("After the list the text goes on.", 200, 720),
    )
    assert found[1:] == [
        ("list", "• A description of it, with"),
        ("list", "  • the kind of fault"),
        ("text", "This information is of use."),
        ("list", "  • and how to mend it"),
        ("text", "After the list the text goes on."),
    ]


def test_an_entry_whose_bullet_was_not_read_is_one_among_entries_of_lists_in_it() -> None:
    assert entries(
        (200, "■ Add the first command"),
        (235, "• it stands in a package"),
        (202, "Add the second command"),
        (235, "• and so does this one"),
        (201, "Add the third command"),
        (235, "• as before"),
    )[2:5] == ["• Add the second command", "  • and so does this one", "• Add the third command"]


def test_text_between_two_lists_is_no_entry() -> None:
    assert entries(
        (200, "• One of them"),
        (235, "• Two of them, further in"),
        (200, "The text says what comes now:"),
        (200, "• Three of them"),
    ) == ["• One of them", "  • Two of them, further in", "• Three of them"]


def test_a_list_after_text_at_the_margin_is_a_new_one() -> None:
    found = labelled(
        line("• The first list", 200, 300),
        paragraph(400),
        line("• Another list, further in", 260, 600),
    )
    assert found[-1] == ("list", "• Another list, further in")


def test_an_entry_goes_on_below_a_row_that_is_full_and_ends_in_a_stop() -> None:
    row = "• An entry that says all of this in a row that goes to its end."
    second = line("Then It Says More", 212, 938)
    found = labelled(paragraph(300), line(row, 200, 900, width=1100), second)
    assert found[-1][1].endswith("goes to its end. Then It Says More")


def test_an_entry_in_typed_letters_is_no_program_text() -> None:
    program = lines("for (int i = 0; i < 9; i++) {\n    total += price[i];\n}", 200, 600, TYPED)
    found = blocks(paragraph(300), program, line("• Run dh $@ --with python", 200, 900, TYPED))
    assert [block.label for block in found] == ["text", "code", "list"]
