from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.filing.desks import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, tmp_path / "inbox" / "done")


@pytest.fixture
def far_desk(tmp_path: Path) -> Iterator[Desk]:
    far = Path("/dev/shm") / f"ocrd-test-{os.getpid()}"
    far.mkdir()
    if far.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is no other file system here")
    yield Desk(tmp_path, far / "done")
    shutil.rmtree(far)
