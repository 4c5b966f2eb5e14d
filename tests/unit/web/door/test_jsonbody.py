"""JSON that requests bring: objects alone, and all of them together in a budget."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import Any

import pytest

from ocrd.errors import RequestError
from ocrd.web.door.asking import NOBODY, Asker, ask_as
from ocrd.web.door.jsonbody import MAX_JSON, Memory, json_brought
from tests.unit.web.door.test_receiving import request


async def read(memory: Memory, *pieces: bytes, limit: int = 60, **headers: str) -> Any:
    async with json_brought(request([*pieces], **headers), memory, limit) as found:
        return found


async def refused(memory: Memory, *pieces: bytes, **more: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await read(memory, *pieces, **more)
    assert caught.value.hint or caught.value.status == 499
    return caught.value


async def test_json_has_a_budget() -> None:
    memory = Memory(100)
    assert await read(memory, b'{"a": 1}', content_length="8") == {"a": 1}
    assert await read(memory, b'{"a"', b": 1}") == {"a": 1}
    long = json.dumps({"a": "x" * 100}).encode()
    assert (await refused(memory, long)).status == 413
    assert (await refused(memory, long, content_length=str(len(long)))).status == 413
    with memory.hold(75):
        assert (await refused(memory, b"{}")).status == 429
        assert (await refused(memory, b"{}", content_length="2")).status == 429
    assert (await refused(memory, b"{", b"BREAK")).status == 499
    assert await read(memory, b"{" + b" " * 58 + b"}") == {}, "nothing is held any more"


async def test_what_is_not_told_is_held_as_it_comes() -> None:
    memory = Memory(100)
    with memory.hold(55):
        assert await read(memory, b"{", b" " * 18, b"}") == {}
        assert (await refused(memory, b"{", b" " * 19, b"}")).told_code == "busy"


async def test_one_who_asks_leaves_room_for_others() -> None:
    memory = Memory(100)
    try:
        with ExitStack() as held:
            ask_as(Asker("anna"))
            held.enter_context(memory.hold(75))
            assert (await refused(memory, b"{}")).status == 429
            ask_as(Asker("bob"))
            assert await read(memory, b'{"b": 1}') == {"b": 1}
            ask_as(Asker("anna", is_local=True))
            held.enter_context(memory.hold(25))
            ask_as(Asker("bob"))
            assert (await refused(memory, b"{}")).status == 429
        ask_as(Asker("anna", is_local=True))
        with memory.hold(100):
            pass
    finally:
        ask_as(NOBODY)


DEEP = 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b'"x"', b"null", b"{", b"\xff", b"[" * 50, b"{}{}", b'{"a": 1,}',
        b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"a": NaN}', b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}", b"\x00\x00\x00", b'{"a": "\x01"}', b"{'a': 1}",
    ],
    ids=range(19),
)  # fmt: skip
async def test_what_is_no_object_is_refused(body: bytes) -> None:
    error = await refused(Memory(), body, limit=MAX_JSON)
    assert (error.status, error.told_code) == (400, "json")
    assert len(error.what) < 300


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        ('\ufeff{"a": "ü"}'.encode(), {"a": "ü"}),
        ('{"a": "ü"}'.encode("utf-16"), {"a": "ü"}),
        (b'{"a": 1e400}', {"a": float("inf")}),
    ],
)
async def test_an_object_is_what_it_says(body: bytes, found: object) -> None:
    assert await read(Memory(), body) == found
    await asyncio.sleep(0)
