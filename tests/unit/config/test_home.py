"""Where a configuration is looked for, and where the state lies of one that does not say it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from ocrd.config import home
from ocrd.config.settings import load
from tests.unit.config.texts import INBOX, write

PERSON = 54321

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def test_a_configuration_is_looked_for_in_the_order_that_help_names(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    own = home.own_config(environ)
    assert own == tmp_path / "ocrd/config.toml"
    own.parent.mkdir()
    own.touch()
    assert home.find_config(None, environ) == own
    assert home.find_config(Path("x"), environ) == Path("x")
    assert home.find_config(None, {**environ, "OCRD_CONFIG": "/y"}) == Path("/y")
    assert home.own_config({**environ, "OCRD_CONFIG": "/y"}) == Path("/y")


def test_what_a_file_says_counts_before_any_default(tmp_path: Path) -> None:
    path = write(tmp_path, f'state_dir = "here"\n{INBOX}')
    assert load(path, {}).state_dir == tmp_path / "here"
    assert load(path, {"OCRD_STATE_DIR": "/srv/x"}).state_dir == Path("/srv/x")


@as_root
def test_the_default_is_the_owners_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, INBOX)
    assert load(path, {}).state_dir == Path("/var/lib/ocrd"), "root is no person"
    os.chown(path, PERSON, PERSON)
    assert load(path, {}).state_dir == Path("/var/lib/ocrd"), "nobody knows that person's home"
    entry = pwd.struct_passwd(("anna", "x", PERSON, PERSON, "", "/home/anna", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", {PERSON: entry}.__getitem__)
    assert load(path, {}).state_dir == Path("/home/anna/.local/state/ocrd")
    assert load(path, {"XDG_STATE_HOME": "/root/s"}).state_dir.is_relative_to("/home/anna")
    monkeypatch.setattr(os, "geteuid", lambda: PERSON)
    assert load(path, {"XDG_STATE_HOME": "/mnt/s"}).state_dir == Path("/mnt/s/ocrd")
    assert home.default_state_dir(Path("/etc/ocrd/config.toml"), {}) == home.SYSTEM_STATE_DIR
    monkeypatch.setattr(home, "SYSTEM_STATE_DIR", path)  # as one who has set that up for himself
    assert home.default_state_dir(path, {}) == path
