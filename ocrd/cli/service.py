"""``service``: ocrd as a service of systemd, of the machine or of one person, in one command."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocrd.cli import screen
from ocrd.errors import ConfigError, OcrdError

if TYPE_CHECKING:
    from ocrd.daemon.units import File

app = typer.Typer(
    name="service", no_args_is_help=True, help="Have systemd run it: install, uninstall, status."
)
UNIT = "ocrd.service"
_WITHOUT = "Without systemd, let what starts your services run 'ocrd run'."
TIMER = "ocrd-backup.timer"

UserOption = Annotated[
    bool, typer.Option("--user", help="A service of your own session, instead of the machine's.")
]


class DropIn(StrEnum):
    """What the machine's service is allowed besides."""

    GPU = "gpu"
    API = "api"
    NETWORK = "network"
    ON_FAILURE = "on-failure"


@app.command()
def install(
    user: UserOption = False,
    config: Annotated[
        Path | None,
        typer.Option(
            *("--config", "-c"),
            metavar="FILE",
            help="The configuration; otherwise /etc/ocrd/config.toml, which is made where it is"
            " missing, or with --user the one that the other commands find.",
        ),
    ] = None,
    drop_ins: Annotated[
        list[DropIn] | None,
        typer.Option("--drop-in", help="Without --user: allow it this, too. May be repeated."),
    ] = None,
    command: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The command to start; otherwise this one."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the files, and do nothing.")
    ] = False,
) -> None:
    """Write the unit for this installation, then enable and start it."""
    from ocrd.daemon import units

    called = [str(command.absolute())] if command is not None else units.command()
    names = [name.value for name in drop_ins or ()]
    if user:
        if names:
            raise typer.BadParameter("A session's service has no sandbox to open: without it.")
        _install_for_a_person(called, config, dry_run=dry_run)
    else:
        _install_for_the_machine(called, config or units.SYSTEM_CONFIG, names, dry_run=dry_run)


def _install_for_a_person(called: Sequence[str], config: Path | None, *, dry_run: bool) -> None:
    from ocrd.config.settings import find_config, load
    from ocrd.daemon import units

    path = find_config(config).absolute()
    load(path)
    file = units.user_file(called, path)
    if not dry_run:
        _systemctl("daemon-reload", user=True)  # does it answer: else nothing is written
    if _write([file], dry_run=dry_run):
        return
    _systemctl("daemon-reload", user=True)
    _start(user=True)
    screen.say("")
    screen.say("  To go on without a session:  loginctl enable-linger")
    screen.say("  To see what it does:         ocrd status, journalctl --user -u ocrd -f")


def _install_for_the_machine(
    called: Sequence[str], config: Path, drop_ins: Sequence[str], *, dry_run: bool
) -> None:
    from ocrd.daemon import units

    if units.OF_PACKAGES.exists():
        raise ConfigError(
            f"The Debian package has brought the service: {units.OF_PACKAGES}.",
            hint="Start it: systemctl enable --now ocrd.",
        )
    units.refuse_out_of_reach(called)
    if not dry_run:
        _require_root("install")
        _systemctl("daemon-reload")
    files = list(units.system_files(called, config.absolute(), drop_ins))
    if _write(files, dry_run=dry_run):
        return
    people, places, *_ = files
    _run("systemd-sysusers", str(people.path))
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(units.shipped("config.toml"), config)
        config.chmod(0o640)
        screen.say(f"Wrote {screen.plain(config)}, which watches /srv/ocrd/inbox")
    _run("systemd-tmpfiles", "--create", str(places.path))
    _open_folders(config)
    _systemctl("daemon-reload")
    _start()
    screen.say("")
    screen.say("  Who may drop documents into /srv/ocrd/inbox:  adduser NAME ocrd")
    screen.say("  Who may steer it, too:                        adduser NAME ocrd-control")
    screen.say("  Other folders: change the configuration, then ocrd service install once more")


def _open_folders(config: Path) -> None:
    """Let the sandboxed service reach the folders of its configuration, as systemd-paths does."""
    from ocrd.cli.systemd_paths import MODE
    from ocrd.config.settings import load
    from ocrd.daemon import sandbox

    settings = load(config)
    if sandbox.writable(settings) or sandbox.readable(settings):
        sandbox.DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        sandbox.DROP_IN.write_text(sandbox.drop_in(settings, str(config)))
        sandbox.DROP_IN.chmod(MODE)
        screen.say(f"Wrote {sandbox.DROP_IN}")
    else:
        sandbox.DROP_IN.unlink(missing_ok=True)


@app.command()
def uninstall(user: UserOption = False) -> None:
    """Stop the service and remove its units; configuration and documents stay."""
    from ocrd.daemon import sandbox, units

    if user:
        files = [units.user_file(["ocrd"], Path("config.toml"))]
    else:
        _require_root("uninstall")
        files = list(units.system_files(["ocrd"], units.SYSTEM_CONFIG, units.DROP_INS))
    there = [file.path for file in files if file.path.exists() and units.is_ours(file.path)]
    if not any(path.name == UNIT for path in there):
        raise ConfigError(
            f"There is no {UNIT} that 'ocrd service install' wrote{' for you' if user else ''}.",
            hint="A Debian package is removed with apt remove ocrd.",
        )
    _systemctl("disable", "--now", UNIT, *([] if user else [TIMER]), user=user)
    for path in there:
        path.unlink()
        screen.say(f"Removed {screen.plain(path)}")
    if not user:
        sandbox.DROP_IN.unlink(missing_ok=True)
    _systemctl("daemon-reload", user=user)
    screen.say("Documents, configuration and ledger stay where they are.")


@app.command()
def status(user: UserOption = False) -> None:
    """Say what systemd says of the service; what it works on says ocrd status."""
    code = subprocess.call(
        ["systemctl", *_scope(user=user), "--no-pager", "--lines=5", "status", UNIT],
        env=_environment(),
    )
    raise typer.Exit(code)


def _write(files: Sequence[File], *, dry_run: bool) -> bool:
    """Write the files, all of them or none; with ``dry_run`` print them and return True."""
    from ocrd.daemon import units

    for file in files:
        if not units.is_ours(file.path):
            raise ConfigError(
                f"{screen.plain(file.path)} is there, and 'ocrd service install' did not write it.",
                hint="Move it away. What you changed there goes into 'systemctl edit ocrd'.",
            )
    for file in files:
        if dry_run:
            screen.say(f"==> {screen.plain(file.path)} <==")
            screen.say(file.text)
            continue
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.text)
        file.path.chmod(0o644)
        screen.say(f"Wrote {screen.plain(file.path)}")
    return dry_run


def _require_root(verb: str) -> None:
    from ocrd.daemon import units

    if os.geteuid():
        called = shlex.join([*units.command(), "service", verb])
        raise ConfigError(
            f"The machine's service is root's to {verb}.",
            hint=f"sudo {called}; or for your own session: ocrd service {verb} --user.",
        )


def _start(*, user: bool = False) -> None:
    _systemctl("enable", UNIT, user=user)
    screen.say("Starting it …")
    journal = f"journalctl {'--user ' if user else ''}-u ocrd -n 20"
    _systemctl("restart", UNIT, user=user, hint=f"See why: {journal}.")
    screen.say("It runs, and starts with the " + ("session." if user else "machine."))


def _systemctl(*arguments: str, user: bool = False, hint: str = "") -> None:
    _run("systemctl", *_scope(user=user), "--quiet", *arguments, hint=hint)


def _scope(*, user: bool) -> list[str]:
    return ["--user"] if user else []


def _run(*command: str, hint: str = "") -> None:
    """Run a program of systemd; raise OcrdError with what it says."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=_environment()
        )
    except FileNotFoundError:
        raise OcrdError(
            f"There is no {command[0]} on this machine.",
            hint=_WITHOUT,
        ) from None
    if result.returncode:
        said = " ".join(result.stderr.split()) or f"it ended with {result.returncode}"
        if "not been booted with systemd" in said:
            hint = _WITHOUT
        elif "connect to bus" in said or "user scope bus" in said:
            hint = (
                "su and sudo bring no session: log in by ssh or at the machine itself. On a server,"
                " as root before that: loginctl enable-linger NAME."
            )
        raise OcrdError(f"{' '.join(command)}: {said}.", hint=hint)


def _environment() -> dict[str, str]:
    """Return the environment, with the place of the session's bus where nobody set it."""
    place = f"/run/user/{os.getuid()}"
    known = {"XDG_RUNTIME_DIR": place} if Path(place).is_dir() else {}
    return {**known, **os.environ}
