"""Lists of jobs: each has what its choice means and one may see, and reads little else."""

from __future__ import annotations

import fnmatch
import itertools
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ocrd.choice import Choice, Sight
from ocrd.job import Job, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.web.door.asking import Asker
from tests.unit.ledger.memory import in_memory

UPLOADS = "/var/lib/ocrd/uploads"
SCANS = "/srv/scans"
INBOXES = (
    SCANS, f"{SCANS}/below", f"{SCANS}/below/deep", f"{SCANS}0", f"{SCANS}-old", "/srv/else",
    "/srv/caf\udce9", UPLOADS, "/",
)  # fmt: skip
OF_FOLDERS = "jobs_state (state=? AND inbox=? AND rowid<?)"
OF_OWNERS = "jobs_by (<expr>=? AND rowid<?)"
OWNERS = ("", "anna", "bob", "anna (local)", 'b"ob')


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    ledger = in_memory()
    fill(ledger, 600, random.Random(1))
    yield ledger
    ledger.close()


def fill(ledger: Ledger, count: int, chance: random.Random) -> None:
    """Put jobs into a ledger, of all states, folders and owners."""
    rows = []
    for number in range(1, count + 1):
        inbox, by = chance.choice(INBOXES), chance.choice(OWNERS)
        asked = {"settings": {"mode": "text"}, **({"by": by} if by else {})}
        is_asked = inbox == UPLOADS or chance.random() < 0.2
        rows.append(
            (os.fsencode(inbox), b"%d.pdf" % number, chance.choice([*JobState]),
             chance.choice(["", "corrupt"]), chance.choice([0, 0, 2]), chance.choice([0, 1]),
             json.dumps(asked) if is_asked else "{}")
        )  # fmt: skip
    ledger.db.execute("DROP INDEX jobs_open")  # so that names may come twice
    ledger.db.executemany(
        "INSERT INTO jobs (inbox, relpath, key, state, code, pages_failed, pages_doubtful, asked,"
        " priority, created, due) VALUES (?, ?, '1:2:3:4', ?, ?, ?, ?, ?, 0, 1, 1)",
        rows,
    )


def may_see(sight: Sight | None, job: Job) -> bool:
    """Say the same of one job, as the door says it of a request for it."""
    if sight is None:
        return True
    if job.inbox == sight.uploads:
        return job.order.by == sight.owner
    return Asker("x", folders=sight.folders).may_see(job.inbox)


def is_meant(choice: Choice, job: Job) -> bool:
    state = choice.state or (JobState.DONE if choice.doubted else job.state)
    return (
        job.state is state and choice.code in {"", job.code} and choice.inbox in {"", job.inbox}
        and (not choice.doubted or job.pages_failed + job.pages_doubtful > 0)
        and fnmatch.fnmatchcase(job.relpath, choice.name or "*")
    )  # fmt: skip


SIGHTS = [
    None,
    *(
        Sight(folders, UPLOADS, owner)
        for folders, owner in (
            ((SCANS,), "anna"), ((f"{SCANS}/below",), "bob"), ((f"{SCANS}/",), 'b"ob'),
            (("/srv/else", "/srv/caf\udce9"), "nobody"), (("/",), "anna"), (("/srv",), "bob"),
            (("/nowhere",), "anna"), ((SCANS, f"{SCANS}/below", SCANS), "carol"),
            (("/var/lib/ocrd",), "anna"), ((UPLOADS,), "bob"),
        )
    ),
]  # fmt: skip
CHOICES = [
    Choice(), Choice(state=JobState.FAILED), Choice(code="corrupt"), Choice(doubted=True),
    Choice(inbox=SCANS), Choice(inbox=UPLOADS), Choice(inbox="/srv/caf\udce9", code="corrupt"),
    Choice(name="*7.pdf"), Choice(inbox="/srv/else", state=JobState.DONE, name="1*"),
    Choice(state=JobState.FAILED, doubted=True),
]  # fmt: skip


@pytest.mark.parametrize("sight", SIGHTS)
def test_a_list_has_what_is_meant_and_may_be_seen_in_its_order(
    ledger: Ledger, sight: Sight | None
) -> None:
    every = ledger.jobs(limit=-1)
    for choice in CHOICES:
        wanted = [job.id for job in every if is_meant(choice, job) and may_see(sight, job)]
        for limit in (1, 7, 1000) if len(wanted) < 60 else (50,):
            found: list[int] = []
            before = None
            for _ in itertools.repeat(None, len(wanted) + 1):
                some, before = ledger.listed(choice, before=before, limit=limit, sight=sight)
                assert len(some) <= limit
                found += [job.id for job in some]
                if before is None:
                    break
            assert found == wanted, (choice, limit)
            assert before is None


@contextmanager
def asked_of(ledger: Ledger) -> Iterator[list[str]]:
    """Provide what the database is asked meanwhile, with its values."""
    asked: list[str] = []
    ledger.db.set_trace_callback(asked.append)
    try:
        yield asked
    finally:
        ledger.db.set_trace_callback(None)


@pytest.mark.parametrize(
    ("choice", "sight", "index"),
    [
        (Choice(), Sight((SCANS,), UPLOADS, "anna"), OF_FOLDERS),
        (Choice(), Sight(("/srv",), UPLOADS, "anna"), OF_OWNERS),
        (Choice(code="corrupt"), Sight(("/",), UPLOADS, "anna"), OF_OWNERS),
        (Choice(inbox=SCANS), None, OF_FOLDERS),
    ],
)
def test_what_is_not_to_be_seen_is_not_read(
    ledger: Ledger, choice: Choice, sight: Sight | None, index: str
) -> None:
    with asked_of(ledger) as asked:
        ledger.listed(choice, before=500, sight=sight)
    plans = [
        str(detail)
        for question in asked
        for *_, detail in ledger.db.execute(f"EXPLAIN QUERY PLAN {question}")
    ]
    assert all(plan.startswith("SEARCH jobs USING ") for plan in plans if plan != "SEARCH"), plans
    assert any(plan.endswith(index) for plan in plans), plans


def test_a_short_list_of_a_long_ledger_costs_few_steps(ledger: Ledger) -> None:
    """What one who sees little is told grows with that, and not with what others have."""

    def steps(sight: Sight) -> int:
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        long.db.set_progress_handler(step, 1)  # of SQLite's own machine
        try:
            long.listed(Choice(), limit=20, sight=sight)
        finally:
            long.db.set_progress_handler(None, 0)
        return count

    long = in_memory()
    sight = Sight((f"{SCANS}/mine",), UPLOADS, "carol")
    fill(long, 100, random.Random(2))
    for _ in range(30):
        long.db.execute(
            "INSERT INTO jobs (inbox, relpath, key, state, priority, created, due)"
            " VALUES (?, 'x', '1:2:3:4', 'done', 0, 1, 1)", (f"{SCANS}/mine".encode(),),
        )  # fmt: skip
    few = steps(sight)
    long.db.executescript("INSERT INTO jobs SELECT NULL, inbox, relpath, key, NULL, state,"
        " priority, 0, 0, 1, 1, 0, NULL, NULL, 0, '{}', '', '', '', NULL, x'', 0, 0, '{}', asked"
        " FROM jobs, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
        " SELECT i FROM n) WHERE inbox NOT LIKE '%mine'")  # fmt: skip
    assert steps(sight) < few * 2
    long.close()
