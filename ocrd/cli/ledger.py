"""``ledger``: is it whole, does it agree with the folders; copies of it, and a new one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.cli import screen
from ocrd.cli.inboxes import known_folders
from ocrd.cli.options import ConfigOption, JsonOption, settings_of
from ocrd.cli.records import require_rights
from ocrd.errors import EXIT_FAILED, LedgerRefusedError, LedgerTooNewError
from ocrd.files.space import in_units

if TYPE_CHECKING:
    from ocrd.ledger.jobs import Ledger
    from ocrd.rebuilding import Outcome

app = typer.Typer(
    name="ledger", no_args_is_help=True, help="Look after the record of what was read."
)


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether the ledger is whole and agrees with the folders; also while the daemon runs."""
    settings = settings_of(config)
    from ocrd.ledger import agreement
    from ocrd.ledger.care import findings
    from ocrd.ledger.jobs import Ledger

    require_rights(settings)
    ledger = Ledger.open(settings.state_dir, readonly=True)
    try:
        damage = findings(ledger)
        known = known_folders(settings)
        told = agreement.Agreement() if damage else agreement.compare(ledger, known)
        jobs = {} if damage else {state.value: count for state, count in ledger.counts().items()}
        size = ledger.path.stat().st_size
    finally:
        ledger.close()
    body = {
        "ledger": str(ledger.path), "bytes": size, "jobs": jobs, "damage": damage,
        "lost": told.lost, "remarks": told.remarks, "whole": not damage, "agrees": not told.lost,
    }  # fmt: skip
    if as_json:
        screen.emit(body)
    else:
        _say_check(body)
    raise typer.Exit(EXIT_FAILED if damage or told.lost else 0)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the ledger into one file, whole or not at all; also while the daemon runs."""
    settings = settings_of(config)
    from ocrd.ledger import copies

    require_rights(settings)
    size = copies.back_up(settings.state_dir, target, overwrite=overwrite)
    if as_json:
        screen.emit({"copy": str(target), "bytes": size})
    else:
        screen.say(f"{target}: {in_units(size)}")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a copy in the ledger's place while no daemon runs; what was there is put aside."""
    settings = settings_of(config)
    from ocrd.ledger import copies
    from ocrd.ledger.lock import DaemonLock

    require_rights(settings, os.R_OK | os.W_OK)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with DaemonLock(settings.state_dir):
        aside = copies.restore(settings.state_dir, source)
    kept = [str(folder.path) for folder in settings.inbox if folder.source == "keep"]
    if as_json:
        screen.emit({"aside": str(aside) if aside else None, "rebuild": kept})
        return
    screen.say("Restored." if aside is None else f"Restored; what was there is now {aside}.")
    if kept:
        screen.say("Now run `ocrd ledger rebuild`: these folders may have been read further since:")
        for path in kept:
            screen.say(f"  {screen.plain(path)}")


@app.command()
def rebuild(
    read_again: Annotated[
        bool, typer.Option("--read-again", help="Take nothing as read: all is read anew.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take documents in kept folders as read that have their outputs beside them; no daemon runs.

    A damaged ledger is put aside first and a new one made.
    """
    settings = settings_of(config)
    from ocrd import rebuilding
    from ocrd.ledger.lock import DaemonLock

    require_rights(settings, os.R_OK | os.W_OK)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with DaemonLock(settings.state_dir):
        ledger, aside = _open_or_replace(settings.state_dir)
        try:
            outcomes = rebuilding.rebuild(
                ledger, settings.state_dir, settings.inbox, read_again=read_again,
                waiting=lambda why: screen.warn(f"Waits for a sign of life, for minutes: {why}"),
            )
        finally:
            ledger.close()
    if as_json:
        from dataclasses import asdict

        screen.emit(
            {
                "aside": str(aside) if aside else None,
                "folders": [asdict(outcome) for outcome in outcomes],
            }
        )
    else:
        _say_rebuilt(outcomes, aside)
    raise typer.Exit(EXIT_FAILED if any(outcome.problem for outcome in outcomes) else 0)


def _open_or_replace(state_dir: Path) -> tuple[Ledger, Path | None]:
    """Open the ledger; put one that is damaged aside and make a new one."""
    from ocrd.ledger import copies
    from ocrd.ledger.jobs import Ledger

    try:
        return Ledger.open(state_dir), None
    except LedgerTooNewError:
        raise
    except LedgerRefusedError:
        aside = copies.set_aside(state_dir)
        return Ledger.open(state_dir), aside


def _say_check(body: dict[str, Any]) -> None:
    screen.say(f"{body['ledger']}: {in_units(body['bytes'])}")
    for finding in body["damage"]:
        screen.say(f"! damaged: {finding}", style="red")
    for each in body["lost"]:
        screen.say(f"! {screen.plain(each)}", style="red")
    for remark in body["remarks"]:
        screen.say(f"  {screen.plain(remark)}", style="dim")
    if body["damage"]:
        screen.say("Stop the daemon; then `ocrd ledger restore FILE`, or `ocrd ledger rebuild`.")
    elif not body["lost"]:
        screen.say("It is whole and agrees with the folders.")


def _say_rebuilt(outcomes: list[Outcome], aside: Path | None) -> None:
    if aside is not None:
        screen.say(f"The damaged ledger is now {aside}.")
    if not outcomes:
        screen.say("No folder keeps its sources: what is in the folders will be read.")
    for outcome in outcomes:
        path = screen.plain(outcome.path)
        if outcome.problem:
            screen.say(f"! {path}: left as it is. {outcome.problem}", style="red")
        else:
            screen.say(
                f"{path}: {outcome.adopted} taken as read, {outcome.known} known before,"
                f" {outcome.unread} to be read."
            )
