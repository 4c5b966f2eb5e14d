"""``ocrd check``: by a daemon that runs, or by the rights of whoever will run the configuration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.neighbours.house import interpreter_for
from tests.installation import ROOT, Installation
from tests.unit.config.texts import let_everybody_enter

NOBODY = 65534
UNIT = ROOT / "systemd" / "ocrd.service"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def subjects(found: list[dict[str, Any]], subject: str) -> list[dict[str, Any]]:
    return [finding for finding in found if finding["subject"] == subject]


def test_a_daemon_that_runs_is_asked(running: Installation) -> None:
    found = running.call("check")
    (daemon,) = subjects(found, "daemon")
    assert f"process {running.status()['pid']}" in daemon["message"]
    (configuration,) = subjects(found, "configuration")
    assert "as it is in force" in configuration["message"]
    (engine,) = subjects(found, "engine default")
    assert ": loaded" in engine["message"], "the daemon's own, which is loaded"
    assert running.status()["engines"][0]["pages"] == 1
    running.config.write_text(running.config.read_text() + 'mood = "good"\n[[inbox]\n')
    for more in ((), ("--socket", str(running.root / "state/run/ocrd.sock"))):
        (refused,) = subjects(running.call_failing(78, "check", *more), "configuration")
        assert refused["is_config"] and "this is not TOML" in refused["message"]


def test_another_configuration_of_the_same_place_is_not_judged_by_that_daemon(
    running: Installation, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(running.config.read_text().replace(str(running.inbox), "/srv/no/such"))
    result = subprocess.run(
        [sys.executable, "-m", "ocrd", "check", "--no-engine", "--json", "-c", str(other)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(result.stdout)
    (daemon,) = subjects(found, "daemon")
    assert daemon["verdict"] == "fail" and str(running.config) in daemon["message"]
    assert any("/srv/no/such is not there" in one["message"] for one in found)


def test_a_socket_that_nobody_answers_on_is_a_failure(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "ocrd", "check", "--json", "--socket", str(tmp_path / "none")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    (daemon,) = json.loads(result.stdout)
    assert (result.returncode, daemon["verdict"]) == (1, "fail")


def test_a_package_that_is_missing_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n"
    )
    config = tmp_path / "config.toml"
    config.write_text(
        f'state_dir = "{tmp_path}/state"\n[engine]\nkind = "deepseek-ocr-2"\nmodel = "/tmp"\n'
        f'[[inbox]]\npath = "{tmp_path}/inbox"\n'
    )
    result = subprocess.run(
        [sys.executable, "-m", "ocrd", "check", "-c", str(config)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (result.stdout + result.stderr).count("torch is not installed") == 1
    assert "No module named" not in result.stdout + result.stderr


@as_root
def test_another_user_is_told_what_the_owner_may_and_never_to_take_what_is_his(
    tmp_path: Path,
) -> None:
    interpreter = interpreter_for(NOBODY)
    if interpreter is None:
        pytest.skip("there is no interpreter for other users")
    let_everybody_enter(tmp_path)
    state, inbox = tmp_path / "state", tmp_path / "inbox"
    state.mkdir(mode=0o700)
    inbox.mkdir()
    os.chown(state, 4321, 4321)
    config = tmp_path / "config.toml"
    config.write_text(f'state_dir = "{state}"\n[[inbox]]\npath = "{inbox}"\n')
    python, path = interpreter
    passwd = tmp_path / "passwd"
    passwd.write_text(Path("/etc/passwd").read_text() + "service:x:4321:4321::/:/bin/false\n")

    def check() -> str:
        command = 'mount --bind "$0" /etc/passwd && exec setpriv --reuid=65534 --regid=65534'
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", f'{command} --clear-groups "$@"', str(passwd),
             python, "-m", "ocrd", "check", "-c", str(config)],
            cwd="/", capture_output=True, text=True,
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        ).stdout  # fmt: skip

    said = check()
    assert f"configuration: {config}, for the user service" in said
    assert "Give the user service access to it" in said, "the inbox is root's"
    assert "Give the user nobody" not in said and "owned by the user nobody" not in said
    assert f"{state} is for the user service alone: ask as that user" in said
    assert "sudo -u service ocrd check" in said
    os.chown(inbox, 4321, 4321)
    said = check()
    assert "fail" not in said and "Give" not in said
    inbox.chmod(0o000)
    tmp_path.chmod(0o711)
    assert "inbox[0].path" in check()


@as_root
def test_root_judges_by_the_unit_and_as_its_user(tmp_path: Path) -> None:
    interpreter = interpreter_for(NOBODY)
    if interpreter is None:
        pytest.skip("there is no interpreter for other users")
    let_everybody_enter(tmp_path)
    units, inbox = tmp_path / "units", tmp_path / "inbox"
    units.mkdir()
    inbox.mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        f'state_dir = "{tmp_path}/state"\n[[inbox]]\npath = "{inbox}"\n[engine]\n'
        'kind = "module"\nmodule = "tests.engines.echo"\n'
    )
    unit = UNIT.read_text().replace("User=ocrd", "User=nobody")
    (units / UNIT.name).write_text(unit.replace("/etc/ocrd/config.toml", str(config)))
    python, path = interpreter

    def check() -> list[dict[str, Any]]:
        command = 'mount --bind "$0" /etc/systemd/system && exec "$@"'
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c", command, str(units),
             python, "-m", "ocrd", "check", "--json", "-c", str(config)],
            cwd="/", capture_output=True, text=True,
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert result.stdout, result.stderr
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    found = check()
    (configuration,) = subjects(found, "configuration")
    assert configuration["message"] == f"{config}, for the user nobody of ocrd.service"
    told = [finding["message"] for finding in subjects(found, "folders")]
    assert f"ocrd.service does not let the service write to {inbox}." in told
    assert any(text.startswith(f"inbox[0].path: {inbox} is not writable") for text in told)
    (engine,) = subjects(found, "engine default")
    assert engine["verdict"] == "ok", "loaded as nobody"
    drop = units / "ocrd.service.d"
    drop.mkdir()
    (drop / "paths.conf").write_text(f"[Service]\nBindPaths={tmp_path}\n")
    for folder in (inbox, tmp_path):
        os.chown(folder, NOBODY, NOBODY)
    assert not [finding for finding in check() if finding["verdict"] == "fail"]
    shutil.rmtree(units)
