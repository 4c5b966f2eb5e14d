"""Messages to systemd: to the service manager, sd_notify(3), and into its journal.

Both are a datagram each. The library that systemd brings for Python is taken where it is installed
(ocrd's extra ``systemd``); it has to be compiled, so what it does is done here where it is not.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable
from typing import cast

Notify = Callable[[str], object]
Send = Callable[..., object]

JOURNAL = "/run/systemd/journal/socket"
_TOO_LONG = frozenset({errno.EMSGSIZE, errno.ENOBUFS})
_LENGTH = struct.Struct("<Q")
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def notifier() -> Notify:
    """Return what tells the service manager of a state; it raises ``OSError``."""
    try:
        from systemd.daemon import notify as theirs
    except ImportError:
        return notify
    return cast(Notify, theirs)


def sender() -> Send:
    """Return what sends ``NAME=value`` fields to the journal as one record; ``OSError``."""
    try:
        from systemd.journal import sendv as theirs
    except ImportError:
        return send
    return cast(Send, theirs)


def notify(state: str) -> None:
    """Send a state to the socket that the service manager named; raise ``OSError``."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):  # an abstract name, unix(7)
        address = "\0" + address[1:]
    with _datagrams() as sock:
        sock.sendto(state.encode(), address)


def send(*fields: bytes) -> None:
    """Send one record in the journal's native protocol; raise ``OSError``.

    What is too long for a datagram goes as a sealed file in memory.
    """
    message = b"".join(map(_field, fields))
    with _datagrams() as sock:
        try:
            sock.sendto(message, JOURNAL)
        except OSError as error:
            if error.errno not in _TOO_LONG:
                raise
        else:
            return
        file = os.memfd_create("ocrd-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with open(file, "wb", closefd=False) as out:
                out.write(message)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
            sock.connect(JOURNAL)
            socket.send_fds(sock, [b""], [file])
        finally:
            os.close(file)


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def _field(field: bytes) -> bytes:
    """Return a field as it travels: with its length where its value has several lines."""
    name, _, value = field.partition(b"=")
    if b"\n" not in value:
        return field + b"\n"
    return name + b"\n" + _LENGTH.pack(len(value)) + value + b"\n"
