"""``POST /v1/chat/completions``, as OpenAI's API has it and servers of OCR models use it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from ocrd.errors import OcrdError
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import TheHouse
from ocrd.web.routes.conversation import ParameterError, conversation
from ocrd.web.routes.exchange import (
    MAX_TOKENS,
    Asked,
    Events,
    Exchange,
    Terms,
    Told,
    body_of,
    refusal,
    refused_as_openai,
    require_text,
    taken,
    usage,
)
from ocrd.web.routes.models import told as as_openai
from ocrd.web.routes.transcription import Transcript

router = APIRouter(tags=["OpenAI"], dependencies=[Depends(needs("upload"))])

Tokens = Annotated[int, Field(ge=1, le=MAX_TOKENS)]


class ChatRequest(Asked):
    """What is asked in a chat."""

    messages: list[dict[str, Any]]
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: str | list[str] | None = None
    stream_options: dict[str, Any] | None = Field(
        None, description='{"include_usage": true} adds the tokens as a last chunk.'
    )
    n: int | None = 1
    response_format: dict[str, Any] | None = Field(
        None, description='{"type": "text"}; there is no other.'
    )
    return_image: bool | None = Field(
        False, description="Add the first page with its boxes drawn, as `result_image_base64`."
    )


@router.post("/v1/chat/completions", openapi_extra=body_of(ChatRequest))
@router.post("/chat/completions", include_in_schema=False)
async def chat(request: Request, house: TheHouse) -> Response:
    """Read the images and files that the user's last message brings."""
    try:
        async with AsyncExitStack() as stack:
            asked, exchange = await taken(house, request, stack, ChatRequest, terms)
            head = Head(exchange.model)
            if not asked.stream:
                text, transcript = await exchange.whole()
                more = await _pictured(asked, exchange, transcript)
                return Answer({**head.answer(text, transcript), **more})
            pieces = await exchange.begun(stack)
            events = _events(head, asked, exchange, pieces)
            return Events(events, stack.pop_all())
    except OcrdError as error:
        return refused_as_openai(request, error)


def terms(asked: ChatRequest, body: dict[str, Any]) -> Terms:
    """Return what is asked; raise ParameterError for what nobody here can do."""
    if asked.n not in {None, 1}:
        raise ParameterError("A page has one reading: n may be 1 alone.", "n")
    require_text(asked.response_format, "response_format")
    said = conversation(body["messages"], "messages")
    return Terms(
        said.documents, said.prompt, asked.max_completion_tokens or asked.max_tokens, asked.stop
    )


async def _pictured(
    asked: ChatRequest, exchange: Exchange, transcript: Transcript
) -> dict[str, Any]:
    """Return the picture that was asked for, as a field of the answer."""
    if not asked.return_image:
        return {}
    return {"result_image_base64": await exchange.picture(transcript)}


def _wants_usage(asked: ChatRequest) -> bool:
    return (asked.stream_options or {}).get("include_usage") is True


@dataclass(frozen=True, slots=True)
class Head:
    """What all parts of an answer have."""

    model: str
    identity: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def answer(self, text: str, transcript: Transcript) -> dict[str, Any]:
        """Return the whole answer."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": transcript.finish,
        }
        return {
            **self._head("chat.completion"), "choices": [choice], "usage": usage(transcript),
            "pages": transcript.pages(),
        }  # fmt: skip

    def chunk(
        self, delta: dict[str, Any], finish: str | None = None, **more: Any
    ) -> ServerSentEvent:
        """Return a part of the answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**self._head("chat.completion.chunk"), "choices": [choice], **more})

    def last(self, transcript: Transcript) -> ServerSentEvent:
        """Return the part that has the usage and no text."""
        head = self._head("chat.completion.chunk")
        return _event({**head, "choices": [], "usage": usage(transcript)})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.identity, "object": kind, "created": self.created, "model": self.model,
            "system_fingerprint": None,
        }  # fmt: skip


async def _events(
    head: Head, asked: ChatRequest, exchange: Exchange, pieces: AsyncIterator[Told]
) -> AsyncIterator[ServerSentEvent]:
    with_usage = _wants_usage(asked)
    unknown: dict[str, Any] = {"usage": None} if with_usage else {}
    yield head.chunk({"role": "assistant", "content": ""}, **unknown)
    try:
        async for piece in pieces:
            if isinstance(piece, str):
                yield head.chunk({"content": piece}, **unknown)
                continue
            more = await _pictured(asked, exchange, piece)
            yield head.chunk({}, piece.finish, pages=piece.pages(), **unknown, **more)
            if with_usage:
                yield head.last(piece)
    except OcrdError as error:
        yield _event(as_openai(refusal(error)))
    yield ServerSentEvent("[DONE]", sep="\n")


def _event(body: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(body), sep="\n")
