"""Who is next: leases due jobs, as many at a time as the settings allow, and hands them on.

Order: the folder's priority; of equal ones, folders in turn (uploads count as one); then the due
time (arrival plus some seconds a page), so that short documents overtake long ones and none waits
for ever. Long documents hold at most half of the
places. A folder whose file system does not answer holds none: its jobs do not count.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from ocrd import files
from ocrd.engine.client import EngineClient
from ocrd.engine.room import DRAWN_AHEAD
from ocrd.errors import NO_REASON, LedgerError, OcrdError, Reason
from ocrd.inspecting import LONG_PAGES
from ocrd.intake import outlets
from ocrd.job import Job, JobState, Past
from ocrd.ledger.care import CLOCK_SLACK, settle_times
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.pipeline import Pipeline
from ocrd.work import Folder, Work

log = logging.getLogger("ocrd.daemon.dispatch")

LONGEST_WAIT = 5.0  # seconds between two looks at the ledger where nothing wakes us,
IDLE_WAIT = 30.0  # and there is nothing that could go on by itself
GATHER_SECONDS = 0.01  # for places that come free one after the other to be filled in one step
STARTING_WAIT = 0.2  # the same while folders come online one after the other
STARTING_SECONDS = 10.0
FEW_DOCUMENTS = 8  # at least so many at once: their inspection and filing go on side by side
MAX_LONG = 4
MAX_FILING = 16  # documents besides, that only wait for the disk that they are filed on
MAX_SLOW = 100  # documents that wait for the one child that draws the slow ones
RATE_WINDOW = 60.0  # seconds


class Dispatcher:
    """Keeps the pipeline busy. Everything but :meth:`run` may be called at any time."""

    def __init__(
        self,
        ledger: LedgerWriter,
        pipeline: Pipeline,
        *,
        documents_in_flight: int | str,
        free_space_floor: int,
        watched_space: Path,
        prepare_space: Callable[[], None] | None = None,
    ) -> None:
        """``prepare_space`` makes the directory ready that is watched, before the first lease."""
        self._ledger = ledger
        self._pipeline = pipeline
        self.free_space_floor = free_space_floor
        self._watched_space = watched_space
        self._prepare_space = prepare_space
        self._wake = asyncio.Event()
        self.turned = asyncio.Event()  # from rest to work, or back
        self._started = time.monotonic()
        self.looked = time.monotonic()  # when the ledger was last asked for work
        self._clock_ahead = time.time() - time.monotonic()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: dict[int, Reason] = {}
        self._recalled: set[int] = set()
        self._left_alone: set[int] = set()
        self._failure: LedgerError | None = None
        self._due: float | None = None  # when a delayed job may be leased, of the last look
        self.documents_in_flight = documents_in_flight
        self.folders: Mapping[str, Folder] = {}
        self.engines: Mapping[str, EngineClient] = {}
        self.working: dict[int, Work] = {}
        self.is_paused = False
        # What was in work when the last daemon died goes first and alone, until it has read a page:
        # if one of them ended the daemon, the others must not be blamed.
        self.suspects: deque[int] = deque()
        self.problem = ""  # why nothing is leased, for status
        self._retried = 0  # of the pipeline's, when the temporary directory was last tried
        self.finished: deque[float] = deque(maxlen=1000)  # when the last documents ended

    def _is_starting(self) -> bool:
        return time.monotonic() - self._started < STARTING_SECONDS

    def wake(self) -> None:
        """Look at the ledger now."""
        self._wake.set()

    async def run(self) -> None:
        """Lease and hand on until the pipeline stops. Raises LedgerError."""
        while not self._pipeline.stopping.is_set():
            self._wake.clear()
            self.looked = time.monotonic()
            if failure := self._failure or self._ledger.failure:
                raise failure
            await self._follow_clock()
            self._due = None
            if await self._lease_next():
                continue
            wait = self._longest_wait(self._due)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, wait)):
                    await self._wake.wait()
            if self.working:
                await asyncio.sleep(GATHER_SECONDS)

    def _longest_wait(self, due: float | None) -> float:
        """Return when to look again, with the time at which a delayed job may be leased."""
        if self._is_starting():
            wait = STARTING_WAIT
        elif self.is_idle and due is None:
            wait = IDLE_WAIT
        else:
            wait = LONGEST_WAIT
        return wait if due is None else min(wait, due - time.time())

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is in work, and nothing keeps it waiting that may pass."""
        waits = self.problem or self._ledger.problem or self.suspects
        return not self.working and not waits

    async def _follow_clock(self) -> None:
        """Where the wall clock went back, let no document wait for it to catch up."""
        ahead = time.time() - time.monotonic()
        back, self._clock_ahead = self._clock_ahead - ahead, ahead
        if back > CLOCK_SLACK:
            await self._ledger.do(lambda ledger: settle_times(ledger, time.time(), back))

    async def stop(self, limit_seconds: float) -> None:
        """Let pages in work finish within the limit, then cancel what is left."""
        self._pipeline.stopping.set()
        self.wake()
        tasks = set(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)

    @contextlib.contextmanager
    def leaving_alone(self, job_id: int) -> Iterator[None]:
        """Lease this job to nobody meanwhile."""
        self._left_alone.add(job_id)
        try:
            yield
        finally:
            self._left_alone.discard(job_id)
            self.wake()

    async def cancel(self, job_id: int, reason: Reason = NO_REASON) -> Job:
        """End a job whose filing has not begun; its source stays in the inbox. Raises KeyError."""
        job = await self._ledger.do(lambda ledger: ledger.job(job_id))
        if job is None:
            raise KeyError(job_id)
        work = self.working.get(job_id)
        if job.state.is_final or job.state is JobState.FILING or (work and work.is_filing):
            return job
        if task := self._tasks.get(job_id):
            self._cancelled[job_id] = reason
            task.cancel()
            await asyncio.wait({task})
        else:
            await self._close_cancelled(job_id, reason)
        cancelled = await self._ledger.do(lambda ledger: ledger.job(job_id))
        assert cancelled is not None
        return cancelled

    async def recall(self) -> None:
        """Queue again what waits for an engine that is not its folder's any more."""
        tasks = set()
        for job_id, work in self.working.items():
            folder = self.folders.get(work.job.inbox)
            if folder is None or work.is_filing:
                continue
            if _engine_of(work.job, folder, self.engines) is not work.engine:
                self._recalled.add(job_id)
                self._tasks[job_id].cancel()
                tasks.add(self._tasks[job_id])
        if tasks:
            await asyncio.wait(tasks)

    # Leasing

    async def _lease_next(self) -> bool:
        """Lease jobs for the places that are free; return False where there is none for now."""
        if self.is_paused or self._ledger.problem or not await self._has_space():
            return False
        counted = [work for work in self.working.values() if not work.folder.threads.is_stuck]
        limit = self._documents_at_once(counted)
        limit += min(MAX_SLOW, sum(work.is_slow for work in counted))
        if len(counted) >= limit:
            return False
        if any(work.is_suspect for work in counted):
            return False
        if self.suspects:
            return await self._lease_suspect()
        long = sum((work.pages or 0) > LONG_PAGES and not work.is_slow for work in counted)
        long_allowed = long < min(MAX_LONG, max(1, limit // 2))
        longest = None if long_allowed else LONG_PAGES
        free = limit - len(counted)
        return bool(await self._lease(free, longest=longest, long_allowed=long_allowed))

    def _documents_at_once(self, works: Sequence[Work]) -> int:
        """Return how many documents may be in work: enough that no engine waits for pages.

        Those that are filed are not among them: the slower the disk, the more are filed together.
        """
        if isinstance(self.documents_in_flight, int):
            return self.documents_in_flight
        known = (engine.announced for engine in self.engines.values())
        read = max(FEW_DOCUMENTS, sum(hello.capacity for hello in known if hello) + DRAWN_AHEAD)
        return read + min(MAX_FILING, sum(work.is_filing for work in works))

    async def _lease_suspect(self) -> bool:
        # Asked before the lease: a folder that comes online during it was not asked for its jobs.
        scans = self._is_starting() and not all(f.is_online() for f in self.folders.values())
        leased = await self._lease(only=self.suspects[0])
        if leased:
            leased[0].is_suspect = True
        elif scans:
            return False  # its folder's first scan is on its way
        self.suspects.popleft()
        return True

    async def _lease(
        self, most: int = 1, *, longest: int | None = None, only: int | None = None,
        long_allowed: bool = True,
    ) -> list[Work]:  # fmt: skip
        """Lease jobs and start on them, with the wiring of this moment: a reload may change it."""
        folders, engines, active = self.folders, self.engines, (*self._tasks, *self._left_alone)
        inboxes = [
            path for path, folder in folders.items()
            if not folder.threads.is_stuck and folder.is_online()
        ]
        in_work = Counter(work.job.inbox for work in self.working.values())

        def take(ledger: Ledger) -> tuple[list[tuple[Job, Past]], float | None]:
            taken: list[tuple[Job, Past]] = []
            busy, turns = set(active), Counter(in_work)  # of this try: it may be held, and run anew
            while len(taken) < most:
                job = ledger.lease(
                    time.time(), inboxes=inboxes, active=busy, longest=longest, only=only,
                    in_work=turns,
                )
                if job is None:
                    break
                taken.append((job, ledger.past(job)))
                busy.add(job.id)
                turns[job.inbox] += 1
                if (job.pages or 0) > LONG_PAGES:  # whether there is place for another is asked
                    break
            return taken, None if taken else ledger.next_due(time.time())

        taken, self._due = await self._ledger.do(take)
        if self._pipeline.stopping.is_set():
            for job, _ in taken:
                await self._ledger.do(partial(Ledger.release, job_id=job.id, refund=True))
            return []
        return [
            self._begin(Work(job, folder, _engine_of(job, folder, engines), long_allowed, past))
            for job, past in taken
            for folder in (folders[job.inbox],)
        ]

    def _begin(self, work: Work) -> Work:
        _log_begun(work)
        if not self.working:
            self.turned.set()
        self.working[work.job.id] = work
        self._tasks[work.job.id] = asyncio.create_task(
            self._work(work), name=f"job {work.job.id}"
        )
        return work

    async def _work(self, work: Work) -> None:
        job_id = work.job.id
        try:
            await self._pipeline.work(work)
            self.finished.append(time.monotonic())
        except asyncio.CancelledError:
            if job_id in self._cancelled:
                await self._close_cancelled(job_id, self._cancelled[job_id])
            elif job_id in self._recalled:
                await self._ledger.do(lambda ledger: ledger.release(job_id, refund=True))
        except LedgerError as error:
            self._failure = error
        except OcrdError as error:  # at a stop with a full ledger; the next start recovers the job
            log.warning("%s", error, extra=work.about("left", code=error.code))
        finally:
            self._cancelled.pop(job_id, None)
            self._recalled.discard(job_id)
            del self.working[job_id]
            if not self.working:
                self.turned.set()
            del self._tasks[job_id]
            self.wake()

    async def _close_cancelled(self, job_id: int, reason: Reason) -> None:
        await self._ledger.do(
            lambda ledger: ledger.finish(
                job_id, JobState.CANCELLED, time.time(), reason=reason
            )
        )

    async def _has_space(self) -> bool:
        """Say whether the temporary directory has room to work in."""
        problem = await self._unprepared() or self._too_little_space() or await self._refusal()
        if problem and not self.problem:
            log.warning("Waits: %s", problem, extra=fields("no-space"))
        if self.problem and not problem:
            log.info("Goes on: there is space again.", extra=fields("space-back"))
            await self._ledger.do(lambda ledger: ledger.hasten(None))
        self.problem = problem
        return not problem

    async def _unprepared(self) -> str:
        """Return why the temporary directory cannot be made ready, until it once was."""
        if self._prepare_space is None:
            return ""
        try:
            await asyncio.to_thread(self._prepare_space)
        except OSError as error:
            return str(files.translate(error, self._watched_space))
        self._prepare_space = None
        return await asyncio.to_thread(outlets.refusal, self._watched_space)

    def _too_little_space(self) -> str:
        if not self.free_space_floor:
            return ""
        try:
            free = files.free_bytes(self._watched_space)
        except OcrdError as error:
            return str(error)
        if free >= self.free_space_floor:
            return ""
        return (
            f"Only {free >> 20} MiB are free at {files.printable(self._watched_space)}, less than"
            f" free_space_floor ({self.free_space_floor >> 20} MiB): waiting for space."
        )

    async def _refusal(self) -> str:
        """Return why files cannot be made for pages, tried while a document met such a cause."""
        if not self.problem and self._retried == self._pipeline.retried:
            return ""
        self._retried = self._pipeline.retried
        return await asyncio.to_thread(outlets.refusal, self._watched_space)


def _engine_of(job: Job, folder: Folder, engines: Mapping[str, EngineClient]) -> EngineClient:
    """Return the engine that was asked for, or the folder's where there is none of that name."""
    asked = job.order.settings.get("engine", "")
    return engines[asked if asked in engines else folder.settings.engine or "default"]


def _log_begun(work: Work) -> None:
    job = work.job
    text = "Begun."
    if job.state is JobState.FILING:
        text = "Read before; what came of it is put in its place."
    elif job.pages_done:
        text = f"Goes on, {job.pages_done} of {job.pages} pages are read."
    # A file that is looked at again and again until it is complete has begun once.
    log.log(
        logging.DEBUG if job.code else logging.INFO, text,
        extra=work.about("begun", attempt=job.attempts, pages_done=job.pages_done),
    )
