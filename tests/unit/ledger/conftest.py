from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.ledger.jobs import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path)
