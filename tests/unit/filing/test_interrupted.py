"""Filing broken off before any of its steps is completed by the next run."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocrd import files
from ocrd.files import directories, moving
from ocrd.filing import filing, plans
from tests.unit.filing.desks import BOTH, FIRST, KEPT, PUBLISHED, Desk, owned, recorded


def _interrupted_before(
    monkeypatch: pytest.MonkeyPatch, name: str, place: object = files
) -> Callable[[], None]:
    """Make one step of filing raise, as a crash would end it there; return how to go on."""
    real = getattr(place, name)

    def crash(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, name, crash)
    return lambda: monkeypatch.setattr(place, name, real)


@pytest.mark.parametrize(
    ("place", "step"), [(files, "give_name"), (files.Directory, "sync"), (files, "move_steps")]
)
def test_an_interrupted_publication_is_completed_by_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: object, step: str
) -> None:
    plan = desk.staged()
    go_on = _interrupted_before(monkeypatch, step, place)
    with pytest.raises(KeyboardInterrupt):
        desk.publish(plan)
    go_on()
    desk.publish(plan)
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]


def test_a_copy_interrupted_before_the_source_was_removed_is_taken_up(
    far_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = far_desk.staged()
    go_on = _interrupted_before(monkeypatch, "remove", moving)
    with pytest.raises(KeyboardInterrupt):
        far_desk.publish(plan)
    assert (far_desk.inbox / "scan.pdf").exists()
    go_on()
    far_desk.publish(plan)
    assert not (far_desk.inbox / "scan.pdf").exists()
    assert sorted(path.name for path in far_desk.done.iterdir()) == ["scan.md", "scan.pdf"]


class Crash:
    """Ends the work, as SIGKILL would, before the step of a given number that changes the disk."""

    STEPS = (
        (directories, "rename_flagged"), (os, "fsync"), (os, "unlink"), (os, "rename"),
        (os, "link"), (os, "rmdir"), (os, "mkdir"),
    )  # fmt: skip

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for place, name in self.STEPS:
            monkeypatch.setattr(place, name, self._counted(getattr(place, name)))

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return step(*arguments, **more)

        return counted


def crash_everywhere(
    tmp_path: Path, prepare: Callable[[Desk], plans.Plan], degrade: Callable[..., object]
) -> Iterator[Desk]:
    """Publish what ``prepare`` planned, broken off before each step once, and then to its end."""
    for step in range(100):
        root = tmp_path / f"crash before step {step}"
        root.mkdir()
        desk = Desk(root, root / "inbox" / "done")
        plan = prepare(desk)
        with pytest.MonkeyPatch.context() as monkeypatch:
            degrade(monkeypatch)
            crash = Crash(monkeypatch, step)
            with contextlib.suppress(KeyboardInterrupt):
                desk.publish(recorded(plan))
            is_over = crash.left >= 0
        with pytest.MonkeyPatch.context() as monkeypatch:
            degrade(monkeypatch)
            desk.publish(recorded(plan))
            for folder in (desk.inbox, desk.done):
                files.sweep(folder)
        yield desk
        if is_over:
            assert step > 5, "the steps are counted"
            return
    raise AssertionError("publishing has an end")


def no_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer renameat2 as NFS and FUSE do."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(directories, "rename_flagged", refuse)


every_file_system = pytest.mark.parametrize(
    "degrade", [lambda _: None, no_flags], ids=["flags", "no flags"]
)


@every_file_system
def test_a_crash_before_any_step_leaves_what_the_next_run_completes(
    tmp_path: Path, degrade: Callable[..., object]
) -> None:
    for desk in crash_everywhere(tmp_path, lambda desk: desk.staged(kinds=BOTH), degrade):
        assert desk.tree() == PUBLISHED


@every_file_system
def test_a_crash_before_any_step_of_a_replacement_ends_in_the_new_content(
    tmp_path: Path, degrade: Callable[..., object]
) -> None:
    def again(desk: Desk) -> plans.Plan:
        first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
        desk.publish(first)
        return desk.staged(
            "keep", folder=desk.inbox, kinds=BOTH, owned=owned(first), words=b"new",
            figure=b"new figure",
        )

    for desk in crash_everywhere(tmp_path, again, degrade):
        assert desk.tree() == KEPT
        assert (desk.inbox / "scan.assets" / FIRST).read_bytes() == b"new figure"
        assert (desk.inbox / "scan.md").read_bytes() == b"new"


@pytest.mark.parametrize("gone", [0, 1])
def test_what_was_staged_in_part_replaces_nothing(desk: Desk, gone: int) -> None:
    """A power loss may keep some of the staged names: all is planned anew, and nobody's work."""
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    again = desk.staged(
        "keep", folder=desk.inbox, kinds=BOTH, owned=owned(first), words=b"new",
        figure=b"new figure",
    )  # fmt: skip
    lost = Path(again.outputs[gone].staged)
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    before = {path: path.read_bytes() for path in desk.inbox.rglob("*") if path.is_file()}
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(again)
    left = {path: path.read_bytes() for path in desk.inbox.rglob("*") if path.is_file()}
    assert left == {path: content for path, content in before.items() if ".ocrd" not in str(path)}
    assert (desk.inbox / "scan.md").read_bytes() != b"new"
