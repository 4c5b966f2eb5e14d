"""A person without rights is told which group to join, or whom to ask; never to take anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.neighbours.house import interpreter_for
from tests.installation import LETTER, Installation
from tests.unit.config.texts import let_everybody_enter

NOBODY = 65534
GROUP = "scanners"
GROUP_NUMBER = 4455

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


class Person:
    """The user nobody, on a machine that has the group scanners, perhaps with him in it."""

    def __init__(self, root: Path) -> None:
        found = interpreter_for(NOBODY)
        if found is None:
            pytest.skip("there is no interpreter for other users")
        self.python, self.path = found
        self.groups = root / "group"
        self.root = root
        self.be_member(False)

    def be_member(self, member: bool) -> None:
        line = f"{GROUP}:x:{GROUP_NUMBER}:{'nobody' if member else ''}\n"
        self.groups.write_text(Path("/etc/group").read_text() + line)

    def says(self, *arguments: str) -> str:
        """Run a command as nobody, who logged in before he became a member of anything."""
        command = 'mount --bind "$0" /etc/group && exec setpriv --reuid=65534 --regid=65534'
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c", f'{command} --clear-groups "$@"', str(self.groups),
             self.python, "-m", "ocrd", *arguments],
            cwd="/", capture_output=True, text=True,
            env={"PYTHONPATH": self.path, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert result.returncode not in {0, 2}, result
        return " ".join((result.stdout + result.stderr).split())


@pytest.fixture
def person(tmp_path: Path) -> Person:
    let_everybody_enter(tmp_path)
    return Person(tmp_path)


@pytest.fixture
def config(person: Person) -> Path:
    """A configuration that all may read, of a service that all is shut of."""
    path = person.root / "config.toml"
    path.write_text(
        f'state_dir = "{person.root}/state"\n[[inbox]]\npath = "{person.root}/inbox"\n'
    )
    (person.root / "state").mkdir(mode=0o700)
    (person.root / "state" / "ledger.sqlite3").touch()
    (person.root / "inbox").mkdir()
    os.chown(person.root / "inbox", 0, GROUP_NUMBER)
    (person.root / "inbox").chmod(0o770)
    return path


JOIN = f"`sudo adduser nobody {GROUP}`, then log in again"


def test_a_configuration_for_a_group_names_the_group(person: Person, config: Path) -> None:
    os.chown(config, 0, GROUP_NUMBER)
    config.chmod(0o640)
    for command in (["status"], ["check"], ["jobs"], ["ledger", "check"]):
        assert JOIN in person.says(*command, "-c", str(config)), command
    person.be_member(True)
    said = person.says("status", "-c", str(config))
    assert f"you are one since you last logged in, so log in again, or `newgrp {GROUP}`" in said


def test_an_inbox_for_a_group_names_the_group(person: Person, config: Path) -> None:
    (person.root / "state").chmod(0o755)  # nobody answers on its socket, as all may see
    said = person.says("show", str(person.root / "inbox"), "-c", str(config))
    assert f"{person.root}/inbox is for members of the group {GROUP}: {JOIN}" in said


def test_what_is_the_services_alone_is_asked_for_as_that_user(
    person: Person, config: Path
) -> None:
    for command in (["jobs"], ["show", "1"], ["retry", "--all"], ["ledger", "check"]):
        said = person.says(*command, "-c", str(config))
        assert f"{person.root}/state is for the user root alone" in said, (command, said)
        assert "Give the daemon's user" not in said
    (person.root / "state").chmod(0o755)
    (person.root / "state" / "ledger.sqlite3").chmod(0o600)
    said = person.says("jobs", "-c", str(config))
    assert "ledger.sqlite3 is for the user root alone" in said


def test_a_folder_that_is_written_to_in_vain_is_named(person: Person, config: Path) -> None:
    said = person.says("init", str(person.root / "own"))
    assert f"{person.root} is for the user root alone" in said
    assert "Give the daemon's user" not in said


def test_a_socket_names_its_group_by_the_path_alone(
    person: Person, running: Installation
) -> None:
    socket = running.root / "state" / "run" / "ocrd.sock"
    for folder in (running.root / "state", socket.parent):
        folder.chmod(0o711)
    os.chown(socket, 0, GROUP_NUMBER)
    running.drop(LETTER)
    running.wait_for("done/typewriter.md")
    for command in (
        ["status"], ["jobs"], ["show", "1"], ["retry", "1"], ["check"], ["pause"], ["cancel", "1"],
        ["show", "inbox"],
    ):  # fmt: skip
        said = person.says(*command, "--socket", str(socket))
        assert f"Those who steer it are in the group {GROUP}: {JOIN}" in said, (command, said)
    for command in (["jobs"], ["show", "1"]):  # and not by the ledger behind the daemon's back
        said = person.says(*command, "--config", str(running.config))
        assert f"in the group {GROUP}" in said, (command, said)
