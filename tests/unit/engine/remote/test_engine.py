"""The engine on scripted servers: where pages go, who is blamed, what is said, what is closed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocrd.engine.protocol import Partial, Recognise
from ocrd.engine.remote import images, passage
from ocrd.engine.remote.engine import Remote, load
from ocrd.engine.remote.profiles import Profile
from ocrd.engine.telling import Cancelled, Telling
from ocrd.errors import EngineUnusableError, PageError, ServersGoneError
from ocrd.job import Ink, Recognition
from ocrd.tasks import Decoding, Task
from tests.installation import eventually
from tests.servers import (
    Behaviour,
    Handler,
    ScriptedServer,
    broken,
    cut_off,
    endless,
    raw,
    refuse,
    say,
    silent,
)

TEXT = "The quay is dredged."
LOOP = "again and again the same "
INK = Ink(rows=30, characters=1500, share=0.05)
PROSE = " ".join(f"Row {n} tells of ship {n * 37} and of its captain." for n in range(35))


@pytest.fixture(name="servers")
def _servers() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:

        def start(**script: Any) -> ScriptedServer:
            server = ScriptedServer(**script).start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> Path:
    path = tmp_path / "page.pnm"
    Image.new("L", (700, 990), 255).save(path)
    return path


@pytest.fixture(name="engine")
def _engine() -> Iterator[Callable[..., Remote]]:
    with ExitStack() as stack:

        def make(*servers: ScriptedServer, **settings: Any) -> Remote:
            urls = [{"url": server.url} for server in servers]
            given = {"kind": "openai", "urls": urls, "request_timeout": 5.0, **settings}
            engine = load(given)
            stack.callback(engine.close)
            return engine

        yield make


def read(
    engine: Remote, page: Path, task: Task | None = None, ink: Ink | None = None
) -> Recognition:
    return engine.recognise(Recognise(1, str(page), task or Task(), ink=ink), lambda _: None)


def test_a_page_is_read_and_the_engine_says_what_it_is(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(text=f"<|ref|>text<|/ref|><|det|>[[1, 2, 300, 40]]<|/det|>\n{TEXT}")
    one = engine(server, places=7)
    hello = one.hello
    assert (hello.name, hello.model, hello.capacity) == ("openai", "deepseek-ocr", 7)
    assert (hello.longest_side, hello.device) == (1920, server.url)
    found = read(one, page)
    assert found.markup == server.text
    assert (found.form, found.width, found.height, found.doubt) == ("markup", 700, 990, "")
    assert (found.tokens, found.prompt_tokens, found.estimated) == (12, 903, False)
    assert server.pages[0].prompt == "<|grounding|>Convert the document to markdown."


def test_mistrals_interface(servers: Any, engine: Any, page: Path) -> None:
    server = servers(models=("mistral-ocr-latest",))
    found = read(engine(server, kind="mistral"), page)
    assert (found.markup, found.estimated) == (TEXT, True)
    assert server.pages[0].path == "/v1/ocr"


@pytest.mark.parametrize(
    "fault", [refuse(500, "no"), cut_off("The"), raw("{"), broken("dead"), refuse(502, "no")]
)
def test_a_page_moves_on_from_a_server_that_fails(
    servers: Any, engine: Any, page: Path, fault: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = servers(always=fault), servers()
    one = engine(bad, good)
    assert [read(one, page).markup for _ in range(4)] == [TEXT] * 4
    assert len(good.pages) == 4
    assert len(bad.pages) == 1  # it is set aside
    assert f"{bad.url} is set aside" in caplog.text


def test_one_that_was_set_aside_comes_back_with_one_page(
    servers: Any, engine: Any, page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = servers(next=[refuse(500, "no")]), servers(always=say(TEXT, delay=0.3))
    one = engine(bad, good, places=2)
    read(one, page)
    assert len(bad.pages) == 1
    bad.always = say(TEXT, delay=0.5)
    time.sleep(passage.LOOK_SECONDS)  # its first rest
    bad.most = 0
    threads = [threading.Thread(target=read, args=(one, page)) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(bad.pages) == 2, what="the trial")
    assert bad.most == 1
    for thread in threads:
        thread.join()
    assert f"{bad.url} answers again" in caplog.text


def test_a_server_that_was_away_at_the_beginning_is_asked_for_its_model_later(
    servers: Any, engine: Any, page: Path
) -> None:
    late, good = servers(models=("a-name-of-its-own",)), servers()
    late.stop()
    one = engine(late, good)
    late.start()
    good.stop()
    assert read(one, page).markup == TEXT
    assert late.pages[0].body["model"] == "a-name-of-its-own"


def test_where_none_answers_the_engine_is_none(servers: Any, engine: Any) -> None:
    first, second = servers(of_models=refuse(503, "loading the model")), servers()
    second.stop()
    with pytest.raises(ServersGoneError) as caught:
        engine(first, second)
    assert "503 loading the model" in caught.value.what
    assert second.url in caught.value.what


@pytest.mark.parametrize("status", [401, 403])
def test_where_none_lets_us_in_a_person_has_to_help(
    servers: Any, engine: Any, status: int
) -> None:
    server = servers(of_models=refuse(status, "who are you?"))
    with pytest.raises(EngineUnusableError, match="who are you") as caught:
        engine(server)
    assert "key_file" in caught.value.hint


def test_where_none_has_the_model_a_person_has_to_help(servers: Any, engine: Any) -> None:
    with pytest.raises(EngineUnusableError, match="no model chandra, but deepseek-ocr"):
        engine(servers(), models="chandra")


def test_a_server_without_a_list_of_models_is_asked_for_the_one_that_is_named(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(of_models=refuse(404, "no such page"))
    assert read(engine(server, models="glm-ocr"), page).markup == TEXT
    assert server.pages[0].body["model"] == "glm-ocr"


def test_servers_that_all_go_end_the_engine_and_nobody_is_blamed(
    servers: Any, engine: Any, page: Path
) -> None:
    first, second = servers(), servers()
    one = engine(first, second, request_timeout=1.0)
    first.stop()
    second.stop()
    with pytest.raises(ServersGoneError, match=r"No server answers: http.*; http.*"):
        read(one, page)


def test_429_is_obeyed(servers: Any, engine: Any, page: Path) -> None:
    server = servers(next=[refuse(429, "slow down", Retry_After="2")])
    found = read(engine(server), page)
    first, second = server.pages
    assert found.markup == TEXT
    assert second.began - first.began >= 1.99
    assert found.retries == 0


def test_servers_that_are_busy_for_too_long_end_the_engine_and_nobody_is_blamed(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(always=refuse(429, "slow down", Retry_After="0.7"))
    with pytest.raises(ServersGoneError, match="all ask to be left alone"):
        read(engine(server, page_timeout=0.4), page)
    assert 2 <= len(server.pages) <= 6  # in two seconds


def test_a_busy_servers_pages_go_to_the_others_meanwhile(
    servers: Any, engine: Any, page: Path
) -> None:
    busy, good = servers(always=refuse(429, "no", Retry_After="600")), servers()
    one = engine(busy, good)
    for _ in range(5):
        read(one, page)
    assert (len(busy.pages), len(good.pages)) == (1, 5)


# Refusals


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "the context is 8192 tokens"), (413, "entity too large"), (422, "bad image")],
)
def test_a_refused_page_fails_with_the_servers_words_and_no_storm(
    servers: Any, engine: Any, page: Path, status: int, words: str
) -> None:
    three = [servers(always=refuse(status, words)) for _ in range(3)]
    one = engine(*three)
    with pytest.raises(PageError, match=words) as caught:
        read(one, page)
    assert sum(len(server.pages) for server in three) == 2  # one, and one other
    assert ("size" in caught.value.hint) == (status == 413) or status != 413
    for server in three:
        server.always = None
    assert read(one, page).markup == TEXT  # nobody is set aside for it


def test_a_page_that_one_server_refuses_is_read_by_another(
    servers: Any, engine: Any, page: Path
) -> None:
    small, large = servers(always=refuse(400, "too long for my context")), servers()
    assert read(engine(small, large), page).markup == TEXT


@pytest.mark.parametrize("status", [401, 404, 405, 307])
def test_a_server_that_refuses_us_is_set_aside(
    servers: Any, engine: Any, page: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = servers(always=refuse(status, "not here")), servers()
    one = engine(bad, good)
    assert [read(one, page).markup for _ in range(3)] == [TEXT] * 3
    assert len(bad.pages) == 1
    assert f"it refuses us ({status}: not here)" in caplog.text


def test_a_field_that_a_server_does_not_take_is_left_out_and_that_is_said_once(
    servers: Any, engine: Any, page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def strict(handler: Handler) -> None:
        for key in ("vllm_xargs", "stream_options"):
            if key in handler.asked.body:
                handler.reply(400, {"error": {"message": f"Unrecognized argument: {key}"}})
                return
        say(TEXT)(handler)

    server = servers(always=strict)
    one = engine(server)
    assert [read(one, page).markup for _ in range(3)] == [TEXT] * 3
    assert len(server.pages) == 5
    warnings = [record.getMessage() for record in caplog.records]
    (about,) = [text for text in warnings if "vllm_xargs" in text]
    assert "nothing bans repetition there" in about


def test_a_page_on_which_servers_fail_is_told_from_servers_that_fail(
    servers: Any, engine: Any, page: Path
) -> None:
    def picky(handler: Handler) -> None:
        (refuse(500, "illegal address") if handler.asked.image == poison else say(TEXT))(handler)

    two = [servers(always=picky) for _ in range(2)]
    one = engine(*two)
    poison = ""
    read(one, page)
    poison = two[0].pages[0].image if two[0].pages else two[1].pages[0].image
    with pytest.raises(PageError, match="3 times, and not on others: 500 illegal address"):
        read(one, page)
    other = page.with_name("other.pnm")
    Image.new("L", (600, 800), 255).save(other)
    assert read(one, other).markup == TEXT


def test_servers_that_fail_on_every_page_are_to_blame_and_pages_wait(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(always=refuse(500, "CUDA error"))
    one = engine(server, request_timeout=2.0)
    with pytest.raises(ServersGoneError, match="500 CUDA error"):
        read(one, page)


# Runaways, cancelling, streams


def test_a_runaway_is_broken_off_on_the_server_and_read_again(
    servers: Any, engine: Any, page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = servers(next=[endless(LOOP), endless(LOOP)])
    found = read(engine(server), page)
    assert (found.markup, found.doubt, found.retries) == (TEXT, "", 2)
    eventually(lambda: all(one.left for one in server.pages[:2]), what="both were closed")
    prompts = [one.prompt for one in server.pages]
    assert prompts[1] == "Free OCR."  # the second prompt, before any randomness
    assert [one.body["temperature"] for one in server.pages] == [0.0, 0.0, 0.2]
    assert caplog.text.count("ran away on a server") == 1


def test_a_page_that_is_read_too_short_is_not_called_a_runaway(
    servers: Any, engine: Any, page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = servers(text=TEXT)
    assert "the page shows about" in read(engine(server), page, ink=INK).doubt
    assert len(server.pages) == 4
    assert "ran away" not in caplog.text


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (say(PROSE, finish="content_filter"), "kept a part of the answer to itself"),
        (raw('{"choices": [{"message": {"reasoning_content": "Hm."}, "finish_reason": "length"}]}'),
         "The model answered with its thoughts alone."),
        (raw('{"choices": [{"message": {"tool_calls": [{}]}, "finish_reason": "tool_calls"}]}'),
         "The model answered with the call of a tool."),
    ],
    ids=["filtered", "thoughts", "tool"],
)  # fmt: skip
def test_what_a_server_withholds_is_no_page_that_was_read(
    servers: Any, engine: Any, page: Path, behaviour: Behaviour, words: str
) -> None:
    found = read(engine(servers(always=behaviour)), page, ink=INK)
    assert words in found.doubt


def test_a_server_whose_model_sees_no_images_is_set_aside_and_pages_wait(
    servers: Any, engine: Any, page: Path
) -> None:
    words = "image input is not supported"
    blind, good = servers(always=refuse(500, words)), servers(text=TEXT)
    one = engine(blind, good)
    assert [read(one, page).markup for _ in range(2)] == [TEXT] * 2
    assert len(blind.pages) == 1
    with pytest.raises(ServersGoneError, match=f"it refuses us .500: {words}"):
        read(engine(blind, request_timeout=1.0), page)


def test_a_page_that_always_runs_away_is_kept_with_its_doubt(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(always=endless(LOOP))
    found = read(engine(server), page)
    assert found.doubt
    assert LOOP in found.markup
    assert len(server.pages) == 4


def test_of_tries_that_all_fail_the_one_nearest_to_the_page_is_kept(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(
        next=[say("", finish="stop"), say(PROSE, finish="length"), say("Oh.", finish="length"),
              endless(LOOP)]
    )  # fmt: skip
    found = read(engine(server), page, ink=INK)
    assert found.markup == PROSE
    assert "did not come to an end" in found.doubt


def test_a_limit_that_was_asked_for_is_no_runaway(servers: Any, engine: Any, page: Path) -> None:
    server = servers(always=say(TEXT, finish="length"))
    found = read(engine(server), page, Task(decoding=Decoding(max_tokens=5)))
    assert (found.doubt, found.finish, found.retries) == ("", "length", 0)


@pytest.mark.parametrize("behaviour", [silent, endless("word "), refuse(429, "x", Retry_After="9")])
def test_a_page_that_is_cancelled_lets_go_of_its_server(
    servers: Any, engine: Any, page: Path, behaviour: Behaviour
) -> None:
    server = servers(always=behaviour)
    one = engine(server, places=1)
    telling = Telling(Recognise(1, ""), lambda _: None)

    def cancel() -> None:
        eventually(lambda: server.pages, what="the request is there")
        telling.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        one.recognise(Recognise(1, str(page)), telling)
    thread.join()
    eventually(lambda: server.pages[0].left or server.pages[0].answered, what="it is closed")
    if server.pages[0].left:  # its only place is free again
        server.always = None
        assert read(one, page).markup == TEXT


def test_text_is_told_as_it_comes_and_taken_back_when_the_page_moves_on(
    servers: Any, engine: Any, page: Path
) -> None:
    server = servers(next=[cut_off("The quay is NOT what this page is about, ")])
    sent: list[Any] = []
    request = Recognise(1, str(page), stream=True)
    telling = Telling(request, sent.append)
    found = engine(server).recognise(request, telling)
    text = ""
    for message in sent:
        if isinstance(message, Partial):
            text = "" if message.restart else text + message.text
    assert text == found.markup == TEXT


def test_an_image_is_made_once_for_all_tries_and_servers(
    servers: Any, engine: Any, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = images.prepared

    def prepared(path: Path, profile: Profile) -> images.Prepared:
        made.append(path)
        return real(path, profile)

    monkeypatch.setattr(images, "prepared", prepared)
    bad = servers(always=refuse(500, "no"))
    good = servers(next=[endless(LOOP)])
    read(engine(bad, good), page)
    assert made == [page]
    assert len({one.image for one in [*bad.pages, *good.pages]}) == 1


def test_ones_own_profile(servers: Any, engine: Any, page: Path) -> None:
    server = servers(models=("our-own-model",))
    own = {"longest_side": 500, "image": "jpeg", "prompts": {"markdown": "Lies das."}}
    one = engine(server, own_profile=own)
    assert one.hello.longest_side == 500
    read(one, page)
    assert server.pages[0].prompt == "Lies das."
    assert server.pages[0].image.startswith("data:image/jpeg")


def test_a_server_with_another_kind_of_model_is_said(
    servers: Any, engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine(servers(), servers(models=("datalab-to/chandra",)))
    assert "chandra, which is asked as deepseek-ocr is" in caplog.text


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ocrd")
