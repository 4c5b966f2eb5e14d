"""HTTP to one server, against scripted ones: what is the page's fault, and what the server's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ocrd.engine.protocol import Recognise
from ocrd.engine.remote.answers import Reply
from ocrd.engine.remote.talk import (
    LONGEST_BUSY,
    Access,
    Model,
    Refused,
    ServerAway,
    ServerBusy,
    Talker,
)
from ocrd.engine.remote.wire import BrokenOff, Wire
from ocrd.engine.telling import Telling
from ocrd.errors import EngineUnusableError
from tests.installation import eventually
from tests.servers import (
    Behaviour,
    Handler,
    ScriptedServer,
    broken,
    cut_off,
    ended,
    endless,
    piece,
    raw,
    refuse,
    say,
    serving,
    silent,
)
from tests.servers.certificates import Authority
from tests.servers.proxy import proxying

BODY: dict[str, Any] = {"model": "m", "stream": True, "stream_options": {"include_usage": True}}
MADE: list[Talker] = []  # to be closed
KEY = "sk-a-key-that-nobody-may-see"


@pytest.fixture(name="wire")
def _wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    while MADE:
        MADE.pop().close()
    wire.close()


@pytest.fixture(name="server")
def _server() -> Iterator[ScriptedServer]:
    with serving() as server:
        yield server


def talker(wire: Wire, url: str, **more: Any) -> Talker:
    MADE.append(Talker(Access(url, **{"timeout": 5.0, **more}), 4, wire))
    return MADE[-1]


def ask(talker: Talker, pieces: list[str] | None = None) -> Reply:
    return talker.chat(BODY, (pieces if pieces is not None else []).append)


def test_an_answer_comes_in_pieces_with_its_counts(wire: Wire, server: ScriptedServer) -> None:
    text = "# Harbour\n\nThe quay is dredged, and “soft” — 12 m ½ deep."
    server.always = say(text, usage=(903, 17), finish="length")
    pieces: list[str] = []
    reply = ask(talker(wire, server.url), pieces)
    assert "".join(pieces) == reply.text == text
    assert len(pieces) > 2
    assert reply == Reply(text, "length", 903, 17, is_counted=True)


def test_a_server_that_does_not_count_or_stream_is_understood(
    wire: Wire, server: ScriptedServer
) -> None:
    server.always = say("Some words, of which nobody counted any.", usage=None)
    reply = ask(talker(wire, server.url))
    assert (reply.is_counted, reply.tokens) == (False, 2)
    pieces: list[str] = []
    whole = talker(wire, server.url).chat({"model": "m"}, pieces.append)
    assert whole.text == "Some words, of which nobody counted any."
    assert pieces == [whole.text]


def test_the_models_come_with_their_context(wire: Wire, server: ScriptedServer) -> None:
    server.models, server.context = ("one", "two"), 8192
    assert talker(wire, server.url).models() == [Model("one", 8192), Model("two", 8192)]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (refuse(500, "CUDA error"), "500 CUDA error"),
        (raw("<html>busy</html>", 502), "502 <html>busy</html>"),
        (raw("no JSON"), "makes no sense"),
        (raw("[1, 2]"), "makes no sense"),
        (raw('{"choices": [7]}'), "makes no sense"),
        (raw('{"error": {"message": "out of memory"}}'), "it broke off: out of memory"),
        (cut_off("The qu"), ""),
        (ended("The qu"), "ended in the middle"),
        (broken("engine died"), "it broke off: engine died"),
        (refuse(503, "loading"), "503 loading"),
        (refuse(408, "too slow"), "408 too slow"),
    ],
)
def test_what_is_the_servers_fault_is_said_to_be(
    wire: Wire, server: ScriptedServer, behaviour: Any, words: str
) -> None:
    server.always = behaviour
    with pytest.raises(ServerAway) as caught:
        ask(talker(wire, server.url))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("status", "words", "is_blind"),
    [
        (500, "image input is not supported - hint: you may need to provide the mmproj", True),
        (400, "/models/qwen3 is not a multimodal model", True),
        (400, "At most 0 image(s) may be provided in one prompt.", True),
        (400, "Invalid content type. image_url is only supported by certain models.", True),
        (400, "qwen3 does not support image input", True),
        (400, "this image format is not supported", False),
        (400, "image is too large", False),
    ],
)
def test_a_model_without_eyes_is_told_from_a_page_that_is_refused(
    wire: Wire, server: ScriptedServer, status: int, words: str, is_blind: bool
) -> None:
    server.always = refuse(status, words)
    with pytest.raises(Refused) as caught:
        ask(talker(wire, server.url))
    assert caught.value.is_blind is is_blind


def streamed(text: str, kind: str = "text/event-stream", *, is_old: bool = False) -> Behaviour:
    """Answer with these very words, by HTTP/1.0 and until the connection ends where it is old."""

    def answer(handler: Handler) -> None:
        if is_old:
            handler.protocol_version = "HTTP/1.0"
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(text.encode())
        handler.close_connection = True

    return answer


STREAM = (
    'data: {"choices": [{"delta": {"content": "12\u2028½ m"}}]}\n\n'
    'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
)


@pytest.mark.parametrize("is_old", [True, False])
@pytest.mark.parametrize(
    "kind", ["text/event-stream", "Text/Event-Stream; charset=iso-8859-1", "application/json"]
)
def test_a_stream_is_one_whatever_its_headers_say(
    wire: Wire, server: ScriptedServer, kind: str, is_old: bool
) -> None:
    server.always = streamed(STREAM, kind, is_old=is_old)
    assert ask(talker(wire, server.url)).text == "12\u2028½ m"


@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_is_whole_with_its_last_word_whatever_becomes_of_the_connection(
    wire: Wire, server: ScriptedServer, is_told: bool
) -> None:
    def lingering(handler: Handler) -> None:
        handler.begin_stream()
        handler.event(piece("The quay", "stop"))
        if is_told:
            handler.event("[DONE]")
        handler.wait(30)

    server.always = lingering
    assert ask(talker(wire, server.url, timeout=0.3)).text == "The quay"


@pytest.mark.parametrize("drip", [": ping\n\n", " "])
def test_a_server_that_says_nothing_for_long_is_silent_whatever_it_sends(
    wire: Wire, server: ScriptedServer, drip: str
) -> None:
    def dripping(handler: Handler) -> None:
        handler.begin_stream()
        handler.event(piece("The quay"))
        handler.wfile.write(b"5\r\ndata:\r\n" if drip == " " else b"")
        while True:
            handler.wfile.write(f"{len(drip):x}\r\n{drip}\r\n".encode())
            handler.wait(0.02)

    server.always = dripping
    with pytest.raises(ServerAway, match="no answer in time"):
        ask(talker(wire, server.url, timeout=0.5))


def test_connections_are_used_again(wire: Wire, server: ScriptedServer) -> None:
    one, ports = talker(wire, server.url), set()

    def noting(handler: Handler) -> None:
        ports.add(handler.client_address[1])
        say("The quay")(handler)

    server.always = noting
    assert {ask(one).text for _ in range(5)} == {"The quay"}
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("code", "kind"), [(400, Refused), (429, ServerBusy), (500, ServerAway), (408, ServerAway)]
)
def test_an_error_in_a_stream_is_whose_its_code_says(
    wire: Wire, server: ScriptedServer, code: int, kind: type[Exception]
) -> None:
    told = f'{{"error": {{"message": "the context is 512 tokens", "code": {code}}}}}'
    server.always = streamed(f"data: {told}\n\n")
    with pytest.raises(kind):
        ask(talker(wire, server.url))


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_without_end_is_given_up(wire: Wire, server: ScriptedServer, status: int) -> None:
    def flooding(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:
            handler.wfile.write(b'{"choices": "' + b"x" * (1 << 20))

    server.always = server.of_models = flooding
    one = talker(wire, server.url)
    for asking in (lambda: ask(one), lambda: one.post("/ocr", BODY), one.models):
        with pytest.raises(ServerAway, match="has no end"):
            asking()


def test_a_list_of_models_that_drips_does_not_hold_the_engine_up(
    wire: Wire, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dripping(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            handler.wait(0.05)

    server.of_models = dripping
    monkeypatch.setattr("ocrd.engine.remote.talk.LIST_SECONDS", 0.3)
    with pytest.raises(ServerAway, match="no whole answer in 0 s"):
        talker(wire, server.url).models()


def test_a_redirect_to_itself_is_not_followed(wire: Wire, server: ScriptedServer) -> None:
    def turning(handler: Handler) -> None:
        handler.reply(307, "", {"Location": f"{server.url}/chat/completions"})

    server.always = turning
    with pytest.raises(Refused, match=f"307: {server.url}"):
        ask(talker(wire, server.url))
    assert len(server.pages) == 1


@pytest.mark.parametrize(
    ("more", "context"),
    [
        ({"max_model_len": 8192}, 8192),
        ({"meta": {"n_ctx": 4096, "n_ctx_train": 8192}}, 4096),  # llama.cpp's
        ({"max_model_len": True, "meta": None}, 0),
        ({"max_model_len": -1, "meta": {"n_ctx": "many"}}, 0),
    ],
)
def test_a_models_context_is_heard(
    wire: Wire, server: ScriptedServer, more: Any, context: int
) -> None:
    server.of_models = lambda handler: handler.reply(200, {"data": [{"id": "m", **more}]})
    assert talker(wire, server.url).models() == [Model("m", context)]


@pytest.mark.parametrize("behaviour", [refuse(500, "x"), cut_off("x"), broken("x"), raw("x")])
def test_a_server_that_took_the_page_is_told_from_one_that_is_not_there(
    wire: Wire, server: ScriptedServer, behaviour: Any
) -> None:
    server.always = behaviour
    with pytest.raises(ServerAway) as caught:
        ask(talker(wire, server.url))
    assert caught.value.took_it
    server.stop()
    with pytest.raises(ServerAway) as caught:
        ask(talker(wire, server.url))
    assert not caught.value.took_it


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "maximum context length is 8192"),
        (401, "no key"),
        (404, "model not found"),
        (413, "too large"),
        (422, "unknown field"),
        (301, ""),
    ],
)
def test_a_refusal_is_told_with_the_servers_words(
    wire: Wire, server: ScriptedServer, status: int, words: str
) -> None:
    server.always = refuse(status, words)
    with pytest.raises(Refused) as caught:
        ask(talker(wire, server.url))
    assert caught.value.status == status
    assert words in str(caught.value)
    assert len(server.pages) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("99999", LONGEST_BUSY), ("soon", 2.0), ("nan", 2.0), ("-3", 0.0)],
)
def test_a_busy_server_says_for_how_long(
    wire: Wire, server: ScriptedServer, told: str, seconds: float
) -> None:
    for status in (429, 503):
        server.always = refuse(status, "busy", Retry_After=told)
        with pytest.raises(ServerBusy) as caught:
            ask(talker(wire, server.url))
        assert caught.value.seconds == seconds


def test_a_busy_server_may_say_until_when(wire: Wire, server: ScriptedServer) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    server.always = refuse(429, "busy", Retry_After=when)
    with pytest.raises(ServerBusy) as caught:
        ask(talker(wire, server.url))
    assert 80 < caught.value.seconds <= 90


def test_one_that_is_silent_is_away_after_its_time(wire: Wire, server: ScriptedServer) -> None:
    server.always = silent
    with pytest.raises(ServerAway, match="no answer in time"):
        ask(talker(wire, server.url, timeout=0.2))
    eventually(lambda: server.pages[0].left, what="the server sees that nobody waits")


def test_one_that_never_ends_is_away_after_the_whole_time(
    wire: Wire, server: ScriptedServer
) -> None:
    server.always = endless("word ")
    with pytest.raises(ServerAway, match="no whole answer in 0 s"):
        ask(talker(wire, server.url, limit=0.3))


def test_who_stops_listening_ends_the_request_on_the_server(
    wire: Wire, server: ScriptedServer
) -> None:
    server.always = endless("word ")
    pieces: list[str] = []

    def enough(piece: str) -> None:
        pieces.append(piece)
        if len(pieces) == 3:
            raise OverflowError

    with pytest.raises(OverflowError):
        talker(wire, server.url).chat(BODY, enough)
    ended_at = time.monotonic()
    eventually(lambda: server.pages[0].left, what="the request is closed")
    assert server.pages[0].left - ended_at < 4.0  # a second on a quiet machine


@pytest.mark.parametrize("behaviour", [silent, endless("word ")], ids=["silent", "endless"])
@pytest.mark.parametrize("path", ["chat", "post"])
def test_a_page_that_is_cancelled_ends_its_request_at_any_point(
    wire: Wire, server: ScriptedServer, behaviour: Any, path: str
) -> None:
    server.always = behaviour
    telling = Telling(Recognise(1, ""), lambda _: None)
    one = talker(wire, server.url)

    def cancel() -> None:
        eventually(lambda: server.pages, what="the request is there")
        telling.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(BrokenOff):
        if path == "chat":
            one.chat(BODY, lambda _: None, telling.when_cancelled)
        else:
            one.post("/ocr", BODY, telling.when_cancelled)
    eventually(lambda: server.pages[0].left, what="the request is closed")
    server.always = None
    assert ask(one).text == server.text  # the next one goes well


# Keys, certificates, proxies


def test_a_key_goes_along_and_into_no_message(
    wire: Wire, server: ScriptedServer, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    one = talker(wire, server.url, key_file=str(file))
    ask(one)
    assert server.pages[0].headers["Authorization"] == f"Bearer {KEY}"
    for behaviour in (refuse(401, f"{KEY} is none"), refuse(500, f"{KEY}?"), broken(f"no {KEY}")):
        server.always = behaviour
        with pytest.raises((Refused, ServerAway)) as caught:
            ask(one)
        assert KEY not in str(caught.value)
        assert "…" in str(caught.value)


@pytest.mark.parametrize("text", ["", "two\nlines", "with a blank", "ümlaut"])
def test_what_is_no_key_is_refused_without_showing_it(
    wire: Wire, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(EngineUnusableError) as caught:
        talker(wire, "http://127.0.0.1:9/v1", key_file=str(file))
    assert str(file) in caught.value.what
    assert not text or text not in caught.value.what


def test_a_missing_file_and_an_odd_proxy_are_said(wire: Wire, tmp_path: Path) -> None:
    for more in ({"key_file": str(tmp_path / "none")}, {"ca_file": str(tmp_path / "none")},
                 {"proxy": "gopher://x"}):  # fmt: skip
        with pytest.raises(EngineUnusableError):
            talker(wire, "http://127.0.0.1:9/v1", **more)


@pytest.fixture(scope="module", name="authority")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_an_authority_of_ones_own(wire: Wire, authority: Authority) -> None:
    own = authority.sign("server")
    with serving(tls=authority.server_side(own)) as server:
        ca_file = str(authority.certificate)
        assert ask(talker(wire, server.url, ca_file=ca_file)).text == server.text
        with pytest.raises(ServerAway, match="certificate verify failed"):
            ask(talker(wire, server.url))


def test_a_certificate_that_is_over_is_said(wire: Wire, authority: Authority) -> None:
    over = authority.sign("over", is_over=True)
    with serving(tls=authority.server_side(over)) as server:
        with pytest.raises(ServerAway, match="certificate has expired") as caught:
            ask(talker(wire, server.url, ca_file=str(authority.certificate)))
        assert not caught.value.took_it


def test_a_client_certificate(wire: Wire, authority: Authority) -> None:
    own, client = authority.sign("picky"), authority.sign("client")
    with serving(tls=authority.server_side(own, wants_client=True)) as server:
        ca_file = str(authority.certificate)
        shown = talker(
            wire, server.url, ca_file=ca_file,
            client_cert=str(client.chain), client_key=str(client.key),
        )  # fmt: skip
        assert ask(shown).text == server.text
        with pytest.raises(ServerAway):
            ask(talker(wire, server.url, ca_file=ca_file))


def test_a_proxy_is_used_where_it_is_named_and_none_of_the_environment(
    wire: Wire, authority: Authority, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(talker(wire, server.url)).text == server.text
    tls = authority.server_side(authority.sign("behind"))
    with proxying() as proxy, serving(tls=tls) as secure:
        assert ask(talker(wire, server.url, proxy=proxy.url)).text == server.text
        ca_file = str(authority.certificate)
        behind = talker(wire, secure.url, proxy=proxy.url, ca_file=ca_file)
        assert ask(behind).text == secure.text
        assert [line.split()[0] for line in proxy.asked] == ["POST", "CONNECT"]
