"""How many pages may be drawn and in work, over all documents of an engine."""

from __future__ import annotations

import asyncio
import random

from ocrd.engine.room import ALWAYS, Room


async def turns() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def entering(room: Room, document: str, *ranks: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(room.enter(document, (rank,))) for rank in ranks]


async def test_a_book_gets_all_the_room_and_no_more() -> None:
    room = Room(lambda: 5)
    pages = entering(room, "book", *range(8))
    await turns()
    assert [page.done() for page in pages] == [True] * 5 + [False] * 3
    room.leave("book")
    await turns()
    assert sum(page.done() for page in pages) == 6
    for page in pages:
        page.cancel()


async def test_a_letter_need_not_wait_for_a_book() -> None:
    room = Room(lambda: 5)
    book = entering(room, "book", *[9] * 8)
    await turns()
    letter = entering(room, "letter", *[1] * 3)
    await turns()
    assert [page.done() for page in letter] == [True] * ALWAYS + [False]
    room.leave("book")
    room.leave("book")
    await turns()
    assert not letter[2].done(), "the room is over-full still"
    room.leave("book")
    await turns()
    assert letter[2].done(), "the lower rank goes first"
    assert sum(page.done() for page in book) == 5
    for page in book:
        page.cancel()


async def test_room_that_grows_is_used_when_a_page_leaves() -> None:
    limit = 3
    room = Room(lambda: limit)
    pages = entering(room, "book", *range(9))
    await turns()
    limit = 6
    room.leave("book")
    await turns()
    assert sum(page.done() for page in pages) == 7
    for page in pages:
        page.cancel()


async def test_who_gives_up_takes_no_room() -> None:
    room = Room(lambda: 3)
    pages = entering(room, "book", *range(6))
    await turns()
    for page in pages[3:5]:
        page.cancel()
    room.leave("book")
    await turns()
    assert pages[5].done()
    assert pages[5].exception() is None


async def test_room_is_never_lost_whatever_comes_and_goes() -> None:
    chance = random.Random(7)
    room = Room(lambda: 6)
    inside: list[str] = []
    waiting: list[asyncio.Task[None]] = []

    async def one(document: str, rank: int) -> None:
        await room.enter(document, (rank,))
        inside.append(document)

    for _ in range(600):
        step = chance.random()
        if step < 0.5:
            name = chance.choice("abcde")
            waiting.append(asyncio.create_task(one(name, chance.randrange(9))))
        elif step < 0.8 and inside:
            room.leave(inside.pop(chance.randrange(len(inside))))
        elif waiting:
            chance.choice(waiting).cancel()
        if chance.random() < 0.5:
            await turns()
        assert len(inside) <= 6 + ALWAYS * 5
    await turns()
    while inside:
        room.leave(inside.pop())
        await turns()
    assert all(task.done() for task in waiting)
    last = entering(room, "z", *range(6))
    await turns()
    assert all(page.done() for page in last), "the whole room is free again"
