"""How a document ends: filed, withdrawn, back in its inbox, or known already.

Nothing appears before the ledger knows the intent, and the job is finished only once the source is
in its place: what a crash interrupts is taken up by :meth:`Finisher.file_again`, and a retry's way
back by :meth:`Finisher.take_back_again`.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from ocrd import doubts, files, retrying
from ocrd.errors import OcrdError, Reason, SourceChangedError, TransientError
from ocrd.filing import filing, plans
from ocrd.job import JobState, SourceInfo
from ocrd.ledger.writer import LedgerWriter
from ocrd.publishing import Publisher
from ocrd.verdicts import Verdicts
from ocrd.wording import span
from ocrd.work import Work

log = logging.getLogger("ocrd.finishing")

_NAMED = {"done with doubts": "Done with doubts", "partial": "Done in part"}

MAX_PLANS = 10  # tries to find names that nobody takes in between


class Finisher:
    """Brings documents to their end. One for the whole daemon."""

    def __init__(self, ledger: LedgerWriter, publisher: Publisher, verdicts: Verdicts) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._verdicts = verdicts

    async def was_read_before(self, work: Work, sha256: str) -> bool:
        """Finish a kept file whose content has been read before, touched or copied since."""
        job = work.job
        if work.settings.source != "keep":
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

    async def file(self, work: Work, info: SourceInfo | None, error: OcrdError | None) -> None:
        """Publish what there is and dispose of the source; plan anew while names get taken."""
        work.is_filing = True
        plan = await work.folder.threads.do(self._filed, work, info, error)
        await self._finish(work, plan)

    def _filed(
        self, work: Work, info: SourceInfo | None, error: OcrdError | None
    ) -> plans.Plan:
        """File a document, in one of its folder's threads; return what was carried out."""
        work.folder.require_root()
        for _ in range(MAX_PLANS):
            plan = self._publisher.stage(work, info, error)
            try:
                filing.publish(plan, work.job.key, work.sha256)
            except filing.PlanOutdatedError:
                continue
            finally:
                self._publisher.release(plan)
            return plan
        raise TransientError(
            f"{work.name}: every name that was planned for its files was taken meanwhile.",
            hint="Something else writes files of these names into the destination folder.",
        )

    async def file_again(self, work: Work) -> None:
        """Carry out an intent that a crash or a full disk interrupted."""
        work.is_filing = True
        plan = plans.Plan.from_json(work.job.plan)

        def publish() -> None:
            work.folder.require_root()
            filing.publish(plan, work.job.key, work.job.sha256)

        try:
            await work.folder.threads.do(publish)
        except filing.PlanOutdatedError:
            await self._ledger.do(lambda ledger: ledger.reopen(work.job.id))
            return
        await self._finish(work, plan)

    async def take_back_again(self, work: Work) -> None:
        """Go on with a retry that a crash interrupted: the source returns to the inbox."""
        work.is_filing = True
        await work.folder.threads.do(work.folder.require_root)
        try:
            key = await work.folder.threads.do(retrying.put_back, work.job)
            read, settings = retrying.is_to_be_read(work.job), work.settings
            stray = ""
            if read:
                stray = await work.folder.threads.do(retrying.stray_at_home, work.job, settings)
        except SourceChangedError as error:
            await self._ledger.do(lambda ledger: retrying.give_up(ledger, work.job))
            log.warning(
                "Not retried: %s %s", error.what, error.hint, extra=work.about("not-retried")
            )
            return
        await self._ledger.do(
            lambda ledger: retrying.end(
                ledger, work.job, key, priority=settings.priority, read=read, stray=stray
            )
        )
        work.folder.forget(work.job.relpath)

    async def withdraw(self, work: Work, error: OcrdError) -> None:
        """Forget a document whose source is gone or another one, which the scan will find."""
        await self._ledger.do(
            lambda ledger: ledger.finish(
                work.job.id, JobState.WITHDRAWN, time.time(), reason=Reason.of(error)
            )
        )
        self._verdicts.forget(work.job.id)
        work.folder.forget(work.job.relpath)
        log.info("%s", error.what, extra=work.about("withdrawn"))

    async def _finish(self, work: Work, plan: plans.Plan) -> None:
        kept, job_id = plan.action == "keep", work.job.id
        await self._ledger.do(
            lambda ledger: ledger.finish(
                job_id, plan.state, time.time(),
                destination=plan.destination or (plan.source if kept else ""),
                sha256=work.sha256 or work.job.sha256,
                kept=kept,
                reason=plan.reason,
                outputs={output.path: output.sha256 for output in plan.outputs},
            )
        )
        self._verdicts.forget(work.job.id)
        if not kept:
            work.folder.left(work.job.relpath)
            work.folder.forget(work.job.relpath)
        _log_filed(work, plan)


def _log_filed(work: Work, plan: plans.Plan) -> None:
    seconds = round(time.monotonic() - work.started, 2)
    place = Path(plan.destination or plan.source)
    # The record begins with the document's name.
    where = files.printable(place if place.name != work.path.name else place.parent)
    about = work.about(
        str(plan.state), pages=work.pages, seconds=seconds, destination=files.printable(place),
        code=plan.reason.code, hint=plan.reason.hint, page=plan.reason.page,
        doubtful=work.doubtful or None, unread=work.unread or None,
    )
    state = doubts.state_of(unread=work.unread, doubtful=work.doubtful)
    if plan.state is JobState.DONE and state == "done":
        log.info(
            "Done in %s, %s: %s", span(round(seconds, 1)), _pages(work), where, extra=about
        )
    elif plan.state is JobState.DONE:
        log.warning(
            "%s in %s, %s, %d doubtful, %d not read: %s", _NAMED[state], span(round(seconds, 1)),
            _pages(work), work.doubtful, work.unread, where, extra=about,
        )
    else:
        log.error(
            "Failed: %s %s (%s)", plan.reason.message, plan.reason.hint, where, extra=about
        )


def _pages(work: Work) -> str:
    return "1 page" if work.pages == 1 else f"{work.pages or '?'} pages"
