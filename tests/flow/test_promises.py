"""The daemon's promises, on the real process and real files, with scripted engines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.installation import ECHO, LETTER, Installation, eventually, make_pdf


def engine(module: str, options: str = "", more: str = "") -> str:
    text = f'kind = "module"\nmodule = "tests.engines.{module}"\nrestart_backoff = "50ms"\n{more}'
    return f"{text}\n[engine.options]\n{options}" if options else text


def test_a_dropped_image_ends_in_done_beside_its_sidecar(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png", "done/letter.md")
    assert daemon.tree() == ["done/letter.md", "done/letter.png"]
    assert (daemon.done / "letter.png").read_bytes() == LETTER.read_bytes()


def test_files_that_were_there_before_the_start_are_read(daemon: Installation) -> None:
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("done/letter.png", "done/letter.md")


def test_subfolders_are_mirrored(daemon: Installation) -> None:
    daemon.configure(inbox="recursive = true")
    daemon.start()
    daemon.drop(LETTER, "2026/may/letter.png")
    daemon.wait_for("done/2026/may/letter.png", "done/2026/may/letter.md")
    assert daemon.tree() == ["done/2026/may/letter.md", "done/2026/may/letter.png"]


def test_a_subfolder_that_came_with_a_document_goes_after_it(daemon: Installation) -> None:
    daemon.configure(inbox="recursive = true")
    (daemon.inbox / "scanner").mkdir()
    daemon.drop(LETTER, "before/letter.png")
    daemon.start()
    eventually(lambda: not daemon.status()["awaited"], 20, "the first scan")
    daemon.drop(LETTER, "2026/may/letter.png")
    daemon.drop(LETTER, "mine/letter.png")
    (daemon.inbox / "mine" / "notes.txt").write_text("milk\n")
    daemon.drop(LETTER, "scanner/letter.png")
    daemon.wait_for("done/2026/may/letter.md", "done/mine/letter.md", "done/scanner/letter.md")
    gone = ("2026", "before")
    eventually(lambda: not any((daemon.inbox / name).exists() for name in gone), 20)
    eventually(lambda: not list((daemon.inbox / "scanner").iterdir()), 5)
    assert sorted(path.name for path in daemon.inbox.iterdir() if path.is_dir()) == [
        "done", "mine", "scanner",
    ]  # fmt: skip
    assert daemon.stop() == 0
    daemon.start()
    daemon.drop(LETTER, "scanner/again.png")
    daemon.wait_for("done/scanner/again.md")
    daemon.drop(LETTER, "later/letter.png")
    eventually(lambda: (daemon.done / "later").exists(), 20)
    eventually(lambda: not (daemon.inbox / "later").exists(), 20)
    assert (daemon.inbox / "scanner").exists(), "it stood empty before the restart"


def test_subfolders_are_left_alone_unless_asked_for(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "sub/letter.png")
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png")
    assert (daemon.inbox / "sub" / "letter.png").exists()


def test_junk_links_and_pipes_are_ignored(daemon: Installation, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    shutil.copy(LETTER, outside)
    for name in (".hidden.png", "~$x.png", "x.png.part", "y.tmp", "Thumbs.db", "desktop.ini"):
        daemon.drop(LETTER, name)
    (daemon.inbox / "link.png").symlink_to(outside)
    os.mkfifo(daemon.inbox / "pipe.pdf")
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png")
    assert sorted(path.name for path in daemon.done.iterdir()) == ["letter.md", "letter.png"]
    assert not daemon.failed.exists() or not list(daemon.failed.iterdir())
    assert outside.exists()


def test_a_slow_writer_is_waited_for_and_read_whole(daemon: Installation) -> None:
    daemon.start()
    content = LETTER.read_bytes()
    program = (
        "import sys, time\n"
        "content = open(sys.argv[1], 'rb').read(); step = len(content) // 12 + 1\n"
        "with open(sys.argv[2], 'wb', buffering=0) as out:\n"
        "    for start in range(0, len(content), step):\n"
        "        out.write(content[start:start + step]); time.sleep(0.3)\n"
    )
    target = daemon.inbox / "slow.png"
    subprocess.run([sys.executable, "-c", program, str(LETTER), str(target)], check=True)
    daemon.wait_for("done/slow.png", "done/slow.md")
    assert (daemon.done / "slow.png").read_bytes() == content
    assert not daemon.failed.exists() or not list(daemon.failed.iterdir())


@pytest.mark.parametrize("how", ["mv", "rsync"])
def test_files_arrive_by_rename_and_by_rsync(
    daemon: Installation, tmp_path: Path, how: str
) -> None:
    daemon.start()
    source = tmp_path / "letter.png"
    shutil.copy(LETTER, source)
    subprocess.run([how, str(source), f"{daemon.inbox}/"], check=True)
    daemon.wait_for("done/letter.png", "done/letter.md")


def test_what_cannot_be_read_ends_in_failed_with_the_reason(daemon: Installation) -> None:
    daemon.start()
    (daemon.inbox / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing else\n")
    (daemon.inbox / "letter.docx").write_bytes(b"PK\x03\x04 not an image at all")
    daemon.wait_for("failed/broken.pdf", "failed/broken.error.json", "failed/letter.error.json")
    broken = json.loads((daemon.failed / "broken.error.json").read_text())
    assert broken["code"] == "corrupt"
    assert broken["message"] and broken["hint"] and broken["time"]
    other = json.loads((daemon.failed / "letter.error.json").read_text())
    assert other["code"] == "unsupported"
    assert not list(daemon.failed.glob("*.md"))


def test_filing_keeps_both_files_when_a_name_comes_again(daemon: Installation) -> None:
    daemon.start()
    daemon.drop(LETTER, "SCN_0001.png")
    daemon.wait_for("done/SCN_0001.png")
    other = daemon.inbox / "SCN_0001.png"
    other.write_bytes(LETTER.read_bytes() + b"\0")
    daemon.wait_for("done/SCN_0001-2.png", "done/SCN_0001-2.md")
    assert (daemon.done / "SCN_0001.png").read_bytes() == LETTER.read_bytes()


def test_two_sources_of_one_stem_get_a_sidecar_each(daemon: Installation) -> None:
    daemon.drop(LETTER, "scan.png")
    daemon.drop(LETTER, "scan.jpg")
    daemon.start()
    daemon.wait_for("done/scan.png", "done/scan.jpg", "done/scan.md")
    eventually(lambda: len(list(daemon.done.glob("*.md"))) == 2, 10)


def test_a_kept_file_is_read_once_until_its_content_changes(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"')
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("letter.md")
    first = (daemon.inbox / "letter.md").stat().st_ino
    daemon.stop()
    os.utime(daemon.inbox / "letter.png")
    daemon.start()
    eventually(lambda: daemon.status()["jobs"]["done"] == 2, 20)
    assert (daemon.inbox / "letter.md").stat().st_ino == first, "a touched file is not read again"
    (daemon.inbox / "letter.png").write_bytes(LETTER.read_bytes() + b"\0")
    eventually(lambda: (daemon.inbox / "letter.md").stat().st_ino != first, 20)
    eventually(lambda: daemon.status()["jobs"]["done"] == 3, 20)
    assert daemon.tree() == ["letter.md", "letter.png"]


def test_a_kept_folder_looks_only_at_formats_it_reads(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"')
    (daemon.inbox / "notes.docx").write_bytes(b"mine")
    (daemon.inbox / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("letter.md", "bad.error.json")
    assert daemon.tree() == [
        "bad.error.json", "bad.pdf", "letter.md", "letter.png", "notes.docx",
    ]


def test_a_source_is_deleted_after_success_if_the_folder_says_so(daemon: Installation) -> None:
    daemon.configure(inbox='source = "delete"')
    daemon.drop(LETTER, "letter.png")
    (daemon.inbox / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    daemon.start()
    daemon.wait_for("done/letter.md", "failed/bad.pdf")
    eventually(lambda: not (daemon.inbox / "letter.png").exists(), 5)
    assert daemon.tree() == ["done/letter.md", "failed/bad.error.json", "failed/bad.pdf"]


def test_done_may_be_on_another_file_system(daemon: Installation) -> None:
    far = Path("/dev/shm") / f"ocrd-flow-{os.getpid()}"
    try:
        far.mkdir()
        daemon.configure(inbox=f'done = "{far}/done"\nfailed = "{far}/failed"')
        daemon.start()
        source = daemon.drop(LETTER, "letter.png")
        mtime = source.stat().st_mtime
        eventually(lambda: (far / "done" / "letter.png").exists(), 30)
        assert (far / "done" / "letter.md").exists()
        assert (far / "done" / "letter.png").stat().st_mtime == mtime
        eventually(lambda: daemon.tree() == [], 5)
    finally:
        shutil.rmtree(far)


def test_mode_text_outputs_json_and_front_matter_are_written(daemon: Installation) -> None:
    daemon.configure(
        inbox='mode = "text"\noutputs = ["md", "json"]\nfront_matter = true'
    )
    daemon.drop(LETTER, "letter.png")
    daemon.start()
    daemon.wait_for("done/letter.png", "done/letter.md", "done/letter.json")
    assert (daemon.done / "letter.md").read_text().startswith("---\n")
    layout = json.loads((daemon.done / "letter.json").read_text())
    assert layout["mode"] == "text"
    assert layout["pages"][0]["blocks"][0]["text"]


def test_a_killed_daemon_goes_on_at_the_next_page(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.2"))
    make_pdf(daemon.root / "book.pdf", 12)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: pages_done(daemon) >= 4, 30)
    daemon.kill()
    assert daemon.tree() == ["book.pdf"]
    daemon.start()
    resumed = eventually(lambda: pages_done(daemon), 30)
    assert resumed >= 4, "what was checkpointed is not read again"
    daemon.wait_for("done/book.pdf", "done/book.md")
    text = (daemon.done / "book.md").read_text()
    assert [f"<!-- page {number} -->" in text for number in range(1, 13)] == [True] * 12
    assert daemon.tree() == ["done/book.md", "done/book.pdf"]
    leftovers = list((daemon.root / "state" / "tmp").iterdir())
    assert leftovers == []


def test_documents_that_were_in_work_at_crashes_are_not_blamed_for_them(
    daemon: Installation,
) -> None:
    names = ("one.png", "two.png", "three.png")
    for name in names:
        daemon.drop(LETTER, name)
    daemon.configure(engine("hang"))
    for _ in range(4):
        daemon.start()
        eventually(lambda: daemon.status()["engines"][0]["in_flight"], 30)
        daemon.kill()
    daemon.configure(ECHO)
    daemon.start()
    daemon.wait_for(*(f"done/{name}" for name in names))


def test_a_long_book_takes_few_page_images_and_constant_memory(daemon: Installation) -> None:
    daemon.configure(engine("echo", "capacity = 2"))
    make_pdf(daemon.root / "book.pdf", 400)
    daemon.start()
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    daemon.drop(daemon.root / "book.pdf")
    images, early, peak = 0, 0, 0
    while not (daemon.done / "book.pdf").exists():
        images = max(images, len(list((daemon.root / "state" / "tmp").iterdir())))
        peak = max(peak, process.memory_info().rss)
        early = early or (peak if pages_done(daemon) > 50 else 0)
    assert 1 <= images <= 8
    assert early and peak < early + 20e6
    text = (daemon.done / "book.md").read_text()
    assert text.count("<!-- page ") == 400


def test_sigterm_finishes_the_page_and_stops_in_time(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 1.0"))
    make_pdf(daemon.root / "book.pdf", 30)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    before = eventually(lambda: pages_done(daemon), 30)
    assert daemon.stop() == 0
    assert daemon.tree() == ["book.pdf"]
    (job,) = daemon.call("jobs")
    assert job["state"] == "queued"
    # The page in flight, and perhaps one that was read while the signal was on its way.
    assert before + 1 <= job["pages_done"] <= before + 2
    assert job["attempts"] == 0, "an orderly stop costs no attempt"


def test_a_second_sigint_stops_at_once(daemon: Installation) -> None:
    daemon.configure(engine("hang"), top='stop_timeout = "60s"')
    daemon.start()
    daemon.drop(LETTER, "letter.png")
    eventually(lambda: daemon.status()["engines"][0]["in_flight"], 30)
    daemon.signal(signal.SIGINT)
    eventually(lambda: "once more stops at once" in daemon.log.read_text(), 10)
    daemon.signal(signal.SIGINT)
    assert daemon.process is not None
    assert daemon.process.wait(5) == 130
    assert daemon.tree() == ["letter.png"]


def test_small_documents_overtake_a_book(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.1"))
    make_pdf(daemon.root / "book.pdf", 100)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: pages_done(daemon) >= 3, 30)
    daemon.drop(LETTER, "letter.png")
    daemon.wait_for("done/letter.png", limit=6)
    assert not (daemon.done / "book.pdf").exists()


def test_a_page_that_kills_the_engine_fails_alone_within_the_tolerance(
    daemon: Installation,
) -> None:
    daemon.configure(engine("die_on_page_4"), inbox="tolerance = 0.2")
    make_pdf(daemon.root / "book.pdf", 8)
    daemon.drop(daemon.root / "book.pdf")
    daemon.start()
    daemon.wait_for("done/book.pdf", "done/book.md", limit=90)
    text = (daemon.done / "book.md").read_text()
    assert "<!-- page 4 -->" in text
    assert text.count("could not be read") == 1, text


def test_too_many_failed_pages_fail_the_document_and_what_was_read_stays(
    daemon: Installation,
) -> None:
    daemon.configure(engine("die_on_page_4"), inbox="tolerance = 0.0")
    make_pdf(daemon.root / "book.pdf", 6)
    daemon.drop(daemon.root / "book.pdf")
    daemon.start()
    daemon.wait_for("failed/book.pdf", "failed/book.md", "failed/book.error.json", limit=90)
    told = json.loads((daemon.failed / "book.error.json").read_text())
    assert told["code"] == "unreadable-pages"
    assert told["page"] == 4


def test_a_dead_engine_worker_is_replaced_and_nothing_fails(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.1"))
    make_pdf(daemon.root / "book.pdf", 30)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    for _ in range(2):
        done = pages_done(daemon)
        eventually(partial(has_read_more_than, daemon, done + 2), 30)
        os.kill(daemon.status()["engines"][0]["pid"], signal.SIGKILL)
    daemon.wait_for("done/book.pdf", "done/book.md")
    assert "could not be read" not in (daemon.done / "book.md").read_text()


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


def test_a_kept_file_that_is_renamed_takes_its_text_along(daemon: Installation) -> None:
    daemon.configure(inbox='source = "keep"\nrecursive = true\noutputs = ["md", "json"]')
    daemon.start()
    daemon.drop(LETTER, "2026/letter.png")
    daemon.wait_for("2026/letter.md", "2026/letter.json")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 10)
    (first,) = daemon.call("jobs")
    text = daemon.inbox / "2026" / "letter.md"
    text.write_text("corrected by hand\n")
    (daemon.inbox / "2026" / "letter.png").rename(daemon.inbox / "offer.png")
    daemon.wait_for("offer.md", "offer.json")
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    assert daemon.tree() == ["offer.json", "offer.md", "offer.png"]
    assert (daemon.inbox / "offer.md").read_text() == "corrected by hand\n"
    (daemon.inbox / "2027").mkdir()
    for name in daemon.tree():
        (daemon.inbox / name).rename(daemon.inbox / "2027" / name)
    eventually(lambda: len(daemon.call("jobs")) == 3 and not daemon.status()["working"], 20)
    eventually(lambda: daemon.status()["jobs"]["done"] == 1, 20)
    assert daemon.tree() == ["2027/offer.json", "2027/offer.md", "2027/offer.png"]
    newest, *_ = daemon.call("jobs")
    assert (newest["state"], newest["relpath"]) == ("done", "2027/offer.png")
    assert newest["sha256"] == first["sha256"]
    assert daemon.log.read_text().count('"event": "followed"') == 2
    assert daemon.log.read_text().count('"event": "done"') == 1, "it was read once"


def test_cancel_leaves_the_source_in_the_inbox_and_retry_reads_it(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 0.3"))
    make_pdf(daemon.root / "book.pdf", 40)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    eventually(lambda: pages_done(daemon) >= 1, 30)
    (job,) = daemon.call("jobs")
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


def test_a_root_that_goes_away_is_offline_and_comes_back(daemon: Installation) -> None:
    daemon.start()
    away = daemon.root / "away"
    daemon.inbox.rename(away)
    eventually(lambda: not daemon.status()["inboxes"][0]["online"], 20)
    shutil.copy(LETTER, away / "letter.png")
    away.rename(daemon.inbox)
    daemon.wait_for("done/letter.png", "done/letter.md")


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


def has_read_more_than(daemon: Installation, pages: int) -> bool:
    return pages_done(daemon) > pages


def pages_done(daemon: Installation) -> int:
    working = daemon.status().get("working", [])
    return max((work["pages_done"] for work in working), default=0)
