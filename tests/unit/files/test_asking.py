"""Questions to file systems: whose threads are used again, and who hangs holds up nobody."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ocrd.files.asking import ask


async def test_what_is_asked_is_answered_or_raised() -> None:
    assert await ask(lambda: 7, 60.0) == 7
    with pytest.raises(OSError, match="gone"):
        await ask(_raise, 60.0)


async def test_a_thread_that_has_its_answer_takes_the_next_question() -> None:
    first = await ask(threading.get_ident, 60.0)
    before = threading.active_count()
    again = {first}
    for _ in range(50):
        again.add(await ask(threading.get_ident, 60.0))
    assert threading.active_count() <= before + 1, "the next may come before it is free"
    assert len(again) < 50


async def test_a_question_that_hangs_holds_up_no_other() -> None:
    answered, late = threading.Event(), asyncio.Event()
    with pytest.raises(TimeoutError):
        await ask(answered.wait, 0.01, late.set)
    assert await ask(lambda: "here", 60.0) == "here"
    assert not late.is_set()
    answered.set()
    async with asyncio.timeout(60):
        await late.wait()


def _raise() -> None:
    raise OSError("gone")
