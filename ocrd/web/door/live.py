"""An answer that is sent while it is made: server-sent events, one for each piece.

What is wrong before the answer has begun is refused as any request is; later there is an event that
says so. It begins with the first piece, or where that is long in coming with a sign of life. A
client who goes away ends the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from sse_starlette.event import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ocrd.errors import OcrdError, RequestError
from ocrd.web.door.asked import while_there
from ocrd.web.door.faults import refusal_of, refused

PING_SECONDS = 15.0  # proxies take a connection for dead that is silent for long
SEP = "\n"

Opened = Callable[[], AbstractAsyncContextManager[AsyncIterator[str]]]


class Live(Response):
    """Sends texts as they come, each the data of one event, and at last ``[DONE]``."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, opened: Opened) -> None:
        """Send what ``opened`` provides, which takes the request's body in before."""
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._request = request
        self._opened = opened
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; raise what is wrong before the first text."""
        try:
            async with self._opened() as texts:
                await while_there(self._request, self._send_all(texts, send))
        except RequestError:
            if not self._has_begun:
                raise

    async def _send_all(self, texts: AsyncIterator[str], send: Send) -> None:
        async def say(event: ServerSentEvent) -> None:
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})

        async def begin() -> None:
            if not self._has_begun:
                self._has_begun = True
                head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(head)

        async def ping() -> None:
            await begin()
            await say(ServerSentEvent(comment="", sep=SEP))

        try:
            while (text := await _next(texts, ping)) is not None:
                await begin()
                await say(ServerSentEvent(text, sep=SEP))
            await begin()
            await say(ServerSentEvent("[DONE]", sep=SEP))
        except OcrdError as error:
            if not self._has_begun:
                raise
            told = bytes(refused(self._request, refusal_of(error)).body).decode()
            await say(ServerSentEvent(told, event="error", sep=SEP))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(texts: AsyncIterator[str], ping: Callable[[], Awaitable[None]]) -> str | None:
    """Return the next text, None after the last one; ``ping`` while it is long in coming."""
    coming = asyncio.ensure_future(anext(texts, None))
    try:
        while not coming.done():
            done, _ = await asyncio.wait({coming}, timeout=PING_SECONDS)
            if not done:
                await ping()
        return coming.result()
    finally:
        coming.cancel()
        await asyncio.wait({coming})
