"""What a prompt asks for, in the words of the models' cards and in people's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.requests import Request

from ocrd.errors import AlienTaskError, RequestError
from ocrd.tasks import Decoding, Task
from ocrd.web.door.asked import streamed, task_asked, while_there

V1, V2, LINES = "deepseek-ocr", "deepseek-ocr-2", "rapidocr"
IMAGE, GROUNDED = "<image>\n", "<image>\n<|grounding|>"
EVERY = (V1, V2, LINES, "tesseract", "unlimited-ocr")


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("", "markdown"),
        ("<image>", "markdown"),
        (f"{IMAGE}Free OCR.", "text"),
        (f"{IMAGE}Free OCR. ", "text"),
        ("free ocr", "text"),
        (f"{GROUNDED}Convert the document to markdown.", "markdown"),
        (f"{GROUNDED}Convert the document to markdown. ", "markdown"),
        ("Convert  the\ndocument to Markdown", "markdown"),
    ],
)
def test_the_words_of_the_cards_are_tasks_of_every_engine(
    kind: str, prompt: str, mode: str
) -> None:
    assert task_asked(kind, prompt) == Task(mode)


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        (f"{IMAGE}Parse the figure.", Task("figure")),
        (f"{IMAGE}Describe this image in detail.", Task("describe")),
        (f"{IMAGE}Locate <|ref|>the date<|/ref|> in the image.", Task("locate", target="the date")),
    ],
)
def test_what_one_model_alone_was_made_for_is_its_task(prompt: str, task: Task) -> None:
    assert task_asked(V1, prompt) == task
    assert task_asked(V2, prompt) == Task("prompt", prompt=prompt)  # at the asker's own risk
    with pytest.raises(AlienTaskError, match="was not made for"):
        task_asked(LINES, prompt)


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("Extract all text", "text"),
        (f"{IMAGE}Extract all text", "text"),
        ("Please transcribe the document.", "text"),
        ("OCR", "text"),
        ("Return the text of this image as Markdown", "markdown"),
        ("Turn this page into mark down", "markdown"),
    ],
)
def test_plain_words_for_a_reading_are_one_for_engines_that_read_lines(
    prompt: str, mode: str
) -> None:
    assert task_asked(LINES, prompt) == Task(mode)
    assert task_asked(V2, prompt) == Task("prompt", prompt=prompt)


@pytest.mark.parametrize("prompt", ["Who wrote this?", "What is the total?", "Translate it."])
def test_other_questions_are_refused_by_engines_that_read_lines(prompt: str) -> None:
    with pytest.raises(AlienTaskError):
        task_asked(LINES, prompt)


def test_a_size_counts_where_an_engine_has_it_and_is_one_in_any_case() -> None:
    assert task_asked(V1, size="gundam").size == "gundam"
    assert task_asked("unlimited-ocr", size="tiny").size == ""
    assert task_asked(V2, size="base").size == task_asked(LINES, size="base").size == ""
    for kind in EVERY:
        with pytest.raises(RequestError, match="no size 'huge'"):
            task_asked(kind, size="huge")


def test_a_temperature_is_the_models_and_nothing_to_engines_that_read_lines() -> None:
    warm = Decoding(max_tokens=100, temperature=0.7)
    assert task_asked(V2, decoding=warm).decoding == warm
    assert task_asked(LINES, decoding=Decoding(temperature=9.0)).decoding.temperature == 0.0
    with pytest.raises(AlienTaskError, match="temperature"):
        task_asked(V2, decoding=Decoding(temperature=9.0))


@pytest.mark.parametrize(
    ("told", "task"),
    [
        ({"mode": "text"}, Task("text")),
        ({"mode": "locate", "target": "it"}, Task("locate", target="it")),
        ({"mode": "prompt", "prompt": "What?"}, Task("prompt", prompt="What?")),
    ],
)
def test_a_task_may_be_named(told: dict[str, str], task: Task) -> None:
    assert task_asked(V1, **told) == task  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "told", [{"mode": "locate"}, {"mode": "prompt"}, {"mode": "text", "prompt": "What?"},
             {"mode": "text", "target": "it"}],
)  # fmt: skip
def test_a_task_without_what_it_needs_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(AlienTaskError):
        task_asked(V1, **told)  # type: ignore[arg-type]


class Client:
    """The other end of a request: there until it leaves."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.request = Request({"type": "http", "headers": []}, self._receive)

    async def _receive(self) -> dict[str, str]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}


async def test_work_ends_with_who_waits_for_it() -> None:
    client, ended = Client(), asyncio.Event()

    async def work() -> None:
        client.leaves.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(RequestError) as caught:
        await while_there(client.request, work())
    assert (caught.value.status, ended.is_set()) == (499, True)


async def test_what_work_returns_or_raises_is_the_answer() -> None:
    async def work() -> int:
        return 7

    async def fails() -> int:
        raise AlienTaskError("No.")

    assert await while_there(Client().request, work()) == 7
    with pytest.raises(AlienTaskError):
        await while_there(Client().request, fails())


async def test_pieces_come_before_the_end_and_an_error_after_them() -> None:
    goes_on = asyncio.Event()

    async def work(tell: Callable[[str], None]) -> None:
        tell("one")
        await goes_on.wait()
        tell("two")
        raise AlienTaskError("No.")

    heard = []
    async with streamed(work) as pieces:
        with pytest.raises(AlienTaskError):
            async for piece in pieces:
                heard.append(piece)
                goes_on.set()
    assert heard == ["one", "two"]


async def test_who_listens_no_more_ends_the_work() -> None:
    ended = asyncio.Event()

    async def work(tell: Callable[[str], None]) -> None:
        tell("one")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with streamed(work) as pieces:
        assert await anext(pieces) == "one"
    assert ended.is_set()
