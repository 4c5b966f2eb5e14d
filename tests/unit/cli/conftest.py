"""A daemon that a command can ask; a folder that a home may be in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    """A real daemon with a scripted engine, answering."""
    daemon = Installation(tmp_path)
    daemon.configure()
    daemon.start()
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder under which a socket's path is no longer than the kernel takes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
