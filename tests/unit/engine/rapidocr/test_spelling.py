"""What the network says of a line to its text: CTC, spaces, and digits that are letters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import spelling
from ocrd.engine.rapidocr.recognition import Recogniser, shown
from ocrd.engine.rapidocr.spacing import LineInk
from ocrd.engine.rapidocr.spelling import (
    Speller,
    corrected,
    false_spaces,
    lost_spaces,
    spelled,
)

PAPER = np.full((48, 200, 3), 255, np.uint8)  # a line without ink, of which none is lost
CHARACTERS = ("blank", "a", "b", ".", " ", ",", "1", "l")


def distributions(*columns: tuple[str, float]) -> NDArray[np.float32]:
    """Give each column's likeliest character, "" for blank, and its probability."""
    rows = []
    for letter, probability in columns:
        row = np.full(len(CHARACTERS), (1 - probability) / (len(CHARACTERS) - 1), np.float32)
        row[CHARACTERS.index(letter or "blank")] = probability
        rows.append(row)
    return np.stack(rows)


def reader(told: NDArray[np.float32]) -> Recogniser:
    """Return one whose network says this of every line."""
    return Recogniser(lambda _batch: (told, Speller(CHARACTERS)))


def drawn(text: str, size: int = 40) -> NDArray[np.uint8]:
    font = ImageFont.load_default(size)
    left, top, right, bottom = map(int, font.getbbox(text))
    strip = Image.new("RGB", (right - left + 8, bottom - top + 8), "white")
    ImageDraw.Draw(strip).text((4 - left, 4 - top), text, fill="black", font=font)
    return np.asarray(strip)


def test_repetitions_are_one_character_unless_a_blank_parts_them() -> None:
    text, scores, places = spelled(
        distributions(("", 0.9), ("a", 0.8), ("a", 0.9), ("", 0.9), ("a", 0.7), ("b", 0.6)),
        CHARACTERS,
    )
    assert text == "aab"
    assert scores == pytest.approx([0.8, 0.7, 0.6])
    assert places == [1, 4, 5]


def test_nothing_but_blank_is_an_empty_text_without_a_score() -> None:
    told = distributions(("", 0.9), ("", 0.9))
    assert reader(told).read(drawn("a")) == ("", 0.0)


# Five spaces: those of the words are wide, that of the narrow letters in "apt itude" is not.
APART = "run apt itude now or never"


def judged(probability: float, gap: float, text: str = APART) -> set[int]:
    doubtful = text.index(" ", 4)
    spaces = [index for index, letter in enumerate(text) if letter == " "]
    return false_spaces(
        text,
        {index: probability if index == doubtful else 0.99 for index in spaces},
        {index: gap if index == doubtful else 0.3 for index in spaces},
    )


def test_a_doubtful_space_that_is_narrower_than_the_others_is_none() -> None:
    assert judged(0.7, 0.15) == {7}


@pytest.mark.parametrize(
    ("probability", "gap"),
    [
        pytest.param(0.95, 0.15, id="the network is nearly sure"),
        pytest.param(0.7, 0.28, id="as wide as the others"),
        pytest.param(0.7, 0.0, id="italics lean over the gap: it says nothing"),
    ],
)
def test_a_space_stays_where_the_network_or_the_gap_says_so(probability: float, gap: float) -> None:
    assert judged(probability, gap) == set()


def test_too_few_sure_spaces_do_not_say_what_is_narrow() -> None:
    assert judged(0.7, 0.15, "run apt itude") == set()


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("see mdadm . conf(5)", "see mdadm.conf(5)"),
        ("(https : / /packages. debian . org/)", "(https://packages.debian.org/)"),
        ("in C + + or", "in C ++ or"),
        ("/dev/ log is", "/dev/log is"),
        ("the end. A new one", "the end. A new one"),
        ("nombre : voir", "nombre : voir"),
        ("* . h files", "* . h files"),
        ("3 . 5", "3 . 5"),
    ],
)
def test_doubtful_spaces_inside_addresses_and_names_are_none(text: str, whole: str) -> None:
    spaces = {index: 0.9 for index, letter in enumerate(text) if letter == " " and index > 4}
    inner = {index: p for index, p in spaces.items() if 0 < index < len(text) - 1}
    false = false_spaces(text, inner, dict.fromkeys(inner, 0.3))
    kept = "".join(letter for index, letter in enumerate(text) if index not in false)
    assert kept == whole


def test_a_space_that_the_network_is_sure_of_stays_even_in_a_name() -> None:
    text = "see mdadm . conf(5)"
    spaces = {index: 0.98 for index, letter in enumerate(text) if letter == " "}
    assert false_spaces(text, spaces, dict.fromkeys(spaces, 0.3)) == set()


@pytest.mark.parametrize("invert", [False, True])
def test_the_white_between_two_words_is_measured(invert: bool) -> None:
    strip = drawn("nn   nn")
    if invert:
        strip = 255 - strip
    columns = shown(strip).shape[3] // 8
    places = [round(columns * share) for share in (0.2, 0.5, 0.8)]
    ink = np.flatnonzero((strip[:, :, 0] < 128).any(axis=0) != invert)
    if invert:
        ink = np.flatnonzero((strip[:, :, 0] > 128).any(axis=0))
    white = int(np.diff(ink).max()) - 1
    gap = LineInk(strip, columns, places).gap(0, 2)
    assert gap * strip.shape[0] == pytest.approx(white, abs=2)


def test_a_line_without_doubtful_spaces_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: Callable[..., None] = lambda *_: pytest.fail("measured")  # noqa: E731
    monkeypatch.setattr(spelling, "LineInk", measured)
    told = distributions(("a", 0.9), (" ", 0.9995), ("b", 0.9))
    assert reader(told).read(PAPER)[0] == "a b"


def test_a_doubtful_space_in_a_name_is_gone_from_text_and_score() -> None:
    told = distributions(("a", 0.9), ("", 0.9), (".", 0.9), (" ", 0.6), ("b", 0.9))
    text, score = reader(told).read(PAPER)
    assert text == "a.b"
    assert score == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("V:1,_I:10", "V:1, I:10"),
        ('menu_"Open"_or', 'menu "Open" or'),
        ("stable_(old)_is", "stable (old) is"),
        ("'top'_node", "'top' node"),
        ("a_/_b", "a/b"),
        ("auto_no_mous", "autonomous"),
        ("Mr_.X", "Mr.X"),
    ],
)
def test_a_space_that_the_network_thinks_of_beside_punctuation_is_one(
    text: str, whole: str
) -> None:
    """``_`` is where it thinks of one."""
    plain = text.replace("_", "")
    thought = {text[:index].replace("_", "") for index, letter in enumerate(text) if letter == "_"}
    between = [0.2 if plain[: index + 1] in thought else 0.05 for index in range(len(plain) - 1)]
    lost = lost_spaces(plain, between)
    assert "".join(letter + " " * (n in lost) for n, letter in enumerate(plain)) == whole


def test_where_the_network_thinks_of_no_space_punctuation_makes_none() -> None:
    assert lost_spaces('print(a,b)"x"(c)', [0.1] * 15) == set()


def test_a_lost_space_is_in_the_text() -> None:
    told = distributions(("a", 0.9), (",", 0.9), ("", 0.7), ("b", 0.9))
    told[2, CHARACTERS.index(" ")] = 0.25
    assert reader(told).read(PAPER)[0] == "a, b"


@pytest.mark.parametrize(("breadth", "text"), [(4, "a b"), (12, "ab")])
def test_a_space_that_the_network_thinks_of_is_one_where_the_white_is_wide(
    breadth: int, text: str
) -> None:
    told = distributions(("a", 0.9), ("", 0.6), ("", 0.6), ("b", 0.9))
    told[1:3, CHARACTERS.index(" ")] = 0.2
    strip = np.full((48, 36, 3), 255, np.uint8)  # as wide as these four columns
    strip[10:40, 2 : 2 + breadth] = strip[10:40, -2 - breadth : -2] = 0
    assert reader(told).read(strip)[0] == text


@pytest.mark.parametrize(
    ("text", "probability", "right"),
    [
        ("fi1e", 0.06, "file"),
        ("(fil1)", 0.12, "(fill)"),
        ("//1ists", 0.12, "//lists"),
        ("pic1;", 0.05, "pic1;"),
        ("x1y", 0.01, "x1y"),
        ("11", 0.4, "11"),
        ("1 of", 0.4, "1 of"),
        ("0.1s", 0.4, "0.1s"),
        ("A1", 0.4, "A1"),
    ],
)
def test_a_one_that_may_be_an_l_is_one_beside_letters_only(
    text: str, probability: float, right: str
) -> None:
    ones = {index: probability for index, letter in enumerate(text) if letter == "1"}
    assert corrected(text, ones) == right


def test_an_l_taken_for_a_one_is_in_the_text() -> None:
    told = distributions(("a", 0.9), ("1", 0.6), ("1", 0.6), ("b", 0.9))
    told[2, CHARACTERS.index("l")] = 0.3
    assert reader(told).read(PAPER)[0] == "alb"


def test_ink_that_no_character_accounts_for_is_a_sign_that_was_lost() -> None:
    strip = drawn("a bla")
    columns = shown(strip).shape[3] // 8
    told = [("", 0.9)] * columns
    told[1], told[5] = ("a", 0.9), (" ", 0.9)  # of what stands behind the space nothing is said
    told[4] = ("", 0.9)
    network = distributions(*told)
    text, score = reader(network).read(strip)
    assert text.startswith("a ")
    assert set(text[2:]) == {REPLACEMENT}
    assert score < 0.5, "most of the line is not in its text"
