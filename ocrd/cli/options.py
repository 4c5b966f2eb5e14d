"""The options that commands share, and how a command finds its settings and its daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ocrd.config.settings import Settings
    from ocrd.web.client import Client

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
    """Return a way to the daemon of the configuration; raise ConfigError."""
    from ocrd.web.client import Client

    return Client(socket if socket is not None else settings_of(config).socket_path)
