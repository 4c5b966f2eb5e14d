"""Who is to blame where a page ends the engine, with a real engine worker and rasterizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ocrd import reading
from ocrd.config import LimitSettings, RasterSettings
from ocrd.engine.client import EngineClient
from ocrd.engine.protocol import MARKDOWN
from ocrd.errors import EngineError
from ocrd.files import file_key
from ocrd.job import PageRead, PageStatus
from ocrd.rasterize import Rasterizer, Source
from ocrd.reading import Reading, read_pages
from tests.clients import engine
from tests.engines import ENVIRONMENT
from tests.installation import LETTER


@pytest.fixture(autouse=True)
def _worker_finds_the_scripted_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)


async def read(
    client: EngineClient, temp_dir: Path, on_acquittal: Callable[[int], None]
) -> list[PageRead]:
    """Read the letter's page, whose image is called letter-1.pnm."""
    found: list[PageRead] = []

    async def on_page(page: PageRead) -> None:
        found.append(page)

    async with Rasterizer(RasterSettings(), LimitSettings()) as rasterizer:
        source = Source(LETTER, file_key(LETTER))
        await read_pages(
            Reading(
                source, "letter", rasterizer, client, MARKDOWN, (1,), temp_dir, on_page,
                on_acquittal=on_acquittal,
            ),
            [1],
        )
    return found


async def test_a_page_that_ends_an_engine_that_reads_another_one_is_given_up(
    tmp_path: Path,
) -> None:
    acquitted: list[int] = []
    async with engine("die_on_page_4", {"on": "letter-1\\.pnm"}) as client:
        (page,) = await read(client, tmp_path, acquitted.append)
    assert (page.status, page.code) == (PageStatus.FAILED, "poisonous-page")
    assert acquitted == []
    assert not list(tmp_path.iterdir())


async def test_a_page_that_ends_an_engine_as_any_other_does_is_acquitted(tmp_path: Path) -> None:
    acquitted: list[int] = []
    async with engine("die_on_page_4", {"on": "letter-1"}) as client:
        with pytest.raises(EngineError, match="known to be good"):
            await read(client, tmp_path, acquitted.append)
    assert acquitted == [1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ours", ["gone.jpg", "damaged.jpg"])
async def test_where_our_own_page_cannot_be_drawn_the_verdict_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing else")
    monkeypatch.setattr(reading, "KNOWN_GOOD", folder / ours)
    async with engine("die_on_page_4", {"on": "letter-1"}) as client:
        (page,) = await read(client, tmp_path, lambda _page: pytest.fail("acquitted"))
    assert (page.status, page.code) == (PageStatus.FAILED, "poisonous-page")
