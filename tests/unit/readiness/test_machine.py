"""Which languages a configuration wants, and the machine has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.config.settings import Settings
from ocrd.readiness import machine
from ocrd.readiness.finding import Finding, Verdict


def told(tmp_path: Path, kind: str, *codes: str) -> list[Finding]:
    inbox = {"path": tmp_path / "in", "languages": codes}
    settings = Settings(engine={"kind": kind}, inbox=[inbox], state_dir=tmp_path / "state")
    return [one for one in machine.findings(settings) if one.subject == "languages"]


@pytest.mark.parametrize(
    ("kind", "verdict"), [("tesseract", Verdict.FAIL), ("rapidocr", Verdict.WARN)]
)
def test_a_language_that_is_not_installed_is_found_before_a_document_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, verdict: Verdict
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    (tmp_path / "eng.traineddata").touch()
    (one,) = told(tmp_path, kind, "eng", "ukr")
    assert one.verdict is verdict
    assert "data for ukr is not installed" in one.message and str(tmp_path / "in") in one.message
    assert "apt install tesseract-ocr-ukr" in one.remedy
    assert told(tmp_path, kind, "eng") == []
    assert told(tmp_path, kind) == []
