"""What the pixels of drawn lines say of their type, and where rules lie."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

import cv2
import numpy as np
import pymupdf
import pytest

from ocrd.engine.rapidocr import ink
from ocrd.engine.rapidocr.ink import Pixels
from ocrd.job import Quad, Typeface

TEXT = "the quick brown fox jumps over a lazy dog, and runs"
SCALE = 200 / 72  # pixels a point

Drawn = tuple[Pixels, list[Quad]]


def drawn(*texts: tuple[str, str, float], grid: bool = False, degrees: float = 0) -> Drawn:
    """Return a page with lines of (text, font, size) and where they are, 40 points apart."""
    with pymupdf.open() as document:
        page = document.new_page(width=420, height=300)
        for number, (text, font, size) in enumerate(texts):
            page.insert_text((30, 50 + 40 * number), text, fontname=font, fontsize=size)
        if grid:
            for y in (30, 65, 110):
                page.draw_line((20, y), (400, y), width=0.5)
            for x in (20, 200, 400):
                page.draw_line((x, 30), (x, 110), width=0.5)
        pixmap = page.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width)
        boxes = [
            np.array(line["bbox"]) * SCALE
            for block in page.get_text("dict")["blocks"]
            for line in block["lines"]
        ]
    turn = cv2.getRotationMatrix2D((pixels.shape[1] / 2, pixels.shape[0] / 2), -degrees, 1.0)
    pixels = cv2.warpAffine(pixels, turn, pixels.shape[::-1], borderValue=255)
    quads = []
    for x0, y0, x1, y1 in boxes:
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) @ turn[:, :2].T + turn[:, 2]
        a, b, c, d = ((float(x), float(y)) for x, y in corners)
        quads.append((a, b, c, d))
    return np.ascontiguousarray(pixels), quads


def face(text: str, font: str, size: float) -> Typeface:
    pixels, (quad,) = drawn((text, font, size))
    (x0, y0), (x1, y1) = quad[0], quad[2]
    strip = pixels[round(y0) : round(y1), round(x0) - 3 : round(x1) + 3]
    return ink.typeface(strip, text)


def test_size_grows_with_the_type() -> None:
    assert face(TEXT, "helv", 14).size == pytest.approx(1.4 * face(TEXT, "helv", 10).size, rel=0.12)


@pytest.mark.parametrize("text", ["ALL IN CAPITALS HERE", "1,204.50 and 87.00"])
def test_capitals_and_digits_are_no_larger_than_small_letters(text: str) -> None:
    assert face(text, "helv", 12).size == pytest.approx(face(TEXT, "helv", 12).size, rel=0.15)


@pytest.mark.parametrize(("plain", "bold"), [("helv", "hebo"), ("tiro", "tibo")])
def test_bold_type_has_more_weight(plain: str, bold: str) -> None:
    assert face(TEXT, bold, 11).weight > 1.3 * face(TEXT, plain, 11).weight


def test_light_letters_on_dark_paper_weigh_the_same() -> None:
    pixels, (quad,) = drawn((TEXT, "helv", 11))
    (x0, y0), (x1, y1) = quad[0], quad[2]
    strip = pixels[round(y0) : round(y1), round(x0) : round(x1)]
    dark, light = ink.typeface(strip, TEXT), ink.typeface(255 - strip, TEXT)
    assert light.weight == pytest.approx(dark.weight, rel=0.1)


def test_letters_of_one_width_have_a_pitch_and_others_have_none() -> None:
    assert face(TEXT, "cour", 10).pitch == pytest.approx(6.0 * SCALE, rel=0.02)
    assert face(TEXT, "helv", 10).pitch == 0
    assert face(TEXT, "tiro", 10).pitch == 0


def test_a_strip_without_ink_says_nothing() -> None:
    assert ink.typeface(np.full((30, 200), 240, np.uint8), "ghost") == Typeface()


@pytest.mark.parametrize("degrees", [0, 2])
def test_the_rules_of_a_table_are_found_and_letters_are_none(degrees: float) -> None:
    pixels, quads = drawn(*[(TEXT, "helv", 11)] * 3, grid=True, degrees=degrees)
    found = ink.rules(pixels, quads)
    across = [rule for rule in found if abs(rule.end[0] - rule.start[0]) > 900]
    down = [rule for rule in found if abs(rule.end[1] - rule.start[1]) > 200]
    assert (len(across), len(down)) == (3, 3)
    assert len(found) == 6
    middle = sorted((rule.start[1] + rule.end[1]) / 2 for rule in across)[1]
    # On a slanted page the rule lies where it was drawn, turned about the page's middle.
    expected = 65 * SCALE if not degrees else middle
    assert middle == pytest.approx(expected, abs=2)


def test_a_page_of_text_alone_has_no_rules() -> None:
    pixels, quads = drawn(*[("HTML lift ILLEGIBLE till __init__ -- EEE", "hebo", 18)] * 3)
    assert ink.rules(pixels, quads) == ()


@pytest.mark.parametrize(("text", "font"), [(TEXT, "helv"), (TEXT, "cour")])
def test_specks_of_noise_change_neither_size_nor_pitch(text: str, font: str) -> None:
    pixels, (quad,) = drawn((text, font, 9))
    (x0, y0), (x1, y1) = quad[0], quad[2]
    strip = pixels[round(y0) : round(y1), round(x0) - 3 : round(x1) + 3]
    noise = np.random.default_rng(3).normal(0, 18, strip.shape)
    noisy = np.clip(0.85 * strip + noise, 0, 255).astype(np.uint8)
    clean, found = ink.typeface(strip, text), ink.typeface(noisy, text)
    assert found.size == pytest.approx(clean.size, rel=0.1)
    assert found.weight == pytest.approx(clean.weight, rel=0.25)
    assert found.pitch == pytest.approx(clean.pitch, rel=0.02)


def test_letters_that_fill_their_line_are_no_noise() -> None:
    """Blurred so far that hardly any paper is white between the strokes."""
    strokes = [250, 170, 170, 20, 20, 20, 170, 170, 170, 250]
    strip = np.tile(np.array(strokes, np.uint8), (40, 30))
    strip[:6] = strip[-6:] = 170
    assert ink.typeface(strip, "m" * 30).weight == pytest.approx(3, abs=0.5)
