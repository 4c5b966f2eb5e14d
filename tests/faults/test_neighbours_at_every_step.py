"""A neighbour swaps something at exactly one moment of a document's filing, for every moment.

Whatever it is and whenever: nothing outside of the configured folders is opened, changed or
removed, nothing of it turns up inside, the source stays whole and in one place, and once the
neighbour's work is undone the document is filed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ocrd import files, retrying
from ocrd.errors import OcrdError, Reason, SourceChangedError
from ocrd.files import Place, directories
from ocrd.filing import filing, plans
from ocrd.job import Job, JobState
from tests.faults.neighbours import swaps
from tests.faults.neighbours.outside import Outside, leaks
from tests.faults.neighbours.steps import Moment
from tests.faults.neighbours.swaps import Swap

FIGURE = "page-001-figure-1.jpg"
CONTENT = b"%PDF- the source"
TEXT = b"# what was read\n"

LINKS = [
    Swap("inbox/done", swaps.link),
    Swap("inbox/done/sub", swaps.link),
    Swap("inbox/sub", swaps.link),
    Swap("inbox/sub/scan.pdf", swaps.link),
    Swap("inbox/done/sub/scan.md", swaps.link),
    Swap("inbox/done/sub/scan.pdf", swaps.link),
    Swap("inbox/done/sub/.ocrd-7-0.tmp", swaps.link),
    Swap("inbox/done/sub/.ocrd-7-1.tmp", swaps.link),
]
OTHERS = [
    Swap("inbox/done", swaps.file),
    Swap("inbox/done", swaps.folder),
    Swap("inbox/done/sub", swaps.nothing),
    Swap("inbox/sub", swaps.folder),
    Swap("inbox/sub/scan.pdf", swaps.pipe),
    Swap("inbox/sub/scan.pdf", swaps.folder),
    Swap("inbox/sub/scan.pdf", swaps.file),
    Swap("inbox/done/sub/.ocrd-7-1.tmp", swaps.pipe),
    Swap("inbox/done/sub/.ocrd-7-1.tmp", swaps.folder),
]
if os.geteuid() == 0:  # a link in the root's own path has to belong to somebody else
    LINKS.append(Swap("inbox", swaps.link))


class World:
    """An inbox, its neighbourhood, and one document in the course of filing."""

    def __init__(self, root: Path, outside: Path, action: str) -> None:
        self.root, self.outside, self.action = root, outside, action
        root.mkdir()
        self.inbox = root / "inbox"
        source = self.inbox / "sub" / "scan.pdf"
        source.parent.mkdir(parents=True)
        (self.inbox / "done" / "sub").mkdir(parents=True)
        source.write_bytes(CONTENT)
        key = files.file_key(source)
        self.job = Job(
            id=7, inbox=str(self.inbox), relpath="sub/scan.pdf", key=key, state=JobState.LEASED,
            priority=0, attempts=1, created=0.0, sha256=files.sha256_of(source, key),
        )  # fmt: skip
        self.plan: plans.Plan | None = None

    def file(self) -> None:
        """File the document, as far as that goes now."""
        keeps = self.action == "keep"
        folder = Place.below(self.inbox, "sub" if keeps else "done/sub")
        names = plans.Names()
        for _ in range(3):
            if self.plan is None:
                plan = names.plan(
                    self.job, state=JobState.DONE, action=self.action, folder=folder,
                    kinds=[plans.ASSETS, "md"], owned={},
                )  # fmt: skip
                figures = {FIGURE: lambda out: out.write(b"a figure")}
                self.plan = filing.stage(plan, [figures, lambda out: out.write(TEXT)])
            try:
                filing.publish(self.plan, self.job.key, self.job.sha256)
                return
            except filing.PlanOutdatedError:
                names.release(self.plan)
                self.plan = None

    def sources(self) -> list[Path]:
        """Return where the source is, whatever it is called."""
        return [
            path for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink() and path.read_bytes() == CONTENT
        ]  # fmt: skip

    def is_filed(self) -> bool:
        """Say whether all that belongs together lies together, in a folder of whatever name."""
        sources = self.sources()
        for text in self.root.rglob("scan*.md"):
            if text.is_file() and not text.is_symlink() and text.read_bytes() == TEXT:
                figures = list(text.parent.glob(f"scan*.assets/{FIGURE}"))
                beside = [source.parent for source in sources]
                if figures and beside == ([] if self.action == "delete" else [text.parent]):
                    return True
        return False


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory: the order of what reaches a disk is not the matter here."""
    with tempfile.TemporaryDirectory(prefix="ocrd-test-", dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def outside(place: Path) -> Iterator[Outside]:
    documents = {"scan.pdf": b"%PDF-", "scan.md": b"# ", ".ocrd-7-0.tmp": b"", FIGURE: b""}
    with Outside(place / "outside", documents) as outside:
        yield outside


def moments(
    place: Path, outside: Outside, action: str, swap: Swap, work: Callable[[World], None],
    prepare: Callable[[World], object] = lambda _: None,
) -> Iterator[World]:
    """Do the work in a new world for each of its moments, with the swap at that one."""
    for at in range(2000):
        world = World(place / f"{at}", outside.path, action)
        prepare(world)
        moment = Moment(at, partial(swap.do, world.root, outside.path))
        with pytest.MonkeyPatch.context() as monkeypatch:
            moment.watch(monkeypatch)
            with contextlib.suppress(OcrdError):
                work(world)
        if not moment.has_come:
            assert at > 30, "the moments are counted"
            return
        outside.assert_untouched()
        assert not leaks(world.root, outside.path)
        yield world
    raise AssertionError("the work has an end")


@pytest.mark.parametrize("action", ["move", "keep", "delete"])
@pytest.mark.parametrize("swap", [*LINKS, *OTHERS], ids=str)
def test_nothing_outside_is_touched_and_the_document_is_filed_in_the_end(
    place: Path, outside: Outside, swap: Swap, action: str
) -> None:
    for world in moments(place, outside, action, swap, World.file):
        assert len(world.sources()) == 1 or action == "delete"
        swap.undo(world.root)
        assert world.sources() or world.is_filed()
        if swap.name != "inbox/done/sub/scan.pdf":  # there he takes the document itself away
            finish(world)


def finish(world: World) -> None:
    """Go on as the daemon does: again by the plan, or from the scan."""
    for _ in range(3):
        try:
            world.file()
            break
        except SourceChangedError:  # the scan finds it again, where it is now
            world.plan = None
            found = world.sources()
            if not found or world.is_filed():
                break
            (source,) = found
            relpath = str(source.relative_to(world.inbox))
            world.job = replace(world.job, relpath=relpath, key=files.file_key(source))
    assert world.is_filed(), sorted(map(str, world.root.rglob("*")))


@pytest.mark.parametrize("swap", LINKS[:4], ids=str)
def test_the_same_holds_where_folders_are_opened_step_by_step(
    place: Path, outside: Outside, swap: Swap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on kernels before 5.6, and where a sandbox does not know the call."""

    def refuse(path: Path) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(path))

    monkeypatch.setattr(directories, "_open_without_links", refuse)
    for world in moments(place, outside, "move", swap, World.file):
        assert len(world.sources()) == 1
        swap.undo(world.root)
        finish(world)


RETRIED = [
    Swap("inbox/failed", swaps.link),
    Swap("inbox/failed/sub", swaps.link),
    Swap("inbox/sub", swaps.link),
    Swap("inbox/failed/sub/scan.pdf", swaps.link),
    Swap("inbox/failed/sub/scan.error.json", swaps.link),
    Swap("inbox/sub", swaps.file),
]


@pytest.mark.parametrize("swap", RETRIED, ids=str)
def test_a_retry_takes_and_leaves_nothing_outside(
    place: Path, outside: Outside, swap: Swap
) -> None:
    failed: dict[Path, Job] = {}

    def fail(world: World) -> None:
        plan = plans.Names().plan(
            world.job, state=JobState.FAILED, action="move", kinds=["error.json"], owned={},
            folder=Place.below(world.inbox, "failed/sub"), reason=Reason("corrupt", "It is."),
        )  # fmt: skip
        plan = filing.stage(plan, [filing.error_writer(world.job, plan.reason, "now")])
        filing.publish(plan, world.job.key, world.job.sha256)
        failed[world.root] = replace(
            world.job, state=JobState.FAILED, destination=plan.destination, plan=plan.to_json()
        )

    def put_back(world: World) -> None:
        retrying.put_back(failed[world.root])

    for world in moments(place, outside, "move", swap, put_back, fail):
        assert len(world.sources()) == 1
        swap.undo(world.root)
        with contextlib.suppress(SourceChangedError):  # it is back already
            retrying.put_back(failed[world.root])
        assert len(world.sources()) == 1
