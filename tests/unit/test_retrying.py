"""A failed document goes back into its inbox once, whatever interrupts it on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocrd import files, retrying
from ocrd.choice import Choice
from ocrd.config.settings import InboxSettings
from ocrd.errors import EncryptedError, Reason, ShareGoneError, SourceChangedError
from ocrd.files import Place
from ocrd.filing import filing, plans
from ocrd.job import Candidate, FileKey, Job, JobState
from ocrd.ledger.jobs import Ledger

FIRST = Choice(numbers=(1,))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "failed").mkdir()
    ledger = Ledger.open(tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def failed(ledger: Ledger, tmp_path: Path) -> Job:
    """Provide a job whose source was filed as failed."""
    home, filed = tmp_path / "inbox" / "scan.pdf", tmp_path / "failed" / "scan.pdf"
    home.write_bytes(b"content")
    candidate = Candidate(str(home.parent), home.name, files.file_key(home))
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 1.0)
        ledger.finish(1, JobState.FAILED, 2.0, destination=str(filed))
    home.rename(filed)
    return found(ledger)


def found(ledger: Ledger) -> Job:
    job = ledger.job(1)
    assert job is not None
    return job


def begun(ledger: Ledger, job: Job) -> Job:
    with ledger.transaction():
        retrying.begin(ledger, job)
    return found(ledger)


def test_a_retry_whose_copy_was_complete_when_the_daemon_died_leaves_one_file(
    ledger: Ledger, failed: Job
) -> None:
    job = begun(ledger, failed)
    filed, home = Path(job.destination), Path(job.inbox, job.relpath)
    shutil.copy2(filed, home)
    retrying.put_back(job)
    assert home.read_bytes() == b"content"
    assert not filed.exists()


def test_a_retry_whose_move_was_complete_when_the_daemon_died_is_no_error(
    ledger: Ledger, failed: Job
) -> None:
    job = begun(ledger, failed)
    Path(job.destination).rename(Path(job.inbox, job.relpath))
    retrying.put_back(job)
    assert Path(job.inbox, job.relpath).read_bytes() == b"content"


def test_nothing_of_its_name_is_taken_up_while_a_source_goes_back(
    ledger: Ledger, failed: Job
) -> None:
    job = begun(ledger, failed)
    home = Path(job.inbox, job.relpath)
    shutil.copy(job.destination, home)
    candidate = Candidate(job.inbox, job.relpath, files.file_key(home))
    with ledger.transaction():
        assert ledger.enqueue([candidate], 0, 3.0) == [candidate], "it is to be offered again"
    assert len(ledger.jobs()) == 1


def test_a_retry_that_cannot_be_is_as_if_it_had_not_been_asked_for(
    ledger: Ledger, failed: Job
) -> None:
    Path(failed.inbox, failed.relpath).write_bytes(b"another")
    (outcome,) = retrying.retry(ledger, FIRST, [])
    assert (outcome.done, outcome.new) == (False, None)
    assert "is there already" in outcome.what
    assert isinstance(outcome.error, SourceChangedError)
    assert found(ledger) == failed
    assert Path(failed.destination).read_bytes() == b"content"


@pytest.fixture
def filed(ledger: Ledger, tmp_path: Path) -> Job:
    """Provide a job that was filed as failed by a plan, with its error file, outside the inbox."""
    home, failed = tmp_path / "inbox" / "sub" / "scan.pdf", tmp_path / "failed"
    home.parent.mkdir()
    home.write_bytes(b"content")
    reason = Reason.of(EncryptedError("scan.pdf needs a password."))
    candidate = Candidate(str(tmp_path / "inbox"), "sub/scan.pdf", files.file_key(home))
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 1.0)
    job = found(ledger)
    plan = plans.Names().plan(
        job, state=JobState.FAILED, action="move", folder=Place(failed), kinds=["error.json"],
        owned={}, reason=reason,
    )  # fmt: skip
    plan = filing.stage(plan, [filing.error_writer(job, reason, "2026-01-01T00:00:00Z")])
    filing.publish(plan, job.key, None)
    with ledger.transaction():
        ledger.intend(1, plan.to_json())
        ledger.finish(1, JobState.FAILED, 2.0, destination=plan.destination, reason=reason)
    return found(ledger)


def left(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "ledger" not in path.name
    )


@pytest.mark.parametrize("has_begun", [True, False], ids=["begun", "not begun"])
def test_the_source_goes_back_and_its_error_file_goes(
    ledger: Ledger, filed: Job, tmp_path: Path, has_begun: bool
) -> None:
    assert left(tmp_path) == ["failed/scan.error.json", "failed/scan.pdf"]
    retrying.put_back(begun(ledger, filed) if has_begun else filed)
    assert left(tmp_path) == ["inbox/sub/scan.pdf"]


def test_the_folder_that_a_source_came_from_is_made_again(
    ledger: Ledger, filed: Job, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "sub").rmdir()
    (outcome,) = retrying.retry(ledger, Choice(), [])
    assert (outcome.job, outcome.done, outcome.new) == (filed, True, 2)
    assert left(tmp_path) == ["inbox/sub/scan.pdf"]
    assert found(ledger).state is JobState.WITHDRAWN
    assert "job 2" in found(ledger).message


def test_an_inbox_that_is_gone_is_not_made_and_the_source_stays(
    ledger: Ledger, filed: Job, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "inbox")
    (outcome,) = retrying.retry(ledger, FIRST, [])
    assert isinstance(outcome.error, ShareGoneError)
    assert left(tmp_path) == ["failed/scan.error.json", "failed/scan.pdf"]
    assert found(ledger) == filed


@pytest.mark.parametrize("destination", ["", "inbox/scan.pdf"])
def test_a_source_that_never_left_its_inbox_is_not_moved(
    ledger: Ledger, tmp_path: Path, destination: str
) -> None:
    """It was cancelled, or the folder keeps its sources."""
    home = tmp_path / "inbox" / "scan.pdf"
    home.write_bytes(b"content")
    candidate = Candidate(str(home.parent), home.name, files.file_key(home))
    place = str(tmp_path / destination) if destination else ""
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 1.0)
        ledger.finish(1, JobState.CANCELLED, 2.0, destination=place, kept=True)
    retrying.retry(ledger, FIRST, [])
    assert home.read_bytes() == b"content"
    assert [job.state for job in ledger.jobs()] == [JobState.QUEUED, JobState.WITHDRAWN]


@pytest.mark.parametrize(
    ("has_begun", "is_at_home", "is_error"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_a_source_that_is_not_where_it_was_filed_was_moved_by_us_or_is_an_error(
    ledger: Ledger, failed: Job, has_begun: bool, is_at_home: bool, is_error: bool
) -> None:
    job = begun(ledger, failed) if has_begun else failed
    home = Path(job.inbox, job.relpath)
    if is_at_home:
        home.write_bytes(b"content")
    Path(job.destination).unlink()
    if is_error:
        with pytest.raises(SourceChangedError, match="no longer there"):
            retrying.put_back(job)
    else:
        retrying.put_back(job)
    assert home.exists() is is_at_home


def test_a_copy_that_was_not_ours_is_not_taken_for_one(ledger: Ledger, failed: Job) -> None:
    """Before anything was begun, the same bytes at home are somebody's second file."""
    home = Path(failed.inbox, failed.relpath)
    shutil.copy2(failed.destination, home)
    with pytest.raises(SourceChangedError, match="is there already"):
        retrying.put_back(failed)
    assert home.exists() and Path(failed.destination).exists()


def test_a_job_of_the_same_name_at_work_keeps_a_retry_from_beginning(
    ledger: Ledger, failed: Job
) -> None:
    with ledger.transaction():
        ledger.enqueue([Candidate(failed.inbox, failed.relpath, FileKey(1, 2, 3, 4))], 0, 3.0)
    (outcome,) = retrying.retry(ledger, FIRST, [])
    assert "is there already" in outcome.what
    assert failed.destination in outcome.what
    assert found(ledger) == failed
    assert Path(failed.destination).exists()


def test_giving_up_leaves_a_job_as_it_was_before_it_was_begun(ledger: Ledger, filed: Job) -> None:
    job = begun(ledger, filed)
    assert job.state is JobState.FILING and job.plan != filed.plan
    with ledger.transaction():
        retrying.give_up(ledger, job)
    assert found(ledger) == filed
    with ledger.transaction():
        retrying.give_up(ledger, filed)
    assert found(ledger) == filed, "nothing was begun"


@pytest.mark.parametrize(
    ("state", "plan", "is_begun"),
    [
        (JobState.FILING, {"retried_state": "failed", "retried_plan": {}}, True),
        (JobState.FILING, {"state": "done"}, False),
        (JobState.FILING, {}, False),
        (JobState.FAILED, {"retried_state": "failed", "retried_plan": {}}, False),
    ],
)
def test_an_ordinary_filing_is_not_taken_for_a_way_back(
    failed: Job, state: JobState, plan: dict[str, object], is_begun: bool
) -> None:
    assert retrying.is_begun(replace(failed, state=state, plan=plan)) is is_begun


def test_the_new_job_is_of_the_file_that_came_back(ledger: Ledger, filed: Job) -> None:
    settings = InboxSettings(path=Path(filed.inbox), priority=7)
    (outcome,) = retrying.retry(ledger, FIRST, [settings])
    assert outcome.new == 2
    job = ledger.job(2)
    assert job is not None
    home = Path(filed.inbox, filed.relpath)
    assert (job.relpath, job.state, job.priority) == (filed.relpath, JobState.QUEUED, 7)
    assert job.key == files.file_key(home)
    with ledger.transaction():
        assert ledger.enqueue([Candidate(job.inbox, job.relpath, job.key)], 0, 3.0) == []
    assert len(ledger.jobs()) == 2, "the scan finds nothing new"


def test_what_is_no_document_goes_back_and_stays(
    ledger: Ledger, failed: Job, tmp_path: Path
) -> None:
    with ledger.transaction():
        ledger.db.execute("UPDATE jobs SET relpath = x'6d61696e2e7079'")
    filed = tmp_path / "failed" / "main.py"
    Path(failed.destination).rename(filed)
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, 2.0, destination=str(filed))
    filed.write_text("print(1)")
    for unsupported, new in (("leave", None), ("fail", 2)):
        settings = InboxSettings(path=tmp_path / "inbox", unsupported=unsupported)
        (outcome,) = retrying.retry(ledger, FIRST, [settings])
        assert (outcome.done, outcome.new) == (True, new), outcome.what
        assert (tmp_path / "inbox" / "main.py").exists()
        if new is None:
            assert "left alone there: no document (text)" in outcome.what
            (tmp_path / "inbox" / "main.py").rename(filed)
            with ledger.transaction():
                ledger.finish(1, JobState.FAILED, 2.0, destination=str(filed))


def test_a_file_that_is_only_put_back_is_not_read_until_it_changes(
    ledger: Ledger, filed: Job, tmp_path: Path
) -> None:
    (outcome,) = retrying.retry(ledger, FIRST, [], read=False)
    assert (outcome.done, outcome.new) == (True, None)
    assert left(tmp_path) == ["inbox/sub/scan.pdf"]
    home = tmp_path / "inbox" / "sub" / "scan.pdf"
    candidate = Candidate(filed.inbox, filed.relpath, files.file_key(home))
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 3.0)
    assert [job.state for job in ledger.jobs()] == [JobState.CANCELLED]
    with ledger.transaction():
        ledger.enqueue([replace(candidate, key=FileKey(1, 2, 3, 4))], 0, 3.0)
    assert [job.state for job in ledger.jobs()] == [JobState.QUEUED, JobState.CANCELLED]


@pytest.mark.parametrize("read", [True, False])
def test_whether_it_is_to_be_read_is_known_after_a_crash(
    ledger: Ledger, failed: Job, read: bool
) -> None:
    with ledger.transaction():
        retrying.begin(ledger, failed, read=read)
    assert retrying.is_to_be_read(found(ledger)) is read


def test_what_nobody_said_otherwise_of_is_to_be_read(ledger: Ledger, failed: Job) -> None:
    assert retrying.is_to_be_read(begun(ledger, failed))
    older = replace(failed, plan={"retried_state": "failed", "retried_plan": {}})
    assert retrying.is_to_be_read(older), "as an earlier version began it"


@pytest.mark.parametrize("has_begun", [True, False])
def test_the_state_of_what_came_back_is_told(ledger: Ledger, failed: Job, has_begun: bool) -> None:
    job = begun(ledger, failed) if has_begun else failed
    home = Path(job.inbox, job.relpath)
    if has_begun:
        Path(job.destination).rename(home)
    assert retrying.put_back(job) == files.file_key(home)


def test_a_file_that_is_taken_away_at_once_is_told_as_it_was(
    failed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = files.file_key(Path(failed.destination))
    move = files.move

    def taken(*arguments: Any, **how: Any) -> None:
        move(*arguments, **how)
        Path(failed.inbox, failed.relpath).unlink()

    monkeypatch.setattr(files, "move", taken)
    assert retrying.put_back(failed) == key


def test_of_a_file_that_cannot_be_looked_into_nothing_is_said(failed: Job) -> None:
    settings = InboxSettings(path=Path(failed.inbox))
    assert retrying.stray_at_home(failed, settings) == ""
    assert retrying.stray_at_home(failed, None) == ""


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.DONE])
def test_of_what_went_away_all_is_taken_back_and_of_what_was_kept_the_error_file(
    ledger: Ledger, tmp_path: Path, state: JobState
) -> None:
    home = tmp_path / "inbox" / "scan.pdf"
    home.write_bytes(b"content")
    candidate = Candidate(str(home.parent), home.name, files.file_key(home))
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 1.0)
    is_kept = state is JobState.FAILED
    plan = plans.Names().plan(
        found(ledger), state=state, action="keep" if is_kept else "move",
        folder=Place(home.parent if is_kept else tmp_path / "failed"), kinds=["md"], owned={},
    )  # fmt: skip
    plan = filing.stage(plan, [lambda out: out.write(b"text")])
    filing.publish(plan, candidate.key, None)
    with ledger.transaction():
        ledger.intend(1, plan.to_json())
        ledger.finish(1, state, 2.0, destination=plan.destination or str(home), kept=is_kept)
    retrying.put_back(found(ledger))
    assert left(tmp_path) == ["inbox/scan.pdf"]


def test_a_dry_run_says_what_would_be_and_does_nothing(
    ledger: Ledger, filed: Job, tmp_path: Path
) -> None:
    before = left(tmp_path)
    (outcome,) = retrying.retry(ledger, FIRST, [], dry=True)
    assert "would go back into its inbox" in outcome.what
    assert not outcome.done
    assert left(tmp_path) == before
    assert found(ledger) == filed


def test_a_kept_source_that_is_gone_keeps_its_outputs(ledger: Ledger, tmp_path: Path) -> None:
    home = tmp_path / "inbox" / "scan.pdf"
    home.write_bytes(b"content")
    candidate = Candidate(str(home.parent), home.name, files.file_key(home))
    with ledger.transaction():
        ledger.enqueue([candidate], 0, 1.0)
    plan = plans.Names().plan(
        found(ledger), state=JobState.DONE, action="keep", folder=Place(home.parent), kinds=["md"],
        owned={},
    )  # fmt: skip
    plan = filing.stage(plan, [lambda out: out.write(b"text")])
    filing.publish(plan, candidate.key, None)
    with ledger.transaction():
        ledger.intend(1, plan.to_json())
        ledger.finish(1, JobState.DONE, 2.0, destination=str(home), kept=True)
    home.rename(tmp_path / "elsewhere.pdf")
    (outcome,) = retrying.retry(ledger, FIRST, [])
    assert not outcome.done and "no longer there" in outcome.what
    assert left(tmp_path) == ["elsewhere.pdf", "inbox/scan.md"]
    (tmp_path / "elsewhere.pdf").rename(home)
    (outcome,) = retrying.retry(ledger, FIRST, [])
    assert (outcome.done, outcome.new) == (True, 2)
    assert left(tmp_path) == ["inbox/scan.md", "inbox/scan.pdf"], "until another replaces it"


def test_an_unknown_number_moves_nothing(ledger: Ledger, filed: Job, tmp_path: Path) -> None:
    before = left(tmp_path)
    with pytest.raises(KeyError, match="9"):
        retrying.retry(ledger, Choice(numbers=(1, 9)), [])
    assert left(tmp_path) == before
