"""Folders that are nobody's inbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.config import settings as config
from ocrd.config.guarded import why_guarded
from ocrd.config.settings import Settings
from ocrd.errors import FolderWithheldError
from ocrd.intake.apart import Apart
from tests.unit.config.texts import load, refused


@pytest.mark.parametrize(
    "path",
    [
        "/", "/etc", "/etc/ocrd", "/usr", "/usr/share/doc", "/var", "/var/lib", "/root", "/home",
        "/home/anna", "/tmp", "/dev", "/proc/self", "/boot", "/opt", "/srv/../etc", "/dev/shm",
        "//", "//etc", "///usr//", "/etc/.",
    ],
)  # fmt: skip
def test_the_systems_folders_and_homes_are_refused_with_the_way_out(
    tmp_path: Path, path: str
) -> None:
    error = refused(tmp_path, f'[[inbox]]\npath = "{path}"')
    assert "inbox[0].path: " in error.what
    assert "for example" in error.hint


@pytest.mark.parametrize(
    "path",
    [
        "/srv", "/srv/scans", "/home/anna/scans", "/root/scans", "/var/lib/ocrd/inbox", "/mnt",
        "/mnt/nas", "/run/media/anna/stick", "/var/spool/scans", "/tmp/scans", "/data", "/etcetera",
        "/dev/shm/scans", "/opt/scans",
    ],
)  # fmt: skip
def test_other_folders_are_not(path: str) -> None:
    assert why_guarded(Path(path)) == ("", "")


def test_ones_own_home_is_refused_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    monkeypatch.setenv("HOME", str(tmp_path / "link"))
    assert "home directory" in refused(tmp_path, '[[inbox]]\npath = "~"').what
    assert "home directory" in why_guarded(home)[0], "and by its other name"
    assert str(home / "scans") in why_guarded(home)[1]


def test_a_link_to_one_is_refused_by_check_and_left_alone_by_a_daemon(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    settings = load(tmp_path, f'state_dir = "{tmp_path}/state"\n[[inbox]]\npath = "link"')
    assert isinstance(settings, Settings)
    assert any("/etc is one of the system's" in each for each in config.check_folders(settings))
    with pytest.raises(FolderWithheldError, match="/etc is one of the system's"):
        Apart(settings).require(settings.inbox[0].path)
