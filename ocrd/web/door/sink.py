"""One document that is written to the disk as it comes, with a limit: whole and synced, or gone."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from ocrd.deposits import ROOM
from ocrd.errors import RequestError
from ocrd.files import translate

LOOKED_AT = 1 << 20  # bytes of a document, after which is looked again whether there is room


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
