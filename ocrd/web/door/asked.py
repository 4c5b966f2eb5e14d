"""What a request wants of the warm model, in the words of its API, and the reading of it.

The prompts are those of the models' cards. An engine that reads lines has the tasks "markdown" and
"text" alone: it takes what asks for one of them in plain words, too, and refuses the rest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import Request

from ocrd.direct import Answer, Question, require_possible
from ocrd.errors import RequestError
from ocrd.job import PageRead
from ocrd.reading import InterruptedReadingError
from ocrd.tasks import (
    AS_CONFIGURED,
    IMAGE_TEXT,
    LONGEST_PROMPT,
    MODES,
    SIZES,
    SIZES_OF,
    Decoding,
    Task,
)
from ocrd.uploads import safe_name
from ocrd.web.door.house import House
from ocrd.web.door.receiving import gone
from ocrd.web.door.sink import Received

T = TypeVar("T")

NAMELESS = "The document"  # that came without a name
GROUNDING = "<|grounding|>"
_LOCATE = re.compile(
    r"locate\s*<\|ref\|>(.+?)<\|/ref\|>\s*in the image\.?", re.IGNORECASE | re.DOTALL
)
_KNOWN = {  # by the words of a prompt, without marks and case
    "convert the document to markdown": "markdown",
    "document parsing": "markdown",
    "free ocr": "text",
    "ocr this image": "text",
    "parse the figure": "figure",
    "describe this image in detail": "describe",
}
_TO_MARKDOWN = re.compile(r"\bmark\s?down\b", re.IGNORECASE)
# One after the other, each from where the last one was found: as one pattern with .* between them,
# a prompt of a hundred thousand letters takes minutes.
_OCR = re.compile(r"\bocr\b", re.IGNORECASE)
_TAKE = re.compile(r"\b(extract|read|transcribe|recogni[sz]e|return|get)\b", re.IGNORECASE)
_TEXT = re.compile(r"\b(text|words|document|image|page)\b", re.IGNORECASE)
LINE_KINDS = ("rapidocr", "tesseract")  # kinds that read lines: no sizes, no tokens, no sampling


def task_asked(
    kind: str, prompt: str = "", *, size: str = "", decoding: Decoding = AS_CONFIGURED,
    default: str = "markdown", mode: str = "", target: str = "",
) -> Task:  # fmt: skip
    """Return the task that a prompt asks an engine of this kind for, or a ``mode`` by its name.

    Raises RequestError for a size that no model has, AlienTaskError for a task that the engine does
    not have.
    """
    if len(prompt) > LONGEST_PROMPT:
        raise RequestError(
            f"The prompt is longer than {LONGEST_PROMPT} characters.", hint="Ask in fewer words.",
            status=HTTPStatus.UNPROCESSABLE_ENTITY, code="values",
        )  # fmt: skip
    if size and size not in SIZES:
        raise RequestError(
            f"There is no size {size!r}.", hint=f"There are {', '.join(SIZES)}.",
            status=HTTPStatus.UNPROCESSABLE_ENTITY, code="size",
        )  # fmt: skip
    named = Task(mode, target=target, prompt=prompt) if mode else _worded(kind, prompt, default)
    task = replace(named, decoding=decoding, size=size)
    if size and size not in SIZES_OF.get(kind, ()):  # of an engine with one size only
        task = replace(task, size="")
    if kind in LINE_KINDS:
        task = replace(task, decoding=replace(decoding, temperature=0.0))
    require_possible(task, kind)
    return task


def _worded(kind: str, prompt: str, default: str) -> Task:
    """Return the task of a prompt's words."""
    bare = prompt.replace(IMAGE_TEXT, "").replace(GROUNDING, "").strip()
    if not bare:
        return Task(default)
    has = MODES.get(kind, ())
    if match := _LOCATE.fullmatch(bare):
        if "locate" in has or "prompt" not in has:
            return Task("locate", target=match[1].strip())
        return Task("prompt", prompt=prompt)
    mode = _KNOWN.get(" ".join(bare.casefold().rstrip(".").split()), "")
    if mode and (mode in has or "prompt" not in has):
        return Task(mode)
    if "prompt" not in has:
        if _TO_MARKDOWN.search(bare):
            return Task("markdown")
        if _is_for_text(bare):
            return Task("text")
    return Task("prompt", prompt=prompt)


def _is_for_text(words: str) -> bool:
    """Say whether words ask for the text alone."""
    take = _TAKE.search(words)
    return bool(_OCR.search(words) or (take and _TEXT.search(words, take.end())))


def kind_of(house: House, engine: str) -> str:
    """Return the kind of an engine; raise UnknownEngineError."""
    house.direct.engine(engine)
    settings = house.settings()
    return (settings.engine if engine == "default" else settings.engines[engine]).kind


def default_engine(house: House) -> str:
    """Return the name of the engine that reads where nobody names one."""
    return house.settings().api.engine or "default"


async def read(
    house: House,
    request: Request,
    document: Received,
    task: Task,
    *,
    engine: str = "",
    pages: tuple[tuple[int, int], ...] = (),
    most_pages: int | None = None,
    on_text: Callable[[int, str, bool], None] | None = None,
    on_page: Callable[[PageRead], None] | None = None,
) -> Answer:
    """Read a document while its client waits; one who goes away takes his pages with him.

    Raises RequestError and the OcrdErrors of what cannot be read.
    """
    settings = house.settings().api
    question = Question(
        document.path, task, engine or default_engine(house), pages, settings.priority,
        most_pages or settings.max_direct_pages, on_text, on_page,
        name=safe_name(document.name) if document.name else "",
    )  # fmt: skip
    return await while_there(request, answered(house, question))


async def answered(house: House, question: Question) -> Answer:
    """Read a document; raise RequestError where the daemon is paused, or stops meanwhile."""
    if house.is_paused():
        raise RequestError(
            "The daemon is paused.", hint="Ask again when it goes on (ocrd resume).",
            status=HTTPStatus.SERVICE_UNAVAILABLE, code="paused",
        )  # fmt: skip
    if not question.name:
        question = replace(question, name=NAMELESS)
    try:
        return await house.direct.read(question)
    except InterruptedReadingError:
        raise stopping() from None


def stopping() -> RequestError:
    """Return the refusal of a daemon that stops."""
    return RequestError(
        "The daemon stops.", hint="Ask again when it is back.",
        status=HTTPStatus.SERVICE_UNAVAILABLE, code="stopping",
    )  # fmt: skip


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what ``work`` does; end it if the client goes away. The body has to be read before."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise gone()
    finally:
        for one in (task, left):
            one.cancel()
        await asyncio.wait({task, left})


async def _left(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return


Work = Callable[[Callable[[T], None]], Coroutine[Any, Any, Any]]  # is given what takes pieces


@asynccontextmanager
async def streamed(work: Work[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Run ``work``, which is given what takes the pieces of an answer; provide them as they come.

    What it raises is raised after the last piece. Leaving the context ends it.
    """
    pieces: asyncio.Queue[T | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(pieces.put_nowait))
    task.add_done_callback(lambda _: pieces.put_nowait(None))

    async def come() -> AsyncIterator[T]:
        while (piece := await pieces.get()) is not None:
            yield piece
        task.result()

    try:
        yield come()
    finally:
        task.cancel()
        await asyncio.wait({task})
