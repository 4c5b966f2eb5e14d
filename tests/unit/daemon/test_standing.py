"""What the daemon waits for before it says that it is ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.daemon.standing import Standing
from ocrd.intake.inbox import Inbox


@pytest.mark.parametrize(("seconds", "awaited"), [(60.0, "the first scans"), (0.0, "")])
def test_a_first_scan_that_hangs_is_not_awaited_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, awaited: str
) -> None:
    monkeypatch.setattr("ocrd.daemon.standing.FIRST_SCANS_SECONDS", seconds)
    never_scanned = Inbox(InboxSettings(path=tmp_path), found=lambda _: None)
    nobody = cast("Any", None)
    standing = Standing(nobody, {}, {}, {str(tmp_path): never_scanned}, nobody)
    assert standing.awaited() == awaited
