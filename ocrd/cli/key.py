"""``key``: who may ask over the network. The file of the keys is changed, which the daemon sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption, JsonOption
from ocrd.errors import ConfigError

if TYPE_CHECKING:
    from ocrd.cli.runner import Runner

app = typer.Typer(
    name="key", no_args_is_help=True, help="Say who may ask over the network, and what."
)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    *,
    read: Annotated[
        bool, typer.Option("--read", help="It may look at status, jobs and results.")
    ] = False,
    upload: Annotated[
        bool, typer.Option("--upload", help="It may bring documents, and cancel and delete those.")
    ] = False,
    control: Annotated[
        bool, typer.Option("--control", help="It may steer: pause, retry, cancel, reload, stop.")
    ] = False,
    folder: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH", help="It sees the documents of this folder alone, and its own; often."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once; it may do all where nothing is said.

    Its line in the file holds a hash. The daemon knows it at once.
    """
    from ocrd.web.door import keyring
    from ocrd.web.door.keys import SCOPES, made

    path, runner = _place(config)
    chosen = dict(zip(SCOPES, (read, upload, control), strict=True))
    scopes = tuple(scope for scope, wanted in chosen.items() if wanted)
    folders = tuple(str(one.absolute()) for one in folder or ())
    key, line = made(name, scopes, folders)
    keyring.add(path, line, keyring.owner_for(runner.user))
    if as_json:
        screen.emit({"name": name, "key": key, "file": str(path)})
        return
    screen.say(key)
    screen.warn(f"Nobody can show it again; its hash is in {path}. Send it as X-API-Key: …")


@app.command(name="list")
def list_keys(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the keys by name, with what each may do."""
    from ocrd.web.door import keyring
    from ocrd.web.door.keys import SCOPES

    path, _ = _place(config)
    found = [
        {
            "name": key.name,
            "scopes": [scope for scope in SCOPES if scope in key.scopes],
            "folders": list(key.folders),
        }
        for key in keyring.listed(path)
    ]
    if as_json:
        screen.emit({"file": str(path), "keys": found})
        return
    if not found:
        screen.say(f"No keys in {path}.", style="dim")
        return
    table = screen.table("key", "may", "folders")
    for one in found:
        folders = ", ".join(one["folders"]) or "all"
        table.add_row(str(one["name"]), ", ".join(one["scopes"]), screen.plain(folders))
    screen.out().print(table)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a key: it opens nothing from now on. What it brought stays."""
    from ocrd.web.door import keyring

    path, _ = _place(config)
    keyring.remove(path, name)
    if as_json:
        screen.emit({"removed": name, "file": str(path)})
    else:
        screen.say(f"{name} may ask no more.")


def _place(config: Path | None) -> tuple[Path, Runner]:
    """Return the file of the keys and who reads it; raise ConfigError where none is named."""
    from ocrd.cli.runner import runner_of
    from ocrd.config.settings import find_config, load

    found = find_config(config).absolute()
    settings = load(found)
    path = settings.api.api_key_file
    if path is None:
        raise ConfigError(
            f"{found}: [api] names no file of keys.",
            hint=f'Write [api] with api_key_file = "{found.parent / "keys"}", and listen'
            ' = "127.0.0.1:8713".',
        )
    return path, runner_of(found, settings)
