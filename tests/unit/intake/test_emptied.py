"""A subfolder goes after its documents, if it came with them; nothing that holds anything goes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ocrd.errors import LedgerBlockedError
from ocrd.intake import emptied
from ocrd.intake.emptied import Emptied
from ocrd.intake.scan import Scanner
from tests.unit.intake.folders import Rig

QUIET = 30.0  # six times the rig's settle time


class Emptying(Rig):
    """A recursive inbox whose documents are taken away by the test."""

    def __init__(self, root: Path, **settings: Any) -> None:
        super().__init__(root, recursive=True, **settings)
        self.remembered = ""
        self.anew()

    def anew(self) -> None:
        """Begin as after a restart."""
        self.emptied = Emptied(self.root, lambda: self.remembered, self._remember)
        self.scanner = Scanner(
            self.settings, self._found, clock=self.clock, emptied=self.emptied
        )

    def _remember(self, text: str) -> None:
        self.remembered = text

    def drop(self, relpath: str) -> None:
        path = self.root / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")

    def take(self, relpath: str) -> None:
        """Do as the daemon does once a document is filed."""
        (self.root / relpath).unlink()
        self.emptied.left(relpath)

    def folders(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_dir()}


@pytest.fixture
def rig(tmp_path: Path) -> Emptying:
    return Emptying(tmp_path / "inbox")


def test_an_emptied_folder_goes_when_it_has_been_empty_for_a_while(rig: Emptying) -> None:
    rig.drop("sub/a.pdf")
    rig.scan()
    rig.take("sub/a.pdf")
    rig.scan(after=1.0)
    assert rig.last.due == rig.clock.now + QUIET
    rig.scan(after=QUIET - 0.1)
    assert rig.folders() == {"sub"}
    rig.scan(after=0.1)
    assert rig.folders() == set()
    rig.scan(after=1.0)
    assert rig.last.due == float("inf"), "an idle folder is not looked at sooner"


def test_folders_that_hold_nothing_else_go_with_it_but_never_the_inbox(rig: Emptying) -> None:
    rig.drop("2026/may/3/a.pdf")
    rig.drop("2026/june/b.pdf")
    rig.scan()
    rig.take("2026/may/3/a.pdf")
    rig.scan()
    rig.scan(after=QUIET)
    assert rig.folders() == {"2026", "2026/june"}
    rig.take("2026/june/b.pdf")
    rig.scan()
    rig.scan(after=QUIET)
    assert rig.folders() == set()
    assert rig.root.exists()


def test_a_document_of_the_inbox_itself_takes_nothing_with_it(rig: Emptying) -> None:
    rig.drop("a.pdf")
    rig.scan()
    rig.take("a.pdf")
    rig.scan()
    rig.scan(after=QUIET)
    assert rig.root.exists()


@pytest.mark.parametrize("what", ["file", "hidden", "folder", "link"])
def test_a_folder_that_holds_anything_stays(rig: Emptying, what: str) -> None:
    rig.drop("sub/a.pdf")
    rig.scan()
    rig.take("sub/a.pdf")
    name = rig.root / "sub" / (".hidden" if what == "hidden" else "x")
    if what == "folder":
        name.mkdir()
    elif what == "link":
        name.symlink_to("nowhere")
    else:
        name.write_bytes(b"")
    rig.scan()
    rig.scan(after=QUIET)
    rig.scan(after=QUIET)
    assert "sub" in rig.folders()
    assert os.path.lexists(name)


def test_a_file_that_comes_at_the_last_moment_keeps_its_folder(
    rig: Emptying, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.drop("sub/a.pdf")
    rig.scan()
    rig.take("sub/a.pdf")
    rig.scan()
    rmdir = emptied.os.rmdir  # type: ignore[attr-defined]

    def late(*place: Any, **where: Any) -> None:
        rig.drop("sub/b.pdf")
        rmdir(*place, **where)

    monkeypatch.setattr("ocrd.intake.emptied.os.rmdir", late)
    rig.scan(after=QUIET)
    assert (rig.root / "sub" / "b.pdf").exists()


def test_a_folder_that_fills_again_begins_anew(rig: Emptying) -> None:
    rig.drop("sub/a.pdf")
    rig.scan()
    rig.take("sub/a.pdf")
    rig.scan()
    rig.drop("sub/b.pdf")
    rig.scan(after=QUIET)
    rig.take("sub/b.pdf")
    rig.scan(after=1.0)
    rig.scan(after=QUIET - 1.0)
    assert rig.folders() == {"sub"}
    rig.scan(after=1.0)
    assert rig.folders() == set()


def test_a_folder_that_no_document_of_ours_came_from_stays(rig: Emptying) -> None:
    rig.drop("sub/a.pdf")
    rig.scan()
    (rig.root / "sub" / "a.pdf").unlink()  # by somebody
    for _ in range(3):
        rig.scan(after=QUIET)
    assert rig.folders() == {"sub"}


def test_a_folder_that_stood_empty_is_somebodys_place_over_restarts_too(rig: Emptying) -> None:
    (rig.root / "scanner").mkdir()
    (rig.root / "é\udcff").mkdir()
    rig.scan()
    rig.anew()
    for name in ("scanner/a.pdf", "é\udcff/a.pdf", "other/a.pdf"):
        rig.drop(name)
    rig.scan()
    for name in ("scanner/a.pdf", "é\udcff/a.pdf", "other/a.pdf"):
        rig.take(name)
    rig.scan()
    rig.scan(after=QUIET)
    assert rig.folders() == {"scanner", "é\udcff"}
    assert json.loads(rig.remembered) == ["scanner", "é\udcff"]


def test_a_new_folder_is_somebodys_place_once_it_stood_empty_for_long(rig: Emptying) -> None:
    rig.scan()
    for name in ("soon", "late"):
        (rig.root / name).mkdir()
    rig.scan()
    rig.scan(after=599.0)  # ten minutes
    rig.drop("soon/a.pdf")
    rig.scan()
    rig.scan(after=1.0)
    rig.drop("late/a.pdf")
    rig.scan()
    for name in ("soon/a.pdf", "late/a.pdf"):
        rig.take(name)
    rig.scan()
    rig.scan(after=QUIET)
    assert rig.folders() == {"late"}


def test_what_is_remembered_is_bounded_and_a_ledger_that_is_full_is_no_fault(
    rig: Emptying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptied, "MOST_STANDING", 2)
    for name in "abc":
        (rig.root / name).mkdir()
    rig.scan()
    assert len(json.loads(rig.remembered)) == 2

    def refuse(_: str) -> None:
        raise LedgerBlockedError("It is full.")

    full = Emptied(rig.root, lambda: "nonsense", refuse)
    full.saw("a", 0.0, QUIET, is_bare=True)
    assert full.remove(0.0, QUIET) == []


def test_a_folder_that_cannot_be_removed_is_tried_once(
    rig: Emptying, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuse(name: str, **_: Any) -> None:
        tried.append(name)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("ocrd.intake.emptied.os.rmdir", refuse)
    rig.drop("sub/a.pdf")
    rig.scan()
    rig.take("sub/a.pdf")
    rig.scan()
    for _ in range(3):
        rig.scan(after=QUIET)
    assert tried == ["sub"]
    assert rig.last.due == float("inf")


@pytest.mark.parametrize(("user", "stays"), [(0, False), (1000, True)])
def test_what_root_made_for_others_is_not_ours(
    rig: Emptying, monkeypatch: pytest.MonkeyPatch, user: int, stays: bool
) -> None:
    rig.drop("sub/a.pdf")
    if os.geteuid() == 0:
        os.chown(rig.root / "sub", 0, 0)
    elif user == 0:
        pytest.skip("only root has folders of root's")
    rig.scan()
    rig.take("sub/a.pdf")
    rig.scan()
    monkeypatch.setattr("ocrd.intake.emptied.os.geteuid", lambda: user)
    is_roots = (rig.root / "sub").stat().st_uid == 0
    removed = rig.emptied.remove(rig.clock.now + QUIET, QUIET)
    assert removed == ([] if stays and is_roots else ["sub"])
    assert ("sub" in rig.folders()) is (stays and is_roots)


def test_a_link_in_the_place_of_a_folder_is_not_followed(rig: Emptying, tmp_path: Path) -> None:
    rig.drop("sub/deep/a.pdf")
    rig.scan()
    rig.take("sub/deep/a.pdf")
    rig.scan()
    (rig.root / "sub").rename(tmp_path / "elsewhere")
    (rig.root / "sub").symlink_to(tmp_path / "elsewhere")
    assert rig.emptied.remove(rig.clock.now + QUIET, QUIET) == []
    assert (tmp_path / "elsewhere" / "deep").exists()
