"""Functions of one module, called in a limited child process that may die without harm.

The child is a fresh interpreter (nothing is forked) with limits on its memory, its descriptors and
the files that it writes, no core dumps, lower priority and the first place on the kernel's
out-of-memory list. It ends when its parent does. A confined one opens no files, reaches no network
and starts nothing: what it reads and writes comes as open descriptors with the request.

One call at a time; requests and answers are length-prefixed JSON on a socket pair, never pickle:
what a hostile document makes of the child cannot make the parent execute anything. After a failed
call the child is gone: whoever owns it starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from ocrd import errors, loading
from ocrd.raster.child import LENGTH, Limits, framed
from ocrd.wording import span

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_STDERR_TAIL_BYTES = 8192  # a crash tells its whole stack
_WORKED_SHARE = 0.2  # of a deadline: other work may have had the rest
_CPU_CLOCK = 2  # of a process, with its inverted number above it: CPUCLOCK_SCHED in the kernel
_REAP_SECONDS = 5.0  # a killed child in an uninterruptible wait is left to the kernel after this


class ChildError(Exception):
    """A child could not answer.

    ``halfway`` says whether it had done the first part of what was asked: set by whoever can tell.
    """

    halfway = False


class ChildDied(ChildError):  # noqa: N818 -- it tells an event
    """The child ended before it answered."""


class ChildTimeout(ChildError):  # noqa: N818 -- it tells an event
    """The child did not answer in time and was killed.

    ``worked`` says whether it computed for a good part of that time: the request is to blame then,
    not a disk or a machine that stood still.
    """

    def __init__(self, what: str, *, worked: bool) -> None:
        super().__init__(what)
        self.worked = worked


class ChildFault(ChildError):  # noqa: N818 -- it tells an event
    """The function raised something that is no error of ocrd. The child lives on."""


class LimitedChild:
    """The parent's side of one child that serves the functions of ``module``.

    After ``idle_seconds`` without a call the child runs the module's ``idle()``, if there is one.
    """

    def __init__(
        self, module: str, limits: Limits | None = None, *, idle_seconds: float = 5.0
    ) -> None:
        self._command = (module, json.dumps(astuple(limits or Limits())), str(idle_seconds))
        self.confinement: dict[str, Any] = {}  # the fields of a Confinement, once started
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stderr: asyncio.Task[None] | None = None
        self._stderr_tail = b""
        self._has_started = False

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
                    # -P: no module from the folder that the daemon was started in.
                    sys.executable, "-P", "-m", "ocrd.raster.child",
                    str(theirs.fileno()), str(os.getpid()),
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C on the daemon's terminal is not for us
                )  # fmt: skip
            self._stderr = asyncio.create_task(self._keep_stderr_tail())
            self._reader, self._writer = await asyncio.open_connection(sock=ours)
            self._socket = ours
        except BaseException:
            ours.close()
            await self.kill()
            raise
        self.confinement = (await self._answer(deadline_seconds))["result"]
        self._has_started = True

    async def call(
        self, function: str, *, deadline_seconds: float, descriptors: Sequence[int] = (),
        **arguments: Any,
    ) -> Any:  # fmt: skip
        """Return what ``function(**arguments)`` returns in the child.

        The child is given duplicates of ``descriptors``, at most MAX_DESCRIPTORS, as an argument
        of that name where there are any; they are closed when the function returns.

        Raises the OcrdError that the function raised; ChildFault for another exception of it;
        ChildDied and ChildTimeout, after which the child is gone. A cancelled call kills the
        child too: its answer would be taken for the next one's.
        """
        if self._writer is None or not self.alive:
            raise ChildDied(await self._obituary())
        try:
            self._send({"function": function, "arguments": arguments}, descriptors)
        except (OSError, RuntimeError) as error:
            raise ChildDied(await self._obituary()) from error
        answer = await self._answer(deadline_seconds)
        if "error" in answer:
            raise _error_from(answer["error"])
        return answer["result"]

    def _send(self, request: dict[str, Any], descriptors: Sequence[int]) -> None:
        """Send a request; its first bytes carry the descriptors.

        The child has read all that came before, so that the socket takes the first of these bytes,
        and mostly all of them, at once.
        """
        assert self._socket is not None
        assert self._writer is not None
        message = framed(request)
        sent = socket.send_fds(self._socket, [message], list(descriptors))
        if sent < len(message):
            self._writer.write(message[sent:])

    async def close(self, *, grace_seconds: float = 5.0) -> None:
        """Let the child end by closing its socket; kill it if it does not."""
        if self._writer is not None:
            self._writer.close()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._process.wait()
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
                async with asyncio.timeout(_REAP_SECONDS):
                    await self._process.wait()
        if self._stderr is not None:
            self._stderr.cancel()
            await asyncio.gather(self._stderr, return_exceptions=True)
            self._stderr = None

    async def _answer(self, deadline_seconds: float) -> dict[str, Any]:
        assert self._reader is not None
        before = self._cpu_seconds()
        try:
            async with asyncio.timeout(deadline_seconds):
                (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
                if length > MAX_MESSAGE_BYTES:
                    raise ValueError(f"an answer of {length} bytes")
                answer = json.loads(await self._reader.readexactly(length))
            if not isinstance(answer, dict):
                raise TypeError("an answer that is no object")
        except TimeoutError as error:
            worked = self._cpu_seconds() - before > deadline_seconds * _WORKED_SHARE
            await self.kill()
            told = f"it did not answer within {span(deadline_seconds)}"
            raise ChildTimeout(told, worked=worked) from error
        except (OSError, EOFError) as error:
            raise ChildDied(await self._obituary()) from error
        except (ValueError, TypeError) as error:
            await self.kill()
            raise ChildDied(f"it sent what is no message ({error})") from error
        except asyncio.CancelledError:
            await self.kill()
            raise
        return answer

    def _cpu_seconds(self) -> float:
        """Return the processor time that the child has used."""
        try:
            return time.clock_gettime(~(self.pid or 0) << 3 | _CPU_CLOCK)
        except OSError:
            return 0.0

    async def _obituary(self) -> str:
        """Reap the child and say how it ended."""
        process, stderr = self._process, self._stderr
        if process is None:
            return "it was not started"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REAP_SECONDS):
                await process.wait()
        if stderr is not None:
            await asyncio.wait({stderr}, timeout=1.0)
        await self.kill()
        code = process.returncode
        said = self._stderr_tail.decode("utf-8", "replace")
        if code == -signal.SIGILL:
            obstacle = loading.of_illegal_instruction(said, is_loading=not self._has_started)
            return f"it was ended by {obstacle.what}"
        if code is not None and code < 0:
            return f"it was ended by {_signal_name(-code)}"
        tail = said.strip().rpartition("\n")[2]
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


def _error_from(body: dict[str, Any]) -> Exception:
    """Return the exception that an answer carries."""
    cls = getattr(errors, str(body.get("type")), None)
    what = str(body.get("what", ""))
    if isinstance(cls, type) and issubclass(cls, errors.OcrdError):
        return cls(what, hint=str(body.get("hint", "")), page=body.get("page"))
    return ChildFault(what)
