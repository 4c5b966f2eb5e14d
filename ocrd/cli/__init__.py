"""The command line: the one part of ocrd that prints and exits.

Each command imports what it needs when it runs, so that ``ocrd --help`` and ``ocrd status`` start
at once. Errors end here: one sentence, one way out, one exit code.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ocrd import __version__
from ocrd.cli import (
    check,
    conversion,
    demo,
    helping,
    jobs,
    key,
    ledger,
    mcp,
    model,
    retry,
    samples,
    schema,
    screen,
    service,
    start,
    steer,
    systemd_paths,
)
from ocrd.errors import EXIT_FAILED, OcrdError, TransientError, exit_code

INTERRUPTED = 130  # what a shell reports for SIGINT

app = typer.Typer(
    name="ocrd",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        screen.out().print(f"ocrd {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    _wanted: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Read the scans dropped into watched folders and write Markdown beside them."""


_SETTING_UP = "Set up and run"
_WATCHING = "Watch and steer the daemon"
_READING = "Without a daemon"
_PROGRAMS = "For programs"

for panel, commands in (
    (_SETTING_UP, (start.init, check.check, start.run, systemd_paths.systemd_paths, demo.demo)),
    (_READING, (conversion.convert, samples.samples, schema.schema)),
    (_PROGRAMS, (mcp.mcp,)),
    (
        _WATCHING,
        (
            *(steer.status, jobs.jobs, jobs.show, retry.retry),
            *(steer.cancel, steer.pause, steer.resume, steer.reload, steer.stop),
        ),
    ),
):
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(service.app, rich_help_panel=_SETTING_UP)
app.add_typer(model.app, rich_help_panel=_SETTING_UP)
app.add_typer(ledger.app, rich_help_panel=_READING)
app.add_typer(key.app, rich_help_panel=_PROGRAMS)


def main() -> None:
    """Run the command of ``sys.argv`` and exit with its code."""
    code = _exit_code(helping.tidied(app))
    # What it printed may wait to be written still; Python would show a traceback and exit with 120.
    if failure := screen.unwritten():
        screen.reader_is_gone()
        if code == 0 and failure.errno != errno.EIO:  # a closed terminal's: nobody is to be told
            code = _failed(failure)
    screen.let_errors_go()
    sys.exit(code)


def _exit_code(run: Callable[[], object]) -> int:
    try:
        run()
    except SystemExit as ending:
        if ending.code is None:
            return 0
        return ending.code if isinstance(ending.code, int) else EXIT_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OcrdError as error:
        cause = error.__cause__
        if isinstance(cause, PermissionError) and isinstance(error, TransientError):
            error.hint = _way_in(cause)  # ours, not the daemon's user's
        return _explain(error)
    except OSError as error:
        return _failed(error)
    return 0


def _failed(error: OSError) -> int:
    """Return the exit code of what the system refused, and say it, if anybody is there."""
    if isinstance(error, BrokenPipeError):
        return screen.reader_is_gone()
    return _explain(_translated(error))


def _translated(error: OSError) -> OcrdError:
    """Return what the system said, with the way out for the person who runs the command."""
    from ocrd import files

    unnamed = "the output" if error.errno in (errno.ENOSPC, errno.EIO) else "."
    told = files.translate(error, error.filename or unnamed)
    if isinstance(error, PermissionError):
        told.hint = _way_in(error)
    return told


def _way_in(error: PermissionError) -> str:
    """Return how the person comes to be allowed what he was refused."""
    from pathlib import Path

    from ocrd.files import rights

    return rights.to_use(Path(str(error.filename or ".")))


def _explain(error: OcrdError) -> int:
    """Print the error for a person, or for the program that asked with --json."""
    with contextlib.suppress(OSError):  # nobody is there; the code says it
        screen.explain(error, as_json="--json" in sys.argv[1:])
    return exit_code(error)
