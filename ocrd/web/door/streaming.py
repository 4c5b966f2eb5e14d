"""Answers that come piece by piece: server-sent events, and files of any length."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import StreamingResponse

from ocrd.job import Job
from ocrd.results import Opened
from ocrd.web.door.house import House

T = TypeVar("T")

SEP = "\n"  # at the end of an event's lines
sse = partial(ServerSentEvent, sep=SEP)
PING_SECONDS = 15.0
SEND_SECONDS = 60.0  # for a client to take a piece; one who takes none is gone
# What a browser is shown of a document does nothing there.
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox"}


class Sent(EventSourceResponse):
    """Server-sent events, which come to a clean end when the daemon stops.

    The library's own watch for that polls, and breaks the answer off.
    """

    def __init__(self, events: AsyncIterator[ServerSentEvent], stopping: asyncio.Event) -> None:
        told = until(stopping, events)
        super().__init__(told, ping=PING_SECONDS, sep=SEP, send_timeout=SEND_SECONDS)

    async def _listen_for_exit_signal(self) -> None:  # type: ignore[override]
        await asyncio.Event().wait()


async def until(stopping: asyncio.Event, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
    """Provide the pieces as they come, and no more once ``stopping`` is set."""

    async def step() -> tuple[T] | None:
        async for piece in pieces:
            return (piece,)
        return None

    stop = asyncio.ensure_future(stopping.wait())
    try:
        while True:
            coming = asyncio.ensure_future(step())
            try:
                await asyncio.wait({coming, stop}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done():
                    coming.cancel()
                    await asyncio.wait({coming})
            if coming.cancelled() or (came := coming.result()) is None:
                return
            yield came[0]
    finally:
        stop.cancel()
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def file_response(
    house: House, job: Job, opened: Opened, media_type: str, name: str = ""
) -> StreamingResponse:
    """Return the response of an open file, which is closed at its end; ``name`` saves it so."""

    async def pieces() -> AsyncIterator[bytes]:
        left = opened.size
        try:
            while left and (piece := await house.do(job, opened.read)):
                piece = piece[:left]
                left -= len(piece)
                yield piece
        finally:
            opened.close()

    headers = {**INERT, **saved_as(name or opened.name), "Content-Length": str(opened.size)}
    return StreamingResponse(pieces(), media_type=media_type, headers=headers)


def saved_as(name: str) -> Mapping[str, str]:
    """Return the header that names a file for those who save it."""
    told = name.encode("utf-8", "replace")
    return {"Content-Disposition": f"inline; filename*=UTF-8''{quote(told, safe='')}"}


async def threaded(house: House, job: Job, next_piece: Callable[[], T | None]) -> AsyncIterator[T]:
    """Provide what comes out of a function, one after another, from the folder's threads."""
    while (piece := await house.do(job, next_piece)) is not None:
        yield piece
