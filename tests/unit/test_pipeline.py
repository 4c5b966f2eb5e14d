"""What the work on one document ends with, whatever it meets on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ocrd.errors import EngineError, LedgerError, TransientError
from ocrd.inspecting import LONG_PAGES
from ocrd.job import Block, JobState, PageImage, PageRead, PageStatus, SourceInfo
from ocrd.ledger.jobs import Ledger
from ocrd.pipeline import MAX_ATTEMPTS, Pipeline
from ocrd.progress import Progress
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import DrawnBefore, InterruptedReadingError
from ocrd.work import Work
from tests.unit.leased import Desk, events


class Looker:
    """Stands for the rasterizer: every document has this many pages, or this error."""

    def __init__(self) -> None:
        self.pages = 1
        self.error: BaseException | None = None

    async def inspect(self, _source: Source, *, rank: tuple[int, ...]) -> SourceInfo:
        if self.error is not None:
            raise self.error
        return SourceInfo("PDF", self.pages)


class Way:
    """A pipeline and its desk."""

    def __init__(self, root: Path) -> None:
        self.looker = Looker()
        self.desk = Desk(root)
        rasterizer = cast(Rasterizer, self.looker)
        self.pipeline = Pipeline(self.desk.ledger, rasterizer, self.desk.temp_dir)

    async def read(self, page: PageRead) -> Work:
        """Lease a document one of whose pages is read already."""
        work = await self.desk.lease()
        await Progress(self.desk.ledger, work).keep(page)
        return work


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    way = Way(tmp_path)
    yield way
    way.desk.close()


async def test_a_document_whose_pages_are_read_is_filed(way: Way) -> None:
    work = await way.read(PageRead(1, PageStatus.READ))
    await way.pipeline.work(work)
    assert (await way.desk.job(work)).state is JobState.DONE
    assert (way.desk.inbox / "done" / "a.pdf").read_bytes() == b"content"


async def test_a_document_whose_pages_failed_fails(way: Way) -> None:
    work = await way.read(PageRead(1, PageStatus.FAILED, warnings=("Torn.",), code="page"))
    await way.pipeline.work(work)
    job = await way.desk.job(work)
    assert (job.state, job.code, job.page) == (JobState.FAILED, "unreadable-pages", 1)


@pytest.mark.parametrize(("attempts", "fails"), [(MAX_ATTEMPTS, False), (MAX_ATTEMPTS + 1, True)])
async def test_a_document_that_ends_every_daemon_is_given_up(
    way: Way, attempts: int, fails: bool
) -> None:
    way.looker.error = TransientError("Later.")
    work = await way.desk.lease()
    work = replace(work, job=replace(work.job, attempts=attempts))
    await way.pipeline.work(work)
    job = await way.desk.job(work)
    assert (job.state is JobState.FAILED) is fails
    assert (job.code == "poisonous") is fails
    if fails:
        assert f"begun {MAX_ATTEMPTS} times" in job.message


@pytest.mark.parametrize("pages", [LONG_PAGES + 1, 1])
async def test_what_waits_or_is_interrupted_is_given_back_as_it_was(way: Way, pages: int) -> None:
    if pages > 1:
        way.looker.pages = pages
    else:
        way.looker.error = InterruptedReadingError()
    work = await way.desk.lease()
    work.long_allowed = False
    await way.pipeline.work(work)
    job = await way.desk.job(work)
    assert (job.state, job.attempts, job.not_before) == (JobState.QUEUED, 0, 0)
    assert way.pipeline.retried == 0


@pytest.mark.parametrize("stops", [True, False])
async def test_an_engine_that_ends_with_the_daemon_is_no_fault(way: Way, stops: bool) -> None:
    way.looker.error = EngineError("It was stopped.")
    if stops:
        way.pipeline.stopping.set()
    work = await way.desk.lease()
    await way.pipeline.work(work)
    job = await way.desk.job(work)
    assert (job.not_before == 0) is stops
    assert (job.code == "engine") is not stops
    assert way.pipeline.retried == int(not stops)


async def test_an_error_that_nobody_foresaw_costs_an_attempt_and_a_wait(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    way.looker.error = ZeroDivisionError("surprise")
    work = await way.desk.lease()
    await way.pipeline.work(work)
    job = await way.desk.job(work)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert job.not_before > time.time()
    assert events(caplog) == [("internal-error", "ERROR"), ("retry-later", "WARNING")]
    assert "surprise" in caplog.text


@pytest.mark.parametrize("error", [LedgerError("Damaged."), asyncio.CancelledError()])
async def test_drawings_are_removed_whatever_ended_the_work(way: Way, error: BaseException) -> None:
    way.looker.error = error
    work = await way.desk.lease()
    drawings = way.desk.temp_dir / f"{work.job.id}.drawings"
    drawings.mkdir()
    (drawings / "figure.jpg").touch()
    with pytest.raises(type(error)):
        await way.pipeline.work(work)
    assert not drawings.exists()


async def test_a_page_that_was_drawn_and_not_read_is_removed(way: Way) -> None:
    way.looker.error = TransientError("Later.")
    work = await way.desk.lease()
    page = way.desk.temp_dir / f"{work.job.id}-1.pnm"
    page.touch()
    work.drawn = DrawnBefore(PageImage(1, str(page), 10, 10, 1.0, blank=False), 10)
    await way.pipeline.work(work)
    assert not page.exists()


@pytest.mark.parametrize("begun", [True, False])
async def test_what_a_crash_left_is_swept_where_there_was_an_earlier_lease(
    way: Way, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    swept: list[Any] = []
    monkeypatch.setattr("ocrd.pipeline.sweep", swept.append)
    way.looker.error = TransientError("Later.")
    work = await way.desk.lease()
    if begun:
        work = replace(work, job=replace(work.job, attempts=2))
    await way.pipeline.work(work)
    assert swept == ([work] if begun else [])


async def test_pages_of_a_short_document_are_written_as_they_were_read(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read under this lease is not fetched again; what was read before it is."""
    fetched: list[int] = []
    real = Ledger.page_results

    def counted(ledger: Ledger, job_id: int, after: int, limit: int) -> list[tuple[int, str]]:
        fetched.append(job_id)
        return real(ledger, job_id, after, limit)

    monkeypatch.setattr(Ledger, "page_results", counted)
    words = PageRead(1, PageStatus.READ, blocks=(Block("text", "Words of the page."),))
    work = await way.read(words)
    await way.pipeline.work(work)
    sidecar = (way.desk.inbox / "done" / "a.md").read_text()
    assert "Words of the page." in sidecar
    assert not fetched
    other = await way.desk.lease("b.pdf")
    await Progress(way.desk.ledger, other).keep(words)
    await way.pipeline.work(await way.desk.again(replace(other, read={})))
    assert fetched
    told = (way.desk.inbox / "done" / "b.md").read_text()
    assert told.partition("\n\n")[2] == sidecar.partition("\n\n")[2]
