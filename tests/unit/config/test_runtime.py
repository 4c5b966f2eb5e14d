"""Where the control socket lies where state_dir has too long a path for it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.config import runtime
from ocrd.config.settings import Settings
from tests.unit.config.texts import INBOX, load, refused

LONG = Path("/srv", "x" * 90)
PERSON = 54321

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a short folder for the sessions of all users, none of whom has one."""
    folder = Path(tempfile.mkdtemp(prefix="ocrd-test-"))
    monkeypatch.setattr(runtime, "_SESSIONS", folder)
    monkeypatch.setattr(runtime, "_TEMPORARY", folder / "tmp")
    (folder / "tmp").mkdir()
    yield folder
    shutil.rmtree(folder)


def folder_of(tmp_path: Path, state_dir: Path = LONG, /, **environ: str) -> Path:
    settings = load(tmp_path, f'state_dir = "{state_dir}"\n{INBOX}', **environ)
    assert runtime.fits(settings.socket_path.parent)
    return settings.socket_path.parent


def test_a_users_own_places_come_before_that_for_all(tmp_path: Path, session: Path) -> None:
    me = os.geteuid()
    given = session / "given"
    environ = {"XDG_RUNTIME_DIR": str(given)}
    for_all = folder_of(tmp_path, **environ)
    assert for_all.parent == session / "tmp", "what is named is not there"
    assert for_all.name.startswith(f"ocrd-{me}-")
    (session / str(me)).mkdir()
    own = folder_of(tmp_path, **environ)
    assert own.parent == session / str(me) / "ocrd"
    assert for_all.name.endswith(own.name)
    given.mkdir()
    assert folder_of(tmp_path, **environ) == given / "ocrd" / own.name
    assert folder_of(tmp_path, XDG_RUNTIME_DIR="given") == own, "no absolute path"
    long = session / ("y" * 90)
    long.mkdir()
    assert folder_of(tmp_path, XDG_RUNTIME_DIR=str(long)) == own


def test_each_state_has_a_folder_of_its_own(tmp_path: Path, session: Path) -> None:
    other = LONG.with_name("z" * 90)
    assert (
        folder_of(tmp_path) == folder_of(tmp_path) == folder_of(tmp_path, LONG / "../" / LONG.name)
    )
    assert folder_of(tmp_path) != folder_of(tmp_path, other)
    assert runtime.is_makeshift(folder_of(tmp_path), LONG)
    assert not runtime.is_makeshift(folder_of(tmp_path), other)


def test_what_fits_or_is_named_has_no_makeshift(tmp_path: Path, session: Path) -> None:
    shortest = Path("/", "x" * (runtime.SOCKET_PATH_BYTES - len("/" + "/run/ocrd.sock")))
    assert folder_of(tmp_path, shortest) == shortest / "run"
    assert not runtime.is_makeshift(shortest / "run", shortest)
    assert folder_of(tmp_path, Path(f"{shortest}x")).parent == session / "tmp"
    named = load(tmp_path, f'state_dir = "{LONG}"\nruntime_dir = "/run/o"\n{INBOX}')
    assert named.socket_path == Path("/run/o/ocrd.sock")
    by_variable = load(tmp_path, f'state_dir = "{LONG}"\n{INBOX}', OCRD_RUNTIME_DIR="/run/v")
    assert by_variable.socket_path == Path("/run/v/ocrd.sock")


def test_the_machines_configuration_names_its_own(tmp_path: Path) -> None:
    assert runtime.makeshift_dir(Path("/etc/ocrd/config.toml"), str(LONG), {}) is None
    with pytest.raises(ValueError, match="too long for a socket"):
        Settings(state_dir=LONG)


@pytest.mark.parametrize("state_dir", ["3", '"$HOME/x"', '""'])
def test_a_state_that_is_no_path_is_refused_as_that_alone(tmp_path: Path, state_dir: str) -> None:
    faults = refused(tmp_path, f"state_dir = {state_dir}\n{INBOX}").faults
    assert [fault.key for fault in faults] == ["state_dir"]


@as_root
def test_what_another_user_made_is_not_believed(tmp_path: Path, session: Path) -> None:
    state = session / ("s" * 90)
    state.mkdir()
    folder = folder_of(tmp_path, state)
    assert list(runtime.makeshifts(state, {})) == []
    folder.mkdir()
    assert list(runtime.makeshifts(state, {})) == [folder]
    os.chown(folder, PERSON, PERSON)
    assert list(runtime.makeshifts(state, {})) == []
    folder.rmdir()
    folder.symlink_to(session)
    assert list(runtime.makeshifts(state, {})) == [], "a link may lead anywhere"


@as_root
def test_a_session_of_another_user_is_not_ours(tmp_path: Path, session: Path) -> None:
    """As su and sudo -E leave it in the environment."""
    given = session / "given"
    given.mkdir()
    os.chown(given, PERSON, PERSON)
    assert folder_of(tmp_path, XDG_RUNTIME_DIR=str(given)).parent == session / "tmp"


@as_root
def test_root_finds_what_the_states_owner_has_taken(tmp_path: Path, session: Path) -> None:
    state = session / ("s" * 90)
    name = folder_of(tmp_path, state).name.rpartition("-")[2]
    theirs = session / str(PERSON) / "ocrd" / name
    theirs.mkdir(parents=True)
    state.mkdir()
    for path in (state, theirs, session / str(PERSON)):
        os.chown(path, PERSON, PERSON)
    assert list(runtime.makeshifts(state, {})) == [theirs]
