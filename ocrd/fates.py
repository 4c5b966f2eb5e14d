"""What becomes of a document that met an error: what `verdicts` says is done here.

After :meth:`Fates.meet` the document is final, or the ledger knows when it is leased again.
"""

from __future__ import annotations

import logging
import time

from ocrd.errors import Fate, OcrdError, Reason, SourceChangedError
from ocrd.finishing import Finisher
from ocrd.ledger.writer import LedgerWriter
from ocrd.verdicts import Verdict, Verdicts, delay_before_look
from ocrd.wording import span
from ocrd.work import Work

log = logging.getLogger("ocrd.fates")


class Fates:
    """Carries out what errors mean for their documents. One for the whole daemon."""

    def __init__(self, ledger: LedgerWriter, finisher: Finisher, verdicts: Verdicts) -> None:
        self._ledger = ledger
        self._finisher = finisher
        self._verdicts = verdicts
        self.retried = 0  # documents that met a cause that passes

    async def meet(self, work: Work, error: OcrdError) -> None:
        """Do what the error's fate asks; where that fails too, try again later."""
        try:
            if error.fate is Fate.WITHDRAW:  # nor is a source gone that only is out of reach
                await work.folder.threads.do(work.folder.require_root)
            await self._meet(work, error)
        except SourceChangedError as change:
            await self._meet(work, change)
        except OcrdError as second:
            if second.fate is Fate.STOP:
                raise
            await self.retry_later(work, Reason.of(second), refund=True)

    async def _meet(self, work: Work, error: OcrdError) -> None:
        patience = work.settings.patience
        match self._verdicts.judge(error, work.job.id, work.job.key, patience):
            case Verdict.STOP:
                raise error
            case Verdict.WITHDRAW:
                await self._finisher.withdraw(work, error)
            case Verdict.RETRY:
                await self.retry_later(work, Reason.of(error), refund=True)
            case Verdict.LOOK_AGAIN:
                await self._look_again_later(work, error)
            case Verdict.FILE:
                info = work.info if work.pages_done else None
                await self._finisher.file(work, info, error)

    async def give_back(self, work: Work) -> None:
        """Leave the document to the next lease, as if this one had not been."""
        await self._ledger.do(lambda ledger: ledger.release(work.job.id, refund=True))

    async def _look_again_later(self, work: Work, error: OcrdError) -> None:
        """Wait: what looks damaged may be a file that has not arrived whole."""
        is_first_look = work.job.code != error.code
        delay = delay_before_look(work.settings.patience)
        await self._ledger.do(
            lambda ledger: ledger.release(
                work.job.id, not_before=time.time() + delay, refund=True, reason=Reason.of(error)
            )
        )
        if is_first_look:
            log.info(
                "%s It fails if that is so for %s.",
                error.what, span(work.settings.patience), extra=work.about("incomplete"),
            )

    async def retry_later(self, work: Work, reason: Reason, *, refund: bool) -> None:
        """Wait for a cause to pass, longer each time; without ``refund`` the attempt counts."""
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
            "%s Tried again in %s. %s", reason.message, span(delay), reason.hint,
            extra=work.about("retry-later"),
        )
