"""``demo``: the real daemon on a temporary inbox with the sample documents, from start to stop."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocrd.cli import screen
from ocrd.errors import EXIT_FAILED, EXIT_OK, EngineError, OcrdError, UnreachableError
from ocrd.files.space import in_units
from ocrd.job import FINAL_STATES

if TYPE_CHECKING:
    from rich.tree import Tree

    from ocrd.web.client import Client

SAMPLE_SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".gif"})
START_SECONDS = 60.0
STOP_SECONDS = 45.0
POLL_SECONDS = 0.2
MEANT_TO_FAIL = "torn"  # a sample that shows what becomes of a damaged file
SHOWN_LINES = 40  # of the sidecar

CONFIG = """\
state_dir = "{folder}/state"
[[inbox]]
path = "{folder}/inbox"
settle = "1s"
patience = "3s"
"""


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder for a look.")] = False,
) -> None:
    """Show the daemon at work on sample documents, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="ocrd-demo-"))
    try:
        is_well = _show(folder)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    screen.say(f"Left at {folder}" if keep else f"Removed {folder}", style="dim")
    raise typer.Exit(EXIT_OK if is_well else EXIT_FAILED)


def _show(folder: Path) -> bool:
    from ocrd.config.settings import load
    from ocrd.web.client import Client

    inbox, config = folder / "inbox", folder / "config.toml"
    inbox.mkdir()
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    samples = _copy_samples(inbox)
    client = Client(load(config).socket_path)
    screen.say(f"Starting the daemon on {inbox} with {len(samples)} documents:")
    screen.say("  " + ", ".join(path.name for path in samples))
    with _daemon(config, folder / "daemon.log") as process:
        _wait_for_start(process, client, folder / "daemon.log")
        is_well = _follow(process, client, len(samples))
    screen.out().print()
    screen.out().print(_tree(inbox))
    _print_sidecar(inbox / "done")
    return is_well


def _copy_samples(inbox: Path) -> list[Path]:
    shipped = Path(__file__).parent.parent / "samples"
    samples = sorted(path for path in shipped.iterdir() if path.suffix in SAMPLE_SUFFIXES)
    if not samples:
        raise OcrdError(f"There are no sample documents in {shipped}.", hint="Install ocrd again.")
    return [Path(shutil.copy(path, inbox)) for path in samples]


@contextlib.contextmanager
def _daemon(config: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon until the block ends; then stop it as systemd would."""
    command = [sys.executable, "-P", "-m", "ocrd", "run", "--config", str(config)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours; the daemon gets one SIGTERM
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    screen.say(f"The daemon stopped with exit code {process.returncode}.")


def _wait_for_start(process: subprocess.Popen[bytes], client: Client, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(UnreachableError):
            client.status()
            return
        time.sleep(POLL_SECONDS)
    tail = log.read_text(errors="replace").strip().splitlines()[-5:]
    raise EngineError(
        "The daemon did not start: " + " ".join(tail), hint="`ocrd check` may say why."
    )


def _follow(process: subprocess.Popen[bytes], client: Client, documents: int) -> bool:
    """Show the pages as they are read; return whether each ended as it should."""
    from ocrd.cli.conversion import progress_bar

    with progress_bar() as bar:
        task = bar.add_task("reading", total=None)
        told: set[int] = set()
        while process.poll() is None:
            jobs = client.jobs(limit=documents)["jobs"]
            ended = [job for job in jobs if job["state"] in FINAL_STATES]
            bar.update(
                task,
                description=f"{len(ended)} of {documents} documents",
                completed=sum(map(_pages_done, jobs)),
                total=sum(job["pages"] or 1 for job in jobs) or None,
            )
            for job in ended:
                if job["id"] not in told:
                    told.add(job["id"])
                    bar.console.print("  ", screen.state(job["state"]), job["relpath"])
            if len(ended) == documents:
                return all(map(_is_as_meant, ended))
            time.sleep(POLL_SECONDS)
    raise EngineError("The daemon ended by itself.", hint="`ocrd check` may say why.")


def _is_as_meant(job: dict[str, Any]) -> bool:
    is_torn = Path(job["relpath"]).stem == MEANT_TO_FAIL
    return bool(job["state"] == ("failed" if is_torn else "done"))


def _pages_done(job: dict[str, Any]) -> int:
    done: int = job["pages"] or 1 if job["state"] in FINAL_STATES else job["pages_done"]
    return done


def _tree(folder: Path) -> Tree:
    from rich.tree import Tree

    tree = Tree(screen.plain(folder.name + "/"))
    _grow(tree, folder)
    return tree


def _grow(tree: Tree, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            _grow(tree.add(screen.plain(path.name + "/")), path)
        else:
            tree.add(screen.plain(f"{path.name}  ({in_units(path.stat().st_size)})"))


def _print_sidecar(folder: Path) -> None:
    sidecars = sorted(folder.glob("*.md"), key=lambda path: path.stat().st_size)
    if not sidecars:
        return
    path = sidecars[len(sidecars) // 2]
    lines = path.read_text(encoding="utf-8").splitlines()
    screen.out().print()
    screen.out().rule(screen.plain(path.name))
    for line in lines[:SHOWN_LINES]:
        screen.say(line)
    if len(lines) > SHOWN_LINES:
        screen.say(f"… and {len(lines) - SHOWN_LINES} lines more", style="dim")
    screen.out().rule()
