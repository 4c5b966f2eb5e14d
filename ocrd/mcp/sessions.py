"""The sessions of assistants over HTTP: so many and no more, each its key's own, idle ones ended.

The library ends a session on which nothing was asked for so long, and has a limit for all of them;
it knows nothing of keys. Here one key has a share, nobody goes on with another's session, and who
is refused is told as by the daemon's own door. What needs no session counts while it is answered.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ocrd.errors import RequestError
from ocrd.web.door.asking import asker
from ocrd.web.door.faults import refusal_of, refused

MOST = 64  # each has a task of its own
MOST_OF_ONE = 48  # of those, one key's: some are left to others
IDLE_SECONDS = 600.0  # without a request under way, after which a session is ended
RETRY_SECONDS = 5
_NAME = "mcp-session-id"  # the header


@dataclass(slots=True)
class _Session:
    owner: str
    asked: int  # requests under way
    since: float  # when the last one ended


class Sessions:
    """Counts the sessions of the application behind it."""

    def __init__(
        self, app: ASGIApp, idle_seconds: float = IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._app = app
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._without: Counter[str] = Counter()  # requests under way that name no session, by key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).get(_NAME)
        try:
            if named is None:
                await self._first(scope, receive, send)
            else:
                await self._further(named, scope, receive, send)
        except RequestError as error:
            answer = refused(Request(scope), refusal_of(error), error.headers)
            await answer(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what names no session, and may begin one."""
        owner = asker().owner
        self._require_place(owner)
        session = _Session(owner, 1, self._clock())

        async def send_counted(message: Message) -> None:
            if _status_of(message) < HTTPStatus.BAD_REQUEST and (
                name := Headers(raw=message["headers"]).get(_NAME)
            ):
                self._sessions[name] = session
            await send(message)

        self._without[owner] += 1
        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._without[owner] -= 1
            self._without += Counter()  # drops those who have none
            self._leave(session)

    async def _further(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what names a session; raise RequestError where one has none of that name."""
        self._drop_idle()
        session = self._sessions.get(name)
        if session is None or session.owner != asker().owner:
            raise RequestError(
                "There is no such session.", hint="Begin a new one: idle ones are ended.",
                status=HTTPStatus.NOT_FOUND, code="session",
            )  # fmt: skip
        is_its_end = scope["method"] == "DELETE"

        async def send_counted(message: Message) -> None:
            status = _status_of(message)
            if status == HTTPStatus.NOT_FOUND or (is_its_end and status < HTTPStatus.BAD_REQUEST):
                self._sessions.pop(name, None)
            await send(message)

        session.asked += 1
        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._leave(session)

    def _require_place(self, owner: str) -> None:
        """Raise RequestError where there is no place for one more."""
        self._drop_idle()
        held = Counter(session.owner for session in self._sessions.values()) + self._without
        if held.total() >= MOST or held[owner] >= MOST_OF_ONE:
            raise RequestError(
                f"{held.total()} sessions are open, {held[owner]} of them yours.",
                hint="End those that are not needed (DELETE), or come again later: idle ones are"
                f" ended after {self._idle_seconds / 60:g} minutes.",
                status=HTTPStatus.TOO_MANY_REQUESTS, code="busy",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )  # fmt: skip

    def _drop_idle(self) -> None:
        """Forget the sessions that the library has ended by now."""
        before = self._clock() - self._idle_seconds
        self._sessions = {
            name: session for name, session in self._sessions.items()
            if session.asked or session.since > before
        }  # fmt: skip

    def _leave(self, session: _Session) -> None:
        session.asked -= 1
        session.since = self._clock()


def _status_of(message: Message) -> int:
    """Return the status that an answer begins with; of what is no beginning, one that is none."""
    return int(message["status"]) if message["type"] == "http.response.start" else 999
