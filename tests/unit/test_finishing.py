"""How a document ends: where its file and its sidecars are then, and what the ledger says."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocrd import files, finishing, pages, retrying
from ocrd.doubts import outcome_of
from ocrd.errors import EncryptedError, ShareGoneError, SourceChangedError, TransientError
from ocrd.files import directories
from ocrd.filing import filing
from ocrd.finishing import MAX_PLANS, Finisher
from ocrd.job import Block, Candidate, Doubt, JobState, PageRead, PageStatus, SourceInfo
from ocrd.ledger.jobs import Ledger
from ocrd.publishing import Publisher
from ocrd.verdicts import FIRST_DELAY, Verdicts
from ocrd.work import Work
from tests.unit.leased import Desk, events

SHA256 = hashlib.sha256(b"content").hexdigest()
ONE_PAGE = SourceInfo("PDF", 1)
LOCKED = EncryptedError("It needs a password.", hint="Give one.")


class End:
    """A finisher and its desk."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.desk = Desk(root, **settings)
        self.verdicts = Verdicts()
        self.finisher = Finisher(self.desk.ledger, Publisher(self.desk.ledger), self.verdicts)

    async def read(self, text: str = "words") -> Work:
        """Lease a document and have its one page read."""
        work = await self.desk.lease()
        work.sha256, work.info, work.pages_done = SHA256, ONE_PAGE, 1
        page = pages.to_json(PageRead(1, PageStatus.READ, (Block("text", text),), 100, 100))
        await self.desk.ledger.do(lambda ledger: ledger.checkpoint(work.job.id, 1, page))
        return work

    def files(self) -> set[str]:
        """Return every file of the folder, below it."""
        inbox = self.desk.inbox
        return {str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file()}


@pytest.fixture
def end(tmp_path: Path) -> Iterator[End]:
    end = End(tmp_path)
    yield end
    end.desk.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[End]:
    """Provide a folder whose files stay where they are."""
    end = End(tmp_path, source="keep")
    yield end
    end.desk.close()


def outdated(times: int, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Have names taken while files of these plans are published; return where those were to go."""
    planned: list[Path] = []
    publishing = filing.publishing

    def taken_or_published(plan: Any, *about: Any) -> files.Steps[None]:
        planned.append(Path(plan.destination))
        if len(planned) <= times:
            filing.withdraw(plan)
            raise filing.PlanOutdatedError
        yield from publishing(plan, *about)

    monkeypatch.setattr(filing, "publishing", taken_or_published)
    return planned


async def test_a_read_document_lies_in_done_beside_its_text(
    end: End, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocrd")
    work = await end.read()
    await end.finisher.file(work, ONE_PAGE, None)
    assert end.files() == {"done/a.pdf", "done/a.md"}
    assert "words" in (end.desk.inbox / "done" / "a.md").read_text()
    job = await end.desk.job(work)
    assert (job.state, job.sha256) == (JobState.DONE, SHA256)
    assert job.destination == str(end.desk.inbox / "done" / "a.pdf")
    assert [output["path"] for output in job.plan["outputs"]] == [f"{end.desk.inbox}/done/a.md"]
    assert job.account.seconds is not None and 0 <= job.account.seconds < 60
    said = re.fullmatch(r"Done in (\S+) s, 1 page: (.*)", caplog.messages[-1])
    assert said is not None
    assert 0 <= float(said[1]) < 60
    assert said[2] == str(end.desk.inbox / "done"), "the record names the document before"
    assert end.desk.forgotten == ["a.pdf"], "another file may have its name tomorrow"
    assert end.desk.left == ["a.pdf"], "its folder may go"
    assert events(caplog) == [("done", "INFO")]


async def test_a_failed_document_lies_in_failed_with_the_reason(
    end: End, caplog: pytest.LogCaptureFixture
) -> None:
    work = await end.desk.lease()
    await end.finisher.file(work, None, LOCKED)
    assert len(end.files()) == 2
    assert "failed/a.pdf" in end.files()
    (report,) = (end.desk.inbox / "failed").glob("*.error.json")
    assert "It needs a password." in report.read_text()
    job = await end.desk.job(work)
    assert (job.state, job.code, job.hint) == (JobState.FAILED, "encrypted", "Give one.")
    assert events(caplog) == [("failed", "ERROR")]
    assert caplog.messages == [
        f"Failed: It needs a password. Give one. ({end.desk.inbox}/failed)"
    ]


async def test_nothing_is_filed_while_the_folder_is_out_of_reach(end: End) -> None:
    work = await end.read()
    end.desk.root_error = ShareGoneError("The share is gone.")
    with pytest.raises(ShareGoneError):
        await end.finisher.file(work, ONE_PAGE, None)
    assert end.files() == {"a.pdf"}
    assert work.is_filing


async def test_a_name_that_is_taken_meanwhile_costs_another_plan(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = outdated(MAX_PLANS - 1, monkeypatch)
    work = await end.read()
    await end.finisher.file(work, ONE_PAGE, None)
    assert len(planned) == MAX_PLANS
    assert (await end.desk.job(work)).state is JobState.DONE


async def test_names_that_are_always_taken_are_given_up_for_now(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_PLANS == 10
    planned = outdated(MAX_PLANS, monkeypatch)
    work = await end.read()
    with pytest.raises(TransientError) as raised:
        await end.finisher.file(work, ONE_PAGE, None)
    assert len(planned) == MAX_PLANS
    assert raised.value.hint
    assert end.files() == {"a.pdf"}


async def test_names_that_were_planned_are_free_again(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = outdated(2, monkeypatch)
    await end.finisher.file(await end.read(), ONE_PAGE, None)
    assert len(set(planned)) == 1


@pytest.mark.parametrize(
    ("failed", "said", "state"),
    [(False, "Done with doubts in ", "done with doubts"), (True, "Done in part in ", "partial")],
)
async def test_a_document_with_doubts_is_done_and_says_so(
    end: End, caplog: pytest.LogCaptureFixture, failed: bool, said: str, state: str
) -> None:
    work = await end.desk.lease()
    work.sha256, work.info, work.pages_done = SHA256, ONE_PAGE, 1
    doubt = Doubt("unread-lines", "half of it was not read", 0.5 if failed else 0.1)
    page = PageRead(1, PageStatus.DOUBTFUL, (Block("text", "words"),), doubts=(doubt,))
    await end.desk.ledger.do(
        lambda ledger: ledger.checkpoint(
            work.job.id, 1, pages.to_json(page), doubtful=True, failed=failed
        )
    )
    await end.finisher.file(await end.desk.again(work), ONE_PAGE, None)
    assert "done/a.pdf" in end.files()
    assert "half of it was not read" in (end.desk.inbox / "done" / "a.md").read_text()
    assert events(caplog) == [("done", "WARNING")]
    assert said in caplog.text
    assert f"1 page, 1 doubtful, {int(failed)} not read" in caplog.text
    (told,) = (vars(record)["ocrd_fields"] for record in caplog.records)
    assert (told["doubtful"], told["unread"]) == (1, int(failed) or None)
    job = await end.desk.job(work)
    assert (job.state, outcome_of(job)) == (JobState.DONE, state)


async def test_a_document_that_is_final_waits_no_longer_the_next_time(end: End) -> None:
    work = await end.read()
    end.verdicts.delay_before_retry(work.job.id)
    await end.finisher.file(work, ONE_PAGE, None)
    assert end.verdicts.delay_before_retry(work.job.id) == FIRST_DELAY


async def test_a_filing_that_a_crash_interrupted_goes_on(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = await end.read()
    with monkeypatch.context() as crashing:
        crashing.setattr(filing, "publishing", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await end.finisher.file(work, ONE_PAGE, None)
    again = await end.desk.again(work)
    assert again.job.state is JobState.FILING
    assert "a.pdf" in end.files()
    again.is_filing = False
    await end.finisher.file_again(again)
    assert again.is_filing
    assert "done/a.pdf" in end.files()
    assert "a.pdf" not in end.files()
    assert (await end.desk.job(work)).state is JobState.DONE


async def test_a_filing_whose_plan_is_outdated_begins_anew_and_keeps_the_pages(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = await end.read()
    with monkeypatch.context() as crashing:
        crashing.setattr(filing, "publishing", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await end.finisher.file(work, ONE_PAGE, None)
    again = await end.desk.again(work)
    outdated(1, monkeypatch)
    await end.finisher.file_again(again)
    assert (await end.desk.job(work)).state is JobState.QUEUED
    done = await end.desk.ledger.do(lambda ledger: ledger.pages_done(work.job.id))
    assert done == {1}
    assert "a.pdf" in end.files()


@pytest.mark.parametrize(("content", "known"), [(b"content", True), (b"another", False)])
async def test_a_kept_file_is_known_by_its_content(
    archive: End, content: bytes, known: bool
) -> None:
    first = await archive.read()
    await archive.finisher.file(first, ONE_PAGE, None)
    assert (await archive.desk.job(first)).destination == str(first.path)
    assert archive.desk.forgotten == [], "a kept file is offered again once it changes"
    work = await archive.desk.lease(content=content)
    sha256 = hashlib.sha256(content).hexdigest()
    assert await archive.finisher.was_read_before(work, sha256) is known
    job = await archive.desk.job(work)
    assert (job.state is JobState.DONE) is known
    if known:
        assert job.destination == str(archive.desk.inbox / "a.pdf")
        found = Candidate(job.inbox, job.relpath, job.key)
        await archive.desk.ledger.do(lambda ledger: ledger.enqueue([found], 0, 1.0))
        queued = await archive.desk.ledger.do(lambda ledger: ledger.jobs({JobState.QUEUED}))
        assert queued == [], "the next scan asks for it no more"


async def test_a_file_that_is_to_move_is_read_whatever_was_read_before(end: End) -> None:
    await end.finisher.file(await end.read(), ONE_PAGE, None)
    work = await end.desk.lease()
    assert await end.finisher.was_read_before(work, SHA256) is False
    assert (await end.desk.job(work)).state is JobState.LEASED


async def test_a_kept_file_that_failed_is_not_known(archive: End) -> None:
    await archive.finisher.file(await archive.desk.lease(), None, LOCKED)
    work = await archive.desk.lease(content=b"content ")
    assert not await archive.finisher.was_read_before(work, SHA256)


async def test_a_withdrawn_document_is_offered_again(
    end: End, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocrd")
    work = await end.read()
    end.verdicts.delay_before_retry(work.job.id)
    await end.finisher.withdraw(work, SourceChangedError("It changed."))
    job = await end.desk.job(work)
    assert (job.state, job.message) == (JobState.WITHDRAWN, "It changed.")
    assert end.desk.forgotten == ["a.pdf"]
    assert end.files() == {"a.pdf"}
    assert end.verdicts.delay_before_retry(work.job.id) == FIRST_DELAY
    assert events(caplog) == [("withdrawn", "INFO")]


async def begun_retry(end: End, name: str = "a.pdf", *, read: bool = True) -> Work:
    """Fail a document and let a crash come while its retry begins."""
    work = await end.desk.lease(name)
    await end.finisher.file(work, None, LOCKED)
    end.desk.forgotten.clear()
    job = await end.desk.job(work)

    def begin(ledger: Ledger) -> None:
        retrying.begin(ledger, job, read=read)

    await end.desk.ledger.do(begin)
    return await end.desk.again(work)


async def test_a_source_on_its_way_back_arrives_and_is_offered_again(end: End) -> None:
    again = await begun_retry(end)
    await end.finisher.take_back_again(again)
    assert end.files() == {"a.pdf"}
    assert (await end.desk.job(again)).state is JobState.WITHDRAWN
    assert end.desk.forgotten == ["a.pdf"]
    assert again.is_filing
    new, _ = await end.desk.ledger.do(lambda ledger: ledger.jobs())
    assert (new.relpath, new.state) == ("a.pdf", JobState.QUEUED)


async def test_a_source_that_is_only_put_back_is_not_read_after_a_crash_either(end: End) -> None:
    again = await begun_retry(end, read=False)
    await end.finisher.take_back_again(again)
    assert end.files() == {"a.pdf"}
    (job,) = await end.desk.ledger.do(lambda ledger: ledger.jobs())
    assert job.state is JobState.CANCELLED


async def test_a_source_that_is_no_document_is_put_back_and_left_alone_after_a_crash_too(
    end: End,
) -> None:
    again = await begun_retry(end, "notes.txt")
    await end.finisher.take_back_again(again)
    assert end.files() == {"notes.txt"}
    (job,) = await end.desk.ledger.do(lambda ledger: ledger.jobs())
    assert job.state is JobState.WITHDRAWN


async def test_a_source_that_is_not_where_it_was_filed_stays_failed(
    end: End, caplog: pytest.LogCaptureFixture
) -> None:
    again = await begun_retry(end)
    (end.desk.inbox / "failed" / "a.pdf").unlink()
    caplog.clear()
    await end.finisher.take_back_again(again)
    job = await end.desk.job(again)
    assert (job.state, job.code) == (JobState.FAILED, "encrypted")
    assert end.desk.forgotten == []
    assert events(caplog) == [("not-retried", "WARNING")]


async def test_documents_that_go_together_each_have_their_own_end(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three, one is changed meanwhile: the others share the syncs and are not held up."""
    works = [await end.read() if name == "a.pdf" else await read_as(end, name) for name in NAMES]
    (end.desk.inbox / "b.pdf").write_bytes(b"other content")
    synced: list[str] = []
    sync = files.Directory.sync

    def noted(folder: files.Directory) -> None:
        synced.append(folder.path.name)
        sync(folder)

    monkeypatch.setattr(files.Directory, "sync", noted)
    some = [finishing._Filing(work, ONE_PAGE, None) for work in works]
    outcomes = end.finisher._filed(some)
    assert isinstance(outcomes[1], SourceChangedError)
    assert end.files() == {"done/a.pdf", "done/a.md", "done/c.pdf", "done/c.md", "b.pdf"}
    assert [(await end.desk.job(work)).state for work in works] == [
        JobState.DONE, JobState.FILING, JobState.DONE
    ]  # fmt: skip
    # It is made, then has sidecars, then sources; then the sources' own folder has them no more.
    assert synced == ["done", "done", "done", "in"]


async def test_names_that_are_taken_for_one_are_planned_anew_for_that_one(
    end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = [await end.read() if name == "a.pdf" else await read_as(end, name) for name in NAMES]
    planned = outdated(1, monkeypatch)
    some = [finishing._Filing(work, ONE_PAGE, None) for work in works]
    outcomes = end.finisher._filed(some)
    assert not any(isinstance(one, Exception) for one in outcomes)
    assert [path.name for path in planned] == ["a.pdf", "b.pdf", "c.pdf", "a.pdf"]
    assert end.files() == {f"done/{stem}.{kind}" for stem in "abc" for kind in ("pdf", "md")}


class CrashError(BaseException):
    """Ends the work where it is raised, as the process's end would."""


def crash_before(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have one call of those that change names, or make them durable, end it all."""
    calls: list[str] = []
    for where, name in (
        (files.Directory, "sync"), (directories, "rename_flagged"), (os, "fsync")
    ):  # fmt: skip
        real = getattr(where, name)

        def counted(*about: Any, real: Any = real, name: str = name) -> Any:
            calls.append(name)
            if len(calls) == step:
                raise CrashError
            return real(*about)

        monkeypatch.setattr(where, name, counted)
    return calls


async def test_documents_that_went_together_are_whole_wherever_a_crash_ends_it(
    tmp_path: Path,
) -> None:
    """Each goes on by itself: from its intent where the ledger has that, else from its pages."""
    step, is_over = 0, False
    while not is_over:
        step += 1
        (tmp_path / str(step)).mkdir()
        end = End(tmp_path / str(step))
        works = [await read_as(end, name) for name in NAMES[:2]]
        with pytest.MonkeyPatch.context() as crashing:
            calls = crash_before(step, crashing)
            with contextlib.suppress(CrashError):
                end.finisher._filed([finishing._Filing(work, ONE_PAGE, None) for work in works])
            is_over = len(calls) < step
        there = [path.name for path in end.desk.inbox.rglob("*.pdf")]
        assert sorted(there) == [*NAMES[:2]], f"before call {step}"
        end.finisher = Finisher(end.desk.ledger, Publisher(end.desk.ledger), end.verdicts)
        for work in [await end.desk.again(work) for work in works]:
            if work.job.state is JobState.FILING:
                await end.finisher.file_again(work)
            elif not work.job.state.is_final:
                await end.finisher.file(work, ONE_PAGE, None)
        assert end.files() == {"done/a.pdf", "done/a.md", "done/b.pdf", "done/b.md"}, step
        assert {(await end.desk.job(work)).state for work in works} == {JobState.DONE}
        end.desk.close()
    assert step > 8


NAMES = ("a.pdf", "b.pdf", "c.pdf")


async def read_as(end: End, name: str) -> Work:
    """Lease a document of another name and have its one page read."""
    work = await end.desk.lease(name)
    work.sha256, work.info, work.pages_done = SHA256, ONE_PAGE, 1
    page = pages.to_json(PageRead(1, PageStatus.READ, (Block("text", name),), 100, 100))
    await end.desk.ledger.do(lambda ledger: ledger.checkpoint(work.job.id, 1, page))
    return work
