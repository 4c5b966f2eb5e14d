"""Raised figures and letters, of which the network says what it says to those on the line."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.rapidocr import raised
from ocrd.engine.rapidocr.line_pieces import COLUMN, HEIGHT, LinePieces
from ocrd.engine.rapidocr.signs import Seen

USUAL, SMALL = ImageFont.load_default(36), ImageFont.load_default(23)


def told(parts: str, said: str, alone: str = "") -> str:
    """Return what becomes of a line in which what stands between "^" is small and raised.

    ``said`` is what the network says of each of its characters, "~" nothing; ``alone`` what it says
    to a part that is shown by itself.
    """
    places: list[tuple[str, float]] = []
    image = Image.new("RGB", (900, 52), "white")
    pen, x = ImageDraw.Draw(image), 12.0
    for number, part in enumerate(parts.split("^")):
        font, top = (SMALL, 3) if number % 2 else (USUAL, 4)
        pen.text((x, top), part, fill="black", font=font)
        for index in range(len(part)):
            middle = sum(font.getlength(part[: index + more]) for more in (0, 1)) / 2
            places.append((part[index], x + middle))
        x += font.getlength(part)
    width = round(x) + 12
    strip = np.ascontiguousarray(np.asarray(image.crop((0, 0, width, 52))))
    columns = round(HEIGHT * width / 52 * 0.9 / COLUMN)
    scale = columns * COLUMN / width
    written = [
        Seen(sign, place * scale)
        for sign, (_, place) in zip(said, places, strict=True)
        if sign != "~"
    ]
    found = raised.put_right(written, LinePieces(strip, columns), lambda _strip: alone)
    return "".join(one.character for one in found)


@pytest.mark.parametrize(
    ("parts", "said", "expected"),
    [
        ("of the harbour^1^ again", "of the harbour1 again", "of the harbour¹ again"),
        ("the harbour.^23^ Again", "the harbour.23 Again", "the harbour.²³ Again"),
        ("^4^ The harbour", "4 The harbour", "⁴ The harbour"),
        ("the harbour^b^ again", "the harbourb again", "the harbourᵇ again"),
        ("the harbour^2^ again", "the harbour² again", "the harbour² again"),
        ("an area of 25 m^2^ here", "an area of 25 m2 here", "an area of 25 m² here"),
        ("about 10^6^ of them", "about 106 of them", "about 10⁶ of them"),
        ("au 19^e^ siecle", "au 19e siecle", "au 19e siecle"),
        ("on the 2^nd^ of May", "on the 2ⁿd of May", "on the 2nd of May"),
        ("the harbour[^3^] again", "the harbour[³] again", "the harbour[3] again"),
        ("harbour 1 and 23 again", "harbour 1 and 23 again", "harbour 1 and 23 again"),
        ("the ,harbour^c^ again", "the „harbourc again", "the „harbour“ again"),
        ("the ,old^c^ harbour,", "the „oldc harbour“", "the „oldᶜ harbour“"),
    ],
)
def test_what_is_raised_is_written_so_and_letters_of_a_word_are_not(
    parts: str, said: str, expected: str
) -> None:
    assert told(parts, said) == expected


@pytest.mark.parametrize(
    ("parts", "said", "alone", "expected"),
    [
        ("the harbour^8^ again", "the harbour~ again", "8", "the harbour⁸ again"),
        ("the harbour^9^ again", "the harbourº again", "9", "the harbour⁹ again"),
        ("^9^ The harbour", "' The harbour", "9", "⁹ The harbour"),
        ("the harbour^9^ again", "the harbour~ again", "grain", "the harbour again"),
        ("the harbour's boats", "the harbour's boats", "1", "the harbour's boats"),
        ('the "harbour" again', 'the "harbour" again', "33", 'the "harbour" again'),
    ],
)
def test_what_is_raised_and_not_read_is_read_by_itself(
    parts: str, said: str, alone: str, expected: str
) -> None:
    assert told(parts, said, alone) == expected


@pytest.mark.parametrize(
    ("high", "wide", "said", "expected"),
    [
        (0.59, 0.38, "9", True),
        (0.57, 0.55, "11", True),
        (0.42, 0.30, "c", True),
        (0.50, 0.43, "*", True),
        (0.46, 0.25, "9", False),  # a quotation mark that closes, and those that open
        (0.43, 0.18, "6", False),
        (0.46, 0.23, "c", False),
        (0.48, 0.20, "2", False),
    ],
)
def test_a_quotation_mark_is_no_figure_or_letter(
    high: float, wide: float, said: str, *, expected: bool
) -> None:
    mark = raised._Mark(0, 0, round(100 * wide), round(100 * high), len(said), True, 100.0)
    assert mark.may_be(said) is expected
