"""Nothing grows with the number of documents that went through, and what must be known stays."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.long_run import LongRun, Sample, slope, start_forgetful, verdict
from ocrd.job import Candidate, FileKey, JobState
from ocrd.ledger import care, schema
from ocrd.ledger.care import Place
from ocrd.ledger.jobs import Ledger
from tests.faults.conftest import daemon
from tests.installation import LETTER, Installation, eventually

__all__ = ["daemon"]

DOCUMENTS, CHUNK = 600, 50
# At the start memory still fills its pools; a leak of 20 KB a document is far above this.
POOLS_KB = 6000.0
INBOX = "/srv/archive"
DAY = 86400.0


def test_memory_descriptors_ledger_and_speed_hold_over_many_documents(tmp_path: Path) -> None:
    run = LongRun(tmp_path, keep_jobs=5)
    run.start()
    try:
        samples = list(run.samples(DOCUMENTS, CHUNK))
    finally:
        run.stop()
    passed = verdict(samples, run.leftovers(), daemon_kb=POOLS_KB)
    # A busy machine may be slow for a while, and children are replaced too seldom for so short a
    # run to see their slope: the long one judges both.
    assert [one for one in passed if not one.startswith(("last third", "children's"))] == []
    assert samples[-1].ledger_bytes < 1.5e6


def flat(count: int = 20) -> list[Sample]:
    return [
        Sample(1000 * number, 20.0, 60_000 + 40 * (number % 3), 140_000, 26, 2_000_000, 4_000_000)
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("field", "a_thousand"),
    [("daemon_kb", 1000), ("children_kb", 2000), ("descriptors", 1), ("seconds", 1.5)],
)
def test_the_verdict_sees_what_grows(field: str, a_thousand: float) -> None:
    assert verdict(flat(), []) == []
    grown = [
        replace(sample, **{field: getattr(sample, field) + a_thousand * sample.documents / 1000})
        for sample in flat()
    ]
    assert len(verdict(grown, [])) == 1
    assert slope(grown, field) == pytest.approx(a_thousand, rel=0.05)
    assert len(verdict(flat(), ["left"])) == 1


# What the ledger forgets, and what never


def finished(
    ledger: Ledger,
    name: str,
    state: JobState,
    moment: float,
    *,
    kept: bool = False,
    number: int = 1,
) -> int:
    key = FileKey(1, number, 1000, number)
    with ledger.transaction():
        assert ledger.enqueue([Candidate(INBOX, name, key)], 0, moment) == []
        job = ledger.lease(moment, inboxes=[INBOX], active=())
        assert job is not None
        ledger.intend(job.id, {"plan": "of its files"})
        ledger.finish(job.id, state, moment, kept=kept, sha256=f"{number:064}")
    return job.id


def forget(ledger: Ledger, before: float) -> None:
    place: Place | None = Place()
    while place is not None:
        with ledger.transaction():
            place = care.forget_finished(ledger, before, place)


def test_finished_jobs_are_forgotten_after_their_time_and_open_ones_never(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    old = [finished(ledger, f"{state}.pdf", state, 1000.0)
           for state in (JobState.DONE, JobState.FAILED, JobState.WITHDRAWN)]  # fmt: skip
    young = finished(ledger, "young.pdf", JobState.DONE, 1000.0 + DAY)
    with ledger.transaction():
        ledger.enqueue([Candidate(INBOX, "open.pdf", FileKey(1, 9, 9, 9))], 0, 10.0)
    forget(ledger, 1000.0 + DAY / 2)
    assert [ledger.job(number) for number in old] == [None] * 3
    assert [job.id for job in ledger.jobs()] == [young + 1, young]
    ledger.close()


def test_what_a_kept_or_cancelled_file_needs_is_never_forgotten(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    finished(ledger, "kept.pdf", JobState.DONE, 1000.0, kept=True, number=1)
    newest = finished(ledger, "kept.pdf", JobState.DONE, 1001.0, kept=True, number=2)
    failed = finished(ledger, "bad.pdf", JobState.FAILED, 1000.0, kept=True, number=3)
    cancelled = finished(ledger, "no.pdf", JobState.CANCELLED, 1000.0, number=4)
    finished(ledger, "kept.pdf", JobState.WITHDRAWN, 1002.0, number=5)
    forget(ledger, 1000.0 + 1000 * DAY)
    assert {job.id for job in ledger.jobs()} == {newest, failed, cancelled}
    assert all(not job.plan for job in ledger.jobs()), "what is long and not needed is dropped"
    assert ledger.kept_sha256(INBOX, "kept.pdf") == f"{2:064}"
    with ledger.transaction():
        ledger.enqueue([
            Candidate(INBOX, "kept.pdf", FileKey(1, 2, 1000, 2)),
            Candidate(INBOX, "bad.pdf", FileKey(1, 3, 1000, 3)),
            Candidate(INBOX, "no.pdf", FileKey(1, 4, 1000, 4)),
        ], 0, 5000.0)  # fmt: skip
        assert ledger.lease(9e9, inboxes=[INBOX], active=()) is None
    ledger.close()


def test_space_of_what_was_forgotten_goes_back_to_the_disk_step_by_step(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    with ledger.transaction():
        ledger.enqueue(
            [Candidate(INBOX, f"{n:05}-{'x' * 200}.pdf", FileKey(1, n, 1, 1)) for n in range(9000)],
            0, 1000.0,
        )  # fmt: skip
        ledger.db.execute("UPDATE jobs SET state = 'done', finished = 1000.0")
    checkpoint(ledger)
    full = ledger.path.stat().st_size
    forget(ledger, 2000.0)
    longest, more = 0.0, True
    while more:
        began = time.perf_counter()
        with ledger.transaction():
            more = care.shrink(ledger)
        longest = max(longest, time.perf_counter() - began)
    checkpoint(ledger)
    assert ledger.path.stat().st_size < full / 3
    assert longest < 1.0, "nobody waits for it"
    log = Path(f"{ledger.path}-wal")
    assert log.stat().st_size <= 8 << 20
    ledger.close()


def checkpoint(ledger: Ledger) -> None:
    ledger.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_an_older_ledger_is_brought_up_and_learns_to_give_space_back(tmp_path: Path) -> None:
    now = schema.MIGRATIONS
    path = tmp_path / schema.FILE_NAME
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(f"BEGIN; {now[0]} PRAGMA user_version = 1; COMMIT;")
    db.execute(
        "INSERT INTO jobs (inbox, relpath, key, state, priority, created, due, kept, finished)"
        " VALUES (x'61', x'62', '1:1:1:1', 'done', 0, 1, 1, 1, 1)"
    )
    db.close()
    ledger = Ledger.open(tmp_path)
    assert len(ledger.jobs()) == 1
    assert care.identity(ledger)
    assert ledger.db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    ledger.close()


EACH_DOCUMENT = {
    "enqueue": lambda ledger: ledger.enqueue(
        [Candidate(INBOX, "new.pdf", FileKey(1, 1, 1, 1))], 0, 1.0
    ),
    "lease": lambda ledger: ledger.lease(9e9, inboxes=[INBOX], active=(1, 2)),
    "next_due": lambda ledger: ledger.next_due(1.0),
    "inspected": lambda ledger: ledger.inspected(1, pages=1, sha256="x"),
    "checkpoint": lambda ledger: ledger.checkpoint(1, 1, "{}"),
    "past": lambda ledger: ledger.past(ledger.job(1)),
    "pages_done": lambda ledger: ledger.pages_done(1),
    "page_results": lambda ledger: ledger.page_results(1, 0, 10),
    "failed_pages": lambda ledger: ledger.failed_pages(1),
    "kills": lambda ledger: ledger.kills(1),
    "release": lambda ledger: ledger.release(1, refund=True),
    "intend": lambda ledger: ledger.intend(1, {}),
    "finish": lambda ledger: ledger.finish(
        1, JobState.DONE, 1.0, kept=True, outputs={"/a/b.md": "x"}
    ),
    "outputs_of": lambda ledger: ledger.outputs_of(INBOX, "new.pdf"),
    "kept_sha256": lambda ledger: ledger.kept_sha256(INBOX, "new.pdf"),
    "knows": lambda ledger: care.knows(ledger, INBOX),
    "serial": care.serial,
}


@pytest.mark.parametrize("name", EACH_DOCUMENT)
def test_no_step_of_a_document_goes_through_a_whole_table(tmp_path: Path, name: str) -> None:
    ledger = Ledger.open(tmp_path)
    with ledger.transaction():
        ledger.enqueue(
            [Candidate(INBOX, f"{number}.pdf", FileKey(1, number, 1, 1)) for number in range(50)],
            0, 1.0,
        )  # fmt: skip
    statements: list[str] = []
    ledger.db.set_trace_callback(statements.append)
    with ledger.transaction():
        EACH_DOCUMENT[name](ledger)
    ledger.db.set_trace_callback(None)
    asked = [one for one in statements if one.split()[0] in {"SELECT", "UPDATE", "DELETE"}]
    assert asked
    for statement in asked:
        plan = ledger.db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        scans = [row[3] for row in plan if row[3].startswith("SCAN")]
        # json_each goes through a list that the statement was given, of documents in work.
        whole = [scan for scan in scans if "USING INDEX jobs_door" not in scan
                 and "sqlite_sequence" not in scan and "CONSTANT ROW" not in scan
                 and not scan.startswith("SCAN json_each ")]  # fmt: skip
        assert whole == [], f"{statement}: {whole}"
    ledger.close()


def test_retention_leaves_a_kept_folder_unread_for_a_second_time(daemon: Installation) -> None:
    other = daemon.root / "other"
    other.mkdir()
    daemon.configure(
        inbox='source = "keep"', top='keep_jobs = "1s"',
        more=f'[[inbox]]\npath = "{other}"\nsettle = "200ms"\nscan_interval = "1s"',
    )
    daemon.drop(LETTER, "letter.png")
    start_forgetful(daemon, interval_seconds=1.0)
    daemon.wait_for("letter.md")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    shutil.copy2(LETTER, other)  # a later one that is filed away, and forgotten
    eventually(lambda: (other / "done" / LETTER.name).exists(), 20)

    def is_forgotten() -> bool:
        status = daemon.status()
        return not status["working"] and status["jobs"]["done"] == 1

    eventually(is_forgotten, 20, "retention came by")
    daemon.stop()
    os.utime(daemon.inbox / "letter.png")
    before = (daemon.inbox / "letter.md").stat().st_ino
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == 2, 20)
    assert (daemon.inbox / "letter.md").stat().st_ino == before
    assert daemon.tree() == ["letter.md", "letter.png"]
