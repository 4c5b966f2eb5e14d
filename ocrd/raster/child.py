"""The child that ``isolate`` starts: it binds itself, and answers calls of one module's functions.

Also the form of the messages between the two, which both sides read and write: a length, then JSON.
The first bytes of a request carry its descriptors.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import sysconfig
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ocrd import errors
from ocrd.raster.confine import confine

LENGTH = struct.Struct("!I")  # of what follows, in bytes
MAX_DESCRIPTORS = 200  # with one request; the kernel takes 253
_OPEN_FILES = 64 + MAX_DESCRIPTORS  # of a child: its own, and those of a request
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICE = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take. 0 is no limit.

    ``memory_bytes`` counts what the child allocates; files that it maps to read them count for
    ``mapped_bytes``. ``file_bytes`` is the most that it writes to one file.
    """

    memory_bytes: int = 0
    mapped_bytes: int = 0
    file_bytes: int = 0
    confined: bool = False


def framed(message: dict[str, Any]) -> bytes:
    """Return a message as it is sent."""
    body = json.dumps(message).encode("ascii")
    return LENGTH.pack(len(body)) + body


def limit_process(limits: Limits) -> None:
    """Bind this process to its limits; called in the child before anything heavy is imported."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if limits.memory_bytes:
        _lower(resource.RLIMIT_DATA, limits.memory_bytes)
        _lower(resource.RLIMIT_AS, limits.memory_bytes + limits.mapped_bytes)
    if limits.file_bytes:
        _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides, by closing the socket
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def code_folders() -> list[Path]:
    """Return the folders that the interpreter and its libraries are loaded from."""
    paths = sysconfig.get_paths()
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    # Packages may be elsewhere, by PYTHONPATH for example. The search path itself would be too
    # much: the present folder is in it.
    packages = {
        Path(folder)
        for name, module in [*sys.modules.items()]
        if "." not in name
        for folder in getattr(module, "__path__", ())
    }
    return [*(Path(paths[kind]) for kind in kinds), Path(__file__).parents[1], *sorted(packages)]


def serve(
    connection: socket.socket, module_name: str, idle_seconds: float, *, confined: bool
) -> None:
    """Answer calls until the parent closes the connection."""
    module = importlib.import_module(module_name)
    idle: Callable[[], None] | None = getattr(module, "idle", None)
    held = _callback()
    # What a library loads when it is first used is code, and no secret.
    confinement = asdict(confine(code_folders())) if confined else {}
    connection.sendall(framed({"result": confinement}))
    while (received := _receive(connection, idle_seconds, idle)) is not None:
        request, descriptors = received
        connection.sendall(framed(_answer_of(module, request, descriptors)))
    del held


def _callback() -> object:
    """Return a call from C into Python; while there is one, others can be made without files.

    libffi maps its trampolines from the file of its own library. Where that cannot be opened, as
    behind Landlock, it would make code in memory, which a service is forbidden to do; pdfium reads
    by such calls.
    """
    return ctypes.CFUNCTYPE(None)(lambda: None)


def _answer_of(module: Any, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    handed = {"descriptors": descriptors} if descriptors else {}
    try:
        return {"result": getattr(module, request["function"])(**request["arguments"], **handed)}
    except errors.OcrdError as error:
        return {"error": _error_body(type(error).__name__, error)}
    except Exception as error:  # noqa: BLE001 -- the border: one message
        fault = errors.OcrdError(f"{type(error).__name__}: {error}"[:500])
        return {"error": _error_body("", fault)}
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _error_body(kind: str, error: errors.OcrdError) -> dict[str, Any]:
    return {"type": kind, "what": error.what, "hint": error.hint, "page": error.page}


def _receive(
    connection: socket.socket, idle_seconds: float, idle: Callable[[], None] | None
) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next request and its descriptors, None at the end; if none comes, call idle."""
    if idle is not None and not select.select([connection], [], [], idle_seconds)[0]:
        idle()
    start, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, MAX_DESCRIPTORS)
    header = _exactly(connection, LENGTH.size, start)
    if not start or header is None:
        return None
    body = _exactly(connection, LENGTH.unpack(header)[0])
    return None if body is None else (json.loads(body), descriptors)


def _exactly(connection: socket.socket, count: int, start: bytes = b"") -> bytes | None:
    received = bytearray(start)
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            return None
        received += chunk
    return bytes(received)


def main(arguments: list[str]) -> None:
    """Run the child: ``SOCKET_FD PARENT_PID MODULE LIMITS IDLE_SECONDS``."""
    descriptor, parent, module, limited, idle_seconds = arguments
    end_with(int(parent))
    faulthandler.enable()  # where a library crashes is this process's last word
    warnings.simplefilter("ignore")  # what libraries say about hostile files; errors still count
    # numpy's library reserves 30 MB a core when it is loaded, of a memory that is limited.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    limits = Limits(*json.loads(limited))
    limit_process(limits)
    # A parent that went away is an end like any other.
    gone = contextlib.suppress(BrokenPipeError, ConnectionResetError)
    with socket.socket(fileno=int(descriptor)) as connection, gone:
        serve(connection, module, float(idle_seconds), confined=limits.confined)


if __name__ == "__main__":
    main(sys.argv[1:])
