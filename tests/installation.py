"""A real daemon on real folders: started as a process, asked over its socket, stopped or killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocrd.errors import UnreachableError
from ocrd.web.client import Client

ROOT = Path(__file__).parent.parent
RESOURCES = ROOT / "tests" / "resources"
LETTER = RESOURCES / "typewriter.png"
SAMPLES = ROOT / "ocrd" / "samples"
OCRD = [sys.executable, "-m", "ocrd"]

ECHO = 'kind = "module"\nmodule = "tests.engines.echo"'


PATIENCE = 4.0  # how much longer than on a quiet machine a test waits: only what hangs is ended


def eventually(
    condition: Callable[[], Any], limit: float = 60.0, what: str = "", *, interval: float = 0.05
) -> Any:
    """Return the condition's first true value; fail when the limit is over.

    The limit, in seconds, is that of a machine that has nothing else to do.
    """
    end = time.monotonic() + PATIENCE * limit
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(interval)
    raise AssertionError(f"not within {limit} s: {what or condition}")


class Installation:
    """One installation: a configuration, its folders, and the process when it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config.toml"
        self.inbox = root / "inbox"
        self.inbox.mkdir()
        self.process: subprocess.Popen[str] | None = None
        self.log = root / "daemon.log"

    @property
    def done(self) -> Path:
        return self.inbox / "done"

    @property
    def failed(self) -> Path:
        return self.inbox / "failed"

    def configure(
        self,
        engine: str = ECHO,
        inbox: str = "",
        top: str = "",
        more: str = "",
        *,
        settle: str = "200ms",
        patience: str = "2s",
        defaults: bool = False,
    ) -> None:
        """Write the configuration: quick to settle, unless it is to have the defaults."""
        quick = f'settle = "{settle}"\nscan_interval = "1s"\npatience = "{patience}"'
        self.config.write_text(
            f'state_dir = "{self.root}/state"\nfree_space_floor = 0\n{top}\n'
            f"[engine]\n{engine}\n"
            f'[[inbox]]\npath = "{self.inbox}"\n{"" if defaults else quick}\n{inbox}\n{more}\n'
        )

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*OCRD, "run", "--config", str(self.config)],
                cwd=ROOT, stdout=log, stderr=log, text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            )
        if wait:
            eventually(lambda: self.is_up() or self.process_ended(), 30, "the daemon is up")
            assert self.process.poll() is None, self.log.read_text()

    def process_ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def is_up(self) -> bool:
        return self.status() != {}

    def status(self) -> dict[str, Any]:
        """Return what the daemon says of itself, nothing where none answers."""
        try:
            return Client(self.root / "state" / "run" / "ocrd.sock").status()
        except UnreachableError:
            return {}

    def call(self, *arguments: str) -> Any:
        """Run a command with --json and return its answer."""
        result = self.command(*arguments, "--json")
        assert result.returncode in {0, 1}, result.stdout + result.stderr
        return json.loads(result.stdout)

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the jobs that ``ocrd jobs`` lists, the newest first."""
        found: list[dict[str, Any]] = self.call("jobs", *arguments)["jobs"]
        return found

    def call_failing(self, code: int, *arguments: str) -> Any:
        """Run a command with --json that ends with this code, and return its answer."""
        result = self.command(*arguments, "--json")
        assert result.returncode == code, result.stdout + result.stderr
        return json.loads(result.stdout)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OCRD, *arguments, "--config", str(self.config)],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE * 60,
        )

    def drop(self, source: Path, name: str = "") -> Path:
        target = self.inbox / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return target

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, limit: float = 30.0) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE * limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def tree(self) -> list[str]:
        """Return the files below the inbox, but for what says whose it is."""
        return sorted(
            str(path.relative_to(self.inbox))
            for path in self.inbox.rglob("*")
            if path.is_file() and path.name not in {".ocrd-owner", ".ocrd-challenge"}
        )

    def wait_for(self, *names: str, limit: float = 60.0) -> None:
        """Wait until all of these are below the inbox, and nobody works on their documents.

        A sidecar is there a moment before its source, and that before the ledger knows of it.
        """
        missing = list(names)
        stems = {Path(name).stem for name in names}

        def arrived() -> bool:
            missing[:] = [name for name in names if not (self.inbox / name).exists()]
            return not missing and not any(
                Path(work["relpath"]).stem in stems for work in self.status().get("working", ())
            )

        try:
            eventually(arrived, limit)
        except AssertionError:
            raise AssertionError(
                f"missing {missing} in {self.tree()}\n{self.log.read_text()[-5000:]}"
            ) from None


def make_pdf(path: Path, pages: int) -> None:
    """Write a PDF with a numbered line of text on every page."""
    program = (
        "import sys, pymupdf\n"
        "book = pymupdf.open()\n"
        "for number in range(1, int(sys.argv[2]) + 1):\n"
        "    book.new_page().insert_text((72, 72), f'This is page {number} of a book.')\n"
        "book.save(sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path), str(pages)], check=True)
