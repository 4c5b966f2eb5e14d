"""Where bootstrap.sh cannot install, it says why, and leaves nothing that looks whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import ROOT

# What pip is told here: nothing is at hand, and the index answers on no port.
CUT_OFF = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_RETRIES": "0",
}


def sources(folder: Path) -> Path:
    """Copy what bootstrap.sh looks at, and say where."""
    shutil.copytree(ROOT / "packaging", folder / "packaging")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def bootstrap(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [folder / "packaging" / "bootstrap.sh"],
        env={"PYTHON": sys.executable, **known, **CUT_OFF, **environment},
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("says", ["Python 3.10.12", "Python 3.15.0"])
def test_an_interpreter_that_is_too_old_or_too_new_is_named(tmp_path: Path, says: str) -> None:
    """A program that calls itself Python and is none of ours, as an old one would answer."""
    old = tmp_path / "python3"
    old.write_text(f'#!/bin/sh\n[ "$1" != -V ] || exec echo {says}\nexit 1\n')
    old.chmod(0o755)
    folder = sources(tmp_path / "sources")
    ended = bootstrap(folder, PYTHON=str(old))
    assert ended.returncode == 1
    assert f"ocrd needs Python 3.11 to 3.14; {old} is {says}." in ended.stderr
    assert "PYTHON=" in ended.stderr
    assert not (folder / ".venv").exists()


def test_pip_refuses_the_wheel_on_other_interpreters_too() -> None:
    """What is_fit says and what pip reads are the same."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.15"
    script = (ROOT / "packaging" / "environment.sh").read_text()
    assert "(3, 11) <= sys.version_info < (3, 15)" in script
    assert "Python 3.11 to 3.14" in script


def test_without_a_network_that_is_said_again_and_again(tmp_path: Path) -> None:
    folder = sources(tmp_path / "sources")
    for retries in "01":  # pip tells of the cause only when it tries again
        ended = bootstrap(folder, PIP_RETRIES=retries)
        assert ended.returncode == 1
        assert "pip reaches no server to fetch from" in ended.stderr
        assert "https_proxy" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert not [*folder.glob(".venv/installed-*")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("a file system of its own needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]).returncode:
        pytest.skip("no file system may be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_named_and_its_half_environment_is_not_believed_in(
    small_disk: Path,
) -> None:
    folder = sources(small_disk / "sources")
    ended = bootstrap(folder, TMPDIR=str(small_disk))
    assert ended.returncode == 1
    assert f"the disk is full ({room(small_disk)} free on {small_disk})" in ended.stderr
    assert "Make room (make demo needs 1 GB" in ended.stderr
    # With room again, it is made anew; that pip is in it is seen from what pip then says.
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    ended = bootstrap(folder, TMPDIR=str(small_disk))
    assert "pip reaches no server to fetch from" in ended.stderr


def room(folder: Path) -> str:
    said = subprocess.check_output(["df", "-hP", folder], text=True)
    return said.splitlines()[1].split()[3]


def test_a_package_that_was_left_half_installed_is_installed_again(tmp_path: Path) -> None:
    """pip itself takes the folder of its metadata for the package."""
    folder = sources(tmp_path / "sources")
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    (packages,) = folder.glob(".venv/lib/python3*/site-packages")
    for name in ("half", "whole"):
        (packages / f"{name}-1.dist-info").mkdir()
        (packages / f"{name}-1.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
    (packages / "whole-1.dist-info" / "INSTALLER").write_text("pip\n")
    bootstrap(folder)
    names = {path.name for path in packages.glob("*.dist-info")}
    assert "whole-1.dist-info" in names
    assert "half-1.dist-info" not in names


def test_an_environment_without_pip_is_made_anew(tmp_path: Path) -> None:
    """As one is left whose making was killed."""
    folder = sources(tmp_path / "sources")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    ended = bootstrap(folder)
    assert "No module named pip" not in ended.stderr
    assert "pip reaches no server to fetch from" in ended.stderr
