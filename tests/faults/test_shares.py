"""Shares without events, slow, failing, hanging for good, gone and back: their documents wait."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd import files
from ocrd.filing import assets
from tests.faults.labs import disks, servers
from tests.faults.labs.moody import Moody, moody
from tests.faults.labs.truth import all_done, letter, letters, sha256
from tests.installation import Installation, eventually, make_pdf

SHARE = 'network = true\nrecursive = true'


@pytest.fixture
def share(daemon: Installation, tmp_path: Path) -> Iterator[Moody]:
    """The daemon's inbox, on a file system that misbehaves as told."""
    with moody(tmp_path / "server", daemon.inbox) as file_system:
        yield file_system
        daemon.stop()


@pytest.fixture
def local(daemon: Installation) -> Path:
    """Another inbox of the daemon, on the disk."""
    (daemon.root / "local").mkdir()
    return daemon.root / "local"


def with_local(local: Path) -> str:
    return f'[[inbox]]\npath = "{local}"\nsettle = "200ms"\nscan_interval = "1s"'


def folder_status(daemon: Installation, path: Path) -> dict[str, object]:
    (found,) = [each for each in daemon.status()["inboxes"] if each["path"] == str(path)]
    return dict(found)


def folder_error(daemon: Installation) -> str:
    return str(folder_status(daemon, daemon.inbox)["error"])


def test_a_share_without_events_and_with_slow_answers_is_read(
    daemon: Installation, share: Moody
) -> None:
    daemon.configure(inbox=SHARE)
    daemon.start()
    share.behave(delay=0.01)
    expected = {
        name: letter(share.behind / name, number)
        for number, name in enumerate(("a.png", "b.png", "sub/c.png"))
    }
    all_done(daemon, expected)


@pytest.mark.parametrize(
    "mount",
    [servers.smb_mount, servers.sftp_mount, servers.bind_mount],
    ids=["smb", "sftp", "bind"],
)
def test_what_others_write_on_a_server_is_read_over_its_mount(
    daemon: Installation, tmp_path: Path, mount: Callable[..., AbstractContextManager[Path]]
) -> None:
    """Samba over rclone, SFTP over sshfs, bindfs: no events, own caches, numbers and moves."""
    with mount(tmp_path / "server", daemon.inbox) as behind:
        daemon.configure(inbox="recursive = true", settle="1s")
        expected = {"before.png": letter(behind / "before.png", 1)}
        daemon.start()
        name = "2026/after it \u00fc.png"
        expected[name] = letter(behind / name, 2)
        all_done(daemon, expected, limit=40)
        assert sha256(behind / "done" / name) == expected[name], "it is on the server"
        daemon.stop()


def test_a_name_that_is_given_while_the_mount_uploads_is_the_one_on_the_server(
    tmp_path: Path,
) -> None:
    """Large enough that rclone still uploads what was closed when its name is given."""
    expected = {f"{number}.md": bytes([number]) * 2_000_000 for number in range(8)}
    with servers.smb_mount(tmp_path / "server", tmp_path / "mount") as behind:
        done = tmp_path / "mount" / "done"
        done.mkdir()
        for name, content in expected.items():
            staged = files.temporary_path(done)
            staged.write_bytes(content)
            with files.entry_of(staged) as old, files.entry_of(done / name) as new:
                files.give_name(old, new)
        eventually(lambda: contents(behind / "done") == expected, 20)


def test_a_folder_that_is_renamed_while_its_files_are_uploaded_is_whole_on_the_server(
    tmp_path: Path,
) -> None:
    """Under the name that it was given, and with nothing left under the first one."""
    figures = {f"page-001-figure-{number}.jpg": bytes([number]) * 500_000 for number in range(1, 6)}
    with servers.smb_mount(tmp_path / "server", tmp_path / "mount") as behind:
        done = tmp_path / "mount" / "done"
        done.mkdir()
        for number in range(8):
            staged = files.temporary_path(done)
            assets.stage(staged, {name: partial(put, content) for name, content in figures.items()})
            with files.entry_of(staged) as old, files.entry_of(done / f"{number}") as new:
                files.give_name(old, new)
        for number in range(8):
            server = behind / "done" / f"{number}"
            eventually(lambda folder=server: contents(folder) == figures, 20)  # type: ignore[misc]
        assert len(list((behind / "done").iterdir())) == 8


def put(content: bytes, out: BinaryIO) -> None:
    out.write(content)


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder's files, but for those that go away meanwhile."""
    found = {}
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.read_bytes()
    return found


def test_what_is_sent_to_a_samba_share_of_this_machine_is_read(
    daemon: Installation, tmp_path: Path
) -> None:
    """A scanner that scans to a share of the machine the daemon runs on: real server and client."""
    with servers.samba(tmp_path / "samba", daemon.inbox) as server:
        daemon.configure(settle="1s")
        daemon.start()
        expected = {}
        for number in range(3):
            expected[f"SCN_{number}.png"] = letter(tmp_path / "outbox.png", number)
            server.put(tmp_path / "outbox.png", f"SCN_{number}.png")
        all_done(daemon, expected)


def test_a_share_without_hard_links_is_read_and_overwrites_nothing(
    daemon: Installation, tmp_path: Path
) -> None:
    with moody(tmp_path / "server", daemon.inbox, links=False) as share:
        daemon.configure(inbox=SHARE)
        (share.behind / "done").mkdir()
        (share.behind / "done" / "scan.png").write_bytes(b"somebody's")
        content = letter(share.behind / "scan.png", 1)
        daemon.start()
        daemon.wait_for("done/scan-2.png", "done/scan-2.md")
        assert sha256(daemon.done / "scan-2.png") == content
        assert (daemon.done / "scan.png").read_bytes() == b"somebody's"
        daemon.stop()


def test_files_that_cannot_be_read_now_wait_and_are_read_later(
    daemon: Installation, share: Moody
) -> None:
    """Each with its own cause, which is shown; a sound one beside them does not wait."""
    causes = {f"{number}.png": number for number in (errno.EIO, errno.ESTALE, errno.EBUSY)}
    causes["refused.png"] = errno.EACCES
    daemon.configure(inbox=SHARE)
    share.behave(
        errors=[(call, name, causes[name]) for name in causes for call in ("open", "read")]
    )
    names = [*causes, "sound.png"]
    expected = {name: letter(share.behind / name, number) for number, name in enumerate(names)}
    daemon.start()
    daemon.wait_for("done/sound.png", "done/sound.md")
    eventually(lambda: "3 more files cannot be opened" in folder_error(daemon), 30)
    assert any(
        name in folder_error(daemon) and os.strerror(number) in folder_error(daemon)
        for name, number in causes.items()
    )
    assert all((daemon.inbox / name).exists() for name in causes)
    share.behave()
    all_done(daemon, expected)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_share_that_cannot_be_listed_is_offline_and_forgets_nothing(
    daemon: Installation, share: Moody, local: Path, number: int
) -> None:
    daemon.configure(inbox=SHARE, more=with_local(local))
    daemon.start()
    daemon.command("pause")
    content = letter(share.behind / "a.png", 1)
    eventually(lambda: daemon.status()["jobs"]["queued"] == 1, 20)
    share.behave(errors=[("*", "*", number)])
    eventually(lambda: not folder_status(daemon, daemon.inbox)["online"], 20)
    daemon.command("resume")
    letter(local / "b.png", 2)
    eventually(lambda: (local / "done" / "b.md").exists(), 20)
    assert any(str(daemon.inbox) in text for text in daemon.status()["problems"])
    jobs = daemon.status()["jobs"]
    assert (jobs["queued"], jobs["withdrawn"]) == (1, 0), "out of reach is not gone"
    share.behave()
    daemon.wait_for("done/a.png", "done/a.md")
    assert sha256(daemon.done / "a.png") == content


@pytest.mark.parametrize("when", ["idle", "reading"])
def test_a_share_that_hangs_for_good_holds_up_nobody_and_no_stop(
    daemon: Installation, share: Moody, local: Path, when: str
) -> None:
    daemon.configure(inbox=SHARE, more=with_local(local), top='stop_timeout = "2s"')
    daemon.start()
    if when == "reading":
        share.behave(hang=["read"])
    else:
        share.behave(hang=["*"])
    expected = letter(share.behind / "a.png", 1)
    if when == "reading":
        eventually(lambda: daemon.status()["working"], 20)
    for number in range(3):
        letter(local / f"{number}.png", 10 + number)
    eventually(lambda: len(list((local / "done").glob("*.md"))) == 3, 30)
    if when == "reading":
        eventually(lambda: not folder_status(daemon, daemon.inbox)["online"], 30)
        assert any("does not answer" in text for text in daemon.status()["problems"])
        assert "does not answer" in " ".join(daemon.command("status").stdout.split())
    daemon.signal(signal.SIGTERM)
    eventually(lambda: "stopped" in events(daemon), 20)
    # The kernel keeps a process whose call hangs, but no right of it: another one takes over.
    gone, daemon.process = daemon.process, None
    daemon.configure(more=with_local(local).replace("[[inbox]]", ""), inbox="")
    config = daemon.config.read_text().replace(f'path = "{daemon.inbox}"', "", 1)
    quick = 'settle = "200ms"\nscan_interval = "1s"\npatience = "2s"'
    daemon.config.write_text(config.replace(quick, ""))
    daemon.start()
    letter(local / "next.png", 99)
    eventually(lambda: (local / "done" / "next.md").exists(), 30)
    assert daemon.stop() == 0
    share.behave()
    assert gone is not None
    gone.wait(20)
    daemon.configure(inbox=SHARE, more=with_local(local))
    daemon.start()
    daemon.wait_for("done/a.png", "done/a.md")
    assert sha256(daemon.done / "a.png") == expected


def test_a_daemon_starts_beside_a_share_that_hangs_already(
    daemon: Installation, share: Moody, local: Path
) -> None:
    expected = letter(share.behind / "a.png", 1)
    letter(local / "b.png", 2)
    share.behave(hang=["*"])
    daemon.configure(inbox=SHARE, more=with_local(local))
    daemon.start()
    eventually(lambda: (local / "done" / "b.md").exists(), 30)
    share.behave()
    eventually(lambda: "ready" in events(daemon), 30)
    daemon.wait_for("done/a.png", "done/a.md")
    assert sha256(daemon.done / "a.png") == expected
    daemon.stop()


def test_a_disk_that_hangs_while_its_pages_are_drawn_holds_up_nobody_and_no_stop(
    daemon: Installation, share: Moody, local: Path
) -> None:
    """What is not known as a share is read where it lies, by the children that draw for all."""
    engine = 'kind = "module"\nmodule = "tests.engines.echo"\n[engine.options]\ndelay = 0.2'
    top = 'stop_timeout = "2s"'
    daemon.configure(engine, inbox="network = false", more=with_local(local), top=top)
    names = [f"{number}.pdf" for number in range(4)]
    make_pdf(daemon.root / "book.pdf", 12)
    for name in names:
        shutil.copy(daemon.root / "book.pdf", share.behind / name)
    daemon.start()
    eventually(lambda: len(daemon.status()["working"]) >= len(names), 30)
    eventually(lambda: any(work["pages_done"] >= 1 for work in daemon.status()["working"]), 30)
    share.behave(hang=["*"])
    content = letter(local / "a.png", 1)
    eventually(lambda: (local / "done" / "a.png").exists(), 60)
    assert sha256(local / "done" / "a.png") == content
    daemon.signal(signal.SIGTERM)
    eventually(lambda: "stopped" in events(daemon), 20)
    share.behave()
    assert daemon.process is not None
    daemon.process.wait(20)
    daemon.start()
    daemon.wait_for(*(f"done/{name}" for name in names))
    assert daemon.status()["jobs"]["failed"] == 0, "a disk that hangs makes no page poisonous"


def events(daemon: Installation) -> list[str]:
    return [line for line in ("ready", "stopped") if f'"event": "{line}"' in daemon.log.read_text()]


def test_a_share_that_is_unmounted_is_offline_and_goes_on_when_it_returns(
    daemon: Installation, tmp_path: Path
) -> None:
    """While documents wait, over a restart of the daemon, and never as an empty folder."""
    disks.need("mount")
    daemon.configure(inbox=SHARE)
    store = tmp_path / "store.img"
    with disks.ext4(daemon.inbox, store):
        expected = letters(daemon.inbox, range(3))
        daemon.start()
        daemon.wait_for("done/0.png", "done/1.png", "done/2.png")
        daemon.command("pause")
        more = letters(daemon.inbox, range(3, 6))
        eventually(lambda: daemon.status()["jobs"]["queued"] == 3, 20)
        disks.unmount(daemon.inbox)
        eventually(lambda: not folder_status(daemon, daemon.inbox)["online"], 20)
        assert "Nothing is mounted" in folder_error(daemon)
        assert daemon.command("resume").returncode == 0
        daemon.stop()
        daemon.start()  # which finds the empty folder below the share
        eventually(lambda: folder_status(daemon, daemon.inbox)["error"], 20)
        assert not folder_status(daemon, daemon.inbox)["online"]
        assert "Nothing is mounted" in folder_error(daemon)
        jobs = daemon.status()["jobs"]
        assert (jobs["queued"], jobs["withdrawn"]) == (3, 0)
        assert list(daemon.inbox.iterdir()) == [], "nothing is written below a share"
        disks.mount("-o", "loop", store, daemon.inbox)
        all_done(daemon, expected | more)
        daemon.stop()


def test_documents_of_a_share_that_went_away_unnoticed_are_out_of_reach_not_gone(
    daemon: Installation, tmp_path: Path
) -> None:
    """Unmounted between two scans, with its documents queued: none is taken for withdrawn."""
    disks.need("mount")
    daemon.configure(inbox="network = true")
    text = daemon.config.read_text()
    store = tmp_path / "store.img"
    with disks.ext4(daemon.inbox, store):
        daemon.start()
        daemon.command("pause")
        expected = letters(daemon.inbox, range(3))
        eventually(lambda: daemon.status()["jobs"]["queued"] == 3, 20)
        daemon.config.write_text(text.replace('scan_interval = "1s"', 'scan_interval = "10m"'))
        assert daemon.command("reload").returncode == 0
        eventually(lambda: folder_status(daemon, daemon.inbox)["online"], 20)
        disks.unmount(daemon.inbox)
        daemon.command("resume")
        eventually(lambda: "Nothing is mounted" in folder_error(daemon), 20)
        assert daemon.status()["jobs"]["withdrawn"] == 0
        assert list(daemon.inbox.iterdir()) == []
        disks.mount("-o", "loop", store, daemon.inbox)
        all_done(daemon, expected)
        assert daemon.status()["jobs"]["withdrawn"] == 0
        daemon.stop()


def test_a_folder_that_has_to_be_mounted_is_offline_from_the_first_start(
    daemon: Installation,
) -> None:
    disks.need("mount")
    daemon.configure(inbox="mounted = true")
    letter(daemon.inbox / "below.png", 1)
    daemon.start()
    eventually(lambda: "Nothing is mounted" in folder_error(daemon), 20)
    assert daemon.tree() == ["below.png"]
    with disks.tmpfs(daemon.inbox, "size=16m"):
        expected = letter(daemon.inbox / "on.png", 2)
        all_done(daemon, {"on.png": expected})
        daemon.stop()
    assert daemon.tree() == ["below.png"]


def test_a_mount_that_is_given_up_for_good_is_forgotten_on_request(daemon: Installation) -> None:
    disks.need("mount")
    daemon.configure()
    with disks.tmpfs(daemon.inbox, "size=16m"):
        daemon.start()
        eventually(lambda: folder_status(daemon, daemon.inbox)["online"], 20)
        daemon.stop()
    daemon.start()
    eventually(lambda: "mounted = false" in folder_error(daemon), 20)
    daemon.configure(inbox="mounted = false")
    assert daemon.command("reload").returncode == 0
    expected = letter(daemon.inbox / "a.png", 1)
    all_done(daemon, {"a.png": expected})
    daemon.stop()
    daemon.configure()
    daemon.start()
    eventually(lambda: folder_status(daemon, daemon.inbox)["online"], 20)


def test_files_that_may_not_be_moved_wait_and_hold_up_nobody(daemon: Installation) -> None:
    """Immutable, appended to only, and busy as a mount point; each is filed once it may be."""
    disks.need("chattr", "mount")
    names = ("immutable.png", "append.png", "busy.png", "free.png")
    expected = {name: letter(daemon.inbox / name, number) for number, name in enumerate(names)}
    (daemon.inbox / "free.png").chmod(0o400)
    attribute("+i", daemon.inbox / "immutable.png")
    attribute("+a", daemon.inbox / "append.png")
    busy = daemon.inbox / "busy.png"
    disks.mount("--bind", busy, busy)
    try:
        daemon.configure()
        daemon.start()
        daemon.wait_for("done/free.png", "done/free.md")
        eventually(lambda: daemon.status()["jobs"]["waiting"] == 3, 30)
        assert sorted(name for name in names if (daemon.inbox / name).exists()) == sorted(names[:3])
        assert not daemon.failed.exists() or not list(daemon.failed.iterdir())
        assert folder_status(daemon, daemon.inbox)["blocked"] == "", "the folder takes files"
        filing = daemon.listed("--state", "filing")
        waiting = {job["relpath"]: job["message"] for job in filing}
        assert set(waiting) == set(names[:3]) and all(waiting.values())
    finally:
        attribute("-i", daemon.inbox / "immutable.png")
        attribute("-a", daemon.inbox / "append.png")
        disks.unmount(busy)
    all_done(daemon, expected, limit=90)


def attribute(change: str, path: Path) -> None:
    command = ["chattr", change, str(path)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this file system has no attributes")
