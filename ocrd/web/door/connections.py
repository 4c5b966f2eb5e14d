"""Connections over TCP: so many and no more, and none that only keeps its place.

Whoever can reach the port can open connections, without a key, and each takes one of the daemon's
open files, of which the folders and engines have need, too. So there is a limit; where it is
reached, the connection that has waited longest without a request under way goes, and a newcomer has
its place. A request's head has to come in time, its body and the taking of its answer have to make
progress. Connections of the socket are of people who may steer: they have all the time they want.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import resource
import socket
import struct
import termios
import time
from typing import Any

import h11

from ocrd.web.door.asking import Introduced
from ocrd.web.door.wire import dumps

# What strangers send that is no HTTP is told to them; the log is not theirs to fill.
log = logging.getLogger("uvicorn.error.http")
log.setLevel(logging.ERROR)

MOST = 1000
SHARE = 3  # of the files that the daemon may have open, one in so many is a connection
HEAD_SECONDS = 20.0  # for a whole head, from the connection's begin or the last answer's end
STEP_SECONDS = 60.0  # in which a body, or an answer's taking, has to come on
LEAST_STEP = 64 << 10  # bytes in that time
_KEEPALIVE = (  # so that the dead are known as such (tcp(7)): after 60 s, and 4 more tries
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)


def most() -> int:
    """Return how many connections over TCP there may be at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft // SHARE))


class Patient(Introduced):
    """HTTP whose patience with a client over TCP has an end."""

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self.logger = log

    is_remote = False
    since = 0.0  # when it began to wait for a request (monotonic)
    _came = 0  # bytes in this step of a body
    _untaken = 0  # bytes of answers, at the last look
    _head: asyncio.TimerHandle | None = None
    _step: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Say whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Find a place for it; where all have requests under way, there is none."""
        super().connection_made(transport)
        other: socket.socket = transport.get_extra_info("socket")
        if other.family == socket.AF_UNIX:
            return
        for option in _KEEPALIVE:
            other.setsockopt(*option)
        self.is_remote = True
        self._await_head()
        remote = [one for one in self.connections if isinstance(one, Patient) and one.is_remote]
        if len(remote) > most():
            idle = (one for one in remote if one.is_waiting and one is not self)
            leaves = min(idle, key=lambda one: one.since, default=self)
            self.connections.discard(leaves)  # it counts no more, though it is closed later
            leaves.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._came += len(data)
        super().data_received(data)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the form of all refusals, where no answer has begun."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            hint = "Send a whole request of HTTP/1.1, with a head of 64 KiB at the most."
            body = dumps({"error": {"code": "http", "message": msg, "hint": hint}}).encode("ascii")
            head = [
                ("Content-Type", "application/json"), ("Content-Length", str(len(body))),
                ("Connection", "close"),
            ]  # fmt: skip
            answer = h11.Response(status_code=400, headers=head, reason=b"Bad Request")
            for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request, which may have come already."""
        _cancel(self._step)
        self._step = None
        if self.is_remote:
            self._await_head()
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait for a client to take what was sent, but not for ever."""
        super().pause_writing()
        if self.is_remote and self._stall is None:
            self._untaken = self._unsent()
            self._stall = self.loop.call_later(STEP_SECONDS, self._require_taking)

    def resume_writing(self) -> None:
        """Go on: it was taken."""
        super().resume_writing()
        _cancel(self._stall)
        self._stall = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let all go."""
        super().connection_lost(exc)
        for timer in (self._head, self._step, self._stall):
            _cancel(timer)

    def _watch(self) -> None:
        """Watch the body of a request that has begun."""
        if not self.is_remote or self.is_waiting:
            return
        _cancel(self._head)
        self._head = None
        if self._step is None and self.cycle.more_body:
            self._came = 0
            self._step = self.loop.call_later(STEP_SECONDS, self._require_body)

    def _await_head(self) -> None:
        self.since = time.monotonic()
        self._untaken = self._unsent()
        _cancel(self._head)
        self._head = self.loop.call_later(HEAD_SECONDS, self._require_head)

    def _require_head(self) -> None:
        """End a connection on which nothing is asked, unless its last answer is being taken."""
        unsent = self._unsent()
        if not unsent or unsent >= self._untaken:
            self.transport.abort()
            return
        self._untaken = unsent
        self._head = self.loop.call_later(HEAD_SECONDS, self._require_head)

    def _require_body(self) -> None:
        """End a connection whose body does not come on; one that is not read has time."""
        self._step = None
        if self.is_waiting or not self.cycle.more_body:
            return
        if self._came < LEAST_STEP and not self.flow.read_paused:
            self.transport.abort()
        else:
            self._watch()

    def _require_taking(self) -> None:
        """End a connection whose answer is not taken."""
        unsent = self._unsent()
        if unsent > self._untaken - LEAST_STEP:
            self.transport.abort()
            return
        self._untaken = unsent
        self._stall = self.loop.call_later(STEP_SECONDS, self._require_taking)

    def _unsent(self) -> int:
        """Return how many bytes the other side has not taken: ours, and the kernel's (tcp(7))."""
        other: socket.socket = self.transport.get_extra_info("socket")
        try:
            queued = fcntl.ioctl(other.fileno(), termios.TIOCOUTQ, bytes(4))
        except (OSError, ValueError):  # it is closed
            return 0
        return self.transport.get_write_buffer_size() + int(struct.unpack("i", queued)[0])


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
