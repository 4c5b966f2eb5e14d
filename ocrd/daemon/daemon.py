"""The daemon: start-up, main loop, ordered stop.

Start: lock and ledger, recovery, engines, watches and first scans, the control socket, READY.
Stop: no new work, pages in flight finish within ``stop_timeout``, everything is closed. What was
under way is in the ledger and goes on at the next start.

What it is connected to is in ``wiring``, how it is steered in ``control``, what it tells of itself
in ``standing``.
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
from functools import partial
from pathlib import Path

from ocrd import __version__, files
from ocrd.claims import Claims, this_process
from ocrd.config.settings import Settings
from ocrd.daemon import places, systemd, terminal
from ocrd.daemon.configuration import told_by_one
from ocrd.daemon.control import Control
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.heartbeat import STILL_SECONDS, Heartbeat
from ocrd.daemon.standing import Standing
from ocrd.daemon.wiring import Wiring
from ocrd.direct import Direct
from ocrd.errors import OcrdError
from ocrd.events import Event, Events
from ocrd.files.privacy import PRIVATE_FOLDER, tighten
from ocrd.job import FINAL_STATES
from ocrd.ledger.care import settle_times
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.retention import Retention
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.pipeline import Pipeline
from ocrd.raster.rasterize import Rasterizer
from ocrd.web import notes
from ocrd.web.door.calling import Callbacks
from ocrd.web.door.guard import Gate
from ocrd.web.door.house import House
from ocrd.web.server import WebServer

log = logging.getLogger("ocrd.daemon.daemon")

_ENDS = frozenset(state.value for state in FINAL_STATES)
STOP_SECONDS = 20.0  # for all of a stop but the pages in work


class Daemon:
    """One running daemon. Make it with a checked configuration, then await :meth:`run`."""

    def __init__(self, config_path: Path, settings: Settings) -> None:
        ledger = Ledger.open(settings.state_dir)
        me = this_process(ledger, settings.state_dir)
        self._ledger = LedgerWriter(ledger)
        self._retention = Retention(self._ledger, settings.keep_jobs)
        self._rasterizer = Rasterizer(settings.rasterize, settings.limits)
        self._events = Events()
        self._ledger.on_news = self._events.take
        pipeline = Pipeline(self._ledger, self._rasterizer, settings.temp_dir)
        self._dispatcher = Dispatcher(
            self._ledger,
            pipeline,
            documents_in_flight=settings.documents_in_flight,
            free_space_floor=settings.free_space_floor,
            watched_space=settings.temp_dir,
            prepare_space=partial(_empty, settings.temp_dir),
        )
        claims = Claims(self._ledger, me)
        self._wiring = wiring = Wiring(settings, self._ledger, self._dispatcher, claims)
        self._standing = Standing(
            self._dispatcher, wiring.engines, wiring.folders, wiring.inboxes, self._ledger
        )
        self._standing.warm = wiring.warm
        self._heartbeat = Heartbeat(
            self._ledger, self._dispatcher, self._standing,
            still_seconds=max(STILL_SECONDS, 2 * settings.rasterize.page_timeout),
        )
        self._control = Control(
            config_path, self._ledger, wiring, self._dispatcher,
            standing=self._standing, retention=self._retention, stop=self._stop,
        )  # fmt: skip
        group = places.control_group(settings)
        self._gate = Gate(settings.api)
        self._callbacks = Callbacks(self._ledger, lambda: wiring.settings.api)
        self._events.on_event = self._happened
        self._control.on_reload = lambda new: self._gate.change(new.api)
        house = House(
            steering=self._control,
            settings=lambda: wiring.settings,
            ledger=self._ledger,
            uploads=wiring.uploads,
            direct=Direct(
                self._rasterizer, wiring.engines, settings.temp_dir, pipeline.stopping,
                door=str(wiring.uploads.path),  # whatever programs bring is one door
            ),
            events=self._events,
            engines=wiring.engines,
            gate=self._gate,
            stopping=pipeline.stopping,
            folder=wiring.folder,
            working=lambda: self._dispatcher.working,
            is_paused=lambda: self._dispatcher.is_paused,
        )
        self._server = WebServer(house, settings.socket_path, group)
        self._control.address = lambda: self._server.address
        self._config_path = config_path
        self._note: Path | None = None  # where clients find us
        self._should_exit = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until told to stop. Raises LedgerError where the ledger fails."""
        await self._startup()
        working = asyncio.create_task(self._dispatcher.run(), name="dispatcher")
        beating = asyncio.create_task(self._heartbeat.run(), name="heartbeat")
        chores = [
            asyncio.create_task(self._retention.run(), name="retention"),
            asyncio.create_task(self._wiring.uploads.run(), name="uploads"),
            asyncio.create_task(self._callbacks.run(), name="callbacks"),
        ]
        exiting = asyncio.create_task(self._should_exit.wait(), name="exit")
        try:
            await asyncio.wait({working, beating, exiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exiting.cancel()
            beating.cancel()
            await self._shutdown(chores)
        await working
        with contextlib.suppress(asyncio.CancelledError):
            await beating

    async def _startup(self) -> None:
        self._listen_to_signals()
        self._events.begin()
        recovered = await self._ledger.do(lambda ledger: ledger.recover())
        await self._ledger.do(lambda ledger: settle_times(ledger, time.time()))
        self._dispatcher.suspects.extend(await self._ledger.do(lambda ledger: ledger.suspects()))
        await self._control.restore_pause()
        await self._rasterizer.start()
        await self._wiring.recall()
        await asyncio.to_thread(self._wiring.open)
        await self._server.start()  # before a folder is touched: another daemon may answer there
        self._note = await asyncio.to_thread(
            notes.leave, self._config_path, self._wiring.settings.socket_path
        )
        self._wiring.connect()
        self._wiring.load_engines()
        self._standing.phase = "running"
        watched = self._wiring.folders
        log.info(
            "ocrd %s watches %s.",
            __version__,
            ", ".join(map(files.printable, watched)) or "no folder, and reads what programs bring",
            extra=fields("started", pid=os.getpid(), recovered=recovered, inboxes=list(watched)),
        )
        if self._dispatcher.is_paused:
            pause = self._control.pause_of
            by = f" by {pause.by}" if pause and pause.by else ""
            log.warning("Paused%s, as before the last stop; 'ocrd resume' goes on.", by)

    async def _shutdown(self, chores: Sequence[asyncio.Task[None]]) -> None:
        self._standing.phase = "stopping"
        limit = self._wiring.settings.stop_timeout
        systemd.notify_stopping(limit + STOP_SECONDS)
        log.info("Stopping: pages in work are finished first.", extra=fields("stopping"))
        self._wiring.wake()
        self._ledger.give_up()
        await asyncio.gather(self._dispatcher.stop(limit), self._wiring.stop_engines(limit))
        for chore in chores:  # before what they work with is closed
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await self._wiring.disconnect()
        await self._rasterizer.close()
        await self._server.stop()
        if self._note is not None:
            await asyncio.to_thread(notes.take_back, self._note)
        self._ledger.close()
        log.info("Stopped.", extra=fields("stopped"))

    def _happened(self, event: Event) -> None:
        """Let those know who wait for a document's end."""
        if event.kind in _ENDS:
            self._callbacks.wake()

    @property
    def has_started(self) -> bool:
        """Say whether the start has come to its end."""
        return self._standing.phase != "starting"

    @property
    def is_stuck(self) -> bool:
        """Say whether a thread still waits for a file system that does not answer."""
        return self._wiring.is_stuck

    # Signals

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._should_exit.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        on_hang_up = self._hang_up if terminal.is_ours() else self._reload
        loop.add_signal_handler(signal.SIGHUP, on_hang_up)

    def _interrupt(self) -> None:
        """Stop in order at the first SIGINT, at once at the second."""
        if self._should_exit.is_set():
            log.warning("Stopped at once; what was in work goes on at the next start.")
            logging.shutdown()
            os._exit(128 + signal.SIGINT)
        log.info("Interrupted; once more stops at once.")
        self._should_exit.set()

    def _hang_up(self) -> None:
        """Stop in order with the terminal that we were started on."""
        terminal.let_go()
        log.info("The terminal is closed.")
        self._should_exit.set()

    def _stop(self) -> float:
        """Stop in order, as is asked for; return how many seconds that takes at most."""
        self._should_exit.set()
        return self._wiring.settings.stop_timeout + STOP_SECONDS

    def _reload(self) -> None:
        task = asyncio.get_running_loop().create_task(self._control.reload(), name="reload")
        self._keep(task)
        task.add_done_callback(_log_reload)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a background task until it ends: the loop alone does not."""
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _empty(temp_dir: Path) -> None:
    """Make our own temporary directory, and remove from it what a killed daemon left there."""
    temp_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    tighten(temp_dir, PRIVATE_FOLDER)
    for path in temp_dir.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _log_reload(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, OcrdError):
        for what, hint in told_by_one(error):
            log.error(
                "Not reloaded, the old configuration stays in force: %s %s", what, hint,
                extra=fields("reload-failed", code=error.code),
            )  # fmt: skip
    elif error is not None:
        log.error("Not reloaded.", exc_info=error, extra=fields("reload-failed", code="internal"))
