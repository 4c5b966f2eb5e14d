"""How far a document is read: which pages the ledger has, and which of them ended an engine.

After :meth:`Progress.keep` a page is not read again, whatever crashes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from ocrd import doubts, pages
from ocrd.account import cause
from ocrd.job import PageRead, PageStatus, Past
from ocrd.ledger.writer import LedgerWriter
from ocrd.work import Work

log = logging.getLogger("ocrd.progress")

FEW_PAGES = 8  # of a document whose pages are kept in memory until it is filed


class Progress:
    """The way through one document's pages, kept in the ledger."""

    def __init__(self, ledger: LedgerWriter, work: Work) -> None:
        self._ledger = ledger
        self._work = work

    async def missing(self) -> list[int]:
        """Return the numbers of the pages that are still to be read, in order."""
        done = (await self._past()).pages
        self._work.pages_done = self._work.pages_before = len(done)
        self._work.reading = time.monotonic()
        wanted = self._work.numbers(self._work.info) if self._work.info else ()
        return [number for number in wanted if number not in done]

    async def keep(self, page: PageRead) -> None:
        """Checkpoint a page that is done with, read or not, and say what is wrong with it."""
        work = self._work
        if (hello := work.engine.announced) and not page.engine:
            page = replace(page, engine=hello.name, model=hello.model)
        result, doubtful = pages.to_json(page), page.status is PageStatus.DOUBTFUL
        failed = doubts.is_unread(page, work.settings.doubt_tolerance)
        await self._ledger.do(
            lambda ledger: ledger.checkpoint(
                work.job.id, page.number, result, failed=failed, doubtful=doubtful
            )
        )
        work.pages_done += 1
        work.doubtful += doubtful
        work.unread += failed
        work.is_suspect = False
        if (work.pages or 0) <= FEW_PAGES:
            work.read[page.number] = page
        _log_remarks(work, page, failed=failed)

    async def kills(self) -> Mapping[int, int]:
        """Return how often each page has ended an engine, for those that did."""
        return (await self._past()).kills

    async def _past(self) -> Past:
        if self._work.past is None:
            self._work.past = await self._ledger.do(lambda ledger: ledger.past(self._work.job))
        return self._work.past

    def count_kill(self, page: int) -> None:
        """Note that a page ended an engine once more."""
        self._ledger.submit(lambda ledger: ledger.count_kill(self._work.job.id, page))

    def forget_kills(self, page: int) -> None:
        """Note that the engine was to blame, and not the page."""
        self._ledger.submit(lambda ledger: ledger.forget_kills(self._work.job.id, page))


def _log_remarks(work: Work, page: PageRead, *, failed: bool) -> None:
    """Say what is wrong with a page, or what its source or its engine remarked on it."""
    if page.status is PageStatus.FAILED:
        log.warning(
            "Page %d could not be read: %s", page.number, cause(page),
            extra=work.about("page-failed", page=page.number, code=page.code),
        )
        return
    if page.status is PageStatus.DOUBTFUL:
        log.warning(
            "Page %d is doubtful%s: %s.", page.number, " and counts as not read" * failed,
            doubts.told(page.doubts),
            extra=work.about(
                "page-doubtful", page=page.number, code=",".join(d.code for d in page.doubts),
                share=round(doubts.lost(page.doubts), 4),
            ),
        )
    if page.warnings:
        log.info(
            "Page %d: %s", page.number, "; ".join(page.warnings),
            extra=work.about("page-remark", page=page.number),
        )
