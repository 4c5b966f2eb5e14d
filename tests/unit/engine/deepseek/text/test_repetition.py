"""Repetitions, for every period at once, against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.deepseek.text.repetition import Periods, runs


@given(st.lists(st.integers(0, 2), max_size=200), st.integers(1, 40))
@settings(deadline=None)
def test_matched_counts_are_those_of_a_plain_loop(tokens: list[int], size: int) -> None:
    periods = Periods(25)
    for start in range(0, len(tokens), size):
        periods.take(np.array(tokens[start : start + size], np.int32))
    for period in range(1, 26):
        assert periods.matched[period - 1] == matched_at_the_end(tokens, period)


def matched_at_the_end(tokens: list[int], period: int) -> int:
    count = 0
    for index in range(len(tokens) - 1, period - 1, -1):
        if tokens[index] != tokens[index - period]:
            break
        count += 1
    return count


@pytest.mark.parametrize(
    ("blocks", "matched"),
    [
        ([], [0, 0, 0]),
        ([[7]], [0, 0, 0]),
        ([[0, 0]], [1, 0, 0]),
        ([[7, 7], [7, 7]], [3, 2, 1]),
        ([[7, 8], [7, 8], [7]], [0, 3, 0]),
        ([[7, 8, 9], [7, 8, 9], [7, 8, 9]], [0, 0, 6]),
        ([[7, 8, 9], [7, 8, 9], [7, 8, 1]], [0, 0, 0]),
        ([[7, 7, 7, 7, 7], [8, 7, 8]], [0, 2, 0]),
        ([[7, 7], [8, 9], [8, 9], [8, 9]], [0, 4, 0]),
    ],
)
def test_matched_counts_go_on_over_blocks_and_begin_anew_where_a_token_differs(
    blocks: list[list[int]], matched: list[int]
) -> None:
    periods = Periods(3)
    for block in blocks:
        periods.take(np.array(block, np.int32))
    assert periods.matched.tolist() == matched


@given(st.lists(st.integers(0, 1), max_size=60), st.integers(1, 8), st.integers(1, 6))
def test_runs_are_those_of_a_plain_loop(tokens: list[int], period: int, least: int) -> None:
    expected = []
    repeated = [
        index >= period and tokens[index] == tokens[index - period] for index in range(len(tokens))
    ]
    for is_run, group in itertools.groupby(range(len(tokens)), key=repeated.__getitem__):
        places = list(group)
        if is_run and len(places) >= least:
            expected.append((places[0], len(places)))
    assert runs(np.array(tokens, np.int32), period, least) == expected


@pytest.mark.parametrize(
    ("codes", "period", "least", "found"),
    [
        ("abababxx", 2, 4, [(2, 4)]),
        ("abababxx", 2, 5, []),
        ("xxabababab", 2, 6, [(4, 6)]),
        ("aaaabcccc", 1, 3, [(1, 3), (6, 3)]),
        ("aaaabccc", 1, 3, [(1, 3)]),
        ("aabbccdd", 1, 2, []),  # as many repeated, but none in a row
        ("abc", 1, 0, []),
        ("aab", 1, 0, [(1, 1)]),
        ("ab", 3, 1, []),
    ],
)
def test_a_run_begins_behind_the_unit_that_it_repeats(
    codes: str, period: int, least: int, found: list[tuple[int, int]]
) -> None:
    assert runs(np.array([ord(code) for code in codes], np.int32), period, least) == found
