"""Which tiles a page needs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import tiles
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


@pytest.mark.parametrize(
    ("size", "top", "bottom"), [(22, -0.3, 0.4), (22, 0.8, 1.5), (30, 0.7, 1.4)]
)
def test_letters_that_boxes_cover_in_part_are_as_high_as_they_are(
    size: int, top: float, bottom: float
) -> None:
    rows = [(100, 200 + 2 * size * row, NOTE[2], size) for row in range(16)]
    page = sheet((1800, 3600), *rows)
    whole = tiles.plan(page, [], 960 / 3600)
    # Coarse boxes lie too high or too low, and leave a part of each line.
    boxes = [box(90, y + top * size, 1000, y + bottom * size) for _, y, _, _ in rows]
    plan = tiles.plan(page, boxes, 960 / 3600)
    assert whole is not None
    assert plan is not None
    assert plan.scale == pytest.approx(whole.scale)


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
