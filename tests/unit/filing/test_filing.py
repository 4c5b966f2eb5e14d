"""Promises of filing: nothing overwritten, nothing half, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ocrd import files
from ocrd.errors import SourceChangedError
from ocrd.filing import filing, plans
from tests.unit.filing.desks import MTIME, Desk

MTIME_NS = 1_700_000_000_123_456_000


def test_source_and_sidecar_end_side_by_side_with_the_time_kept(desk: Desk) -> None:
    desk.publish(desk.staged())
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]
    assert (desk.done / "scan.pdf").stat().st_mtime == MTIME


def test_filing_keeps_both_files_when_names_collide(desk: Desk) -> None:
    desk.done.mkdir()
    (desk.done / "scan.pdf").write_bytes(b"an earlier scan")
    (desk.done / "scan.md").write_bytes(b"its text")
    desk.publish(desk.staged())
    assert desk.tree() == [
        "inbox/done/scan-2.md", "inbox/done/scan-2.pdf", "inbox/done/scan.md",
        "inbox/done/scan.pdf",
    ]
    assert (desk.done / "scan.pdf").read_bytes() == b"an earlier scan"
    assert (desk.done / "scan.md").read_bytes() == b"its text"


def test_two_sources_of_one_stem_get_sidecars_of_their_own(desk: Desk) -> None:
    image = replace(desk.drop("scan.png"), id=8)
    first, second = desk.staged(), desk.staged(job=image)
    filing.publish(second, image.key, image.sha256)
    desk.publish(first)
    assert desk.tree() == [
        "inbox/done/scan.md", "inbox/done/scan.pdf", "inbox/done/scan.png",
        "inbox/done/scan.png.md",
    ]


def test_a_name_taken_after_the_plan_is_never_overwritten(desk: Desk) -> None:
    plan = desk.staged()
    (desk.done / "scan.md").write_bytes(b"somebody else's")
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    assert (desk.done / "scan.md").read_bytes() == b"somebody else's"
    assert desk.tree() == ["inbox/done/scan.md", "inbox/scan.pdf"]


def test_a_source_name_taken_after_the_plan_takes_the_sidecar_back(desk: Desk) -> None:
    plan = desk.staged()
    (desk.done / "scan.pdf").write_bytes(b"somebody else's")
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    assert desk.tree() == ["inbox/done/scan.pdf", "inbox/scan.pdf"]


def test_a_source_that_changed_while_it_was_read_publishes_nothing(desk: Desk) -> None:
    plan = desk.staged()
    (desk.inbox / "scan.pdf").write_bytes(b"another scan")
    with pytest.raises(SourceChangedError):
        desk.publish(plan)
    assert desk.tree() == ["inbox/scan.pdf"]


def test_a_source_replaced_by_a_link_publishes_nothing(desk: Desk, tmp_path: Path) -> None:
    plan = desk.staged()
    (tmp_path / "secret").write_bytes(b"secret")
    (desk.inbox / "scan.pdf").unlink()
    (desk.inbox / "scan.pdf").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceChangedError):
        desk.publish(plan)
    assert desk.tree() == ["inbox/scan.pdf", "secret"]


@pytest.mark.parametrize("action", ["move", "delete", "keep"])
def test_publishing_again_after_the_last_step_changes_nothing(desk: Desk, action: str) -> None:
    plan = desk.staged(action)
    desk.publish(plan)
    before = desk.tree()
    desk.publish(plans.Plan.from_json(json.loads(json.dumps(plan.to_json()))))
    assert desk.tree() == before


@pytest.mark.parametrize("action", ["move", "delete", "keep"])
def test_a_source_that_somebody_took_away_leaves_nothing_published(
    desk: Desk, action: str
) -> None:
    plan = desk.staged(action)
    (desk.inbox / "scan.pdf").unlink()
    with pytest.raises(SourceChangedError):
        desk.publish(plan)
    assert desk.tree() == []


def test_a_source_taken_away_after_its_sidecar_came_takes_it_back_unless_we_deleted_it(
    desk: Desk,
) -> None:
    plan = desk.staged("move")
    os.link(plan.outputs[0].staged, desk.done / "scan.md")
    (desk.inbox / "scan.pdf").unlink()
    with pytest.raises(SourceChangedError):
        desk.publish(plan)
    assert desk.tree() == []
    desk.names.release(plan)
    desk.job = desk.drop("scan.pdf")
    plan = desk.staged("delete")
    os.link(plan.outputs[0].staged, desk.done / "scan.md")
    (desk.inbox / "scan.pdf").unlink()
    desk.publish(plan)
    assert (desk.done / "scan.md").read_bytes() == b"# Text\n"


@pytest.mark.parametrize(
    ("content", "mtime_ns", "is_hashed", "is_ours"),
    [
        (b"the source", MTIME_NS, True, True),
        (b"the source", MTIME_NS + 999, True, True),  # a file system that keeps microseconds
        (b"the source", MTIME_NS + 1000, True, False),
        (b"the source", MTIME_NS - 1, True, False),
        (b"the sourcE", MTIME_NS, True, False),
        (b"the source!", MTIME_NS, True, False),
        (b"the source", MTIME_NS, False, False),
    ],
)
def test_a_copy_at_the_destination_is_the_source_if_size_time_and_content_are(
    desk: Desk, content: bytes, mtime_ns: int, is_hashed: bool, is_ours: bool
) -> None:
    os.utime(desk.inbox / "scan.pdf", ns=(MTIME_NS, MTIME_NS))
    key = files.file_key(desk.inbox / "scan.pdf")
    plan = desk.staged()
    os.link(plan.outputs[0].staged, desk.done / "scan.md")
    (desk.done / "scan.pdf").write_bytes(content)  # before the source's inode is free
    (desk.inbox / "scan.pdf").unlink()
    os.utime(desk.done / "scan.pdf", ns=(mtime_ns, mtime_ns))
    publish = partial(filing.publish, plan, key, desk.job.sha256 if is_hashed else None)
    if is_ours:
        publish()
        assert (desk.done / "scan.md").exists()
    else:
        with pytest.raises(SourceChangedError):
            publish()
        assert not (desk.done / "scan.md").exists()
    assert (desk.done / "scan.pdf").read_bytes() == content


def test_a_moved_source_is_known_by_its_inode_without_its_hash(desk: Desk) -> None:
    plan = desk.staged()
    for _ in range(2):
        filing.publish(plan, desk.job.key, None)
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]


def test_a_folder_that_went_away_is_not_made_for_a_plan_without_its_staged_files(
    desk: Desk,
) -> None:
    plan = desk.staged()
    shutil.rmtree(desk.done)
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    assert not desk.done.exists()
    assert desk.tree() == ["inbox/scan.pdf"]


class Blind:
    """Makes a published file unreadable for its first looks, as rclone's mount may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
        self.left = looks
        self._real = files.sha256_of
        monkeypatch.setattr(files, "sha256_of", self)

    def __call__(self, where: Any, key: Any) -> str:
        if self.left and str(where).endswith("scan.md") and where.exists():
            self.left -= 1
            raise SourceChangedError("not there yet")
        return self._real(where, key)


def test_a_file_that_shows_only_at_the_second_look_is_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = desk.staged()
    blind = Blind(monkeypatch, 1)
    desk.publish(plan)
    assert blind.left == 0
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]


def test_what_is_not_ours_at_the_second_look_either_asks_for_a_new_plan(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = desk.staged()
    Blind(monkeypatch, 2)
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    assert desk.tree() == ["inbox/scan.pdf"]


def test_a_lost_staged_file_asks_for_a_new_plan_and_keeps_the_source(desk: Desk) -> None:
    plan = desk.staged()
    Path(plan.outputs[0].staged).unlink()
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    assert desk.tree() == ["inbox/scan.pdf"]


def test_a_source_goes_to_another_file_system_whole(far_desk: Desk) -> None:
    far_desk.publish(far_desk.staged())
    assert not (far_desk.inbox / "scan.pdf").exists()
    assert (far_desk.done / "scan.pdf").read_bytes() == b"the source"
    assert (far_desk.done / "scan.pdf").stat().st_mtime == MTIME


def test_a_kept_source_has_its_own_sidecar_replaced_and_no_other(desk: Desk) -> None:
    plan = desk.staged("keep", folder=desk.inbox)
    desk.publish(plan)
    own = {plan.outputs[0].path: plan.outputs[0].sha256}
    again = desk.staged("keep", folder=desk.inbox, owned=own)
    assert again.outputs[0].replaces
    desk.publish(again)
    assert desk.tree() == ["inbox/scan.md", "inbox/scan.pdf"]


def test_a_sidecar_that_a_person_edited_is_not_replaced(desk: Desk) -> None:
    plan = desk.staged("keep", folder=desk.inbox)
    desk.publish(plan)
    (desk.inbox / "scan.md").write_bytes(b"corrected by hand")
    own = {plan.outputs[0].path: plan.outputs[0].sha256}
    desk.publish(desk.staged("keep", folder=desk.inbox, owned=own))
    assert (desk.inbox / "scan.md").read_bytes() == b"corrected by hand"
    assert (desk.inbox / "scan.pdf.md").exists()


@pytest.mark.parametrize("stem", ["n" * 251, "ü" * 125 + "x", "-rf", ".hidden.name"])
def test_names_of_any_length_get_sidecars_that_fit(tmp_path: Path, stem: str) -> None:
    desk = Desk(tmp_path, tmp_path / "done", name=f"{stem}.pdf")
    desk.publish(desk.staged())
    assert len(list(desk.done.iterdir())) == 2
    assert (desk.done / f"{stem}.pdf").exists()


def test_a_plan_of_an_earlier_version_can_be_carried_out(desk: Desk) -> None:
    body = desk.staged().to_json()
    for output in body["outputs"]:
        del output["replaced"]
    desk.publish(plans.Plan.from_json(json.loads(json.dumps(body))))
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]
