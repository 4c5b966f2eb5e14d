"""The folders as the check tells of them: room, contents, and whose rights count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocrd.config.settings import Settings, load
from ocrd.files.users import User
from ocrd.readiness import places
from ocrd.readiness.finding import Finding, Verdict, has_failed
from tests.unit.config.texts import let_everybody_enter, write

SOMEBODY = User("somebody", 54321, frozenset({54321}))


def settings_of(folder: Path, more: str = "", inbox: str = "") -> Settings:
    (folder / "in").mkdir(exist_ok=True)
    text = f'state_dir = "state"\n{more}\n[[inbox]]\npath = "in"\n{inbox}\n'
    return load(write(folder, text), {})


def of(settings: Settings, subject: str, user: User | None = None) -> list[Finding]:
    found = places.findings(settings, user or User.me())
    return [finding for finding in found if finding.subject == subject]


def test_folders_that_are_well_are_told_with_the_room_that_they_have(tmp_path: Path) -> None:
    found = list(places.findings(settings_of(tmp_path), User.me()))
    assert not has_failed(found)
    assert [finding.subject for finding in found] == ["state_dir", "temp_dir", "inbox[0]"]
    assert all(" free" in finding.message for finding in found[:2])


def test_a_disk_under_the_floor_is_a_failure_with_the_way_out(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, 'free_space_floor = "1000TiB"')
    for subject in ("state_dir", "temp_dir"):
        (finding,) = of(settings, subject)
        assert finding.verdict is Verdict.FAIL
        assert "under the floor of 1000.0 TiB" in finding.message
        assert "free_space_floor" in finding.remedy


def test_a_network_folder_is_said_to_be_one(tmp_path: Path) -> None:
    (finding,) = of(settings_of(tmp_path, inbox="network = true"), "inbox[0]")
    assert "a network file system" in finding.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can shut others out for sure")
def test_the_rights_are_those_of_who_runs_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    (tmp_path / "state").mkdir()
    let_everybody_enter(tmp_path)
    assert of(settings, "folders") == []
    told = of(settings, "folders", SOMEBODY)
    keys = [finding.message.partition(":")[0] for finding in told]
    assert keys == ["state_dir", "inbox[0].path"], "what lies in a shut folder is not told again"
    assert all("user somebody" in f.message and f.is_config for f in told)
    for subject in ("state_dir", "inbox[0]"):
        assert of(settings, subject)
        assert of(settings, subject, SOMEBODY) == [], "what is shut is not said to be well"
    made = places.findings(settings, SOMEBODY, made=[tmp_path / "state"])
    assert [f.message.partition(":")[0] for f in made if f.subject == "folders"] == [
        "inbox[0].path"
    ]
    for folder in ("state", "in"):
        os.chown(tmp_path / folder, SOMEBODY.number, SOMEBODY.number)
    assert of(settings, "folders", SOMEBODY) == []
