"""What the watchdog hears, over a real ledger, dispatcher and engine worker; time is ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ocrd.config.settings import InboxSettings, LimitSettings, RasterSettings
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.heartbeat import (
    BEAT_SECONDS,
    IDLE_SECONDS,
    SILENCE_SECONDS,
    STARTING_SECONDS,
    STILL_SECONDS,
    Heartbeat,
)
from ocrd.daemon.standing import Standing
from ocrd.engine.client import EngineClient
from ocrd.intake.folder_threads import FolderThreads
from ocrd.job import FileKey, Job, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.pipeline import Pipeline
from ocrd.raster.rasterize import Rasterizer
from ocrd.work import Folder, Work
from tests.clients import engine, page, until
from tests.engines import ENVIRONMENT

ASKING_SECONDS = 0.2


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Body:
    """A heartbeat and what it listens to."""

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.ledger = LedgerWriter(Ledger.open(root))
        rasterizer = Rasterizer(RasterSettings(), LimitSettings())
        self.dispatcher = Dispatcher(
            self.ledger, Pipeline(self.ledger, rasterizer, root),
            documents_in_flight=8, free_space_floor=0, watched_space=root,
        )  # fmt: skip
        standing = Standing(self.dispatcher, {}, {}, {}, self.ledger)
        self.heart = Heartbeat(self.ledger, self.dispatcher, standing, clock=self.clock)

    async def trouble_after(self, seconds: float) -> str:
        """Let time pass while the dispatcher looks and the ledger is asked; return the trouble."""
        self.heart.trouble()
        self.clock.now += seconds
        self.dispatcher.looked = self.clock.now
        await self.heart._ask_ledger(ASKING_SECONDS)
        return self.heart.trouble()


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Body]:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    body = Body(tmp_path)
    yield body
    body.ledger.close()


@asynccontextmanager
async def document(body: Body, client: EngineClient) -> AsyncIterator[Work]:
    """Have a document in work."""
    job = Job(1, "/in", "a.pdf", FileKey(1, 1, 1, 1), JobState.LEASED, 0, 1, 0.0)
    folder = Folder(
        settings=InboxSettings(path=Path("/in")),
        threads=FolderThreads("in"),
        is_network=lambda: False,
        forget=lambda _relpath: None,
        is_online=lambda: True,
        doubt=lambda: None,
        require_root=lambda: None,
    )
    work = body.dispatcher.working[1] = Work(job, folder, client)
    try:
        yield work
    finally:
        folder.threads.close()


async def test_a_daemon_without_work_goes_on_for_ever(body: Body) -> None:
    for _ in range(3):
        assert await body.trouble_after(86400) == ""


async def test_a_ledger_that_does_not_answer_is_trouble(body: Body) -> None:
    goes_on = threading.Event()
    body.ledger.submit(lambda _ledger: goes_on.wait())
    assert await body.trouble_after(SILENCE_SECONDS - 1) == ""
    assert "ledger" in await body.trouble_after(2)
    goes_on.set()
    await until(lambda: body.heart._asking is not None and body.heart._asking.done())
    assert await body.trouble_after(1) == ""


async def test_a_dispatcher_that_no_longer_looks_is_trouble(body: Body) -> None:
    assert await body.trouble_after(1) == ""
    body.clock.now += SILENCE_SECONDS + 1
    await body.heart._ask_ledger(ASKING_SECONDS)
    assert "dispatcher" in body.heart.trouble()


async def test_a_document_that_nobody_moves_is_trouble(body: Body) -> None:
    async with engine("echo") as client, document(body, client) as work:
        assert await body.trouble_after(STILL_SECONDS - 1) == ""
        assert "documents in work" in await body.trouble_after(2)
        work.pages_done += 1
        assert await body.trouble_after(1) == ""


async def test_a_hung_share_is_no_trouble(body: Body) -> None:
    answers = threading.Event()
    async with engine("echo") as client, document(body, client) as work:
        hanging = asyncio.ensure_future(work.folder.threads.do(answers.wait))
        await until(lambda: work.folder.threads.is_busy)
        assert await body.trouble_after(86400) == ""
        answers.set()
        await hanging


async def test_a_hung_page_is_left_to_the_engine_client(body: Body) -> None:
    async with engine("hang") as client, document(body, client):
        reading = page(client, "1.pgm")
        await until(lambda: client.status()["in_flight"] == 1)
        assert await body.trouble_after(STILL_SECONDS + 1) == ""
        reading.cancel()


async def test_an_engine_that_cannot_start_is_no_trouble(body: Body) -> None:
    refusing = engine("slow_start", {"start": 0, "refuse": True}, restart_backoff=60)
    async with refusing as client, document(body, client):
        reading = page(client, "1.pgm")
        await until(lambda: client.status()["state"] == "broken")
        assert await body.trouble_after(STILL_SECONDS + 1) == ""
        reading.cancel()


async def test_a_heart_that_has_nothing_to_do_beats_seldom_until_something_begins(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    body.heart.is_ready = True
    assert body.heart._interval_seconds() == IDLE_SECONDS
    resting = asyncio.ensure_future(body.heart._rest(IDLE_SECONDS))
    await asyncio.sleep(0)
    assert not resting.done()
    body.dispatcher.turned.set()
    await asyncio.wait_for(resting, 5)
    async with engine("echo") as client, document(body, client):
        assert body.heart._interval_seconds() == BEAT_SECONDS
    body.dispatcher.working.clear()
    body.dispatcher.problem = "The disk is full."
    assert body.heart._interval_seconds() == BEAT_SECONDS
    body.heart.is_ready = False
    assert body.heart._interval_seconds() == STARTING_SECONDS


@pytest.mark.parametrize("turns", range(5))  # of the loop, between the end of a rest and the stop
async def test_a_stop_that_comes_as_work_ends_ends_the_heart(
    body: Body, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    monkeypatch.setattr("ocrd.daemon.heartbeat.STARTING_SECONDS", 0.01)
    task = asyncio.create_task(body.heart.run())
    await until(lambda: body.heart.is_ready and bool(body.dispatcher.turned._waiters))
    body.dispatcher.turned.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5.0)
    assert task.cancelled()
