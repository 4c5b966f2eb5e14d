"""``init`` and ``run``: from nothing to a running daemon."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption, JsonOption
from ocrd.errors import ConfigError

if TYPE_CHECKING:
    from ocrd.config.settings import Settings


def run(config: ConfigOption = None) -> None:
    """Watch the folders in the foreground: Ctrl-C stops, and once more stops at once."""
    from ocrd.config.settings import find_config
    from ocrd.daemon import service

    raise typer.Exit(service.run(find_config(config)))


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="All in this folder, configuration and state too; it is made where it is missing.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a configuration where it is looked for, and make an inbox in ~/scans."""
    from ocrd.config.home import own_config, own_state_dir
    from ocrd.config.settings import load, template

    if folder is None:
        config, inbox, state_dir = own_config(), Path.home() / "scans/inbox", own_state_dir()
    else:
        folder = folder.absolute()
        config, inbox, state_dir = folder / "config.toml", folder / "inbox", folder / "state"
    text = template(inbox, state_dir)
    config.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(config, "x", encoding="utf-8", opener=_private) as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(
            f"{config} exists and is left as it is.",
            hint="Change it, remove it, or name another folder: ocrd init DIR.",
        ) from None
    settings = load(config, {})
    made = folders_of(settings)
    for path in made:
        # What documents say is in the first two; people bring theirs to the others.
        mode = 0o700 if path in {settings.state_dir, settings.temp_dir} else 0o777
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    if as_json:
        screen.emit({"config": str(config), "folders": [str(path) for path in made]})
    else:
        _say_what_next(config, settings, is_found=folder is None)


def _private(path: str, flags: int) -> int:
    """Open a file that passwords of documents may be written into, for its owner alone."""
    return os.open(path, flags, 0o600)


def folders_of(settings: Settings) -> list[Path]:
    """Return the folders that the settings name."""
    own = [settings.state_dir, settings.temp_dir]
    return own + [
        path for inbox in settings.inbox for path in (inbox.path, inbox.done_dir, inbox.failed_dir)
    ]


def _say_what_next(config: Path, settings: Settings, *, is_found: bool) -> None:
    import shlex

    inbox = settings.inbox[0]
    which = "" if is_found else f" -c {shlex.quote(str(config))}"
    screen.say(f"Wrote {screen.plain(config)}")
    screen.say("")
    screen.say(f"  1. Look whether all is ready:  ocrd check{which}")
    screen.say(f"  2. Start the daemon:           ocrd run{which}")
    screen.say(f"  3. Drop a PDF or image into    {screen.plain(inbox.path)}")
    screen.say("")
    screen.say(f"What is read goes to {screen.plain(inbox.done_dir)} with its Markdown beside it,")
    screen.say(f"what cannot be read to {screen.plain(inbox.failed_dir)} with the reason.")
