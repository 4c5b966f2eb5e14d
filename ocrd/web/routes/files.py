"""Files that are left for later requests: ``/v1/files``, as Mistral's API and OpenAI's have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ocrd.deposits import Deposit
from ocrd.errors import RequestError
from ocrd.uploads import safe_name
from ocrd.web.door.asking import asker
from ocrd.web.door.faults import Answer, Refusal, path_of, speak
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.receiving import brought
from ocrd.web.door.sink import Received
from ocrd.web.door.streaming import INERT, saved_as
from ocrd.web.routes.forms import OF_A_FILE

PATH = "/v1/files"
HOUR = 3600
MAX_PAGE = 1000
CHUNK = 256 << 10

router = APIRouter(tags=["Files"], dependencies=[Depends(needs("upload"))])


def told(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal in the form of Mistral's API."""
    message = f"{refusal.message} {refusal.hint}".strip()
    form: dict[str, Any] = {
        "object": "error", "message": message,
        "type": "invalid_request_error" if refusal.status < 500 else "internal_error",
        "param": None, "code": refusal.code,
    }  # fmt: skip
    if refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY:  # which its client takes apart
        form["detail"] = [{"loc": ["body"], "msg": message, "type": refusal.code}]
    return form


speak(lambda request: f"{path_of(request)}/".startswith(f"{PATH}/"), told)


@router.post(PATH, openapi_extra=OF_A_FILE)
async def leave(request: Request, house: TheHouse) -> Response:
    """Leave a file: a form with the part `file`, and a `purpose`."""
    with house.gate.work():
        async with brought(request, house.uploads, house.settings().api.max_upload) as form:
            document = form.document
            deposit = await asyncio.to_thread(
                house.uploads.deposits.add, document.path, safe_name(document.name), asker().owner,
                purpose=form.fields.get("purpose", "ocr")[:50],
                media_type=document.media_type[:100], sha256=document.sha256,
            )  # fmt: skip
            house.uploads.count(deposit.size)
    return Answer(_described(house, deposit))


@router.get(PATH)
async def listed(
    house: TheHouse,
    page: Annotated[int, Query(ge=0, le=10**9)] = 0,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    purpose: str | None = None,
    search: str | None = None,
) -> Response:
    """List the files that one has left, the newest first."""
    found = await asyncio.to_thread(house.uploads.deposits.all, asker().owner)
    found = [
        one
        for one in found
        if purpose in {None, one.purpose} and (search or "").lower() in one.name.lower()
    ]
    some = found[page * page_size : (page + 1) * page_size]
    return Answer(
        {"object": "list", "data": [_described(house, one) for one in some], "total": len(found),
         "has_more": len(found) > (page + 1) * page_size}
    )  # fmt: skip


@router.get(PATH + "/{file_id}")
async def described(file_id: str, house: TheHouse) -> Response:
    """Say what is known of a file."""
    deposit = await _own(house, file_id)
    return Answer({**_described(house, deposit), "deleted": False})


@router.get(PATH + "/{file_id}/url")
async def address(
    request: Request, file_id: str, house: TheHouse,
    expiry: Annotated[int, Query(ge=1, le=168, description="hours")] = 24,
) -> Response:  # fmt: skip
    """Return an address that names the file for some hours, to whoever has a key."""
    deposit = await _own(house, file_id)
    expires = int(time.time()) + expiry * HOUR
    signature = await asyncio.to_thread(
        house.uploads.deposits.signature, deposit.identity, expires
    )
    base = str(request.base_url).rstrip("/")
    query = f"expires={expires}&signature={signature}"
    return Answer({"url": f"{base}{PATH}/{deposit.identity}/content?{query}"})


@router.get(PATH + "/{file_id}/content")
async def content(
    file_id: str, house: TheHouse, expires: int = 0, signature: str = ""
) -> Response:
    """Return the file itself: to its owner, or to whoever has an address that is signed."""
    if signature:
        deposit = await _signed(house, file_id, expires, signature)
    else:
        deposit = await _own(house, file_id)
    try:
        file = await asyncio.to_thread(deposit.path.open, "rb")
    except OSError:  # it was removed just now
        raise _unknown(file_id) from None
    headers = {
        "Content-Length": str(deposit.size), **INERT, **saved_as(deposit.name or "document"),
    }  # fmt: skip
    return StreamingResponse(
        _pieces(file), media_type="application/octet-stream", headers=headers
    )


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece


@router.delete(PATH + "/{file_id}")
async def delete(file_id: str, house: TheHouse) -> Response:
    """Remove a file."""
    deposit = await _own(house, file_id)
    if await asyncio.to_thread(house.uploads.deposits.remove, deposit):
        house.uploads.count(-deposit.size)
    return Answer({"id": deposit.identity, "object": "file", "deleted": True})


# For routes that are told of a file


async def deposited(house: House, identity: str) -> Received:
    """Return a file of the asker's; raise RequestError where he has no such."""
    return _received(await _own(house, identity))


async def signed_for(house: House, url: str) -> Received | None:
    """Return the file that one of our own addresses names; None for any other URL.

    Raises RequestError for an address of ours that is over, or not right.
    """
    if len(url) > 2000:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    _, _, rest = parts.path.partition(f"{PATH}/")
    identity, _, end = rest.partition("/")
    query = parse_qs(parts.query)
    if end != "content" or "signature" not in query or parts.scheme not in {"http", "https"}:
        return None
    expires = query.get("expires", ["0"])[-1]
    number = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 12 else 0
    return _received(await _signed(house, identity, number, query["signature"][-1]))


async def _signed(house: House, identity: str, expires: int, signature: str) -> Deposit:
    deposit = await asyncio.to_thread(
        house.uploads.deposits.signed, identity, expires, signature
    )
    if deposit is None:
        raise RequestError(
            "The address is not right, or its time is over.",
            hint=f"Ask for another: GET {PATH}/{{id}}/url.",
            status=HTTPStatus.FORBIDDEN, code="signature",
        )  # fmt: skip
    return deposit


async def _own(house: House, identity: str) -> Deposit:
    deposit = await asyncio.to_thread(house.uploads.deposits.find, identity, asker().owner)
    if deposit is None:
        raise _unknown(identity)
    return deposit


def _unknown(identity: str) -> RequestError:
    return RequestError(
        f"There is no file {identity[:100]!r}.", hint=f"GET {PATH} lists yours.",
        status=HTTPStatus.NOT_FOUND, code="file",
    )  # fmt: skip


def _received(deposit: Deposit) -> Received:
    return Received(deposit.path, deposit.name, deposit.size, deposit.sha256, deposit.media_type)


def _described(house: House, deposit: Deposit) -> dict[str, Any]:
    kept = house.settings().api.keep_uploads
    return {
        "id": deposit.identity, "object": "file", "bytes": deposit.size,
        "created_at": int(deposit.created), "filename": deposit.name, "purpose": deposit.purpose,
        "sample_type": "ocr_input", "source": "upload", "num_lines": None,
        "mimetype": deposit.media_type or None, "signature": None, "status": "processed",
        "expires_at": int(deposit.created + kept) if kept else None, "visibility": "user",
    }  # fmt: skip
