"""Quotation marks that stand on the line, which the network does not have."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import quotes
from ocrd.engine.rapidocr.line_pieces import COLUMN, HEIGHT, LinePieces
from ocrd.engine.rapidocr.signs import Seen
from tests.unit.engine.rapidocr.seenlines import line


def told(text: str, said: str) -> str:
    """Return what becomes of a line that shows a text, "," for each half of a mark.

    ``said`` is what the network says of each of its characters, "~" nothing.
    """
    strip, columns, seen = line(text)
    written = [
        Seen(sign, one.place) for sign, one in zip(said, seen, strict=True) if sign != "~"
    ]
    return "".join(one.character for one in quotes.put_right(written, LinePieces(strip, columns)))


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ('Er sagte: ,,Komm".', 'Er sagte: ~~Komm".', 'Er sagte: „Komm".'),
        (',,Komm", rief sie', '~~Komm", rief sie', '„Komm", rief sie'),
        ('der ,,Hof" hier', 'der ~,Hof" hier', 'der „Hof" hier'),
        ('der (,,Hof") hier', f'der ({REPLACEMENT},Hof") hier', 'der („Hof") hier'),
        ('Nr. ,,47 b" dort', 'Nr. ,,47 b" dort', 'Nr. „47 b" dort'),
        ("links, rechts, oben", "links, rechts, oben", "links, rechts, oben"),
        ("der ... Hof hier", "der ... Hof hier", "der ... Hof hier"),
        ("1,1 und 2,,2 mehr", "1,1 und 2,,2 mehr", "1,1 und 2,,2 mehr"),
        ("a;b; und c,d", "a;b; und c,d", "a;b; und c,d"),
        ("hier ,,beginnt es", "hier ~~beginnt es", "hier „beginnt es"),
        ("Zahl ,,0 und", "Zahl ~~0 und", "Zahl 0 und"),
        ("Pfad D,,ebian nennt", "Pfad D~~ebian nennt", "Pfad Debian nennt"),
    ],
)
def test_two_commas_before_a_word_are_a_quotation_mark(
    text: str, said: str, expected: str
) -> None:
    assert told(text, said) == expected


def test_two_commas_that_flow_together_are_one_too() -> None:
    font = ImageFont.load_default(36)
    image = Image.new("RGB", (300, 52), "white")
    pen = ImageDraw.Draw(image)
    pen.polygon([(14, 38), (32, 38), (28, 46), (12, 46)], fill=0)
    pen.text((36, 4), "Komm nach", fill=0, font=font)
    columns = round(HEIGHT * 300 / 52 * 0.9 / COLUMN)
    step = 20 * columns * COLUMN / 300
    written = [Seen(one, (2.25 + at) * step) for at, one in enumerate("Komm n")]
    found = quotes.put_right(written, LinePieces(np.asarray(image), columns))
    assert "".join(one.character for one in found) == "„Komm n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sagte ,ja' und", "sagte ‚ja' und"),
        ("(,Guten Tag’)", "(‚Guten Tag’)"),
        ("eins ,zwei, drei'", "eins ,zwei, drei'"),
        ("eins,zwei' drei", "eins,zwei' drei"),
        ("he said ,that it's so", "he said ,that it's so"),
        ("‘eins ,zwei’", "‘eins ,zwei’"),
        ("links, rechts", "links, rechts"),
    ],
)
def test_a_comma_before_a_word_that_ends_in_a_quote_is_a_single_one(
    text: str, expected: str
) -> None:
    paper = LinePieces(np.full((48, 300, 3), 255, np.uint8), 40)
    written = [Seen(one, 10.0 * at) for at, one in enumerate(text)]
    assert "".join(one.character for one in quotes.put_right(written, paper)) == expected
