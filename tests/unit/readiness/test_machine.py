"""Limits of the machine, as they are for this process."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.config.settings import load
from ocrd.readiness import machine
from ocrd.readiness.finding import Verdict
from tests.unit.config.texts import write


@pytest.fixture
def few_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_each_limit_is_told(tmp_path: Path) -> None:
    settings = load(write(tmp_path, f'[[inbox]]\npath = "{tmp_path}"'), {})
    found = list(machine.findings(settings))
    subjects = [finding.subject for finding in found if finding.subject != "processor"]
    assert subjects == ["open files", "inotify", "drawing"]


@pytest.mark.usefixtures("few_files")
def test_too_few_open_files_are_a_warning_with_the_command() -> None:
    finding = machine._open_files()
    assert finding.verdict is Verdict.WARN
    assert "200" in finding.message and "ulimit -n 1024" in finding.remedy


def test_more_folders_than_watches_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (tmp_path / "in" / str(number)).mkdir(parents=True)
    text = f'[[inbox]]\npath = "{tmp_path}/in"\nrecursive = true'
    settings = load(write(tmp_path, text), {})
    wanted = 6 + machine.SPARE_WATCHES
    monkeypatch.setattr(machine, "_kernel_limit", lambda name: wanted)
    assert machine._watches(settings).verdict is Verdict.OK
    monkeypatch.setattr(machine, "_kernel_limit", lambda name: wanted - 1)
    finding = machine._watches(settings)
    assert finding.verdict is Verdict.WARN and "sysctl" in finding.remedy
    monkeypatch.setattr(machine, "_kernel_limit", lambda name: None)
    assert "no events" in machine._watches(settings).message
