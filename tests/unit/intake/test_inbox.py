"""The inbox: real threads, events and time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.errors import FolderWithheldError
from ocrd.intake.inbox import Inbox, InboxStatus
from ocrd.intake.scan import Scan, Scanner
from ocrd.job import Candidate
from tests.unit.intake.folders import Clock

LIMIT_SECONDS = 60.0


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


def test_before_anything_is_filed_the_folder_is_confirmed_and_a_scan_finds_out_why_not(
    tmp_path: Path,
) -> None:
    refused: list[FolderWithheldError] = []
    wakes: list[int] = []

    def confirm() -> None:
        if refused:
            raise refused[0]

    inbox = Inbox(InboxSettings(path=tmp_path), found=lambda _: None, confirm=confirm)
    inbox.wake = lambda: wakes.append(1)  # type: ignore[method-assign]
    inbox.require_root()
    assert wakes == []
    refused.append(FolderWithheldError("another daemon's by now"))
    with pytest.raises(FolderWithheldError, match="by now"):
        inbox.require_root()
    assert wakes == [1]


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
        until(lambda: "not answered for 1 min" in inbox.status().error)
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


@pytest.mark.parametrize(
    ("settling", "known", "rest"), [(0, 100, 4.0), (100, 100, 0.2), (50, 100, 2.0), (0, 0, 4.0)]
)
def test_a_scan_is_followed_by_a_shorter_rest_where_much_is_to_be_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settling: int, known: int, rest: float
) -> None:
    clock = Clock()
    inbox = Inbox(InboxSettings(path=tmp_path), found=lambda _: None, clock=clock)

    def scan(scanner: Scanner) -> Scan:
        clock.now += 1.0
        return Scan(clock.now, settling=settling, known=known)

    monkeypatch.setattr(Scanner, "scan", scan)
    shortest, _ = inbox._scan_guarded()
    assert shortest == pytest.approx(rest)
    inbox._watches.close()
