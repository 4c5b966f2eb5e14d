"""What is drawn from a read document beside its text: the cut-out figures, the overlay.

Made in a temporary folder while the source is at hand; after a crash they are made again. What
cannot be made is a warning and fails no document.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from ocrd import pages
from ocrd.errors import DocumentError, PageError
from ocrd.figures import Figure, figures_of
from ocrd.files import translate
from ocrd.job import Block, PageRead
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.reading import unless_stopping

_NAMED_PAGES = 5  # in a warning about many


@dataclass(frozen=True, slots=True)
class Illustrations:
    """The files that were made, and what could not be."""

    figures: tuple[Path, ...] = ()  # by the names of ``figures_of``
    bare: frozenset[int] = frozenset()  # pages whose figures could not be cut out
    overlay: Path | None = None
    warnings: tuple[str, ...] = ()

    def linkable(self, page: PageRead) -> PageRead:
        """Return the page for a text with links: without boxes of figures that are missing."""
        if page.number not in self.bare:
            return page
        blocks = (
            replace(block, boxes=()) if block.label == "figure" else block for block in page.blocks
        )
        return replace(page, blocks=tuple(blocks))


@dataclass(frozen=True, slots=True)
class Illustration:
    """What is to be made of one document, and with what."""

    rasterizer: Rasterizer
    source: Source
    folder: Path  # a temporary one; made here, removed by the caller
    figures: bool
    overlay: bool
    rank: tuple[int, ...] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


NOTHING = Illustrations()


async def illustrate(wanted: Illustration, read: Iterable[PageRead]) -> Illustrations:
    """Make the figures and the overlay of the pages that were read, gone through once in a thread.

    Raises InterruptedReadingError once ``stopping`` is set, SourceChangedError, TransientError.
    """
    if not (wanted.figures or wanted.overlay):
        return NOTHING
    illustrated, count = await asyncio.to_thread(_look_through, wanted, read)
    warnings: list[str] = []
    made: list[Path] = []
    bare: set[int] = set()
    for page, figures in illustrated:
        try:
            cropping = wanted.rasterizer.crop(
                wanted.source, page, figures, wanted.folder, wanted.rank
            )
            await unless_stopping(wanted.stopping, cropping)
        except (PageError, DocumentError) as error:
            bare.add(page.number)
            warnings.append(f"Page {page.number}: figures are missing: {error.what}")
        else:
            made += [wanted.folder / figure.name for figure in figures]
    overlay = await _overlay(wanted, count, warnings) if wanted.overlay and count else None
    return Illustrations(tuple(made), frozenset(bare), overlay, tuple(warnings))


def _look_through(
    wanted: Illustration, read: Iterable[PageRead]
) -> tuple[list[tuple[PageRead, list[Figure]]], int]:
    """Return the pages with figures, without their text, and how many the overlay's file has.

    The folder is made where something is to be drawn: most documents need none.
    """
    illustrated: list[tuple[PageRead, list[Figure]]] = []
    count = 0
    try:
        with contextlib.ExitStack() as stack:
            boxes: TextIO | None = None
            if wanted.overlay:
                wanted.folder.mkdir(exist_ok=True)
                boxes = stack.enter_context(_boxes_path(wanted).open("w", encoding="ascii"))
            for page in read:
                if wanted.figures and (figures := figures_of(page)):
                    illustrated.append((replace(page, blocks=()), figures))
                if boxes is not None:
                    boxes.write(pages.to_json(_without_text(page)) + "\n")
                    count += 1
        if illustrated:
            wanted.folder.mkdir(exist_ok=True)
    except OSError as error:
        raise translate(error, wanted.folder) from error
    return illustrated, count


def _without_text(page: PageRead) -> PageRead:
    blocks = [Block(block.label, "", block.boxes) for block in page.blocks]
    if page.unread:
        blocks.append(Block("unread", "", page.unread))
    return replace(page, blocks=tuple(blocks), warnings=())


def _boxes_path(wanted: Illustration) -> Path:
    return wanted.folder / "boxes.jsonl"


async def _overlay(wanted: Illustration, count: int, warnings: list[str]) -> Path | None:
    into = wanted.folder / "overlay.pdf"
    drawing = wanted.rasterizer.overlay(
        wanted.source, _boxes_path(wanted), count, into, wanted.rank
    )
    try:
        unmarked = await unless_stopping(wanted.stopping, drawing)
    except (PageError, DocumentError) as error:
        warnings.append(f"The overlay is missing: {error.what}")
        return None
    if unmarked:
        some = ", ".join(map(str, unmarked[:_NAMED_PAGES]))
        more = f" and {len(unmarked) - _NAMED_PAGES} more" if len(unmarked) > _NAMED_PAGES else ""
        warnings.append(f"The overlay shows no boxes on these damaged pages: {some}{more}.")
    return into

