"""The look at a document before it is read: what it is, whether it is whole or has to wait.

After :meth:`Inspector.inspect` whatever the ledger keeps next of the document, it keeps with the
document's pages and hash, and it holds no page of another content.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ocrd.errors import CorruptError, NoPagesError, TooLargeError
from ocrd.job import SourceInfo
from ocrd.ledger.writer import LedgerWriter
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import DrawnBefore, page_path
from ocrd.verdicts import Verdicts
from ocrd.work import Work

LONG_PAGES = 20  # a document of more pages is long: only some of them are in work at a time


class TooLongForNowError(Exception):
    """The document is long and enough long ones are in work: it waits, inspected."""


class Inspector:
    """Inspects documents. One for the whole daemon."""

    def __init__(
        self, ledger: LedgerWriter, rasterizer: Rasterizer, verdicts: Verdicts, temp_dir: Path
    ) -> None:
        self._ledger = ledger
        self._rasterizer = rasterizer
        self._verdicts = verdicts
        self._temp_dir = temp_dir

    def awaited(self, work: Work, source: Source) -> Source:
        """Return the source as one that may still become whole, while the patience lasts."""
        job, patience = work.job, work.settings.patience
        return replace(
            source, awaited=not self._verdicts.is_patience_over(job.id, job.key, patience)
        )

    async def inspect(self, work: Work, source: Source, sha256: str) -> SourceInfo:
        """Return what the source is, and note it.

        The page of a document that has only one may be drawn by then: ``work.drawn``. Raises
        CorruptError while a damaged file may still become whole, TooLongForNowError, and the
        DocumentError of a file that cannot be read.
        """
        job = work.job
        info = await self._look(work, source)
        if info.repaired and source.awaited:
            raise CorruptError(
                f"{work.name} is damaged, or not complete yet.",
                hint="It is looked at again until the folder's patience is over.",
            )
        if job.sha256 not in {None, sha256}:
            await self._ledger.do(lambda ledger: ledger.forget_pages(job.id))
            work.past, work.doubtful, work.unread = None, 0, 0
        wanted = len(work.numbers(info))
        if not wanted:
            raise NoPagesError(
                f"{work.name} has {info.pages} pages, and none of those that were asked for.",
                hint="Ask for pages that it has; the first is page 1.",
            )
        most = work.folder.most_pages
        if most is not None and wanted > most:
            raise TooLargeError(
                f"{work.name} has {wanted} pages to be read, more than {most}.",
                hint="Ask for some of its pages, or raise max_pages in [api].",
            )
        # Not waited for: what is kept of the document later comes behind it, or with it.
        self._ledger.later(
            lambda ledger: ledger.inspected(job.id, pages=wanted, sha256=sha256)
        )
        work.info = info
        if wanted > LONG_PAGES and not work.long_allowed:
            raise TooLongForNowError
        return info

    async def _look(self, work: Work, source: Source) -> SourceInfo:
        """Look into the source, and have its only page drawn by the way where it is to be read."""
        hello, job = work.engine.announced, work.job
        if hello is None or job.pages_done or job.order.pages or (job.pages or 1) > 1:
            return await self._rasterizer.inspect(source, rank=work.rank)
        into = page_path(self._temp_dir, str(job.id), 1)
        looked = self._rasterizer.begin(source, into, hello.longest_side, rank=work.rank)
        info, image = await looked
        work.drawn = DrawnBefore(image, hello.longest_side) if image else None
        return info
