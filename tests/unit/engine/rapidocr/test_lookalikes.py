"""Signs that the network takes for others."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import fractions, lookalikes
from ocrd.engine.rapidocr.line_pieces import COLUMN, HEIGHT, LinePieces
from ocrd.engine.rapidocr.signs import Seen
from tests.unit.engine.rapidocr.seenlines import FONT, line

SMALL = ImageFont.load_default(18)
Pixels = NDArray[np.uint8]


def drawn_fraction(upper: str, lower: str) -> tuple[Pixels, int, float]:
    """Draw a fraction by its parts between words; return it, its columns, the fraction's place."""
    image = Image.new("RGB", (300, 52), "white")
    pen = ImageDraw.Draw(image)
    pen.text((12, 4), "Add", fill=0, font=FONT)
    pen.text((96, 6), upper, fill=0, font=SMALL)
    pen.line((104, 40, 122, 10), fill=0, width=3)
    pen.text((120, 20), lower, fill=0, font=SMALL)
    pen.text((150, 4), "cups", fill=0, font=FONT)
    columns = round(HEIGHT * 300 / 52 * 0.9 / COLUMN)
    return np.ascontiguousarray(np.asarray(image)), columns, 113 * columns * COLUMN / 300


class Reader:
    """Says one figure after the other."""

    def __init__(self, *figures: str) -> None:
        self.figures = list(figures)
        self.shown: list[Pixels] = []

    def __call__(self, strip: Pixels) -> str:
        self.shown.append(strip)
        return self.figures.pop(0)


def nothing(strip: Pixels) -> str:
    pytest.fail("nothing had to be read")


@pytest.mark.parametrize(
    ("upper", "lower", "sign"), [("2", "3", "⅔"), ("1", "5", "⅕"), ("7", "8", "⅞")]
)
def test_a_fractions_figures_are_read_by_themselves(upper: str, lower: str, sign: str) -> None:
    strip, columns, place = drawn_fraction(upper, lower)
    reader = Reader(upper, lower)
    found = fractions.of(LinePieces(strip, columns), place, reader)
    assert found
    assert found.sign == sign
    scale = columns * COLUMN / 300
    assert (found.left, found.right) == pytest.approx((96 * scale, 131 * scale), abs=5)
    assert found.covers(98 * scale)
    assert not found.covers(84 * scale), "a figure before it is none of its own"
    for shown, figure in zip(reader.shown, (upper, lower), strict=True):
        ink = int((shown.min(axis=2) < 128).sum())
        own = Image.new("L", (40, 40), 255)
        ImageDraw.Draw(own).text((10, 5), figure, fill=0, font=SMALL)
        assert ink == pytest.approx(int((np.asarray(own) < 128).sum()), rel=0.2)


def test_figures_that_no_sign_has_are_a_fraction_that_is_not_known() -> None:
    strip, columns, place = drawn_fraction("7", "9")
    pieces = LinePieces(strip, columns)
    found = fractions.of(pieces, place, Reader("7", "9"))
    assert found
    assert found.sign == ""
    assert fractions.of(pieces, 40.0, nothing) is None
    paper = LinePieces(np.full((50, 300, 3), 255, np.uint8), columns)
    assert fractions.of(paper, place, nothing) is None


@pytest.mark.parametrize(("figures", "expected"), [(("2", "3"), "⅔"), (("7", "9"), REPLACEMENT)])
def test_a_half_that_is_none_is_put_right_or_marked(
    figures: tuple[str, str], expected: str
) -> None:
    strip, columns, place = drawn_fraction(*figures)
    written = [Seen("d", 60.0), Seen(" ", 80.0), Seen("½", place, 0.8), Seen(" ", place + 20),
               Seen("c", place + 40)]  # fmt: skip
    right = lookalikes.put_right(written, LinePieces(strip, columns), Reader(*figures))
    assert "".join(seen.character for seen in right) == f"d {expected} c"


def test_a_figure_before_a_comma_that_the_network_doubts_may_be_a_fraction() -> None:
    strip, columns, place = drawn_fraction("2", "3")
    written = [Seen("d", 60.0), Seen(" ", 80.0), Seen("3", place, 0.4), Seen(",", place + 12)]
    right = lookalikes.put_right(written, LinePieces(strip, columns), Reader("2", "3"))
    assert "".join(seen.character for seen in right) == "d ⅔,"
    sure = [replace(one, score=0.9) for one in written]
    assert lookalikes.put_right(sure, LinePieces(strip, columns), nothing) == sure


def test_a_lost_fraction_is_found_and_other_lost_signs_are_not() -> None:
    strip, columns, place = drawn_fraction("1", "3")
    found = lookalikes.lost_fractions(
        [(40.0, 1), (place, 1)], LinePieces(strip, columns), Reader("1", "3")
    )
    assert found == {place: "⅓"}


def touching(upper: str, lower: str) -> tuple[Pixels, int, float]:
    """Draw a fraction whose figures touch its slash behind a figure; where the slash stands."""
    image = Image.new("RGB", (300, 52), "white")
    pen = ImageDraw.Draw(image)
    pen.text((12, 4), "Add 4", fill=0, font=FONT)
    pen.text((106, 6), upper, fill=0, font=SMALL)
    pen.line((112, 43, 132, 9), fill=0, width=3)
    pen.text((124, 21), lower, fill=0, font=SMALL)
    pen.line((114, 17, 126, 17), fill=0, width=2)
    pen.line((118, 33, 128, 33), fill=0, width=2)
    pen.text((160, 4), "cups", fill=0, font=FONT)
    columns = round(HEIGHT * 300 / 52 * 0.9 / COLUMN)
    return np.ascontiguousarray(np.asarray(image)), columns, columns * COLUMN / 300


def test_figures_that_touch_their_slash_are_cut_off_it() -> None:
    strip, columns, scale = touching("3", "8")
    reader = Reader("3", "8")
    found = fractions.of(LinePieces(strip, columns), 122 * scale, reader)
    assert found
    assert found.sign == "⅜"
    for shown, figure in zip(reader.shown, ("3", "8"), strict=True):
        own = Image.new("L", (40, 40), 255)
        ImageDraw.Draw(own).text((10, 5), figure, fill=0, font=SMALL)
        high = np.count_nonzero((np.asarray(own) < 128).any(axis=1)) * HEIGHT / 52
        inked = np.count_nonzero((shown == 0).all(axis=2).any(axis=1))
        assert inked == pytest.approx(high, abs=3)


@pytest.mark.parametrize(("said", "sign"), [("z", "⅞"), ("l", "⅛"), ("S", "⅝"), ("o", "")])
def test_letters_that_figures_are_taken_for_are_figures_where_a_sign_has_them(
    said: str, sign: str
) -> None:
    strip, columns, place = drawn_fraction("7", "8")
    found = fractions.of(LinePieces(strip, columns), place, Reader(said, "8"))
    assert found
    assert found.sign == sign


def test_all_that_the_network_says_to_a_fraction_gives_way_to_it() -> None:
    strip, columns, scale = touching("3", "8")
    written = [Seen(one, at * scale) for one, at in [("4", 92), ("3", 110), ("%", 126), (" ", 145),
                                                    ("c", 165)]]  # fmt: skip
    right = lookalikes.put_right(written, LinePieces(strip, columns), Reader("3", "8"))
    assert "".join(seen.character for seen in right) == "4⅜ c"


@pytest.mark.parametrize("text", ["about 4% of", "the 1/2 inch", "in 23/4 or", "12 % and 5 %"])
def test_per_cent_and_what_is_written_with_a_slash_stay_without_a_reading(text: str) -> None:
    strip, columns, written = line(text)
    right = lookalikes.put_right(written, LinePieces(strip, columns), nothing)
    assert "".join(seen.character for seen in right) == text


@pytest.mark.parametrize(
    ("text", "index", "score", "expected"),
    [
        ("done x not", 5, 0.9, f"done {REPLACEMENT} not"),
        ("done × not", 5, 0.97, f"done {REPLACEMENT} not"),
        ("done x not", 5, 0.99, "done x not"),
        ("about 3 × 4", 8, 0.9, "about 3 × 4"),
        ("2 x daily", 2, 0.9, "2 x daily"),
        ("if a > b then", 5, 0.8, "if a > b then"),
        ("call @ home", 5, 0.5, f"call {REPLACEMENT} home"),
        ("a匡b", 1, 0.5, f"a{REPLACEMENT}b"),
        ("a匡b", 1, 0.95, "a匡b"),
        ("港口匡", 2, 0.5, "港口匡"),
    ],
)
def test_an_ornament_that_was_read_as_a_cross_or_another_sign_is_marked(
    text: str, index: int, score: float, expected: str
) -> None:
    strip, columns, written = line(text, scores={index: score})
    right = lookalikes.put_right(written, LinePieces(strip, columns), nothing)
    assert "".join(seen.character for seen in right) == expected


@pytest.mark.parametrize(
    ("text", "index", "score", "expected"),
    [
        ("Total 50 P due", 9, 0.97, f"Total 50 {REPLACEMENT} due"),
        ("Total 50 P due", 9, 0.99, "Total 50 P due"),
        ("point P of a line", 6, 0.97, "point P of a line"),
        ("point f of a line", 6, 0.7, f"point {REPLACEMENT} of a line"),
        ("item 4 of a line", 5, 0.5, f"item {REPLACEMENT} of a line"),
        ("item l of a line", 5, 0.5, "item l of a line"),
        ("50 per cent", 4, 0.5, "50 per cent"),
        ("• point", 0, 0.5, "• point"),
        ("P", 0, 0.5, "P"),
    ],
)
def test_a_sign_alone_that_the_network_is_not_sure_of_is_marked(
    text: str, index: int, score: float, expected: str
) -> None:
    strip, columns, written = line(text, scores={index: score})
    right = lookalikes.put_right(written, LinePieces(strip, columns), nothing)
    assert "".join(seen.character for seen in right) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("about 5 %o of", "about 5 ‰ of"),
        ("about 5%0 of", "about 5‰ of"),
        ("about 5% of", "about 5% of"),
        ("about 5 % 0 of", "about 5 % 0 of"),
        ('printf "%o"', 'printf "%o"'),
        ("No 5", "No 5"),
        ("￥ 50", "¥ 50"),
        ("￥ 港口", "￥ 港口"),
    ],
)
def test_what_the_network_writes_for_thousandths_and_yen(text: str, expected: str) -> None:
    strip, columns, written = line(text)
    right = lookalikes.put_right(written, LinePieces(strip, columns), nothing)
    assert "".join(seen.character for seen in right) == expected


@pytest.mark.parametrize(
    ("raised", "barred", "expected"),
    [(True, True, "№ 5"), (True, False, "No 5"), (False, True, "No 5"), (False, False, "No 5")],
)
def test_a_raised_o_over_a_bar_is_the_sign_for_number(
    raised: bool, barred: bool, expected: str
) -> None:
    image = Image.new("RGB", (160, 52), "white")
    pen = ImageDraw.Draw(image)
    pen.text((12, 4), "N", fill=0, font=FONT)
    foot = 34 if raised else 41
    pen.ellipse((42, foot - 16, 56, foot), outline=0, width=3)
    if barred:
        pen.line((42, 40 if raised else 46, 56, 40 if raised else 46), fill=0, width=2)
    pen.text((90, 4), "5", fill=0, font=FONT)
    columns = round(HEIGHT * 160 / 52 * 0.9 / COLUMN)
    scale = columns * COLUMN / 160
    written = [Seen("N", 24 * scale), Seen("o", 49 * scale), Seen(" ", 70 * scale),
               Seen("5", 100 * scale)]  # fmt: skip
    strip = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)
    right = lookalikes.put_right(
        written, LinePieces(np.asarray(strip, np.uint8), columns), nothing
    )
    assert "".join(seen.character for seen in right) == expected
