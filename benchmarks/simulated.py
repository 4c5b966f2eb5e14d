"""Servers that answer like a model on a GPU, each page after a set time, in a process of their own.

Each speaks OpenAI's interface at a port of its own: a page's image is taken in, held for the time
that a page takes (half as long to one and a half times, or all would end together again and again),
answered as a stream. What is asked beyond the places waits, as it would in
vLLM's queue. ``GET /seen`` says how many places were busy for how long.

Usage: python -m benchmarks.simulated --servers 4 [--places 64] [--seconds 1]
Its first line of output is a JSON list of the ports.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import deque
from collections.abc import Callable

MODEL = "simulated-vision"
WORDS = "Dear Sir or Madam,\n\nthank you for your letter. It was read by nobody.\n\nYours sincerely"
SPREAD = 0.5  # of a page's time
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class Seen:
    """How many pages were in the places, over time."""

    def __init__(self) -> None:
        self.answered = 0
        self.busy = 0  # places
        self.highest = 0
        self._area = 0.0  # places times seconds
        self._since = time.monotonic()

    def change(self, by: int) -> None:
        """Take note that a place was taken (1) or left (-1)."""
        self.told()
        self.busy += by
        self.highest = max(self.highest, self.busy)

    def told(self) -> dict[str, float]:
        """Return all that was seen so far."""
        now = time.monotonic()
        self._area += self.busy * (now - self._since)
        self._since = now
        return {"at": now, "answered": self.answered, "area": self._area, "highest": self.highest}


class Places:
    """One server's places."""

    def __init__(self, count: int, seconds: float, seen: Seen) -> None:
        self._free = count
        self._seconds = seconds
        self._seen = seen
        self._random = random.Random(count)
        self._waiting: deque[Callable[[], None]] = deque()

    def read(self, answer: Callable[[], None]) -> None:
        """Have a page answered once it had a place for its time."""
        if not self._free:
            self._waiting.append(answer)
            return
        self._free -= 1
        self._seen.change(1)
        seconds = self._seconds * self._random.uniform(1 - SPREAD, 1 + SPREAD)
        asyncio.get_running_loop().call_later(seconds, self._end, answer)

    def _end(self, answer: Callable[[], None]) -> None:
        self._free += 1
        self._seen.change(-1)
        self._seen.answered += 1
        answer()
        if self._waiting:
            self.read(self._waiting.popleft())


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as it is needed here, at next to no cost: the daemon is what is measured."""

    def __init__(self, places: Places, seen: Seen) -> None:
        self._places = places
        self._seen = seen
        self._got = bytearray()
        self._wanted = 0  # bytes of the request, 0 before its head is whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._got += data
        while True:
            if not self._wanted:
                end = self._got.find(b"\r\n\r\n")
                if end < 0:
                    return
                length = _LENGTH.search(self._got, 0, end)
                self._wanted = end + 4 + (int(length[1]) if length else 0)
            if len(self._got) < self._wanted:
                return
            head = bytes(self._got[:40])
            del self._got[: self._wanted]
            self._wanted = 0
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if head.startswith(b"POST"):
            self._places.read(lambda: self._write(_STREAM, b"text/event-stream"))
        elif head.startswith(b"GET /seen"):
            self._write(json.dumps(self._seen.told()).encode())
        else:
            self._write(json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode())

    def _write(self, body: bytes, kind: bytes = b"application/json") -> None:
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
                % (kind, len(body), body)
            )


def _stream() -> bytes:
    """Return an answer's events: words as they come from a model, though all at once."""
    events = [
        {"choices": [{"index": 0, "delta": {"content": word}}]}
        for word in re.findall(r"\s*\S+", WORDS)
    ]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in events) + (
        b"data: [DONE]\n\n"
    )


_STREAM = _stream()


async def serve(servers: int, places: int, seconds: float) -> None:
    """Serve until the process is ended."""
    loop, seen, ports = asyncio.get_running_loop(), Seen(), []
    for _ in range(servers):
        own = Places(places, seconds, seen)
        server = await loop.create_server(
            lambda own=own: Connection(own, seen), "127.0.0.1", 0  # type: ignore[misc]
        )
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--places", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.servers, arguments.places, arguments.seconds))
