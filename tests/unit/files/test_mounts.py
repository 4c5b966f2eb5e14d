from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.errors import ShareGoneError
from ocrd.files import mounts
from ocrd.files.mounts import Mount, Seen
from ocrd.intake.root import Root


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory at a place with a space in its name, and a folder on it."""
    point = tmp_path / "a share"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "ocrd-test", str(point)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    (point / "scans").mkdir()
    yield point
    subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)


def unmount(point: Path) -> None:
    subprocess.run(["umount", str(point)], check=True)
    (point / "scans").mkdir()  # the same folder, below the share


def seen(path: Path) -> Seen:
    found = mounts.seen(path, path.stat().st_ino)
    assert found is not None
    assert Seen.from_json(found.to_json()) == found
    return found


def test_a_disk_is_no_network_and_memory_is_told_from_it(tmp_path: Path) -> None:
    assert not mounts.is_network(tmp_path)
    assert mounts.mount_of(Path("/dev/shm/not/there")).kind == "tmpfs"


def test_fstab_promises_what_it_mounts_by_itself(tmp_path: Path) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(
        "# /dev/sdz1 /srv/scans ext4 defaults 0 0\n"
        "/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\nbroken\n"
        "//nas/a /srv/nas cifs credentials=/etc/nas 0 0\n"
        "//nas/b /srv/nas/by\\040hand cifs noauto 0 0\n"
        "//nas/c /srv/nas/when\\040asked cifs noauto,x-systemd.automount 0 0\n"
    )
    promised = {
        "/srv/scans": "", "/srv/nasty": "", "/srv/nas": "/srv/nas", "/srv/nas/x/y": "/srv/nas",
        "/srv/nas/by hand/x": "/srv/nas", "/srv/nas/when asked/x": "/srv/nas/when asked",
    }  # fmt: skip
    assert {path: mounts.promised(Path(path), fstab) for path in promised} == promised
    assert mounts.promised(Path("/srv/nas"), tmp_path / "none") == ""
    assert mounts.missing(Path("/srv/nas/x"), None, fstab) == "/srv/nas"


def test_what_was_mounted_before_is_missed(mounted: Path) -> None:
    folder = mounted / "scans"
    before = seen(folder)
    assert before.mount == Mount(str(mounted), "tmpfs", "ocrd-test")
    assert mounts.missing(folder, before) == ""
    unmount(mounted)
    assert mounts.missing(folder, before) == str(mounted)
    assert mounts.missing(folder, None) == ""


def test_the_same_folder_is_as_good_reached_another_way(mounted: Path) -> None:
    """A service's sandbox mounts a folder onto itself; without it, it is the folder still."""
    folder = mounted / "scans"
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    before = Seen(mounts.mount_of(folder), folder.stat().st_ino)
    assert before.mount.point == str(folder)
    subprocess.run(["umount", str(folder)], check=True)
    assert mounts.missing(folder, before) == ""


def test_a_read_only_file_system_is_told_from_a_read_only_view_of_it(mounted: Path) -> None:
    assert not mounts.mount_of(mounted).read_only
    subprocess.run(["mount", "-o", "remount,bind,ro", str(mounted)], check=True)
    assert not os.access(mounted, os.W_OK)
    assert not mounts.mount_of(mounted).read_only
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert mounts.mount_of(mounted).read_only


def test_a_root_remembers_its_mount_over_restarts(mounted: Path) -> None:
    remembered: list[str] = [""]
    settings = InboxSettings(path=mounted / "scans")

    def root(settings: InboxSettings = settings) -> Root:
        return Root(settings, lambda: remembered[-1], remembered.append)

    root().enter()
    assert len(remembered) == 2
    root().enter()
    assert len(remembered) == 2, "what is known is not written again"
    unmount(mounted)
    with pytest.raises(ShareGoneError, match="Nothing is mounted"):
        root().enter()
    root(settings.model_copy(update={"mounted": False})).enter()
    assert remembered[-1] == ""
    root().enter()


def test_a_root_that_was_replaced_or_unmounted_is_not_the_root(mounted: Path) -> None:
    root = Root(InboxSettings(path=mounted / "scans"))
    root.require()  # nobody has entered it: nothing is known
    root.enter()
    root.require()
    unmount(mounted)
    with pytest.raises(ShareGoneError, match="another folder"):
        root.require()
    (mounted / "scans").rmdir()
    with pytest.raises(ShareGoneError, match="No such file"):
        root.require()
