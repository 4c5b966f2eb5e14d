"""Inspect a source and draw, cut and frame its pages, in limited children.

Nothing of a document is decoded in this process, and nothing is opened in a child: sources and what
is written are handed to it as open descriptors. Each request is one page at most, but for an
overlay, which has a child of its own where it is long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.errors import (
    CorruptError,
    DocumentError,
    PageError,
    PoisonousError,
    PoisonousPageError,
)
from ocrd.figures import Figure
from ocrd.files import printable
from ocrd.job import Doubt, Ink, PageImage, PageRead, SourceInfo
from ocrd.raster.calls import MAX_DEATHS, Call, Source
from ocrd.raster.child import MAX_DESCRIPTORS, Limits
from ocrd.raster.isolate import ChildFault
from ocrd.raster.pool import Deadly, Pool, remove_outputs
from ocrd.raster.seats import Rank

if TYPE_CHECKING:
    from ocrd.config.settings import LimitSettings, RasterSettings

__all__ = ["LONG_OVERLAY", "Rasterizer", "Source"]

MAX_DEADLY_PAGES = 10  # of one document; it is not drawn any further then
LONG_OVERLAY = 50  # pages: one of more would keep a child from those who wait for a page
MAPPED_FILES = 5  # a child keeps three documents, opens a fourth, and one of them twice
FILE_FACTOR, LEAST_FILE_BYTES = 2, 1 << 30  # an overlay is its source and more; page images
CUTS_AT_ONCE = MAX_DESCRIPTORS - 1
OVERLAY_SECONDS = 1.0  # for each page; a page of a PDF takes some milliseconds, an image more

_DEADLY_HINT = (
    "Raise rasterize.page_timeout or rasterize.memory if the document is sound, or export it again."
)
_INSPECTION = 0.05  # of drawing a page: a few milliseconds, beside 70 and more
_ALONE = {"witnessed": False}  # what a page can do without: a second program that draws it
_FAULT_HINT = "Export or scan the document again, and please report this."


class Rasterizer:
    """What is asked of the drawing children, in words of documents and pages."""

    def __init__(self, settings: RasterSettings, limits: LimitSettings) -> None:
        self._settings = settings
        self._limits = limits
        bounds = Limits(
            memory_bytes=settings.memory,
            mapped_bytes=MAPPED_FILES * limits.file_size,
            file_bytes=FILE_FACTOR * limits.file_size + LEAST_FILE_BYTES,
            confined=True,
        )
        self._pool = Pool(bounds, children=settings.children, recycle=settings.recycle)

    async def __aenter__(self) -> Rasterizer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the children, so that the first document need not wait for them.

        Raises TransientError when one does not come up.
        """
        await self._pool.start()

    async def close(self) -> None:
        """End the children; requests that still run or wait get a TransientError."""
        await self._pool.close()

    def status(self) -> dict[str, Any]:
        """Return what the children do, for a person."""
        return self._pool.status()

    async def inspect(self, source: Source, *, rank: Rank = ()) -> SourceInfo:
        """Look into a source without drawing it.

        Raises the DocumentError that says what is wrong, PoisonousError if it ended MAX_DEATHS
        children, SourceChangedError, TransientError. Image files of one page are judged by their
        header and their end; whether they decode shows when they are drawn.
        """
        try:
            call = replace(self._call("inspect", source, self._bounds()), pages=_INSPECTION)
            return SourceInfo(**await self._pool.do(call, rank))
        except Deadly as error:
            raise PoisonousError(
                f"{printable(source.path.name)}: looking into it {error}.", hint=_DEADLY_HINT
            ) from error
        except ChildFault as error:
            raise CorruptError(
                f"{printable(source.path.name)}: {_unforeseen(error)}", hint=_FAULT_HINT
            ) from error

    async def begin(
        self, source: Source, into: Path, longest_side: int, *, rank: Rank = ()
    ) -> tuple[SourceInfo, PageImage | None]:
        """Look into a source, and draw its page into ``into`` where it has only one.

        Raises what :meth:`inspect` raises. What comes of no page (there are more; it cannot be
        drawn, or not quickly) is None, and is for :meth:`draw` to do or to say. Nothing is left at
        ``into`` then.
        """
        if not self._pool.is_slow(source):
            arguments = {**self._bounds(), "into": str(into), "longest_side": longest_side}
            call = self._call("begin", source, arguments, outputs=(into,))
            call = replace(
                call, deadline_seconds=call.quick_seconds, deaths_allowed=1,
                pages=1 + _INSPECTION,
            )  # fmt: skip
            with contextlib.suppress(Deadly, ChildFault):  # it is to be found out which of the two
                info, page = await self._pool.do(call, rank)
                if page is None:
                    remove_outputs(call)
                return SourceInfo(**info), _page_image(page) if page else None
        return await self.inspect(source, rank=rank), None

    def _bounds(self) -> dict[str, Any]:
        """Return what a source is held against when it is looked into."""
        return {
            "file_size": self._limits.file_size,
            "pages": self._limits.pages,
            "page_pixels": self._limits.page_pixels,
        }

    async def draw(
        self, source: Source, page: int, into: Path, longest_side: int, rank: Rank = (), *,
        deadly_pages: int = MAX_DEADLY_PAGES,
    ) -> PageImage:  # fmt: skip
        """Draw page ``page`` (from 1) into a PGM or PPM file at ``into``.

        Raises PageError for a page that cannot be drawn (PoisonousPageError once it ended
        MAX_DEATHS children), DocumentError where the document is to blame (a damaged image file
        of one page is a CorruptError; ``deadly_pages`` poisonous ones are a PoisonousError),
        SourceChangedError, TransientError (no space for the page). Nothing is left at ``into``
        then, nor after a cancellation.
        """
        arguments = {
            "page": page,
            "into": str(into),
            "longest_side": longest_side,
            "page_pixels": self._limits.page_pixels,
        }
        name = printable(source.path.name)
        try:
            call = self._call("draw", source, arguments, outputs=(into,), sparing=_ALONE)
            return _page_image(await self._pool.do(call, rank))
        except Deadly as error:
            deadly = self._pool.count_deadly(source)
            if deadly >= min(deadly_pages, MAX_DEADLY_PAGES):
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
            call = self._call("crop", source, arguments, outputs=tuple(figures), sparing=_ALONE)
            await self._pool.do(call, rank)
        except (Deadly, ChildFault) as error:
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
            do = self._pool.do_aside if is_long else self._pool.do
            unmarked: list[int] = await do(call, rank)
        except (Deadly, ChildFault) as error:
            raise DocumentError(
                f"{printable(source.path.name)}: its overlay cannot be made: {_cause(error)}",
                hint=_DEADLY_HINT,
            ) from error
        return unmarked

    def _call(
        self, function: str, source: Source, arguments: dict[str, Any], *,
        outputs: tuple[Path, ...] = (), inputs: tuple[Path, ...] = (),
        sparing: Mapping[str, Any] | None = None,
    ) -> Call:  # fmt: skip
        deadline = self._settings.page_timeout
        return Call(function, source, arguments, deadline, outputs, inputs, sparing=sparing or {})


def _page_image(answer: dict[str, Any]) -> PageImage:
    """Return the drawn page of its fields as JSON has them."""
    ink = answer.get("ink")
    answer["ink"] = Ink(**ink) if ink else None
    answer["doubts"] = tuple(Doubt(**doubt) for doubt in answer.get("doubts", ()))
    answer["warnings"] = tuple(answer.get("warnings", ()))
    return PageImage(**answer)


def _unforeseen(fault: ChildFault) -> str:
    return f"reading it failed in a way that nobody foresaw ({fault})."


def _cause(error: Deadly | ChildFault) -> str:
    return _unforeseen(error) if isinstance(error, ChildFault) else f"drawing them {error}."
