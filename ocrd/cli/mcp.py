"""``mcp``: what assistants may ask of a running daemon, over the Model Context Protocol."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli.options import ConfigOption, SocketOption, client_of, settings_of
from ocrd.errors import ConfigError

if TYPE_CHECKING:
    from ocrd.config.api import ApiSettings

HttpOption = Annotated[
    str,
    typer.Option(
        "--http",
        metavar="ADDRESS",
        help='Answer over HTTP at an address such as "127.0.0.1:8714", with the keys of [api];'
        " otherwise on standard input and output, as assistants start it.",
    ),
]


def mcp(
    http: HttpOption = "", config: ConfigOption = None, socket: SocketOption = None
) -> None:
    """Let assistants read files and documents (Model Context Protocol).

    Paths have to be below a watched folder, or below one that the key files of the table api names.
    """
    from ocrd import installation

    if importlib.util.find_spec("mcp") is None:
        raise ConfigError(
            "The package mcp is not installed.",
            hint=f"Install it: {installation.adding('mcp')}",
        )
    from ocrd.mcp import server
    from ocrd.mcp.reach import Reach
    from ocrd.mcp.tools import Tools

    settings = settings_of(config)
    folders: list[Path] = [*settings.api.files, *(folder.path for folder in settings.inbox)]
    made = server.server(Tools(client_of(config, socket), Reach(folders)))
    if http:
        server.serve(made, _at(settings.api, http))
    else:
        made.run("stdio")


def _at(api: ApiSettings, address: str) -> ApiSettings:
    """Return the settings of the door at an address; raise ConfigError where it is none."""
    from pydantic import ValidationError

    from ocrd.config.api import ApiSettings

    try:
        return ApiSettings(**{**api.model_dump(), "listen": address})
    except ValidationError as error:
        told = error.errors()[0]["msg"]
        raise ConfigError(
            f"--http {address}: {told}.", hint="It needs what listen in [api] needs, keys too."
        ) from error
