"""What an error on a document's bytes means: ours from theirs, with the file's name.

In the rasterizer's child, for every library that sees bytes there.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import os

import pymupdf
from PIL import UnidentifiedImageError

from ocrd.errors import (
    BrokenError,
    CorruptError,
    OcrdError,
    PageError,
    SourceChangedError,
    TooLargeError,
)
from ocrd.files import printable, translate
from ocrd.raster.images.damage import NothingThereError, StillComingError
from ocrd.raster.opened import Opened
from ocrd.raster.pdfs.diagnosis import in_plain_words

_PROBE_BYTES = 1 << 20
_PROBE_LIMIT_BYTES = 1 << 28
_DAMAGED_HINT = "Scan, export or copy it again."
_MEMORY_HINT = "Raise rasterize.memory, or scan at a lower resolution."


def explained(error: Exception, opened: Opened, page: int | None) -> OcrdError:
    """Return the error of ours that a foreign one stands for, naming the file.

    Checked in this order: the file changed meanwhile, it cannot be read to its end, the memory
    was not enough, the content is damaged.
    """
    name = printable(opened.path.name)
    if isinstance(error, StillComingError):
        page = None  # it is the file that is waited for
    if isinstance(error, OcrdError) and not isinstance(error, CorruptError):
        if isinstance(error, TooLargeError) and page is not None:
            return PageError(f"{name}: {error.what}", hint=error.hint, page=page)
        error.page = error.page or page
        if not error.what.startswith(name) and not isinstance(error, SourceChangedError):
            error.what = f"{name}: {error.what}"
        return error
    try:
        opened.refuse_change()
        _probe(opened.descriptor)
    except SourceChangedError as changed:
        return changed
    except OSError as unreadable:
        return translate(unreadable, opened.path)
    if isinstance(error, MemoryError) or "malloc" in str(error):
        cls: type[OcrdError] = TooLargeError if page is None else PageError
        what, hint = "drawing it takes more memory than is allowed.", _MEMORY_HINT
    else:
        is_whole = isinstance(error, (BrokenError, NothingThereError))
        cls = PageError if page is not None else BrokenError if is_whole else CorruptError
        said = error.what if isinstance(error, OcrdError) else f"{_meaning(error)}."
        what, hint = f"damaged{'' if is_whole else ' or not complete'}: {said}", _DAMAGED_HINT
    where = name if page is None else f"{name}, page {page}"
    return cls(f"{where}: {what}", hint=hint, page=page)


def _meaning(error: BaseException) -> str:
    if isinstance(error, (NothingThereError, StillComingError)) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, OcrdError):
        return error.what.rstrip(".")
    if isinstance(error, (UnidentifiedImageError, pymupdf.FileDataError)):
        return "its structure cannot be followed"  # their words name our descriptor
    return in_plain_words(str(error) or type(error).__name__)


def _probe(descriptor: int) -> None:
    """Read the file; raise OSError where the share or the disk does not give it."""
    for offset in range(0, _PROBE_LIMIT_BYTES, _PROBE_BYTES):
        if not os.pread(descriptor, _PROBE_BYTES, offset):
            return
