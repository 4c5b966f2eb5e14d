"""The bench as a process: started when there is something to measure, ended when it hangs."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from benchmarks.gpu.lines import Line

LOG = "bench.log"
LAST_WORDS = 300  # characters
END_SECONDS = 10.0  # what SIGKILL may take: a process deep in a driver ends late


class Attendant:
    """Starts benches and has them measure, one stage after another."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Remember how a bench is started; what it prints goes to a log in ``folder``."""
        self._command = command
        self._environment = environment
        self._log = folder / LOG
        self._log.write_bytes(b"")
        self._process: subprocess.Popen[str] | None = None
        self._said: queue.Queue[str | None] = queue.Queue()

    @property
    def is_fresh(self) -> bool:
        """Say whether the next stage waits for a new process to load everything."""
        return self._process is None

    def measure(self, line: Line, request: Mapping[str, Any], patience: float) -> None:
        """Have a stage measured; the line is complete when this returns.

        A bench that says nothing more within ``patience`` seconds, or that ends, or whose device is
        broken, is ended; the next stage has another.
        """
        end = time.monotonic() + patience
        began = time.monotonic()
        process = self._process or self._started()
        self._process = process
        with suppress(BrokenPipeError):
            assert process.stdin is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        while True:
            try:
                said = self._said.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                self.end()
                line.status, line.why = "failed", f"ended after {patience:.0f} s without an answer"
                break
            if said is None:
                self.end()
                line.status, line.why = "failed", self._obituary(process)
                break
            message = json.loads(said)
            if line.take(message):
                if message["ending"].get("broken"):
                    self.end()
                return
        line.seconds = round(time.monotonic() - began, 2)

    def end(self) -> None:
        """End the bench and whatever it started."""
        process, self._process = self._process, None
        self._said = queue.Queue()
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        with suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()

    def _started(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(self._environment),
                text=True,
                process_group=0,  # so that it can be ended with what it started
            )
        said = self._said
        threading.Thread(target=_listen, args=(process.stdout, said.put), daemon=True).start()
        return process

    def _obituary(self, process: subprocess.Popen[str]) -> str:
        """Return how the bench ended and what it printed last."""
        code = process.returncode
        how = f"exit status {code}"
        if code is not None and code < 0:
            with suppress(ValueError):
                how = signal.Signals(-code).name
        words = " | ".join(self._log.read_text("utf-8", "replace").split("\n")[-4:]).strip(" |")
        return f"the process ended ({how}): {words[-LAST_WORDS:]}"


def _listen(pipe: IO[str] | None, put: Callable[[str | None], None]) -> None:
    """Hand on what a bench says, and None at its end."""
    assert pipe is not None
    with pipe:
        for line in pipe:
            put(line)
    put(None)


def command(folder: Path, *, tiny: bool) -> list[str]:
    """Return how our own bench is started."""
    own = [sys.executable, "-m", "benchmarks.gpu.bench", "--folder", str(folder)]
    return [*own, "--tiny"] if tiny else own
