"""A machine with a real systemd as its first process: a Debian tree, booted in a container.

Trees are made once by mmdebstrap and kept below build/; a boot takes less than a second, on an
overlay in memory, so that nothing changes the tree. What is bound from outside lasts over reboots.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.installation import ROOT, eventually

TREES = ROOT / "build" / "machines"
PACKAGES = (
    "systemd", "dbus", "libpam-systemd", "adduser", "ca-certificates",
    # What the Debian package depends on: one tree serves all that need no more.
    "python3", "libgcc-s1", "libsystemd0",
    # What a Python from outside is linked against.
    "libssl3", "libsqlite3-0", "libffi8", "zlib1g", "libbz2-1.0", "liblzma5", "libexpat1",
    "libreadline8", "libstdc++6",
)  # fmt: skip
RENAMED = {"trixie": {"libssl3": "libssl3t64", "libreadline8": "libreadline8t64"}}
TOOLS = ("systemd-nspawn", "mmdebstrap", "nsenter")
BOOT_SECONDS = 60.0


def missing() -> str:
    """Return what a machine needs and is not here, "" where all is."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (packaging/bootstrap.sh dev installs them)"
    if not hierarchies():
        return "no cgroup2 file system is mounted"
    return ""


def hierarchies() -> list[Path]:
    """Return the cgroup hierarchies that systemd uses: the unified one, and beside v1 its own."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(place))
    return found


def this_suite() -> str:
    """Return the name of the Debian that this is, which the package is built for."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["VERSION_CODENAME"]


def tree(suite: str, more: Sequence[str] = ()) -> Path:
    """Return the root of a Debian of that suite with those packages too, made where it is new."""
    renamed = RENAMED.get(suite, {})
    packages = sorted({renamed.get(name, name) for name in (*PACKAGES, *more)})
    mark = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
    place = TREES / f"{suite}-{mark}"
    TREES.mkdir(parents=True, exist_ok=True)
    with (TREES / f"{suite}-{mark}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _make(suite, packages, place)
    return place


def _make(suite: str, packages: Sequence[str], place: Path) -> None:
    nascent = place.with_suffix(".new")
    shutil.rmtree(nascent, ignore_errors=True)
    subprocess.run(
        [
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
            # Else a package that is installed later would not start its service.
            '--customize-hook=rm -f "$1/usr/sbin/policy-rc.d"',
            suite, str(nascent),
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    nascent.rename(place)


class Machine:
    """One machine: boot it, run commands on it, pull its plug."""

    def __init__(self, tree: Path, binds: dict[str, Path], read_only: dict[str, Path]) -> None:
        self.tree = tree
        self._id = uuid.uuid4().hex
        self.name = f"ocrd-{self._id[:8]}"
        self._binds = [f"--bind={here}:{there}" for there, here in binds.items()]
        self._binds += [f"--bind-ro={here}:{there}" for there, here in read_only.items()]
        self._console = tree.parent / f"{self.name}.console"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def boot(self) -> None:
        """Start the machine and wait until its boot has come to an end."""
        groups = [place / self.name for place in hierarchies()]
        for group in groups:
            group.mkdir(exist_ok=True)

        def enter_groups() -> None:  # two machines in one group would end each other's services
            for group in groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                [
                    "systemd-nspawn", "--quiet", f"--directory={self.tree}",
                    f"--machine={self.name}", "--register=no", "--keep-unit",
                    f"--uuid={self._id}",  # it stays the same machine over its boots
                    "--volatile=overlay", "--private-network", "--console=pipe",
                    "--capability=CAP_IPC_LOCK,CAP_BPF",
                    "--system-call-filter=@memlock bpf landlock_create_ruleset"
                    " landlock_add_rule landlock_restrict_self",
                    *self._binds, "--boot", "systemd.unit=multi-user.target",
                ],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                preexec_fn=enter_groups,  # noqa: PLW1509 -- no thread here holds a lock by then
            )  # fmt: skip
        eventually(self._has_booted, BOOT_SECONDS, f"the boot; {self._console.read_text()}")

    def _has_booted(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._console.read_text()
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        leaders = children.read_text().split()
        if not leaders:
            return False
        self._leader = int(leaders[0])
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in {"running", "degraded"}

    def run(
        self, *command: str, check: bool = True, limit: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine, as root."""
        result = subprocess.run(
            [*self._enter(), *command],
            capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert not check or result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result

    def begin(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command on the machine, as root, with pipes to it and from it."""
        return subprocess.Popen(
            [*self._enter(), *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _enter(self) -> list[str]:
        return [
            "nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid",
            "--cgroup", "--",
        ]  # fmt: skip

    def systemctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run systemctl on the machine."""
        return self.run("systemctl", "--no-pager", *arguments, check=check)

    def show(self, unit: str, key: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", unit, f"--property={key}", "--value").stdout.strip()

    def path(self, path: str) -> Path:
        """Return where a path of the machine is found from outside, sockets too."""
        return Path(f"/proc/{self._leader}/root{path}")

    def pull_the_plug(self) -> None:
        """End everything on the machine at once, as a power cut does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._leader, signal.SIGKILL)
        self._wait()

    def reboot(self) -> None:
        """Shut the machine down in order and boot it again."""
        self.systemctl("reboot", check=False)
        self._wait()
        self.boot()

    def stop(self) -> None:
        """Pull the plug and clear away what is left outside."""
        if self._process is not None and self._process.poll() is None:
            self.pull_the_plug()
        for place in hierarchies():
            for group in sorted((place / self.name).rglob("*"), reverse=True):
                if group.is_dir():
                    group.rmdir()
            with contextlib.suppress(FileNotFoundError):
                (place / self.name).rmdir()
        self._console.unlink(missing_ok=True)

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(BOOT_SECONDS)


@contextlib.contextmanager
def booted(machine: Machine) -> Iterator[Machine]:
    """Provide the machine, running."""
    try:
        machine.boot()
        yield machine
    finally:
        machine.stop()
