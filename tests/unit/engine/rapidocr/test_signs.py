"""Signs that stand on a line and are not in its text."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import signs
from ocrd.engine.rapidocr.line_pieces import LinePieces
from ocrd.engine.rapidocr.signs import Seen
from tests.unit.engine.rapidocr import seenlines


def line(text: str) -> tuple[NDArray[np.uint8], int, list[Seen]]:
    return seenlines.line(text, to_a_column=True)


def read(text: str, lost: str = "") -> str:
    """Return the text as it is read by a network that does not have some of its letters."""
    strip, columns, seen = line(text)
    known = [one for one in seen if one.character not in lost]
    letters = [one for one in known if one.character != " "]
    return signs.marked(known, signs.loss(LinePieces(strip, columns), letters).places)


@pytest.mark.parametrize(
    "text",
    [
        "The harbour office opens at seven.",
        '"mmmm" WWW iiii 100 % (a; b: c) = d!',
        "illicit little village 1,111.11",
        "I",
        "...",
    ],
)
def test_a_line_that_was_read_has_lost_nothing(text: str) -> None:
    assert read(text) == text


@pytest.mark.parametrize(
    ("text", "lost", "expected"),
    [
        ("The harbour office", "b", "The har?our office"),
        ("harbour office", "o", "harb?ur ?ffice"),
        ("Kab 4711 vom 12.3.", "Kab", "? 4711 vom 12.3."),
        ("4711 am Ende", "e", "4711 am End?"),
    ],
)
def test_a_lost_letter_is_marked_where_it_stood(text: str, lost: str, expected: str) -> None:
    assert re.sub(f"{REPLACEMENT}+", "?", read(text, lost)) == expected


def test_how_much_of_the_line_was_lost_is_told_by_its_ink() -> None:
    strip, columns, seen = line("harbour 47")
    digits = [one for one in seen if one.character.isdigit()]
    assert signs.loss(LinePieces(strip, columns), digits).share > 0.6
    assert signs.loss(LinePieces(strip, columns), seen).share == 0


def test_light_letters_on_dark_paper_and_noise_are_judged_alike() -> None:
    strip, columns, seen = line("harbour office")
    known = [one for one in seen if one.character not in "b "]
    noise = np.random.default_rng(2).normal(0, 12, strip.shape)
    noisy = np.clip(strip * 0.8 + 20 + noise, 0, 255).astype(np.uint8)
    for image in (255 - strip, noisy):
        assert len(signs.loss(LinePieces(image, columns), known).places) == 1


@pytest.mark.parametrize("kind", ["below", "frame", "slanted", "pale", "neighbours", "beside"])
def test_rules_frames_and_neighbouring_lines_are_no_signs(kind: str) -> None:
    strip, columns, seen = line("harbour office")
    image = strip.copy()
    height, width = image.shape[:2]
    match kind:
        case "below":
            image[height - 6 : height - 4] = 0
        case "frame":
            cv2.rectangle(image, (2, 1), (width - 3, height - 2), (0, 0, 0), 1)
        case "slanted":
            cv2.line(image, (0, height - 2), (width, height - 7), (0, 0, 0), 2)
        case "pale":  # parts of it are as dark as ink, beside letters, too
            strip, columns, seen = line("harbour     office")
            image = strip.copy()
            after = round([one for one in seen if one.character == "r"][-1].place) - 4
            for left in (after - 90, after, after + 160):
                image[2 if left > after else 3, left : left + 60] = 40
        case "neighbours":
            image[:5, 40:48] = 0
            image[-5:, 90:99] = 0
        case "beside":
            image[10:40, :9] = 0
    letters = [one for one in seen if one.character != " "]
    assert signs.loss(LinePieces(image, columns), letters).places == ()


@pytest.mark.parametrize("shape", ["square", "dot"])
def test_a_bullet_that_was_not_read_is_told_from_a_letter(shape: str) -> None:
    strip, columns, seen = line("   harbour")
    image = Image.fromarray(strip)
    pen = ImageDraw.Draw(image)
    (pen.rectangle if shape == "square" else pen.ellipse)((12, 22, 22, 32), fill=0)
    letters = [one for one in seen if one.character != " "]
    found = signs.loss(LinePieces(np.asarray(image), columns), letters)
    assert (found.bullet, found.places, found.share) == (True, (), 0)
    without = signs.loss(LinePieces(strip, columns), letters[1:])
    assert not without.bullet, "an h is none"
    assert without.places


def test_paper_without_ink_has_no_signs() -> None:
    paper = np.full((40, 300, 3), 250, np.uint8)
    assert signs.loss(LinePieces(paper, 40), []) == signs.NOTHING


def test_what_was_written_keeps_its_order() -> None:
    written = [Seen("b", 30.0), Seen("a", 20.0), Seen("c", 40.0)]
    assert signs.marked(written, [(35.0, 2)]) == f"ba{2 * REPLACEMENT}c"
    assert signs.marked(written, [(1.0, 1), (99.0, 1)]) == f"{REPLACEMENT}bac{REPLACEMENT}"
