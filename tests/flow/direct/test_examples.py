"""Each documented example of the servers whose clients people have, and its answer."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests import api
from tests.flow.direct.serving import (
    FREE,
    PACKED,
    PAGE,
    PLAIN,
    TEXT,
    TO_MARKDOWN,
    a_file,
    assert_nothing_stays,
    page,
    said,
)
from tests.installation import Installation


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
