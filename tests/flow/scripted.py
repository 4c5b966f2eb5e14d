"""Scripted engines for a daemon, and how far it has come with them."""

from __future__ import annotations

from tests.installation import Installation


def engine(module: str, options: str = "", more: str = "") -> str:
    """Return the settings of an engine of tests/engines, which is quickly started again."""
    text = f'kind = "module"\nmodule = "tests.engines.{module}"\nrestart_backoff = "50ms"\n{more}'
    return f"{text}\n[engine.options]\n{options}" if options else text


def has_read_more_than(daemon: Installation, pages: int) -> bool:
    """Say whether a document in work has more pages behind it."""
    return pages_done(daemon) > pages


def pages_done(daemon: Installation) -> int:
    """Return how many pages of a document in work are read."""
    working = daemon.status().get("working", [])
    return max((work["pages_done"] for work in working), default=0)
