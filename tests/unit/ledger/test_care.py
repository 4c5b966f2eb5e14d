"""The ledger's clock, its identity, its health, where its jobs' sources are."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from ocrd.job import Candidate, FileKey
from ocrd.ledger import care
from ocrd.ledger.care import adopt, settle_times, traces
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.memory import INBOX, NOW, candidate, in_memory, job, ledger

__all__ = ["ledger"]


# A clock that went back


def times(ledger: Ledger) -> list[tuple[float, float, float]]:
    """Return when each job came, is due, and may be leased, from now on."""
    rows = ledger.db.execute("SELECT created, due, not_before FROM jobs ORDER BY id").fetchall()
    return [(row[0] - NOW, row[1] - NOW, row[2] - NOW if row[2] else 0.0) for row in rows]


@pytest.mark.parametrize(
    ("ahead", "created", "due", "moved"),
    [
        (-100.0, -100.0, -70.0, 0),
        (0.0, 0.0, 30.0, 0),
        (5.0, 5.0, 35.0, 0),  # a clock is put right by so much without a word
        (5.5, 0.0, 30.0, 1),
        (3600.0, 0.0, 30.0, 1),
    ],
)
@pytest.mark.parametrize("state", ["queued", "leased", "filing"])
def test_what_comes_from_a_time_to_come_came_now(
    ledger: Ledger, state: str, ahead: float, created: float, due: float, moved: int
) -> None:
    job(ledger, state, None, created=NOW + ahead)
    assert settle_times(ledger, NOW) == moved
    assert times(ledger) == [(created, due, 0.0)]


def test_jobs_from_a_time_to_come_keep_their_order_and_others_their_time(ledger: Ledger) -> None:
    for ahead in (-50.0, 1.0, 100.0, 40.0):
        job(ledger, "queued", None, created=NOW + ahead)
    job(ledger, "done", NOW, created=NOW + 500)
    assert settle_times(ledger, NOW) == 3
    assert [created for created, _, _ in times(ledger)] == [-50.0, -99.0, 0.0, -60.0, 500.0]


def test_a_ledger_without_open_jobs_has_no_time_to_settle(ledger: Ledger) -> None:
    assert settle_times(ledger, NOW) == 0
    job(ledger, "failed", NOW, created=NOW + 500, not_before=NOW + 500)
    assert settle_times(ledger, NOW) == 0
    assert times(ledger) == [(500.0, 530.0, 500.0)]


@pytest.mark.parametrize(
    ("wait", "ahead", "back", "left"),
    [
        (60.0, 0.0, 0.0, 60.0),
        (300.0, 0.0, 0.0, 300.0),
        (301.0, 0.0, 0.0, 300.0),  # nothing waits for longer
        (3600.0, 0.0, 0.0, 300.0),
        (3660.0, 0.0, 3600.0, 60.0),  # as much shorter as the clock went back
        (60.0, 0.0, 20.0, 40.0),
        (60.0, 0.0, 100.0, -40.0),
        (-60.0, 0.0, 20.0, -60.0),  # is over already
        (0.0, 0.0, 20.0, 0.0),
        (60.0, 5.0, 0.0, 60.0),
        (60.0, 20.0, 0.0, 40.0),  # where that was not seen, what jobs tell of it
        (60.0, 20.0, 50.0, 10.0),
    ],
)
@pytest.mark.parametrize("state", ["queued", "filing"])
def test_a_delay_is_as_much_shorter_as_the_clock_went_back_and_never_longer_than_five_minutes(
    ledger: Ledger, state: str, wait: float, ahead: float, back: float, left: float
) -> None:
    job(ledger, state, None, created=NOW + ahead, not_before=NOW + wait)
    settle_times(ledger, NOW, *([back] if back else []))
    assert times(ledger)[0][2] == left


def test_a_delay_is_never_before_all_time(ledger: Ledger) -> None:
    """0 says that nothing was delayed."""
    job(ledger, "queued", None, created=10.0, not_before=20.0)
    settle_times(ledger, 10.0, back=1000.0)
    assert ledger.jobs()[0].not_before == 0.0


# Whose the folders are


def test_a_ledger_has_an_identity_of_its_own_that_can_be_renewed(ledger: Ledger) -> None:
    first = care.identity(ledger)
    assert len(first) == 32 and first != care.identity(in_memory())
    care.renew_identity(ledger)
    assert len(care.identity(ledger)) == 32
    assert care.identity(ledger) != first
    ledger.db.execute("DELETE FROM settings")
    assert care.identity(ledger) == ""


def test_a_folder_has_later_jobs_than_it_told_of_only_if_they_are_its_own(ledger: Ledger) -> None:
    ledger.enqueue([candidate("a.pdf"), candidate("b.pdf", inbox="/other")], 0, NOW)
    told = {
        inbox: [care.came_after(ledger, inbox, number) for number in (0, 1, 2)]
        for inbox in (INBOX, "/other", "/none")
    }
    assert told == {
        INBOX: [True, False, False], "/other": [True, True, False], "/none": [False] * 3,
    }  # fmt: skip


def test_a_folder_is_known_by_any_of_its_jobs(ledger: Ledger) -> None:
    job(ledger, "withdrawn", 1.0)
    folders = (INBOX, "/srv", "/srv/scans/sub")
    known = [care.knows(ledger, folder) for folder in folders]
    assert known == [True, False, False]


@pytest.mark.parametrize(("failed", "state"), [(False, "done"), (True, "failed")])
def test_a_kept_file_is_taken_as_read_once(ledger: Ledger, failed: bool, state: str) -> None:
    one = candidate("sub/caf\udce9.pdf")
    how = {"failed": True} if failed else {}
    assert adopt(ledger, one, "its hash", NOW, **how) is True
    assert adopt(ledger, one, "its hash", NOW + 1, **how) is False
    (known,) = ledger.jobs()
    assert (known.state, known.sha256, known.created, known.finished) == (
        state, "its hash", NOW, NOW,
    )  # fmt: skip
    assert known.destination == "/srv/scans/sub/caf\udce9.pdf"
    assert ledger.enqueue([one], 0, NOW) == [] and len(ledger.jobs()) == 1, "it is not read again"


def test_a_hash_that_is_not_known_is_none(ledger: Ledger) -> None:
    adopt(ledger, candidate("a.pdf"), "", NOW)
    assert ledger.jobs()[0].sha256 is None


@pytest.mark.parametrize(
    ("state", "kept", "is_adopted", "states"),
    [
        ("queued", False, False, ["queued"]),
        ("leased", False, False, ["leased"]),
        ("filing", False, False, ["filing"]),
        ("done", True, False, ["done"]),
        ("done", False, True, ["done", "done"]),
        ("failed", False, True, ["failed", "done"]),
    ],
)
def test_what_a_job_knows_of_this_state_of_a_file_stands(
    ledger: Ledger, state: str, kept: bool, is_adopted: bool, states: list[str]
) -> None:
    job(ledger, state, None, name="a.pdf", kept=kept)
    one = Candidate(INBOX, "a.pdf", FileKey(1, 2, 3, 4))
    assert adopt(ledger, one, "x", NOW) is is_adopted
    assert [str(known.state) for known in reversed(ledger.jobs())] == states


def test_a_job_that_waits_to_read_an_older_state_is_dropped(ledger: Ledger) -> None:
    job(ledger, "queued", None, name="a.pdf")
    job(ledger, "queued", None, name="b.pdf")
    assert adopt(ledger, candidate("a.pdf", mtime_ns=9), "x", NOW)
    assert [(known.relpath, str(known.state)) for known in ledger.jobs()] == [
        ("a.pdf", "done"), ("b.pdf", "queued"),
    ]  # fmt: skip


# Health


def test_at_most_a_hundred_findings_are_told_and_a_file_that_is_none_is_one(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert care.findings(ledger) == []
    for number in range(120):
        ledger.db.execute("INSERT INTO pages VALUES (7, ?, 0, '{}')", (number,))
    assert len(care.findings(ledger)) == 100
    assert len(care.findings(ledger, limit=3)) == 3
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 50)
    (finding,) = care.findings(Ledger(sqlite3.connect(path), path))
    assert f"The ledger {path} is damaged" in finding


def traced(ledger: Ledger, limit: int) -> list[care.Trace]:
    return list(itertools.islice(traces(ledger), limit))


def test_where_a_source_is_its_newest_job_says(ledger: Ledger) -> None:
    job(ledger, "failed", NOW, name="a.pdf")
    job(ledger, "queued", None, name="b.pdf")
    job(ledger, "done", NOW, name="a.pdf", kept=True)
    assert traced(ledger, 5) == [
        care.Trace(
            3, INBOX, "a.pdf", FileKey(1, 2, 3, 4), "done", kept=True, destination="/done/x"
        ),
        care.Trace(
            2, INBOX, "b.pdf", FileKey(1, 2, 3, 4), "queued", kept=False, destination="/done/x"
        ),
    ]


@pytest.mark.parametrize(
    ("count", "inbox"),
    [*((count, "id % 3") for count in (0, 1, 499, 500, 501, 1000, 1001)), (600, "id > 499")],
)
def test_every_source_is_told_once_however_many_there_are(
    ledger: Ledger, count: int, inbox: str
) -> None:
    for number in range(count):
        job(ledger, "done", NOW, name=f"{number}.pdf")
    ledger.db.execute(f"UPDATE jobs SET inbox = CAST({inbox} AS BLOB)")
    told = traced(ledger, count + 2)
    assert sorted(trace.job for trace in told) == list(range(1, count + 1))
    assert told == sorted(told, key=lambda trace: (trace.inbox, trace.relpath))
