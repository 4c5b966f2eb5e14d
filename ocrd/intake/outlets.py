"""Where an inbox's documents go, and whether files can be made there at this moment.

Rights and read-only file systems are asked for at each scan, which writes nothing. Free space that
a file system announces is a guess (quotas, inodes, servers that tell nothing), so it is tried where
it is in doubt: a small file is written, synced and removed again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd import files
from ocrd.errors import ShareGoneError
from ocrd.files import mounts
from ocrd.intake.scan import junk

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

TRIAL_BYTES = 64 << 10


def trouble(settings: InboxSettings) -> str:
    """Return why files cannot be made where the inbox's documents go, "" where they can.

    The inbox is tried too: a source leaves it only where it may be written. A folder that is not
    there yet is left to those who make it.
    """
    if problem := refusal(files.Place(settings.path)):
        return problem
    places = _filed(settings)
    return next((problem for place in places if (problem := refusal(place, missing=True))), "")


def shut(settings: InboxSettings, remedy: str = "") -> str:
    """Return what keeps files from the inbox's folders for all that is known without trying.

    ``remedy`` is what else a person can do where a folder is read-only for us.
    """
    for place in (files.Place(settings.path), *_filed(settings)):
        try:
            if place.root != settings.path:
                _require_mounted(place.path)
            _require_open(place)
        except ShareGoneError as error:
            return str(error)
        except OSError as error:
            is_ignored = junk(settings.ignore)(place.path.name)
            if place.path == settings.done_dir and _is_file(place) and not is_ignored:
                continue  # it is taken for a document, and goes to failed/
            told = str(files.translate(error, error.filename or place))
            return f"{told} {remedy}".strip() if error.errno == errno.EROFS else told
    return ""


def _is_file(place: files.Place) -> bool:
    """Say whether a plain file has the place of a folder below the inbox."""
    with contextlib.suppress(OSError):
        if place.parts:
            with files.entry_of(place) as entry:
                return files.is_regular(entry)
    return False


def _filed(settings: InboxSettings) -> list[files.Place]:
    """Return the folders that sources go to."""
    if settings.source == "keep":
        return []
    places = (settings.done_dir, settings.failed_dir)
    return [files.Place.of(path, settings.path, path) for path in places]


def _require_open(place: files.Place) -> None:
    """Raise OSError where we may not make files in a folder, or may not make the folder."""
    try:
        with files.opened_folder(place) as directory:
            _require_access(directory.fd, place.path)
    except FileNotFoundError:
        if place.parts:
            return  # below the inbox, which was asked before
        nearest = next(path for path in place.path.parents if os.path.lexists(path))
        with files.opened_folder(nearest) as directory:
            _require_access(directory.fd, place.path)


def _require_mounted(path: Path) -> None:
    """Raise ShareGoneError where a folder would be made under the mount that it belongs on."""
    point = mounts.promised(path)
    if point and not os.path.ismount(point):
        raise ShareGoneError(
            f"{files.printable(path)}: nothing is mounted at {files.printable(point)}.",
            hint="Mount it, and the work goes on by itself.",
        )


def _require_access(fd: int, path: Path) -> None:
    if os.access(".", os.W_OK | os.X_OK, dir_fd=fd):
        return
    code = errno.EROFS if os.fstatvfs(fd).f_flag & os.ST_RDONLY else errno.EACCES
    raise files.system_error(code, str(path))


def refusal(folder: files.Where, *, missing: bool = False) -> str:
    """Try to make a file in a folder; return why that cannot be, "" where it can.

    Nothing is said of a folder that may be ``missing`` and is.
    """
    try:
        with files.opened_folder(folder) as directory:
            _make_file(directory)
    except FileNotFoundError as error:
        return "" if missing else str(files.translate(error, folder))
    except OSError as error:
        return str(files.translate(error, folder))
    return ""


def _make_file(folder: files.Directory) -> None:
    entry = folder.entry(files.temporary_name())
    descriptor = entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        rest = TRIAL_BYTES
        while rest > 0:
            rest -= os.write(descriptor, bytes(rest))
        os.fsync(descriptor)
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        with contextlib.suppress(OSError):
            entry.unlink()
