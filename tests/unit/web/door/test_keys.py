"""Keys: what a line lets in, what a file must be, and how it is changed."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from ocrd.errors import KeyFileError
from ocrd.web.door import keyring, keys
from ocrd.web.door.keyring import Owner
from ocrd.web.door.keys import Keys

PLAIN = "a-key-that-somebody-chose"
OURS = Owner()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_line_says_who_it_is_and_what_he_may(path: Path) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    found = keys.read(
        written(
            path,
            f"# keys\n\nanna: {PLAIN}\n bob : sha256:{digest} read upload folder=/srv/my%20scans\n",
        )
    )
    assert [(key.name, sorted(key.scopes), key.folders) for key in found] == [
        ("anna", ["control", "read", "upload"], ()),
        ("bob", ["read", "upload"], ("/srv/my scans",)),
    ]
    assert found[1].digest.hex() == digest


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("anna\n", "keys:1 is no key"),
        ("anna: \n", "is no key"),
        (f"an na: {PLAIN}\n", "is no key"),
        (f"\nanna: {PLAIN} write\n", "keys:2: 'write' is no scope"),
        (f"anna: {PLAIN} folder=srv\n", "is no scope"),
        ("anna: short\n", "too short"),
        (f"anna: {PLAIN}\nanna: {PLAIN}x\n", "twice"),
    ],
)
def test_a_line_that_is_none_is_refused_and_its_key_not_shown(
    path: Path, text: str, why: str
) -> None:
    with pytest.raises(KeyFileError, match=why) as caught:
        keys.read(written(path, text))
    assert PLAIN not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o620])
def test_a_file_that_others_may_read_or_change_is_refused(path: Path, mode: int) -> None:
    with pytest.raises(KeyFileError, match="by others"):
        keys.read(written(path, f"anna: {PLAIN}\n", mode))


def test_a_key_is_found_whether_it_is_kept_as_it_is_or_hashed(path: Path) -> None:
    key, line = keys.made("bob", (), ())
    known = Keys(written(path, f"anna: {PLAIN}\n{line}\n"))
    assert [one and one.name for one in map(known.find, (PLAIN, key, "x", "", "\ud800"))] == [
        "anna", "bob", None, None, None,
    ]  # fmt: skip
    assert line.partition("sha256:")[2] and key not in line
    assert known.find(line.partition(": ")[2].split()[0]) is None, "the hash is no key"


def test_a_file_is_read_again_when_it_has_changed(path: Path) -> None:
    known = Keys(written(path, f"anna: {PLAIN}\n"))
    assert known.find(PLAIN)
    path.write_text(f"anna: {PLAIN}-and-more\n")
    assert known.find(PLAIN) is None
    path.unlink()
    with pytest.raises(KeyFileError, match="cannot be read"):
        known.find(PLAIN)


def test_a_file_is_made_changed_and_keeps_its_mode(path: Path) -> None:
    key, line = keys.made("anna", ("read",), ("/srv/my scans", "/caf\udce9"))
    keyring.add(path, line, Owner(mode=0o640))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    [found] = keyring.listed(path)
    assert found.folders == ("/srv/my scans", "/caf\udce9") and Keys(path).find(key) == found
    path.chmod(0o600)
    with path.open("a") as file:
        file.write("# mine")  # without an end of line
    keyring.add(path, keys.made("bob", (), ())[1], OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyFileError, match="already"):
        keyring.add(path, keys.made("bob", (), ())[1], OURS)
    keyring.remove(path, "anna")
    assert [one.name for one in keyring.listed(path)] == ["bob"] and "# mine\n" in path.read_text()
    with pytest.raises(KeyFileError, match="no key called anna"):
        keyring.remove(path, "anna")
    assert [one.name for one in path.parent.iterdir()] == ["keys"]


def test_keys_that_are_made_at_once_are_all_there(path: Path) -> None:
    threads = [
        threading.Thread(
            target=keyring.add, args=(path, keys.made(f"k{number}", (), ())[1], OURS)
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in keyring.listed(path)} == {f"k{number}" for number in range(8)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another group")
def test_a_file_for_the_services_user_is_roots_and_his_groups(path: Path) -> None:
    from ocrd.files.users import User

    keyring.add(path, keys.made("anna", (), ())[1], keyring.owner_for(User.named("nobody")))
    status = path.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o640)
    assert status.st_gid == User.named("nobody").main_group


@pytest.mark.parametrize("name", ["", "an na", "anna:", "#x", "x" * 65, "-x", "ä"])
def test_a_name_that_is_none_makes_no_key(name: str) -> None:
    with pytest.raises(KeyFileError, match="no name of a key"):
        keys.made(name, (), ())


def test_a_key_that_somebody_chose_is_long_enough(path: Path) -> None:
    chosen = "k" * 20
    assert Keys(written(path, f"anna: {chosen}\n")).find(chosen) is not None
    with pytest.raises(KeyFileError, match="too short"):
        keys.read(written(path, f"anna: {chosen[1:]}\n"))
