"""OpenAI's API, asked by its own client: what is read, streamed, counted, refused and cancelled."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import io
import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from PIL import Image

from tests import api, checkpoints
from tests.engines import illustrator, streamer
from tests.flow.served import LINES, Server, data_url, draw, odd, server
from tests.installation import LETTER, eventually, make_pdf

TEXT = streamer.TEXT.strip()
WORDS = 17  # of it, each a token of the scripted engine
MARKDOWN = "<|grounding|>Convert the document to markdown."
SOON_SECONDS = 1.0  # in which a slot is to be free whose client is gone
AT_A_TIME = 4

ENGINES = """
[engines.lines]
kind = "rapidocr"
slots = 1
threads = 1

[engines.slow]
kind = "module"
module = "tests.engines.streamer"
options = { delay = 0.02, text = "%s", capacity = 8 }

[engines.twice]
kind = "module"
module = "tests.engines.streamer"
options = { delay = 0.02, again = 9 }

[engines.fickle]
kind = "module"
module = "tests.engines.streamer"
options = { delay = 0.06, first = "round and round and round" }

[engines.dying]
kind = "module"
module = "tests.engines.streamer"
restart_backoff = "50ms"
options = { delay = 0.02, die_after = 12, once = "%s" }

[engines.marked]
kind = "module"
module = "tests.engines.illustrator"

[engines.weary]
kind = "module"
module = "tests.engines.illustrator"
options = { refuse = 1 }
"""
STREAMER = 'kind = "module"\nmodule = "tests.engines.streamer"\noptions = { delay = 0.005 }'


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("openai")
    long = " ".join(f"word{number}" for number in range(2000))

    def start(one: Server) -> None:
        limits = f"max_requests = {AT_A_TIME}\nmax_direct_pages = 5"
        one.serve(STREAMER, limits, ENGINES % (long, root))

    with server(root, start) as one:
        yield one


@pytest.fixture(name="client", scope="module")
def _client(served: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0) as client:
        yield client


def image(path: Path = LETTER) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(path)}}


def text(words: str = MARKDOWN) -> dict[str, Any]:
    return {"type": "text", "text": words}


def user(*parts: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [*parts]}]


def asked(client: OpenAI, messages: list[Any], model: str = "default", **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=messages, **more)


def streamed(client: OpenAI, messages: list[Any], model: str = "default", **more: Any) -> list[Any]:
    return [*asked(client, messages, model, stream=True, **more)]


def joined(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def pdf(tmp_path: Path, pages: int) -> Path:
    path = tmp_path / "book.pdf"
    make_pdf(path, pages)
    return path


# What may be asked


def test_models_are_engines_by_their_own_name_and_by_their_models(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"default", "lines", "slow", "marked"} <= set(listed)
    assert next(iter(listed)) == "default"
    assert client.models.retrieve("lines").id == "lines"
    assert client.models.retrieve("rapidocr").engine == "lines"  # type: ignore[attr-defined]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    "messages",
    [
        user(image(), text()),
        user(text(), image()),
        user(image()),
        [{"role": "system", "content": "You are a poet."}, *user(text("Free OCR."), image())],
        [{"role": "user", "content": MARKDOWN}, *user(image())],
        [*user(image()), {"role": "assistant", "content": "x"}, {"role": "user", "content": "OCR"}],
    ],
    ids=["image first", "text first", "image alone", "system", "text before", "asked again"],
)
def test_parts_come_in_any_order(client: OpenAI, messages: list[Any]) -> None:
    answer = asked(client, messages)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (streamer.PROMPT_TOKENS, WORDS)
    assert usage.total_tokens == streamer.PROMPT_TOKENS + WORDS
    assert not hasattr(usage, "estimated")
    assert answer.pages[0]["confidence"] == pytest.approx((16 * 0.9 + 0.5) / 17, abs=1e-3)
    assert answer.pages[0]["least"] == 0.5


def test_several_images_are_pages_in_order(client: OpenAI, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 400), 255).save(blank)
    answer = asked(client, user(image(), text(), image(blank), image()))
    assert answer.choices[0].message.content == f"{TEXT}\n\n{TEXT}"
    assert answer.usage.completion_tokens == 2 * WORDS
    assert [(page["document"], page["status"]) for page in answer.pages] == [
        (1, "doubtful"), (2, "blank"), (3, "doubtful"),
    ]  # fmt: skip
    assert joined(streamed(client, user(image(), text(), image(blank), image()))) == (
        f"{TEXT}\n\n{TEXT}"
    )


def test_a_pdf_is_a_file_part_or_a_file_that_was_left(client: OpenAI, tmp_path: Path) -> None:
    book = pdf(tmp_path, 2)
    part = {"type": "file", "file": {"filename": "b.pdf", "file_data": data_url(book, "x/pdf")}}
    answer = asked(client, user(part, text()))
    assert answer.choices[0].message.content == f"{TEXT}\n\n{TEXT}"
    assert [page["page"] for page in answer.pages] == [1, 2]
    left = client.files.create(file=book, purpose="user_data")
    assert (left.filename, left.bytes) == ("book.pdf", book.stat().st_size)
    again = asked(client, user({"type": "file", "file": {"file_id": left.id}}))
    assert again.choices[0].message.content == answer.choices[0].message.content
    assert client.files.delete(left.id).deleted
    with pytest.raises(openai.NotFoundError):
        asked(client, user({"type": "file", "file": {"file_id": left.id}}))


def test_an_answer_ends_at_its_length_and_before_a_stop(client: OpenAI) -> None:
    limits: list[dict[str, Any]] = [{"max_tokens": 4}, {"max_completion_tokens": 4}]
    for limit in limits:
        short = asked(client, user(image()), **limit)
        assert short.choices[0].message.content == "# A heading\n\nFour"
        assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 4)
    stopped = asked(client, user(image()), stop=["words"], temperature=0.3)
    assert stopped.choices[0].message.content == "# A heading\n\nFour"
    assert stopped.choices[0].finish_reason == "stop"


def test_marks_are_left_in_for_who_asks_for_them(client: OpenAI) -> None:
    answer = asked(client, user(image()), "marked")
    assert answer.choices[0].message.content == "# An illustrated page\n\nBetween the figures."
    whole = asked(client, user(image()), "marked", extra_body={"skip_special_tokens": False})
    assert whole.choices[0].message.content == illustrator.MARKUP.strip()


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_with_the_boxes_is_made_for_who_asks(client: OpenAI, stream: bool) -> None:
    more: dict[str, Any] = {"extra_body": {"return_image": True}}
    if stream:
        *_, answer = streamed(client, user(image()), "marked", **more)
    else:
        answer = asked(client, user(image()), "marked", **more)
    assert answer.system_fingerprint is None
    with Image.open(io.BytesIO(base64.b64decode(answer.result_image_base64))) as drawn:
        assert drawn.format == "JPEG"
        assert min(drawn.size) > 400


def test_it_is_asked_without_v1_too(served: Server) -> None:
    with OpenAI(base_url=served.url, api_key=served.key) as client:
        assert asked(client, user(image())).choices[0].message.content == TEXT
        assert client.models.list().data[0].id == "default"


# Streams


@pytest.mark.parametrize("model", ["default", "twice", "dying", "marked"])
def test_what_is_streamed_is_the_answer(client: OpenAI, model: str) -> None:
    """Also of a page that is begun again, and of one whose worker died in the middle."""
    chunks = streamed(client, user(image(), text()), model, stream_options={"include_usage": True})
    whole = asked(client, user(image(), text()), model)
    assert joined(chunks) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:-1]] == ["stop"]
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    if model in {"twice", "dying"}:
        assert len(chunks) > 5


def test_a_page_that_is_read_again_as_another_ends_its_stream_and_no_answer(
    client: OpenAI,
) -> None:
    heard = []
    with pytest.raises(openai.APIError, match="what was sent of it is void") as caught:
        for chunk in asked(client, user(image()), "fickle", stream=True):
            heard.append(chunk)
    assert joined(heard).startswith("round")
    assert (caught.value.code, caught.value.type) == ("read-again", "server_error")
    events = list(client.responses.create(model="fickle", input=inputs(picture()), stream=True))
    assert events[-1].type == "response.failed"
    assert events[-1].response.error is not None
    assert "void" in events[-1].response.error.message
    assert asked(client, user(image()), "fickle").choices[0].message.content == TEXT


def test_a_stream_says_its_length_and_no_usage_that_nobody_asked_for(client: OpenAI) -> None:
    chunks = streamed(client, user(image()), max_tokens=4)
    assert joined(chunks) == "# A heading\n\nFour"
    assert chunks[-1].choices[0].finish_reason == "length"
    assert all(chunk.usage is None for chunk in chunks)


async def test_the_asynchronous_client_reads_and_streams(served: Server) -> None:
    async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client:
        messages = user(image(), text())
        answers = await asyncio.gather(
            *(
                client.chat.completions.create(model="default", messages=messages)
                for _ in range(AT_A_TIME - 1)
            )
        )
        assert {answer.choices[0].message.content for answer in answers} == {TEXT}
        stream = await client.chat.completions.create(
            model="default", messages=messages, stream=True
        )
        assert joined([chunk async for chunk in stream]) == TEXT


def test_a_client_that_goes_away_frees_its_slot(served: Server, client: OpenAI) -> None:
    def of_stream() -> Callable[[], None]:
        stream = asked(client, user(image()), "slow", stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        return stream.close  # type: ignore[no-any-return]

    waits = []
    for _ in range(3):  # the machine may be busy with others
        leave = of_stream()
        assert served.at_work() == 1
        leave()
        began = time.monotonic()
        eventually(served.is_idle, 10, interval=0.01)
        waits.append(time.monotonic() - began)
    assert min(waits) <= SOON_SECONDS
    impatient = client.with_options(timeout=1.0)
    with pytest.raises(openai.APITimeoutError):
        asked(impatient, user(image()), "slow")
    eventually(served.is_idle, 10)


@pytest.fixture(name="ending")
def _ending(tmp_path: Path) -> Iterator[Server]:
    """Have a server that the test ends."""
    long = " ".join(f"word{number}" for number in range(200))
    server = Server(tmp_path)
    options = f'options = {{ delay = 0.02, text = "{long}", capacity = 2 }}'
    server.serve(f'kind = "module"\nmodule = "tests.engines.streamer"\n{options}')
    yield server
    server.stop()


def test_a_daemon_that_stops_finishes_the_pages_that_it_reads(ending: Server) -> None:
    served = ending
    with (
        OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0) as client,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        whole = pool.submit(asked, client, user(image()))
        stream = asked(client, user(image()), stream=True)
        chunks = [next(stream)]
        eventually(lambda: served.at_work() == 2, 30, interval=0.01)
        served.signal(signal.SIGTERM)
        chunks += stream
        assert joined(chunks) == whole.result().choices[0].message.content
        assert joined(chunks).endswith("word199")
        assert chunks[-1].choices[0].finish_reason == "stop"
    assert served.stop() == 0
    assert "Traceback" not in served.log.read_text()


# Responses


def inputs(*parts: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [*parts]}]


def picture() -> dict[str, Any]:
    return {"type": "input_image", "image_url": data_url(LETTER), "detail": "auto"}


def test_responses_are_the_same_text(client: OpenAI) -> None:
    asked_for = inputs(picture(), {"type": "input_text", "text": "Free OCR."})
    response = client.responses.create(model="default", input=asked_for)
    assert (response.output_text, response.status) == (TEXT, "completed")
    assert response.usage is not None
    assert response.usage.input_tokens == streamer.PROMPT_TOKENS
    assert response.usage.output_tokens == WORDS
    with client.responses.stream(model="default", input=asked_for) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == TEXT
    assert final.usage == response.usage


def test_a_response_that_is_cut_is_incomplete(client: OpenAI, tmp_path: Path) -> None:
    book = {"type": "input_file", "filename": "b.pdf", "file_data": data_url(pdf(tmp_path, 1))}
    response = client.responses.create(model="default", input=inputs(book), max_output_tokens=4)
    assert (response.status, response.output_text) == ("incomplete", "# A heading\n\nFour")
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


async def test_responses_are_streamed_to_the_asynchronous_client(served: Server) -> None:
    async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client:
        stream = await client.responses.create(
            model="twice", input=inputs(picture()), stream=True
        )
        events = [event async for event in stream]
    assert [event.sequence_number for event in events] == [*range(len(events))]
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == TEXT


# Refusals


@pytest.mark.parametrize(
    ("messages", "more", "param"),
    [
        ([{"role": "user", "content": "Hello?"}], {}, "messages"),
        ([], {}, "messages"),
        (user({"type": "input_audio", "input_audio": {}}), {}, "messages[0].content[0]"),
        (user({"type": "image_url", "image_url": {}}), {}, "messages[0].content[0].image_url"),
        (user(image()), {"n": 2}, "n"),
        (user(image()), {"max_tokens": 0}, "max_tokens"),
        (user(image()), {"temperature": 3}, "temperature"),
        (user(image()), {"stop": [""]}, "stop"),
        (user(image()), {"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_what_is_not_understood_is_refused_by_the_field(
    client: OpenAI, messages: list[Any], more: dict[str, Any], param: str
) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            asked(client, messages, stream=stream, **more)
        assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")


SHARE = 8  # of the odd values; tests/unit/web/test_asked.py has them all
NOTHING = "data:image/png;base64,@"  # so that nothing is read, whatever is asked


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {
                "model": "default", "messages": [
                    {"role": "user", "content": [
                        {"type": "text", "text": "x"},
                        {"type": "image_url", "image_url": {"url": NOTHING}},
                        {"type": "file", "file": {"file_data": NOTHING, "filename": "a"}},
                    ]},
                ], "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 5,
                "temperature": 0.5, "stop": ["x"], "n": 1, "response_format": {"type": "text"},
                "size": "base", "skip_special_tokens": True, "return_image": True,
            },
        ),
        (
            "/v1/responses",
            {
                "model": "default", "input": [
                    {"role": "user", "content": [{"type": "input_image", "image_url": NOTHING}]},
                ], "stream": True, "max_output_tokens": 5, "text": {"format": {"type": "text"}},
                "background": False, "previous_response_id": None,
            },
        ),
    ],
    ids=["chat", "responses"],
)  # fmt: skip
def test_odd_values_are_refused_and_nothing_else(served: Server, path: str, body: Any) -> None:
    with api.asking(served) as client:
        for one in odd(body, SHARE):
            answer = client.post(path, content=json.dumps(one).encode())
            assert 400 <= answer.status_code < 500, one
            assert answer.json()["error"]["type"], one


def of_url(url: str) -> list[Any]:
    return user({"type": "image_url", "image_url": {"url": url}})


@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_read_is_refused_with_its_cause(client: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="Base64"):
        asked(client, of_url("data:image/png;base64,@@@"), stream=stream)
    nothing = base64.b64encode(b"no image at all").decode()
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        asked(client, of_url(f"data:image/png;base64,{nothing}"), stream=stream)
    assert caught.value.code in {"unsupported", "corrupt", "broken"}
    with pytest.raises(openai.UnprocessableEntityError, match="not fetched"):
        asked(client, of_url("http://127.0.0.1:1/a.png"), stream=stream)
    with pytest.raises(openai.UnprocessableEntityError, match="could not be read"):
        asked(client, user(image()), "weary", stream=stream)
    with pytest.raises(openai.NotFoundError) as unknown:
        asked(client, user(image()), "gpt-9", stream=stream)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.UnprocessableEntityError, match="describe"):
        asked(client, user(image(), text("Describe this image in detail.")), "lines", stream=stream)


def test_a_page_that_cannot_be_read_is_said_in_its_place(client: OpenAI, tmp_path: Path) -> None:
    book = user({"type": "file", "file": {"file_data": data_url(pdf(tmp_path, 2))}})
    answer = asked(client, book, "weary")
    said, *rest = answer.choices[0].message.content.split("\n\n")
    assert said.startswith("> **Page 1 could not be read.** ")
    assert rest == ["# An illustrated page", "Between the figures."]
    assert [page["status"] for page in answer.pages] == ["failed", "read"]
    assert joined(streamed(client, book, "weary")) == answer.choices[0].message.content


def test_too_many_pages_are_no_chat(client: OpenAI, tmp_path: Path) -> None:
    book = {"type": "file", "file": {"file_data": data_url(pdf(tmp_path, 3))}}
    for parts in ([book, book], [image()] * 6):
        with pytest.raises(openai.APIStatusError) as caught:
            asked(client, user(*parts))
        assert (caught.value.status_code, caught.value.code) == (413, "too-many-pages")


def test_keys_are_asked_for(served: Server) -> None:
    for key in ("ocrd_wrong-and-long-enough-to-be-one", "x"):
        with OpenAI(base_url=f"{served.url}/v1", api_key=key) as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                asked(client, user(image()))
            assert caught.value.code == "invalid_api_key"
    reader = served.new_key("reader", "read")
    with (
        OpenAI(base_url=f"{served.url}/v1", api_key=reader) as client,
        pytest.raises(openai.PermissionDeniedError),
    ):
        asked(client, user(image()))


def test_one_too_many_at_a_time_is_told_to_come_again(served: Server, client: OpenAI) -> None:
    streams = [asked(client, user(image()), "slow", stream=True) for _ in range(AT_A_TIME)]
    with pytest.raises(openai.RateLimitError) as caught:
        asked(client, user(image()))
    assert caught.value.response.headers["retry-after"] == "1"
    for stream in streams:
        stream.close()
    eventually(served.is_idle, 10)
    patient = client.with_options(max_retries=5)
    assert asked(patient, user(image())).choices[0].message.content == TEXT


# Engines that are none of ours


@pytest.fixture(name="page", scope="module")
def _page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("page") / "page.png")


def test_the_embedded_engine_streams_its_lines_and_estimates_its_tokens(
    client: OpenAI, page: Path
) -> None:
    messages = user(image(page), text("Extract all text from this image."))
    chunks = streamed(client, messages, "lines", stream_options={"include_usage": True})
    assert joined(chunks) == "\n".join(LINES)
    whole = asked(client, messages, "lines")
    assert whole.choices[0].message.content == " ".join(LINES), "laid out: they are a paragraph"
    assert whole.usage.estimated
    assert chunks[-1].usage == whole.usage
    assert whole.usage.completion_tokens == -(-len("\n".join(LINES)) // 4)
    cut = asked(client, messages, "lines", max_tokens=5)
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == (
        LINES[0][:20], "length",
    )  # fmt: skip
    stopped = asked(client, messages, "lines", stop="boat")
    assert stopped.choices[0].message.content == f"{LINES[0]} Every "


def test_the_embedded_engine_lays_a_document_out_as_markdown(client: OpenAI, page: Path) -> None:
    messages = user(image(page), text("Convert this to Markdown, please."))
    whole = asked(client, messages, "lines")
    assert whole.choices[0].message.content == " ".join(LINES)
    assert joined(streamed(client, messages, "lines")) == whole.choices[0].message.content


@pytest.mark.timeout(300)
def test_a_models_tokens_are_streamed_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "The harbour was dredged in spring; " + " ".join(f"berth{n} is open" for n in range(60))
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", said)

    def start(one: Server) -> None:
        settings = 'kind = "deepseek-ocr-2"\ndevice = "cpu"\nmax_tiles = 2\nturn = false'
        one.serve(f'{settings}\nmodel = "{model}"', env={"OMP_NUM_THREADS": "1"})

    (tmp_path / "root").mkdir()
    with (
        server(tmp_path / "root", start) as one,
        OpenAI(base_url=f"{one.url}/v1", api_key=one.key, timeout=240) as client,
    ):
        assert client.models.retrieve("deepseek-ocr-2").id == "deepseek-ocr-2"
        messages = user(image(), text())
        chunks = streamed(client, messages, stream_options={"include_usage": True})
        pieces = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
        whole = asked(client, messages)
    assert len(pieces) > 1, "as they come; a fast machine tells several at a time"
    assert joined(chunks) == said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert whole.usage.completion_tokens == checkpoints.tokens_of(said)
    assert whole.usage.prompt_tokens > 256
    assert not hasattr(whole.usage, "estimated")


def test_the_lines_of_the_documentation_do_what_they_say(served: Server, tmp_path: Path) -> None:
    said = served.follow("openai", tmp_path)
    assert said.count("# A heading") == 4, "the letter has two pages"
    assert f"of its own. {streamer.PROMPT_TOKENS + WORDS}\n" in said
