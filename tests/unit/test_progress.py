"""How far a document is read survives the daemon, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocrd import pages
from ocrd.job import Doubt, PageRead, PageStatus, SourceInfo
from ocrd.progress import Progress
from ocrd.work import Work
from tests.clients import engine
from tests.engines import ENVIRONMENT
from tests.unit.leased import Desk, events

BAD = PageRead(2, PageStatus.FAILED, warnings=("torn", "dirty"), code="page")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


async def leased(desk: Desk, count: int = 3) -> Work:
    work = await desk.lease()
    work.info = SourceInfo("PDF", count)
    return work


async def test_only_what_has_no_checkpoint_is_missing(desk: Desk) -> None:
    work = await leased(desk)
    progress = Progress(desk.ledger, work)
    assert await progress.missing() == [1, 2, 3]
    assert work.pages_done == 0
    await progress.keep(PageRead(2, PageStatus.READ))
    assert work.pages_done == 1
    work.past, work.pages_done = None, 0  # as after another lease
    assert await Progress(desk.ledger, work).missing() == [1, 3]
    assert work.pages_done == 1


async def test_a_document_whose_pages_all_are_read_misses_none(desk: Desk) -> None:
    work = await leased(desk, 1)
    progress = Progress(desk.ledger, work)
    await progress.keep(PageRead(1, PageStatus.BLANK))
    assert await progress.missing() == []


async def test_nothing_is_missing_while_nobody_knows_of_pages(desk: Desk) -> None:
    assert await Progress(desk.ledger, await desk.lease()).missing() == []


async def test_a_failed_page_is_done_with_and_told(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    work = await leased(desk)
    await Progress(desk.ledger, work).keep(BAD)
    await Progress(desk.ledger, work).keep(PageRead(3, PageStatus.READ))
    failed = await desk.ledger.do(lambda ledger: ledger.failed_pages(work.job.id))
    assert [(number, pages.from_json(result)) for number, result in failed] == [(2, BAD)]
    assert events(caplog) == [("page-failed", "WARNING")]
    assert "Page 2 could not be read: torn; dirty" in caplog.text


NOT_SURE = PageRead(
    2, PageStatus.DOUBTFUL, warnings=("the file ends early",),
    doubts=(Doubt("unread-lines", "1 of 4 lines was not read", 0.25), Doubt("runaway", "It ran.")),
)  # fmt: skip


@pytest.mark.parametrize(("tolerance", "failed"), [(0.2, 1), (0.25, 0), (1.0, 0)])
async def test_a_doubtful_page_is_told_and_counts_by_what_the_folder_bears(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tolerance: float, failed: int
) -> None:
    caplog.set_level("INFO", "ocrd")
    desk = Desk(tmp_path, doubt_tolerance=tolerance)
    work = await leased(desk)
    await Progress(desk.ledger, work).keep(NOT_SURE)
    job = await desk.job(work)
    desk.close()
    assert (job.pages_done, job.pages_doubtful, job.pages_failed) == (1, 1, failed)
    assert events(caplog) == [("page-doubtful", "WARNING"), ("page-remark", "INFO")]
    how = " and counts as not read" * failed
    assert f"Page 2 is doubtful{how}: 1 of 4 lines was not read; It ran.\n" in caplog.text
    assert "Page 2: the file ends early" in caplog.text


async def test_what_a_source_remarks_on_a_page_that_was_read_is_no_warning(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocrd")
    work = await leased(desk)
    await Progress(desk.ledger, work).keep(PageRead(1, PageStatus.READ, warnings=("odd",)))
    assert events(caplog) == [("page-remark", "INFO")]


async def test_a_page_names_the_engine_that_read_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    async with engine("echo") as client:
        hello = await client.hello()
        work = replace(await leased(desk), engine=client)
        await Progress(desk.ledger, work).keep(PageRead(1, PageStatus.READ))
    (kept,) = await desk.ledger.do(lambda ledger: ledger.page_results(work.job.id, 0, 9))
    page = pages.from_json(kept[1])
    assert (page.engine, page.model) == (hello.name, hello.model)
    assert page.engine


async def test_a_page_clears_the_suspicion_and_the_attempts(desk: Desk) -> None:
    work = await leased(desk)
    work.is_suspect = True
    assert (await desk.job(work)).attempts == 1
    await Progress(desk.ledger, work).keep(PageRead(1, PageStatus.READ))
    assert not work.is_suspect
    assert (await desk.job(work)).attempts == 0


async def test_what_a_page_is_blamed_for_is_counted_and_taken_back(desk: Desk) -> None:
    work = await leased(desk)
    progress = Progress(desk.ledger, work)
    for page in (2, 3, 2):
        progress.count_kill(page)
    assert await progress.kills() == {2: 2, 3: 1}
    progress.forget_kills(2)
    work.past = None  # as after another lease
    assert await progress.kills() == {3: 1}
