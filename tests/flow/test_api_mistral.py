"""Mistral's OCR API, asked by its own client, and Open WebUI's loader of documents."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import HTTPValidationError, SDKError
from PIL import Image

from tests import api
from tests.flow.served import LINES, Server, data_url, draw, odd, server
from tests.installation import LETTER, eventually, make_pdf

SHARE = 4  # of the odd values at each place
MODEL = "mistral-ocr-latest"  # what clients name that know one server
TABLE = """<|ref|>page_header<|/ref|><|det|>[[100, 10, 900, 30]]<|/det|>
Harbour Office

<|ref|>table<|/ref|><|det|>[[100, 100, 900, 300]]<|/det|>
<table><tr><td>Berth</td><td>Draught</td></tr><tr><td>North</td><td>6.1</td></tr></table>
"""
ENGINES = """
[engines.tables]
kind = "module"
module = "tests.engines.illustrator"
options = { markup = '''%s''' }

[engines.slow]
kind = "module"
module = "tests.engines.streamer"
options = { delay = 0.5 }

[engines.lines]
kind = "rapidocr"
slots = 1
threads = 1

[engines.weary]
kind = "module"
module = "tests.engines.illustrator"
options = { refuse = 1 }
"""
ILLUSTRATOR = 'kind = "module"\nmodule = "tests.engines.illustrator"'


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    def start(one: Server) -> None:
        one.serve(ILLUSTRATOR, 'max_upload = "2MB"', ENGINES % TABLE)

    with server(tmp_path_factory.mktemp("mistral"), start) as one:
        yield one


@pytest.fixture(name="client", scope="module")
def _client(served: Server) -> Iterator[Mistral]:
    with client_of(served, served.key) as client:
        yield client


@contextmanager
def client_of(served: Server, key: str, timeout_ms: int = 120_000) -> Iterator[Mistral]:
    """Provide the official client.

    What it makes itself for asynchronous calls it ends with a coroutine that nobody awaits,
    whenever it is collected: among whatever test runs then.
    """
    http = httpx.AsyncClient()
    client = Mistral(
        api_key=key, server_url=served.url, timeout_ms=timeout_ms, async_client=http
    )
    try:
        with client:
            yield client
    finally:
        asyncio.run(http.aclose())


@pytest.fixture(name="other")
def _other(served: Server) -> Iterator[Mistral]:
    with client_of(served, served.new_key("other")) as client:
        yield client


def letter() -> dict[str, Any]:
    return {"type": "image_url", "image_url": data_url(LETTER)}


def asked(client: Mistral, document: Any, model: str | None = MODEL, **more: Any) -> Any:
    return client.ocr.process(model=model, document=document, **more)


@pytest.fixture(name="book", scope="module")
def _book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.pdf"
    make_pdf(path, 4)
    return path


# Documents


@pytest.mark.parametrize("kind", ["data", "nested", "signed", "signed image", "file"])
def test_a_document_is_named_by_url_or_as_a_file(client: Mistral, kind: str) -> None:
    left = client.files.upload(
        file={"file_name": "letter.png", "content": LETTER.read_bytes()}, purpose="ocr"
    )
    documents: dict[str, dict[str, Any]] = {
        "data": {"type": "document_url", "document_url": data_url(LETTER), "document_name": "a"},
        "nested": {"type": "image_url", "image_url": {"url": data_url(LETTER)}},
        "signed": {
            "type": "document_url",
            "document_url": client.files.get_signed_url(file_id=left.id, expiry=1).url,
        },
        "file": {"type": "file", "file_id": left.id},
    }
    documents["signed image"] = {
        "type": "image_url", "image_url": documents["signed"]["document_url"],
    }  # fmt: skip
    answer = asked(client, documents[kind])
    (page,) = answer.pages
    assert "# An illustrated page" in page.markdown
    assert page.markdown.endswith("Between the figures.\n\n![img-1.jpeg](img-1.jpeg)")
    assert [block.type for block in page.blocks] == ["title", "image", "text", "image"]
    assert (answer.usage_info.pages_processed, answer.model) == (1, "scripted")
    assert answer.usage_info.doc_size_bytes == LETTER.stat().st_size
    assert client.files.delete(file_id=left.id).deleted


async def test_the_asynchronous_client_reads_too(served: Server) -> None:
    document: Any = letter()
    async with Mistral(
        api_key=served.key, server_url=served.url, timeout_ms=120_000
    ) as client:
        answer = await client.ocr.process_async(model="tables", document=document)
    assert "| North | 6.1 |" in answer.pages[0].markdown


@pytest.mark.parametrize(
    ("pages", "indices"),
    [
        (None, [0, 1, 2, 3]),
        ([0, 3], [0, 3]),
        ([3, 0], [0, 3]),
        ("1-2", [1, 2]),
        ("0, 2-9", [0, 2, 3]),
    ],
)
def test_pages_are_counted_from_nought(
    client: Mistral, book: Path, pages: Any, indices: list[int]
) -> None:
    document = {"type": "document_url", "document_url": data_url(book, "application/pdf")}
    answer = asked(client, document, pages=pages)
    assert [page.index for page in answer.pages] == indices
    images = [image.id for page in answer.pages for image in page.images]
    assert images == [f"img-{number}.jpeg" for number in range(2 * len(indices))]


# What is asked of the pages


def test_pictures_are_cut_out_for_who_asks(client: Mistral, book: Path) -> None:
    document = {"type": "document_url", "document_url": data_url(book, "application/pdf")}
    assert asked(client, document, pages=[0]).pages[0].images[0].image_base64 is None
    answer = asked(client, document, pages=[0, 1], include_image_base64=True, image_limit=3)
    assert [len(page.images) for page in answer.pages] == [2, 1]
    for page in answer.pages:
        assert page.dimensions is not None
        for image in page.images:
            head, _, packed = image.image_base64.partition(",")
            assert head == "data:image/jpeg;base64"
            with Image.open(io.BytesIO(base64.b64decode(packed))) as cut:
                assert cut.format == "JPEG"
                sides = (
                    image.bottom_right_x - image.top_left_x, image.bottom_right_y - image.top_left_y
                )  # fmt: skip
                assert cut.size == pytest.approx(sides, abs=2)


def test_tables_and_headers_stand_apart_for_who_asks(client: Mistral) -> None:
    (page,) = asked(client, letter(), "tables", table_format="html", extract_header=True).pages
    assert (page.header, page.tables[0].id) == ("Harbour Office", "tbl-0.html")
    assert "<td>North</td>" in page.tables[0].content
    assert page.markdown.endswith("[tbl-0.html](tbl-0.html)")
    assert "Harbour" not in page.markdown
    (plain,) = asked(client, letter(), "tables", include_blocks=False).pages
    assert "Harbour Office\n\n| Berth" in plain.markdown
    assert not plain.blocks


def test_the_embedded_engine_says_how_sure_it_is_of_words(client: Mistral, tmp_path: Path) -> None:
    document = {"type": "image_url", "image_url": data_url(draw(tmp_path / "page.png"))}
    (page,) = asked(client, document, "lines", confidence_scores_granularity="word").pages
    assert page.markdown == " ".join(LINES)
    scores = page.confidence_scores
    assert 0.5 < scores.minimum_page_confidence_score <= scores.average_page_confidence_score <= 1
    words = {word.text: word for word in scores.word_confidence_scores}
    assert {"harbour", "seven", "receipt"} <= set(words)
    for word in words.values():
        assert page.markdown[word.start_index :].startswith(word.text)
        assert 0 < word.confidence <= 1


# Refusals


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"document_annotation_prompt": "Who wrote it?"}, "document_annotation_prompt"),
        ({"bbox_annotation_format": {"type": "json_object"}}, "bbox_annotation_format"),
        ({"document_annotation_format": {"type": "json_object"}}, "document_annotation_format"),
        ({"pages": "one"}, "pages"),
        ({"pages": "3-1"}, "pages"),
        ({"pages": []}, "pages"),
        ({"pages": [-1]}, "pages"),
        ({"image_limit": -1}, "image_limit"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(
    client: Mistral, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(HTTPValidationError) as caught:
        asked(client, letter(), **more)
    (fault,) = caught.value.data.detail or []
    assert fault.loc[:2] == ["body", field]


def test_what_cannot_be_read_is_refused_with_its_cause(client: Mistral) -> None:
    with pytest.raises(HTTPValidationError, match="Base64"):
        asked(client, {"type": "document_url", "document_url": "data:application/pdf;base64,@"})
    with pytest.raises(HTTPValidationError, match="not fetched"):
        asked(client, {"type": "document_url", "document_url": "https://example.com/a.pdf"})
    with pytest.raises(HTTPValidationError, match="none of those"):
        asked(client, letter(), pages=[7])
    with pytest.raises(HTTPValidationError, match="could not be read"):
        asked(client, letter(), "weary")
    with pytest.raises(SDKError, match="does not exist") as caught:
        asked(client, letter(), "gpt-9")
    assert caught.value.status_code == 404
    assert json.loads(caught.value.body)["object"] == "error"


def test_odd_values_are_refused_and_nothing_else(served: Server) -> None:
    body = {
        "model": MODEL, "document": {
            "type": "document_url", "document_url": "data:application/pdf;base64,@",
            "document_name": "a",
        }, "pages": [0], "include_image_base64": True, "image_limit": 1, "image_min_size": 1,
        "table_format": "html", "extract_header": True, "include_blocks": True,
        "confidence_scores_granularity": "word",
    }  # fmt: skip
    with api.asking(served) as client:
        for one in odd(body, SHARE):
            answer = client.post("/v1/ocr", content=json.dumps(one).encode())
            assert 400 <= answer.status_code < 500, one
            assert answer.json(), one


# Files


def test_files_are_listed_told_of_had_and_deleted(client: Mistral) -> None:
    left = [
        client.files.upload(file={"file_name": name, "content": b"%PDF-1.4"}, purpose="ocr")
        for name in ("../one.pdf", "Größe.pdf")
    ]
    assert [one.filename for one in left] == ["one.pdf", "Größe.pdf"]
    assert left[0].expires_at == left[0].created_at + 7 * 86400
    listed = client.files.list(page_size=1)
    assert (listed.total, [one.id for one in listed.data]) == (2, [left[1].id])
    assert [one.id for one in client.files.list(search="ONE").data] == [left[0].id]
    assert client.files.list(purpose="batch").total == 0
    told = client.files.retrieve(file_id=left[0].id)
    assert (told.size_bytes, told.purpose, told.deleted) == (8, "ocr", False)
    assert client.files.download(file_id=left[0].id).read() == b"%PDF-1.4"
    for one in left:
        client.files.delete(file_id=one.id)
    for ask in (client.files.retrieve, client.files.delete, client.files.get_signed_url):
        with pytest.raises(SDKError) as caught:
            ask(file_id=left[0].id)
        assert caught.value.status_code == 404
    assert client.files.list().total == 0


def test_a_file_is_its_owners_and_an_address_may_be_handed_on(
    served: Server, client: Mistral, other: Mistral
) -> None:
    left = client.files.upload(
        file={"file_name": "letter.png", "content": LETTER.read_bytes()}, purpose="ocr"
    )
    assert other.files.list().total == 0
    for ask in (other.files.retrieve, other.files.download, other.files.delete):
        with pytest.raises(SDKError) as caught:
            ask(file_id=left.id)
        assert caught.value.status_code == 404
    with pytest.raises(SDKError):
        asked(other, {"type": "file", "file_id": left.id})
    url = client.files.get_signed_url(file_id=left.id).url
    assert asked(other, {"type": "document_url", "document_url": url}).pages
    forged = url[:-1] + ("0" if url[-1] != "0" else "1")
    for wrong in (forged, url.replace("expires=", "expires=9")):
        with pytest.raises(SDKError) as caught:
            asked(other, {"type": "document_url", "document_url": wrong})
        assert caught.value.status_code == 403
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(url)  # an address alone lets nobody in
    refused.value.close()
    client.files.delete(file_id=left.id)


def test_what_is_too_large_or_no_file_is_refused(client: Mistral) -> None:
    with pytest.raises(SDKError) as caught:
        client.files.upload(
            file={"file_name": "a.pdf", "content": bytes(5 << 20)}, purpose="ocr"
        )
    assert caught.value.status_code == 413
    assert client.files.list().total == 0


def test_files_survive_a_restart_and_count_as_room(tmp_path: Path) -> None:
    def start(one: Server) -> None:
        one.serve(ILLUSTRATOR, 'upload_room = "300KB"')

    file: Any = {"file_name": "letter.png", "content": LETTER.read_bytes()}
    with server(tmp_path, start) as served:
        with client_of(served, served.key) as client:
            left = client.files.upload(file=file, purpose="ocr")
            url = client.files.get_signed_url(file_id=left.id).url
        served.kill()
        served.start()
        with client_of(served, served.key) as client:
            assert asked(client, {"type": "document_url", "document_url": url}).pages
            client.files.upload(file=file, purpose="ocr")
            with pytest.raises(SDKError) as caught:
                client.files.upload(file=file, purpose="ocr")
            assert caught.value.status_code == 507
            client.files.delete(file_id=left.id)
            client.files.upload(file=file, purpose="ocr")


# Clients that go away


def test_a_client_that_goes_away_leaves_nothing(served: Server) -> None:
    with (
        client_of(served, served.key, timeout_ms=1500) as impatient,
        pytest.raises(Exception, match="timed out"),
    ):
        asked(impatient, letter(), "slow")
    eventually(served.is_idle, 10)
    eventually(lambda: served.left_over() == [], 10)


# Open WebUI


def put(served: Server, body: bytes, name: str = "a.png", **headers: str) -> Any:
    request = urllib.request.Request(
        f"{served.url}/process", data=body, method="PUT",
        headers={
            "Authorization": f"Bearer {served.key}", "Content-Type": "image/png",
            "X-Filename": quote(name), **headers,
        },
    )  # fmt: skip
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_open_webui_loads_a_document(served: Server) -> None:
    told = put(served, LETTER.read_bytes(), "Brief – Ä.png")
    assert "# An illustrated page" in told["page_content"]
    metadata = told["metadata"]
    assert (metadata["source"], metadata["pages"]) == ("Brief – Ä.png", 1)
    assert all(value is None or isinstance(value, str | int | float) for value in metadata.values())


def test_open_webui_is_told_where_there_is_nothing_to_read(served: Server, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 400), 255).save(blank)
    for body, words in ((blank.read_bytes(), "No extractable text"), (b"nothing", "")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            put(served, body)
        with caught.value:
            assert caught.value.code == 422
            assert words in caught.value.read().decode()


def test_the_lines_of_the_documentation_do_what_they_say(served: Server, tmp_path: Path) -> None:
    said = served.follow("mistral", tmp_path)
    assert "# An illustrated page" in said
    assert "['img-0.jpeg', 'img-1.jpeg']" in said
    loaded = json.loads(served.follow("webui", tmp_path))
    assert (loaded["metadata"]["source"], loaded["metadata"]["format"]) == ("letter.pdf", "PDF")
