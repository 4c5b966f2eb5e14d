"""Whether the tests notice a change: they run in a fork, with the changed module in its place.

The parent must not have imported the package under test: a fork imports it anew, changed.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

QUIET = (
    *("-q", "-x", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "no:faulthandler"),
    *("-p", "no:anyio"),  # it loads much, for nothing here
    # They are loaded already: that is the point.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


@dataclass(frozen=True)
class Baseline:
    """The tests as they run on the unchanged module."""

    seconds: float
    calls: dict[str, list[int]]  # test -> first lines of the module's functions that it called


class Replaced(importlib.abc.MetaPathFinder):
    """Gives one module another source."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a loader of the other source for that module, nothing for any other."""
        del path, target
        if name != self._module:
            return None
        loader = _Source(name, str(self._path), self._source)
        return importlib.util.spec_from_file_location(name, self._path, loader=loader)


class _Source(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class Picked:
    """A plugin: only these tests, in this order."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._rank = {name: n for n, name in enumerate(wanted)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what is wanted."""
        items[:] = [item for item in items if item.nodeid in self._rank]
        items.sort(key=lambda item: self._rank[item.nodeid])


class Failed:
    """A plugin: which test was the first to fail."""

    def __init__(self) -> None:
        self.test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the test of a failed report."""
        if report.failed and not self.test:
            self.test = report.nodeid


class Called:
    """A plugin: which functions of one file each test calls."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._now: set[int] = set()
        self.calls: dict[str, list[int]] = {}

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        del argument
        if event == "call" and frame.f_code.co_filename == self._path:
            self._now.add(frame.f_code.co_firstlineno)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Watch one test, its fixtures included."""
        import threading

        self._now = set()
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            self.calls[item.nodeid] = sorted(self._now)


def baseline(path: Path, tests: Sequence[str], limit_seconds: float) -> Baseline:
    """Run the tests on the module as it is. Raises RuntimeError if they do not pass."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "calls"

        def run() -> int:
            called = Called(path)
            code = pytest.main([*QUIET, *tests], plugins=[called])
            answer.write_text(json.dumps(called.calls))
            return int(code)

        started = time.monotonic()
        code, output = _forked(run, Path(folder), limit_seconds)
        seconds = time.monotonic() - started
        if code != 0:
            raise RuntimeError(f"The tests of {path} fail without a change:\n{output}")
        return Baseline(seconds, json.loads(answer.read_text()))


def is_noticed(
    module: str, path: Path, source: str, tests: Sequence[str], wanted: Sequence[str],
    limit_seconds: float,
) -> tuple[bool, str]:
    """Say whether one of the tests fails with the changed source, and which."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "failed"

        def run() -> int:
            sys.meta_path.insert(0, Replaced(module, path, source))
            failed = Failed()
            code = pytest.main([*QUIET, *tests], plugins=[Picked(wanted), failed])
            answer.write_text(failed.test)
            return int(code)

        code, _ = _forked(run, Path(folder), limit_seconds)
        test = answer.read_text() if answer.exists() else ""
        return code != 0, test


def _forked(run: Any, folder: Path, limit_seconds: float) -> tuple[int, str]:
    """Run a function in a fork that is killed after the limit, with all that it started."""
    output = folder / "output"
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            sink = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            os.environ["TMPDIR"] = str(folder)
            tempfile.tempdir = str(folder)
            os.environ["OCRD_EXAMPLES"] = "same"  # tests/conftest.py
            code = run()
        except BaseException:  # nothing may go up into the parent's frames
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    code = _waited(child, limit_seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return code, output.read_text(errors="replace") if output.exists() else ""


def _waited(child: int, limit_seconds: float) -> int:
    end = time.monotonic() + limit_seconds
    pause = 0.005
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return 124
        time.sleep(pause)
        pause = min(0.05, pause * 1.3)
