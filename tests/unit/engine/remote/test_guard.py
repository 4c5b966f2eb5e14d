"""An answer on its way: text of the page is let through, whatever else is broken off."""

from __future__ import annotations

import math
import random

import pytest

from ocrd.engine.remote.guard import Guard, RanAway, misfit
from ocrd.job import Ink

PAGE = Ink(rows=40, characters=2400, share=0.05)


def words(count: int, seed: int = 1) -> str:
    letters = random.Random(seed)
    return " ".join(
        "".join(letters.choices("abcdefghijklmnoprstuvw", k=letters.randint(2, 9)))
        for _ in range(count)
    )


def fed(guard: Guard, text: str, size: int = 7) -> None:
    for start in range(0, len(text), size):
        guard.take(text[start : start + size])


def test_a_page_of_text_comes_through_and_is_counted() -> None:
    guard = Guard(PAGE)
    text = words(400)
    fed(guard, text)
    assert guard.text == text
    assert guard.pieces == -(-len(text) // 7)


@pytest.mark.parametrize("unit", ["the same again ", "ha", "<tr><td>0x</td></tr>", "| a | b |\n"])
def test_a_loop_is_broken_off_soon(unit: str) -> None:
    guard = Guard(None)
    with pytest.raises(RanAway):
        fed(guard, unit * 20_000)
    assert len(guard.text) < 12_000


def test_text_far_beyond_the_pages_ink_is_broken_off() -> None:
    guard = Guard(PAGE)
    with pytest.raises(RanAway, match="far more"):
        fed(guard, words(20_000))
    assert len(guard.text) < 15_000


def test_without_a_count_of_ink_long_text_is_no_fault() -> None:
    guard = Guard(None)
    fed(guard, words(6_000))
    assert len(guard.text) > 25_000


@pytest.mark.parametrize(
    "text",
    ["\n".join(f"Item {n}: {words(3, n)} ........ {n * 7}" for n in range(90)),
     "<table>" + "".join(f"<tr><td>{words(1, n)}</td><td>0</td></tr>" for n in range(90))],
    ids=["a list with leaders", "a table of zeros"],
)  # fmt: skip
def test_sound_pages_repeat_things_too(text: str) -> None:
    fed(Guard(Ink(90, len(text), 0.05)), text)


def test_the_misfit_is_how_far_a_text_is_from_the_pages_extent() -> None:
    fits, half, double = words(480)[:2900], words(480)[:1450], words(1200)[:5800]
    assert misfit(fits, PAGE) < misfit(half, PAGE)
    assert misfit(fits, PAGE) < misfit(double, PAGE)
    assert misfit("", PAGE) > misfit(half, PAGE)
    assert (misfit("a", None), misfit("", None)) == (0.0, math.inf)
