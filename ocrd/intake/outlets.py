"""Where an inbox's documents go, and whether files can be made there at this moment.

Free space that a file system announces is a guess (quotas, inodes, servers that tell nothing), so
it is tried: a small file is written, synced and removed again.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ocrd import files

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings

TRIAL_BYTES = 64 << 10


def trouble(settings: InboxSettings) -> str:
    """Return why files cannot be made where the inbox's documents go, "" where they can.

    The inbox is tried too: a source leaves it only where it may be written. A folder that is not
    there yet is left to those who make it.
    """
    root = files.Place(settings.path)
    if problem := refusal(root):
        return problem
    places = []
    if settings.source != "keep":
        filed = (settings.done_dir, settings.failed_dir)
        places = [files.Place.of(path, settings.path, path) for path in filed]
    return next((problem for place in places if (problem := refusal(place, missing=True))), "")


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
