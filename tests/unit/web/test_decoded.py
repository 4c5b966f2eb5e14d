"""Documents that come as Base64, or as data URLs: to the disk piece by piece, or refused."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import pytest

from ocrd.errors import OcrdError, RequestError
from ocrd.web.door import receiving
from ocrd.web.door.receiving import Received, decoded

CONTENT = bytes(range(256)) * 3
PACKED = base64.b64encode(CONTENT).decode()
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
    ],
    ids=["bare", "data URL", "capitals", "with white space"],
)
async def test_a_document_is_what_was_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, piece: int
) -> None:
    monkeypatch.setattr(receiving, "PIECE", piece)
    document = await had(tmp_path, text)
    assert document.path.read_bytes() == CONTENT
    assert (document.name, document.size) == ("a.png", len(CONTENT))
    assert document.media_type == ("image/png" if "png" in text else "")


@pytest.mark.parametrize("piece", [4, 1 << 20])
@pytest.mark.parametrize(
    "text",
    ["", "data:", "data:image/png;base64", "data:image/png;base64,", "data:image/png,QQ==", "QQ=",
     "Q", "Q@==", "QQ==QQ=", "größe", "\0"],
)  # fmt: skip
async def test_what_is_no_document_is_refused_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, piece: int
) -> None:
    monkeypatch.setattr(receiving, "PIECE", piece)
    with pytest.raises(RequestError) as caught:
        await had(tmp_path, text)
    assert caught.value.status == 422
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
