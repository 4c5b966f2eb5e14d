"""``check``: what is ready and what is not, each with what to do about it.

With a daemon there, it is asked: it knows its user's rights and its sandbox. Else the check judges
as the user that will run the configuration, by what its unit lets it do.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli import screen
from ocrd.cli.options import ConfigOption, JsonOption, SocketOption, client_of
from ocrd.errors import EXIT_CONFIG, EXIT_FAILED, EXIT_OK, ConfigError, OcrdError, UnreachableError
from ocrd.readiness.finding import Finding, Verdict, of_refusal

if TYPE_CHECKING:
    from ocrd.cli.runner import Runner
    from ocrd.config.settings import Settings
    from ocrd.web.client import Client

OPENING = "Open it: ocrd systemd-paths --write, then systemctl daemon-reload."
NETWORK = "Open it: ocrd service install --drop-in api, then systemctl restart ocrd."
APART = "Two configurations need a state_dir each; or stop that daemon first."
_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def check(
    config: ConfigOption = None,
    socket: SocketOption = None,
    engine: Annotated[
        bool, typer.Option("--engine/--no-engine", help="Load the engines and read a page.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Say whether configuration, folders, engines and limits are ready.

    A daemon that runs looks itself, with its own rights, and puts nothing in force.
    """
    found: list[Finding] = []
    for finding in findings(config, socket, with_engine=engine):
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        screen.emit([finding.to_json() for finding in found])
    raise typer.Exit(_exit_code(found))


def findings(config: Path | None, socket: Path | None, *, with_engine: bool) -> Iterator[Finding]:
    """Ask the daemon, or look at one thing after another."""
    try:
        client = client_of(config, socket)
    except ConfigError as error:
        yield from of_refusal(error)
        return
    daemon, is_asked = _daemon(client, config, socket)
    yield daemon
    if is_asked:
        try:
            with screen.err().status("the daemon looks …"):
                found = client.check(with_engine=with_engine)
        except OcrdError as error:
            message = f"It was asked to look, in vain: {error.what}"
            yield Finding(Verdict.WARN, "daemon", message, error.hint)
        else:
            yield from map(Finding.from_json, found)
            return
    if socket is None:
        yield from _by_ourselves(config, with_engine=with_engine)


def _exit_code(found: list[Finding]) -> int:
    failed = [finding for finding in found if finding.verdict is Verdict.FAIL]
    if any(finding.is_config for finding in failed):
        return EXIT_CONFIG
    return EXIT_FAILED if failed else EXIT_OK


def _print(finding: Finding) -> None:
    style = _STYLES[finding.verdict]
    subject, message = screen.plain(finding.subject), screen.plain(finding.message)
    screen.out().print(f"[{style}]{finding.verdict:<4}[/]", subject, end="", soft_wrap=True)
    screen.say(f": {message}")
    if finding.remedy:
        screen.say(f"       → {screen.plain(finding.remedy)}")


# With a daemon


def _daemon(client: Client, config: Path | None, socket: Path | None) -> tuple[Finding, bool]:
    """Return how the daemon stands, and whether it is the one to ask."""
    is_chosen = socket is not None
    try:
        status = client.status()
    except OcrdError as error:
        if isinstance(error, UnreachableError) and error.is_absence:
            verdict = Verdict.FAIL if is_chosen else Verdict.OK
            message = f"not running; it will answer on {client.path}"
            return Finding(verdict, "daemon", message), False
        verdict = Verdict.FAIL if is_chosen else Verdict.WARN
        return Finding(verdict, "daemon", error.what, error.hint), False
    running, problems = str(status["config"]), status["problems"]
    message = f"{status['state']}, process {status['pid']}, answers on {client.path}"
    if not is_chosen and not _is_its(running, config):
        other = f"{message}, with another configuration, {running}."
        return Finding(Verdict.FAIL, "daemon", other, APART), False
    if problems:
        message += f"; {' '.join(problems)}"
        return Finding(Verdict.WARN, "daemon", message, "ocrd status"), True
    return Finding(Verdict.OK, "daemon", f"{message}; what follows is what it finds"), True


def _is_its(running: str, config: Path | None) -> bool:
    """Say whether the daemon runs with the configuration that is meant; any, where none is."""
    from ocrd.config.home import find_config
    from ocrd.files import printable

    try:
        mine = find_config(config).absolute()
    except ConfigError:
        return True  # it is the only one that runs
    try:
        return running == printable(mine) or Path(running).samefile(mine)
    except OSError:
        return False


# Without one


def _by_ourselves(config: Path | None, *, with_engine: bool) -> Iterator[Finding]:
    """Judge as whoever runs the configuration."""
    from ocrd.cli.runner import runner_of
    from ocrd.config.settings import find_config, load
    from ocrd.readiness import machine, places, programs

    try:
        path = find_config(config).absolute()
        settings = load(path)
    except ConfigError as error:
        yield from of_refusal(error)
        return
    runner = runner_of(path, settings)
    is_runner = runner.take_over()
    whom = "" if runner.unit is None and is_runner else f", for the user {runner.name}"
    yield Finding(Verdict.OK, "configuration", f"{path}{whom}")
    yield from _sandbox(runner, settings)
    yield from places.findings(settings, runner.user, made=runner.unit.made if runner.unit else ())
    yield from machine.findings(settings)
    yield from programs.findings(settings, runner.user)
    if with_engine:
        yield from _engines(path, settings, runner, is_runner=is_runner)


def _sandbox(runner: Runner, settings: Settings) -> Iterator[Finding]:
    """Yield which folders the unit does not open to its service."""
    from ocrd.daemon.sandbox import writable

    for path in writable(settings) if runner.unit is not None else ():
        assert runner.unit is not None
        if runner.unit.shuts(path):
            message = f"{runner.unit.name} does not let the service write to {path}."
            yield Finding(Verdict.FAIL, "folders", message, OPENING, is_config=True)
    if runner.unit is not None and runner.unit.is_alone and settings.api.listen is not None:
        message = f"{runner.unit.name} lets the service listen at no address."
        yield Finding(Verdict.FAIL, "address", message, NETWORK)


def _engines(
    path: Path, settings: Settings, runner: Runner, *, is_runner: bool
) -> Iterator[Finding]:
    from ocrd.readiness import servers, trial

    logging.getLogger("ocrd").addHandler(logging.NullHandler())  # a finding says it, once
    for name, engine in trial.used_engines(settings).items():
        if not is_runner:
            yield Finding(
                Verdict.WARN, f"engine {name}",
                f"It was not tried: it will run as {runner.user.name}, with that user's files.",
                f"sudo -u {runner.user.name} ocrd check --config {shlex.quote(str(path))}",
            )  # fmt: skip
            continue
        had_gpus = () if engine.kind == "rapidocr" else _had_gpus(name, settings)
        with screen.err().status(f"loading the engine {name} …"):
            yield asyncio.run(trial.of_new_engine(name, engine, settings, had_gpus))
            yield from asyncio.run(servers.findings(name, engine))


def _had_gpus(name: str, settings: Settings) -> tuple[str, ...]:
    """Return the GPUs that the daemon's engine had, as far as we may know."""
    from ocrd.daemon.gpus import known_gpus
    from ocrd.ledger.jobs import Ledger

    try:
        ledger = Ledger.open(settings.state_dir, readonly=True)
    except OcrdError:
        return ()  # there is none yet, or it is not ours to read
    try:
        return tuple(known_gpus(ledger).get(name, ()))
    finally:
        ledger.close()
