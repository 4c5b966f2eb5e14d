"""A form, taken apart as it comes: its documents go to the disk, its fields to memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from ocrd.errors import RequestError
from ocrd.web.door.sink import Place, Received, Sink, too_large

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# What is wrong with a form is told to whoever sent it.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

MAX_FIELD = 1 << 20  # bytes of a form's fields that are no documents, together
MAX_FIELDS = 200
MAX_HEAD = 16 << 10  # bytes of a part's headers
# A name as RFC 5987 has it, which RFC 7578 forbids in forms, and some libraries send all the same.
_EXTENDED = re.compile(rb"""[;\s]filename\*\s*=\s*"?utf-8'[^';"\s]*'([^;"\s]+)""", re.IGNORECASE)


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


class _Parts:
    """Takes a form apart as it comes (the callbacks of python-multipart)."""

    def __init__(self, place: Place, limit: int, form: Form) -> None:
        self._place = place
        self._limit = limit
        self._form = form
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[str, bytes] = {}
        self._heads = 0  # bytes of the part's headers
        self._name = ""
        self._text = bytearray()
        self._texts = 0  # bytes of all fields
        self._sink: Sink | None = None
        self._count = 0
        self.is_whole = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._end,
            "on_header_field": lambda data, a, b: self._head(self._header, data[a:b]),
            "on_header_value": lambda data, a, b: self._head(self._value, data[a:b]),
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
            raise RequestError(
                f"The form has more than {MAX_FIELDS} parts.", code="form",
                hint="Send one document, and each field once.",
            )  # fmt: skip
        self._headers, self._text, self._name, self._heads = {}, bytearray(), "", 0

    def _head(self, told: bytearray, data: bytes) -> None:
        self._heads += len(data)
        if self._heads > MAX_HEAD:
            raise RequestError(
                f"A part of the form has more than {MAX_HEAD} bytes of headers.", code="form",
                hint="Let a library write it.",
            )  # fmt: skip
        told.extend(data)

    def _header_ended(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _headers_ended(self) -> None:
        about = self._headers.get("content-disposition", b"")
        _, told = parse_options_header(about)
        self._name = told.get(b"name", b"").decode("utf-8", "replace")
        extended = _EXTENDED.search(about)
        if b"filename" in told or extended:
            name = told.get(b"filename", b"").decode("utf-8", "replace")
            if not name and extended:
                name = unquote(extended[1].decode("ascii", "replace"), errors="replace")
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


async def receive_form(request: Request, place: Place, limit: int, form: Form) -> None:
    """Take the form of a request apart into ``form``; raise RequestError for what is none."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise RequestError(
            "The form has no boundary.", code="form",
            hint="Let a library write the form, with its Content-Type.",
        )  # fmt: skip
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
