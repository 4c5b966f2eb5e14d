"""Events: in order, from any thread, to whoever listens, and those that he missed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from ocrd import events
from ocrd.events import LOST, Event, Events
from ocrd.job import News


async def made() -> Events:
    found = Events()
    found.begin()
    return found


async def took(known: Events, *news: News) -> None:
    known.take(news)
    await asyncio.sleep(0.01)


async def some(stream: AsyncIterator[Event], count: int) -> list[tuple[str, int]]:
    async with asyncio.timeout(20):
        return [(event.kind, event.job) async for event, _ in _counted(stream, count)]


async def _counted(stream: AsyncIterator[Event], count: int) -> AsyncIterator[tuple[Event, int]]:
    for number in range(count):
        yield await anext(stream), number


async def test_who_listens_hears_what_comes_in_its_order() -> None:
    known = await made()
    await took(known, News(1, "queued"))
    heard = asyncio.ensure_future(some(known.follow(), 3))
    of_two = asyncio.ensure_future(some(known.follow(job=2), 1))
    await asyncio.sleep(0.01)
    threads = [
        threading.Thread(target=known.take, args=([News(1, "page", 1), News(2, "queued")],)),
    ]
    for thread in threads:
        thread.start()
        thread.join()
    await took(known, News(1, "done"))
    assert await heard == [("page", 1), ("queued", 2), ("done", 1)]
    assert await of_two == [("queued", 2)]


async def test_who_comes_again_goes_on_behind_his_last_one() -> None:
    known = await made()
    await took(known, News(1, "queued"), News(2, "queued"), News(1, "done"))
    first, second, third = known.known(1, 0)[0], known.known(2, 0)[0], known.known(1, 0)[1]
    assert known.since(known.id_of(first)) == 1
    assert await some(known.follow(after=known.since(known.id_of(first))), 2) == [
        ("queued", 2), ("done", 1),
    ]  # fmt: skip
    assert known.since(known.id_of(third)) == 3 and known.known(1, 3) == []
    assert known.known(2, second.number) == []


@pytest.mark.parametrize("wrong", ["", "x", "0-1", "-", "1", "{start}-4", "{start}-x", "{start}-"])
async def test_an_id_that_is_not_known_is_none(wrong: str) -> None:
    known = await made()
    await took(known, News(1, "queued"))
    assert known.since(wrong.replace("{start}", known.start)) is None


async def test_what_is_too_long_ago_is_said_to_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEPT", 3)
    known = Events()
    known.begin()
    await took(known, *(News(number, "queued") for number in range(1, 6)))
    assert known.since(f"{known.start}-1") is None
    assert known.since(f"{known.start}-2") == 2
    assert await some(known.follow(after=0), 4) == [
        (LOST, 0), ("queued", 3), ("queued", 4), ("queued", 5),
    ]  # fmt: skip


async def test_one_can_wait_for_a_jobs_end() -> None:
    known = await made()
    waiting = asyncio.ensure_future(known.wait(2, frozenset({"done"}), after=0))
    await took(known, News(1, "done"), News(2, "page", 1))
    assert not waiting.done()
    await took(known, News(2, "done"))
    async with asyncio.timeout(20):
        await waiting


def test_before_the_loop_and_after_it_nobody_listens() -> None:
    known = Events()
    known.take([News(1, "queued")])
    assert known.last == 0
    loop = asyncio.new_event_loop()
    known._loop = loop
    loop.close()
    known.take([News(1, "queued")])
    assert known.last == 0
