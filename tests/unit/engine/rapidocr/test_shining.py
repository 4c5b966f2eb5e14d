"""Thin paper that is printed on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr.engine import SHONE, RapidOcr, load
from ocrd.job import Recognition

WIDE, HIGH = 900, 700
FONT = ImageFont.load_default(30)
FRONT = [
    "The committee met on Tuesday and heard",
    "three witnesses, all of whom had seen it",
    "before the storm and after it came over",
    "the wall, and none of whom agreed there.",
]
BACK = [
    "Chairs are stacked behind the counter now",
    "Lamps were bought with money of the guild",
    "Bread is given out on every other morning",
]
PALE = "Printed in grey by the harbour office"


@pytest.fixture(scope="module")
def engine() -> Iterator[RapidOcr]:
    reader = load({"slots": 1, "threads": 2})
    yield reader
    reader.close()


def printed(rows: list[str], top: int) -> Image.Image:
    image = Image.new("L", (WIDE, HIGH), 255)
    for index, row in enumerate(rows):
        ImageDraw.Draw(image).text((60, top + 110 * index), row, fill=0, font=FONT)
    return image


def sheet(
    back: list[str], share: float, *, turned: bool = False, pale: bool = False
) -> Image.Image:
    """Return the front with so much of the back's ink; its rows stand between the front's."""
    other = printed(back, 125).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if turned:
        other = other.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        other = other.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    ink = 255.0 - np.asarray(other.filter(ImageFilter.GaussianBlur(1.2)), np.float32)
    front = np.asarray(printed(FRONT, 70), np.float32)
    if pale:
        front = np.minimum(front, 255 - 0.35 * (255 - np.asarray(printed([PALE], 600), np.float32)))
    grain = np.random.default_rng(1).normal(0, 2, front.shape)
    grey = (front - share * ink) * 0.96 + grain
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def read(engine: RapidOcr, image: Image.Image, folder: Path) -> Recognition:
    image.save(folder / "page.png")
    return engine.recognise(Recognise(1, str(folder / "page.png")), lambda _: None)


@pytest.mark.parametrize(("share", "turned"), [(0.12, False), (0.3, False), (0.3, True)])
def test_print_on_the_back_is_left_out_and_it_is_said(
    engine: RapidOcr, tmp_path: Path, share: float, turned: bool
) -> None:
    found = read(engine, sheet(BACK, share, turned=turned), tmp_path)
    assert [line.text for line in found.lines] == FRONT
    assert found.warnings == (SHONE,)
    assert not any(line.doubt for line in found.lines)


def test_pale_print_of_the_page_itself_stays(engine: RapidOcr, tmp_path: Path) -> None:
    alone = read(engine, sheet([], 0, pale=True), tmp_path)
    assert [line.text for line in alone.lines] == [*FRONT, PALE]
    assert alone.warnings == ()
    both = read(engine, sheet(BACK, 0.2, pale=True), tmp_path)
    assert [line.text for line in both.lines] == [*FRONT, PALE]
    assert both.warnings == (SHONE,)


def test_print_as_dark_as_the_page_s_is_not_taken_off(engine: RapidOcr, tmp_path: Path) -> None:
    found = read(engine, sheet(BACK, 0.8), tmp_path)
    assert found.warnings == ()
    assert len(found.lines) == len(FRONT) + len(BACK)
