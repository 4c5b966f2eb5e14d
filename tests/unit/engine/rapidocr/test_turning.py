"""Which way up a page is, decided from boxes and scores."""

from __future__ import annotations

from ocrd.engine.rapidocr import turning
from ocrd.job import Quad


def box(x: float, y: float, width: float, height: float) -> Quad:
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def test_a_page_of_lying_lines_is_not_sideways() -> None:
    assert not turning.is_sideways([box(0, 0, 300, 20), box(0, 30, 300, 20), box(0, 60, 20, 300)])


def test_a_page_of_standing_lines_is_sideways() -> None:
    assert turning.is_sideways([box(0, 0, 20, 300), box(30, 0, 20, 300), box(60, 0, 300, 20)])


def test_square_boxes_and_none_say_nothing() -> None:
    assert not turning.is_sideways([box(0, 0, 20, 22)] * 50)
    assert not turning.is_sideways([])


def test_the_longest_lying_lines_are_the_probes() -> None:
    quads = [box(0, 0, 100, 20), box(0, 0, 20, 900), box(0, 0, 300, 20), box(0, 0, 200, 20)]
    assert turning.longest(quads, 2) == [2, 3]


def test_the_better_score_wins_once_it_is_clear() -> None:
    good, bad = [("Chapter II", 0.98)] * 2, [("II ɹǝʇdɐɥƆ", 0.6)] * 2
    assert turning.is_upside_down(good, bad) is False
    assert turning.is_upside_down(bad, good) is True


def test_an_unclear_result_asks_for_more_lines_and_ends_at_the_limit() -> None:
    assert turning.is_upside_down([("a", 0.70)] * 2, [("b", 0.75)] * 2) is None
    assert turning.is_upside_down([("a", 0.70)] * 6, [("b", 0.75)] * 6) is True


def test_an_empty_reading_counts_as_no_text_whatever_its_score() -> None:
    assert turning.is_upside_down([(" ", 1.0)] * 2, [("Chapter", 0.9)] * 2) is True


def test_only_long_and_certain_lines_are_surely_upright() -> None:
    assert turning.is_surely_upright([("tip-toeing along a path", 0.99)] * 2)
    assert not turning.is_surely_upright([("tip-toeing along a path", 0.90)] * 2)
    assert not turning.is_surely_upright([("SOS SOS", 0.99)] * 2)
    assert not turning.is_surely_upright([("tip-toeing along a path", 0.99)])


def test_standing_lines_are_probed_on_a_page_that_lies_on_its_side() -> None:
    quads = [box(0, 0, 100, 20), box(0, 0, 20, 900), box(0, 0, 20, 300), box(0, 0, 20, 22)]
    assert turning.longest(quads, standing=True) == [1, 2]
    assert turning.areas(quads) == (2000.0, 24000.0)


def test_a_shortened_line_keeps_its_beginning_and_its_thickness() -> None:
    assert turning.shortened(box(10, 5, 900, 20), 10) == box(10, 5, 200, 20)
    assert turning.shortened(box(10, 5, 20, 900), 10) == box(10, 5, 20, 200)
    assert turning.shortened(box(10, 5, 100, 20), 10) == box(10, 5, 100, 20)
    assert turning.shortened(box(0, 0, 0, 0), 10) == box(0, 0, 0, 0)
