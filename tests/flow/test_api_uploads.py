"""What programs bring: cut off, lying, hostile, too much; killed in the middle and taken up."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import api
from tests.faults.hostile import pdfs, pictures
from tests.flow.scripted import engine
from tests.installation import (
    LETTER,
    PATIENCE,
    SAMPLES,
    Installation,
    eventually,
    make_pdf,
)
from tests.recipes.blocks import blocks

STREAMER = engine("streamer", "delay = 0.02")
LIMIT = 3 << 20  # bytes of an upload


def uploads(daemon: Installation) -> Path:
    return daemon.root / "state" / "uploads"


def left(daemon: Installation) -> list[Path]:
    """Return what lies among the uploads, but for the folders of the house's own."""
    own = {"uploads", ".incoming", "done", "failed"}
    return [path for path in uploads(daemon).rglob("*") if path.name not in own]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    daemon = Installation(tmp_path_factory.mktemp("api"))
    api.configured(
        daemon,
        engine("echo"),
        f'max_upload = "{LIMIT}B"\nupload_room = "20MiB"\nmax_pages = 5',
    )
    daemon.start()
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


@pytest.fixture(params=api.DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(running: Installation, door: str) -> Iterator[httpx2.Client]:
    with api.asking(running, door) as client:
        yield client


def connected(daemon: Installation, door: str) -> socket.socket:
    if door == "socket":
        opened = socket.socket(socket.AF_UNIX)
        opened.connect(os.fspath(daemon.root / "state" / "run" / "ocrd.sock"))
        return opened
    where = urlsplit(api.address(daemon))
    return socket.create_connection((where.hostname, where.port))


def head(length: int, kind: str = "application/pdf") -> bytes:
    return (
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {api.KEY}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def answered(opened: socket.socket) -> tuple[int, Any]:
    opened.settimeout(30)
    got = b""
    while more := opened.recv(65536):
        got += more
        top, _, body = got.partition(b"\r\n\r\n")
        length = [line for line in top.split(b"\r\n") if line.lower().startswith(b"content-length")]
        if length and len(body) >= int(length[0].split(b":")[1]):
            break
    return int(got.split()[1]), json.loads(body)


FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'


@pytest.mark.parametrize("kind", ["application/pdf", FORM])
def test_an_upload_that_breaks_off_leaves_nothing(
    running: Installation, door: str, kind: str
) -> None:
    before = left(running)
    with connected(running, door) as opened:
        opened.sendall(head(100_000, kind) + (PART if kind == FORM else b"") + b"%PDF-1.7" * 5000)
        eventually(lambda: list((uploads(running) / ".incoming").iterdir()), 30)
    eventually(lambda: not list((uploads(running) / ".incoming").iterdir()), 30)
    assert left(running) == before
    with api.asking(running, door) as client:
        assert client.get("/v1/status").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"--b--\r\n", 422, "document"),
        (PART + b"%PDF", 400, "form"),  # ends in the middle
        (b"no boundary at all", 400, "form"),
        (PART + b"x\r\n" + PART + b"y\r\n--b--\r\n", 422, "document"),
        (PART + b"\r\n--b--\r\n", 422, "document"),  # empty
        (b"--b\r\nContent-Disposition: form-data; name=m\r\n\r\na\r\n--b--\r\n", 422, "document"),
        (b"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n", 400, "form"),
        (b"--b\r\n" + b"X" * 5000 + b": y\r\n\r\nx\r\n--b--\r\n", 400, "form"),
        (b"--b\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n--b--", 400, "form"),
        (b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n
                  for n in range(300)) + b"--b--\r\n", 400, "form"),
        (b'--b\r\nContent-Disposition: form-data; name="mode"\r\n\r\n' + b"x" * (2 << 20)
         + b"\r\n--b--\r\n", 413, "too-large"),
    ],
)  # fmt: skip
def test_an_odd_form_is_refused_and_leaves_nothing(
    running: Installation, door: str, body: bytes, status: int, code: str
) -> None:
    before = left(running)
    with connected(running, door) as opened:
        opened.sendall(head(len(body), FORM) + body)
        found, told = answered(opened)
    assert (found, told["error"]["code"]) == (status, code), told
    assert left(running) == before


def test_a_form_of_a_browser_and_one_of_curl_are_understood(client: httpx2.Client) -> None:
    page = LETTER.read_bytes()
    for body in (
        b"\r\n--b\r\nContent-Type: image/png\r\ncontent-disposition: FORM-DATA;"
        b" filename=\"a b.png\"; name=file\r\n\r\n" + page + b"\r\n--b--\r\nafterwards",
        b"--b\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\ntext\r\n--b\r\n"
        b"Content-Disposition: form-data; name=\"anything\"; filename=\"a.png\"\r\n\r\n"
        + page + b"\r\n--b--\r\n",
    ):  # fmt: skip
        answer = client.post("/v1/jobs", content=body, headers={"Content-Type": FORM})
        assert answer.status_code == 202, answer.text
        assert api.ended(client, answer.json()["job"]["id"])["state"] == "done"


def test_what_is_too_large_is_refused_whatever_it_says(running: Installation, door: str) -> None:
    before = left(running)
    with connected(running, door) as opened:  # its length is true, and nothing else need come
        opened.sendall(head(LIMIT * 10))
        assert answered(opened)[0] == 413

    def endless() -> Iterator[bytes]:  # without a length
        for _ in range(100):
            yield b"x" * 100_000

    with api.asking(running, door) as client:
        answer = client.post("/v1/jobs", content=endless())
        assert answer.status_code == 413, answer.text
    assert left(running) == before


NAMES = [
    ("../../../etc/passwd", "passwd"), ("/etc/shadow", "shadow"), ("..", "document"),
    ("C:\\scans\\a.pdf", "a.pdf"), ("a\x00b.pdf", "a_b.pdf"), (".hidden.pdf", "hidden.pdf"),
    ("x" * 300 + ".pdf", "x" * 120 + ".pdf"), ("", "document"), ("a/b/", "document"),
    ("новый.pdf", "новый.pdf"), ("a\r\nb.pdf", "a__b.pdf"), ("done", "done"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kept"), NAMES)
def test_a_name_leads_nowhere(client: httpx2.Client, name: str, kept: str) -> None:
    answer = client.post("/v1/jobs", params={"filename": name}, content=LETTER.read_bytes())
    job = answer.json()["job"]
    token, _, found = job["relpath"].partition("/")
    assert found == kept and len(token) == 16
    assert api.ended(client, job["id"])["state"] == "done"


def test_a_name_that_is_not_utf8_is_taken_as_it_can_be(running: Installation, door: str) -> None:
    body = PART.replace(b"a.pdf", b"caf\xe9\xff.png") + LETTER.read_bytes() + b"\r\n--b--\r\n"
    with connected(running, door) as opened:
        opened.sendall(head(len(body), FORM) + body)
        status, told = answered(opened)
    assert status == 202 and told["job"]["relpath"].endswith(".png")
    with api.asking(running, door) as client:
        assert api.ended(client, told["job"]["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pictures.png(60_000, 60_000, 8, 0, pixels=pdfs.squeezed(1000)), "too-large"),
        (b"%PDF-1.7\n" + b"x" * 100, "corrupt"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, "corrupt"),
        (b"<html>" * 1000, "unsupported"),
        (b"PK\x03\x04" + b"\0" * 1000, "unsupported"),
    ],
    ids=["png", "pdf", "torn", "html", "zip"],
)
def test_a_bomb_fails_by_name_whatever_it_says_of_itself(
    running: Installation, content: bytes, code: str
) -> None:
    with api.asking(running) as client:
        answer = client.post(
            "/v1/jobs?filename=scan.pdf", content=content, headers={"Content-Type": "image/jpeg"}
        )
        job = api.ended(client, answer.json()["job"]["id"])
        assert (job["state"], job["code"]) == ("failed", code), job
        assert job["message"]
        assert client.get("/v1/status").json()["problems"] == []


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(pdfs.content_bomb, marks=pytest.mark.more),  # page_timeout is its end
        pdfs.xref_stream_bomb,
        pdfs.looped_pages,
    ],
)
def test_a_pdf_that_is_a_bomb_comes_to_an_end_and_costs_nobody_else(
    running: Installation, bomb: Callable[[], bytes]
) -> None:
    with api.asking(running) as client:
        job = api.ended(client, api.bring(client, bomb())["id"])
        assert job["code"] != "internal"
        beside = api.ended(client, api.bring(client, LETTER)["id"])
        assert beside["state"] == "done"
        assert client.get("/v1/status").json()["problems"] == []


def test_more_pages_than_may_be_asked_for_fail_by_name(running: Installation) -> None:
    make_pdf(running.root / "long.pdf", 6)
    with api.asking(running) as client:
        job = api.ended(client, api.bring(client, running.root / "long.pdf")["id"])
        assert (job["state"], job["code"]) == ("failed", "too-large")
        assert "6 pages" in job["message"] and "max_pages" in job["hint"]
        some = api.bring(client, running.root / "long.pdf", pages="2-6")
        assert api.ended(client, some["id"])["state"] == "done"


# The page


def test_the_lines_of_the_documentation_do_what_they_say(
    running: Installation, tmp_path: Path
) -> None:
    shutil.copy(SAMPLES / "letter.pdf", tmp_path)
    shutil.copy(LETTER, tmp_path / "scan.png")
    said = ""
    for block in blocks("jobs"):
        result = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block.text],
            cwd=tmp_path, env={**os.environ, "OCRD": api.address(running), "KEY": api.KEY},
            capture_output=True, text=True, timeout=PATIENCE * 60,
        )  # fmt: skip
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
        said += result.stdout
    assert "event: done" in said and '{"deleted": ' in said
    assert "Page image" in (tmp_path / "letter.md").read_text()
    assert (tmp_path / "letter.overlay.pdf").read_bytes().startswith(b"%PDF")
    assert zipfile.is_zipfile(tmp_path / "letter.zip")
    assert "done <!-- page 1 -->" in said


# Room


@pytest.mark.more
def test_where_there_is_no_room_uploads_are_refused_until_some_is_made(tmp_path: Path) -> None:
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("echo"), 'upload_room = "300KB"\nkeep_uploads = "1s"')
    daemon.start()
    try:
        with api.asking(daemon) as client:
            first = api.ended(client, api.bring(client, b"%PDF-" + b"x" * 200_000)["id"])
            full = client.post("/v1/jobs", content=b"y" * 200_000)
            assert full.status_code == 507, full.text
            assert "upload_room" in full.json()["error"]["message"]
            assert full.headers["retry-after"]
            assert client.delete(f"/v1/jobs/{first['id']}").status_code == 200
            api.bring(client, b"%PDF-" + b"y" * 200_000)
        daemon.stop()
        assert "Traceback" not in daemon.log.read_text()
        daemon.configure(engine("echo"))
        text = daemon.config.read_text().replace(
            "free_space_floor = 0", 'free_space_floor = "900TiB"'
        )
        daemon.config.write_text(text)
        daemon.start()
        with api.asking(daemon, "socket") as client:
            full = client.post("/v1/jobs", content=b"z")
            assert full.status_code == 507 and "free_space_floor" in full.text
    finally:
        daemon.stop()


# Killed


@pytest.mark.parametrize(
    "kind", ["application/pdf", pytest.param(FORM, marks=pytest.mark.more)]
)
def test_of_an_upload_that_is_killed_nothing_stays(tmp_path: Path, kind: str) -> None:
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("echo"))
    daemon.start()
    try:
        with connected(daemon, "tcp") as opened:
            opened.sendall(
                head(10_000_000, kind) + (PART if kind == FORM else b"") + b"x" * 500_000
            )
            incoming = uploads(daemon) / ".incoming"
            eventually(lambda: any(one.stat().st_size > 100_000 for one in incoming.iterdir()), 30)
            daemon.kill()
        assert list(incoming.iterdir())
        daemon.start()
        assert left(daemon) == []
        with api.asking(daemon) as client:
            assert client.get("/v1/jobs").json()["jobs"] == []
    finally:
        daemon.stop()


def test_a_killed_job_goes_on_at_its_next_page_and_is_one(tmp_path: Path) -> None:
    daemon = Installation(tmp_path)
    api.configured(daemon, STREAMER)
    book = tmp_path / "book.pdf"
    make_pdf(book, 6)
    headers = {"Idempotency-Key": "once"}
    daemon.start()
    try:
        with api.asking(daemon) as client:
            whole = api.ended(client, api.bring(client, book)["id"])
            expected = client.get(f"/v1/jobs/{whole['id']}/result").content
            pages = client.get(f"/v1/jobs/{whole['id']}/result?format=json").json()["pages"]
            body = book.read_bytes()
            number = client.post("/v1/jobs", content=body, headers=headers).json()["job"]["id"]
            eventually(lambda: api.job(client, number)["pages_done"] >= 2, 30)
            read = api.job(client, number)["pages_done"]
        daemon.kill()
        daemon.start()
        with api.asking(daemon) as client:
            again = client.post("/v1/jobs", content=body, headers=headers)
            assert again.json()["job"]["id"] == number, "who heard nothing asks once more"
            done = api.ended(client, number)
            assert (done["state"], done["pages_done"]) == ("done", 6)
            assert client.get(f"/v1/jobs/{number}/result").content == expected
            found = client.get(f"/v1/jobs/{number}/result?format=json").json()["pages"]
            assert [{**page, "seconds": 0} for page in found] == [
                {**page, "seconds": 0} for page in pages
            ]
            [status] = client.get("/v1/status").json()["engines"]
            assert status["pages"] <= 6 - read
            jobs = client.get("/v1/jobs").json()["jobs"]
            assert [job["id"] for job in jobs] == [number, whole["id"]]
    finally:
        daemon.stop()


# Large


@pytest.mark.more
def test_a_large_upload_and_its_zip_go_by_the_disk(tmp_path: Path) -> None:
    """The daemon's memory does not grow by what is brought, nor by what is fetched."""
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("echo"), 'max_upload = "300MiB"')
    daemon.start()
    try:
        assert daemon.process is not None
        with api.asking(daemon) as client:
            api.ended(client, api.bring(client, LETTER)["id"])
            before = peak(daemon.process.pid)
            size = 200 << 20

            def much() -> Iterator[bytes]:
                yield b"\x89PNG\r\n\x1a\n"
                for _ in range(size >> 20):
                    yield os.urandom(1 << 20)

            answer = client.post("/v1/jobs", content=much())
            assert answer.status_code == 202
            job = api.ended(client, answer.json()["job"]["id"])
            assert job["state"] == "failed"
            grown = peak(daemon.process.pid) - before
            assert grown < 40 << 20, f"{grown >> 20} MiB"
    finally:
        daemon.stop()


def peak(pid: int) -> int:
    """Return the most memory that a process had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmHWM")
