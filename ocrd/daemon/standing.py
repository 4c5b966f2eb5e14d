"""How the daemon stands at this moment: for ``ocrd status``, and in one line for systemd."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ocrd import files
from ocrd.daemon.dispatch import RATE_WINDOW, Dispatcher
from ocrd.engine.client import EngineClient
from ocrd.errors import ServersGoneError
from ocrd.intake.inbox import Inbox
from ocrd.ledger.writer import LedgerWriter
from ocrd.work import Folder

FIRST_SCANS_SECONDS = 30.0  # that a start waits for; a share that hangs is not waited for longer


class Standing:
    """Looks at the parts of a running daemon; asks no file system and waits for nothing."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        engines: Mapping[str, EngineClient],
        folders: Mapping[str, Folder],
        inboxes: Mapping[str, Inbox],
        ledger: LedgerWriter,
    ) -> None:
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._engines = engines
        self._folders = folders
        self._inboxes = inboxes
        self._scans_due = time.monotonic() + FIRST_SCANS_SECONDS
        self.started = time.time()
        self.phase = "starting"  # then "running", at last "stopping"
        self.warm: Sequence[str] = ()  # the engines that are loaded at the start

    @property
    def state(self) -> str:
        """Return the phase of the daemon's life, or that it is paused."""
        return "paused" if self._dispatcher.is_paused else self.phase

    def awaited(self) -> str:
        """Name what has to be before the daemon is ready, "" where all is.

        That is a first scan of each folder, and that each engine of the start said hello or could
        not: it is tried again and again, and a start anew would not bring what it lacks.
        """
        is_early = time.monotonic() < self._scans_due
        if is_early and not all(inbox.status().scans for inbox in self._inboxes.values()):
            return "the first scans"
        silent = [name for name in self.warm if _is_silent(self._engines[name])]
        return f"engine {', '.join(silent)}" if silent else ""

    @property
    def is_loading(self) -> bool:
        """Say whether an engine loads for the first time, which may take long."""
        return any(
            engine["state"] == "starting" and not engine["restarts"] for engine in self.engines()
        )

    def inboxes(self, queued: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return each watched folder, with how many of its documents wait."""
        return [self._inbox(path, queued.get(path, 0)) for path in self._folders]

    def passed(self) -> dict[str, list[dict[str, str]]]:
        """Return what each watched folder's last scan passed over, by the folder's path."""
        return {
            files.printable(path): self._inboxes[path].skipped().named_to_json()
            for path in self._folders
        }

    def _inbox(self, path: str, queued: int) -> dict[str, Any]:
        folder, status = self._folders[path], self._inboxes[path].status()
        return {
            "path": files.printable(path),
            "online": status.online and not self._is_stuck(folder),
            "error": status.error,
            "blocked": status.blocked,
            "network": status.network,
            "settling": status.settling,
            "empty": status.empty,
            "skipped": self._inboxes[path].skipped().to_json(),
            "last_scan_seconds": round(status.last_scan_seconds, 3),
            "queued": queued,
            "engine": folder.settings.engine or "default",
            "mode": folder.settings.mode,
            "priority": folder.settings.priority,
            "unsupported": folder.settings.unsupported,
        }

    def engines(self) -> list[dict[str, Any]]:
        """Return each engine, with what keeps it from reading."""
        return [
            {**(told := engine.status()), "problem": _obstacle(engine, told)}
            for engine in self._engines.values()
        ]

    def working(self) -> list[dict[str, Any]]:
        """Return each document in work."""
        return [
            {
                "job": work.job.id,
                "inbox": files.printable(work.job.inbox),
                "relpath": files.printable(work.job.relpath),
                "by": work.job.order.by,
                "pages": work.pages,
                "pages_done": work.pages_done,
                "seconds": round(time.monotonic() - work.started, 1),
            }
            for work in self._dispatcher.working.values()
        ]

    def halts(self) -> list[str]:
        """Return what keeps all documents waiting, each with the way out."""
        return [problem for problem in (self._ledger.problem, self._dispatcher.problem) if problem]

    def problems(self) -> list[str]:
        """Return what keeps documents waiting, each with the way out."""
        problems = self.halts()
        for path, folder in self._folders.items():
            status = self._inboxes[path].status()
            if status.blocked:
                problems.append(f"{files.printable(path)}: nothing can be filed. {status.blocked}")
            if self._is_stuck(folder):
                problems.append(
                    f"{files.printable(path)}: its file system does not answer; the other folders"
                    " go on. Check the server of the share."
                )
            elif status.error:
                problems.append(f"{files.printable(path)}: {status.error}")
        problems += [engine["problem"] for engine in self.engines()]
        return [problem for problem in problems if problem]

    def _is_stuck(self, folder: Folder) -> bool:
        """Say whether the folder's file system does not answer; it may be the ledger's instead."""
        return folder.threads.is_stuck and not self._ledger.problem

    def summary(self) -> str:
        """Return the present work in one line, with the first problem where there is one."""
        line = self._present_work()
        if problems := self.problems():
            line += f"; {problems[0]}"
        return line

    def _present_work(self) -> str:
        working = self._dispatcher.working.values()
        if working:
            done = sum(work.pages_done for work in working)
            pages = sum(work.pages or 0 for work in working)
            rate = sum(engine["pages_per_second"] for engine in self.engines())
            count = _counted(len(working), "document")
            return f"{count}, page {done} of {pages}, {rate:.1f} pages/s"
        recent = time.monotonic() - RATE_WINDOW
        ended = sum(moment > recent for moment in self._dispatcher.finished)
        state = "paused" if self._dispatcher.is_paused else "idle"
        return f"{state}, {_counted(ended, 'document')} in the last minute"


def _obstacle(engine: EngineClient, told: Mapping[str, Any]) -> str:
    """Return what keeps an engine from having a worker, "" if nothing does."""
    has_failed = told["state"] == "starting" and engine.failure is not None
    if not (told["state"] == "broken" or has_failed):
        return ""
    if isinstance(engine.failure, ServersGoneError):
        since = datetime.fromtimestamp(time.time() - engine.failing_seconds).astimezone()
        return f"{told['last_error']} So it is since {since.isoformat(' ', 'seconds')}."
    return str(told["last_error"])


def _is_silent(engine: EngineClient) -> bool:
    return engine.announced is None and engine.failure is None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
