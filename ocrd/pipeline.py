"""One document, from lease to filed. Read this first.

    take      hash the source (from a network share: copy it here)
    inspect   format, pages, limits, passwords; of one page, draw it, too
    read      draw, recognise and lay out each page; every page is checkpointed
    draw      cut the figures out of the pages, frame the blocks for the overlay
    file      stage the sidecars, record the intent, publish, move the source

A crash between any two steps loses nothing: the source stays in its inbox until the last one, the
ledger knows how far the job came, and the next lease goes on from there. What an error means for
the document is judged in one place, `verdicts`, and done in one, `fates`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from pathlib import Path

from ocrd import following, retrying
from ocrd.errors import NO_REASON, Fate, OcrdError, PoisonousError
from ocrd.fates import Fates
from ocrd.figures import figures_of
from ocrd.finishing import Finisher
from ocrd.following import Follower
from ocrd.illustrating import Illustration, illustrate
from ocrd.inspecting import Inspector, TooLongForNowError
from ocrd.job import JobState, SourceInfo
from ocrd.ledger.writer import LedgerWriter
from ocrd.progress import Progress
from ocrd.publishing import Publisher, needs_figures, sweep
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import InterruptedReadingError, Reading, read_pages
from ocrd.taking import taken
from ocrd.verdicts import Verdicts, failure, most_failures
from ocrd.work import Work

log = logging.getLogger("ocrd.pipeline")

MAX_ATTEMPTS = 3  # leases without a single page read in between


class Pipeline:
    """Works on leased documents. One for the whole daemon."""

    def __init__(self, ledger: LedgerWriter, rasterizer: Rasterizer, temp_dir: Path) -> None:
        verdicts = Verdicts()
        self._ledger = ledger
        self._rasterizer = rasterizer
        self._temp_dir = temp_dir
        self._publisher = Publisher(ledger)
        self._inspector = Inspector(ledger, rasterizer, verdicts, temp_dir)
        self._finisher = Finisher(ledger, self._publisher, verdicts)
        self._follower = Follower(ledger, self._publisher.names)
        self._fates = Fates(ledger, self._finisher, verdicts)
        self.stopping = asyncio.Event()

    @property
    def retried(self) -> int:
        """Return how many documents met a cause that passes."""
        return self._fates.retried

    async def work(self, work: Work) -> None:
        """Bring one leased document as far as it goes. Raises LedgerError and nothing else."""
        try:
            await self._go_on(work)
        except (InterruptedReadingError, TooLongForNowError):
            await self._fates.give_back(work)
        except OcrdError as error:
            if error.fate is Fate.RESTART_ENGINE and self.stopping.is_set():
                await self._fates.give_back(work)
            else:
                await self._fates.meet(work, error)
        except Exception:  # the border of one document
            log.exception("An internal error.", extra=work.about("internal-error"))
            await self._fates.retry_later(work, NO_REASON, refund=False)
        finally:
            if work.drawn is not None:
                _discard(work.drawn.image.path)
            if _is_there(self._drawings(work)):
                await asyncio.to_thread(shutil.rmtree, self._drawings(work), ignore_errors=True)

    async def _go_on(self, work: Work) -> None:
        """Begin, or take up what an earlier lease came to."""
        if _was_begun(work):
            await work.folder.threads.do(sweep, work)
        if retrying.is_begun(work.job):
            await self._finisher.take_back_again(work)
        elif following.is_begun(work.job):
            await self._follower.follow_again(work)
        elif work.job.state is JobState.FILING:
            await self._finisher.file_again(work)
        elif work.job.attempts > MAX_ATTEMPTS:
            raise _poisonous(work)
        else:
            await self._read_and_file(work)

    async def _read_and_file(self, work: Work) -> None:
        async with taken(work, self._temp_dir) as (found, sha256):
            if await self._finisher.was_read_before(work, sha256):
                return
            if await self._follower.follow(work, sha256):
                return
            source = self._inspector.awaited(work, found)
            info = await self._inspector.inspect(work, source, sha256)
            await self._read(work, source)
            await self._illustrate(work, source, info)
        error = await self._verdict(work, info)
        await self._finisher.file(work, info, error)

    async def _read(self, work: Work, source: Source) -> None:
        progress = Progress(self._ledger, work)
        if missing := await progress.missing():
            reading = Reading(
                source=source,
                name=str(work.job.id),
                rasterizer=self._rasterizer,
                engine=work.engine,
                task=work.settings.task,
                rank=work.rank,
                door=work.job.inbox,
                temp_dir=self._temp_dir,
                pages=work.pages or 0,
                on_page=progress.keep,
                on_kill=progress.count_kill,
                on_acquittal=progress.forget_kills,
                kills=await progress.kills(),
                drawn=work.drawn,
                stopping=self.stopping,
                deadly_pages=most_failures(work.pages or 0, work.settings.tolerance) + 1,
            )
            await read_pages(reading, missing)
            work.drawn = None  # what was drawn before is read, and gone

    async def _illustrate(self, work: Work, source: Source, info: SourceInfo) -> None:
        settings = work.settings
        wanted = Illustration(
            rasterizer=self._rasterizer,
            source=source,
            folder=self._drawings(work),
            figures=needs_figures(settings) and _may_have_figures(work, info),
            overlay="overlay" in settings.outputs,
            rank=work.rank,
            stopping=self.stopping,
        )
        work.illustrations = await illustrate(wanted, self._publisher.settled(work, info))

    def _drawings(self, work: Work) -> Path:
        return self._temp_dir / f"{work.job.id}.drawings"

    async def _verdict(self, work: Work, info: SourceInfo) -> OcrdError | None:
        """Return why the document fails, None if it is done."""
        if not work.unread:
            return None
        failed = await self._ledger.do(lambda ledger: ledger.failed_pages(work.job.id))
        total = len(work.numbers(info))
        return failure(work.name, failed, total, work.settings.tolerance)


def _was_begun(work: Work) -> bool:
    """Say whether there was an earlier lease that may have ended with its daemon."""
    return work.job.attempts > 1 or work.job.pages_done > 0 or work.job.state is JobState.FILING


def _may_have_figures(work: Work, info: SourceInfo) -> bool:
    """Say whether a page has figures, or has to be fetched from the ledger to be looked at."""
    read = (work.read.get(number) for number in work.numbers(info))
    return any(page is None or figures_of(page) for page in read)


def _poisonous(work: Work) -> OcrdError:
    return PoisonousError(
        f"{work.name} was begun {work.job.attempts - 1} times, and each time the work on it ended"
        " without a page read.",
        hint="Open the file in another program; 'ocrd retry' begins it once more.",
    )


def _discard(page: str) -> None:
    """Remove a drawn page that may not have been read."""
    with contextlib.suppress(OSError):  # it was; or a disk is read-only now, and starts empty it
        os.unlink(page)  # noqa: PTH108 - hot


def _is_there(path: Path) -> bool:
    """Say whether something is there to remove, as far as its disk lets us know."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder is shut
