"""``status``, ``cancel``, ``pause``, ``resume``, ``reload``, ``stop``: ask a running daemon."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption, JsonOption, SocketOption, client_of
from ocrd.wording import worded

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from ocrd.web.client import Client

WATCH_SECONDS = 1.0


def status(
    config: ConfigOption = None,
    socket: SocketOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show it again every second, until Ctrl-C.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="One line and an exit code for a monitor, as a plugin of Nagios."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the daemon is doing."""
    if check:
        _check(config, socket)
    client = client_of(config, socket)
    if watch:
        _watch(client, as_json=as_json)
    elif as_json:
        screen.emit(client.status())
    else:
        screen.out().print(picture(client.status()))


def cancel(
    job: Annotated[int, typer.Argument(metavar="JOB", help="A number of `ocrd jobs`.")],
    config: ConfigOption = None,
    socket: SocketOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop work on a job; its source stays in its inbox."""
    body = client_of(config, socket).cancel(job)
    if as_json:
        screen.emit(body)
    else:
        state = worded(body["state"])
        screen.say(f"Job {job} is {state}: {screen.plain(screen.document(body))}")


def pause(
    config: ConfigOption = None, socket: SocketOption = None, as_json: JsonOption = False
) -> None:
    """Start no further document until `ocrd resume`, also over restarts."""
    _done(client_of(config, socket).pause(), "Paused; `ocrd resume` goes on.", as_json=as_json)


def resume(
    config: ConfigOption = None, socket: SocketOption = None, as_json: JsonOption = False
) -> None:
    """Go on after `ocrd pause`."""
    _done(client_of(config, socket).resume(), "Going on.", as_json=as_json)


def reload(
    config: ConfigOption = None, socket: SocketOption = None, as_json: JsonOption = False
) -> None:
    """Let the daemon read its configuration again: whole, or not at all."""
    body = client_of(config, socket).reload()
    _done(body, f"{body.get('config', 'The configuration')} is in force.", as_json=as_json)


def stop(
    config: ConfigOption = None, socket: SocketOption = None, as_json: JsonOption = False
) -> None:
    """Stop the daemon: pages in work are finished first, the rest goes on at the next start."""
    client_of(config, socket).stop()
    _done({"stopped": True}, "Stopped.", as_json=as_json)


def _done(body: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        screen.emit(body)
    else:
        screen.say(text)


def _check(config: Path | None, socket: Path | None) -> NoReturn:
    from ocrd.cli.monitoring import checked

    level, line = checked(lambda: client_of(config, socket).status())
    sys.stdout.write(f"{line}\n")
    raise typer.Exit(level)


def _watch(client: Client, *, as_json: bool) -> None:
    if as_json:
        for body in _every_second(client):
            screen.emit(body, one_line=True)
        return
    if not sys.stdout.isatty():
        for body in _every_second(client):
            clock = time.strftime("%H:%M:%S")
            sys.stdout.write(f"{clock}  {screen.plain(body['summary'])}\n")
            sys.stdout.flush()
        return
    from rich.live import Live

    with Live(console=screen.out(), screen=screen.out().is_terminal, auto_refresh=False) as live:
        for body in _every_second(client):
            live.update(picture(body), refresh=True)


def _every_second(client: Client) -> Iterator[dict[str, Any]]:
    while not screen.is_closed():
        yield client.status()
        time.sleep(WATCH_SECONDS)


# The picture of a status


def picture(body: dict[str, Any]) -> Group:
    """Return the daemon's status as a person reads it."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [_headline(body), _counts(body["jobs"])]
    parts += [Text(f"! {screen.plain(each)}", style="yellow") for each in body["problems"]]
    if (told := body.get("api")) and (told["address"] or told["uploads"]):
        parts.append(_programs(told))
    for rows in (_working(body["working"]), _inboxes(body["inboxes"]), _engines(body["engines"])):
        if rows is not None:
            parts += ["", rows]
    return Group(*parts)


def _headline(body: dict[str, Any]) -> RenderableType:
    from rich.text import Text

    uptime = screen.span(time.time() - body["started"])
    since = f" for {uptime}"
    if pause := body.get("paused"):  # an earlier version has none
        by = f" by {screen.plain(pause['by'])}" if pause["by"] else ""
        length = f" for {screen.span(time.time() - pause['since'])}" if pause["since"] else ""
        since = f"{by}{length}, started {uptime} ago"
    return Text.assemble(
        (f"ocrd {body['version']} ", "bold"),
        screen.state(body["state"]),
        f"{since}, process {body['pid']}, {body['pages_per_second']:.2f} pages/s",
    )


def _counts(jobs: dict[str, int]) -> RenderableType:
    from rich.text import Text

    named = [
        (f"{count} {worded(name)}", screen.STATE_STYLES.get(name, ""))
        for name, count in jobs.items()
        if count
    ]
    if not named:
        return Text("no documents yet", style="dim")
    return Text(", ").join(Text(text, style=style) for text, style in named)


def _programs(told: dict[str, Any]) -> RenderableType:
    """Return where programs ask, and what they have brought."""
    from rich.text import Text

    from ocrd.files.space import in_units

    where = f"programs ask at {told['address']}" if told["address"] else "programs ask here"
    many = "1 upload" if told["uploads"] == 1 else f"{told['uploads']} uploads"
    took = f"; {many}, {in_units(told['bytes'])}" if told["uploads"] else ""
    return Text(f"{where}{took}", style="dim")


def _working(rows: list[dict[str, Any]]) -> RenderableType | None:
    if not rows:
        return None
    table = screen.table("job", "in work", "pages", "", "time", right=("job", "pages", "time"))
    for row in rows:
        table.add_row(
            str(row["job"]),
            screen.plain(screen.document(row)),
            screen.pages(row),
            _bar(row),
            screen.span(row["seconds"]),
        )
    return table


def _bar(row: dict[str, Any]) -> RenderableType:
    from rich.progress_bar import ProgressBar

    return ProgressBar(total=row["pages"] or 1, completed=row["pages_done"], width=20)


def _inboxes(rows: list[dict[str, Any]]) -> RenderableType | None:
    if not rows:  # programs alone bring something
        return None
    table = screen.table(
        *("inbox", "", "engine", "queued", worded("settling"), "left alone"),
        right=("queued", worded("settling")),
    )
    for row in rows:
        table.add_row(
            screen.plain(row["path"]),
            _standing(row),
            row["engine"],
            str(row["queued"]),
            str(row["settling"]) + (f" + {row['empty']} empty" if row.get("empty") else ""),
            left_alone(row),
        )
    return table


def _standing(row: dict[str, Any]) -> RenderableType:
    """Return how a folder stands, in a word: why it is shut is said above."""
    from rich.text import Text

    if not row["online"] or row["blocked"]:
        return Text("blocked" if row["online"] else "offline", style="red")
    return Text("network" if row["network"] else "")


def left_alone(row: dict[str, Any]) -> str:
    """Return how much of an inbox is left alone; `ocrd show INBOX` names it."""
    named = {"stray": ("no document", "no documents"), "ignored": ("ignored", "ignored")}
    parts = []
    for kind, count in row.get("skipped", {}).items():
        if kind != "empty":  # told where files settle
            one, more = named.get(kind, (kind, f"{kind}s" if kind != "special" else kind))
            parts.append(f"{count} {one if count == 1 else more}")
    return ", ".join(parts)


def _model(row: dict[str, Any]) -> str:
    """Return the engine's model, and what it runs on where that is one device that has a name."""
    workers = row.get("workers", ())
    on = workers[0].get("device", "") if len(workers) == 1 else ""
    return f"{row['model']} on {on}" if row["model"] and on else str(row["model"])


def _engines(rows: list[dict[str, Any]]) -> RenderableType:
    table = screen.table(
        *("engine", "state", "model", "in flight", "waiting", "pages/s"),
        right=("in flight", "waiting", "pages/s"),
    )
    for row in rows:
        table.add_row(
            row["name"],
            screen.state(row["state"]),
            screen.plain(_model(row)),
            f"{row['in_flight']}/{row['capacity']}",
            str(row["waiting"]),
            f"{row['pages_per_second']:.2f}",
        )
        workers = row.get("workers", ())
        for number, worker in enumerate(workers if len(workers) > 1 else (), start=1):
            table.add_row(
                f"  {worker['device'] or f'process {number}'}",
                screen.state(worker["state"]),
                screen.plain(worker["last_error"]),
                f"{worker['in_flight']}/{worker['capacity']}",
                "", "",
            )  # fmt: skip
    return table
