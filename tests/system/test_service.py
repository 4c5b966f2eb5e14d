"""The system service on a real systemd, of the oldest and the newest release that is supported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ocrd import log
from tests.installation import LETTER, ROOT, eventually
from tests.system.service import UNIT, Service
from tests.system.working import BAD, ON_MACHINE, begin_the_book, events, oldest_only, scripted

TORN = ROOT / "ocrd" / "samples" / "torn.jpg"


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
    assert [record["OCRD_CODE"] for record in refused] == ["config", "config"], "one a fault"
    assert {record["MESSAGE_ID"] for record in refused} == {log.message_id("start-refused")}
    told = [record["MESSAGE"] for record in refused]
    assert any('Did you mean "rapidocr"?' in one for one in told), told
    assert any("no folder is watched" in one for one in told), told


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
