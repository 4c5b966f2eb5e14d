"""The daemon's own places: for nobody else, and tightened where they were made wider."""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

import pytest

from ocrd.config.runtime import SYSTEM_RUNTIME_DIR
from ocrd.config.settings import Settings, load
from ocrd.daemon import places
from ocrd.errors import PlaceError
from tests.unit.config.texts import INBOX, write


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settings_of(root: Path, **keys: object) -> Settings:
    inbox = {"path": str(root / "in")}
    return Settings.model_validate({"state_dir": str(root / "state"), "inbox": [inbox], **keys})


def test_what_is_made_is_for_the_daemon_alone(tmp_path: Path) -> None:
    places.make_own(settings_of(tmp_path))
    assert [mode(tmp_path / "state"), mode(tmp_path / "state" / "run")] == [0o700, 0o700]


def test_what_an_earlier_version_made_is_tightened(tmp_path: Path) -> None:
    for path in (tmp_path / "state", tmp_path / "state" / "run"):
        path.mkdir()
    (tmp_path / "state").chmod(0o755)
    (tmp_path / "state" / "run").chmod(0o700)
    places.make_own(settings_of(tmp_path))
    assert mode(tmp_path / "state") == 0o700


def test_whoever_passes_through_to_the_socket_or_to_an_inbox_still_may(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "run").mkdir(parents=True)
    (state / "run").chmod(0o750)
    state.chmod(0o755)
    places.make_own(settings_of(tmp_path))
    assert mode(state) == 0o710, "its group may enter, and see nothing"
    state.chmod(0o755)
    places.make_own(settings_of(tmp_path, inbox=[{"path": str(state / "in")}]))
    assert mode(state) == 0o755


def test_a_place_that_cannot_be_made_is_no_fault_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(PlaceError, match=f"{tmp_path}/state"):
        places.make_own(settings_of(tmp_path))


def test_a_makeshift_for_the_socket_is_private(tmp_path: Path) -> None:
    settings = load(write(tmp_path, f'state_dir = "{tmp_path}/{"x" * 90}"\n{INBOX}'), {})
    folder = settings.socket_path.parent
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        places.make_own(settings)
        assert mode(folder) == 0o700
    finally:
        folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_somebody_else_made_where_all_may_is_no_place_for_a_socket(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    folder = tmp_path / "run"
    settings = settings_of(tmp_path, runtime_dir=str(folder))
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    with pytest.raises(PlaceError, match="no folder of the daemon's user"):
        places.make_own(settings)
    folder.rmdir()
    (tmp_path / "mine").mkdir()
    folder.symlink_to(tmp_path / "mine")
    with pytest.raises(PlaceError, match="no folder of the daemon's user"):
        places.make_own(settings)
    folder.unlink()
    places.make_own(settings)
    assert mode(folder) == 0o700


def test_the_group_that_steers_can_pass_to_the_socket(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getegid()).gr_name
    runtime_dir = tmp_path / "run"
    settings = settings_of(tmp_path, runtime_dir=str(runtime_dir), control_group=group)
    places.make_own(settings)
    assert mode(runtime_dir) == 0o711
    assert places.control_group(settings) == group


@pytest.mark.parametrize("is_there", [True, False])
def test_the_packages_group_is_that_of_the_systems_socket_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    def getgrnam(name: str) -> grp.struct_group:
        if not is_there:
            raise KeyError(name)
        return grp.struct_group((name, "x", 950, []))

    monkeypatch.setattr(grp, "getgrnam", getgrnam)
    of_the_system = settings_of(tmp_path, runtime_dir=str(SYSTEM_RUNTIME_DIR))
    expected = "ocrd-control" if is_there else None
    assert places.control_group(of_the_system) == expected
    assert places.control_group(settings_of(tmp_path)) is None
