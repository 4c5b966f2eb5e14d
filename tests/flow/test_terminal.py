"""A daemon and its commands on a person's terminal, and what becomes of them when it is closed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engines import ENVIRONMENT
from tests.flow.scripted import pages_done
from tests.installation import LETTER, OCRD, PATIENCE, ROOT, Installation, eventually, make_pdf


class Terminal:
    """A pseudo-terminal; what is started on it is in the foreground of a session of its own."""

    def __init__(self) -> None:
        self._person, self._program = pty.openpty()

    def run(self, *arguments: str, ignoring: bool = False) -> subprocess.Popen[bytes]:
        def take() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Said either way: whoever runs the tests under nohup hands its own choice down.
            signal.signal(signal.SIGHUP, signal.SIG_IGN if ignoring else signal.SIG_DFL)

        process = subprocess.Popen(
            [*OCRD, *arguments], cwd=ROOT, stdin=self._program, stdout=self._program,
            stderr=self._program, start_new_session=True,
            preexec_fn=take,  # noqa: PLW1509 -- no thread here holds a lock by then
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        )  # fmt: skip
        os.close(self._program)
        return process

    def read(self, limit: float = 0.1) -> str:
        """Return what is on the screen and was not read yet, waiting for something."""
        text = b""
        while select.select([self._person], [], [], limit)[0]:
            try:
                text += os.read(self._person, 65536)
            except OSError:
                break
        return text.decode(errors="replace")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._person)


@contextmanager
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    try:
        yield opened
    finally:
        opened.close()


def test_closing_the_terminal_stops_the_daemon_in_order(daemon: Installation) -> None:
    daemon.configure('kind = "module"\nmodule = "tests.engines.echo"\noptions = { delay = 0.5 }')
    make_pdf(daemon.root / "book.pdf", 20)
    daemon.drop(daemon.root / "book.pdf")
    with terminal() as screen:
        process = screen.run("run", "--config", str(daemon.config))
        eventually(lambda: pages_done(daemon) > 1, 60)
        screen.close()
        assert process.wait(PATIENCE * 30) == 0
    [job] = daemon.listed()
    assert job["state"] == "queued", "given back, as at every stop in order"
    assert job["pages_done"] > 1


def test_a_daemon_that_is_to_outlive_its_terminal_reloads_at_its_end(daemon: Installation) -> None:
    """``nohup ocrd run``."""
    with terminal() as screen:
        process = screen.run("run", "--config", str(daemon.config), ignoring=True)
        eventually(daemon.is_up, 60)
        daemon.configure(inbox='mode = "text"')
        screen.close()
        process.send_signal(signal.SIGHUP)
        eventually(lambda: daemon.status()["inboxes"][0]["mode"] == "text", 30)
        daemon.drop(LETTER)
        daemon.wait_for("done/typewriter.md")
        process.terminate()
        assert process.wait(PATIENCE * 30) == 0


def test_ctrl_c_on_the_terminal_stops_in_order(daemon: Installation) -> None:
    with terminal() as screen:
        process = screen.run("run", "--config", str(daemon.config))
        eventually(daemon.is_up, 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE * 30) == 0
        assert "Stopped." in screen.read()


def test_a_watched_status_ends_with_its_terminal(daemon: Installation) -> None:
    daemon.start()
    with terminal() as screen:
        process = screen.run("status", "--watch", "--config", str(daemon.config))
        eventually(lambda: "running" in screen.read(), 30)
        screen.close()
        assert process.wait(PATIENCE * 10) in {-signal.SIGHUP, 0}


def test_a_watched_status_that_ignores_its_terminals_end_ends_all_the_same(
    daemon: Installation,
) -> None:
    daemon.start()
    with terminal() as screen:
        process = screen.run("status", "--watch", "--config", str(daemon.config), ignoring=True)
        eventually(lambda: "running" in screen.read(), 30)
        screen.close()
        process.wait(PATIENCE * 10)


@pytest.mark.parametrize("json_wanted", [False, True])
def test_a_watched_status_is_plain_lines_in_a_pipe(
    daemon: Installation, *, json_wanted: bool
) -> None:
    daemon.start()
    more = ["--json"] if json_wanted else []
    with subprocess.Popen(
        [*OCRD, "status", "--watch", *more, "--config", str(daemon.config)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "FORCE_COLOR": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        began = time.monotonic()
        lines = [process.stdout.readline() for _ in range(3)]
        assert time.monotonic() - began > 1.0, "one a second"
        process.stdout.close()
        assert process.wait(PATIENCE * 10) in {0, 1}
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    for line in lines:
        if json_wanted:
            assert json.loads(line)["state"] == "running"
        else:
            assert b"\x1b" not in line
            assert line.endswith(b"idle, 0 documents in the last minute\n"), line


def test_stop_returns_when_the_daemon_has_ended(daemon: Installation, tmp_path: Path) -> None:
    daemon.configure('kind = "module"\nmodule = "tests.engines.echo"\noptions = { delay = 1.0 }')
    make_pdf(daemon.root / "book.pdf", 60)  # more than is read meanwhile, however busy the machine
    daemon.drop(daemon.root / "book.pdf")
    daemon.start()
    eventually(lambda: pages_done(daemon) > 0, 60)
    stopped = daemon.command("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped.\n")
    assert daemon.process is not None
    assert daemon.process.wait(1) == 0
    [job] = daemon.listed()
    assert job["state"] == "queued"
    again = daemon.command("stop")
    assert again.returncode == 69, "no daemon answers"
