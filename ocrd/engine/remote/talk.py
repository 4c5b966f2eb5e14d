"""HTTP to one server: what is asked, its answer as it comes, and whose fault it is if none comes.

A request that the server refuses is told from a server that does not answer: the first is the
page's affair, or the configuration's, and is not tried again elsewhere without end; the second is
the server's, and the page moves on.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from time import time
from typing import Any

import httpx2 as httpx

from ocrd.errors import EngineUnusableError

CONNECT_SECONDS = 10.0
MOST_TOLD = 300  # characters of a server's own words
MAX_ANSWER = 16 << 20  # bytes of one answer: a page of text is under 1 MiB
BUSY_SECONDS = 2.0  # where a server says that it is busy, and not for how long


class ServerAway(Exception):  # noqa: N818 - a state of the server
    """The server does not answer, or not as one that is well."""


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


class Talker:
    """One server. Its methods may be called from several threads at once."""

    def __init__(self, access: Access, places: int) -> None:
        """Raise EngineUnusableError where a key or a certificate cannot be read."""
        self.url = access.url.rstrip("/")
        headers = {"User-Agent": "ocrd"}
        try:
            if access.key_file:
                key = Path(access.key_file).read_text(encoding="utf-8").strip()
                headers["Authorization"] = f"Bearer {key}"
            context = ssl.create_default_context(cafile=access.ca_file or None)
            if access.client_cert:
                context.load_cert_chain(access.client_cert, access.client_key or None)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise EngineUnusableError(
                f"What {self.url} is reached with cannot be read: {error}.",
                hint="Look at key_file, ca_file, client_cert and client_key of the engine.",
            ) from error
        self._client = httpx.Client(
            headers=headers, verify=context, proxy=access.proxy or None, trust_env=False,
            timeout=httpx.Timeout(access.timeout, connect=min(CONNECT_SECONDS, access.timeout)),
            limits=httpx.Limits(max_connections=places + 2, max_keepalive_connections=places),
            follow_redirects=False,
        )  # fmt: skip

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def models(self) -> list[str]:
        """Return the names of the server's models; raise ServerAway, ServerBusy or Refused."""
        with _failing(self.url):
            response = self._client.get(f"{self.url}/models")
            _require_ok(response)
            try:
                return [str(one["id"]) for one in response.json()["data"]]
            except (ValueError, KeyError, TypeError) as error:
                raise ServerAway(f"its list of models makes no sense ({error!r})") from error

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON that a POST is answered with; raise ServerAway, ServerBusy, Refused."""
        with _failing(self.url):
            response = self._client.post(f"{self.url}{path}", json=body)
            _require_ok(response)
            try:
                return response.json()
            except ValueError as error:
                raise ServerAway(f"its answer is no JSON ({error})") from error

    def chat(self, body: Mapping[str, Any], on_piece: Callable[[str], None]) -> Reply:
        """Ask for a completion and tell each piece; raise ServerAway, ServerBusy or Refused.

        What ``on_piece`` raises ends the request, on the server too.
        """
        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        reply = _Growing()
        with (
            _failing(self.url),
            self._client.stream("POST", f"{self.url}/chat/completions", json=asked) as response,
        ):
            if response.status_code != HTTPStatus.OK:
                response.read()
            _require_ok(response)
            for data in _events(response):
                piece = reply.take(data)
                if piece:
                    on_piece(piece)
            return reply.whole()


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
                raise ServerAway(f"it broke off: {_words(chunk)}")
            self._usage = chunk.get("usage") or self._usage
            if not chunk.get("choices"):
                return ""
            choice = chunk["choices"][0]
            piece = (choice.get("delta") or choice.get("message") or {}).get("content") or ""
            self._finish = choice.get("finish_reason") or self._finish
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ServerAway(f"its answer makes no sense ({error!r})") from error
        self._size += len(piece)
        if self._size > MAX_ANSWER:
            raise ServerAway("its answer has no end")
        self._text.append(str(piece))
        return str(piece)

    def whole(self) -> Reply:
        """Return the answer; raise ServerAway for one that was cut off."""
        if not self._finish:
            raise ServerAway("its answer ended in the middle")
        counted = isinstance(self._usage.get("completion_tokens"), int)
        return Reply(
            "".join(self._text), self._finish,
            int(self._usage.get("prompt_tokens") or 0),
            int(self._usage.get("completion_tokens") or 0) if counted else len(self._text),
            counted,
        )  # fmt: skip


def _events(response: httpx.Response) -> Iterator[str]:
    """Yield the data of server-sent events; a server that does not stream gives one."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        response.read()
        yield response.text
        return
    for line in response.iter_lines():
        if line.startswith("data:"):
            yield line[5:].lstrip()


@contextlib.contextmanager
def _failing(url: str) -> Iterator[None]:
    """Raise ServerAway for whatever keeps a server from answering."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise ServerAway(f"no answer in time ({type(error).__name__})") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ServerAway(str(error) or type(error).__name__) from error


def _require_ok(response: httpx.Response) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    words = _words_of(response)
    wait = response.headers.get("retry-after")
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and wait
    ):
        raise ServerBusy(_seconds(wait))
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
            raise ServerAway(f"{status} {words}".strip())
        raise Refused(status, words)
    raise ServerAway(f"{status} {words}".strip())


def _seconds(told: str | None) -> float:
    """Return the seconds of a Retry-After, which may be a date (RFC 9110, 10.2.3)."""
    if told is None:
        return BUSY_SECONDS
    if told.strip().isdigit():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time())
    except ValueError:
        return BUSY_SECONDS


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
