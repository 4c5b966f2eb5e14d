"""A look at what lies in a folder, before anything in it is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ocrd.config.settings import InboxSettings
from ocrd.intake.skipped import Why
from ocrd.surveying import judge_of, survey

PAGE = Path(__file__).parents[1] / "resources" / "typewriter.png"


def folder(root: Path) -> Path:
    (root / "src").mkdir()
    for name in ("main.py", "notes.txt", "src/deep.c"):
        (root / name).write_text("x = 1\n")
    shutil.copy(PAGE, root / "scan")
    (root / "letter.docx").write_bytes(b"PK\x03\x04")
    (root / "link.pdf").symlink_to("scan")
    (root / ".hidden").touch()
    os.mkfifo(root / "pipe")
    return root


def test_documents_are_told_from_all_else_and_nothing_is_touched(tmp_path: Path) -> None:
    root = folder(tmp_path)
    before = sorted(root.rglob("*"))
    found = survey(InboxSettings(path=root))
    assert (found.documents, found.strays, found.is_cut) == (2, 2, False)
    assert found.skipped.to_json() == {
        "folder": 1, "link": 1, "special": 1, "ignored": 1, "stray": 2,
    }  # fmt: skip
    assert sorted(root.rglob("*")) == before


def test_subfolders_count_where_they_are_watched(tmp_path: Path) -> None:
    found = survey(InboxSettings(path=folder(tmp_path), recursive=True))
    assert found.strays == 3
    assert Why.FOLDER not in found.skipped.counts
    assert "src/deep.c" in {one.relpath for one in found.skipped.named}


def test_where_all_is_to_fail_nothing_is_left_alone(tmp_path: Path) -> None:
    settings = InboxSettings(path=folder(tmp_path), unsupported="fail")
    assert (survey(settings).documents, survey(settings).strays) == (4, 0)
    assert judge_of(settings) is not judge_of(settings.model_copy(update={"unsupported": "leave"}))


def test_a_look_that_takes_too_long_says_what_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder(tmp_path)
    times = iter([0.0, *[0.1] * 3, *[9.0] * 99])
    monkeypatch.setattr("ocrd.surveying.time.monotonic", lambda: next(times))
    found = survey(InboxSettings(path=root), 1.0)
    assert found.is_cut
    assert 0 < found.documents + found.strays < 4
