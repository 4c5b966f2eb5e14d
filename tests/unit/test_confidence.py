"""How sure a page is, from its tokens or its lines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd import confidence
from ocrd.job import Line, Piece

QUAD = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def test_of_tokens_it_is_the_mean_of_probabilities_and_the_least() -> None:
    found = confidence.of_tokens([math.log(0.5), math.log(1.0), math.log(0.75)])
    assert found == confidence.Confidence(0.75, 0.5)


def test_of_lines_a_long_one_counts_more_and_one_that_was_not_read_nothing() -> None:
    lines = [
        Line("three of four", 0.9, QUAD),
        Line("4", 0.2, QUAD),
        Line("?", 0.0, QUAD, doubt="unread"),
        Line("", 0.1, QUAD),
    ]
    assert confidence.of_lines(lines) == confidence.Confidence(0.85, 0.2)


def test_pieces_are_what_each_token_wrote_and_how_likely_it_was() -> None:
    found = confidence.pieces(["Ha", "rbour"], [math.log(0.5), 1e-6])
    assert found == (Piece("Ha", 0.5), Piece("rbour", 1.0))


def test_without_text_nobody_is_sure_of_anything() -> None:
    assert confidence.of_tokens([]) == confidence.of_lines([]) == confidence.NONE


@given(st.lists(st.floats(-1e4, 1e-3), min_size=1))
def test_it_is_a_share_whatever_the_network_says(logprobs: list[float]) -> None:
    mean, least = confidence.of_tokens(logprobs)
    assert mean is not None and least is not None
    assert 0.0 <= least <= mean <= 1.0


@pytest.mark.parametrize(("characters", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (4000, 1000)])
def test_tokens_are_estimated_by_the_length(characters: int, tokens: int) -> None:
    assert confidence.estimated_tokens(characters) == tokens
