"""The few sources that a child keeps open, so that the next page need not look into them again."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from ocrd.errors import TooLargeError
from ocrd.files import printable
from ocrd.job import FileKey
from ocrd.raster.faults import explained
from ocrd.raster.formats import document_of
from ocrd.raster.opened import Opened

_KEPT_DOCUMENTS = 3

_open: OrderedDict[tuple[str, FileKey | None, bool], Opened] = OrderedDict()


def idle() -> None:
    """Close every document."""
    while _open:
        _open.popitem()[1].close()


def source(
    path: str,
    key: list[int] | None,
    passwords: list[str],
    descriptor: int,
    page_pixels: int,
    *,
    awaited: bool = False,
    file_size: int | None = None,
    pages: int | None = None,
) -> Opened:
    """Return the source, opened now or before; nothing stays open after an error."""
    wanted = FileKey(*key) if key else None
    opened = _open.pop((path, wanted, awaited), None)
    if opened is not None and wanted is None:  # whatever stands there now
        opened.close()
        opened = None
    if opened is None:
        opened = Opened(Path(path), wanted, descriptor)
    try:
        opened.refuse_change()
        if file_size is not None and opened.key.size > file_size:
            raise TooLargeError(
                f"{_name(path)} has {opened.key.size} bytes, over the limit of {file_size}.",
                hint="Split it, or raise limits.file_size.",
            )
        if opened.document is None:
            opened.document = document_of(
                opened.descriptor, passwords, page_pixels, pages, awaited=awaited
            )
    except Exception as error:
        fault = explained(error, opened, None)
        opened.close()
        raise fault from error
    _open[path, wanted, awaited] = opened
    while len(_open) > _KEPT_DOCUMENTS:
        _open.popitem(last=False)[1].close()
    return opened


def drop(path: str) -> None:
    """Close what is open under ``path``."""
    for identity in [identity for identity in _open if identity[0] == path]:
        _open.pop(identity).close()


def _name(path: str) -> str:
    return printable(Path(path).name)
