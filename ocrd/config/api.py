"""The table of the configuration for programs that ask over the network."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ocrd.config.types import AbsoluteFolder, Duration, Size, Table, refuse

_ADDRESS = re.compile(r"\[([0-9A-Fa-f:.]+)\]:(\d{1,5})|([^\[\]:]+):(\d{1,5})")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


def _listen(text: str) -> str:
    host, port = parted(text)
    if not host or not 0 <= port <= 65535:
        raise refuse(
            f"{text!r} is no address to listen on",
            'Write an address and a port, as in "127.0.0.1:8713", or "[::1]:8713".',
        )
    return text


def parted(text: str) -> tuple[str, int]:
    """Return host and port of an address to listen on; ("", -1) where it is none."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return "", -1
    return match[1] or match[3], int(match[2] or match[4])


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise refuse(
            f"{text!r} is no origin", 'Write it as a browser does: "https://tools.example".'
        )
    return text


def _prefix(text: str) -> str:
    if not re.match(r"https?://[^/]+/", text):
        raise refuse(
            f"{text!r} is no beginning of an address",
            'Write scheme, host and a path, if only "/": "https://tools.example/hooks/".',
        )
    return text


def _root_path(text: str) -> str:
    if text and (not text.startswith("/") or text.endswith("/")):
        raise refuse(f"{text!r} is no path", 'Write it as in "/ocr": with a / before it alone.')
    return text


class ApiSettings(Table):
    """What programs may ask for, and how they come in."""

    listen: Annotated[str, AfterValidator(_listen)] | None = Field(
        None,
        examples=["127.0.0.1:8713"],
        description="The address and port of TCP that the interface for programs answers on; the"
        " control socket has it in any case. TLS is a reverse proxy's.",
    )
    api_key_file: AbsoluteFolder | None = Field(
        None,
        examples=["/etc/ocrd/keys"],
        description="The keys of those who may ask over TCP, one a line, as 'ocrd key new NAME'"
        " writes them. It is read again when it changes.",
    )
    keys: Literal["required", "none"] = Field(
        "required",
        description='Whether TCP needs a key. "none" is possible on a loopback address alone, where'
        " everybody with an account on the machine may ask then.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        examples=[["ocr.example"]],
        description="The names that requests over TCP may be for (their Host header), beside the"
        " address that is listened on and localhost.",
    )
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        (),
        examples=[["https://tools.example"]],
        description="The web pages that may ask from a browser (CORS); none by default.",
    )
    root_path: Annotated[str, AfterValidator(_root_path)] = Field(
        "", examples=["/scans"],
        description="The path below which a reverse proxy serves it, and which it takes away.",
    )
    engine: str | None = Field(
        None, examples=["default"], description="The engine that reads where nobody names one."
    )
    priority: int = Field(
        0, ge=-1000, le=1000,
        description="The priority of what programs bring, against that of the folders. Of equal"
        " ones, each folder and all programs together have their turn.",
    )
    max_upload: Size = Field(
        256 * 1024**2, gt=0, description="The largest document that may be brought."
    )
    max_pages: int = Field(
        2000, gt=0, description="The most pages that one request may want read."
    )
    max_direct_pages: int = Field(
        50, gt=0,
        description="The most pages that are read while the client waits; longer ones are jobs.",
    )
    max_requests: int = Field(
        64, gt=0,
        description="The most requests that read or bring something at a time; further ones are"
        " told to come again (429). Where several keys may bring documents, each has three quarters"
        " of them at the most.",
    )
    rate: int = Field(
        0, ge=0, description="The most requests a minute of each key; 0 is no limit."
    )
    upload_room: Size = Field(
        10 * 1024**3, gt=0,
        description="What all documents that were brought, and what became of them, may take on the"
        " disk of state_dir; beyond it uploads are refused (507), as they are under"
        " free_space_floor.",
    )
    keep_uploads: Duration = Field(
        7 * 86400.0,
        description="How long a finished document that was brought is kept with its results;"
        ' "0s" is until it is deleted.',
    )
    remote_urls: bool = Field(
        False,
        description="Fetch documents from http and https addresses that requests name, of public"
        " hosts alone.",
    )
    callbacks: tuple[Annotated[str, AfterValidator(_prefix)], ...] = Field(
        (),
        examples=[["https://tools.example/hooks/"]],
        description="How the addresses have to begin that a job may name to be told of its end;"
        " none by default.",
    )
    files: tuple[AbsoluteFolder, ...] = Field(
        (),
        examples=[["/srv/papers"]],
        description="Folders whose files 'ocrd mcp' may read by their paths.",
    )

    @model_validator(mode="after")
    def _require_keys(self) -> Self:
        if self.listen is None:
            return self
        if self.keys == "none" and not self.is_loopback:
            raise refuse(
                f'keys = "none" with listen = "{self.listen}" lets the whole network in',
                'Set api_key_file ("ocrd key new NAME" makes a key), or listen on "127.0.0.1".',
                "keys",
            )
        if self.keys == "required" and self.api_key_file is None:
            raise refuse(
                "listen needs api_key_file",
                'Set it, for example to "/etc/ocrd/keys"; "ocrd key new NAME" makes a key.',
                "listen",
            )
        return self

    @property
    def address(self) -> tuple[str, int] | None:
        """Return host and port of TCP, None where it is closed."""
        return None if self.listen is None else parted(self.listen)

    @property
    def is_loopback(self) -> bool:
        """Say whether nobody but this machine can reach the address."""
        host, _ = parted(self.listen or "")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def uploads_dir(state_dir: Path) -> Path:
    """Return the folder of what programs bring."""
    return state_dir / "uploads"
