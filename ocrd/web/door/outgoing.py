"""One request of ours to another host: who it is, one connection, and the answer as it comes.

What was looked at is what is connected to. An answer's head is of bounded size, its body is taken
as it comes by whoever wants it, and no redirect is followed here. How long all of it may take is
the caller's to say (``asyncio.timeout``): single steps tell nothing of a host that sends a byte a
second.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import h11

from ocrd import __version__
from ocrd.files.asking import ask
from ocrd.web.door.addresses import Address, Url

LOOKUP_SECONDS = 10.0  # for a name
CONNECT_SECONDS = 5.0  # for each address
MAX_HEAD = 64 << 10  # bytes of an answer's headers
CHUNK = 64 << 10


class HostError(OSError):
    """Another host cannot be reached, breaks off, or does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """The head of an answer, and its body as it comes; raises HostError where it ends early."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    body: AsyncIterator[bytes] = field(repr=False)

    def header(self, name: bytes) -> str:
        """Return a header, "" where there is none; ``name`` is in small letters."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")


async def looked_up(url: Url) -> list[str]:
    """Return the addresses that the host of a URL leads to; raise OSError for none."""
    # Not in the threads that all share: whoever has a name can let its look-up hang.
    find = partial(socket.getaddrinfo, url.host, url.port, type=socket.SOCK_STREAM)
    try:
        found = await ask(find, LOOKUP_SECONDS)
    except UnicodeError as error:
        raise HostError(f"{url.host} is no name of a host") from error
    if not found:
        raise HostError(f"{url.host} leads nowhere")
    return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))


def are_all(allow: Callable[[Address], bool], addresses: Sequence[str]) -> bool:
    """Say whether each of these addresses is one that may be asked."""
    return all(allow(ipaddress.ip_address(one)) for one in addresses)


@asynccontextmanager
async def asked(
    url: Url, addresses: Sequence[str], method: str, headers: Mapping[str, str], body: bytes = b""
) -> AsyncIterator[HostAnswer]:
    """Ask at the first of these addresses that takes a connection; provide the answer.

    Leaving the context ends the connection, whatever is still on its way. Raises OSError.
    """
    reader, writer = await _connected(url, addresses)
    try:
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        writer.write(_request(talk, url, method, headers, body))
        await writer.drain()
        events = _events(talk, reader)
        head = await _head(events)
        yield HostAnswer(head.status_code, [*head.headers], _body(events))
    except h11.ProtocolError as error:
        raise HostError(f"{url.host} breaks off, or does not speak HTTP: {error}") from error
    finally:
        writer.transport.abort()


async def _connected(
    url: Url, addresses: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address that answers. A certificate has to be for the host's name."""
    is_secret = url.scheme == "https"
    context = await asyncio.to_thread(ssl.create_default_context) if is_secret else None
    fault: Exception = HostError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address, url.port, ssl=context, limit=CHUNK,
                    server_hostname=url.host if is_secret else None,
                )  # fmt: skip
        except (OSError, TimeoutError) as error:
            fault = error
    why = str(fault) or "it does not answer"
    raise HostError(f"{url.host} cannot be reached: {why}") from fault


def _request(
    talk: h11.Connection, url: Url, method: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    told = {"Host": url.authority, "User-Agent": f"ocrd/{__version__}", "Connection": "close"}
    if body:
        told["Content-Length"] = str(len(body))
    head = talk.send(
        h11.Request(method=method, target=url.target, headers=[*{**told, **headers}.items()])
    )
    sent = talk.send(h11.Data(data=body)) if body else b""
    return (head or b"") + (sent or b"") + (talk.send(h11.EndOfMessage()) or b"")


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


async def _body(events: AsyncIterator[h11.Event]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, h11.Data):
            yield bytes(event.data)
