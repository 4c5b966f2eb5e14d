"""A kept source under another name: not read again, its outputs beside it, nothing overwritten."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocrd import files, following
from ocrd.errors import ShareGoneError
from ocrd.filing import plans
from ocrd.following import Follower
from ocrd.job import Candidate, Job, JobState
from ocrd.ledger import kept
from ocrd.work import Work
from tests.unit.leased import Desk, events

CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Archive:
    """A kept folder with one document that was read as a.pdf."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.desk = Desk(root, source="keep", recursive=True, **settings)
        self.inbox = self.desk.inbox
        self.names = plans.Names()
        self.follower = Follower(self.desk.ledger, self.names)

    async def read(
        self, name: str = "a.pdf", *outputs: str, state: JobState = JobState.DONE
    ) -> Job:
        """Have a document lie there, read, with these outputs."""
        path = self.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(CONTENT)
        hashes = {}
        for output in outputs or ("a.md",):
            place = path.parent / output
            if output.endswith(".assets"):
                place.mkdir()
                (place / "page1-figure1.png").write_bytes(b"x")
            else:
                place.write_text(f"what {output} says")
            hashes[str(place)] = hashlib.sha256(f"what {output} says".encode()).hexdigest()
        candidate = Candidate(str(self.inbox), name, files.file_key(path))

        def finish(ledger: Any) -> Job:
            ledger.enqueue([candidate], 0, time.time())
            job = ledger.newest_of(str(self.inbox), name)
            ledger.db.execute("UPDATE jobs SET pages = 3, pages_done = 3, pages_doubtful = 1")
            ledger.finish(
                job.id, state, time.time(), destination=str(path), kept=True, sha256=SHA256,
                outputs=hashes,
            )
            found: Job = ledger.job(job.id)
            return found

        return await self.desk.ledger.do(finish)

    async def found(self, name: str) -> Work:
        """Lease what lies under a new name."""
        candidate = Candidate(str(self.inbox), name, files.file_key(self.inbox / name))
        await self.desk.ledger.do(lambda ledger: ledger.enqueue([candidate], 0, time.time()))
        return await self.desk.lease(name, None)

    async def renamed(self, name: str, old: str = "a.pdf") -> Work:
        """Rename a document, and lease it."""
        (self.inbox / name).parent.mkdir(exist_ok=True)
        (self.inbox / old).rename(self.inbox / name)
        return await self.found(name)

    async def outputs(self, name: str) -> set[str]:
        owned = await self.desk.ledger.do(
            lambda ledger: ledger.outputs_of(str(self.inbox), name)
        )
        return {os.path.relpath(path, self.inbox) for path in owned}

    def files(self) -> set[str]:
        return {
            str(path.relative_to(self.inbox))
            for path in self.inbox.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path)
    yield archive
    archive.desk.close()


async def test_a_renamed_document_is_done_and_its_outputs_have_its_name(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocrd")
    old = await archive.read("a.pdf", "a.md", "a.json", "a.overlay.pdf")
    work = await archive.renamed("letter.pdf")
    assert await archive.follower.follow(work, SHA256)
    assert work.is_filing, "a stop waits for it"
    assert archive.files() == {"letter.pdf", "letter.md", "letter.json", "letter.overlay.pdf"}
    assert (archive.inbox / "letter.md").read_text() == "what a.md says"
    job = await archive.desk.job(work)
    assert (job.state, job.sha256, job.plan) == (JobState.DONE, SHA256, {})
    assert job.destination == str(archive.inbox / "letter.pdf")
    assert (job.pages, job.pages_done, job.pages_doubtful) == (3, 3, 1)
    assert await archive.outputs("letter.pdf") == {
        "letter.md", "letter.json", "letter.overlay.pdf",
    }  # fmt: skip
    assert await archive.outputs("a.pdf") == set()
    before = await archive.desk.ledger.do(lambda ledger: ledger.job(old.id))
    assert before is not None and before.state is JobState.WITHDRAWN
    assert before.message == f"It was renamed to letter.pdf, job {job.id}."
    assert events(caplog) == [("followed", "INFO")]


async def test_there_and_back_again(archive: Archive) -> None:
    await archive.read()
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    back = await archive.renamed("a.pdf", "b.pdf")
    assert await archive.follower.follow(back, SHA256)
    assert archive.files() == {"a.pdf", "a.md"}


async def test_one_that_failed_fails_under_its_new_name_too(archive: Archive) -> None:
    await archive.read("a.pdf", "a.error.json", state=JobState.FAILED)
    work = await archive.renamed("b.pdf")
    assert await archive.follower.follow(work, SHA256)
    assert archive.files() == {"b.pdf", "b.error.json"}
    assert (await archive.desk.job(work)).state is JobState.FAILED


async def test_figures_keep_the_name_by_which_they_are_linked(archive: Archive) -> None:
    await archive.read("a.pdf", "a.md", "a.assets")
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert archive.files() == {"b.pdf", "b.md", "a.assets/page1-figure1.png"}
    moved = await archive.renamed("sub/c.pdf", "b.pdf")
    assert await archive.follower.follow(moved, SHA256)
    assert archive.files() == {"sub/c.pdf", "sub/c.md", "sub/a.assets/page1-figure1.png"}
    assert await archive.outputs("sub/c.pdf") == {"sub/c.md", "sub/a.assets"}


async def test_figures_whose_name_is_taken_there_are_a_reason_to_read_again(
    archive: Archive,
) -> None:
    await archive.read("a.pdf", "a.md", "a.assets")
    (archive.inbox / "sub" / "a.assets").mkdir(parents=True)
    work = await archive.renamed("sub/a.pdf")
    assert not await archive.follower.follow(work, SHA256)
    assert "a.md" in archive.files(), "nothing was moved"


async def test_nothing_is_moved_over_a_file(archive: Archive) -> None:
    await archive.read()
    (archive.inbox / "b.md").write_text("somebody's")
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert (archive.inbox / "b.md").read_text() == "somebody's"
    assert (archive.inbox / "b.pdf.md").read_text() == "what a.md says"


async def test_what_a_person_edited_moves_along_and_stays_theirs(archive: Archive) -> None:
    await archive.read()
    (archive.inbox / "a.md").write_text("edited")
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert (archive.inbox / "b.md").read_text() == "edited"
    owned = await archive.desk.ledger.do(
        lambda ledger: ledger.outputs_of(str(archive.inbox), "b.pdf")
    )
    assert owned[str(archive.inbox / "b.md")] != hashlib.sha256(b"edited").hexdigest()


async def test_a_copy_is_another_document(archive: Archive) -> None:
    await archive.read()
    (archive.inbox / "b.pdf").write_bytes(CONTENT)
    assert not await archive.follower.follow(await archive.found("b.pdf"), SHA256)
    assert archive.files() == {"a.pdf", "a.md", "b.pdf"}


async def test_another_content_is_another_document(archive: Archive) -> None:
    await archive.read()
    work = await archive.renamed("b.pdf")
    assert not await archive.follower.follow(work, "0" * 64)


async def test_outputs_that_went_along_by_hand_are_found_where_they_are(
    archive: Archive,
) -> None:
    await archive.read("old/a.pdf", "a.md", "a.assets")
    (archive.inbox / "old" / "a.md").write_text("edited")
    (archive.inbox / "old").rename(archive.inbox / "new")
    work = await archive.found("new/a.pdf")
    assert await archive.follower.follow(work, SHA256)
    assert archive.files() == {"new/a.pdf", "new/a.md", "new/a.assets/page1-figure1.png"}
    assert await archive.outputs("new/a.pdf") == {"new/a.md", "new/a.assets"}


async def test_an_output_that_was_renamed_by_hand_too_is_known_by_its_content(
    archive: Archive,
) -> None:
    await archive.read()
    (archive.inbox / "a.md").rename(archive.inbox / "b.md")
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert archive.files() == {"b.pdf", "b.md"}


async def test_without_its_outputs_a_document_is_read_again(archive: Archive) -> None:
    await archive.read()
    (archive.inbox / "a.md").unlink()
    (archive.inbox / "b.md").write_text("somebody's")
    assert not await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert (archive.inbox / "b.md").read_text() == "somebody's"


async def test_somebody_elses_text_beside_it_is_not_taken_for_its_own(archive: Archive) -> None:
    await archive.read("x/a.pdf")
    (archive.inbox / "x" / "a.md").unlink()
    (archive.inbox / "y").mkdir()
    (archive.inbox / "y" / "b.md").write_text("somebody's")
    work = await archive.renamed("y/b.pdf", "x/a.pdf")
    assert not await archive.follower.follow(work, SHA256)


async def test_figures_that_are_another_documents_or_nowhere_are_not_taken(
    archive: Archive,
) -> None:
    await archive.read("x/a.pdf", "a.assets")
    await archive.read("y/a.pdf", "a.assets")
    shutil.rmtree(archive.inbox / "x" / "a.assets")
    work = await archive.renamed("y/b.pdf", "x/a.pdf")
    assert not await archive.follower.follow(work, SHA256)
    nowhere = await archive.renamed("z/b.pdf", "y/b.pdf")
    assert not await archive.follower.follow(nowhere, SHA256)


@pytest.mark.parametrize(
    ("state", "plan", "is_begun"),
    [
        (JobState.FILING, {"followed": 1, "moves": []}, True),
        (JobState.FILING, {"state": "done"}, False),
        (JobState.DONE, {"followed": 1, "moves": []}, False),
    ],
)
async def test_an_ordinary_filing_is_not_taken_for_a_renaming(
    archive: Archive, state: JobState, plan: dict[str, Any], is_begun: bool
) -> None:
    job = await archive.read()
    assert following.is_begun(replace(job, state=state, plan=plan)) is is_begun


async def test_another_documents_outputs_are_not_taken(archive: Archive) -> None:
    """Two copies of one content, each with its text; one is moved to the other without it."""
    await archive.read("x/a.pdf")
    await archive.read("y/a.pdf")
    (archive.inbox / "x" / "a.md").unlink()
    work = await archive.renamed("y/b.pdf", "x/a.pdf")
    assert not await archive.follower.follow(work, SHA256)
    assert await archive.outputs("y/a.pdf") == {"y/a.md"}


async def test_what_is_gone_is_not_concluded_from_a_folder_that_is_offline(
    archive: Archive,
) -> None:
    await archive.read()
    work = await archive.renamed("b.pdf")
    archive.desk.root_error = ShareGoneError("It is gone.")
    with pytest.raises(ShareGoneError):
        await archive.follower.follow(work, SHA256)
    assert "a.md" in archive.files()


@pytest.mark.parametrize("moved", [0, 1, 2])
async def test_a_crash_at_any_move_is_taken_up(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    await archive.read("a.pdf", "a.md", "a.json")
    work = await archive.renamed("b.pdf")
    done: list[int] = []
    move: Callable[..., None] = following._move

    def die(*entries: Any) -> None:
        if len(done) == moved:
            raise KeyboardInterrupt
        done.append(1)
        move(*entries)
        if len(done) == moved == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(following, "_move", die)
    with pytest.raises(KeyboardInterrupt):
        await archive.follower.follow(work, SHA256)
    monkeypatch.setattr(following, "_move", move)
    again = await archive.desk.again(work)
    assert following.is_begun(again.job)
    await Follower(archive.desk.ledger, plans.Names()).follow_again(again)
    assert again.is_filing
    assert archive.files() == {"b.pdf", "b.md", "b.json"}
    job = await archive.desk.job(work)
    assert (job.state, job.sha256) == (JobState.DONE, SHA256)
    assert not following.is_begun(job)
    assert await archive.outputs("b.pdf") == {"b.md", "b.json"}


@pytest.mark.parametrize("what", ["taken", "gone"])
async def test_a_plan_that_came_too_late_is_made_anew(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await archive.read()
    work = await archive.renamed("b.pdf")
    move = following._move

    def interfere(*entries: Any) -> None:
        if what == "taken":
            (archive.inbox / "b.md").write_text("somebody's")
        else:
            (archive.inbox / "a.md").unlink()
        move(*entries)

    monkeypatch.setattr(following, "_move", interfere)
    assert await archive.follower.follow(work, SHA256)
    monkeypatch.setattr(following, "_move", move)
    job = await archive.desk.job(work)
    assert (job.state, job.plan) == (JobState.QUEUED, {})
    again = await archive.desk.lease("b.pdf", None)
    assert await archive.follower.follow(again, SHA256) is (what == "taken")
    if what == "taken":
        assert (archive.inbox / "b.pdf.md").read_text() == "what a.md says"
        assert (archive.inbox / "b.md").read_text() == "somebody's"


async def test_names_are_given_back(archive: Archive) -> None:
    await archive.read()
    await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)
    assert archive.names._reserved == set()


async def test_a_folder_whose_sources_leave_it_knows_no_renaming(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    work = await desk.lease()
    assert not await Follower(desk.ledger, plans.Names()).follow(work, SHA256)
    desk.close()


async def test_a_source_that_went_away_while_it_was_looked_at_is_followed(
    archive: Archive,
) -> None:
    await archive.read()
    os.utime(archive.inbox / "a.pdf", ns=(1, 1))
    await archive.found("a.pdf")
    (job, *_) = await archive.desk.ledger.do(lambda ledger: ledger.jobs())
    await archive.desk.ledger.do(
        lambda ledger: ledger.finish(job.id, JobState.WITHDRAWN, time.time())
    )
    assert await archive.follower.follow(await archive.renamed("b.pdf"), SHA256)


async def test_a_name_that_was_read_again_since_is_not_followed(archive: Archive) -> None:
    await archive.read()
    await archive.read()  # the same name, once more
    work = await archive.renamed("b.pdf")
    known = await archive.desk.ledger.do(
        lambda ledger: kept.read_as(ledger, str(archive.inbox), "b.pdf", SHA256)
    )
    assert len(known) == 1
    assert await archive.follower.follow(work, SHA256)
