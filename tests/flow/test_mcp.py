"""An assistant over the Model Context Protocol: the real command, asked by the official client."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from ocrd.mcp.sessions import MOST_OF_ONE
from tests.installation import LETTER, ROOT, Installation, eventually, make_pdf
from tests.recipes.blocks import blocks

KEY = "0123456789012345678901234567"


@pytest.fixture
def served(daemon: Installation, tmp_path: Path) -> Installation:
    """A daemon with a folder of papers that assistants may read, and one that they may not."""
    papers = tmp_path / "papers"
    papers.mkdir()
    shutil.copy(LETTER, papers)
    make_pdf(papers / "book.pdf", 3)
    secret = tmp_path / "secret"
    secret.mkdir()
    shutil.copy(LETTER, secret)
    (papers / "way out").symlink_to(secret)
    (tmp_path / "keys").write_text(f"assistant: {KEY}\nfew: x{KEY} read\nother: y{KEY}\n")
    (tmp_path / "keys").chmod(0o600)
    daemon.configure(
        more=f'[api]\nfiles = ["{papers}"]\napi_key_file = "{tmp_path}/keys"\nmax_direct_pages = 2'
    )
    daemon.start()
    return daemon


def asked(daemon: Installation, ask: Callable[[Client], Awaitable[Any]]) -> Any:
    """Start the command on pipes, as docs/api.md has an assistant start it, and ask it."""
    (block,) = blocks("assistant")
    told = json.loads(block.text)["mcpServers"]["ocrd"]
    assert told["command"] == "ocrd"
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "ocrd", *told["args"]], cwd=str(ROOT),
        env={**os.environ, "PYTHONPATH": str(ROOT), "OCRD_CONFIG": str(daemon.config)},
    )

    async def run() -> Any:
        async with Client(stdio_client(server)) as client:
            return await ask(client)

    return asyncio.run(run())


def text_of(result: Any) -> str:
    return "".join(block.text for block in result.content)


def test_an_assistant_reads_files_and_documents(served: Installation, tmp_path: Path) -> None:
    served.drop(LETTER, "dropped.png")
    served.wait_for("done/dropped.md")
    papers = tmp_path / "papers"

    async def ask(client: Client) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"read_file", "list_documents", "get_document", "status"}
        short = await client.call_tool("read_file", {"path": str(papers / LETTER.name)})
        assert not short.is_error and "Page image" in text_of(short)
        book = await client.call_tool("read_file", {"path": str(papers / "book.pdf")})
        assert text_of(book).count("Page image") == 3, "longer than is read at once"
        part = await client.call_tool(
            "read_file", {"path": str(papers / "book.pdf"), "pages": "2", "mode": "text"}
        )
        assert text_of(part).count("Page image") == 1
        listed = json.loads(text_of(await client.call_tool("list_documents", {"state": "done"})))
        (document,) = listed["documents"]
        assert document["relpath"] == "dropped.png" and not listed["more"]
        read = await client.call_tool("get_document", {"job": document["id"]})
        assert "Page image" in text_of(read)
        status = json.loads(text_of(await client.call_tool("status", {})))
        assert status["state"] == "running"

    asked(served, ask)
    left = [path for path in (tmp_path / "state" / "uploads").rglob("*") if path.is_file()]
    assert left == [], "what was read for an assistant is gone"


def test_no_path_leads_out_of_what_may_be_read(served: Installation, tmp_path: Path) -> None:
    async def ask(client: Client) -> None:
        for path in (
            "/etc/passwd", f"{tmp_path}/secret/{LETTER.name}",
            f"{tmp_path}/papers/../secret/{LETTER.name}",
            f"{tmp_path}/papers/way out/{LETTER.name}", f"{tmp_path}/papers", "",
        ):  # fmt: skip
            told = await client.call_tool("read_file", {"path": path})
            assert told.is_error and "folders that may be read" in text_of(told), path
        told = await client.call_tool("read_file", {"path": f"{tmp_path}/papers/none.pdf"})
        assert told.is_error
        told = await client.call_tool("get_document", {"job": 99})
        assert told.is_error and "There is no job 99" in text_of(told)

    asked(served, ask)


def test_over_http_a_key_is_needed_that_may_read_and_bring(served: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    with subprocess.Popen(
        [sys.executable, "-m", "ocrd", "mcp", "--config", str(served.config),
         "--http", f"127.0.0.1:{port}"], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        try:
            eventually(lambda: _status(url, {}) == httpx.codes.UNAUTHORIZED, 30)
            assert _status(url, {"X-API-Key": "wrong"}) == httpx.codes.UNAUTHORIZED
            assert _status(url, {"X-API-Key": f"x{KEY}"}) == httpx.codes.FORBIDDEN
            told = {"X-API-Key": KEY}
            assert _status(url, {**told, "Host": "evil.example"}) == 421

            async def ask() -> str:
                async with (
                    httpx.AsyncClient(headers=told) as http,
                    Client(streamable_http_client(url, http_client=http)) as client,
                ):
                    return text_of(await client.call_tool("status", {}))

            assert json.loads(asyncio.run(ask()))["state"] == "running"
            begin = {
                "jsonrpc": "2.0", "id": 1, "method": "initialize",
                "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                           "clientInfo": {"name": "one that ends no session", "version": "1"}},
            }  # fmt: skip
            told["Accept"] = "application/json, text/event-stream"
            statuses = [_status(url, told, begin) for _ in range(MOST_OF_ONE + 2)]
            assert statuses == [200] * MOST_OF_ONE + [429] * 2
            assert _status(url, {**told, "X-API-Key": f"y{KEY}"}, begin) == 200
        finally:
            process.terminate()


def _status(url: str, headers: dict[str, str], body: Any = None) -> int:
    try:
        return httpx.post(url, headers=headers, json=body or {}).status_code
    except httpx.TransportError:
        return 0
