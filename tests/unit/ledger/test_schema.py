"""The ledger's file: refused before anything is written, or opened, or made to fit."""

from __future__ import annotations

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocrd.errors import (
    LedgerBlockedError,
    LedgerError,
    LedgerRefusedError,
    LedgerTooNewError,
)
from ocrd.files.mounts import Mount
from ocrd.ledger import schema
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.schema import faults, open_connection, translated

JOB = (
    "INSERT INTO jobs (inbox, relpath, key, state, priority, created, due)"
    " VALUES ('/in', 'a' || abs(random()), '1:2:3:4', 'queued', 0, 0, 0)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def made(path: Path) -> sqlite3.Connection:
    return open_connection(path, readonly=False)


def value(connection: sqlite3.Connection, pragma: str) -> object:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


def damage(path: Path, *, index: bool = False, orphans: int = 0) -> None:
    """Leave a job out of an index, and pages whose job is not there."""
    made(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    if index:
        db.execute("PRAGMA writable_schema = ON")
        entry = db.execute("SELECT * FROM sqlite_schema WHERE name = 'jobs_state'").fetchone()
        db.execute("DELETE FROM sqlite_schema WHERE name = 'jobs_state'")
        db.close()
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(JOB)
        db.execute("PRAGMA writable_schema = ON")
        db.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", entry)
    for number in range(orphans):
        db.execute("INSERT INTO pages VALUES (7, ?, 0, '{}')", (number,))
    db.close()


# Refused, and left as it is


@pytest.mark.parametrize(("mebibytes", "more", "is_seen"), [(64, 0, True), (64, 1, False)])
def test_a_ledger_of_up_to_64_mebibytes_is_checked_with_its_indexes_at_each_start(
    path: Path, mebibytes: int, more: int, is_seen: bool
) -> None:
    damage(path, index=True)
    os.truncate(path, mebibytes * 1024 * 1024 + more)
    if is_seen:
        with pytest.raises(LedgerRefusedError, match="is damaged: row 1 missing from index"):
            made(path)
    else:
        made(path).close()


def test_who_only_reads_does_not_check_and_writes_nothing(path: Path) -> None:
    damage(path, orphans=1)
    before = path.read_bytes()
    reader = open_connection(path, readonly=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute(JOB)
    reader.close()
    assert path.read_bytes() == before


def test_a_ledger_with_pages_of_no_job_is_refused_and_told_which(path: Path) -> None:
    damage(path, orphans=2)
    before = path.read_bytes()
    with pytest.raises(LedgerRefusedError, match="of pages belongs to none of jobs") as raised:
        made(path)
    assert "ocrd ledger restore" in raised.value.hint
    assert path.read_bytes() == before


def test_a_sound_ledger_is_opened_again_and_again(path: Path) -> None:
    for _ in range(3):
        db = made(path)
        db.execute(JOB)
        assert value(db, "user_version") == 8
        db.close()


def test_a_log_that_belongs_to_a_refused_ledger_is_not_carried_into_it(path: Path) -> None:
    """As a crash left it: what a newer version wrote stands in the log alone."""
    writer = made(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("PRAGMA user_version = 9")
    copy = path.parent / "copy" / path.name
    copy.parent.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(path.with_name(name), copy.with_name(name))
    writer.close()
    log = copy.with_name(f"{copy.name}-wal")
    before = copy.read_bytes(), log.read_bytes()
    for readonly in (False, True):
        with pytest.raises(LedgerTooNewError, match="schema 9, this one knows 8"):
            open_connection(copy, readonly=readonly)
        assert (copy.read_bytes(), log.read_bytes()) == before


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_log_without_its_ledger_is_refused_and_kept(path: Path, how: str) -> None:
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"what was not written into the file yet")
    if how == "empty":
        path.touch()
    with pytest.raises(LedgerRefusedError, match=f"is {how}, but its write-ahead log"):
        made(path)
    assert log.stat().st_size == 38


def test_an_empty_log_beside_no_ledger_is_nothing(path: Path) -> None:
    path.with_name(f"{path.name}-wal").touch()
    made(path).close()


# What is wrong inside


def test_no_more_faults_are_told_than_asked_for(path: Path) -> None:
    damage(path, index=True, orphans=2)
    db = sqlite3.connect(path)
    orphan = "a row of pages belongs to none of jobs"
    every = faults(db, limit=100)
    assert every[0] == "row 1 missing from index jobs_state"
    assert [fault for fault in every if fault == orphan] == every[-2:]
    for limit in range(1, len(every) + 2):
        assert faults(db, limit=limit) == every[:limit]
    # A quick check leaves indexes out, and no orphan.
    assert [faults(db, limit=n, indexes=False) for n in (1, 2, 3)] == [
        [orphan], [orphan] * 2, [orphan] * 2,
    ]  # fmt: skip
    db.close()


def test_a_sound_ledger_has_no_faults(path: Path) -> None:
    db = made(path)
    assert faults(db, limit=5) == faults(db, limit=5, indexes=False) == []
    db.close()


def error_of(code: int | None, text: str = "x", kind: type = sqlite3.OperationalError) -> Exception:
    error: Exception = kind(text)
    if code is not None:
        error.sqlite_errorcode = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("code", "text", "is_of", "what"),
    [
        (13, "", LedgerBlockedError, "cannot grow"),  # FULL
        (10 | 19 << 8, "", LedgerBlockedError, "cannot grow"),  # IOERR_SHMSIZE
        (10, "", LedgerBlockedError, "cannot be written"),  # IOERR
        (10 | 3 << 8, "", LedgerBlockedError, "cannot be written"),  # IOERR_WRITE
        (8, "", LedgerBlockedError, "cannot be written"),  # READONLY
        (14, "", LedgerBlockedError, "cannot be written"),  # CANTOPEN
        (5, "", LedgerBlockedError, "cannot be written"),  # BUSY
        (6, "", LedgerBlockedError, "cannot be written"),  # LOCKED
        (7, "", LedgerBlockedError, "cannot be written"),  # NOMEM
        (11, "", LedgerRefusedError, "is damaged"),  # CORRUPT
        (11 | 3 << 8, "", LedgerRefusedError, "is damaged"),  # CORRUPT_INDEX
        (26, "", LedgerRefusedError, "is damaged"),  # NOTADB
        (None, "Could not decode to UTF-8 column 'code'", LedgerRefusedError, "is damaged"),
        (1, "no such table: jobs", LedgerError, "cannot be used"),
        (None, "no such table: jobs", LedgerError, "cannot be used"),
        (23, "", LedgerError, "cannot be used"),  # AUTH
    ],
)
def test_what_may_pass_is_waited_for_and_what_is_damaged_is_refused(
    path: Path, code: int | None, text: str, is_of: type, what: str
) -> None:
    error = translated(error_of(code, text), path)  # type: ignore[arg-type]
    assert type(error) is is_of
    assert f"The ledger {path} {what}" in error.what
    assert error.hint


def test_only_the_library_says_that_a_column_cannot_be_decoded(path: Path) -> None:
    error = translated(error_of(None, "decode", sqlite3.IntegrityError), path)  # type: ignore[arg-type]
    assert type(error) is LedgerError


# How it is kept


def test_the_log_keeps_eight_mebibytes_of_the_disk_however_long_it_was(path: Path) -> None:
    db = made(path)
    db.execute("CREATE TABLE much (content)")
    db.execute("INSERT INTO much VALUES (zeroblob(10000000))")
    log = path.with_name(f"{path.name}-wal")
    assert log.stat().st_size > 10_000_000
    db.execute("DELETE FROM much")
    db.execute("PRAGMA wal_checkpoint")
    db.execute("INSERT INTO much VALUES (1)")
    assert log.stat().st_size == 8_388_608
    db.close()


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("btrfs", "truncate"), ("bcachefs", "truncate"), ("ext4", "wal"), ("", "wal")],
)
def test_no_log_is_mapped_where_a_full_disk_would_end_the_process(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mode: str
) -> None:
    monkeypatch.setattr(schema, "mount_of", lambda folder: Mount(str(folder), kind))
    db = made(path)
    assert value(db, "journal_mode") == mode
    db.close()


def test_a_commit_is_on_disk_and_another_process_is_waited_for(path: Path) -> None:
    db = made(path)
    full = 2
    assert value(db, "synchronous") == full
    assert value(db, "busy_timeout") == 10_000  # milliseconds
    assert value(db, "foreign_keys") == 1
    db.close()


def test_a_connection_that_one_thread_opened_another_may_use_and_close(path: Path) -> None:
    """The writer's thread gets a ledger that was opened before it began."""
    db = made(path)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(value, db, "user_version").result() == 8
        other.submit(db.close).result()


# An older one


def older(path: Path, auto_vacuum: str) -> None:
    """Make a ledger as the first version of its schema was, with free pages."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA auto_vacuum = {auto_vacuum}")
    db.executescript(f"{schema.MIGRATIONS[0]} PRAGMA user_version = 1;")
    db.execute(JOB)
    db.execute("CREATE TABLE much (content)")
    db.execute("INSERT INTO much VALUES (zeroblob(100000))")
    db.execute("DROP TABLE much")
    db.close()


@pytest.mark.parametrize(
    ("auto_vacuum", "is_rewritten"), [("NONE", True), ("FULL", True), ("INCREMENTAL", False)]
)
def test_an_older_ledger_learns_to_give_space_back_and_is_rewritten_once_for_that(
    path: Path, auto_vacuum: str, is_rewritten: bool
) -> None:
    older(path, auto_vacuum)
    db = made(path)
    assert value(db, "user_version") == 8
    assert value(db, "auto_vacuum") == 2  # incremental
    assert db.execute("SELECT COUNT(*) FROM jobs").fetchone() == (1,)
    assert db.execute("SELECT length(value) FROM settings WHERE name = 'id'").fetchone() == (32,)
    assert (value(db, "freelist_count") == 0) is is_rewritten
    db.close()


def test_an_older_ledger_is_read_as_it_is_by_who_only_reads(path: Path) -> None:
    older(path, "NONE")
    before = path.read_bytes()
    db = open_connection(path, readonly=True)
    assert value(db, "user_version") == 1
    assert db.execute("SELECT COUNT(*) FROM jobs").fetchone() == (1,)
    (job,) = Ledger(db, path).jobs()
    assert (job.pages_doubtful, job.pages_failed) == (0, 0), "nobody counted them"
    db.close()
    assert path.read_bytes() == before


def test_pages_that_failed_before_they_were_counted_are_counted(path: Path) -> None:
    older(path, "INCREMENTAL")
    db = sqlite3.connect(path, isolation_level=None)
    (job_id,) = db.execute("SELECT id FROM jobs").fetchone()
    db.execute("UPDATE jobs SET pages_done = 3, state = 'queued'")
    db.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, '{}')", [(job_id, 1, 0), (job_id, 2, 1), (job_id, 3, 1)]
    )
    db.close()
    db = made(path)
    (job,) = Ledger(db, path).jobs()
    assert (job.pages_doubtful, job.pages_failed) == (0, 2)
    db.close()


def test_a_ledger_below_no_folder_is_an_error_of_ours(path: Path) -> None:
    with pytest.raises(LedgerBlockedError, match="cannot be written"):
        made(path.parent / "nowhere" / path.name)
