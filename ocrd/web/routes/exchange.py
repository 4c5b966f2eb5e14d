"""One exchange with a model in OpenAI's manner: what is asked, read at once or told as it comes.

Whatever an exchange holds (its turn, its documents on the disk, its work) is let go when its answer
is over, or its client is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ocrd.errors import OcrdError
from ocrd.tasks import LONGEST_STOP, MAX_STOPS, MAX_TEMPERATURE, Decoding
from ocrd.web.door.asked import kind_of, streamed, task_asked, while_there
from ocrd.web.door.faults import Refusal, refusal_of, refused
from ocrd.web.door.form import Form
from ocrd.web.door.house import House
from ocrd.web.door.jsonbody import json_brought
from ocrd.web.door.streaming import Sent
from ocrd.web.routes import boxed
from ocrd.web.routes.conversation import ParameterError, Reference, received
from ocrd.web.routes.models import engine_of
from ocrd.web.routes.transcription import Transcript, Transcription, Wanted

FIRST_SECONDS = 10.0  # in which an error has its status still; then the stream is begun
MAX_TOKENS = 1 << 20

Told = str | Transcript  # the text piece by piece, and last what there is to say of it
M = TypeVar("M", bound="Asked")


class Asked(BaseModel):
    """What both of OpenAI's APIs ask, and what servers of OCR models add to it."""

    model_config = ConfigDict(extra="ignore", strict=True)

    model: str | None = Field(None, description="An engine's name, or its model's.")
    stream: bool | None = False
    temperature: float | None = Field(None, ge=0, le=MAX_TEMPERATURE)
    size: str | None = Field(None, description="DeepSeek-OCR: tiny, small, base, large or gundam.")
    skip_special_tokens: bool | None = Field(
        True, description="false leaves the model's marks of places in the text."
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of which documents."""

    documents: Sequence[Reference]
    prompt: str
    max_tokens: int | None = None
    stop: str | list[str] | None = None

    def decoding(self, asked: Asked) -> Decoding:
        """Return how the answer is decoded; raise ParameterError."""
        stops = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        if len(stops) > MAX_STOPS or not all(0 < len(stop) <= LONGEST_STOP for stop in stops):
            raise ParameterError(
                f"stop may be up to {MAX_STOPS} texts, each of 1 to {LONGEST_STOP} characters.",
                "stop",
            )
        return Decoding(self.max_tokens, asked.temperature or 0.0, stops)


@dataclass(slots=True)
class Exchange:
    """What was taken in of a request, and the answer to it."""

    house: House
    request: Request
    model: str  # as it was named, or its engine's name
    wanted: Wanted

    async def whole(self) -> tuple[str, Transcript]:
        """Return the text of all that was asked, and what there is to say of it."""
        pieces: list[str] = []
        work = Transcription(self.house, self.wanted, pieces.append).read()
        transcript = await while_there(self.request, work)
        return "".join(pieces), transcript

    async def picture(self, transcript: Transcript) -> str | None:
        """Return the first page of the first document with its boxes: JPEG in Base64."""
        return await boxed.picture(self.house, self.wanted.documents[0], transcript.answers[0])

    async def begun(self, stack: AsyncExitStack) -> AsyncIterator[Told]:
        """Return the text as it comes, which ``stack`` ends.

        What goes wrong before a piece of it came is raised here, and has its status.
        """

        async def work(tell: Callable[[Told], None]) -> None:
            tell(await Transcription(self.house, self.wanted, tell).read())

        pieces = await stack.enter_async_context(streamed(work))
        first = asyncio.ensure_future(anext(pieces, None))
        stack.callback(first.cancel)
        await while_there(self.request, asyncio.wait({first}, timeout=FIRST_SECONDS))
        if first.done() and (error := first.exception()):
            raise error

        async def told() -> AsyncIterator[Told]:
            piece = await first
            while piece is not None:
                yield piece
                piece = await anext(pieces, None)

        return told()


def body_of(form: type[Asked]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a route's body, which the route takes in itself."""
    content = {"application/json": {"schema": form.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


def require_text(told: object, param: str) -> None:
    """Raise ParameterError where an answer is to have another format than text."""
    kind = told.get("type") if isinstance(told, dict) else told
    if kind not in (None, "text"):
        raise ParameterError(
            "These models write text and no other format.", param, code="unsupported_value"
        )


def asked_as(form: type[M], body: dict[str, Any]) -> M:
    """Return what a body asks; raise ParameterError where it is not of that form."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        fault = error.errors()[0]
        param = ".".join(map(str, fault["loc"]))
        raise ParameterError(f"{param}: {fault['msg']}.", param) from None


async def taken(
    house: House,
    request: Request,
    stack: AsyncExitStack,
    form: type[M],
    terms_of: Callable[[M, dict[str, Any]], Terms],
) -> tuple[M, Exchange]:
    """Take a request in: its documents are on the disk then, and its body is let go.

    Raises RequestError, AlienTaskError and NoRoomError.
    """
    stack.enter_context(house.gate.work())
    held = Form()
    stack.push_async_callback(asyncio.to_thread, held.discard)
    async with json_brought(request, house.memory) as body:
        asked = asked_as(form, body)
        engine = engine_of(house, asked.model or "")
        kind = kind_of(house, engine)
        terms = terms_of(asked, body)
        task = task_asked(
            kind, terms.prompt, size=asked.size or "", decoding=terms.decoding(asked)
        )
        documents = await received(house, terms.documents, held)
        del body, terms
    wanted = Wanted(
        documents, task, engine, kind, marked=asked.skip_special_tokens is False,
        live=bool(asked.stream),
    )  # fmt: skip
    return asked, Exchange(house, request, asked.model or engine, wanted)


class Events(Sent):
    """Server-sent events that hold what their exchange holds, to their end."""

    def __init__(
        self, events: AsyncIterator[ServerSentEvent], stack: AsyncExitStack
    ) -> None:
        super().__init__(events, asyncio.Event())  # a daemon that stops finishes what it reads
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them; let all go."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stack.aclose()


def refusal(error: OcrdError) -> Refusal:
    """Return what is told of an error, with the field that it is about."""
    told = refusal_of(error)
    param = getattr(error, "param", None)
    if param is None and told.code == "model_not_found":
        param = "model"
    return Refusal(told.status, told.code, told.message, told.hint, {"param": param})


def refused_as_openai(request: Request, error: OcrdError) -> Response:
    """Answer an error."""
    return refused(request, refusal(error), getattr(error, "headers", None))


def usage(transcript: Transcript) -> dict[str, Any]:
    """Return the tokens of an answer; an estimate is called one."""
    told: dict[str, Any] = {
        "prompt_tokens": transcript.prompt_tokens,
        "completion_tokens": transcript.completion_tokens,
        "total_tokens": transcript.prompt_tokens + transcript.completion_tokens,
    }
    if transcript.estimated:
        told["estimated"] = True
    return told


