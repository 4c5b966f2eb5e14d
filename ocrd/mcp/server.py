"""The server of the Model Context Protocol, over the ``mcp`` package: stdio, or HTTP with keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ocrd import __version__
from ocrd.config.api import ApiSettings
from ocrd.errors import OcrdError, RequestError
from ocrd.mcp.sessions import IDLE_SECONDS, MOST, Sessions
from ocrd.mcp.tools import Tools
from ocrd.web.door.asking import asker
from ocrd.web.door.connections import Patient
from ocrd.web.door.faults import refusal_of, refused
from ocrd.web.door.guard import Gate, Guard

P = ParamSpec("P")
T = TypeVar("T")

INSTRUCTIONS = (
    "Reads scans: PDFs and pictures of text become Markdown. Paths have to be below the folders"
    " that ocrd's configuration names. Documents that people dropped into watched folders are"
    " listed by list_documents; what could not be read is said in them."
)
PATH = "/mcp"


def server(tools: Tools) -> MCPServer:
    """Return the server of these tools."""
    made: MCPServer = MCPServer("ocrd", version=__version__, instructions=INSTRUCTIONS)

    @made.tool(description="Read a PDF or picture by its path; returns Markdown, or plain text with"
               ' mode "text". pages, as in "1-3,7", reads some of them.')  # fmt: skip
    async def read_file(path: str, mode: str = "markdown", pages: str = "") -> str:
        return await _told(tools.read_file)(path, mode, pages)

    @made.tool(description="List the newest documents; name is a pattern with * and ?, state one of"
               " queued, leased, filing, done, failed, cancelled, withdrawn.")  # fmt: skip
    async def list_documents(name: str = "", state: str = "", limit: int = 20) -> dict[str, Any]:
        return await _told(tools.list_documents)(name, state, limit)

    @made.tool(description="Return the text of a document by the number of its job.")
    async def get_document(job: int) -> str:
        return await _told(tools.get_document)(job)

    @made.tool(description="Say what ocrd is doing, and what keeps documents waiting.")
    async def status() -> dict[str, Any]:
        return await _told(tools.status)()

    return made


def _told(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Return a tool that works in a thread and tells our errors with their way out."""

    @wraps(work)
    async def do(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs))
        except (OcrdError, ValueError) as error:
            raise ToolError(str(error)) from error

    return do


def application(made: MCPServer, gate: Gate) -> ASGIApp:
    """Return the application that serves over HTTP, behind the same door as the daemon's own."""
    app = made.streamable_http_app(
        streamable_http_path=PATH, max_sessions=MOST, session_idle_timeout=IDLE_SECONDS
    )
    return Guard(_Whole(Sessions(app)), gate)


def serve(made: MCPServer, api: ApiSettings) -> None:
    """Serve over HTTP at the address of these settings until a signal comes."""
    assert api.address is not None
    host, port = api.address
    uvicorn.run(
        application(made, Gate(api)), host=host, port=port, log_level="warning", ws="none",
        server_header=False, http=Patient, proxy_headers=False,
    )  # fmt: skip


class _Whole:
    """Lets in only keys that may read and bring, and see all folders: the tools know no less."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = asker()
        if scope["type"] == "http" and (who.folders or not {"read", "upload"} <= who.scopes):
            error = RequestError(
                "This key may not ask here: it needs read and upload, and all folders.",
                hint="Make one with 'ocrd key new NAME'.", status=403, code="scope",
            )  # fmt: skip
            await refused(Request(scope), refusal_of(error))(scope, receive, send)
            return
        await self._app(scope, receive, send)
