"""A failed document goes back into its inbox once, whatever interrupts it on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocrd import files, retrying
from ocrd.errors import EncryptedError, Reason, ShareGoneError, SourceChangedError
from ocrd.files import Place
from ocrd.filing import filing, plans
from ocrd.job import Candidate, FileKey, Job, JobState
from ocrd.ledger.jobs import Ledger


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
    with pytest.raises(SourceChangedError, match="is there already"):
        retrying.retry(ledger, [1])
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
    assert [job.id for job in retrying.retry(ledger, None)] == [1]
    assert left(tmp_path) == ["inbox/sub/scan.pdf"]
    assert found(ledger).state is JobState.WITHDRAWN


def test_an_inbox_that_is_gone_is_not_made_and_the_source_stays(
    ledger: Ledger, filed: Job, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "inbox")
    with pytest.raises(ShareGoneError):
        retrying.retry(ledger, [1])
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
    retrying.retry(ledger, [1])
    assert home.read_bytes() == b"content"
    with ledger.transaction():
        assert ledger.enqueue([candidate], 0, 3.0) == []
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
    with pytest.raises(SourceChangedError, match="is there already") as raised:
        retrying.retry(ledger, [1])
    assert failed.destination in raised.value.hint
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


@pytest.fixture
def many(ledger: Ledger) -> Ledger:
    """Provide a ledger with jobs in every final state, 60 of them failed, and one that waits."""
    states = [JobState.DONE, JobState.CANCELLED, JobState.WITHDRAWN, *[JobState.FAILED] * 60]
    with ledger.transaction():
        for number, state in enumerate([*states, None], start=1):
            ledger.enqueue([Candidate("/in", f"{number}.pdf", FileKey(1, number, 1, 1))], 0, 1.0)
            if state:
                ledger.finish(number, state, 2.0)
    return ledger


def test_all_that_failed_are_found_however_many_and_nothing_else(many: Ledger) -> None:
    assert sorted(job.id for job in retrying.find(many, None)) == list(range(4, 64))


def test_only_final_jobs_of_the_numbers_asked_for_are_found(many: Ledger) -> None:
    assert [job.id for job in retrying.find(many, [64, 3, 1, 4])] == [3, 1, 4]
    assert retrying.find(many, []) == []
    with pytest.raises(KeyError, match="65"):
        retrying.find(many, [1, 65])
