"""`ocrd service` where there is no service manager that answers, and what it refuses.

What it does where there is one: tests/recipes/test_installing.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocrd.daemon import units

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(short_path: Path) -> Path:
    """A person's home, with a configuration and a systemctl that reaches nobody."""
    (short_path / "bin").mkdir()
    systemctl = short_path / "bin" / "systemctl"
    systemctl.write_text(
        "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n"
    )
    systemctl.chmod(0o755)
    assert ocrd(short_path, "init").returncode == 0
    return short_path


def ocrd(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OCRD_")}
    own = {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "COLUMNS": "200"}
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        kept.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "ocrd", *arguments],
        cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def unit_of(home: Path) -> Path:
    return home / ".config" / "systemd" / "user" / "ocrd.service"


def test_nothing_is_written_where_no_manager_answers(home: Path) -> None:
    result = ocrd(home, "service", "install", "--user")
    assert result.returncode == 1
    assert "Failed to connect to bus" in result.stderr
    assert "su and sudo bring no session" in result.stderr
    assert not unit_of(home).exists()
    (home / "bin" / "systemctl").write_text(
        "#!/bin/sh\necho 'System has not been booted with systemd as init system' >&2\nexit 1\n"
    )
    result = ocrd(home, "service", "install", "--user")
    assert "run 'ocrd run'" in result.stderr


def test_a_unit_of_ones_own_is_left_alone(home: Path) -> None:
    (home / "bin" / "systemctl").write_text("#!/bin/sh\n")
    unit = unit_of(home)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\nDescription=mine\n")
    for verb in ("install", "uninstall"):
        result = ocrd(home, "service", verb, "--user")
        assert result.returncode == 78, result
        assert unit.read_text() == "[Unit]\nDescription=mine\n"
    unit.unlink()
    assert ocrd(home, "service", "install", "--user").returncode == 0
    assert unit.read_text().startswith(units.MARK)
    assert f"--config {home}/.config/ocrd/config.toml" in unit.read_text()
    assert ocrd(home, "service", "uninstall", "--user").returncode == 0
    assert not unit.exists()


def test_a_dry_run_prints_and_does_nothing(home: Path) -> None:
    result = ocrd(home, "service", "install", "--user", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert f"==> {unit_of(home)} <==" in result.stdout
    assert not unit_of(home).exists()


def test_a_session_without_a_configuration_is_told_to_make_one(home: Path) -> None:
    if Path("/etc/ocrd/config.toml").exists():
        pytest.skip("this machine has a configuration of its own")
    (home / ".config" / "ocrd" / "config.toml").unlink()
    result = ocrd(home, "service", "install", "--user")
    assert result.returncode == 78
    assert "Make one with 'ocrd init'" in result.stderr
    sandboxed = ocrd(home, "service", "install", "--user", "--drop-in", "gpu")
    assert sandboxed.returncode == 2
