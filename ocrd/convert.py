"""Documents to Markdown in one shot, without a daemon or ledger: what ``ocrd convert`` runs.

A source is never touched. An output appears whole or not at all, and never over an existing file
unless ``force`` says so; see ``delivering``. Several documents are in work at a time; each outcome
is told as soon as it is there, and what goes into a stream keeps the order of the sources.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from ocrd import files, pages, remedies
from ocrd.account import Account, damage
from ocrd.config.settings import Settings
from ocrd.delivering import Delivery, Outlet, Targets
from ocrd.engine.chain import with_those_behind
from ocrd.engine.client import EngineClient
from ocrd.errors import OcrdError, UnreadablePagesError
from ocrd.filing import plans
from ocrd.gathering import STANDARD, Original
from ocrd.illustrating import Illustration, Illustrations, illustrate
from ocrd.job import PageRead, SourceInfo
from ocrd.layout import document as documents
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import Reading, read_pages
from ocrd.sidecar.document import DocumentResult
from ocrd.tasks import Task

MARKDOWN = Task()
TOLERANCE = 0.1  # share of pages that may fail, as in a folder that does not say otherwise
JOBS = 8  # documents in work at a time, where nobody says how many: as many as in a daemon


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion is."""

    file: Path
    pages_done: int
    pages: int
    total_done: int  # pages, over all files
    total_known: int  # pages, of the files looked into so far


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. One that failed may have outputs, too: what was read of it."""

    file: Path
    outputs: tuple[Path, ...]  # STANDARD is the stream
    error: OcrdError | None
    pages: int
    seconds: float
    warnings: tuple[str, ...] = ()
    state: str = "failed"  # or "done", "done with doubts", "partial"
    doubtful: tuple[int, ...] = ()  # pages
    failed: tuple[int, ...] = ()  # pages that count as not read


class _PageSpool:
    """Page results in a temporary file, so that a book does not fill the memory."""

    def __init__(self, out: IO[bytes], *, is_one_text: bool = True) -> None:
        self._out = out
        self._places: dict[int, tuple[int, int]] = {}
        self._is_one_text = is_one_text
        self._document = documents.Document()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, page: PageRead) -> None:
        """Keep a page."""
        body = pages.to_json(page).encode()
        self._out.seek(0, 2)
        self._places[page.number] = (self._out.tell(), len(body))
        self._out.write(body)

    def account(self) -> Account:
        """Return what is told of the pages, which are all there now."""
        account, survey = Account(), documents.Survey()
        for page in self._pages():
            account.add(page)
            survey.add(page)
        self._document = survey.document()
        return account

    def __iter__(self) -> Iterator[PageRead]:
        """Yield the pages, as the document has them once they are accounted for."""
        read = self._pages()
        return self._document.pages(read) if self._is_one_text else read

    def _pages(self) -> Iterator[PageRead]:
        for _, (offset, length) in sorted(self._places.items()):
            self._out.seek(offset)
            yield pages.from_json(self._out.read(length).decode())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of each document."""

    task: Task = MARKDOWN
    outputs: tuple[str, ...] = ("md",)
    figures: bool = True
    passwords: tuple[str, ...] = field(default=(), repr=False)

    @property
    def with_figures(self) -> bool:
        """Say whether something is written that links to cut-out figures."""
        in_text = "md" in self.outputs and self.task.mode != "text"
        return self.figures and ("json" in self.outputs or in_text)


@dataclass
class _Conversion:
    wanted: Wanted
    delivery: Delivery
    rasterizer: Rasterizer
    engine: EngineClient
    temp_dir: Path
    on_progress: Callable[[Progress], None]
    on_outcome: Callable[[Outcome], None]
    turns: _Turns
    total_done: int = 0
    total_known: int = 0

    async def convert_all(self, originals: Sequence[Original], jobs: int) -> list[Outcome]:
        """Convert them, some at a time; return the outcomes in the order of the sources."""
        work = [_Work(original, number) for number, original in enumerate(originals, 1)]
        # All names first: they do not depend on who is ready first.
        for one in work:
            self._choose_names(one)
        waiting = iter(work)

        async def convert_some() -> None:
            for one in waiting:
                one.outcome = await self._convert(one)
                self.turns.end(one.number)
                self.on_outcome(one.outcome)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(jobs, len(work))):
                    group.create_task(convert_some())
        except ExceptionGroup as failed:  # of nothing that concerns one document
            raise failed.exceptions[0] from failed
        return [one.outcome for one in work if one.outcome is not None]

    def _choose_names(self, work: _Work) -> None:
        try:
            if work.original.error is not None:
                raise work.original.error
            work.targets = self.delivery.targets(work.original)
        except OcrdError as error:
            work.error = error

    async def _convert(self, work: _Work) -> Outcome:
        """Convert one document; its error is in the outcome."""
        began = time.monotonic()
        original = work.original
        info: SourceInfo | None = None
        try:
            if work.error is not None:
                raise work.error
            key = files.file_key(original.path)
            source = Source(original.path, key, self.wanted.passwords)
            info = await self.rasterizer.inspect(source, rank=(work.number,))
            self.total_known += info.pages
            self._tell(work, 0, info)
            with tempfile.TemporaryFile(dir=self.temp_dir) as out:
                spool = _PageSpool(out, is_one_text=self.wanted.task.mode in documents.MODES)
                await self._read(work, source, info, spool)
                account = await asyncio.to_thread(spool.account)
                verdict = _verdict(original, info, account)
                if verdict is not None and not account.holds_text:
                    raise verdict
                sha256 = await asyncio.to_thread(files.sha256_of, original.path, key)
                made = await self._illustrate(work, source, spool)
                document = self._describe(original, sha256, info, account, time.monotonic() - began)
                document = replace(
                    document,
                    warnings=(*damage(info), *account.remarks, *made.warnings),
                    state="failed" if verdict else account.state,
                )
                written = await self._deliver(work, document, spool, made)
                shutil.rmtree(self._own_folder(work), ignore_errors=True)
        except OcrdError as error:
            return Outcome(
                original.shown,
                (),
                _of_command(error, original),
                info.pages if info else 0,
                time.monotonic() - began,
            )
        return Outcome(
            original.shown,
            written,
            verdict and _of_command(verdict, original),
            info.pages,
            time.monotonic() - began,
            tuple(map(remedies.said, document.warnings)),
            document.state,
            document.doubtful,
            document.failed,
        )

    def _tell(self, work: _Work, done: int, info: SourceInfo) -> None:
        self.on_progress(
            Progress(work.original.shown, done, info.pages, self.total_done, self.total_known)
        )

    def _own_folder(self, work: _Work) -> Path:
        return self.temp_dir / f"{work.number}.illustrations"

    async def _illustrate(self, work: _Work, source: Source, spool: _PageSpool) -> Illustrations:
        wanted = Illustration(
            rasterizer=self.rasterizer,
            source=source,
            folder=self._own_folder(work),
            figures=plans.ASSETS in work.targets,
            overlay=plans.OVERLAY in work.targets,
            rank=(work.number,),
        )
        return await illustrate(wanted, spool)

    async def _read(self, work: _Work, source: Source, info: SourceInfo, spool: _PageSpool) -> None:
        async def on_page(page: PageRead) -> None:
            spool.add(page)
            self.total_done += 1
            self._tell(work, len(spool), info)

        reading = Reading(
            source=source,
            name=str(work.number),
            rasterizer=self.rasterizer,
            engine=self.engine,
            task=self.wanted.task,
            rank=(work.number,),
            temp_dir=self.temp_dir,
            on_page=on_page,
            pages=info.pages,
        )
        await read_pages(reading, range(1, info.pages + 1))

    def _describe(
        self, original: Original, sha256: str, info: SourceInfo, account: Account, seconds: float
    ) -> DocumentResult:
        hello = self.engine.announced
        ours = (hello.name, hello.model) if hello else (self.engine.name, "")
        engine, model = (account.engine, account.model) if account.engine else ours
        return DocumentResult(
            source_name=files.printable(original.name),
            sha256=sha256,
            format=info.format,
            pages=info.pages,
            engine=engine,
            model=model,
            mode=self.wanted.task.mode,
            seconds=seconds,
            doubtful=tuple(account.doubtful),
            failed=tuple(account.unread),
            confidence=account.confidence,
            least=account.least,
        )

    async def _deliver(
        self,
        work: _Work,
        document: DocumentResult,
        spool: _PageSpool,
        made: Illustrations,
    ) -> tuple[Path, ...]:
        if not self.delivery.goes_out(work.original):
            return self.delivery.write(work.original, work.targets, document, spool, made)
        await self.turns.come(work.number)
        # In a thread: whoever reads from the pipe may take his time, and pages go on meanwhile.
        await asyncio.to_thread(self.delivery.send, document, spool, made, self.temp_dir)
        return (STANDARD,)


@dataclass
class _Work:
    """One document on its way."""

    original: Original
    number: int  # from 1
    targets: Targets = field(default_factory=dict)
    error: OcrdError | None = None  # why it is not even looked into
    outcome: Outcome | None = None


class _Turns:
    """Lets numbers from 1 on pass in their order."""

    def __init__(self) -> None:
        self._next = 1
        self._ended: set[int] = set()
        self._news = asyncio.Event()

    async def come(self, number: int) -> None:
        """Wait until all numbers before this one have ended."""
        while self._next < number:
            await self._news.wait()

    def end(self, number: int) -> None:
        """Let the next one pass, if all before it have ended too."""
        self._ended.add(number)
        while self._next in self._ended:
            self._ended.remove(self._next)
            self._next += 1
        self._news.set()
        self._news = asyncio.Event()


def _of_command(error: OcrdError, original: Original) -> OcrdError:
    shown = files.printable(original.shown)
    return remedies.of_command(error, files.printable(original.path.name), shown)


def _verdict(original: Original, info: SourceInfo, account: Account) -> OcrdError | None:
    """Return why the file counts as failed, None if it does not."""
    if len(account.unread) <= TOLERANCE * info.pages:
        return None
    return UnreadablePagesError(
        f"{files.printable(original.path.name)}: {len(account.unread)} of {info.pages} pages could"
        f" not be read; the first is page {account.unread[0]}: {account.first_cause}",
        hint="Correct the file and convert it again.",
        page=account.unread[0],
    )


async def convert(
    originals: Sequence[Original],
    outlet: Outlet,
    settings: Settings,
    temp_dir: Path,
    *,
    wanted: Wanted = Wanted(),
    force: bool = False,
    jobs: int = JOBS,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    on_outcome: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Convert the documents, ``jobs`` at a time; an error in one leaves the others alone."""
    rasterizer = Rasterizer(settings.rasterize, settings.limits)
    engines = with_those_behind(
        "default", {"default": settings.engine, **settings.engines}, is_patient=False
    )
    delivery = Delivery(outlet, wanted.outputs, originals, figures=wanted.with_figures, force=force)
    conversion = _Conversion(
        wanted, delivery, rasterizer, engines[0], temp_dir, on_progress, on_outcome, _Turns()
    )
    try:
        await rasterizer.start()
    except OcrdError as error:
        raise remedies.of_command(error) from error
    try:
        return await conversion.convert_all(originals, jobs)
    finally:
        for engine in engines:
            await engine.stop(0.0)
        await rasterizer.close()
