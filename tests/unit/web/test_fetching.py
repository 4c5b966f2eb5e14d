"""Documents from other hosts: real servers on this machine, which a test alone may allow."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ocrd.errors import NoRoomError, RequestError
from ocrd.web.door.addresses import Address, is_public
from ocrd.web.door.fetching import fetched, named
from ocrd.web.door.house import House
from tests.unit.web.houses import house_of
from tests.unit.web.test_web import Desk

PAGE = b"%PDF- not really, but nobody looks here" * 50
LIMIT = 100_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


def is_ours(address: Address) -> bool:
    return address.is_loopback


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = house_of(Desk(), tmp_path / "state", remote_urls=True)
    house.uploads.open()
    return house


def left(house: House) -> list[str]:
    return [path.name for path in (house.uploads.path / ".incoming").iterdir()]


@asynccontextmanager
async def server(serve: Serve, **more: Any) -> AsyncIterator[int]:
    """Have a server on 127.0.0.1 that is given each request's head; provide its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer, await reader.readuntil(b"\r\n\r\n"))
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.transport.abort() if writer.is_closing() else writer.close()

    running = await asyncio.start_server(answer, "127.0.0.1", 0, **more)
    async with running:
        yield running.sockets[0].getsockname()[1]


def says(*pieces: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()

    return serve


async def get(house: House, url: str, limit: int = LIMIT, **more: Any) -> Any:
    return await fetched(house, url, limit, **{"allow": is_ours, "standard_ports": False, **more})


async def refusal(house: House, url: str, **more: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await get(house, url, **more)
    assert left(house) == []
    return caught.value


@pytest.mark.parametrize(
    "pieces",
    [
        (ANSWER, b"Content-Length: %d\r\n\r\n" % len(PAGE), PAGE),
        (ANSWER, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(PAGE), PAGE, b"\r\n0\r\n\r\n"),
        (ANSWER, b"\r\n", PAGE),  # to the end of the connection
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", ANSWER, b"\r\n", PAGE),
    ],
)
async def test_a_document_is_on_the_disk_whole(house: House, pieces: tuple[bytes, ...]) -> None:
    heads = []

    async def serve(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        heads.append(head)
        await says(*pieces)(reader, writer, head)

    async with server(serve) as port:
        received = await get(house, f"http://localhost:{port}/a/b%20c.pdf?d=e")
    assert received.path.read_bytes() == PAGE
    assert (received.name, received.size) == ("b c.pdf", len(PAGE))
    assert received.sha256 == hashlib.sha256(PAGE).hexdigest()
    assert received.media_type == "application/pdf"
    first, *rest = heads[0].split(b"\r\n")
    assert first == b"GET /a/b%20c.pdf?d=e HTTP/1.1"
    assert b"Host: localhost:%d" % port in rest


async def test_nothing_is_fetched_unless_the_configuration_says_so(tmp_path: Path) -> None:
    house = house_of(Desk(), tmp_path / "state")
    with pytest.raises(RequestError, match="not fetched from other hosts") as caught:
        await get(house, "http://127.0.0.1:9/")
    assert "remote_urls = true" in caught.value.hint


async def test_a_data_url_needs_no_leave(tmp_path: Path) -> None:
    house = house_of(Desk(), tmp_path / "state")
    house.uploads.open()
    received = await named(house, "DATA:image/png;base64,aGFsbG8=", LIMIT)
    assert (received.path.read_bytes(), received.media_type) == (b"hallo", "image/png")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_no_public_host(house: House, host: str) -> None:
    asked = []

    async def serve(_: Any, __: Any, head: bytes) -> None:
        asked.append(head)

    async with server(serve) as port:
        error = await refusal(house, f"http://{host}:{port}/", allow=is_public)
    assert (error.status, error.told_code, asked) == (422, "url", [])


async def test_a_name_that_does_not_exist_is_refused_in_the_same_words(house: House) -> None:
    unknown = await refusal(house, "http://nowhere.invalid/", allow=is_public)
    ours = await refusal(house, "http://localhost/", allow=is_public)
    assert unknown.what.replace("nowhere.invalid", "localhost") == ours.what


async def test_one_address_of_ours_among_public_ones_is_enough(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, [["93.184.215.14", "10.0.0.1"]])
    error = await refusal(house, "http://mixed.example/", allow=is_public)
    assert "no public host" in error.what


def resolve(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let a name's look-ups give these addresses, one after the other; return what was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", (address, port)) for address in answers[len(asked) - 1]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_a_look_up_that_hangs_is_given_up_and_keeps_no_thread_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: goes_on.wait(60))
    works = [
        asyncio.ensure_future(get(house, "http://slow.example/", seconds=0.5)) for _ in range(80)
    ]
    assert await asyncio.to_thread(lambda: 7) == 7
    for work in works:
        with pytest.raises(RequestError):
            await work
    goes_on.set()


async def test_a_name_is_connected_to_where_it_was_looked_at(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        server(says(ANSWER, b"\r\nfirst")) as first,
        server(says(ANSWER, b"\r\nsecond")) as second,
    ):
        assert first != second
        connected: list[str] = []
        real = asyncio.open_connection

        async def open_connection(host: str, port: int, **more: Any) -> Any:
            connected.append(host)
            return await real(host, port, **more)

        monkeypatch.setattr(asyncio, "open_connection", open_connection)
        asked = resolve(monkeypatch, [["127.0.0.1"], ["10.0.0.1"]])
        received = await get(house, f"http://rebound.example:{first}/")
    assert received.path.read_bytes() == b"first"
    assert (connected, asked) == (["127.0.0.1"], ["rebound.example"])


async def test_redirects_are_followed_and_each_hop_is_looked_at(house: House) -> None:
    async with server(says(ANSWER, b"Content-Length: 4\r\n\r\nDone")) as last:
        there = f"http://127.0.0.1:{last}/x/end.png"
        found = b"HTTP/1.1 307 On\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % there.encode()
        async with server(says(found)) as port:
            received = await get(house, f"http://127.0.0.1:{port}/")
            assert (received.path.read_bytes(), received.name) == (b"Done", "end.png")
            received.path.unlink()
            seen: list[Address] = []

            def allow_once(address: Address) -> bool:
                seen.append(address)
                return len(seen) == 1

            error = await refusal(house, f"http://127.0.0.1:{port}/", allow=allow_once)
    assert "no public host" in error.what
    assert seen == [ipaddress.ip_address("127.0.0.1")] * 2


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/",
                 "http://10.1.2.3/", "file:///etc/passwd", "http://a:b@127.0.0.1/",
                 "http://0x7f000001/", "//192.168.0.1/"],
)  # fmt: skip
async def test_a_redirect_into_the_house_is_refused(house: House, location: str) -> None:
    found = b"HTTP/1.1 302 On\r\nLocation: %s\r\n\r\n" % location.encode()
    async with server(says(found)) as port:
        error = await refusal(house, f"http://127.0.0.1:{port}/")
    assert (error.status, error.told_code) == (422, "url")


async def test_a_circle_of_redirects_has_an_end(house: House) -> None:
    count = []

    async def serve(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        count.append(1)
        await says(b"HTTP/1.1 301 On\r\nLocation: /again\r\n\r\n")(reader, writer, head)

    async with server(serve) as port:
        error = await refusal(house, f"http://127.0.0.1:{port}/")
    assert "more than 5 times" in error.what
    assert len(count) == 6


@pytest.mark.parametrize(
    "pieces",
    [
        (ANSWER, b"Content-Length: %d\r\n\r\nx" % (LIMIT + 1)),
        (ANSWER, b"\r\n", b"x" * (LIMIT + 1)),
        (ANSWER, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (1 << 30), b"x" * (2 * LIMIT)),
    ],
)
async def test_a_body_beyond_the_limit_is_refused(house: House, pieces: tuple[bytes, ...]) -> None:
    async with server(says(*pieces)) as port:
        error = await refusal(house, f"http://127.0.0.1:{port}/")
    assert error.status == 413


async def test_an_endless_body_is_not_read_on(house: House) -> None:
    over = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        try:
            writer.write(ANSWER + b"\r\n")
            while True:
                writer.write(b"x" * 10_000)
                await writer.drain()
        finally:
            over.set()

    async with server(serve) as port:
        assert (await refusal(house, f"http://127.0.0.1:{port}/")).status == 413
        await asyncio.wait_for(over.wait(), 60)


@pytest.mark.parametrize(
    "pieces",
    [
        (ANSWER, b"Content-Length: 1000\r\n\r\nnot all of it"),
        (ANSWER, b"Transfer-Encoding: chunked\r\n\r\n100\r\nnot all"),
        (ANSWER, b"Content-Length: -1\r\n\r\n"),
        (ANSWER, b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        (b"220 smtp.example ESMTP\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * (128 << 10),),
        (b"",),
        (ANSWER, b"Content-Length: 0\r\n\r\n"),
        (ANSWER, b"Content-Encoding: gzip\r\n\r\nabc"),
        (b"HTTP/1.1 404 No\r\n\r\nnothing",),
        (b"HTTP/1.1 302 Where\r\n\r\n",),
        (b"HTTP/1.1 206 Part\r\n\r\nx",),
    ],
)
async def test_what_is_no_whole_document_is_refused(
    house: House, pieces: tuple[bytes, ...]
) -> None:
    async with server(says(*pieces)) as port:
        assert (await refusal(house, f"http://127.0.0.1:{port}/")).status == 422


@pytest.mark.parametrize("head", [b"", ANSWER, ANSWER + b"Content-Length: 1000\r\n\r\n"])
async def test_a_host_that_drips_is_given_up_in_time(house: House, head: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(head)
        while True:  # each byte comes in time, all of them never
            writer.write(b"X")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with server(serve) as port:
        error = await refusal(house, f"http://127.0.0.1:{port}/", seconds=0.3)
    assert "within 0.3 s" in error.what


async def test_one_who_does_not_wait_leaves_nothing(house: House) -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(ANSWER + b"Content-Length: 1000\r\n\r\nsome")
        await writer.drain()
        begun.set()
        await reader.read()

    async with server(serve) as port:
        work = asyncio.ensure_future(get(house, f"http://127.0.0.1:{port}/"))
        await begun.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert left(house) == []


async def test_a_document_for_which_there_is_no_room_is_refused(tmp_path: Path) -> None:
    house = house_of(Desk(), tmp_path / "state", remote_urls=True, upload_room=100)
    house.uploads.open()
    async with server(says(ANSWER, b"\r\n", PAGE)) as port:
        with pytest.raises(NoRoomError):
            await get(house, f"http://127.0.0.1:{port}/")
    assert left(house) == []


async def test_a_host_that_is_not_there_is_said(house: House) -> None:
    async with server(says()) as port:
        pass
    error = await refusal(house, f"http://127.0.0.1:{port}/")
    assert "cannot be reached" in error.what


@pytest.fixture(name="certified")
def _certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what a server needs to show a certificate for localhost, and the certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context, certificate


async def test_a_certificate_has_to_be_for_the_name(
    house: House, certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = certified
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    async with server(says(ANSWER, b"Content-Length: 4\r\n\r\nsafe"), ssl=context) as port:
        unknown = await refusal(house, f"https://localhost:{port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        other = await refusal(house, f"https://127.0.0.1:{port}/")
        received = await get(house, f"https://localhost:{port}/")
    assert received.path.read_bytes() == b"safe"
    assert "certificate" in unknown.what.lower()
    assert "certificate" in other.what.lower()
    assert [name for name in names if name] == ["localhost", "localhost"]
