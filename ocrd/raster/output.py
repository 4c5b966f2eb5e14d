"""A file that a child writes through the descriptor that it was handed."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.files import translate

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Output(io.RawIOBase):
    """A file to write, whose errors are ours at once: a decoder's are OSErrors, too."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = Path(path)

    def writable(self) -> bool:
        """Say that it is one to write."""
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        """Write all of it; raise what ours is of an OSError."""
        left = memoryview(content).cast("B")
        count = left.nbytes
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise translate(error, self._path) from error
        return count

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place in it."""
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        """Return the place in it."""
        return self.seek(0, os.SEEK_CUR)

    def truncate(self, size: int | None = None, /) -> int:
        """Give it this size, or end it here."""
        size = self.tell() if size is None else size
        os.ftruncate(self._descriptor, size)
        return size
