"""docs/install.md, block by block, on a booted Debian that has nothing but what Debian brings.

The machine has no network: what pip, pipx and uv fetch lies in a folder, and is what was locked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import LETTER, ROOT, eventually
from tests.recipes.blocks import blocks
from tests.system import machine
from tests.system.machine import Machine, booted

SUITE = "bookworm"
PACKAGES = ("pipx", "python3-venv")
OFFLINE = (
    "export PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_DISABLE_PIP_VERSION_CHECK=1"
    " UV_OFFLINE=1 UV_FIND_LINKS=/wheels UV_NO_INDEX=1 UV_PYTHON_DOWNLOADS=never"
    ' PATH="$HOME/.local/bin:/opt/tools/bin:$PATH"; cd /checkout'
)


def block(name: str) -> str:
    (found,) = [one.text for one in blocks(name) if one.page.name == "install.md"]
    return found


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is fetched, in the locked versions."""
    folder = tmp_path_factory.mktemp("wheels")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder)]
    version = ["--python-version", "3.11", "--only-binary=:all:"]  # Debian 12's
    try:
        for lock in ("base", "build", "lock"):
            locked = ["--require-hashes", "-r", str(ROOT / "packaging" / "locks" / f"{lock}.txt")]
            subprocess.run([*fetch, *version, *locked], check=True, capture_output=True, text=True)
        shared = ["pip", "setuptools", "wheel"]  # that pipx wants for itself
        subprocess.run([*fetch, *shared], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"there is no network: {error.stderr[-300:]}")
    return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Iterator[Machine]:
    """A machine with a checkout, and with berta, who has a session."""
    if reason := machine.missing():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("desk")
    for folder in (root, root.parent):
        folder.chmod(0o755)
    wheels.chmod(0o755)
    checkout = root / "checkout"
    left_out = shutil.ignore_patterns(
        ".*", "build", "dist", "__pycache__", "tests", "benchmarks", "*.pyc"
    )
    shutil.copytree(ROOT, checkout, ignore=left_out)
    shutil.copy(LETTER, root / "letter.png")
    try:
        tree = machine.tree(SUITE, PACKAGES)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"mmdebstrap could not make a tree: {error.stderr[-300:]}")
    lasting = {"/checkout": checkout, "/srv": root / "srv", "/home": root / "home"}
    for place in (root / "srv", root / "home"):
        place.mkdir()
    there = {"/wheels": wheels, "/letter.png": root / "letter.png"}
    with booted(Machine(tree, lasting, there)) as one:
        one.run("useradd", "--create-home", "--shell=/bin/bash", "berta")
        one.run("chown", "-R", "berta:", "/checkout")
        one.systemctl("start", f"user@{one.run('id', '-u', 'berta').stdout.strip()}")
        yield one


def as_berta(desk: Machine, script: str) -> str:
    return desk.run(
        "runuser", "-u", "berta", "--", "bash", "-e", "-c",
        f"export HOME=/home/berta XDG_RUNTIME_DIR=/run/user/$(id -u); {OFFLINE}; {script}",
        limit=600,
    ).stdout  # fmt: skip


def as_root(desk: Machine, script: str) -> str:
    return desk.run("bash", "-e", "-c", f"export HOME=/root; {OFFLINE}; {script}", limit=600).stdout


def test_pipx_installs_the_command_that_reads_a_page(desk: Machine) -> None:
    as_berta(desk, block("pipx"))
    assert "De linzen wassen" in as_berta(desk, "ocrd convert /letter.png -o -")
    added = as_berta(desk, "python3 -c 'import sys; print(1)'; cat ~/.local/bin/ocrd | head -1")
    python = added.splitlines()[-1].removeprefix("#!").strip()
    say = f'{python} -c "from ocrd import installation; print(installation.again())"'
    command = as_berta(desk, say).strip()
    assert command.endswith("pipx install --force /checkout"), command
    as_berta(desk, command)
    assert as_berta(desk, "ocrd --version").startswith("ocrd ")


def test_a_session_has_its_service_in_two_commands(desk: Machine) -> None:
    if "ocrd" not in as_berta(desk, "ls ~/.local/bin 2>/dev/null || true"):
        as_berta(desk, block("pipx"))
    said = as_berta(desk, block("session"))
    assert "It runs, and starts with the session." in said
    home = desk.path("/home/berta/scans/inbox")
    as_berta(desk, "cp /letter.png ~/scans/inbox/")
    eventually((home / "done" / "letter.md").exists, 60)
    assert "active (running)" in as_berta(desk, "ocrd service status --user")
    records = as_berta(desk, "journalctl --user -u ocrd -o json OCRD_EVENT=done || true")
    assert '"OCRD_DOCUMENT":"letter.png"' in records or records == ""  # no right to read it
    as_berta(desk, "ocrd service install --user")  # again
    as_berta(desk, "ocrd service uninstall --user")
    assert not desk.path("/home/berta/.config/systemd/user/ocrd.service").exists()
    assert (home / "done" / "letter.md").exists()
    as_berta(desk, "pipx uninstall ocrd-daemon")


def test_uv_installs_the_command_that_reads_a_page(desk: Machine) -> None:
    as_root(desk, "python3 -m venv /opt/tools && /opt/tools/bin/pip install --quiet uv")
    as_berta(desk, block("uv"))
    assert "De linzen wassen" in as_berta(desk, "ocrd convert /letter.png -o -")
    python = "$(dirname $(readlink -f ~/.local/bin/ocrd))/python"
    say = f'{python} -c "from ocrd import installation; print(installation.again())"'
    command = as_berta(desk, say).strip()
    assert command.startswith("uv tool install --force"), command
    as_berta(desk, command)
    as_berta(desk, "ocrd --version; uv tool uninstall ocrd-daemon")


def test_the_machines_service_is_installed_without_a_package_and_taken_away_again(
    desk: Machine,
) -> None:
    as_root(desk, block("venv"))
    assert desk.show("ocrd", "ActiveState") == "active"
    assert desk.run("stat", "-c", "%U:%G %a", "/etc/ocrd/config.toml").stdout.split() == [
        "root:ocrd-control", "640",
    ]  # fmt: skip
    inbox = desk.path("/srv/ocrd/inbox")
    desk.run("cp", "/letter.png", "/srv/ocrd/inbox/")
    eventually((inbox / "done" / "letter.md").exists, 60)
    done = desk.run("journalctl", "-u", "ocrd", "-o", "cat", "OCRD_EVENT=done").stdout
    assert "letter.png" in done
    as_root(desk, "echo '[[inbox]]' >> /etc/ocrd/config.toml; mkdir -p /srv/other; "
            "chown ocrd /srv/other; echo 'path = \"/srv/other\"' >> /etc/ocrd/config.toml; "
            "ocrd service install --drop-in network")  # fmt: skip
    desk.run("cp", "/letter.png", "/srv/other/")
    eventually((desk.path("/srv/other") / "done" / "letter.md").exists, 60)
    as_root(desk, "ocrd service uninstall")
    assert desk.show("ocrd", "LoadState") == "not-found"
    left = desk.run("sh", "-c", "find /etc -name '*ocrd*' -type f").stdout.split()
    assert left == []
    assert desk.run("test", "-e", "/etc/ocrd/config.toml").returncode == 0
    assert (inbox / "done" / "letter.md").exists()


def test_what_the_service_could_not_see_is_not_made_a_service(desk: Machine) -> None:
    as_berta(desk, block("pipx"))
    result = desk.run("bash", "-c", "/home/berta/.local/bin/ocrd service install", check=False)
    assert result.returncode == 78
    assert "lies in a home directory" in result.stderr
    assert not desk.path("/etc/systemd/system/ocrd.service").exists()


def test_the_pages_files_are_there() -> None:
    """Of what needs a GPU or Podman, at least what is copied and read."""
    for name in ("gpu", "container"):
        for one in blocks(name):
            for word in one.text.split():
                if word.startswith(("packaging/", "systemd/")):
                    assert (ROOT / word).exists(), f"{one}: {word}"
                if word.startswith("dist/locks/"):
                    assert (ROOT / "packaging" / "locks" / Path(word).name).exists(), word
                if word.startswith("/usr/share/ocrd/"):
                    assert (ROOT / "systemd" / word.removeprefix("/usr/share/ocrd/")).exists()
    assert os.access(ROOT / "packaging" / "dist.sh", os.X_OK)
