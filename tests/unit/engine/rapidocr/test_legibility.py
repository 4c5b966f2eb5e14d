"""What a reading is worth, and which boxes never held text."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ocrd.doubts import REPLACEMENT as LOST
from ocrd.engine.rapidocr.legibility import is_text, judged


def strip(text: str, ink: int = 0, paper: int = 255, size: int = 36) -> NDArray[np.uint8]:
    font = ImageFont.load_default(size)
    image = Image.new("RGB", (round(font.getlength(text)) + 24, size + 16), (paper,) * 3)
    ImageDraw.Draw(image).text((12, 4), text, fill=(ink,) * 3, font=font)
    return np.asarray(image)


TEXT = strip("The harbour office")
PICTURE = np.kron(
    np.random.default_rng(3).integers(0, 255, (12, 80, 3), np.uint8), np.ones((4, 4, 1), np.uint8)
)


@pytest.mark.parametrize(
    "line",
    [
        TEXT,
        strip("17.3"),
        strip("The harbour office", ink=170),
        strip("The harbour office", ink=235, paper=40),
        strip("The harbour office", size=90),
        strip("The harbour office", size=14),
        np.asarray(Image.fromarray(TEXT).filter(ImageFilter.GaussianBlur(1.2))),
    ],
    ids=["plain", "short", "pale", "light on dark", "large", "small", "blurred"],
)
def test_letters_are_text(line: NDArray[np.uint8]) -> None:
    assert is_text(line)


def shape(kind: str) -> NDArray[np.uint8]:
    image = Image.new("RGB", (300, 60), "white")
    pen = ImageDraw.Draw(image)
    match kind:
        case "an edge of a picture":
            pen.rectangle((0, 45, 300, 60), fill=(20, 60, 90))
        case "coins":
            for left in range(5, 300, 60):
                pen.ellipse((left, 4, left + 52, 56), fill=(140, 140, 140))
        case "one sign":
            pen.rectangle((130, 15, 165, 45), fill=0)
        case "shades":
            return np.tile(np.linspace(0, 255, 300, dtype=np.uint8)[None, :, None], (60, 1, 3))
        case "paper":
            return np.full((60, 300, 3), 230, np.uint8)
    return np.asarray(image)


@pytest.mark.parametrize(
    "kind", ["an edge of a picture", "coins", "one sign", "shades", "paper"]
)
def test_pictures_and_their_edges_are_no_text(kind: str) -> None:
    assert not is_text(shape(kind))
    assert not is_text(PICTURE)


def test_a_sure_reading_is_believed_whatever_it_stands_on() -> None:
    assert judged(("harbour", 0.9), PICTURE) == ("harbour", "")


def test_a_line_that_was_found_and_not_read_is_said() -> None:
    assert judged(("", 0.0), TEXT) == ("", "unread")
    assert judged(("Ihe hxrb", 0.2), TEXT) == ("Ihe hxrb", "unread")
    assert judged(("The harbcur", 0.45), TEXT) == ("The harbcur", "uncertain")


def test_what_never_was_text_is_no_line() -> None:
    assert judged(("", 0.0), PICTURE) is None
    assert judged(("e", 0.45), shape("coins")) is None


def test_lost_signs_are_marked_and_what_is_left_of_the_line_is_kept() -> None:
    text = f"{LOST * 4} {LOST * 2} 4711 {LOST * 2} 12"
    # Six of fourteen signs were read, for sure: that is what the score is of.
    assert judged((text, 0.95 * 6 / 14), TEXT) == (text, "signs")
    assert judged((f"{LOST * 9}:", 0.1), TEXT) == (f"{LOST * 9}:", "unread")


def test_on_a_picture_no_signs_are_missed() -> None:
    assert judged((f"A{LOST}B", 0.6), PICTURE) == ("AB", "")
