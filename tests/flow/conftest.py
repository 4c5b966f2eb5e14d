"""A real daemon on real folders for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Installation]:
    daemon = Installation(tmp_path)
    daemon.configure()
    yield daemon
    daemon.stop()
    log = daemon.log.read_text() if daemon.log.exists() else ""
    assert "Traceback" not in log, log
