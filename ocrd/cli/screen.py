"""What commands show: plain words for a person, JSON for a program, errors on standard error."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ocrd import wording
from ocrd.errors import EXIT_FAILED, ConfigError, OcrdError
from ocrd.web.door.wire import dumps, error_to_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

STATE_STYLES = {
    "queued": "blue",
    "leased": "cyan",
    "filing": "cyan",
    "done": "green",
    "done with doubts": "yellow",
    "doubtful": "yellow",
    "partial": "yellow",
    "failed": "red",
    "cancelled": "yellow",
    "withdrawn": "dim",
    "running": "green",
    "ready": "green",
    "paused": "yellow",
    "stopping": "yellow",
    "starting": "yellow",
    "broken": "red",
    "unloaded": "dim",
}


@cache
def out() -> Console:
    """Return the console for results."""
    from rich.console import Console

    return Console(highlight=False, emoji=False)


@cache
def err() -> Console:
    """Return the console for errors and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def emit(body: object, *, one_line: bool = False) -> None:
    """Print JSON for a program."""
    sys.stdout.write(dumps(body, indent=None if one_line else 2) + "\n")
    sys.stdout.flush()


def say(text: str, *, style: str | None = None) -> None:
    """Print a line for a person, taking nothing in it for markup."""
    out().print(text, style=style, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Print a line for a person beside the results."""
    err().print(text, markup=False, soft_wrap=True)


def explain(error: OcrdError, *, as_json: bool) -> None:
    """Print what went wrong and the way out."""
    if as_json:
        with contextlib.suppress(OSError):  # else it is the output that failed
            emit({"error": error_to_json(error)})
            return
    told = error.faults if isinstance(error, ConfigError) else (error,)
    for one in told:
        err().print(f"ocrd: {one.what}", markup=False, soft_wrap=True, style="red")
        if one.hint:
            err().print(f"  → {one.hint}", markup=False, soft_wrap=True)


def unwritten() -> OSError | None:
    """Return why what was printed cannot be written; None where it is."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def let_errors_go() -> None:
    """Have no end of the program fail because its errors can be shown to nobody any more."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def reader_is_gone() -> int:
    """Stop writing to a pipe that nobody reads, as in ``ocrd jobs | head``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_FAILED


def is_closed() -> bool:
    """Say whether nobody can see any more what is printed: the terminal, or the pipe, is closed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


def me() -> str:
    """Return the name of the user who runs the command, as it stands in records of what he did."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty borderless table."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def plain(text: object) -> Text:
    """Return text from outside, with nothing in it taken for markup or control codes."""
    from rich.text import Text

    from ocrd.files import printable

    return Text(printable(str(text)))


def document(job: Mapping[str, Any]) -> str:
    """Return how a job's document is called: below its folder, or as it was brought."""
    path = str(job["relpath"])
    return f"uploads/{path.rpartition('/')[2]}" if job.get("by") else path


def state(name: str) -> Text:
    """Return a state in its colour."""
    from rich.text import Text

    return Text(wording.worded(name), style=STATE_STYLES.get(name, ""))


def span(seconds: float) -> str:
    """Return how long something took, or has lasted, to the second."""
    return wording.span(max(0, round(seconds)))


def pages(job: Mapping[str, Any]) -> str:
    """Return how many of a job's pages are done."""
    total = job.get("pages")
    return f"{job.get('pages_done', 0)}/{total}" if total else ""
