"""Which folders and engines the dispatcher is connected to, before and after a reload."""

from __future__ import annotations

import asyncio

import pytest

from ocrd.choice import Choice
from ocrd.claims import this_process
from ocrd.errors import FolderWithheldError
from ocrd.intake.ownership import Claim
from ocrd.job import JobState
from ocrd.ledger.jobs import Ledger
from tests.clients import until
from tests.unit.daemon.wired import ECHO, House

LIMIT_SECONDS = 30.0


async def test_what_is_found_in_a_folder_is_queued_and_wakes_the_dispatcher(house: House) -> None:
    house.wiring.connect()
    house.dispatcher._wake.clear()
    (house.root / "in" / "a.png").write_bytes(b"content")
    house.wiring.wake()
    async with asyncio.timeout(LIMIT_SECONDS):
        while not (jobs := (await house.control.jobs(Choice(state=JobState.QUEUED)))[0]):
            await house.dispatcher._wake.wait()
            house.dispatcher._wake.clear()
    assert [job.relpath for job in jobs] == ["a.png"]


async def test_a_folder_that_did_not_change_is_not_disturbed(house: House) -> None:
    house.wiring.connect()
    path = str(house.root / "in")
    inbox, folder = house.wiring.inboxes[path], house.wiring.folders[path]
    await house.wiring.switch_to(house.configure({"in": "", "more": ""}))
    assert house.wiring.inboxes[path] is inbox
    assert house.wiring.folders[path] is folder
    brought = str(house.wiring.uploads.path)
    assert set(house.dispatcher.folders) == {path, str(house.root / "more"), brought}


async def test_a_folder_that_changed_is_opened_anew_and_keeps_its_threads(house: House) -> None:
    house.wiring.connect()
    path = str(house.root / "in")
    inbox, folder = house.wiring.inboxes[path], house.wiring.folders[path]
    await house.wiring.switch_to(house.configure({"in": "priority = 7"}))
    assert house.wiring.inboxes[path] is not inbox
    assert house.wiring.folders[path].threads is folder.threads, "a hung share stays one"
    assert house.dispatcher.folders[path].settings.priority == 7
    assert inbox.stop(0), "the scan before has ended"


async def test_a_folder_that_is_watched_no_more_is_another_daemons_to_take(house: House) -> None:
    both = house.configure({"in": "", "more": ""})
    await house.wiring.switch_to(both)
    more = str(house.root / "more")
    async with asyncio.timeout(LIMIT_SECONDS):
        await until(lambda: house.wiring.inboxes[more].status().scans > 0)
    other_state = house.root / "other-state"
    other_state.mkdir()
    ledger = Ledger.open(other_state)
    other = Claim(house.root / "more", this_process(ledger, other_state), changed=lambda: None)
    with pytest.raises(FolderWithheldError):
        other.require()
    await house.wiring.switch_to(house.configure({"in": ""}))
    assert set(house.wiring.inboxes) == {str(house.root / "in")}
    assert set(house.dispatcher.folders) == {*house.wiring.inboxes, str(house.wiring.uploads.path)}
    other.require()
    other.release()
    ledger.close()


async def test_only_an_engine_that_changed_is_replaced(house: House) -> None:
    two = ECHO + f"[engines.other]\n{ECHO}"
    await house.wiring.switch_to(house.configure({"in": ""}, two))
    before = dict(house.wiring.engines)
    assert set(before) == {"default", "other"}
    await house.wiring.switch_to(house.configure({"in": ""}, two + "page_timeout = '7m'\n"))
    after = house.wiring.engines
    assert after["default"] is before["default"]
    assert after["other"] is not before["other"]
    assert house.dispatcher.engines == after
    await house.wiring.switch_to(house.configure({"in": ""}))
    assert set(house.dispatcher.engines) == {"default"}


async def test_what_somebody_uses_is_warm_before_the_first_document(house: House) -> None:
    loaded = f'{ECHO}load = "start"\n'
    names = house.wiring.warm
    await house.wiring.switch_to(
        house.configure({"in": 'engine = "used"'}, f"{loaded}[engines.used]\n{loaded}")
    )
    assert names == ["used"], "the standing looks at this very list"
    used, unused = house.wiring.engines["used"], house.wiring.engines["default"]
    async with asyncio.timeout(LIMIT_SECONDS):
        await until(lambda: used.announced is not None)
    assert unused.announced is None


async def test_the_dispatcher_has_the_limits_in_force(house: House) -> None:
    top = 'documents_in_flight = 3\nfree_space_floor = "7MiB"'
    await house.wiring.switch_to(house.configure({"in": ""}, top=top))
    assert house.dispatcher.documents_in_flight == 3
    assert house.dispatcher.free_space_floor == 7 << 20
