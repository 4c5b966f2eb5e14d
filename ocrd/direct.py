"""A document that is read while somebody waits: over the same queue, without the ledger.

Nothing of it outlives the request. Whoever goes away takes his pages with him. An engine that does
not start is said at once: documents of folders wait for it, people do not.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ocrd import files, pages
from ocrd.account import Account
from ocrd.engine.client import EngineClient
from ocrd.errors import (
    AlienTaskError,
    EngineError,
    NoPagesError,
    OcrdError,
    PageError,
    TooManyPagesError,
    UnknownEngineError,
)
from ocrd.figures import Figure
from ocrd.illustrating import Illustration, illustrate
from ocrd.job import Box, PageRead, Recognition, SourceInfo
from ocrd.layout import document as documents
from ocrd.ledger.queue import SECONDS_PER_PAGE
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import InterruptedReadingError, Reading, read_pages, unless_stopping
from ocrd.tasks import Task, fault_of

MARKDOWN = Task()
LOOK_SECONDS = 0.5  # between two looks at whether the engine still may come
DOOR = "requests"  # all of them have one turn, with what was brought for later


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for a document."""

    path: Path  # where it was received
    task: Task = MARKDOWN
    engine: str = "default"
    pages: tuple[tuple[int, int], ...] = ()  # as in job.Order
    priority: int = 0
    most_pages: int = 50
    on_text: Callable[[int, str, bool], None] | None = None  # a page's text as it comes
    on_page: Callable[[PageRead], None] | None = None  # as each is read, in no order
    on_numbers: Callable[[Sequence[int]], None] | None = None  # of the pages, before any is read
    on_answer: Callable[[int, Recognition], None] | None = None  # of a page, before on_page
    name: str = ""  # by which people know the document; "" is its file's

    def told(self, text: str) -> str:
        """Return what is said of the document, with the name by which people know it."""
        return text.replace(self.path.name, self.name) if self.name else text


@dataclass(slots=True)
class Answer:
    """What was read."""

    info: SourceInfo
    engine: str  # the engine's own name
    model: str
    pages: list[PageRead] = field(default_factory=list)  # in order, as the document has them
    recognitions: dict[int, Recognition] = field(default_factory=dict)  # by page
    state: str = "done"  # as a document's, "failed" where no page gave text
    account: Account = field(default_factory=Account)
    seconds: float = 0.0


class Direct:
    """Reads documents for those who wait. One for the whole daemon."""

    def __init__(
        self,
        rasterizer: Rasterizer,
        engines: Mapping[str, EngineClient],
        temp_dir: Path,
        stopping: asyncio.Event,
        *,
        door: str = DOOR,
    ) -> None:
        self._rasterizer = rasterizer
        self._engines = engines
        self._temp_dir = temp_dir
        self._stopping = stopping
        self._door = door
        self._numbers = itertools.count(1)

    def engine(self, name: str) -> EngineClient:
        """Return an engine of the configuration; raise UnknownEngineError."""
        try:
            return self._engines[name]
        except KeyError:
            raise UnknownEngineError(
                f"There is no engine {name!r}.",
                hint=f"There are {', '.join(sorted(self._engines))}.",
            ) from None

    async def read(self, question: Question) -> Answer:
        """Read the document.

        Raises the OcrdError of what concerns it as a whole; InterruptedReadingError at a stop. A
        page's own fault is in its PageRead.
        """
        try:
            return await self._answer(question)
        except OcrdError as error:
            error.what = question.told(error.what)
            raise

    async def _answer(self, question: Question) -> Answer:
        began, engine = time.monotonic(), self.engine(question.engine)
        source = self._source(question.path)
        rank = self._rank(question, 1)
        info = await self._rasterizer.inspect(source, rank=rank)
        numbers = wanted_pages(info.pages, question.pages)
        if len(numbers) > question.most_pages:
            raise TooManyPagesError(
                f"{len(numbers)} pages are more than are read while somebody waits"
                f" ({question.most_pages}).",
                hint="Ask for fewer pages, or make it a job: POST /v1/jobs.",
            )
        if question.on_numbers is not None:
            question.on_numbers(numbers)
        answer = Answer(info, engine.name, "")

        def take(page: int, said: Recognition) -> None:
            answer.recognitions[page] = said
            if question.on_answer is not None:
                question.on_answer(page, said)

        async def keep(page: PageRead) -> None:
            page = replace(page, warnings=tuple(map(question.told, page.warnings)))
            answer.pages.append(page)
            if question.on_page is not None:
                question.on_page(page)

        reading = Reading(
            source=source,
            name=self._name(),
            rasterizer=self._rasterizer,
            engine=engine,
            task=question.task,
            rank=self._rank(question, len(numbers)),
            door=self._door,
            temp_dir=self._temp_dir,
            on_page=keep,
            on_text=question.on_text,
            on_answer=take,
            stopping=self._stopping,
        )
        try:
            await _unless_out(engine, self._read(reading, numbers))
        except InterruptedReadingError:
            if len(answer.pages) < len(numbers):  # else all was read before the daemon stopped
                raise
        if hello := engine.announced:
            answer.engine, answer.model = hello.name, hello.model
        await asyncio.to_thread(_settle, answer, question.task.mode)
        answer.seconds = time.monotonic() - began
        return answer

    async def _read(self, reading: Reading, numbers: Sequence[int]) -> None:
        hello = await unless_stopping(self._stopping, reading.engine.hello())
        if reading.task.mode not in hello.modes:  # an engine module's: the others are known before
            raise AlienTaskError(
                f"The engine {hello.name} has no mode {reading.task.mode!r}.",
                hint=f"It has {', '.join(hello.modes)}.",
            )
        await read_pages(reading, numbers)

    async def cut(self, path: Path, page: PageRead, figures: Sequence[Figure]) -> list[bytes]:
        """Return figures of a page that was read, each a JPEG file.

        Raises the OcrdError of what cannot be drawn; InterruptedReadingError at a stop.
        """
        folder = self._temp_dir / self._name()
        source = self._source(path)
        try:
            await asyncio.to_thread(folder.mkdir)
            rank = (0, int(1000 * time.time()))
            cropping = self._rasterizer.crop(source, page, figures, folder, rank)
            await unless_stopping(self._stopping, cropping)
            return [
                await asyncio.to_thread((folder / figure.name).read_bytes) for figure in figures
            ]
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def boxed(self, path: Path, info: SourceInfo, page: PageRead) -> bytes:
        """Return a picture of a page that was read, with a frame around each block: a JPEG file.

        Raises the OcrdError of what cannot be drawn; InterruptedReadingError at a stop.
        """
        folder = self._temp_dir / self._name()
        rank = (0, int(1000 * time.time()))
        try:
            await asyncio.to_thread(folder.mkdir)
            wanted = Illustration(
                self._rasterizer, self._source(path), folder, figures=False,
                overlay=True, rank=rank, stopping=self._stopping,
            )  # fmt: skip
            made = await illustrate(wanted, [page])
            if made.overlay is None:
                raise PageError(*made.warnings[:1], page=page.number)
            whole = Figure(0, Box(0.0, 0.0, page.width, page.height), "boxed.jpg")
            sheet = self._source(made.overlay)
            if info.format != "PDF":  # of other files the overlay has this page alone
                page = replace(page, number=1)
            await self._rasterizer.crop(sheet, page, [whole], folder, rank)
            return await asyncio.to_thread((folder / whole.name).read_bytes)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _source(self, path: Path) -> Source:
        return Source(path, files.file_key(path), door=self._door)

    def _name(self) -> str:
        return f"request-{os.getpid()}-{next(self._numbers)}"

    def _rank(self, question: Question, pages: int) -> tuple[int, ...]:
        return (-question.priority, int(1000 * (time.time() + SECONDS_PER_PAGE * pages)))


async def _unless_out(engine: EngineClient, work: Coroutine[Any, Any, None]) -> None:
    """Do what needs the engine; raise EngineError once it does not start."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            if (outage := engine.outage) is not None:
                raise EngineError(outage.what, hint=outage.hint)
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


def _settle(answer: Answer, mode: str) -> None:
    """Put the pages in order, as the document has them together; count them."""
    answer.pages.sort(key=lambda page: page.number)
    survey = documents.Survey()
    for page in answer.pages:
        answer.account.add(page)
        survey.add(page)
    if mode in documents.MODES:
        answer.pages = [*survey.document().pages(iter(answer.pages))]
    is_unread = len(answer.account.unread) == len(answer.pages)
    answer.state = "failed" if is_unread and answer.pages else answer.account.state


def wanted_pages(total: int, ranges: tuple[tuple[int, int], ...]) -> Sequence[int]:
    """Return which of a document's pages are asked for, all for no ranges; raise NoPagesError."""
    numbers = pages.chosen(total, ranges)
    if not numbers:
        raise NoPagesError(
            f"The document has {total} pages, and none of those that were asked for.",
            hint="Ask for pages that it has; the first is page 1.",
        )
    return numbers


def require_possible(task: Task, kind: str) -> None:
    """Raise AlienTaskError where an engine of this kind cannot do the task."""
    if fault := fault_of(task, kind):
        raise AlienTaskError(f"{fault.message[:1].upper()}{fault.message[1:]}.", hint=fault.remedy)
