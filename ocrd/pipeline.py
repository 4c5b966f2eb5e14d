"""One document, from lease to filed. Read this first.

    take      hash the source (from a network share: copy it here)
    inspect   format, pages, limits, passwords
    read      draw, recognise and lay out each page; every page is checkpointed
    draw      cut the figures out of the pages, frame the blocks for the overlay
    file      stage the sidecars, record the intent, publish, move the source

A crash between any two steps loses nothing: the source stays in its inbox until the last one, the
ledger knows how far the job came, and the next lease goes on from there. What an error means for
the document is judged in one place, `verdicts`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ocrd import files, pages, retrying
from ocrd.config.settings import InboxSettings
from ocrd.errors import (
    NO_REASON,
    CorruptError,
    Fate,
    OcrdError,
    PoisonousError,
    Reason,
    SourceChangedError,
    TransientError,
    UnsupportedError,
)
from ocrd.filing import filing, plans
from ocrd.illustrating import Illustration, illustrate
from ocrd.job import JobState, PageRead, PageStatus, SourceInfo
from ocrd.ledger.writer import LedgerWriter
from ocrd.publishing import Publisher, needs_figures, sweep
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import InterruptedReadingError, Reading, read_pages
from ocrd.verdicts import Verdict, Verdicts, delay_before_look, failure
from ocrd.work import Work

log = logging.getLogger("ocrd.pipeline")

MAX_PLANS = 10  # tries to find names that nobody takes in between
MAX_ATTEMPTS = 3  # leases without a single page read in between
LONG_PAGES = 20  # a document of more pages is long: only some of them are in work at a time


class TooLongForNowError(Exception):
    """The document is long and enough long ones are in work: it waits, inspected."""


class Pipeline:
    """Works on leased documents. One for the whole daemon."""

    def __init__(self, ledger: LedgerWriter, rasterizer: Rasterizer, temp_dir: Path) -> None:
        self._ledger = ledger
        self._rasterizer = rasterizer
        self._temp_dir = temp_dir
        self._publisher = Publisher(ledger)
        self._verdicts = Verdicts()
        self.stopping = asyncio.Event()
        self.retried = 0  # documents that met a cause that passes

    async def work(self, work: Work) -> None:
        """Bring one leased document as far as it goes. Raises LedgerError and nothing else."""
        try:
            if _was_begun(work):
                await work.folder.threads.do(sweep, work)
            if retrying.is_begun(work.job):
                await self._take_back_again(work)
            elif work.job.state is JobState.FILING:
                await self._file_again(work)
            elif work.job.attempts > MAX_ATTEMPTS:
                raise _poisonous(work)
            else:
                await self._read_and_file(work)
        except (InterruptedReadingError, TooLongForNowError):
            await self._ledger.do(lambda ledger: ledger.release(work.job.id, refund=True))
        except OcrdError as error:
            if error.fate is Fate.RESTART_ENGINE and self.stopping.is_set():
                await self._ledger.do(lambda ledger: ledger.release(work.job.id, refund=True))
            else:
                await self._judge(work, error)
        except Exception:  # the border of one document
            log.exception("An internal error.", extra=work.about("internal-error"))
            await self._retry_later(work, NO_REASON, refund=False)
        finally:
            if self._drawings(work).exists():
                await asyncio.to_thread(shutil.rmtree, self._drawings(work), ignore_errors=True)

    async def _read_and_file(self, work: Work) -> None:
        async with self._taken(work) as (source, sha256):
            work.sha256 = sha256
            if await self._is_read_already(work, sha256):
                return
            info = await self._inspect(work, source, sha256)
            await self._read(work, source)
            await self._illustrate(work, source, info)
        error = await self._verdict(work, info)
        await self._file(work, info, error)

    # Take

    @asynccontextmanager
    async def _taken(self, work: Work) -> AsyncIterator[tuple[Source, str]]:
        """Provide a source that can be read at leisure, and its hash."""
        passwords = _passwords(work.folder.settings)
        copy = self._temp_dir / f"{work.job.id}.source"
        try:
            if work.folder.is_network():
                sha256 = await self._copied(work, copy)
                yield Source(copy, files.file_key(copy), passwords, work.found_slow), sha256
            else:
                sha256 = await self._hashed(work)
                yield Source(work.place, work.job.key, passwords, work.found_slow), sha256
        finally:
            with contextlib.suppress(OSError):  # a disk that is read-only now; starts empty it
                copy.unlink(missing_ok=True)

    async def _hashed(self, work: Work) -> str:
        try:
            await self._refuse_borrowed(work)
            return await work.folder.threads.do(files.sha256_of, work.place, work.job.key)
        except UnsupportedError as error:  # a link or a pipe has its name now
            raise SourceChangedError(error.what, hint=error.hint) from error

    async def _copied(self, work: Work, copy: Path) -> str:
        try:
            await self._refuse_borrowed(work)
            return await work.folder.threads.do(files.snapshot, work.place, copy, work.job.key)
        except UnsupportedError as error:
            raise SourceChangedError(error.what, hint=error.hint) from error

    async def _refuse_borrowed(self, work: Work) -> None:
        network = work.folder.is_network()
        await work.folder.threads.do(
            files.refuse_borrowed, work.place, work.job.key, network=network
        )

    async def _is_read_already(self, work: Work, sha256: str) -> bool:
        """Finish a kept file whose content has been read before, touched or copied since."""
        job = work.job
        if work.folder.settings.source != "keep":
            return False
        before = await self._ledger.do(lambda ledger: ledger.kept_sha256(job.inbox, job.relpath))
        if before != sha256:
            return False
        await self._ledger.do(
            lambda ledger: ledger.finish(
                job.id, JobState.DONE, time.time(), destination=str(work.path), kept=True,
                sha256=sha256,
            )
        )
        return True

    # Inspect

    async def _inspect(self, work: Work, source: Source, sha256: str) -> SourceInfo:
        job = work.job
        info = await self._rasterizer.inspect(source, rank=work.rank)
        patience = work.folder.settings.patience
        if info.repaired and not self._verdicts.is_patience_over(job.id, job.key, patience):
            raise CorruptError(
                f"{work.name} is damaged, or not complete yet.",
                hint="It is looked at again until the folder's patience is over.",
            )
        if job.sha256 not in {None, sha256}:
            await self._ledger.do(lambda ledger: ledger.forget_pages(job.id))
        await self._ledger.do(
            lambda ledger: ledger.inspected(job.id, pages=info.pages, sha256=sha256)
        )
        work.info = info
        if info.pages > LONG_PAGES and not work.long_allowed:
            raise TooLongForNowError
        return info

    # Read

    async def _read(self, work: Work, source: Source) -> None:
        job = work.job
        done = await self._ledger.do(lambda ledger: ledger.pages_done(job.id))
        kills = await self._ledger.do(lambda ledger: ledger.kills(job.id))
        work.pages_done = len(done)

        async def checkpoint(page: PageRead) -> None:
            if hello := work.engine.announced:
                page = replace(page, engine=hello.name, model=hello.model)
            result, failed = pages.to_json(page), page.status is PageStatus.FAILED
            await self._ledger.do(
                lambda ledger: ledger.checkpoint(job.id, page.number, result, failed=failed)
            )
            work.pages_done += 1
            work.is_suspect = False
            if failed:
                log.warning(
                    "Page %d could not be read: %s", page.number, "; ".join(page.warnings),
                    extra=work.about("page-failed", page=page.number, code=page.code),
                )

        reading = Reading(
            source=source,
            name=str(job.id),
            rasterizer=self._rasterizer,
            engine=work.engine,
            task=work.folder.settings.task,
            rank=work.rank,
            temp_dir=self._temp_dir,
            on_page=checkpoint,
            on_kill=lambda page: self._count_kill(job.id, page),
            on_acquittal=lambda page: self._forget_kills(job.id, page),
            kills=kills,
            stopping=self.stopping,
        )
        total = work.pages or 0
        numbers = (number for number in range(1, total + 1) if number not in done)
        if len(done) < total:
            await read_pages(reading, numbers)

    async def _illustrate(self, work: Work, source: Source, info: SourceInfo) -> None:
        settings = work.folder.settings
        wanted = Illustration(
            rasterizer=self._rasterizer,
            source=source,
            folder=self._drawings(work),
            figures=needs_figures(settings),
            overlay="overlay" in settings.outputs,
            rank=work.rank,
            stopping=self.stopping,
        )
        work.illustrations = await illustrate(wanted, self._publisher.pages(work.job, info))

    def _drawings(self, work: Work) -> Path:
        return self._temp_dir / f"{work.job.id}.drawings"

    def _count_kill(self, job_id: int, page: int) -> None:
        self._ledger.submit(lambda ledger: ledger.count_kill(job_id, page))

    def _forget_kills(self, job_id: int, page: int) -> None:
        self._ledger.submit(lambda ledger: ledger.forget_kills(job_id, page))

    async def _verdict(self, work: Work, info: SourceInfo) -> OcrdError | None:
        """Return why the document fails, None if it is done."""
        failed = await self._ledger.do(lambda ledger: ledger.failed_pages(work.job.id))
        return failure(failed, info.pages, work.folder.settings.tolerance)

    # File

    async def _file(
        self, work: Work, info: SourceInfo | None, error: OcrdError | None
    ) -> None:
        """Publish what there is and dispose of the source; plan anew while names get taken."""
        work.is_filing = True
        await work.folder.threads.do(work.folder.require_root)
        for _ in range(MAX_PLANS):
            plan = await work.folder.threads.do(self._publisher.stage, work, info, error)
            try:
                await work.folder.threads.do(filing.publish, plan, work.job.key, work.sha256)
            except filing.PlanOutdatedError:
                continue
            finally:
                self._publisher.release(plan)
            await self._finish(work, plan)
            return
        raise TransientError(
            f"{work.name}: every name that was planned for its files was taken meanwhile.",
            hint="Something else writes files of these names into the destination folder.",
        )

    async def _file_again(self, work: Work) -> None:
        """Carry out an intent that a crash or a full disk interrupted."""
        work.is_filing = True
        plan = plans.Plan.from_json(work.job.plan)
        await work.folder.threads.do(work.folder.require_root)
        try:
            await work.folder.threads.do(filing.publish, plan, work.job.key, work.job.sha256)
        except filing.PlanOutdatedError:
            await self._ledger.do(lambda ledger: ledger.reopen(work.job.id))
            return
        await self._finish(work, plan)

    async def _take_back_again(self, work: Work) -> None:
        """Go on with a retry that a crash interrupted: the source returns to the inbox."""
        work.is_filing = True
        await work.folder.threads.do(work.folder.require_root)
        try:
            await work.folder.threads.do(retrying.put_back, work.job)
        except SourceChangedError as error:
            await self._ledger.do(lambda ledger: retrying.give_up(ledger, work.job))
            log.warning(
                "Not retried: %s %s", error.what, error.hint, extra=work.about("not-retried")
            )
            return
        await self._ledger.do(lambda ledger: ledger.forget(work.job.id))
        work.folder.forget(work.job.relpath)

    async def _finish(self, work: Work, plan: plans.Plan) -> None:
        kept = plan.action == "keep"
        await self._ledger.do(
            lambda ledger: ledger.finish(
                work.job.id, plan.state, time.time(),
                destination=plan.destination or (plan.source if kept else ""),
                sha256=work.sha256 or work.job.sha256,
                kept=kept,
                reason=plan.reason,
                outputs={output.path: output.sha256 for output in plan.outputs},
            )
        )
        self._verdicts.forget(work.job.id)
        if not kept:
            work.folder.forget(work.job.relpath)
        _log_filed(work, plan)

    # Judge

    async def _judge(self, work: Work, error: OcrdError) -> None:
        """Do what the error's fate asks; where that fails too, try again later."""
        try:
            if error.fate is Fate.WITHDRAW:  # nor is a source gone that only is out of reach
                await work.folder.threads.do(work.folder.require_root)
            await self._meet_fate(work, error)
        except SourceChangedError as change:
            await self._meet_fate(work, change)
        except OcrdError as second:
            if second.fate is Fate.STOP:
                raise
            await self._retry_later(work, Reason.of(second), refund=True)

    async def _meet_fate(self, work: Work, error: OcrdError) -> None:
        patience = work.folder.settings.patience
        match self._verdicts.judge(error, work.job.id, work.job.key, patience):
            case Verdict.STOP:
                raise error
            case Verdict.WITHDRAW:
                await self._withdraw(work, error)
            case Verdict.RETRY:
                await self._retry_later(work, Reason.of(error), refund=True)
            case Verdict.LOOK_AGAIN:
                await self._look_again_later(work, error)
            case Verdict.FILE:
                await self._file(work, work.info if work.pages_done else None, error)

    async def _withdraw(self, work: Work, error: OcrdError) -> None:
        await self._ledger.do(
            lambda ledger: ledger.finish(
                work.job.id, JobState.WITHDRAWN, time.time(), reason=Reason.of(error)
            )
        )
        self._verdicts.forget(work.job.id)
        work.folder.forget(work.job.relpath)
        log.info("%s", error.what, extra=work.about("withdrawn"))

    async def _look_again_later(self, work: Work, error: OcrdError) -> None:
        """Wait: what looks damaged may be a file that has not arrived whole."""
        is_first_look = work.job.code != error.code
        delay = delay_before_look(work.folder.settings.patience)
        await self._ledger.do(
            lambda ledger: ledger.release(
                work.job.id, not_before=time.time() + delay, refund=True, reason=Reason.of(error)
            )
        )
        if is_first_look:
            log.info(
                "Damaged, or not complete yet; it fails if that is so for %d s. %s",
                round(work.folder.settings.patience), error.what,
                extra=work.about("incomplete"),
            )

    async def _retry_later(self, work: Work, reason: Reason, *, refund: bool) -> None:
        self.retried += 1
        if work.is_filing:
            work.folder.doubt()
        delay = self._verdicts.delay_before_retry(work.job.id)
        await self._ledger.do(
            lambda ledger: ledger.release(
                work.job.id, not_before=time.time() + delay, refund=refund, reason=reason
            )
        )
        log.warning(
            "%s Tried again in %d s. %s", reason.message, delay, reason.hint,
            extra=work.about("retry-later"),
        )


def _was_begun(work: Work) -> bool:
    """Say whether there was an earlier lease that may have ended with its daemon."""
    return work.job.attempts > 1 or work.job.pages_done > 0 or work.job.state is JobState.FILING


def _poisonous(work: Work) -> OcrdError:
    return PoisonousError(
        f"{work.name} was begun {work.job.attempts - 1} times, and each time the work on it ended"
        " without a page read.",
        hint="Open the file in another program; 'ocrd retry' begins it once more.",
    )


def _passwords(settings: InboxSettings) -> tuple[str, ...]:
    return tuple(password.get_secret_value() for password in settings.passwords)


def _log_filed(work: Work, plan: plans.Plan) -> None:
    seconds = round(time.monotonic() - work.started, 2)
    where = files.printable(plan.destination or plan.source)
    about = work.about(
        str(plan.state), pages=work.pages, seconds=seconds, destination=where,
        code=plan.reason.code, hint=plan.reason.hint, page=plan.reason.page,
    )
    if plan.state is JobState.DONE:
        log.info("Done in %.1f s, %s pages: %s", seconds, work.pages or "?", where, extra=about)
    else:
        log.error(
            "Failed: %s %s (%s)", plan.reason.message, plan.reason.hint, where, extra=about
        )
