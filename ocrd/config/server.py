"""One of the servers that an engine's pages are read on."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ocrd.config.types import AbsoluteFolder, Table, refuse

_URL = re.compile(r"https?://[^\s/@?#]+(/[^\s?#]*)?")


def _address(text: str) -> str:
    if not _URL.fullmatch(text):
        raise refuse(
            f"{text!r} is no address of a server",
            'Write it with http:// or https://, as in "http://gpu1:8000/v1", and no key in it.',
        )
    return text.rstrip("/")


class ServerSettings(Table):
    """One server of an engine."""

    url: Annotated[str, AfterValidator(_address)]
    places: int | None = Field(None, ge=1, le=1024)
    weight: float = Field(1.0, gt=0, le=1000)
    key_file: AbsoluteFolder | None = None
    ca_file: AbsoluteFolder | None = None
    client_cert: AbsoluteFolder | None = None
    client_key: AbsoluteFolder | None = None
    proxy: str | None = None


def _server(told: Any) -> Any:
    return {"url": told} if isinstance(told, str) else told


Server = Annotated[ServerSettings, BeforeValidator(_server)]  # or its address alone
