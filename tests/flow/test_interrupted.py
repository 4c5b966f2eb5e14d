"""Daemons that are killed or stopped, engines that die, a folder that goes away: work goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial

from tests.flow.scripted import engine, has_read_more_than, pages_done
from tests.installation import ECHO, LETTER, ROOT, Installation, eventually, make_pdf


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


def test_sigterm_finishes_the_page_and_stops_in_time(daemon: Installation) -> None:
    daemon.configure(engine("echo", "delay = 1.0"))
    make_pdf(daemon.root / "book.pdf", 30)
    daemon.start()
    daemon.drop(daemon.root / "book.pdf")
    before = eventually(lambda: pages_done(daemon), 30)
    assert daemon.stop() == 0
    assert daemon.tree() == ["book.pdf"]
    (job,) = daemon.listed()
    assert job["state"] == "queued"
    # The page in flight, and perhaps one that was read while the signal was on its way.
    assert before + 1 <= job["pages_done"] <= before + 2
    assert job["attempts"] == 0, "an orderly stop costs no attempt"


def test_what_is_tidied_again_and_again_ends_before_what_it_works_with(
    daemon: Installation,
) -> None:
    daemon.configure()
    often = "from ocrd import uploads as u; u.FIRST_SECONDS = u.INTERVAL_SECONDS = 0.001"
    words = [sys.executable, "-c", f"{often}; from ocrd.cli import main; main()", "run"]
    with daemon.log.open("a") as log:
        daemon.process = subprocess.Popen(
            [*words, "--config", str(daemon.config)], cwd=ROOT, stdout=log, stderr=log, text=True
        )
    eventually(daemon.is_up, 60, "the daemon is up")
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log.read_text()


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


def test_a_root_that_goes_away_is_offline_and_comes_back(daemon: Installation) -> None:
    daemon.start()
    away = daemon.root / "away"
    daemon.inbox.rename(away)
    eventually(lambda: not daemon.status()["inboxes"][0]["online"], 20)
    shutil.copy(LETTER, away / "letter.png")
    away.rename(daemon.inbox)
    daemon.wait_for("done/letter.png", "done/letter.md")
