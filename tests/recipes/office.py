"""A server with ocrd on it, set up from docs/scanners.md, and what devices send to it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.installation import eventually
from tests.recipes import page
from tests.system.service import Service

PASSWORD = "quite secret"
QUICK = 'settle = "500ms"\nscan_interval = "1s"\n'


class Office:
    """The server, and a person of the group ocrd: anna."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.machine = service.machine
        self._followed: set[str] = set()
        self._config = service.root / "etc" / "config.toml"

    def open(self) -> None:
        """Have ocrd running, with people and with what all recipes need."""
        self.run("echo 127.0.0.1 server >> /etc/hosts")
        self.run("useradd --create-home --groups ocrd anna")
        self.follow(page.COMMON)
        self.service.start()

    def run(self, script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a script as root on the server, as a person would in a shell."""
        lines = f"password={PASSWORD!r}\n{script}"
        return self.machine.run("bash", "-e", "-c", lines, check=check)

    @contextlib.contextmanager
    def begun(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command on the server, with a pipe into it; it ends with the block."""
        with self.machine.begin(*command) as process:
            try:
                yield process
            finally:
                cut(process)

    def follow(self, recipe: str) -> None:
        """Do what a recipe says, once."""
        if recipe in self._followed:
            return
        self._followed.add(recipe)
        blocks = page.recipes()[recipe]
        for block in blocks:
            if block.is_file:
                place = self.machine.path(block.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(block.text)
        for block in blocks:
            if block.name == "server":
                self.run(block.text)
            elif block.name == "inbox":
                self._config.write_text(self._config.read_text() + block.text + QUICK)
        if recipe != page.COMMON:
            self.machine.systemctl("reload", "ocrd")

    # What can be seen

    def path(self, place: Path | str) -> Path:
        """Return where a path of the server is found from outside."""
        return self.machine.path(str(place))

    def jobs(self, inbox: Path) -> dict[str, dict[str, Any]]:
        """Return the jobs of one inbox, by the name of their source."""
        found = self.service.client.jobs()["jobs"]
        return {job["relpath"]: job for job in found if job["inbox"] == str(inbox)}

    def times_begun(self, inbox: Path, name: str) -> int:
        """Return how often ocrd has begun to read a document."""
        return len(
            self.service.journal(f"OCRD_INBOX={inbox}", f"OCRD_DOCUMENT={name}", "OCRD_EVENT=begun")
        )

    def wait(self, condition: Callable[[], Any], what: str, limit: float = 15.0) -> Any:
        """Wait for something to become true, and say what ocrd did where it does not."""
        try:
            return eventually(condition, limit, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.service.journal_text()[-3000:]}") from None

    def wait_until_read(self, inbox: Path, name: str, content: bytes) -> None:
        """Wait until a document is filed, and see that it is whole."""
        done = self.path(inbox / "done" / name)
        self.wait(lambda: done.exists() and done.with_suffix(".md").exists(), f"{name} is read")
        assert digest(done.read_bytes()) == digest(content)
        self.wait(lambda: self.jobs(inbox)[name]["state"] == "done", f"{name} is done")

    def outlive_the_settle_time(self, inbox: Path, witness: bytes) -> None:
        """Wait until a document that came later than all others has been read."""
        name = f"witness-{len(self.jobs(inbox))}.png"
        here = self.path(inbox / name)
        here.write_bytes(witness)
        self.wait_until_read(inbox, name, witness)


def cut(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a command on the server, not to what went there with it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for child in children.read_text().split() if process.poll() is None else []:
        os.kill(int(child), number)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
