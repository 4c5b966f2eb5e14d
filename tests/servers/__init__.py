"""Scripted servers: real ones on a port of this machine, that answer as models' servers do, or not.

OpenAI's chat completions, streamed, and Mistral's OCR, from the standard library alone.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LOOK_SECONDS = 0.02  # between two looks whether the other side is still there


@dataclass
class Asked:
    """One request, as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    began: float
    answered: float = 0.0  # when all was said; 0 where it was not
    left: float = 0.0  # when the other side went away before that

    @property
    def prompt(self) -> str:
        """Return the words beside the image."""
        parts = self.body["messages"][-1]["content"]
        return "".join(part["text"] for part in parts if part["type"] == "text")

    @property
    def image(self) -> str:
        """Return the image's data URL."""
        if "document" in self.body:
            return str(self.body["document"]["image_url"])
        parts = self.body["messages"][-1]["content"]
        return next(str(part["image_url"]["url"]) for part in parts if part["type"] == "image_url")


class Gone(Exception):  # noqa: N818 - no fault of anybody
    """The other side has closed the connection."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the script of its server."""

    protocol_version = "HTTP/1.1"
    server: _Http
    asked: Asked

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        script = self.server.script
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        body = json.loads(raw) if raw else None
        self.asked = Asked(self.command, self.path, dict(self.headers), body, time.monotonic())
        script.note(self.asked)
        try:
            script.answer(self)
            self.asked.answered = time.monotonic()
        except (Gone, BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.asked.left = time.monotonic()
            self.close_connection = True
        finally:
            script.note_end(self.asked)

    # What answers are made of

    def reply(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer: JSON, or a text as it is."""
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        kind = "text/plain" if isinstance(body, str) else "application/json"
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, data: Any) -> None:
        """Send one event of a stream."""
        text = data if isinstance(data, str) else json.dumps(data)
        line = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Close the connection where it is."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float) -> None:
        """Wait; raise Gone as soon as the other side is not there any more."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.script.is_closing:
                raise Gone
            readable, _, _ = select.select([self.connection], [], [], min(left, LOOK_SECONDS))
            if readable:
                if isinstance(self.connection, ssl.SSLSocket):
                    raise Gone  # nothing else comes while an answer is under way
                if not self.connection.recv(1, socket.MSG_PEEK):
                    raise Gone


Behaviour = Callable[[Handler], None]
FOREVER = 3600.0


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def say(
    text: str,
    *,
    finish: str = "stop",
    delay: float = 0.0,
    every: float = 0.0,
    usage: tuple[int, int] | None = (903, 12),
) -> Behaviour:
    """Answer with a text, streamed where that is asked for."""

    def answer(handler: Handler) -> None:
        handler.wait(delay)
        if "/ocr" in handler.path:
            handler.reply(200, {"pages": [{"index": 0, "markdown": text, "images": []}]})
            return
        counted = usage and {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        if not handler.asked.body.get("stream"):
            choice = {"index": 0, "message": {"content": text}, "finish_reason": finish}
            handler.reply(200, {"choices": [choice], **({"usage": counted} if counted else {})})
            return
        handler.begin_stream()
        for start in range(0, len(text), 20):
            handler.wait(every)
            handler.event(piece(text[start : start + 20]))
        handler.event(piece("", finish))
        if counted and "stream_options" in handler.asked.body:
            handler.event({"choices": [], "usage": counted})
        handler.event("[DONE]")
        handler.end_stream()

    return answer


def refuse(status: int, words: str, **headers: str) -> Behaviour:
    """Answer with an error of this status."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(status, {"error": {"message": words}}, told)


def raw(text: str, status: int = 200) -> Behaviour:
    """Answer with a text that is no JSON, or with JSON that is none of ours."""
    return lambda handler: handler.reply(status, text)


def cut_off(text: str) -> Behaviour:
    """Break off in the middle of an answer."""

    def answer(handler: Handler) -> None:
        handler.begin_stream()
        handler.event(piece(text))
        handler.cut()

    return answer


def ended(text: str) -> Behaviour:
    """End a stream in good form, with no word that the text is whole."""

    def answer(handler: Handler) -> None:
        handler.begin_stream()
        handler.event(piece(text))
        handler.end_stream()

    return answer


def broken(words: str) -> Behaviour:
    """Tell of an error in the middle of a stream."""

    def answer(handler: Handler) -> None:
        handler.begin_stream()
        handler.event(piece("The "))
        handler.event({"error": {"message": words}})
        handler.end_stream()

    return answer


def endless(unit: str) -> Behaviour:
    """Say the same again and again, until nobody listens."""

    def answer(handler: Handler) -> None:
        handler.begin_stream()
        while True:
            handler.event(piece(unit))
            handler.wait(0.001)

    return answer


def silent(handler: Handler) -> None:
    """Take the request and never answer."""
    handler.wait(FOREVER)


@dataclass
class ScriptedServer:
    """A server on a port of this machine; its fields may be changed while it runs."""

    text: str = "The quay is dredged."
    models: tuple[str, ...] = ("deepseek-ocr",)
    context: int | None = None  # that it tells of its models
    port: int = 0
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    of_models: Behaviour | None = None  # instead of the list
    always: Behaviour | None = None  # instead of the text
    next: list[Behaviour] = field(default_factory=list)  # before that, one a request
    is_closing: bool = False
    most: int = 0  # requests for pages that were under way together

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._http: _Http | None = None

    # Its life

    def start(self) -> ScriptedServer:
        self.is_closing = False
        self._http = _Http(("127.0.0.1", self.port), Handler, self)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Be gone: new connections are refused, those that are open are cut."""
        self.is_closing = True
        if self._http is not None:
            self._http.end()
            self._http = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    # What it is asked

    @property
    def pages(self) -> list[Asked]:
        """Return the requests for pages."""
        return [one for one in self.asked if one.method == "POST"]

    def note(self, asked: Asked) -> None:
        with self._lock:
            self.asked.append(asked)
            if asked.method == "POST":
                self._under_way += 1
                self.most = max(self.most, self._under_way)

    def note_end(self, asked: Asked) -> None:
        with self._lock:
            if asked.method == "POST":
                self._under_way -= 1

    def answer(self, handler: Handler) -> None:
        if handler.path.endswith("/models"):
            (self.of_models or self._list)(handler)
            return
        with self._lock:
            behaviour = self.next.pop(0) if self.next else self.always
        (behaviour or say(self.text))(handler)

    def _list(self, handler: Handler) -> None:
        more = {} if self.context is None else {"max_model_len": self.context}
        found = [{"id": name, "object": "model", **more} for name in self.models]
        handler.reply(200, {"object": "list", "data": found})


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: Any, script: ScriptedServer) -> None:
        self.script = script
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.script.tls is not None:
            request.settimeout(10.0)
            request = self.script.tls.wrap_socket(request, server_side=True)
        self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.discard(request)
            if self.script.tls is not None:
                request.close()

    def handle_error(self, *_: Any) -> None:
        pass  # a client that does not like our certificate

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serving(**script: Any) -> Iterator[ScriptedServer]:
    """Have a scripted server."""
    server = ScriptedServer(**script).start()
    try:
        yield server
    finally:
        server.stop()
