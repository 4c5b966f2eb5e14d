"""OCR with the answer at once: each documented example of the servers whose clients people have.

One daemon for all: its default engine writes word by word as a model does, others are slow, cannot
start, or are the real embedded one.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image, ImageDraw

from tests import api
from tests.flow.scripted import engine
from tests.installation import PATIENCE, SAMPLES, Installation, eventually, make_pdf
from tests.recipes.blocks import blocks

MOST_REQUESTS = 8  # at a time
SOON_SECONDS = 1.0  # in which whoever goes away has left his slot
TEXT = "# A heading\n\nFour words in all, and then ten more in a paragraph of its own."
PLAIN = "A heading\n\nFour words in all, and then ten more in a paragraph of its own."
FREE, TO_MARKDOWN = (
    "<image>\nFree OCR.", "<image>\n<|grounding|>Convert the document to markdown.",
)  # fmt: skip
# As DeepSeek-OCR writes a page: each block with its place.
MARKS = (
    "<|ref|>title<|/ref|><|det|>[[60, 40, 940, 90]]<|/det|>\\n# Boxes\\n\\n"
    "<|ref|>text<|/ref|><|det|>[[60, 200, 940, 300]]<|/det|>\\nBelow it stands one line."
)
ENGINES = f"""
[engines.slow]
kind = "module"
module = "tests.engines.streamer"
[engines.slow.options]
delay = 0.05
text = "{" ".join(f"word{number}" for number in range(400))}"
[engines.boxes]
kind = "module"
module = "tests.engines.streamer"
[engines.boxes.options]
text = "{MARKS}"
[engines.again]
kind = "module"
module = "tests.engines.streamer"
[engines.again.options]
again = 3
[engines.down]
kind = "module"
module = "tests.engines.slow_start"
restart_backoff = "50ms"
[engines.down.options]
start = 0
refuse = true
[engines.deadly]
kind = "module"
module = "tests.engines.die_on_page_4"
restart_backoff = "50ms"
max_kills = 1
[engines.deadly.options]
on = '-4[.]pnm$'
[engines.embedded]
kind = "rapidocr"
"""


def page(width: int = 500, height: int = 707, lines: int = 2, mark: int = 255) -> bytes:
    """Return a picture of a few lines of something, as a PNG file.

    It has the shape of what the scripted engine reads, and a square of its own at its foot.
    """
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    for number in range(lines):
        draw.text((60, 60 + 60 * number), f"Line {number} of a page", fill=0, font_size=32)
    draw.rectangle((width // 2 - 40, height - 140, width // 2 + 40, height - 60), fill=mark)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


PAGE = page()
LARGE = bytes(3 << 20)  # more than may be brought
PACKED = base64.b64encode(PAGE).decode()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    daemon = Installation(tmp_path_factory.mktemp("direct"))
    api.configured(
        daemon, engine("streamer"), more=ENGINES,
        api=f'max_direct_pages = 5\nmax_requests = {MOST_REQUESTS}\nmax_upload = "2MB"',
        keys="reader: only-reads-0123456789012345 read\n",
    )  # fmt: skip
    daemon.start()
    yield daemon
    daemon.stop()
    log = daemon.log.read_text()
    assert "Traceback" not in log, log


@pytest.fixture
def client(daemon: Installation) -> Iterator[httpx2.Client]:
    with api.asking(daemon) as client:
        yield client
    assert_nothing_stays(daemon)


def assert_nothing_stays(daemon: Installation) -> None:
    eventually(lambda: not left(daemon), 10, "nothing of a request stays")


def left(daemon: Installation) -> list[str]:
    state = daemon.root / "state"
    places = (state / "uploads" / ".incoming", state / "tmp")
    return [str(path) for place in places if place.exists() for path in place.rglob("*")]


def in_work(daemon: Installation, name: str) -> int:
    (found,) = (one for one in daemon.status()["engines"] if one["name"] == name)
    return int(found["in_flight"]) + int(found["waiting"])


def a_file(name: str = "scan.png", content: bytes = PAGE) -> dict[str, Any]:
    return {"file": (name, content)}


def said(response: httpx2.Response) -> list[str]:
    """Return the data of the events of an answer."""
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events.pop() == ""
    return [
        "\n".join(line.removeprefix("data: ") for line in event.split("\n")) for event in events
    ]


# The documented examples


@dataclass(frozen=True)
class Example:
    name: str
    path: str
    check: Callable[[Any], bool]
    json: Any = None
    files: dict[str, Any] | None = None
    data: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


EXAMPLES = [
    Example(
        "A json", "/ocr", lambda body: body["text"] == PLAIN,
        json={"image_base64": PACKED, "prompt": FREE, "temperature": 0.0, "max_tokens": 8192},
    ),
    Example(
        "A json to Markdown", "/ocr", lambda body: body["text"] == TEXT,
        json={"image_base64": PACKED, "prompt": TO_MARKDOWN},
    ),
    Example(
        "A file", "/ocr/file", lambda body: body["text"] == PLAIN,
        files=a_file(), data={"prompt": FREE, "temperature": "0.0", "max_tokens": "8192"},
    ),
    Example(
        "A file, cut", "/ocr/file",
        lambda body: body["text"].split() == ["A", "heading"]
        and body["finish_reason"] == "length" and body["usage"]["completion_tokens"] == 3,
        files=a_file(), data={"prompt": FREE, "max_tokens": "3"},
    ),
    Example(
        "B free, the mode in the query", "/ocr/free",
        lambda body: (body["text"], body["mode"]) == (PLAIN, "gundam"),
        files=a_file(), params={"mode": "gundam"},
    ),
    Example(
        "B free, the mode in the form", "/ocr/free",
        lambda body: (body["text"], body["mode"]) == (PLAIN, "tiny"),
        files=a_file(), data={"mode": "tiny"},
    ),
    Example(
        "B free, no mode", "/ocr/free", lambda body: body["mode"] == "gundam", files=a_file()
    ),
    Example(
        "B markdown", "/ocr/markdown",
        lambda body: (body["markdown"], body["mode"]) == (TEXT, "base"),
        files=a_file(), params={"mode": "base"},
    ),
    Example(
        "B with a prompt", "/ocr", lambda body: (body["text"], body["mode"]) == (PLAIN, "large"),
        files=a_file(), params={"mode": "large", "prompt": "<image>\nExtract all text"},
    ),
    Example(
        "B serverless, text", "/ocr",
        lambda body: (body["text"], body["mode"]) == (PLAIN, "small"),
        json={"image": PACKED, "mode": "small", "format": "text"},
    ),
    Example(
        "B serverless, Markdown", "/ocr",
        lambda body: (body["markdown"], body["mode"]) == (TEXT, "gundam"),
        json={"image": PACKED, "format": "markdown"},
    ),
    Example(
        "C", "/v1/ocr",
        lambda body: body["extracted_text"] == TEXT and "result_image_base64" not in body
        and body["usage"] == {"prompt_tokens": 273, "completion_tokens": 17, "total_tokens": 290},
        json={"image": f"data:image/png;base64,{PACKED}", "image_type": "base64",
              "return_image": False},
    ),
    Example(
        "C without /v1", "/ocr", lambda body: body["extracted_text"] == TEXT,
        json={"image": f"data:image/png;base64,{PACKED}", "image_type": "base64"},
    ),
    Example(
        "our task by its name", "/ocr", lambda body: body["text"] == TEXT,
        files=a_file(), params={"mode": "markdown", "size": "tiny"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("door", api.DOORS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_documented_request_has_its_documented_answer(
    daemon: Installation, example: Example, door: str
) -> None:
    with api.asking(daemon, door) as client:
        answer = client.post(
            example.path, json=example.json, files=example.files, data=example.data,
            params=example.params,
        )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert example.check(answer.json()), answer.text
    assert_nothing_stays(daemon)


@pytest.mark.parametrize("door", api.DOORS)
def test_a_stream_tells_the_text_as_it_comes_and_its_end(daemon: Installation, door: str) -> None:
    asked = {"prompt": FREE, "engine": "slow", "max_tokens": "12"}
    with api.asking(daemon, door) as client:
        answer = client.post("/ocr/stream", files=a_file(), data=asked)
    *pieces, last = said(answer)
    assert last == "[DONE]"
    assert "".join(pieces).split() == [f"word{number}" for number in range(12)]
    assert len(pieces) > 1
    assert_nothing_stays(daemon)


def test_lines_of_a_text_are_lines_of_an_event(client: httpx2.Client) -> None:
    answer = said(client.post("/ocr/stream", files=a_file(), data={"prompt": FREE}))
    assert ("".join(answer[:-1]), answer[-1]) == (TEXT, "[DONE]")  # a model's words are its own


def test_a_batch_is_answered_in_order_and_one_fails_alone(client: httpx2.Client) -> None:
    wanted = [
        {"image_base64": PACKED, "prompt": FREE},
        {"image_base64": "this is no Base64!", "prompt": FREE},
        {"image_base64": base64.b64encode(b"and this no image").decode()},
        {"prompt": FREE},
        {"image_base64": PACKED, "prompt": "<image>\nParse the figure."},
        "no request",
        {"image_base64": PACKED, "prompt": TO_MARKDOWN},
    ]
    answer = client.post("/ocr/batch", json={"requests": wanted})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [one["text"] for one in results] == [PLAIN, None, None, None, None, None, TEXT]
    told = [(one["error"]["status"], one["error"]["code"]) for one in results if "error" in one]
    assert [status for status, _ in told] == [422] * 5
    assert [told[number][1] for number in (0, 2, 3, 4)] == [
        "base64", "values", "alien-task", "values",
    ]  # fmt: skip


def test_a_hundred_are_read_and_more_are_refused(client: httpx2.Client) -> None:
    small = base64.b64encode(page(200, 100, 1)).decode()
    many = [{"image_base64": small}] * 100
    results = client.post("/ocr/batch", json={"requests": many}).json()["results"]
    assert [one["text"] for one in results] == [PLAIN] * 100
    refused = client.post("/ocr/batch", json={"requests": [*many, *many[:1]]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "values")


def test_boxes_are_drawn_on_the_picture_that_comes_back(client: httpx2.Client) -> None:
    picture = boxed(client, PAGE)
    assert picture.width / picture.height == pytest.approx(500 / 707, rel=0.01)
    colour = picture.convert("HSV").getchannel("S")
    left = round(picture.width * 60 / 999)
    for share, is_coloured in ((0.25, True), (0.6, False)):  # the second box is from 0.2 to 0.3
        row = round(picture.height * share)
        _, most = colour.crop((left - 3, row, left + 4, row + 1)).getextrema()
        assert (most > 80) == is_coloured, share  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["pdf", "tiff"])
def test_a_page_in_the_middle_comes_back_with_its_own_picture(
    client: httpx2.Client, tmp_path: Path, kind: str
) -> None:
    sheets = [Image.open(io.BytesIO(page(mark=shade))) for shade in (255, 40, 255)]
    path = tmp_path / f"pages.{kind}"
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    for number, is_dark in (("1", False), ("2", True), ("3", False)):
        picture = boxed(client, path.read_bytes(), pages=number).convert("L")
        seen = picture.getpixel((picture.width // 2, picture.height - picture.height // 7))
        assert (seen < 100) == is_dark, (number, seen)  # type: ignore[operator]


def boxed(client: httpx2.Client, document: bytes, **more: str) -> Image.Image:
    """Return the picture with boxes that is answered for a document."""
    packed = base64.b64encode(document).decode()
    asked = {"image": packed, "return_image": True, "engine": "boxes", **more}
    answer = client.post("/v1/ocr", json=asked).json()
    assert (answer["pages"], answer["extracted_text"]) == (
        1, "# Boxes\n\nBelow it stands one line.",
    )  # fmt: skip
    picture = Image.open(io.BytesIO(base64.b64decode(answer["result_image_base64"])))
    assert picture.format == "JPEG"
    return picture.convert("RGB")


# Jobs


def test_a_form_without_more_is_a_job(client: httpx2.Client, tmp_path: Path) -> None:
    make_pdf(tmp_path / "book.pdf", 3)
    made = client.post("/ocr", files=a_file("book.pdf", (tmp_path / "book.pdf").read_bytes()))
    assert made.status_code == 200, made.text
    identity = made.json()["job_id"]
    assert made.json() == {"job_id": identity, "filename": "book.pdf", "status": "queued"}

    def state() -> Any:
        return client.get(f"/ocr/{identity}").json()

    eventually(lambda: state()["status"] == "completed")
    assert state() == {
        "job_id": identity, "filename": "book.pdf", "status": "completed", "total_pages": 3,
        "processed_pages": 3, "error": None,
    }  # fmt: skip
    second = client.get(f"/ocr/{identity}/pages/2").json()
    assert second == {"job_id": identity, "page_num": 2, "markdown": second["markdown"]}
    assert "Four words in all" in second["markdown"]
    result = client.get(f"/ocr/{identity}/result").json()
    assert result["status"] == "completed"
    assert [one["page_num"] for one in result["pages"]] == [1, 2, 3]
    assert result["pages"][1]["markdown"] == second["markdown"]
    jobs = client.get("/jobs").json()["jobs"]
    assert {"job_id": identity, "status": "completed"}.items() <= jobs[0].items()
    assert client.post(f"/ocr/{identity}/cancel").status_code == 409
    assert client.delete(f"/ocr/{identity}").json() == {"status": "deleted"}
    assert client.get(f"/ocr/{identity}").status_code == 404


def test_a_job_is_seen_page_by_page_and_cancelled(
    client: httpx2.Client, daemon: Installation, tmp_path: Path
) -> None:
    make_pdf(tmp_path / "long.pdf", 5)
    content = (tmp_path / "long.pdf").read_bytes()
    identity = client.post("/ocr", files=a_file("long.pdf", content), data={"engine": "slow"})
    job = f"/ocr/{identity.json()['job_id']}"
    eventually(lambda: client.get(job).json()["status"] == "processing")
    assert client.get(f"{job}/result").status_code == 409
    assert client.get(f"{job}/pages/5").status_code == 409
    eventually(lambda: in_work(daemon, "slow"))
    told = client.post(f"{job}/cancel").json()
    assert told == {"job_id": job.removeprefix("/ocr/"), "status": "cancelling"}
    assert client.get(job).json()["status"] == "cancelled"
    assert client.get(f"{job}/result").json()["pages"] == []
    assert client.get("/ocr/99999999").status_code == 404
    assert client.get("/ocr/no-such-job").status_code == 404
    assert client.delete(job).json() == {"status": "deleted"}


# The rule of the shared path


def test_what_is_asked_for_tells_a_job_from_an_answer(client: httpx2.Client) -> None:
    def ask(headers: dict[str, str] | None = None, **more: Any) -> httpx2.Response:
        return client.post("/ocr", files=a_file(), headers=headers, **more)

    assert "job_id" in ask().json()
    assert "job_id" in ask(params={"wait": "false"}).json()
    assert "job_id" in ask({"Accept": "application/json"}).json()
    assert ask(params={"wait": "true"}).json()["text"] == TEXT
    assert ask(params={"mode": "base"}).json()["text"] == PLAIN
    assert ask(data={"prompt": FREE}).json()["text"] == PLAIN
    plain = ask({"Accept": "text/plain"})
    assert (plain.text, plain.headers["content-type"]) == (
        f"{PLAIN}\n", "text/plain; charset=utf-8",
    )  # fmt: skip
    marked = ask({"Accept": "text/markdown"})
    assert (marked.text, marked.headers["content-type"]) == (
        f"{TEXT}\n", "text/markdown; charset=utf-8",
    )  # fmt: skip
    assert said(ask({"Accept": "text/event-stream"}))[-1] == "[DONE]"
    for job in client.get("/jobs").json()["jobs"]:
        client.delete(f"/ocr/{job['job_id']}")


def test_a_short_document_is_read_whole_and_in_part(client: httpx2.Client, tmp_path: Path) -> None:
    make_pdf(tmp_path / "short.pdf", 4)
    content = (tmp_path / "short.pdf").read_bytes()
    whole = client.post("/ocr/markdown", files=a_file("short.pdf", content)).json()
    assert (whole["pages"], whole["markdown"].count("Four words in all")) == (4, 4)
    part = client.post(
        "/ocr/markdown", files=a_file("short.pdf", content), params={"pages": "2-3"}
    ).json()
    assert (part["pages"], part["markdown"].count("Four words in all")) == (2, 2)
    streamed = said(client.post("/ocr/stream", files=a_file("short.pdf", content)))
    assert "".join(streamed[:-1]).count("Four words in all") == 4
    make_pdf(tmp_path / "long.pdf", 6)
    long = a_file("long.pdf", (tmp_path / "long.pdf").read_bytes())
    for path in ("/ocr/markdown", "/ocr/stream"):
        refused = client.post(path, files=long)
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too-many-pages")


def test_a_page_that_cannot_be_read_fails_alone_unless_it_is_all_that_was_asked_for(
    client: httpx2.Client, tmp_path: Path
) -> None:
    make_pdf(tmp_path / "five.pdf", 5)
    five = a_file("five.pdf", (tmp_path / "five.pdf").read_bytes())
    body = client.post("/ocr/markdown", files=five, data={"engine": "deadly"}).json()
    assert (body["state"], body["pages"], body["failed"]) == ("partial", 5, [4])
    assert body["markdown"].count("Page image") == 4
    assert any(warning.startswith("Page 4") for warning in body["warnings"])
    assert not any(re.search(r"[0-9a-f]{16}", warning) for warning in body["warnings"])
    alone = client.post("/ocr/markdown", files=five, data={"engine": "deadly", "pages": "4"})
    error = alone.json()["error"]
    assert (alone.status_code, error["code"], error["page"]) == (422, "poisonous-page", 4)


# What is refused


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
        ("/ocr/batch", {"json": {"requests": 7}}, 422, "values"),
        ("/v1/ocr", {"json": {}}, 422, "values"),
        ("/v1/ocr", {"json": {"image": PACKED, "image_type": "path"}}, 422, "values"),
        ("/v1/ocr", {"json": {"image": "/etc/passwd"}}, 422, "base64"),
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


def sent(request: httpx2.Request) -> http.client.HTTPConnection:
    """Return the connection on which a request was sent, and whose answer nobody waits for."""
    connection = http.client.HTTPConnection(request.url.host, request.url.port)
    connection.request(request.method, request.url.path, request.read(), dict(request.headers))
    return connection


# Who goes away


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


# The embedded engine


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
