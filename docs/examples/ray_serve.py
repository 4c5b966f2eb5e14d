"""The embedded engine on many machines without a GPU: Ray Serve behind OpenAI's interface.

Each node of the Ray cluster has ocrd (docs/install.md), Ray (``pip install "ray[serve]==2.60.0"``)
and this file where Python finds it. Then, on any of them::

    serve run ray_serve:build fewest=2 most=32

The daemon's configuration, with as many places as there may be replicas, times PLACES::

    [engine]
    kind = "openai"
    urls = [{ url = "http://ray-head:8000/v1", places = 64 }]
    profile = "vision"
    own_profile = { longest_side = 3508 }    # as large as the embedded engine reads best

Ray brings up replicas by how many requests wait, spreads them over the nodes, and starts those
again that die. What was under way in one is answered with an error; the daemon sends it anew.
"""

import asyncio
import base64
import binascii
import io
import json
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel
from ray import serve

from ocrd import doubts, rendering
from ocrd.engine.protocol import Recognise
from ocrd.engine.rapidocr import engine
from ocrd.engine.telling import Cancelled
from ocrd.errors import PageError
from ocrd.job import PageRead, PageStatus, Recognition
from ocrd.layout import layout

MODEL = "rapidocr"
PLACES = 2  # pages of a replica at a time: while one is read, the next is decoded and laid out
ALIVE_SECONDS = 5.0  # between two signs of life, where an answer is streamed

api = FastAPI()


class Asked(BaseModel):
    """What of a request for a completion counts here; the rest is for models that decode."""

    messages: list[dict[str, Any]]
    stream: bool = False

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts of the last message, a string as the one text part that it is."""
        content = self.messages[-1].get("content") if self.messages else None
        if isinstance(content, str):
            return [{"type": "text", "text": content}]
        return [part for part in content or () if isinstance(part, dict)]

    def image(self) -> bytes:
        """Return the page's image; raise PageError where there is none."""
        urls = [part["image_url"] for part in self.parts() if part.get("type") == "image_url"]
        if len(urls) != 1:
            raise PageError(f"A request is for one page image; this one has {len(urls)}.")
        url = urls[0].get("url", "") if isinstance(urls[0], dict) else str(urls[0])
        head, _, body = str(url).partition(",")
        if not head.startswith("data:image/") or not head.endswith(";base64"):
            raise PageError("The image is no data URL in Base64; nothing is fetched from here.")
        try:
            image = base64.b64decode(body, validate=True)
            with Image.open(io.BytesIO(image)) as opened:
                opened.verify()  # now: a stream that has begun can refuse nothing any more
        except binascii.Error as error:
            raise PageError(f"The image is no Base64 ({error}).") from error
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise PageError(f"The image cannot be read ({error}).") from error
        return image

    def mode(self) -> str:
        """Return what is asked for: plain text where the words say so, else Markdown."""
        words = " ".join(str(part.get("text", "")) for part in self.parts())
        return "text" if "plain text" in words.lower() else "markdown"


class Size(BaseModel):
    """How many replicas there are, by how many requests there are."""

    fewest: int = 2
    most: int = 8


def _page(found: Recognition) -> PageRead:
    """Return what was recognised as blocks in reading order."""
    blocks = layout.blocks(found.lines, found.width, found.height, found.rules)
    return PageRead(
        1, PageStatus.READ, tuple(doubts.marked(block) for block in blocks),
        width=found.width, height=found.height,
    )  # fmt: skip


def _head(kind: str) -> dict[str, Any]:
    name = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": name, "object": kind, "created": int(time.time()), "model": MODEL}


def _event(head: dict[str, Any], delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"


def _usage(tokens: int) -> dict[str, Any]:
    usage = {"prompt_tokens": 0, "completion_tokens": tokens, "total_tokens": tokens}
    return {"usage": usage}


def _fault(error: PageError) -> dict[str, Any]:
    return {"error": {"message": str(error), "type": "invalid_request_error", "code": error.code}}


# What the class uses stands before it: Ray keeps a copy of all that, made where it decorates.
@serve.deployment(
    max_ongoing_requests=PLACES, ray_actor_options={"num_cpus": 1}, health_check_period_s=5.0
)
@serve.ingress(api)
class Reader:
    """One replica: the whole engine on one core."""

    def __init__(self) -> None:
        """Load the engine; its weights are in ocrd's package."""
        self._engine = engine.load({"slots": PLACES, "threads": 1})

    @api.get("/v1/models")
    async def models(self) -> dict[str, Any]:
        """Say what is read with."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "ocrd"}
        return {"object": "list", "data": [model]}

    @api.post("/v1/chat/completions")
    async def complete(self, asked: Asked) -> Response:
        """Read the page that a conversation brings."""
        try:
            image, mode = asked.image(), asked.mode()
            if asked.stream:
                return StreamingResponse(self._events(image, mode), media_type="text/event-stream")
            text, tokens = await self._text(image, mode)
        except PageError as error:
            return JSONResponse(_fault(error), status_code=400)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({**_head("chat.completion"), "choices": [choice], **_usage(tokens)})

    async def _events(self, image: bytes, mode: str) -> AsyncIterator[str]:
        """Yield an answer's events.

        The text comes in one piece: a page is laid out when all its lines are read.
        """
        head = _head("chat.completion.chunk")
        yield _event(head, {"role": "assistant", "content": ""})
        reading = asyncio.ensure_future(self._text(image, mode))
        try:
            while not (await asyncio.wait({reading}, timeout=ALIVE_SECONDS))[0]:
                yield ": it is being read\n\n"
            text, tokens = reading.result()
            yield _event(head, {"content": text})
            yield _event(head, {}, "stop")
            yield f"data: {json.dumps({**head, 'choices': [], **_usage(tokens)})}\n\n"
        except PageError as error:
            yield f"data: {json.dumps(_fault(error))}\n\n"
        finally:
            reading.cancel()
        yield "data: [DONE]\n\n"

    async def _text(self, image: bytes, mode: str) -> tuple[str, int]:
        """Return a page's text, and how many tokens that is about.

        Cancelled, because the client went away, it has the engine stop at the page's next line.
        """
        gone = threading.Event()
        try:
            return await asyncio.to_thread(self._read, image, mode, gone)
        finally:
            gone.set()

    def _read(self, image: bytes, mode: str, gone: threading.Event) -> tuple[str, int]:
        def going_on(_: int) -> None:
            if gone.is_set():
                raise Cancelled

        with tempfile.NamedTemporaryFile(prefix="page-") as file:
            file.write(image)
            file.flush()
            found = self._engine.recognise(Recognise(id=1, path=file.name), going_on)
        return rendering.markdown([_page(found)], mode), found.tokens


def build(size: Size) -> serve.Application:
    """Return the application of so many replicas."""
    scaling = {
        "min_replicas": size.fewest,
        "max_replicas": size.most,
        "target_ongoing_requests": PLACES,
        "upscale_delay_s": 5.0,
        "downscale_delay_s": 300.0,  # a replica takes seconds to start; folders fill in bursts
    }
    return Reader.options(autoscaling_config=scaling).bind()
