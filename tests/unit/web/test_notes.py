"""The notes that daemons leave: where, for whom, and which are believed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from ocrd.web import notes
from ocrd.web.notes import Note

CONFIG, SOCKET = Path("/etc/ocrd/config.toml"), Path("/run/ocrd/ocrd.sock")


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(notes, "SYSTEM_FOLDER", tmp_path / "system" / "daemons")
    return {"XDG_RUNTIME_DIR": str(tmp_path / "session"), "HOME": str(tmp_path / "home")}


def test_a_note_is_found_until_it_is_taken_back(environ: dict[str, str], tmp_path: Path) -> None:
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None and path.is_relative_to(tmp_path / "session")
    assert list(notes.found(environ)) == [Note(str(CONFIG), str(SOCKET), os.getpid())]
    notes.leave(CONFIG, SOCKET, environ)
    assert len(list(notes.found(environ))) == 1, "a daemon started again has the same"
    notes.take_back(path)
    assert list(notes.found(environ)) == []


def test_a_note_is_readable_whatever_the_umask(environ: dict[str, str]) -> None:
    before = os.umask(0o077)
    try:
        path = notes.leave(CONFIG, SOCKET, environ)
    finally:
        os.umask(before)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_what_another_daemon_left_meanwhile_is_not_taken_back(environ: dict[str, str]) -> None:
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None
    path.write_text(json.dumps({**json.loads(path.read_text()), "pid": 1}))
    notes.take_back(path)
    assert path.exists()


def test_a_place_that_takes_none_is_passed_over(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "session").write_text("a file")
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None and not path.is_relative_to(tmp_path / "session")
    assert len(list(notes.found(environ))) == 1


def test_a_service_leaves_its_note_for_all(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["XDG_RUNTIME_DIR"]
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None and path.is_relative_to(tmp_path / "system")
    assert len(list(notes.found(environ))) == 1, "whoever asks"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"config": "/a"}', '{"config": 1, "socket": 2, "pid": "x"}']
)
def test_what_is_no_note_is_passed_over(environ: dict[str, str], text: str) -> None:
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None
    path.with_name("other.json").write_text(text)
    assert [note.socket for note in notes.found(environ)] == [str(SOCKET)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_note_in_somebody_elses_folder_is_not_believed(environ: dict[str, str]) -> None:
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None
    os.chown(path.parent, 54321, 54321)
    assert list(notes.found(environ)) == []


def test_a_name_that_is_no_utf8_and_a_link_lead_to_the_configuration(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / os.fsdecode(b"caf\xe9.toml")
    config.touch()
    link = tmp_path / "link.toml"
    link.symlink_to(config)
    notes.leave(config, SOCKET, environ)
    (note,) = notes.found(environ)
    assert note.is_of(config) and note.is_of(link)
    assert not note.is_of(tmp_path / "other.toml")


def test_notes_of_killed_daemons_are_swept_once_their_sockets_are_gone(
    environ: dict[str, str], tmp_path: Path
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    there = tmp_path / "there.sock"
    there.touch()
    folder = tmp_path / "session" / "ocrd" / "daemons"
    folder.mkdir(parents=True)
    for name, socket, pid in (
        ("gone", tmp_path / "gone.sock", ended.pid),
        ("started", tmp_path / "elsewhere.sock", os.getpid()),  # in a container of its own
        ("killed", there, ended.pid),  # it may be started again
    ):
        told = {"config": str(CONFIG), "socket": str(socket), "pid": pid}
        (folder / f"{name}.json").write_text(json.dumps(told))
    (folder / "broken.json").write_text("{")
    path = notes.leave(CONFIG, SOCKET, environ)
    assert path is not None
    left = {one.name for one in folder.iterdir()} - {path.name}
    assert left == {"started.json", "killed.json", "broken.json"}
