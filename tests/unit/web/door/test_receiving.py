"""What a request brings: onto the disk as it comes, within its limits, whole or not at all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from ocrd.errors import NoRoomError, OcrdError, RequestError
from ocrd.web.door.form import Form
from ocrd.web.door.packed import decoded
from ocrd.web.door.receiving import brought
from ocrd.web.door.sink import LOOKED_AT, Sink

LIMIT = 4 << 20
FORM = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
END = b"\r\n--b--\r\n"


class Place:
    """A folder with so much room."""

    def __init__(self, folder: Path, room: int = 1 << 30) -> None:
        self.folder = folder
        self.room = room
        self.count = 0

    def incoming(self) -> Path:
        self.count += 1
        return self.folder / str(self.count)

    def require_room(self, size: int) -> None:
        used = sum(path.stat().st_size for path in self.folder.iterdir())
        if used + size > self.room:
            raise NoRoomError("Full.")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def request(pieces: list[bytes], kind: str = "", **headers: str) -> Request:
    """Return a request whose body comes in pieces; b"BREAK" is where the client goes away."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        piece = left.pop(0) if left else b""
        if piece == b"BREAK":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    told = {"content-type": kind, **{key.replace("_", "-"): text for key, text in headers.items()}}
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"filename=q.pdf",
        "headers": [(key.encode(), text.encode("latin-1")) for key, text in told.items()],
    }  # fmt: skip
    return Request(scope, receive)


async def taken(place: Place, pieces: list[bytes], kind: str = "", **headers: str) -> Form:
    async with brought(request(pieces, kind, **headers), place, LIMIT) as form:
        for document in form.documents:
            assert document.path.stat().st_size == document.size
            assert hashlib.sha256(document.path.read_bytes()).hexdigest() == document.sha256
        return form


async def failing(place: Place, pieces: list[bytes], kind: str = "", **headers: str) -> OcrdError:
    with pytest.raises(OcrdError) as caught:
        await taken(place, pieces, kind, **headers)
    assert not list(place.folder.iterdir()), "nothing stays"
    return caught.value


async def test_a_body_is_the_document_and_goes_when_nobody_took_it(place: Place) -> None:
    form = await taken(place, [b"ab", b"c"], "application/pdf", x_filename="B%C3%A4r.pdf")
    assert (form.document.size, form.document.name) == (3, "Bär.pdf")
    assert form.document.media_type == "application/pdf"
    assert not list(place.folder.iterdir())
    assert (await taken(place, [b"x"])).document.name == "q.pdf"


async def test_a_form_is_the_same_however_it_comes(place: Place) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="mode"\r\n\r\ntext\r\n'
        b'--b\r\nContent-Disposition: form-data; name="outputs"\r\n\r\nmd\r\n'
        b'--b\r\nContent-Disposition: form-data; name="outputs"\r\n\r\njson\r\n'
        + FILE + b"Content-Type: application/pdf\r\n\r\n%PDF\r\n--a\r\n-" + END
    )  # fmt: skip
    for size in (1, 2, 7, 100, len(body)):
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        form = await taken(place, pieces, FORM)
        assert form.values == [("mode", "text"), ("outputs", "md"), ("outputs", "json")]
        assert form.fields == {"mode": "text", "outputs": "json"}
        assert (form.document.name, form.document.size) == ("a.pdf", len("%PDF\r\n--a\r\n-"))


@pytest.mark.parametrize(
    ("about", "name"),
    [
        (b'filename="caf\xc3\xa9.pdf"', "café.pdf"),
        (b"filename*=UTF-8''caf%C3%A9.pdf", "café.pdf"),
        (b"filename*=utf-8'de'caf%C3%A9.pdf", "café.pdf"),
        (b"filename*=\"utf-8''a.pdf\"", "a.pdf"),
        (b"filename=\"a.pdf\"; filename*=utf-8''b.pdf", "a.pdf"),
        (b"filename*=utf-8''%ff%zz", "\ufffd%zz"),
    ],
)
async def test_a_file_has_its_name_however_a_library_writes_it(
    place: Place, about: bytes, name: str
) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; ' + about + b"\r\n\r\nx" + END
    assert (await taken(place, [body], FORM)).document.name == name


async def test_a_body_that_is_packed_is_refused(place: Place) -> None:
    for kind in ("application/pdf", FORM):
        error = await failing(place, [b"\x1f\x8b"], kind, content_encoding="gzip")
        assert isinstance(error, RequestError) and (error.status, bool(error.hint)) == (415, True)
    assert (await taken(place, [b"x"], content_encoding="identity")).document.size == 1


@pytest.mark.parametrize(
    ("pieces", "kind", "status"),
    [
        ([b"abc", b"BREAK"], "", 499),
        ([FILE + b"\r\nabc", b"BREAK"], FORM, 499),
        ([FILE + b"\r\nabc"], FORM, 400),
        ([b"--b\r\nbad header\r\n\r\n"], FORM, 400),
        ([b"x"], "multipart/form-data", 400),
        ([b"a=b"], "application/x-www-form-urlencoded", 415),
        ([b""], "application/pdf", 422),
        ([FILE + b"\r\n" + END], FORM, 422),
        ([b"x" * (1 << 20)] * 5, "", 413),
        ([FILE + b"\r\n", *[b"x" * (1 << 20)] * 5, END], FORM, 413),
        ([b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n', *[b"y" * (1 << 19)] * 3, END],
         FORM, 413),
        ([b"".join(b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n'
                   for _ in range(201)) + END], FORM, 400),
        ([b"--b\r\nX: ", *[b"y" * 1000] * 20, b"\r\n\r\n1" + END], FORM, 400),
        ([b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\n1" + END], FORM, 400),
        ([b"x" * 1000] * 100, FORM, 400),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_refused_and_leaves_nothing(
    place: Place, pieces: list[bytes], kind: str, status: int
) -> None:
    error = await failing(place, pieces, kind)
    assert isinstance(error, RequestError) and error.status == status


async def test_what_says_that_it_is_too_large_or_has_no_room_need_not_come(place: Place) -> None:
    error = await failing(place, [b"x"], content_length=str(LIMIT * 3))
    assert isinstance(error, RequestError) and error.status == 413
    place.room = 10
    assert isinstance(await failing(place, [b"x"], content_length="11"), NoRoomError)


async def test_where_the_room_ends_in_the_middle_nothing_stays(place: Place) -> None:
    place.room = LOOKED_AT + 100
    error = await failing(place, [b"x" * 65536] * 40)
    assert isinstance(error, NoRoomError)


async def test_two_documents_are_not_one(place: Place) -> None:
    body = FILE + b"\r\nx\r\n" + FILE + b"\r\ny" + END
    form = await taken(place, [body], FORM)
    assert len(form.documents) == 2
    with pytest.raises(RequestError, match="2 documents"):
        _ = form.document


def test_a_sink_is_whole_or_leaves_nothing(place: Place) -> None:
    with Sink(place, 10, "n", "image/png") as sink:
        sink.write(b"abc")
        received = sink.end()
    assert received.path.read_bytes() == b"abc"
    assert received.sha256 == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(RequestError), Sink(place, 2) as sink:
        sink.write(b"abc")
    assert [path.name for path in place.folder.iterdir()] == ["1"]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (base64.b64encode(b"abc" * 1000).decode(), b"abc" * 1000),
        ("data:image/png;base64,YWJj", b"abc"), ("DATA:;BASE64,YW\nJj", b"abc"),
        ("data:text/plain,abc", None), ("data:image/png;base64", None), ("YWJ", b"ab"),
        ("Y*Jj", None), ("", None), ("data:;base64,", None),
    ],
)  # fmt: skip
async def test_base64_becomes_a_document(place: Place, text: str, content: bytes | None) -> None:
    if content is None:
        with pytest.raises(RequestError):
            await decoded(place, text, LIMIT)
        assert not list(place.folder.iterdir())
    else:
        assert (await decoded(place, text, LIMIT)).path.read_bytes() == content
