"""Inspect a source and draw, cut and frame its pages, in limited children.

Nothing of a document is decoded in this process. Each request is one page at most, but for an
overlay, which has a child of its own where it is long. A child serves one request at a time: when
it dies, what it was doing is to blame and nothing else. Waiting requests are served by rank, lowest
first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.errors import (
    CorruptError,
    DocumentError,
    PageError,
    PoisonousError,
    PoisonousPageError,
    TransientError,
)
from ocrd.figures import Figure
from ocrd.files import printable
from ocrd.isolate import ChildDied, ChildError, ChildFault, ChildTimeout, LimitedChild
from ocrd.job import FileKey, PageImage, PageRead, SourceInfo
from ocrd.seats import Rank, Seat, Seats

if TYPE_CHECKING:
    from ocrd.config import LimitSettings, RasterSettings

MAX_DEATHS = 3  # of children, on one page or one inspection
LONG_OVERLAY = 50  # pages: one of more would keep a child from those who wait for a page
OVERLAY_SECONDS = 1.0  # for each page; a page of a PDF takes some milliseconds, an image more

@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    With a ``key``, only that state of it is read; anything else is a SourceChangedError.
    """

    path: Path
    key: FileKey | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)

    @property
    def identity(self) -> tuple[str, FileKey | None]:
        """What tells this source from another one."""
        return str(self.path), self.key

    def as_arguments(self) -> dict[str, Any]:
        """Return the arguments that the child's functions share."""
        key = list(astuple(self.key)) if self.key else None
        return {"path": str(self.path), "key": key, "passwords": list(self.passwords)}


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a child's function, and what may be spent on it."""

    function: str
    source: Source
    arguments: dict[str, Any]
    deadline_seconds: float
    into: Path | None = None  # a file that is removed where the call fails
    deaths_allowed: int = MAX_DEATHS

    async def on(self, child: LimitedChild) -> Any:
        """Return what the child answers."""
        return await child.call(
            self.function, deadline_seconds=self.deadline_seconds,
            **self.source.as_arguments(), **self.arguments,
        )  # fmt: skip


class Rasterizer:
    """A small pool of drawing children."""

    def __init__(self, settings: RasterSettings, limits: LimitSettings) -> None:
        self._settings = settings
        self._limits = limits
        self._seats = Seats([Seat(settings.memory) for _ in range(settings.children)])
        self._aside = Seats([Seat(settings.memory)])  # for long overlays; empty between them
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
                f"{printable(source.path.name)}: opening it ended its process {MAX_DEATHS} times: "
                f"{error}.",
                hint="Export or scan the document again.",
            ) from error
        except ChildFault as error:
            raise CorruptError(
                f"{printable(source.path.name)}: cannot be opened: {error}.",
                hint="Export or scan the document again.",
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
            call = self._call("draw", source, arguments, into)
            return PageImage(**await self._insist(call, rank))
        except _Deadly as error:
            raise PoisonousPageError(
                f"{name}, page {page}: drawing it ended its process {MAX_DEATHS} times: {error}.",
                hint="Raise rasterize.memory or rasterize.page_timeout, or export the document "
                "again.",
                page=page,
            ) from error
        except ChildFault as error:
            raise PageError(f"{name}, page {page}: cannot be drawn: {error}.", page=page) from error

    async def crop(
        self, source: Source, page: PageRead, figures: Sequence[Figure], folder: Path,
        rank: Rank = (),
    ) -> None:  # fmt: skip
        """Cut figures out of a page as it was read, into JPEG files of their names in ``folder``.

        Raises what :meth:`draw` raises; then some or all of the files are missing.
        """
        arguments = {
            "page": page.number,
            "longest_side": max(page.width, page.height),
            "rotation": page.rotation,
            "points_per_pixel": page.points_per_pixel,
            "cuts": [(astuple(figure.box), str(folder / figure.name)) for figure in figures],
            "page_pixels": self._limits.page_pixels,
        }
        name = printable(source.path.name)
        try:
            await self._insist(self._call("crop", source, arguments), rank)
        except (_Deadly, ChildFault) as error:
            raise PageError(
                f"{name}, page {page.number}: its figures cannot be cut out: {error}.",
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
            "pages": str(pages),
            "into": str(into),
            "page_pixels": self._limits.page_pixels,
        }
        is_long = count > LONG_OVERLAY
        call = replace(
            self._call("overlay", source, arguments, into),
            deadline_seconds=self._settings.page_timeout + count * OVERLAY_SECONDS,
            deaths_allowed=1,  # so long a work is not begun again
        )
        try:
            seats = self._aside if is_long else self._seats
            unmarked: list[int] = await self._insist(call, rank, seats)
        except (_Deadly, ChildFault) as error:
            raise DocumentError(
                f"{printable(source.path.name)}: its overlay cannot be made: {error}.",
                hint="Raise rasterize.memory, or export the document again.",
            ) from error
        finally:
            if is_long:
                await self._aside.rest()
        return unmarked

    def _call(
        self, function: str, source: Source, arguments: dict[str, Any], into: Path | None = None
    ) -> _Call:
        return _Call(function, source, arguments, self._settings.page_timeout, into)

    async def _insist(self, call: _Call, rank: Rank, seats: Seats | None = None) -> Any:
        """Call until a child answers; raise _Deadly once as many died of it as are allowed."""
        seats = seats or self._seats
        deaths = 0
        while True:
            seat = await seats.take(rank, call.source.identity)
            try:
                return await self._to_its_end(self._answer(seats, seat, call), call.into)
            except (ChildDied, ChildTimeout) as error:
                _remove(call.into)
                if self._closing:
                    raise _stopping() from error
                deaths += 1
                if deaths >= call.deaths_allowed:
                    raise _Deadly(str(error)) from error
            except Exception:
                _remove(call.into)
                raise

    async def _to_its_end(self, call: Coroutine[Any, Any, Any], into: Path | None) -> Any:
        """Wait for a call that goes on when we are cancelled: its child needs no replacement."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _forget(done, into))
            raise

    async def _answer(self, seats: Seats, seat: Seat, call: _Call) -> Any:
        """Have the seat's child do it; the seat is free when this returns or raises."""
        try:
            child = await self._ready(seat)
            seat.remember(call.source.identity)
            with seat.in_call():
                answer = await call.on(child)
            if seat.documents >= self._settings.recycle:
                await seat.end()
            return answer
        except (ChildDied, ChildTimeout):
            await seat.end(kill=True)
            raise
        finally:
            seats.give_back(seat)

    async def _ready(self, seat: Seat) -> LimitedChild:
        """Return the seat's child, started if need be; raise TransientError if it cannot."""
        if self._closing:
            raise _stopping()
        try:
            return await seat.occupied()
        except (ChildError, OSError) as error:
            raise TransientError(
                f"No process can be started for drawing pages: {error}.",
                hint="Raise rasterize.memory, or free some of the machine's memory.",
            ) from error


class _Deadly(Exception):  # noqa: N818 -- it tells an event
    """Whatever touches this dies."""


def _stopping() -> TransientError:
    return TransientError("The daemon is stopping.")


def _forget(task: asyncio.Task[Any], into: Path | None) -> None:
    """Take note of the end of a call that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
    _remove(into)


def _remove(into: Path | None) -> None:
    if into is not None and into.is_file():
        with contextlib.suppress(OSError):
            into.unlink()
