"""What a monitor is told: one line, one level, and numbers that a curve can be drawn of."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ocrd.cli.monitoring import Level, checked
from ocrd.errors import ConfigError, OcrdError, UnreachableError

OFFLINE = "/b: Permission denied. Give the daemon's user the right."


def inbox(path: str, *, online: bool = True, blocked: str = "", engine: str = "default") -> Any:
    return {"path": path, "online": online, "blocked": blocked, "engine": engine}


def status(**changes: Any) -> dict[str, Any]:
    """Return the status of a daemon that is well, but for the changes."""
    return {
        "state": "running",
        "summary": "idle, 2 documents in the last minute",
        "paused": None,
        "inboxes": [inbox("/a"), inbox("/b")],
        "engines": [{"name": "default", "problem": ""}, {"name": "other", "problem": ""}],
        "jobs": {"queued": 3, "done": 12, "doubtful": 1, "partial": 1, "failed": 4},
        "working": [{}],
        "pages_per_second": 0.5,
        "halts": [],
        "problems": [],
        **changes,
    }


def failing(name: str) -> Any:
    return [
        {"name": each, "problem": "Its model is missing." if each == name else ""}
        for each in ("default", "other")
    ]


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({}, Level.OK, "idle, 2 documents in the last minute"),
        ({"state": "starting"}, Level.WARNING, "starting"),
        ({"state": "paused", "paused": {"by": "anna"}}, Level.WARNING, "paused by anna"),
        ({"state": "paused", "paused": {"by": ""}}, Level.WARNING, "paused; 'ocrd resume'"),
        (
            {"inboxes": [inbox("/a"), inbox("/b", online=False)], "problems": [OFFLINE]},
            Level.WARNING, OFFLINE,
        ),
        (
            {"inboxes": [inbox("/a", blocked="x"), inbox("/b", online=False)],
             "problems": ["/a: Disk full.", OFFLINE]},
            Level.CRITICAL, "/a: Disk full. (and 1 more)",
        ),
        ({"problems": ["/a/sub: Permission denied."]}, Level.WARNING, "/a/sub: Permission"),
        (
            {"halts": ["Only 3 MiB are free."], "problems": ["Only 3 MiB are free."]},
            Level.CRITICAL, "Only 3 MiB are free.",
        ),
        (
            {"engines": failing("default"), "problems": ["Its model is missing."]},
            Level.CRITICAL, "Its model is missing.",
        ),
        (
            {"engines": failing("other"), "problems": ["Its model is missing."]},
            Level.WARNING, "Its model is missing.",
        ),
        (
            {"halts": ["Full."], "problems": ["Full."], "state": "paused", "paused": {"by": "a"}},
            Level.CRITICAL, "Full.",
        ),
    ],
)  # fmt: skip
def test_the_level_says_whether_somebody_has_to_come(
    changes: dict[str, Any], level: Level, said: str
) -> None:
    found, line = checked(lambda: status(**changes))
    assert found is level
    assert line.startswith(f"OCRD {level.name}: {said}")


def test_the_curves_are_numbers_behind_one_bar() -> None:
    shut = [inbox("/a"), inbox("/b", blocked="x")]
    _, line = checked(lambda: status(inboxes=shut, problems=["/b|c: a\nb \x1b[31m"]))
    assert line.count("|") == 1 and line.isprintable()
    told, curves = line.split(" | ")
    assert told == "OCRD WARNING: /b/c: a b \\x1b[31m"
    assert curves == (
        "queued=3 working=1 pages_per_second=0.5 folders_shut=1;0;;0;2 done=12 doubtful=2 failed=4"
    )
    for curve in curves.split():
        assert re.fullmatch(r"[a-z_]+=[0-9.]+(;[0-9.]*){0,4}", curve)


def caused_by(error: OcrdError, cause: Exception) -> OcrdError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (caused_by(UnreachableError("No daemon."), FileNotFoundError()), Level.CRITICAL),
        (caused_by(UnreachableError("Does not answer."), TimeoutError()), Level.CRITICAL),
        (caused_by(UnreachableError("May not."), PermissionError()), Level.UNKNOWN),
        (ConfigError("No configuration."), Level.UNKNOWN),
        (OcrdError("Not understood."), Level.UNKNOWN),
    ],
)
def test_a_daemon_that_cannot_be_asked_is_down_or_it_is_not_known(
    error: OcrdError, level: Level
) -> None:
    def ask() -> dict[str, Any]:
        raise error

    found, line = checked(ask)
    assert found is level
    assert line == f"OCRD {level.name}: {error}"
