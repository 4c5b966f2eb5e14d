"""What is left alone in a watched folder: from a running daemon, or by a look of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.cli import screen
from ocrd.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from ocrd.choice import Choice
    from ocrd.config.settings import InboxSettings, Settings
    from ocrd.web.client import Client


UPLOADS = "uploads"  # what programs have brought


def known_folders(settings: Settings) -> list[InboxSettings]:
    """Return the watched folders, and that of what programs bring."""
    from ocrd.config.api import uploads_dir
    from ocrd.uploads import folder_of

    return [*settings.inbox, folder_of(uploads_dir(settings.state_dir), settings.api)]


def choice_here(choice: Choice, settings: Settings) -> Choice:
    """Return a choice as the ledger understands it, where no daemon is asked."""
    from ocrd.config.api import uploads_dir

    if choice.inbox != UPLOADS:
        return choice
    return replace(choice, inbox=str(uploads_dir(settings.state_dir)))


def show_inbox(
    name: str, client: Client, settings: Callable[[], Settings], *, as_json: bool
) -> None:
    """Print what is passed over in the inbox of this path or name; raise ConfigError for none.

    The daemon is asked; where none answers, its ``settings`` say where to look.
    """
    try:
        found = _told(client.inboxes(), name)
    except UnreachableError as error:
        if not error.is_absence:
            raise
        found = _seen(inbox_of(settings(), name))
    if as_json:
        screen.emit(found)
        return
    screen.say(f"{screen.plain(found['path'])}: {_counts(found)}")
    for one in found["passed"]:
        screen.say(f"  {screen.plain(one['relpath'])}  ({screen.plain(one['sentence'])})")
    unnamed = sum(found["skipped"].values()) - len(found["passed"])
    if unnamed > 0:
        screen.say(f"  and {unnamed} more")
    if "stray" in found["skipped"] and found.get("unsupported") == "leave":
        screen.say("A file that should be read after all: give it the ending of its format.")


def inbox_of(settings: Settings, name: str) -> InboxSettings:
    """Return the inbox of this path or name; raise ConfigError where none has it."""
    number = _chosen([inbox.path for inbox in settings.inbox], name)
    return settings.inbox[number]


def path_of(name: str, client: Client, config: Path | None, socket: Path | None) -> str:
    """Return the path of the inbox of this path or name; raise ConfigError where none has it.

    As the configuration has it, where that can be read: the daemon shows odd names escaped.
    """
    from ocrd.cli.options import settings_of

    if name == UPLOADS:
        return UPLOADS  # the daemon knows where that is
    try:
        if socket is None:
            return str(inbox_of(settings_of(config), name).path)
    except ConfigError:
        pass  # it may be half edited
    try:
        told = client.inboxes()
    except UnreachableError as error:
        if socket is not None or not error.is_absence:
            raise
        return str(inbox_of(settings_of(config), name).path)
    return str(_told(told, name)["path"])


def _told(inboxes: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return inboxes[_chosen([Path(inbox["path"]) for inbox in inboxes], name)]


def _chosen(paths: Iterable[Path], name: str) -> int:
    """Return the number of the folder of this path or name among those that are watched."""
    from ocrd.files import printable

    paths = list(paths)
    path = Path(name).expanduser().absolute()
    shown = Path(printable(path))
    for wanted in (
        [number for number, one in enumerate(paths) if one in {path, shown}],
        [number for number, one in enumerate(paths) if name in {one.name, str(one)}],
    ):
        if len(wanted) == 1:
            return wanted[0]
    known = ", ".join(printable(one) for one in paths)
    raise ConfigError(f"{name} is no watched folder.", hint=f"Watched are {known}.")


def _seen(chosen: InboxSettings) -> dict[str, Any]:
    """Look through the folder; raises OSError."""
    from ocrd.files import printable
    from ocrd.surveying import survey

    found = survey(chosen)
    return {
        "path": printable(chosen.path),
        "documents": found.documents,
        "skipped": found.skipped.to_json(),
        "passed": found.skipped.named_to_json(),
        "unsupported": chosen.unsupported,
        "is_cut": found.is_cut,
    }


def _counts(found: dict[str, Any]) -> str:
    count = sum(found["skipped"].values())
    if not count:
        return "nothing is left alone."
    more = " at least" if found.get("is_cut") else ""
    return f"{count}{more} left alone."
