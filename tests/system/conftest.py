"""Booted machines, one a Debian release, shared by the tests of a session."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import machine
from tests.system.service import Service

SYSTEMD = {"bookworm": "252", "trixie": "257"}


def tree(suite: str) -> Path:
    """Return the tree, or skip the test where there cannot be one."""
    if reason := machine.missing():
        pytest.skip(reason)
    try:
        return machine.tree(suite)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"mmdebstrap could not make a tree of {suite}: {error.stderr[-300:]}")


@pytest.fixture(scope="session", params=SYSTEMD)
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A machine with ocrd's units on it, booted once for many tests."""
    suite = request.param
    root = tmp_path_factory.mktemp(suite)
    for folder in (root, root.parent):  # pytest's are for one user only
        folder.chmod(0o755)
    service = Service(tree(suite), root)
    service.configure()
    with machine.booted(service.machine):
        version = service.machine.systemctl("--version").stdout.split()[1]
        assert version == SYSTEMD[suite]
        yield service


@pytest.fixture
def service(installed: Service) -> Iterator[Service]:
    """ocrd as it is after its installation: not started, no document, quick to restart."""
    installed.reset()
    installed.override("quick", "RestartSec=200ms")
    yield installed
    assert "Traceback" not in installed.journal_text("--boot", f"--since=@{installed.since}")
