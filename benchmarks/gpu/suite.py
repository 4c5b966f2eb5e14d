"""Stage 8: the tests of tests/gpu, in a process of their own.

Nothing of the project's test configuration is needed, nor pytest-asyncio: only pytest. A test that
fails is named in the line and stops nothing.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmarks.gpu.lines import Line

ROOT = Path(__file__).parents[2]
TESTS = "tests/gpu"
LOG = "tests-gpu.log"
REPORT = "tests-gpu.xml"
TEST_SECONDS = 60  # for one test


def command(folder: Path, tests: Sequence[str] = (TESTS,)) -> list[str]:
    """Return what runs the tests wherever pytest is."""
    limit = importlib.util.find_spec("pytest_timeout") is not None
    return [
        sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest",
        "-p", "no:cacheprovider", "-ra", "--tb=short", f"--junit-xml={folder / REPORT}",
        *([f"--timeout={TEST_SECONDS}"] if limit else []),
        *tests,
    ]  # fmt: skip


def run(line: Line, seconds: float, folder: Path, environment: Mapping[str, str]) -> None:
    """Run the tests for so long at most and put what became of them into the line."""
    started = time.monotonic()
    (folder / REPORT).unlink(missing_ok=True)
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command(folder), cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    line.seconds = round(time.monotonic() - started, 2)
    log_text = (folder / LOG).read_text("utf-8", "replace")
    if code is None:
        line.status, line.why = "shortened", f"ended after {seconds:.0f} s; see {LOG}"
        line.notes["last"] = log_text.strip().split("\n")[-1][-300:]
        return
    if not (folder / REPORT).is_file():
        line.status = "failed"
        line.why = f"pytest ended with {code}: {' | '.join(log_text.strip().split(chr(10))[-3:])}"
        return
    _take(line, folder / REPORT)


def _take(line: Line, report: Path) -> None:
    """Read pytest's report into the line."""
    counts: dict[str, int] = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ElementTree.parse(report).iter("testcase"):  # our own pytest wrote it
        row = _row(case)
        counts[row["outcome"]] += 1
        line.rows.append(row)
    line.notes |= counts
    line.status, line.why = "ok", ""
    if counts["failed"]:
        names = [row["test"] for row in line.rows if row["outcome"] == "failed"]
        line.status, line.why = "failed", f"failed: {', '.join(names)}"
    elif not counts["passed"]:
        reasons = sorted({row["why"] for row in line.rows})
        line.status, line.why = "skipped", "; ".join(reasons) or "no test was found"


def _row(case: ElementTree.Element) -> dict[str, Any]:
    outcome, why, text = "passed", "", ""
    for tag, meaning in (("skipped", "skipped"), ("failure", "failed"), ("error", "failed")):
        found = case.find(tag)
        if found is not None:
            outcome, text = meaning, found.text or ""
            why = (found.get("message") or "").split("\n")[0][:300]
    # A file that cannot be imported has no test whose name could be told.
    name = case.get("name") or case.get("classname") or text.strip().split("\n")[0][:300]
    return {"test": name, "outcome": outcome, "seconds": float(case.get("time", "0")), "why": why}
