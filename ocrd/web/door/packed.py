"""Documents that come as Base64, or as data URLs: to the disk piece by piece.

Programs write Base64 in lines, in the alphabet for URLs, or without its padding: all of it is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator
from http import HTTPStatus

from ocrd.errors import RequestError
from ocrd.web.door.sink import Place, Received, Sink

PIECE = 1 << 20  # characters of Base64 that are unpacked at a time
LONGEST_HEAD = 1000  # characters of a data URL before its comma
_FOR_URLS = str.maketrans("-_", "+/")  # RFC 4648, 5
_HINT = "Send the file's bytes as Base64, or as data:image/png;base64,… with their own type."


async def decoded(place: Place, text: str, limit: int, name: str = "") -> Received:
    """Write a document that came as Base64, or as a data URL, to the disk.

    Raises RequestError for what is neither.
    """
    start, media_type = 0, ""
    if text[:5].lower() == "data:":
        start = text.find(",", 0, LONGEST_HEAD) + 1
        media_type, *more = (part.strip() for part in text[5 : max(start - 1, 0)].split(";"))
        if not start or not more or more[-1].lower() != "base64":
            raise RequestError(
                "The data URL is not Base64.", hint=_HINT,
                status=HTTPStatus.UNPROCESSABLE_ENTITY, code="base64",
            )  # fmt: skip

    def write() -> Received:
        with Sink(place, limit, name, media_type) as sink:
            try:
                for piece in _unpacked(text, start):
                    sink.write(piece)
            except (binascii.Error, ValueError) as error:
                raise RequestError(
                    f"The document is no Base64: {error}.", hint=_HINT,
                    status=HTTPStatus.UNPROCESSABLE_ENTITY, code="base64",
                ) from error  # fmt: skip
            return sink.end()

    return await asyncio.to_thread(write)


def _unpacked(text: str, start: int) -> Iterator[bytes]:
    """Yield what Base64 holds from a place on, piece by piece: it may be most of our memory.

    Raises ValueError for what is none.
    """
    end, padding = len(text), 0
    while end > start and (text[end - 1] == "=" or text[end - 1].isspace()):
        end -= 1
        padding += text[end] == "="
    if padding > 2:
        raise ValueError("it ends in more than two =")
    left = ""
    for at in range(start, end, PIECE):
        left += "".join(text[at : min(at + PIECE, end)].split()).translate(_FOR_URLS)
        if "=" in left:
            raise ValueError("it goes on after its end")
        whole = len(left) - len(left) % 4
        yield base64.b64decode(left[:whole], validate=True)
        left = left[whole:]
    if len(left) == 1:
        raise ValueError("its last character alone says nothing")
    yield base64.b64decode(left + "=" * (-len(left) % 4), validate=True)
