"""Gaps and steps between the letters of drawn lines; which spaces they speak for and against."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import numpy as np
import pymupdf
import pytest
from numpy.typing import NDArray

from ocrd.engine.shades import quantiles
from ocrd.engine.spacing import LineInk, Stride
from ocrd.engine.spelling import torn_spaces

Pixels = NDArray[np.uint8]

COLUMN = 8  # pixels of the strip


def line(text: str, font: str, *, rule: bool = False) -> tuple[Pixels, list[int]]:
    """Return a drawn line and the column of each letter; ``_`` is a space that is not drawn."""
    drawn = text.replace("_", "")
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=40)
        page.insert_text((10, 25), drawn, fontname=font, fontsize=12)
        if rule:
            page.draw_line((0, 12), (400, 12), width=0.6)
        pixmap = page.get_pixmap(dpi=240, clip=(0, 11, 400, 30))
        pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
        content = page.get_text("rawdict")["blocks"][0]["lines"][0]["spans"]
    letters = [letter for span in content for letter in span["chars"]]
    middles = iter((letter["bbox"][0] + letter["bbox"][2]) / 2 for letter in letters)
    places: list[float] = []
    for letter in text:
        places.append(places[-1] + 3 if letter == "_" else next(middles))
    scale = 240 / 72 / COLUMN
    return np.ascontiguousarray(pixels), [round(place * scale - 0.5) for place in places]


def stride(text: str, font: str, *, rule: bool = False) -> Stride | None:
    """Return how the letters around the line's ``_``, or else its last space, are set."""
    strip, places = line(text, font, rule=rule)
    space = text.find("_") if "_" in text else text.rfind(" ")
    stops = {index for index, letter in enumerate(text) if letter == " " and index != space}
    ink = LineInk(strip, strip.shape[1] // COLUMN, places)
    return ink.stride(text.replace("_", " "), space, stops)


@pytest.mark.parametrize("rule", [False, True])
@pytest.mark.parametrize("text", ["see rsys_logd(8) now", "apt_itude", "--sys_tem", "ti_m_e-style"])
def test_across_a_space_that_is_none_typewriter_letters_stand_as_elsewhere(
    text: str, rule: bool
) -> None:
    found = stride(text, "cour", rule=rule)
    assert found is not None
    assert found.across == pytest.approx(1, abs=0.18)
    assert found.spread < 0.35


def test_across_a_typewriters_space_is_a_letters_place_more() -> None:
    found = stride("see rsys logd", "cour")
    assert found is not None
    assert found.across == pytest.approx(2, abs=0.2)
    assert found.spread < 0.2


def test_where_letters_touch_nothing_is_said() -> None:
    assert stride("VAVAVA AVAVAV", "tibi") is None


def test_where_there_is_nothing_on_one_side_nothing_is_said() -> None:
    strip, places = line("abc def", "cour")
    ink = LineInk(strip, strip.shape[1] // COLUMN, places)
    assert ink.stride("abc def", 3, {2}) is None
    assert LineInk(np.full((40, 400, 3), 255, np.uint8), 50, [1, 2, 3]).stride("a b", 1, ()) is None


@pytest.mark.parametrize("rule", [False, True])
def test_a_gap_is_as_wide_as_the_white_between_the_letters(rule: bool) -> None:
    strip, places = line("nn   nn", "helv", rule=rule)
    ink = LineInk(strip, strip.shape[1] // COLUMN, places)
    row = strip[-30:-20, :, 0].min(axis=0) < 128
    white = int(np.diff(np.flatnonzero(row)).max()) - 1
    assert ink.gap(1, 5) * strip.shape[0] == pytest.approx(white, abs=2)


@pytest.mark.parametrize(
    ("probability", "stride", "torn"),
    [
        pytest.param(0.7, Stride(6, 0.1, 1.0), True, id="letters of one width"),
        pytest.param(0.7, Stride(6, 0.3, 1.1), True, id="of nearly one, the network hesitates"),
        pytest.param(0.7, Stride(6, 0.3, 1.15), False, id="of nearly one, and some white more"),
        pytest.param(0.98, Stride(6, 0.3, 1.1), False, id="of nearly one, the network is sure"),
        pytest.param(0.98, Stride(6, 0.1, 1.1), True, id="of one, whatever it says"),
        pytest.param(0.7, Stride(3, 0.1, 1.0), True, id="few letters of one width"),
        pytest.param(0.98, Stride(3, 0.1, 1.0), False, id="few, the network is sure"),
        pytest.param(0.7, Stride(2, 0.0, 1.0), False, id="too few"),
        pytest.param(0.7, Stride(6, 0.1, 2.0), False, id="a letter's place is empty"),
        pytest.param(0.7, None, False, id="nothing is known"),
    ],
)
def test_a_space_within_evenly_set_letters_tears_a_word(
    probability: float, stride: Stride | None, torn: bool
) -> None:
    assert torn_spaces("rsys log", {4: probability}, {4: stride}) == ({4} if torn else set())


def test_behind_punctuation_evenly_set_letters_say_nothing() -> None:
    even = {2: Stride(6, 0.0, 1.0)}
    assert torn_spaces("), 2", {2: 0.7}, even) == set()
    assert torn_spaces("s: //", {2: 0.7}, even) == {2}


def test_counted_shades_are_the_sorted_ones() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (48, 500)).astype(np.uint8)
    assert quantiles(grey, 0.03, 0.5, 0.9) == pytest.approx(
        tuple(np.percentile(grey, (3, 50, 90))), abs=1
    )
    assert quantiles(np.full((4, 4), 7, np.uint8), 0.0, 1.0) == (0, 7)
