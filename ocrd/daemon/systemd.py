"""What the service manager is told, and its journal. Nothing of it without systemd.

Notifications: ready, the present work, more time, stopping, and that the work goes on. The journal
takes one record an event, with the event's fields as fields of its own (``OCRD_JOB=7``).
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import sys
from collections.abc import Callable
from typing import TextIO

from ocrd import log as logs
from ocrd.daemon import datagrams

PRIORITIES = {  # syslog(3)
    logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7,
}  # fmt: skip


def notify_ready() -> None:
    """Say that recovery is done, the folders are watched and the engines answered."""
    _notify("READY=1")


def notify_status(text: str) -> None:
    """Say what is being done; line breaks become spaces, they would begin another message."""
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    _notify(f"STATUS={line}")


def notify_stopping(seconds: float) -> None:
    """Say that an orderly stop has begun, which may take so long."""
    _notify(f"STOPPING=1\n{_more_time(seconds)}")


def notify_watchdog() -> None:
    """Say that the work goes on."""
    _notify("WATCHDOG=1")


def ask_for_time(seconds: float) -> None:
    """Ask that the start may take so much longer from now on."""
    _notify(_more_time(seconds))


def watchdog_seconds() -> float | None:
    """Return after how long a silence systemd ends this process; None if it never does."""
    if os.environ.get("WATCHDOG_PID") not in {None, "", str(os.getpid())}:
        return None
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and int(text) else None


def is_service() -> bool:
    """Say whether systemd started us and expects notifications."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def folder_remedy() -> str:
    """Return what else may keep a service from its folders, and the way out; "" for no service."""
    if not is_service():
        return ""
    return (
        "The service may write only where its unit says: let 'ocrd systemd-paths --write' say it,"
        " then 'systemctl daemon-reload' and 'systemctl restart ocrd'."
    )


def journal(stream: TextIO = sys.stderr) -> logging.Handler | None:
    """Return where records go when standard error is the journal; None if it is not."""
    return JournalHandler(datagrams.sender()) if _is_journal(stream) else None


class JournalHandler(logging.Handler):
    """Sends each record whole, its fields beside the message."""

    def __init__(self, send: Callable[..., object]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record; where that fails, say so on standard error."""
        try:
            values = journal_fields(record)
            self._send(*(f"{name}={value}".encode() for name, value in values.items()))
        except Exception:  # noqa: BLE001  (border: logging raises nothing)
            self.handleError(record)


def journal_fields(record: logging.LogRecord) -> dict[str, str]:
    """Return the journal's fields for a record, see systemd.journal-fields(7)."""
    level = max(known for known in (0, *PRIORITIES) if known <= record.levelno)
    values = {
        "MESSAGE": logs.sentence(record),
        "PRIORITY": str(PRIORITIES.get(level, 7)),
        "SYSLOG_IDENTIFIER": "ocrd",
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    event = logs.event_of(record)
    if event is not None:
        values["MESSAGE_ID"] = logs.message_id(event)
    for name, text in logs.texts(record).items():
        values[f"OCRD_{name.upper()}"] = text
    return {name: logs.printable(text) for name, text in values.items() if text}


def _more_time(seconds: float) -> str:
    return f"EXTEND_TIMEOUT_USEC={math.ceil(seconds * 1e6)}"


def _notify(state: str) -> None:
    if not is_service():
        return
    # A service manager that does not listen is no reason to stop: nothing is lost without it.
    with contextlib.suppress(OSError):
        datagrams.notifier()(state)


def _is_journal(stream: TextIO) -> bool:
    """Say whether the stream is the one that systemd connected to its journal."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
