"""A model's text without its marks: the same however it was cut, and nothing of it lost."""

from __future__ import annotations

import itertools
import random

import pytest

from ocrd.spoken import Cut, Spoken

GROUNDED = """<|ref|>title<|/ref|><|det|>[[60, 40, 940, 90]]<|/det|>
# Report upon moorings

<|ref|>text<|/ref|><|det|>[[60, 110, 940, 300]]<|/det|>
Depth < 8 m, a <b>bold</b> word, <| no mark, x<|y.

<|ref|>image<|/ref|><|det|>[[100, 320, 500, 600]]<|/det|>

<|ref|>table<|/ref|><|det|>[[60, 660, 940, 800], [1, 2, 3, 4]]<|/det|>
<table><tr><td>North</td></tr></table>
"""
PLAIN = """# Report upon moorings

Depth < 8 m, a <b>bold</b> word, <| no mark, x<|y.

<table><tr><td>North</td></tr></table>"""


def said(text: str, cuts: list[int] | None = None, *, marked: bool = False) -> str:
    spoken = Spoken(marked=marked)
    bounds = [0, *(cuts or []), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(bounds)]
    return "".join([*map(spoken.take, pieces), spoken.end()])


TEXTS = {
    GROUNDED: PLAIN,
    "<|det|>title [60, 40, 940, 90]<|/det|># A\n\n<|det|>text [1, 2, 3, 4]<|/det|>b": "# A\n\nb",
    # Read line by line the words stand where the label would.
    "<|ref|>First line<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n<|ref|>2nd<|/ref|>"
    "<|det|>[[1, 2, 3, 4]]<|/det|>": "First line\n2nd",
    "Before <|ref|>the cat<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|> sits.": "Before the cat sits.",
    # Broken marks: their words are kept.
    "<|ref|>words without an end <|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|> and on":
        "words without an end  and on",
    "<|det|>no places at all<|/det|> and on": "no places at all and on",
    "a <|/det|> b <|grounding|> c": "a  b  c",
    # Cut off anywhere.
    "A <|ref|>tit": "A tit",
    "A <|ref|>title<|/ref|><|det|>[[60, 4": "A",
    "A <|ref|>title<|/ref|><|det|>[[60, 4]]<|/d": "A",
    "A <|re": "A",
    "A <": "A <",
    "The end.<｜end▁of▁sentence｜>": "The end.",
    "a <｜ b ｜ c": "a <｜ b ｜ c",
    "\n\n\n one\n\n\n\n\ntwo \n\n": "one\n\ntwo",
    "": "",
    " \n ": "",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_marks_are_no_text_however_the_text_is_cut(text: str) -> None:
    assert said(text) == TEXTS[text]
    assert said(text, list(range(1, len(text)))) == TEXTS[text], "letter by letter"
    dice = random.Random(7)
    for _ in range(40):
        cuts = sorted(dice.choices(range(len(text) + 1), k=dice.randint(1, 6)))
        assert said(text, cuts) == TEXTS[text], cuts


def test_marks_are_kept_for_who_asks_for_them() -> None:
    assert said(GROUNDED, [3, 60, 61], marked=True) == GROUNDED.strip()


def test_text_is_given_as_soon_as_it_is_sure() -> None:
    spoken = Spoken()
    assert spoken.take("One word") == "One word"
    assert spoken.take(" and <") == " and"
    assert spoken.take("b>") == " <b>"
    assert spoken.take("<|ref|>text<|/ref|>") == ""
    assert spoken.take("<|det|>[[1, 2, 3, 4]]<|/det|>x") == "x"


def test_a_mark_without_an_end_holds_nothing_for_ever() -> None:
    spoken = Spoken()
    told = "".join(spoken.take(piece) for piece in ["<|ref|>", *["word "] * 1000])
    assert len(told) > 2000


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize(
    ("most", "stops", "left", "finish"),
    [
        (None, (), "One two three four", "stop"),
        (7, (), "One two", "length"),
        (18, (), "One two three four", "stop"),
        (None, ("three",), "One two ", "stop"),
        (None, ("threw", "four"), "One two three ", "stop"),
        (5, ("three",), "One t", "length"),
        (0, (), "", "length"),
    ],
)
def test_a_text_ends_before_its_stop_and_at_its_length(
    size: int, most: int | None, stops: tuple[str, ...], left: str, finish: str
) -> None:
    text = "One two three four"
    cut = Cut(most, stops)
    pieces = [cut.take(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join([*pieces, cut.end()]) == left
    assert cut.finish == finish
