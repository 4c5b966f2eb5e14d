"""The engine worker as an operating system process: start it, talk to it, end it.

After ``close`` returns the process is gone and reaped. Everything the worker prints goes to a
bounded tail, which tells why it died.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

from ocrd import loading
from ocrd.engine import protocol, visible
from ocrd.errors import EngineError, EngineUnusableError

_TAIL_BYTES = 16384  # a crash among nested imports is told in hundreds of lines
_KILL_SECONDS = 10.0  # what SIGKILL may take: a process deep in a driver ends late
_ABORT_SECONDS = 1.0  # after death, for what is still in the socket
_NOT_ITS_CONCERN = {
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", visible.CHOSEN,
}  # fmt: skip
_MESSAGES_A_TURN = 64  # then the rest of the daemon has its turn, however fast the worker talks


class WorkerProcess:
    """One running worker and the socket to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._exited = asyncio.Event()
        self._tail = bytearray()
        self._received = 0
        self._has_greeted = False
        self._watch()

    @classmethod
    async def spawn(cls, device: str = "") -> WorkerProcess:
        """Start a worker that sees this GPU alone, if the device is one, else what we see.

        Raise EngineError if the system has no room for one.
        """
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise _no_room(error) from error
        with theirs:
            try:
                process = subprocess.Popen(  # noqa: ASYNC220 - forks in a few milliseconds
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        "ocrd.engine.worker",
                        str(theirs.fileno()),
                        str(os.getpid()),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    process_group=0,
                    env=environment(os.environ, device),
                )
            except OSError as error:
                ours.close()
                raise _no_room(error) from error
        try:
            worker = cls(process)
            await worker._connect(ours)
        except BaseException as error:
            ours.close()
            process.kill()
            process.wait()
            if isinstance(error, OSError):
                raise _no_room(error) from error
            raise
        return worker

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def _connect(self, ours: socket.socket) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(
            sock=ours, limit=protocol.MAX_MESSAGE_BYTES
        )

    def send(self, message: protocol.ToWorker) -> None:
        """Send the message; a worker that is gone shows itself in ``receive``."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(protocol.encode(message))

    async def receive(self) -> protocol.FromWorker:
        """Return the next message; raise EngineError once the worker is gone or talks nonsense."""
        assert self._reader is not None
        self._received += 1
        if self._received % _MESSAGES_A_TURN == 0:
            await asyncio.sleep(0)
        try:
            line = await self._reader.readline()
        except ValueError as error:
            raise EngineError(
                "The engine worker sent a message without an end "
                f"(over {protocol.MAX_MESSAGE_BYTES} bytes).",
                hint="It is restarted.",
            ) from error
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            await self._died()
        message = protocol.decode(line)
        if not isinstance(message, protocol.FromWorker):
            raise EngineError(
                f"The engine worker sent a message that only the daemon sends: {line[:80]!r}.",
                hint="It is restarted.",
            )
        self._has_greeted = self._has_greeted or isinstance(message, protocol.Hello)
        return message

    async def _died(self) -> None:
        """Raise EngineError that says how the worker ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ABORT_SECONDS):
                await self._exited.wait()
        if self._process.returncode == -signal.SIGILL:
            is_loading = not self._has_greeted
            obstacle = loading.of_illegal_instruction(self._said(), is_loading=is_loading)
            kind = EngineUnusableError if is_loading else EngineError
            raise kind(f"The engine worker ended ({obstacle.what}).", hint=obstacle.hint)
        raise EngineError(
            f"The engine worker ended ({self._ending()}).{self.last_words()}",
            hint="It is restarted.",
        )

    def _ending(self) -> str:
        code = self._process.returncode
        if code is None:
            return "it closed its connection"
        if code >= 0:
            return f"exit status {code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            if name == "SIGKILL":
                return "SIGKILL, perhaps for want of memory"
            where = loading.crash_site(self._said())
            return f"{name}, in {where}" if where else name
        return f"signal {-code}"

    def last_words(self) -> str:
        """Return what the worker printed last, as the end of a sentence; empty if nothing."""
        lines = loading.before_crash(self._said()).split("\n")
        spoken = [line.strip() for line in lines if line.strip()]
        return f" Its last words: {' | '.join(spoken[-3:])[-500:]}" if spoken else ""

    def _said(self) -> str:
        return bytes(self._tail).decode("utf-8", "replace")

    def kill(self) -> None:
        """End the worker, and what it started, at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self, grace_seconds: float) -> None:
        """Close the connection, which ends the worker; kill it after ``grace_seconds``."""
        if self._writer is not None:
            self._writer.close()
        try:
            await self._wait(grace_seconds)
        finally:
            self.kill()
            await self._wait(_KILL_SECONDS)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._exited.wait()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        loop.add_reader(self._process.stdout.fileno(), self._listen)
        self._pidfd = os.pidfd_open(self._process.pid)
        loop.add_reader(self._pidfd, self._reap)

    def _listen(self) -> None:
        """Keep the last of what the worker prints."""
        pipe = self._process.stdout
        assert pipe is not None
        try:
            chunk = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._hang_up()
        self._tail += chunk
        del self._tail[:-_TAIL_BYTES]

    def _hang_up(self) -> None:
        pipe = self._process.stdout
        if pipe is not None and not pipe.closed:
            asyncio.get_running_loop().remove_reader(pipe.fileno())
            pipe.close()

    def _reap(self) -> None:
        """Take note of the worker's end; called once, by its pidfd."""
        loop = asyncio.get_running_loop()
        self._process.wait()
        loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._listen()  # its last words may still be in the pipe
            self._hang_up()
        self._exited.set()
        if self._writer is not None:
            # A grandchild may hold the other end: without this no end of file would come.
            loop.call_later(_ABORT_SECONDS, self._writer.transport.abort)


def environment(inherited: Mapping[str, str], device: str = "") -> dict[str, str]:
    """Return the worker's environment: telemetry off before any import, systemd not its concern.

    It sees one GPU where its device is one.
    """
    own = {key: value for key, value in inherited.items() if key not in _NOT_ITS_CONCERN}
    own |= visible.given(device, own)
    own["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime 1.29-1.31 write and look up on import
    own["PYTHONUNBUFFERED"] = "1"
    return own


def _no_room(error: OSError) -> EngineError:
    return EngineError(
        f"The engine worker cannot be started: {error.strerror or error}.",
        hint="Look at the memory, process and open-file limits; ocrd tries again by itself.",
    )
