"""What an engine wants to be told at its next start, it is told: on its device, and alone."""

from __future__ import annotations

from typing import Any

import pytest

from ocrd.engine import protocol
from ocrd.errors import EngineError, PageError
from tests.clients import engine, page, text
from tests.engines import ENVIRONMENT


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


async def test_a_worker_is_told_what_the_one_before_it_noted() -> None:
    heard: list[dict[str, Any]] = []
    async with engine("mindful", on_memos=heard.append, max_kills=1) as client:
        assert text(await page(client, "one.pgm")) == "Start 1 auto"
        with pytest.raises(PageError):
            await page(client, "die.pgm")
        assert text(await page(client, "two.pgm")) == "Start 2 auto"
    assert heard == [{"auto": {"start": 1}}, {"auto": {"start": 2}}]
    async with engine("mindful", memos=heard[-1]) as client:
        assert text(await page(client, "one.pgm")) == "Start 3 auto"


async def test_each_device_has_a_memory_of_its_own() -> None:
    memos = {"a": {"start": 5}, "c": {"start": 9}}
    heard: list[dict[str, Any]] = []
    async with engine("mindful", memos=memos, on_memos=heard.append, devices=("a", "b")) as client:
        await client.hello()
        read = {text(await page(client, "one.pgm")) for _ in range(2)}
        assert read <= {"Start 6 a", "Start 1 b"}
    assert heard[-1]["c"] == {"start": 9}
    assert heard[-1].get("a", {}).get("start") in {5, 6}


@pytest.mark.parametrize("memo", [[1], "text", {"long": "x" * protocol.MAX_MEMO}])
def test_a_memo_that_is_no_small_table_is_no_message(memo: Any) -> None:
    line = protocol.encode(protocol.Notice("So it is.", {"kept": 1}))
    assert protocol.decode(line) == protocol.Notice("So it is.", {"kept": 1})
    with pytest.raises(EngineError, match="no message"):
        protocol.decode(protocol.encode(protocol.Notice("So it is.", memo)))
