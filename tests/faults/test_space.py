"""Disks that are full, over quota or read-only: the work waits, says why, and goes on by itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.labs import disks
from tests.faults.labs.truth import all_done, letter, letters, sha256
from tests.installation import ROOT, Installation, eventually, make_pdf

Undo = Callable[[], object]


@contextmanager
def full(folder: Path, image: Path) -> Iterator[tuple[Undo, Undo]]:
    with disks.tmpfs(folder, "size=2m"):
        yield lambda: disks.fill(folder), lambda: (folder / ".ballast").unlink()


@contextmanager
def no_inodes(folder: Path, image: Path) -> Iterator[tuple[Undo, Undo]]:
    with disks.ext4(folder, image, 8, "-N", "48"):
        yield (
            lambda: disks.use_up_inodes(folder),
            lambda: subprocess.run(["rm", "-r", str(folder / ".crowd")], check=True),
        )


@contextmanager
def over_quota(folder: Path, image: Path) -> Iterator[tuple[Undo, Undo]]:
    with disks.btrfs(folder, image):

        def use_up() -> None:
            disks.set_quota(folder, "3M")
            disks.fill(folder)

        def raise_quota() -> None:
            disks.set_quota(folder, "none")
            (folder / ".ballast").unlink()

        yield use_up, raise_quota


@contextmanager
def read_only(folder: Path, image: Path) -> Iterator[tuple[Undo, Undo]]:
    with disks.tmpfs(folder, "size=16m"):
        yield lambda: disks.remount(folder, "ro"), lambda: disks.remount(folder, "rw")


FAULTS = {
    "full": (full, "No space left on device"),
    "no-inodes": (no_inodes, "No space left on device"),
    "quota": (over_quota, "Disk quota exceeded"),
    "read-only": (read_only, "Read-only file system"),
}


def problems(daemon: Installation) -> str:
    return " ".join(daemon.status()["problems"])


def shown(daemon: Installation) -> str:
    return " ".join(daemon.command("status").stdout.split())


def inbox_status(daemon: Installation, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["inboxes"][number]
    return found


def nothing_is_lost_or_failed(daemon: Installation) -> None:
    jobs = daemon.status()["jobs"]
    assert jobs["failed"] == jobs["withdrawn"] == 0, jobs
    assert all(job["attempts"] <= 1 for job in daemon.listed()), "waiting costs no attempt"


@pytest.mark.parametrize("fault", FAULTS)
def test_where_done_takes_no_files_the_folder_waits_and_the_others_go_on(
    daemon: Installation, tmp_path: Path, fault: str
) -> None:
    """``done`` on a disk of its own, as on an archive; the cause and the way out are shown."""
    stage, cause = FAULTS[fault]
    far, other = tmp_path / "far", tmp_path / "other"
    other.mkdir()
    with stage(far, tmp_path / "disk.img") as (spoil, mend):
        daemon.configure(
            inbox=f'done = "{far}/done"',
            more=f'[[inbox]]\npath = "{other}"\nsettle = "200ms"\nscan_interval = "1s"',
        )
        (far / "done").mkdir()
        daemon.start()
        spoil()
        expected = letters(daemon.inbox, range(3))
        eventually(lambda: inbox_status(daemon)["blocked"], 30)
        assert cause in inbox_status(daemon)["blocked"]
        assert str(far) in problems(daemon) and cause in problems(daemon)
        assert cause in shown(daemon)
        content = letter(other / "elsewhere.png", 99)
        eventually(lambda: (other / "done" / "elsewhere.png").exists(), 30)
        assert sha256(other / "done" / "elsewhere.png") == content
        assert sorted(daemon.tree()) == sorted(expected), "the sources are where they were"
        nothing_is_lost_or_failed(daemon)
        mend()
        eventually(lambda: len(list((far / "done").glob("*.md"))) == 3, 30)
        eventually(lambda: daemon.status()["jobs"]["done"] == 4, 10)
        assert {name: sha256(far / "done" / name) for name in expected} == expected
        assert daemon.tree() == [] and inbox_status(daemon)["blocked"] == ""
        assert problems(daemon) == ""
        daemon.stop()


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_where_the_inbox_takes_no_files_it_waits_and_goes_on(
    daemon: Installation, tmp_path: Path, fault: str
) -> None:
    stage, cause = FAULTS[fault]
    with stage(daemon.inbox, tmp_path / "disk.img") as (spoil, mend):
        daemon.configure()
        expected = letters(daemon.inbox, range(2))
        spoil()
        daemon.start()
        eventually(lambda: inbox_status(daemon)["blocked"] or inbox_status(daemon)["error"], 30)
        assert cause in problems(daemon)
        assert all(sha256(daemon.inbox / name) == content for name, content in expected.items())
        nothing_is_lost_or_failed(daemon)
        mend()
        all_done(daemon, expected)
        daemon.stop()


@pytest.mark.parametrize("fault", ["full", "no-inodes", "read-only"])
def test_where_pages_cannot_be_drawn_documents_wait_and_go_on(
    daemon: Installation, tmp_path: Path, fault: str
) -> None:
    stage, cause = FAULTS[fault]
    scratch = tmp_path / "scratch"
    with stage(scratch, tmp_path / "disk.img") as (spoil, mend):
        daemon.configure(top=f'temp_dir = "{scratch}"', inbox='outputs = ["md", "overlay"]')
        daemon.start()
        spoil()
        make_pdf(daemon.root / "book.pdf", 3)
        daemon.drop(daemon.root / "book.pdf")
        letter(daemon.inbox / "a.png", 1)
        eventually(lambda: cause in problems(daemon), 30)
        assert cause in shown(daemon)
        assert sorted(daemon.tree()) == ["a.png", "book.pdf"]
        nothing_is_lost_or_failed(daemon)
        mend()
        daemon.wait_for("done/a.png", "done/a.md", "done/book.pdf", "done/book.overlay.pdf")
        eventually(lambda: problems(daemon) == "", 10)
        daemon.stop()


@pytest.mark.parametrize("fault", ["full", "quota"])
def test_where_the_ledger_cannot_grow_the_work_stands_still_and_goes_on(
    daemon: Installation, tmp_path: Path, fault: str
) -> None:
    """A document in work keeps its pages, new files wait, the daemon answers, nobody is blamed."""
    state = daemon.root / "state"
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 0.2'
    scratch = tmp_path / "scratch"
    stage, _ = FAULTS[fault]
    with stage(state, tmp_path / "disk.img") as (spoil, mend):
        daemon.configure(engine, top=f'temp_dir = "{scratch}"\nstop_timeout = "3s"')
        make_pdf(daemon.root / "book.pdf", 20)
        daemon.start()
        daemon.drop(daemon.root / "book.pdf")
        eventually(lambda: any(work["pages_done"] >= 2 for work in daemon.status()["working"]), 30)
        spoil()
        expected = letter(daemon.inbox / "a.png", 1)
        eventually(lambda: "ledger" in problems(daemon), 30)
        assert "state_dir" in shown(daemon)
        assert daemon.process is not None and daemon.process.poll() is None
        assert sorted(daemon.tree()) == ["a.png", "book.pdf"]
        mend()
        eventually(lambda: problems(daemon) == "", 30)
        daemon.wait_for("done/book.pdf", "done/book.md", "done/a.png", "done/a.md")
        assert sha256(daemon.done / "a.png") == expected
        text = (daemon.done / "book.md").read_text()
        assert text.count("<!-- page ") == 20 and "could not be read" not in text
        eventually(lambda: daemon.status()["jobs"]["done"] == 2, 10)
        daemon.stop()


OVER_QUOTA = """
import os, sys
from pathlib import Path
from ocrd.errors import LedgerBlockedError
from ocrd.ledger.jobs import Ledger
from tests.faults.labs import disks

folder = Path(sys.argv[1])
ledger = Ledger.open(folder)
ledger.set_setting("before", "1")
os.sync()
disks.set_quota(folder, "3M")
disks.fill(folder)
refused = 0
for number in range(50):
    os.sync()  # what is mapped is clean now: the next change asks for a new block
    try:
        with ledger.transaction():
            ledger.set_setting("during", str(number))
    except LedgerBlockedError:
        refused += 1
disks.set_quota(folder, "none")
with ledger.transaction():
    ledger.set_setting("after", "1")
print(refused, ledger.setting("before"), ledger.setting("after"))
"""


def test_a_ledger_over_its_quota_is_refused_for_now_and_never_ends_the_process(
    tmp_path: Path,
) -> None:
    with disks.btrfs(tmp_path / "state", tmp_path / "disk.img") as state:
        ran = subprocess.run(
            [sys.executable, "-c", OVER_QUOTA, state], capture_output=True, text=True, cwd=ROOT
        )
    assert ran.returncode == 0, ran
    refused, before, after = ran.stdout.split()
    assert int(refused) > 0 and (before, after) == ("1", "1")


def test_a_stop_while_the_ledger_cannot_grow_is_in_time_and_loses_nothing(
    daemon: Installation, tmp_path: Path
) -> None:
    state = daemon.root / "state"
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 0.2'
    with disks.tmpfs(state, "size=2m"):
        daemon.configure(engine, top=f'temp_dir = "{tmp_path}/scratch"\nstop_timeout = "5s"')
        make_pdf(daemon.root / "book.pdf", 20)
        daemon.start()
        daemon.drop(daemon.root / "book.pdf")
        eventually(lambda: any(work["pages_done"] >= 2 for work in daemon.status()["working"]), 30)
        ballast = disks.fill(state)
        eventually(lambda: "ledger" in problems(daemon), 30)
        assert daemon.stop(15) == 0
        assert daemon.tree() == ["book.pdf"]
        again = daemon.command("run")
        assert again.returncode == 1, "not 78, which a service manager takes for final"
        assert "No space left" in again.stderr or "full" in again.stderr
        ballast.unlink()
        daemon.start()
        daemon.wait_for("done/book.pdf", "done/book.md")
        assert (daemon.done / "book.md").read_text().count("<!-- page ") == 20
        daemon.stop()


def test_a_state_disk_that_fails_becomes_read_only_and_loses_nothing(
    daemon: Installation, tmp_path: Path
) -> None:
    """The kernel remounts an ext4 with an error; it is mended as an administrator would."""
    state, image = daemon.root / "state", tmp_path / "disk.img"
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 0.2'
    with disks.ext4(state, image, 16):
        daemon.configure(engine, top=f'temp_dir = "{tmp_path}/scratch"\nstop_timeout = "3s"')
        make_pdf(daemon.root / "book.pdf", 20)
        daemon.start()
        daemon.drop(daemon.root / "book.pdf")
        eventually(lambda: any(work["pages_done"] >= 2 for work in daemon.status()["working"]), 30)
        disks.fail(state)
        eventually(lambda: "ledger" in problems(daemon), 30)
        assert "state_dir" in shown(daemon)
        assert daemon.stop(20) == 0
        assert daemon.tree() == ["book.pdf"]
        disks.call("umount", state)
        subprocess.run(["e2fsck", "-f", "-y", str(image)], check=False, capture_output=True)
        disks.mount("-o", "loop", image, state)
        daemon.start()
        daemon.wait_for("done/book.pdf", "done/book.md")
        assert (daemon.done / "book.md").read_text().count("<!-- page ") == 20
        daemon.stop()


def test_what_failed_waits_too_until_failed_takes_files(
    daemon: Installation, tmp_path: Path
) -> None:
    far = tmp_path / "far"
    with disks.tmpfs(far, "size=1m"):
        daemon.configure(inbox=f'failed = "{far}/failed"')
        (far / "failed").mkdir()
        daemon.start()
        ballast = disks.fill(far)
        (daemon.inbox / "letter.docx").write_bytes(b"PK\x03\x04 not an image at all")
        eventually(lambda: str(far) in problems(daemon), 30)
        assert daemon.tree() == ["letter.docx"]
        ballast.unlink()
        eventually(lambda: (far / "failed" / "letter.error.json").exists(), 30)
        eventually(lambda: daemon.tree() == [], 10)
        assert (far / "failed" / "letter.docx").exists()
        daemon.stop()
