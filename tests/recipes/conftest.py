"""The server of the recipes, booted once for all of them; RECIPES_SUITES names the Debians."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.installation import LETTER
from tests.recipes import page
from tests.recipes.office import Office
from tests.system import machine
from tests.system.service import Service

CLIENTS = ("curl", "openssh-client", "smbclient")


@pytest.fixture(scope="session", params=os.environ.get("RECIPES_SUITES", "bookworm").split())
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A server with ocrd as a service, and with the recipes' packages."""
    if reason := machine.missing():
        pytest.skip(reason)
    try:
        tree = machine.tree(request.param, (*page.packages(), *CLIENTS))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"mmdebstrap could not make a tree: {error.stderr[-300:]}")
    root = tmp_path_factory.mktemp("office")
    for folder in (root, root.parent):  # pytest's are for one user only
        folder.chmod(0o755)
    service = Service(tree, root)
    service.configure()
    with machine.booted(service.machine):
        office = Office(service)
        office.open()
        yield office
        assert "Traceback" not in service.journal_text("--boot")


@pytest.fixture(scope="session")
def letter() -> bytes:
    """A page that is soon sent."""
    return LETTER.read_bytes()


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A page of a megabyte and more, so that half of it fills every buffer on the way."""
    noise = Image.frombytes("L", (1600, 1600), os.urandom(1600 * 1600))
    content = io.BytesIO()
    noise.save(content, "PNG", compress_level=0)
    return content.getvalue()
