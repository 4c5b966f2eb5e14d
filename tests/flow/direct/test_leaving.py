"""Whoever goes away leaves his slot, and nothing of his on the disk."""

from __future__ import annotations

import socket
import time
from typing import Any

import httpx2
import pytest

from tests import api
from tests.flow.direct.serving import (
    PACKED,
    TEXT,
    a_file,
    assert_nothing_stays,
    in_work,
    left,
    said,
    sent,
)
from tests.installation import Installation, eventually

SOON_SECONDS = 1.0  # in which whoever goes away has left his slot


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/ocr/stream", {"files": a_file(), "data": {"engine": "slow"}}),
        ("/ocr/free", {"files": a_file(), "data": {"engine": "slow"}}),
        ("/ocr", {"json": {"image_base64": PACKED, "engine": "slow"}}),
        ("/ocr/batch", {"json": {"requests": [{"image_base64": PACKED, "engine": "slow"}] * 3}}),
        ("/v1/ocr", {"json": {"image": PACKED, "engine": "slow", "return_image": True}}),
    ],
)
def test_whoever_goes_away_leaves_his_slot_within_a_second(
    daemon: Installation, path: str, more: dict[str, Any]
) -> None:
    waits = []
    for _ in range(3):  # the machine may be busy with others
        with api.asking(daemon) as client:
            request = client.build_request("POST", path, **more)
        connection = sent(request)
        if path.endswith("stream"):
            assert connection.getresponse().readline().startswith(b"data: word0")
        eventually(lambda: in_work(daemon, "slow"))
        assert connection.sock is not None
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        began = time.monotonic()
        eventually(lambda: not in_work(daemon, "slow"), 20, interval=0.01)
        waits.append(time.monotonic() - began)
        if min(waits) < SOON_SECONDS:
            break
    assert min(waits) < SOON_SECONDS
    assert_nothing_stays(daemon)


def test_one_who_goes_away_in_the_middle_of_his_upload_leaves_nothing(
    daemon: Installation,
) -> None:
    with api.asking(daemon) as client:
        request = client.build_request("POST", "/ocr/file", files=a_file())
    content = request.read()
    with socket.create_connection((request.url.host, request.url.port)) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        connection.sendall(f"POST /ocr/file HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(content[: len(content) // 2])
        eventually(lambda: left(daemon), what="the half of it is there")
    assert_nothing_stays(daemon)


def test_a_page_that_is_read_again_is_told_once(client: httpx2.Client) -> None:
    answer = said(client.post("/ocr/stream", files=a_file(), data={"engine": "again"}))
    assert ("".join(answer[:-1]), answer[-1]) == (TEXT, "[DONE]")
