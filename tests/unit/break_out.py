"""What a process that was taken over would try, each thing by itself."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


def attempt(
    folder: str, port: int, unix_socket: str, victim: int, descriptors: list[int]
) -> dict[str, bool]:
    """Try everything; say by name what was possible."""
    away = Path(folder)
    tries: dict[str, Callable[[], object]] = {
        "read a file": lambda: Path("/etc/passwd").read_bytes(),
        "read a process": lambda: Path(f"/proc/{victim}/environ").read_bytes(),
        "list a folder": lambda: list(Path(folder).iterdir()),
        "open what it holds": lambda: Path(f"/proc/self/fd/{descriptors[0]}").read_bytes(),
        "write a file": lambda: (away / "kept").write_bytes(b"!"),
        "make a file": lambda: (away / "new").touch(),
        "make a folder": lambda: (away / "folder").mkdir(),
        "make a link": lambda: (away / "link").symlink_to("/"),
        "make a hard link": lambda: (away / "hard").hardlink_to(away / "kept"),
        "make a pipe": lambda: os.mkfifo(away / "pipe"),
        "rename": lambda: (away / "first").rename(away / "second"),
        "truncate": lambda: os.truncate(away / "kept", 0),
        "change rights": lambda: (away / "kept").chmod(0o777),
        "change times": lambda: os.utime(away / "kept", (1, 1)),
        "change attributes": lambda: os.setxattr(away / "kept", "user.x", b"1"),
        "delete": lambda: (away / "doomed").unlink(),
        "connect by TCP": lambda: socket.create_connection(("127.0.0.1", port)).close(),
        "connect to a socket": lambda: _connect(unix_socket),
        "send by UDP": lambda: _send(port),
        "signal another process": lambda: os.kill(victim, signal.SIGCONT),
        "fork": _fork,
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "make memory beside its limit": lambda: os.close(os.memfd_create("x")),
        "raise its limits": lambda: _limit(victim),
    }
    return {name: _works(each) for name, each in tries.items()}


def go_on(descriptors: list[int]) -> dict[str, object]:
    """Do what a confined process has to be able to do."""
    held = os.pread(descriptors[0], 100, 0).decode()
    written = os.write(descriptors[1], b"written")
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    import wave  # any module that nothing has loaded so far  # noqa: F401

    return {"held": held, "written": written, "to itself": _works(lambda: os.kill(os.getpid(), 0))}


def _works(each: Callable[[], object]) -> bool:
    try:
        each()
    except OSError:
        return False
    return True


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)


def _send(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("127.0.0.1", port))


def _fork() -> None:
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _limit(victim: int) -> None:
    """Set another process's limit of core dumps to what it is: prlimit(2), RLIMIT_CORE."""
    old = (ctypes.c_ulong * 2)()
    if _libc.prlimit(victim, 4, None, old) or _libc.prlimit(victim, 4, old, None):
        raise OSError(ctypes.get_errno(), "prlimit")
