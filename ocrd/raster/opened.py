"""One open source: its descriptor, the key that it had, what reads it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ocrd.errors import SourceChangedError, UnsupportedError
from ocrd.files import printable
from ocrd.job import FileKey
from ocrd.raster.formats import Document


class Opened:
    """A file that is open, as long as it stays what was opened."""

    def __init__(self, path: Path, key: FileKey | None, descriptor: int) -> None:
        self.path = path
        self.descriptor = os.dup(descriptor)
        try:
            self.key = self._key_now()
            if key is not None and key != self.key:
                raise SourceChangedError(f"{printable(path)}: the file changed.")
        except BaseException:
            os.close(self.descriptor)
            raise
        self.document: Document | None = None

    def refuse_change(self) -> None:
        """Raise SourceChangedError if the open file is no longer what was opened."""
        if self._key_now() != self.key:
            raise SourceChangedError(f"{printable(self.path)}: the file changed while read.")

    def close(self) -> None:
        """Let go of the file."""
        if self.document is not None:
            self.document.close()
        os.close(self.descriptor)

    def _key_now(self) -> FileKey:
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(self.path)
        return FileKey(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _not_regular(path: Path) -> UnsupportedError:
    return UnsupportedError(
        f"{printable(path)}: not a regular file.",
        hint="Drop the file itself, not a link, device or pipe.",
    )
