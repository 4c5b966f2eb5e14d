"""What a person asks of the daemon, and what is left of it after a restart."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ocrd import files
from ocrd.choice import Choice
from ocrd.errors import ConfigError, OcrdError, SourceChangedError
from ocrd.job import Candidate, Job, JobState
from ocrd.ledger.jobs import Ledger
from tests.unit.daemon.wired import House


async def failed(house: House, name: str, inbox: str = "in") -> Job:
    """Have a file that failed lie in its folder's failed/."""
    folder = house.root / inbox
    filed = folder / "failed" / name
    filed.parent.mkdir(parents=True, exist_ok=True)
    filed.write_bytes(b"content")

    def fail(ledger: Ledger) -> int:
        ledger.enqueue([Candidate(str(folder), name, files.file_key(filed))], 0, 1.0)
        job = next(job for job in ledger.jobs({JobState.QUEUED}) if job.relpath == name)
        ledger.finish(job.id, JobState.FAILED, time.time(), destination=str(filed))
        return job.id

    return await house.control.job(await house.ledger.do(fail))


async def test_a_pause_outlives_the_daemon(house: House) -> None:
    await house.control.pause()
    house.dispatcher.is_paused = False  # as at a start
    await house.control.restore_pause()
    assert house.dispatcher.is_paused
    await house.control.resume()
    assert not house.dispatcher.is_paused
    await house.control.restore_pause()
    assert not house.dispatcher.is_paused


async def test_a_failed_document_goes_back_where_it_came_from(house: House) -> None:
    house.wiring.connect()
    await house.control.pause()
    job = await failed(house, "a.pdf")
    (answered,) = await house.control.retry(Choice(numbers=(job.id,)))
    assert (answered.job.id, answered.done) == (job.id, True)
    assert answered.new is not None
    again = await house.control.job(answered.new)
    assert (again.relpath, again.state) == ("a.pdf", JobState.QUEUED)
    assert (house.root / "in" / "a.pdf").read_bytes() == b"content"
    assert not Path(job.destination).exists()
    assert (await house.control.job(job.id)).state is JobState.WITHDRAWN


async def test_one_that_cannot_go_back_says_so_if_it_is_asked_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.wiring.connect()
    await house.control.pause()
    gone, there = await failed(house, "gone.pdf"), await failed(house, "there.pdf")
    Path(gone.destination).unlink()
    (outcome,) = await house.control.retry(Choice(numbers=(gone.id,)))
    assert isinstance(outcome.error, SourceChangedError) and not outcome.done
    outcomes = await house.control.retry(Choice())
    assert [(one.job.relpath, one.done) for one in outcomes] == [
        ("gone.pdf", False), ("there.pdf", True),
    ]  # fmt: skip
    assert "Not retried" in caplog.text
    assert (await house.control.job(gone.id)).state is JobState.FAILED
    assert (await house.control.job(there.id)).state is JobState.WITHDRAWN


async def test_a_document_of_a_folder_that_is_watched_no_more_stays(house: House) -> None:
    house.wiring.connect()
    job = await failed(house, "a.pdf", inbox="elsewhere")
    (outcome,) = await house.control.retry(Choice(numbers=(job.id,)))
    assert (outcome.done, outcome.what) == (False, "stays: its folder is watched no more.")
    assert (await house.control.job(job.id)).state is JobState.FAILED


async def test_a_job_that_nobody_knows_is_no_job(house: House) -> None:
    ask: Any
    for ask in (house.control.job, house.control.cancel):
        with pytest.raises(KeyError):
            await ask(7)
    with pytest.raises(KeyError):
        await house.control.retry(Choice(numbers=(7,)))


async def test_a_dry_retry_moves_nothing(house: House) -> None:
    house.wiring.connect()
    await house.control.pause()
    job = await failed(house, "a.pdf")
    (outcome,) = await house.control.retry(Choice(), dry=True)
    assert "would go back" in outcome.what
    assert await house.control.job(job.id) == job


async def test_one_that_is_only_put_back_is_not_read(house: House) -> None:
    house.wiring.connect()
    await house.control.pause()
    job = await failed(house, "a.pdf")
    (outcome,) = await house.control.retry(Choice(), read=False)
    assert (outcome.done, outcome.new) == (True, None)
    assert (house.root / "in" / "a.pdf").read_bytes() == b"content"
    assert (await house.control.job(job.id)).state is JobState.CANCELLED


async def test_one_that_is_no_document_is_put_back_and_left_alone(house: House) -> None:
    house.wiring.connect()
    await house.control.pause()
    await failed(house, "main.py")
    (outcome,) = await house.control.retry(Choice())
    assert (outcome.done, outcome.new) == (True, None)
    assert "no document (text)" in outcome.what


async def test_jobs_are_listed_by_state_newest_first(house: House) -> None:
    first, second = await failed(house, "1.pdf"), await failed(house, "2.pdf")
    assert await house.control.jobs() == ([second, first], None)
    assert await house.control.jobs(Choice(state=JobState.FAILED), limit=1) == ([second], second.id)
    assert await house.control.jobs(before=second.id) == ([first], None)
    assert await house.control.jobs(Choice(state=JobState.DONE)) == ([], None)


async def test_the_status_tells_of_each_part(house: House) -> None:
    house.wiring.connect()
    await failed(house, "a.pdf")
    status = await house.control.status()
    assert (status["pid"], status["state"]) == (os.getpid(), "starting")
    assert status["config"] == str(house.config)
    assert [inbox["path"] for inbox in status["inboxes"]] == [str(house.root / "in")]
    assert [engine["name"] for engine in status["engines"]] == ["default"]
    assert (status["jobs"]["failed"], status["jobs"]["waiting"]) == (1, 0)
    assert status["working"] == status["problems"] == []
    house.standing.phase = "running"
    assert (await house.control.status())["state"] == "running"
    await house.control.pause()
    assert (await house.control.status())["state"] == "paused"


async def test_a_reload_puts_all_of_the_file_in_force(house: House) -> None:
    house.wiring.connect()
    new = house.configure({"in": "", "more": ""}, top='keep_jobs = "7d"')
    await house.control.reload()
    assert house.wiring.settings == new
    assert house.retention.keep_seconds == 7 * 86400
    assert len(house.wiring.folders) == 2


@pytest.mark.parametrize("fault", ["folder", "state_dir", "text"])
async def test_a_reload_that_is_refused_leaves_everything_as_it_was(
    house: House, fault: str
) -> None:
    house.wiring.connect()
    before, folders = house.wiring.settings, dict(house.wiring.folders)
    house.configure({"in": "", "more": ""}, top='keep_jobs = "7d"')
    text = house.config.read_text()
    if fault == "folder":
        (house.root / "more").rmdir()
        (house.root / "more").write_text("a file")
    elif fault == "state_dir":
        house.config.write_text(text.replace(str(house.state_dir), str(house.root / "other")))
    else:
        house.config.write_text(text + "[")
    with pytest.raises(ConfigError) as raised:
        await house.control.reload()
    assert isinstance(raised.value, OcrdError)
    assert house.wiring.settings == before
    assert house.wiring.folders == folders
    assert house.retention.keep_seconds == before.keep_jobs
