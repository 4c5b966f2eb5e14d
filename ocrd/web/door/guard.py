"""The door of TCP: who may come in, in whose name, how often, and from which page.

By the socket everybody may who can open it. Over TCP a request needs a key (``Authorization:
Bearer`` or ``X-API-Key``), for a host that is ours, and from no web page that was not named: a
browser sends what any page tells it to, and resolves any name to 127.0.0.1.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ocrd.config.api import ApiSettings
from ocrd.errors import KeyFileError, RequestError
from ocrd.log import fields
from ocrd.web.door.asking import NOBODY, Asker, ask_as, asker, is_local
from ocrd.web.door.faults import Refusal, refusal_of, refused
from ocrd.web.door.keys import Key, Keys

log = logging.getLogger("ocrd.web.door.guard")

OPEN = frozenset({"/health", "/healthz", "/livez"})  # that we are alive is all that they say
BROWSED = ("/docs", "/redoc", "/openapi.json", "/static-offline-docs")  # by a person, by password
NO_KEYS = Asker("loopback")
# What is wrong with the file may have a key in it: the log says it, and no answer.
NO_KEY_FILE = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, KeyFileError.code, "The keys cannot be used.",
    "Nobody is let in until whoever runs ocrd mends their file; the log says what is wrong.",
)  # fmt: skip
MAX_LISTENING = 256  # each has a connection open
MAX_OF_ONE = 224  # of those, one key's: some are left to others
SPARED = 4  # of so many places to work, one is not had by a key beside which others may work


class Gate:
    """What the door knows. The settings may be others after a reload."""

    def __init__(
        self, settings: ApiSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # of a key: requests left, and when
        self.at_work = 0  # requests that read or bring something,
        self._working: Counter[str] = Counter()  # and those of each key
        self.listening = 0  # requests that wait for what happens,
        self._listening: Counter[str] = Counter()  # and those of each
        self.settings = settings
        self._keys: Keys | None = None
        self.change(settings)

    def change(self, settings: ApiSettings) -> None:
        """Put other settings in force."""
        if self._keys is None or settings.api_key_file != self.settings.api_key_file:
            self._keys = Keys(settings.api_key_file) if settings.api_key_file else None
        self.settings = settings

    # Who

    def admit(self, request: Request) -> Asker:
        """Return who asks over TCP; raise RequestError or KeyFileError for one who may not."""
        _require_one_length(request.headers)
        self._require_host(request.headers)
        self._require_origin(request.headers)
        if request.scope["path"] in OPEN:
            return self._known(request)
        if self.settings.keys == "none":
            return NO_KEYS
        key = self._key(request)
        self._count(key.name)
        return Asker(key.name, key.scopes, key.folders)

    def _known(self, request: Request) -> Asker:
        """Return who asks what everybody may: nobody, unless he says it and it is right."""
        if self.settings.keys == "none":
            return NO_KEYS
        told = told_key(request)
        try:
            key = self._keys.find(told) if told and self._keys is not None else None
        except KeyFileError:
            return NOBODY
        return Asker(key.name, key.scopes, key.folders) if key is not None else NOBODY

    def _key(self, request: Request) -> Key:
        told = told_key(request)
        if not told:
            raise RequestError(
                "No key was told.",
                hint="Send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.",
                status=HTTPStatus.UNAUTHORIZED, code="no-key", headers=_challenge(request),
            )  # fmt: skip
        key = self._keys.find(told) if self._keys is not None else None
        if key is None:
            raise RequestError(
                "This key is not known.",
                hint="Ask whoever runs ocrd for one: 'ocrd key new NAME' makes it.",
                status=HTTPStatus.UNAUTHORIZED, code="wrong-key", headers=_challenge(request),
            )  # fmt: skip
        return key

    def _count(self, name: str) -> None:
        """Raise RequestError where a key asks more often than it may (a token bucket)."""
        rate = self.settings.rate
        if not rate:
            return
        now = self._clock()
        left, then = self._buckets.get(name, (float(rate), now))
        left = min(float(rate), left + (now - then) * rate / 60.0)
        if left < 1.0:
            self._buckets[name] = (left, now)
            wait = max(1, round((1.0 - left) * 60.0 / rate))
            raise RequestError(
                f"{name} asks more often than {rate} times a minute.", hint="Come again later.",
                status=HTTPStatus.TOO_MANY_REQUESTS, code="rate",
                headers={"Retry-After": str(wait)},
            )  # fmt: skip
        self._buckets[name] = (left - 1.0, now)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Count a request that reads or brings something; raise RequestError for one too many."""
        who = asker()
        mine = self._working[who.owner]
        if self.at_work >= self.settings.max_requests or mine >= self._most_of(who):
            raise RequestError(
                f"{self.at_work} requests are being answered already, {mine} of them yours.",
                hint="Come again later.",
                status=HTTPStatus.TOO_MANY_REQUESTS, code="busy", headers={"Retry-After": "1"},
            )  # fmt: skip
        self.at_work += 1
        self._working[who.owner] += 1
        try:
            yield
        finally:
            self.at_work -= 1
            self._working[who.owner] -= 1
            self._working += Counter()  # drops those who have none

    def _most_of(self, who: Asker) -> int:
        """Return how many places to work one may have: not all where other keys have need of some.

        Whoever may open the socket may stop the daemon, too, and is not held back.
        """
        most = self.settings.max_requests
        if who.is_local or self.settings.keys == "none" or self._keys is None:
            return most
        others = (key for key in self._keys.known if key.name != who.name)
        if not any("upload" in key.scopes for key in others):
            return most
        return max(1, most - -(-most // SPARED))

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Count a request that waits for what happens; raise RequestError for one too many."""
        who = asker().owner
        if self.listening >= MAX_LISTENING or self._listening[who] >= MAX_OF_ONE:
            raise RequestError(
                f"{self.listening} requests wait already for what happens.",
                hint="Come again later.", status=HTTPStatus.TOO_MANY_REQUESTS, code="busy",
                headers={"Retry-After": "5"},
            )  # fmt: skip
        self.listening += 1
        self._listening[who] += 1
        try:
            yield
        finally:
            self.listening -= 1
            self._listening[who] -= 1

    # From where

    def _require_host(self, headers: Headers) -> None:
        host = host_of(headers.get("host", ""))
        if host not in self._hosts() and not self._is_address(host):
            raise RequestError(
                f"Requests for {host[:100]!r} are not answered here.",
                hint="Name the host in [api] hosts if it is ours.",
                status=HTTPStatus.MISDIRECTED_REQUEST, code="host",
            )  # fmt: skip

    def _hosts(self) -> frozenset[str]:
        address = self.settings.address
        own = {"localhost", *((address[0].lower(),) if address else ())}
        return frozenset(own | {host.lower() for host in self.settings.hosts})

    def _is_address(self, host: str) -> bool:
        """Say whether a number was asked for: no name that leads here is one."""
        try:
            found = ipaddress.ip_address(host)
        except ValueError:
            return False
        return found.is_loopback or not self.settings.is_loopback

    def _require_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None or origin in self.settings.origins:
            return
        try:
            asked = urlsplit(origin).netloc.lower()
        except ValueError:  # no page has such a one
            asked = ""
        if asked and asked == headers.get("host", "").lower():
            return  # our own pages, /docs
        raise RequestError(
            f"Pages of {origin[:100]!r} may not ask here.",
            hint="Name the page's origin in [api] origins.",
            status=HTTPStatus.FORBIDDEN, code="origin",
        )  # fmt: skip


class Guard:
    """Lets nobody in whom the gate does not admit, and everybody inside know who asks."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in a task of its own."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return
        request = Request(scope)
        identity = request.headers.get("x-request-id", "")[:64].strip() or secrets.token_hex(8)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                head = MutableHeaders(scope=message)
                head["X-Request-Id"] = identity.encode("ascii", "replace").decode()
                head.setdefault("X-Content-Type-Options", "nosniff")
                head.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            ask_as(self._who(scope, request))
        except (RequestError, KeyFileError) as error:
            _note(request, error)
            headers = error.headers if isinstance(error, RequestError) else None
            told = NO_KEY_FILE if isinstance(error, KeyFileError) else refusal_of(error)
            await refused(request, told, headers)(scope, receive, send_named)
            return
        if root := self._gate.settings.root_path:  # the proxy has taken it away
            scope["root_path"], scope["path"] = root, root + scope["path"]
        await self._app(scope, receive, send_named)

    def _who(self, scope: Scope, request: Request) -> Asker:
        if is_local(scope):
            client = scope.get("client")
            return Asker(client[0] if client else "", is_local=True)
        return self._gate.admit(request)


def _require_one_length(headers: Headers) -> None:
    """Refuse a body with two lengths: a proxy before us may go by the other one (RFC 9112, 6.3)."""
    if "transfer-encoding" in headers and "content-length" in headers:
        raise RequestError(
            "The request has both Content-Length and Transfer-Encoding.", hint="Send one of them.",
            code="http", headers={"Connection": "close"},
        )  # fmt: skip


def needs(scope: str) -> Callable[[], Awaitable[None]]:
    """Return a dependency that refuses who may not do what belongs to a scope."""

    async def required() -> None:
        require(scope)

    return required


def require(scope: str) -> None:
    """Raise RequestError for one who may not do what belongs to a scope."""
    if scope not in asker().scopes:
        raise RequestError(
            f"The key of {asker().name or 'nobody'} may not do this: it lacks {scope!r}.",
            hint="Add the scope to its line in the file of keys.",
            status=HTTPStatus.FORBIDDEN, code="scope",
        )  # fmt: skip


async def needs_all() -> None:
    """Refuse who may see some folders only: what is asked for is of all of them."""
    if asker().folders:
        raise RequestError(
            f"The key of {asker().name} is for some folders, and this is about all of them.",
            hint="Use a key without folder=.", status=HTTPStatus.FORBIDDEN, code="scope",
        )  # fmt: skip


def told_key(request: Request) -> str:
    """Return the key that a request tells, "" where it tells none."""
    told = request.headers.get("x-api-key", "").strip()
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if told:
        return told
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic" and request.method == "GET" and _is_browsed(request):
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def host_of(header: str) -> str:
    """Return the host of a Host header, without its port and brackets."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def _is_browsed(request: Request) -> bool:
    return str(request.scope["path"]).startswith(BROWSED)


def _challenge(request: Request) -> dict[str, str]:
    if request.method == "GET" and _is_browsed(request):
        return {"WWW-Authenticate": 'Basic realm="ocrd: any name, and a key as password"'}
    return {"WWW-Authenticate": 'Bearer realm="ocrd"'}


def _note(request: Request, error: RequestError | KeyFileError) -> None:
    client = request.client
    level = logging.ERROR if isinstance(error, KeyFileError) else logging.INFO
    log.log(
        level, "Refused a request from %s: %s", client.host if client else "?", error.what,
        extra=fields("request-refused", path=request.scope["path"][:200]),
    )  # fmt: skip
