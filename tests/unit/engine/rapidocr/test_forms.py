"""Which line a tick box belongs to, and in which order a line with boxes is read."""

from __future__ import annotations

from ocrd.engine.rapidocr import forms
from ocrd.engine.rapidocr.ticks import Box
from ocrd.job import Quad, Rule


def quad(left: float, right: float, top: float = 100) -> Quad:
    return (left, top), (right, top), (right, top + 40), (left, top + 40)


def box(left: float, top: float = 105, *, ticked: bool = False) -> Box:
    return Box(left, top, left + 30, top + 30, ticked)


def test_a_box_belongs_to_the_line_behind_it() -> None:
    some = [quad(160, 400), quad(160, 380, 160)]
    boxes = [box(110), box(110, 165)]
    form = forms.of(some, boxes)
    assert form.lines == {0: (boxes[0],), 1: (boxes[1],)}
    assert form.alone == ()


def test_boxes_behind_their_lines_belong_to_these() -> None:
    some = [quad(100, 300), quad(100, 280, 160), quad(360, 600)]
    boxes = [box(310), box(290, 165)]
    assert forms.of(some, boxes).lines == {0: (boxes[0],), 1: (boxes[1],)}


def test_a_line_holds_the_boxes_that_it_runs_over() -> None:
    boxes = [box(100), box(300)]
    form = forms.of([quad(95, 500)], boxes)
    assert form.lines == {0: tuple(boxes)}
    first, words, second, more = forms.parts(quad(95, 500), boxes)
    assert (first, second) == tuple(boxes)
    assert not isinstance(words, Box)
    assert not isinstance(more, Box)
    assert 130 < words[0][0] < words[1][0] < 300
    assert 330 < more[0][0] < more[1][0] <= 500


def test_a_box_that_the_detector_took_for_a_line_is_none() -> None:
    form = forms.of([quad(160, 400), ((108, 103), (142, 103), (142, 137), (108, 137))], [box(110)])
    assert form.boxes_only == {1}
    assert form.lines == {0: (box(110),)}


def test_boxes_in_cells_of_their_own_stand_alone() -> None:
    boxes = [box(500), box(700)]
    assert forms.of([quad(100, 300)], boxes).alone == tuple(boxes)
    near = [box(330), box(330, 165)]
    wall = Rule((315, 80), (315, 240))
    assert forms.of([quad(100, 300), quad(100, 300, 160)], near, [wall]).alone == tuple(near)


def test_behind_another_box_a_line_is_not_a_box_s() -> None:
    first, second = box(310), box(350)
    form = forms.of([quad(100, 300)], [first, second])
    assert form.lines == {0: (first,)}
    assert form.alone == (second,)


def test_a_single_box_in_the_middle_of_a_line_is_a_letter() -> None:
    assert forms.of([quad(100, 600)], [box(300)]).lines == {}


def test_a_sign_stands_before_its_text_also_where_boxes_stand_behind() -> None:
    a, b, yes, no = box(150), box(350), quad(100, 140), quad(200, 340)
    assert forms.in_order([yes, a, no, b]) == [a, yes, b, no]
    assert forms.in_order([a, yes, b, no]) == [a, yes, b, no]
    assert forms.in_order([yes, a, no]) == [yes, a, no]
    assert forms.in_order([]) == []


def test_a_line_s_box_is_around_its_tick_boxes() -> None:
    (left, _), (right, _), *_ = forms.around(quad(160, 400), [box(110), box(420)])
    assert (left, right) == (110, 450)


def test_a_part_of_a_slanted_line_keeps_its_slant() -> None:
    slanted: Quad = (0, 0), (100, 10), (100, 50), (0, 40)
    assert forms.cut(slanted, 0.5, 1.0) == ((50, 5), (100, 10), (100, 50), (50, 45))
