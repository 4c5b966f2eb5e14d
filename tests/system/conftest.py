"""Booted machines, one a Debian release, shared by the tests of a session."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import make_pdf
from tests.system import machine
from tests.system.service import Service
from tests.system.workshop import Workshop

SYSTEMD = {"bookworm": "252", "trixie": "257"}
PACKAGES = Path(__file__).with_name("test_package.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the packages' tests behind the service's, which mostly wait: they are built meanwhile."""
    items.sort(key=lambda item: item.path == PACKAGES)


@pytest.fixture(scope="session")
def workshop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """Trees and packages, in the making from the first test on."""
    if reason := machine.missing():
        pytest.skip(reason)
    builds = shutil.which("apt-get") is not None
    wanted = any(item.path == PACKAGES for item in request.session.items)
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    suites = dict.fromkeys([*SYSTEMD, machine.this_suite()] if wanted else SYSTEMD)
    workshop.begin([*suites], packages=builds and wanted)
    yield workshop
    workshop.close()


def tree(workshop: Workshop, suite: str) -> Path:
    """Return the tree, or skip the test where there cannot be one."""
    try:
        return workshop.tree(suite)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"mmdebstrap could not make a tree of {suite}: {error.stderr[-300:]}")


@pytest.fixture(scope="session", params=SYSTEMD)
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, workshop: Workshop
) -> Iterator[Service]:
    """A machine with ocrd's units on it, booted once for many tests."""
    suite = request.param
    root = tmp_path_factory.mktemp(suite)
    for folder in (root, root.parent):  # pytest's are for one user only
        folder.chmod(0o755)
    service = Service(tree(workshop, suite), root)
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


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.pdf"
    make_pdf(path, 8)
    return path
