"""A daemon among neighbours: its user, theirs, and an inbox that both may write."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.faults.neighbours.swaps import NEIGHBOUR
from tests.installation import ROOT, Installation, eventually

LODGER = 64000  # a user without any rights, who is not the neighbour
SHARED = 64001  # the group of all who may write into the inbox

_SWAPPER = """
import ctypes, os, sys
rename = ctypes.CDLL(None, use_errno=True).renameat2
pairs = [tuple(map(os.fsencode, pair.split("="))) for pair in sys.argv[1:]]
print("ready", flush=True)
os.set_blocking(0, False)
count = 0
while True:
    for one, other in pairs:
        # There and back, so that at the end of a round all is as it was.
        for _ in range(2):
            count += rename(-100, one, -100, other, 2) == 0
    if os.read(0, 1) if count % 64 == 0 and _readable() else b"":
        break
print(count, flush=True)
""".replace("_readable()", "__import__('select').select([0], [], [], 0)[0]")


class House(Installation):
    """An installation whose daemon runs as ``user``; the inbox belongs to a group of many."""

    def __init__(self, root: Path, user: int, interpreter: tuple[str, str]) -> None:
        super().__init__(root)
        self.user = user
        self._python, self._pythonpath = interpreter
        self.share(self.inbox)
        (root / "state").mkdir(mode=0o700)
        os.chown(root, user, user)
        os.chown(root / "state", user, user)
        root.chmod(0o755)

    def share(self, folder: Path) -> Path:
        """Make a folder that all members of the group may write."""
        folder.mkdir(exist_ok=True, parents=True)
        os.chown(folder, self.user, SHARED)
        folder.chmod(0o2775)
        return folder

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [self._python, "-m", "ocrd", "run", "--config", str(self.config)],
                cwd=ROOT, stdout=log, stderr=log, text=True, umask=0o002,
                user=self.user, group=self.user, extra_groups=[SHARED],
                env={
                    **os.environ, "PYTHONPATH": self._pythonpath, "HOME": str(self.root),
                    **(env or {}),
                },
            )  # fmt: skip
        if wait:
            eventually(lambda: self.is_up() or self.process_ended(), 30, "the daemon is up")
            assert self.process.poll() is None, self.log.read_text()

    def jobs(self) -> dict[str, int]:
        """Return how many jobs there are in each state."""
        jobs: dict[str, int] = self.status()["jobs"]
        return jobs

    def problems(self) -> str:
        """Return what keeps documents waiting, as a person is told."""
        return " ".join(self.status().get("problems", []))


@contextmanager
def swapping(*pairs: tuple[Path, Path]) -> Iterator[list[int]]:
    """Have a neighbour exchange two names without end; at the end all is as it was.

    The list gets the number of exchanges.
    """
    arguments = [f"{one}={other}" for one, other in pairs]
    counted: list[int] = []
    with subprocess.Popen(
        [_python(), "-c", _SWAPPER, *arguments], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, user=NEIGHBOUR, group=NEIGHBOUR, extra_groups=[SHARED],
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield counted
        process.stdin.write(".")
        process.stdin.flush()
        counted.append(int(process.stdout.readline()))


def _python() -> str:
    found = interpreter_for(NEIGHBOUR)
    assert found is not None, "an interpreter for the neighbour"
    return found[0]


def as_neighbour(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the neighbour."""
    return subprocess.run(
        command, capture_output=True, text=True, user=NEIGHBOUR, group=NEIGHBOUR,
        extra_groups=[SHARED],
    )  # fmt: skip


@cache
def interpreter_for(user: int) -> tuple[str, str] | None:
    """Return an interpreter that is open to a user, and its PYTHONPATH; None if there is none.

    Ours may lie in root's home; the system's of the same version does as well.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = sysconfig.get_path("purelib")
    for python, path in (
        (sys.executable, str(ROOT)), (f"/usr/bin/python{version}", f"{ROOT}:{packages}"),
    ):  # fmt: skip
        with contextlib.suppress(OSError):
            result = subprocess.run(
                [python, "-c", "import ocrd.daemon.daemon, pymupdf"], user=user, group=user,
                extra_groups=[], cwd="/", capture_output=True, env={"PYTHONPATH": path},
            )  # fmt: skip
            if result.returncode == 0:
                return python, path
    return None
