"""A folder that is none of ocrd's business: nothing in it is read, written, made or removed."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Self

MARKER = b"secret-of-somebody-else"

_ACCESS, _MODIFY, _ATTRIB = 0x1, 0x2, 0x4  # linux/inotify.h
_MOVED, _CREATE, _DELETE, _OPEN = 0xC0, 0x100, 0x200, 0x20
_ALL = _ACCESS | _MODIFY | _ATTRIB | _MOVED | _CREATE | _DELETE | _OPEN
_IS_DIR = 0x40000000
_EVENT = struct.Struct("iIII")

_libc = ctypes.CDLL(None, use_errno=True)


class Outside:
    """Somebody's folder with files of all names that ocrd may come upon, and a witness in it.

    The witness is inotify: it tells of every open, even of one that read nothing. Use it as a
    context; :meth:`assert_untouched` says what was done.
    """

    def __init__(self, path: Path, documents: dict[str, bytes]) -> None:
        self.path = path
        path.mkdir()
        for folder in ("", "sub", "done", "done/sub", "failed", "failed/sub"):
            (path / folder).mkdir(exist_ok=True)
            for name, content in documents.items():
                (path / folder / name).write_bytes(content + MARKER)
        self._before = self._state()

    def __enter__(self) -> Self:
        self._fd = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._fd >= 0, "inotify"
        self._watched = {}
        for folder in [self.path, *(path for path in self.path.rglob("*") if path.is_dir())]:
            number = _libc.inotify_add_watch(self._fd, os.fsencode(folder), _ALL)
            assert number >= 0, "a watch"
            self._watched[number] = folder
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def events(self) -> list[str]:
        """Return what was done here since the last look; opening a folder itself is no harm."""
        found: list[str] = []
        while True:
            try:
                buffer = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                return found
            at = 0
            while at < len(buffer):
                number, mask, _, length = _EVENT.unpack_from(buffer, at)
                name = buffer[at + _EVENT.size :][:length].rstrip(b"\0").decode()
                at += _EVENT.size + length
                if not mask & _IS_DIR or mask & (_CREATE | _DELETE | _MOVED):
                    found.append(f"{self._watched[number] / name}: {mask:#x}")

    def assert_untouched(self) -> None:
        events = self.events()
        assert not events, events
        assert self._state() == self._before
        self.events()  # our own look

    def _state(self) -> dict[str, tuple[int, ...] | bytes]:
        state: dict[str, tuple[int, ...] | bytes] = {}
        for path in sorted(self.path.rglob("*")):
            status = path.lstat()
            name = str(path.relative_to(self.path))
            state[name] = (status.st_ino, status.st_mode, status.st_uid, status.st_mtime_ns)
            if path.is_file():
                state[f"{name} content"] = path.read_bytes()
        return state


def leaks(root: Path, outside: Path) -> list[Path]:
    """Return the files below ``root`` that hold what only ``outside`` holds; links are no files."""
    return [
        path
        for path in root.rglob("*")
        if not path.is_relative_to(outside) and path.is_file() and not path.is_symlink()
        and MARKER in path.read_bytes()
    ]  # fmt: skip
