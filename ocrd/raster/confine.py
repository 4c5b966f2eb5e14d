"""What a process that reads hostile bytes gives up: files, network, programs, other processes.

After :func:`confine` the calling thread opens no file but for reading below the given folders,
and changes none; descriptors that it holds already, or is handed, work as before. Landlock keeps
the files, a seccomp filter the rest. Where the kernel lacks one of the two the other still holds.
Called in a process of one thread, after its imports.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PR_GET_SECCOMP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 21, 22, 38  # linux/prctl.h
_SECCOMP_MODE_FILTER = 2  # linux/seccomp.h
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
_ABSENT = 0x00050000 | errno.ENOSYS

# linux/landlock.h; the numbers of its system calls are the same on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
# By version of the interface: the rights over files that it knows. 2: moving, 3: truncating,
# 5: devices. Since 4 there is TCP, since 6 other domains' sockets and signals.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_SINCE, _TCP_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11

# linux/filter.h
_LOAD, _EQUAL, _AT_LEAST, _SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data
_CLONE_THREAD = 0x00010000  # linux/sched.h
_X32 = 0x40000000  # a second numbering of x86-64's calls

# What Landlock does not keep: any socket, other programs and processes, attributes of files, the
# kernel's own doors. For each machine: its mark in the filter, and the numbers of its calls.
_CALLS = (
    "socket", "socketpair", "connect", "bind", "listen", "execve", "execveat", "ptrace",
    "process_vm_readv", "process_vm_writev", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat", "utime", "utimes",
    "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "truncate", "fork", "vfork", "prlimit64", "setrlimit", "mount", "umount2",
    "pivot_root", "chroot", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "keyctl",
    "add_key", "request_key", "init_module", "finit_module", "delete_module", "kexec_load",
    "open_by_handle_at", "setpriority", "memfd_create", "shmget", "mq_open",
)  # fmt: skip
_X86_64 = (
    41, 53, 42, 49, 50, 59, 322, 101,
    310, 311, 200, 129, 297,
    90, 91, 268, 92, 94, 93, 260, 132, 235,
    261, 280, 188, 189, 190, 197, 198,
    199, 76, 57, 58, 302, 160, 165, 166,
    155, 161, 272, 308, 321, 298, 323, 250,
    248, 249, 175, 313, 176, 246,
    304, 141, 319, 29, 240,
)  # fmt: skip
_ARM_64 = (
    198, 199, 203, 200, 201, 221, 281, 117,
    270, 271, 130, 138, 240,
    None, 52, 53, None, None, 55, 54, None, None,
    None, 88, 5, 6, 7, 14, 15,
    16, 45, None, None, 261, 164, 40, 39,
    41, 51, 97, 268, 280, 241, 282, 219,
    217, 218, 105, 273, 106, 104,
    265, 140, 279, 194, 180,
)  # fmt: skip
# Of one number everywhere: pidfd_send_signal, io_uring_setup, open_tree, move_mount, fsopen,
# fsmount, pidfd_open, pidfd_getfd, mount_setattr, fchmodat2, setxattrat, removexattrat.
_CALLS_ANYWHERE = (424, 425, 428, 429, 430, 432, 434, 438, 442, 452, 463, 466)
_CLONE3 = 435


@dataclass(frozen=True, slots=True)
class _Machine:
    mark: int  # linux/audit.h
    calls: tuple[int | None, ...]
    clone: int
    kill: tuple[int, int]  # kill, tgkill: a process may signal itself


_MACHINES = {
    "x86_64": _Machine(0xC000003E, _X86_64, 56, (62, 234)),
    "aarch64": _Machine(0xC00000B7, _ARM_64, 220, (129, 131)),
}


@dataclass(frozen=True, slots=True)
class Confinement:
    """What keeps a process in: the version of Landlock (0: none), and whether seccomp does."""

    landlock: int
    seccomp: bool


def available() -> Confinement:
    """Say what this kernel offers, without giving anything up."""
    return Confinement(_landlock_version(), _has_seccomp())


def confine(readable: Iterable[Path]) -> Confinement:
    """Give up what the module's text says; return what is in force now."""
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Confinement(0, seccomp=False)
    landlock = _restrict_files(readable)
    return Confinement(landlock, _filter_calls())


# Landlock


def _landlock_version() -> int:
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def _restrict_files(readable: Iterable[Path]) -> int:
    """Return the version of Landlock that is in force, 0 where it is not."""
    version = _landlock_version()
    if not version:
        return 0
    handled = max(rights for since, rights in _FILE_RIGHTS.items() if since <= version)
    attributes = struct.pack(
        "=QQQ",
        handled,
        _TCP_RIGHTS if version >= _TCP_SINCE else 0,
        _SCOPES if version >= _SCOPES_SINCE else 0,
    )
    known = 24 if version >= _SCOPES_SINCE else 16 if version >= _TCP_SINCE else 8
    ruleset = _libc.syscall(_CREATE_RULESET, attributes[:known], ctypes.c_size_t(known), 0)
    if ruleset < 0:
        return 0
    try:
        for folder in readable:
            _allow_reading(ruleset, folder)
        return version if _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return  # one that is not there holds nothing to read
    try:
        rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, descriptor)
        _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


# Seccomp


def _has_seccomp() -> bool:
    known = platform.machine() in _MACHINES and sys.maxsize > 1 << 32
    return known and _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def _filter_calls() -> bool:
    if not _has_seccomp():
        return False
    program = _program(_MACHINES[platform.machine()], os.getpid())
    code = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: how many instructions, and where they are.
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    return bool(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def _program(machine: _Machine, pid: int) -> list[bytes]:
    """Return the filter's instructions; each check falls through to the next one."""
    denied = [number for number in (*machine.calls, *_CALLS_ANYWHERE) if number is not None]
    return [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, machine.mark, then=1),
        _step(_RETURN, _DENY),
        _step(_LOAD, _NUMBER_AT),
        *_answering(_AT_LEAST, _X32, _DENY),
        *_answering(_EQUAL, _CLONE3, _ABSENT),  # the C library takes clone then
        *(step for number in denied for step in _answering(_EQUAL, number, _DENY)),
        # Another process is never signalled, and none is made; threads are.
        *(step for number in machine.kill for step in _unless(number, _EQUAL, pid)),
        *_unless(machine.clone, _SET, _CLONE_THREAD),
        _step(_RETURN, _ALLOW),
    ]


def _answering(comparison: int, value: int, answer: int) -> Sequence[bytes]:
    return _step(comparison, value, otherwise=1), _step(_RETURN, answer)


def _unless(number: int, comparison: int, value: int) -> Sequence[bytes]:
    """Deny the call unless its first argument compares so."""
    return (
        _step(_EQUAL, number, otherwise=4),
        _step(_LOAD, _ARGUMENT_AT),
        _step(comparison, value, then=1),
        _step(_RETURN, _DENY),
        _step(_RETURN, _ALLOW),
    )


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """Return one instruction; ``then`` and ``otherwise`` are how many to skip."""
    return struct.pack("=HBBI", code, then, otherwise, value)
