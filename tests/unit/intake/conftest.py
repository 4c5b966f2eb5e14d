from __future__ import annotations

import pytest

from ocrd.intake import ownership
from tests.unit.intake.folders import Clock


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let locks of others say nothing, as on sshfs, or on NFS that is mounted with local locks."""
    monkeypatch.setattr(ownership, "locked", lambda _fd: True)


@pytest.fixture
def clock() -> Clock:
    return Clock()
