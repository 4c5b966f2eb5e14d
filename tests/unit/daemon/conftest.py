"""The parts of a daemon for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.unit.daemon.wired import House, in_workers


@pytest_asyncio.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    in_workers(monkeypatch)
    house = House(tmp_path)
    yield house
    await house.close()
