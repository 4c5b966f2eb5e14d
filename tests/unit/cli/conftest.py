"""A daemon that a command can ask."""

from __future__ import annotations

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
