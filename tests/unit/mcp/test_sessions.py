"""Sessions of assistants: the library's own application behind the limits, asked over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from mcp.server import MCPServer
from starlette.types import Receive, Scope, Send

from ocrd.config.api import ApiSettings
from ocrd.mcp import sessions
from ocrd.mcp.server import application
from ocrd.mcp.sessions import IDLE_SECONDS, Sessions
from ocrd.web.door.asking import Asker, ask_as
from ocrd.web.door.guard import Gate

MOST, MOST_OF_ONE = 8, 6
BEGIN = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
HEADERS = {"Accept": "application/json, text/event-stream"}


class House:
    """An application that knows who asks by a header, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.app = MCPServer("test").streamable_http_app(session_idle_timeout=None)
        self.sessions = Sessions(self.app, clock=lambda: self.now)
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self._named), base_url="http://127.0.0.1:1",
            headers=HEADERS,
        )  # fmt: skip

    async def _named(self, scope: Scope, receive: Receive, send: Send) -> None:
        ask_as(Asker(dict(scope["headers"])[b"x-name"].decode()))
        await self.sessions(scope, receive, send)

    async def ask(
        self, name: str, session: str = "", body: Any = BEGIN, method: str = "POST"
    ) -> httpx2.Response:
        told = {"X-Name": name, **({"Mcp-Session-Id": session} if session else {})}
        return await self.client.request(
            method, "/mcp", headers=told, json=body if method == "POST" else None
        )

    async def begin(self, name: str) -> str:
        answer = await self.ask(name)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["mcp-session-id"])


@pytest_asyncio.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(sessions, "MOST", MOST)
    monkeypatch.setattr(sessions, "MOST_OF_ONE", MOST_OF_ONE)
    house = House()
    ready, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:  # in one task, as the library wants it
        async with house.app.router.lifespan_context(house.app):
            ready.set()
            await over.wait()

    living = asyncio.create_task(live())
    await ready.wait()
    yield house
    await house.client.aclose()
    over.set()
    await living


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["message"] and error["hint"]
    return answer.status_code, error["code"]


async def test_one_key_has_a_share_and_all_together_a_limit(house: House) -> None:
    mine = [await house.begin("anna") for _ in range(MOST_OF_ONE)]
    more = await house.ask("anna")
    assert refusal(more) == (429, "busy")
    assert more.headers["retry-after"] == "5"
    assert f"{MOST_OF_ONE} of them yours" in more.json()["error"]["message"]
    theirs = [await house.begin("bob") for _ in range(MOST - MOST_OF_ONE)]
    assert refusal(await house.ask("bob")) == (429, "busy")
    for name, session in (("anna", mine[0]), ("bob", theirs[0])):
        assert (await house.ask(name, session, LIST)).status_code == 200, "those that are go on"
    assert (await house.ask("anna", mine[0], method="DELETE")).status_code == 200
    assert refusal(await house.ask("anna", mine[0], LIST)) == (404, "session")
    await house.begin("bob")
    assert refusal(await house.ask("anna")) == (429, "busy"), "all places are taken"


async def test_a_session_is_its_keys_own(house: House) -> None:
    mine = await house.begin("anna")
    for method in ("POST", "GET", "DELETE"):
        assert refusal(await house.ask("bob", mine, LIST, method)) == (404, "session")
    assert refusal(await house.ask("bob", "none", LIST)) == (404, "session")
    assert (await house.ask("anna", mine, LIST)).status_code == 200


async def test_idle_sessions_make_room(house: House) -> None:
    old = [await house.begin("anna") for _ in range(MOST_OF_ONE)]
    house.now += IDLE_SECONDS - 1
    assert (await house.ask("anna", old[0], LIST)).status_code == 200
    assert refusal(await house.ask("anna")) == (429, "busy")
    house.now += 2
    await house.begin("anna")
    assert (await house.ask("anna", old[0], LIST)).status_code == 200, "it was not idle"
    assert refusal(await house.ask("anna", old[1], LIST)) == (404, "session")


async def test_what_begins_no_session_holds_no_place(house: House) -> None:
    bodies: tuple[Any, ...] = ({}, [], {"jsonrpc": "2.0", "id": 1, "method": "nothing"}, "x")
    for body in bodies:
        for _ in range(MOST_OF_ONE + 1):
            answer = await house.ask("anna", body=body)
            assert 400 <= answer.status_code < 429, answer.text
    for _ in range(MOST_OF_ONE + 1):
        assert (await house.ask("anna", method="GET")).status_code < 429
    await house.begin("anna")


async def test_a_request_that_hardly_comes_holds_its_place_while_it_does(house: House) -> None:
    goes_on = asyncio.Event()
    come: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        come.append(1)
        yield b"{"
        await goes_on.wait()
        yield b"}"

    def slow() -> asyncio.Task[httpx2.Response]:
        told = {"X-Name": "anna", "Content-Type": "application/json"}
        return asyncio.create_task(house.client.post("/mcp", content=body(), headers=told))

    held = [slow() for _ in range(MOST_OF_ONE)]
    async with asyncio.timeout(30):
        while len(come) < MOST_OF_ONE:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert refusal(await house.ask("anna")) == (429, "busy")
    await house.begin("bob")
    goes_on.set()
    assert {one.status_code for one in await asyncio.gather(*held)} == {400}
    await house.begin("anna")


def test_the_library_ends_what_is_forgotten_here() -> None:
    made = MCPServer("test")
    application(made, Gate(ApiSettings(listen="127.0.0.1:8714", keys="none")))
    known = made.session_manager
    assert (known.session_idle_timeout, known.max_sessions) == (IDLE_SECONDS, sessions.MOST)
