"""What engines had outlives the daemon, and ends when a person says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import EngineSettings
from ocrd.daemon.gpus import GPUS, KnownGpus, known_gpus
from ocrd.engine.client import EngineClient
from ocrd.engine.protocol import Hello
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter

H200 = "NVIDIA H200"
MODEL: dict[str, Any] = {"kind": "deepseek-ocr-2"}


@asynccontextmanager
async def daemon(state_dir: Path) -> AsyncIterator[KnownGpus]:
    """One life of a daemon with this state directory."""
    writer = LedgerWriter(Ledger.open(state_dir))
    gpus = KnownGpus(writer)
    try:
        await gpus.recall()
        yield gpus
    finally:
        writer.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path)
    yield opened
    opened.close()


def run_on(client: EngineClient, *gpus: str) -> None:
    """Have a worker announce itself that runs on the first of these GPUs."""
    client._attendants[0].hello = Hello("e", "m", 1, 1000, gpus=gpus)
    client.greeted(client._attendants[0].hello)


async def test_what_an_engine_had_it_had_after_a_restart_and_each_its_own(tmp_path: Path) -> None:
    async with daemon(tmp_path) as gpus:
        first = gpus.engine("default", EngineSettings(**MODEL))
        other = gpus.engine("other", EngineSettings(**MODEL))
        embedded = gpus.engine("embedded", EngineSettings())
        assert not first.remembered.gpus and not other.remembered.gpus
        run_on(first, H200, H200)
        run_on(embedded)
        assert first.remembered.gpus == (H200, H200)
    for _ in range(2):
        async with daemon(tmp_path) as gpus:
            assert gpus.engine("default", EngineSettings(**MODEL)).remembered.gpus == (H200, H200)
            for name in ("other", "embedded"):
                assert gpus.engine(name, EngineSettings(**MODEL)).remembered.gpus == ()


@pytest.mark.parametrize("no_gpu", [{"device": "cpu"}, {"devices": ["cpu"]}])
async def test_the_processor_in_the_configuration_ends_the_memory_of_that_engine(
    tmp_path: Path, no_gpu: dict[str, Any]
) -> None:
    async with daemon(tmp_path) as gpus:
        for name in ("default", "other"):
            run_on(gpus.engine(name, EngineSettings(**MODEL)), H200)
    async with daemon(tmp_path) as gpus:
        assert gpus.engine("default", EngineSettings(**MODEL, **no_gpu)).remembered.gpus == ()
    async with daemon(tmp_path) as gpus:
        assert gpus.engine("default", EngineSettings(**MODEL)).remembered.gpus == ()
        assert gpus.engine("other", EngineSettings(**MODEL)).remembered.gpus == (H200,)


async def test_one_device_that_is_the_processor_ends_no_memory(tmp_path: Path) -> None:
    settings = EngineSettings(**MODEL, devices=("cuda:0", "cpu"))
    async with daemon(tmp_path) as gpus:
        client = gpus.engine("default", settings)
        run_on(client, H200)
        run_on(client)  # the worker on the processor
        assert client.remembered.gpus == (H200,)
    async with daemon(tmp_path) as gpus:
        assert gpus.engine("default", settings).remembered.gpus == (H200,)


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"default": 5}', '{"default": null}'])
def test_a_memory_that_says_nothing_is_none(ledger: Ledger, text: str) -> None:
    with ledger.transaction():
        ledger.set_setting(GPUS, text)
    assert known_gpus(ledger) == {}
