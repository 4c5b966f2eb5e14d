"""The system service on a real systemd, of the oldest and the newest release that is supported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ocrd import log
from ocrd.engine.rapidocr import weights
from tests.installation import ECHO, LETTER, ROOT, eventually, make_pdf
from tests.system.service import UNIT, Service

oldest_only = pytest.mark.parametrize("installed", ["bookworm"], indirect=True)

TORN = ROOT / "ocrd" / "samples" / "torn.jpg"
ON_MACHINE = "/opt/ocrd/source/tests/resources/typewriter.png"
BAD = '[engine]\nkind = "rapidorc"\n'


def scripted(module: str, **options: object) -> str:
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
    return f'kind = "module"\nmodule = "tests.engines.{module}"\noptions = {{ {table} }}'


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.pdf"
    make_pdf(path, 8)
    return path


def begin_the_book(service: Service, book: Path, *, delay: float = 0.3, pages: int = 2) -> None:
    """Start the service, give it the book and wait until some of its pages are read."""
    service.configure(scripted("echo", delay=delay))
    service.start()
    service.drop(book)
    eventually(lambda: pages_done(service) >= pages, what="pages are read")


def pages_done(service: Service) -> int:
    return max((job["pages_done"] for job in service.client.jobs()), default=0)


def events(service: Service, *matches: str) -> list[str]:
    records = service.journal(f"--since=@{service.since}", *matches)
    return [record["OCRD_EVENT"] for record in records if "OCRD_EVENT" in record]


# Start


def test_ready_comes_after_the_engine_said_hello(service: Service) -> None:
    service.configure(scripted("slow_start", start=2))
    service.machine.systemctl("start", "--no-block", UNIT)
    eventually(lambda: "waits for engine default" in service.show("StatusText"), 20)
    assert service.show("ActiveState") == "activating"
    assert service.client.status()["state"] == "running"  # it can be asked, and would read
    eventually(service.is_active, 20)
    story = events(service)
    assert story.index("started") < story.index("engine-ready") < story.index("ready")


@oldest_only
def test_an_engine_that_cannot_start_is_told_and_ends_no_service(service: Service) -> None:
    service.configure(scripted("slow_start", start=0, refuse=True))
    service.override("limit", "TimeoutStartSec=20s\nRestart=no")
    service.start()
    service.wait_for_text("no such weights")
    eventually(lambda: "no such weights" in service.show("StatusText"), 20)
    service.drop(LETTER)
    eventually(lambda: service.client.status()["jobs"]["leased"] == 1, 20)
    assert service.is_active() and service.tree() == ["typewriter.png"]


@oldest_only
def test_the_status_line_tells_the_present_work(service: Service, book: Path) -> None:
    begin_the_book(service, book, delay=2.0)
    told = r"1 document, page [1-8] of 8, [0-9.]+ pages/s"
    eventually(lambda: re.fullmatch(told, service.show("StatusText")), 20)
    service.wait_for("done/book.md")
    eventually(lambda: service.show("StatusText") == "idle, 1 document in the last minute", 20)


def test_a_refused_configuration_is_exit_78_and_no_restart(service: Service) -> None:
    (service.root / "etc" / "config.toml").write_text(BAD)
    assert service.machine.systemctl("start", UNIT, check=False).returncode != 0
    assert service.show("ActiveState") == "failed"
    assert service.show("ExecMainStatus") == "78"
    assert service.show("NRestarts") == "0"
    service.wait_for_text('Did you mean "rapidocr"?')
    warned = service.journal(f"--since=@{service.since}", "--priority=warning")
    refused = [record for record in warned if record.get("OCRD_EVENT") == "start-refused"]
    assert [record["OCRD_CODE"] for record in refused] == ["config"]
    assert refused[0]["MESSAGE_ID"] == log.message_id("start-refused")
    assert 'Did you mean "rapidocr"?' in refused[0]["MESSAGE"]


def test_an_inbox_that_lost_its_rights_is_blocked_and_the_other_is_read(service: Service) -> None:
    """It was exit 78, which systemd takes for final: the whole service was down for one folder."""
    shut = service.inbox.parent / "shut"
    shut.mkdir(exist_ok=True)
    service.machine.run("chown", "root:root", "/srv/ocrd/shut")
    service.machine.run("chmod", "755", "/srv/ocrd/shut")
    service.configure(
        more='[[inbox]]\npath = "/srv/ocrd/shut"\nsettle = "200ms"\nscan_interval = "1s"\n'
    )
    service.start()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    assert "Permission denied" in service.client.status()["inboxes"][1]["blocked"]
    assert "/srv/ocrd/shut" in service.show("StatusText")
    assert service.machine.systemctl("reload", UNIT, check=False).returncode != 0
    service.machine.run("chown", "ocrd:", "/srv/ocrd/shut")
    service.machine.run("cp", ON_MACHINE, "/srv/ocrd/shut")
    eventually((shut / "done" / "typewriter.md").exists, 30, service.journal_text())


# Reload


def test_a_reload_returns_when_the_new_configuration_is_in_force(service: Service) -> None:
    service.start()
    pid = service.pid
    service.configure(inbox='mode = "text"')
    service.machine.systemctl("reload", UNIT)
    assert service.client.status()["inboxes"][0]["mode"] == "text"
    assert service.pid == pid


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (BAD, 'Did you mean "rapidocr"?'),
        ('state_dir = "/var/lib/other"\n', "state_dir cannot change"),
    ],
)
def test_a_refused_reload_fails_and_the_old_configuration_stays(
    service: Service, bad: str, reason: str
) -> None:
    service.start()
    config = service.root / "etc" / "config.toml"
    good = config.read_text()
    config.write_text(bad if "[engine]" in bad else bad + good)
    assert service.machine.systemctl("reload", UNIT, check=False).returncode != 0
    service.wait_for_text(reason)
    assert service.is_active()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")


# Stop and end


@oldest_only
def test_a_stop_finishes_the_page_in_flight_and_begins_no_other(
    service: Service, book: Path
) -> None:
    begin_the_book(service, book, delay=1.5, pages=1)
    service.stop()
    assert service.show("Result") == "success"
    assert service.show("ExecMainStatus") == "0"
    [job] = service.jobs()
    assert (job["state"], job["pages_done"]) == ("queued", 2)
    assert service.tree() == ["book.pdf"]
    service.configure()
    service.start()
    service.wait_for("done/book.md")
    assert events(service).count("done") == 1


def test_a_daemon_that_stands_still_is_ended_by_the_watchdog_and_started_again(
    service: Service, book: Path
) -> None:
    service.override("watch", "WatchdogSec=3s")
    begin_the_book(service, book)
    pid = service.pid
    service.signal("STOP")
    eventually(lambda: service.show("NRestarts") == "1", 30)
    # Where it stood, too, for whoever looks for the cause.
    service.wait_for_text("Watchdog timeout", "Current thread")
    service.wait_for("done/book.md")
    assert service.pid != pid


@oldest_only
def test_a_daemon_that_works_is_left_alone_by_the_watchdog(service: Service, book: Path) -> None:
    service.override("watch", "WatchdogSec=1s")
    begin_the_book(service, book, delay=0.5)
    service.wait_for("done/book.md")
    assert service.show("NRestarts") == "0"


def test_a_killed_daemon_goes_on_with_its_document(service: Service, book: Path) -> None:
    begin_the_book(service, book)
    service.signal("KILL")
    service.wait_for("done/book.md", "done/book.pdf")
    assert service.tree() == ["done/book.md", "done/book.pdf"]
    assert service.show("NRestarts") == "1"
    [job] = service.jobs()
    story = service.journal(f"--since=@{service.since}", f"OCRD_JOB={job['id']}")
    assert [record["OCRD_EVENT"] for record in story] == ["begun", "begun", "done"]
    assert [int(record.get("OCRD_PAGES_DONE", -1)) > 1 for record in story] == [False, True, False]


@pytest.mark.parametrize("how", ["pull_the_plug", "reboot"])
def test_a_machine_that_restarts_goes_on_with_its_document(
    service: Service, book: Path, how: str
) -> None:
    service.machine.systemctl("enable", UNIT)
    begin_the_book(service, book)
    if how == "reboot":
        service.machine.reboot()
    else:
        service.machine.pull_the_plug()
        service.machine.boot()
    service.wait_for("done/book.md", "done/book.pdf")
    assert service.tree() == ["done/book.md", "done/book.pdf"]
    text = (service.inbox / "done" / "book.md").read_text()
    assert [f"<!-- page {number} -->" in text for number in range(1, 10)] == [True] * 8 + [False]


# Journal


def test_the_journal_tells_the_story_of_one_document(service: Service) -> None:
    service.start()
    service.drop(LETTER)
    service.drop(TORN)
    service.wait_for("done/typewriter.md", "failed/torn.error.json")
    torn = next(job for job in service.jobs() if job["relpath"] == "torn.jpg")
    story = service.journal(f"--since=@{service.since}", f"OCRD_JOB={torn['id']}")
    assert {record["OCRD_DOCUMENT"] for record in story} == {"torn.jpg"}
    assert {record["OCRD_INBOX"] for record in story} == {"/srv/ocrd/inbox"}
    assert [story[0]["OCRD_EVENT"], story[-1]["OCRD_EVENT"]] == ["begun", "failed"]
    # What there is of the picture was read; most of it is not there.
    assert (story[-1]["OCRD_CODE"], story[-1]["PRIORITY"]) == ("unreadable-pages", "3")
    done = service.journal(f"--since=@{service.since}", f"MESSAGE_ID={log.message_id('done')}")
    assert [record["OCRD_DOCUMENT"] for record in done] == ["typewriter.png"]
    errors = service.journal_text(f"--since=@{service.since}", "--priority=err")
    assert "torn.jpg: Failed" in errors
    assert "typewriter" not in errors


@oldest_only
def test_a_service_without_systemds_library_tells_systemd_and_the_journal_all_the_same(
    service: Service,
) -> None:
    service.machine.run("mkdir", "-p", "/opt/without")
    service.machine.run("sh", "-c", "echo 'raise ImportError' > /opt/without/systemd.py")
    interpreter = "LD_LIBRARY_PATH=/opt/python/lib /opt/python/bin/python3"
    path = "PYTHONPATH=/opt/without:/opt/ocrd/source:/opt/ocrd/packages"
    service.override(
        "without",
        f"ExecStart=\nExecStart=/usr/bin/env {path} {interpreter} -m ocrd run"
        " --config /etc/ocrd/config.toml\nWatchdogSec=10s",
    )
    service.start()
    service.drop(LETTER, "line\nbreak.png")
    eventually(lambda: "done" in events(service), 20)
    assert service.show("StatusText")
    (done,) = service.journal("OCRD_EVENT=done", f"--since=@{service.since}")
    assert done["OCRD_JOB"] and done["MESSAGE_ID"] == log.message_id("done")
    assert done["_SYSTEMD_UNIT"] == UNIT
    service.stop()
    assert service.show("Result") == "success"


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


# Sandbox


@oldest_only
def test_the_engine_reads_inside_the_full_sandbox(service: Service) -> None:
    service.configure('kind = "rapidocr"')
    service.start()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    assert "Linzensoep à la Waterman" in (service.inbox / "done" / "typewriter.md").read_text()
    # /proc/cpuinfo is to be seen in there: the quicker network is chosen where there is one.
    journal = service.journal_text(f"--since=@{service.since}")
    assert ("small, int8" in journal) is weights.multiplies_bytes()


def ways_out(service: Service) -> list[str]:
    """Return what an engine that tries everything found open in the service's sandbox."""
    for place in (service.root / "srv" / "other", service.root / "home" / "anna"):
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        (place / "note").touch()
    shut = ["/etc/ocrd", "/usr", "/srv", "/srv/other", "/home/anna", "/var/cache", "/dev", "/run"]
    service.configure(
        scripted("escape", write=[*shut, "/srv/ocrd/inbox"], list=["/home/anna", "/root"]),
        inbox="tolerance = 1.0",  # what it reports is not what stands on the page
    )
    service.start()
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    text = (service.inbox / "done" / "typewriter.md").read_text()
    said = [line for line in text.splitlines() if line and not line.startswith("<!--")]
    return said[0].split("; ")


def test_nothing_leaves_the_sandbox(service: Service) -> None:
    assert ways_out(service) == ["write /srv/ocrd/inbox"]


@oldest_only
def test_without_the_sandbox_there_are_ways_out(service: Service) -> None:
    keys = [
        "ProtectHome=no", "ProtectSystem=no", "MemoryDenyWriteExecute=no", "ProtectProc=default",
        "RestrictAddressFamilies=", "RestrictNamespaces=no", "RestrictSUIDSGID=no",
        "SystemCallFilter=",
    ]  # fmt: skip
    service.override("open", "\n".join(keys))
    assert {
        "network", "writable code", "setuid", "other users' processes",
        "write /srv/other", "write /home/anna", "list /home/anna",
    } <= set(ways_out(service))  # fmt: skip


def test_the_exposure_is_at_most_what_is_promised(service: Service) -> None:
    service.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT)
    for drop_in in ("gpu", "network"):
        text = (ROOT / "systemd" / "drop-ins" / f"{drop_in}.conf").read_text()
        place = service.units / "ocrd.service.d" / f"{drop_in}.conf"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    service.machine.systemctl("daemon-reload")
    service.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=20", UNIT)


def test_systemd_finds_no_fault_in_the_units(service: Service) -> None:
    for name in ("gpu", "network", "home", "on-failure"):
        text = (ROOT / "systemd" / "drop-ins" / f"{name}.conf").read_text()
        (service.units / "ocrd.service.d" / f"{name}.conf").write_text(text)
    (service.units / "ocrd-failed.service").write_text("[Service]\nExecStart=/bin/true\n")
    units = (UNIT, "ocrd-backup.service", "ocrd-backup.timer")
    result = service.machine.run("systemd-analyze", "verify", "--man=no", *units)
    (service.units / "ocrd-failed.service").unlink()
    assert result.stdout + result.stderr == ""


def test_systemd_paths_opens_the_configured_folders(service: Service) -> None:
    strange = service.root / "srv" / 'a b%$"c\\'
    private = service.root / "home" / "anna"
    scans = private / "Scans"
    for place in (strange, scans):
        place.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    for place in (strange, scans):
        service.machine.run("chown", "ocrd:", f"/{place.relative_to(service.root)}")
    service.configure(
        more='[[inbox]]\npath = \'/srv/a b%$"c\\\'\nsettle = "200ms"\n'
        '[[inbox]]\npath = "/home/anna/Scans"\nsettle = "200ms"\n'
    )
    service.start()
    service.wait_for_text("ocrd systemd-paths --write")
    told = service.client.status()["inboxes"]
    assert [inbox["online"] and not inbox["blocked"] for inbox in told] == [True, False, False]
    service.drop(LETTER)
    service.wait_for("done/typewriter.md")
    service.machine.run("ocrd", "systemd-paths", "--write")
    service.machine.systemctl("daemon-reload")
    service.machine.systemctl("restart", UNIT)
    for place in (strange, scans):
        service.machine.run("cp", ON_MACHINE, f"/{place.relative_to(service.root)}")
        eventually((place / "done" / "typewriter.md").exists, what=service.journal_text())


@oldest_only
def test_a_file_system_that_is_mounted_later_is_read(service: Service) -> None:
    (service.inbox.parent / "late").mkdir(exist_ok=True)
    service.machine.run("chown", "ocrd:", "/srv/ocrd/late")
    service.configure(
        more='[[inbox]]\npath = "/srv/ocrd/late"\nsettle = "200ms"\nscan_interval = "500ms"\n'
    )
    service.start()
    service.machine.run("mount", "-t", "tmpfs", "-o", "mode=777", "late", "/srv/ocrd/late")
    try:
        service.machine.run("cp", ON_MACHINE, "/srv/ocrd/late")
        done = ("test", "-e", "/srv/ocrd/late/done/typewriter.md")
        eventually(lambda: service.machine.run(*done, check=False).returncode == 0)
        service.stop()
    finally:
        service.machine.run("umount", "/srv/ocrd/late")


@oldest_only
def test_a_file_that_another_user_still_writes_is_left_alone(service: Service) -> None:
    service.start()
    service.drop(LETTER, "open.png")
    service.machine.run(
        "systemd-run", "--unit=writer", "--quiet", "sh", "-c",
        "exec 3>>/srv/ocrd/inbox/open.png && exec sleep infinity",
    )
    service.drop(LETTER, "other.png")
    service.wait_for("done/other.md")
    assert "open.png" in service.tree()
    service.machine.systemctl("stop", "writer")
    service.wait_for("done/open.md")


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
