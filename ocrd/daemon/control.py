"""How the daemon is steered: what the control socket asks of it, and SIGHUP.

A person's word is in the ledger before the answer: a pause outlives a restart, and a retry that a
crash interrupts goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ocrd import __version__, again, files, retrying
from ocrd.again import Outcome
from ocrd.choice import Choice, Sight
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon.configuration import configure_log, require_folders, require_same
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.rehearsal import Rehearsal
from ocrd.daemon.standing import Standing
from ocrd.daemon.wiring import Wiring
from ocrd.errors import Fate, OcrdError, Reason
from ocrd.job import Job, JobState
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.retention import Retention
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.readiness.finding import Finding
from ocrd.web.door.asking import asked_by
from ocrd.work import Folder

log = logging.getLogger("ocrd.daemon.control")

ALL = Choice()  # of the jobs
PAUSED = "paused"  # the ledger's setting,
PAUSED_BY = "paused by"  # and who it was


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused the daemon, and when."""

    by: str = ""  # "" of an earlier version's
    since: float | None = None


class Control:
    """What ``web.app.Steering`` promises, of a running daemon."""

    def __init__(
        self,
        config_path: Path,
        ledger: LedgerWriter,
        wiring: Wiring,
        dispatcher: Dispatcher,
        *,
        standing: Standing,
        retention: Retention,
        stop: Callable[[], float],
    ) -> None:
        """``stop`` begins the daemon's end; it returns how many seconds that takes at most."""
        self._config_path = config_path
        self._ledger = ledger
        self._wiring = wiring
        self._dispatcher = dispatcher
        self._standing = standing
        self._retention = retention
        self._stop = stop
        self.on_reload: Callable[[Settings], None] = lambda _: None  # is told what is in force
        self.address: Callable[[], str] = lambda: ""  # where programs ask over TCP
        self._reloading = asyncio.Lock()
        self._rehearsal = Rehearsal(config_path, wiring)
        self._rehearsal.address = lambda: self.address()
        self.pause_of: Pause | None = None

    # The configuration

    async def reload(self) -> None:
        """Put the configuration file in force whole, or leave the old one; raise ConfigError."""
        async with self._reloading:
            new = await asyncio.to_thread(config.load, self._config_path)
            require_same(self._wiring.settings, new, self._config_path)
            await asyncio.to_thread(require_folders, new, self._config_path)
            self._retention.keep_seconds = new.keep_jobs
            configure_log(new)
            await self._wiring.switch_to(new)
            self.on_reload(new)
            log.info("The configuration was reloaded%s.", _by(), extra=_asked("reloaded"))

    async def check(self, *, with_engine: bool) -> list[Finding]:
        """Try a reload without one, and say how everything stands."""
        return await self._rehearsal.findings(with_engine=with_engine)

    # Its end

    async def stop(self) -> float:
        """Stop in order; return how many seconds that takes at most."""
        log.info("A stop is asked for%s.", _by(), extra=_asked("stop-asked"))
        return self._stop()

    # Pauses

    async def pause(self) -> None:
        """Lease no more documents, over restarts too, until :meth:`resume`."""
        await self._set_paused(True)

    async def resume(self) -> None:
        """Go on after :meth:`pause`."""
        await self._set_paused(False)

    async def _set_paused(self, paused: bool) -> None:
        pause = Pause(asked_by(), time.time()) if paused else None
        if not (paused and self.pause_of):  # a second pause does not take it over
            await self._ledger.do(lambda ledger: _keep_pause(ledger, pause), patient=False)
            self.pause_of = pause
        self._dispatcher.is_paused = paused
        self._dispatcher.wake()
        self._dispatcher.turned.set()
        log.info(
            "%s%s.", "Paused" if paused else "Resumed", _by(), extra=_asked(PAUSED, paused=paused)
        )

    async def restore_pause(self) -> None:
        """Be paused if the daemon was when it last ended."""
        self.pause_of = await self._ledger.do(_kept_pause)
        self._dispatcher.is_paused = self.pause_of is not None

    # Jobs

    async def cancel(self, job_id: int) -> Job:
        """End an open job; its source stays in its inbox. Raises KeyError for an unknown job."""
        before = await self.job(job_id)
        job = await self._dispatcher.cancel(job_id, Reason(message=f"Cancelled{_by()}."))
        if job.state is JobState.CANCELLED and before.state is not job.state:
            about = {"job": job.id, "inbox": files.printable(job.inbox)}
            document = files.printable(job.relpath)
            log.info("Cancelled%s.", _by(), extra=_asked("cancelled", document=document, **about))
        return job

    async def retry(
        self, choice: Choice, *, read: bool = True, dry: bool = False
    ) -> list[Outcome]:
        """Take the chosen jobs back, to be read again unless not ``read``; raise KeyError.

        Where it is ``dry``, only say what would be done.
        """
        jobs = await self._ledger.do(lambda ledger: ledger.chosen(choice))
        return [await self._retry(job, read=read, dry=dry) for job in jobs]

    async def _retry(self, job: Job, *, read: bool, dry: bool) -> Outcome:
        newest = await self._ledger.do(lambda ledger: ledger.newest_of(job.inbox, job.relpath))
        obstacle = again.obstacle(job, newest, read=read)
        folder = self._wiring.folder(job.inbox)
        if folder is None and not obstacle:
            obstacle = "stays: its folder is watched no more."
        if folder is None or obstacle or dry:
            return Outcome(job, done=False, what=obstacle or again.intent(job, read=read))
        try:
            with self._dispatcher.leaving_alone(job.id):
                done = await self._take_back(job, folder, read=read)
        except OcrdError as error:
            if error.fate is Fate.STOP:
                raise
            log.warning("Not retried: %s %s", error.what, error.hint, extra=fields("not-retried"))
            return Outcome(job, done=False, what=str(error), error=error)
        folder.forget(job.relpath)
        if inbox := self._wiring.inboxes.get(job.inbox):
            inbox.wake()
        return done

    async def _take_back(self, job: Job, folder: Folder, *, read: bool) -> Outcome:
        await self._ledger.do(lambda ledger: retrying.begin(ledger, job, read=read))
        stray = ""
        try:
            key = await folder.threads.do(retrying.put_back, job)
            if read:
                stray = await folder.threads.do(retrying.stray_at_home, job, folder.settings)
        except OcrdError:
            await self._ledger.do(lambda ledger: retrying.give_up(ledger, job))
            raise
        by = _by()  # the ledger's thread answers no request
        new = await self._ledger.do(
            lambda ledger: retrying.end(
                ledger, job, key, priority=folder.settings.priority, read=read, stray=stray,
                by=by,
            )
        )
        log.info(
            "Taken back%s.", by,
            extra=_asked(
                "taken-back", job=job.id, inbox=files.printable(job.inbox),
                document=files.printable(job.relpath), new=new,
            ),
        )  # fmt: skip
        return Outcome(job, done=True, what=again.told(job, new, stray), new=new)

    async def jobs(
        self, choice: Choice = ALL, *, before: int | None = None, limit: int = 50,
        sight: Sight | None = None,
    ) -> tuple[list[Job], int | None]:  # fmt: skip
        """Return the newest chosen jobs under a number that ``sight`` has, and where to go on."""
        return await self._ledger.do(
            lambda ledger: ledger.listed(choice, before=before, limit=limit, sight=sight)
        )

    async def job(self, job_id: int) -> Job:
        """Return one job; raise KeyError if it is unknown."""
        job = await self._ledger.do(lambda ledger: ledger.job(job_id))
        if job is None:
            raise KeyError(job_id)
        return job

    # Status

    async def inboxes(self) -> list[dict[str, Any]]:
        """Return each watched folder, with what its last scan passed over."""
        queued = await self._ledger.do(lambda ledger: ledger.queued_by_inbox())
        passed = self._standing.passed()
        return [
            {**inbox, "passed": passed.get(inbox["path"], [])}
            for inbox in self._standing.inboxes(queued)
        ]

    async def status(self) -> dict[str, Any]:
        """Return what the daemon does at this moment, as JSON values."""
        counts = await self._ledger.do(lambda ledger: ledger.counts())
        waiting = await self._ledger.do(lambda ledger: ledger.waiting(time.time()))
        doubtful, partial = await self._ledger.do(lambda ledger: ledger.doubted())
        queued = await self._ledger.do(lambda ledger: ledger.queued_by_inbox())
        standing = self._standing
        engines = standing.engines()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started": standing.started,
            "state": standing.state,
            "summary": standing.summary(),
            "paused": self.pause_of and asdict(self.pause_of),
            "awaited": standing.awaited(),
            "config": files.printable(self._config_path),
            "inboxes": standing.inboxes(queued),
            "engines": engines,
            "jobs": {**counts, "waiting": waiting, "doubtful": doubtful, "partial": partial},
            "working": standing.working(),
            "pages_per_second": round(sum(engine["pages_per_second"] for engine in engines), 3),
            "halts": standing.halts(),
            "problems": standing.problems(),
            "api": {
                "address": self.address(),
                "uploads": await self._ledger.do(
                    lambda ledger: ledger.count_of(str(self._wiring.uploads.path))
                ),
                "bytes": self._wiring.uploads.used,
                "room": self._wiring.settings.api.upload_room,
            },
        }


def _by() -> str:
    """Return who asks, as the end of a sentence."""
    return f" by {asked_by()}" if asked_by() else ""


def _asked(event: str, **values: object) -> dict[str, Any]:
    """Return the ``extra`` of a record of what a person asked for."""
    return fields(event, by=asked_by(), **values)


def _keep_pause(ledger: Ledger, pause: Pause | None) -> None:
    ledger.set_setting(PAUSED, "yes" if pause else "no")
    ledger.set_setting(PAUSED_BY, json.dumps(asdict(pause) if pause else {}))


def _kept_pause(ledger: Ledger) -> Pause | None:
    if ledger.setting(PAUSED) != "yes":
        return None
    return Pause(**json.loads(ledger.setting(PAUSED_BY) or "{}"))
