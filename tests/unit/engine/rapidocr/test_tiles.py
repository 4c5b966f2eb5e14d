"""Which tiles a page needs, and how the lines in them are joined."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import tiles
from ocrd.engine.rapidocr.tiles import Plan, Region
from ocrd.job import Quad


def sheet(
    size: tuple[int, int], *texts: tuple[int, int, str, int], ink: int = 0
) -> NDArray[np.uint8]:
    """Draw a page with texts: left, top, what, how large."""
    page = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(page)
    for left, top, text, height in texts:
        pen.text((left, top), text, fill=(ink, ink, ink), font=ImageFont.load_default(height))
    return np.asarray(page)


def box(left: float, top: float, right: float, bottom: float) -> Quad:
    return (left, top), (right, top), (right, bottom), (left, bottom)


NOTE = (2500, 600, "Note 7: all dimensions in millimetres", 14)


@pytest.mark.parametrize("ink", [0, 190])
def test_small_letters_on_a_large_page_are_looked_at_where_they_are(ink: int) -> None:
    plan = tiles.plan(sheet((3508, 2480), NOTE, ink=ink), [], 960 / 3508)
    assert plan is not None
    assert 0.6 < plan.scale <= 1
    assert len(plan.regions) <= 4, "of a dozen that the page has"
    for left, top, right, bottom in plan.regions:
        assert (right - left) * plan.scale <= tiles.SIDE + 2
        assert (bottom - top) * plan.scale <= tiles.SIDE + 2
    for x in (2495, 2640, 2780):
        assert any(left < x < right for left, _, right, _ in plan.regions)


def test_what_was_found_is_not_looked_at_again() -> None:
    page = sheet((3508, 2480), NOTE)
    assert tiles.plan(page, [box(2495, 595, 2800, 625)], 960 / 3508) is None
    assert tiles.plan(page, [box(0, 0, 3508, 2480)], 960 / 3508), "a frame covers nothing"


def test_on_a_large_page_coarse_boxes_are_no_answer() -> None:
    page = sheet((5400, 3800), (2500, 600, NOTE[2], 24))
    coarse = box(2480, 590, 2940, 640)
    assert tiles.plan(page, [coarse], 1280 / 5400) is not None
    assert tiles.plan(page, [box(2480, 590, 2940, 655)], 1280 / 5400) is None, "clear enough"
    assert tiles.plan(page[:3000, :3500], [coarse], 0.3) is None, "of a page of usual size they are"


def test_a_page_of_many_lines_is_not_parted_for_a_few_words() -> None:
    lines = [box(100, 100 + 60 * row, 2000, 140 + 60 * row) for row in range(12)]
    assert tiles.plan(sheet((3508, 2480), NOTE), lines, 960 / 3508) is None
    notes = [(2500, 600 + 40 * row, NOTE[2], 14) for row in range(4)]
    assert tiles.plan(sheet((3508, 2480), *notes), lines, 960 / 3508) is not None


def test_letters_that_are_large_enough_need_no_tiles() -> None:
    text = (100, 100, "All dimensions are in millimetres", 60)
    assert tiles.plan(sheet((3508, 2480), text), [], 960 / 3508) is None


@pytest.mark.parametrize("kind", ["specks", "a rule", "dots", "a photograph", "nothing"])
def test_what_is_no_text_needs_no_tiles(kind: str) -> None:
    page = np.full((2480, 3508, 3), 250, np.uint8)
    chance = np.random.default_rng(4)
    match kind:
        case "specks":
            for x, y in chance.integers(50, 2400, (300, 2)).tolist():
                page[y : y + 4, x : x + 4] = 60
        case "a rule":
            page[500:503, 100:3400] = 0
        case "dots":
            for x in range(200, 3000, 12):
                page[700:705, x : x + 5] = 0
        case "a photograph":
            grain = chance.integers(0, 255, (120, 160, 3), np.uint8)
            page[400:1600, 600:2200] = np.kron(grain, np.ones((10, 10, 1), np.uint8))
    assert tiles.plan(page, [], 960 / 3508) is None


def test_a_turned_page_has_standing_rows() -> None:
    page = np.ascontiguousarray(np.rot90(sheet((3508, 2480), NOTE)))
    plan = tiles.plan(page, [], 960 / 3508)
    assert plan is not None
    assert any(top < 680 < 1000 < bottom for _, top, _, bottom in plan.regions)


def test_a_strip_is_cut_in_parts_that_overlap_by_more_than_a_line() -> None:
    texts = [(20, 100 * row + 20, f"{row} Artikel 12,50 EUR", 28) for row in range(80)]
    plan = tiles.plan(sheet((640, 8000), *texts), [], 960 / 8000)
    assert plan is not None
    spans = [(top, bottom) for _, top, _, bottom in plan.regions]
    assert spans[0][0] == 0
    assert spans[-1][1] == 8000
    for (_, bottom), (top, _) in pairwise(spans):
        assert bottom - top > 60


def test_a_crowded_page_is_looked_at_in_parts() -> None:
    quads = [
        box(70 * x, 30 * y, 70 * x + 50, 30 * y + 20) for x in range(50) for y in range(80)
    ]
    plan = tiles.crowded(np.zeros((2480, 3508, 3), np.uint8), quads, 0.27)
    assert len(plan.regions) == 6


PLAN = Plan(((0, 0, 1000, 500), (900, 0, 1900, 500)), 0.96, 0.2)
LEFT, RIGHT = PLAN.regions


def lines(page: list[Quad], left: list[Quad], right: list[Quad]) -> list[Quad]:
    return tiles.joined(page, [(LEFT, left), (RIGHT, right)], PLAN, (1900, 500))


def test_a_line_longer_than_a_tile_is_one_line() -> None:
    found = lines([], [box(100, 100, 999, 130)], [box(901, 101, 1500, 131)])
    assert len(found) == 1
    assert (found[0][0], found[0][1]) == ((100, 100), (1500, 101))


def test_a_slanted_line_is_joined_along_its_slant() -> None:
    left = (100, 100), (1000, 127), (1000, 157), (100, 130)
    right = (900, 124), (1800, 151), (1800, 181), (900, 154)
    assert lines([], [left], [right]) == [(left[0], right[1], right[2], left[3])]


def test_a_word_that_both_tiles_show_is_there_once() -> None:
    assert len(lines([], [box(920, 100, 980, 130)], [box(921, 101, 979, 129)])) == 1


def test_lines_below_each_other_and_of_other_size_stay_apart() -> None:
    above, below = box(800, 100, 995, 130), box(905, 125, 1100, 155)
    assert len(lines([], [above], [below])) == 2
    assert len(lines([], [above], [box(905, 60, 1100, 180)])) == 2


def test_what_an_edge_slices_lengthwise_is_left_to_the_tile_that_has_it_whole() -> None:
    upper, lower = (0, 0, 1000, 500), (0, 450, 1000, 950)
    plan = Plan((upper, lower), 0.96, 0.2)
    whole = box(100, 470, 600, 505)
    seen: list[tuple[Region, list[Quad]]] = [(upper, [box(100, 472, 600, 500)]), (lower, [whole])]
    assert tiles.joined([], seen, plan, (1000, 950)) == [whole]


def test_the_page_s_own_boxes_stay_where_no_tile_saw_them() -> None:
    alone = box(100, 300, 400, 340)
    assert lines([alone], [box(100, 100, 300, 130)], []) == [box(100, 100, 300, 130), alone]


def test_the_tiles_boxes_are_the_finer_ones() -> None:
    fine = [box(100, 100, 300, 130), box(100, 140, 300, 170)]
    assert lines([box(90, 90, 320, 180)], fine, []) == fine, "two lines that the page fused"
    assert lines([box(95, 95, 308, 136)], fine[:1], []) == fine[:1]


def test_a_huge_box_around_many_lines_is_none_of_them() -> None:
    fine = [box(100, 60 * row, 400, 60 * row + 30) for row in range(6)]
    assert lines([box(50, 0, 450, 480)], fine, []) == fine


def test_what_goes_on_where_no_tile_was_needed_is_whole() -> None:
    page = box(950, 95, 1400, 132)
    plan = Plan((LEFT,), 0.96, 0.2)
    (found,) = tiles.joined(
        [page], [(LEFT, [box(700, 98, 1000, 130)])], plan, (1900, 500)
    )
    assert (found[0][0], found[1][0]) == (700, 1400)


def test_a_line_that_the_page_shows_well_stays_as_it_is() -> None:
    clear, small = box(100, 100, 900, 160), box(100, 300, 300, 315)
    pieces = [box(102, 103, 999, 158), small]
    assert sorted(lines([clear], pieces, [])) == [clear, small]


def test_letters_too_large_for_a_tile_are_the_page_s() -> None:
    huge = box(50, 50, 1800, 450)
    assert lines([huge], [box(100, 100, 400, 400)], [box(1000, 90, 1300, 420)]) == [huge]
