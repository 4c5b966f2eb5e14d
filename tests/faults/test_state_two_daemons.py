"""Two daemons on one inbox, of one machine or of two: one works, the other says whose it is."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ocrd.errors import FolderWithheldError
from ocrd.intake.challenge import Challenge
from tests.faults.conftest import daemon
from tests.installation import ECHO, LETTER, ROOT, Installation, eventually
from tests.unit.intake.folders import Clock
from tests.unit.intake.owners import CHALLENGE, OWNER, claim, foreign, keeping, me

__all__ = ["daemon"]

# The daemon with a lease that a test can wait for, five seconds after a challenge. It counts its
# scans.
QUICK = """
import os, sys
from ocrd.cli import main
from ocrd.intake import ownership, silence
from ocrd.intake.scan import Scanner

def counted(scanner, scan=Scanner.scan):
    with open(os.environ["SCANS"], "a") as count:
        count.write(".")
    return scan(scanner)

silence.BEAT_SECONDS, silence.LEASE_SECONDS, ownership.TRIAL_SECONDS = 0.2, 2.0, 1.0
Scanner.scan = counted
sys.argv[0] = "ocrd"
main()
"""
LONGEST_SECONDS = 5.0 + 1.0 + 2 * 1.0  # until the folder is taken from one that says nothing


class Machine(Installation):
    """An installation of its own that watches a folder which another watches too."""

    def __init__(self, root: Path, inbox: Path, host: str = "") -> None:
        root.mkdir()
        super().__init__(root)
        self.inbox.rmdir()
        self.inbox = inbox
        self.host = host

    def start(self, *, wait: bool = True, env: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-c", QUICK, "run", "--config", str(self.config)]
        if self.host:  # a machine with a name of its own
            command = ["unshare", "-u", "sh", "-c", 'hostname "$0"; exec "$@"', self.host, *command]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, text=True,
                env={
                    **os.environ, "PYTHONPATH": str(ROOT), "SCANS": str(self.root / "scans"),
                    **(env or {}),
                },
            )
        if wait:
            eventually(lambda: self.is_up() or self.process_ended(), 30, "the daemon is up")
            assert self.process.poll() is None, self.log.read_text()

    def wait_for_scans(self, number: int) -> None:
        """Wait until the folder was looked through so many times more."""
        count = self.root / "scans"
        before = count.stat().st_size
        eventually(lambda: count.stat().st_size >= before + number, 2.0 * number)

    def problems(self) -> str:
        return " ".join(self.status().get("problems", ()))


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(name: str, inbox: Path, host: str = "") -> Machine:
        machine = Machine(tmp_path / name, inbox, host)
        machine.configure()
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.stop()
        assert "Traceback" not in machine.log.read_text(), machine.log.read_text()


def written(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what any write would change: of a folder, and of all that lies in it."""
    states = {path.name: path.stat() for path in [folder, *folder.iterdir()]}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for name, one in states.items()}


def is_left_alone(second: Machine, first: Machine) -> bool:
    assert first.process is not None
    return f"process {first.process.pid}" in second.problems()


@pytest.mark.parametrize("source", ["move", "keep"])
def test_an_idle_folder_is_scanned_and_never_written(
    machines: Callable[..., Machine], tmp_path: Path, source: str
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    only = machines("a", inbox)
    only.configure(inbox=f'source = "{source}"')
    only.start()
    only.drop(LETTER, "one.png")
    only.wait_for("one.md" if source == "keep" else "done/one.md")
    only.wait_for_scans(3)  # its mark says by now how far it was read
    before = written(inbox)
    only.wait_for_scans(10)
    assert written(inbox) == before


def test_a_challenge_that_a_killed_daemon_left_is_answered_once_and_removed(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    only = machines("a", inbox)
    only.start()
    eventually(lambda: (inbox / OWNER).exists(), 20)
    before = (inbox / OWNER).read_bytes()
    Challenge(inbox, me("b")).leave()
    eventually(lambda: not (inbox / CHALLENGE).exists(), 20)
    answer = (inbox / OWNER).read_bytes()
    assert answer != before
    only.wait_for_scans(3)
    assert (inbox / OWNER).read_bytes() == answer
    assert only.status()["jobs"]["queued"] == only.status()["jobs"]["done"] == 0


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_second_daemon_leaves_the_folder_alone_until_the_first_has_gone(
    machines: Callable[..., Machine], tmp_path: Path, end: str
) -> None:
    inbox = tmp_path / "shared"
    inbox.mkdir()
    first, second = machines("a", inbox), machines("b", inbox)
    first.start()
    eventually(lambda: (inbox / OWNER).exists(), 20)
    second.start()
    eventually(lambda: is_left_alone(second, first), 20)
    assert second.status()["inboxes"][0]["online"] is False
    assert str(first.root / "state") in second.problems()
    first.drop(LETTER, "one.png")
    first.wait_for("done/one.md", "done/one.png")
    eventually(lambda: first.status()["jobs"]["done"] == 1, 10)
    assert second.status()["jobs"]["done"] == 0
    first.stop() if end == "stop" else first.kill()
    second.drop(LETTER, "two.png")
    second.wait_for("done/two.md", "done/two.png", limit=30)
    assert "folder-withheld" in second.log.read_text()
    assert "folder-taken" in second.log.read_text()
    assert second.tree() == ["done/one.md", "done/one.png", "done/two.md", "done/two.png"]


def test_an_owner_that_stands_still_is_not_robbed_where_the_file_system_knows_locks(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    inbox = tmp_path / "shared"
    inbox.mkdir()
    first, second = machines("a", inbox), machines("b", inbox)
    first.start()
    eventually(lambda: (inbox / OWNER).exists(), 20)
    first.signal(signal.SIGSTOP)
    try:
        second.start()
        eventually(lambda: is_left_alone(second, first), 20)
        scans = second.status()["inboxes"][0]
        began = time.monotonic()
        while time.monotonic() - began < LONGEST_SECONDS + 2:
            assert second.status()["inboxes"][0]["online"] is False, scans
            time.sleep(0.2)
    finally:
        first.signal(signal.SIGCONT)


needs_bindfs = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("bindfs") or not Path("/dev/fuse").exists(),
    reason="needs root, bindfs and /dev/fuse",
)


@contextlib.contextmanager
def shared(server: Path) -> Iterator[list[Path]]:
    """Mount a folder twice, so that the locks of one mount say nothing in the other."""
    server.mkdir()
    mounts = [server.with_name("mount-a"), server.with_name("mount-b")]
    try:
        for mount in mounts:
            mount.mkdir()
            subprocess.run(["bindfs", str(server), str(mount)], check=True)
        yield mounts
    finally:
        for mount in mounts:
            subprocess.run(["umount", "-l", str(mount)], check=False)


@needs_bindfs
def test_of_two_machines_on_a_share_without_locks_one_works_and_the_other_takes_over(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    server = tmp_path / "server"
    with shared(server) as mounts:
        first = machines("a", mounts[0], "scanner-room")
        second = machines("b", mounts[1], "office")
        first.start()
        eventually(lambda: (server / OWNER).exists(), 20)
        second.start()
        eventually(lambda: "scanner-room" in second.problems(), 20)
        first.drop(LETTER, "one.png")
        first.wait_for("done/one.md")
        began = time.monotonic()
        while time.monotonic() - began < LONGEST_SECONDS + 2:  # the first lives, and answers
            assert second.status()["inboxes"][0]["online"] is False
            time.sleep(0.2)
        assert first.process is not None
        tree = psutil.Process(first.process.pid)
        for process in [*tree.children(recursive=True), tree]:  # the power of the machine is cut
            process.kill()
        first.process.wait()
        (server / "two.png").write_bytes(LETTER.read_bytes())
        second.wait_for("done/two.md", limit=30)
        assert not (server / CHALLENGE).exists()
        first.start()
        eventually(lambda: "office" in first.problems(), 20)
        first.stop()
        eventually(lambda: not (server / CHALLENGE).exists(), 10)
        second.stop()
        assert not (server / OWNER).exists()


@needs_bindfs
def test_a_machine_that_slept_files_nothing_in_the_folder_that_was_taken_meanwhile(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    with shared(tmp_path / "server") as mounts:
        first = machines("a", mounts[0], "laptop")
        second = machines("b", mounts[1], "office")
        slow = f"{ECHO}\noptions = {{ delay = 12 }}"
        for one in (first, second):
            one.configure(engine=slow)
        first.start()
        eventually(lambda: (tmp_path / "server" / OWNER).exists(), 20)
        first.drop(LETTER, "one.png")
        eventually(lambda: first.status()["working"], 20)
        second.start()
        eventually(lambda: "laptop" in second.problems(), 20)
        first.signal(signal.SIGSTOP)  # its page is read meanwhile
        eventually(lambda: second.status()["working"], 40, "the second has taken over")
        time.sleep(2)
        first.signal(signal.SIGCONT)
        eventually(lambda: "office" in first.problems(), 20)
        second.wait_for("done/one.md", "done/one.png")
        assert second.status()["jobs"]["done"] == 1
        assert first.status()["jobs"]["done"] == 0
        assert second.tree() == ["done/one.md", "done/one.png"]


def test_the_same_ledger_goes_on_at_once_after_a_crash(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    inbox = tmp_path / "shared"
    inbox.mkdir()
    only = machines("a", inbox)
    Installation.start(only)  # with the lease of a minute
    eventually(lambda: (inbox / OWNER).exists(), 20)
    only.kill()
    only.drop(LETTER, "one.png")
    Installation.start(only)
    only.wait_for("done/one.md", limit=30)


def test_an_archive_read_by_another_machine_is_not_read_again(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    inbox = tmp_path / "shared"
    inbox.mkdir()
    first, second = machines("a", inbox), machines("b", inbox)
    for one in (first, second):
        one.configure(inbox='source = "keep"')
    first.drop(LETTER, "one.png")
    first.start()
    first.wait_for("one.md")
    first.stop()
    second.start()
    eventually(lambda: "another ledger" in second.problems(), 20)
    assert second.status()["jobs"]["queued"] == 0
    second.stop()
    assert second.command("ledger", "rebuild").returncode == 0
    second.start()
    second.drop(LETTER, "two.png")
    second.wait_for("two.md")
    assert second.tree() == ["one.md", "one.png", "two.md", "two.png"]


def test_a_link_in_the_place_of_the_mark_pauses_the_folder_until_it_is_gone(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    inbox = tmp_path / "shared"
    inbox.mkdir()
    only = machines("a", inbox)
    only.drop(LETTER, "one.png")
    (inbox / OWNER).symlink_to(tmp_path / "elsewhere")
    only.start()
    eventually(lambda: "is not what ocrd writes" in only.problems(), 20)
    assert not (tmp_path / "elsewhere").exists()
    (inbox / OWNER).unlink()
    only.wait_for("done/one.md", limit=30)


# What needs root


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_the_mark_of_another_user_is_replaced_once_that_has_gone_if_it_can_be_read(
    tmp_path: Path, mode: int
) -> None:
    foreign(tmp_path, me("b", answers=30))
    (tmp_path / OWNER).chmod(mode)
    folder = tmp_path
    while folder != Path("/tmp"):
        folder.chmod(0o777)
        folder = folder.parent
    program = (
        "import os, pathlib, sys; from tests.unit.intake.folders import Clock\n"
        "from tests.unit.intake.owners import claim, is_taken, me, owner_of, wait\n"
        "root, clock = pathlib.Path(sys.argv[1]), Clock()\n"
        "os.setuid(65534); mine = claim(root, me('a'), clock)\n"
        "try: mine.require()\n"
        "except Exception as error: print(error)\n"
        "print(wait(mine, clock, 1000))\n"
        "print(owner_of(root).ledger)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if mode == 0o644:
        assert "on b " in told.stdout
        assert told.stdout.splitlines()[-1:] == ["a"], told.stderr
        assert [path.name for path in tmp_path.iterdir()] == [OWNER]
    else:
        assert "cannot be read" in told.stdout, told.stderr
        assert told.stdout.splitlines()[1:2] == ["None"], told.stderr


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_an_archive_that_cannot_be_marked_is_read_where_the_ledger_knows_it(
    tmp_path: Path,
) -> None:
    with read_only(tmp_path):
        for is_known, looks_read in ((True, True), (False, False)):
            mine = claim(tmp_path, me("a"), Clock())
            mine.keeping = keeping(is_known=is_known, looks_read=looks_read)
            mine.require()
            mine.confirm()
        mine = claim(tmp_path, me("a"), Clock())
        mine.keeping = keeping(is_known=False, looks_read=True)
        with pytest.raises(FolderWithheldError, match="read again"):
            mine.require()
    assert not (tmp_path / OWNER).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_who_sees_anothers_folder_read_only_cannot_ask_and_does_not_take_it(
    tmp_path: Path,
) -> None:
    foreign(tmp_path, me("b", answers=30))
    clock = Clock()
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping(is_known=True)
    with read_only(tmp_path):
        for _ in range(100):
            clock.now += 5.0
            with pytest.raises(FolderWithheldError, match="cannot be written to ask"):
                mine.require()
    (tmp_path / OWNER).unlink()
    mine.require()
    mine.confirm()
