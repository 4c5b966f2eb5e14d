"""Which first words of a drawn line are bolder than its rest."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

import numpy as np
import pymupdf
import pytest

from ocrd.engine.rapidocr import ink
from ocrd.engine.rapidocr.ink import Pixels

REST = "this part of the rules holds for all boats"


def drawn(*parts: tuple[str, str], gap: float = 3.0, dpi: int = 200) -> Pixels:
    """Return a line with parts of (text, font) in 11 points, so many points apart."""
    with pymupdf.open() as document:
        page = document.new_page(width=420, height=17)
        x = 6.0
        for text, font in parts:
            page.insert_text((x, 12), text, fontname=font, fontsize=11)
            x += pymupdf.get_text_length(text, fontname=font, fontsize=11) + gap
        page.set_cropbox(pymupdf.Rect(0, 0, x, 17))
        pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csRGB)
    pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
    return np.ascontiguousarray(pixels)


def lead(*parts: tuple[str, str], said: str = "", gap: float = 3.0, dpi: int = 200) -> str:
    """Return the words in bold that a drawn line is said to begin with."""
    text = said or " ".join(text for text, _ in parts)
    return text[: ink.measured(drawn(*parts, gap=gap, dpi=dpi), text)[1]]


@pytest.mark.parametrize(("plain", "bold"), [("helv", "hebo"), ("tiro", "tibo")])
@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize(
    "head", ["Scope.", "What is meant by boats:", "2.1 Scope.", "General Terms"]
)
def test_words_in_bold_before_others_are_told_whole(
    head: str, dpi: int, plain: str, bold: str
) -> None:
    assert lead((head, bold), (REST, plain), dpi=dpi) == head


@pytest.mark.parametrize(
    "parts",
    [
        [("Scope. " + REST, "helv")],
        [("Scope. " + REST, "hebo")],
        [("SCOPE OF RULES. " + REST, "tiro")],
        [("this part of the", "helv"), ("rules holds for all boats", "hebo")],
        [("this part", "helv"), ("of the rules", "hebo"), ("holds for all boats", "helv")],
        [("this part of the", "hebo"), ("rules", "helv"), ("holds for all the boats", "hebo")],
        [("this part", "hebo"), ("of the", "helv"), ("rules", "hebo"), ("hold for all", "helv")],
        [("It", "hebo"), (REST, "helv")],
        [("Scope of these rules:", "hebo"), ("boats", "helv")],
        [("Scope.", "cour"), (REST, "cour")],
    ],
)
def test_what_is_no_clear_beginning_in_bold_is_none(parts: list[tuple[str, str]]) -> None:
    assert lead(*parts) == ""


def test_two_letters_are_no_lead_and_three_only_with_a_stop() -> None:
    assert lead(("See:", "hebo"), (REST, "helv")) == "See:"
    assert lead(("See", "hebo"), (REST, "helv")) == ""


def test_words_that_the_white_on_the_line_does_not_part_tell_nothing() -> None:
    parts = [("Scope.", "hebo"), (REST, "helv")]
    assert lead(*parts) == "Scope."
    joined = "Scope. " + REST.replace(" ", "")
    assert lead(*parts, said=joined) in {"", "Scope."}
    spread = "S c o p e . " + " ".join(REST)
    assert lead(*parts, said=spread) == ""


def test_a_blank_strip_and_a_word_alone_have_none() -> None:
    blank: Pixels = np.full((30, 400, 3), 255, np.uint8)
    assert ink.measured(blank, "Scope. of it")[1] == 0
    assert lead(("Scope", "hebo")) == ""
