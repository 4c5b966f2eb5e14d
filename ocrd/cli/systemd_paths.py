"""``systemd-paths``: lets the sandboxed service reach the folders of its configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption
from ocrd.daemon.sandbox import DROP_IN

MODE = 0o644  # as all units: it names folders, and nothing secret


def systemd_paths(
    config: ConfigOption = None,
    write: Annotated[
        bool, typer.Option("--write", "-w", help=f"Write it to {DROP_IN} instead.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --write: to this file.")
    ] = None,
) -> None:
    """Print the systemd drop-in that opens the configured folders to the service."""
    from ocrd.config.settings import find_config, load
    from ocrd.daemon.sandbox import drop_in

    path = find_config(config).absolute()
    text = drop_in(load(path), str(path))
    if write or to is not None:
        _write(to or DROP_IN, text)
    else:
        sys.stdout.write(text)


def _write(path: Path, text: str) -> None:
    from ocrd import files

    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_durably(path, lambda file: file.write(text.encode()), mode=MODE, replace=True)
    screen.say(f"Wrote {screen.plain(path)}; it counts from the next start of the service:")
    screen.say("  systemctl daemon-reload")
    screen.say("  systemctl restart ocrd")
