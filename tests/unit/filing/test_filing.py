"""Promises of filing: nothing overwritten, nothing half, and every interruption can be resumed."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ocrd import files
from ocrd.errors import DiskFullError, EncryptedError, OcrdError, Reason, SourceChangedError
from ocrd.files import Place, directories, moving
from ocrd.filing import assets, filing, plans
from ocrd.job import Job, JobState

MTIME = 1_000_000_000
FIRST, SECOND = "page-001-figure-1.jpg", "page-001-figure-2.jpg"


class Desk:
    """An inbox with one source, and the shortest way to file it."""

    def __init__(self, root: Path, done: Path, name: str = "scan.pdf") -> None:
        self.inbox, self.done = root / "inbox", done
        self.inbox.mkdir()
        self.names = plans.Names()
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

    def staged(self, action: str = "move", **how: Any) -> plans.Plan:
        job = how.pop("job", self.job)
        arguments = {
            "state": JobState.DONE, "action": action, "kinds": ["md"], "owned": {}, **how,
        }
        folder = arguments.pop("folder", self.done)
        arguments["folder"] = Place.of(folder, self.inbox, folder)
        words, figure = how.get("words", b"# Text\n"), how.get("figure", b"a figure")
        for key in ("words", "figure"):
            arguments.pop(key, None)
        plan = self.names.plan(job, **arguments)
        writer: filing.Writer = lambda out: out.write(words)  # noqa: E731
        figures = {FIRST: lambda out: out.write(figure), SECOND: lambda out: out.write(b"two")}
        return filing.stage(
            plan,
            [figures if output.kind == plans.ASSETS else writer for output in plan.outputs],
        )

    def publish(self, plan: plans.Plan) -> None:
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


MTIME_NS = 1_700_000_000_123_456_000


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
    ("place", "step"), [(files, "give_name"), (files.Directory, "sync"), (files, "move")]
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


def error_text(job: Job, reason: Reason) -> str:
    out = io.BytesIO()
    filing.error_writer(job, reason, "2026-01-01T00:00:00Z")(out)
    return out.getvalue().decode()


def test_an_error_file_is_read_by_people(desk: Desk) -> None:
    reason = Reason("encrypted", "Süßes.pdf needs a password.", "Ask.", page=3)
    assert error_text(replace(desk.job, relpath="in/Süßes.pdf"), reason) == (
        "{\n"
        '  "source": "Süßes.pdf",\n'
        '  "code": "encrypted",\n'
        '  "message": "Süßes.pdf needs a password.",\n'
        '  "hint": "Ask.",\n'
        '  "page": 3,\n'
        '  "attempts": 1,\n'
        '  "time": "2026-01-01T00:00:00Z",\n'
        '  "job": 7\n'
        "}\n"
    )


def test_an_error_file_can_be_written_whatever_the_name(desk: Desk) -> None:
    job = replace(desk.job, relpath=os.fsdecode(b"caf\xe9.pdf"))
    assert '"source": "caf\\\\xe9.pdf"' in error_text(job, Reason("x", "\udce9", ""))


def test_the_error_file_says_why_and_what_to_do(desk: Desk) -> None:
    error = EncryptedError("scan.pdf needs a password.", hint="Add it to passwords.")
    reason = Reason.of(error)
    plan = desk.names.plan(
        desk.job, state=JobState.FAILED, action="move", folder=Place.below(desk.inbox, "failed"),
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


# Folders of figures

BOTH = ["assets", "md"]
PUBLISHED = [
    f"inbox/done/scan.assets/{FIRST}", f"inbox/done/scan.assets/{SECOND}", "inbox/done/scan.md",
    "inbox/done/scan.pdf",
]  # fmt: skip
KEPT = [name.replace("done/", "") for name in PUBLISHED]


def owned(plan: plans.Plan) -> dict[str, str]:
    """Return what the ledger would know of a kept source's outputs."""
    return {output.path: output.sha256 for output in plan.outputs}


def recorded(plan: plans.Plan) -> plans.Plan:
    """Return the plan as it comes back from the ledger."""
    return plans.Plan.from_json(json.loads(json.dumps(plan.to_json())))


def test_figures_end_beside_the_sidecar_and_both_survive_a_second_run(desk: Desk) -> None:
    plan = desk.staged(kinds=BOTH)
    desk.publish(plan)
    assert desk.tree() == PUBLISHED
    desk.publish(recorded(plan))
    assert desk.tree() == PUBLISHED


def test_figures_go_to_another_file_system(far_desk: Desk) -> None:
    far_desk.publish(far_desk.staged(kinds=BOTH))
    assert (far_desk.done / "scan.assets" / FIRST).read_bytes() == b"a figure"


def test_folders_get_names_that_nobody_has(desk: Desk) -> None:
    desk.done.mkdir()
    (desk.done / "scan.assets").write_bytes(b"a file of this name")
    (desk.done / "scan.pdf.assets").mkdir()
    plan = desk.staged(kinds=BOTH)
    assert plan.outputs[0].path == str(desk.done / "scan-2.assets")
    desk.publish(plan)
    assert (desk.done / "scan-2.assets" / SECOND).exists()
    assert (desk.done / "scan.assets").read_bytes() == b"a file of this name"


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_folder_name_taken_after_the_plan_publishes_nothing(desk: Desk, as_folder: bool) -> None:
    plan = desk.staged(kinds=["md", "assets"])
    taken = desk.done / "scan.assets"
    if as_folder:
        taken.mkdir()
        (taken / "mine.txt").write_bytes(b"mine")
    else:
        taken.write_bytes(b"mine")
    before = desk.tree()
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(plan)
    left = [name for name in before if ".tmp" not in name]
    assert desk.tree() == left and len(left) == 2


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


def test_a_kept_source_read_again_with_the_same_result_keeps_one_folder(desk: Desk) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    again = desk.staged("keep", folder=desk.inbox, kinds=BOTH, owned=owned(first))
    assert [output.replaces for output in again.outputs] == [True, True]
    desk.publish(again)
    assert desk.tree() == KEPT


@pytest.mark.parametrize("edit", ["change", "add", "remove"])
def test_figures_that_a_person_edited_are_not_replaced(desk: Desk, edit: str) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    folder = desk.inbox / "scan.assets"
    match edit:
        case "change":
            (folder / FIRST).write_bytes(b"retouched")
        case "add":
            (folder / "note.txt").write_bytes(b"a note")
        case "remove":
            (folder / FIRST).unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    desk.publish(desk.staged("keep", folder=desk.inbox, kinds=BOTH, owned=owned(first)))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (desk.inbox / "scan.pdf.assets" / FIRST).read_bytes() == b"a figure"


@pytest.mark.parametrize("name", ["scan.md", f"scan.assets/{FIRST}"])
def test_an_edit_after_the_plan_is_kept_and_a_new_plan_asked_for(desk: Desk, name: str) -> None:
    first = desk.staged("keep", folder=desk.inbox, kinds=BOTH)
    desk.publish(first)
    again = desk.staged(
        "keep", folder=desk.inbox, kinds=BOTH, owned=owned(first), words=b"new", figure=b"new"
    )
    (desk.inbox / name).write_bytes(b"by hand")
    with pytest.raises(filing.PlanOutdatedError):
        desk.publish(again)
    assert (desk.inbox / name).read_bytes() == b"by hand"
    assert not list(desk.inbox.glob(".ocrd-*"))


def test_withdrawing_removes_the_folder_unless_somebody_changed_it(desk: Desk) -> None:
    ours = desk.staged(kinds=BOTH)
    desk.publish(ours)
    filing.withdraw(ours)
    assert desk.tree() == ["inbox/done/scan.pdf"]
    other = replace(desk.drop("other.pdf"), id=8)
    theirs = desk.staged(job=other, kinds=BOTH)
    filing.publish(theirs, other.key, other.sha256)
    (desk.done / "other.assets" / "note.txt").write_bytes(b"a note")
    filing.withdraw(theirs)
    assert (desk.done / "other.assets" / FIRST).exists()
    assert not (desk.done / "other.md").exists()


def test_withdrawing_removes_what_was_only_staged(desk: Desk) -> None:
    filing.withdraw(desk.staged(kinds=BOTH))
    assert desk.tree() == ["inbox/scan.pdf"]
    assert list(desk.done.iterdir()) == []


def test_a_plan_of_an_earlier_version_can_be_carried_out(desk: Desk) -> None:
    body = desk.staged().to_json()
    for output in body["outputs"]:
        del output["replaced"]
    desk.publish(plans.Plan.from_json(json.loads(json.dumps(body))))
    assert desk.tree() == ["inbox/done/scan.md", "inbox/done/scan.pdf"]


# Staging


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


# Withdrawing


def test_withdrawing_keeps_what_took_the_place_of_an_earlier_output(desk: Desk) -> None:
    """The earlier one is gone, and a kept source would be left without its text."""
    first = desk.staged("keep", folder=desk.inbox)
    desk.publish(first)
    again = desk.staged("keep", folder=desk.inbox, owned=owned(first), words=b"new")
    desk.publish(again)
    filing.withdraw(again)
    assert (desk.inbox / "scan.md").read_bytes() == b"new"


def test_withdrawing_a_plan_that_was_never_staged_touches_nothing(desk: Desk) -> None:
    (desk.done / "scan.assets").mkdir(parents=True)
    (desk.done / "scan.md").touch()
    outputs = tuple(
        plans.Output(kind, str(desk.done / ".ocrd-7-0.tmp"), str(desk.done / f"scan.{kind}"))
        for kind in ("md", "assets")
    )
    filing.withdraw(replace(desk.staged(kinds=[]), outputs=outputs))
    assert sorted(path.name for path in desk.done.iterdir()) == ["scan.assets", "scan.md"]


def test_withdrawing_one_output_does_not_hang_on_another(desk: Desk) -> None:
    """A share that shows one file no more, or a neighbour's, leaves the others to be removed."""
    plan = desk.staged(kinds=["json", "md"])
    desk.publish(plan)
    (desk.done / "scan.json").unlink()
    filing.withdraw(plan)
    assert desk.tree() == ["inbox/done/scan.pdf"]
