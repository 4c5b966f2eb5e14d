"""OCR of one image with its text, and a picture of it with the boxes drawn."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ocrd.direct import Answer as Read
from ocrd.reading import InterruptedReadingError
from ocrd.web.door.asked import stopping, while_there
from ocrd.web.door.faults import Answer
from ocrd.web.door.fetching import fetched
from ocrd.web.door.house import House
from ocrd.web.door.inquiry import inquiry, switch_of, text_of, wrong
from ocrd.web.door.packed import decoded
from ocrd.web.door.sink import Received
from ocrd.web.routes import readings

TYPES = ("base64", "url")


async def had(house: House, request: Request, body: dict[str, Any]) -> Received:
    """Return the document that a body names, on the disk; it is taken out of the body."""
    kind = text_of(body, "image_type") or "base64"
    if kind not in TYPES:
        raise wrong("image_type", f"{kind[:20]!r} is none", f"There are {' and '.join(TYPES)}.")
    image, limit = body.pop("image", None), house.settings().api.max_upload
    if not isinstance(image, str) or not image:
        raise wrong("image", "there is no document", "Send it as Base64, or as a data URL.")
    if kind == "url" and image[:5].lower() != "data:":
        return await while_there(request, fetched(house, image, limit))
    return await decoded(house.uploads, image, limit)


async def answer(
    house: House, request: Request, document: Received, told: Mapping[str, Any]
) -> Response:
    """Read a document as Markdown; with ``return_image``, show its first page with the boxes."""
    with_image = switch_of(told, "return_image")
    asked = inquiry(house, told, "markdown")
    read = await readings.reading(house, request, document, asked)
    body: dict[str, Any] = {"extracted_text": await readings.text_of(read, asked)}
    if with_image:
        body["result_image_base64"] = await while_there(request, picture(house, document, read))
    return Answer({**body, **readings.remarks(read)})


async def picture(house: House, document: Received, read: Read) -> str | None:
    """Return the first page that was read, with its boxes: JPEG in Base64; None if there is none.

    Raises the OcrdError of what cannot be drawn.
    """
    page = next((page for page in read.pages if page.width), None)
    if page is None:
        return None
    try:
        content = await house.direct.boxed(document.path, read.info, page)
    except InterruptedReadingError:
        raise stopping() from None
    return (await asyncio.to_thread(base64.b64encode, content)).decode()
