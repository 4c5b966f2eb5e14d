"""A text is held against the page: too much was made up, too little is a loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.job import Ink
from ocrd.witness import extent, held_against, shows_text


def code(ink: tuple[int, int], text: tuple[int, int]) -> str:
    doubt = held_against(Ink(*ink, 0.05), *text)
    return doubt.code if doubt else ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (0, 0)),
        ("one row\n\n  \nanother row\n", (2, 16)),
        ("Contents . . . . . . . 12\nName: ________\n______\n------\n…", (3, 16)),
        (r"\[ \frac{a}{b} + x^{2} \]", (1, 8)),
        ("日本語", (1, 5)),
        ("日本語で a", (1, 7)),
        ("e\u0301tude", (1, 5)),
        ("Größe – 5\u00a0m", (1, 8)),
    ],
)
def test_a_texts_extent_is_its_rows_and_what_is_seen_of_it(
    text: str, found: tuple[int, int]
) -> None:
    assert extent(text) == found


@pytest.mark.parametrize(
    ("ink", "text"),
    [
        ((40, 2000), (40, 2000)),
        ((40, 2000), (8, 1900)),  # paragraphs whose rows were joined
        ((40, 2000), (40, 4000)),
        ((40, 2000), (30, 700)),
        ((300, 2400), (60, 2000)),  # cells, counted one by one
        ((1, 10), (1, 4)),
        ((0, 0), (2, 30)),
        ((3, 90), (0, 0)),
        ((20, 199), (0, 0)),  # a drawing
        ((40, 2000), (40, 6100)),
    ],
)
def test_a_text_that_the_page_can_hold_is_not_in_doubt(
    ink: tuple[int, int], text: tuple[int, int]
) -> None:
    assert code(ink, text) == ""


@pytest.mark.parametrize(
    ("ink", "text"),
    [((40, 2000), (900, 3500)), ((40, 2000), (60, 9000)), ((0, 0), (10, 400)), ((3, 40), (60, 0))],
)
def test_more_than_the_page_can_hold_was_made_up(
    ink: tuple[int, int], text: tuple[int, int]
) -> None:
    assert code(ink, text) == "more-than-page"


@pytest.mark.parametrize(
    ("ink", "text"),
    [((40, 2000), (1, 40)), ((40, 2000), (0, 0)), ((8, 300), (1, 20)), ((8, 200), (1, 59))],
)
def test_far_less_than_stands_on_the_page_is_a_loss(
    ink: tuple[int, int], text: tuple[int, int]
) -> None:
    assert code(ink, text) == "less-than-page"


@pytest.mark.parametrize(
    ("ink", "text", "found"),
    [
        ((40, 1000), (40, 3120), ""),
        ((40, 1000), (40, 3121), "more-than-page"),
        ((40, 1000), (135, 1000), ""),
        ((40, 1000), (136, 1000), "more-than-page"),
        ((40, 1000), (40, 300), ""),
        ((40, 1000), (40, 299), "less-than-page"),
        ((40, 200), (4, 59), "less-than-page"),
        ((40, 199), (4, 59), ""),
    ],
)
def test_a_page_is_believed_within_its_limits(
    ink: tuple[int, int], text: tuple[int, int], found: str
) -> None:
    assert code(ink, text) == found


def test_what_is_missing_is_told() -> None:
    doubt = held_against(Ink(40, 2000, 0.05), 4, 247)
    assert doubt is not None
    assert doubt.share == 0.88
    assert doubt.message == "The text has 247 characters, and the page shows about 2000."


@given(st.integers(0, 300), st.integers(0, 20_000))
def test_what_was_counted_is_never_in_doubt(rows: int, characters: int) -> None:
    assert held_against(Ink(rows, characters, 0.1), rows, characters) is None


@given(st.text())
def test_a_text_has_no_more_rows_than_it_has_lines(text: str) -> None:
    rows, characters = extent(text)
    assert 0 <= rows <= len(text.splitlines())
    assert 0 <= characters <= 2 * len(text)


@pytest.mark.parametrize(
    ("rows", "characters", "is_text"),
    [(0, 0, False), (1, 7, False), (1, 8, True), (9, 71, False), (9, 72, True), (30, 199, False),
     (30, 200, True)],
)  # fmt: skip
def test_rows_of_a_picture_are_short(rows: int, characters: int, is_text: bool) -> None:
    assert shows_text(Ink(rows, characters, 0.1)) is is_text
