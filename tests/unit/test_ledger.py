"""Promises of the ledger: once is once, what was committed is there, order of leases."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ocrd.daemon_lock import DaemonLock
from ocrd.errors import DocumentError, LedgerError, Reason
from ocrd.job import Candidate, FileKey, JobState
from ocrd.ledger import Ledger
from ocrd.ledger_writer import LedgerWriter

INBOX = "/srv/scans"
NOW = 1_000_000.0


def key(size: int = 1000, mtime_ns: int = 1) -> FileKey:
    return FileKey(device=1, inode=2**64 - 1, size=size, mtime_ns=mtime_ns)


def candidate(name: str, size: int = 1000, mtime_ns: int = 1) -> Candidate:
    return Candidate(INBOX, name, key(size, mtime_ns))


def enqueue(ledger: Ledger, *candidates: Candidate, priority: int = 0) -> list[Candidate]:
    with ledger.transaction():
        return ledger.enqueue(candidates, priority, NOW)


def lease(ledger: Ledger, *, longest: int | None = None, active: tuple[int, ...] = ()) -> str:
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=[INBOX], active=active, longest=longest)
    return job.relpath if job else ""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path)


def test_enqueueing_twice_is_once(ledger: Ledger) -> None:
    assert enqueue(ledger, candidate("a.pdf"), candidate("a.pdf")) == []
    enqueue(ledger, candidate("a.pdf"))
    assert ledger.counts()[JobState.QUEUED] == 1


def test_a_name_that_is_not_utf8_comes_back_as_it_was(ledger: Ledger) -> None:
    name = b"caf\xe9\n.pdf".decode("utf-8", "surrogateescape")
    enqueue(ledger, candidate(name))
    assert lease(ledger) == name
    assert ledger.jobs()[0].key == key()


def test_a_queued_source_that_changed_is_read_in_its_new_state(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    assert enqueue(ledger, candidate("a.pdf", mtime_ns=2)) == []
    (job,) = ledger.jobs()
    assert job.key.mtime_ns == 2


def test_a_source_that_changed_while_in_work_has_to_be_offered_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    changed = candidate("a.pdf", mtime_ns=2)
    assert enqueue(ledger, changed) == [changed]


def test_a_kept_source_is_read_once_until_it_changes(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW, kept=True, sha256="abc")
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == ""
    enqueue(ledger, candidate("a.pdf", mtime_ns=2))
    assert lease(ledger) == "a.pdf"
    assert ledger.kept_sha256(INBOX, "a.pdf") == "abc"


def test_a_filed_source_that_a_person_moved_back_is_read_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.finish(1, JobState.FAILED, NOW, reason=Reason.of(DocumentError("bad")))
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == "a.pdf"


def test_a_cancelled_source_stays_cancelled_until_it_is_retried(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    with ledger.transaction():
        ledger.finish(1, JobState.CANCELLED, NOW)
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == ""
    with ledger.transaction():
        ledger.forget(1)
    enqueue(ledger, candidate("a.pdf"))
    assert lease(ledger) == "a.pdf"


def test_small_documents_overtake_and_priority_counts_first(ledger: Ledger) -> None:
    enqueue(ledger, candidate("book.pdf", size=100_000_000), candidate("letter.pdf"))
    enqueue(ledger, candidate("urgent-book.pdf", size=100_000_000), priority=5)
    order = [lease(ledger) for _ in range(3)]
    assert order == ["urgent-book.pdf", "letter.pdf", "book.pdf"]


def test_a_long_document_is_passed_over_where_no_more_are_wanted(ledger: Ledger) -> None:
    enqueue(ledger, candidate("book.pdf"), candidate("letter.pdf"))
    with ledger.transaction():
        ledger.inspected(1, pages=500, sha256="x")
        ledger.inspected(2, pages=600, sha256="y")
    assert lease(ledger, longest=20) == ""
    assert lease(ledger) == "book.pdf"


def test_an_attempt_is_counted_at_the_lease_and_cleared_by_a_page(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.recover()
    lease(ledger)
    assert ledger.jobs()[0].attempts == 2
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
    job = ledger.jobs()[0]
    assert (job.attempts, job.pages_done) == (0, 1)


def test_what_was_begun_without_a_page_read_is_suspect_and_can_be_leased_alone(
    ledger: Ledger,
) -> None:
    enqueue(ledger, candidate("a.pdf"), candidate("b.pdf"), candidate("c.pdf"))
    lease(ledger)
    lease(ledger)
    with ledger.transaction():
        ledger.checkpoint(1, 1, "{}")
        ledger.recover()
    assert ledger.suspects() == [2]
    with ledger.transaction():
        job = ledger.lease(NOW, inboxes=[INBOX], active=(), only=2)
    assert job is not None and job.relpath == "b.pdf"


def test_checkpoints_survive_recovery_and_go_with_the_finish(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.checkpoint(1, 2, "{}", failed=True)
        ledger.checkpoint(1, 1, "{}")
        assert ledger.recover() == 1
    assert ledger.pages_done(1) == {1, 2}
    assert [number for number, _ in ledger.page_results(1, 0, 10)] == [1, 2]
    assert [number for number, _ in ledger.failed_pages(1)] == [2]
    with ledger.transaction():
        ledger.finish(1, JobState.DONE, NOW)
    assert ledger.pages_done(1) == set()


def test_a_released_job_waits_for_its_time(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.release(1, not_before=NOW + 60, refund=True)
    assert lease(ledger) == ""
    assert ledger.next_due(NOW) == NOW + 60
    assert ledger.jobs()[0].attempts == 0


def test_a_filing_job_keeps_its_intent_when_leased_again(ledger: Ledger) -> None:
    enqueue(ledger, candidate("a.pdf"))
    lease(ledger)
    with ledger.transaction():
        ledger.intend(1, {"destination": "/x/caf\udce9"})
        ledger.recover()
    lease(ledger)
    (job,) = ledger.jobs()
    assert job.state is JobState.FILING
    assert job.plan == json.loads(json.dumps({"destination": "/x/caf\udce9"}))


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="newer ocrd"):
        Ledger.open(tmp_path)


def test_a_damaged_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 50)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger.open(tmp_path)
    assert path.read_bytes() == before


def test_a_second_daemon_is_refused_and_told_whose_the_directory_is(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from ocrd.daemon_lock import DaemonLock\n"
        "from ocrd.errors import LedgerError\n"
        f"try: DaemonLock(pathlib.Path({str(tmp_path)!r}))\n"
        "except LedgerError as error: print(error.what)"
    )
    with DaemonLock(tmp_path):
        import os

        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert f"process {os.getpid()}" in told.stdout
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == ""


def test_steps_of_many_threads_share_commits_and_a_failing_one_harms_no_other(
    tmp_path: Path,
) -> None:
    writer = LedgerWriter(Ledger.open(tmp_path))
    failures: list[BaseException | None] = []

    def drop(number: int) -> None:
        writer.submit(
            lambda ledger: ledger.enqueue([candidate(f"{number}.pdf")], 0, NOW)
        ).result(10)
        failures.append(writer.submit(lambda ledger: ledger.kills(1 // 0)).exception(10))

    threads = [threading.Thread(target=drop, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(failure) for failure in failures] == [ZeroDivisionError] * 20
    writer.close()
    reader = Ledger.open(tmp_path, readonly=True)
    assert reader.counts()[JobState.QUEUED] == 20
    reader.close()
