"""The interface for programs of a real daemon: asked over its socket and over TCP, with a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.installation import PATIENCE, Installation, eventually

KEY = "a-key-of-the-tests-0123456789"
DOORS = ("socket", "tcp")
SECONDS = 30.0 * PATIENCE


def configured(
    daemon: Installation, engine: str, api: str = "", keys: str = "", **more: Any
) -> None:
    """Configure a daemon to listen on a free port, with the key KEY and others.

    ``keys`` are further lines; ``api`` further keys of [api].
    """
    path = key_file(daemon)
    path.write_text(f"tests: {KEY}\n{keys}")
    path.chmod(0o600)
    top = more.pop("top", "")
    table = f'\n[api]\nlisten = "127.0.0.1:0"\napi_key_file = "{path}"\n{api}\n'
    daemon.configure(engine, more=more.pop("more", "") + table, top=top, **more)


def key_file(daemon: Installation) -> Path:
    return daemon.root / "keys"


def address(daemon: Installation) -> str:
    """Return where a running daemon listens, which nobody knows before."""

    def found() -> str:
        for line in reversed(daemon.log.read_text().splitlines()):
            if '"listening"' in line:
                return str(json.loads(line)["message"]).split()[-1].rstrip(".")
        return ""

    return str(eventually(found, 30, "it listens"))


@contextmanager
def asking(daemon: Installation, door: str = "tcp", key: str = KEY) -> Iterator[httpx2.Client]:
    """Provide a client of a running daemon; the socket needs no key."""
    if door == "socket":
        transport = httpx2.HTTPTransport(uds=str(daemon.root / "state" / "run" / "ocrd.sock"))
        with httpx2.Client(
            transport=transport, base_url="http://localhost", timeout=SECONDS
        ) as client:
            yield client
        return
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx2.Client(base_url=address(daemon), headers=headers, timeout=SECONDS) as client:
        yield client


def bring(client: httpx2.Client, document: Path | bytes, name: str = "", **fields: str) -> Any:
    """Bring a document as a form; return the job."""
    content = document if isinstance(document, bytes) else document.read_bytes()
    known = name or (document.name if isinstance(document, Path) else "scan.pdf")
    answer = client.post("/v1/jobs", files={"file": (known, content)}, data=fields)
    assert answer.status_code == 202, answer.text
    return answer.json()["job"]


def job(client: httpx2.Client, number: int, wait: float = 0) -> Any:
    answer = client.get(f"/v1/jobs/{number}", params={"wait": wait} if wait else {})
    assert answer.status_code == 200, answer.text
    return answer.json()["job"]


def ended(client: httpx2.Client, number: int) -> Any:
    """Return a job once it has ended."""
    return eventually(
        lambda: (found := job(client, number, wait=20)) and found["finished"] and found, 60
    )


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield event, id and data of a stream of server-sent events."""
    told: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in told:
                yield told.get("event", ""), told.get("id", ""), json.loads(told["data"])
            told = {}
        elif not line.startswith(":"):
            key, _, value = line.partition(":")
            told[key] = value.removeprefix(" ")
