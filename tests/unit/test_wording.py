from __future__ import annotations

import pytest

from ocrd.job import JobState
from ocrd.wording import span, worded


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"), (0, "0 s"), (0.25, "0.25 s"), (2.1, "2.1 s"), (59, "59 s"), (59.4, "59.4 s"),
        (59.6, "1 min"), (60, "1 min"), (61, "1 min 1 s"), (600, "10 min"), (3599, "59 min 59 s"),
        (3600, "1 h"), (5400, "1 h 30 min"), (86_399, "23 h 59 min"), (86_400, "1 d"),
        (90_000, "1 d 1 h"), (90 * 86_400, "90 d"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_told_in_its_two_greatest_units(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_people_read_no_word_of_the_codes_own() -> None:
    shown = {worded(state) for state in (*JobState, "settling", "done with doubts")}
    assert not shown & {"leased", "filing", "withdrawn", "settling"}
    assert {"reading", "finishing", "gone", "arriving", "done with doubts"} <= shown
