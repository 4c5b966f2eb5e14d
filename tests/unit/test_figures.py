"""Which boxes of a page become image files, and under which names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocrd.figures import MAX_FIGURES, figures_of, is_figure_name
from ocrd.job import Block, Box, PageRead, PageStatus


def page(*blocks: Block, number: int = 3) -> PageRead:
    return PageRead(number, PageStatus.READ, blocks, width=800, height=1000)


def test_every_box_of_every_figure_gets_a_name_in_order() -> None:
    found = figures_of(
        page(
            Block("heading", "Results", (Box(0, 0, 100, 20),)),
            Block("figure", "", (Box(10, 10, 60, 60), Box(70, 10, 90, 60))),
            Block("text", "Between.", (Box(0, 70, 100, 90),)),
            Block("figure", "a chart", (Box(10, 100, 60, 160),)),
        )
    )
    assert [(figure.block, figure.name) for figure in found] == [
        (1, "page-003-figure-1.jpg"), (1, "page-003-figure-2.jpg"), (3, "page-003-figure-3.jpg"),
    ]
    assert found[1].box == Box(70, 10, 90, 60)


def test_boxes_are_cut_to_the_page_and_those_without_area_are_passed_over() -> None:
    nan = float("nan")
    found = figures_of(
        page(
            Block("figure", "", (
                Box(-50, -5, 100, 100), Box(10, 10, 10.5, 90), Box(90, 90, 10, 10),
                Box(900, 10, 950, 60), Box(nan, nan, nan, nan), Box(700, 900, 5000, 5000),
            )),
        )
    )  # fmt: skip
    assert [figure.box for figure in found] == [Box(0, 0, 100, 100), Box(700, 900, 800, 1000)]
    assert [figure.name[-5:] for figure in found] == ["1.jpg", "2.jpg"]


def test_a_page_that_is_nothing_but_figures_gives_no_more_than_the_limit() -> None:
    boxes = tuple(Box(x, 0, x + 1, 10) for x in range(3 * MAX_FIGURES))
    assert len(figures_of(page(Block("figure", "", boxes)))) == MAX_FIGURES


def test_names_of_figures_are_told_from_others() -> None:
    (figure,) = figures_of(page(Block("figure", "", (Box(0, 0, 9, 9),)), number=12345))
    assert is_figure_name(figure.name)
    for name in ("me.jpg", "page-1-figure-1.jpg", f"{figure.name}.exe", f"../{figure.name}"):
        assert not is_figure_name(name)


@given(st.lists(st.tuples(*[st.floats() for _ in range(4)])))
def test_figures_lie_within_the_page_whatever_the_model_says(
    corners: list[tuple[float, float, float, float]],
) -> None:
    blocks = tuple(Block("figure", "", (Box(*four),)) for four in corners)
    for figure in figures_of(page(*blocks)):
        box = figure.box
        assert 0 <= box.x0 < box.x1 <= 800 and 0 <= box.y0 < box.y1 <= 1000
