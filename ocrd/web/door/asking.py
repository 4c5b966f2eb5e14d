"""Who asks: the user at the other end of the socket, or over TCP the name of a key.

The kernel says who the user is (SO_PEERCRED, unix(7)).

What somebody says of himself is not asked for. Root is root, whoever became it.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from ocrd.web.door.keys import SCOPES

_UCRED = "3i"  # struct ucred: process, user, group


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what he may."""

    name: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    folders: tuple[str, ...] = ()  # whose documents he may see; () is all
    is_local: bool = False  # he came by the socket

    @property
    def owner(self) -> str:
        """Return the name under which his documents are kept; no key can have a user's."""
        return f"{self.name} (local)" if self.is_local else self.name

    def may_see(self, folder: str) -> bool:
        """Say whether the documents of a watched folder are his to see."""
        return not self.folders or any(
            folder == own or folder.startswith(own.rstrip("/") + "/") for own in self.folders
        )


NOBODY = Asker(scopes=frozenset())
_asking: ContextVar[Asker] = ContextVar("asking", default=NOBODY)


def asker() -> Asker:
    """Return who asks what is being answered; nobody outside of requests."""
    return _asking.get()


def ask_as(who: Asker) -> None:
    """Take note of who asks, for the present task and those that it makes."""
    _asking.set(who)


def asked_by() -> str:
    """Return the name of who asks, "" outside of requests."""
    return _asking.get().name


def name_of(user: int) -> str:
    """Return a user's name, or number where there is no name."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def is_local(scope: Scope) -> bool:
    """Say whether a request came by the socket."""
    server = scope.get("server")
    return server is not None and server[1] is None


class Introduced(H11Protocol):
    """HTTP whose client is a user and a process, where it came by the socket."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who is there."""
        super().connection_made(transport)
        other: socket.socket = transport.get_extra_info("socket")
        if other.family != socket.AF_UNIX:
            return
        told = other.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_UCRED))
        process, user, _ = struct.unpack(_UCRED, told)
        self.client = (name_of(user), process)
