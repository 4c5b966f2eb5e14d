"""Which server a page goes to, and which are set aside (pure but for its lock).

A page goes where the fewest are in flight for its places. A server that fails, or takes far longer
than the others, is set aside, longer each time, and tried again with one page; the pages that it
had move on. One that answers 429 is left alone for as long as it says.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FIRST_REST = 1.0  # seconds
LONGEST_REST = 60.0
SLOW = 8.0  # times the others' pace: pages differ by less than that, on the average of some
SLOW_SECONDS = 10.0  # a page; whoever is quicker is not slow, whatever the others are
PAGES = 4  # of which a pace is known
NEWEST = 0.3  # share of the last page in a server's pace


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
    answered: int = 0  # pages
    pace: float = 0.0  # seconds a page takes, the mean of the last ones
    paced: int = 0  # pages that this was seen in
    model: str = ""  # that it is asked for; "" before it was heard
    context: int = 0  # tokens of that model there, 0 where it does not say
    owner: str = ""  # of that model, by the server: another ocrd says so
    without: set[str] = field(default_factory=set)  # fields of a request that it does not take

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
        self._down_since: float | None = None  # when the last that was well failed

    @property
    def places(self) -> int:
        """Return how many pages may be in flight together."""
        return sum(server.places for server in self.servers)

    def take(
        self, *, wait_seconds: float, avoid: Server | None = None, never: Sequence[Server] = ()
    ) -> Server | None:
        """Return a server with a place for one page, None where none has one within the time.

        ``avoid`` is taken only where there is no other, ``never`` are those that refused the page.
        """
        end = self._clock() + wait_seconds
        with self._changed:
            while True:
                server = self._free(avoid, never)
                if server is not None:
                    server.in_flight += 1
                    if server.failures:
                        server.on_trial = True
                    return server
                left = end - self._clock()
                if left <= 0:
                    return None
                self._changed.wait(min(left, self._next_look(), 1.0))

    def occupy(self, server: Server) -> None:
        """Take a place at this very server, whether there is one or not."""
        with self._changed:
            server.in_flight += 1

    def has_other(self, refused: Sequence[Server]) -> bool:
        """Say whether a server that is well has not refused the page."""
        with self._changed:
            return any(not one.failures for one in self.servers if one not in refused)

    def _free(self, avoid: Server | None, never: Sequence[Server]) -> Server | None:
        now = self._clock()
        able = [
            server for server in self.servers
            if server.in_flight < server.places and server.rest_until <= now
            and not server.on_trial and server not in never
        ]  # fmt: skip
        others = [server for server in able if server is not avoid]
        return min(others or able, key=lambda server: server.load, default=None)

    def _next_look(self) -> float:
        """Return in how many seconds the next server is to be tried again."""
        now = self._clock()
        rests = [one.rest_until - now for one in self.servers if one.rest_until > now]
        return max(0.01, min(rests, default=1.0))

    def succeed(self, server: Server, seconds: float | None = None) -> str:
        """Give a place back after an answer; return the news of the server, "" for none.

        ``seconds`` is how long a page took, None where the answer was none of a page's.
        """
        with self._changed:
            was_away = server.failures > 0
            self._leave(server)
            server.failures, server.problem, server.since = 0, "", 0.0
            self._down_since = None
            if seconds is None:
                return "answers again" if was_away else ""
            server.answered += 1
            server.paced += 1
            share = max(NEWEST, 1 / server.paced)
            server.pace += share * (seconds - server.pace)
            if slow := self._slowness(server):
                server.pace, server.paced = 0.0, 0  # it begins anew
                self._set_aside(server, slow)
                return f"is set aside: {slow}"
            return "answers again" if was_away else ""

    def _slowness(self, server: Server) -> str:
        """Return in what a server falls behind the others, "" if it does not."""
        others = [
            one.pace for one in self.servers
            if one is not server and not one.failures and one.paced >= PAGES
        ]  # fmt: skip
        if server.paced < PAGES or not others or server.pace < SLOW_SECONDS:
            return ""
        usual = statistics.median(others)
        if server.pace < SLOW * usual:
            return ""
        return f"it takes {server.pace:.0f} s a page, where the others take {usual:.1f} s"

    def leave(self, server: Server) -> None:
        """Give a place back without a word on the server: the page was refused, or given up."""
        with self._changed:
            self._leave(server)

    def fail(self, server: Server, problem: str) -> bool:
        """Set a server aside that did not answer; say whether that is news."""
        with self._changed:
            self._leave(server)
            return self._set_aside(server, problem)

    def _set_aside(self, server: Server, problem: str) -> bool:
        now = self._clock()
        is_news = not server.failures
        if is_news:
            server.since = time.time()
        if server.rest_until <= now or is_news:  # of several pages that fail together, one counts
            rest = min(LONGEST_REST, FIRST_REST * 2.0 ** min(server.failures, 10))
            server.failures += 1
            server.rest_until = max(server.rest_until, now + rest)
        server.problem = problem
        if self._down_since is None and all(one.failures for one in self.servers):
            self._down_since = now
        return is_news

    def rest(self, server: Server, seconds: float) -> None:
        """Leave a server alone that asked for it (429 and Retry-After)."""
        with self._changed:
            self._leave(server)
            server.rest_until = max(server.rest_until, self._clock() + seconds)

    def _leave(self, server: Server) -> None:
        server.in_flight -= 1
        server.on_trial = False
        self._changed.notify_all()

    @property
    def down_seconds(self) -> float:
        """Return for how long no server has been well, 0 while one is."""
        with self._changed:
            return 0.0 if self._down_since is None else self._clock() - self._down_since

    @property
    def resting_seconds(self) -> float:
        """Return how long it is until a server may be asked at all, 0 where one may be now."""
        with self._changed:
            return max(0.0, min(one.rest_until for one in self.servers) - self._clock())

    def problems(self) -> str:
        """Return what is wrong with each server that is not well."""
        with self._changed:
            return "; ".join(f"{one.url}: {one.problem}" for one in self.servers if one.failures)
