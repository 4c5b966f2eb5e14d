"""Inspect a source and draw, cut and frame its pages, in limited children.

Nothing of a document is decoded in this process, and nothing is opened in a child: sources and what
is written are handed to it as open descriptors. Each request is one page at most, but for an
overlay, which has a child of its own where it is long. A child serves one request at a time: when
it dies, what it was doing is to blame and nothing else. Waiting requests are served by rank, lowest
first. A document that once takes long goes behind all others from then on, and never has more than
one child at a time: while there are two, the others always have one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ocrd import loading
from ocrd.errors import (
    CorruptError,
    DocumentError,
    PageError,
    PoisonousError,
    PoisonousPageError,
    ShareGoneError,
    TransientError,
)
from ocrd.figures import Figure
from ocrd.files import printable
from ocrd.files.asking import ask
from ocrd.job import PageImage, PageRead, SourceInfo
from ocrd.raster.calls import MAX_DEATHS, Call, Source, refuse_unreadable
from ocrd.raster.isolate import (
    MAX_DESCRIPTORS,
    ChildDied,
    ChildError,
    ChildFault,
    ChildTimeout,
    LimitedChild,
    Limits,
)
from ocrd.raster.seats import Rank, Seat, Seats

if TYPE_CHECKING:
    from ocrd.config.settings import LimitSettings, RasterSettings

__all__ = ["LONG_OVERLAY", "Rasterizer", "Source"]

T = TypeVar("T")

MAX_DEADLY_PAGES = 10  # of one document; it is not drawn any further then
REMEMBERED = 1000  # slow documents
LONG_OVERLAY = 50  # pages: one of more would keep a child from those who wait for a page
MAPPED_FILES = 5  # a child keeps three documents, opens a fourth, and one of them twice
FILE_FACTOR, LEAST_FILE_BYTES = 2, 1 << 30  # an overlay is its source and more; page images
CUTS_AT_ONCE = MAX_DESCRIPTORS - 1
OVERLAY_SECONDS = 1.0  # for each page; a page of a PDF takes some milliseconds, an image more

_STARTS = 3  # of a child, before it is said that none can be started
_DEADLY_HINT = (
    "Raise rasterize.page_timeout or rasterize.memory if the document is sound, or export it again."
)
_FAULT_HINT = "Export or scan the document again, and please report this."


class Rasterizer:
    """A small pool of drawing children."""

    def __init__(self, settings: RasterSettings, limits: LimitSettings) -> None:
        self._settings = settings
        self._limits = limits
        bounds = Limits(
            memory_bytes=settings.memory,
            mapped_bytes=MAPPED_FILES * limits.file_size,
            file_bytes=FILE_FACTOR * limits.file_size + LEAST_FILE_BYTES,
            confined=True,
        )
        self._seats = Seats([Seat(bounds) for _ in range(settings.children)])
        self._aside = Seats([Seat(bounds)])  # for long overlays; empty between them
        self._slow: OrderedDict[object, int] = OrderedDict()  # and how many pages were deadly
        self._slow_lane = asyncio.Lock()
        self._calls: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Rasterizer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the children, so that the first document need not wait for them.

        Raises TransientError when one does not come up.
        """
        await asyncio.gather(*(self._ready(seat) for seat in self._seats.all))

    async def close(self) -> None:
        """End the children; requests that still run or wait get a TransientError."""
        self._closing = True
        for seats in (self._seats, self._aside):
            seats.refuse(_stopping())
            await asyncio.gather(*(seat.end(kill=seat.busy) for seat in seats.all))
        await asyncio.gather(*self._calls, return_exceptions=True)

    def status(self) -> dict[str, Any]:
        """Return what the children do, for a person."""
        return {
            "children": [seat.child.pid for seat in self._seats.all if seat.child],
            "drawing": [seat.child.pid for seat in self._seats.all if seat.child and seat.calling],
            "aside": [seat.child.pid for seat in self._aside.all if seat.child],
            "waiting": self._seats.waiting,
            "slow": len(self._slow),
        }

    async def inspect(self, source: Source, *, rank: Rank = ()) -> SourceInfo:
        """Look into a source without drawing it.

        Raises the DocumentError that says what is wrong, PoisonousError if it ended MAX_DEATHS
        children, SourceChangedError, TransientError. Image files of one page are judged by their
        header and their end; whether they decode shows when they are drawn.
        """
        arguments = {
            "file_size": self._limits.file_size,
            "pages": self._limits.pages,
            "page_pixels": self._limits.page_pixels,
        }
        try:
            return SourceInfo(**await self._insist(self._call("inspect", source, arguments), rank))
        except _Deadly as error:
            raise PoisonousError(
                f"{printable(source.path.name)}: looking into it {error}.", hint=_DEADLY_HINT
            ) from error
        except ChildFault as error:
            raise CorruptError(
                f"{printable(source.path.name)}: {_unforeseen(error)}", hint=_FAULT_HINT
            ) from error

    async def draw(
        self, source: Source, page: int, into: Path, longest_side: int, rank: Rank = ()
    ) -> PageImage:
        """Draw page ``page`` (from 1) into a PGM or PPM file at ``into``.

        Raises PageError for a page that cannot be drawn (PoisonousPageError once it ended
        MAX_DEATHS children), DocumentError where the document is to blame (a damaged image file
        of one page is a CorruptError), SourceChangedError, TransientError (no space for the
        page). Nothing is left at ``into`` then, nor after a cancellation.
        """
        arguments = {
            "page": page,
            "into": str(into),
            "longest_side": longest_side,
            "page_pixels": self._limits.page_pixels,
        }
        name = printable(source.path.name)
        try:
            call = self._call("draw", source, arguments, outputs=(into,))
            return PageImage(**await self._insist(call, rank))
        except _Deadly as error:
            self._slow[source.identity] = deadly = self._slow.get(source.identity, 0) + 1
            if deadly >= MAX_DEADLY_PAGES:
                raise PoisonousError(
                    f"{name}: {deadly} of its pages could not be drawn within their time and "
                    f"memory; the last was page {page}: drawing it {error}.",
                    hint=_DEADLY_HINT,
                    page=page,
                ) from error
            raise PoisonousPageError(
                f"{name}, page {page}: drawing it {error}.", hint=_DEADLY_HINT, page=page
            ) from error
        except ChildFault as error:
            raise PageError(
                f"{name}, page {page}: {_unforeseen(error)}", hint=_FAULT_HINT, page=page
            ) from error

    async def crop(
        self, source: Source, page: PageRead, figures: Sequence[Figure], folder: Path,
        rank: Rank = (),
    ) -> None:  # fmt: skip
        """Cut figures out of a page as it was read, into JPEG files of their names in ``folder``.

        Raises what :meth:`draw` raises; then some or all of the files are missing.
        """
        for start in range(0, len(figures), CUTS_AT_ONCE):
            some = figures[start : start + CUTS_AT_ONCE]
            await self._crop(source, page, {folder / each.name: each for each in some}, rank)

    async def _crop(
        self, source: Source, page: PageRead, figures: dict[Path, Figure], rank: Rank
    ) -> None:
        arguments = {
            "page": page.number,
            "longest_side": max(page.width, page.height),
            "rotation": page.rotation,
            "points_per_pixel": page.points_per_pixel,
            "cuts": [(astuple(figure.box), str(into)) for into, figure in figures.items()],
            "page_pixels": self._limits.page_pixels,
        }
        name = printable(source.path.name)
        try:
            call = self._call("crop", source, arguments, outputs=tuple(figures))
            await self._insist(call, rank)
        except (_Deadly, ChildFault) as error:
            raise PageError(
                f"{name}, page {page.number}: its figures cannot be cut out: {_cause(error)}",
                hint=_DEADLY_HINT,
                page=page.number,
            ) from error

    async def overlay(
        self, source: Source, pages: Path, count: int, into: Path, rank: Rank = ()
    ) -> list[int]:
        """Write a PDF of the source with a labelled frame around each block to ``into``.

        ``pages`` is a file with the JSON of a PageRead a line, ``count`` of them. Returns the
        numbers of the pages that took no frames. Raises DocumentError where it cannot be made,
        SourceChangedError, TransientError; nothing is left at ``into`` then.
        """
        arguments = {
            "into": str(into),
            "page_pixels": self._limits.page_pixels,
        }
        is_long = count > LONG_OVERLAY
        call = replace(
            self._call("overlay", source, arguments, outputs=(into,), inputs=(pages,)),
            deadline_seconds=self._settings.page_timeout + count * OVERLAY_SECONDS,
            extra_seconds=count * OVERLAY_SECONDS,
            deaths_allowed=2 if is_long else MAX_DEATHS,  # a death need not be the document's fault
        )
        try:
            seats = self._aside if is_long else self._seats
            unmarked: list[int] = await self._insist(call, rank, seats)
        except (_Deadly, ChildFault) as error:
            raise DocumentError(
                f"{printable(source.path.name)}: its overlay cannot be made: {_cause(error)}",
                hint=_DEADLY_HINT,
            ) from error
        finally:
            if is_long:
                await self._aside.rest()
        return unmarked

    def _call(
        self, function: str, source: Source, arguments: dict[str, Any],
        outputs: tuple[Path, ...] = (), inputs: tuple[Path, ...] = (),
    ) -> Call:  # fmt: skip
        deadline = self._settings.page_timeout
        return Call(function, source, arguments, deadline, outputs, inputs)

    async def _insist(self, call: Call, rank: Rank, seats: Seats | None = None) -> Any:
        """Call until a child answers; raise _Deadly once as many died of it as are allowed."""
        seats = seats or self._seats
        deaths = 0
        while True:
            if slow := call.source.identity in self._slow:
                call.source.on_slow()
            try:
                async with self._lane(seats, slow=slow):
                    return await self._attempt(seats, call, rank, slow=slow)
            except (ChildDied, ChildTimeout) as error:
                if self._closing:
                    raise _stopping() from error
                took_long = isinstance(error, ChildTimeout)
                if took_long and not slow and call.quick_seconds < call.deadline_seconds:
                    self._remember_slow(call.source)
                    continue
                deaths += 1
                if isinstance(error, ChildTimeout) and error.worked:
                    raise _Deadly(_told(error, call, deaths)) from error
                if deaths >= call.deaths_allowed:
                    await _asked(partial(refuse_unreadable, call.source), call)
                    raise _Deadly(_told(error, call, deaths)) from error

    def _lane(self, seats: Seats, *, slow: bool) -> contextlib.AbstractAsyncContextManager[Any]:
        """Let slow documents use one child at a time, where there are more."""
        return self._slow_lane if slow and len(seats.all) > 1 else contextlib.nullcontext()

    def _remember_slow(self, source: Source) -> None:
        self._slow.setdefault(source.identity, 0)
        while len(self._slow) > REMEMBERED:
            self._slow.popitem(last=False)

    async def _attempt(self, seats: Seats, call: Call, rank: Rank, *, slow: bool) -> Any:
        """Have a child do it; nothing of it is left where it does not."""
        if slow:
            rank = (sys.maxsize, *rank)
        else:
            call = replace(call, deadline_seconds=call.quick_seconds)
        seat = await seats.take(rank, call.source.identity)
        try:
            return await self._to_its_end(self._answer(seats, seat, call), call)
        except Exception:
            _remove(call)
            raise

    async def _to_its_end(self, answer: Coroutine[Any, Any, Any], call: Call) -> Any:
        """Wait for a call that goes on when we are cancelled: its child needs no replacement."""
        task = asyncio.create_task(answer)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _forget(done, call))
            raise

    async def _answer(self, seats: Seats, seat: Seat, call: Call) -> Any:
        """Have the seat's child do it; the seat is free when this returns or raises."""
        stack = contextlib.ExitStack()
        try:
            descriptors = await _asked(partial(call.opened, stack), call, stack.close)
            child = await self._ready(seat)
            seat.remember(call.source.identity)
            with seat.in_call():
                answer = await call.on(child, descriptors)
            if seat.documents >= self._settings.recycle:
                await seat.end()
            return answer
        except (ChildDied, ChildTimeout):
            await seat.end(kill=True)
            raise
        except _SilentError:
            stack = contextlib.ExitStack()  # its thread hangs, and closes what it opens
            raise
        finally:
            stack.close()
            seats.give_back(seat)

    async def _ready(self, seat: Seat) -> LimitedChild:
        """Return the seat's child, started if need be; raise TransientError if it cannot."""
        for start in range(1, _STARTS + 1):
            if self._closing:
                raise _stopping()
            try:
                return await seat.occupied()
            except (ChildError, OSError) as error:
                # One that is killed while it starts says nothing of the next.
                if isinstance(error, ChildDied) and start < _STARTS:
                    continue
                raise TransientError(
                    f"No process can be started for drawing pages: {error}.",
                    hint=_way_to_start(str(error)),
                ) from error
        raise AssertionError("the last start returns or raises")


class _Deadly(Exception):  # noqa: N818 -- it tells an event
    """Whatever touches this dies; the words go on from "drawing it …"."""


class _SilentError(ShareGoneError):
    """A source's file system did not answer in time."""


def _way_to_start(cause: str) -> str:
    if "SIGILL" in cause:
        return loading.PROCESSOR_HINT
    is_import = "ImportError: " in cause or "ModuleNotFoundError: " in cause
    if is_import and "failed to map" not in cause:  # that is for want of memory
        return loading.of_words(cause, "Install ocrd again: a package of it is not whole.").hint
    return "Raise rasterize.memory, or free some of the machine's memory."


def _told(error: ChildDied | ChildTimeout, call: Call, times: int) -> str:
    again = f", {times} times" if times > 1 else ""
    if isinstance(error, ChildTimeout):
        return f"takes longer than {call.deadline_seconds:g} s{again}"
    return f"ended its process{again}: {error}"


def _unforeseen(fault: ChildFault) -> str:
    return f"reading it failed in a way that nobody foresaw ({fault})."


def _cause(error: _Deadly | ChildFault) -> str:
    return _unforeseen(error) if isinstance(error, ChildFault) else f"drawing them {error}."


async def _asked(work: Callable[[], T], call: Call, late: Callable[[], None] = lambda: None) -> T:
    """Have the source's file system do something; raise _SilentError if it does not answer."""
    try:
        return await ask(work, call.quick_seconds, late)
    except TimeoutError as error:
        raise _SilentError(
            f"{printable(str(call.source.path))}: its file system does not answer.",
            hint="Check the disk, or the server of the share.",
        ) from error


def _stopping() -> TransientError:
    return TransientError("The daemon is stopping.")


def _forget(task: asyncio.Task[Any], call: Call) -> None:
    """Take note of the end of a call that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
    _remove(call)


def _remove(call: Call) -> None:
    for path in call.outputs:
        if path.is_file():
            with contextlib.suppress(OSError):
                path.unlink()
