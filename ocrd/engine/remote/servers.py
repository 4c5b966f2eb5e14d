"""Which server a page goes to, and which are set aside (pure but for its lock).

A page goes where the fewest are in flight for its places. A server that fails is set aside, longer
each time, and tried again with one page; the pages that it had move on. One that answers 429 is
left alone for as long as it says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FIRST_REST = 1.0  # seconds
LONGEST_REST = 60.0


@dataclass(slots=True)
class Server:
    """One server, as this engine sees it."""

    url: str
    places: int  # pages at a time
    weight: float = 1.0  # a server of twice the weight is as busy with twice the pages
    in_flight: int = 0
    rest_until: float = 0.0  # on the pool's clock
    failures: int = 0  # in a row
    on_trial: bool = False  # one page is to show whether it is back
    since: float = 0.0  # Unix time at which it began to fail
    problem: str = ""
    answered: int = field(default=0)  # pages

    @property
    def load(self) -> float:
        """Return how busy it is, 1 where all places are taken and it weighs as others do."""
        return self.in_flight / (self.places * self.weight)


class Pool:
    """The servers of one engine. Every method may be called from any thread."""

    def __init__(
        self, servers: Sequence[Server], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.servers = list(servers)
        self._clock = clock
        self._changed = threading.Condition()

    @property
    def places(self) -> int:
        """Return how many pages may be in flight together."""
        return sum(server.places for server in self.servers)

    def take(self, *, wait_seconds: float, avoid: Server | None = None) -> Server | None:
        """Return a server with a place for one page, None where none has one within the time.

        ``avoid`` is taken only where there is no other.
        """
        end = self._clock() + wait_seconds
        with self._changed:
            while True:
                server = self._free(avoid)
                if server is not None:
                    server.in_flight += 1
                    if server.failures:
                        server.on_trial = True
                    return server
                left = end - self._clock()
                if left <= 0:
                    return None
                self._changed.wait(min(left, self._next_look(), 1.0))

    def _free(self, avoid: Server | None) -> Server | None:
        now = self._clock()
        able = [
            server for server in self.servers
            if server.in_flight < server.places and server.rest_until <= now
            and not server.on_trial
        ]
        others = [server for server in able if server is not avoid]
        return min(others or able, key=lambda server: server.load, default=None)

    def _next_look(self) -> float:
        """Return in how many seconds the next server is to be tried again."""
        now = self._clock()
        rests = [one.rest_until - now for one in self.servers if one.rest_until > now]
        return max(0.01, min(rests, default=1.0))

    def succeed(self, server: Server) -> bool:
        """Give a place back after an answer; say whether the server had been away."""
        with self._changed:
            was_away = server.failures > 0
            self._leave(server)
            server.failures, server.problem, server.since = 0, "", 0.0
            server.answered += 1
            return was_away

    def leave(self, server: Server) -> None:
        """Give a place back without a word on the server: the page was refused, or given up."""
        with self._changed:
            self._leave(server)

    def fail(self, server: Server, problem: str) -> bool:
        """Set a server aside that did not answer; say whether that is news."""
        with self._changed:
            self._leave(server)
            now = self._clock()
            is_news = not server.failures
            if is_news:
                server.since = time.time()
            if server.rest_until <= now:  # of several pages that fail together, one counts
                rest = min(LONGEST_REST, FIRST_REST * 2.0 ** min(server.failures, 10))
                server.failures += 1
                server.rest_until = now + rest
            server.problem = problem
            return is_news

    def rest(self, server: Server, seconds: float) -> None:
        """Leave a server alone that asked for it (429 and Retry-After)."""
        with self._changed:
            self._leave(server)
            server.rest_until = max(server.rest_until, self._clock() + min(seconds, LONGEST_REST))

    def _leave(self, server: Server) -> None:
        server.in_flight -= 1
        server.on_trial = False
        self._changed.notify_all()

    @property
    def all_down(self) -> str:
        """Return why no server answers, "" while one does or may."""
        with self._changed:
            if any(not server.failures for server in self.servers):
                return ""
            return "; ".join(f"{server.url}: {server.problem}" for server in self.servers)
