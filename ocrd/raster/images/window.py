"""A source's bytes as Pillow reads them: from an open descriptor, without what stands before."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Window(io.RawIOBase):
    """The file from ``start`` to ``end``, and ``suffix`` behind it; the descriptor stays open.

    A file that is seen whole has its descriptor's number, so that libtiff reads it by itself.
    """

    def __init__(
        self, descriptor: int, start: int = 0, end: int | None = None, suffix: bytes = b""
    ) -> None:
        self._descriptor = descriptor
        self._start, self._suffix = start, suffix
        size = os.fstat(descriptor).st_size
        self._length = max(0, (size if end is None else min(end, size)) - start)
        self._is_whole = not start and not suffix and self._length == size
        self._at = 0

    def fileno(self) -> int:
        """Return the descriptor; raise where the file is not seen as it is."""
        if not self._is_whole:
            raise io.UnsupportedOperation("not the whole file")
        return self._descriptor

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move, and return where to."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise ValueError("before the file's beginning")
        self._at = base + offset
        return self._at

    @property
    def length(self) -> int:
        """How many bytes there are, the suffix included."""
        return self._length + len(self._suffix)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer as far as there is something."""
        wanted = memoryview(buffer).cast("B")
        if self._at < self._length:
            most = min(len(wanted), self._length - self._at)
            content = os.pread(self._descriptor, most, self._start + self._at)
        else:
            begin = self._at - self._length
            content = self._suffix[begin : begin + len(wanted)]
        wanted[: len(content)] = content
        self._at += len(content)
        return len(content)
