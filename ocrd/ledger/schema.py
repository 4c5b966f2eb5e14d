"""The ledger's file: its tables, how it is opened, and what is refused because of it.

A ledger that is damaged, lost, or of a newer version is refused and left as it is, because what a
person does then decides whether an archive is read again. Everything else about the file (no
space, no permission, an I/O error) may pass.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from pathlib import Path

from ocrd.errors import (
    LedgerBlockedError,
    LedgerError,
    LedgerRefusedError,
    LedgerTooNewError,
    OcrdError,
)
from ocrd.files.mounts import mount_of
from ocrd.files.privacy import PRIVATE_FILE, make_private, tighten

FILE_NAME = "ledger.sqlite3"
WHOLLY_CHECKED_BYTES = 64 << 20  # of a ledger at each start; a larger one without its indexes
WAL_BYTES = 8 << 20  # that the write-ahead log keeps on disk after it was as long as it liked

_INCREMENTAL = 2  # of PRAGMA auto_vacuum
_ALWAYS_ANEW = frozenset({"btrfs", "bcachefs"})
# Writing the memory that connections share is refused with SHMSIZE where the disk is full.
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_PASSING = frozenset(
    {
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
    }
)  # fmt: skip

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        inbox BLOB NOT NULL,
        relpath BLOB NOT NULL,
        key TEXT NOT NULL,
        sha256 TEXT,
        state TEXT NOT NULL,
        priority INTEGER NOT NULL,
        kept INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        created REAL NOT NULL,
        due REAL NOT NULL,
        not_before REAL NOT NULL DEFAULT 0,
        finished REAL,
        pages INTEGER,
        pages_done INTEGER NOT NULL DEFAULT 0,
        plan TEXT NOT NULL DEFAULT '{}',
        code TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        hint TEXT NOT NULL DEFAULT '',
        page INTEGER,
        destination BLOB NOT NULL DEFAULT x''
    );
    CREATE UNIQUE INDEX jobs_open ON jobs (inbox, relpath)
        WHERE state IN ('queued', 'leased', 'filing');
    CREATE INDEX jobs_queue ON jobs (priority DESC, due, id, not_before)
        WHERE state IN ('queued', 'filing');
    CREATE INDEX jobs_source ON jobs (inbox, relpath, id);
    CREATE INDEX jobs_state ON jobs (state, inbox);
    CREATE INDEX jobs_delayed ON jobs (not_before) WHERE not_before > 0;
    CREATE TABLE pages (
        job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE INDEX pages_failed ON pages (job, number) WHERE failed;
    CREATE TABLE kills (
        job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE TABLE outputs (
        path BLOB PRIMARY KEY,
        inbox BLOB NOT NULL,
        relpath BLOB NOT NULL,
        sha256 TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE INDEX jobs_finished ON jobs (finished) WHERE finished IS NOT NULL;
    CREATE INDEX outputs_source ON outputs (inbox, relpath);
    INSERT OR IGNORE INTO settings VALUES ('id', lower(hex(randomblob(16))));
    """,
    """
    ALTER TABLE jobs ADD COLUMN pages_doubtful INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN pages_failed INTEGER NOT NULL DEFAULT 0;
    UPDATE jobs SET pages_failed = (SELECT COUNT(*) FROM pages WHERE job = jobs.id AND failed)
        WHERE pages_done > 0 AND state IN ('queued', 'leased', 'filing');
    CREATE INDEX jobs_doubted ON jobs (pages_failed)
        WHERE state = 'done' AND (pages_failed > 0 OR pages_doubtful > 0);
    """,
    """
    CREATE INDEX jobs_kept ON jobs (sha256) WHERE kept;
    """,
    """
    ALTER TABLE jobs ADD COLUMN account TEXT NOT NULL DEFAULT '{}';
    """,
    """
    ALTER TABLE jobs ADD COLUMN asked TEXT NOT NULL DEFAULT '{}';
    DROP INDEX jobs_queue;
    CREATE INDEX jobs_door ON jobs (inbox, priority DESC, due, id)
        WHERE state IN ('queued', 'filing');
    CREATE TABLE promises (
        key TEXT PRIMARY KEY,
        job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        request TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX promises_job ON promises (job);
    """,
    """
    CREATE TABLE callbacks (
        job INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        attempts INTEGER NOT NULL DEFAULT 0,
        due REAL NOT NULL DEFAULT 0
    );
    """,
    """
    CREATE INDEX jobs_by ON jobs (json_extract(asked, '$.by')) WHERE asked <> '{}';
    """,
)

# An older ledger that is only looked at stays as it is: the columns are put before it.
_LATER_COLUMNS = {  # with the first version that has them
    "0 AS pages_doubtful": 3, "0 AS pages_failed": 3, "'{}' AS account": 5,
    "'{}' AS asked": 6,
}  # fmt: skip


def open_connection(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """Open the ledger at ``path``; make or migrate it unless it is only to be read.

    Raises LedgerRefusedError where it is damaged, lost or of a newer version, before anything is
    written, and LedgerError or LedgerBlockedError where it cannot be used for now.
    """
    try:
        if not readonly:
            _require_sound(path)
            _keep_private(path)
        connection = _connect(path, readonly=readonly)
        _migrate(connection, path, readonly=readonly)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return connection


def translated(error: sqlite3.Error, path: Path) -> OcrdError:
    """Return what the library's error means for us."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF  # the rest of the number says more of the same
    if code in _NO_ROOM:
        return LedgerBlockedError(
            f"The ledger {path} cannot grow: {error}.",
            hint="Make room on the disk of state_dir; the work goes on by itself.",
        )
    if primary in _PASSING:
        return LedgerBlockedError(
            f"The ledger {path} cannot be written: {error}.",
            hint="Check the disk of state_dir: is it full, read-only, or failing?",
        )
    undecodable = isinstance(error, sqlite3.OperationalError) and "decode" in str(error)
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or undecodable:
        return damaged(path, str(error))
    return LedgerError(
        f"The ledger {path} cannot be used: {error}.",
        hint="Check the disk and the permissions of state_dir.",
    )


def damaged(path: Path, finding: str) -> LedgerRefusedError:
    """Return the refusal of a ledger that is not whole."""
    return LedgerRefusedError(
        f"The ledger {path} is damaged: {finding.strip().rstrip('.')}.",
        hint="Nothing was changed. Check the disk, then put a backup in its place with 'ocrd ledger"
        " restore FILE'; without one, 'ocrd ledger rebuild' makes a new ledger from the folders.",
    )


def faults(connection: sqlite3.Connection, *, limit: int, indexes: bool = True) -> list[str]:
    """Return what is wrong inside the file, at most ``limit`` findings; raise sqlite3.Error."""
    pragma = "integrity_check" if indexes else "quick_check"
    findings = [str(told) for (told,) in connection.execute(f"PRAGMA {pragma}({int(limit)})")]
    findings = [] if findings == ["ok"] else findings
    orphans = connection.execute("PRAGMA foreign_key_check")
    for table, _, parent, _ in itertools.islice(orphans, limit - len(findings)):
        findings.append(f"a row of {table} belongs to none of {parent}")
    return findings


def _require_sound(path: Path) -> None:
    """Refuse a damaged ledger, or a new one in the place of one that was lost.

    Looks through a connection that only reads, because the end of one that writes would carry a
    write-ahead log that does not belong here into the file.
    """
    log = path.with_name(f"{path.name}-wal")
    size = path.stat().st_size if path.exists() else 0
    if size == 0:
        if log.exists() and log.stat().st_size:
            raise LedgerRefusedError(
                f"The ledger {path} is {'empty' if path.exists() else 'missing'}, but its"
                f" write-ahead log {log.name} is there.",
                hint="Put the file back where it was, or a backup with 'ocrd ledger restore FILE';"
                " without one, 'ocrd ledger rebuild' makes a new ledger from the folders.",
            )
        return
    connection = _connect(path, readonly=True)
    try:
        _require_known_version(connection, path)
        findings = faults(connection, limit=1, indexes=size <= WHOLLY_CHECKED_BYTES)
    finally:
        connection.close()
    if findings:
        raise damaged(path, findings[0])


def _keep_private(path: Path) -> None:
    """Let nobody else read what documents say; SQLite makes the side files as the ledger is."""
    with contextlib.suppress(OSError):  # SQLite says it better
        make_private(path)
    for end in ("", "-wal", "-shm", "-journal"):
        tighten(path.with_name(path.name + end), PRIVATE_FILE)


def _journal_mode(path: Path) -> str:
    """Return how SQLite keeps a change that is not finished: by a write-ahead log, if it can.

    Connections to such a ledger share a file that is mapped into memory. Where a file system takes
    new blocks for each change of a file, writing there without space or quota is a SIGBUS, which
    ends the process; a rollback journal is only written, and a refusal is an error like others.
    """
    return "TRUNCATE" if mount_of(path.parent).kind in _ALWAYS_ANEW else "WAL"


def _connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
    # Autocommit: transactions are begun and ended by Ledger.transaction alone.
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10.0
    )
    connection.execute("PRAGMA foreign_keys = ON")
    if not readonly:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before a new file's first table
        connection.execute(f"PRAGMA journal_mode = {_journal_mode(path)}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    return connection


def _require_known_version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise LedgerTooNewError(
            f"The ledger {path} was written by a newer ocrd (schema {version}, this one knows"
            f" {len(MIGRATIONS)}).",
            hint="Install that version again, or give this one a state_dir of its own.",
        )
    return int(version)


def _migrate(connection: sqlite3.Connection, path: Path, *, readonly: bool) -> None:
    version = _require_known_version(connection, path)
    lacking = [column for column, since in _LATER_COLUMNS.items() if version < since]
    if readonly and lacking:
        connection.execute(
            f"CREATE TEMP VIEW jobs AS SELECT *, {', '.join(lacking)} FROM main.jobs"  # noqa: S608
        )
    if version == len(MIGRATIONS) or readonly:
        connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        return
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
    (auto_vacuum,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if version and auto_vacuum != _INCREMENTAL:
        connection.execute("VACUUM")  # once: an older file learns to give space back
