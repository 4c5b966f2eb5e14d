"""Names above what is said in a play are lines of it, and headings that come again are none."""

import pytest

from ocrd.job import Line
from tests.unit.printed import BOLD, PLAIN, labelled, line, lines

SPEECH = (
    "The committee that the village had chosen in the spring met once more in the old\n"
    "school by the harbour, where nobody had lit a fire."
)
VERSE = "The ferryman had gone to sleep\nAnd left his lantern burning,\nThe tide was turning"


def play(names: list[str], speech: str) -> list[Line]:
    """Return names in bold, each right above a speech."""
    some, y = [], 300
    for name in names:
        some.append(line(name, 200, y, BOLD))
        some += lines(speech, 200, y + 38, PLAIN, full=1150 if speech == SPEECH else 0)
        y += 38 * (speech.count("\n") + 2) + 38
    return some


@pytest.mark.parametrize(
    ("names", "speech"),
    [
        (["MARLOW", "TESSA", "MARLOW"], SPEECH),
        (["MARLOW", "TESSA", "MARLOW"], VERSE),
        (["Marlow", "Tessa", "Marlow"], VERSE),
        (["1 Marlow", "2 Tessa", "3 Ruben"], VERSE),
        (["1 Marlow", "2 Tessa", "3 Marlow"], SPEECH),
    ],
)
def test_who_speaks_is_a_line_above_the_speech(names: list[str], speech: str) -> None:
    body = speech if speech == VERSE else speech.replace("\n", " ")
    assert labelled(play(names, speech)) == [("text", f"{name}\n{body}") for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ["Parameters", "Returns", "Parameters"],  # a program's functions, not in capitals
        ["MARLOW", "TESSA", "RUBEN"],  # nobody comes again
        ["MARLOW", "MARLOW"],  # too few to tell
    ],
)
def test_headings_above_prose_stay_headings(names: list[str]) -> None:
    found = labelled(play(names, SPEECH))
    assert [text for label, text in found if label in {"heading", "title"}] == names
