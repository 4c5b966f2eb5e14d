"""What the ledger forgets and what never, its clock, its identity, where its jobs' sources are."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.job import Candidate, FileKey, JobState
from ocrd.ledger import care, schema
from ocrd.ledger.care import Place, adopt, forget_finished, settle_times, shrink, traces
from ocrd.ledger.jobs import Ledger

INBOX = "/srv/scans"
NOW = 1_000_000.0


def in_memory() -> Ledger:
    """Return a ledger whose file is in memory, for what does not ask about the file."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for script in schema.MIGRATIONS:
        db.executescript(script)
    return Ledger(db, Path("nowhere"))


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = in_memory()
    yield ledger
    ledger.close()


def candidate(name: str, mtime_ns: int = 1, inbox: str = INBOX) -> Candidate:
    return Candidate(inbox, name, FileKey(device=1, inode=2, size=3, mtime_ns=mtime_ns))


def job(
    ledger: Ledger, state: str, finished: float | None, *, name: str = "", kept: bool = False,
    created: float = NOW, not_before: float = 0.0,
) -> int:  # fmt: skip
    """Put a job into the ledger and return its number."""
    number = ledger.db.execute(
        "INSERT INTO jobs (inbox, relpath, key, state, priority, kept, created, due, not_before,"
        " finished, plan, destination)"
        " VALUES (?, '', '1:2:3:4', ?, 0, ?, ?, ?, ?, ?, '{\"a\": 1}', ?)",
        (INBOX.encode(), state, kept, created, created + 30, not_before, finished, b"/done/x"),
    ).lastrowid
    assert number is not None
    relpath = (name or f"{number}.pdf").encode()
    ledger.db.execute("UPDATE jobs SET relpath = ? WHERE id = ?", (relpath, number))
    return number


def numbers(ledger: Ledger) -> list[int]:
    return sorted(one.id for one in ledger.jobs(limit=-1))


def plans(ledger: Ledger) -> dict[int, object]:
    return {one.id: one.plan for one in ledger.jobs(limit=-1)}


# Forgetting


def forget_all(ledger: Ledger, before: float) -> int:
    """Forget all that was finished before; return in how many steps."""
    place = Place()
    for step in range(1, 10):
        if (behind := forget_finished(ledger, before, place)) is None:
            return step
        place = behind
    raise AssertionError("there is an end")


@pytest.mark.parametrize("state", ["done", "failed", "withdrawn"])
def test_a_finished_job_is_forgotten_once_it_is_over_its_time(ledger: Ledger, state: str) -> None:
    for finished in (0.0, NOW - 1, NOW, NOW + 1):
        job(ledger, state, finished)
    assert forget_finished(ledger, NOW, Place()) is None
    assert numbers(ledger) == [3, 4]
    assert plans(ledger) == {3: {"a": 1}, 4: {"a": 1}}


@pytest.mark.parametrize("state", ["queued", "leased", "filing"])
def test_an_open_job_is_never_forgotten(ledger: Ledger, state: str) -> None:
    """A retry has been finished before."""
    job(ledger, state, NOW - 1)
    job(ledger, state, None)
    forget_finished(ledger, NOW, Place())
    assert plans(ledger) == {1: {"a": 1}, 2: {"a": 1}}


@pytest.mark.parametrize(
    ("history", "remembered"),
    [
        (["done kept"], [1]),
        (["failed kept"], [1]),
        (["cancelled"], [1]),
        (["done kept", "done kept"], [2]),
        (["done kept", "failed kept"], [1, 2]),  # what was read, and that it is not now
        (["failed kept", "done kept"], [2]),
        (["done kept", "cancelled"], [1, 2]),
        (["cancelled", "done kept"], [2]),
        (["cancelled", "done"], [1]),
        (["done kept", "withdrawn"], [1]),
        (["failed kept", "failed"], [1]),
    ],
)
def test_the_newest_word_that_a_file_was_read_or_is_not_wanted_is_never_forgotten(
    ledger: Ledger, history: list[str], remembered: list[int]
) -> None:
    for age, told in enumerate(history):
        state, _, kept = told.partition(" ")
        job(ledger, state, NOW - 9 + age, name="scan.pdf", kept=bool(kept))
    job(ledger, "done", NOW - 9, name="other.pdf")
    assert forget_all(ledger, NOW) == 1
    assert numbers(ledger) == remembered
    assert plans(ledger) == {number: {} for number in remembered}, "only their plans are forgotten"


@pytest.mark.parametrize(
    ("jobs", "after", "steps"), [(499, 0, 1), (500, 0, 2), (501, 1, 2), (1100, 600, 3)]
)
def test_five_hundred_jobs_are_looked_at_in_one_step(jobs: int, after: int, steps: int) -> None:
    """Those that are forgotten and those that are remembered, which the next step passes over."""
    for kept in (False, True):
        ledger = in_memory()
        for number in range(jobs):
            job(ledger, "failed", float(number), kept=kept)
        place = forget_finished(ledger, NOW, Place())
        assert place == (None if jobs < 500 else Place(499.0, 500))
        assert sum(plan != {} for plan in plans(ledger).values()) == after
        ledger.close()
        ledger = in_memory()
        for number in range(jobs):
            job(ledger, "failed", float(number), kept=kept)
        assert forget_all(ledger, NOW) == steps
        assert numbers(ledger) == (list(range(1, jobs + 1)) if kept else [])
        assert all(plan == {} for plan in plans(ledger).values())
        ledger.close()


def test_a_step_goes_on_behind_the_last_job_where_many_were_finished_at_once(
    ledger: Ledger,
) -> None:
    for _ in range(1000):
        job(ledger, "cancelled", NOW - 1)
    assert forget_finished(ledger, NOW, Place()) == Place(NOW - 1, 500)
    assert sum(plan == {} for plan in plans(ledger).values()) == 500
    assert forget_finished(ledger, NOW, Place(NOW - 1, 500)) == Place(NOW - 1, 1000)
    assert forget_finished(ledger, NOW, Place(NOW - 1, 1000)) is None
    assert all(plan == {} for plan in plans(ledger).values())


# The file's space


@pytest.mark.parametrize(
    ("free", "left", "is_more"),
    [
        (0, 0, False),
        (256, 256, False),
        (257, 256, False),
        (511, 256, False),
        (512, 256, False),
        (513, 257, True),
        (600, 344, True),
    ],
)
def test_a_mebibyte_at_a_time_is_given_back_and_another_one_kept_for_what_comes(
    free: int, left: int, is_more: bool
) -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("CREATE TABLE much (content)")
    if free:
        db.execute("INSERT INTO much VALUES (zeroblob(4096 * 620))")
        db.execute("DELETE FROM much")
        (there,) = db.execute("PRAGMA freelist_count").fetchone()
        db.executescript(f"PRAGMA incremental_vacuum({there - free})")
    ledger = Ledger(db, Path("nowhere"))
    assert db.execute("PRAGMA freelist_count").fetchone() == (free,)
    assert shrink(ledger) is is_more
    assert db.execute("PRAGMA freelist_count").fetchone() == (left,)
    db.close()


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


def test_the_serial_never_falls(ledger: Ledger) -> None:
    assert care.serial(ledger) == 0
    job(ledger, "done", 1.0)
    job(ledger, "done", 1.0)
    forget_finished(ledger, NOW, Place())
    assert numbers(ledger) == []
    assert care.serial(ledger) == 2


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


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["done", "failed", "cancelled", "withdrawn"]), st.booleans(),
            st.sampled_from(["a", "b"]),
        ),
        max_size=12,
    )
)
def test_forgetting_has_nothing_read_again_and_no_content_taken_for_new(
    history: list[tuple[str, bool, str]],
) -> None:
    def read_again(ledger: Ledger) -> set[str]:
        ledger.db.execute("BEGIN")
        for name in ("a", "b"):
            ledger.enqueue([Candidate(INBOX, name, FileKey(1, 2, 3, 4))], 0, NOW)
        queued = {one.relpath for one in ledger.jobs({JobState.QUEUED})}
        ledger.db.execute("ROLLBACK")
        return queued

    def contents(ledger: Ledger) -> list[str | None]:
        return [ledger.kept_sha256(INBOX, name) for name in ("a", "b")]

    ledger = in_memory()
    for age, (state, kept, name) in enumerate(history):
        number = job(ledger, state, float(age), name=name, kept=kept and state != "withdrawn")
        ledger.db.execute("UPDATE jobs SET sha256 = ? WHERE id = ?", (f"{number}", number))
    before, known = read_again(ledger), contents(ledger)
    forget_finished(ledger, NOW, Place())
    assert read_again(ledger) <= before
    assert contents(ledger) == known
    ledger.close()
