from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.intake.inbox import Inbox, InboxStatus, Watches
from ocrd.intake.scan import Scanner, junk
from ocrd.job import Candidate

LIMIT_SECONDS = 60.0


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """A scanner on a real folder, with time in the hands of the test."""

    def __init__(self, root: Path, **settings: Any) -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.clock = Clock()
        self.settings = InboxSettings(path=root, settle=5.0, **settings)
        self.offered: list[Candidate] = []
        self.refuse: Exception | None = None
        self.scanner = Scanner(self.settings, self._found, clock=self.clock)

    def _found(self, candidates: Sequence[Candidate]) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.offered += candidates

    def scan(self, after: float = 0.0) -> list[str]:
        """Let time pass, scan, and return what was offered."""
        self.clock.now += after
        self.offered = []
        self.last = self.scanner.scan()
        return sorted(candidate.relpath for candidate in self.offered)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "inbox")


@pytest.fixture
def deep(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "inbox", recursive=True)


# The scanner: what is offered, and when


def test_file_is_offered_once_when_it_has_been_quiet_for_the_settle_time(rig: Rig) -> None:
    (rig.root / "a.pdf").write_bytes(b"content")
    assert rig.scan() == []
    assert (rig.last.settling, rig.last.due) == (1, rig.clock.now + 5.0)
    assert rig.scan(after=4.9) == []
    assert rig.scan(after=0.1) == ["a.pdf"]
    key = rig.offered[0].key
    status = (rig.root / "a.pdf").stat()
    assert (key.inode, key.size, key.mtime_ns) == (status.st_ino, 7, status.st_mtime_ns)
    assert rig.offered[0].inbox == str(rig.root)
    assert rig.scan(after=100.0) == []
    assert (rig.last.settling, rig.last.known) == (0, 1)


def test_growing_file_is_offered_whole(rig: Rig) -> None:
    path = rig.root / "a.pdf"
    for _ in range(5):
        with path.open("ab") as out:
            out.write(b"page")
        assert rig.scan(after=4.0) == []
    assert rig.scan(after=5.0) == ["a.pdf"]
    assert rig.offered[0].key.size == 20


@pytest.mark.parametrize(
    "mtime", [0, 2**31, int(time.time()) + 10**8], ids=["1970", "2038", "next"]
)
def test_modification_time_is_not_compared_with_now(rig: Rig, mtime: int) -> None:
    path = rig.root / "a.pdf"
    path.write_bytes(b"content")
    os.utime(path, (mtime, mtime))
    assert rig.scan() == []
    assert rig.scan(after=5.0) == ["a.pdf"]


def test_attribute_change_is_no_change(rig: Rig) -> None:
    path = rig.root / "a.pdf"
    path.write_bytes(b"content")
    rig.scan()
    path.chmod(0o600)
    assert rig.scan(after=5.0) == ["a.pdf"]
    path.chmod(0o644)
    assert rig.scan(after=5.0) == rig.scan(after=5.0) == []


def test_what_we_lay_beside_kept_files_is_no_new_document(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "archive", recursive=True, source="keep")
    for name in (
        "scan.pdf", "scan.overlay.pdf", "scan-2.overlay.pdf", "SCAN.OVERLAY.PDF", "scan.md",
        "scan.assets/page-001-figure-1.jpg", "scan.pdf.assets/page-001-figure-1.jpg",
        ".ocrd-7-0.tmp/page-001-figure-1.jpg", "sub/scan.assets/page-001-figure-1.jpg",
        "sub/overlay.pdf", "assets/chair.jpg",
    ):  # fmt: skip
        path = rig.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    rig.scan()
    assert rig.scan(after=5.0) == ["assets/chair.jpg", "scan.pdf", "sub/overlay.pdf"]
    assert str(rig.root / "scan.assets") not in rig.scanner.top_folders()


def test_names_like_our_outputs_are_documents_where_nothing_is_kept(deep: Rig) -> None:
    for name in ("scan.overlay.pdf", "office.assets/chair.jpg", ".ocrd-7-0.tmp/figure.jpg"):
        path = deep.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    deep.scan()
    assert deep.scan(after=5.0) == ["office.assets/chair.jpg", "scan.overlay.pdf"]


def test_empty_file_never_settles(rig: Rig) -> None:
    (rig.root / "a.pdf").touch()
    assert rig.scan() == rig.scan(after=1e6) == []
    assert (rig.last.empty, rig.last.settling) == (1, 0)
    (rig.root / "a.pdf").write_bytes(b"content")
    assert rig.scan() == []
    assert rig.scan(after=5.0) == ["a.pdf"]


def test_file_open_for_writing_is_not_settled_however_quiet(rig: Rig) -> None:
    code = (
        "import os, sys; f = open(sys.argv[1], 'wb'); os.ftruncate(f.fileno(), 1000);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(rig.root / "a.pdf")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert rig.scan() == rig.scan(after=10.0) == rig.scan(after=10.0) == []
        assert rig.last.settling == 1
        writer.kill()
    assert rig.scan(after=4.0) == []
    assert rig.scan(after=1.0) == ["a.pdf"]


def test_changed_file_is_offered_again(rig: Rig) -> None:
    path = rig.root / "a.pdf"
    path.write_bytes(b"content")
    rig.scan()
    assert rig.scan(after=5.0) == ["a.pdf"]
    path.write_bytes(b"other content")
    assert rig.scan() == []
    assert rig.scan(after=5.0) == ["a.pdf"]


def test_name_used_again_is_offered_again(rig: Rig) -> None:
    for content in (b"first", b"second"):
        (rig.root / "SCN_0001.pdf").write_bytes(content)
        rig.scan()
        assert rig.scan(after=5.0) == ["SCN_0001.pdf"]
        (rig.root / "SCN_0001.pdf").unlink()
    assert rig.scan() == []
    assert rig.last.known == 0


def test_forgotten_file_is_offered_again(deep: Rig) -> None:
    (deep.root / "sub").mkdir()
    for relpath in ("a.pdf", "sub/b.pdf"):
        (deep.root / relpath).write_bytes(b"content")
    deep.scan()
    assert deep.scan(after=5.0) == ["a.pdf", "sub/b.pdf"]
    deep.scanner.forget("sub/b.pdf")
    deep.scanner.forget("never/was.pdf")
    deep.scan()
    assert deep.scan(after=5.0) == ["sub/b.pdf"]


def test_what_could_not_be_queued_is_offered_by_the_next_scan(rig: Rig) -> None:
    (rig.root / "a.pdf").write_bytes(b"content")
    rig.scan()
    rig.refuse = OSError("the ledger is locked")
    assert rig.scan(after=5.0) == []
    assert "ledger is locked" in rig.last.problem
    rig.refuse = None
    assert rig.scan() == ["a.pdf"]
    assert rig.last.problem == ""


def test_only_regular_files_are_offered(deep: Rig, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.pdf").write_bytes(b"content")
    os.mkfifo(deep.root / "fifo.pdf")
    (deep.root / "link.pdf").symlink_to(outside / "a.pdf")
    (deep.root / "folder").symlink_to(outside)
    (deep.root / "dangling.pdf").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(deep.root / "socket.pdf"))
        assert deep.scan() == deep.scan(after=5.0) == []
    assert deep.last.known == 0


def test_file_replaced_by_a_link_while_settling_is_not_offered(rig: Rig, tmp_path: Path) -> None:
    (rig.root / "a.pdf").write_bytes(b"content")
    rig.scan()
    (rig.root / "a.pdf").rename(tmp_path / "secret")
    (rig.root / "a.pdf").symlink_to(tmp_path / "secret")
    assert rig.scan(after=5.0) == []


def test_junk_is_passed_over_in_files_and_folders(deep: Rig) -> None:
    junk_names = [
        ".hidden.pdf", "~$a.docx", "a.pdf.part", "a.pdf.partial", "a.tmp", "A.TMP",
        "a.pdf.crdownload", ".syncthing.a.pdf.tmp", ".DS_Store", "Thumbs.db", "desktop.ini",
        "@eaDir/a.pdf", ".stversions/a.pdf", ".ocrd-0123456789abcdef.tmp",
    ]  # fmt: skip
    for name in [*junk_names, "sub/a.pdf"]:
        (deep.root / name).parent.mkdir(exist_ok=True)
        (deep.root / name).write_bytes(b"content")
    deep.scan()
    assert deep.scan(after=5.0) == ["sub/a.pdf"]


def test_junk_patterns_can_be_set(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "inbox", ignore=("draft-*",))
    for name in ("draft-1.pdf", "a.tmp"):
        (rig.root / name).write_bytes(b"content")
    rig.scan()
    assert rig.scan(after=5.0) == ["a.tmp"]
    assert not junk(())("anything")


def test_names_that_are_no_text_are_offered(deep: Rig) -> None:
    name = os.fsdecode(b"sub-\xff/scan-\xfe\n.pdf")
    (deep.root / name).parent.mkdir()
    (deep.root / name).write_bytes(b"content")
    deep.scan()
    assert deep.scan(after=5.0) == [name]


def test_subfolders_wait_for_recursive(rig: Rig) -> None:
    (rig.root / "sub").mkdir()
    (rig.root / "sub" / "a.pdf").write_bytes(b"content")
    assert rig.scan() == rig.scan(after=5.0) == []


def test_done_and_failed_are_never_scanned(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "inbox", recursive=True, done="filed/done")
    for folder in ("filed/done/2024", "failed", "filed/other", "sub/done"):
        (rig.root / folder).mkdir(parents=True)
        (rig.root / folder / "a.pdf").write_bytes(b"content")
    rig.scan()
    assert rig.scan(after=5.0) == ["filed/other/a.pdf", "sub/done/a.pdf"]


def test_done_under_another_name_is_not_scanned(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    (root / "filed").mkdir(parents=True)
    (root / "filed" / "a.pdf").write_bytes(b"content")
    (tmp_path / "elsewhere").symlink_to(root / "filed")
    rig = Rig(root, recursive=True, done=str(tmp_path / "elsewhere"))
    assert rig.scan() == rig.scan(after=5.0) == []


def test_moved_in_tree_is_offered_whole(deep: Rig, tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / "tree" / f"{number}" / "deeper"
        folder.mkdir(parents=True)
        (folder / "a.pdf").write_bytes(b"content")
    deep.scan()
    (tmp_path / "tree").rename(deep.root / "tree")
    deep.scan()
    assert len(deep.scan(after=5.0)) == 20
    shutil.rmtree(deep.root / "tree")
    deep.scan()
    assert deep.last.known == 0


def test_unreadable_root_is_an_error_and_forgets_nothing(rig: Rig, tmp_path: Path) -> None:
    (rig.root / "a.pdf").write_bytes(b"content")
    rig.scan()
    assert rig.scan(after=5.0) == ["a.pdf"]
    rig.root.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        rig.scan()
    (tmp_path / "away").rename(rig.root)
    assert rig.scan() == rig.scan(after=5.0) == []


def test_unreadable_folder_is_shown_and_the_others_go_on(
    deep: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is put in by hand: nothing is unreadable to root."""
    for relpath in ("bad/deeper", "good"):
        (deep.root / relpath).mkdir(parents=True)
        (deep.root / relpath / "a.pdf").write_bytes(b"content")
    deep.scan()
    assert len(deep.scan(after=5.0)) == 2
    real = os.scandir

    def failing(path: Any) -> Any:
        if Path(f"/proc/self/fd/{path}").readlink().name == "bad":
            raise OSError(116, "Stale file handle")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing)
        (deep.root / "good" / "b.pdf").write_bytes(b"content")
        deep.scan()
        assert deep.scan(after=5.0) == ["good/b.pdf"]
        assert "bad: Stale file handle" in deep.last.problem
    assert deep.scan(after=5.0) == deep.scan(after=5.0) == []


def test_file_that_cannot_be_opened_is_shown_and_tried_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rig.root / "a.pdf").write_bytes(b"content")
    rig.scan()
    real = os.open

    def refusing(path: Any, *arguments: Any, **named: Any) -> int:
        if str(path).endswith("a.pdf"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        assert rig.scan(after=5.0) == []
        assert "a.pdf: Permission denied" in rig.last.problem
        assert rig.scan(after=1.0) == []
        assert "a.pdf: Permission denied" in rig.last.problem, "not only at the moment of a look"
    assert rig.scan(after=5.0) == ["a.pdf"]
    assert rig.last.problem == ""


def test_network_waits_longer_and_asks_for_no_lease(tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    root.mkdir()
    offered: list[Candidate] = []
    clock = Clock()
    settings = InboxSettings(path=root)
    scanner = Scanner(settings, offered.extend, clock=clock, network=True)
    with (root / "a.pdf").open("wb") as out:  # a lease would be refused
        out.write(b"content")
        out.flush()
        for seconds in (0.0, 14.9):
            clock.now += seconds
            scanner.scan()
        assert offered == []
        clock.now += 0.1
        scanner.scan()
        assert len(offered) == 1


# The inbox: real threads, events and time


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, within a limit."""
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        threading.Event().wait(0.01)


class Running:
    """A started inbox, and what it has offered."""

    def __init__(self, root: Path, **settings: Any) -> None:
        defaults = {"settle": 0.3, "scan_interval": 600.0}
        self.root = root
        self.offered: list[Candidate] = []
        self.inbox = Inbox(
            InboxSettings(path=root, **(defaults | settings)), found=self.offered.extend
        )

    def start(self) -> Running:
        self.inbox.start()
        until(lambda: self.status.scans > 0)
        return self

    @property
    def status(self) -> InboxStatus:
        return self.inbox.status()

    @property
    def names(self) -> list[str]:
        return sorted(candidate.relpath for candidate in self.offered)


Run = Callable[..., Running]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[Running] = []

    def start(**settings: Any) -> Running:
        root = tmp_path / "inbox"
        root.mkdir(exist_ok=True)
        started.append(Running(root, **settings))
        return started[-1].start()

    yield start
    for running in started:
        assert running.inbox.stop(LIMIT_SECONDS)


def test_inbox_finds_what_was_there_at_start(run: Run, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.pdf").write_bytes(b"content")
    running = run()
    assert running.status.online
    until(lambda: running.names == ["a.pdf"])


def test_events_bring_the_scan_forward(run: Run, tmp_path: Path) -> None:
    """With 10 minutes between regular scans; copied, renamed in, and as a tree."""
    running = run(recursive=True)
    assert running.status.watching
    (tmp_path / "outside.pdf").write_bytes(b"content")
    (tmp_path / "outside.pdf").rename(running.root / "renamed.pdf")
    until(lambda: running.names == ["renamed.pdf"])
    (running.root / "x" / "y").mkdir(parents=True)
    (running.root / "x" / "y" / "nested.pdf").write_bytes(b"content")
    until(lambda: len(running.names) == 2)
    (running.root / "x" / "y" / "later.pdf").write_bytes(b"content")
    until(lambda: len(running.names) == 3)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "moved.pdf").write_bytes(b"content")
    (tmp_path / "tree").rename(running.root / "tree")
    until(lambda: running.names[1] == "tree/moved.pdf")
    assert len(running.names) == 4


def test_folders_made_with_a_file_at_once_lose_none(run: Run) -> None:
    running = run(recursive=True, scan_interval=2.0)
    for number in range(200):
        folder = running.root / f"{number % 40}" / f"{number}"
        folder.mkdir(parents=True)
        (folder / "a.pdf").write_bytes(b"content")
    until(lambda: len(running.offered) >= 200)
    assert len(set(running.names)) == len(running.names) == 200


def test_slow_writer_is_offered_once_and_whole(run: Run) -> None:
    running = run()
    code = (
        "import sys, time\nfor page in range(15):\n"
        "  with open(sys.argv[1], 'ab') as f: f.write(b'page'); f.flush(); time.sleep(0.05)\n"
        "  time.sleep(0.05)"
    )
    path = running.root / "a.pdf"
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as writer:
        assert writer.wait() == 0
    until(lambda: running.names == ["a.pdf"])
    assert running.offered[0].key.size == 60


def test_twenty_thousand_files_at_once_are_all_offered_once(run: Run) -> None:
    """More than inotify's queue of events holds."""
    running = run(settle=1.0)
    for number in range(20_000):
        (running.root / f"{number}.pdf").write_bytes(b"x")
    until(lambda: len(running.offered) >= 20_000)
    assert len(set(running.names)) == len(running.offered) == 20_000


def test_forgotten_file_comes_again_without_waiting_for_the_interval(run: Run) -> None:
    running = run()
    (running.root / "a.pdf").write_bytes(b"content")
    until(lambda: len(running.offered) == 1)
    running.inbox.forget("a.pdf")
    until(lambda: len(running.offered) == 2)


def test_root_that_vanishes_is_offline_and_returns(run: Run, tmp_path: Path) -> None:
    running = run(scan_interval=0.2)
    (running.root / "a.pdf").write_bytes(b"content")
    until(lambda: running.names == ["a.pdf"])
    running.root.rename(tmp_path / "away")
    until(lambda: not running.status.online)
    assert "No such file" in running.status.error
    (tmp_path / "away").rename(running.root)
    until(lambda: running.status.online)
    assert running.status.error == ""
    (running.root / "b.pdf").write_bytes(b"content")
    until(lambda: running.names == ["a.pdf", "b.pdf"])


def test_root_made_anew_is_watched_again(run: Run) -> None:
    running = run(scan_interval=0.2)
    shutil.rmtree(running.root)
    until(lambda: not running.status.online)
    running.root.mkdir()
    until(lambda: running.status.online and running.status.watching)
    (running.root / "a.pdf").write_bytes(b"content")
    until(lambda: running.names == ["a.pdf"])


def test_unmounted_root_is_offline_not_empty(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "ocrd-test", str(root)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        running = run(scan_interval=0.2)
        (root / "a.pdf").write_bytes(b"content")
        until(lambda: running.names == ["a.pdf"])
        subprocess.run(["umount", "-l", str(root)], check=True)
        until(lambda: not running.status.online)
        assert "Nothing is mounted" in running.status.error
        assert root.is_dir()
        assert running.status.known == 1
        subprocess.run(mount, check=True)
        (root / "b.pdf").write_bytes(b"content")
        until(lambda: running.names == ["a.pdf", "b.pdf"])
        assert running.status.online
    finally:
        subprocess.run(["umount", "-l", str(root)], check=False, capture_output=True)


def test_filing_does_not_wake_the_scan(run: Run) -> None:
    """What happens in done/ is not watched, nor are our own temporary files."""
    running = run(recursive=True)
    (running.root / "done").mkdir()
    (running.root / "sub").mkdir()
    (running.root / "sub" / "a.pdf").write_bytes(b"content")
    until(lambda: running.names == ["sub/a.pdf"])
    wakes: list[int] = []
    running.inbox.wake = lambda: wakes.append(1)  # type: ignore[method-assign]
    watches = running.inbox._watches
    watches._wake = running.inbox.wake
    (running.root / "done" / "a.pdf").write_bytes(b"content")
    (running.root / ".ocrd-0123456789abcdef.tmp").write_bytes(b"content")
    assert wakes == []
    (running.root / "mark.pdf").write_bytes(b"content")  # events come in order
    until(lambda: len(wakes) > 0)
    watched = {Path(path).name for path, _ in watches._covered}
    assert watched == {"inbox", "sub"}


def test_watch_limit_is_a_warning_and_the_scan_goes_on(tmp_path: Path) -> None:
    """In a process that has used up its user's inotify instances."""
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    root = tmp_path / "inbox"
    root.mkdir()
    program = f"""
import ctypes, pathlib, sys, threading
from ocrd.config.settings import InboxSettings
from ocrd.intake.inbox import Inbox
init = ctypes.CDLL(None).inotify_init
taken = [init() for _ in range({limit} + 1)]
assert taken[-1] == -1
done = threading.Event()
inbox = Inbox(InboxSettings(path=sys.argv[1], settle=0.1, scan_interval=0.1),
              found=lambda candidates: done.set())
inbox.start()
pathlib.Path(sys.argv[1], "a.pdf").write_bytes(b"content")
assert done.wait({LIMIT_SECONDS})
print(inbox.status().watching, inbox._watches.problem)
assert inbox.stop(10.0)
"""
    child = subprocess.run(
        [sys.executable, "-c", program, str(root)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    assert child.stdout.startswith("False The limit of inotify watches is reached")
    assert "max_user_watches" in child.stdout


def test_event_that_is_not_understood_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise RuntimeError("no")

    from watchdog.events import FileCreatedEvent

    with caplog.at_level("ERROR"):
        Watches(broken, junk(())).on_any_event(FileCreatedEvent("/srv/a.pdf"))


def test_scan_that_fails_is_shown_and_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = run(scan_interval=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Scanner, "scan", lambda _: 1 / 0)
        until(lambda: "ZeroDivisionError" in running.status.error)
    until(lambda: running.status.error == "")


def test_hung_file_system_is_shown_and_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    hang, entered, clock = threading.Event(), threading.Event(), Clock()

    def found(_: Sequence[Candidate]) -> None:
        entered.set()
        hang.wait(LIMIT_SECONDS)

    (tmp_path / "a.pdf").write_bytes(b"content")
    inbox = Inbox(InboxSettings(path=tmp_path, settle=0.0), found=found, clock=clock)
    inbox.start()
    try:
        assert entered.wait(LIMIT_SECONDS)
        clock.now += 61.0
        until(lambda: "not answered for 6" in inbox.status().error)
        assert not inbox.status().online
        assert not inbox.stop(0.05)
    finally:
        hang.set()
    assert inbox.stop(LIMIT_SECONDS)


def test_a_scan_that_hung_for_a_night_is_followed_by_no_longer_rest_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocrd.intake.inbox.LONGEST_REST_SECONDS", 0.2)
    hang, clock = threading.Event(), Clock()
    offered: list[str] = []

    def found(candidates: Sequence[Candidate]) -> None:
        if not offered:
            assert hang.wait(LIMIT_SECONDS)
            clock.now += 8 * 3600
        offered.extend(candidate.relpath for candidate in candidates)

    (tmp_path / "a.pdf").write_bytes(b"content")
    inbox = Inbox(
        InboxSettings(path=tmp_path, settle=0.0, scan_interval=0.1), found=found, clock=clock
    )
    inbox.start()
    hang.set()
    until(lambda: offered == ["a.pdf"])
    (tmp_path / "b.pdf").write_bytes(b"content")
    until(lambda: "b.pdf" in offered)
    assert inbox.stop(LIMIT_SECONDS)


def test_stop_before_start_is_allowed(tmp_path: Path) -> None:
    assert Inbox(InboxSettings(path=tmp_path), found=lambda _: None).stop(1.0)
