"""Uploads: theirs is a place on the disk, a job, and an end; whoever is killed leaves nothing."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ocrd import results
from ocrd.config.api import ApiSettings
from ocrd.errors import NoRoomError, PromiseError, RequestError
from ocrd.job import Job, JobState, Order
from ocrd.ledger import callbacks
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.uploads import INCOMING, Uploads

ORDER = Order({"mode": "text"}, ((1, 2),), "anna", "https://tools.example/x")


class House:
    """Uploads over a real ledger."""

    def __init__(self, root: Path, **api: Any) -> None:
        root.mkdir(exist_ok=True)
        self.ledger = LedgerWriter(Ledger.open(root))
        self.woken = 0
        self.uploads = Uploads(root, self.ledger, ApiSettings(**api), self._wake)
        self.uploads.open()

    def _wake(self) -> None:
        self.woken += 1

    def received(self, content: bytes = b"content") -> Path:
        path = self.uploads.incoming()
        path.write_bytes(content)
        return path

    async def brought(self, name: str = "a.pdf", **more: Any) -> Job:
        return await self.uploads.accept(self.received(), name, ORDER, **more)

    async def finish(self, job: Job, state: JobState = JobState.DONE, when: float = 0.0) -> None:
        await self.ledger.do(
            lambda ledger: ledger.finish(job.id, state, when or time.time())
        )

    def left(self) -> list[str]:
        root = self.uploads.path
        return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())

    def close(self) -> None:
        self.uploads.close()
        self.ledger.close()


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "state")
    yield house
    house.close()


async def test_a_document_has_a_place_of_its_own_and_a_job(house: House) -> None:
    job = await house.brought("../x/scan.pdf", priority=7)
    assert (job.order, job.priority, job.state) == (ORDER, 7, JobState.QUEUED)
    token, _, name = job.relpath.partition("/")
    assert name == "scan.pdf" and len(token) == 16
    path = house.uploads.path / job.relpath
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert house.woken == 1 and house.uploads.used == 7
    assert not list((house.uploads.path / INCOMING).iterdir())
    other = await house.brought("scan.pdf")
    assert other.relpath != job.relpath


async def test_what_was_promised_is_one_job_and_leaves_one_document(house: House) -> None:
    first = await house.brought(promise="anna 1", request="hash")
    again = await house.brought(promise="anna 1", request="hash")
    assert again.id == first.id and house.left() == [first.relpath]
    with pytest.raises(PromiseError):
        await house.brought(promise="anna 1", request="another")
    assert house.left() == [first.relpath]


async def test_whoever_stops_waiting_loses_no_document(house: House) -> None:
    task = asyncio.ensure_future(house.brought())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        while not (jobs := await house.ledger.do(lambda ledger: ledger.jobs())):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert house.left() == [jobs[0].relpath]


async def test_what_a_killed_daemon_was_receiving_is_removed_at_the_next_start(
    tmp_path: Path,
) -> None:
    house = House(tmp_path / "state")
    job = await house.brought()
    house.received()
    (house.uploads.path / INCOMING / "folder").mkdir()
    orphan = house.uploads.path / ("0" * 16)
    orphan.mkdir()
    (orphan / "placed.pdf").write_bytes(b"no job knows it")
    house.close()
    again = House(tmp_path / "state")
    assert not list((again.uploads.path / INCOMING).iterdir())
    assert again.uploads.used == 7 + 15
    await again.uploads.tidy()
    assert again.left() == [job.relpath] and again.uploads.used == 7
    again.close()


async def test_what_is_over_its_time_goes_with_all_that_came_of_it(tmp_path: Path) -> None:
    house = House(tmp_path / "state", keep_uploads="1h")
    old, new, still = [await house.brought() for _ in range(3)]
    for job, ago in ((old, 3700), (new, 3500)):
        token, _, name = job.relpath.partition("/")
        done = house.uploads.path / "done" / token
        done.mkdir(parents=True)
        (house.uploads.path / job.relpath).rename(done / name)
        (done / "a.md").write_text("text")
        await house.finish(job, when=time.time() - ago)
    await house.uploads.tidy()
    token = new.relpath.partition("/")[0]
    assert house.left() == sorted([f"done/{token}/a.md", f"done/{token}/a.pdf", still.relpath])
    assert await house.ledger.do(lambda ledger: ledger.job(old.id)) is None
    house.uploads.settings = ApiSettings(keep_uploads="0s")
    await house.finish(still, when=1.0)
    await house.uploads.tidy()
    assert still.relpath in house.left(), "until it is deleted"
    house.close()


async def test_deleting_frees_the_room(house: House) -> None:
    job = await house.brought()
    await house.finish(job)
    await house.uploads.delete(job)
    assert house.left() == [] and house.uploads.used == 0
    assert await house.ledger.do(lambda ledger: ledger.count_of(str(house.uploads.path))) == 0


async def test_there_is_so_much_room_and_no_more(tmp_path: Path) -> None:
    house = House(tmp_path / "state", upload_room="100B")
    house.uploads.require_room(100)
    house.received(b"x" * 60)
    house.uploads.require_room(40)
    with pytest.raises(NoRoomError, match="upload_room"):
        house.uploads.require_room(41)
    house.uploads.settings = ApiSettings()
    house.uploads.free_space_floor = 1 << 60
    with pytest.raises(NoRoomError, match="free_space_floor"):
        house.uploads.require_room(1)
    house.close()


async def test_who_is_to_be_told_is_known_until_he_was(house: House) -> None:
    job = await house.brought()
    assert await house.ledger.do(lambda ledger: callbacks.due(ledger, 9e9, 9)) == []
    await house.finish(job)
    [(found, tries)] = await house.ledger.do(lambda ledger: callbacks.due(ledger, 9e9, 9))
    assert (found.id, tries) == (job.id, 0)
    await house.ledger.do(lambda ledger: callbacks.delay(ledger, job.id, 100.0))
    assert await house.ledger.do(lambda ledger: callbacks.due(ledger, 99.0, 9)) == []
    assert await house.ledger.do(callbacks.next_due) == 100.0
    [(_, tries)] = await house.ledger.do(lambda ledger: callbacks.due(ledger, 100.0, 9))
    assert tries == 1
    await house.ledger.do(lambda ledger: callbacks.is_over(ledger, job.id))
    assert await house.ledger.do(callbacks.next_due) is None


async def test_what_is_not_there_is_said_with_its_reason(house: House) -> None:
    job = await house.brought()
    with pytest.raises(RequestError) as caught:
        results.open_output(job, results.MARKDOWN)
    assert caught.value.status == 409
    for state, why in (
        (JobState.CANCELLED, "it was cancelled"), (JobState.DONE, "not known any more"),
    ):  # fmt: skip
        await house.finish(job, state)
        found = await house.ledger.do(lambda ledger: ledger.job(job.id))
        assert found is not None
        with pytest.raises(RequestError, match=why) as caught:
            results.open_output(found, results.MARKDOWN)
        assert caught.value.status == 404
    with pytest.raises(RequestError, match="was not asked for"):
        results.require_wanted(job, 3)
