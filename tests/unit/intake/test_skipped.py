"""What a scan passes over leaves a trace, and costs nothing the next time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ocrd import files
from ocrd.intake import skipped
from ocrd.intake.scan import Scanner
from ocrd.intake.skipped import Passed, Skipped, Why
from tests.unit.intake.folders import Rig


class Looking(Rig):
    """A rig whose scanner leaves texts alone, and notes what it was asked about."""

    def __init__(self, root: Path, **settings: Any) -> None:
        super().__init__(root, **settings)
        self.asked: list[str] = []
        self.scanner = Scanner(
            self.settings, self._found, clock=self.clock, stray=self._stray
        )

    def _stray(self, entry: files.Entry) -> str:
        self.asked.append(entry.name)
        return "text" if entry.name.endswith(".txt") else ""

    @property
    def named(self) -> set[tuple[str, Why]]:
        return {(one.relpath, one.why) for one in self.last.skipped.named}


@pytest.fixture
def rig(tmp_path: Path) -> Looking:
    return Looking(tmp_path / "inbox")


def test_each_kind_is_counted_and_named(rig: Looking) -> None:
    (rig.root / "sub").mkdir()
    (rig.root / "done").mkdir()
    (rig.root / "link.pdf").symlink_to("/etc/hostname")
    (rig.root / "folder link").symlink_to("sub")
    os.mkfifo(rig.root / "pipe.pdf")
    (rig.root / "x.tmp").write_bytes(b"x")
    (rig.root / "empty.pdf").touch()
    for own in (files.temporary_name(), ".ocrd-owner", ".ocrd-challenge"):
        (rig.root / own).write_bytes(b"x")
    assert rig.scan() == []
    assert rig.named == {
        ("sub", Why.FOLDER), ("link.pdf", Why.LINK), ("folder link", Why.LINK),
        ("pipe.pdf", Why.SPECIAL), ("x.tmp", Why.IGNORED), ("empty.pdf", Why.EMPTY),
    }  # fmt: skip
    assert rig.last.skipped.to_json() == {
        "folder": 1, "link": 2, "special": 1, "ignored": 1, "empty": 1,
    }  # fmt: skip


def test_a_stray_is_looked_into_once_in_each_of_its_states(rig: Looking) -> None:
    path = rig.root / "notes.txt"
    path.write_text("one")
    assert rig.scan() == []
    assert rig.asked == [], "not before it has settled"
    for _ in range(3):
        assert rig.scan(after=60.0) == []
        assert rig.asked == ["notes.txt"]
        assert rig.last.skipped.named == [Passed("notes.txt", Why.STRAY, "text")]
        assert (rig.last.known, rig.last.settling) == (0, 0)
    path.write_text("another")
    assert rig.scan() == []
    assert rig.last.settling == 1
    assert rig.scan(after=60.0) == []
    assert rig.asked == ["notes.txt", "notes.txt"]


def test_a_stray_that_gets_a_documents_name_is_offered(rig: Looking) -> None:
    (rig.root / "notes.txt").write_text("one")
    rig.scan()
    rig.scan(after=60.0)
    (rig.root / "notes.txt").rename(rig.root / "notes.pdf")
    rig.scan()
    assert rig.scan(after=60.0) == ["notes.pdf"]
    assert rig.named == set()


def test_a_stray_that_is_to_be_forgotten_is_looked_into_again(rig: Looking) -> None:
    (rig.root / "notes.txt").write_text("one")
    rig.scan()
    rig.scan(after=60.0)
    rig.scanner.forget("notes.txt")
    rig.scan()
    rig.scan(after=60.0)
    assert rig.asked == ["notes.txt", "notes.txt"]


def test_a_file_that_cannot_be_looked_into_is_tried_again(rig: Looking) -> None:
    def refuse(entry: files.Entry) -> str:
        rig.asked.append(entry.name)
        raise files.translate(OSError(5, "I/O error"), entry.path)

    rig.scanner._stray = refuse
    (rig.root / "notes").write_text("one")
    rig.scan()
    for number in (1, 2):
        assert rig.scan(after=60.0) == []
        assert len(rig.asked) == number
        assert "I/O error" in rig.last.problem or "Input/output" in rig.last.problem


def test_a_file_in_the_place_of_a_folder_of_ours_has_to_go(tmp_path: Path) -> None:
    rig = Looking(tmp_path / "inbox", done="out.txt/done", failed="failed.txt")
    for name in ("out.txt", "failed.txt", "out", "notes.txt"):
        (rig.root / name).write_text("words")
    rig.scan()
    assert rig.scan(after=60.0) == ["failed.txt", "out", "out.txt"]
    assert rig.named == {("notes.txt", Why.STRAY)}


def test_in_a_kept_folder_our_outputs_are_no_strays(tmp_path: Path) -> None:
    rig = Looking(tmp_path / "inbox", source="keep")
    for name in ("a.pdf", "a.md", "a.json", "a.error.json", "a.overlay.pdf", "notes.txt"):
        (rig.root / name).write_bytes(b"x")
    (rig.root / "a.assets").mkdir()
    rig.scan()
    assert rig.scan(after=60.0) == ["a.pdf"]
    assert rig.named == {("notes.txt", Why.STRAY)}


def test_folders_below_are_told_only_where_they_are_not_entered(tmp_path: Path) -> None:
    rig = Looking(tmp_path / "inbox", recursive=True)
    (rig.root / "sub").mkdir()
    (rig.root / "sub" / "notes.txt").write_text("x")
    (rig.root / ".git").mkdir()
    rig.scan()
    rig.scan(after=60.0)
    assert rig.named == {("sub/notes.txt", Why.STRAY), (".git", Why.IGNORED)}


def test_of_very_many_some_are_named_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skipped, "NAMED", 3)
    noted = Skipped()
    for number in range(5):
        noted.note("sub", f"{number}.txt", Why.STRAY)
    noted.note("", "link", Why.LINK)
    assert noted.to_json() == {"link": 1, "stray": 5}
    assert [one["relpath"] for one in noted.named_to_json()] == [
        "sub/0.txt", "sub/1.txt", "sub/2.txt", "link",
    ]  # fmt: skip
    assert noted.named[0].sentence == "no document"
    assert Passed("a", Why.STRAY, "text").sentence == "no document: text"
