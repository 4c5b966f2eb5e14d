"""Pages of verse and of prose, and how their line breaks are counted."""

import pytest

from benchmarks.quality import printing
from benchmarks.quality.versed import Breaks, count
from benchmarks.quality.versed_kinds import KINDS, LANGUAGES, VersedPage

SAID = [
    (["The Ferry"], False),
    (["The ferryman had gone", "And left his lamp burning"], False),
    (["Nobody knew where he was. They waited until the morning came."], True),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", [*printing.TUNED, *printing.HELD], ids=lambda how: how.number)
def test_a_page_is_the_same_each_time_and_has_the_language_of_its_half(
    kind: str, how: printing.Print
) -> None:
    one, again = VersedPage(how.number), VersedPage(how.number)
    KINDS[kind](one)
    KINDS[kind](again)
    assert (one.parts, one.said, one.heads) == (again.parts, again.said, again.heads)
    assert one.said
    assert one.language in LANGUAGES[how in printing.HELD]


@pytest.mark.parametrize(
    ("markdown", "breaks"),
    [
        (
            "## The Ferry\n\nThe ferryman had gone  \nAnd left his lamp burning\n\n"
            "Nobody knew where he was. They waited until the morning came.\n",
            Breaks(1, 1, 1, 1, 1, 0, 1, 1),
        ),
        (
            "The Ferry\n\nThe ferryman had gone\n\nAnd left his lamp burning\n\n"
            "Nobody knew where he was. They  \nwaited until the morning came.\n",
            Breaks(1, 0, 1, 0, 1, 0, 0, 1),
        ),
        (
            "## The Ferry\n\nThe ferryman had gone And left his lamp burning\n\n"
            "## Nobody knew where he was. They waited until the morning came.\n",
            Breaks(0, 0, 1, 1, 1, 1, 1, 1),
        ),
        (
            "## The Ferry\n\nThe ferrynan had qone,  \nAnd left his lamp burning\n\n"
            "Nobody knew where he was. They waited until the morning came.\n",
            Breaks(1, 1, 1, 1, 1, 0, 1, 1),  # misread letters move no break
        ),
    ],
)
def test_breaks_paragraphs_and_headings_are_counted(markdown: str, breaks: Breaks) -> None:
    assert count(SAID, ["The Ferry"], [], markdown) == breaks


def test_what_may_be_a_heading_is_no_false_one() -> None:
    assert count(SAID, [], ["The Ferry"], "## The Ferry\n").false == 0
