"""A folder that appears, is replaced and goes away as one, and is never another's."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd import files
from ocrd.errors import OcrdError, UnsupportedError
from ocrd.files import Entry, directories
from ocrd.filing import assets

A, B, C = (f"page-001-figure-{number}.jpg" for number in (1, 2, 3))
ONE = {A: b"first", B: b"second"}
OTHER = {A: b"anew"}


def contents(of: Mapping[str, bytes]) -> dict[str, assets.Writer]:
    def write(content: bytes, out: BinaryIO) -> None:
        out.write(content)

    return {name: partial(write, content) for name, content in of.items()}


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*")) if path.is_file()
    }  # fmt: skip


def without_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer renameat2 as NFS and FUSE do."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(directories, "rename_flagged", refuse)


@pytest.fixture(params=["flags", "no flags"])
def every_file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no flags":
        without_exchange(monkeypatch)


def test_hash_is_of_names_and_contents_in_any_order(tmp_path: Path) -> None:
    first = assets.stage(tmp_path / "x", contents(ONE))
    assert assets.stage(tmp_path / "y", dict(reversed(contents(ONE).items()))) == first
    assert assets.sha256_of(tmp_path / "x") == assets.sha256_of(tmp_path / "y") == first
    swapped = {A: ONE[B], B: ONE[A]}
    assert assets.stage(tmp_path / "z", contents(swapped)) != first


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", f"._{A}"])
def test_what_file_managers_leave_makes_no_folder_somebody_elses(tmp_path: Path, name: str) -> None:
    sha256 = assets.stage(tmp_path / "x", contents(ONE))
    (tmp_path / "x" / name).write_bytes(b"a thumbnail")
    assert assets.holds(tmp_path / "x", sha256)
    assert assets.names(tmp_path / "x") == [A, B]


def test_links_folders_and_pipes_in_it_make_it_somebody_elses(tmp_path: Path) -> None:
    for number in range(3):
        sha256 = assets.stage(tmp_path / str(number), contents(ONE))
    (tmp_path / "0" / "c").mkdir()
    os.mkfifo(tmp_path / "1" / "c")
    (tmp_path / "2" / A).rename(tmp_path / "2" / B)
    (tmp_path / "2" / A).symlink_to(tmp_path / "0" / A)
    for number in range(3):
        with pytest.raises((OSError, UnsupportedError)):
            assets.sha256_of(tmp_path / str(number))
        assets.remove(tmp_path / str(number), sha256)
        assert (tmp_path / str(number)).is_dir()
    (tmp_path / "link").symlink_to(tmp_path / "3", target_is_directory=True)
    sha256 = assets.stage(tmp_path / "3", contents(ONE))
    assert not assets.holds(tmp_path / "link", sha256)


def test_discarding_takes_our_left_overs_and_nothing_of_a_neighbours(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"kept")
    folder = tmp_path / ".ocrd-7-0.tmp"
    assets.stage(folder, contents(ONE))
    with pytest.raises(FileExistsError):
        assets.stage(folder, contents(ONE))
    (folder / "Thumbs.db").write_bytes(b"thumbnails")
    (folder / "@eaDir").mkdir()
    (folder / "@eaDir" / "a").write_bytes(b"a thumbnail")
    assets.discard(folder)
    folder.symlink_to(outside, target_is_directory=True)
    assets.discard(folder)
    assert sorted(tmp_path.iterdir()) == [outside]
    outside.rename(folder)
    with pytest.raises(OSError, match="not empty"):
        assets.discard(folder)
    assert tree(folder) == {"kept": b"kept"}
    (folder / "kept").rename(folder / A)
    (folder / B).mkdir()
    (folder / B / "kept").write_bytes(b"kept")
    assets.discard(folder)
    assert tree(tmp_path).popitem()[1] == b"kept"


@pytest.mark.usefixtures("every_file_system")
def test_publishing_takes_a_free_name_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "scan.assets"
    sha256 = assets.publish(path, contents(ONE))
    assert assets.holds(path, sha256)
    with pytest.raises(FileExistsError):
        assets.publish(path, contents(OTHER))
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        assets.publish(tmp_path / "file", contents(OTHER))
    assert tree(tmp_path) == {"file": b"mine"} | {f"scan.assets/{n}": c for n, c in ONE.items()}


@pytest.mark.usefixtures("every_file_system")
def test_publishing_replaces_the_folder_that_it_was_told_and_no_edited_one(tmp_path: Path) -> None:
    path = tmp_path / "scan.assets"
    old = assets.publish(path, contents(ONE))
    new = assets.publish(path, contents(OTHER), replaces=old)
    assert tree(tmp_path) == {f"scan.assets/{A}": b"anew"}
    (path / "note.txt").write_bytes(b"by hand")
    with pytest.raises(FileExistsError):
        assets.publish(path, contents(ONE), replaces=new)
    assert tree(tmp_path) == {f"scan.assets/{A}": b"anew", "scan.assets/note.txt": b"by hand"}


@pytest.mark.usefixtures("every_file_system")
def test_a_folder_that_was_to_be_replaced_and_is_gone_is_published(tmp_path: Path) -> None:
    assets.publish(tmp_path / "scan.assets", contents(ONE), replaces="of long ago")
    assert assets.names(tmp_path / "scan.assets") == [A, B]


@pytest.mark.usefixtures("every_file_system")
def test_an_edit_in_the_last_moment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, staged = tmp_path / "scan.assets", tmp_path / ".ocrd-7-0.tmp"
    old = assets.publish(path, contents(ONE))
    new = assets.stage(staged, contents(OTHER))
    exchange = files.exchange

    def edited(first: Entry, second: Entry) -> bool:
        (second.path / A).write_bytes(b"by hand")
        return exchange(first, second)

    monkeypatch.setattr(files, "exchange", edited)
    with pytest.raises(FileExistsError), files.entry_of(staged) as staged_entry:
        assets.replace(staged_entry, staged_entry.with_name(path.name), old)
    assert tree(path) == ONE | {A: b"by hand"}
    assert assets.holds(staged, new)


def test_removal_takes_the_folder_of_this_content_only(tmp_path: Path) -> None:
    path = tmp_path / "scan.assets"
    sha256 = assets.publish(path, contents(ONE))
    assets.remove(path, "another")
    assert path.is_dir()
    assets.remove(path, sha256)
    assets.remove(path, sha256)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(out: BinaryIO) -> None:
        out.write(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        assets.publish(tmp_path / "scan.assets", {**contents(ONE), C: fail})
    with pytest.raises(OcrdError, match="gone"):
        assets.publish(tmp_path / "gone" / "scan.assets", contents(ONE))
    assert list(tmp_path.iterdir()) == []


def test_sweep_takes_folders_that_a_crash_left_and_none_in_use(tmp_path: Path) -> None:
    left = files.temporary_path(tmp_path)
    assets.stage(left, contents(ONE))
    planned = tmp_path / ".ocrd-7-0.tmp"
    assets.stage(planned, contents(ONE))
    swept = []

    def sweep(_: BinaryIO) -> None:
        swept.append(files.sweep(tmp_path))

    assets.publish(tmp_path / "scan.assets", {A: sweep})
    assert swept == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [planned.name, "scan.assets"]
