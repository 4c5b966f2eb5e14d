"""HTTP to one server: what is asked, its answer as it comes, and whose fault it is if none comes.

A request that the server refuses is told from a server that does not answer: the first is the
page's affair, or the configuration's, and is not tried again elsewhere without end; the second is
the server's, and the page moves on.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any

import httpx2 as httpx

from ocrd.engine.remote.answers import (
    DONE,
    MAX_ANSWER,
    MOST_TOLD,
    Events,
    Growing,
    Reply,
    Unusable,
    parsed,
    whole_number,
    words_of,
)
from ocrd.engine.remote.wire import Ending, Wire, never
from ocrd.errors import EngineUnusableError

CONNECT_SECONDS = 10.0
LIST_SECONDS = 60.0  # for a whole list of models
LAST_SECONDS = 1.0  # for the end of a stream that has said its last word
BUSY_SECONDS = 2.0  # where a server says that it is busy, and not for how long
LONGEST_BUSY = 600.0  # that it is left alone for, whatever it says
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
# What llama.cpp, vLLM, Ollama and makers' own servers say of a model that reads text alone.
_BLIND = re.compile(
    r"image(s| input|_url)? (is|are) (not|only) supported|at most 0 image|unknown variant `image"
    r"|not support\w* (for )?(any )?(image|vision|multimodal)|not a (multimodal|vision)"
    r"|missing data required for image",
    re.IGNORECASE,
)
_KEY = re.compile(r"[!-~]+")  # what a header can hold, without white


class ServerAway(Exception):  # noqa: N818 - a state of the server
    """The server does not answer, or not as one that is well."""

    def __init__(self, words: str, *, took_it: bool = False) -> None:
        """Say how; ``took_it`` is whether the server had the whole request."""
        super().__init__(words)
        self.took_it = took_it


class ServerBusy(Exception):  # noqa: N818
    """The server asks to be left alone for some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"busy for {seconds:.0f} s")
        self.seconds = seconds


class Refused(Exception):  # noqa: N818
    """The server is well and does not take this request."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}" if words else str(status))
        self.status = status
        self.words = words

    @property
    def is_blind(self) -> bool:
        """Say whether the server's model sees no images: it is not the page that is refused."""
        return bool(_BLIND.search(self.words))


@dataclass(frozen=True, slots=True)
class Access:
    """How a server is reached."""

    url: str
    key_file: str = ""
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    proxy: str = ""
    timeout: float = 120.0  # seconds without a byte
    limit: float = 600.0  # seconds for a whole answer


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a server names."""

    name: str
    context: int = 0  # tokens, 0 where the server does not say
    owner: str = ""  # who has it, by the server


class Talker:
    """One server. Its methods may be called from several threads at once.

    Each raises BrokenOff once its request is ended from our side, by ``ending``.
    """

    def __init__(self, access: Access, places: int, wire: Wire) -> None:
        """Raise EngineUnusableError where a key or a certificate cannot be read."""
        self.url = access.url.rstrip("/")
        self._wire = wire
        self._limit = access.limit
        self._silence = access.timeout
        self._secret = ""
        headers = {"User-Agent": "ocrd"}
        try:
            if access.key_file:
                self._secret = _key(Path(access.key_file))
                headers["Authorization"] = f"Bearer {self._secret}"
            context = ssl.create_default_context(cafile=access.ca_file or None)
            if access.client_cert:
                context.load_cert_chain(access.client_cert, access.client_key or None)
            self._client = httpx.AsyncClient(
                headers=headers, verify=context, proxy=access.proxy or None, trust_env=False,
                timeout=httpx.Timeout(access.timeout, connect=min(CONNECT_SECONDS, access.timeout)),
                limits=httpx.Limits(
                    max_connections=places + 2, max_keepalive_connections=places
                ),
                follow_redirects=False,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise EngineUnusableError(
                f"What {self.url} is reached with cannot be used: {error}.",
                hint="Look at key_file, ca_file, client_cert, client_key and proxy of the engine.",
            ) from error

    def close(self) -> None:
        """Close its connections."""
        self._wire.do(self._client.aclose())

    def models(self, ending: Ending = never) -> list[Model]:
        """Return the server's models; raise ServerAway, ServerBusy or Refused."""
        return self._wire.do(self._models(), ending)

    async def _models(self) -> list[Model]:
        limit = min(self._limit, LIST_SECONDS)
        told = await self._json("GET", "/models", limit)
        try:
            return [
                Model(str(one["id"]), _context_of(one), str(one.get("owned_by") or ""))
                for one in told["data"]
            ]  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerAway(f"its list of models makes no sense ({error!r})") from error

    def post(self, path: str, body: Mapping[str, Any], ending: Ending = never) -> Any:
        """Return the JSON that a POST is answered with; raise ServerAway, ServerBusy, Refused."""
        return self._wire.do(self._post(path, body), ending)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._json("POST", path, self._limit, body)

    async def _json(
        self, method: str, path: str, limit: float, body: Mapping[str, Any] | None = None
    ) -> Any:
        with self._failing(limit):
            async with (
                asyncio.timeout(limit),
                self._client.stream(method, f"{self.url}{path}", json=body) as response,
            ):
                await self._require_ok(response)
                return parsed(await _whole(response))

    def chat(
        self, body: Mapping[str, Any], on_piece: Callable[[str], None], ending: Ending = never
    ) -> Reply:
        """Ask for a completion and tell each piece; raise ServerAway, ServerBusy or Refused.

        What ``on_piece`` raises ends the request, on the server too.
        """
        return self._wire.listen(lambda tell: self._chat(body, tell), on_piece, ending)

    async def _chat(self, body: Mapping[str, Any], tell: Callable[[str], None]) -> Reply:
        reply = Growing()
        with self._failing(self._limit):
            async with (
                asyncio.timeout(self._limit),
                self._client.stream("POST", f"{self.url}/chat/completions", json=body) as response,
            ):
                await self._require_ok(response)
                try:
                    await _listen(response, reply, tell, self._silence)
                except (httpx.HTTPError, TimeoutError) as error:
                    if reply.is_finished:  # the text is whole, whatever ends the stream
                        pass
                    elif isinstance(error, TimeoutError):
                        raise ServerAway("no answer in time", took_it=True) from error
                    else:
                        raise
            return reply.whole()

    @contextlib.contextmanager
    def _failing(self, limit: float) -> Iterator[None]:
        """Raise ServerAway for whatever keeps a server from answering, and no secret with it."""
        try:
            yield
        except Unusable as error:
            raise self._of_answer(error) from error
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ServerAway("no connection in time") from error
        except httpx.TimeoutException as error:
            raise ServerAway("no answer in time", took_it=True) from error
        except TimeoutError as error:
            raise ServerAway(f"no whole answer in {limit:.0f} s", took_it=True) from error
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise ServerAway(self._clean(str(error) or type(error).__name__)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            words = self._clean(str(error) or type(error).__name__)
            raise ServerAway(words, took_it=True) from error

    def _of_answer(self, error: Unusable) -> ServerAway | ServerBusy | Refused:
        """Return whose fault it is that an answer is none; the server's, where it does not say."""
        words = self._clean(str(error))
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            return ServerBusy(BUSY_SECONDS)
        is_refusal = HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_refusal and error.status not in PASSING:
            return Refused(error.status, words)
        return ServerAway(words, took_it=True)

    async def _require_ok(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        words = self._clean(_words_of(await _whole(response)))
        wait = response.headers.get("retry-after")
        if status == HTTPStatus.TOO_MANY_REQUESTS or (
            status == HTTPStatus.SERVICE_UNAVAILABLE and wait
        ):
            raise ServerBusy(_seconds(wait))
        told = f"{status} {words}".strip()
        if status in PASSING:
            raise ServerAway(told)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:  # one that redirects is at another address
            raise Refused(status, words or response.headers.get("location", ""))
        if (refused := Refused(status, words)).is_blind:  # llama.cpp says 500
            raise refused
        # Of a server that is not there, its balancer says 502 to 504.
        raise ServerAway(told, took_it=status == HTTPStatus.INTERNAL_SERVER_ERROR)

    def _clean(self, words: str) -> str:
        """Return a server's words without the key, which some of them repeat."""
        return words.replace(self._secret, "…") if self._secret else words


def _key(path: Path) -> str:
    """Return the key that a file holds; raise ValueError for what cannot be one."""
    key = path.read_text(encoding="utf-8").strip()
    if not _KEY.fullmatch(key):
        raise ValueError(f"{path} holds no key, or more than one line")
    return key


def _context_of(model: Mapping[str, Any]) -> int:
    """Return the tokens of a model's context, 0 where they are not told; llama.cpp has ``meta``."""
    meta = model.get("meta")
    told = whole_number(model.get("max_model_len"))
    return told or whole_number(meta.get("n_ctx") if isinstance(meta, dict) else None)


async def _listen(
    response: httpx.Response, reply: Growing, tell: Callable[[str], None], silence: float
) -> None:
    """Tell the pieces of an answer, up to its last word.

    Raises TimeoutError where nothing is said for ``silence`` seconds: comments and a line that
    comes byte by byte say nothing.
    """
    events = Events()
    now = asyncio.get_running_loop().time
    bodies = response.aiter_bytes()
    async with asyncio.timeout(silence) as patience:
        async for more in bodies:
            for event in events.take(more):
                patience.reschedule(now() + silence)
                if piece := reply.take(event):
                    tell(piece)
                if event is DONE:
                    # The connection is of use again once the stream has ended.
                    patience.reschedule(now() + min(silence, LAST_SECONDS))
                    await anext(bodies, None)
                    return
    for event in events.end():
        if piece := reply.take(event):
            tell(piece)


async def _whole(response: httpx.Response) -> bytes:
    """Return a whole body; raise Unusable for one without end."""
    found = bytearray()
    async for more in response.aiter_bytes():
        found += more
        if len(found) > MAX_ANSWER:
            raise Unusable("its answer has no end")
    return bytes(found)


def _seconds(told: str | None) -> float:
    """Return the seconds of a Retry-After, which may be a date (RFC 9110, 10.2.3)."""
    if told is None:
        return BUSY_SECONDS
    with contextlib.suppress(ValueError):
        seconds = float(told)
        return min(max(seconds, 0.0), LONGEST_BUSY) if math.isfinite(seconds) else BUSY_SECONDS
    try:
        seconds = parsedate_to_datetime(told).timestamp() - time()
    except (ValueError, OverflowError):
        return BUSY_SECONDS
    return min(max(seconds, 0.0), LONGEST_BUSY)


def _words_of(body: bytes) -> str:
    try:
        return words_of(parsed(body))
    except Unusable:
        return " ".join(body[: 4 * MOST_TOLD].decode("utf-8", "replace").split())[:MOST_TOLD]
