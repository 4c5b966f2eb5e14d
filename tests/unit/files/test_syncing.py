"""Whose folders are synced when, of several that go step by step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ocrd import files


class Synced:
    """The folders that were synced, in their order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        self.broken: set[str] = set()
        monkeypatch.setattr(files.Directory, "sync", self._sync_of())

    def _sync_of(self) -> object:
        def sync(folder: files.Directory) -> None:
            self.names.append(folder.path.name)
            if folder.path.name in self.broken:
                raise OSError(errno.EIO, "broken")

        return sync


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Synced:
    return Synced(monkeypatch)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path


def through(*folders: Path, told: list[str] | None = None) -> files.Steps[str]:
    """Go through folders, each opened anew, and tell of each that is on disk."""
    for path in folders:
        with files.opened_folder(path) as folder:
            yield folder
            if told is not None:
                told.append(path.name)
    return folders[-1].name


def test_one_goes_from_sync_to_sync(root: Path, synced: Synced) -> None:
    assert files.carry_out(through(root / "a", root / "b")) == "b"
    assert synced.names == ["a", "b"]


def test_several_that_wait_for_a_folder_share_its_sync(root: Path, synced: Synced) -> None:
    told: list[str] = []
    steps = [through(root / "a", root / "b", told=told) for _ in range(3)]
    assert files.carry_out_all(steps) == ["b", "b", "b"]
    assert synced.names == ["a", "b"]
    assert told == ["a"] * 3 + ["b"] * 3, "nobody goes on before what he waits for"


def test_one_that_comes_later_to_a_folder_has_it_synced_again(root: Path, synced: Synced) -> None:
    files.carry_out_all([through(root / "a"), through(root / "b", root / "a")])
    assert synced.names == ["a", "b", "a"]


def test_a_sync_that_fails_fails_those_who_wait_for_it(root: Path, synced: Synced) -> None:
    synced.broken.add("a")
    first, second, third = files.carry_out_all(
        [through(root / "a"), through(root / "b", root / "b"), through(root / "a", root / "b")]
    )
    assert isinstance(first, OSError) and first.errno == errno.EIO
    assert second == "b"
    assert isinstance(third, OSError)
    assert synced.names == ["a", "b", "b"]


def test_what_one_raises_is_his_alone(root: Path, synced: Synced) -> None:
    def refused() -> files.Steps[str]:
        yield from through(root / "a")
        raise ValueError("refused")

    refusal, other = files.carry_out_all([refused(), through(root / "a", root / "b")])
    assert isinstance(refusal, ValueError)
    assert other == "b"
    with pytest.raises(ValueError, match="refused"):
        files.carry_out(refused())


def test_who_is_told_of_a_failed_sync_may_go_on(root: Path, synced: Synced) -> None:
    synced.broken.add("a")

    def stubborn() -> files.Steps[str]:
        try:
            yield from through(root / "a")
        except OSError:
            return (yield from through(root / "b"))
        return "a"

    assert files.carry_out(stubborn()) == "b"


def test_files_and_folders_that_are_waited_for_at_once_are_handed_on_together(
    root: Path, synced: Synced
) -> None:
    handed: list[int] = []

    def do(syncs: Sequence[Callable[[], OSError | None]]) -> list[OSError | None]:
        handed.append(len(syncs))
        return [sync() for sync in syncs]

    def written(path: Path) -> files.Steps[int]:
        with path.open("wb") as out:
            yield files.OpenFile(out.fileno())
        with files.opened_folder(path.parent) as folder:
            yield folder
        return path.stat().st_size

    steps = [written(root / "a" / name) for name in ("one", "two", "three")]
    assert files.carry_out_all(steps, do) == [0, 0, 0]
    assert handed == [3, 1], "three files, then their folder"
    assert synced.names == ["a"]


def test_a_file_that_cannot_be_synced_fails_where_it_is_waited_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)

    def written() -> files.Steps[str]:
        with (root / "one").open("wb") as out:
            try:
                yield files.OpenFile(out.fileno())
            except OSError as error:
                return str(error.errno)
        return ""

    assert files.carry_out(written()) == str(errno.EIO)
