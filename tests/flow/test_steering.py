"""What a person tells the daemon: reload, pause, cancel, retry; and what it refuses and tells."""

from __future__ import annotations

import json
import shutil
import signal

from tests.flow.scripted import engine, pages_done
from tests.installation import ECHO, LETTER, Installation, eventually, make_pdf


def test_reload_takes_a_good_file_and_refuses_a_bad_one(daemon: Installation) -> None:
    second = daemon.root / "second"
    second.mkdir()
    daemon.start()
    daemon.configure(more=f'[[inbox]]\npath = "{second}"\nsettle = "200ms"')
    assert daemon.command("reload").returncode == 0
    shutil.copy(LETTER, second / "letter.png")
    eventually(lambda: (second / "done" / "letter.md").exists(), 20)
    daemon.configure(inbox='sorce = "keep"')
    refused = daemon.command("reload")
    assert refused.returncode == 78
    assert "sorce" in refused.stdout + refused.stderr
    shutil.copy(LETTER, second / "another.png")
    eventually(lambda: (second / "done" / "another.md").exists(), 20)


def test_sighup_reloads(daemon: Installation) -> None:
    daemon.start()
    daemon.configure(inbox='mode = "text"')
    daemon.signal(signal.SIGHUP)
    eventually(lambda: daemon.status()["inboxes"][0]["mode"] == "text", 10)


def test_pause_holds_everything_back_over_a_restart_and_resume_goes_on(
    daemon: Installation,
) -> None:
    daemon.start()
    assert daemon.command("pause").returncode == 0
    daemon.drop(LETTER, "letter.png")
    eventually(lambda: daemon.status()["jobs"]["queued"] == 1, 20)
    daemon.stop()
    daemon.start()
    assert daemon.status()["state"] == "paused"
    assert daemon.tree() == ["letter.png"]
    assert daemon.command("resume").returncode == 0
    daemon.wait_for("done/letter.png")


def test_cancel_leaves_the_source_in_the_inbox_and_retry_reads_it(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.3"))
    make_pdf(daemon.root / "book.pdf", 40)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: pages_done(daemon) >= 1, 30)
    (job,) = daemon.listed()
    assert daemon.command("cancel", str(job["id"])).returncode == 0
    eventually(lambda: daemon.status()["jobs"]["cancelled"] == 1, 10)
    assert daemon.tree() == ["book.pdf"]
    assert daemon.command("retry", str(job["id"])).returncode == 0
    eventually(lambda: pages_done(daemon) >= 1, 30)


def test_retry_brings_a_failed_file_back_and_reads_it(daemon: Installation) -> None:
    daemon.configure(patience="0s")
    daemon.start()
    (daemon.inbox / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.wait_for("failed/bad.pdf", "failed/bad.error.json")
    shutil.copy(LETTER, daemon.failed / "bad.pdf")  # somebody mended it
    eventually(lambda: daemon.status()["jobs"]["failed"] == 1, 10)
    assert daemon.command("retry", "--all").returncode == 0
    daemon.wait_for("done/bad.pdf", "done/bad.md")
    assert not list(daemon.failed.iterdir())


def test_retry_takes_filters_and_names_the_new_jobs(daemon: Installation) -> None:
    daemon.configure(patience="0s", inbox='unsupported = "fail"')
    daemon.start()
    (daemon.inbox / "notes.txt").write_text("milk\n")
    (daemon.inbox / "torn.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("failed/notes.error.json", "failed/torn.error.json", "done/letter.md")
    eventually(lambda: daemon.status()["jobs"]["failed"] == 2, 10)
    would = daemon.command("retry", "--all", "--dry-run")
    assert would.returncode == 0
    assert would.stdout.count("would go back into its inbox") == 2
    assert (daemon.failed / "notes.txt").exists()

    daemon.configure(patience="0s")  # notes are left alone now
    assert daemon.command("reload").returncode == 0
    (swept,) = daemon.call("retry", "--code", "unsupported")
    assert swept["taken_back"] and swept["new"] is None
    assert "no document (text)" in swept["what"]
    eventually(lambda: daemon.status()["inboxes"][0]["skipped"] == {"stray": 1}, 10)
    assert (daemon.inbox / "notes.txt").read_text() == "milk\n"
    assert not (daemon.failed / "notes.error.json").exists()

    (done,) = daemon.call("retry", "--state", "done", "--name", "lett*")
    new = daemon.call("show", str(done["new"]))
    assert new["relpath"] == "letter.png"
    eventually(lambda: daemon.call("show", str(done["new"]))["state"] == "done", 20)
    assert f"job {done['new']}" in daemon.call("show", str(done["id"]))["message"]
    again = daemon.command("retry", str(done["id"]))
    assert again.returncode == 1
    assert f"is job {done['new']}" in again.stdout

    assert daemon.stop() == 0
    (torn,) = daemon.call("retry", "--inbox", "inbox", "--put-back")
    assert torn["relpath"] == "torn.pdf" and torn["taken_back"]
    daemon.start()
    daemon.drop(LETTER, "next.png")
    daemon.wait_for("done/next.png")
    assert (daemon.inbox / "torn.pdf").exists(), "it is not read in this state"


def test_a_second_daemon_on_one_state_directory_is_refused(daemon: Installation) -> None:
    daemon.start()
    assert daemon.process is not None
    second = daemon.command("run")
    assert second.returncode not in {0, 2}
    assert str(daemon.process.pid) in second.stderr


def test_a_bad_configuration_exits_78_and_names_the_key(daemon: Installation) -> None:
    daemon.configure(inbox='source = "burn"')
    result = daemon.command("run")
    assert result.returncode == 78
    assert "source" in result.stderr and "keep" in result.stderr


def test_logs_are_one_json_object_an_event_where_nobody_watches(daemon: Installation) -> None:
    daemon.configure(ECHO)
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png")
    daemon.stop()
    events = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    (done,) = [event for event in events if event.get("event") == "done"]
    assert done["document"] == "letter.png"
    assert done["destination"].endswith("done/letter.png")
