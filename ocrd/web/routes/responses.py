"""``POST /v1/responses``: OpenAI's other API for the same; nothing is stored between requests."""

from __future__ import annotations

import itertools
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
    Terms,
    Told,
    body_of,
    refusal,
    refused_as_openai,
    require_text,
    taken,
)
from ocrd.web.routes.transcription import Transcript

router = APIRouter(tags=["OpenAI"], dependencies=[Depends(needs("upload"))])


class ResponsesRequest(Asked):
    """What is asked for a response."""

    input: str | list[dict[str, Any]]
    max_output_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)] | None = None
    stop: str | list[str] | None = None
    background: bool | None = False
    previous_response_id: str | None = None
    text: dict[str, Any] | None = None


@router.post("/v1/responses", openapi_extra=body_of(ResponsesRequest))
@router.post("/responses", include_in_schema=False)
async def respond(request: Request, house: TheHouse) -> Response:
    """Read the images and files that the user's last message brings."""
    try:
        async with AsyncExitStack() as stack:
            asked, exchange = await taken(house, request, stack, ResponsesRequest, terms)
            frame = Frame(exchange.model, asked)
            if not asked.stream:
                text, transcript = await exchange.whole()
                return Answer(frame.ended(text, transcript))
            pieces = await exchange.begun(stack)
            return Events(_events(frame, pieces), stack.pop_all())
    except OcrdError as error:
        return refused_as_openai(request, error)


def terms(asked: ResponsesRequest, body: dict[str, Any]) -> Terms:
    """Return what is asked; raise ParameterError for what nobody here can do."""
    if asked.background or asked.previous_response_id:
        param = "background" if asked.background else "previous_response_id"
        raise ParameterError(
            "Nothing is kept between requests here.", param, code="unsupported_value",
            hint="Jobs are: POST /v1/jobs.",
        )  # fmt: skip
    require_text((asked.text or {}).get("format"), "text.format")
    said = conversation(body["input"], "input")
    return Terms(said.documents, said.prompt, asked.max_output_tokens, asked.stop)


@dataclass(frozen=True, slots=True)
class Frame:
    """What an answer has around its text."""

    model: str
    asked: ResponsesRequest
    identity: str = field(default_factory=lambda: f"resp_{secrets.token_hex(12)}")
    message: str = field(default_factory=lambda: f"msg_{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def response(self, status: str, **more: Any) -> dict[str, Any]:
        """Return the response as it stands."""
        asked = self.asked
        return {
            "id": self.identity, "object": "response", "created_at": self.created,
            "status": status, "background": False, "error": None, "incomplete_details": None,
            "instructions": None, "max_output_tokens": asked.max_output_tokens, "metadata": {},
            "model": self.model, "output": [], "parallel_tool_calls": False,
            "previous_response_id": None, "reasoning": {"effort": None, "summary": None},
            "store": False, "temperature": asked.temperature or 0.0,
            "text": {"format": {"type": "text"}}, "tool_choice": "none", "tools": [],
            "top_p": 1.0, "truncation": "disabled", "usage": None, "user": None, **more,
        }  # fmt: skip

    def ended(self, text: str, transcript: Transcript) -> dict[str, Any]:
        """Return the response with its text."""
        is_cut = transcript.finish == "length"
        return self.response(
            "incomplete" if is_cut else "completed",
            incomplete_details={"reason": "max_output_tokens"} if is_cut else None,
            output=[self.item("incomplete" if is_cut else "completed", text)],
            usage=_usage(transcript),
            pages=transcript.pages(),
        )

    def item(self, status: str, text: str | None = None) -> dict[str, Any]:
        """Return the message that has the text, which is none yet where that is None."""
        return {
            "id": self.message, "type": "message", "role": "assistant", "status": status,
            "content": [] if text is None else [part(text)],
        }  # fmt: skip


def part(text: str) -> dict[str, Any]:
    """Return the part of a message that has the text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


async def _events(frame: Frame, pieces: AsyncIterator[Told]) -> AsyncIterator[ServerSentEvent]:
    numbers = itertools.count()

    def event(kind: str, **more: Any) -> ServerSentEvent:
        body = {"type": kind, "sequence_number": next(numbers), **more}
        return ServerSentEvent(json.dumps(body), event=kind, sep="\n")

    place = {"item_id": frame.message, "output_index": 0, "content_index": 0}
    said: list[str] = []
    yield event("response.created", response=frame.response("in_progress"))
    yield event("response.in_progress", response=frame.response("in_progress"))
    yield event("response.output_item.added", output_index=0, item=frame.item("in_progress"))
    yield event("response.content_part.added", **place, part=part(""))
    try:
        async for piece in pieces:
            if isinstance(piece, str):
                said.append(piece)
                yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
                continue
            text = "".join(said)
            ended = frame.ended(text, piece)
            yield event("response.output_text.done", **place, text=text, logprobs=[])
            yield event("response.content_part.done", **place, part=part(text))
            yield event("response.output_item.done", output_index=0, item=ended["output"][0])
            yield event(f"response.{ended['status']}", response=ended)
    except OcrdError as error:
        told = refusal(error)
        fault = {"code": told.code, "message": f"{told.message} {told.hint}".strip()}
        yield event("response.failed", response=frame.response("failed", error=fault))


def _usage(transcript: Transcript) -> dict[str, Any]:
    told: dict[str, Any] = {
        "input_tokens": transcript.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": transcript.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": transcript.prompt_tokens + transcript.completion_tokens,
    }
    if transcript.estimated:
        told["estimated"] = True
    return told
