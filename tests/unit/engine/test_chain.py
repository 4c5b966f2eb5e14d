"""Engines behind an engine, against real workers that find no server, refuse, and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import EngineSettings
from ocrd.engine.chain import ChainedEngine, with_those_behind
from ocrd.engine.client import EngineClient
from ocrd.errors import EngineError, PageError
from ocrd.tasks import Task
from tests.clients import LIMIT_SECONDS, page, text, until
from tests.engines import ENVIRONMENT


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


def settings(module: str, options: dict[str, Any], **more: Any) -> EngineSettings:
    return EngineSettings.model_validate(
        {"kind": "module", "module": f"tests.engines.{module}", "restart_backoff": 0.01,
         "options": options, **more}
    )  # fmt: skip


@asynccontextmanager
async def chain(
    first: EngineSettings, **others: EngineSettings
) -> AsyncIterator[tuple[ChainedEngine, dict[str, EngineClient]]]:
    engine = ChainedEngine("default", first)
    engines = {name: EngineClient(name, each) for name, each in others.items()}
    engine.link({"default": engine, **engines})
    async with asyncio.timeout(LIMIT_SECONDS):
        try:
            yield engine, engines
        finally:
            for one in (engine, *engines.values()):
                await one.stop(0)


async def test_pages_go_to_the_fallback_while_the_first_is_out_and_back(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    first = settings("shut", {"file": str(shut)}, fallback=["local"])
    async with chain(first, local=settings("echo", {})) as (engine, engines):
        found = await page(engine, "one.pgm")
        assert (found.engine, engines["local"].status()["pid"]) == ("shut", None)
        shut.touch()
        found = await page(engine, "two.pgm")
        assert (found.engine, text(found)) == ("echo", "Page image two.pgm")
        assert engine.outage is None
        shut.unlink()
        await until(lambda: engine.own_outage() is None)
        assert (await page(engine, "three.pgm")).engine == "shut"


async def test_a_page_that_waits_at_one_that_goes_out_moves_on_and_its_text_is_void(
    tmp_path: Path,
) -> None:
    shut = tmp_path / "shut"
    shut.touch()
    first = settings("shut", {"file": str(shut)}, fallback=["local"])
    heard: list[tuple[str, bool]] = []
    async with chain(first, local=settings("echo", {})) as (engine, _):
        found = await page(engine, "a.pgm", on_text=lambda *told: heard.append(told))
        assert found.engine == "echo"
        assert ("", True) in heard


async def test_where_all_are_out_a_page_waits_for_whichever_is_back_first(tmp_path: Path) -> None:
    shut, local = tmp_path / "shut", tmp_path / "local"
    shut.touch()
    local.touch()
    first = settings("shut", {"file": str(shut)}, fallback=["local"])
    async with chain(first, local=settings("shut", {"file": str(local)})) as (engine, engines):
        one = page(engine, "a.pgm")
        await until(lambda: engine.outage is not None)
        assert not one.done()
        local.unlink()
        await until(lambda: engines["local"].own_outage() is None or one.done())
        assert text(await one) == "Page image a.pgm"


async def test_long_documents_wait_where_only_short_ones_may_go_on(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.touch()
    first = settings("shut", {"file": str(shut)}, fallback=["local"], fallback_pages=5)
    async with chain(first, local=settings("echo", {})) as (engine, _):
        long = page(engine, "long.pgm", document_pages=6)
        short = await page(engine, "short.pgm", document_pages=5)
        assert short.engine == "echo"
        assert not long.done()
        shut.unlink()
        assert (await long).engine == "shut"


async def test_a_page_that_is_refused_goes_no_further() -> None:
    first = settings("refuse", {}, fallback=["local"])
    async with chain(first, local=settings("echo", {})) as (engine, engines):
        with pytest.raises(PageError):
            await page(engine, "bad.pgm")
        assert engines["local"].status()["pid"] is None


async def test_a_second_opinion_is_had_where_it_can_be(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    second = settings("shut", {"file": str(shut)})
    first = settings("echo", {}, second_opinion="other")
    async with chain(first, other=second) as (engine, _):
        found = await engine.second_opinion(Path("/pages/a.pgm"), Task(), (1,))
        assert found is not None
        assert (found.engine, text(found)) == ("shut", "Page image a.pgm")
        shut.touch()
        assert await engine.second_opinion(Path("/pages/a.pgm"), Task(), (1,)) is None


async def test_a_stop_ends_who_waits(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.touch()
    first = settings("shut", {"file": str(shut)}, fallback=["local"], fallback_pages=1)
    async with chain(first, local=settings("echo", {})) as (engine, _):
        one = page(engine, "a.pgm", document_pages=9)
        await until(lambda: engine.status()["restarts"] > 0)
        await engine.stop(0)
        with pytest.raises(EngineError):
            await one


def none() -> EngineSettings:
    """Return the table of an engine that cannot be loaded, on any try."""
    return EngineSettings.model_validate(
        {"kind": "module", "module": "tests.engines.there_is_none", "restart_backoff": 0.01,
         "fallback": ["local"]}
    )  # fmt: skip


async def test_whoever_does_not_wait_goes_on_to_an_engine_that_can_be_loaded() -> None:
    tables = {"default": none(), "local": settings("echo", {}), "unused": settings("echo", {})}
    engines = with_those_behind("default", tables, is_patient=False)
    assert [engine.name for engine in engines] == ["default", "local"]
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            hello = await engines[0].hello()
            found = await page(engines[0], "a.pgm")
    finally:
        for engine in engines:
            await engine.stop(0)
    assert (hello.name, found.engine, text(found)) == ("echo", "echo", "Page image a.pgm")


async def test_where_none_of_them_can_be_loaded_the_first_says_why() -> None:
    tables = {"default": none(), "local": none().model_copy(update={"fallback": ()})}
    engines = with_those_behind("default", tables, is_patient=False)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            with pytest.raises(EngineError, match="there_is_none"):
                await page(engines[0], "a.pgm")
    finally:
        for engine in engines:
            await engine.stop(0)


def test_engines_that_stand_behind_each_other_are_made_once() -> None:
    tables = {
        "default": settings("echo", {}, fallback=["a", "b"], second_opinion="b"),
        "a": settings("echo", {}, fallback=["default"]),
        "b": settings("echo", {}),
    }
    made = with_those_behind("default", tables)
    assert sorted(engine.name for engine in made) == ["a", "b", "default"]
    assert made[0].name == "default"
