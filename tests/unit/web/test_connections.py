"""Connections over TCP that keep their place and ask nothing, on a real server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import Receive, Scope, Send

from ocrd.web import server as servers
from ocrd.web.door import connections
from ocrd.web.door.connections import Patient

ASK = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = 0.3  # seconds, in place of all patience


class App:
    """Answers at once, when it is told to, or with more than anybody takes."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.at_work = 0
        self.ends: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.at_work += 1
        if scope["path"] == "/body":
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
            self.ends.append(message["type"])
        elif scope["path"] == "/wait":
            await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        pieces = 400 if scope["path"] == "/much" else 1
        for _ in range(pieces):
            more = {"type": "http.response.body", "body": bytes(64 << 10), "more_body": True}
            await send(more)
        await send({"type": "http.response.body", "body": b"end", "more_body": False})
        self.ends.append(scope["path"])


Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Place:
    def __init__(self, app: App, port: int, path: Path) -> None:
        self.app, self.port, self.path = app, port, path
        self.opened: list[asyncio.StreamWriter] = []

    async def open(self, said: bytes = b"", *, local: bool = False) -> Opened:
        reader, writer = await (
            asyncio.open_unix_connection(self.path) if local
            else asyncio.open_connection("127.0.0.1", self.port, limit=1 << 10)
        )  # fmt: skip
        self.opened.append(writer)
        writer.write(said)
        return reader, writer


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    app, path = App(), tmp_path / "sock"
    tcp, local = servers.listen_tcp("127.0.0.1", 0), servers.listen(path)
    config = uvicorn.Config(app, http=Patient, lifespan="off", loop="none", log_config=None)
    config.timeout_keep_alive = 3600
    server = servers._Server(config)
    task = asyncio.create_task(server.serve([tcp, local]))
    await server.ready.wait()
    found = Place(app, tcp.getsockname()[1], path)
    yield found
    app.go.set()
    for writer in found.opened:
        writer.transport.abort()
    server.end()
    await task
    tcp.close()
    local.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", SHORT)
    monkeypatch.setattr(connections, "STEP_SECONDS", SHORT)


async def is_ended(reader: asyncio.StreamReader) -> bool:
    """Read until the server ends the connection."""
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(reader.read(1 << 16), 60):
            pass
    return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.01)


async def test_who_only_keeps_a_place_loses_it_to_a_newcomer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most", lambda: 3)
    busy, _ = await place.open(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    await until(lambda: place.app.at_work == 1)
    first, _ = await place.open(b"GET /quick HT")
    await place.open()
    for _ in range(5):
        reader, _ = await place.open(ASK)
        assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 200")
    assert await is_ended(first)
    place.app.go.set()
    assert (await asyncio.wait_for(busy.readline(), 60)).startswith(b"HTTP/1.1 200")


async def test_requests_under_way_are_not_ended_for_a_newcomer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most", lambda: 2)
    ask = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
    busy = [(await place.open(ask))[0] for _ in range(2)]
    await until(lambda: place.app.at_work == 2)
    late, _ = await place.open(ASK)
    assert await is_ended(late)
    local, _ = await place.open(ASK, local=True)
    assert (await asyncio.wait_for(local.readline(), 60)).startswith(b"HTTP/1.1 200")
    place.app.go.set()
    for one in busy:
        assert (await asyncio.wait_for(one.readline(), 60)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "said",
    [
        b"", b"GET /quick HTTP/1.1\r\nX: ", ASK,  # nothing more comes after an answer
        b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + bytes(9),
    ],
    ids=["nothing", "half a head", "an answer before", "a body that nobody reads"],
)  # fmt: skip
@pytest.mark.usefixtures("hurried")
async def test_who_asks_nothing_is_ended(place: Place, said: bytes) -> None:
    reader, _ = await place.open(said)
    assert await is_ended(reader)


@pytest.mark.usefixtures("hurried")
async def test_a_body_that_does_not_come_on_is_ended_and_its_work_let_go(place: Place) -> None:
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    reader, writer = await place.open(head)

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(SHORT / 10)

    dripping = asyncio.create_task(drip())
    try:
        assert await is_ended(reader)
        await until(lambda: place.app.ends[:1] == ["http.disconnect"])
    finally:
        dripping.cancel()


@pytest.mark.usefixtures("hurried")
async def test_an_answer_that_nobody_takes_is_ended(place: Place) -> None:
    await place.open(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
    await until(lambda: place.app.ends == ["/much"])  # what is sent to nobody is thrown away


@pytest.mark.usefixtures("hurried")
async def test_work_that_takes_long_and_people_at_the_socket_have_time(place: Place) -> None:
    long, _ = await place.open(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    local, writer = await place.open(local=True)
    gone, _ = await place.open()
    assert await is_ended(gone)  # as long as patience is
    await asyncio.sleep(SHORT)
    writer.write(ASK)
    assert (await asyncio.wait_for(local.readline(), 60)).startswith(b"HTTP/1.1 200")
    place.app.go.set()
    assert (await asyncio.wait_for(long.readline(), 60)).startswith(b"HTTP/1.1 200")


