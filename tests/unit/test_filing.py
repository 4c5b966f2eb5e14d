"""Promises of filing: nothing overwritten, nothing half, and every interruption can be resumed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocrd import files, filing
from ocrd.errors import EncryptedError, OcrdError, Reason, SourceChangedError
from ocrd.job import Job, JobState

MTIME = 1_000_000_000


class Desk:
    """An inbox with one source, and the shortest way to file it."""

    def __init__(self, root: Path, done: Path, name: str = "scan.pdf") -> None:
        self.inbox, self.done = root / "inbox", done
        self.inbox.mkdir()
        self.names = filing.Names()
        self.job = self.drop(name)

    def drop(self, name: str, content: bytes = b"the source") -> Job:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MTIME, MTIME))
        key = files.file_key(path)
        return Job(
            id=7, inbox=str(self.inbox), relpath=name, key=key, state=JobState.LEASED, priority=0,
            attempts=1, created=0.0, sha256=files.sha256_of(path, key),
        )

    def staged(self, action: str = "move", **how: Any) -> filing.Plan:
        job = how.pop("job", self.job)
        arguments = {
            "state": JobState.DONE, "action": action, "folder": self.done, "kinds": ["md"],
            "owned": {}, **how,
        }
        plan = self.names.plan(job, **arguments)
        return filing.stage(plan, [lambda out: out.write(b"# Text\n")] * len(plan.outputs))

    def publish(self, plan: filing.Plan) -> None:
        filing.publish(plan, self.job.key, self.job.sha256)

    def tree(self) -> list[str]:
        root = self.inbox.parent
        return sorted(
            str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, tmp_path / "inbox" / "done")


@pytest.fixture
def far_desk(tmp_path: Path) -> Iterator[Desk]:
    far = Path("/dev/shm") / f"ocrd-test-{os.getpid()}"
    far.mkdir()
    if far.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is no other file system here")
    yield Desk(tmp_path, far / "done")
    shutil.rmtree(far)


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
    desk.publish(filing.Plan.from_json(json.loads(json.dumps(plan.to_json()))))
    assert desk.tree() == before


def _interrupted_before(monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], None]:
    """Make one step of filing raise, as a crash would end it there; return how to go on."""
    real = getattr(files, name)

    def crash(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, name, crash)
    return lambda: monkeypatch.setattr(files, name, real)


@pytest.mark.parametrize("step", ["rename_no_replace", "fsync_directory", "move"])
def test_an_interrupted_publication_is_completed_by_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    plan = desk.staged()
    go_on = _interrupted_before(monkeypatch, step)
    with pytest.raises(KeyboardInterrupt):
        desk.publish(plan)
    go_on()
    desk.publish(plan)
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]


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


def test_a_copy_interrupted_before_the_source_was_removed_is_taken_up(
    far_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = far_desk.staged()
    go_on = _interrupted_before(monkeypatch, "remove")
    with pytest.raises(KeyboardInterrupt):
        far_desk.publish(plan)
    assert (far_desk.inbox / "scan.pdf").exists()
    go_on()
    far_desk.publish(plan)
    assert not (far_desk.inbox / "scan.pdf").exists()
    assert sorted(path.name for path in far_desk.done.iterdir()) == ["scan.md", "scan.pdf"]


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


def test_the_error_file_says_why_and_what_to_do(desk: Desk) -> None:
    error = EncryptedError("scan.pdf needs a password.", hint="Add it to passwords.")
    reason = Reason.of(error)
    plan = desk.names.plan(
        desk.job, state=JobState.FAILED, action="move", folder=desk.inbox / "failed",
        kinds=["error.json"], owned={}, reason=reason,
    )
    plan = filing.stage(plan, [filing.error_writer(desk.job, reason, "2026-01-01T00:00:00Z")])
    desk.publish(plan)
    told = json.loads((desk.inbox / "failed" / "scan.error.json").read_text())
    assert told["code"] == "encrypted"
    assert told["hint"] == "Add it to passwords."
    assert told["attempts"] == 1


@pytest.mark.parametrize("stem", ["n" * 251, "ü" * 125 + "x", "-rf", ".hidden.name"])
def test_names_of_any_length_get_sidecars_that_fit(tmp_path: Path, stem: str) -> None:
    desk = Desk(tmp_path, tmp_path / "done", name=f"{stem}.pdf")
    desk.publish(desk.staged())
    assert len(list(desk.done.iterdir())) == 2
    assert (desk.done / f"{stem}.pdf").exists()


def test_a_destination_on_the_disk_below_an_unmounted_share_is_not_made(desk: Desk) -> None:
    shutil.rmtree(desk.inbox)
    with pytest.raises(OcrdError, match="inbox"):
        desk.staged()
    assert not desk.inbox.exists()
