"""What the rasterizer's child does: open sources, draw, cut and frame their pages.

Called over ``isolate`` by ``rasterize``, never imported by the daemon. Arguments and results are
JSON values. Nothing is opened here: the first of the descriptors that come with a call is the
source, the others are what is read or written besides; a path is but a name to tell people. A few
documents are kept open, so that the next page need not look into the file again; ``idle()`` lets
go of them, so that no folder stays busy.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from ocrd.errors import LedgerError, OcrdError, PageError, TooLargeError
from ocrd.files import printable
from ocrd.job import PageImage, PageRead, SourceInfo
from ocrd.pages import from_json
from ocrd.raster import cutting, frames
from ocrd.raster.faults import explained
from ocrd.raster.formats import Document
from ocrd.raster.images.pictures import Drawn, Picture, is_blank
from ocrd.raster.ink import counted
from ocrd.raster.output import Output
from ocrd.raster.pdfs.pdf import Pdf
from ocrd.raster.sources import drop, idle, source

__all__ = ["begin", "crop", "draw", "drop", "idle", "inspect", "overlay"]


def inspect(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    awaited: bool = False,
    file_size: int,
    pages: int,
    page_pixels: int,
) -> dict[str, Any]:
    """Return a SourceInfo's fields; raise the DocumentError that says why there is none."""
    opened = source(
        path, key, passwords, descriptors[0], page_pixels, awaited=awaited, file_size=file_size,
        pages=pages,
    )  # fmt: skip
    document = opened.document
    assert document is not None
    if document.pages > pages:
        raise TooLargeError(
            f"{_name(path)} has {_counted(document, pages)} pages, over the limit of {pages}.",
            hint="Split it, or raise limits.pages.",
        )
    return asdict(SourceInfo(document.format, document.pages, document.repaired))


def begin(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    awaited: bool = False,
    file_size: int,
    pages: int,
    page_pixels: int,
    into: str,
    longest_side: int,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return what :func:`inspect` does, and what :func:`draw` does of the only page.

    None for the page where there are more, or this one cannot be drawn: whoever asks for it by
    itself is told why.
    """
    about: dict[str, Any] = {"descriptors": descriptors, "page_pixels": page_pixels}
    about["awaited"] = awaited
    info = inspect(path, key, passwords, file_size=file_size, pages=pages, **about)
    if info["pages"] != 1:
        return info, None
    try:
        return info, draw(
            path, key, passwords, page=1, into=into, longest_side=longest_side, **about
        )
    except OcrdError:
        return info, None


def draw(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    awaited: bool = False,
    page: int,
    into: str,
    longest_side: int,
    page_pixels: int,
    witnessed: bool = True,
) -> dict[str, Any]:
    """Draw one page into a binary PGM or PPM file and return its PageImage's fields.

    If ``witnessed``, two programs draw it where that is possible.
    """
    opened = source(path, key, passwords, descriptors[0], page_pixels, awaited=awaited)
    document = opened.document
    assert document is not None
    if not 1 <= page <= document.pages:
        raise PageError(f"{_name(path)} has no page {page}.", page=page)
    out = Output(descriptors[1], into)
    try:
        witness = _begun(out) if witnessed else None
        drawn = _drawn(document, page, longest_side, witness=witness)
    except Exception as error:
        fault = explained(error, opened, page if _is_one_of_many(document) else None)
        drop(path)
        raise fault from error
    blank = not drawn.inked and is_blank(drawn.image)
    drawn.image.save(cast("IO[bytes]", out), "PPM")  # binary PGM where it is gray
    if document.pages == 1:
        drop(path)
    width, height = drawn.image.size
    image = PageImage(
        page, into, width, height, drawn.points_per_pixel, blank,
        ink=None if blank else counted(drawn.image),
        doubts=drawn.doubts, warnings=drawn.warnings,
    )  # fmt: skip
    return asdict(image)


def crop(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    awaited: bool = False,
    page: int,
    longest_side: int,
    rotation: int,
    points_per_pixel: float,
    cuts: list[tuple[cutting.Corners, str]],
    page_pixels: int,
    witnessed: bool = True,
) -> None:
    """Cut rectangles out of one page into JPEG files, for each a descriptor.

    ``longest_side``, ``rotation`` and ``points_per_pixel`` are the page's as it was read; the
    corners in ``cuts`` are in pixels of that page, turned upright.
    """
    opened = source(path, key, passwords, descriptors[0], page_pixels, awaited=awaited)
    document = opened.document
    assert document is not None
    try:
        witness = _begun(Output(descriptors[1], cuts[0][1])) if witnessed and cuts else None
        drawn = _drawn(document, page, longest_side, legible=False, witness=witness)
        image = cutting.upright(drawn.image, rotation)
        factor = points_per_pixel / drawn.points_per_pixel
        figures = cutting.cut(image, [corners for corners, _ in cuts], factor)
    except Exception as error:
        fault = explained(error, opened, page)
        drop(path)
        raise fault from error
    for figure, (_, into), descriptor in zip(figures, cuts, descriptors[1:], strict=True):
        Output(descriptor, into).write(figure)


def overlay(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    *,
    descriptors: list[int],
    awaited: bool = False,
    into: str,
    page_pixels: int,
) -> list[int]:
    """Write a PDF of the document with a frame around each block of its pages.

    The second descriptor is a file with the JSON of a PageRead a line, the third the PDF. Returns
    the pages without frames.
    """
    opened = source(path, key, passwords, descriptors[0], page_pixels, awaited=awaited)
    document = opened.document
    assert document is not None
    try:
        out = Output(descriptors[2], into)
        with os.fdopen(descriptors[1], encoding="ascii", closefd=False) as lines:
            read = map(_page_read, lines)
            if isinstance(document, Pdf):
                with contextlib.closing(document.opened_again()) as copy:
                    return frames.of_pdf(copy, read, out)
            return frames.of_pictures(partial(document.draw, legible=False), read, out)
    except Exception as error:
        fault = explained(error, opened, None)
        drop(path)
        raise fault from error


def _drawn(
    document: Document, page: int, longest_side: int, *, legible: bool = True,
    witness: Callable[[], None] | None,
) -> Drawn:  # fmt: skip
    if isinstance(document, Pdf):
        return document.draw(page, longest_side, legible=legible, witness=witness)
    return document.draw(page, longest_side, legible=legible)


def _begun(out: Output) -> Callable[[], None]:
    """Return what shows the parent that a first drawing is done: the file is no longer empty.

    What costs the process from then on is the second one, which is asked for no more then.
    """

    def show() -> None:
        out.write(b"P")
        out.seek(0)  # to be overwritten

    return show


def _counted(document: Document, limit: int) -> str:
    """Return how many pages there are; of pictures, no more than one over the limit is counted."""
    return f"more than {limit}" if isinstance(document, Picture) else str(document.pages)


def _page_read(line: str) -> PageRead:
    try:
        return from_json(line)
    except LedgerError as error:  # what this file is not
        raise ValueError(error.what) from error


def _is_one_of_many(document: Document) -> bool:
    return document.format == "PDF" or document.pages > 1


def _name(path: str) -> str:
    return printable(Path(path).name)
