"""Printed signs in frames are told from ticks: by what is read there, with the real networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import framed
from ocrd.engine.rapidocr.engine import RapidOcr, Share
from ocrd.engine.rapidocr.ticks import Box
from ocrd.job import Box as Picture
from ocrd.job import Line

Draw = Callable[[ImageDraw.ImageDraw, int, int], object]
SIZE = 44
ANSWERS = ("a red herring", "no answer at all", "the harbour wall", "an old ferry", "nothing else")


@pytest.fixture(scope="module")
def engine() -> Iterator[RapidOcr]:
    engine = RapidOcr(Share.of(2, 2, cores=2))
    yield engine
    engine.close()


def printed(sign: str, size: int = 30) -> Draw:
    font = ImageFont.load_default(size)
    return lambda pen, left, top: pen.text(
        (left + SIZE / 2, top + SIZE / 2), sign, 0, font, anchor="mm"
    )


def stroke(*points: tuple[int, int], width: int = 4) -> Draw:
    return lambda pen, left, top: pen.line(
        [(left + x, top + y) for x, y in points], 0, width, "curve"
    )


def read(engine: RapidOcr, folder: Path, inside: list[Draw | None]) -> list[str]:
    """Return what became of each frame, from above; each has an answer behind it."""
    image = Image.new("L", (900, 140 + 90 * len(inside)), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(32)
    pen.text((90, 40), "Which of these is what they were looking for", 0, font)
    for number, draw in enumerate(inside):
        left, top = 90, 120 + 90 * number
        pen.rectangle((left, top, left + SIZE, top + SIZE), None, 0, 2)
        if draw:
            draw(pen, left, top)
        pen.text((170, top + 4), ANSWERS[number % 5], 0, font)
    image.save(folder / "page.png")
    lines = engine.recognise(Recognise(1, str(folder / "page.png")), lambda _: None).lines
    words = [word for line in sorted(lines, key=_top) for word in line.text.split()]
    return [word for word in words if word[0] in "[☐☒"]


def _top(line: Line) -> float:
    return line.quad[0][1]


@pytest.mark.parametrize("signs", ["abcd", "ABCDE", "12345", "mnxy", "pqrs", "VFVF"])
def test_letters_and_numbers_in_frames_are_read(
    engine: RapidOcr, tmp_path: Path, signs: str
) -> None:
    expected = [f"[{sign}]" for sign in signs]
    found = read(engine, tmp_path, [printed(sign) for sign in signs])
    if signs == "VFVF":  # one other letter is not enough to say that a V is none of a pen's
        assert [one for one in found if one != "☒"] == ["[F]", "[F]"]
    else:
        assert found == expected


HAND = {
    "cross": stroke((10, 10), (34, 34)),
    "tick": stroke((8, 22), (18, 36), (38, 6)),
    "small tick": stroke((14, 24), (20, 32), (32, 12), width=3),
    "stroke": stroke((12, 34), (34, 8)),
    "scribble": stroke((8, 30), (16, 10), (22, 34), (30, 8), (36, 32)),
    "X": printed("X", 34),
    "x": printed("x", 34),
    "V": printed("V", 34),
    "dot": lambda pen, left, top: pen.ellipse((left + 13, top + 13, left + 31, top + 31), 0),
}


@pytest.mark.parametrize("name", HAND)
def test_what_people_draw_is_a_tick(engine: RapidOcr, tmp_path: Path, name: str) -> None:
    found = read(engine, tmp_path, [HAND[name], None, HAND[name], None])
    assert found == ["☒", "☐", "☒", "☐"]


def test_many_ways_to_tick_on_one_page_are_no_letters(engine: RapidOcr, tmp_path: Path) -> None:
    assert read(engine, tmp_path, list(HAND.values())) == ["☒"] * len(HAND)


def boxes(count: int) -> list[Box]:
    return [Box(10, 50 * number, 40, 50 * number + 30, ticked=True) for number in range(count)]


def test_a_letter_of_which_the_network_is_less_sure_is_one_beside_others() -> None:
    readings = {0: ("b", 1.0), 1: ("C", 0.7), 2: ("d", 0.95), 3: ("国", 0.9), 4: ("x", 0.5)}
    found = framed.told(boxes(5), readings)
    assert [box.mark for box in found] == ["[b]", "[c]", "[d]", "☒", "☒"]


def test_a_lone_sign_is_one_where_nobody_draws_it() -> None:
    (found,) = framed.told(boxes(1), {0: ("7", 0.99)})
    assert found.mark == "☒"
    (found,) = framed.told(boxes(1), {0: ("3", 0.99)})
    assert found.mark == "[3]"
    assert not found.ticked


def test_a_picture_of_a_ticked_box_is_a_picture() -> None:
    icon, far, form = Picture(8, -3, 45, 33), Picture(100, 0, 130, 30), Picture(0, 0, 500, 400)
    assert framed.without_icons(boxes(2), [icon, far, form]) == boxes(2)[1:]
