"""Who may come in: keys, hosts, origins, a proxy's path; and who is told of a job's end."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import api
from tests.flow.scripted import engine
from tests.installation import LETTER, PATIENCE, Installation, eventually, make_pdf

GUEST = "guest-key-0123456789abc"
MORE = 'origins = ["https://tools.example"]\nhosts = ["ocr.example"]\nroot_path = "/ocr"'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    daemon = Installation(tmp_path_factory.mktemp("api"))
    api.configured(daemon, engine("echo"), MORE, keys="reader: reader-key-0123456789 read\n")
    daemon.start()
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


@pytest.fixture
def nobody(running: Installation) -> Iterator[httpx2.Client]:
    with api.asking(running, key="") as client:
        yield client


# Keys


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "no-key"),
        ({"Authorization": "Bearer wrong-key-0123456789012"}, 401, "wrong-key"),
        ({"X-API-Key": "wrong-key-0123456789012"}, 401, "wrong-key"),
        ({"Authorization": f"Basic {api.KEY}"}, 401, "no-key"),
        ({"Authorization": api.KEY}, 401, "no-key"),
        ({"X-Api-Token": api.KEY}, 401, "no-key"),
        ({"Cookie": f"key={api.KEY}"}, 401, "no-key"),
        ({"X-API-Key": api.KEY[:-1]}, 401, "wrong-key"),
        ({"X-API-Key": f"{api.KEY}x"}, 401, "wrong-key"),
        ({"X-API-Key": "tests"}, 401, "wrong-key"),
        ({"Authorization": f"bearer  {api.KEY}"}, 200, ""),
        ({"X-API-Key": api.KEY}, 200, ""),
    ],
)
def test_a_key_is_told_in_one_of_two_ways(
    nobody: httpx2.Client, headers: dict[str, str], status: int, code: str
) -> None:
    answer = nobody.get("/v1/status", headers=headers)
    assert answer.status_code == status
    if code:
        assert answer.json()["error"]["code"] == code
        assert answer.headers["www-authenticate"].startswith("Bearer")
    told = nobody.get("/v1/status", params={"key": api.KEY, "api_key": api.KEY})
    assert told.status_code == 401


def test_every_route_wants_a_key_but_those_of_life(
    running: Installation, nobody: httpx2.Client
) -> None:
    with api.asking(running, "socket") as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert len(paths) > 20
    free = set()
    for path, methods in paths.items():
        for method in methods:
            answer = nobody.request(method.upper(), re.sub(r"{\w+}", "1", path))
            if answer.status_code != 401:
                free.add(path)
    assert free == {"/health", "/healthz", "/livez"}


def test_the_socket_asks_for_no_key(running: Installation) -> None:
    with api.asking(running, "socket") as client:
        assert client.get("/v1/status").status_code == 200


def test_a_reader_reads_and_does_nothing_else(running: Installation) -> None:
    with api.asking(running, key="reader-key-0123456789") as client:
        assert client.get("/v1/jobs").status_code == 200
        for path in ("pause", "resume", "reload", "stop", "check", "jobs/retry", "jobs"):
            answer = client.post(f"/v1/{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope"), path


def test_a_key_that_is_made_opens_at_once_and_one_that_is_removed_no_more(
    running: Installation,
) -> None:
    made = running.call("key", "new", "anna", "--upload")
    with api.asking(running, key=made["key"]) as client:
        job = client.post("/v1/jobs", content=LETTER.read_bytes()).json()["job"]
        assert job["by"] == "anna"
        assert client.get("/v1/jobs").json()["error"]["code"] == "scope"
        assert made["key"] not in (running.root / "keys").read_text()
        running.call("key", "remove", "anna")
        assert client.get("/v1/jobs").json()["error"]["code"] == "wrong-key"


def test_a_file_of_keys_that_others_may_read_lets_nobody_in(running: Installation) -> None:
    path = api.key_file(running)
    with api.asking(running) as client:
        path.chmod(0o644)
        path.write_text(path.read_text())  # so that it is another
        try:
            answer = client.get("/v1/status")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "keys")
        finally:
            path.chmod(0o600)
            path.write_text(path.read_text())
        assert client.get("/v1/status").status_code == 200


# From where


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("localhost:99", 200), ("ocr.example", 200), ("OCR.example:443", 200),
        ("[::1]", 200), ("evil.example", 421), ("", 421), ("127.0.0.1.evil.example", 421),
        ("10.0.0.1", 421), ("localhost@evil.example", 421), ("[", 421),
    ],
)  # fmt: skip
def test_a_host_that_is_not_ours_is_not_answered(
    running: Installation, host: str, status: int
) -> None:
    with api.asking(running) as client:
        answer = client.get("/v1/status", headers={"Host": host})
        assert answer.status_code == status, answer.text
        if status == 421:
            assert answer.json()["error"]["code"] == "host"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://tools.example", 200), ("https://evil.example", 403), ("null", 403),
        ("http://tools.example", 403), ("https://tools.example.evil", 403),
    ],
)  # fmt: skip
def test_a_page_that_was_not_named_may_not_ask(
    running: Installation, origin: str, status: int
) -> None:
    with api.asking(running) as client:
        answer = client.get("/v1/status", headers={"Origin": origin})
        assert answer.status_code == status
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if status == 200 else None)


def test_behind_a_proxy_all_paths_begin_as_it_serves_them(running: Installation) -> None:
    with api.asking(running) as client:
        answer = client.post("/v1/jobs", content=LETTER.read_bytes())
        number = answer.json()["job"]["id"]
        assert answer.headers["location"] == f"/ocr/v1/jobs/{number}"
        assert answer.json()["job"]["links"]["self"] == f"/ocr/v1/jobs/{number}"
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/ocr"}]
        page = client.get("/docs").text
        assert "/ocr/openapi.json" in page and "/ocr/static-offline-docs/" in page
        assert "cdn." not in page
        assert client.get("/static-offline-docs/swagger-ui.css").status_code == 200


def test_a_query_of_any_bytes_is_answered(running: Installation) -> None:
    where = urlsplit(api.address(running))
    for query in (b"\xff\xfe=\x80", b"%ff=%00&state=%F0", b"&&==&limit=%31", b"name=%FF\xff"):
        head = b"GET /v1/jobs?%s HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\n\r\n"
        with socket.create_connection((where.hostname, where.port)) as opened:
            opened.sendall(head % (query, api.KEY.encode()))
            opened.settimeout(30)
            assert 200 <= int(opened.recv(1000).split()[1]) < 500


def test_a_key_of_some_folders_steers_those_alone(tmp_path: Path) -> None:
    daemon, second = Installation(tmp_path), tmp_path / "second"
    second.mkdir()
    more = f'[[inbox]]\npath = "{second}"\nsettle = "200ms"\npatience = "0s"\n'
    guest = f"guest: {GUEST} folder={second}\n"
    api.configured(daemon, engine("echo"), keys=guest, more=more, patience="0s")
    daemon.start()
    try:
        for folder in (daemon.inbox, second):
            (folder / "torn.pdf").write_bytes(b"%PDF-1.4\n")
        with api.asking(daemon) as all_of, api.asking(daemon, key=GUEST) as some:
            failed = eventually(
                lambda: len(found := listed(all_of)) == 2 and found, 60, "both have failed"
            )
            [own] = listed(some)
            hidden = next(number for number in failed if number != own)
            for verb in ("pause", "resume", "stop", "reload", "check"):
                assert some.post(f"/v1/{verb}").status_code == 403, verb
            assert some.post(f"/v1/jobs/{hidden}/retry").status_code == 404
            assert some.post("/v1/jobs/retry", json={"numbers": [hidden]}).status_code == 404
            told = some.post("/v1/jobs/retry").json()["outcomes"]
            assert [one["id"] for one in told] == [own]
            status = some.get("/v1/status").json()
            assert [one["path"] for one in status["inboxes"]] == [str(second)]
            assert str(daemon.inbox) not in some.get("/v1/status").text
    finally:
        daemon.stop()


def listed(client: httpx2.Client) -> list[int]:
    jobs = client.get("/v1/jobs", params={"state": "failed"}).json()["jobs"]
    return [job["id"] for job in jobs]


# Its end


def test_who_listens_or_waits_does_not_hold_up_the_end(tmp_path: Path) -> None:
    daemon = Installation(tmp_path)
    api.configured(daemon, engine("streamer", 'delay = 0.2\ntext = "a b c d e f g h"'))
    make_pdf(tmp_path / "leaf.pdf", 1)
    daemon.start()
    try:
        with ExitStack() as stack:
            client = stack.enter_context(api.asking(daemon))
            number = api.bring(client, tmp_path / "leaf.pdf")["id"]
            streams = []
            for door in api.DOORS:
                other = stack.enter_context(api.asking(daemon, door))
                answer = stack.enter_context(other.stream("GET", "/v1/events"))
                streams.append(answer.iter_lines())
            pool = stack.enter_context(ThreadPoolExecutor(1))
            waiting = pool.submit(client.get, f"/v1/jobs/{number}?wait=200")
            began = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - began < 30 * PATIENCE
            for lines in streams:
                list(lines)  # comes to its end
            assert waiting.result().status_code == 200
        daemon.start()
        with api.asking(daemon) as client:
            assert api.ended(client, number)["state"] == "done"
    finally:
        daemon.stop()
    assert "Traceback" not in daemon.log.read_text(), daemon.log.read_text()


# Callbacks


class Hook:
    """A server that is told."""

    def __init__(self, answers: list[int]) -> None:
        self.told: list[Any] = []
        self.answers = answers  # the last one again and again
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.told.append(json.loads(body))
                self.send_response(hook.answers[min(len(hook.told), len(hook.answers)) - 1])
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_whoever_asked_for_it_is_told_of_the_end_over_failures_and_a_kill(
    tmp_path: Path,
) -> None:
    daemon, hook = Installation(tmp_path), Hook([500, 204])
    api.configured(daemon, engine("echo"), f'callbacks = ["{hook.url}"]')
    daemon.start()
    try:
        with api.asking(daemon) as client:
            for url in ("http://127.0.0.1:1/", f"{hook.url}../admin", f"{hook.url}%2e%2E/x", "x"):
                answer = client.post(f"/v1/jobs?callback={url}", content=b"x")
                assert answer.status_code == 422, url
            job = api.bring(client, LETTER, callback=f"{hook.url}done")
            assert job["callback"] == f"{hook.url}done"
            eventually(lambda: len(hook.told) == 1, 30)
        daemon.kill()
        daemon.start()
        eventually(lambda: len(hook.told) >= 2, 30)
        told = hook.told[1]["job"]
        assert (told["id"], told["state"]) == (job["id"], "done")
        eventually(lambda: '"called-back"' in daemon.log.read_text(), 10)
    finally:
        daemon.stop()
        hook.close()
