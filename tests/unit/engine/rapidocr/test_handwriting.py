"""Lines by hand are told from print that the network is as unsure of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import handwriting
from ocrd.engine.rapidocr.engine import Page, RapidOcr, Share
from ocrd.engine.rapidocr.turning import Reading
from ocrd.job import Quad

TEXT = "the harbour office has paid"
UNSURE = 0.85  # score of a line that was hardly read
SIZE = 40  # pixels


def printed(text: str = TEXT) -> Image.Image:
    """Set a line."""
    font = ImageFont.load_default(SIZE)
    image = Image.new("L", (round(font.getlength(text)) + 2 * SIZE, round(1.5 * SIZE)), 255)
    ImageDraw.Draw(image).text((SIZE, SIZE // 6), text, 0, font)
    return image


def written(text: str = TEXT, seed: int = 1) -> Image.Image:
    """Set a line as no printer does: each letter leans its own way, stands higher or lower."""
    chance = np.random.default_rng(seed)
    ink = Image.new("L", (SIZE * len(text), 3 * SIZE), 0)
    x = float(SIZE)
    for letter in text:
        font = ImageFont.load_default(SIZE * float(chance.uniform(0.75, 1.25)))
        tile = Image.new("L", (3 * SIZE, 3 * SIZE), 0)
        ImageDraw.Draw(tile).text((SIZE, SIZE), letter, 255, font)
        tile = tile.rotate(float(chance.normal(0, 12)), Image.Resampling.BICUBIC)
        ink.paste(255, (round(x) - SIZE, round(float(chance.normal(0, 0.1)) * SIZE)), tile)
        x += 0.9 * font.getlength(letter)
    return negative(ink.crop((0, SIZE // 2, round(x) + SIZE, 3 * SIZE)))


def negative(image: Image.Image) -> Image.Image:
    return Image.eval(image, lambda value: 255 - value)


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


@pytest.mark.parametrize("seed", range(1, 6))
def test_letters_that_each_stand_their_own_way_are_by_hand(seed: int) -> None:
    assert handwriting.is_written(pixels(written(seed=seed)), TEXT, UNSURE)


def test_ink_may_be_light_or_of_another_colour() -> None:
    line = written()
    assert handwriting.is_written(pixels(negative(line)), TEXT, UNSURE)
    blue = Image.merge("RGB", (line, line, Image.new("L", line.size, 255)))
    assert handwriting.is_written(pixels(blue), TEXT, UNSURE)


def spoilt(way: str) -> Image.Image:
    line = printed()
    chance = np.random.default_rng(5)
    match way:
        case "blurred":
            return line.filter(ImageFilter.GaussianBlur(2.5))
        case "grainy":
            grain = np.asarray(line, np.float64) + chance.normal(0, 40, (line.height, line.width))
            return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
        case "coarse":
            return line.resize((line.width // 4, line.height // 4)).resize(line.size)
        case "slanted":
            return line.transform(
                line.size, Image.Transform.AFFINE, (1, 0.25, 0, 0, 1, 0), fillcolor=255
            )
        case "thin":
            return Image.fromarray(cv2.dilate(np.asarray(line), np.ones((2, 2), np.uint8)))
        case _:
            return line


@pytest.mark.parametrize("way", ["clean", "blurred", "grainy", "coarse", "slanted", "thin"])
def test_print_that_reads_badly_is_print(way: str) -> None:
    assert not handwriting.is_written(pixels(spoilt(way)), TEXT, UNSURE)


def test_what_is_read_without_hesitation_is_left_alone() -> None:
    assert not handwriting.is_written(pixels(written()), TEXT, 0.98)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("oo", id="two letters"),
        pytest.param("+ - / ( ) : ab", id="signs"),
        pytest.param(f"the {REPLACEMENT * 6} ha", id="another script"),
    ],
)
def test_what_says_too_little_is_not_looked_at(text: str) -> None:
    assert handwriting.look_of(pixels(written()), text, UNSURE) is None


def test_an_empty_strip_looks_like_nothing() -> None:
    assert handwriting.look_of(np.full((40, 400, 3), 255, np.uint8), TEXT, UNSURE) is None


def page_with_a_hand(folder: Path) -> Path:
    page = Image.new("L", (1240, 700), 255)
    for place in range(4):
        page.paste(printed(), (60, 40 + 80 * place))
    page.paste(written("Received with many thanks", seed=3), (60, 420))
    page.save(folder / "page.png")
    return folder / "page.png"


def doubts(engine: RapidOcr, path: Path) -> list[str]:
    lines = engine.recognise(Recognise(1, str(path)), lambda _count: None).lines
    return [line.doubt for line in sorted(lines, key=lambda line: line.quad[0][1])]


def test_the_engine_marks_the_line_by_hand_on_a_page_of_print(tmp_path: Path) -> None:
    engine = RapidOcr(Share(1, 1, 2))
    assert doubts(engine, page_with_a_hand(tmp_path)) == ["", "", "", "", "handwritten"]


class _Another:
    """A reader whose scores are low by its own measure."""

    def read(self, pixels: NDArray[np.uint8], quad: Quad, *, turned: bool = False) -> Reading:
        return TEXT, UNSURE


class _ReadByAnother(RapidOcr):
    def _page(
        self, request: Recognise, pixels: NDArray[np.uint8], going_on: Callable[[], None]
    ) -> Page:
        page = super()._page(request, pixels, going_on)
        self._slot.reader = _Another()
        return replace(page, readings={})


def test_what_another_reads_is_not_judged_by_its_score(tmp_path: Path) -> None:
    engine = _ReadByAnother(Share(1, 1, 2))
    assert doubts(engine, page_with_a_hand(tmp_path)) == ["", "", "", "", ""]
