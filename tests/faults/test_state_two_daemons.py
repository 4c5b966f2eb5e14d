"""Two daemons on one inbox, of one machine or of two: one works, the other says whose it is."""

from __future__ import annotations

import json
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
from ocrd.intake import ownership
from ocrd.intake.keeping import Keeping
from ocrd.intake.ownership import Claim
from ocrd.intake.record import RECORD_BYTES, Record, decode
from tests.faults.conftest import daemon
from tests.installation import LETTER, ROOT, Installation, eventually

__all__ = ["daemon"]

OWNER = ".ocrd-owner"
# The daemon with a lease that a test can wait for.
QUICK = (
    "import sys; from ocrd.intake import ownership; from ocrd.cli import main\n"
    "ownership.BEAT_SECONDS, ownership.LEASE_SECONDS = 0.2, 2.0\n"
    "sys.argv[0] = 'ocrd'; main()"
)


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
                env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            )
        if wait:
            eventually(lambda: self.is_up() or self.process_ended(), 30, "the daemon is up")
            assert self.process.poll() is None, self.log.read_text()

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


def is_left_alone(second: Machine, first: Machine) -> bool:
    assert first.process is not None
    return f"process {first.process.pid}" in second.problems()


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
        while time.monotonic() - began < 2 * 2.0 + 1:  # twice the lease of a test, and more
            assert second.status()["inboxes"][0]["online"] is False, scans
            time.sleep(0.2)
    finally:
        first.signal(signal.SIGCONT)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("bindfs") or not Path("/dev/fuse").exists(),
    reason="needs root, bindfs and /dev/fuse",
)
def test_of_two_machines_on_a_share_without_locks_one_works_and_the_other_takes_over(
    machines: Callable[..., Machine], tmp_path: Path
) -> None:
    server = tmp_path / "server"
    server.mkdir()
    mounts = []
    try:
        for name in ("mount-a", "mount-b"):
            (tmp_path / name).mkdir()
            subprocess.run(["bindfs", str(server), str(tmp_path / name)], check=True)
            mounts.append(tmp_path / name)
        first = machines("a", mounts[0], "scanner-room")
        second = machines("b", mounts[1], "office")
        first.start()
        eventually(lambda: (server / OWNER).exists(), 20)
        second.start()
        eventually(lambda: "scanner-room" in second.problems(), 20)
        first.drop(LETTER, "one.png")
        first.wait_for("done/one.md")
        began = time.monotonic()
        while time.monotonic() - began < 5:  # the first lives: longer than the lease
            assert second.status()["inboxes"][0]["online"] is False
            time.sleep(0.2)
        assert first.process is not None
        tree = psutil.Process(first.process.pid)
        for process in [*tree.children(recursive=True), tree]:  # the power of the machine is cut
            process.kill()
        first.process.wait()
        (server / "two.png").write_bytes(LETTER.read_bytes())
        second.wait_for("done/two.md", limit=30)
        first.start()
        eventually(lambda: "office" in first.problems(), 20)
        first.stop()
        second.stop()
    finally:
        for mount in mounts:
            subprocess.run(["umount", "-l", str(mount)], check=False)


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


# The rules alone, on a clock of our own


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def me(name: str, **more: object) -> Record:
    return Record(ledger=name, session=f"{name}-1", host=name, boot=name, pid=1, **more)  # type: ignore[arg-type]


def claim(root: Path, record: Record, clock: Clock) -> Claim:
    return Claim(root, record, changed=lambda: None, clock=clock)


def foreign(root: Path, record: Record) -> None:
    (root / OWNER).write_bytes(record.encode())


def test_an_owner_of_another_machine_is_waited_for_while_its_count_grows(tmp_path: Path) -> None:
    clock = Clock()
    mine = claim(tmp_path, me("b"), clock)
    for beat in range(20):
        foreign(tmp_path, me("a", beat=beat))
        clock.now += ownership.LEASE_SECONDS - 1
        with pytest.raises(FolderWithheldError, match="on a "):
            mine.require()
    clock.now += ownership.LEASE_SECONDS + 1
    mine.require()
    found = decode((tmp_path / OWNER).read_bytes())
    assert found is not None and found.ledger == "b"


def test_an_owner_that_was_robbed_while_it_slept_gives_way(tmp_path: Path) -> None:
    clock = Clock()
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    foreign(tmp_path, me("b"))
    mine._beat()
    with pytest.raises(FolderWithheldError, match="on b "):
        mine.require()
    foreign(tmp_path, replace_beat(me("b")))
    clock.now += ownership.LEASE_SECONDS + 1
    with pytest.raises(FolderWithheldError):
        mine.require()


def replace_beat(record: Record) -> Record:
    body = json.loads(record.encode())
    del body["ocrd"]
    return Record(**{**body, "beat": record.beat + 1})


def test_a_copied_ledger_on_another_machine_has_no_right_of_its_own(tmp_path: Path) -> None:
    clock = Clock()
    foreign(tmp_path, Record(ledger="same", session="x", host="a", boot="boot-a", machine="m-a"))
    cloned = claim(
        tmp_path, Record(ledger="same", session="y", host="b", boot="boot-b", machine="m-b"), clock
    )
    with pytest.raises(FolderWithheldError):
        cloned.require()


@pytest.mark.parametrize(
    "plant",
    [
        lambda mark, victim: mark.symlink_to(victim),
        lambda mark, victim: mark.hardlink_to(victim),
        lambda mark, _: os.mkfifo(mark),
        lambda mark, _: mark.mkdir(),
        lambda mark, _: mark.write_bytes(b"\xff" * 100_000),
        lambda mark, _: mark.write_text('{"ocrd": 1, "beat": {}, "host": ["x"]}'),
        lambda mark, _: mark.write_text(f'{{"ocrd": 1, "beat": {"9" * 3000}}}'),
        lambda mark, _: mark.write_text('{"ocrd": 1, "beat": Infinity}'),
    ],
    ids=["symlink", "hard link", "pipe", "folder", "noise", "half", "long number", "no number"],
)
def test_what_is_no_owners_mark_is_never_written(
    tmp_path: Path, plant: Callable[[Path, Path], object]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(me("victim", released=True).encode())
    before = victim.read_bytes()
    plant(tmp_path / OWNER, victim)
    planted = (tmp_path / OWNER).lstat()
    mine = claim(tmp_path, me("a"), Clock())
    with pytest.raises(FolderWithheldError, match="is not what ocrd writes"):
        mine.require()
    assert victim.read_bytes() == before
    assert (tmp_path / OWNER).lstat() == planted


def test_an_empty_mark_does_not_open_an_archive_that_looks_read(tmp_path: Path) -> None:
    (tmp_path / OWNER).touch()
    mine = claim(tmp_path, me("a"), Clock())
    mine.keeping = keeping(is_known=False, looks_read=True)
    with pytest.raises(FolderWithheldError, match="read again"):
        mine.require()
    mine.keeping = keeping(is_known=False, looks_read=False)
    mine.require()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
def test_the_mark_of_another_user_that_has_gone_is_replaced(tmp_path: Path) -> None:
    foreign(tmp_path, me("b"))
    (tmp_path / OWNER).chmod(0o644)
    folder = tmp_path
    while folder != Path("/tmp"):
        folder.chmod(0o777)
        folder = folder.parent
    program = (
        "import os, pathlib, sys; from ocrd.errors import FolderWithheldError\n"
        "from ocrd.intake import ownership; from ocrd.intake.ownership import Claim\n"
        "from ocrd.intake.record import Record, decode\n"
        "os.setuid(65534); now = [0.0]\n"
        "mine = Claim(pathlib.Path(sys.argv[1]), Record(ledger='a', session='a'),"
        " changed=lambda: None, clock=lambda: now[0])\n"
        "try: mine.require()\n"
        "except FolderWithheldError as error: print(error.what)\n"
        "now[0] += ownership.LEASE_SECONDS + 1; mine.require(); mine.require()\n"
        "print(decode((pathlib.Path(sys.argv[1]) / '.ocrd-owner').read_bytes()).ledger)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.splitlines()[-1:] == ["a"], told.stderr
    assert "on b " in told.stdout


def test_the_mark_has_one_size_whatever_the_names_are(tmp_path: Path) -> None:
    record = me("ä" * 400, state_dir="/\udce9" * 600)
    assert len(record.encode()) == RECORD_BYTES
    assert decode(record.encode()) is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_an_archive_that_cannot_be_marked_is_read_where_the_ledger_knows_it(
    tmp_path: Path,
) -> None:
    subprocess.run(["mount", "--bind", str(tmp_path), str(tmp_path)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(tmp_path)], check=True)
        for is_known, looks_read in ((True, True), (False, False)):
            mine = claim(tmp_path, me("a"), Clock())
            mine.keeping = keeping(is_known=is_known, looks_read=looks_read)
            mine.require()
        mine = claim(tmp_path, me("a"), Clock())
        mine.keeping = keeping(is_known=False, looks_read=True)
        with pytest.raises(FolderWithheldError, match="read again"):
            mine.require()
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)
    assert not (tmp_path / OWNER).exists()


def keeping(*, is_known: bool, looks_read: bool) -> Keeping:
    return Keeping(lambda: 1, lambda: is_known, lambda: looks_read)
