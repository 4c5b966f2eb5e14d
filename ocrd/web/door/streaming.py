"""Answers that come piece by piece: server-sent events, and files of any length."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import StreamingResponse

from ocrd.job import Job
from ocrd.results import Opened
from ocrd.web.door.house import House

T = TypeVar("T")

PING_SECONDS = 15.0
SEND_SECONDS = 60.0  # for a client to take a piece; one who takes none is gone
# What a browser is shown of a document does nothing there.
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox"}


class Sent(EventSourceResponse):
    """Server-sent events, until the daemon stops; the library's own watch for that polls."""

    def __init__(self, events: AsyncIterator[ServerSentEvent], stopping: asyncio.Event) -> None:
        super().__init__(events, ping=PING_SECONDS, sep="\n", send_timeout=SEND_SECONDS)
        self._stopping = stopping

    async def _listen_for_exit_signal(self) -> None:  # type: ignore[override]
        await self._stopping.wait()


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
