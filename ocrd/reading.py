"""The pages of one document through drawing, recognition and layout, several at a time.

Pages are drawn ahead of the engine, a few and no more: there is room for the next page when one is
read, so that books of any length need a few page images on disk and constant memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ocrd import doubts, languages, opinions
from ocrd.engine.chain import ChainedEngine
from ocrd.engine.client import EngineClient
from ocrd.engine.protocol import Hello
from ocrd.errors import (
    DocumentError,
    DoubtfulPageError,
    EngineError,
    OcrdError,
    PageError,
    PoisonousPageError,
    SourceChangedError,
    TransientError,
)
from ocrd.files import file_key
from ocrd.job import PageImage, PageRead, PageStatus, Recognition
from ocrd.layout import layout
from ocrd.layout.sheet import page_box, rounded
from ocrd.markdown import markup
from ocrd.raster.rasterize import MAX_DEADLY_PAGES, Rasterizer, Source
from ocrd.tasks import Task

T = TypeVar("T")

FEW_LINES = 5  # that are laid out at once
KNOWN_GOOD = Path(__file__).parent / "samples" / "newsletter.jpg"  # a page that engines can read


class InterruptedReadingError(Exception):
    """The daemon stops; what was read so far is checkpointed."""


class DrawnBefore(NamedTuple):
    """A page that was drawn before its document is read, where it is drawn while that is."""

    image: PageImage
    longest_side: int  # pixels, that were asked for


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one document needs."""

    source: Source
    name: str  # unique in the temporary directory
    rasterizer: Rasterizer
    engine: EngineClient
    task: Task
    rank: tuple[int, ...]  # lowest first, among all pages that wait for the engine
    temp_dir: Path
    on_page: Callable[[PageRead], Awaitable[None]]
    on_kill: Callable[[int], None] = lambda _page: None
    on_acquittal: Callable[[int], None] = lambda _page: None
    door: str = ""  # that the document came by: doors have their turn
    on_text: Callable[[int, str, bool], None] | None = None  # a page's text as it comes
    on_answer: Callable[[int, Recognition], None] = lambda _page, _answer: None
    kills: Mapping[int, int] = field(default_factory=dict)  # by page
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    pages: int = 0  # of the document; 0 is not known
    drawn: DrawnBefore | None = None
    deadly_pages: int = MAX_DEADLY_PAGES  # that take all their time: so many end the document


async def read_pages(reading: Reading, numbers: Iterable[int]) -> None:
    """Read the pages and hand each to ``on_page``, in the order in which they finish.

    Raises InterruptedReadingError once ``stopping`` is set, and the OcrdError of a fault that
    concerns the whole document; a page's own fault is a PageRead that says so.
    """
    hello = await _hello(reading)
    if reading.task.mode not in hello.modes:  # an engine module's: the others are known before
        raise TransientError(
            f'The engine {hello.name} has no mode "{reading.task.mode}".',
            hint=f"It has {', '.join(hello.modes)}: correct the folder's mode, then ocrd reload.",
        )
    if hello.name == "tesseract" and (fault := languages.complaint(reading.task.languages)):
        raise TransientError(f"{fault.what}.", hint=fault.remedy)
    room = reading.engine.room

    async def read_one(number: int) -> None:
        try:
            await _read_page(reading, number, hello.longest_side)
        except (InterruptedReadingError, EngineError):
            # At a stop, pages that wait are given up; raising would cancel those in work too.
            if not reading.stopping.is_set():
                raise
        finally:
            room.leave(reading.name)

    try:
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                await room.enter(reading.name, reading.rank, reading.door)
                if reading.stopping.is_set():
                    room.leave(reading.name)
                    break
                if reading.pages == 1:  # nothing goes on beside it
                    await read_one(number)
                else:
                    group.create_task(read_one(number))
    except ExceptionGroup as failed:
        raise _first(failed) from failed
    if reading.stopping.is_set():
        raise InterruptedReadingError


async def _hello(reading: Reading) -> Hello:
    """Return the engine's announcement; wait for it where it may be long in coming."""
    engine = reading.engine
    if engine.announced is not None and not isinstance(engine, ChainedEngine):
        return await engine.hello()  # at once: a task of its own would cost more
    return await unless_stopping(reading.stopping, engine.hello())


async def _read_page(reading: Reading, number: int, longest_side: int) -> None:
    path = page_path(reading.temp_dir, reading.name, number)
    image: PageImage | None = None
    try:
        image = _drawn_before(reading, number, longest_side)
        if image is None:
            image = await unless_stopping(
                reading.stopping,
                reading.rasterizer.draw(
                    reading.source, number, path, longest_side, rank=reading.rank,
                    deadly_pages=reading.deadly_pages,
                ),
            )  # fmt: skip
        if image.blank:
            page = _blank(image)
        else:
            recognition = await _recognise(reading, image, longest_side)
            reading.on_answer(number, recognition)
            parts = (image, recognition, reading.task, reading.engine.confidence_floor)
            if _is_little(recognition):
                page = _laid_out(*parts)
            else:
                page = await asyncio.to_thread(_laid_out, *parts)
            page = await _settled(reading, image, page)
    except PageError as error:
        remarks = image.warnings if image else ()
        page = PageRead(
            number, PageStatus.FAILED, warnings=(str(error), *remarks), code=error.code
        )
        if image and not isinstance(error, PoisonousPageError):
            page = await _settled(reading, image, page)
    finally:
        with contextlib.suppress(OSError):  # a disk that is read-only now; starts empty it
            path.unlink()
    await reading.on_page(page)


def page_path(temp_dir: Path, name: str, number: int) -> Path:
    """Return where a page of a document of that name is drawn."""
    return temp_dir / f"{name}-{number}.pnm"


def _drawn_before(reading: Reading, number: int, longest_side: int) -> PageImage | None:
    """Return the page if it is drawn, and by what the engine says now."""
    if reading.drawn is None:
        return None
    image, side = reading.drawn
    return image if image.number == number and side == longest_side else None


async def _settled(reading: Reading, image: PageImage, page: PageRead) -> PageRead:
    """Return the page, or a second reading of it where that is better."""
    engine, task = reading.engine, reading.task
    if not isinstance(engine, ChainedEngine) or not opinions.is_wanted(page, task):
        return page
    other = await engine.second_opinion(
        Path(image.path), task, reading.rank, door=reading.door, ink=image.ink
    )
    if other is None:
        return page
    second = await asyncio.to_thread(_laid_out, image, other, task, engine.confidence_floor)
    return opinions.better(page, second)


async def unless_stopping(stopping: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work``; give it up with InterruptedReadingError once the daemon stops."""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise InterruptedReadingError
    finally:
        stop.cancel()
        task.cancel()
        task.add_done_callback(_take_note)


def _take_note(task: asyncio.Future[Any]) -> None:
    """Take note of the end of a task that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


async def _recognise(reading: Reading, image: PageImage, longest_side: int) -> Recognition:
    on_text = reading.on_text
    try:
        return await reading.engine.recognise(
            Path(image.path),
            reading.task,
            reading.rank,
            door=reading.door,
            ink=image.ink,
            kills=reading.kills.get(image.number, 0),
            document_pages=reading.pages,
            on_text=on_text and partial(on_text, image.number),
            on_kill=lambda _count: reading.on_kill(image.number),
        )
    except PoisonousPageError:
        await _acquit_if_the_engine_is_to_blame(reading, image.number, longest_side)
        raise


async def _acquit_if_the_engine_is_to_blame(
    reading: Reading, number: int, longest_side: int
) -> None:
    """Have a page that is known to be good read before this one is given up.

    Raises EngineError where that ends the engine too: a model that lost its GPU's memory to another
    program must not fail one document after the other. Where our page cannot be drawn (the package
    is being upgraded, the limits are too narrow) the verdict on the other one stands.
    """
    path = reading.temp_dir / f"{reading.name}-{number}-known-good.pnm"
    try:
        known_good = Source(KNOWN_GOOD, file_key(KNOWN_GOOD))
        await reading.rasterizer.draw(known_good, 1, path, longest_side, rank=reading.rank)
        await reading.engine.prove(path, reading.task, reading.rank)
    except EngineError:
        if not reading.stopping.is_set():
            reading.on_acquittal(number)
        raise
    except (DocumentError, PageError, SourceChangedError):
        pass  # of our page, which is nothing to the document
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _is_little(recognition: Recognition) -> bool:
    """Say whether laying it out costs less than handing it to a thread."""
    return len(recognition.lines) <= FEW_LINES and not recognition.markup


def _laid_out(
    image: PageImage, recognition: Recognition, task: Task, floor: float
) -> PageRead:
    """Return the page with its blocks, and what `doubts` makes of them."""
    size = recognition.width, recognition.height
    remarks: list[str] = []
    if recognition.form == "markup":
        blocks, remarks = markup.blocks(recognition.markup, *size, task)
    else:
        blocks = layout.blocks(
            recognition.lines, *size, recognition.rules, recognition.pictures
        )
    blocks = [doubts.marked(block) for block in blocks]
    status, found = doubts.judge(image, recognition, blocks, task.mode, floor=floor)
    has_failed = status is PageStatus.FAILED
    cause = (recognition.doubt,) if has_failed else ()
    return PageRead(
        number=image.number,
        status=status,
        blocks=tuple(blocks),
        width=recognition.width,
        height=recognition.height,
        points_per_pixel=image.points_per_pixel,
        rotation=recognition.rotation,
        seconds=recognition.seconds,
        warnings=(*cause, *image.warnings, *recognition.warnings, *remarks),
        doubts=found,
        unread=tuple(
            rounded(page_box(line)) for line in recognition.lines if not doubts.is_read(line)
        ),
        code=DoubtfulPageError.code if has_failed else "",
        confidence=recognition.confidence,
        least=recognition.least,
        tokens=recognition.tokens,
        prompt_tokens=recognition.prompt_tokens,
        estimated=recognition.estimated,
        finish=recognition.finish,
        engine=recognition.engine,
        model=recognition.model,
    )


def _blank(image: PageImage) -> PageRead:
    """Return a page on which nothing is seen: blank, unless something may be missing on it."""
    status, found = doubts.judge_blank(image)
    return PageRead(
        number=image.number,
        status=status,
        width=image.width,
        height=image.height,
        points_per_pixel=image.points_per_pixel,
        warnings=image.warnings,
        doubts=found,
    )


def _first(failed: BaseExceptionGroup[Exception]) -> Exception:
    """Return the error that says most: one of ours before a foreign one."""
    flat: list[Exception] = []
    pending: list[BaseException] = [failed]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending.extend(error.exceptions)
        elif isinstance(error, Exception):
            flat.append(error)
    return next((error for error in flat if isinstance(error, OcrdError)), flat[0])
