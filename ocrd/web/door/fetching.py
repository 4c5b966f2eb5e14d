"""Documents that a request names by URL: data in it, or fetched where the configuration lets us.

A name is looked up once a hop, all that it leads to has to be public, and what was looked at is
what is connected to: a name that is answered differently the next time gains nothing. Size, time
and redirects have limits; the body goes to the disk as it comes, and nothing of it stays unless it
is whole.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus

import h11

from ocrd import __version__
from ocrd.errors import RequestError
from ocrd.files.asking import ask
from ocrd.web.door.addresses import Address, Url, followed, is_public, parsed, refused
from ocrd.web.door.house import House
from ocrd.web.door.receiving import Place, Received, Sink, decoded, too_large

FETCH_SECONDS = 30.0  # for all of it: names, redirects and the document
LOOKUP_SECONDS = 10.0  # for a name
CONNECT_SECONDS = 5.0  # for each address
MAX_REDIRECTS = 5
MAX_HEAD = 64 << 10  # bytes of an answer's headers
CHUNK = 64 << 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def named(house: House, url: str, limit: int) -> Received:
    """Return the document that a URL holds (``data:``) or names, on the disk.

    Raises RequestError for what cannot be had, and NoRoomError. The caller removes the file.
    """
    if url[:5].lower() == "data:":
        return await decoded(house.uploads, url, limit)
    return await fetched(house, url, limit)


async def fetched(
    house: House,
    url: str,
    limit: int,
    *,
    allow: Callable[[Address], bool] = is_public,
    standard_ports: bool = True,
    seconds: float = FETCH_SECONDS,
) -> Received:
    """Fetch a document of at most ``limit`` bytes from another host to the disk.

    Raises RequestError for what cannot be had, and NoRoomError. The caller removes the file.
    """
    if not house.settings().api.remote_urls:
        raise refused(
            "Documents are not fetched from other hosts here.",
            "Send the document itself, or as a data URL; [api] remote_urls = true lets them be"
            " fetched.",
        )
    found = parsed(url, standard_ports=standard_ports)
    try:
        async with asyncio.timeout(seconds):
            for _ in range(MAX_REDIRECTS + 1):
                answer = await _asked(house.uploads, found, limit, allow)
                if isinstance(answer, Received):
                    return answer
                found = followed(found, answer, standard_ports=standard_ports)
    except TimeoutError:
        raise _failed(f"{found.host} did not send the document within {seconds:g} s.") from None
    raise _failed(f"The URL leads on more than {MAX_REDIRECTS} times.")


async def _asked(
    place: Place, url: Url, limit: int, allow: Callable[[Address], bool]
) -> Received | str:
    """Ask one host; return the document, or where to ask instead."""
    reader, writer = await _connected(url, await _addresses(url, allow))
    try:
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        writer.write(_request(talk, url))
        await writer.drain()
        events = _events(talk, reader)
        head = await _head(events)
        if head.status_code in _REDIRECTS and (location := _told(head, b"location")):
            return location
        _require_document(head, url, limit)
        kind = _told(head, b"content-type")
        with Sink(place, limit, url.name, kind) as sink:
            async for event in events:
                if isinstance(event, h11.Data):
                    await _written(sink, bytes(event.data))
            return await asyncio.to_thread(sink.end)
    except (h11.ProtocolError, OSError, asyncio.IncompleteReadError) as error:
        raise _failed(f"{url.host} broke off, or does not speak HTTP: {error}.") from error
    finally:
        writer.transport.abort()  # whatever is still on its way


async def _written(sink: Sink, piece: bytes) -> None:
    """Write a piece; when cancelled, wait for the thread, which has the file in hand."""
    work = asyncio.ensure_future(asyncio.to_thread(sink.write, piece))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


async def _addresses(url: Url, allow: Callable[[Address], bool]) -> list[str]:
    """Look the host up; raise RequestError unless all that it leads to may be asked."""
    try:
        # Not in the threads that all share: whoever has a name can let its look-up hang.
        find = partial(socket.getaddrinfo, url.host, url.port, type=socket.SOCK_STREAM)
        found = await ask(find, LOOKUP_SECONDS)
    except (OSError, UnicodeError):
        found = []
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    if not addresses or not all(allow(ipaddress.ip_address(one)) for one in addresses):
        # One sentence for both: which names there are in the house is nobody's business.
        raise refused(f"{url.host} is no public host.")
    return addresses


async def _connected(
    url: Url, addresses: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address that answers. A certificate has to be for the host's name."""
    is_secret = url.scheme == "https"
    context = await asyncio.to_thread(ssl.create_default_context) if is_secret else None
    fault: Exception = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address, url.port, ssl=context, limit=CHUNK,
                    server_hostname=url.host if is_secret else None,
                )  # fmt: skip
        except (OSError, ssl.SSLError, TimeoutError) as error:
            fault = error
    raise _failed(f"{url.host} cannot be reached: {fault or 'it does not answer'}.") from fault


def _request(talk: h11.Connection, url: Url) -> bytes:
    head = talk.send(
        h11.Request(
            method="GET",
            target=url.target,
            headers=[
                ("Host", url.authority),
                ("User-Agent", f"ocrd/{__version__}"),
                ("Accept", "application/pdf, image/*, */*;q=0.5"),
                ("Accept-Encoding", "identity"),
                ("Connection", "close"),
            ],
        )
    )
    return (head or b"") + (talk.send(h11.EndOfMessage()) or b"")


async def _events(talk: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Event]:
    """Provide what comes, to the end of the message; h11 raises where it ends before that."""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.EndOfMessage) or not isinstance(event, h11.Event):
            return
        else:
            yield event


async def _head(events: AsyncIterator[h11.Event]) -> h11.Response:
    async for event in events:
        if isinstance(event, h11.Response):
            return event
    raise h11.RemoteProtocolError("no answer")


def _require_document(head: h11.Response, url: Url, limit: int) -> None:
    """Raise RequestError for an answer that is no document, or one too large."""
    if head.status_code != HTTPStatus.OK:
        raise _failed(f"{url.host} answers {head.status_code}.")
    if _told(head, b"content-encoding").lower() not in {"", "identity"}:
        raise _failed(f"{url.host} sends the document packed, which was not asked for.")
    length = _told(head, b"content-length")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)


def _told(head: h11.Response, name: bytes) -> str:
    """Return a header of an answer, "" where it has none."""
    return next((value.decode("latin-1") for key, value in head.headers if key == name), "")


def _failed(what: str) -> RequestError:
    return RequestError(
        what, hint="Is the URL right, and open to everybody? Else send the document itself.",
        status=HTTPStatus.UNPROCESSABLE_ENTITY, code="url",
    )  # fmt: skip
