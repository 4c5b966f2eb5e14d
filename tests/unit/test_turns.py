"""Doors that wait have their turn: one that floods gets no more than its share."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from ocrd.engine.pagequeue import Flight, PageQueue, QueuedPage
from ocrd.engine.protocol import Recognise
from ocrd.engine.room import Room
from ocrd.turns import Turns


def test_who_comes_anew_starts_where_the_others_are() -> None:
    turns = Turns()
    turns.begin("folder")
    for _ in range(100):
        turns.take("folder")
    turns.begin("requests")
    served = []
    for _ in range(10):
        door = min(("folder", "requests"), key=turns.mark)
        turns.take(door)
        served.append(door)
    assert Counter(served) == {"folder": 5, "requests": 5}


def test_a_door_that_rests_saves_no_turns() -> None:
    turns = Turns()
    turns.begin("a")
    turns.take("a")
    turns.begin("b")
    for _ in range(50):
        turns.take("b")
    turns.begin("a")
    assert turns.mark("a") == turns.mark("b") - 1


def _queued(queue: PageQueue, door: str, count: int, priority: int = 0) -> None:
    loop = asyncio.get_running_loop()
    for number in range(count):
        identity = hash((door, number)) & 0xFFFFFF
        queue.add(
            QueuedPage(
                (-priority, number), identity, Recognise(identity, f"{door}-{number}"),
                loop.create_future(), door=door,
            )
        )  # fmt: skip


def _taken(queue: PageQueue, count: int) -> list[str]:
    flight = Flight()
    return [page.door for _ in range(count) if (page := queue.take(flight, 1000))]


@pytest.mark.asyncio
async def test_pages_are_dealt_in_turn_to_the_doors_that_wait() -> None:
    queue = PageQueue()
    _queued(queue, "api", 200)
    _queued(queue, "/a", 20)
    _queued(queue, "/b", 20)
    assert Counter(_taken(queue, 60)) == {"api": 20, "/a": 20, "/b": 20}
    assert Counter(_taken(queue, 100)) == {"api": 100}, "what the others leave"


@pytest.mark.asyncio
async def test_a_priority_goes_before_all_turns() -> None:
    queue = PageQueue()
    _queued(queue, "api", 5)
    _queued(queue, "/urgent", 5, priority=1)
    assert _taken(queue, 10) == ["/urgent"] * 5 + ["api"] * 5


@pytest.mark.asyncio
async def test_rooms_are_dealt_in_turn_too() -> None:
    room = Room(lambda: 3)
    came: list[str] = []

    async def read(document: str, door: str) -> None:
        for _ in range(5):
            await room.enter(document, (0, 0), door)
            came.append(door)

    tasks = [asyncio.create_task(read(f"book {n}", "api")) for n in range(4)]
    tasks.append(asyncio.create_task(read("scan", "/a")))
    for _ in range(10):
        await asyncio.sleep(0)
    came.clear()
    for turn in range(12):
        room.leave("scan" if turn % 2 else f"book {turn // 2 % 4}")
        for _ in range(5):
            await asyncio.sleep(0)
    assert came.count("/a") == 3, "all that it still wanted, though four others wait"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
