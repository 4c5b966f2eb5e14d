"""An answer that is sent while it is made: its events, its end, and who goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request

from ocrd.errors import RequestError
from ocrd.web.door import live
from ocrd.web.door.live import Live

Texts = Callable[[], AsyncIterator[str]]


class Wire:
    """One request and what is answered to it, with a client that may leave."""

    def __init__(self, texts: Texts) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.is_open = False
        self._texts = texts

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncIterator[str]]:
        self.is_open = True
        try:
            yield self._texts()
        finally:
            self.is_open = False

    async def _receive(self) -> dict[str, str]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    async def answer(self) -> None:
        scope = {"type": "http", "headers": [], "path": "/", "method": "POST"}
        request = Request(scope, self._receive)
        await Live(request, self._opened)(scope, self._receive, self._send)
        assert not self.is_open

    @property
    def body(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


async def test_each_text_is_an_event_and_the_last_one_says_so() -> None:
    async def texts() -> AsyncIterator[str]:
        yield "one"
        yield " two\n\nthree\n"

    wire = Wire(texts)
    await wire.answer()
    assert wire.body == "data: one\n\ndata:  two\ndata: \ndata: three\ndata: \n\ndata: [DONE]\n\n"
    start, *_, last = wire.sent
    headers = dict(start["headers"])
    assert (start["status"], headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert b"content-length" not in headers
    assert last == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_no_text_at_all_is_an_end() -> None:
    async def texts() -> AsyncIterator[str]:
        return
        yield ""

    wire = Wire(texts)
    await wire.answer()
    assert wire.body == "data: [DONE]\n\n"


async def test_what_is_wrong_before_the_first_text_is_a_refusal() -> None:
    async def texts() -> AsyncIterator[str]:
        raise RequestError("No.", status=422)
        yield ""

    wire = Wire(texts)
    with pytest.raises(RequestError, match="No"):
        await wire.answer()
    assert (wire.sent, wire.is_open) == ([], False)


async def test_what_goes_wrong_later_is_an_event_instead_of_the_end() -> None:
    async def texts() -> AsyncIterator[str]:
        yield "one"
        raise RequestError("No.", hint="Go.", status=422, code="odd")

    wire = Wire(texts)
    await wire.answer()
    first, second, rest = wire.body.split("\n\n")
    assert (first, rest) == ("data: one", "")
    kind, data = second.split("\n")
    assert kind == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "error": {"code": "odd", "message": "No.", "hint": "Go."}
    }
    assert wire.sent[-1]["more_body"] is False


@pytest.mark.parametrize("after", [0, 1])
async def test_who_goes_away_ends_the_work(after: int) -> None:
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def texts() -> AsyncIterator[str]:
        try:
            for _ in range(after):
                yield "one"
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    wire = Wire(texts)
    work = asyncio.ensure_future(wire.answer())
    await begun.wait()
    wire.leaves.set()
    if after:
        await work  # there is nobody to be told
    else:
        with pytest.raises(RequestError) as caught:
            await work
        assert caught.value.status == 499
    assert ended.is_set()
    assert not wire.is_open


@pytest.mark.parametrize("before", [0, 1])
async def test_a_silent_answer_keeps_its_connection(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.01)
    goes_on = asyncio.Event()

    async def texts() -> AsyncIterator[str]:
        for _ in range(before):
            yield "one"
        await goes_on.wait()
        yield "two"

    wire = Wire(texts)
    work = asyncio.ensure_future(wire.answer())
    while wire.body.count(": \n\n") < 3:  # noqa: ASYNC110 - of an answer, seen in what it sent
        await asyncio.sleep(0.005)
    goes_on.set()
    await work
    assert wire.body.replace(": \n\n", "") == "".join(
        f"data: {text}\n\n" for text in (*["one"] * before, "two", "[DONE]")
    )
