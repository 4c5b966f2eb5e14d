"""Folders that links lead into each other: the one at fault gives way, and comes back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ocrd.config import disk, folders
from ocrd.config.settings import InboxSettings, Settings
from ocrd.errors import FolderWithheldError
from ocrd.intake.apart import Apart


def settings_of(root: Path, **keys: str) -> Settings:
    """Return two inboxes, the second one with those keys."""
    inboxes = [
        {"path": str(root / "first"), "recursive": True}, {"path": str(root / "second"), **keys}
    ]  # fmt: skip
    return Settings.model_validate({"state_dir": str(root / "state"), "inbox": inboxes})


def withheld(apart: Apart, inbox: InboxSettings) -> str:
    try:
        apart.require(inbox.path)
    except FolderWithheldError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("link", "leads_to", "keys", "said"),
    [
        ("second", "first", {}, "is watched twice, by inbox[0] too"),
        ("second", "first/sub", {}, "which inbox[0] watches with its subfolders"),
        ("second", "state/tmp", {}, "lies in the watched folder"),
        ("done", "first/sub", {"done": "../done"}, "so that what was read would be read again"),
        ("failed", "second", {"failed": "../failed"}, "is or holds the watched folder"),
        ("done", "state/run", {"done": "../done"}, "which ocrd uses for itself"),
    ],
)
def test_a_folder_that_links_lead_astray_gives_way_until_they_do_not(
    tmp_path: Path, link: str, leads_to: str, keys: dict[str, str], said: str
) -> None:
    settings = settings_of(tmp_path, **keys)
    first, second = settings.inbox
    for name in ("first/sub", "second", "state/tmp", "state/run"):
        (tmp_path / name).mkdir(parents=True)
    apart = Apart(settings)
    assert [withheld(apart, each) for each in settings.inbox] == ["", ""]
    if link == "second":
        (tmp_path / link).rmdir()
    (tmp_path / link).symlink_to(tmp_path / leads_to)
    for judge in (apart, Apart(settings)):  # while it runs, and at a start
        assert said in withheld(judge, second)
        assert withheld(judge, first) == "", "it is as it was"
    (tmp_path / link).unlink()
    assert withheld(apart, second) == ""


def test_a_state_dir_that_a_link_leads_into_an_inbox_is_not_read(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    (tmp_path / "first" / "own").mkdir(parents=True)
    (tmp_path / "state").symlink_to(tmp_path / "first" / "own")
    apart = Apart(settings)
    assert "lies in the watched folder" in withheld(apart, settings.inbox[0])
    assert withheld(apart, settings.inbox[1]) == ""


def test_where_all_folders_are_is_known_before_the_first_is_read(tmp_path: Path) -> None:
    """The later of two has not been looked at by its own thread when the first one is."""
    settings = settings_of(tmp_path)
    (tmp_path / "second").mkdir()
    (tmp_path / "first").symlink_to(tmp_path / "second")
    apart = Apart(settings)
    assert withheld(apart, settings.inbox[0]) == ""
    assert "is watched twice" in withheld(apart, settings.inbox[1])


def test_a_share_that_hangs_holds_up_no_other_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_SILENCE_SECONDS", 0.2)
    settings = settings_of(tmp_path)
    answers = threading.Event()
    follow = disk.followed

    def hang(folder: folders.Watched) -> folders.Watched:
        if folder.path == settings.inbox[1].path:
            answers.wait()
        return follow(folder)

    monkeypatch.setattr(disk, "followed", hang)
    try:
        assert withheld(Apart(settings), settings.inbox[0]) == ""
    finally:
        answers.set()
