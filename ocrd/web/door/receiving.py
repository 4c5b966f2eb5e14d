"""What a request brings: documents straight to the disk, whole and synced when they are handed on.

Where the client goes away, lies about the length or sends too much, nothing of it stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import unquote

from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from ocrd.errors import RequestError
from ocrd.web.door.form import MAX_FIELD, Form, receive_form
from ocrd.web.door.sink import Place, Received, Sink, too_large


@asynccontextmanager
async def brought(request: Request, place: Place, limit: int) -> AsyncIterator[Form]:
    """Provide what a request brings: the parts of a form, or a body that is the document itself."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    form = Form()
    try:
        require_plain(request)
        _require_length(request, place, limit)
        if kind == b"multipart/form-data":
            await receive_form(request, place, limit, form)
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


def require_plain(request: Request) -> None:
    """Refuse a body that is packed: what it holds would be counted by nobody."""
    told = request.headers.get("content-encoding", "").strip().lower()
    if told not in {"", "identity"}:
        raise RequestError(
            f"The body is packed, as {told[:40]!r}.", hint="Send it without Content-Encoding.",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="media-type",
        )  # fmt: skip


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
    name = _named(request.headers.get("x-filename", "")) or request.query_params.get("filename", "")
    media_type = request.headers.get("content-type", "")
    with Sink(place, limit, name, media_type) as sink:
        async for chunk in request.stream():
            if chunk:
                await asyncio.to_thread(sink.write, chunk)
        return await asyncio.to_thread(sink.end)


def _named(header: str) -> str:
    """Return the name that a header tells: quoted as in a URL, or in UTF-8 as it is, or Latin-1."""
    with contextlib.suppress(UnicodeError):
        header = header.encode("latin-1").decode()
    return unquote(header, errors="replace")
