"""Watches the file-changing system calls of one daemon and its children, and springs traps.

Each call is seen before it is carried out, one after the other; a trap ends the process that makes
it right there, so that a kill is possible before each of them and nowhere else does the disk
change. Calls outside of the watched folders are let through unseen.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.campaign import seccomp
from tests.faults.campaign.seccomp import Listener, Notice

DAEMON, RASTERIZER, WORKER = "daemon", "rasterizer", "worker"
_AT_FDCWD = -100
_IOV, _FLAGS = struct.Struct("=QQ"), struct.Struct("=Q")

# The places of the arguments that name files: (descriptor of the folder, path), or a descriptor.
_PATHS: dict[str, tuple[tuple[int | None, int], ...]] = {
    "open": ((None, 0),), "creat": ((None, 0),), "openat": ((0, 1),), "openat2": ((0, 1),),
    "truncate": ((None, 0),), "rename": ((None, 0), (None, 1)),
    "renameat": ((0, 1), (2, 3)), "renameat2": ((0, 1), (2, 3)),
    "link": ((None, 0), (None, 1)), "linkat": ((0, 1), (2, 3)),
    "symlink": ((None, 1),), "symlinkat": ((1, 2),),
    "unlink": ((None, 0),), "unlinkat": ((0, 1),), "rmdir": ((None, 0),),
    "mkdir": ((None, 0),), "mkdirat": ((0, 1),), "mknod": ((None, 0),), "mknodat": ((0, 1),),
    "chmod": ((None, 0),), "fchmodat": ((0, 1),), "fchmodat2": ((0, 1),),
    "chown": ((None, 0),), "lchown": ((None, 0),), "fchownat": ((0, 1),),
    "utime": ((None, 0),), "utimes": ((None, 0),), "futimesat": ((0, 1),),
    "utimensat": ((0, 1),), "setxattr": ((None, 0),), "lsetxattr": ((None, 0),),
}  # fmt: skip
_DESCRIPTORS = {
    "write": 0, "pwrite64": 0, "writev": 0, "pwritev": 0, "pwritev2": 0, "sendfile": 0,
    "splice": 2, "copy_file_range": 2, "ftruncate": 0, "fallocate": 0, "fsync": 0, "fdatasync": 0,
    "syncfs": 0, "sync_file_range": 0, "fchmod": 0, "fchown": 0, "fsetxattr": 0,
}  # fmt: skip
WRITES = frozenset({"write", "pwrite64", "writev", "pwritev", "pwritev2"})


@dataclass(frozen=True, slots=True)
class Call:
    """One system call on watched files, not carried out yet."""

    name: str
    role: str
    process: int
    thread: int
    paths: tuple[str, ...]
    arguments: tuple[int, ...]
    data: bytes = b""  # of a write
    offset: int = 0  # of a write, in bytes from the file's start
    is_step: bool = True  # False: it goes on with the write before, to the same file

    def __str__(self) -> str:
        where = " -> ".join(self.paths)
        size = f" {len(self.data)} bytes at {self.offset}" if self.name in WRITES else ""
        return f"{self.role} {self.name} {where}{size}"


@dataclass
class Trap:
    """Kills a process of ``role`` before the ``place``-th step from now that ``is_meant``.

    If ``torn``, half of a write is done before. Writes of one thread to one file that follow each
    other are one step: nothing but the file's length differs between them, and torn ones show
    that too.
    """

    role: str
    place: int
    torn: bool = False
    is_meant: Callable[[Call], bool] = lambda _call: True
    seen: int = 0
    sprung: Call | None = None
    event: threading.Event = field(default_factory=threading.Event)

    def is_sprung_by(self, call: Call) -> bool:
        """Count the call and say whether this is the one."""
        if self.sprung is not None or call.role != self.role or not call.is_step:
            return False
        if not self.is_meant(call):
            return False
        self.seen += 1
        return self.seen >= self.place


class Supervisor:
    """The holder of one daemon's calls."""

    def __init__(self, listener: int, watched: Sequence[Path], ignored: Sequence[Path]) -> None:
        self._listener = Listener(listener)
        self._watched = tuple(f"{path}/" for path in watched)
        self._ignored = tuple(str(path) for path in ignored)
        self._roles: dict[int, str] = {}
        self._last: dict[int, tuple[bool, tuple[str, ...]]] = {}  # of each thread
        self._names = seccomp.names()
        self._lock = threading.Lock()
        self._trap: Trap | None = None
        self.record: list[Call] | None = None
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def set(self, trap: Trap | None) -> None:
        """Arm this trap in the place of any other."""
        with self._lock:
            self._trap = trap

    def join(self, limit_seconds: float) -> None:
        """Wait until every process under the filter has ended."""
        self._thread.join(limit_seconds)
        assert not self._thread.is_alive(), "processes of the daemon are still there"
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while (notice := self._listener.receive()) is not None:
                if not self._springs(notice):
                    self._listener.go_on(notice)
        except Exception as error:
            self.failure = error
        finally:
            self._listener.close()

    def _springs(self, notice: Notice) -> bool:
        """Look at a call; return True if its process was ended."""
        try:
            call = self._call(notice)
        except OSError:  # the process was killed meanwhile: it will not go on
            return False
        if call is None:
            return False
        with self._lock:
            if self.record is not None:
                self.record.append(call)
            trap = self._trap
            if trap is None or not trap.is_sprung_by(call):
                return False
            if trap.torn and call.name in WRITES and len(call.data) > 1:
                _write_half(call)
            os.kill(call.process, signal.SIGKILL)
            trap.sprung = call
            trap.event.set()
            return True

    def _call(self, notice: Notice) -> Call | None:
        name = self._names[notice.number]
        if name == "openat2":  # its flags are in memory, where the filter cannot look
            (flags,) = _FLAGS.unpack(_bytes(notice.thread, notice.arguments[2], _FLAGS.size))
            if not flags & seccomp.WRITING:
                return None
            notice = notice._replace(
                arguments=(*notice.arguments[:2], flags, *notice.arguments[3:])
            )
        paths = self._paths(name, notice)
        if not any(map(self._is_watched, paths)):
            return None
        process = _process_of(notice.thread)
        if process not in self._roles:
            self._roles[process] = _role_of(process)
        data, offset = self._written(name, notice) if name in WRITES else (b"", 0)
        state = name in WRITES, paths
        goes_on = state[0] and self._last.get(notice.thread) == state
        self._last[notice.thread] = state
        return Call(
            name, self._roles[process], process, notice.thread, paths, notice.arguments, data,
            offset, is_step=not goes_on,
        )  # fmt: skip

    def _is_watched(self, path: str) -> bool:
        return path.startswith(self._watched) and not path.startswith(self._ignored)

    # Arguments

    def _paths(self, name: str, notice: Notice) -> tuple[str, ...]:
        if name in _DESCRIPTORS:
            return (self._opened(notice, _DESCRIPTORS[name]),)
        found = []
        for folder, path in _PATHS.get(name, ()):
            address = notice.arguments[path]
            text = os.fsdecode(_text(notice.thread, address)) if address else ""
            if text.startswith("/"):
                found.append(os.path.normpath(text))
            elif folder is None or _int(notice.arguments[folder]) == _AT_FDCWD:
                working = Path(f"/proc/{notice.thread}/cwd").readlink()
                found.append(os.path.normpath(f"{working}/{text}"))
            else:
                found.append(os.path.normpath(f"{self._opened(notice, folder)}/{text}"))
        return tuple(found)

    def _opened(self, notice: Notice, argument: int) -> str:
        with contextlib.suppress(FileNotFoundError):  # what is no descriptor: the call will fail
            number = _int(notice.arguments[argument])
            return str(Path(f"/proc/{notice.thread}/fd/{number}").readlink())
        return ""

    def _written(self, name: str, notice: Notice) -> tuple[bytes, int]:
        _, buffer, count, offset, *_ = notice.arguments
        if name in {"writev", "pwritev", "pwritev2"}:
            table = _bytes(notice.thread, buffer, count * _IOV.size)
            data = b"".join(
                _bytes(notice.thread, address, length)
                for address, length in _IOV.iter_unpack(table)
            )
        else:
            data = _bytes(notice.thread, buffer, count)
        if name in {"write", "writev"}:
            offset = _position(notice)
        return data, offset



def _bytes(thread: int, address: int, length: int) -> bytes:
    found = b""
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        while len(found) < length:
            memory.seek(address + len(found))
            chunk = memory.read(length - len(found))
            if not chunk:
                raise ProcessLookupError(thread)
            found += chunk
    return found


def _text(thread: int, address: int) -> bytes:
    found = b""
    while b"\0" not in found:
        length = 4096 - (address + len(found)) % 4096  # the next page may not be there
        found += _bytes(thread, address + len(found), length)
    return found.partition(b"\0")[0]


def _int(value: int) -> int:
    """Return the C int in the low half of a register."""
    return (value & 0xFFFFFFFF) - ((value & 0x80000000) << 1)


def _position(notice: Notice) -> int:
    """Return where a plain write goes."""
    fields = {}
    name = f"/proc/{notice.thread}/fdinfo/{_int(notice.arguments[0])}"
    for line in Path(name).read_text().splitlines():
        key, _, value = line.partition(":")
        fields[key] = value.strip()
    if int(fields["flags"], 8) & os.O_APPEND:
        return Path(f"/proc/{notice.thread}/fd/{_int(notice.arguments[0])}").stat().st_size
    return int(fields["pos"])


def _write_half(call: Call) -> None:
    """Do what a write has done that was interrupted in its middle."""
    descriptor = _int(call.arguments[0])
    opened = os.open(f"/proc/{call.thread}/fd/{descriptor}", os.O_WRONLY)
    try:
        os.pwrite(opened, call.data[: len(call.data) // 2], call.offset)
    finally:
        os.close(opened)


def _process_of(thread: int) -> int:
    for line in Path(f"/proc/{thread}/status").read_text().splitlines():
        if line.startswith("Tgid:"):
            return int(line.split()[1])
    raise ProcessLookupError(thread)


def _role_of(process: int) -> str:
    command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    if b"ocrd.raster.child" in command:
        return RASTERIZER
    return WORKER if b"ocrd.engine.worker" in command else DAEMON
