"""The kernel's own seam: a process's file-changing system calls, held until somebody looked.

A filter (seccomp_unotify(2)) is installed in a process before it becomes ocrd; it and every child
of it then stop before each system call that changes a file, and go on only when the holder of the
listener says so. No function of the program is replaced and no call can be missed because it goes
another way than was thought of.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import struct
from typing import NamedTuple

# Number of the system call: on x86_64, on aarch64 (None where there is none).
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None),
    "write": (1, 64), "pwrite64": (18, 68), "writev": (20, 66), "pwritev": (296, 70),
    "pwritev2": (328, 287), "sendfile": (40, 71), "splice": (275, 76),
    "copy_file_range": (326, 285), "truncate": (76, 45), "ftruncate": (77, 46),
    "fallocate": (285, 47), "fsync": (74, 82), "fdatasync": (75, 83), "sync": (162, 81),
    "syncfs": (306, 267), "sync_file_range": (277, 84), "msync": (26, 227),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None),
    "mkdir": (83, None), "mkdirat": (258, 34), "mknod": (133, None), "mknodat": (259, 33),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
}  # fmt: skip
# Those that are looked at only if they may write: the place of their flags.
FLAGS = {"open": 1, "openat": 2}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # linux/audit.h
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5  # linux/seccomp.h
_RET_ALLOW, _RET_NOTIFY = 0x7FFF0000, 0x7FC00000
_PR_SET_NO_NEW_PRIVS = 38
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # linux/bpf_common.h
_NR, _ARCH, _ARGS = 0, 4, 16  # offsets in struct seccomp_data
_NOTICE = struct.Struct("=QIIiIQ6Q")


class Notice(NamedTuple):
    """One system call that waits."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


def is_supported() -> bool:
    """Say whether this machine's calls are known here."""
    return platform.machine() in _MACHINES


def names() -> dict[int, str]:
    """Map this machine's numbers to names."""
    column, _ = _MACHINES[platform.machine()]
    numbered = {name: numbers[column] for name, numbers in NUMBERS.items()}
    return {number: name for name, number in numbered.items() if number is not None}


def install() -> int:
    """Have this process's calls held from now on; return the listener. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = ctypes.create_string_buffer(_program())
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(program))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    number = _SYS_SECCOMP[platform.machine()]
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):  # the first from Linux 5.19 on
        listener: int = libc.syscall(number, _SET_MODE_FILTER, flags, ctypes.c_char_p(header))
        if listener >= 0:
            return listener
    code = ctypes.get_errno()
    raise OSError(code, f"seccomp: {os.strerror(code)}")


def _program() -> bytes:
    column, architecture = _MACHINES[platform.machine()]
    code = [
        _step(_LOAD, _ARCH), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _RET_ALLOW),
        _step(_LOAD, _NR),
    ]  # fmt: skip
    for name, numbers in NUMBERS.items():
        number = numbers[column]
        if number is None:
            continue
        if name in FLAGS:
            code += [
                _step(_EQUAL, number, 0, 4),
                _step(_LOAD, _ARGS + 8 * FLAGS[name]),
                _step(_ANY_BIT, WRITING, 0, 1),
                _step(_RETURN, _RET_NOTIFY),
                _step(_RETURN, _RET_ALLOW),
            ]
        else:
            code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _RET_NOTIFY)]
    code.append(_step(_RETURN, _RET_ALLOW))
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


class Listener:
    """The holder's side."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def receive(self) -> Notice | None:
        """Return the next call; None once every process under the filter has ended."""
        while True:
            ((_, events),) = self._poll.poll()
            if not events & select.POLLIN:
                return None
            buffer = bytearray(_NOTICE.size)
            try:
                fcntl.ioctl(self._descriptor, _RECEIVE, buffer)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.EINTR}:  # killed before it was looked at
                    continue
                raise
            identity, thread, _, number, _, _, *arguments = _NOTICE.unpack(buffer)
            return Notice(identity, thread, number, tuple(arguments))

    def go_on(self, notice: Notice) -> None:
        """Let the call be carried out."""
        answer = bytearray(struct.pack("=QqiI", notice.id, 0, 0, _CONTINUE))
        try:
            fcntl.ioctl(self._descriptor, _SEND, answer)
        except OSError as error:
            if error.errno != errno.ENOENT:  # killed meanwhile
                raise

    def close(self) -> None:
        """Let go of the listener; calls that wait then fail."""
        os.close(self._descriptor)
