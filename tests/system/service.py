"""ocrd as a service on a machine: the units of this repository, its code, its folders outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from ocrd.intake.scan import OWNER_NAME
from ocrd.web.client import Client
from tests.installation import ECHO, ROOT, eventually
from tests.system.machine import Machine

UNIT = "ocrd.service"
LAUNCHER = """#!/bin/sh
export LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/ocrd/source:/opt/ocrd/packages
exec /opt/python/bin/python3 -m ocrd "$@"
"""


def python() -> dict[str, Path]:
    """Return where this interpreter is found on the machine, which may have another or none."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base = Path(sys.base_prefix)
    places = {
        "/opt/python/bin/python3": base / "bin" / version,
        f"/opt/python/lib/{version}": base / "lib" / version,
        "/opt/ocrd/packages": Path(sysconfig.get_path("purelib")),
    }
    for library in (base / "lib").glob(f"lib{version}.so*"):
        places[f"/opt/python/lib/{library.name}"] = library
    return places


def source(place: Path) -> Path:
    """Copy our code there as it is now, compiled: the sandbox keeps the service from doing that."""
    for name in ("ocrd", "tests/engines", "tests/resources"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "__init__.py", place / "tests")
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-s", place, "-p", "/opt/ocrd/source", place],
        check=True,
    )
    return place


class Service:
    """One machine with ocrd installed, its state below ``root``."""

    def __init__(self, tree: Path, root: Path) -> None:
        self.root = root
        self.inbox = root / "srv" / "ocrd" / "inbox"
        self.units = root / "units"
        self.since = "0"  # when the test began, in seconds since 1970
        lasting = {
            "/etc/systemd/system": self.units, "/etc/ocrd": root / "etc", "/srv": root / "srv",
            "/var/lib/ocrd": root / "state", "/var/log/journal": root / "journal",
            "/home": root / "home",
        }  # fmt: skip
        for place in lasting.values():
            place.mkdir()
        launcher = root / "ocrd"
        launcher.write_text(LAUNCHER)
        launcher.chmod(0o755)
        installed = {
            "/usr/bin/ocrd": launcher,
            "/usr/lib/systemd/system/ocrd.service": ROOT / "systemd" / "ocrd.service",
            "/usr/lib/systemd/system/ocrd-backup.service": ROOT / "systemd" / "ocrd-backup.service",
            "/usr/lib/systemd/system/ocrd-backup.timer": ROOT / "systemd" / "ocrd-backup.timer",
            "/usr/lib/systemd/user/ocrd.service": ROOT / "systemd" / "user" / "ocrd.service",
            "/usr/lib/sysusers.d/ocrd.conf": ROOT / "packaging" / "sysusers.d" / "ocrd.conf",
            "/usr/lib/tmpfiles.d/ocrd.conf": ROOT / "packaging" / "tmpfiles.d" / "ocrd.conf",
        }
        code = {"/opt/ocrd/source": source(root / "source")}
        self.machine = Machine(tree, lasting, {**installed, **python(), **code})

    # The machine's administrator

    def configure(self, engine: str = ECHO, inbox: str = "", top: str = "", more: str = "") -> None:
        """Write the configuration, quick to settle."""
        config = self.root / "etc" / "config.toml"
        config.write_text(
            f"free_space_floor = 0\n{top}\n[engine]\n{engine}\n[rasterize]\nchildren = 1\n"
            '[[inbox]]\npath = "/srv/ocrd/inbox"\nsettle = "200ms"\nscan_interval = "1s"\n'
            f'patience = "2s"\n{inbox}\n{more}\n'
        )
        config.chmod(0o644)

    def override(self, name: str, text: str) -> None:
        """Write a drop-in of the unit; an empty one takes it away."""
        drop_in = self.units / "ocrd.service.d" / f"{name}.conf"
        drop_in.parent.mkdir(exist_ok=True)
        drop_in.unlink(missing_ok=True)
        if text:
            drop_in.write_text(f"[Service]\n{text}\n")
        self.machine.systemctl("daemon-reload")

    def start(self) -> None:
        """Start the service as an administrator does, and wait for systemd's answer."""
        result = self.machine.systemctl("start", UNIT, check=False)
        assert result.returncode == 0, result.stderr + self.journal_text()

    def stop(self) -> None:
        self.machine.systemctl("stop", UNIT)

    def signal(self, name: str) -> None:
        """Send a signal to the daemon alone."""
        self.machine.systemctl("kill", "--kill-who=main", f"--signal={name}", UNIT)

    def reset(self) -> None:
        """Bring the service back to how it was installed, without documents."""
        self.machine.systemctl("stop", UNIT)
        self.machine.systemctl("disable", UNIT)
        shutil.rmtree(self.units / "ocrd.service.d", ignore_errors=True)
        self.machine.systemctl("daemon-reload")
        self.machine.systemctl("reset-failed", UNIT, check=False)
        self._take_in()  # what the last test's service said is of the time before
        self.since = self.machine.run("date", "+%s.%6N").stdout.strip()
        for place in (self.root / "state", self.inbox):
            for path in place.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.configure()

    # What can be seen

    def show(self, key: str) -> str:
        """Return a property of the unit."""
        return self.machine.show(UNIT, key)

    @property
    def pid(self) -> str:
        """The daemon's process number, as the machine counts it."""
        return self.show("MainPID")

    def is_active(self) -> bool:
        return self.show("ActiveState") == "active"

    @property
    def client(self) -> Client:
        """A way to the daemon past the command line, which takes half a second to start."""
        return Client(self.machine.path("/run/ocrd/ocrd.sock"))

    def jobs(self) -> list[dict[str, Any]]:
        """Return the ledger's jobs, whether or not the daemon runs."""
        told = self.machine.run("ocrd", "jobs", "--json").stdout
        found: list[dict[str, Any]] = json.loads(told)["jobs"]
        return found

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Return the service's records that have these fields, with all fields."""
        self._take_in()
        result = self.machine.run("journalctl", "--unit=ocrd", "--output=json", *matches)
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]

    def journal_text(self, *matches: str) -> str:
        """Return the journal as an administrator reads it."""
        self._take_in()
        return self.machine.run("journalctl", "--unit=ocrd", "--no-pager", *matches).stdout

    def wait_for_text(self, *texts: str) -> None:
        """Wait until the journal of this test has these texts.

        What a process says last is taken in a moment after systemd tells that it has ended.
        """

        def told() -> bool:
            journal = self.journal_text(f"--since=@{self.since}")
            return all(text in journal for text in texts)

        try:
            eventually(told, 15)
        except AssertionError:
            raise AssertionError(f"{texts} not in:\n{self.journal_text()}") from None

    def _take_in(self) -> None:
        """Have journald write down what it has received."""
        self.machine.run("journalctl", "--sync")

    # Documents

    def drop(self, source: Path, name: str = "") -> Path:
        """Put a document into the inbox as a user does who may write there."""
        target = self.inbox / (name or source.name)
        shutil.copyfile(source, target)
        return target

    def tree(self) -> list[str]:
        """Return the files below the inbox, but for what says whose it is."""
        return sorted(
            str(path.relative_to(self.inbox))
            for path in self.inbox.rglob("*")
            if path.is_file() and path.name != OWNER_NAME
        )

    def wait_for(self, *names: str, limit: float = 60.0) -> None:
        """Wait until all of these are below the inbox."""
        try:
            eventually(lambda: set(names) <= set(self.tree()), limit)
        except AssertionError:
            raise AssertionError(f"{names} not in {self.tree()}\n{self.journal_text()}") from None
