"""The real daemon on scripted servers that die, refuse, run away, are busy, and come back."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests import api
from tests.engines import ENVIRONMENT
from tests.installation import (
    LETTER,
    OCRD,
    ROOT,
    SAMPLES,
    Installation,
    eventually,
    make_pdf,
)
from tests.servers import Handler, ScriptedServer, endless, refuse, say

KEY = "sk-nobody-may-read-this-in-a-log"
SHORT = "doubt_tolerance = 1.0"  # a scripted answer is shorter than its page
# About as much as stands on the letter: what is far less is read again.
TEXT = "\n\n".join(
    f"Row {number}: the quay was dredged to {number * 7} cm, and captain {number} paid for it."
    for number in range(14)
)


@pytest.fixture(name="servers")
def _servers() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:

        def start(**script: Any) -> ScriptedServer:
            server = ScriptedServer(**script).start()
            stack.callback(server.stop)
            return server

        yield start


def on(*servers: ScriptedServer, more: str = "", silent: str = "2s") -> str:
    urls = ", ".join(f'"{server.url}"' for server in servers)
    return (
        f'kind = "openai"\nurls = [{urls}]\nrestart_backoff = "50ms"\n'
        f'request_timeout = "{silent}"\n{more}'
    )


def numbered(handler: Handler) -> None:
    """Answer a page with its own number among all requests."""
    number = handler.server.script.pages.index(handler.asked) + 1
    say(f"Answer number {number} of port {handler.server.script.port}.", delay=0.05)(handler)


def problems(daemon: Installation) -> str:
    return " ".join(daemon.status().get("problems", ()))


def test_pages_move_on_from_a_server_that_dies_in_the_middle(
    daemon: Installation, servers: Any, tmp_path: Any
) -> None:
    dying, good = servers(always=numbered), servers(always=numbered)
    daemon.configure(on(dying, good, more="places = 2"), f'{SHORT}\noutputs = ["md", "json"]')
    make_pdf(tmp_path / "book.pdf", 40)
    daemon.start()
    daemon.drop(tmp_path / "book.pdf")
    eventually(lambda: len(dying.pages) >= 5, what="some pages are read there")
    dying.stop()
    daemon.wait_for("done/book.pdf")
    pages = json.loads((daemon.done / "book.json").read_text())["pages"]
    texts = [" ".join(block["text"] for block in page["blocks"]) for page in pages]
    assert [page["page"] for page in pages] == list(range(1, 41))
    assert all("Answer number" in text for text in texts), texts
    assert len(set(texts)) == 40  # each page has an answer of its own: none was given twice
    assert "is set aside" in daemon.log.read_text()


def test_documents_wait_while_all_are_down_and_go_on_when_one_is_back(
    daemon: Installation, servers: Any
) -> None:
    first, second = servers(text=TEXT), servers(text=TEXT)
    daemon.configure(on(first, second), SHORT)
    daemon.start()
    daemon.drop(LETTER, "first.png")
    daemon.wait_for("done/first.png")
    first.stop()
    second.stop()
    daemon.drop(LETTER, "second.png")
    eventually(lambda: "No server answers" in problems(daemon), what="it is said")
    told = problems(daemon)
    assert first.url in told
    assert second.url in told
    assert "So it is since 20" in told
    assert (daemon.inbox / "second.png").exists()
    second.start()
    daemon.wait_for("done/second.png")
    assert problems(daemon) == ""
    assert TEXT.splitlines()[-1] in (daemon.done / "second.md").read_text()
    assert not daemon.failed.exists()


@pytest.mark.more  # by unit tests of the engine, too
def test_a_daemon_that_starts_without_any_server_waits_for_one(
    daemon: Installation, servers: Any
) -> None:
    server = servers(text=TEXT)
    server.stop()
    daemon.configure(on(server), SHORT)
    daemon.drop(LETTER)
    daemon.start()
    eventually(lambda: "No server answers" in problems(daemon), what="it is said")
    server.start()
    daemon.wait_for(f"done/{LETTER.name}")


def test_a_refused_page_fails_as_that_page_with_the_servers_words(
    daemon: Installation, servers: Any, tmp_path: Any
) -> None:
    words = "This model's context is 4096 tokens, the page has 5000."
    one, other = servers(text=TEXT), servers(text=TEXT)
    daemon.configure(on(one, other, more="places = 1"), "tolerance = 0.5\n" + SHORT)
    make_pdf(tmp_path / "book.pdf", 3)
    refused: list[str] = []
    one_by_one = threading.Lock()

    def picky(handler: Handler) -> None:
        with one_by_one:
            refused.append(handler.asked.image)
        is_first = handler.asked.image == refused[0]
        (refuse(400, words) if is_first else say("This is a page."))(handler)

    one.always = other.always = picky
    daemon.start()
    daemon.drop(tmp_path / "book.pdf")
    daemon.wait_for("done/book.pdf")
    log = daemon.log.read_text()
    assert words in log
    assert len(one.pages) + len(other.pages) == 4  # two for the refused page
    assert daemon.status()["engines"][0]["restarts"] == 0


@pytest.mark.more  # by unit tests of the engine, too
def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    daemon: Installation, servers: Any
) -> None:
    server = servers(text=TEXT, next=[refuse(429, "slow down", Retry_After="3")])
    daemon.configure(on(server), SHORT)
    daemon.start()
    daemon.drop(LETTER)
    daemon.wait_for(f"done/{LETTER.name}")
    first, second = server.pages
    assert second.began - first.began >= 2.99
    assert "asks to be left alone" in daemon.log.read_text()


@pytest.mark.more  # by unit tests of the engine, too
def test_a_document_that_is_cancelled_lets_go_of_its_server(
    daemon: Installation, servers: Any
) -> None:
    server = servers(always=say(TEXT, delay=1000))
    daemon.configure(on(server, silent="1h"), SHORT)
    daemon.start()
    daemon.drop(LETTER)
    eventually(lambda: server.pages, what="the request is there")
    (job,) = daemon.listed()
    daemon.call("cancel", str(job["id"]))
    eventually(lambda: server.pages[0].left, 5, "the request is closed")


@pytest.mark.more  # by unit tests of the engine, too
def test_a_runaway_is_broken_off_and_its_page_marked(daemon: Installation, servers: Any) -> None:
    server = servers(always=endless("the same again "))
    daemon.configure(on(server), SHORT)
    daemon.start()
    daemon.drop(LETTER)
    daemon.wait_for(f"done/{LETTER.name}")
    assert len(server.pages) == 4
    assert all(one.left for one in server.pages)
    (job,) = daemon.listed()
    assert job["pages_doubtful"] == 1


def test_a_check_does_not_wait_for_servers_that_take_no_page(
    daemon: Installation, servers: Any
) -> None:
    server = servers(always=refuse(500, "image input is not supported"))
    # As long as it may wait for a page, were it to: longer than this test's patience.
    daemon.configure(on(server, more='page_timeout = "1h"'), SHORT)
    checked = daemon.command("check")
    assert checked.returncode == 1
    said = " ".join(checked.stdout.split())
    assert "it refuses us (500: image input is not supported)" in said
    assert "Its model sees no images" in said


def test_a_server_whose_settings_are_wrong_is_said_and_its_key_nowhere(
    daemon: Installation, servers: Any, tmp_path: Any
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    server = servers(text=TEXT, of_models=refuse(401, f"{KEY} is not known here"))
    daemon.configure(on(server, more=f'key_file = "{key}"'), SHORT)
    checked = daemon.command("check")
    assert checked.returncode == 1
    said = " ".join(checked.stdout.split())
    assert "No server lets us in" in said
    assert "It does not let us in (401: … is not known here)" in said
    daemon.drop(LETTER)
    daemon.start()
    eventually(lambda: "No server lets us in" in problems(daemon), what="it is said")
    told = json.dumps(daemon.status()) + checked.stdout + checked.stderr
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    daemon.configure(on(server, more='models = "chandra"'), SHORT)
    server.of_models = None
    assert daemon.command("reload").returncode == 0
    eventually(lambda: "no model chandra, but deepseek-ocr" in problems(daemon), what="the model")
    daemon.configure(on(server), SHORT)
    assert daemon.command("reload").returncode == 0
    daemon.wait_for(f"done/{LETTER.name}")
    assert KEY not in told + daemon.log.read_text()


LOCAL = '\n[engines.local]\nkind = "module"\nmodule = "tests.engines.echo"\n'


def layout(daemon: Installation, name: str) -> Any:
    return json.loads((daemon.done / name).read_text())


def test_a_fallback_reads_while_the_servers_are_gone_and_a_second_opinion_what_is_doubtful(
    daemon: Installation, servers: Any
) -> None:
    server = servers(always=endless("the same again "))
    behind = 'fallback = ["local"]\nsecond_opinion = "local"'
    daemon.configure(on(server, more=behind), f'{SHORT}\noutputs = ["md", "json"]', more=LOCAL)
    daemon.start()
    daemon.drop(LETTER, "loop.png")
    daemon.wait_for("done/loop.png")
    document = layout(daemon, "loop.json")
    (page,) = document["pages"]
    assert page["status"] == "read"
    assert (document["engine"], document["model"]) == ("echo", "scripted")
    other = page["second_opinion"]
    assert (other["engine"], other["status"]) == ("openai", "doubtful")
    assert "the same again" in other["text"]
    assert other["doubts"][0]["code"] == "runaway"
    assert "the same again" not in (daemon.done / "loop.md").read_text()
    server.stop()
    daemon.drop(LETTER, "gone.png")
    daemon.wait_for("done/gone.png")
    document = layout(daemon, "gone.json")
    assert document["engine"] == "echo"
    assert "second_opinion" not in document["pages"][0]


def test_convert_reads_with_the_fallback_while_the_servers_are_gone(
    daemon: Installation, servers: Any
) -> None:
    server = servers(always=say(TEXT))
    daemon.configure(on(server, more='fallback = ["local"]'), more=LOCAL)
    command = [
        *OCRD, "convert", "--config", str(daemon.config), str(LETTER),
        "-f", "json", "-o", "-",
    ]  # fmt: skip
    read_by = []
    for _ in range(2):
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        read_by.append((document["engine"], document["pages"][0]["status"]))
        server.stop()
    assert read_by == [("openai", "read"), ("echo", "read")]


@pytest.mark.more
@pytest.mark.parametrize("kind", ["openai", "mistral"])
def test_another_ocrd_reads_a_page_as_this_one_does(
    daemon: Installation, tmp_path: Any, kind: str
) -> None:
    api.configured(daemon, 'kind = "rapidocr"')
    daemon.start()
    key = tmp_path / "key"
    key.write_text(api.KEY)
    there = {
        "OCRD_ENGINE__KIND": kind,
        "OCRD_ENGINE__URLS": f'["{api.address(daemon)}/v1"]',
        "OCRD_ENGINE__KEY_FILE": str(key),
    }
    here = converted({})
    assert "What we learned" in here
    assert converted(there) == here


def converted(env: dict[str, str]) -> str:
    """Return the Markdown of a sample, read by the engine that the environment names."""
    command = [*OCRD, "convert", str(SAMPLES / "newsletter.jpg"), "-o", "-"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
