"""What an administrator has around the service, and who may what."""

from __future__ import annotations

import json
from pathlib import Path

from tests.installation import ECHO, ROOT, eventually
from tests.system.service import UNIT, Service
from tests.system.working import BAD, ON_MACHINE, begin_the_book, oldest_only

# Who may what


def test_who_may_drop_files_may_not_steer_and_who_may_steer_is_of_a_group_of_its_own(
    service: Service,
) -> None:
    machine = service.machine
    for person, group in (("dora", "ocrd"), ("carl", "ocrd-control"), ("otto", "nogroup")):
        if machine.run("id", person, check=False).returncode:
            machine.run("useradd", f"--groups={group}", "--shell=/bin/sh", person)
    machine.run("systemd-tmpfiles", "--create", "/usr/lib/tmpfiles.d/ocrd.conf")
    service.start()

    def may(person: str, *command: str) -> bool:
        done = machine.run("runuser", "-u", person, "--", *command, check=False)
        return done.returncode == 0

    people = ("dora", "carl", "otto")
    ask = ("ocrd", "status", "--socket", "/run/ocrd/ocrd.sock")
    steer = ("ocrd", "pause", "--socket", "/run/ocrd/ocrd.sock")
    assert [may(person, *ask) for person in people] == [False, True, False]
    assert [may(person, *steer) for person in people] == [False, True, False]
    read = ("cat", "/etc/ocrd/config.toml")
    assert [may(person, *read) for person in people] == [False, True, False]
    look = ("ls", "/var/lib/ocrd")
    assert [may(person, *look) for person in people] == [False, False, False]
    drop = ("cp", ON_MACHINE, "/srv/ocrd/inbox/")
    assert [may(person, *drop) for person in people] == [True, False, False]
    refused = machine.run("runuser", "-u", "dora", "--", *steer, check=False)
    assert "adduser dora ocrd-control" in refused.stderr
    machine.systemctl("reload", UNIT)  # the service's own way to its socket
    modes = machine.run(
        "stat", "--format=%a %U %G", "/etc/ocrd", "/etc/ocrd/config.toml", "/var/lib/ocrd",
        "/var/lib/ocrd/ledger.sqlite3", "/run/ocrd/ocrd.sock", "/srv/ocrd/inbox",
    ).stdout  # fmt: skip
    assert modes.splitlines() == [
        "750 root ocrd-control", "640 root ocrd-control", "700 ocrd ocrd", "600 ocrd ocrd",
        "660 ocrd ocrd-control", "2770 ocrd ocrd",
    ]  # fmt: skip
    service.client.resume()
    service.wait_for("done/typewriter.md")


def test_a_check_is_the_services_own_whoever_asks(service: Service) -> None:
    """By the daemon in its sandbox; without it by the unit, as the service's user."""
    machine = service.machine
    if machine.run("id", "carl", check=False).returncode:
        machine.run("useradd", "--groups=ocrd-control", "--shell=/bin/sh", "carl")
    machine.run("systemd-tmpfiles", "--create", "/usr/lib/tmpfiles.d/ocrd.conf")
    machine.run("install", "-d", "-m", "777", "/opt/scans")
    service.start()
    service.configure(more='[[inbox]]\npath = "/opt/scans"')
    check = ("ocrd", "check", "--no-engine", "--json")

    def told(*whose: str) -> dict[str, list[str]]:
        result = machine.run(*whose, *check, check=False)
        found: dict[str, list[str]] = {}
        for one in json.loads(result.stdout):
            found.setdefault(one["verdict"], []).append(f"{one['subject']}: {one['message']}")
        return found

    for whose in ((), ("runuser", "-u", "carl", "--")):
        found = told(*whose)
        assert any("what follows is what it finds" in one for one in found["ok"]), found
        assert any("/opt/scans" in one for one in found["fail"]), found
    service.stop()
    for whose in ((), ("runuser", "-u", "carl", "--")):
        found = told(*whose)
        assert any("for the user ocrd of ocrd.service" in one for one in found["ok"]), found
        refused = "folders: ocrd.service does not let the service write to /opt/scans."
        assert refused in found["fail"], found
    service.override("paths", "ReadWritePaths=/opt/scans")
    assert "fail" not in told(), told()
    service.start()
    assert "fail" not in told(), told()


# What an administrator has around it


@oldest_only
def test_the_service_gives_way_to_whatever_else_wants_the_machine(service: Service) -> None:
    service.start()
    nice = service.machine.run("ps", "-o", "ni=", "-p", service.pid, check=False).stdout.strip()
    nice = nice or service.machine.run("cat", f"/proc/{service.pid}/stat").stdout.split()[18]
    assert nice == "10"
    keys = ("CPUWeight", "IOSchedulingClass", "IOSchedulingPriority")
    assert [service.show(key) for key in keys] == ["20", "2", "7"]


@oldest_only
def test_a_copy_of_the_ledger_is_made_while_the_service_works(service: Service, book: Path) -> None:
    begin_the_book(service, book)
    service.machine.systemctl("start", "ocrd-backup.service")
    found = service.machine.run("find", "/var/lib/ocrd-backup", "-type", "f", "-printf", "%f %m\\n")
    [(name, mode)] = [line.split() for line in found.stdout.splitlines()]
    assert name.startswith("ledger-") and name.endswith(".sqlite3") and mode == "600"
    service.machine.systemctl("start", "ocrd-backup.service")  # over the one of the same day
    assert service.machine.show("ocrd-backup.timer", "UnitFileState") == "disabled"
    service.machine.systemctl("start", "ocrd-backup.timer")
    assert service.machine.show("ocrd-backup.timer", "NextElapseUSecRealtime") not in {"", "n/a"}
    service.machine.systemctl("stop", "ocrd-backup.timer")


@oldest_only
def test_somebody_is_told_of_a_refused_start_and_not_of_what_is_tried_again(
    service: Service,
) -> None:
    drop_in = service.units / "ocrd.service.d" / "on-failure.conf"
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text((ROOT / "systemd" / "drop-ins" / "on-failure.conf").read_text())
    told = service.inbox.parent / "told"
    (service.units / "ocrd-failed.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/usr/bin/touch /srv/ocrd/told\n"
    )
    service.machine.systemctl("daemon-reload")
    service.start()
    service.signal("KILL")
    eventually(lambda: service.show("NRestarts") == "1", 30)
    eventually(service.is_active, 30)
    assert not told.exists()
    service.stop()
    (service.root / "etc" / "config.toml").write_text(BAD)
    assert service.machine.systemctl("start", UNIT, check=False).returncode != 0
    eventually(told.exists, 20)
    told.unlink()


# A person's own service


@oldest_only
def test_the_user_unit_runs_in_a_persons_session(service: Service) -> None:
    machine, home = service.machine, service.root / "home" / "berta"
    machine.run("useradd", "--create-home", "--shell=/bin/sh", "berta")

    def as_berta(command: str) -> str:
        return machine.run(
            "runuser", "-u", "berta", "--", "sh", "-c",
            f"cd; export XDG_RUNTIME_DIR=/run/user/$(id -u) HOME=/home/berta; {command}",
        ).stdout  # fmt: skip

    machine.systemctl("start", f"user@{machine.run('id', '-u', 'berta').stdout.strip()}")
    as_berta("ocrd init scans")
    config = home / "scans" / "config.toml"
    config.write_text(config.read_text().replace('kind = "rapidocr"', ECHO))
    as_berta("mkdir -p .config/ocrd && mv scans/config.toml .config/ocrd/")
    as_berta("systemctl --user start ocrd")
    as_berta(f"cp {ON_MACHINE} scans/inbox")
    done = home / "scans" / "inbox" / "done"
    eventually((done / "typewriter.md").exists, 30)
    as_berta("systemctl --user reload ocrd")
    assert "idle" in as_berta("systemctl --user show ocrd --property=StatusText")
    as_berta("systemctl --user stop ocrd")
    assert as_berta("systemctl --user show ocrd --property=Result --value") == "success\n"
