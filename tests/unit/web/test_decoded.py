"""Documents that come as Base64, or as data URLs: to the disk piece by piece, or refused."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import pytest

from ocrd.errors import OcrdError, RequestError
from ocrd.web.door import packed
from ocrd.web.door.packed import decoded
from ocrd.web.door.sink import Received

CONTENT = bytes(range(256)) * 3 + b"\xfb"  # with + and /, and two = at its end
PACKED = base64.b64encode(CONTENT).decode()
FOR_URLS = base64.urlsafe_b64encode(CONTENT).decode()
LIMIT = 10_000


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def incoming(self) -> Path:
        return self.folder / str(next(self._numbers))

    def require_room(self, size: int) -> None:
        pass


async def had(folder: Path, text: str, limit: int = LIMIT) -> Received:
    return await decoded(Place(folder), text, limit, "a.png")


@pytest.mark.parametrize("piece", [1, 3, 4, 5, 64, 1 << 20])
@pytest.mark.parametrize(
    "text",
    [
        PACKED,
        f"data:image/png;base64,{PACKED}",
        f"DATA:;Base64,{PACKED}",
        "\n".join(PACKED[at : at + 7] for at in range(0, len(PACKED), 7)) + "\r\n ",
        f" \t{PACKED[:-2]}=\n=\n",
        PACKED.rstrip("="),
        PACKED[:-1],
        FOR_URLS,
        FOR_URLS.rstrip("="),
        f"data:image/png;name=a.png;charset=utf-8;base64,{FOR_URLS}",
        f"data:image/png ; base64 ,{PACKED}",
    ],
    ids=["bare", "data URL", "capitals", "white space", "space at the ends", "no padding",
         "half the padding", "for URLs", "for URLs, no padding", "parameters", "spaces"],
)
async def test_a_document_is_what_was_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, piece: int
) -> None:
    monkeypatch.setattr(packed, "PIECE", piece)
    document = await had(tmp_path, text)
    assert document.path.read_bytes() == CONTENT
    assert (document.name, document.size) == ("a.png", len(CONTENT))
    assert document.media_type == ("image/png" if "png" in text else "")


@pytest.mark.parametrize("piece", [4, 1 << 20])
@pytest.mark.parametrize(
    "text",
    ["", "data:", "data:image/png;base64", "data:image/png;base64,", "data:image/png,QQ==", "Q",
     "=", "==", " ", "QQ===", "QQQQQ", "QQQQ=Q", "Q@==", "QQ==QQ=", "QQ==QUJD", "QUJD=QUJD",
     "größe", "\0", "QUJD%3D", "data:,", "data:base64,QQ==", "data:;charset=utf-8,QQ==",
     "data:image/png;base64;charset=utf-8,QQ==", "data:image/png;base64 QQ==",
     f"data:{'x' * 2000};base64,QQ==", "QUJD\ud800", "٣٣٣٣"],
)  # fmt: skip
async def test_what_is_no_document_is_refused_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, piece: int
) -> None:
    monkeypatch.setattr(packed, "PIECE", piece)
    with pytest.raises(RequestError) as caught:
        await had(tmp_path, text)
    assert caught.value.status == 422
    assert caught.value.told_code in {"base64", "document"} and caught.value.hint
    assert list(tmp_path.iterdir()) == []


async def test_a_document_that_is_too_large_is_refused(tmp_path: Path) -> None:
    fits = await had(tmp_path, PACKED, len(CONTENT))
    assert fits.size == len(CONTENT)
    fits.path.unlink()
    with pytest.raises(RequestError) as caught:
        await had(tmp_path, PACKED, len(CONTENT) - 1)
    assert caught.value.status == 413
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_takes_nothing_is_told_without_a_path_of_ours(tmp_path: Path) -> None:
    with pytest.raises(OcrdError, match="The folder of uploads") as caught:
        await had(tmp_path / "missing", PACKED)
    assert str(tmp_path) not in str(caught.value)
