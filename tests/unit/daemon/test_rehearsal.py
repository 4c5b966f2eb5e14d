"""A reload that is only tried: what the daemon says of a configuration, and what it leaves be."""

from __future__ import annotations

import pytest

from ocrd.readiness.finding import Finding, Verdict
from tests.unit.daemon.wired import ECHO, House, in_workers


async def tried(house: House, *, with_engine: bool = False) -> list[Finding]:
    return await house.control.check(with_engine=with_engine)


def of(found: list[Finding], subject: str) -> list[Finding]:
    return [finding for finding in found if finding.subject == subject]


async def test_what_is_in_force_is_sound_and_says_so(house: House) -> None:
    house.wiring.connect()
    found = await tried(house)
    assert not [finding for finding in found if finding.verdict is Verdict.FAIL]
    (configuration,) = of(found, "configuration")
    assert configuration.message == f"{house.config} (as it is in force)"


async def test_a_change_is_judged_and_not_put_in_force(house: House) -> None:
    house.wiring.connect()
    before = house.wiring.settings
    new = house.root / "new"
    house.configure({"in": "priority = 3", "new": f'done = "{house.root}/config.toml/x"'})
    found = await tried(house)
    (configuration,) = of(found, "configuration")
    assert "not in force yet" in configuration.message
    (folders,) = of(found, "folders")
    assert "inbox[1].done" in folders.message and folders.is_config
    assert house.wiring.settings is before and str(new) not in house.wiring.folders
    assert not (new / "done").exists()


async def test_each_fault_of_the_text_is_a_finding(house: House) -> None:
    house.configure({"in": ""})
    house.config.write_text('mood = "good"\n' + house.config.read_text() + "tolerance = 7\n")
    found = await tried(house)
    assert [("mood" in f.message, "tolerance" in f.message) for f in found] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert all(finding.is_config and finding.remedy for finding in found)


async def test_what_needs_a_restart_is_no_failure(house: House) -> None:
    house.configure({"in": ""}, top="[limits]\npages = 7")
    found = await tried(house)
    told = [finding for finding in of(found, "configuration") if finding.verdict is Verdict.WARN]
    assert "limits cannot change while the daemon runs" in told[0].message


async def test_the_running_engine_reads_the_page_and_another_one_is_loaded_beside_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_workers(monkeypatch)
    house.wiring.connect()
    (engine,) = of(await tried(house, with_engine=True), "engine default")
    assert engine.verdict is Verdict.OK, engine
    running = house.wiring.engines["default"]
    pid = running.status()["pid"]
    assert pid
    (engine,) = of(await tried(house, with_engine=True), "engine default")
    assert ": loaded, read a page in" in engine.message
    assert running.status()["pages"] == 2
    house.configure({"in": ""}, engine=ECHO.replace("echo", "not_there"))
    (engine,) = of(await tried(house, with_engine=True), "engine default")
    assert engine.verdict is Verdict.FAIL
    assert house.wiring.engines["default"] is running and running.status()["pid"] == pid
