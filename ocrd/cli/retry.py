"""``retry``: finished documents back into their inboxes, by the daemon or where none runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.choice import Choice
from ocrd.cli import screen
from ocrd.cli.inboxes import choice_here, known_folders, path_of
from ocrd.cli.options import ConfigOption, JsonOption, SocketOption, client_of, settings_of
from ocrd.cli.records import opened_ledger, unknown_job
from ocrd.errors import EXIT_FAILED, UnreachableError
from ocrd.job import JobState
from ocrd.web.door.wire import outcome_to_json
from ocrd.wording import worded

if TYPE_CHECKING:
    from ocrd.config.settings import Settings


class Finished(StrEnum):
    """The states of jobs that can be retried."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
    socket: SocketOption = None,
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
    client = client_of(config, socket)
    choice = Choice(
        numbers=tuple(numbers or ()),
        state=JobState(state.value) if state else None,
        code=code,
        inbox=path_of(inbox, client, config, socket) if inbox else "",
        name=name,
        doubted=doubtful,
    )
    read, dry = not put_back, dry_run
    try:
        found = client.take_back(choice, read=read, dry=dry)
    except UnreachableError as error:
        if socket is not None or not error.is_absence:
            raise
        found = _take_back(settings_of(config), choice, read=read, dry=dry)
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
    """Do it by the ledger, where no daemon runs, and keep one from starting meanwhile."""
    from ocrd import retrying
    from ocrd.ledger.lock import DaemonLock

    choice = choice_here(choice, settings)
    with opened_ledger(settings, readonly=False) as ledger, DaemonLock(settings.state_dir):
        try:
            found = retrying.retry(
                ledger, choice, known_folders(settings), read=read, dry=dry, by=f" by {screen.me()}"
            )
        except KeyError as error:
            raise unknown_job(error.args[0]) from None
    return [outcome_to_json(one) for one in found]


def _print_outcome(one: dict[str, Any], *, is_dry: bool) -> None:
    style = None if one["taken_back"] or is_dry else "yellow"
    document = f"job {one['id']} ({worded(one['outcome'])}): {screen.plain(screen.document(one))}"
    screen.say(f"{document} {screen.plain(one['what'])}", style=style)
