"""Gaps and steps between the letters of drawn lines; which spaces they speak for and against."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pymupdf
import pytest
from numpy.typing import NDArray

from ocrd.engine.rapidocr.shades import quantiles
from ocrd.engine.rapidocr.spacing import LineInk, Stride
from ocrd.engine.rapidocr.spelling import torn_spaces

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


HEIGHT, WIDTH = 20, 400  # of the strips that are painted here, 50 columns wide


def strip_of(bars: Mapping[int, int], *, paper: int = 250, width: int = 4) -> Pixels:
    """Return a strip with bars from top to bottom: the pixel where each begins, and its shade."""
    strip = np.full((HEIGHT, WIDTH, 3), paper, np.uint8)
    for start, shade in bars.items():
        strip[:, start : start + width] = shade
    return strip


def letters_at(*places: int) -> Pixels:
    """Return a strip with a black bar in the middle of each of these columns."""
    return strip_of({8 * place + 2: 0 for place in places})


def painted(strip: Pixels, places: Sequence[int]) -> LineInk:
    return LineInk(strip, WIDTH // COLUMN, places)


@pytest.mark.parametrize(
    ("text", "places", "space", "stops", "expected"),
    [
        ("abc de", (2, 4, 6, 7, 9, 11), 3, (), Stride(3, 0.0, 1.5)),
        ("abc de", (2, 4, 6, 7, 8, 10), 3, (), Stride(3, 0.0, 1.0)),
        ("abc de", (2, 4, 7, 8, 10, 12), 3, (), Stride(3, 0.5, 1.5)),  # steps of 2, 3 and 2
        ("ab c", (2, 4, 6, 7), 2, (), Stride(1, 0.0, 1.5)),
        ("a bc", (2, 4, 5, 7), 1, (), Stride(1, 0.0, 1.5)),
        # Four on either side.
        ("abcde fghij", (1, 7, 9, 11, 13, 14, 15, 17, 19, 21, 30), 5, (), Stride(6, 0.0, 1.0)),
        ("a bc de f", (2, 3, 5, 7, 8, 9, 11, 12, 14), 4, (), Stride(4, 0.4, 0.8)),
        ("a bc de f", (2, 3, 5, 7, 8, 9, 11, 12, 14), 4, (1, 7), Stride(2, 0.0, 1.0)),
        ("a bc de f", (2, 3, 5, 7, 8, 9, 11, 12, 14), 4, (1,), Stride(3, 0.5, 1.0)),
        ("a b", (2, 3, 5), 1, (), None),  # no two letters on any side
        (" bc", (2, 4, 6), 0, (), None),
        ("bc ", (2, 4, 6), 2, (), None),
    ],
)
def test_strides_are_steps_from_letter_to_letter_up_to_four_away(
    text: str, places: Sequence[int], space: int, stops: Collection[int], expected: Stride | None
) -> None:
    letters = [place for letter, place in zip(text, places, strict=True) if letter != " "]
    assert painted(letters_at(*letters), places).stride(text, space, stops) == expected


@pytest.mark.parametrize("letters", [(2, 4, 9, 11), (2, 4, 5, 6, 9, 11), (2, 9, 11)])
def test_where_strokes_and_letters_are_not_one_for_one_nothing_is_said(
    letters: tuple[int, ...],
) -> None:
    assert painted(letters_at(*letters), (2, 4, 6, 7, 9, 11)).stride("abc de", 3, ()) is None


def test_letters_at_both_ends_of_the_line_are_letters() -> None:
    strip = strip_of({0: 0, 16: 0, 380: 0, 396: 0})
    found = painted(strip, (0, 2, 10, 47, 49)).stride("ab cd", 2, ())
    assert found == Stride(2, 0.0, (382 - 18) / 16)


@pytest.mark.parametrize(
    ("bars", "white"),
    [
        ({}, 17),  # from the middle of the one to that of the other, which counts
        ({18: 0, 34: 0}, 12),
        ({18: 0, 36: 0}, 14),
        ({18: 0, 26: 0, 34: 0}, 4),
        ({18: 0, 27: 0, 34: 0}, 5),  # the widest
        ({16: 0, 37: 0}, 17),
        ({17: 0, 34: 0}, 13),
        (dict.fromkeys(range(16, 48, 4), 0), 0),
    ],
)
def test_a_gap_is_the_widest_white_between_two_letters_middles(
    bars: dict[int, int], white: int
) -> None:
    assert painted(strip_of(bars), (2, 3, 4)).gap(0, 2) == white / HEIGHT


LETTERS = dict.fromkeys((44, 84, 124, 164, 244), 0)
FAINT = 204  # where a bar begins that is more or less ink


def is_ink(strip: Pixels) -> bool:
    """Say whether a bar at FAINT parts the white there: of nine pixels, five are left."""
    gap = painted(strip, (25, 26)).gap(0, 1) * HEIGHT
    assert gap in {5, 9}
    return gap == 5


@pytest.mark.parametrize(
    ("shade", "seen"), [(110, True), (164, True), (165, True), (166, False), (180, False)]
)
def test_a_shade_is_ink_from_35_percent_of_the_inks_darkness_on(shade: int, seen: bool) -> None:
    black = dict.fromkeys(LETTERS, 100)
    assert is_ink(strip_of(black | {FAINT: shade}, paper=200)) is seen


@pytest.mark.parametrize(("black", "seen"), [(240, False), (239, True)])
def test_ink_is_as_dark_as_the_darkest_three_percent(black: int, seen: bool) -> None:
    """Of 8000 pixels these are 240. A line in pale ink may have fewer specks that are darker."""
    strip = strip_of({FAINT: 180, 300: 0, 304: 0, 308: 0})
    strip[0, 300 : 300 + 240 - black] = 180
    assert is_ink(strip) is seen


@pytest.mark.parametrize(("shade", "seen"), [(160, True), (165, False)])
def test_paper_is_as_light_as_all_but_its_lightest_tenth(shade: int, seen: bool) -> None:
    """A fifth of it is lighter than the rest: of 250 shades, 90 are ink and 85 are not."""
    strip = strip_of(LETTERS | {FAINT: shade}, paper=200)
    strip[:4][strip[:4] == 200] = 250
    assert is_ink(strip) is seen


@pytest.mark.parametrize(("letter", "paper"), [(0, 250), (250, 0), (250, 100)])
@pytest.mark.parametrize("width", [2, 4, 7])
def test_letters_are_the_lesser_part_be_they_dark_or_light(
    letter: int, paper: int, width: int
) -> None:
    bars = dict.fromkeys(range(4, WIDTH, 16), letter)
    ink = painted(strip_of(bars, paper=paper, width=width), (0, 2, 3, 4, 6))
    assert ink.stride("ab cd", 2, ()) == Stride(2, 0.0, 1.0)
    assert ink.gap(0, 1) == (16 - width) / HEIGHT


@pytest.mark.parametrize(("length", "seen"), [(341, False), (340, True), (300, True)])
def test_a_rule_along_more_than_85_percent_of_the_line_is_no_ink(length: int, seen: bool) -> None:
    strip = strip_of(LETTERS)
    assert not is_ink(strip)
    strip[3:5, : length + 8] = 0
    strip[3:5, FAINT + 4 : FAINT + 12] = 250  # eight pixels are white, so that a gap is there
    assert is_ink(strip) is seen


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
