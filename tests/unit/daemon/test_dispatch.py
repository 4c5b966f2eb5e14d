"""Which job is leased when, over a real ledger."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.config.settings import EngineSettings, InboxSettings, LimitSettings, RasterSettings
from ocrd.daemon.dispatch import (
    FEW_DOCUMENTS,
    IDLE_WAIT,
    LONGEST_WAIT,
    MAX_FILING,
    STARTING_SECONDS,
    STARTING_WAIT,
    Dispatcher,
)
from ocrd.engine.client import EngineClient
from ocrd.inspecting import LONG_PAGES
from ocrd.intake.folder_threads import FolderThreads
from ocrd.job import Candidate, FileKey, Past
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.pipeline import Pipeline
from ocrd.raster.rasterize import Rasterizer
from ocrd.work import Folder, Work


class Share:
    """A watched folder that is mounted when it is told to be."""

    def __init__(self, path: Path) -> None:
        self.is_mounted = False
        self.threads = FolderThreads("in")
        self.folder = Folder(
            settings=InboxSettings(path=path),
            threads=self.threads,
            is_network=lambda: False,
            forget=lambda _relpath: None,
            is_online=lambda: self.is_mounted,
            doubt=lambda: None,
            require_root=lambda: None,
        )


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Share]:
    share = Share(tmp_path / "in")
    yield share
    share.threads.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(Ledger.open(tmp_path))
    yield writer
    writer.close()


async def test_a_suspect_whose_folder_comes_online_while_it_is_asked_for_stays_one(
    tmp_path: Path, share: Share, ledger: LedgerWriter
) -> None:
    inbox = str(share.folder.settings.path)

    def crash(ledger: Ledger) -> list[int]:
        now = time.time()
        ledger.enqueue([Candidate(inbox, "a.png", FileKey(1, 1, 1, 1))], 0, now)
        ledger.lease(now, inboxes=[inbox], active=())
        ledger.recover()
        return ledger.suspects()

    suspects = await ledger.do(crash)
    dispatcher = Dispatcher(
        ledger, Pipeline(ledger, Rasterizer(RasterSettings(), LimitSettings()), tmp_path),
        documents_in_flight=8, free_space_floor=0, watched_space=tmp_path,
    )  # fmt: skip
    dispatcher.folders = {inbox: share.folder}
    dispatcher.suspects.extend(suspects)
    goes_on = threading.Event()
    ledger.submit(lambda _ledger: goes_on.wait())
    leasing = asyncio.create_task(dispatcher._lease_next())
    await asyncio.sleep(0)
    share.is_mounted = True
    goes_on.set()
    assert not await leasing
    assert suspects
    assert list(dispatcher.suspects) == suspects


def dispatcher_of(tmp_path: Path, ledger: LedgerWriter) -> Dispatcher:
    return Dispatcher(
        ledger, Pipeline(ledger, Rasterizer(RasterSettings(), LimitSettings()), tmp_path),
        documents_in_flight=8, free_space_floor=0, watched_space=tmp_path / "space",
        prepare_space=(tmp_path / "space").mkdir,
    )  # fmt: skip


async def test_the_ledger_is_asked_seldom_while_nothing_can_go_on_by_itself(
    tmp_path: Path, ledger: LedgerWriter
) -> None:
    dispatcher = dispatcher_of(tmp_path, ledger)
    assert dispatcher._longest_wait(None) == STARTING_WAIT
    dispatcher._started -= STARTING_SECONDS
    assert dispatcher._longest_wait(None) == IDLE_WAIT
    assert dispatcher._longest_wait(time.time() + 2) == pytest.approx(2, abs=0.5)
    assert dispatcher._longest_wait(time.time() + 60) == LONGEST_WAIT, "its clock may go back"
    dispatcher.problem = "The disk is full."
    assert dispatcher._longest_wait(None) == LONGEST_WAIT
    dispatcher.problem = ""
    dispatcher.suspects.append(1)
    assert dispatcher._longest_wait(None) == LONGEST_WAIT


async def test_the_temporary_directory_is_made_ready_once_however_often_that_failed(
    tmp_path: Path, ledger: LedgerWriter
) -> None:
    dispatcher = dispatcher_of(tmp_path, ledger)
    (tmp_path / "space").write_text("in the way")
    for _ in range(2):
        assert not await dispatcher._has_space()
        assert "File exists" in dispatcher.problem
    (tmp_path / "space").unlink()
    assert await dispatcher._has_space()
    assert (dispatcher.problem, list((tmp_path / "space").iterdir())) == ("", [])
    assert await dispatcher._has_space(), "it is not made a second time"


async def test_free_places_are_filled_in_one_step_and_long_documents_one_at_a_time(
    tmp_path: Path, share: Share, ledger: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.is_mounted = True
    inbox = str(share.folder.settings.path)
    dispatcher = dispatcher_of(tmp_path, ledger)
    dispatcher.folders = {inbox: share.folder}
    dispatcher.engines = {"default": EngineClient("default", EngineSettings())}
    begun: list[int] = []

    async def work(work: Work) -> None:
        begun.append(work.job.id)
        await asyncio.Event().wait()

    monkeypatch.setattr(dispatcher._pipeline, "work", work)

    def fill(ledger: Ledger) -> None:
        names = [Candidate(inbox, f"{number}.png", FileKey(1, number, 1, 1)) for number in range(9)]
        ledger.enqueue(names, 0, 1.0)
        for long in (3, 4):
            ledger.inspected(long, pages=LONG_PAGES + 1, sha256="")
            ledger.db.execute("UPDATE jobs SET priority = 1 WHERE id = ?", (long,))

    await ledger.do(fill)
    assert await dispatcher._lease_next()
    assert sorted(dispatcher.working) == [3], "whether there is place for another long one is asked"
    assert await dispatcher._lease_next()
    assert sorted(dispatcher.working) == [3, 4]
    assert await dispatcher._lease_next()
    assert sorted(dispatcher.working) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(work.past == Past() for work in dispatcher.working.values())
    assert not await dispatcher._lease_next(), "there is no place left"
    await asyncio.sleep(0)
    assert sorted(begun) == [1, 2, 3, 4, 5, 6, 7, 8]
    await dispatcher.stop(0.01)


async def test_documents_that_are_filed_take_no_place_of_those_that_are_read(
    tmp_path: Path, share: Share, ledger: LedgerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.is_mounted = True
    inbox = str(share.folder.settings.path)
    dispatcher = dispatcher_of(tmp_path, ledger)
    dispatcher.documents_in_flight = "auto"
    dispatcher.folders = {inbox: share.folder}
    dispatcher.engines = {"default": EngineClient("default", EngineSettings())}

    async def work(_: Work) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(dispatcher._pipeline, "work", work)
    names = [Candidate(inbox, f"{number}.png", FileKey(1, number, 1, 1)) for number in range(99)]
    await ledger.do(lambda ledger: ledger.enqueue(names, 0, 1.0))
    counts = []
    for _ in range(5):
        await dispatcher._lease_next()
        counts.append(len(dispatcher.working))
        for begun in dispatcher.working.values():
            begun.is_filing = True
    assert counts[0] == FEW_DOCUMENTS
    assert counts[1] == 2 * FEW_DOCUMENTS
    assert counts[-1] == FEW_DOCUMENTS + MAX_FILING, "nor do they grow without end"
    dispatcher.documents_in_flight = counts[-1] - 1
    assert not await dispatcher._lease_next(), "a number that was set is one of all"
    await dispatcher.stop(0.01)
