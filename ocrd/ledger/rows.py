"""A job as a row: what the ledger writes for a key and a reason, and what it reads back.

Sources and paths are bytes there, because names need not be UTF-8.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import asdict
from typing import Any

from ocrd.errors import LedgerRefusedError, Reason
from ocrd.job import NO_ORDER, FileKey, Job, JobAccount, JobState, Order

COLUMNS = (
    "id, inbox, relpath, key, state, priority, attempts, created, not_before, pages, pages_done,"
    " sha256, finished, plan, code, message, hint, page, destination, pages_doubtful,"
    " pages_failed, account, asked"
)


def find(db: sqlite3.Connection, job_id: int) -> Job | None:
    """Return one job, None if there is none of that number."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM jobs WHERE id = ?",  # noqa: S608  (our own column list)
        (job_id,),
    ).fetchone()
    return None if row is None else job_of(row)


def key_text(key: FileKey) -> str:
    """Return a key as the ledger writes it."""
    # Text, because an inode may need all 64 bits and SQLite's integers are signed.
    return f"{key.device}:{key.inode}:{key.size}:{key.mtime_ns}"


def reason_columns(reason: Reason) -> tuple[str, str, str, int | None]:
    """Return a reason as four columns: code, message, hint and page."""
    return reason.code, reason.message, reason.hint, reason.page


def job_of(row: tuple[Any, ...]) -> Job:
    """Return the job of a row of COLUMNS. Raises LedgerRefusedError if it makes no sense."""
    try:
        return _read_row(row)
    except (ValueError, TypeError) as error:
        raise LedgerRefusedError(
            f"The ledger's job {row[0]!r} makes no sense ({error}).",
            hint="The file is damaged: 'ocrd ledger check' says more.",
        ) from error


def _read_row(row: tuple[Any, ...]) -> Job:
    device, inode, size, mtime_ns = map(int, row[3].split(":"))
    return Job(
        id=row[0],
        inbox=os.fsdecode(row[1]),
        relpath=os.fsdecode(row[2]),
        key=FileKey(device, inode, size, mtime_ns),
        state=JobState(row[4]),
        priority=row[5],
        attempts=row[6],
        created=row[7],
        not_before=row[8],
        pages=row[9],
        pages_done=row[10],
        sha256=row[11],
        finished=row[12],
        plan=json.loads(row[13]),
        code=row[14],
        message=row[15],
        hint=row[16],
        page=row[17],
        destination=os.fsdecode(row[18]),
        pages_doubtful=row[19],
        pages_failed=row[20],
        account=_account(row[21]),
        order=_order(row[22]),
    )


def account_text(account: JobAccount) -> str:
    """Return what is told of a document as the ledger writes it."""
    return json.dumps(asdict(account))


def order_text(order: Order) -> str:
    """Return what was asked for a document as the ledger writes it; "{}" for nothing."""
    if order is NO_ORDER:
        return "{}"
    return json.dumps({key: value for key, value in asdict(order).items() if value})


def _order(text: str) -> Order:
    told = json.loads(text)
    if not told:
        return NO_ORDER
    return Order(**{**told, "pages": tuple((first, last) for first, last in told.get("pages", ()))})


def _account(text: str) -> JobAccount:
    told = json.loads(text)
    return JobAccount(**{**told, "warnings": tuple(told.get("warnings", ()))})
