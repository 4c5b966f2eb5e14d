"""What the daemon waits for before it says that it is ready."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ocrd.config.settings import EngineSettings, InboxSettings
from ocrd.daemon.standing import Standing
from ocrd.engine.client import EngineClient
from ocrd.errors import EngineError, EngineUnusableError, GpuGoneError
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


@pytest.mark.parametrize("error", [GpuGoneError, EngineUnusableError, EngineError])
@pytest.mark.parametrize("state", ["broken", "starting"])
def test_a_start_waits_for_an_engine_until_it_could_not_be_loaded(
    error: type[EngineError], state: str
) -> None:
    nobody = cast("Any", SimpleNamespace(problem=""))
    engine = EngineClient("default", EngineSettings(kind="deepseek-ocr"))
    engine._attendants[0].state = "starting"
    standing = Standing(nobody, {"default": engine}, {}, {}, nobody)
    standing.warm = ["default"]
    assert standing.awaited() == "engine default"
    assert standing.problems() == []
    engine._attendants[0].failures.note(error("What it lacks."), 0.0)
    engine._attendants[0].state = state  # it is tried again
    assert standing.awaited() == ""
    assert standing.problems() == ["What it lacks."]
