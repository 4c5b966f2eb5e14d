"""A page's text from its tokens: whole characters only, and nothing behind what ends it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.deepseek.text.prompts import as_asked, settled
from ocrd.engine.deepseek.text.transcript import Transcript
from ocrd.tasks import Task


def bytewise(tokens: Sequence[int]) -> str:
    """Decode tokens that are bytes, as a byte-level vocabulary's are at worst."""
    return bytes(tokens).decode("utf-8", "replace")


def parts_of(text: str, sizes: Sequence[int]) -> list[list[int]]:
    """Return the bytes of a text, so many at a time and then the rest."""
    left = list(text.encode())
    found = []
    for size in sizes:
        found.append(left[:size])
        left = left[size:]
    return [*found, left]


@pytest.mark.parametrize("text", ["plain", "Größe", "年月日", "a👩‍🚀b", "�", ""])
def test_a_character_is_told_once_it_is_whole(text: str) -> None:
    said = Transcript(bytewise, live=True)
    pieces = [said.take([byte]) for byte in text.encode()]
    assert said.whole() == text
    assert text.startswith("".join(pieces))
    if "�" not in text:
        assert "".join(pieces) == text
        assert not any("�" in piece for piece in pieces)


@given(st.text(max_size=20), st.lists(st.integers(0, 5)))
def test_however_it_comes_what_is_told_is_a_beginning_of_the_text(
    text: str, sizes: list[int]
) -> None:
    said = Transcript(bytewise, live=True)
    told = "".join(said.take(tokens) for tokens in parts_of(text, sizes))
    assert said.whole() == text
    assert text.startswith(told)


def test_bytes_that_are_no_character_are_told_with_what_follows() -> None:
    said = Transcript(bytewise, live=True)
    assert said.take([0xE5, 0xB9]) == ""
    assert said.take([ord("x")]) == "�x" == said.whole()


def test_the_text_ends_before_a_stop_and_the_tokens_with_it() -> None:
    said = Transcript(bytewise, ["END", "\n\n"], live=True)
    told = said.take(list(b"One E")) + said.take(list(b"NEND two\n\nthree"))
    assert said.is_stopped
    assert told == said.whole() == "One EN"
    assert bytes(said.tokens) == b"One ENEND"


def test_what_may_become_a_stop_is_held_until_it_does_not() -> None:
    said = Transcript(bytewise, ["abac"], live=True)
    assert said.take(list(b"xaba")) == "x"
    assert said.take(list(b"b")) == "ab"
    assert said.take(list(b"x")) == "abx"
    assert not said.is_stopped


def test_a_stop_is_found_though_nobody_reads_along() -> None:
    said = Transcript(bytewise, ["stop"])
    said.take(list(b"go, stop, go"))
    assert said.is_stopped
    assert said.whole() == "go, "


@given(
    st.text("ab\n", max_size=20),
    st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(0, 5)),
)
def test_a_text_is_cut_at_the_first_stop_however_it_comes(
    text: str, stops: list[str], sizes: list[int]
) -> None:
    said = Transcript(bytewise, stops, live=True)
    told = ""
    for tokens in parts_of(text, sizes):
        if not said.is_stopped:
            told += said.take(tokens)
    places = [text.find(stop) for stop in stops if stop in text]
    # A stop that ends first ends the page, though a longer one may begin before it.
    ended = next((end for end in range(len(text) + 1) if any(s in text[:end] for s in stops)), None)
    assert said.is_stopped == bool(places)
    if ended is None:
        assert said.whole() == text
        assert text.startswith(told)
    else:
        assert said.whole() == text[: min(text[:ended].find(s) for s in stops if s in text[:ended])]
        assert said.whole() == told


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=2), max_size=2))
def test_each_token_has_its_part_of_the_text(text: str, stops: list[str]) -> None:
    said = Transcript(bytewise, stops)
    said.take(list(text.encode()))
    parts = said.by_token()
    assert len(parts) == len(said.tokens)
    assert "".join(parts) == said.whole()


def test_a_character_is_its_last_tokens_and_what_never_was_one_too() -> None:
    said = Transcript(bytewise)
    said.take([*"aß".encode(), 0xE5, 0xB9])
    assert said.by_token() == ["a", "", "ß", "", "�"]


PLACED = "<|det|>title [6, 4, 9, 9]<|/det|>\nReport\n\n<|det|>text [1, 1, 2, 2]<|/det|>\n1 < 2.\n"


@pytest.mark.parametrize("kind", ["unlimited-ocr", "deepseek-ocr-2"])
@pytest.mark.parametrize("mode", ["text", "markdown"])
def test_what_is_told_of_a_text_with_places_stays_true(kind: str, mode: str) -> None:
    task = Task(mode)
    whole = as_asked(kind, task, PLACED)
    places = [place for place in range(len(PLACED) + 1) if not _splits_a_token(place)]
    told = [settled(kind, task, PLACED[:place]) for place in places]
    for earlier, later in zip(told, [*told[1:], whole], strict=True):
        assert later.startswith(earlier)
    assert whole.startswith(told[-1])
    assert len(told[len(told) // 2]) > 5


def _splits_a_token(place: int) -> bool:
    tokens = ("<|det|>", "<|/det|>")
    return any(PLACED[place - size :].startswith(t) for t in tokens for size in range(1, len(t)))
