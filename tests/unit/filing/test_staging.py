"""What is staged is whole, ours and findable, or not there."""

from __future__ import annotations

import errno
import io
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd.errors import DiskFullError, OcrdError
from ocrd.files import Place
from ocrd.filing import assets, filing
from ocrd.job import JobState
from tests.unit.filing.desks import FIRST, SECOND, Desk


def test_contents_that_are_not_those_of_the_plan_leave_nothing_staged(desk: Desk) -> None:
    plan = desk.names.plan(
        desk.job, state=JobState.DONE, action="move", folder=Place.of(desk.done, desk.inbox),
        kinds=["md", "json"], owned={},
    )  # fmt: skip
    with pytest.raises(ValueError, match="shorter"):
        filing.stage(plan, [lambda out: out.write(b"text")])
    assert desk.tree() == ["inbox/scan.pdf"]


def test_a_disk_that_is_full_while_staging_leaves_nothing_of_it(desk: Desk) -> None:
    plan = desk.names.plan(
        desk.job, state=JobState.DONE, action="move", folder=Place.of(desk.done, desk.inbox),
        kinds=["md", "assets", "json"], owned={},
    )  # fmt: skip

    def fill(out: BinaryIO) -> None:
        out.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def ours(out: BinaryIO) -> None:
        out.write(b"whole")

    every: list[list[filing.Content]] = [
        [fill, {FIRST: ours}, ours], [ours, {FIRST: ours, SECOND: fill}, ours],
    ]  # fmt: skip
    for contents in every:
        with pytest.raises(DiskFullError):
            filing.stage(plan, contents)
        assert desk.tree() == ["inbox/scan.pdf"]
        assert list(desk.done.iterdir()) == []


def test_what_an_earlier_attempt_left_under_the_temporary_name_is_written_anew(desk: Desk) -> None:
    first = desk.staged(words=b"of the first attempt")
    desk.names.release(first)
    second = desk.staged(words=b"of the second")
    assert second.outputs[0].staged == first.outputs[0].staged
    desk.publish(second)
    assert (desk.done / "scan.md").read_bytes() == b"of the second"


@pytest.mark.parametrize("kind", ["md", "assets"])
def test_a_neighbour_who_holds_the_temporary_name_holds_nothing_up(desk: Desk, kind: str) -> None:
    theirs = desk.done / ".ocrd-7-0.tmp" / "theirs"
    theirs.mkdir(parents=True)
    plan = desk.staged(kinds=[kind])
    assert Path(plan.outputs[0].staged).match(".ocrd-7-0-*.tmp")
    desk.publish(plan)
    assert sorted(path.name for path in desk.done.iterdir()) == [
        ".ocrd-7-0.tmp", f"scan.{kind}", "scan.pdf",
    ]  # fmt: skip
    assert theirs.is_dir()


def test_an_error_of_the_disk_is_no_neighbour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def fail(where: object) -> None:
        tried.append(str(where))
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(assets, "discard", fail)
    with pytest.raises(OcrdError, match="Input/output error"):
        desk.staged()
    assert {Path(path).name for path in tried} == {".ocrd-7-0.tmp"}


def test_what_a_job_staged_is_removed_and_nobody_elses(desk: Desk) -> None:
    desk.staged(kinds=["md", "assets"])
    other = desk.staged(job=replace(desk.drop("other.pdf"), id=70))
    (desk.done / "mine.tmp").touch()
    filing.discard_staged(Place.of(desk.done, desk.inbox), desk.job)
    assert sorted(path.name for path in desk.done.iterdir()) == [
        Path(other.outputs[0].staged).name, "mine.tmp",
    ]  # fmt: skip


def test_a_copied_files_content_is_published(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "overlay").write_bytes(b"%PDF" * 100_000)
    out = io.BytesIO()
    filing.copying(tmp_path / "overlay")(out)
    assert out.getvalue() == b"%PDF" * 100_000


def test_a_destination_on_the_disk_below_an_unmounted_share_is_not_made(desk: Desk) -> None:
    shutil.rmtree(desk.inbox)
    with pytest.raises(OcrdError, match="inbox"):
        desk.staged()
    assert not desk.inbox.exists()
