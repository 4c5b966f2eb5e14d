"""``status --check``: one line and an exit code, as Nagios and its like ask of a plugin.

After the Monitoring Plugins Development Guidelines: OK (0), WARNING (1), CRITICAL (2), UNKNOWN (3),
and behind a bar what can be drawn as a curve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from ocrd.errors import ConfigError, OcrdError, UnreachableError
from ocrd.files import printable


class Level(IntEnum):
    """How a service stands; its number is the exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def checked(ask: Callable[[], Mapping[str, Any]]) -> tuple[Level, str]:
    """Ask the daemon, and return how it stands with the line that says it."""
    try:
        body = ask()
    except OcrdError as error:
        return _unasked(error), _line(_unasked(error), str(error))
    level, why = judged(body)
    return level, f"{_line(level, why)} | {_curves(body)}"


def judged(body: Mapping[str, Any]) -> tuple[Level, str]:
    """Return how a daemon with that status stands, and why.

    Critical is what leaves documents lying until somebody does something: all of them, or those of
    an engine. What holds up one of several folders, or was asked for, is a warning.
    """
    inboxes, problems = body["inboxes"], body["problems"]
    used = {inbox["engine"] for inbox in inboxes}
    failing = [
        engine["problem"] for engine in body["engines"]
        if engine["problem"] and engine["name"] in used
    ]  # fmt: skip
    shut = [inbox for inbox in inboxes if not inbox["online"] or inbox["blocked"]]
    if body["halts"] or failing or (shut and len(shut) == len(inboxes)):
        first = (*body["halts"], *failing, *problems)[0]
        return Level.CRITICAL, first + _more(len(problems) - 1)
    if body["paused"] is not None:
        by = body["paused"]["by"]
        return Level.WARNING, f"paused{f' by {by}' if by else ''}; 'ocrd resume' goes on"
    if problems:
        return Level.WARNING, problems[0] + _more(len(problems) - 1)
    if body["state"] != "running":
        return Level.WARNING, body["state"]
    return Level.OK, body["summary"]


def _unasked(error: OcrdError) -> Level:
    """Return how a daemon stands that could not be asked: it is down, or we cannot tell."""
    if isinstance(error, ConfigError) or isinstance(error.__cause__, PermissionError):
        return Level.UNKNOWN
    return Level.CRITICAL if isinstance(error, UnreachableError) else Level.UNKNOWN


def _line(level: Level, why: str) -> str:
    """Return the line; a bar in it would begin the curves."""
    return f"OCRD {level.name}: {printable(' '.join(why.split())).replace('|', '/')}"


def _more(count: int) -> str:
    return f" (and {count} more)" if count > 0 else ""


def _curves(body: Mapping[str, Any]) -> str:
    jobs, inboxes = body["jobs"], body["inboxes"]
    shut = sum(not inbox["online"] or bool(inbox["blocked"]) for inbox in inboxes)
    values = {
        "queued": jobs["queued"],
        "working": len(body["working"]),
        "pages_per_second": body["pages_per_second"],
        "folders_shut": f"{shut};0;;0;{len(inboxes)}",
        "done": jobs["done"],
        "doubtful": jobs["doubtful"] + jobs["partial"],
        "failed": jobs["failed"],
    }
    return " ".join(f"{name}={value}" for name, value in values.items())
