"""Newspaper pages that are made here."""

import pytest

from benchmarks.quality.newspapers import HELD, TUNED, sheet
from benchmarks.quality.printing import Print


@pytest.mark.parametrize("how", [TUNED[0], HELD[1]])
def test_a_page_is_the_same_in_every_run_and_says_what_stands_on_it(how: Print) -> None:
    source, truth = sheet(how)
    assert sheet(how) == (source, truth)
    assert truth.headings is not None
    for said in (*truth.headings, *truth.text.split("\n\n")):
        assert said in source


def test_each_number_sets_another_page() -> None:
    assert len({sheet(how)[0] for how in (*TUNED, *HELD)}) == 12


def test_nothing_is_held_back_and_tuned_on() -> None:
    assert {one.number % 2 for one in TUNED} == {0}
    assert {one.number % 2 for one in HELD} == {1}
    assert len(TUNED) == len(HELD) == 6
