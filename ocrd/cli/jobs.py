"""``jobs`` and ``show``: from a running daemon, or from the ledger where none runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ocrd.choice import Choice
from ocrd.cli import screen
from ocrd.cli.inboxes import choice_here, path_of, show_inbox
from ocrd.cli.options import ConfigOption, JsonOption, SocketOption, client_of, settings_of
from ocrd.cli.records import opened_ledger, unknown_job
from ocrd.errors import UnreachableError
from ocrd.job import JobState
from ocrd.log import unnamed
from ocrd.web.door.wire import job_to_json
from ocrd.wording import worded

MAX_JOBS = 10_000


def state_named(text: str) -> JobState:
    """Return the state of this name, as people or as programs call it."""
    called = {worded(state): state for state in JobState}
    try:
        return called.get(text) or JobState(text)
    except ValueError:
        known = ", ".join(called)
        raise typer.BadParameter(f"No state is called {text}; there are {known}.") from None


def jobs(
    *,
    state: Annotated[
        JobState | None,
        typer.Option(
            "--state", "-s", parser=state_named, metavar="STATE",
            help="Only jobs in this state: queued, reading, finishing, done, failed, cancelled,"
            " gone.",
        ),
    ] = None,
    code: Annotated[
        str, typer.Option(metavar="CODE", help="Only those with this code of `ocrd show`.")
    ] = "",
    inbox: Annotated[
        str, typer.Option(metavar="INBOX", help="Only those of this folder: its path, or its name.")
    ] = "",
    name: Annotated[
        str, typer.Option(metavar="PATTERN", help="Only those of a name like this, as in '2026*'.")
    ] = "",
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Only those that are done with doubts, or in part.")
    ] = False,
    before: Annotated[
        int | None,
        typer.Option(metavar="JOB", min=1, help="Only those before this one: to go on with more."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MAX_JOBS)] = 50,
    config: ConfigOption = None,
    socket: SocketOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """List documents, the newest first."""
    client = client_of(config, socket)
    choice = Choice(
        state=state, code=code, name=name, doubted=doubtful,
        inbox=path_of(inbox, client, config, socket) if inbox else "",
    )  # fmt: skip
    try:
        found = client.jobs(choice, before=before, limit=limit)
    except UnreachableError as error:
        if socket is not None or not error.is_absence:
            raise
        settings = settings_of(config)
        choice = choice_here(choice, settings)
        with opened_ledger(settings) as ledger:
            rows, following = ledger.listed(choice, before=before, limit=limit)
        found = {"jobs": [job_to_json(job) for job in rows], "next": following}
    if as_json:
        screen.emit(found)
        return
    _print_jobs(found["jobs"])
    if found["next"] is not None:
        screen.warn(f"There are more: ocrd jobs --before {found['next']}")


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="JOB|INBOX", help="A number of `ocrd jobs`, or a watched folder, or its name."
        ),
    ],
    config: ConfigOption = None,
    socket: SocketOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of one document; of a watched folder, what is left alone in it."""
    client = client_of(config, socket)
    if not (what.isascii() and what.isdigit()):
        show_inbox(what, client, lambda: settings_of(config), as_json=as_json)
        return
    job = int(what)
    try:
        found = client.job(job)
    except UnreachableError as error:
        if socket is not None or not error.is_absence:
            raise
        with opened_ledger(settings_of(config)) as ledger:
            row = ledger.job(job)
        if row is None:
            raise unknown_job(job) from None
        found = job_to_json(row)
    if as_json:
        screen.emit(found)
    else:
        _print_job(found)


def _source(job: dict[str, Any]) -> str:
    if job.get("by"):
        return f"{screen.plain(screen.document(job))}, brought by {screen.plain(job['by'])}"
    return str(screen.plain(Path(job["inbox"], job["relpath"])))


def _asked(job: dict[str, Any]) -> str:
    """Return what was asked for a document, instead of what its folder says."""
    told = [f"{key} {_written(value)}" for key, value in job.get("asked", {}).items()]
    if job.get("asked_pages"):
        told.append(f"pages {job['asked_pages']}")
    return "; ".join(told)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_jobs(found: Sequence[dict[str, Any]]) -> None:
    if not found:
        screen.say("No jobs.", style="dim")
        return
    table = screen.table("job", "state", "pages", "age", "document", right=("job", "pages", "age"))
    for job in found:
        text = screen.plain(screen.document(job))
        if job["message"]:
            text.append(f"\n{screen.plain(unnamed(job['relpath'], job['message']))}", style="dim")
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
        ("asked for", _asked(job)),
        ("tells", job.get("callback", "")),
        ("now at", job["destination"]),
        *(("output" if number == 0 else " ", path) for number, path in enumerate(job["outputs"])),
        ("state", worded(job["outcome"])),
        ("pages", screen.pages(job)),
        ("doubtful pages", job["pages_doubtful"] or ""),
        ("failed pages", job["pages_failed"] or ""),
        ("engine", ", ".join(filter(None, (job["engine"], job["model"])))),
        ("time", screen.span(job["seconds"]) if job["seconds"] else ""),
        ("attempts", job["attempts"] or ""),
        ("priority", job["priority"] or ""),
        ("found", _moment(job["created"])),
        ("not before", _moment(job["not_before"]) if not job["finished"] else ""),
        ("finished", _moment(job["finished"])),
        ("sha256", job["sha256"]),
        ("error", job["code"]),
        ("page", job["page"]),
        ("cause", unnamed(job["relpath"], job["message"])),
        ("way out", job["hint"]),
        *(("remark" if number == 0 else " ", one) for number, one in enumerate(job["warnings"])),
    ]
    for name, value in rows:
        if value not in {None, ""}:
            table.add_row(name, screen.plain(value))
    screen.out().print(table)


def _moment(seconds: float | None) -> str:
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
