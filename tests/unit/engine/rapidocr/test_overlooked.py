"""Where a nearly empty page is looked at again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.overlooked import FEW_LINES, is_small_print, regions
from ocrd.job import Quad


def page(*marks: tuple[int, int, int, int], paper: int = 250, ink: int = 60) -> NDArray[np.uint8]:
    """Draw a page of 1240 by 1754 pixels with rectangles: left, top, right, bottom."""
    pixels = np.full((1754, 1240, 3), paper, np.uint8)
    for left, top, right, bottom in marks:
        pixels[top:bottom, left:right] = ink
    return pixels


def box(left: int, top: int, right: int, bottom: int) -> Quad:
    return (left, top), (right, top), (right, bottom), (left, bottom)


NUMBER = (600, 1650, 640, 1670)


def test_ink_on_an_empty_page_is_looked_at_with_paper_around_it() -> None:
    ((left, top, right, bottom),) = regions(page(NUMBER), [])
    assert 0 <= left < 560
    assert 680 < right <= 1240
    assert top < 1600
    assert 1700 < bottom <= 1754


def test_pale_ink_and_light_ink_on_dark_paper_count() -> None:
    assert len(regions(page(NUMBER, ink=200), [])) == 1
    assert len(regions(page(NUMBER, paper=30, ink=220), [])) == 1


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param((300, 300, 303, 303), id="a speck"),
        pytest.param((0, 0, 14, 1754), id="the shadow of the lid at the left"),
        pytest.param((0, 1740, 1240, 1754), id="at the foot"),
        pytest.param((100, 800, 1100, 803), id="a rule"),
        pytest.param((100, 200, 1100, 1200), id="a picture"),
    ],
)
def test_what_is_no_text_is_not_looked_at(mark: tuple[int, int, int, int]) -> None:
    assert regions(page(mark), []) == []


def test_what_was_read_is_not_looked_at_again() -> None:
    assert regions(page(NUMBER), [box(595, 1645, 645, 1675)]) == []
    assert len(regions(page(NUMBER), [box(100, 100, 400, 140)])) == 1


def test_a_page_with_lines_enough_is_not_looked_at_again() -> None:
    quads = [box(100, 100 * row, 400, 100 * row + 40) for row in range(1, FEW_LINES + 1)]
    assert regions(page(NUMBER), quads) == []


def test_an_empty_page_and_pages_of_a_pixel_have_no_regions() -> None:
    assert regions(page(), []) == []
    assert regions(np.zeros((1, 1, 3), np.uint8), []) == []
    assert regions(np.zeros((5, 3000, 3), np.uint8), []) == []


def test_boxes_that_only_touch_do_not_overlap() -> None:
    assert turning.overlap(box(0, 0, 10, 10), box(9, 9, 20, 20))
    assert not turning.overlap(box(0, 0, 10, 10), box(10, 0, 20, 10))
    assert not turning.overlap(box(0, 0, 10, 10), box(0, 11, 10, 20))


def test_small_print_is_told_by_half_of_the_lines_at_the_scale_that_the_detector_sees() -> None:
    small, large = box(0, 0, 400, 30), box(0, 0, 400, 60)
    assert is_small_print([small, small, large], 0.3)
    assert not is_small_print([small, large, large], 0.3)
    assert not is_small_print([small, small, large], 0.5)
    assert is_small_print([box(0, 0, 30, 400)], 0.3), "of a page on its side too"
    assert not is_small_print([], 0.3)
