"""Who asks: the user at the other end of the socket, as the kernel says (SO_PEERCRED, unix(7)).

What somebody says of himself is not asked for. Root is root, whoever became it.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_UCRED = "3i"  # struct ucred: process, user, group
_asking: ContextVar[str] = ContextVar("asking", default="")


def asked_by() -> str:
    """Return the name of the user whose request is being answered, "" outside of requests."""
    return _asking.get()


def name_of(user: int) -> str:
    """Return a user's name, or number where there is no name."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


class Introduced(H11Protocol):
    """HTTP whose client is a user and a process."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who is there."""
        super().connection_made(transport)
        other: socket.socket = transport.get_extra_info("socket")
        told = other.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_UCRED))
        process, user, _ = struct.unpack(_UCRED, told)
        self.client = (name_of(user), process)


class Introducing:
    """Lets what answers a request know who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in a task of its own."""
        client = scope.get("client")
        _asking.set(client[0] if client else "")
        await self._app(scope, receive, send)
