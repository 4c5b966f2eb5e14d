"""Folders: what may not lie in what, and what the file system says about them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ocrd.config import disk, folders
from ocrd.config import settings as config
from ocrd.config.settings import InboxSettings, Settings
from tests.unit.config.texts import let_everybody_enter, load, refused


def two(first: str, second: str, top: str = "") -> str:
    return f"{top}\n[[inbox]]\n{first}\n[[inbox]]\n{second}\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (two('path = "/s/a"', 'path = "/s/x/../a/"'), "inbox[1].path"),
        (two('path = "/s"\nrecursive = true', 'path = "/s/a"'), "inbox[1].path"),
        (two('path = "/s/a"', 'path = "/s"\nrecursive = true'), "inbox[0].path"),
        (two('path = "/s/a"\ndone = "/s/b"', 'path = "/s/b"'), "inbox[0].done"),
        (two('path = "/a"\nfailed = "/b/c"', 'path = "/b"\nrecursive = true'), "inbox[0].failed"),
        (two('path = "/a"\nrecursive = true\ndone = "/b"', 'path = "/b/c"'), "inbox[0].done"),
        ('[[inbox]]\npath = "/a"\ndone = "."', "inbox[0].done"),
        ('[[inbox]]\npath = "/a/b"\nfailed = ".."', "inbox[0].failed"),
        ('[[inbox]]\npath = "/a"\ndone = "x"\nfailed = "x/"', "inbox[0].failed"),
        ('state_dir = "/a/s"\n[[inbox]]\npath = "/a"\nrecursive = true', "state_dir"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/a"', "state_dir"),
        ('state_dir = "/a/b/s"\n[[inbox]]\npath = "/a"', "inbox[0].path"),
        ('temp_dir = "/a"\n[[inbox]]\npath = "/a"\nrecursive = true', "temp_dir"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/a/tmp/in"', "inbox[0].path"),
        ('state_dir = "/a"\n[[inbox]]\npath = "/b"\ndone = "/a/run"', "inbox[0].done"),
        ('[[inbox]]\npath = ""', "inbox[0].path"),
        ('[[inbox]]\npath = "/a"\ndone = ""', "inbox[0].done"),
        ('[[inbox]]\npath = "/a\\u0000b"', "inbox[0].path"),
    ],
)
def test_folders_that_would_feed_themselves_are_refused(
    tmp_path: Path, text: str, key: str
) -> None:
    error = refused(tmp_path, text)
    assert re.search(rf"config\.toml, line \d+: {re.escape(key)}: ", error.what), error.what


@pytest.mark.parametrize(
    "text",
    [
        two('path = "/s"', 'path = "/s/a"'),  # not recursive: subfolders are not watched
        two('path = "/s/a"', 'path = "/s/ab"\nrecursive = true'),
        two('path = "/a"\ndone = "/d"\nfailed = "/f"', 'path = "/b"\ndone = "/d"\nfailed = "/f"'),
        two('path = "/a"\ndone = "/b/done/a"', 'path = "/b"\nrecursive = true'),
        'state_dir = "/a"\n[[inbox]]\npath = "/a/in"',
    ],
)
def test_folders_beside_each_other_are_fine(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).inbox


def real(tmp_path: Path, more: str = "") -> Settings:
    (tmp_path / "in").mkdir(exist_ok=True)
    return load(tmp_path, f'state_dir = "state"\n[[inbox]]\npath = "in"\n{more}')


def test_sound_folders_have_no_problem_and_none_is_made(tmp_path: Path) -> None:
    settings = real(tmp_path)
    assert config.check_folders(settings) == []
    assert config.offline_folders(settings) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "in"]


def test_a_missing_inbox_is_offline_and_no_fault(tmp_path: Path) -> None:
    settings = load(tmp_path, 'state_dir = "state"\n[[inbox]]\npath = "not/mounted"')
    assert config.check_folders(settings) == []
    (problem,) = config.offline_folders(settings)
    assert str(tmp_path / "not/mounted") in problem


def test_a_file_in_the_place_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for more in ('done = "../file"', 'failed = "../file/failed"'):
        (problem,) = config.check_folders(real(tmp_path, more))
        assert problem.startswith(f"inbox[0].{more.split()[0]}: {tmp_path}/file is not a folder")
    (tmp_path / "other").touch()
    settings = load(tmp_path, 'state_dir = "file/state"\n[[inbox]]\npath = "other"')
    assert {problem.split(":")[0] for problem in config.check_folders(settings)} == {
        "state_dir", "inbox[0].path",
    }  # fmt: skip


def test_folders_that_are_one_through_a_link_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    text = 'state_dir = "state"\n[[inbox]]\npath = "in"\n[[inbox]]\npath = "link"'
    (problem,) = config.check_folders(load(tmp_path, text))
    assert "inbox[1].path" in problem
    assert "watched twice" in problem
    (problem,) = config.check_folders(real(tmp_path, 'done = "../link"'))
    assert "inbox[0].done" in problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_folders_that_the_user_may_not_write_are_problems(tmp_path: Path) -> None:
    real(tmp_path)
    (tmp_path / "in").chmod(0o555)
    tmp_path.chmod(0o755)
    program = (
        "import os, sys; from pathlib import Path; from ocrd.config import settings as config;"
        " os.setgroups([]);"
        f"settings = config.load(Path({str(tmp_path / 'config.toml')!r}), {{}});"
        "os.setgid(65534); os.setuid(65534);"
        "print(config.refusal(Path('c.toml'), config.check_folders(settings)))"
    )
    let_everybody_enter(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert f"c.toml: inbox[0].path: {tmp_path}/in is not writable" in result.stdout
    assert f"c.toml: state_dir: {tmp_path}/state does not exist and cannot be" in result.stdout
    assert "nobody" in result.stdout


def test_a_share_that_does_not_answer_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_SILENCE_SECONDS", 0.2)
    two_shares = folders.watched(
        [InboxSettings(path=tmp_path / name) for name in ("hung", "well")]
    )
    mounted_again = threading.Event()

    def look(folder: folders.Watched) -> str:
        if folder.path.name == "hung":
            mounted_again.wait()
        return folder.path.name

    try:
        assert disk.ask_each(two_shares, look) == [None, "well"]
    finally:
        mounted_again.set()
