"""HTTP to one server: what is asked, its answer as it comes, and whose fault it is if none comes.

A request that the server refuses is told from a server that does not answer: the first is the
page's affair, or the configuration's, and is not tried again elsewhere without end; the second is
the server's, and the page moves on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any

import httpx2 as httpx

from ocrd.engine.remote.wire import Ending, Wire, never
from ocrd.errors import EngineUnusableError

CONNECT_SECONDS = 10.0
MOST_TOLD = 300  # characters of a server's own words
MAX_ANSWER = 16 << 20  # bytes of one answer: a page of text is under 1 MiB
BUSY_SECONDS = 2.0  # where a server says that it is busy, and not for how long
LONGEST_BUSY = 600.0  # that it is left alone for, whatever it says
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


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's whole answer."""

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    tokens: int = 0
    is_counted: bool = False  # whether the server said how many tokens these were


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
        with self._failing():
            async with asyncio.timeout(self._limit):
                response = await self._client.get(f"{self.url}/models")
            self._require_ok(response)
            try:
                return [
                    Model(
                        str(one["id"]), _whole(one.get("max_model_len")),
                        str(one.get("owned_by") or ""),
                    )
                    for one in response.json()["data"]
                ]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ServerAway(f"its list of models makes no sense ({error!r})") from error

    def post(self, path: str, body: Mapping[str, Any], ending: Ending = never) -> Any:
        """Return the JSON that a POST is answered with; raise ServerAway, ServerBusy, Refused."""
        return self._wire.do(self._post(path, body), ending)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        with self._failing():
            async with asyncio.timeout(self._limit):
                response = await self._client.post(f"{self.url}{path}", json=body)
            self._require_ok(response)
            try:
                return response.json()
            except ValueError as error:
                raise ServerAway(f"its answer is no JSON ({error})", took_it=True) from error

    def chat(
        self, body: Mapping[str, Any], on_piece: Callable[[str], None], ending: Ending = never
    ) -> Reply:
        """Ask for a completion and tell each piece; raise ServerAway, ServerBusy or Refused.

        What ``on_piece`` raises ends the request, on the server too.
        """
        return self._wire.listen(lambda tell: self._chat(body, tell), on_piece, ending)

    async def _chat(self, body: Mapping[str, Any], tell: Callable[[str], None]) -> Reply:
        reply = _Growing()
        with self._failing():
            async with (
                asyncio.timeout(self._limit),
                self._client.stream("POST", f"{self.url}/chat/completions", json=body) as response,
            ):
                if not response.is_success:
                    await response.aread()
                self._require_ok(response)
                async for data in _events(response):
                    if piece := reply.take(data):
                        tell(piece)
        return reply.whole()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise ServerAway for whatever keeps a server from answering, and no secret with it."""
        try:
            yield
        except ServerAway as error:
            raise ServerAway(self._clean(str(error)), took_it=error.took_it) from error
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ServerAway("no connection in time") from error
        except httpx.TimeoutException as error:
            raise ServerAway("no answer in time", took_it=True) from error
        except TimeoutError as error:
            raise ServerAway(f"no whole answer in {self._limit:.0f} s", took_it=True) from error
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise ServerAway(self._clean(str(error) or type(error).__name__)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            words = self._clean(str(error) or type(error).__name__)
            raise ServerAway(words, took_it=True) from error

    def _require_ok(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        words = self._clean(_words_of(response))
        wait = response.headers.get("retry-after")
        if status == HTTPStatus.TOO_MANY_REQUESTS or (
            status == HTTPStatus.SERVICE_UNAVAILABLE and wait
        ):
            raise ServerBusy(_seconds(wait))
        told = f"{status} {words}".strip()
        if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
            raise ServerAway(told)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:  # one that redirects is at another address
            raise Refused(status, words or response.headers.get("location", ""))
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


def _whole(told: Any) -> int:
    return told if isinstance(told, int) and told > 0 else 0


class _Growing:
    """A completion as its chunks come."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._finish = ""
        self._usage: Mapping[str, Any] = {}
        self._size = 0

    def take(self, data: str) -> str:
        """Take one event and return its piece of text; raise ServerAway for what is none."""
        if data.strip() == "[DONE]":
            self._finish = self._finish or "stop"
            return ""
        try:
            chunk = json.loads(data)
            if "error" in chunk:
                raise ServerAway(f"it broke off: {_words(chunk)}", took_it=True)
            self._usage = chunk.get("usage") or self._usage
            if not chunk.get("choices"):
                return ""
            choice = chunk["choices"][0]
            piece = (choice.get("delta") or choice.get("message") or {}).get("content") or ""
            self._finish = choice.get("finish_reason") or self._finish
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ServerAway(f"its answer makes no sense ({error!r})", took_it=True) from error
        self._size += len(piece)
        if self._size > MAX_ANSWER:
            raise ServerAway("its answer has no end", took_it=True)
        self._text.append(str(piece))
        return str(piece)

    def whole(self) -> Reply:
        """Return the answer; raise ServerAway for one that was cut off."""
        if not self._finish:
            raise ServerAway("its answer ended in the middle", took_it=True)
        counted = isinstance(self._usage.get("completion_tokens"), int)
        return Reply(
            "".join(self._text), self._finish,
            int(self._usage.get("prompt_tokens") or 0),
            int(self._usage.get("completion_tokens") or 0) if counted else len(self._text),
            counted,
        )  # fmt: skip


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """Yield the data of server-sent events; a server that does not stream gives one."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        await response.aread()
        yield response.text
        return
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            yield line[5:].lstrip()


def _seconds(told: str | None) -> float:
    """Return the seconds of a Retry-After, which may be a date (RFC 9110, 10.2.3)."""
    if told is None:
        return BUSY_SECONDS
    with contextlib.suppress(ValueError):
        seconds = float(told)
        return min(max(seconds, 0.0), LONGEST_BUSY) if math.isfinite(seconds) else BUSY_SECONDS
    try:
        seconds = parsedate_to_datetime(told).timestamp() - time()
    except ValueError:
        return BUSY_SECONDS
    return min(max(seconds, 0.0), LONGEST_BUSY)


def _words_of(response: httpx.Response) -> str:
    try:
        return _words(response.json())
    except ValueError:
        return " ".join(response.text.split())[:MOST_TOLD]


def _words(body: Any) -> str:
    """Return what a server says of an error, whatever its form."""
    told = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(told, dict):
        told = told.get("message") or told.get("detail") or told
    return " ".join(str(told).split())[:MOST_TOLD]
