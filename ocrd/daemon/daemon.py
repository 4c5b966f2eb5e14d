"""The daemon: start-up, main loop, reload, ordered stop. All wiring is here.

Start: lock and ledger, recovery, engines, watches and first scans, the control socket, READY.
Stop: no new work, pages in flight finish within ``stop_timeout``, everything is closed. What was
under way is in the ledger and goes on at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ocrd import __version__, files, retrying
from ocrd import log as logs
from ocrd.claims import CLOSE_SECONDS, Claims, this_process
from ocrd.config import settings as config
from ocrd.config.settings import InboxSettings, Settings
from ocrd.daemon import systemd
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.heartbeat import STILL_SECONDS, Heartbeat
from ocrd.daemon.standing import Standing
from ocrd.engine.client import EngineClient
from ocrd.errors import (
    ConfigError,
    OcrdError,
)
from ocrd.intake.folder_threads import FolderThreads
from ocrd.intake.inbox import Inbox
from ocrd.intake.ownership import Claim
from ocrd.intake.root import Root
from ocrd.job import Candidate, Job, JobState
from ocrd.ledger.care import settle_times
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.retention import Retention
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.pipeline import Pipeline
from ocrd.raster.rasterize import Rasterizer
from ocrd.web.server import WebServer
from ocrd.work import Folder

log = logging.getLogger("ocrd.daemon.daemon")

STOP_SECONDS = 20.0  # for all of a stop but the pages in work
PAUSED = "paused"  # the ledger's setting


class Daemon:
    """One running daemon. Make it with a checked configuration, then await :meth:`run`."""

    def __init__(self, config_path: Path, settings: Settings) -> None:
        self.config_path = config_path
        self.settings = settings
        self.started = time.time()
        self.should_exit = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._state = "starting"
        ledger = Ledger.open(settings.state_dir)
        me = this_process(ledger, settings.state_dir)
        self._ledger = LedgerWriter(ledger)
        self._claims = Claims(self._ledger, me)
        self._retention = Retention(self._ledger, settings.keep_jobs)
        self._rasterizer = Rasterizer(settings.rasterize, settings.limits)
        self._pipeline = Pipeline(self._ledger, self._rasterizer, settings.temp_dir)
        self._dispatcher = Dispatcher(
            self._ledger,
            self._pipeline,
            documents_in_flight=settings.documents_in_flight,
            free_space_floor=settings.free_space_floor,
            watched_space=settings.temp_dir,
        )
        self._folders: dict[str, Folder] = {}
        self._threads: dict[str, FolderThreads] = {}  # by folder, over reloads
        self._inboxes: dict[str, Inbox] = {}
        self._engines: dict[str, EngineClient] = {}
        self._server = WebServer(self, settings.socket_path)
        self._standing = Standing(
            self._dispatcher, self._engines, self._folders, self._inboxes, self._ledger
        )
        self._heartbeat = Heartbeat(
            self._ledger, self._dispatcher, self._standing,
            still_seconds=max(STILL_SECONDS, 2 * settings.rasterize.page_timeout),
        )

    # Life

    async def run(self) -> None:
        """Work until told to stop. Raises LedgerError where the ledger fails."""
        await self._startup()
        working = asyncio.create_task(self._dispatcher.run(), name="dispatcher")
        beating = asyncio.create_task(self._heartbeat.run(), name="heartbeat")
        self._keep(asyncio.create_task(self._retention.run(), name="retention"))
        exiting = asyncio.create_task(self.should_exit.wait(), name="exit")
        try:
            await asyncio.wait({working, beating, exiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exiting.cancel()
            beating.cancel()
            await self._shutdown()
        await working
        with contextlib.suppress(asyncio.CancelledError):
            await beating

    async def _startup(self) -> None:
        self._listen_to_signals()
        _empty(self.settings.temp_dir)
        recovered = await self._ledger.do(lambda ledger: ledger.recover())
        await self._ledger.do(lambda ledger: settle_times(ledger, time.time()))
        self._dispatcher.suspects.extend(await self._ledger.do(lambda ledger: ledger.suspects()))
        paused = await self._ledger.do(lambda ledger: ledger.setting(PAUSED))
        self._dispatcher.is_paused = paused == "yes"
        await self._rasterizer.start()
        self._make_engines(self.settings)
        for folder in self.settings.inbox:
            self._open_folder(folder)
        self._publish_wiring()
        await self._server.start()
        self._load_engines()
        self._state = "running"
        log.info(
            "ocrd %s watches %s.",
            __version__,
            ", ".join(files.printable(path) for path in self._folders),
            extra=fields(
                "started", pid=os.getpid(), recovered=recovered, inboxes=list(self._folders)
            ),
        )
        if self._dispatcher.is_paused:
            log.warning("Paused, as before the last stop; 'ocrd resume' goes on.")

    async def _shutdown(self) -> None:
        self._state = "stopping"
        limit = self.settings.stop_timeout
        systemd.notify_stopping(limit + STOP_SECONDS)
        log.info("Stopping: pages in work are finished first.", extra=fields("stopping"))
        for inbox in self._inboxes.values():
            inbox.wake()
        self._ledger.give_up()
        await asyncio.gather(
            self._dispatcher.stop(limit),
            *(engine.stop(limit) for engine in self._engines.values()),
        )
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(None, inbox.stop, 2.0) for inbox in self._inboxes.values())
        )
        await self._give_back(self._claims.keep_only(()))
        for threads in self._threads.values():
            threads.close()
        await self._rasterizer.close()
        await self._server.stop()
        self._ledger.close()
        log.info("Stopped.", extra=fields("stopped"))

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        """Let other daemons have the folders; one that hangs is left as it is."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(None, claim.close, CLOSE_SECONDS) for claim in claims)
        )

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.should_exit.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, self._reload_from_signal)

    def _interrupt(self) -> None:
        """Stop in order at the first SIGINT, at once at the second."""
        if self.should_exit.is_set():
            log.warning("Stopped at once; what was in work goes on at the next start.")
            logging.shutdown()
            os._exit(128 + signal.SIGINT)
        log.info("Interrupted; once more stops at once.")
        self.should_exit.set()

    def _reload_from_signal(self) -> None:
        task = asyncio.get_running_loop().create_task(self.reload(), name="reload")
        self._keep(task)
        task.add_done_callback(_log_reload)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a background task until it ends: the loop alone does not."""
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Wiring

    def _make_engines(self, settings: Settings) -> None:
        for name, engine in _engines_of(settings).items():
            self._engines[name] = EngineClient(name, engine)

    def _load_engines(self) -> None:
        """Start the engines that are to be warm before the first document."""
        self._standing.warm = [
            name for name, engine in _engines_of(self.settings).items()
            if engine.load == "start" and self._is_used(name)
        ]
        for name in self._standing.warm:
            warming = self._warm(self._engines[name])
            self._keep(asyncio.create_task(warming, name=f"warm {name}"))

    async def _warm(self, engine: EngineClient) -> None:
        with contextlib.suppress(OcrdError):  # the client says why, in the log and in status
            await engine.hello()

    def _is_used(self, engine: str) -> bool:
        return any((folder.engine or "default") == engine for folder in self.settings.inbox)

    def _open_folder(self, settings: InboxSettings) -> None:
        path = str(settings.path)
        loop = asyncio.get_running_loop()

        def found(candidates: Sequence[Candidate]) -> None:
            """Enqueue; called in the inbox's thread."""
            priority = self._folders[path].settings.priority
            again = self._ledger.submit(
                lambda ledger: ledger.enqueue(candidates, priority, time.time()), patient=False
            ).result()
            for candidate in again:
                inbox.forget(candidate.relpath)
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are stopping
                loop.call_soon_threadsafe(self._dispatcher.wake)

        def reopened() -> None:
            """Let what waited for the folder go on; called in the inbox's thread."""
            self._ledger.submit(lambda ledger: ledger.hasten(path), patient=False).result()
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._dispatcher.wake)

        claim = self._claims.of(settings, lambda: self._inboxes[path].wake())
        inbox = Inbox(
            settings, found=found, root=self._root_of(settings), reopened=reopened,
            admit=claim.require,
        )
        self._folders[path] = Folder(
            settings=settings,
            threads=self._threads.setdefault(path, FolderThreads(path)),
            forget=inbox.forget,
            is_network=lambda: inbox.status().network,
            is_online=lambda: inbox.status().is_open,
            doubt=inbox.doubt,
            require_root=inbox.require_root,
        )
        self._inboxes[path] = inbox
        inbox.start()

    def _root_of(self, settings: InboxSettings) -> Root:
        """Return the folder's root, whose mount the ledger remembers."""
        name = f"mount {os.fsencode(settings.path).hex()}"

        def recall() -> str:
            return self._ledger.submit(lambda ledger: ledger.setting(name)).result() or ""

        def remember(text: str) -> None:
            self._ledger.submit(
                lambda ledger: ledger.set_setting(name, text), patient=False
            ).result()

        return Root(settings, recall, remember)

    def _publish_wiring(self) -> None:
        self._dispatcher.folders = dict(self._folders)
        self._dispatcher.engines = dict(self._engines)
        self._dispatcher.documents_in_flight = self.settings.documents_in_flight
        self._dispatcher.free_space_floor = self.settings.free_space_floor
        self._dispatcher.wake()

    # Steering: what the control socket calls

    async def reload(self) -> None:
        """Put the configuration file in force whole, or leave the old one; raise ConfigError."""
        async with self._reloading:
            loop = asyncio.get_running_loop()
            new = await loop.run_in_executor(None, config.load, self.config_path)
            _require_same(self.settings, new, self.config_path)
            await loop.run_in_executor(None, require_folders, new, self.config_path)
            await self._switch_to(new)
            log.info("The configuration was reloaded.", extra=fields("reloaded"))

    async def _switch_to(self, new: Settings) -> None:
        old = self.settings
        self.settings = new
        changed = {
            name for name, engine in _engines_of(old).items()
            if _engines_of(new).get(name) != engine
        }
        retired = [self._engines.pop(name) for name in changed]
        for name, engine in _engines_of(new).items():
            if name not in self._engines:
                self._engines[name] = EngineClient(name, engine)
        wanted = {str(folder.path): folder for folder in new.inbox}
        closed = [
            self._inboxes.pop(path) for path, folder in list(self._folders.items())
            if wanted.get(path) != folder.settings
        ]
        for inbox in closed:
            self._folders.pop(str(inbox.settings.path))
        for path, settings in wanted.items():
            if path not in self._folders:
                self._open_folder(settings)
        self._retention.keep_seconds = new.keep_jobs
        _configure_log(new)
        self._publish_wiring()
        self._load_engines()
        await self._dispatcher.recall()
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(None, inbox.stop, 2.0) for inbox in closed),
            *(engine.stop(new.stop_timeout) for engine in retired),
        )
        await self._give_back(self._claims.keep_only(wanted))

    async def pause(self) -> None:
        """Lease no more documents, over restarts too, until :meth:`resume`."""
        await self._set_paused(True)

    async def resume(self) -> None:
        """Go on after :meth:`pause`."""
        await self._set_paused(False)

    async def _set_paused(self, paused: bool) -> None:
        value = "yes" if paused else "no"
        await self._ledger.do(lambda ledger: ledger.set_setting(PAUSED, value), patient=False)
        self._dispatcher.is_paused = paused
        self._dispatcher.wake()
        log.info("Paused." if paused else "Resumed.", extra=fields(PAUSED, paused=paused))

    async def cancel(self, job_id: int) -> Job:
        """End an open job; its source stays in its inbox. Raises KeyError for an unknown job."""
        return await self._dispatcher.cancel(job_id)

    async def retry(self, job_id: int | None) -> list[Job]:
        """Let a document be read again, or all failed ones for None; raise KeyError."""
        wanted = None if job_id is None else [job_id]
        jobs = await self._ledger.do(lambda ledger: retrying.find(ledger, wanted))
        return [job for job in jobs if await self._retry(job, alone=job_id is not None)]

    async def _retry(self, job: Job, *, alone: bool) -> bool:
        """Put one source back and say whether that was done; raise only where it is asked alone."""
        folder = self._folders.get(job.inbox)
        if folder is None:
            return False
        try:
            with self._dispatcher.leaving_alone(job.id):
                await self._take_back(job, folder)
        except OcrdError as error:
            if alone:
                raise
            log.warning("Not retried: %s %s", error.what, error.hint, extra=fields("not-retried"))
            return False
        folder.forget(job.relpath)
        self._inboxes[job.inbox].wake()
        return True

    async def _take_back(self, job: Job, folder: Folder) -> None:
        await self._ledger.do(lambda ledger: retrying.begin(ledger, job))
        try:
            await folder.threads.do(retrying.put_back, job)
        except OcrdError:
            await self._ledger.do(lambda ledger: retrying.give_up(ledger, job))
            raise
        await self._ledger.do(lambda ledger: ledger.forget(job.id))

    async def jobs(self, state: JobState | None, limit: int) -> list[Job]:
        """Return the newest jobs, those of one state where it is given."""
        states = None if state is None else {state}
        return await self._ledger.do(lambda ledger: ledger.jobs(states, limit))

    async def job(self, job_id: int) -> Job:
        """Return one job; raise KeyError if it is unknown."""
        job = await self._ledger.do(lambda ledger: ledger.job(job_id))
        if job is None:
            raise KeyError(job_id)
        return job

    async def status(self) -> dict[str, Any]:
        """Return what the daemon does at this moment, as JSON values."""
        counts = await self._ledger.do(lambda ledger: ledger.counts())
        waiting = await self._ledger.do(lambda ledger: ledger.waiting(time.time()))
        queued = await self._ledger.do(lambda ledger: ledger.queued_by_inbox())
        engines = self._standing.engines()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "started": self.started,
            "state": "paused" if self._dispatcher.is_paused else self._state,
            "awaited": self._standing.awaited(),
            "config": files.printable(self.config_path),
            "inboxes": self._standing.inboxes(queued),
            "engines": engines,
            "jobs": {**counts, "waiting": waiting},
            "working": self._standing.working(),
            "pages_per_second": round(sum(engine["pages_per_second"] for engine in engines), 3),
            "problems": self._standing.problems(),
        }

    @property
    def is_stuck(self) -> bool:
        """Say whether a thread still waits for a file system that does not answer."""
        return any(threads.is_busy for threads in self._threads.values())


def _engines_of(settings: Settings) -> dict[str, config.EngineSettings]:
    return {"default": settings.engine, **settings.engines}


def _configure_log(settings: Settings) -> None:
    logs.configure(settings.log_format, settings.log_level, journal=systemd.journal())


def require_folders(settings: Settings, config_path: Path) -> None:
    """Raise ConfigError where a configured folder cannot be used as it is."""
    problems = config.check_folders(settings)
    if problems:
        raise config.refusal(config_path, problems + systemd.folder_remedy())


def _empty(temp_dir: Path) -> None:
    """Remove what a killed daemon left in its own temporary directory."""
    for path in temp_dir.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _require_same(old: Settings, new: Settings, config_path: Path) -> None:
    for name in ("state_dir", "temp_dir", "socket_path", "rasterize", "limits"):
        if getattr(old, name) != getattr(new, name):
            raise ConfigError(
                f"{files.printable(config_path)}: {name} cannot change while the daemon runs.",
                hint="Restart the daemon to use the new value; the old one is still in force.",
            )


def _log_reload(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, OcrdError):
        log.error(
            "Not reloaded, the old configuration stays in force: %s %s", error.what, error.hint,
            extra=fields("reload-failed", code=error.code),
        )
    elif error is not None:
        log.error("Not reloaded.", exc_info=error, extra=fields("reload-failed", code="internal"))
