"""The daemon's Unix socket, and TCP where it is configured: uvicorn in the daemon's own event loop.

After ``start`` returns, the socket is there with mode 0660 and answers: to the daemon's user, and
to the group of those who may steer it. It never exists with wider permissions, and never without a
listener behind it: it is bound and listening under another name first and then renamed. Signals
stay the daemon's.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import grp
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from ocrd import files
from ocrd.errors import PlaceError
from ocrd.log import fields
from ocrd.web.app import application
from ocrd.web.door.connections import Patient
from ocrd.web.door.house import House

log = logging.getLogger("ocrd.web.server")

SOCKET_MODE = 0o660  # the daemon's user, and who may steer it
OWN_MODE = 0o600
BACKLOG = 64
TCP_BACKLOG = 128  # so many are let in at once, before one is looked at; others wait
GRACE_SECONDS = 2  # for answers under way when the daemon stops
PROBE_SECONDS = 2.0  # for a socket's owner to show that it lives


class WebServer:
    """Serves a daemon on a Unix socket, and over TCP, from ``start`` to ``stop``."""

    def __init__(self, house: House, socket_path: Path, group: str | None = None) -> None:
        """``group`` may steer; None is the daemon's own."""
        self._path = socket_path
        self._group = group
        self._address = house.settings().api.address
        self._application = application(house)
        self._tcp: socket.socket | None = None
        self._listener: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Return where it answers over TCP, as in a URL; "" where it does not."""
        return shown(self._tcp) if self._tcp is not None else ""

    async def start(self) -> None:
        """Open the socket and answer on it; raise PlaceError where that cannot be."""
        self._listener = await asyncio.to_thread(listen, self._path, self._group)
        self._identity = _identity(self._path)
        listeners = [self._listener]
        if self._address is not None:
            self._tcp = await asyncio.to_thread(listen_tcp, *self._address)
            listeners.append(self._tcp)
            log.info("Programs may ask at %s.", shown(self._tcp), extra=fields("listening"))
        self._server = _Server(
            uvicorn.Config(
                self._application,
                http=Patient,
                backlog=TCP_BACKLOG,
                ws="none",
                lifespan="off",
                loop="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=64 << 10,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._task = asyncio.create_task(self._server.serve(listeners), name="web")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Finish the answers under way and remove the socket, if it is still this server's."""
        if self._server is not None and self._task is not None:
            self._server.end()
            await self._task
        for listener in (self._listener, self._tcp):
            if listener is not None:
                listener.close()
        if self._identity is not None and _identity(self._path) == self._identity:
            with contextlib.suppress(OSError):  # it refuses connections now, all the same
                self._path.unlink(missing_ok=True)
        self._server = self._task = self._listener = self._tcp = self._identity = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its ticks, and with a way to wait for its start."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Finish the answers under way and end."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Wait for the end; else uvicorn looks ten times a second whether it is there."""
        await self._ending.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen and say so."""
        await super().startup(sockets)
        self.ready.set()


def listen(path: Path, group: str | None = None) -> socket.socket:
    """Return a socket that listens at ``path``, replacing one that nobody answers on.

    A ``group`` that it cannot be given to is kept out, which is logged.

    Raises PlaceError if another daemon answers there, or the folder cannot be used.
    """
    if answers(path):
        raise PlaceError(
            f"Another daemon already answers on {path}.",
            hint="Stop it first, or give this one its own state_dir.",
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    nascent = path.with_name("." + path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(path)
        nascent.unlink(missing_ok=True)
        listener.bind(os.fspath(nascent))
        _hand_over(nascent, group)  # before listen: nobody can have connected yet
        listener.listen(BACKLOG)
        listener.setblocking(False)
        nascent.rename(path)
    except OSError as error:
        listener.close()
        if files.is_of_disk(error):
            raise files.translate(error, path) from error
        raise PlaceError(
            f"The control socket {path} cannot be made: {error.strerror or error}.",
            hint="Give the daemon's user a runtime_dir that it may write to, "
            "with a path of at most 100 bytes.",
        ) from error
    except BaseException:
        listener.close()
        raise
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address of TCP; raise PlaceError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=TCP_BACKLOG)
    except OSError as error:
        alone = error.errno in {errno.EAFNOSUPPORT, errno.EPERM}
        raise PlaceError(
            f"Nobody can be let in at {host}, port {port}: {error.strerror or error}.",
            hint="The service's sandbox has no network: ocrd service install --drop-in api."
            if alone
            else "Is the port another program's? Set another address as [api] listen.",
        ) from error
    listener.setblocking(False)
    return listener


def shown(listener: socket.socket) -> str:
    """Return where a socket listens, as in a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _hand_over(path: Path, group: str | None) -> None:
    """Open the socket to those who may steer; to nobody else, whatever goes wrong."""
    path.chmod(OWN_MODE)
    if group is not None:
        try:
            os.chown(path, -1, grp.getgrnam(group).gr_gid)
        except (KeyError, OSError) as error:
            reason = "there is none" if isinstance(error, KeyError) else error.strerror
            log.warning(
                "The group %s cannot steer the daemon (%s): its user and root alone can. Make the"
                " group, and the daemon's user a member of it.", group, reason,
                extra=fields("control-group"),
            )  # fmt: skip
            return
    path.chmod(SOCKET_MODE)


def answers(path: Path) -> bool:
    """Say whether somebody listens on the socket at ``path``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_SECONDS)
        try:
            probe.connect(os.fspath(path))
        except OSError as error:
            # A full backlog or a socket that we may not open has an owner; the rest is nobody.
            return isinstance(error, TimeoutError) or error.errno in {
                errno.EAGAIN,
                errno.EACCES,
                errno.EPERM,
            }
    return True


def _refuse_foreign(path: Path) -> None:
    """Raise PlaceError if something that is no socket has the name."""
    if path.is_symlink() or (path.exists() and not path.is_socket()):
        raise PlaceError(
            f"The control socket {path} cannot be made: something else has that name.",
            hint="Move it away, or set another runtime_dir.",
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
