"""One installation under the campaign: its daemon, every call of it held, killed and restarted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from ocrd.errors import OcrdError
from ocrd.web.client import Client
from tests.faults.campaign.supervisor import Supervisor
from tests.installation import ROOT, eventually

START_SECONDS = 60.0

TOP = """
state_dir = "{root}/state"
free_space_floor = 0
log_level = "warning"
[rasterize]
children = 1
[engine]
kind = "module"
module = "tests.engines.journal"
restart_backoff = "50ms"
options = {{ journal = "{root}/journal", refuse = {refuse} }}
"""
INBOX = """
[[inbox]]
path = "{path}"
settle = "50ms"
scan_interval = "1s"
patience = "0s"
front_matter = true
{more}
"""


class Site:
    """Folders, a configuration, and the daemon when it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config.toml"
        self.log = root / "daemon.log"
        self.journal = root / "journal"
        self.outside: list[Path] = []  # folders on another file system
        self.process: subprocess.Popen[bytes] | None = None
        self.supervisor: Supervisor | None = None
        self.starts = 0
        self.environment: dict[str, str] = {}  # besides our own

    def configure(self, inboxes: dict[Path, str], *, refuse: int = 0) -> None:
        """Write the configuration; ``inboxes`` has each one's settings besides the usual ones."""
        text = TOP.format(root=self.root, refuse=refuse)
        for path, more in inboxes.items():
            path.mkdir(parents=True, exist_ok=True)
            text += INBOX.format(path=path, more=more)
        self.config.write_text(text)

    def begin(self) -> None:
        """Start the daemon and return at once, every call from its first on being seen."""
        ours, theirs = socket.socketpair()
        with ours, self.log.open("ab") as log:
            with theirs:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "tests.faults.campaign.launch", str(theirs.fileno()),
                     str(os.getpid()), "run", "--config", str(self.config)],
                    cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
                )  # fmt: skip
            ours.settimeout(START_SECONDS)
            _, (listener,), _, _ = socket.recv_fds(ours, 100, 1)
        self.starts += 1
        self.supervisor = Supervisor(
            listener, [self.root, *self.outside], [self.log, self.config]
        )

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        self.begin()
        eventually(lambda: self.is_up() or self.has_ended(), START_SECONDS, interval=0.02)
        assert not self.has_ended(), self.said()

    def is_up(self) -> bool:
        return self.status() != {}

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def client(self) -> Client:
        return Client(self.root / "state" / "run" / "ocrd.sock")

    def status(self) -> dict[str, Any]:
        """Return what the daemon says of itself, nothing where none answers."""
        try:
            return self.client.status()
        except OcrdError:
            return {}

    def kill(self) -> None:
        """Kill the daemon at this moment, if it still lives, and wait for all of it to be gone."""
        assert self.process is not None
        assert self.supervisor is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.supervisor.join(30.0)

    def said(self) -> str:
        """Return the end of the daemon's log."""
        return self.log.read_text(errors="replace")[-6000:]
