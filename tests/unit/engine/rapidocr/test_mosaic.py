"""The lines that a page and its tiles show."""

from __future__ import annotations

from ocrd.engine.rapidocr import mosaic
from ocrd.engine.rapidocr.tiles import Plan, Region
from ocrd.job import Quad


def box(left: float, top: float, right: float, bottom: float) -> Quad:
    return (left, top), (right, top), (right, bottom), (left, bottom)


PLAN = Plan(((0, 0, 1000, 500), (900, 0, 1900, 500)), 0.96, 0.2)
LEFT, RIGHT = PLAN.regions


def lines(page: list[Quad], left: list[Quad], right: list[Quad]) -> list[Quad]:
    return mosaic.joined(page, [(LEFT, left), (RIGHT, right)], PLAN, (1900, 500))


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
    assert mosaic.joined([], seen, plan, (1000, 950)) == [whole]


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
    (found,) = mosaic.joined(
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
