"""The options that commands share, and how a command finds its settings and its daemon."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.errors import ConfigError

if TYPE_CHECKING:
    from ocrd.config.settings import Settings
    from ocrd.web.client import Client
    from ocrd.web.notes import Note

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        readable=False,  # whoever opens it says why he may not, and the way out
        help="The configuration; otherwise $OCRD_CONFIG, ~/.config/ocrd/config.toml or "
        "/etc/ocrd/config.toml.",
    ),
]
SocketOption = Annotated[
    Path | None,
    typer.Option(
        "--socket",
        metavar="PATH",
        readable=False,
        help="The daemon's socket, for those who may not read its configuration.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def settings_of(config: Path | None) -> Settings:
    """Return the settings in force for this command; raise ConfigError."""
    from ocrd.config.settings import find_config, load

    return load(find_config(config))


def client_of(config: Path | None, socket: Path | None = None) -> Client:
    """Return a way to the daemon of the configuration, or to the only one; raise ConfigError.

    A daemon that has left a note is found without reading its configuration, which may be half
    edited, or not for this user to read.
    """
    from ocrd.config.home import find_config
    from ocrd.web.client import Client

    if socket is not None:
        return Client(socket)
    try:
        path = find_config(config)
    except ConfigError:
        running = running_daemons()
        if not running:
            raise
        return Client(Path(_only(running).socket))
    for note in running_daemons():
        if note.is_of(path):
            return Client(Path(note.socket))
    from ocrd.config.settings import load  # takes its time

    return Client(_socket_of(load(path)))


def _socket_of(settings: Settings) -> Path:
    """Return where the daemon answers, or would; raise ConfigError where somebody else might.

    Where a makeshift has to do for a path that is too long, it may have found another one than we.
    """
    from ocrd.config import runtime
    from ocrd.files import printable
    from ocrd.web.client import Client

    folder = settings.socket_path.parent
    if not runtime.is_makeshift(folder, settings.state_dir):
        return settings.socket_path
    for place in runtime.makeshifts(settings.state_dir, os.environ):
        if Client(place / runtime.SOCKET).is_there():
            return place / runtime.SOCKET
    if os.path.lexists(folder) and not runtime.is_owned(folder, os.geteuid()):
        raise ConfigError(
            f"{printable(folder)}, the control socket's place, is somebody else's.",
            hint="Set runtime_dir to another, or let an administrator remove what is there.",
        )
    return settings.socket_path


def running_daemons() -> list[Note]:
    """Return the notes of the daemons that run, as far as this user finds them."""
    from ocrd.web import notes
    from ocrd.web.client import Client

    return [note for note in notes.found() if Client(Path(note.socket)).is_there()]


def _only(running: list[Note]) -> Note:
    if len(running) == 1:
        return running[0]
    commands = ", ".join(f"--config {shlex.quote(note.config)}" for note in running)
    raise ConfigError(
        f"{len(running)} daemons run, and there is no configuration in the usual places.",
        hint=f"Say which is meant: {commands}.",
    )
