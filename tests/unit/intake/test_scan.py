"""The scanner: what is offered, and when."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.intake.scan import Scanner, junk
from ocrd.job import Candidate
from tests.unit.intake.folders import Clock, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "inbox")


@pytest.fixture
def deep(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "inbox", recursive=True)


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


def test_what_daemons_say_of_the_folder_is_no_document_whatever_is_ignored(tmp_path: Path) -> None:
    for source in ("move", "keep"):
        rig = Rig(tmp_path / source, source=source, ignore=())
        for name in (".ocrd-owner", ".ocrd-challenge"):
            (rig.root / name).write_bytes(b"content")
        assert rig.scan() == rig.scan(after=60.0) == []


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
