"""What a request brings: documents straight to the disk, small things to memory.

A document is written as it comes, with a limit, and is whole and synced when it is handed on; where
the client goes away, lies about the length or sends too much, nothing of it stays. JSON has to be
in memory to be read: such bodies together have a budget.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from ocrd.deposits import ROOM
from ocrd.errors import RequestError
from ocrd.files import translate

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FIELD = 1 << 20  # bytes of a form's fields that are no documents, together
MAX_FIELDS = 200
LOOKED_AT = 1 << 20  # bytes of a document, after which is looked again whether there is room
MAX_VALUES = 50_000  # in one body; each may take a hundred times its text in memory
MAX_JSON = 64 << 20  # bytes of one body; a document in it takes 4/3 of its size
PIECE = 1 << 20  # characters of Base64 that are unpacked at a time
JSON_BUDGET = 96 << 20  # bytes of all bodies that are in memory


class Place(Protocol):
    """Where documents are received."""

    def incoming(self) -> Path:
        """Return a new path to receive a document at."""
        ...

    def require_room(self, size: int) -> None:
        """Raise NoRoomError where another ``size`` bytes have no place."""
        ...


@dataclass(frozen=True, slots=True)
class Received:
    """A document on the disk."""

    path: Path
    name: str  # as the client told it, "" for none
    size: int  # bytes
    sha256: str
    media_type: str = ""


@dataclass(slots=True)
class Form:
    """What a request brought. Leaving the context removes what nobody has taken over."""

    fields: dict[str, str] = field(default_factory=dict)  # the last of each name
    values: list[tuple[str, str]] = field(default_factory=list)  # all of them, as they came
    documents: list[Received] = field(default_factory=list)

    @property
    def document(self) -> Received:
        """Return the one document; raise RequestError for none or several."""
        if len(self.documents) != 1:
            raise RequestError(
                f"The request brings {len(self.documents) or 'no'} documents, not one.",
                hint="Send one file, as the part 'file' of a form or as the body itself.",
                status=HTTPStatus.UNPROCESSABLE_ENTITY, code="document",
            )  # fmt: skip
        return self.documents[0]

    def discard(self) -> None:
        """Remove the documents that are still where they were received."""
        for document in self.documents:
            with contextlib.suppress(OSError):
                document.path.unlink(missing_ok=True)


class Sink:
    """Writes one document to the disk, with a limit."""

    def __init__(self, place: Place, limit: int, name: str = "", media_type: str = "") -> None:
        self.path = place.incoming()
        self._place = place
        self._limit = limit
        self._name = name
        self._media_type = media_type
        self._hash = hashlib.sha256()
        self._size = 0
        self._granted = 0  # up to where there is room
        self._out: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            self._out = self.path.open("xb")
        except OSError as error:
            raise translate(error, ROOM) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._out is not None:
            self._out.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raise RequestError for too many, NoRoomError, DiskFullError."""
        assert self._out is not None
        self._size += len(chunk)
        if self._size > self._limit:
            raise too_large(self._limit)
        if self._size > self._granted:
            self._place.require_room(len(chunk))
            self._granted = self._size + LOOKED_AT
        try:
            self._out.write(chunk)
        except OSError as error:
            raise translate(error, ROOM) from error
        self._hash.update(chunk)

    def end(self) -> Received:
        """Return the document, whole and on disk; raise RequestError for an empty one."""
        assert self._out is not None
        if not self._size:
            raise RequestError(
                "The document is empty.", hint="Send the file's bytes.",
                status=HTTPStatus.UNPROCESSABLE_ENTITY, code="document",
            )  # fmt: skip
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
        except OSError as error:
            raise translate(error, ROOM) from error
        return Received(
            self.path, self._name, self._size, self._hash.hexdigest(), self._media_type
        )


def too_large(limit: int) -> RequestError:
    """Return the refusal of what is larger than it may be."""
    return RequestError(
        f"The request is larger than {limit} bytes.",
        hint="Send a smaller document, or raise max_upload in [api].",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too-large",
    )  # fmt: skip


@asynccontextmanager
async def brought(request: Request, place: Place, limit: int) -> AsyncIterator[Form]:
    """Provide what a request brings: the parts of a form, or a body that is the document itself."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    form = Form()
    try:
        _require_length(request, place, limit)
        if kind == b"multipart/form-data":
            await _receive_form(request, place, limit, form)
        elif kind == b"application/x-www-form-urlencoded":
            raise RequestError(
                "A form of this kind brings no document.",
                hint="Send it as multipart/form-data, or the file itself with its Content-Type.",
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="media-type",
            )  # fmt: skip
        else:
            form.documents.append(await _receive_body(request, place, limit))
        yield form
    except ClientDisconnect as error:
        raise gone() from error
    finally:
        await asyncio.to_thread(form.discard)


def gone() -> RequestError:
    """Return the error of a client that is not there any more; nobody will read it."""
    return RequestError("The client went away.", status=499, code="gone")


def _require_length(request: Request, place: Place, limit: int) -> None:
    """Refuse what says of itself that it is too large, before any of it came."""
    told = request.headers.get("content-length", "")
    if told.isdigit():
        if int(told) > limit + MAX_FIELD * 2:
            raise too_large(limit)
        place.require_room(int(told))


async def _receive_body(request: Request, place: Place, limit: int) -> Received:
    told = unquote(request.headers.get("x-filename", ""), errors="replace")  # Latin-1 has no more
    name = told or request.query_params.get("filename", "")
    media_type = request.headers.get("content-type", "")
    with Sink(place, limit, name, media_type) as sink:
        async for chunk in request.stream():
            if chunk:
                await asyncio.to_thread(sink.write, chunk)
        return await asyncio.to_thread(sink.end)


class _Parts:
    """Takes a form apart as it comes (the callbacks of python-multipart)."""

    def __init__(self, place: Place, limit: int, form: Form) -> None:
        self._place = place
        self._limit = limit
        self._form = form
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[str, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._texts = 0  # bytes of all fields
        self._sink: Sink | None = None
        self._count = 0
        self.is_whole = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._end,
            "on_header_field": lambda data, a, b: self._header.extend(data[a:b]),
            "on_header_value": lambda data, a, b: self._value.extend(data[a:b]),
            "on_header_end": self._header_ended, "on_headers_finished": self._headers_ended,
            "on_end": self._ended,
        }  # fmt: skip

    def close(self, error: BaseException | None = None) -> None:
        if self._sink is not None:
            self._sink.__exit__(type(error) if error else ClientDisconnect, error, None)
            self._sink = None

    def _ended(self) -> None:
        self.is_whole = True

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_FIELDS:
            raise RequestError("The form has too many parts.", code="form")
        self._headers, self._text, self._name = {}, bytearray(), ""

    def _header_ended(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _headers_ended(self) -> None:
        _, told = parse_options_header(self._headers.get("content-disposition", b""))
        self._name = told.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in told:
            name = told[b"filename"].decode("utf-8", "replace")
            kind = self._headers.get("content-type", b"").decode("latin-1")
            self._sink = Sink(self._place, self._limit, name, kind).__enter__()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._sink is not None:
            self._sink.write(data[start:end])
            return
        self._text.extend(data[start:end])
        self._texts += end - start
        if self._texts > MAX_FIELD:
            raise too_large(MAX_FIELD)

    def _end(self) -> None:
        if self._sink is None:
            text = self._text.decode("utf-8", "replace")
            self._form.fields[self._name] = text
            self._form.values.append((self._name, text))
            return
        received = self._sink.end()
        self._sink.__exit__(None, None, None)
        self._sink = None
        self._form.documents.append(received)


async def _receive_form(request: Request, place: Place, limit: int, form: Form) -> None:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise RequestError("The form has no boundary.", code="form")
    parts = _Parts(place, limit, form)
    total = 0
    try:
        parser = _parser(boundary, parts)
        async for chunk in request.stream():
            total += len(chunk)
            if total > limit + MAX_FIELD * 2:
                raise too_large(limit)
            await asyncio.to_thread(_fed, parser, chunk)
        if not parts.is_whole:
            raise RequestError(
                "The form breaks off.", hint="Let a library write it.", code="form"
            )
    except BaseException as error:
        parts.close(error)
        raise
    parts.close()


def _parser(boundary: bytes, parts: _Parts) -> MultipartParser:
    try:
        return MultipartParser(boundary, parts.callbacks())
    except FormParserError as error:
        raise _no_form(error) from error


def _fed(parser: MultipartParser, chunk: bytes) -> None:
    try:
        parser.write(chunk)
    except FormParserError as error:
        raise _no_form(error) from error


def _no_form(error: FormParserError) -> RequestError:
    return RequestError(
        f"The form cannot be taken apart: {error}.", hint="Let a library write it.", code="form"
    )


class Memory:
    """The budget of bodies that are in memory."""

    def __init__(self, budget: int = JSON_BUDGET) -> None:
        self._left = budget

    @contextlib.contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Hold as many bytes; raise RequestError where there are not so many left."""
        if size > self._left:
            raise RequestError(
                "Other large requests are being answered already.", hint="Come again later.",
                status=HTTPStatus.TOO_MANY_REQUESTS, code="busy", headers={"Retry-After": "1"},
            )  # fmt: skip
        self._left -= size
        try:
            yield
        finally:
            self._left += size


@asynccontextmanager
async def json_brought(
    request: Request, memory: Memory, limit: int = MAX_JSON
) -> AsyncIterator[dict[str, Any]]:
    """Provide the JSON object that a request brings; raise RequestError for anything else."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise too_large(limit)
    with memory.hold(int(told) if told.isdigit() else limit):
        yield await _json_of(request, limit)


async def _json_of(request: Request, limit: int) -> dict[str, Any]:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_large(limit)
    except ClientDisconnect as error:
        raise gone() from error
    try:
        found = await asyncio.to_thread(_parsed, body)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"The body is no JSON: {error}.", code="json", hint="Send a JSON object, in UTF-8."
        ) from error
    if not isinstance(found, dict):
        raise RequestError("The body is no JSON object.", code="json")
    return found


def _parsed(body: bytearray) -> object:
    """Return what JSON says; the body is emptied, so that there are not three of it at a time."""
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    body.clear()
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES} values")
    return json.loads(text)


async def decoded(place: Place, text: str, limit: int, name: str = "") -> Received:
    """Write a document that came as Base64, or as a data URL, to the disk.

    Raises RequestError for what is neither.
    """
    start = text.find(",") + 1 if text[:5].lower() == "data:" else 0
    head = text[: start - 1] if start else text[:5]
    if head[:5].lower() == "data:" and not (start and head.lower().endswith(";base64")):
        raise RequestError("The data URL is not Base64.", code="base64", status=422)

    def write() -> Received:
        media_type = head[5:].partition(";")[0] if start else ""
        with Sink(place, limit, name, media_type) as sink:
            try:
                for piece in _unpacked(text, start):
                    sink.write(piece)
            except (binascii.Error, ValueError) as error:
                raise RequestError(
                    f"The document is no Base64: {error}.", code="base64", status=422
                ) from error
            return sink.end()

    return await asyncio.to_thread(write)


def _unpacked(text: str, start: int) -> Iterator[bytes]:
    """Yield what Base64 holds from a place on, piece by piece: it may be most of our memory."""
    left = ""
    for at in range(start, len(text), PIECE):
        left += "".join(text[at : at + PIECE].split())
        whole = len(left) - len(left) % 4
        yield base64.b64decode(left[:whole], validate=True)
        left = left[whole:]
    yield base64.b64decode(left, validate=True)
