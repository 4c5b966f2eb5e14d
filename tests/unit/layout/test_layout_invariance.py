"""No text is lost; neither order, place nor size of the lines matters."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Line
from ocrd.layout import columns, layout
from ocrd.layout.sheet import Sheet
from tests.unit.layout.typeset import BOTH, HEIGHT, LEFT, RIGHT, WIDTH, quad, texts

coordinates = st.floats(-100, 3000, allow_nan=False)
points = st.tuples(coordinates, coordinates)
words = st.text(st.sampled_from("ab1.-•–A漢 \u00ad"), min_size=1, max_size=12)
any_lines = st.lists(
    st.builds(Line, words, st.floats(0, 1), st.tuples(points, points, points, points)), max_size=25
)
upright_lines = st.lists(
    st.builds(
        lambda text, x, y, w, h: Line(text, 0.5, quad(x, y, x + w, y + h)),
        words,
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(0, 600),
        st.integers(0, 60),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(any_lines | upright_lines)
def test_no_text_is_lost_or_doubled(lines: list[Line]) -> None:
    def letters(some: list[str]) -> Counter[str]:
        return Counter(char for text in some for char in text if char.isalnum())

    found = layout.blocks(lines, WIDTH, HEIGHT)
    assert letters([block.text for block in found]) == letters([line.text for line in lines])
    assert all(block.boxes and block.text for block in found)


@settings(deadline=None)
@given(upright_lines)
def test_the_order_in_which_lines_come_does_not_matter(lines: list[Line]) -> None:
    places = {(line.quad[0][1] + line.quad[3][1], line.quad[0][0]): line for line in lines}
    distinct = list(places.values())
    there = layout.blocks(distinct, WIDTH, HEIGHT)
    assert layout.blocks(distinct[::-1], WIDTH, HEIGHT) == there


@settings(deadline=None)
@given(upright_lines)
def test_columns_are_numbered_in_reading_order(lines: list[Line]) -> None:
    page = Sheet.of(lines, WIDTH, HEIGHT)
    rows = columns.rows(page.pieces, page.turned)
    assert all(before.column <= after.column for before, after in pairwise(rows))
    assert sum(len(row.pieces) for row in rows) == sum(bool(line.text.strip()) for line in lines)


@settings(max_examples=25, deadline=None)
@given(st.integers(-80, 400), st.integers(-30, 900))
def test_text_is_the_same_wherever_it_stands_on_the_page(right: int, down: int) -> None:
    columns = (
        setting._replace(x=setting.x + right, y=setting.y + down) for setting in (RIGHT, LEFT)
    )
    assert texts(*columns) == [BOTH]


some_lines = st.lists(
    st.builds(
        lambda text, x, y, w, h: Line(text, 0.5, quad(x, y, x + w, y + h)),
        words,
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(2, 600),
        st.integers(2, 60),
    ),
    max_size=25,
)


@settings(max_examples=50, deadline=None)
@given(some_lines)
def test_a_page_scanned_at_twice_the_resolution_has_the_same_text(lines: list[Line]) -> None:
    def twice(line: Line) -> Line:
        (x0, y0), (x1, y1) = line.quad[0], line.quad[2]
        return replace(line, quad=quad(2 * x0, 2 * y0, 2 * x1, 2 * y1))

    there, here = (
        layout.blocks(lines, WIDTH, HEIGHT),
        layout.blocks([twice(line) for line in lines], 2 * WIDTH, 2 * HEIGHT),
    )
    assert [(one.label, one.text) for one in here] == [(one.label, one.text) for one in there]
