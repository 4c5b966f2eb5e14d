"""What the ledger forgets and what never, and the space that it gives back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.job import Candidate, FileKey, JobState
from ocrd.ledger import care
from ocrd.ledger.care import Place, forget_finished, shrink
from ocrd.ledger.jobs import Ledger
from tests.unit.ledger.memory import INBOX, NOW, in_memory, job, ledger, numbers, plans

__all__ = ["ledger"]


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


def test_the_serial_never_falls(ledger: Ledger) -> None:
    assert care.serial(ledger) == 0
    job(ledger, "done", 1.0)
    job(ledger, "done", 1.0)
    forget_finished(ledger, NOW, Place())
    assert numbers(ledger) == []
    assert care.serial(ledger) == 2


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
