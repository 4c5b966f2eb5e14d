"""A document's source, to be read at leisure: hashed, or from a network share copied here.

What is read is the file that was found, byte for byte: if another one has its name by now, nothing
of it is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from ocrd import files
from ocrd.config.settings import InboxSettings
from ocrd.errors import SourceChangedError, UnsupportedError
from ocrd.raster.rasterize import Source
from ocrd.work import Work


@asynccontextmanager
async def taken(work: Work, temp_dir: Path) -> AsyncIterator[tuple[Source, str]]:
    """Provide the document's source and its hash; a copy of it goes at the end.

    Raises SourceChangedError if it is not the file that was found, TransientError.
    """
    about = partial(
        Source, passwords=_passwords(work.settings), on_slow=work.found_slow, door=work.job.inbox
    )
    if not work.folder.is_network():
        work.sha256 = sha256 = await _hashed(work)
        yield about(work.place, work.job.key), sha256
        return
    copy = temp_dir / f"{work.job.id}.source"
    try:
        work.sha256 = sha256 = await _copied(work, copy)
        yield about(copy, files.file_key(copy)), sha256
    finally:
        with contextlib.suppress(OSError):  # a disk that is read-only now; starts empty it
            copy.unlink(missing_ok=True)


async def _hashed(work: Work) -> str:
    with _another_kind_is_a_change():
        return await work.folder.threads.do(
            files.sha256_of_own, work.place, work.job.key, network=work.folder.is_network()
        )


async def _copied(work: Work, copy: Path) -> str:
    with _another_kind_is_a_change():
        return await work.folder.threads.do(_copy, work, copy)


def _copy(work: Work, copy: Path) -> str:
    files.refuse_borrowed(work.place, work.job.key, network=True)
    return files.snapshot(work.place, copy, work.job.key)


@contextlib.contextmanager
def _another_kind_is_a_change() -> Iterator[None]:
    """Raise SourceChangedError where a link or a pipe has the file's name now."""
    try:
        yield
    except UnsupportedError as error:
        raise SourceChangedError(error.what, hint=error.hint) from error


def _passwords(settings: InboxSettings) -> tuple[str, ...]:
    return tuple(password.get_secret_value() for password in settings.passwords)
