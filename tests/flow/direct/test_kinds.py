"""The embedded engine, the documentation's lines, formats, health, keys."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests import api
from tests.flow.direct.serving import PAGE, PLAIN, a_file, said
from tests.installation import PATIENCE, SAMPLES, Installation
from tests.recipes.blocks import blocks


def test_the_embedded_engine_reads_and_says_what_it_estimates(client: httpx2.Client) -> None:
    asked = {
        "engine": "embedded", "mode": "gundam", "temperature": "1.5", "max_tokens": "8192",
        "prompt": "<image>\nExtract all text",
    }  # fmt: skip
    answer = client.post("/ocr", files=a_file(), data=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["text"] == "Line 0 of a page Line 1 of a page"  # one paragraph
    assert body["usage"]["estimated"] is True
    assert body["usage"]["completion_tokens"] > 0
    assert body["mode"] == "gundam"
    streamed = client.post(
        "/ocr/stream", files=a_file(), data={"engine": "embedded", "max_tokens": "1"}
    )
    *lines, last = said(streamed)
    assert (lines[0].strip(), lines[-1].strip(), last) == (
        "Line 0 of a page", "Line 1 of a page", "[DONE]",
    )  # fmt: skip
    for prompt in ("<image>\nDescribe this image in detail.", "<image>\nWho wrote this?"):
        refused = client.post("/ocr", files=a_file(), data={**asked, "prompt": prompt})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "alien-task")


def test_the_lines_of_the_documentation_do_what_they_say(
    daemon: Installation, tmp_path: Path
) -> None:
    (tmp_path / "scan.png").write_bytes(PAGE)
    shutil.copy(SAMPLES / "letter.pdf", tmp_path)
    (block,) = blocks("direct")
    result = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block.text],
        cwd=tmp_path, env={**os.environ, "OCRD": api.address(daemon), "KEY": api.KEY},
        capture_output=True, text=True, timeout=PATIENCE * 60,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.count('"text": "A heading') == 2
    assert result.stdout.count('"text": "# A heading') == 1
    assert result.stdout.count('"markdown": "# A heading') == 1
    assert result.stdout.count("data: [DONE]") == 1
    with Image.open(tmp_path / "boxes.jpg") as picture:
        assert picture.format == "JPEG"


def test_health_tells_of_the_models_to_those_who_may_know(daemon: Installation) -> None:
    with api.asking(daemon) as client:
        client.post("/ocr/free", files=a_file())
        told = client.get("/health").json()
        assert (told["status"], told["model_loaded"]) == ("ok", True)
        assert told["models"]["default"] == {"model": "scripted", "state": "ready"}
        assert client.get("/healthz").json() == {"ok": True}
    with api.asking(daemon, "socket") as client:
        assert client.get("/health").json()["models"]["default"]["state"] == "ready"
    for key in ("", "wrong-0123456789012345678901"):
        with api.asking(daemon, key=key) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert client.get("/healthz").json() == {"ok": True}


@pytest.mark.parametrize("kind", ["BMP", "JPEG", "PDF", "PNG", "TIFF", "WEBP"])
def test_what_those_servers_read_is_read(client: httpx2.Client, kind: str) -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(PAGE)).save(out, kind)
    answer = client.post("/ocr/free", files=a_file("whatever.bin", out.getvalue()))
    assert answer.json()["text"] == PLAIN


def test_a_key_may_be_told_as_those_servers_have_it_told(daemon: Installation) -> None:
    with api.asking(daemon, key="") as client:
        assert client.get("/jobs", headers={"X-API-Key": api.KEY}).status_code == 200
        assert client.get("/jobs", headers={"X-API-Key": "wrong"}).status_code == 401
        for path in ("/docs", "/redoc"):
            shown = client.get(path, headers={"X-API-Key": api.KEY})
            assert (shown.status_code, "<html" in shown.text.lower()) == (200, True)


def test_the_openapi_document_has_the_routes(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/ocr", "/ocr/file", "/ocr/stream", "/ocr/batch", "/ocr/free", "/ocr/markdown",
                 "/v1/ocr"):  # fmt: skip
        assert "application/json" in json.dumps(paths[path]["post"]["requestBody"])
    for path in ("/jobs", "/ocr/{job}", "/ocr/{job}/pages/{page}", "/ocr/{job}/result"):
        assert "get" in paths[path]
