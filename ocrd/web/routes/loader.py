"""``PUT /process``: the external document loader of Open WebUI."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import unquote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd import rendering
from ocrd.errors import RequestError
from ocrd.job import PageStatus
from ocrd.uploads import safe_name
from ocrd.web.door.asked import default_engine, kind_of, read, task_asked
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import TheHouse
from ocrd.web.door.receiving import brought

router = APIRouter(tags=["Open WebUI"], dependencies=[Depends(needs("upload"))])

BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put("/process", openapi_extra=BODY)
async def process(request: Request, house: TheHouse) -> Response:
    """Read the document that is the body; its name is in `X-Filename`, URL-quoted."""
    with house.gate.work():
        async with brought(request, house.uploads, house.settings().api.max_upload) as form:
            engine = default_engine(house)
            task = task_asked(kind_of(house, engine))
            found = await read(house, request, form.document, task, engine=engine)
            text = await asyncio.to_thread(rendering.markdown, found.pages, task.mode)
            name = safe_name(unquote(form.document.name))
    if not text.strip() or all(page.status is PageStatus.FAILED for page in found.pages):
        raise RequestError(
            "No extractable text was found in the document.",  # the words that Open WebUI looks for
            hint="Is it a scan, whole and upright?",
            status=HTTPStatus.UNPROCESSABLE_ENTITY, code="no-text",
        )  # fmt: skip
    account = found.account
    metadata = {  # plain values: it is kept in databases that know no lists
        "source": name, "pages": len(found.pages), "format": found.info.format,
        "engine": found.engine, "model": found.model, "state": found.state,
        "confidence": account.confidence, "doubtful": ", ".join(map(str, account.doubtful)),
        "unread": ", ".join(map(str, account.unread)),
    }  # fmt: skip
    return Answer({"page_content": text, "metadata": metadata})
