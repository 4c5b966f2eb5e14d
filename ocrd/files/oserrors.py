"""What the system says of a file or folder, in our words: every ``OSError`` gets its fate here.

``where`` is anything whose text names the place: a path, or an entry of an opened folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator

from ocrd.errors import (
    DiskFullError,
    OcrdError,
    ShareGoneError,
    SourceChangedError,
    TransientError,
    UnsupportedError,
)
from ocrd.files.names import printable

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
_NO_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHARE_GONE = _GONE | {
    errno.ESTALE,
    errno.EIO,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ENODEV,
    errno.ENXIO,
    errno.EREMOTEIO,
}
_HINTS = {
    errno.EACCES: "Give the daemon's user the right to read and write there.",
    errno.EPERM: "Give the daemon's user the right to read and write there.",
    errno.EROFS: "Mount the file system for writing.",
    errno.ENAMETOOLONG: "Give the file a shorter name.",
    errno.EMFILE: "Raise the daemon's limit of open files (LimitNOFILE=).",
    errno.ENFILE: "Raise the machine's limit of open files (fs.file-max).",
    errno.EFBIG: "Use a file system that holds files of this size.",
}


class LinkInTheWayError(NotADirectoryError):
    """A symlink that is not followed stands where a folder has to be."""


def is_of_disk(error: OSError) -> bool:
    """Say whether the cause is a disk that is full, read-only or failing, and so may pass."""
    return error.errno in _FULL | {errno.EROFS, errno.EIO}


def translate(error: OSError, where: object) -> OcrdError:
    """Say in our words what the system said about ``where``."""
    name = printable(str(where))
    cause = error.strerror or str(error) or type(error).__name__
    if isinstance(error, LinkInTheWayError):
        return TransientError(
            f"{name}: {cause}.",
            hint="Put a folder in the link's place, or name the folder it leads to in the"
            " configuration.",
        )
    if error.errno in _FULL:
        return DiskFullError(
            f"{name}: {cause}.", hint="Free some space; the work goes on by itself."
        )
    if error.errno in _SHARE_GONE:
        return ShareGoneError(
            f"{name}: {cause}.", hint="Check that the folder exists and is mounted."
        )
    hint = _HINTS.get(error.errno or 0, "It is tried again by itself.")
    return TransientError(f"{name}: {cause}.", hint=hint)


def translate_source(error: OSError, where: object) -> OcrdError:
    """Say in our words what the system said about a source."""
    if error.errno in _GONE:
        return SourceChangedError(f"{printable(str(where))}: the file is no longer there.")
    if error.errno in _NO_FILE:
        return not_regular(where)
    return translate(error, where)


def not_regular(where: object) -> UnsupportedError:
    """Return the error of what is no file."""
    return UnsupportedError(
        f"{printable(str(where))}: not a regular file.",
        hint="Drop the file itself, not a link, device or pipe.",
    )


def changed(where: object, how: str = "changed while it was read") -> SourceChangedError:
    """Return the error of a source that is not what it was."""
    return SourceChangedError(f"{printable(str(where))}: the file {how}.")


@contextlib.contextmanager
def translated(
    where: object, into: Callable[[OSError, object], OcrdError] = translate
) -> Iterator[None]:
    """Have an ``OSError`` leave as ours, but for FileExistsError."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise into(error, where) from error


def system_error(code: int, *paths: str) -> OSError:
    """Return the ``OSError`` of a code, of the class that Python gives it."""
    first, second = [*paths, None, None][:2]
    return OSError(code, os.strerror(code), first, None, second)
