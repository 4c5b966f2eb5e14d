"""How a document ends: filed, withdrawn, back in its inbox, or known already.

Nothing appears before the ledger knows the intent, and the job is finished only once the source is
in its place: what a crash interrupts is taken up by :meth:`Finisher.file_again`, and a retry's way
back by :meth:`Finisher.take_back_again`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocrd import doubts, files, retrying
from ocrd.errors import OcrdError, Reason, SourceChangedError, TransientError
from ocrd.filing import filing, plans
from ocrd.job import JobState, SourceInfo
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.publishing import Publisher
from ocrd.verdicts import Verdicts
from ocrd.wording import span
from ocrd.work import Work

log = logging.getLogger("ocrd.finishing")

_NAMED = {"done with doubts": "Done with doubts", "partial": "Done in part"}

MAX_PLANS = 10  # tries to find names that nobody takes in between
QUICK_PAGES, QUICK_BYTES = 8, 1 << 23  # of a document that keeps no other one waiting


@dataclass(slots=True)
class _Filing:
    """A document that goes to its place, and what came of it."""

    work: Work
    info: SourceInfo | None
    error: OcrdError | None
    plan: plans.Plan | None = None
    failure: Exception | None = None  # PlanOutdatedError: it is to be planned anew


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
                job.id,
                JobState.DONE,
                time.time(),
                destination=str(work.path),
                kept=True,
                sha256=sha256,
            )
        )
        return True

    async def file(self, work: Work, info: SourceInfo | None, error: OcrdError | None) -> None:
        """Publish what there is and dispose of the source; plan anew while names get taken.

        Small documents of one folder go together: they share the syncs and the commits.
        """
        work.is_filing = True
        one = _Filing(work, info, error)
        if _is_quick(work):
            plan = await work.folder.threads.do_together(self._filed, one)
        else:
            (outcome,) = await work.folder.threads.do(self._filed, [one])
            if isinstance(outcome, Exception):
                raise outcome
            plan = outcome
        self._note_end(work, plan)

    def _filed(self, some: Sequence[_Filing]) -> list[plans.Plan | Exception]:
        """File documents of one folder, in one of its threads; return what was carried out."""
        some[0].work.folder.require_root()
        left = some
        for _ in range(MAX_PLANS):
            self._file_once(left)
            left = [one for one in left if isinstance(one.failure, filing.PlanOutdatedError)]
            if not left:
                break
        for one in left:
            one.failure = TransientError(
                f"{one.work.name}: every name that was planned for its files was taken meanwhile.",
                hint="Something else writes files of these names into the destination folder.",
            )
        self._close(some)
        return [one.failure or _plan_of(one) for one in some]

    def _file_once(self, some: Sequence[_Filing]) -> None:
        """Stage all, record the intents together, then carry them out side by side."""
        at_once = some[0].work.folder.threads.side_by_side
        plans_made = files.carry_out_all(
            [self._publisher.staging(one.work, one.info, one.error) for one in some], at_once
        )
        for one, made in zip(some, plans_made, strict=True):
            one.plan, one.failure = (None, made) if isinstance(made, Exception) else (made, None)
        staged = [one for one in some if one.failure is None]
        self._record([
            (one, self._publisher.intent(one.work, one.info, _plan_of(one))) for one in staged
        ])  # fmt: skip
        for one in staged:
            if one.failure is not None:
                filing.withdraw(_plan_of(one))
        intended = [one for one in staged if one.failure is None]
        outcomes = files.carry_out_all([
            filing.publishing(_plan_of(one), one.work.job.key, one.work.sha256)
            for one in intended
        ], at_once)  # fmt: skip
        for one, outcome in zip(intended, outcomes, strict=True):
            one.failure = outcome
        for one in staged:
            self._publisher.release(_plan_of(one))

    def _close(self, some: Sequence[_Filing]) -> None:
        """Have the ledger know of those that are in their places."""
        self._record([
            (one, self._end_of(one.work, _plan_of(one))) for one in some if one.failure is None
        ])  # fmt: skip

    def _record(self, steps: Sequence[tuple[_Filing, Callable[[Ledger], None]]]) -> None:
        """Have the ledger do a step for each document, in one commit; note what fails."""
        done = self._ledger.submit_all([step for _, step in steps])
        for (one, _), future in zip(steps, done, strict=True):
            one.failure = future.exception()  # type: ignore[assignment]  # no step raises others

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
        await self._ledger.do(self._end_of(work, plan))
        self._note_end(work, plan)

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

    def _end_of(self, work: Work, plan: plans.Plan) -> Callable[[Ledger], None]:
        """Return the step that closes a document whose files are in their places."""
        kept, now = plan.action == "keep", time.time()
        sha256 = work.sha256 or work.job.sha256
        return lambda ledger: ledger.finish(
            work.job.id,
            plan.state,
            now,
            destination=plan.destination or (plan.source if kept else ""),
            sha256=sha256,
            kept=kept,
            reason=plan.reason,
            outputs={output.path: output.sha256 for output in plan.outputs},
        )

    def _note_end(self, work: Work, plan: plans.Plan) -> None:
        self._verdicts.forget(work.job.id)
        if plan.action != "keep":
            work.folder.left(work.job.relpath)
            work.folder.forget(work.job.relpath)
        _log_filed(work, plan)


def _is_quick(work: Work) -> bool:
    """Say whether filing it takes so short that others may wait for it.

    On a share each call is a wait of its own: there the threads go side by side.
    """
    is_small = (work.pages or 0) <= QUICK_PAGES and work.job.key.size <= QUICK_BYTES
    return is_small and not work.folder.is_network()


def _plan_of(one: _Filing) -> plans.Plan:
    assert one.plan is not None
    return one.plan


def _log_filed(work: Work, plan: plans.Plan) -> None:
    seconds = round(time.monotonic() - work.started, 2)
    place = Path(plan.destination or plan.source)
    # The record begins with the document's name.
    where = files.printable(place if place.name != work.path.name else place.parent)
    about = work.about(
        str(plan.state),
        pages=work.pages,
        seconds=seconds,
        destination=files.printable(place),
        code=plan.reason.code,
        hint=plan.reason.hint,
        page=plan.reason.page,
        doubtful=work.doubtful or None,
        unread=work.unread or None,
    )
    state = doubts.state_of(unread=work.unread, doubtful=work.doubtful)
    if plan.state is JobState.DONE and state == "done":
        log.info("Done in %s, %s: %s", span(round(seconds, 1)), _pages(work), where, extra=about)
    elif plan.state is JobState.DONE:
        log.warning(
            "%s in %s, %s, %d doubtful, %d not read: %s",
            _NAMED[state],
            span(round(seconds, 1)),
            _pages(work),
            work.doubtful,
            work.unread,
            where,
            extra=about,
        )
    else:
        log.error("Failed: %s %s (%s)", plan.reason.message, plan.reason.hint, where, extra=about)


def _pages(work: Work) -> str:
    return "1 page" if work.pages == 1 else f"{work.pages or '?'} pages"
