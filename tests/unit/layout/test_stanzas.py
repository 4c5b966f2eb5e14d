"""Which rows are gathered into stanzas, which go on with a line, and that prose is left alone."""

import pytest

from tests.unit.layout.typeset import Setting, texts
from tests.unit.printed import BOLD, PLAIN, labelled, line, lines

PROSE = (
    "The committee that the village had chosen in the spring met once more in the old\n"
    "school by the harbour, where nobody had lit a fire, and heard what the surveyor\n"
    "had written of the bridges since the flood of that year."
)
STANZA = (
    "The ferryman had gone to sleep\nAnd left his lantern burning,\n"
    "The water was both wide and deep,\nThe tide was on the turning."
)
LIMERICK = (
    "A keeper who lived by the lock\nHad never looked up at a clock;\n"
    "  When asked for the hour\n  He climbed up the tower\nAnd counted the gulls on the rock."
)


def page(*groups: str) -> list[str]:
    """Return the texts of a page with some groups of rows, more white than usual between them."""
    settings, y = [], 300.0
    for group in groups:
        full = 1150 if group == PROSE else 0
        settings.append(Setting(group, 200, y, full=full))
        y += 38 * (group.count("\n") + 1) + 40
    return texts(*settings)


def plain(group: str) -> str:
    return "\n".join(row.strip() for row in group.split("\n"))


@pytest.mark.parametrize("verse", [STANZA, LIMERICK])
def test_a_stanza_is_one_block_of_its_lines_wherever_they_begin(verse: str) -> None:
    joined = PROSE.replace("\n", " ")
    assert page(PROSE, verse, PROSE) == [joined, plain(verse), joined]


def test_what_ends_a_sentence_ends_no_stanza() -> None:
    verse = "He never spoke.\nThe river went\nBelow his window day by day.\nHe paid no rent"
    assert page(PROSE, verse)[1:] == [verse]


@pytest.mark.parametrize("count", [3, 5])
def test_lines_without_capitals_are_lines_if_their_ends_are_ragged(count: int) -> None:
    rows = [
        "the lamp", "burns in the window of the house", "all night", "and nobody who passes by it",
        "looks in",
    ][:count]  # fmt: skip
    verse = "\n".join(rows)
    assert page(verse, PROSE)[:-1] == [verse]


def test_text_beside_a_picture_is_prose_though_it_ends_far_from_the_columns_edge() -> None:
    beside = (
        "and nobody had told the keeper that\nthe gates were to be painted before\n"
        "the summer, for which the paint had\nbeen bought in the town a year ago,\n"
        "so that he was not there when they\ncame with their ladders and brushes"
    )
    wide = Setting(PROSE, 200, 300, full=1150)
    text = texts(wide, Setting(beside, 200, 300 + 3 * 38), Setting(PROSE, 200, 642, full=1150))
    assert "\n" not in " ".join(text)


def test_a_line_that_was_turned_over_is_one() -> None:
    rows = [
        "The surveyor who had walked along the river in the", "  summer of the flood",
        "Wrote down what was left", "The keeper who had seen the water coming up at night",
        "  stood by his gate", "And never said a word",
    ]  # fmt: skip
    assert page("\n".join(rows)) == [
        f"{rows[0]}{rows[1][1:]}\n{rows[2]}\n{rows[3]}{rows[4][1:]}\n{rows[5]}"
    ]


def test_a_stanza_keeps_its_number_and_is_no_entry_of_a_list() -> None:
    first = line("1. The ferryman had gone to sleep", 200, 300)
    rest = STANZA.partition("\n")[2]
    prose = lines(PROSE, 200, 600, full=1150)
    found = labelled(first, lines(rest, 245, 338), line("2. The lamp", 200, 500), prose)
    assert found[0] == ("text", f"1. {STANZA}")


def test_two_lines_among_stanzas_are_lines() -> None:
    two = "The water was both wide and deep,\nThe tide was on the turning."
    assert page(STANZA, two, STANZA) == [STANZA, two, STANZA]


def test_lines_in_the_middle_of_wider_text_are_lines() -> None:
    rows = ["printed on rag paper", "in an edition of three hundred", "by the heron press"]
    y, some = 300, [lines(PROSE, 200, 110, full=1150)]
    for row in rows:
        some.append([line(row, 775 - 7.5 * len(row), y)])
        y += 38
    found = labelled(*some)
    assert ("text", "\n".join(rows)) in found


def test_a_row_that_seems_larger_among_lines_in_their_step_is_no_heading() -> None:
    rows = STANZA.split("\n")
    seems = PLAIN._replace(size=19) if hasattr(PLAIN, "_replace") else type(PLAIN)(19, 2.3)
    some = [line(row, 200, 300 + 38 * n, seems if n == 2 else PLAIN) for n, row in enumerate(rows)]
    assert ("text", STANZA) in labelled(some, lines(PROSE, 200, 600, full=1150))


def test_a_heading_in_bold_right_above_lines_is_none_of_them() -> None:
    some = [line("The Ferryman", 200, 262, BOLD), *lines(STANZA, 200, 300)]
    found = labelled(lines(PROSE, 200, 60, full=1150), some, lines(PROSE, 200, 600, full=1150))
    assert ("heading", "The Ferryman") in found
    assert ("text", STANZA) in found


SAID = (
    "– Where have you been all day?\n– By the river.\n– And the boat?\n– Gone.\n– Who took it?"
)

def test_what_people_say_is_no_stanza() -> None:
    assert len(page(PROSE, SAID)) > 2


def numbered(*numbers: str) -> list[tuple[str, str]]:
    """Return the blocks of a stanza with numbers far behind its lines, below prose."""
    rows = STANZA.split("\n")
    some = [line(row, 200, 300 + 38 * n) for n, row in enumerate(rows)]
    behind = [line(text, 900, 300 + 38 * n) for n, text in enumerate(numbers) if text]
    return labelled(lines(PROSE, 200, 100, full=1150), some, behind)


def test_lines_keep_their_numbers_in_the_margin() -> None:
    rows = STANZA.split("\n")
    found = numbered("", "10", "", "12")
    assert ("text", "\n".join([rows[0], f"{rows[1]}   10", rows[2], f"{rows[3]}   12"])) in found


def test_figures_behind_rows_are_a_tables() -> None:
    found = numbered("40", "17", "220", "35")
    assert ("text", "\n".join(STANZA.split("\n"))) not in found
    assert "table" in [label for label, _ in found]
