"""Saboteur engines on the real daemon: each costs the page it acts on, and nothing else waits."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest

from ocrd.engine.protocol import VERSION
from tests.faults.conftest import daemon
from tests.installation import LETTER, Installation, eventually, make_pdf

__all__ = ["daemon"]

MEMORY = 40e6  # bytes that the daemon may take more while a worker does its worst


def saboteur(how: str, more: str = "", options: str = "") -> str:
    return (
        'kind = "module"\nmodule = "tests.engines.saboteur"\nrestart_backoff = "50ms"\n'
        f'{more}\n[engine.options]\nhow = "{how}"\n{options}'
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.pdf"
    make_pdf(path, 5)
    return path


def engine_of(daemon: Installation) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["engines"][0]
    return found


class Watch:
    """The daemon's memory from now on, without its children's."""

    def __init__(self, daemon: Installation) -> None:
        assert daemon.process is not None
        self._process = psutil.Process(daemon.process.pid)
        self.first = self.most = self._process.memory_info().rss

    def look(self) -> bool:
        self.most = max(self.most, self._process.memory_info().rss)
        return True

    @property
    def growth(self) -> int:
        return self.most - self.first


QUIET = {
    "hang": "made no progress",
    "garbage": "no message",
    "stranger": "nobody asked for",
    "die": "exit status 3",
    "killed": "SIGKILL, perhaps for want of memory",
    "memory": "ran out of memory",
    "leak": "ran out of memory",
}
NOISY = {
    "progress": "did not finish a page",
    "endless": "without an end",
    "notices": "notices within",
    "print": "made no progress",
}


def assert_only_page_4_is_missing(text: str, cause: str) -> None:
    assert text.count("could not be read") == 1, text
    assert text.index("<!-- page 4 -->") < text.index("could not be read") < text.index("page 5")
    assert "ended the engine worker 3 times" in text and cause in text, text


def test_engines_that_end_in_every_way_cost_the_page_only_and_no_other_folder(
    daemon: Installation, book: Path
) -> None:
    tables = ['[engines.good]\nkind = "module"\nmodule = "tests.engines.echo"\n']
    for how in QUIET:
        inbox = daemon.root / how
        inbox.mkdir()
        shutil.copy(book, inbox)
        tables.append(
            f'[engines.{how}]\nkind = "module"\nmodule = "tests.engines.saboteur"\n'
            f'page_timeout = "2s"\nrestart_backoff = "50ms"\noptions = {{ how = "{how}" }}\n'
            f'[[inbox]]\npath = "{inbox}"\nengine = "{how}"\ntolerance = 0.3\nsettle = "200ms"\n'
        )
    daemon.configure(inbox='engine = "good"', more="\n".join(tables))
    daemon.start()
    watch = Watch(daemon)
    eventually(lambda: sum(one["restarts"] for one in daemon.status()["engines"]) > 3, 60)
    daemon.drop(LETTER, "goes-on.png")
    daemon.wait_for("done/goes-on.md")
    for how, cause in QUIET.items():
        done = daemon.root / how / "done" / "book.md"
        eventually(lambda path=done: watch.look() and path.exists(), 120, how)  # type: ignore[misc]
        assert_only_page_4_is_missing(done.read_text(), cause)
    assert watch.growth < MEMORY, f"the daemon grew by {watch.growth >> 20} MiB"


@pytest.mark.parametrize("how", NOISY)
def test_an_engine_that_talks_without_end_costs_the_page_and_fills_neither_memory_nor_log(
    daemon: Installation, book: Path, how: str
) -> None:
    seconds = "300ms" if how == "progress" else "1s"  # that ends after ten times of it
    daemon.configure(saboteur(how, f'page_timeout = "{seconds}"'), inbox="tolerance = 0.3")
    daemon.drop(LETTER, "first.png")
    daemon.start()
    daemon.wait_for("done/first.md")
    watch = Watch(daemon)
    daemon.drop(book)
    eventually(lambda: watch.look() and engine_of(daemon)["restarts"], 60)
    assert NOISY[how] in engine_of(daemon)["last_error"], engine_of(daemon)
    daemon.drop(LETTER, "other.png")
    eventually(lambda: watch.look() and (daemon.done / "book.md").exists(), 120)
    daemon.wait_for("done/other.md")
    assert_only_page_4_is_missing((daemon.done / "book.md").read_text(), NOISY[how])
    assert watch.growth < MEMORY, f"the daemon grew by {watch.growth >> 20} MiB"
    assert daemon.log.stat().st_size < 500_000, "a log is not filled"


def test_every_page_answered_twice_is_read_once(daemon: Installation, book: Path) -> None:
    daemon.configure(saboteur("twice"))
    daemon.drop(book)
    daemon.start()
    daemon.wait_for("done/book.md", limit=90)
    text = (daemon.done / "book.md").read_text()
    assert text.count("Page image") == 5 and "could not be read" not in text


def test_a_worker_that_ends_after_its_answer_costs_no_page(
    daemon: Installation, book: Path
) -> None:
    daemon.configure(saboteur("late", options='on = "."'))
    daemon.drop(book)
    daemon.start()
    daemon.wait_for("done/book.md", limit=90)
    assert "could not be read" not in (daemon.done / "book.md").read_text()


def test_a_document_is_failed_for_its_poisonous_page_with_cause_and_way_out(
    daemon: Installation, book: Path
) -> None:
    daemon.configure(saboteur("killed"))
    daemon.drop(book)
    daemon.start()
    daemon.wait_for("failed/book.pdf", "failed/book.error.json", limit=90)
    told = json.loads((daemon.failed / "book.error.json").read_text())
    assert (told["code"], told["page"]) == ("unreadable-pages", 4)
    assert "ended the engine worker 3 times" in told["message"]
    assert "ocrd retry" in told["hint"]


def test_an_engine_that_ends_on_every_page_fails_no_document_and_goes_on_once_it_is_mended(
    daemon: Installation, book: Path
) -> None:
    daemon.configure(saboteur("killed", options='on = "."'))
    daemon.drop(book)
    daemon.drop(LETTER, "second.png")
    daemon.start()

    def reasons() -> list[str]:
        told = [str(row["message"]) for row in daemon.listed()]
        return [message for message in told if "known to be good" in message]

    told = eventually(lambda: found if len(found := reasons()) == 2 else None, 90)
    assert all("SIGKILL" in reason for reason in told), told
    assert any("SIGKILL" in problem for problem in daemon.status()["problems"])
    daemon.configure(saboteur("killed", options='on = "no such page"'))
    assert daemon.command("reload").returncode == 0
    daemon.wait_for("done/book.md", "done/second.md", limit=60)
    assert "could not be read" not in (daemon.done / "book.md").read_text(), "and none is blamed"


BROKEN = {
    "wrong version": ("wrong_protocol", "", "version 99", "upgraded"),
    "capacity of none": (
        "wrong_protocol", f"version = {VERSION}\ncapacity = 0", "capacity of 0", "module",
    ),
    "refuses to load": ("slow_start", "start = 0\nrefuse = true", "no such weights", ""),
    "slow start": ("slow_start", "start = 30", "not ready within", "start_timeout"),
}


def test_engines_that_cannot_start_hold_their_documents_and_no_others(
    daemon: Installation,
) -> None:
    tables = ['[engines.good]\nkind = "module"\nmodule = "tests.engines.echo"\n']
    for number, (module, options, _, _) in enumerate(BROKEN.values()):
        inbox = daemon.root / f"broken-{number}"
        inbox.mkdir()
        shutil.copy(LETTER, inbox / "waits.png")
        tables.append(
            f'[engines.broken-{number}]\nkind = "module"\nmodule = "tests.engines.{module}"\n'
            f'start_timeout = "4s"\nrestart_backoff = "200ms"\n'
            f"[engines.broken-{number}.options]\n{options}\n"
            f'[[inbox]]\npath = "{inbox}"\nengine = "broken-{number}"\nsettle = "200ms"\n'
        )
    daemon.configure(inbox='engine = "good"', more="\n".join(tables))
    daemon.start()
    watch = Watch(daemon)
    eventually(lambda: watch.look() and all(restarts(daemon, 2)), 90)
    daemon.drop(LETTER, "goes-on.png")
    daemon.wait_for("done/goes-on.md")
    for number, (_, _, cause, way_out) in enumerate(BROKEN.values()):
        named = eventually(lambda name=f"broken-{number}": broken(daemon, name), 20)  # type: ignore[misc]
        assert cause in named and way_out in named, named
        waits = daemon.root / f"broken-{number}" / "waits.png"
        assert waits.exists(), "a document is not blamed for its engine"
    assert watch.growth < MEMORY
    ended = [json.loads(line) for line in daemon.log.read_text().splitlines()
             if '"event": "engine-ended"' in line]  # fmt: skip
    first = [one["delay"] for one in ended if one["engine"] == "broken-0"]
    assert first[:2] == [0.2, 0.4], "tried again, later and later"
    text = daemon.config.read_text()
    for number in range(len(BROKEN)):  # the engines are mended
        text = text.replace(f'engine = "broken-{number}"', 'engine = "good"')
    daemon.config.write_text(text)
    assert daemon.command("reload").returncode == 0
    for number in range(len(BROKEN)):
        done = daemon.root / f"broken-{number}" / "done" / "waits.md"
        eventually(done.exists, 30)


def restarts(daemon: Installation, least: int) -> list[bool]:
    rows = [one for one in daemon.status()["engines"] if one["name"].startswith("broken")]
    return [one["restarts"] >= least for one in rows] or [False]


def broken(daemon: Installation, name: str) -> str:
    """Return what the status says of an engine while that is broken, if its problems name it."""
    status = daemon.status()
    (row,) = [one for one in status["engines"] if one["name"] == name]
    told = str(row["last_error"])
    return told if row["state"] == "broken" and told in status["problems"] else ""


def broken_state(daemon: Installation) -> dict[str, Any] | None:
    state = engine_of(daemon)
    return state if state["state"] == "broken" else None


@pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="needs the extra gpu (torch)"
)
def test_truncated_weights_are_named_and_mended_weights_are_taken_up(
    daemon: Installation, tmp_path: Path
) -> None:
    from tests import checkpoints

    folder = checkpoints.make(tmp_path / "model", "deepseek-ocr-2")
    weights = next(folder.glob("*.safetensors"))
    whole = weights.read_bytes()
    os.truncate(weights, len(whole) // 2)
    daemon.configure(
        f'kind = "deepseek-ocr-2"\nmodel = "{folder}"\ndevice = "cpu"\nload = "start"\n'
        'restart_backoff = "200ms"'
    )
    daemon.drop(LETTER, "waits.png")
    daemon.start()
    state = eventually(lambda: broken_state(daemon), 90)
    assert "safetensors" in state["last_error"] or "weights" in state["last_error"], state
    weights.write_bytes(whole)
    eventually(lambda: engine_of(daemon)["state"] == "ready", 90)
    assert (daemon.inbox / "waits.png").exists() or (daemon.done / "waits.png").exists()
