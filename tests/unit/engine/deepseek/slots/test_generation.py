"""Following a page from other threads."""

from __future__ import annotations

import threading

import pytest

from ocrd.engine.deepseek.slots import generation
from ocrd.engine.deepseek.slots.generation import STRIDE, Generation


def test_followers_hear_every_token_in_order_and_then_the_end() -> None:
    page = Generation()
    heard: list[list[int]] = [[], []]

    def follow(number: int) -> None:
        for tokens in page.follow():
            heard[number] += tokens

    followers = [threading.Thread(target=follow, args=(number,)) for number in range(2)]
    for follower in followers:
        follower.start()
    for token in range(5 * STRIDE + 3):
        page.take(token)
    page.end("eos")
    for follower in followers:
        follower.join(10)
    assert heard == [list(range(5 * STRIDE + 3))] * 2
    assert page.finished == "eos"


def test_tokens_come_some_at_a_time_while_they_come_fast() -> None:
    page = Generation()
    for token in range(STRIDE + 1):
        page.take(token)
    first = next(page.follow())
    assert len(first) >= STRIDE


def test_a_slow_token_is_heard_of_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "PAUSE_SECONDS", 0.0)
    page = Generation()
    page.take(7)
    assert next(page.follow()) == [7]


def test_who_reads_along_hears_of_every_token_that_is_not_too_fast() -> None:
    page = Generation()
    page.hurry(0.0)
    follower = page.follow()
    for token in range(3):
        page.take(token)
        assert next(follower) == [token]


def test_an_error_is_raised_after_the_tokens_before_it() -> None:
    page = Generation()
    page.take(1)
    page.end("failed", ZeroDivisionError("cause"))
    follower = page.follow()
    assert next(follower) == [1]
    with pytest.raises(ZeroDivisionError, match="cause"):
        next(follower)


def test_the_first_end_counts() -> None:
    page = Generation()
    page.end("length")
    page.end("failed", RuntimeError())
    assert (page.finished, page.error) == ("length", None)
    assert list(page.follow()) == []


def test_cancelling_asks_and_wakes() -> None:
    woken: list[bool] = []
    page = Generation(lambda: woken.append(True))
    page.cancel()
    assert page.cancelled
    assert woken == [True]
    assert page.finished == ""
