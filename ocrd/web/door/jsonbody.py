"""JSON that a request brings: it has to be in memory to be read, so all of it has a budget."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any, Never

from starlette.requests import ClientDisconnect, Request

from ocrd.errors import RequestError
from ocrd.web.door.asking import asker
from ocrd.web.door.receiving import gone, require_plain
from ocrd.web.door.sink import too_large

MAX_VALUES = 50_000  # in one body; each may take a hundred times its text in memory
MAX_JSON = 64 << 20  # bytes of one body; a document in it takes 4/3 of its size
JSON_BUDGET = 96 << 20  # bytes of all bodies that are in memory
SPARED = 4  # of so many bytes of the budget, one is not had by any one key


class Memory:
    """The budget of bodies that are in memory."""

    def __init__(self, budget: int = JSON_BUDGET) -> None:
        self._budget = budget
        self._held: Counter[str] = Counter()  # bytes, by who asks

    @contextmanager
    def hold(self, size: int) -> Iterator[Callable[[int], None]]:
        """Hold as many bytes; provide what holds that many more, until the context is left.

        Both raise RequestError where there are not so many left, for all or for one who asks.
        """
        who = asker()
        most = self._budget if who.is_local else self._budget - self._budget // SPARED
        mine = 0

        def more(size: int) -> None:
            nonlocal mine
            if self._held.total() + size > self._budget or self._held[who.owner] + size > most:
                raise RequestError(
                    "Other large requests are being answered already.", hint="Come again later.",
                    status=HTTPStatus.TOO_MANY_REQUESTS, code="busy", headers={"Retry-After": "1"},
                )  # fmt: skip
            self._held[who.owner] += size
            mine += size

        try:
            more(size)
            yield more
        finally:
            self._held[who.owner] -= mine
            self._held += Counter()  # drops those who have none


@asynccontextmanager
async def json_brought(
    request: Request, memory: Memory, limit: int = MAX_JSON
) -> AsyncIterator[dict[str, Any]]:
    """Provide the JSON object that a request brings; raise RequestError for anything else."""
    require_plain(request)
    told = request.headers.get("content-length", "")
    size = int(told) if told.isdigit() else 0
    if size > limit:
        raise too_large(limit)
    with memory.hold(size) as more:
        yield await _json_of(request, limit, size, more)


async def _json_of(
    request: Request, limit: int, size: int, more: Callable[[int], None]
) -> dict[str, Any]:
    """Return the JSON object of a body for which ``size`` bytes are held."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > limit:
                raise too_large(limit)
            if len(body) + len(chunk) > size:  # its length was not told
                more(len(body) + len(chunk) - size)
                size = len(body) + len(chunk)
            body += chunk
    except ClientDisconnect as error:
        raise gone() from error
    try:
        found = await asyncio.to_thread(_parsed, body)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise RequestError(
            f"The body is no JSON: {why}.", code="json", hint="Send a JSON object, in UTF-8."
        ) from error
    if not isinstance(found, dict):
        raise RequestError(
            "The body is no JSON object.", code="json", hint='Send an object: {"…": …}.'
        )
    return found


def _parsed(body: bytearray) -> object:
    """Return what JSON says; the body is emptied, so that there are not three of it at a time."""
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    body.clear()
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES} values")
    return json.loads(text, parse_constant=_no_number)


def _no_number(told: str) -> Never:
    """Refuse what Python takes for a number, and JSON does not (RFC 8259, 6)."""
    raise ValueError(f"{told} is no number")
