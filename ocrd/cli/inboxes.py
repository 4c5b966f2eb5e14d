"""What is left alone in a watched folder: from a running daemon, or by a look of our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.cli import screen
from ocrd.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings, Settings


def show_inbox(settings: Settings, name: str, *, as_json: bool) -> None:
    """Print what is passed over in the inbox of this path or name; raise ConfigError for none."""
    chosen = inbox_of(settings, name)
    found = _told(settings, chosen) or _seen(chosen)
    if as_json:
        screen.emit(found)
        return
    screen.say(f"{screen.plain(found['path'])}: {_counts(found)}")
    for one in found["passed"]:
        screen.say(f"  {screen.plain(one['relpath'])}  ({screen.plain(one['sentence'])})")
    unnamed = sum(found["skipped"].values()) - len(found["passed"])
    if unnamed > 0:
        screen.say(f"  and {unnamed} more")
    if "stray" in found["skipped"] and chosen.unsupported == "leave":
        screen.say("A file that should be read after all: give it the ending of its format.")


def inbox_of(settings: Settings, name: str) -> InboxSettings:
    """Return the inbox of this path or name; raise ConfigError where none has it."""
    path = Path(name).expanduser().absolute()
    for inbox in settings.inbox:
        if inbox.path == path:
            return inbox
    named = [inbox for inbox in settings.inbox if inbox.name == name]
    if len(named) == 1:
        return named[0]
    known = ", ".join(str(inbox.path) for inbox in settings.inbox)
    raise ConfigError(f"{name} is no watched folder.", hint=f"Watched are {known}.")


def _told(settings: Settings, chosen: InboxSettings) -> dict[str, Any] | None:
    """Ask the daemon; None where there is none, or it does not watch the folder yet."""
    from ocrd.files import printable
    from ocrd.web.client import Client

    try:
        told = Client(settings.socket_path).inboxes()
    except UnreachableError:
        return None
    path = printable(chosen.path)
    return next((each for each in told if each["path"] == path), None)


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
        "is_cut": found.is_cut,
    }


def _counts(found: dict[str, Any]) -> str:
    count = sum(found["skipped"].values())
    if not count:
        return "nothing is left alone."
    more = " at least" if found.get("is_cut") else ""
    return f"{count}{more} left alone."
