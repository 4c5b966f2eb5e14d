"""A failed document goes back into its inbox once, whatever interrupts it on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd import files, retrying
from ocrd.errors import SourceChangedError
from ocrd.job import Candidate, Job, JobState
from ocrd.ledger import Ledger


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
