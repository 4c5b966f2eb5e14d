"""``schema``: the JSON Schema of an answer, of a sidecar, or of the configuration."""

from __future__ import annotations

from typing import Annotated

import typer

from ocrd.cli import screen


def schema(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Which; without one they are listed.")
    ] = "",
) -> None:
    """Print the JSON Schema of what programs read, or of the configuration for your editor."""
    from ocrd.schemas.catalogue import catalogue

    entries = {entry.name: entry for entry in catalogue()}
    if not name:
        for entry in entries.values():
            screen.say(f"{entry.name:<16}{entry.of.replace('`', '')}")
    elif name in entries:
        screen.emit(entries[name].schema)
    else:
        raise typer.BadParameter(f"There is no schema {name}; there are {', '.join(entries)}.")
