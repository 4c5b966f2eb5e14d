"""What is meant to break the interface for programs, or to learn from it: refused by name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from ocrd.config.api import ApiSettings
from ocrd.web.door.guard import MAX_LISTENING, MAX_OF_ONE, SPARED
from tests import api
from tests.flow.scripted import engine
from tests.installation import LETTER, Installation, eventually

GUEST = "guest-key-0123456789abc"
FORM = "multipart/form-data; boundary=b"
FIELD = b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\n'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    daemon = Installation(tmp_path_factory.mktemp("api"))
    for name in ("else", "elsewhere", "away"):
        (daemon.root / name).mkdir()
    inboxes = "".join(
        f'[[inbox]]\npath = "{daemon.root}/{name}"\nscan_interval = "1s"\n'
        for name in ("else", "elsewhere", "away")
    )
    keys = f"guest: {GUEST} read upload folder={daemon.root}/elsewhere\n"
    api.configured(daemon, engine("echo"), keys=keys, more=inboxes)
    daemon.start()
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


@pytest.fixture
def client(running: Installation) -> Iterator[httpx2.Client]:
    with api.asking(running) as found:
        yield found


def raw(daemon: Installation, *headers: str, path: str = "/health") -> bytes:
    """Send headers as they are, and return what is answered, or its first event."""
    where = urlsplit(api.address(daemon))
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", "")
    with socket.create_connection((where.hostname, where.port), timeout=60) as opened:
        opened.sendall("\r\n".join(lines).encode("latin-1"))
        got = b""
        while b"event:" not in got and (more := opened.recv(65536)):
            got += more
    return got


def test_headers_of_any_form_are_no_fault_of_ours(running: Installation) -> None:
    assert raw(running, "Origin: http://[x").startswith(b"HTTP/1.1 403")
    answer = raw(running, f"X-Request-Id: {'a' * 63} b")
    assert answer.startswith(b"HTTP/1.1 200")
    assert f"x-request-id: {'a' * 63}\r\n".encode() in answer.lower()
    assert raw(running, "X-Request-Id:  ").startswith(b"HTTP/1.1 200")


def test_the_id_of_an_event_that_is_none_is_told_so(running: Installation) -> None:
    key = f"X-API-Key: {api.KEY}"
    first = raw(running, key, "Last-Event-ID: x-1", path="/v1/events")
    start = re.search(rb"id: ([0-9a-f]+)-", first)
    assert start is not None, first
    for number in ("\xb2", "-1", "9" * 80):  # the first one is a digit to Python, and no number
        told = raw(
            running, key, f"Last-Event-ID: {start[1].decode()}-{number}", path="/v1/events"
        )
        assert told.startswith(b"HTTP/1.1 200"), told
        assert b"event: lost" in told


def test_a_pattern_is_short_enough_to_be_looked_for(client: httpx2.Client) -> None:
    api.bring(client, b"%PDF-1.4")
    for pattern, status in (("[a-z" * 8000, 400), ("[a-z" * 125, 200), ("*" * 500, 200)):
        assert client.get("/v1/jobs", params={"name": pattern}).status_code == status
        asked = client.post("/v1/jobs/retry", json={"name": pattern, "dry": True})
        assert asked.status_code == status, asked.text


def test_a_form_has_room_for_so_much_text_and_no_more(client: httpx2.Client) -> None:
    fields = b"".join(FIELD % n + b"x" * (100 << 10) + b"\r\n" for n in range(11))
    answer = client.post(
        "/v1/jobs", content=fields + b"--b--\r\n", headers={"Content-Type": FORM}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")
    kind = {"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}
    answer = client.post("/v1/jobs", content=b"x", headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "form")


@pytest.mark.parametrize("value", [b"[],", b"{},", b'{"a":0},', b"0,"])
def test_json_of_very_many_values_takes_no_memory(
    running: Installation, client: httpx2.Client, value: bytes
) -> None:
    body = b'{"image_base64": [' + value * (12_000_000 // len(value)) + b"0]}"
    before = peak(running)
    answer = client.post(
        "/ocr/free", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "json")
    assert peak(running) < before + 100  # its values would take 300 and more


def peak(daemon: Installation) -> float:
    """Return the most memory that the daemon has had, in MB."""
    assert daemon.process is not None
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1]) / 1000


def test_a_file_that_is_deleted_by_many_at_once_makes_its_room_once(
    running: Installation, client: httpx2.Client
) -> None:
    def used() -> int:
        return int(client.get("/v1/status").json()["api"]["bytes"])

    kept = client.post("/v1/files", files={"file": ("kept.pdf", bytes(3 << 20))}).json()["id"]
    gone = client.post("/v1/files", files={"file": ("gone.pdf", bytes(1 << 20))}).json()["id"]
    before = used()
    with ThreadPoolExecutor(16) as pool:
        answers = [*pool.map(lambda _: client.delete(f"/v1/files/{gone}"), range(32))]
    assert {one.status_code for one in answers} <= {200, 404}
    assert used() == before - (1 << 20)
    answer = client.get(f"/v1/files/{kept}/content")
    assert answer.content == bytes(3 << 20)
    assert "kept.pdf" in answer.headers["content-disposition"]
    client.delete(f"/v1/files/{kept}")


def test_a_file_that_goes_while_it_is_asked_for_is_not_found(
    running: Installation, client: httpx2.Client
) -> None:
    left = client.post("/v1/files", files={"file": ("a.pdf", b"%PDF")}).json()["id"]
    (document,) = (running.root / "state" / "uploads" / ".files").glob(f"{left}/document")
    document.unlink()
    assert client.get(f"/v1/files/{left}/content").status_code == 404


def test_a_key_of_one_folder_learns_nothing_of_the_others(running: Installation) -> None:
    (running.root / "away").rename(running.root / "moved")
    with api.asking(running) as all_, api.asking(running, key=GUEST) as guest:
        eventually(lambda: "/away" in json.dumps(all_.get("/readyz").json()["problems"]), 30)
        for path in ("/v1/status", "/readyz", "/v1/inboxes"):
            assert "/away" in all_.get(path).text
            said = guest.get(path).text
            assert "/away" not in said
            assert os.fspath(running.config) not in said
        (running.root / "elsewhere").rename(running.root / "moved too")
        eventually(lambda: "/elsewhere" in guest.get("/readyz").text, 30)  # and "/else" is another
    (running.root / "moved too").rename(running.root / "elsewhere")
    (running.root / "moved").rename(running.root / "away")


@pytest.mark.parametrize(
    "line", ["anna: read {key}", "{key}: short", "no key at all {key}", "anna: {key} reed"]
)
def test_what_is_wrong_with_the_keys_is_told_to_nobody_outside(
    running: Installation, line: str
) -> None:
    path, secret = api.key_file(running), "the-very-secret-key-of-anna"
    before = path.read_text()
    try:
        path.write_text(before + line.format(key=secret) + "\n")
        with api.asking(running, key="") as nobody:
            answer = nobody.get("/v1/status", headers={"X-API-Key": api.KEY})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "keys")
        assert secret not in answer.text
        assert os.fspath(path) not in answer.text
    finally:
        path.write_text(before)


def test_a_file_of_keys_that_is_opened_to_all_lets_nobody_in(
    running: Installation, client: httpx2.Client
) -> None:
    path = api.key_file(running)
    assert client.get("/v1/status").status_code == 200
    path.chmod(0o644)
    try:
        assert client.get("/v1/status").status_code == 503
    finally:
        path.chmod(0o600)
    assert client.get("/v1/status").status_code == 200


def test_who_listens_to_much_leaves_places_to_others(
    running: Installation, client: httpx2.Client
) -> None:
    where = urlsplit(api.address(running))
    ask = f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {GUEST}\r\n\r\n".encode()

    def listening() -> socket.socket:
        opened = socket.create_connection((where.hostname, where.port), timeout=60)
        opened.sendall(ask)
        return opened

    opened = [listening() for _ in range(MAX_LISTENING)]
    try:
        statuses = [int(one.recv(12).split()[1]) for one in opened]
        assert sorted(statuses) == [200] * MAX_OF_ONE + [429] * (MAX_LISTENING - MAX_OF_ONE)
        with client.stream("GET", "/v1/events") as mine:
            assert mine.status_code == 200
    finally:
        for one in opened:
            one.close()


def test_who_fills_the_house_leaves_places_to_others(
    running: Installation, client: httpx2.Client
) -> None:
    where = urlsplit(api.address(running))
    head = (
        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pdf\r\n"
        f"X-API-Key: {GUEST}\r\nContent-Length: 1000000\r\n\r\n%PDF"
    ).encode()

    def bringing() -> socket.socket:
        opened = socket.create_connection((where.hostname, where.port), timeout=60)
        opened.sendall(head)  # and no more
        return opened

    most = ApiSettings().max_requests
    opened = [bringing() for _ in range(most)]
    try:
        eventually(lambda: len(select.select(opened, [], [], 0)[0]) == most // SPARED, 30)
        answers = [one.recv(12) for one in select.select(opened, [], [], 0)[0]]
        assert set(answers) == {b"HTTP/1.1 429"}
        for _ in range(3):
            api.bring(client, b"%PDF-1.4")
    finally:
        for one in opened:
            one.close()
    eventually(lambda: not incoming(running), 30, "nothing of what was not brought whole stays")


def incoming(daemon: Installation) -> list[Path]:
    return [*(daemon.root / "state" / "uploads" / ".incoming").iterdir()]


def sent(daemon: Installation, *pieces: bytes) -> bytes:
    """Send pieces, each once something was answered to the one before; return all answers."""
    where = urlsplit(api.address(daemon))
    got = b""
    with (
        socket.create_connection((where.hostname, where.port), timeout=60) as opened,
        contextlib.suppress(ConnectionError),  # it was too much already
    ):
        for piece in pieces:
            opened.sendall(piece)
            got += opened.recv(65536)
        while more := opened.recv(65536):
            got += more
    return got


def head(method: str, path: str, *headers: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", f"X-API-Key: {api.KEY}", *headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1")


CHUNKED = head("POST", "/v1/jobs", "Transfer-Encoding: chunked")
REFUSED = head("POST", "/v1/jobs?mode=none", "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)], [400]),  # TLS
        ([head("GET", "/health", "X: a\0b")], [400]),
        ([head("POST", "/v1/jobs", "Content-Length: 5", "Content-Length: 6")], [400]),
        ([head("POST", "/v1/jobs", "Content-Length: -5")], [400]),
        ([head("POST", "/v1/jobs", "Content-Length: \xb2")], [400]),
        ([head("POST", "/v1/jobs", "Transfer-Encoding: gzip, chunked")], [400]),
        ([CHUNKED + b"zz\r\n"], [400]),
        ([CHUNKED + b"-5\r\n%PDF\r\n"], [400]),
        ([REFUSED + b"5\r\n%PDF-\r\n", b"zz\r\n"], [422]),  # its answer has been sent
        ([head("GET", "/livez") + head("GET", "/livez") + b"\0\0\r\n\r\n"], [200, 200, 400]),
        ([head("POST", "/v1/jobs", "Content-Length: 5", "Transfer-Encoding: chunked")
          + b"5\r\n%PDF-\r\n0\r\n\r\n"], [400]),
    ],
)  # fmt: skip
def test_what_is_no_http_is_told_so_and_fills_no_log(
    running: Installation, pieces: list[bytes], statuses: list[int]
) -> None:
    before = running.log.read_text()
    got = sent(running, *pieces)
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", got)] == statuses
    if statuses[-1] == 400:
        error = json.loads(got.rpartition(b"\r\n\r\n")[2])["error"]
        assert error["code"] == "http" and error["message"] and error["hint"]
    assert "uvicorn" not in running.log.read_text().removeprefix(before)


@pytest.mark.parametrize(
    "headers",
    [[f"X: {'y' * (1 << 20)}"], ["X: y"] * 200_000, [f"Idempotency-Key: {'k' * (10 << 20)}"]],
    ids=["a long one", "many", "a long key"],
)
def test_a_flood_of_headers_is_cut_off(running: Installation, headers: list[str]) -> None:
    before, memory = running.log.read_text(), peak(running)
    got = sent(running, head("POST", "/v1/jobs", *headers))
    assert got[:12] in {b"", b"HTTP/1.1 400"}, "what was answered may be lost with the rest"
    assert peak(running) < memory + 10
    assert "uvicorn" not in running.log.read_text().removeprefix(before)


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "TLS/1.0"])
def test_nobody_speaks_anything_but_http_here(running: Installation, upgrade: str) -> None:
    before = running.log.read_text()
    asked = head("GET", "/livez", "Connection: Upgrade", f"Upgrade: {upgrade}")
    got = sent(running, asked + head("GET", "/livez", "Connection: close"))
    assert got.count(b"HTTP/1.1 200") == 2 and b"101" not in got.partition(b"\r\n")[0]
    assert "uvicorn" not in running.log.read_text().removeprefix(before)


def test_who_asks_whether_to_send_is_told_before_he_does(running: Installation) -> None:
    about = ("Content-Length: 8", "Expect: 100-continue", "Connection: close")
    got = sent(running, head("POST", "/v1/jobs", *about), b"%PDF-1.4")
    assert got.startswith(b"HTTP/1.1 100") and b"HTTP/1.1 202" in got
    for path, key, status in (("?mode=none", api.KEY, b"422"), ("", "wrong" * 5, b"401")):
        asked = head("POST", f"/v1/jobs{path}", *about).replace(api.KEY.encode(), key.encode())
        assert sent(running, asked).startswith(b"HTTP/1.1 " + status)


def test_every_route_answers_every_method_in_order(
    running: Installation, client: httpx2.Client
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, known in paths.items():
        asked = re.sub(r"{[^}]*}", "0", path)
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "PROPFIND"):
            answer = client.request(method, asked)
            assert answer.status_code < 500, (method, asked, answer.text)
            if method.lower() not in known and method != "HEAD":
                assert answer.status_code == 405 and answer.headers["allow"]
                assert answer.json(), "in the form of the API that was asked"
            if method == "HEAD":
                assert not answer.content
                if "get" in known:
                    assert (answer.status_code == 405) == asked.endswith("/events"), asked
    whole = client.get("/livez")
    told = client.head("/livez")
    assert (told.status_code, told.headers["content-length"]) == (200, str(len(whole.content)))


@pytest.mark.parametrize("name", ["café.png".encode(), b"caf\xe9.png", b"caf%C3%A9.png"])
def test_a_name_is_the_same_however_a_header_tells_it(
    client: httpx2.Client, name: bytes
) -> None:
    answer = client.post("/v1/jobs", content=b"%PDF-1.4", headers={b"X-Filename": name})
    assert answer.json()["job"]["relpath"].rpartition("/")[2] == "café.png"


def test_outputs_and_languages_are_each_asked_for_once(client: httpx2.Client) -> None:
    asked = {"outputs": ",".join(["md", "json"] * 2500), "languages": "deu,eng,deu"}
    job = api.bring(client, LETTER, **asked)
    assert job["asked"] == {"outputs": ["md", "json"], "languages": ["deu", "eng"]}
    assert len(api.ended(client, job["id"])["outputs"]) == 2
    many = client.post("/v1/jobs", params={"languages": "deu," * 101}, content=b"x")
    assert (many.status_code, many.json()["error"]["code"]) == (422, "config")


def test_a_code_that_is_no_text_is_refused(client: httpx2.Client) -> None:
    for code in ("%ED%A0%80", "%FF"):
        answer = client.get(f"/v1/jobs?code={code}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request")
    for code in ("\\ud800", "\\udc80"):
        kind = {"Content-Type": "application/json"}
        answer = client.post("/v1/jobs/retry", content=f'{{"code": "{code}"}}', headers=kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request")


@pytest.mark.parametrize(
    ("pages", "status"),
    [
        ("1-", 202), ("1-999999999", 202), ("1,1,1", 202), (" 1 - 1 , 1", 202), ("", 202),
        ("-3", 422), ("0", 422), ("3-1", 422), ("9999999999", 422), ("1-9999999999", 422),
        ("1,", 422), (",", 422), ("1--2", 422), ("+1", 422), ("1.0", 422), ("\uff11", 422),
        (",".join(["1"] * 1001), 422),
    ],
)  # fmt: skip
def test_a_range_of_pages_is_one_or_is_refused(
    client: httpx2.Client, pages: str, status: int
) -> None:
    answer = client.post("/v1/jobs", params={"pages": pages}, content=b"%PDF-1.4")
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["error"]["hint"]
