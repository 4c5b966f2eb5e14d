"""What becomes of a document that met an error, in the ledger and in its folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.errors import (
    NO_REASON,
    CorruptError,
    DiskFullError,
    EncryptedError,
    EngineError,
    FolderWithheldError,
    LedgerError,
    Reason,
    ShareGoneError,
    SourceChangedError,
    TransientError,
)
from ocrd.fates import Fates
from ocrd.filing import filing
from ocrd.finishing import Finisher
from ocrd.job import JobState, SourceInfo
from ocrd.publishing import Publisher
from ocrd.verdicts import FIRST_DELAY, Verdicts, delay_before_look
from ocrd.work import Work
from tests.unit.leased import Desk, events

PATIENCE = 40.0
SLACK = 5.0  # seconds that a test may take


class Court:
    """Fates, their desk, and the time."""

    def __init__(self, root: Path) -> None:
        self.now = 1000.0
        self.desk = Desk(root, patience=PATIENCE)
        verdicts = Verdicts(lambda: self.now)
        publisher = Publisher(self.desk.ledger)
        self.finisher = Finisher(self.desk.ledger, publisher, verdicts)
        self.fates = Fates(self.desk.ledger, self.finisher, verdicts)

    async def state(self, work: Work) -> JobState:
        return (await self.desk.job(work)).state

    async def wait(self, work: Work) -> float:
        """Return how long the document waits, in seconds from now."""
        job = await self.desk.job(work)
        assert job.state is JobState.QUEUED
        return job.not_before - time.time()


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    court = Court(tmp_path)
    yield court
    court.desk.close()


def about(seconds: float) -> object:
    return pytest.approx(seconds - SLACK / 2, abs=SLACK / 2)


@pytest.mark.parametrize("error", [TransientError("Later."), EngineError("It died.")])
async def test_a_cause_that_passes_is_waited_for_longer_each_time(
    court: Court, error: TransientError | EngineError, caplog: pytest.LogCaptureFixture
) -> None:
    work = await court.desk.lease()
    await court.fates.meet(work, error)
    assert await court.wait(work) == about(FIRST_DELAY)
    job = await court.desk.job(work)
    assert (job.attempts, job.code, job.message) == (0, error.code, error.what)
    await court.fates.meet(work, error)
    assert await court.wait(work) == about(2 * FIRST_DELAY)
    assert court.fates.retried == 2
    assert events(caplog) == [("retry-later", "WARNING")] * 2
    assert work.path.exists()
    assert court.desk.doubted == 0, "it was not being filed"


async def test_an_attempt_counts_where_nobody_knows_the_cause(court: Court) -> None:
    work = await court.desk.lease()
    await court.fates.retry_later(work, NO_REASON, refund=False)
    assert (await court.desk.job(work)).attempts == 1


async def test_a_document_that_could_not_be_filed_casts_doubt_on_its_folder(court: Court) -> None:
    work = await court.desk.lease()
    work.is_filing = True
    await court.fates.meet(work, DiskFullError("Full."))
    assert court.desk.doubted == 1


async def test_a_final_error_files_what_was_read(court: Court) -> None:
    work = await court.desk.lease()
    await court.fates.meet(work, EncryptedError("Locked."))
    assert await court.state(work) is JobState.FAILED
    assert (court.desk.inbox / "failed" / "a.pdf").exists()
    assert len(list((court.desk.inbox / "failed").iterdir())) == 2, "with no text of no page"


@pytest.mark.parametrize(("pages_done", "texts"), [(0, 0), (1, 1)])
async def test_a_text_is_filed_with_a_failed_document_if_a_page_was_read(
    court: Court, pages_done: int, texts: int
) -> None:
    work = await court.desk.lease()
    work.info, work.pages_done, work.sha256 = SourceInfo("PDF", 2), pages_done, "a" * 64
    await court.fates.meet(work, EncryptedError("Locked."))
    assert len(list((court.desk.inbox / "failed").glob("*.md"))) == texts


async def test_a_source_that_changed_is_withdrawn(court: Court) -> None:
    work = await court.desk.lease()
    await court.fates.meet(work, SourceChangedError("Another one."))
    assert await court.state(work) is JobState.WITHDRAWN
    assert court.desk.forgotten == ["a.pdf"]


async def test_a_source_is_not_gone_that_only_is_out_of_reach(court: Court) -> None:
    work = await court.desk.lease()
    court.desk.root_error = ShareGoneError("The share is gone.")
    await court.fates.meet(work, SourceChangedError("It is not there."))
    assert await court.wait(work) == about(FIRST_DELAY)
    assert (await court.desk.job(work)).code == "share-gone"


async def test_a_damaged_file_is_looked_at_again_then_filed(
    court: Court, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocrd")
    work = await court.desk.lease()
    torn = CorruptError("Torn.")
    await court.fates.meet(work, torn)
    assert await court.wait(work) == about(delay_before_look(PATIENCE))
    assert events(caplog) == [("incomplete", "INFO")]
    court.now += PATIENCE - 1
    await court.fates.meet(await court.desk.again(work), torn)
    assert await court.state(work) is JobState.QUEUED
    assert events(caplog) == [("incomplete", "INFO")], "said once"
    assert (await court.desk.job(work)).attempts == 0
    court.now += 1
    await court.fates.meet(work, torn)
    assert await court.state(work) is JobState.FAILED
    assert court.fates.retried == 0


async def test_a_file_that_changes_while_it_is_filed_is_withdrawn(court: Court) -> None:
    work = await court.desk.lease()
    work.path.write_bytes(b"another content")
    await court.fates.meet(work, EncryptedError("Locked."))
    assert await court.state(work) is JobState.WITHDRAWN
    assert work.path.read_bytes() == b"another content"


async def test_what_cannot_be_filed_is_filed_later_for_that_reason(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise FolderWithheldError("Another daemon's.", hint="Ask it.")

    monkeypatch.setattr(filing, "publishing", refuse)
    work = await court.desk.lease()
    await court.fates.meet(work, EncryptedError("Locked."))
    job = await court.desk.job(work)
    assert job.state is JobState.FILING
    assert (job.code, job.hint) == ("folder-withheld", "Ask it.")
    assert job.attempts == 0, "the folder is at fault, not the document"
    assert job.not_before > time.time()
    assert court.desk.doubted == 1


@pytest.mark.parametrize("where", ["first", "second"])
async def test_a_ledger_that_fails_ends_it_all(
    court: Court, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    error = LedgerError("It is damaged.")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(filing, "publishing", fail)
    work = await court.desk.lease()
    with pytest.raises(LedgerError):
        await court.fates.meet(work, error if where == "first" else EncryptedError("Locked."))


async def test_a_document_that_is_given_back_is_as_it_was(court: Court) -> None:
    work = await court.desk.lease()
    await court.fates.give_back(work)
    job = await court.desk.job(work)
    assert (job.state, job.attempts, job.not_before) == (JobState.QUEUED, 0, 0)
    assert Reason(job.code, job.message, job.hint) == NO_REASON
    assert court.fates.retried == 0
