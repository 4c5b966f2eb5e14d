"""The daemon's heartbeat: systemd hears what is done, and a watchdog's report only if it goes on.

A report says that the event loop turns (it sends it), that the ledger's thread answers, that the
dispatcher looks for work, and that the documents in work move. Where something else keeps a limit
of its own, that is waited for: the engine client restarts a hung worker, a share that does not
answer holds up nobody else, and a restart of the daemon would mend neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Hashable, Iterable

from ocrd.daemon import systemd
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.standing import Standing
from ocrd.errors import OcrdError
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.wording import span
from ocrd.work import Work

log = logging.getLogger("ocrd.daemon.heartbeat")

BEAT_SECONDS = 2.0
IDLE_SECONDS = 20.0  # between beats while there is nothing to do; what begins is told at once
STARTING_SECONDS = 0.2  # between beats until we are ready, and at least between any two
SILENCE_SECONDS = 60.0  # for the ledger or the dispatcher: they answer in milliseconds
STILL_SECONDS = 300.0  # for documents in work that nobody else watches over, at least
LOADING_SECONDS = 10.0  # asked for at each beat while an engine loads
FROZEN_SECONDS = 10.0  # that a rest takes longer than it should: the process did not run
BEATS_A_WATCH = 3  # so that one late beat does no harm


class Heartbeat:
    """Beats until cancelled; the first beat comes at once."""

    def __init__(
        self,
        ledger: LedgerWriter,
        dispatcher: Dispatcher,
        standing: Standing,
        *,
        still_seconds: float = STILL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._standing = standing
        self._still_seconds = still_seconds
        self._clock = clock
        self._stillness = Stillness(clock)
        self._ledger_answered = clock()
        self._awake = clock()  # since when we run without having stood still ourselves
        self._asking: asyncio.Task[None] | None = None
        self._said = ""
        self._trouble = ""
        self.is_ready = False

    async def run(self) -> None:
        """Beat, often enough for systemd's watchdog where there is one."""
        watch = systemd.watchdog_seconds()
        longest = IDLE_SECONDS if watch is None else watch / BEATS_A_WATCH
        while True:
            self._dispatcher.turned.clear()
            self._say_how_it_stands()
            await self._ask_ledger(min(BEAT_SECONDS, longest))
            self._report()
            await self._rest(min(longest, self._interval_seconds()))

    def _interval_seconds(self) -> float:
        if not self.is_ready:
            return STARTING_SECONDS
        return IDLE_SECONDS if self._dispatcher.is_idle else BEAT_SECONDS

    async def _rest(self, seconds: float) -> None:
        """Rest, and notice if all of us stood still meanwhile: then nobody is to blame yet.

        A rest is short where there is something new to say.
        """
        before = self._clock()
        await asyncio.sleep(min(seconds, STARTING_SECONDS))
        if seconds > STARTING_SECONDS:
            # Not wait_for: Python 3.11's forgets a cancellation that comes with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds - STARTING_SECONDS):
                    await self._dispatcher.turned.wait()
        now = self._clock()
        if now - before - seconds > FROZEN_SECONDS:
            self._awake = now
            self._stillness.begin_again()

    def _say_how_it_stands(self) -> None:
        """Say the present work, and once that nothing is awaited any more."""
        awaited = "" if self.is_ready else self._standing.awaited()
        if not awaited and not self.is_ready:
            self.is_ready = True
            systemd.notify_ready()
            log.info("Ready.", extra=fields("ready"))
        if awaited and self._standing.is_loading:
            systemd.ask_for_time(LOADING_SECONDS)
        summary = self._standing.summary()
        said = f"starting, waits for {awaited}; {summary}" if awaited else summary
        if said != self._said:
            systemd.notify_status(said)
            self._said = said

    def _report(self) -> None:
        """Report to the watchdog unless something stands still; that is logged once."""
        trouble = self.trouble()
        if not trouble:
            systemd.notify_watchdog()
        elif trouble != self._trouble:
            log.error(
                "%s If it stays so, systemd starts the daemon anew; no document is lost by that.",
                trouble, extra=fields("standstill"),
            )
        self._trouble = trouble

    def trouble(self) -> str:
        """Return what stands still though it should not, "" while all goes on."""
        now = self._clock()
        if self._ledger.problem:  # its disk's, which a new start would find again
            return ""
        if now - max(self._ledger_answered, self._awake) > SILENCE_SECONDS:
            return f"The ledger has not answered for {span(SILENCE_SECONDS)}."
        if now - max(self._dispatcher.looked, self._awake) > SILENCE_SECONDS:
            return f"The dispatcher has not looked for work for {span(SILENCE_SECONDS)}."
        if self._stillness.seconds(self._dispatcher.working.values()) > self._still_seconds:
            return f"The documents in work have not moved for {span(self._still_seconds)}."
        return ""

    async def _ask_ledger(self, patience_seconds: float) -> None:
        """Note the time if the ledger's thread answers within our patience."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._answer(), name="ask the ledger")
        await asyncio.wait({self._asking}, timeout=patience_seconds)
        if self._asking.done():
            self._asking = None
            self._ledger_answered = self._clock()

    async def _answer(self) -> None:
        with contextlib.suppress(OcrdError):  # an error is an answer; whoever works meets it too
            await self._ledger.do(lambda _ledger: None)


class Stillness:
    """Measures for how long documents in work have not moved though nobody watches over them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._marks: Hashable = None
        self._moved = clock()

    def begin_again(self) -> None:
        """Measure from now on."""
        self._moved = self._clock()

    def seconds(self, working: Iterable[Work]) -> float:
        """Return the time since something moved; 0 while nothing has to."""
        works = list(working)
        marks = frozenset(map(_mark, works))
        if marks != self._marks or all(map(_is_watched_over, works)):
            self._marks = marks
            self._moved = self._clock()
        return self._clock() - self._moved


def _mark(work: Work) -> Hashable:
    """Return what changes when the document moves: a step, a page, a page of its engine."""
    engine = work.engine.status()
    return (
        work.job.id, work.pages, work.pages_done, work.is_filing,
        engine["pages"], engine["state"], engine["restarts"],
    )  # fmt: skip


def _is_watched_over(work: Work) -> bool:
    """Say whether the document waits for something that has a limit of its own.

    Its folder's file system works or hangs; its engine loads, is tried again, or reads pages, each
    of them within ``page_timeout``.
    """
    engine = work.engine.status()
    return (
        work.folder.threads.is_busy
        or engine["state"] in {"starting", "broken"}
        or engine["in_flight"] > 0
    )
