"""Documents that a request names by URL: data in it, or fetched where the configuration lets us.

A name is looked up once a hop, all that it leads to has to be public, and what was looked at is
what is connected to: a name that is answered differently the next time gains nothing. Size, time
and redirects have limits; the body goes to the disk as it comes, and nothing of it stays unless it
is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from ocrd.errors import RequestError
from ocrd.web.door.addresses import Address, Url, followed, is_public, parsed, refused
from ocrd.web.door.house import House
from ocrd.web.door.outgoing import HostAnswer, are_all, asked, looked_up
from ocrd.web.door.packed import decoded
from ocrd.web.door.sink import Place, Received, Sink, too_large

FETCH_SECONDS = 30.0  # for all of it: names, redirects and the document
MAX_REDIRECTS = 5
WANTED = {"Accept": "application/pdf, image/*, */*;q=0.5", "Accept-Encoding": "identity"}
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
    addresses = await _addresses(url, allow)
    try:
        async with asked(url, addresses, "GET", WANTED) as answer:
            if answer.status in _REDIRECTS and (location := answer.header(b"location")):
                return location
            _require_document(answer, url, limit)
            with Sink(place, limit, url.name, answer.header(b"content-type")) as sink:
                async for piece in answer.body:
                    await _written(sink, piece)
                return await asyncio.to_thread(sink.end)
    except OSError as error:
        raise _failed(f"{error}.") from error


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
        addresses = await looked_up(url)
    except OSError:
        addresses = []
    if not addresses or not are_all(allow, addresses):
        # One sentence for both: which names there are in the house is nobody's business.
        raise refused(f"{url.host} is no public host.")
    return addresses


def _require_document(answer: HostAnswer, url: Url, limit: int) -> None:
    """Raise RequestError for an answer that is no document, or one too large."""
    if answer.status != HTTPStatus.OK:
        raise _failed(f"{url.host} answers {answer.status}.")
    if answer.header(b"content-encoding").lower() not in {"", "identity"}:
        raise _failed(f"{url.host} sends the document packed, which was not asked for.")
    length = answer.header(b"content-length")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)


def _failed(what: str) -> RequestError:
    return RequestError(
        what, hint="Is the URL right, and open to everybody? Else send the document itself.",
        status=HTTPStatus.UNPROCESSABLE_ENTITY, code="url",
    )  # fmt: skip
