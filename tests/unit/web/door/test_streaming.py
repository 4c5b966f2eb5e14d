"""Answers that come piece by piece: they end when the daemon stops, and leave nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from sse_starlette import ServerSentEvent

from ocrd.web.door.streaming import Sent, saved_as, sse, until


class Source:
    """Numbers as they are put in; knows whether it was closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[int | None] = asyncio.Queue()
        self.is_closed = False

    async def pieces(self) -> AsyncGenerator[int]:
        try:
            while (piece := await self.queue.get()) is not None:
                yield piece
        finally:
            self.is_closed = True


async def test_pieces_come_to_their_own_end() -> None:
    source, stopping = Source(), asyncio.Event()
    for piece in (1, 2, None):
        source.queue.put_nowait(piece)
    assert [piece async for piece in until(stopping, source.pieces())] == [1, 2]
    assert source.is_closed


async def test_a_stop_ends_them_while_nothing_comes() -> None:
    source, stopping = Source(), asyncio.Event()
    source.queue.put_nowait(1)
    came = []

    async def hear() -> None:
        async for piece in until(stopping, source.pieces()):
            came.append(piece)

    async with asyncio.timeout(20):
        task = asyncio.ensure_future(hear())
        await asyncio.sleep(0.01)
        stopping.set()
        await task
    assert came == [1] and source.is_closed


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_who_goes_away_closes_what_he_listened_to(how: str) -> None:
    source, stopping = Source(), asyncio.Event()
    source.queue.put_nowait(1)
    stream = until(stopping, source.pieces())
    assert await anext(stream) == 1
    if how == "close":
        assert isinstance(stream, AsyncGenerator)
        await stream.aclose()
    else:
        task = asyncio.ensure_future(_next(stream))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert source.is_closed


async def _next(stream: AsyncIterator[int]) -> int:
    return await anext(stream)


async def test_what_goes_wrong_is_raised() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ZeroDivisionError

    stream = until(asyncio.Event(), broken())
    assert await anext(stream) == 1
    with pytest.raises(ZeroDivisionError):
        await anext(stream)


async def test_an_answer_of_events_is_whole_at_a_stop_and_leaves_no_watch_behind() -> None:
    stopping, sent = asyncio.Event(), list[Any]()

    async def told() -> AsyncIterator[ServerSentEvent]:
        yield sse(data="x", event="page", id="1")
        stopping.set()
        await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    before = asyncio.all_tasks()
    async with asyncio.timeout(20):
        scope = {"type": "http", "method": "GET", "headers": []}
        await Sent(told(), stopping)(scope, receive, send)
    assert sent[0]["headers"] and sent[-1] == {
        "type": "http.response.body", "body": b"", "more_body": False,
    }  # fmt: skip
    assert sent[1]["body"] == b"id: 1\nevent: page\ndata: x\n\n"
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before, "the library's own watch was not started"


def test_a_name_is_told_whatever_is_in_it() -> None:
    assert saved_as('a"b\r\nü.md') == {
        "Content-Disposition": "inline; filename*=UTF-8''a%22b%0D%0A%C3%BC.md"
    }
