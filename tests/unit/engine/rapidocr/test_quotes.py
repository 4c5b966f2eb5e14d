"""Quotation marks that stand on the line, which the network does not have."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import quotes, signs
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


def with_lost(text: str, *lost: int) -> str:
    """Return what becomes of a line of which the signs at some places are lost, but their ink."""
    strip, columns, seen = line(text, to_a_column=True)
    known = [one for index, one in enumerate(seen) if index - len(seen) not in lost]
    places = [(seen[index].place, 1) for index in lost]
    found = quotes.raised(known, places, LinePieces(strip, columns))
    return signs.marked(known, places, found)


@pytest.mark.parametrize(
    ("text", "lost", "expected"),
    [
        ("um „die alten“", -1, "um „die alten“"),
        ("um „die“ alten”", -1, "um „die“ alten”"),
        ("“all of the old”", -1, "“all of the old”"),
        ('and then a "word"', -1, 'and then a "word"'),
        ("qu’on peut", -8, "qu’on peut"),
        ("harbour office 47", -1, "harbour office 4" + REPLACEMENT),
        ("öde Länder", -5, "öde L" + REPLACEMENT + "nder"),
        ("that was all.", -2, "that was al" + REPLACEMENT + "."),
    ],
)
def test_a_raised_mark_that_was_overlooked_is_told_by_its_ink(
    text: str, lost: int, expected: str
) -> None:
    assert with_lost(text, lost) == expected


def test_half_a_mark_that_the_line_cuts_ends_what_it_has_begun() -> None:
    strip, columns, seen = line("um „die alten“", to_a_column=True)
    pieces = LinePieces(strip, columns)
    x, _, wide, _ = sorted(pieces.boxes)[-2]  # the first half of the mark
    width = round((x + wide) * strip.shape[1] / (columns * COLUMN))
    cut = LinePieces(np.ascontiguousarray(strip[:, : width + 1]), columns)
    place = (columns * COLUMN - 3.0, 1)
    assert quotes.raised(seen[:-1], [place], cut) == {place[0]: "“"}


@pytest.mark.parametrize(("form", "sign"), [("9", "’"), ("6", "‘")])
def test_which_mark_it_is_tells_where_it_is_broad(form: str, sign: str) -> None:
    strip, columns, seen = line("the boats  and all")
    image = Image.fromarray(strip)
    pen, middle = ImageDraw.Draw(image), round(seen[9].place * strip.shape[1] / (columns * COLUMN))
    top = 12 if form == "9" else 17
    pen.ellipse((middle - 4, top, middle + 2, top + 6), 0)
    pen.line((middle + 1, 12, middle - 3, 22), 0, 2)
    found = quotes.raised(seen, [(seen[9].place, 1)], LinePieces(np.asarray(image), columns))
    assert found == {seen[9].place: sign}


def test_a_line_without_letters_has_no_marks() -> None:
    strip, columns, _ = line("- -")
    assert quotes.raised([], [(20.0, 1)], LinePieces(strip, columns)) == {}
