"""The packages: built as an administrator builds them, installed on a machine that has only Debian.

The machine's documents lie outside of it, so that they are seen as they are, whatever happens.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocrd.intake.scan import OWNER_NAME
from tests.installation import LETTER, eventually, make_pdf
from tests.system import machine
from tests.system.conftest import tree
from tests.system.machine import Machine, booted
from tests.system.workshop import Workshop

PAGES = 8


@pytest.fixture(scope="module")
def package(workshop: Workshop) -> Path:
    """What `make deb` made."""
    if shutil.which("apt-get") is None:
        pytest.skip("building the Debian package needs Debian")
    return workshop.package()


@pytest.fixture(scope="module")
def newer(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package as a later version of it."""
    folder = tmp_path_factory.mktemp("newer")
    subprocess.run(["dpkg-deb", "--control", package, folder / "control"], check=True)
    control = folder / "control" / "control"
    text, version = control.read_text(), version_of(package)
    control.write_text(text.replace(f"Version: {version}\n", f"Version: {version}+later\n"))
    later = package.with_name("later.deb")
    shutil.copyfile(package, later)
    archive = folder / "control.tar"
    subprocess.run(
        ["tar", "--owner=0", "--group=0", "-C", control.parent, "-cf", archive, "."], check=True
    )
    subprocess.run(["ar", "r", later, archive], check=True)
    return later


def version_of(package: Path) -> str:
    return subprocess.check_output(["dpkg-deb", "--field", package, "Version"], text=True).strip()


class Computer:
    """A machine as an administrator has it, with packages at hand in /packages."""

    def __init__(self, machine: Machine, srv: Path, package: Path) -> None:
        self.machine = machine
        self.inbox = srv / "ocrd" / "inbox"
        self.said = ""  # by the first installation
        self.package = package

    def version(self) -> str:
        """Return the version that is installed, "" where none is."""
        found = self.machine.run(
            "dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", "ocrd",
            check=False,
        )  # fmt: skip
        return found.stdout.removeprefix("installed ") if "installed " in found.stdout[:10] else ""

    def install(self, package: Path) -> str:
        """Install it, and return what that says."""
        return self.machine.run("dpkg", "--install", f"/packages/{package.name}", limit=300).stdout

    def installed(self) -> None:
        """Have the package on the machine, with its service running."""
        if not self.version():
            self.said = self.install(self.package)
        assert self.machine.show("ocrd", "ActiveState") == "active", self.journal()

    def journal(self) -> str:
        return self.machine.run("journalctl", "--unit=ocrd", "--no-pager").stdout

    def read(self, source: Path, name: str) -> str:
        """Drop a document and return what was read of it."""
        shutil.copyfile(source, self.inbox / name)
        sidecar = (self.inbox / "done" / name).with_suffix(".md")
        try:
            eventually(sidecar.exists, 120)
        except AssertionError:
            raise AssertionError([*self.tree(), self.journal()]) from None
        eventually(lambda: not (self.inbox / name).exists(), 30)
        return sidecar.read_text()

    def has_read(self) -> str:
        """Return the name of a document that was read, if need be now."""
        done = sorted(path.name for path in (self.inbox / "done").glob("*.png"))
        if not done:
            self.read(LETTER, "letter.png")
        return done[0] if done else "letter.png"

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return the jobs that the daemon knows, by the name of their source."""
        found = json.loads(self.machine.run("ocrd", "jobs", "--json").stdout)["jobs"]
        return {job["relpath"]: job for job in found}

    def tree(self) -> list[str]:
        """Return what is below the inbox, but for what says whose it is."""
        found = (path.relative_to(self.inbox) for path in self.inbox.rglob("*"))
        return sorted(str(path) for path in found if path.name != OWNER_NAME)

    def exists(self, path: str) -> bool:
        return self.machine.run("test", "-e", path, check=False).returncode == 0


@pytest.fixture(scope="module")
def computer(
    package: Path, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Computer]:
    """A machine with Debian's Python and systemd, and without a network."""
    srv = tmp_path_factory.mktemp("srv")
    for folder in (srv, srv.parent):  # pytest's are for one user only
        folder.chmod(0o755)
    server = Machine(
        tree(workshop, machine.this_suite()), {"/srv": srv}, {"/packages": package.parent}
    )
    with booted(server) as booted_machine:
        yield Computer(booted_machine, srv, package)


def test_installed_package_reads_what_is_dropped_into_its_inbox(computer: Computer) -> None:
    computer.installed()
    assert computer.machine.systemctl("is-enabled", "ocrd").stdout == "enabled\n"
    assert "De linzen wassen" in computer.read(LETTER, "first.png")
    timer = computer.machine.systemctl("is-enabled", "ocrd-backup.timer", check=False)
    assert timer.stdout == "disabled\n"
    check = computer.machine.run("runuser", "-u", "ocrd", "--", "ocrd", "check", "--no-engine")
    assert "fail" not in check.stdout.split()


def test_the_installation_says_where_to_drop_and_whom_to_add(computer: Computer) -> None:
    computer.installed()
    for text in ("/srv/ocrd/inbox", "adduser NAME ocrd\n", "adduser NAME ocrd-control"):
        assert text in computer.said


def test_only_root_and_the_daemon_can_read_the_configuration(computer: Computer) -> None:
    computer.installed()
    mode = computer.machine.run("stat", "--format=%a %U %G", "/etc/ocrd", "/srv/ocrd/inbox")
    assert mode.stdout.splitlines() == ["750 root ocrd-control", "2770 ocrd ocrd"]
    as_anyone = ("runuser", "-u", "nobody", "--", "cat", "/etc/ocrd/config.toml")
    assert computer.machine.run(*as_anyone, check=False).returncode != 0
    as_the_daemon = ("runuser", "-u", "ocrd", "--", "cat", "/etc/ocrd/config.toml")
    assert "[[inbox]]" in computer.machine.run(*as_the_daemon).stdout


def test_nothing_is_written_to_opt_by_those_who_run_it(computer: Computer) -> None:
    computer.installed()
    computer.machine.run("ocrd", "status")
    computer.machine.run("ocrd", "check")
    found = set(computer.machine.run("find", "/opt/ocrd").stdout.splitlines())
    owned = set(computer.machine.run("dpkg", "--listfiles", "ocrd").stdout.splitlines())
    assert found - owned == set()
    changed = computer.machine.run("dpkg", "--verify", "ocrd").stdout.splitlines()
    assert [line for line in changed if not line.endswith(" c /etc/ocrd/config.toml")] == []


def test_manual_and_completion_know_every_command(computer: Computer) -> None:
    computer.installed()
    page = computer.machine.run("zcat", "/usr/share/man/man1/ocrd.1.gz").stdout
    complete = (
        ". /usr/share/bash-completion/completions/ocrd; "
        'COMP_WORDS=(ocrd ""); COMP_CWORD=1; _ocrd ocrd; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    commands = computer.machine.run("bash", "-c", complete).stdout.split()
    assert {"run", "convert", "check", "status", "reload"} <= set(commands)
    assert [name for name in commands if f"ocrd {name}" not in page.replace("\\-", "-")] == []


def test_upgrade_finishes_what_was_in_work_and_keeps_all_settings(
    computer: Computer, newer: Path, tmp_path: Path
) -> None:
    computer.installed()
    assert computer.version() == version_of(computer.package)
    letter = computer.has_read()
    edit = "sed -i 's/^mode = .*/mode = \"text\"/' /etc/ocrd/config.toml"
    computer.machine.run("sh", "-c", edit)
    make_pdf(tmp_path / "book.pdf", PAGES)
    shutil.copyfile(tmp_path / "book.pdf", computer.inbox / "book.pdf")
    eventually(lambda: 0 < computer.jobs().get("book.pdf", {}).get("pages_done", 0) < PAGES, 120)

    computer.install(newer)

    assert computer.version() == version_of(newer)
    assert computer.machine.show("ocrd", "ActiveState") == "active"
    sidecar = computer.inbox / "done" / "book.md"
    eventually(sidecar.exists, 120, computer.journal())
    marks = [line for line in sidecar.read_text().splitlines() if line.startswith("<!-- page")]
    assert marks == [f"<!-- page {number} -->" for number in range(1, PAGES + 1)]
    eventually(lambda: computer.jobs()["book.pdf"]["state"] == "done", 30)
    assert computer.jobs()[letter]["state"] == "done"
    assert 'mode = "text"' in computer.machine.run("cat", "/etc/ocrd/config.toml").stdout


def test_removal_keeps_documents_state_and_configuration(computer: Computer) -> None:
    computer.installed()
    letter, before = computer.has_read(), computer.tree()

    computer.machine.run("dpkg", "--remove", "ocrd")

    assert computer.tree() == before
    assert not computer.exists("/opt/ocrd")
    assert not computer.exists("/usr/bin/ocrd")
    assert computer.exists("/etc/ocrd/config.toml")
    assert computer.machine.show("ocrd", "ActiveState") != "active"
    computer.installed()
    assert computer.jobs()[letter]["state"] == "done"


def test_purge_asks_nothing_and_leaves_every_document(computer: Computer) -> None:
    computer.installed()
    computer.has_read()
    computer.machine.run("sh", "-c", "mkdir /var/lib/ocrd/scans && echo 1 > /var/lib/ocrd/scans/a")
    before = computer.tree()

    computer.machine.run("dpkg", "--purge", "ocrd")  # without anybody to ask

    assert computer.tree() == before
    assert not computer.exists("/etc/ocrd")
    left = computer.machine.run("find", "/var/lib/ocrd", "-type", "f").stdout
    assert left.splitlines() == ["/var/lib/ocrd/scans/a"]
    assert not computer.exists("/opt/ocrd")


@pytest.mark.usefixtures("package")
def test_wheel_reads_a_page_in_an_environment_of_its_own(
    workshop: Workshop, tmp_path: Path
) -> None:
    ocrd = workshop.environment() / "bin" / "ocrd"
    subprocess.run([ocrd, "convert", LETTER, "-o", tmp_path / "text"], check=True, cwd=tmp_path)
    assert "De linzen wassen" in (tmp_path / "text" / "typewriter.md").read_text()


@pytest.mark.usefixtures("package")
def test_lintian_finds_no_error(workshop: Workshop) -> None:
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed (packaging/bootstrap.sh dev installs it)")
    assert workshop.verdict() == ""
