"""What is asked for in vain: each with its status and code."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx2
import pytest

from tests import api
from tests.flow.direct.serving import (
    FREE,
    LARGE,
    MOST_REQUESTS,
    PACKED,
    PLAIN,
    a_file,
    in_work,
    sent,
)
from tests.installation import Installation, eventually

IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PACKED}"}}


@pytest.mark.parametrize(
    ("path", "more", "status", "code"),
    [
        ("/ocr", {"json": {}}, 422, "values"),
        ("/ocr", {"json": []}, 400, "json"),
        ("/ocr", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "json"),
        ("/ocr", {"json": {"image_base64": PACKED, "temperature": "hot"}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "temperature": True}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "temperature": 3}}, 422, "alien-task"),
        ("/ocr", {"json": {"image_base64": PACKED, "max_tokens": 0}}, 422, "alien-task"),
        ("/ocr", {"json": {"image_base64": PACKED, "max_tokens": 1.5}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "prompt": 7}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "mode": "huge"}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "size": "huge"}}, 422, "size"),
        ("/ocr", {"json": {"image_base64": PACKED, "mode": "tiny", "size": "base"}}, 422, "values"),
        ("/ocr", {"json": {"image_base64": PACKED, "engine": "none"}}, 422, "unknown-engine"),
        ("/ocr", {"json": {"image_base64": PACKED, "pages": "x"}}, 422, "config"),
        ("/ocr", {"json": {"image_base64": PACKED, "pages": "7"}}, 422, "no-pages"),
        ("/ocr", {"json": {"image": PACKED, "format": "xml"}}, 422, "values"),
        ("/ocr/file", {"files": a_file("x.png", b"not an image")}, 422, "unsupported"),
        ("/ocr/file", {"files": a_file("x.png", b"")}, 422, "document"),
        ("/ocr/file", {"data": {"prompt": FREE}}, 415, "media-type"),
        ("/ocr/stream", {"files": a_file("x.png", b"not an image")}, 422, "unsupported"),
        ("/ocr/stream", {"files": a_file(), "data": {"pages": "1"}}, 422, "values"),
        ("/ocr/stream", {"files": a_file(), "data": {"mode": "locate"}}, 422, "alien-task"),
        ("/ocr", {"files": a_file(), "params": {"wait": "perhaps"}}, 422, "values"),
        ("/ocr", {"files": a_file(), "headers": {"Accept": "image/png"}}, 406, "accept"),
        ("/ocr/file", {"files": a_file("x.png", LARGE)}, 413, "too-large"),
        ("/ocr", {"json": {"image_base64": base64.b64encode(LARGE).decode()}}, 413, "too-large"),
        ("/ocr", {"json": {"image_base64": PACKED, "prompt": "x" * 20_001}}, 422, "values"),
        (
            "/v1/chat/completions",
            {"json": {"messages": [{"role": "user", "content": [IMAGE]}], "stop": ["x" * 1001]}},
            400, "invalid_value",
        ),
        (
            "/v1/chat/completions",
            {"json": {"messages": [{"role": "user", "content": [
                IMAGE, {"type": "text", "text": "read " * 100_000}]}]}},
            422, "values",
        ),
        ("/ocr/batch", {"json": {"requests": 7}}, 422, "values"),
        ("/v1/ocr", {"json": {}}, 422, "values"),
        ("/v1/ocr", {"json": {"image": PACKED, "image_type": "path"}}, 422, "values"),
        ("/v1/ocr", {"json": {"image": "/etc/passwd"}}, 422, "unsupported"),  # as Base64
        ("/v1/ocr", {"json": {"image": "../etc/passwd"}}, 422, "base64"),
        ("/v1/ocr", {"json": {"image": "http://127.0.0.1/x.png", "image_type": "url"}}, 422, "url"),
        ("/v1/ocr", {"json": {"image": "file:///etc/passwd", "image_type": "url"}}, 422, "url"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_code(
    client: httpx2.Client, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post(path, **more)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    message = answer.json()["error"]["message"]
    assert message
    assert not re.search(r"[0-9a-f]{16}", message), "names of our own say nothing to anybody"


def test_nothing_is_begun_while_the_daemon_is_paused(client: httpx2.Client) -> None:
    assert client.post("/v1/pause").status_code == 200
    try:
        for path in ("/ocr/free", "/ocr/stream"):
            answer = client.post(path, files=a_file())
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
            assert answer.json()["error"]["code"] == "paused"
    finally:
        client.post("/v1/resume")
    assert client.post("/ocr/free", files=a_file()).json()["text"] == PLAIN


def test_an_engine_that_does_not_start_is_said_at_once(client: httpx2.Client) -> None:
    for path in ("/ocr/free", "/ocr/stream"):
        answer = client.post(path, files=a_file(), data={"engine": "down"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
        assert "no such weights" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/ocr", "/ocr/file", "/ocr/stream", "/ocr/batch", "/ocr/free", "/ocr/markdown",
             "/v1/ocr"],
)  # fmt: skip
def test_reading_needs_a_key_that_may_bring_documents(daemon: Installation, path: str) -> None:
    for key, status in (("", 401), ("wrong-0123456789012345678901", 401),
                        ("only-reads-0123456789012345", 403)):  # fmt: skip
        with api.asking(daemon, key=key) as client:
            assert client.post(path, json={"image": PACKED}).status_code == status


def test_more_at_a_time_than_are_answered_are_told_to_come_again(
    client: httpx2.Client, daemon: Installation
) -> None:
    asked = client.build_request("POST", "/ocr/free", files=a_file(), data={"engine": "slow"})
    held = [sent(asked) for _ in range(MOST_REQUESTS)]
    eventually(lambda: in_work(daemon, "slow") == MOST_REQUESTS)
    for path in ("/ocr/free", "/ocr/stream", "/ocr"):
        refused = client.post(path, files=a_file())
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1"), refused.text
        assert refused.json()["error"]["code"] == "busy"
    for connection in held:
        connection.close()
    eventually(lambda: not in_work(daemon, "slow"))
    assert client.post("/ocr/free", files=a_file()).status_code == 200
