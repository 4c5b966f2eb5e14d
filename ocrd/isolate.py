"""Functions of one module, called in a limited child process that may die without harm.

The child is a fresh interpreter (nothing is forked) with an address space limit, no core dumps,
lower priority and the first place on the kernel's out-of-memory list. It ends when its parent
does. One call at a time; requests and answers are length-prefixed JSON on a socket pair, never
pickle: what a hostile document makes of the child cannot make the parent execute anything.

After a failed call the child is gone: whoever owns it starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocrd import errors

_LENGTH = struct.Struct("!I")
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_STDERR_TAIL_BYTES = 2048
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICE = 5
_REAP_SECONDS = 5.0  # a killed child in an uninterruptible wait is left to the kernel after this


class ChildError(Exception):
    """A child could not answer."""


class ChildDied(ChildError):  # noqa: N818 -- it tells an event
    """The child ended before it answered."""


class ChildTimeout(ChildError):  # noqa: N818 -- it tells an event
    """The child did not answer in time and was killed."""


class ChildFault(ChildError):  # noqa: N818 -- it tells an event
    """The function raised something that is no error of ocrd. The child lives on."""


class LimitedChild:
    """The parent's side of one child that serves the functions of ``module``.

    ``memory_bytes`` is the child's address space (0: unlimited). After ``idle_seconds`` without
    a call the child runs the module's ``idle()``, if there is one.
    """

    def __init__(self, module: str, *, memory_bytes: int = 0, idle_seconds: float = 5.0) -> None:
        self._command = (module, str(memory_bytes), str(idle_seconds))
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stderr: asyncio.Task[None] | None = None
        self._stderr_tail = b""

    @property
    def pid(self) -> int | None:
        """The child's process id, once started."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Say whether the child was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self, *, deadline_seconds: float = 60.0) -> None:
        """Start the child and wait until it has imported its module.

        Raises ChildDied or ChildTimeout, and OSError where no process can be made.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "ocrd.isolate", str(theirs.fileno()), str(os.getpid()),
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C on the daemon's terminal is not for us
                )  # fmt: skip
            self._stderr = asyncio.create_task(self._keep_stderr_tail())
            self._reader, self._writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            await self.kill()
            raise
        await self._answer(deadline_seconds)

    async def call(self, function: str, *, deadline_seconds: float, **arguments: Any) -> Any:
        """Return what ``function(**arguments)`` returns in the child.

        Raises the OcrdError that the function raised; ChildFault for another exception of it;
        ChildDied and ChildTimeout, after which the child is gone. A cancelled call kills the
        child too: its answer would be taken for the next one's.
        """
        if self._writer is None or not self.alive:
            raise ChildDied(await self._obituary())
        try:
            self._writer.write(_framed({"function": function, "arguments": arguments}))
        except (OSError, RuntimeError) as error:
            raise ChildDied(await self._obituary()) from error
        answer = await self._answer(deadline_seconds)
        if "error" in answer:
            raise _error_from(answer["error"])
        return answer["result"]

    async def close(self, *, grace_seconds: float = 5.0) -> None:
        """Let the child end by closing its socket; kill it if it does not."""
        if self._writer is not None:
            self._writer.close()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        await self.kill()

    async def kill(self) -> None:
        """End the child at once and reap it."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None
        if self._process is not None:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _REAP_SECONDS)
        if self._stderr is not None:
            self._stderr.cancel()
            await asyncio.gather(self._stderr, return_exceptions=True)
            self._stderr = None

    async def _answer(self, deadline_seconds: float) -> dict[str, Any]:
        assert self._reader is not None
        try:
            async with asyncio.timeout(deadline_seconds):
                (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
                if length > MAX_MESSAGE_BYTES:
                    raise ValueError(f"an answer of {length} bytes")
                answer = json.loads(await self._reader.readexactly(length))
            if not isinstance(answer, dict):
                raise TypeError("an answer that is no object")
        except TimeoutError as error:
            await self.kill()
            raise ChildTimeout(f"it did not answer within {deadline_seconds:g} s") from error
        except (OSError, EOFError) as error:
            raise ChildDied(await self._obituary()) from error
        except (ValueError, TypeError) as error:
            await self.kill()
            raise ChildDied(f"it sent what is no message ({error})") from error
        except asyncio.CancelledError:
            await self.kill()
            raise
        return answer

    async def _obituary(self) -> str:
        """Reap the child and say how it ended."""
        process, stderr = self._process, self._stderr
        if process is None:
            return "it was not started"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _REAP_SECONDS)
        if stderr is not None:
            await asyncio.wait({stderr}, timeout=1.0)
        await self.kill()
        code = process.returncode
        if code is not None and code < 0:
            return f"it was ended by {_signal_name(-code)}"
        tail = self._stderr_tail.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"it ended with status {code}" + (f": {tail}" if tail else "")

    async def _keep_stderr_tail(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._stderr_tail = (self._stderr_tail + chunk)[-_STDERR_TAIL_BYTES:]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _framed(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode("ascii")
    return _LENGTH.pack(len(body)) + body


def _error_from(body: dict[str, Any]) -> Exception:
    """Return the exception that an answer carries."""
    cls = getattr(errors, str(body.get("type")), None)
    what = str(body.get("what", ""))
    if isinstance(cls, type) and issubclass(cls, errors.OcrdError):
        return cls(what, hint=str(body.get("hint", "")), page=body.get("page"))
    return ChildFault(what)


# From here on: the child's side.


def limit_process(memory_bytes: int) -> None:
    """Bind this process to its limits; called in the child before anything heavy is imported."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides, by closing the socket
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def serve(connection: socket.socket, module_name: str, idle_seconds: float) -> None:
    """Answer calls until the parent closes the connection."""
    module = importlib.import_module(module_name)
    idle: Callable[[], None] | None = getattr(module, "idle", None)
    connection.sendall(_framed({"result": "ready"}))
    while (request := _receive(connection, idle_seconds, idle)) is not None:
        try:
            function = getattr(module, request["function"])
            answer = {"result": function(**request["arguments"])}
        except errors.OcrdError as error:
            answer = {"error": _error_body(type(error).__name__, error)}
        except Exception as error:  # noqa: BLE001 -- the border: one message
            fault = errors.OcrdError(f"{type(error).__name__}: {error}"[:500])
            answer = {"error": _error_body("", fault)}
        connection.sendall(_framed(answer))


def _error_body(kind: str, error: errors.OcrdError) -> dict[str, Any]:
    return {"type": kind, "what": error.what, "hint": error.hint, "page": error.page}


def _receive(
    connection: socket.socket, idle_seconds: float, idle: Callable[[], None] | None
) -> dict[str, Any] | None:
    """Return the next request, None at the end; call ``idle`` once when none comes."""
    if idle is not None:
        connection.settimeout(idle_seconds)
        try:
            if not connection.recv(1, socket.MSG_PEEK):
                return None
        except TimeoutError:
            idle()
        connection.settimeout(None)
    header = _exactly(connection, _LENGTH.size)
    if header is None:
        return None
    body = _exactly(connection, _LENGTH.unpack(header)[0])
    return None if body is None else json.loads(body)


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            return None
        received += chunk
    return bytes(received)


def main(arguments: list[str]) -> None:
    """Run the child: ``SOCKET_FD PARENT_PID MODULE MEMORY_BYTES IDLE_SECONDS``."""
    descriptor, parent, module, memory_bytes, idle_seconds = arguments
    end_with(int(parent))
    warnings.simplefilter("ignore")  # what libraries say about hostile files; errors still count
    limit_process(int(memory_bytes))
    # A parent that went away is an end like any other.
    gone = contextlib.suppress(BrokenPipeError, ConnectionResetError)
    with socket.socket(fileno=int(descriptor)) as connection, gone:
        serve(connection, module, float(idle_seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
