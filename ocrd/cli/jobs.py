"""``jobs``, ``show``, ``retry``: from a running daemon, or from the ledger where none runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.cli import screen
from ocrd.cli.inboxes import inbox_of, show_inbox
from ocrd.cli.options import ConfigOption, JsonOption, settings_of
from ocrd.errors import EXIT_FAILED, UnknownJobError, UnreachableError
from ocrd.job import Choice, JobState
from ocrd.web.wire import job_to_json, outcome_to_json

if TYPE_CHECKING:
    from ocrd.config.settings import Settings
    from ocrd.ledger.jobs import Ledger


class Finished(StrEnum):
    """The states of jobs that can be retried."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


def jobs(
    config: ConfigOption = None,
    state: Annotated[
        JobState | None, typer.Option("--state", "-s", help="Only jobs in this state.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """List documents, the newest first."""
    settings = settings_of(config)
    from ocrd.web.client import Client

    try:
        found = Client(settings.socket_path).jobs(state, limit)
    except UnreachableError:
        with _ledger(settings) as ledger:
            rows = ledger.jobs({state} if state else None, limit)
            found = [job_to_json(job) for job in rows]
    if as_json:
        screen.emit(found)
    else:
        _print_jobs(found)


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|INBOX", help="A number of `ocrd jobs`, or a watched folder, or its name."
        ),
    ],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of one document; of a watched folder, what is left alone in it."""
    settings = settings_of(config)
    if not (what.isascii() and what.isdigit()):
        show_inbox(settings, what, as_json=as_json)
        return
    from ocrd.web.client import Client

    job = int(what)
    try:
        found = Client(settings.socket_path).job(job)
    except UnreachableError:
        with _ledger(settings) as ledger:
            row = ledger.job(job)
        if row is None:
            raise _unknown(job) from None
        found = job_to_json(row)
    if as_json:
        screen.emit(found)
    else:
        _print_job(found)


def retry(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[JOB]...", help="Numbers of `ocrd jobs`.")
    ] = None,
    *,
    all_failed: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    state: Annotated[
        Finished | None, typer.Option("--state", "-s", help="All in this state.")
    ] = None,
    code: Annotated[
        str, typer.Option(metavar="CODE", help="Those that failed with this code of `ocrd show`.")
    ] = "",
    inbox: Annotated[
        str, typer.Option(metavar="INBOX", help="Those of this folder: its path, or its name.")
    ] = "",
    name: Annotated[
        str, typer.Option(metavar="PATTERN", help="Those whose name is like this, as in '2026*'.")
    ] = "",
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Those that are done with doubts, or in part.")
    ] = False,
    put_back: Annotated[
        bool, typer.Option("--put-back", help="Put the files back where they were, and no more.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take finished documents back, to be read again.

    What failed goes back into its inbox, and its error file goes. So does what is done, and those
    of its outputs that nobody edited. What is kept, or was cancelled, stays where it is. What is
    no document by now (see `unsupported`) goes back and is left alone.
    """
    filters = (state, code, inbox, name, doubtful)
    if bool(numbers) == (all_failed or any(filters)):
        raise typer.BadParameter(
            "Name the jobs to retry, or give --all for all that failed, or another filter."
        )
    if doubtful and state not in {None, Finished.DONE}:
        raise typer.BadParameter("--doubtful are done: it does not go with another --state.")
    settings = settings_of(config)
    choice = Choice(
        numbers=tuple(numbers or ()),
        state=JobState(state.value) if state else None,
        code=code,
        inbox=str(inbox_of(settings, inbox).path) if inbox else "",
        name=name,
        doubted=doubtful,
    )
    found = _take_back(settings, choice, read=not put_back, dry=dry_run)
    if as_json:
        screen.emit(found)
    elif not found:
        screen.say("Nothing to retry.")
    for one in () if as_json else found:
        _print_outcome(one, is_dry=dry_run)
    if not dry_run and not all(one["taken_back"] for one in found):
        raise typer.Exit(EXIT_FAILED)


def _take_back(
    settings: Settings, choice: Choice, *, read: bool, dry: bool
) -> list[dict[str, Any]]:
    from ocrd.web.client import Client

    try:
        return Client(settings.socket_path).take_back(choice, read=read, dry=dry)
    except UnreachableError:
        return _take_back_by_ledger(settings, choice, read=read, dry=dry)


def _take_back_by_ledger(
    settings: Settings, choice: Choice, *, read: bool, dry: bool
) -> list[dict[str, Any]]:
    from ocrd import retrying
    from ocrd.ledger.lock import DaemonLock

    with _ledger(settings, readonly=False) as ledger, DaemonLock(settings.state_dir):
        try:
            found = retrying.retry(
                ledger, choice, settings.inbox, read=read, dry=dry, by=f" by {screen.me()}"
            )
        except KeyError as error:
            raise _unknown(error.args[0]) from None
    return [outcome_to_json(one) for one in found]


def _print_outcome(one: dict[str, Any], *, is_dry: bool) -> None:
    style = None if one["taken_back"] or is_dry else "yellow"
    document = f"job {one['id']} ({one['outcome']}): {screen.plain(one['relpath'])}"
    screen.say(f"{document} {screen.plain(one['what'])}", style=style)


@contextmanager
def _ledger(settings: Settings, *, readonly: bool = True) -> Iterator[Ledger]:
    from ocrd.ledger.jobs import Ledger

    if not readonly:
        Ledger.open(settings.state_dir, readonly=True).close()  # never make one where none is
    ledger = Ledger.open(settings.state_dir, readonly=readonly)
    try:
        yield ledger
    finally:
        ledger.close()


def _unknown(number: int) -> UnknownJobError:
    return UnknownJobError(f"There is no job {number}.", hint="`ocrd jobs` lists them.")


def _source(job: dict[str, Any]) -> str:
    return str(screen.plain(Path(job["inbox"], job["relpath"])))


def _print_jobs(found: Sequence[dict[str, Any]]) -> None:
    if not found:
        screen.say("No jobs.", style="dim")
        return
    table = screen.table("job", "state", "pages", "age", "document", right=("job", "pages", "age"))
    for job in found:
        text = screen.plain(job["relpath"])
        if job["message"]:
            text.append(f"\n{screen.plain(job['message'])}", style="dim")
        table.add_row(
            str(job["id"]),
            screen.state(job["outcome"]),
            screen.pages(job),
            screen.span(time.time() - job["created"]),
            text,
        )
    screen.out().print(table)


def _print_job(job: dict[str, Any]) -> None:
    table = screen.table("", "")
    table.show_header = False
    rows: list[tuple[str, object]] = [
        ("job", job["id"]),
        ("source", _source(job)),
        ("now at", job["destination"]),
        ("state", job["outcome"]),
        ("pages", screen.pages(job)),
        ("doubtful pages", job["pages_doubtful"] or ""),
        ("failed pages", job["pages_failed"] or ""),
        ("attempts", job["attempts"]),
        ("priority", job["priority"]),
        ("found", _moment(job["created"])),
        ("not before", _moment(job["not_before"]) if not job["finished"] else ""),
        ("finished", _moment(job["finished"])),
        ("sha256", job["sha256"]),
        ("error", job["code"]),
        ("page", job["page"]),
        ("cause", job["message"]),
        ("way out", job["hint"]),
    ]
    for name, value in rows:
        if value not in {None, ""}:
            table.add_row(name, screen.plain(value))
    screen.out().print(table)


def _moment(seconds: float | None) -> str:
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
