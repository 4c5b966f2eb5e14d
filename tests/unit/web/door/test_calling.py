"""Who is told of a job's end: at the address that was looked at, and at none of the house."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ocrd.config.api import ApiSettings
from ocrd.errors import RequestError
from ocrd.job import Candidate, FileKey, Job, JobState, Order
from ocrd.ledger import callbacks
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.web.door.addresses import is_public
from ocrd.web.door.calling import Callbacks, post


class Server:
    """Answers as it is told to, and keeps what it is sent."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str], Any]] = []
        self.answers = [204]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.told.append((self.path, dict(self.headers), body))
                self.send_response(outer.answers[min(len(outer.told), len(outer.answers)) - 1])
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - as the library calls it

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def job(url: str) -> Job:
    order = Order({}, (), "anna", url)
    return Job(7, "/u", "t/a.pdf", FileKey(1, 2, 3, 4), JobState.DONE, 0, 0, 1.0, order=order)


def allowing(*prefixes: str) -> ApiSettings:
    return ApiSettings(callbacks=prefixes)


async def test_the_job_is_told_as_programs_are_shown_it(server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}/hooks/"
    assert await post(job(f"{base}done?x=1"), allowing(base)) == ""
    [(path, headers, body)] = server.told
    assert path == "/hooks/done?x=1" and body["job"]["id"] == 7 and body["job"]["state"] == "done"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    ours = f"http://localhost:{server.port}/"
    assert await post(job(ours), allowing(ours)) == ""


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
async def test_what_is_not_taken_is_said_and_no_redirect_is_followed(
    server: Server, status: int
) -> None:
    server.answers = [status]
    base = f"http://127.0.0.1:{server.port}/"
    assert await post(job(base), allowing(base)) == f"it answers {status}"
    assert len(server.told) == 1


async def test_an_address_that_is_allowed_no_more_is_not_called(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/"
    with pytest.raises(RequestError, match="not among"):
        await post(job(url), allowing("https://tools.example/"))
    assert not server.told


async def test_a_name_that_leads_into_the_house_is_not_called(server: Server) -> None:
    name = socket.gethostname()
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(name, None)}
    except OSError:
        pytest.skip("this machine's own name leads nowhere")
    if all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in found):
        pytest.skip("this machine's own name leads out of the house")
    url = f"http://{name}:{server.port}/"
    with pytest.raises(RequestError, match="in this house"):
        await post(job(url), allowing(url))
    assert not server.told


async def test_who_does_not_answer_is_tried_again_until_he_does(
    tmp_path: Path, server: Server
) -> None:
    server.answers = [503, 503, 200]
    base = f"http://127.0.0.1:{server.port}/"
    ledger = LedgerWriter(Ledger.open(tmp_path))
    order = Order({}, (), "anna", base)
    number = await ledger.do(
        lambda known: known.accept(Candidate("/u", "t/a", FileKey(1, 2, 3, 4)), 0, 1.0, order)
    )
    calling = Callbacks(ledger, lambda: allowing(base), first_delay=0.01)
    running = asyncio.create_task(calling.run())
    await asyncio.sleep(0.05)
    assert not server.told, "it has not ended"
    await ledger.do(lambda known: known.finish(number, JobState.DONE, 2.0))
    calling.wake()
    async with asyncio.timeout(30):
        while await ledger.do(callbacks.next_due) is not None:  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0.01)
    running.cancel()
    assert len(server.told) == 3
    ledger.close()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def host(serve: Serve) -> AsyncIterator[str]:
    """Have a host that does as it likes with each connection; provide its address."""

    at_work: set[asyncio.Task[Any]] = set()

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):  # the caller went away
            await serve(reader, writer)
        writer.transport.abort()

    running = await asyncio.start_server(on_connection, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/"
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work)


def dripping(start: bytes, piece: bytes) -> Serve:
    """Begin an answer, and go on with it for ever, a piece each hundredth of a second."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    return serve


def flooding(start: bytes, piece: bytes) -> Serve:
    """Begin an answer, and go on with it for ever, as fast as it is taken."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece * 1000)
            await writer.drain()

    return serve


async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    "serve",
    [
        silent,
        dripping(b"", b"H"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        dripping(b"", b"HTTP/1.1 102 Wait\r\n\r\n"),
        flooding(b"", b"HTTP/1.1 102 Wait\r\n\r\n"),
    ],
    ids=["silent", "first line", "headers", "a header", "interim", "a flood of interim"],
)
async def test_an_answer_has_so_much_time_and_no_more_however_it_comes(serve: Serve) -> None:
    threads = threading.active_count()
    async with host(serve) as url:
        with pytest.raises(OSError, match=r"does not answer within 0\.2 s"):
            async with asyncio.timeout(20):
                await post(job(url), allowing(url), 0.2)
    assert threading.active_count() <= threads + 1, "the one that looked the name up"


@pytest.mark.parametrize("piece", [b"X: y\r\n", b"yyyyyy"])
async def test_a_head_has_so_much_room_and_no_more(piece: bytes) -> None:
    async with host(flooding(b"HTTP/1.1 200 OK\r\nX: ", piece)) as url:
        with pytest.raises(OSError, match="breaks off, or does not speak HTTP"):
            await post(job(url), allowing(url), 60)


@pytest.mark.parametrize("more", [dripping, flooding])
async def test_of_a_body_nothing_is_taken(more: Callable[[bytes, bytes], Serve]) -> None:
    async with host(more(b"HTTP/1.1 200 OK\r\n\r\n", b"x")) as url:
        assert await post(job(url), allowing(url), 60) == ""


async def test_who_takes_nothing_of_what_he_is_told_is_given_up() -> None:
    told = job("")
    hint = "x" * (32 << 20)  # more than the two sockets have room for
    async with host(silent) as url:
        large = replace(told, hint=hint, order=replace(told.order, callback=url))
        with pytest.raises(OSError, match=r"within 0\.2 s"):
            await post(large, allowing(url), 0.2)


async def test_those_who_drip_hold_up_nobody_but_themselves(tmp_path: Path) -> None:
    async with host(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as url:
        work = [asyncio.ensure_future(post(job(url), allowing(url), 1.0)) for _ in range(64)]
        async with asyncio.timeout(20):
            assert await asyncio.to_thread(lambda: 7) == 7
        ended = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(one, TimeoutError) for one in ended)
