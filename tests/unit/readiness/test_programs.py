"""The door for programs: what the check says of keys and address."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.settings import default_settings
from ocrd.files.users import User
from ocrd.readiness import programs
from ocrd.readiness.finding import Verdict

KEY = "anna: a-key-that-somebody-chose\n"


def found(user: User, answers_at: str = "", **api: Any) -> dict[str, tuple[Verdict, str]]:
    settings = default_settings({})
    changed = settings.api.model_copy(update={"listen": "127.0.0.1:0", **api})
    told = programs.findings(settings.model_copy(update={"api": changed}), user, answers_at)
    return {one.subject: (one.verdict, f"{one.message} {one.remedy}") for one in told}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(KEY)
    path.chmod(0o600)
    return path


def test_a_door_that_is_shut_is_not_looked_at() -> None:
    assert found(User.me(), listen=None) == {}


def test_keys_that_can_be_read_are_counted(keys: Path) -> None:
    verdict, text = found(User.me(), api_key_file=keys)["keys"]
    assert verdict is Verdict.OK and "1 key" in text
    keys.write_text("")
    assert found(User.me(), api_key_file=keys)["keys"][0] is Verdict.WARN


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [(None, 0, "ocrd key new"), ("x\n", 0o600, "is no key"), (KEY, 0o644, "by others")],
)
def test_keys_that_let_nobody_in_are_a_failure(
    keys: Path, text: str | None, mode: int, said: str
) -> None:
    if text is None:
        keys.unlink()
    else:
        keys.write_text(text)
        keys.chmod(mode)
    verdict, told = found(User.me(), api_key_file=keys)["keys"]
    assert verdict is Verdict.FAIL and said in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what another user may")
def test_keys_have_to_be_readable_for_the_services_user(keys: Path) -> None:
    verdict, told = found(User.named("nobody"), api_key_file=keys)["keys"]
    assert verdict is Verdict.FAIL and "not readable for nobody" in told


def test_no_keys_on_loopback_are_remarked() -> None:
    assert found(User.me(), keys="none")["keys"][0] is Verdict.WARN


def test_an_address_is_free_taken_or_ours(keys: Path) -> None:
    assert found(User.me(), api_key_file=keys)["address"][0] is Verdict.OK
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        listen = f"127.0.0.1:{port}"
        verdict, told = found(User.me(), api_key_file=keys, listen=listen)["address"]
        assert verdict is Verdict.FAIL and "another program's" in told
        ours = found(User.me(), f"http://{listen}", api_key_file=keys, listen=listen)["address"]
        assert ours[0] is Verdict.OK
    away = found(User.me(), api_key_file=keys, listen="192.0.2.1:8713")["address"]
    assert away[0] is Verdict.FAIL and "address of this machine" in away[1]
