"""What people are shown: their words, their units, and nothing twice in a line."""

from __future__ import annotations

import re

import pytest

from tests.installation import LETTER, RESOURCES, Installation, eventually

CODE_WORDS = re.compile(r"\b(leased|filing|withdrawn|settling)\b")
SLOW = 'kind = "module"\nmodule = "tests.engines.echo"\noptions = { delay = 60.0 }'


@pytest.fixture
def slow(running: Installation) -> Installation:
    """A daemon whose engine takes its time, a folder that is not there, a file that is torn."""
    running.stop()
    running.configure(
        SLOW, more=f'[[inbox]]\npath = "{running.root}/gone"', patience="20m",
        top="stop_timeout = 0",
    )  # fmt: skip
    running.start()
    running.drop(LETTER)
    running.drop(RESOURCES / "invalid.pdf")
    eventually(lambda: running.status()["working"], 30)
    eventually(lambda: '"incomplete"' in running.log.read_text(), 30)
    return running


def test_people_are_shown_their_own_words(slow: Installation) -> None:
    commands = (["status"], ["jobs"], ["show", "1"])
    status, jobs, job = (slow.command(*which).stdout for which in commands)
    assert "1 reading" in status and "arriving" in status
    assert "reading" in jobs and "reading" in job
    for said in (status, jobs, job):
        assert not CODE_WORDS.search(said), said
    for name in ("reading", "leased"):
        (found,) = slow.listed("--state", name)
        assert found["state"] == "leased", "programs are told the code's"
    cancelled = slow.command("cancel", "1")
    assert not CODE_WORDS.search(cancelled.stdout)


def test_why_a_folder_is_shut_is_said_once(slow: Installation) -> None:
    eventually(lambda: not slow.status()["inboxes"][1]["online"], 20)
    status = " ".join(slow.command("status").stdout.split())
    assert status.count("No such file or directory") == 1
    assert " offline default " in status


def test_a_message_has_peoples_units_and_names_its_document_once(slow: Installation) -> None:
    shown = " ".join(slow.command("jobs", "--name", "invalid.pdf").stdout.split())
    assert shown.count("invalid.pdf") == 1
    (line,) = [one for one in slow.log.read_text().splitlines() if '"incomplete"' in one]
    assert "if that is so for 20 min." in line


def test_paused_for_is_how_long_it_is_paused(slow: Installation) -> None:
    slow.call("pause")
    said = slow.command("status").stdout
    found = re.search(r"paused by \S+ for (\d+) s, started (\d+) s ago", said)
    assert found, said
    assert int(found[1]) < int(found[2])
