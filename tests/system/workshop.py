"""What tests need that takes minutes to make, made while other tests run.

The packages are built as an administrator builds them, then looked at by lintian and installed in
an environment of their own; trees of Debian are made beside that. Whoever needs one waits for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tests.installation import ROOT
from tests.system import machine

# Nobody keeps these packages, and to press 450 MB takes longer than all else.
UNPRESSED = {"DPKG_DEB_COMPRESSOR_TYPE": "none"}
UNPRESSED_TAGS = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball"

T = TypeVar("T")


class Workshop:
    """Makes everything once, in threads of its own, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "dist"
        self._environment = folder / "venv"
        self._scratch = folder / "tmp"  # what is ended in its midst leaves its files behind
        self._scratch.mkdir()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="workshop")
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._trees: dict[str, Future[Path]] = {}
        self._package: Future[Path] | None = None
        self._verdict: Future[str] | None = None
        self._installed: Future[Path] | None = None

    def begin(self, suites: Sequence[str], *, packages: bool) -> None:
        """Begin with the trees, and with the packages where that is wanted before they are."""
        for suite in suites:
            self._trees[suite] = self._threads.submit(machine.tree, suite)
        if packages:
            self._pack()

    def _pack(self) -> None:
        with self._lock:
            if self._package is None:
                self._package = self._threads.submit(self._build)
                self._installed = self._threads.submit(self._install)
                self._verdict = self._threads.submit(self._judge)

    def tree(self, suite: str) -> Path:
        """Wait for a tree; raises subprocess.CalledProcessError where there cannot be one."""
        return self._trees[suite].result()

    def package(self) -> Path:
        """Wait for the Debian package."""
        self._pack()
        return _made(self._package)

    def environment(self) -> Path:
        """Wait for a virtual environment with the wheel in it."""
        self._pack()
        return _made(self._installed)

    def verdict(self) -> str:
        """Wait for what lintian says against the package; "" is nothing."""
        self._pack()
        return _made(self._verdict)

    def close(self) -> None:
        """End what still runs, and clear away."""
        with self._lock:
            self._closed = True
            for process in self._running:
                os.killpg(process.pid, signal.SIGKILL)
        self._threads.shutdown(cancel_futures=True)
        for place in (self.folder, self._environment, self._scratch):
            shutil.rmtree(place, ignore_errors=True)

    def _build(self) -> Path:
        self.folder.mkdir()
        self._run("make", "--no-print-directory", "deb", f"FOLDER={self.folder}", env=UNPRESSED)
        (package,) = self.folder.glob("ocrd_*.deb")
        return package

    def _install(self) -> Path:
        self.package()
        (wheel,) = self.folder.glob("*.whl")
        self._run(sys.executable, "-m", "venv", str(self._environment))
        pip = self._environment / "bin" / "pip"
        install = (str(pip), "install", "--quiet", "--no-compile")
        self._run(*install, "--require-hashes", "-r", str(self.folder / "locks" / "base.txt"))
        self._run(*install, "--no-deps", str(wheel))
        return self._environment

    def _judge(self) -> str:
        package = self.package()
        command = ["nice", "lintian", "--allow-root", "--fail-on", "error"]
        try:
            self._run(*command, "--suppress-tags", UNPRESSED_TAGS, str(package))
        except AssertionError as error:
            return str(error)
        return ""

    def _run(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        environment = {**os.environ, "TMPDIR": str(self._scratch), **(env or {})}
        with self._lock:
            assert not self._closed, "the tests are over"
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True,
            )  # fmt: skip
            self._running.add(process)
        try:
            with process:
                output, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        assert process.returncode == 0, f"{command}: {output}"


def _made(future: Future[T] | None) -> T:
    assert future is not None, "nobody has begun with it"
    return future.result()
